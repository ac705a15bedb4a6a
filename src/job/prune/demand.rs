//! An image that a commit needs, as far as git's objects say what it is made of, and whether an image in the registry can be that one.
//!
//! What was built can be something else than what git has: submodules, files that a checkout converts, files that an earlier step made or edited,
//! and variables of the job take part too. A difference is a proof only if none of these can be its reason.

use crate::digest::{Digest, Hasher};
use crate::image::Repository;
use crate::job::kept::Kept;
use crate::manifest::{File, Manifest};
use crate::note::{Entry, Kind};
use crate::path::RelPath;
use crate::registry::about::{Source, is_covered};

/// Lines that depend on the machine, the day or the environment: two manifests that differ in these only can be of one commit.
const PASSING: [Kind; 5] = [Kind::Platform, Kind::Arg, Kind::Base, Kind::Refresh, Kind::Image];

/// One image of a commit that counts.
#[derive(Debug)]
pub(super) struct Demand {
    pub(super) commit: String,
    /// Where it goes; `None` for a plain folder.
    pub(super) repository: Option<Repository>,
    pub(super) tag: String,
    pub(super) manifest: Manifest,
    /// What [`essence`] makes of its manifest.
    pub(super) essence: Digest,
    /// Submodules, as the manifest names them: a job may have checked them out or not.
    pub(super) submodules: Vec<Vec<u8>>,
    /// Files that a checkout writes in another way than git has them, sorted.
    pub(super) converted: Vec<RelPath>,
}

impl Demand {
    /// Whether an image can be this one. `is_present`: whether the registry has the tag that git's objects make, so that nothing but these took
    /// part in the builds of this commit.
    pub(super) fn can_be(&self, kept: &Kept, is_present: bool) -> bool {
        let built = Built { kept, is_present };
        let (own, other) = (&self.manifest, &kept.manifest);
        if own.algorithm != other.algorithm {
            return !is_present;
        }
        let is_sure = |path: &RelPath| self.is_sure(path) && built.is_sure(path);
        let differs = |file: &File| find(&own.files, &file.path).is_some_and(|same| same.digest != file.digest) && is_sure(&file.path);
        if other.files.iter().any(differs) {
            return false;
        }
        let in_both = |path: &RelPath| find(&own.files, path).is_some() && find(&other.files, path).is_some();
        if !modes(own, other).chain(modes(other, own)).all(|path| !in_both(&path) || !is_sure(&path)) {
            return false;
        }
        // With the same Dockerfile, ignore file and values, a build reads the same names.
        let (own_lines, other_lines) = (lines(own), lines(other));
        let is_alike = (is_present || own_lines == other_lines) && built.has_committed_ignore_files();
        let links = links(own, other).any(|path| is_sure(&path));
        let is_missing = |file: &File| find(&other.files, &file.path).is_none() && is_sure(&file.path);
        if is_alike && (links || own.files.iter().any(is_missing)) {
            return false;
        }
        let is_extra = |file: &File| find(&own.files, &file.path).is_none() && self.is_sure(&file.path) && built.is_committed(&file.path);
        let without_passing = |lines: Vec<Entry>| lines.into_iter().filter(|entry| !PASSING.contains(&entry.kind)).collect::<Vec<_>>();
        !is_present
            || !built.has_committed_ignore_files()
            || !(other.files.iter().any(is_extra) || without_passing(own_lines) != without_passing(other_lines))
    }

    /// Whether every checkout of the commit has the file as git has it.
    fn is_sure(&self, path: &RelPath) -> bool {
        self.converted.binary_search(path).is_err() && !is_covered(&path.plain(), self.submodules.iter().map(Vec::as_slice))
    }
}

/// An image in the registry.
struct Built<'a> {
    kept: &'a Kept,
    is_present: bool,
}

impl Built<'_> {
    /// Whether a file is as in a commit, since no earlier step edited it.
    fn is_sure(&self, path: &RelPath) -> bool {
        let is_sure = |source: &Source| match source.uncommitted {
            Some(_) => !source.can_differ(&path.plain()),
            None => self.is_present,
        };
        if self.kept.sources.is_empty() { self.is_present } else { self.kept.sources.iter().all(is_sure) }
    }

    /// Whether no earlier step made or edited a file that chooses what counts.
    fn has_committed_ignore_files(&self) -> bool {
        let paths = self.kept.sources.iter().flat_map(|source| source.uncommitted.iter().flatten());
        !paths.into_iter().any(|path| path == "." || path.ends_with(".dockerignore"))
    }

    /// Whether it is known that a file comes from a commit.
    fn is_committed(&self, path: &RelPath) -> bool {
        !self.kept.sources.is_empty() && self.kept.sources.iter().all(|source| !source.can_differ(&path.plain()))
    }
}

/// The manifest with its files sorted by path and its lines by bytes.
pub(super) fn in_order(mut manifest: Manifest) -> Manifest {
    manifest.files.sort_by(|a, b| a.path.cmp(&b.path));
    manifest.notes.sort_unstable();
    manifest
}

/// The digest of a manifest without what passes.
pub(super) fn essence(manifest: &Manifest) -> Digest {
    let mut hasher = Hasher::new(manifest.algorithm);
    for note in &manifest.notes {
        if Entry::parse(note).is_some_and(|entry| !PASSING.contains(&entry.kind)) {
            hasher.update(note);
            hasher.update(b"\n");
        }
    }
    for file in &manifest.files {
        hasher.update(file.digest.as_bytes());
        hasher.update(file.path.as_bytes());
        hasher.update(b"\0");
    }
    hasher.finish()
}

fn find<'a>(files: &'a [File], path: &RelPath) -> Option<&'a File> {
    files.binary_search_by(|file| file.path.cmp(path)).ok().map(|index| &files[index])
}

/// Lines that are not about a file.
fn lines(manifest: &Manifest) -> Vec<Entry> {
    let is_of_file = |entry: &Entry| matches!(entry.kind, Kind::Exec | Kind::Link | Kind::Dir);
    let is_of_registry = |entry: &Entry| matches!(entry.kind, Kind::Platform | Kind::Base | Kind::Refresh | Kind::Image);
    let mut lines: Vec<Entry> = manifest.notes.iter().filter_map(|note| Entry::parse(note)).collect();
    lines.retain(|entry| !is_of_file(entry) && !is_of_registry(entry));
    lines.sort_unstable();
    lines
}

/// Files that are executable in the first manifest only.
fn modes<'a>(one: &'a Manifest, other: &'a Manifest) -> impl Iterator<Item = RelPath> + 'a {
    only(one, other, Kind::Exec)
}

/// Links of the first manifest that the other one does not have so.
fn links<'a>(one: &'a Manifest, other: &'a Manifest) -> impl Iterator<Item = RelPath> + 'a {
    only(one, other, Kind::Link)
}

fn only<'a>(one: &'a Manifest, other: &'a Manifest, kind: Kind) -> impl Iterator<Item = RelPath> + 'a {
    let entries = one.notes.iter().filter(move |note| other.notes.binary_search(note).is_err()).filter_map(|note| Entry::parse(note));
    entries.filter(move |entry| entry.kind == kind).map(|entry| RelPath::new(entry.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::{Algorithm, digest};
    use crate::registry::about::About;

    /// A manifest with these lines, and files of a path and a content.
    fn manifest(notes: &str, files: &[(&str, &str)]) -> Manifest {
        let files = files.iter().map(|(path, content)| format!("{}  {path}\n", digest(Algorithm::Md5, content.as_bytes())));
        let text = format!("# docktag 1\n{notes}{}", files.collect::<String>());
        in_order(Manifest::parse(Algorithm::Md5, text.as_bytes()).unwrap())
    }

    fn demand(manifest: Manifest) -> Demand {
        Demand {
            commit: String::new(),
            repository: None,
            tag: String::new(),
            essence: essence(&manifest),
            manifest,
            submodules: vec![b"lib".to_vec()],
            converted: vec![RelPath::new(*b"x.bin")],
        }
    }

    /// An image with a record of what was not committed, or none.
    fn kept(uncommitted: Option<&[&str]>, manifest: Manifest) -> Kept {
        let paths = |paths: &[&str]| paths.iter().map(|&path| path.to_owned()).collect();
        let source = uncommitted.map(|uncommitted| Source { uncommitted: Some(paths(uncommitted)), ..Source::default() });
        Kept { manifest, about: About::default(), sources: source.into_iter().collect() }
    }

    #[test]
    fn what_passes_is_no_part_of_the_essence() {
        let of = |notes: &str| essence(&manifest(notes, &[("a", "1")]));
        assert_eq!(of("# platform linux/arm64\n# base php sha256:1\n# arg V 2\n# refresh 2026-11\n"), of("# platform linux/amd64\n"));
        assert_ne!(of("# exec a\n"), of("# platform linux/amd64\n"));
    }

    #[test]
    fn a_difference_is_a_proof_if_only_the_commit_can_be_its_reason() {
        type Files<'a> = &'a [(&'a str, &'a str)];
        type Case<'a> = (Option<&'a [&'a str]>, &'a str, Files<'a>, (bool, bool));
        let clean: Option<&[&str]> = Some(&[]);
        let base: Files<'_> = &[("Dockerfile", "1"), ("a", "1"), ("x.bin", "1")];
        // What was recorded, the image's lines and files, and whether it can be the commit's: without its tag in the registry, and with it.
        let cases: [Case<'_>; 14] = [
            (clean, "", base, (true, true)),
            (clean, "", &[("Dockerfile", "1"), ("a", "2"), ("x.bin", "1")], (false, false)),
            (clean, "", &[("Dockerfile", "1"), ("a", "1"), ("x.bin", "2")], (true, true)),
            (Some(&["a"]), "", &[("Dockerfile", "1"), ("a", "2"), ("x.bin", "1")], (true, true)),
            (Some(&["."]), "", &[("Dockerfile", "2")], (true, true)),
            (None, "", &[("Dockerfile", "1"), ("a", "2"), ("x.bin", "1")], (true, false)),
            (clean, "", &[("Dockerfile", "1"), ("x.bin", "1")], (false, false)),
            (Some(&["b/.dockerignore"]), "", &[("Dockerfile", "1"), ("x.bin", "1")], (true, true)),
            (clean, "# arg V 1\n", &[("Dockerfile", "1"), ("x.bin", "1")], (true, false)),
            (clean, "", &[("Dockerfile", "1"), ("a", "1"), ("lib/l", "1"), ("x.bin", "1")], (true, true)),
            (Some(&["made"]), "", &[("Dockerfile", "1"), ("a", "1"), ("made/m", "1"), ("x.bin", "1")], (true, true)),
            (clean, "", &[("Dockerfile", "1"), ("a", "1"), ("b", "1"), ("x.bin", "1")], (true, false)),
            (clean, "# exec a\n", base, (false, false)),
            (clean, "# target t\n", base, (true, false)),
        ];
        for (uncommitted, notes, files, expected) in cases {
            let kept = kept(uncommitted, manifest(notes, files));
            let demand = demand(manifest("", base));
            assert_eq!((demand.can_be(&kept, false), demand.can_be(&kept, true)), expected, "{uncommitted:?} {notes} {files:?}");
        }
    }
}
