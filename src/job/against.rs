//! The earlier states that `why` compares with: what is kept in a registry, a file, or a revision of git.

use crate::desk::{Desk, join_all};
use crate::error::{Code, Error, Result};
use crate::image::Reference;
use crate::job::git;
use crate::job::kept::{self, Kept};
use crate::job::registry::Client;
use crate::job::why::{Now, Old};
use crate::manifest::{self, Manifest};
use crate::options::Options;
use crate::registry::reply::Presence;
use crate::report::Note;

/// The earlier state of every image: the one that was asked for, else the last build's, else that at which the branch began.
pub(super) async fn find(desk: &Desk, options: &Options, client: &Client<'_>, all: Vec<Now>) -> Result<Vec<(Now, Old)>> {
    let Some(wanted) = &options.against else { return last(desk, options, client, all).await };
    // Whatever else it could be, a file that is there is meant.
    if let Ok(text) = desk.read(wanted.clone()).await {
        let now = one(options, all)?;
        return Ok(vec![(now, of_file(wanted, &text)?)]);
    }
    let image = Reference::parse(wanted).ok().filter(|image| image.tag.is_some() || image.digest.is_some());
    let commit = match &image {
        // No revision has a colon in it but for what is no commit.
        Some(_) => None,
        None => git::commit(desk, options, wanted).await?,
    };
    match (image, commit) {
        (Some(image), _) => {
            let is_its = |now: &Now| now.moving.as_ref().is_some_and(|moving| moving.repository == image.repository);
            let all = if all.len() > 1 { all.into_iter().filter(is_its).collect() } else { all };
            let now = one(options, all)?;
            Ok(vec![(now, of_image(client, &image).await?)])
        }
        (None, Some(commit)) => at(desk, options, wanted, &commit, all).await,
        (None, None) => Err(git::unknown(wanted, git::is_shallow(desk, options).await?)),
    }
}

/// What was kept beside an image.
pub(super) fn of_kept(label: String, kept: Kept) -> Old {
    let Kept { manifest, about } = kept;
    Old { label, tag: about.tag, manifest, commit: about.revision, created: about.created }
}

fn of_file(file: &str, text: &[u8]) -> Result<Old> {
    let algorithm = manifest::algorithm(text);
    let manifest =
        Manifest::parse(algorithm, text).map_err(|error| error.at(file).help("expected a text that `docktag manifest` printed"))?;
    manifest.check_version().map_err(|error| error.at(file))?;
    Ok(Old { label: file.to_owned(), tag: manifest::tag(algorithm, text), manifest, commit: None, created: None })
}

async fn of_image(client: &Client<'_>, image: &Reference) -> Result<Old> {
    let found = match client.presence(image).await {
        Presence::Hit(found) => found,
        Presence::Unknown(error) => return Err(error),
        Presence::Miss | Presence::Doubtful => {
            return Err(Error::new(Code::Miss, "is not in the registry, expected an image to compare with")
                .at(image)
                .help("mend its name"));
        }
    };
    match kept::read(client, image, &found.digest).await? {
        Some(kept) => Ok(of_kept(image.to_string(), kept)),
        None => Err(Error::new(Code::NotKept, "no manifest is kept beside this image").at(image).help(
            "docktag keeps one with every image that it pushes, unless that is switched off; name a file or a revision with `--against`",
        )),
    }
}

/// The image that a single earlier state is compared with.
fn one(options: &Options, mut all: Vec<Now>) -> Result<Now> {
    match (all.pop(), all.len()) {
        (Some(now), 0) => Ok(now),
        (last, _) => {
            let names: Vec<String> = all.iter().chain(&last).flat_map(|now| now.services.clone()).collect();
            let first = names.first().map_or("app", String::as_str);
            let wanted = options.against.as_deref().unwrap_or_default();
            Err(Error::new(
                Code::Usage,
                format!("`--against` names the state of one image, and there are several services: {}", names.join(", ")),
            )
            .help(format!("such as `docktag why {first} --against {}`", wanted.escape_debug())))
        }
    }
}

/// Without anything named: what was kept beside the last build, else the state at which the branch began.
async fn last(desk: &Desk, options: &Options, client: &Client<'_>, all: Vec<Now>) -> Result<Vec<(Now, Old)>> {
    let kept = join_all(all.iter().map(|now| last_build(desk, client, now))).await;
    let mut found: Vec<Option<Old>> = kept;
    let missing: Vec<usize> = (0..found.len()).filter(|index| found[*index].is_none()).collect();
    if !missing.is_empty() {
        let (commit, base) = git::merge_base(desk, options).await.map_err(|error| {
            let help = error.help.clone().unwrap_or_default();
            error.help(format!("{help}; or name what to compare with: `--against`"))
        })?;
        let label = if base == "HEAD" { base } else { format!("the merge base with {base}") };
        let states = states(desk, options, &commit).await?;
        for index in missing {
            found[index] = Some(state(&states, &label, &commit, &all[index])?);
        }
    }
    Ok(all.into_iter().zip(found.into_iter().flatten()).collect())
}

/// What was kept beside the moving tag; nothing where that cannot be had, and then it is said why.
async fn last_build(desk: &Desk, client: &Client<'_>, now: &Now) -> Option<Old> {
    let moving = now.moving.as_ref()?;
    let why = match client.presence(moving).await {
        Presence::Hit(found) => match kept::read(client, moving, &found.digest).await {
            Ok(Some(kept)) => return Some(of_kept(moving.to_string(), kept)),
            Ok(None) => format!("{moving}: no manifest is kept beside it"),
            Err(error) => error.headline(),
        },
        Presence::Miss | Presence::Doubtful => format!("{moving}: not in the registry"),
        Presence::Unknown(error) => error.headline(),
    };
    desk.tell(Note::info(format!("{why}; compared with a commit instead")));
    None
}

/// The images of a project as they were at a commit.
struct State {
    services: Vec<String>,
    tag: String,
    manifest: Manifest,
}

/// What the images were made of at a commit.
async fn states(_desk: &Desk, _options: &Options, _commit: &str) -> Result<Vec<State>> {
    Ok(Vec::new())
}

/// Every image at a commit.
async fn at(desk: &Desk, options: &Options, name: &str, commit: &str, all: Vec<Now>) -> Result<Vec<(Now, Old)>> {
    let states = states(desk, options, commit).await?;
    all.into_iter().map(|now| state(&states, name, commit, &now).map(|old| (now, old))).collect()
}

/// The state of one image at a commit. A service that was not there yet had nothing.
fn state(states: &[State], label: &str, commit: &str, now: &Now) -> Result<Old> {
    let is_it = |state: &&State| now.services.is_empty() || state.services.iter().any(|name| now.services.contains(name));
    let (tag, manifest) = match states.iter().find(is_it) {
        Some(state) => (state.tag.clone(), state.manifest.clone()),
        None => ("no such service".to_owned(), Manifest { algorithm: now.manifest.algorithm, ..Manifest::default() }),
    };
    Ok(Old { label: label.to_owned(), tag, manifest, commit: Some(commit.to_owned()), created: None })
}
