//! The sha256 of all inputs, beside a tag that is an md5: two files that were made to have one md5 have one tag, and this tells them apart.

use std::sync::Arc;

use crate::desk::Desk;
use crate::digest::{Algorithm, Digest};
use crate::error::Result;
use crate::job::{bases, inputs, model, services};
use crate::options::Options;
use crate::path::RelPath;
use crate::plan::Target;
use crate::report::Note;

/// Shorter files cannot have the md5 of another one: a collision takes a block.
const BLOCK: u64 = 64;
/// So many bytes of equal files are compared at most: they are read a second time.
const MOST: u64 = 64 << 20;

/// The tag that each target would have with sha256; `None` if its tag is one already. `manifest` is that of a plain folder.
pub(super) async fn tags(desk: &Desk, options: &Options, manifest: &[u8], targets: &[&Target]) -> Result<Vec<Option<String>>> {
    if options.algorithm == Algorithm::Sha256 || targets.is_empty() {
        return Ok(vec![None; targets.len()]);
    }
    let desk = &desk.quiet();
    if options.is_plain() {
        let tag = inputs::sha256(desk, options, manifest).await?;
        return Ok(vec![Some(tag); targets.len()]);
    }
    let options = Options { algorithm: Algorithm::Sha256, ..options.clone() };
    let project = model::load(desk, &options).await?;
    let found = services::find(desk, &options, &project, Some(bases::of_targets(targets))).await?;
    let of = |target: &&Target| {
        let name = target.built.first()?;
        found.targets.iter().find(|other| other.built.contains(name)).map(|other| other.tag.clone())
    };
    Ok(targets.iter().map(of).collect())
}

/// Warns of two different files with one md5: who made them can exchange one for the other without another tag.
pub(super) async fn warn(desk: &Desk, options: &Options, mut files: Vec<(&RelPath, Digest, u64)>) -> Result<()> {
    files.retain(|(.., size)| *size >= BLOCK);
    files.sort_unstable_by(|a, b| (a.1, a.0).cmp(&(b.1, b.0)));
    let equal: Vec<&(&RelPath, Digest, u64)> = files.chunk_by(|a, b| a.1 == b.1).filter(|equal| equal.len() > 1).flatten().collect();
    if options.algorithm != Algorithm::Md5
        || equal.is_empty()
        || equal.iter().fold(0_u64, |sum, (.., size)| sum.saturating_add(*size)) > MOST
    {
        return Ok(());
    }
    let paths = Arc::new(equal.iter().map(|(path, ..)| (*path).clone()).collect::<Vec<_>>());
    let hashed = desk.hash(paths, Algorithm::Sha256, false).await.map_err(|failure| failure.of_file("inputs"))?;
    let pairs = || equal.iter().zip(&hashed);
    let differ = pairs().zip(pairs().skip(1)).find(|(one, other)| one.0.1 == other.0.1 && one.1.digest != other.1.digest);
    if let Some(((one, _), (other, _))) = differ {
        desk.tell(Note::warning(format!(
            "{} and {} are different files with the same md5, so somebody made them to be taken for each other: use `--algorithm sha256`",
            one.0, other.0
        )));
    }
    Ok(())
}
