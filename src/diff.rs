//! Two manifests compared.

use serde::Serialize;

use crate::manifest::{File, Manifest};
use crate::path::RelPath;

/// What differs between two manifests, each list sorted by path.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
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
    let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
    let mut diff = Diff::default();
    loop {
        match (old.peek(), new.peek()) {
            (None, None) => return diff,
            (Some(before), Some(after)) if before.path == after.path => {
                if before.digest != after.digest {
                    diff.changed.push(after.path.clone());
                }
                old.next();
                new.next();
            }
            (Some(before), Some(after)) if after.path < before.path => {
                diff.added.push(after.path.clone());
                new.next();
            }
            (Some(before), _) => {
                diff.removed.push(before.path.clone());
                old.next();
            }
            (None, Some(after)) => {
                diff.added.push(after.path.clone());
                new.next();
            }
        }
    }
}

/// The files sorted by path; a path that stands there twice (from folders that overlap) counts once.
fn by_path(manifest: &Manifest) -> Vec<&File> {
    let mut files = manifest.sorted(|a, b| a.path.cmp(&b.path));
    files.dedup_by(|a, b| a.path == b.path);
    files
}
