//! The commit that images are built from, and which of their inputs it does not have: this is kept beside an image, since a later run cannot know
//! it. Files of earlier steps, edits and what git ignores are inputs too.

use crate::compose::project::Project;
use crate::desk::Desk;
use crate::error::{Code, Error, Result};
use crate::ignore;
use crate::job::attributes::{Converted, filled};
use crate::job::git::{self, Kind};
use crate::job::place::Places;
use crate::job::revision::{Reader, Tree};
use crate::job::{branch, checkout, draft, model, origin, submodules};
use crate::manifest::Manifest;
use crate::note::{self, Entry};
use crate::options::Options;
use crate::registry::about::Source;

/// So many bytes of paths are kept at most; beyond that, everything can differ from the commit.
const MOST: usize = 8 * 1024;

/// The commit that is checked out.
pub(super) struct Provenance {
    commit: String,
    parents: Vec<String>,
    repository: Option<String>,
    checkout: Option<Checkout>,
}

/// A commit, and how the working tree differs from it.
struct Checkout {
    reader: Reader,
    tree: Tree,
    /// Sorted by place.
    changes: Vec<Change>,
    /// Where the paths of a manifest are; `None` in a plain folder.
    places: Option<Places>,
    /// The ignore files of the contexts, as a manifest would name them. They choose what counts, and are no inputs themselves.
    ignore_files: Vec<String>,
    /// Whether git's configuration on this machine converts line ends, so that any file can differ from its object.
    is_converted: bool,
}

/// A file or folder that is not as in the commit.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Change {
    place: Vec<u8>,
    /// Whether git knows it; otherwise it is new, and not ignored.
    is_tracked: bool,
    /// Whether it may be as in the commit: its filter does not run here, or git was told not to look at it.
    is_doubtful: bool,
}

impl Provenance {
    /// Finds the commit; `None` if nothing is kept, and without git.
    pub(super) async fn find(desk: &Desk, options: &Options) -> Option<Provenance> {
        if !options.keep_manifest {
            return None;
        }
        let desk = &desk.quiet();
        let commit = branch::head(desk, options).await?;
        let parents = parents(desk, options, &commit).await.unwrap_or_default();
        let checkout = Checkout::read(desk, options, &commit).await.ok();
        let repository = origin::recorded(desk, options).await;
        Some(Provenance { commit, parents, repository, checkout })
    }

    /// What is kept beside an image with this manifest.
    pub(super) fn source(&self, options: &Options, manifest: &[u8]) -> Source {
        let found = self.checkout.as_ref().and_then(|checkout| checkout.compare(&Manifest::parse(options.algorithm, manifest).ok()?));
        let (is_dirty, uncommitted) = found.unzip();
        Source {
            commit: self.commit.clone(),
            parents: self.parents.clone(),
            is_dirty: is_dirty.flatten(),
            uncommitted,
            repository: self.repository.clone(),
            folder: self.checkout.as_ref().and_then(Checkout::folder),
        }
    }
}

/// The parents of a merge. The commit itself is read: a shallow clone has none of its parents.
async fn parents(desk: &Desk, options: &Options, commit: &str) -> Result<Vec<String>> {
    let text = git::contents(desk, options, "", &[commit.into()]).await?.concat();
    let text = String::from_utf8_lossy(&text);
    let parents = text.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.strip_prefix("parent "));
    let parents: Vec<String> = parents.map(str::to_owned).collect();
    Ok(if parents.len() > 1 { parents } else { Vec::new() })
}

impl Checkout {
    async fn read(desk: &Desk, options: &Options, commit: &str) -> Result<Checkout> {
        let reader = Reader::open(desk, options).await?;
        let tree = reader.at(commit).await?;
        let (mut places, mut ignore_files) = (None, Vec::new());
        if !options.is_plain() {
            let project = model::load(desk, options).await?;
            let all = Places::new(options, &project);
            ignore_files = found(desk, &all, candidates(&all, &project)).await?;
            places = Some(all);
        }
        let top = submodules::folder(&reader.repository, b"").unwrap_or_default();
        let mut changes = status(desk, options, &top, b"").await?;
        for submodule in tree.submodules.iter().filter(|submodule| submodule.is_read) {
            changes.extend(status(desk, options, &submodule.folder, &submodule.place).await?);
        }
        // Git shows a file with a filter as changed if it does not remember the file's time, since no filter runs here.
        let converted = Converted::read(&reader, &tree).await?;
        let doubtful = changes.iter().filter(|change| change.is_tracked && converted.has_filter(&change.place));
        let doubtful: Vec<Vec<u8>> = doubtful.map(|change| change.place.clone()).collect();
        for (place, is_filled) in doubtful.iter().zip(filled(desk, &reader, &tree, &doubtful).await?) {
            changes.retain(|change| is_filled != Some(true) || change.place != *place);
            changes.iter_mut().filter(|change| change.place == *place).for_each(|change| change.is_doubtful = is_filled.is_none());
        }
        changes.sort_unstable();
        let is_converted = !checkout::is_as_in_git(options) && converts(desk, options).await?;
        Ok(Checkout { reader, tree, changes, places, ignore_files, is_converted })
    }

    /// Whether there are uncommitted changes, and the paths that the commit does not have so; `None` if they have no place in the repository.
    fn compare(&self, manifest: &Manifest) -> Option<(Option<bool>, Vec<String>)> {
        let links = manifest.notes.iter().filter_map(|line| Entry::parse(line)).filter(|entry| entry.kind == note::Kind::Link);
        let paths = manifest.files.iter().map(|file| file.path.plain()).chain(links.map(|entry| entry.name));
        let mut is_dirty = self.changes.iter().any(|change| change.is_tracked && !change.is_doubtful);
        let mut uncommitted = Vec::new();
        for path in paths {
            let place = self.place(&path);
            let change = place.as_ref().and_then(|place| self.change(place));
            let is_known = place.as_ref().is_some_and(|place| self.has(place));
            if change.is_some() || !is_known {
                is_dirty |= change.is_some_and(|change| !change.is_doubtful);
                uncommitted.push(if is_known { path } else { self.outermost(path) });
            }
        }
        let is_committed =
            |path: &String| self.place(path.as_bytes()).is_some_and(|place| self.has(&place) && self.change(&place).is_none());
        uncommitted.extend(self.ignore_files.iter().filter(|path| !is_committed(path)).map(|path| path.clone().into_bytes()));
        // What was deleted is in no manifest.
        let folder = String::from_utf8(self.place(b".")?).ok()?;
        for change in self.changes.iter().filter(|change| change.is_tracked) {
            let place = String::from_utf8_lossy(&change.place);
            uncommitted.push(crate::path::way(&format!("/{folder}"), &format!("/{place}")).into_bytes());
        }
        if self.is_converted {
            uncommitted.push(b".".to_vec());
        }
        let is_known = is_dirty || !self.changes.iter().any(|change| change.is_doubtful);
        Some((is_known.then_some(is_dirty), lines(uncommitted)))
    }

    /// The folder that the paths of a manifest begin in, from the top folder.
    fn folder(&self) -> Option<String> {
        let folder = String::from_utf8(self.place(b".")?).ok()?;
        Some(if folder.is_empty() { ".".to_owned() } else { folder })
    }

    fn place(&self, path: &[u8]) -> Option<Vec<u8>> {
        let of_host = |places: &Places| places.of_host(std::str::from_utf8(path).ok()?).into_bytes().into();
        self.reader.place(&self.places.as_ref().map_or_else(|| Some(path.to_vec()), of_host)?)
    }

    /// Whether the commit has a file at a place.
    fn has(&self, place: &[u8]) -> bool {
        self.tree.item(place).is_some_and(|item| item.kind != Kind::Submodule)
    }

    /// The change of a place, or of a folder that it is in.
    fn change(&self, place: &[u8]) -> Option<&Change> {
        let ends = (0..=place.len()).rev().filter(|&end| end == place.len() || place[end] == b'/');
        let find = |end: usize| {
            let index = self.changes.partition_point(|change| *change.place < place[..end]);
            self.changes.get(index).filter(|change| change.place == place[..end])
        };
        ends.into_iter().find_map(find)
    }

    /// The outermost folder of a path of which the commit has nothing, else the path itself: one line stands for all that a step has made there.
    fn outermost(&self, path: Vec<u8>) -> Vec<u8> {
        let is_new = |end: &usize| {
            let place = self.place(&path[..*end]);
            place.is_some_and(|place| git::below(&self.tree.items, &place).is_none() && self.tree.item(&place).is_none())
        };
        let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(end, _)| end);
        match ends.into_iter().find(is_new) {
            Some(end) => path[..end].to_vec(),
            None => path,
        }
    }
}

/// The ignore files that the builds of a project look for.
fn candidates(places: &Places, project: &Project) -> Vec<String> {
    let mut files = Vec::new();
    for build in project.services.iter().filter_map(|service| service.build.as_ref()) {
        for folder in std::iter::once(&build.context).chain(build.additional_contexts.values()).filter(|folder| folder.starts_with('/')) {
            let folder = places.in_manifest(folder);
            let dockerfiles = draft::dockerfile_candidates(places, build);
            files.extend(dockerfiles.iter().flat_map(|dockerfile| ignore::candidates(dockerfile, &folder)));
            files.extend(ignore::candidates("", &folder).into_iter().skip(1));
        }
    }
    files.sort_unstable();
    files.dedup();
    files
}

/// Those of the files that exist.
async fn found(desk: &Desk, places: &Places, files: Vec<String>) -> Result<Vec<String>> {
    let exist = desk.exist(files.iter().map(|file| places.of_host(file)).collect()).await.map_err(|failure| failure.of_file("."))?;
    Ok(files.into_iter().zip(exist).filter(|(_, exists)| *exists).map(|(file, _)| file).collect())
}

/// Whether a checkout writes other line ends than git has, whatever `.gitattributes` say.
///
/// rule: git, "git-config", `core.autocrlf` and `core.eol`
async fn converts(desk: &Desk, options: &Options) -> Result<bool> {
    let args = ["config", "--null", "--get-regexp", "^core\\.(autocrlf|eol)$"];
    let configured = git::run(desk, options, &args, None, "does git convert line ends?").await?;
    let configured = String::from_utf8_lossy(&configured.stdout).to_ascii_lowercase();
    let values =
        configured.split('\0').filter(|line| !line.is_empty()).map(|line| line.split_once('\n').map_or("true", |(_, value)| value));
    Ok(values.into_iter().any(|value| matches!(value, "true" | "yes" | "on" | "1" | "crlf")))
}

/// As texts; a list that is too long, or that is no text, says that everything can differ.
fn lines(mut paths: Vec<Vec<u8>>) -> Vec<String> {
    paths.sort_unstable();
    paths.dedup();
    let all: Option<Vec<String>> =
        paths.into_iter().map(|path| String::from_utf8(path).ok().filter(|path| !path.contains(['\n', '\r']))).collect();
    match all {
        Some(all) if all.iter().map(|path| path.len() + 1).sum::<usize>() <= MOST => all,
        _ => vec![".".to_owned()],
    }
}

/// What git says of the working tree in a folder of the host, whose top is at `place`.
async fn status(desk: &Desk, options: &Options, folder: &str, place: &[u8]) -> Result<Vec<Change>> {
    let args = ["status", "--porcelain", "-z", "--untracked-files=normal", "--ignore-submodules=dirty", "--no-renames"];
    let exited = git::run_on_files(desk, options, folder, &args, "which changes are not committed?").await?;
    if !exited.ok() {
        return Err(Error::new(Code::NoRepository, format!("git does not say what was changed: {}", exited.last_lines())));
    }
    let changes = entries(&exited.stdout, 3, place, |state| Some((!state.starts_with(b"??"), false)));
    // rule: git, "git-ls-files", "-t" and "-v": `S` is a file that a sparse checkout leaves out, a small letter one that git takes for unchanged
    let args = [&git::inside(folder)[..], &["ls-files", "-v", "-z"]].concat();
    let listed = git::run(desk, options, &args, None, "which files does git not look at?").await?;
    let is_unseen = |state: &[u8]| state.starts_with(b"S") || state.first().is_some_and(u8::is_ascii_lowercase);
    let unseen = entries(&listed.stdout, 2, place, |state| is_unseen(state).then_some((true, true)));
    Ok(changes.into_iter().chain(unseen).collect())
}

/// Reads lines of a state, which is so many bytes wide, and a path below `place`. `read` says whether git knows the file, and whether the change is
/// doubtful; `None` if it is no change.
fn entries(text: &[u8], width: usize, place: &[u8], read: impl Fn(&[u8]) -> Option<(bool, bool)>) -> Vec<Change> {
    let mut changes = Vec::new();
    for line in text.split(|&byte| byte == 0).filter(|line| line.len() > width) {
        let (state, path) = line.split_at(width);
        let path = path.strip_suffix(b"/").unwrap_or(path);
        if let Some((is_tracked, is_doubtful)) = read(state) {
            let place = if place.is_empty() { path.to_vec() } else { [place, path].join(&b'/') };
            changes.push(Change { place, is_tracked, is_doubtful });
        }
    }
    changes
}
