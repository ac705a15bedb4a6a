//! Which images are certainly of no commit that counts.
//!
//! A job can build a commit with any variables, options and profiles, and earlier steps of it can make, delete and edit files. Whatever they do,
//! a file that the commit has is in the build as the commit has it, unless a step edits it or a checkout converts it. So there is one proof: a
//! file that the image was built from as its own commit has it, and that the commit that counts has with other contents. Lines, modes, missing
//! and additional files prove nothing.

use std::rc::Rc;

use crate::digest::{Algorithm, Digest};
use crate::error::Result;
use crate::image::Repository;
use crate::job::attributes::Converted;
use crate::job::git::{Item, Kind};
use crate::job::kept::Kept;
use crate::job::prune::needed::Needed;
use crate::job::revision::{Reader, place_of};
use crate::job::{git, origin};
use crate::registry::about::{Source, is_covered};

/// An image of which no commit that counts is known to need it.
#[derive(Debug)]
pub(super) struct Candidate {
    repository: Repository,
    algorithm: Algorithm,
    sources: Vec<Source>,
    /// Where its committed files are in the git repository, and their digests.
    files: Vec<(Vec<u8>, Digest)>,
    /// Why a commit that counts may need it; `None` if that is certainly not so.
    pub(super) reason: Option<String>,
}

impl Candidate {
    /// Takes an image with what was kept beside it.
    pub(super) fn new(repository: &Repository, kept: Kept) -> Candidate {
        let is_known = |source: &Source| source.uncommitted.is_some() && source.folder.is_some();
        let reason = match kept.sources.is_empty() || !kept.sources.iter().all(is_known) {
            true => Some("it is not recorded from which commit and folder it was built".to_owned()),
            false => None,
        };
        let files = match reason {
            Some(_) => Vec::new(),
            None => kept.manifest.files.iter().filter_map(|file| Some((place(&kept.sources, &file.path.plain())?, file.digest))).collect(),
        };
        Candidate { repository: repository.clone(), algorithm: kept.manifest.algorithm, sources: kept.sources, files, reason }
    }

    /// Whether it was built from a file of which the tree has other contents.
    fn differs(&self, places: &[Vec<u8>], digests: &[Option<Digest>]) -> bool {
        let other = |place: &Vec<u8>| places.binary_search(place).ok().and_then(|index| digests[index]);
        self.files.iter().any(|(place, digest)| other(place).is_some_and(|other| other != *digest))
    }
}

/// Where a path of a manifest is in the git repository; `None` if not all builds had it as their commit has it, at the same place.
fn place(sources: &[Source], path: &[u8]) -> Option<Vec<u8>> {
    let folder = sources.first()?.folder.as_deref()?;
    let is_committed = |source: &Source| source.folder.as_deref() == Some(folder) && !source.can_differ(path);
    match path.starts_with(b"/") || !sources.iter().all(is_committed) {
        true => None,
        false => place_of(&[folder.as_bytes(), path].join(&b'/')),
    }
}

/// Finds the reasons for which images may be needed.
pub(super) async fn find(needed: &Needed, mut images: Vec<&mut Candidate>) -> Result<()> {
    of_others(&needed.reader, &mut images).await?;
    let mut places: Vec<Vec<u8>> = images.iter().flat_map(|image| image.files.iter().map(|(place, _)| place.clone())).collect();
    places.sort_unstable();
    places.dedup();
    for commit in &needed.counted {
        let is_open = |image: &&mut &mut Candidate| image.reason.is_none() && needed.is_for(commit, &image.repository);
        let mut open: Vec<&mut &mut Candidate> = images.iter_mut().filter(is_open).collect();
        for algorithm in [Algorithm::Md5, Algorithm::Sha256] {
            if !open.iter().any(|image| image.algorithm == algorithm) {
                continue;
            }
            let digests = digests(&needed.reader, &commit.commit, &places, algorithm).await?;
            for image in open.iter_mut().filter(|image| image.algorithm == algorithm && !image.differs(&places, &digests)) {
                let short = commit.commit.get(..7).unwrap_or(&commit.commit);
                image.reason = Some(format!("git alone cannot tell that commit {short} has other inputs"));
            }
        }
    }
    Ok(())
}

/// Finds images that may be of another git repository, of whose commits this clone knows nothing.
async fn of_others(reader: &Reader, images: &mut [&mut Candidate]) -> Result<()> {
    let (desk, options) = (reader.desk(), reader.options());
    let own = origin::remotes(desk, options).await?;
    let is_id = |commit: &str| commit.len() >= 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    let unknown = images.iter().flat_map(|image| &image.sources).filter(|source| source.repository.is_none() && is_id(&source.commit));
    let mut unknown: Vec<Rc<str>> = unknown.map(|source| source.commit.as_str().into()).collect();
    unknown.sort_unstable();
    unknown.dedup();
    let found = git::check(desk, options, &unknown).await?;
    let is_here = |commit: &str| unknown.binary_search_by(|other| (**other).cmp(commit)).is_ok_and(|index| found[index].is_some());
    for image in images.iter_mut().filter(|image| image.reason.is_none()) {
        image.reason = image.sources.iter().find_map(|source| match &source.repository {
            Some(repository) if own.iter().any(|(_, own)| own == repository) => None,
            Some(_) => Some("it was built from another git repository".to_owned()),
            None if is_here(&source.commit) => None,
            None => Some("its commit is not here, and its git repository is not recorded".to_owned()),
        });
    }
    Ok(())
}

/// The digests of what every checkout of a commit has at some places; `None` if it has no file there, or not always the same one.
async fn digests(reader: &Reader, commit: &str, places: &[Vec<u8>], algorithm: Algorithm) -> Result<Vec<Option<Digest>>> {
    let tree = reader.at(commit).await?;
    let converted = Converted::read(reader, &tree).await?;
    let is_in_submodule = |place: &[u8]| is_covered(place, tree.submodules.iter().map(|submodule| &*submodule.place));
    let file = |place: &Vec<u8>| {
        let item = tree.item(place).filter(|item| matches!(item.kind, Kind::File | Kind::Executable));
        item.filter(|_| !converted.has(place) && !is_in_submodule(place))
    };
    let items: Vec<Option<&Item>> = places.iter().map(file).collect();
    let known: Vec<&Item> = items.iter().copied().flatten().collect();
    let mut hashed = reader.hash(&tree, &known, algorithm).await.map_err(|failure| failure.of_file(commit))?.into_iter();
    Ok(items.into_iter().map(|item| item.and_then(|_| hashed.next()).map(|hashed| hashed.digest)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(folder: &str, uncommitted: &[&str]) -> Source {
        let uncommitted = uncommitted.iter().map(|&path| path.to_owned()).collect();
        Source { folder: Some(folder.to_owned()), uncommitted: Some(uncommitted), ..Source::default() }
    }

    #[test]
    fn a_file_has_a_place_if_every_build_had_it_as_committed() {
        for (sources, path, expected) in [
            (vec![source(".", &[])], "a", Some("a")),
            (vec![source("web", &[])], "../lib/a", Some("lib/a")),
            (vec![source("web", &[])], "../../a", None),
            (vec![source(".", &[])], "/a", None),
            (vec![source(".", &["a"])], "a", None),
            (vec![source(".", &["lib"])], "lib/a", None),
            (vec![source(".", &["."])], "a", None),
            (vec![source(".", &[]), source(".", &["a"])], "a", None),
            (vec![source(".", &[]), source("web", &[])], "a", None),
            (vec![source(".", &[]), Source::default()], "a", None),
            (vec![], "a", None),
        ] {
            assert_eq!(place(&sources, path.as_bytes()).as_deref(), expected.map(str::as_bytes), "{sources:?} {path}");
        }
    }
}
