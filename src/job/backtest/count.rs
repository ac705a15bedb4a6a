//! Hits and builds, as the registry of each moment would have given them.

use crate::diff::diff;
use crate::error::Error;
use crate::job::backtest::{Image, Tested};
use crate::job::history::Commit;
use crate::manifest::{self, Manifest};
use crate::options::Options;

/// What a backtest comes to.
pub(super) struct Counts {
    /// The commits, oldest first; the images of the one before them were there.
    pub(super) commits: Vec<Commit>,
    /// One for each image, sorted by name.
    pub(super) rows: Vec<Row>,
    /// Commits whose images cannot be known, and why.
    pub(super) unknown: Vec<(Commit, Error)>,
}

/// One image through all commits.
pub(super) struct Row {
    /// The services that use it; empty for plain folders.
    pub(super) services: Vec<String>,
    /// How it went, one for each commit.
    pub(super) runs: Vec<Run>,
}

/// One image in one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Run {
    /// There is no such image, or the images of the commit are not known.
    None,
    /// There is one, and nobody can know its inputs.
    Unknown(Error),
    /// It was there.
    Hit {
        /// Its tag.
        tag: String,
        /// Whether a tag made of the whole folders would have been new.
        whole: bool,
    },
    /// It had to be built.
    Built {
        /// Its tag.
        tag: String,
        /// As above.
        whole: bool,
        /// What differs from the commit before, in words; empty for an image that is new.
        because: Vec<String>,
    },
}

impl Counts {
    /// Why no image is known in any commit; nothing if one is.
    pub(super) fn nothing_known(&self) -> Option<Error> {
        let (_, of_image) = self.rows.iter().find_map(|row| row.unknown().into_iter().next()).unzip();
        let first = of_image.cloned().or_else(|| Some(self.unknown.first()?.1.clone()))?;
        self.rows.iter().all(|row| row.always() == 0).then_some(first)
    }
}

impl Row {
    /// In how many commits there is such an image: so often it is built where nobody asks.
    pub(super) fn always(&self) -> usize {
        self.runs.iter().filter(|run| matches!(run, Run::Hit { .. } | Run::Built { .. })).count()
    }

    /// The commits, by number, in which nobody can know its inputs, and why.
    pub(super) fn unknown(&self) -> Vec<(usize, &Error)> {
        let mut unknown = Vec::new();
        for (index, run) in self.runs.iter().enumerate() {
            if let Run::Unknown(error) = run {
                unknown.push((index, error));
            }
        }
        unknown
    }

    /// How often a tag made of the whole folders is new.
    pub(super) fn whole(&self) -> usize {
        self.runs.iter().filter(|run| matches!(run, Run::Hit { whole: true, .. } | Run::Built { whole: true, .. })).count()
    }

    /// How often it had to be built.
    pub(super) fn built(&self) -> usize {
        self.runs.iter().filter(|run| matches!(run, Run::Built { .. })).count()
    }

    /// What made it be built, and how often, the most frequent first.
    pub(super) fn causes(&self) -> Vec<(&str, usize)> {
        let mut all: Vec<&str> = Vec::new();
        for run in &self.runs {
            if let Run::Built { because, .. } = run {
                all.extend(because.iter().map(String::as_str));
            }
        }
        all.sort_unstable();
        let mut causes: Vec<(&str, usize)> = Vec::new();
        for cause in all {
            match causes.last_mut() {
                Some((last, count)) if *last == cause => *count += 1,
                _ => causes.push((cause, 1)),
            }
        }
        causes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        causes
    }

    /// Its name in tables.
    pub(super) fn name(&self) -> String {
        if self.services.is_empty() { "folders".to_owned() } else { self.services.join(", ") }
    }
}

/// What a registry knows of one image while time passes.
struct Known<'a> {
    services: &'a [String],
    tags: Vec<&'a str>,
    whole: Vec<crate::digest::Digest>,
    /// The manifest of the last commit that had it.
    manifest: &'a [u8],
    runs: Vec<Run>,
}

/// Counts what there is to count.
pub(super) fn count(options: &Options, tested: &[Tested]) -> Counts {
    let mut known: Vec<Known<'_>> = Vec::new();
    for (index, tested) in tested.iter().enumerate() {
        for image in tested.images.iter().flat_map(|images| images.iter()).filter(|image| is_wanted(options, image)) {
            let position = known.binary_search_by(|it| it.services.cmp(&image.state.services)).unwrap_or_else(|position| {
                let fresh = Known { services: &image.state.services, tags: Vec::new(), whole: Vec::new(), manifest: b"", runs: Vec::new() };
                known.insert(position, fresh);
                position
            });
            let it = &mut known[position];
            let run = it.next(image);
            // The first commit is what there was before.
            if index > 0 {
                it.runs.resize(index - 1, Run::None);
                it.runs.push(run);
            }
        }
    }
    let commits: Vec<Commit> = tested.iter().skip(1).map(|tested| tested.commit.clone()).collect();
    let mut rows = Vec::new();
    for mut it in known {
        it.runs.resize(commits.len(), Run::None);
        rows.push(Row { services: it.services.to_vec(), runs: it.runs });
    }
    let failed = |tested: &Tested| Some((tested.commit.clone(), tested.images.as_ref().err()?.clone()));
    Counts { commits, rows, unknown: tested.iter().filter_map(failed).collect() }
}

/// Of the services that were asked for; without one, all are.
fn is_wanted(options: &Options, image: &Image) -> bool {
    options.services.is_empty() || options.services.iter().any(|name| image.state.services.contains(name))
}

impl<'a> Known<'a> {
    fn next(&mut self, image: &'a Image) -> Run {
        if let Some(error) = &image.unknown {
            return Run::Unknown(error.clone());
        }
        let whole = !self.whole.contains(&image.whole);
        if whole {
            self.whole.push(image.whole);
        }
        let run = match self.tags.contains(&image.state.tag.as_str()) {
            true => Run::Hit { whole, tag: image.state.tag.clone() },
            false => {
                self.tags.push(&image.state.tag);
                Run::Built { whole, tag: image.state.tag.clone(), because: because(self.manifest, &image.state.manifest) }
            }
        };
        self.manifest = &image.state.manifest;
        run
    }
}

fn because(before: &[u8], after: &[u8]) -> Vec<String> {
    let read = |text| Manifest::parse(manifest::algorithm(text), text);
    match (read(before), read(after)) {
        (Ok(before), Ok(after)) if !before.files.is_empty() => diff(&before, &after).subjects(),
        _ => Vec::new(),
    }
}
