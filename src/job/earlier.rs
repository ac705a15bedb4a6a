//! A commit that `why` compares with: its images from git's objects, without what these cannot tell.
//!
//! The disk has the contents of files where git has pointers to them, other line ends, and the files of submodules. Such a file is the same if git
//! says so, and where nobody can say it, it is not known.

use crate::desk::Desk;
use crate::error::{Code, Error, Result};
use crate::job::attributes::{Converted, filled};
use crate::job::git;
use crate::job::revision::{Reader, Seen, Tree};
use crate::job::states::{self, State};
use crate::job::submodules::{self, Submodule, how_to_get, not_here};
use crate::job::why::{Now, Old};
use crate::manifest::{self, File, Manifest};
use crate::note::{self, Entry};
use crate::options::Options;
use crate::path::RelPath;
use crate::registry::about::{Source, is_covered};

/// A commit and its images.
pub(super) struct Earlier<'a> {
    desk: &'a Desk,
    reader: Reader,
    commit: String,
    tree: Tree,
    states: Vec<State>,
}

impl<'a> Earlier<'a> {
    /// Reads the images of the project at a commit.
    pub(super) async fn read(desk: &'a Desk, reader: Reader, commit: String) -> Result<Earlier<'a>> {
        let tree = reader.at(&commit).await?;
        let (over, seen) = reader.over(tree.clone()).await?;
        let states = match states::read(&over, reader.options()).await {
            // The services that are asked for were not there yet.
            Err(error) if error.code == Code::Usage && !reader.options().services.is_empty() => Vec::new(),
            Err(error) => return Err(wrong(&commit, &tree, &seen.borrow(), error)),
            Ok(states) => states,
        };
        Ok(Earlier { desk, reader, commit, tree, states })
    }

    /// One image at the commit, and as it is. A service that was not there yet had nothing.
    pub(super) async fn of(&self, options: &Options, label: &str, now: &mut Now) -> Result<Old> {
        let is_it = |state: &&State| now.services.is_empty() || state.services.iter().any(|name| now.services.contains(name));
        let source = Source { commit: self.commit.clone(), ..Source::default() };
        let mut old = Old { label: label.to_owned(), source: Some(source), ..Old::default() };
        // No registry and no clock say what these were then.
        now.manifest.notes.retain(|note| !note.starts_with(b"# base ") && !note.starts_with(b"# refresh "));
        let Some(state) = self.states.iter().find(is_it) else {
            old.tag = "no such service".to_owned();
            old.manifest = Manifest { algorithm: now.manifest.algorithm, ..Manifest::default() };
            return Ok(old);
        };
        old.tag.clone_from(&state.tag);
        old.manifest = Manifest::parse(manifest::algorithm(&state.manifest), &state.manifest)?;
        if old.manifest.algorithm == now.manifest.algorithm {
            let head = self.reader.at("HEAD").await?;
            self.leave_out_submodules(state, &head, now, &mut old);
            self.compare_converted(options, state, &head, now, &mut old).await?;
        }
        Ok(old)
    }

    /// Leaves out what is in submodules whose commit is not here.
    fn leave_out_submodules(&self, state: &State, head: &Tree, now: &mut Now, old: &mut Old) {
        for submodule in self.tree.submodules.iter().filter(|submodule| !submodule.is_read) {
            let is_in = |path: &RelPath| state.place(&self.reader, path).is_some_and(|place| submodule.has(&place));
            let is_note_in = |note: &Vec<u8>| path_of(note).is_some_and(|path| is_in(&path));
            let has_it = |manifest: &Manifest| manifest.files.iter().any(|file| is_in(&file.path)) || manifest.notes.iter().any(is_note_in);
            // One that is not checked out is an empty folder, in both of them.
            let is_same = head.submodules.iter().any(|it| it.place == submodule.place && it.commit == submodule.commit && !it.is_read);
            if is_same || !(has_it(&now.manifest) || has_it(&old.manifest)) {
                continue;
            }
            for manifest in [&mut now.manifest, &mut old.manifest] {
                manifest.files.retain(|file| !is_in(&file.path));
                manifest.notes.retain(|note| !is_note_in(note));
            }
            old.unknown.push((RelPath::new(state.path(&self.reader, &submodule.place)), not_here(submodule)));
        }
    }

    /// Finds out which files that differ from git's objects are those that a checkout makes of them.
    async fn compare_converted(&self, options: &Options, state: &State, head: &Tree, now: &mut Now, old: &mut Old) -> Result<()> {
        let converted = Converted::read(&self.reader, &self.tree).await?;
        let of = |path: &RelPath| state.place(&self.reader, path).filter(|place| converted.has(place));
        let differing: Vec<(RelPath, Vec<u8>)> = old
            .manifest
            .files
            .iter()
            .filter(|file| differs(&now.manifest, file))
            .filter_map(|file| Some((file.path.clone(), of(&file.path)?)))
            .collect();
        let places: Vec<Vec<u8>> = differing.iter().map(|(_, place)| place.clone()).collect();
        let pointers = filled(self.desk, &self.reader, &self.tree, &places).await?;
        let others: Vec<&[u8]> =
            places.iter().zip(&pointers).filter(|(_, is_filled)| is_filled.is_none()).map(|(place, _)| &**place).collect();
        let changed = self.changed(options, &others).await?;
        // A filter that is not configured here does not run for git either. That of Git LFS is known.
        let has_filters = git::filters(self.desk, options, "").await?.iter().any(|key| !key.starts_with("filter.lfs."));
        for ((path, place), is_filled) in differing.iter().zip(&pointers) {
            let is_changed = is_filled.map_or_else(|| changed.contains(place), |is_filled| !is_filled);
            let object = |tree: &Tree| tree.item(place).map(|item| item.object.clone());
            if !is_changed {
                let digest = now.manifest.files.iter().find(|file| file.path == *path).map(|file| file.digest);
                old.manifest
                    .files
                    .iter_mut()
                    .filter(|file| file.path == *path)
                    .for_each(|file| file.digest = digest.unwrap_or(file.digest));
            } else if is_filled.is_none() && has_filters && converted.has_filter(place) && object(head) == object(&self.tree) {
                // The filter does not run here, so git may show what is no change.
                for manifest in [&mut now.manifest, &mut old.manifest] {
                    manifest.files.retain(|file| file.path != *path);
                }
                old.unknown.push((path.clone(), "a filter of .gitattributes converts it, and docktag runs none".to_owned()));
            }
        }
        Ok(())
    }

    /// Which of these files differ from the commit as git sees it; all where git does not say.
    async fn changed(&self, options: &Options, places: &[&[u8]]) -> Result<Vec<Vec<u8>>> {
        let mut changed = Vec::new();
        for part in places.chunks(500) {
            let files: Vec<String> = part.iter().filter_map(|place| submodules::folder(&self.reader.repository, place)).collect();
            let mut args = vec!["diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--no-textconv", "--ignore-submodules=all"];
            args.extend([self.commit.as_str(), "--"]);
            args.extend(files.iter().map(String::as_str));
            let exited = git::run_on_files(self.desk, options, "", &args, "which of these files were edited?").await?;
            let is_in_submodule = |place: &&&[u8]| self.tree.submodules.iter().any(|submodule| submodule.has(place));
            match exited.ok() {
                true => {
                    changed.extend(exited.stdout.split(|&byte| byte == 0).map(<[u8]>::to_vec));
                    changed.extend(part.iter().filter(is_in_submodule).map(|place| place.to_vec()));
                }
                false => changed.extend(part.iter().map(|place| place.to_vec())),
            }
        }
        Ok(changed)
    }
}

/// Why the inputs of an image are not known: it reads in a submodule whose commit is not here, which a tree has as an empty folder.
pub(super) fn unread(reader: &Reader, state: &State, tree: &Tree) -> Option<Error> {
    let mut submodules = tree.submodules.iter().filter(|submodule| !submodule.is_read).peekable();
    submodules.peek()?;
    let manifest = Manifest::parse(manifest::algorithm(&state.manifest), &state.manifest).ok()?;
    let paths = manifest.files.iter().map(|file| file.path.clone()).chain(manifest.notes.iter().filter_map(|note| path_of(note)));
    let mut places: Vec<Vec<u8>> = paths.filter_map(|path| state.place(reader, &path)).collect();
    let folders: Vec<Vec<u8>> = state.folders.iter().filter_map(|folder| reader.place(folder)).collect();
    places.extend_from_slice(&folders);
    // Everything in a plain folder counts, and an empty folder leaves no line.
    let is_plain = state.services.is_empty();
    let is_around =
        |place: &[u8], submodule: &Submodule| is_plain && (place.is_empty() || is_covered(&submodule.place, [place].into_iter()));
    let reads = |submodule: &&Submodule| {
        places.iter().any(|place| submodule.has(place)) || folders.iter().any(|folder| is_around(folder, submodule))
    };
    submodules.find(reads).map(not_known)
}

/// The error of what reads in a submodule whose commit is not here.
fn not_known(submodule: &Submodule) -> Error {
    Error::new(Code::RevisionUnknown, format!("{}, so what a build reads there is not known", not_here(submodule)))
        .at(RelPath::new(&*submodule.place))
        .help(how_to_get(submodule))
}

/// The path that a line of a manifest has that is not a file's.
pub(super) fn path_of(note: &[u8]) -> Option<RelPath> {
    let entry = Entry::parse(note).filter(|entry| matches!(entry.kind, note::Kind::Dir | note::Kind::Exec | note::Kind::Link))?;
    Some(RelPath::new(entry.name))
}

fn differs(now: &Manifest, file: &File) -> bool {
    now.files.iter().any(|other| other.path == file.path && other.digest != file.digest)
}

/// What is wrong there can be right here.
fn wrong(commit: &str, tree: &Tree, seen: &Seen, error: Error) -> Error {
    let commit = format!("commit {}", commit.get(..12).unwrap_or(commit));
    let error = or_unread(tree, seen, error);
    match &error.place {
        Some(place) => {
            let place = format!("{commit}: {place}");
            error.at(place)
        }
        None => error.at(commit),
    }
}

/// What is missing in a tree can be in a submodule whose commit is not here: then that is the error.
pub(super) fn or_unread(tree: &Tree, seen: &Seen, error: Error) -> Error {
    let is_seen = |submodule: &&Submodule| {
        let mut places = seen.places.iter().chain(&seen.folders).chain(&seen.roots);
        !submodule.is_read && places.any(|place| submodule.has(place))
    };
    match tree.submodules.iter().find(is_seen).filter(|_| error.code.exit() == 2) {
        Some(submodule) => not_known(submodule),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_in_a_submodule_is_not_known() {
        let submodule =
            |is_read| Submodule { place: b"lib"[..].into(), folder: "../lib".into(), commit: "0123456789abcdef".into(), is_read };
        let tree = |is_read| Tree { submodules: [submodule(is_read)].into(), ..Tree::default() };
        let seen = Seen { places: vec![b"lib/Dockerfile".to_vec()], ..Seen::default() };
        let error = || Error::new(Code::DockerfileMissing, "no such file").at("lib/Dockerfile");
        let text = wrong("fedcba9876543210", &tree(false), &seen, error()).to_string();
        assert!(text.contains("commit fedcba987654: lib: a submodule whose commit 0123456789ab is not here"), "{text}");
        assert_eq!(wrong("f", &tree(true), &seen, error()).headline(), "commit f: lib/Dockerfile: no such file");
        assert_eq!(wrong("f", &tree(false), &Seen::default(), error()).code, Code::DockerfileMissing);
    }
}
