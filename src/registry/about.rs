//! What is said of a kept manifest, as annotations of its artifact: its tag, when its image was built, and from which commit.

use serde_json::{Value, json};

/// The tag that the text makes.
pub(super) const TAG: &str = "vnd.docktag.tag";
/// The tag that the same inputs would make with sha256, if the tag is an md5.
const SHA256: &str = "vnd.docktag.sha256";
/// When the image was built (image-spec, `annotations.md`).
const CREATED: &str = "org.opencontainers.image.created";
/// The commit that it was built from.
const REVISION: &str = "org.opencontainers.image.revision";
/// The parents of that commit, separated by blanks, if it is a merge.
const PARENTS: &str = "vnd.docktag.parents";
/// Whether the working tree had uncommitted changes: `true` or `false`.
const DIRTY: &str = "vnd.docktag.dirty";
/// The git repository of the commit, as a digest of its address.
const REPOSITORY: &str = "vnd.docktag.repository";
/// The folder that the paths of the manifest begin in, from the top folder of the git repository; `.` for that itself.
const FOLDER: &str = "vnd.docktag.folder";
/// The inputs that this commit does not have so, one path a line.
const UNCOMMITTED: &str = "vnd.docktag.uncommitted";

/// What is said of a kept manifest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct About {
    /// The tag that its text makes.
    pub tag: String,
    /// The tag that the same inputs make with sha256, if `tag` is an md5.
    pub sha256: Option<String>,
    /// When the image was built, as in RFC 3339.
    pub created: Option<String>,
    /// The commit that was checked out then.
    pub source: Option<Source>,
}

/// The commit that an image was built from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Source {
    /// Its id.
    pub commit: String,
    /// Its parents if it is a merge: CI services build a merge of a pull request that is on no branch.
    pub parents: Vec<String>,
    /// Whether the working tree had uncommitted changes; `None` if that is not known.
    pub is_dirty: Option<bool>,
    /// Paths of the manifest that the commit does not have with the same contents: files and folders, `.` for all; `None` if that is not known.
    pub uncommitted: Option<Vec<String>>,
    /// The git repository, as a digest of its address; `None` if the clone had no remote.
    pub repository: Option<String>,
    /// The folder that the paths of the manifest begin in, from the top folder of the git repository; `None` if that is not known.
    pub folder: Option<String>,
}

impl Source {
    /// Whether it was built from this commit, or from a merge of it.
    pub fn is_of(&self, commit: &str) -> bool {
        self.commit == commit || self.parents.iter().any(|parent| parent == commit)
    }

    /// Whether the commit can have something else at a path of the manifest than what was built.
    pub fn can_differ(&self, path: &[u8]) -> bool {
        self.uncommitted.as_ref().is_none_or(|paths| is_covered(path, paths.iter().map(String::as_bytes)))
    }
}

/// Whether a path is one of these, or below one of them; everything is below `.`.
pub fn is_covered<'a>(path: &[u8], mut by: impl Iterator<Item = &'a [u8]>) -> bool {
    by.any(|other| other == b"." || path.strip_prefix(other).is_some_and(|rest| rest.first().is_none_or(|&byte| byte == b'/')))
}

/// The annotations that say it.
pub(super) fn annotations(about: &About) -> Value {
    let source = about.source.as_ref();
    let parents = source.map(|source| source.parents.join(" ")).filter(|parents| !parents.is_empty());
    let mut all = json!({TAG: about.tag});
    for (name, value) in [
        (SHA256, about.sha256.clone()),
        (CREATED, about.created.clone()),
        (REVISION, source.map(|source| source.commit.clone())),
        (PARENTS, parents),
        (DIRTY, source.and_then(|source| source.is_dirty).map(|is_dirty| is_dirty.to_string())),
        (UNCOMMITTED, source.and_then(|source| source.uncommitted.as_ref()).map(|paths| paths.join("\n"))),
        (REPOSITORY, source.and_then(|source| source.repository.clone())),
        (FOLDER, source.and_then(|source| source.folder.clone())),
    ] {
        if let Some(value) = value {
            all[name] = value.into();
        }
    }
    all
}

/// What annotations say.
pub(super) fn read(annotations: &Value) -> About {
    let text = |name: &str| annotations[name].as_str().map(str::to_owned);
    let source = |commit| Source {
        commit,
        parents: text(PARENTS).iter().flat_map(|parents| parents.split(' ')).map(str::to_owned).collect(),
        is_dirty: text(DIRTY).and_then(|dirty| dirty.parse().ok()),
        uncommitted: text(UNCOMMITTED).map(|paths| paths.lines().map(str::to_owned).collect()),
        repository: text(REPOSITORY),
        folder: text(FOLDER),
    };
    About { tag: text(TAG).unwrap_or_default(), sha256: text(SHA256), created: text(CREATED), source: text(REVISION).map(source) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commit_is_read_back() {
        let source = |uncommitted: Option<Vec<String>>| Source {
            commit: "a".repeat(40),
            parents: vec!["b".repeat(40), "c".repeat(40)],
            is_dirty: uncommitted.as_ref().map(|paths| !paths.is_empty()),
            uncommitted,
            repository: Some("1".repeat(64)),
            folder: Some(".".to_owned()),
        };
        for source in [source(None), source(Some(Vec::new())), source(Some(vec!["a b".to_owned(), "../c".to_owned()]))] {
            assert_eq!(
                (source.can_differ(b"a b/c"), source.can_differ(b"a")),
                match &source.uncommitted {
                    None => (true, true),
                    Some(paths) => (!paths.is_empty(), false),
                }
            );
            assert!(source.is_of(&"c".repeat(40)) && !source.is_of(&"d".repeat(40)));
            let all = About { tag: "1".to_owned(), source: Some(source), ..About::default() };
            assert_eq!(read(&annotations(&all)), all);
        }
    }
}
