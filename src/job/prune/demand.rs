//! An image that a commit needs, as far as git's objects say what it is made of.

use crate::digest::{Digest, Hasher};
use crate::image::Repository;
use crate::manifest::Manifest;
use crate::note::{Entry, Kind};

/// Lines that depend on the machine, the day or the environment: two manifests that differ in these only can be of one commit.
const PASSING: [Kind; 5] = [Kind::Platform, Kind::Arg, Kind::Base, Kind::Refresh, Kind::Image];

/// One image of a commit that counts.
#[derive(Debug)]
pub(super) struct Demand {
    pub(super) commit: String,
    /// Where it goes; `None` for a plain folder.
    pub(super) repository: Option<Repository>,
    pub(super) tag: String,
    /// What [`essence`] makes of its manifest.
    pub(super) essence: Digest,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::{Algorithm, digest};

    #[test]
    fn what_passes_is_no_part_of_the_essence() {
        let of = |notes: &str| {
            let text = format!("# docktag 1\n{notes}{}  a\n", digest(Algorithm::Md5, b"1"));
            essence(&in_order(Manifest::parse(Algorithm::Md5, text.as_bytes()).unwrap()))
        };
        assert_eq!(of("# platform linux/arm64\n# base php sha256:1\n# arg V 2\n# refresh 2026-11\n"), of("# platform linux/amd64\n"));
        assert_ne!(of("# exec a\n"), of("# platform linux/amd64\n"));
    }
}
