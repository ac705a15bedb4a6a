//! What was read of git's objects, kept for all commits: an object never changes.

use std::rc::Rc;

use crate::digest::Algorithm;
use crate::need::Hashed;

/// Entries sorted by object.
pub(super) type ByObject<T> = Vec<(Rc<str>, T)>;

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Store {
    md5: ByObject<Hashed>,
    sha256: ByObject<Hashed>,
    /// Contents of small files and targets of links.
    pub(super) contents: ByObject<Rc<[u8]>>,
}

impl Store {
    /// The objects that were hashed.
    pub(super) fn hashed(&self, algorithm: Algorithm) -> &ByObject<Hashed> {
        match algorithm {
            Algorithm::Md5 => &self.md5,
            Algorithm::Sha256 => &self.sha256,
        }
    }

    /// The same, to add to.
    pub(super) fn hashed_mut(&mut self, algorithm: Algorithm) -> &mut ByObject<Hashed> {
        match algorithm {
            Algorithm::Md5 => &mut self.md5,
            Algorithm::Sha256 => &mut self.sha256,
        }
    }
}

/// Finds an object.
pub(super) fn find<'a, T>(sorted: &'a [(Rc<str>, T)], object: &str) -> Option<&'a T> {
    sorted.binary_search_by(|(other, _)| (**other).cmp(object)).ok().map(|index| &sorted[index].1)
}

/// Adds objects.
pub(super) fn add<T>(sorted: &mut ByObject<T>, new: impl Iterator<Item = (Rc<str>, T)>) {
    sorted.extend(new);
    // What is sorted already costs one comparison each.
    sorted.sort_by(|(a, _), (b, _)| a.cmp(b));
    sorted.dedup_by(|(a, _), (b, _)| a == b);
}
