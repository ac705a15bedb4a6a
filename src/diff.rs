//! Two manifests compared.

use std::collections::BTreeMap;

use crate::digest::Digest;
use crate::manifest::Manifest;
use crate::path::RelPath;

/// What differs between two manifests, each list sorted by path.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Diff {
    /// In the new one only.
    pub added: Vec<RelPath>,
    /// In the old one only.
    pub removed: Vec<RelPath>,
    /// In both, with another digest.
    pub changed: Vec<RelPath>,
}

impl Diff {
    /// `docker/a changed, docker/b added and 3 more`; empty where no file differs.
    pub fn summary(&self, at_most: usize) -> String {
        let said = |paths: &[RelPath], what: &str| paths.iter().map(|path| format!("{path} {what}")).collect::<Vec<_>>();
        let all = [said(&self.changed, "changed"), said(&self.added, "added"), said(&self.removed, "removed")].concat();
        let more = all.len().saturating_sub(at_most);
        let shown = all[..all.len() - more].join(", ");
        if more == 0 { shown } else { format!("{shown} and {more} more") }
    }
}

/// Compares the files of two manifests.
///
/// ```
/// use docktag::digest::Algorithm;
/// use docktag::{diff::diff, manifest::Manifest};
///
/// let old = Manifest::parse(Algorithm::Md5, b"900150983cd24fb0d6963f7d28e17f72  a\n900150983cd24fb0d6963f7d28e17f72  b\n")?;
/// let new = Manifest::parse(Algorithm::Md5, b"d41d8cd98f00b204e9800998ecf8427e  a\n900150983cd24fb0d6963f7d28e17f72  c\n")?;
/// assert_eq!(diff(&old, &new).summary(5), "a changed, c added, b removed");
/// # Ok::<(), docktag::error::Error>(())
/// ```
pub fn diff(old: &Manifest, new: &Manifest) -> Diff {
    let (old, new) = (by_path(old), by_path(new));
    let missing_in = |one: &BTreeMap<&RelPath, Digest>, other: &BTreeMap<&RelPath, Digest>| -> Vec<RelPath> {
        one.keys().filter(|path| !other.contains_key(*path)).map(|path| (*path).clone()).collect()
    };
    let changed = new.iter().filter(|(path, digest)| old.get(*path).is_some_and(|before| before != *digest));
    Diff { added: missing_in(&new, &old), removed: missing_in(&old, &new), changed: changed.map(|(path, _)| (*path).clone()).collect() }
}

fn by_path(manifest: &Manifest) -> BTreeMap<&RelPath, Digest> {
    manifest.files.iter().map(|file| (&file.path, file.digest)).collect()
}
