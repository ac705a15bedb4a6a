//! From folders to a manifest and its tag.

use std::sync::Arc;

use crate::desk::{Desk, join_all};
use crate::diff::diff;
use crate::digest::Algorithm;
use crate::error::{Code, Error, Result};
use crate::job::{checkout, strong};
use crate::manifest::{self, File, Manifest};
use crate::need::{FailureKind, Listing, MANIFEST_LIMIT, Writing};
use crate::options::Options;
use crate::path::RelPath;
use crate::report::Note;
use crate::secret::Secret;

/// How many files are hashed at a time: enough for all cores, and little enough that what crosses to a host in JSON stays small.
pub(super) const BATCH: usize = 16 * 1024;

/// The inputs under one name.
#[derive(Debug)]
pub(super) struct Identity {
    /// The manifest's text.
    pub(super) manifest: Vec<u8>,
    /// Its digest.
    pub(super) tag: String,
    /// Files that are on disk with other line ends than in git.
    pub(super) altered: Vec<RelPath>,
}

/// Hashes what `--path` names, or takes the manifest that `--reuse` names.
pub(super) async fn identify(desk: &Desk, options: &Options) -> Result<Identity> {
    if let Some(file) = &options.reuse
        && let Some(text) = desk.read_if_there_up_to(file, MANIFEST_LIMIT).await?
    {
        Manifest::parse(options.algorithm, &text).map_err(|error| error.at(file))?;
        desk.tell(Note::info(format!("{file}: taken as it is because of `--reuse`; nothing was hashed")));
        return Ok(Identity { tag: manifest::tag(options.algorithm, &text), manifest: text, altered: Vec::new() });
    }
    let Made { hashed: HashedFiles { manifest, sizes, .. }, altered, notes } = make(desk, options).await?;
    notes.into_iter().for_each(|note| desk.tell(note));
    let files = manifest.files.iter().zip(&sizes).map(|(file, size)| (&file.path, file.digest, *size));
    strong::warn(desk, options, files.collect()).await?;
    let text = manifest.render();
    if let Some(file) = &options.reuse
        && !options.dry_run
    {
        desk.write(file.clone(), Secret::new(text.clone()), Writing::Replace).await.map_err(|failure| failure.of_writing(file))?;
        desk.tell(Note::info(format!("{file}: written, to be taken as it is by the next run with `--reuse`")));
    }
    Ok(Identity { tag: manifest::tag(options.algorithm, &text), manifest: text, altered })
}

/// Compares the inputs as they are now with those that were hashed.
///
/// What is pushed under a tag must have been built from the files that gave it its name.
pub(super) async fn verify(desk: &Desk, options: &Options, manifest: &[u8]) -> Result<()> {
    let before = Manifest::parse(options.algorithm, manifest)?;
    let now = match options.paths.is_empty() {
        true => hash(desk, options, before.files.iter().map(|file| file.path.clone()).collect(), &[]).await,
        false => make(desk, options).await.map(|made| made.hashed),
    };
    let now = now.map_err(|error| match error.code {
        // It was there before, so this is no mistake in the options.
        Code::PathMissing | Code::PathEmpty | Code::PathNotAFolder => changed(&error.headline()),
        _ => error,
    })?;
    let summary = diff(&before, &now.manifest).summary(5);
    if summary.is_empty() {
        return Ok(());
    }
    Err(match &options.reuse {
        Some(file) => Error::new(Code::Changed, format!("does not describe the files that are here: {summary}"))
            .at(file)
            .help("delete it, or leave `--reuse` out"),
        None => changed(&summary),
    })
}

/// The tag that the same files have with sha256.
pub(super) async fn sha256(desk: &Desk, options: &Options, manifest: &[u8]) -> Result<String> {
    let strong = Options { algorithm: Algorithm::Sha256, ..options.clone() };
    let files = match options.paths.is_empty() {
        true => {
            let files = Manifest::parse(options.algorithm, manifest)?.files;
            hash(desk, &strong, files.into_iter().map(|file| file.path).collect(), &[]).await?.manifest
        }
        false => make(desk, &strong).await?.hashed.manifest,
    };
    Ok(manifest::tag(Algorithm::Sha256, &files.render()))
}

fn changed(what: &str) -> Error {
    Error::new(Code::Changed, format!("inputs changed during the build: {what}"))
        .help("nothing was pushed; run again when no other process writes there")
}

/// The inputs as they are now; the notes say what a user should know of them.
struct Made {
    hashed: HashedFiles,
    altered: Vec<RelPath>,
    notes: Vec<Note>,
}

/// Files that were hashed.
#[derive(Default)]
struct HashedFiles {
    manifest: Manifest,
    /// The size of each file of the manifest, but for those at its end that stand there twice.
    sizes: Vec<u64>,
    /// How many of them are executable.
    executable: usize,
}

/// Lists and hashes the folders.
async fn make(desk: &Desk, options: &Options) -> Result<Made> {
    if options.paths.is_empty() {
        return Err(Error::new(Code::Usage, "nothing to hash, expected at least one folder")
            .help("name the folder with everything that goes into the image: `--path docker`"));
    }
    let listings = join_all(options.paths.iter().map(|root| list(desk, root))).await;
    let mut all = Listing::default();
    for listing in listings {
        let Listing { files, links, empty_dirs } = listing?;
        all.files.extend(files);
        all.links.extend(links);
        all.empty_dirs.extend(empty_dirs);
    }
    let counts_git = all.files.iter().any(|path| is_of_git(path.as_bytes()));
    let mut notes = Vec::new();
    if counts_git {
        notes.push(Note::warning("`--path` holds a `.git` folder, which counts as input: the tag changes with every commit and fetch; name the folders of the image instead"));
    }
    let altered = checkout::as_in_git(desk, options, &mut all).await?;
    let hashed = hash(desk, options, std::mem::take(&mut all.files), &altered).await?;
    notes.push(blind_spots(&all, hashed.executable));
    Ok(Made { hashed, altered, notes })
}

/// Whether a path has a part `.git`.
fn is_of_git(path: &[u8]) -> bool {
    memchr::memchr_iter(b'.', path).any(|at| {
        let (before, part) = path.split_at(at);
        before.last().is_none_or(|&byte| byte == b'/')
            && part.strip_prefix(b".git").is_some_and(|rest| rest.first().is_none_or(|&byte| byte == b'/'))
    })
}

async fn list(desk: &Desk, root: &RelPath) -> Result<Listing> {
    let here = "give a folder of the project with `--path`, and the project's folder with `-C`";
    let listing = desk.list(root.clone()).await.map_err(|failure| match failure.kind {
        FailureKind::NotFound if failure.path.is_none() => Error::new(Code::PathMissing, "no such folder").at(root).help(here),
        FailureKind::IsAFile => Error::new(Code::PathNotAFolder, "is a file, expected a folder").at(root).help(here),
        FailureKind::IsALink => Error::new(Code::PathNotAFolder, "is a symbolic link, expected a folder")
            .at(root)
            .help(format!("`find` does not follow it either; write `{root}/` to mean the folder that it points to")),
        _ => failure.of_file(root),
    })?;
    if listing.files.is_empty() {
        return Err(Error::new(Code::PathEmpty, "no file in it, expected the inputs of the image")
            .at(root)
            .help("is it the right folder, and is the checkout complete (submodules, sparse checkout)?"));
    }
    Ok(listing)
}

/// Hashes files. A path that is named twice is read once and stands in the manifest twice, as with `find a a/b`.
/// Those in `altered` (sorted) count with the line ends of git.
async fn hash(desk: &Desk, options: &Options, mut paths: Vec<RelPath>, altered: &[RelPath]) -> Result<HashedFiles> {
    // Most hosts list folders in order.
    if !paths.is_sorted() {
        paths.sort();
    }
    let mut repeated = Vec::new();
    paths.dedup_by(|next, kept| {
        let same = next == kept;
        if same {
            repeated.push(next.clone());
        }
        same
    });
    let mut hashed = HashedFiles::default();
    hashed.manifest.algorithm = options.algorithm;
    hashed.manifest.files.reserve(paths.len() + repeated.len());
    if !altered.is_empty() {
        paths.retain(|path| altered.binary_search(path).is_err());
        hash_batch(desk, options, altered.to_vec(), true, &mut hashed).await?;
    }
    while !paths.is_empty() {
        let rest = paths.split_off(paths.len().min(BATCH));
        hash_batch(desk, options, paths, false, &mut hashed).await?;
        paths = rest;
    }
    let (texts, others) = hashed.manifest.files.split_at(altered.len());
    let find = |path: &RelPath| match others.binary_search_by(|file| file.path.cmp(path)) {
        Ok(index) => others.get(index),
        Err(_) => texts.iter().find(|file| file.path == *path),
    };
    let twins: Vec<File> = repeated.iter().filter_map(find).cloned().collect();
    hashed.manifest.files.extend(twins);
    Ok(hashed)
}

async fn hash_batch(desk: &Desk, options: &Options, paths: Vec<RelPath>, text: bool, files: &mut HashedFiles) -> Result<()> {
    let paths = Arc::new(paths);
    let hashed = desk.hash(Arc::clone(&paths), options.algorithm, text).await.map_err(|failure| failure.of_file("inputs"))?;
    if hashed.len() != paths.len() {
        return Err(Error::new(Code::Internal, format!("{} digests for {} files", hashed.len(), paths.len())));
    }
    // The host has given its handle back by now, so this moves the paths; it copies them only if not.
    let paths = Arc::try_unwrap(paths).unwrap_or_else(|shared| (*shared).clone());
    files.manifest.files.extend(paths.into_iter().zip(&hashed).map(|(path, hashed)| File { path, digest: hashed.digest }));
    files.sizes.extend(hashed.iter().map(|it| it.size));
    files.executable += hashed.iter().filter(|it| it.executable).count();
    Ok(())
}

/// Plain-folder mode keeps the recipe's tags, so it is as blind as the recipe; whoever uses it should know.
fn blind_spots(listing: &Listing, executable: usize) -> Note {
    let count = |number: usize, one: &str, many: &str| (number > 0).then(|| format!("{number} {}", if number == 1 { one } else { many }));
    let here: Vec<String> = [
        count(executable, "executable bit", "executable bits"),
        count(listing.links.len(), "symbolic link", "symbolic links"),
        count(listing.empty_dirs.len(), "empty folder", "empty folders"),
    ]
    .into_iter()
    .flatten()
    .collect();
    let always = "build arguments, target, platform, base images, files elsewhere";
    match here.is_empty() {
        true => Note::detail(format!("plain folder: names and contents count, not {always}")),
        false => Note::info(format!("plain folder: names and contents count, not the {} here, {always}", here.join(", "))),
    }
}
