//! The earlier states that `why` compares with: what is kept in a registry, a file, or a revision of git.

use crate::desk::{Desk, join_all};
use crate::error::{Code, Error, Result};
use crate::image::Reference;
use crate::job::branch;
use crate::job::earlier::Earlier;
use crate::job::kept::{self, Kept};
use crate::job::registry::Client;
use crate::job::revision::Reader;
use crate::job::why::{Now, Old};
use crate::manifest::{self, Manifest};
use crate::need::{FailureKind, MANIFEST_LIMIT};
use crate::options::Options;
use crate::registry::reply::Presence;
use crate::report::Note;

/// The earlier state of every image, in their order: the one that was asked for, else the last build's, else that at which the branch began.
/// Where one image is meant, the others are taken out.
pub(super) async fn find(desk: &Desk, options: &Options, client: &Client<'_>, all: &mut Vec<Now>) -> Result<Vec<Old>> {
    let Some(wanted) = &options.against else { return last(desk, options, client, all).await };
    // Whatever else it could be, a file that is there is meant.
    let unread = match desk.read_up_to(wanted.clone(), MANIFEST_LIMIT).await {
        Ok(text) => {
            check_one(options, all)?;
            return Ok(vec![of_file(wanted, &text)?]);
        }
        Err(failure) => Some(failure).filter(|it| !matches!(it.kind, FailureKind::NotFound | FailureKind::IsAFile)),
    };
    // No commit has a name with a tag or digest in it.
    if let Some(image) = Reference::parse(wanted).ok().filter(|image| image.tag.is_some() || image.digest.is_some()) {
        if all.len() > 1 {
            all.retain(|now| now.moving.as_ref().is_some_and(|moving| moving.repository == image.repository));
        }
        check_one(options, all)?;
        return Ok(vec![of_image(client, &image).await?]);
    }
    // A folder can have the name of a branch, so it matters that a file cannot be read only if nothing else has its name.
    let or_unread = |error: Error| unread.as_ref().map_or(error, |failure| failure.clone().of_file(wanted));
    let reader = Reader::open(desk, options).await.map_err(or_unread)?;
    let commit = reader.commit(wanted).await.map_err(|error| match error.code {
        Code::RevisionUnknown => {
            let help = error.help.clone().unwrap_or_default();
            let message = "no such file here, no such commit, and no image with a tag";
            or_unread(Error::new(Code::RevisionUnknown, message).at(wanted.escape_debug()).help(help))
        }
        _ => error,
    })?;
    let earlier = Earlier::read(desk, reader, commit).await?;
    let mut old = Vec::new();
    for now in all {
        old.push(earlier.of(options, wanted, now).await?);
    }
    Ok(old)
}

/// Whether the earlier state that was asked for is one of a single image: a file, or an image in a registry.
pub(super) async fn is_one(desk: &Desk, options: &Options) -> bool {
    let Some(wanted) = &options.against else { return false };
    let is_image = Reference::parse(wanted).is_ok_and(|image| image.tag.is_some() || image.digest.is_some());
    is_image || desk.read_up_to(wanted.clone(), MANIFEST_LIMIT).await.is_ok()
}

/// What was kept beside an image.
pub(super) fn of_kept(label: String, kept: Kept) -> Old {
    let Kept { manifest, about, .. } = kept;
    Old { label, tag: about.tag, manifest, source: about.source, created: about.created, unknown: Vec::new() }
}

fn of_file(file: &str, text: &[u8]) -> Result<Old> {
    let algorithm = manifest::algorithm(text);
    let manifest =
        Manifest::parse(algorithm, text).map_err(|error| error.at(file).help("expected a text that `docktag manifest` printed"))?;
    manifest.check_version().map_err(|error| error.at(file))?;
    Ok(Old { label: file.to_owned(), tag: manifest::tag(algorithm, text), manifest, ..Old::default() })
}

async fn of_image(client: &Client<'_>, image: &Reference) -> Result<Old> {
    let found = match client.presence(image).await {
        Presence::Hit(found) => found,
        Presence::Unknown(error) => return Err(error),
        Presence::Miss | Presence::Doubtful => {
            return Err(Error::new(Code::Miss, "is not in the registry, expected an image to compare with")
                .at(image)
                .help("mend its name"));
        }
    };
    match kept::read(client, image, &found.digest).await? {
        Some(kept) => Ok(of_kept(image.to_string(), kept)),
        None => Err(Error::new(Code::NotKept, "no manifest is kept beside this image").at(image).help(
            "docktag keeps one with every image that it pushes, unless that is switched off; name a file or a revision with `--against`",
        )),
    }
}

/// A single earlier state is one of a single image.
fn check_one(options: &Options, all: &[Now]) -> Result<()> {
    if all.len() == 1 {
        return Ok(());
    }
    let names: Vec<&str> = all.iter().flat_map(|now| &now.services).map(String::as_str).collect();
    let first = names.first().copied().unwrap_or("app");
    let wanted = options.against.as_deref().unwrap_or_default();
    let message = format!("`--against` names the state of one image, and there are several services: {}", names.join(", "));
    Err(Error::new(Code::Usage, message).help(format!("such as `docktag why {first} --against {}`", wanted.escape_debug())))
}

/// Without anything named: what was kept beside the last build, else the state at which the branch began.
async fn last(desk: &Desk, options: &Options, client: &Client<'_>, all: &mut [Now]) -> Result<Vec<Old>> {
    // There is something else to compare with, so no registry is waited for.
    let client = &client.impatient();
    let mut found = join_all(all.iter().map(|now| last_build(desk, client, now))).await;
    if found.iter().any(Option::is_none) {
        let or_name = |error: Error| {
            let help = error.help.clone().map(|help| format!("{help}; ")).unwrap_or_default();
            error.help(format!("{help}or name what to compare with: `--against`"))
        };
        let reader = Reader::open(desk, options).await.map_err(or_name)?;
        let (commit, base) = branch::began(desk, options, &reader.repository).await.map_err(or_name)?;
        let label = if base == "HEAD" { base } else { format!("the merge base with {base}") };
        let earlier = Earlier::read(desk, reader, commit).await?;
        for (now, old) in all.iter_mut().zip(&mut found) {
            if old.is_none() {
                *old = Some(earlier.of(options, &label, now).await?);
            }
        }
    }
    Ok(found.into_iter().flatten().collect())
}

/// What was kept beside the moving tag; nothing where that cannot be had, and then it is said why.
async fn last_build(desk: &Desk, client: &Client<'_>, now: &Now) -> Option<Old> {
    let moving = now.moving.as_ref()?;
    let why = match client.presence(moving).await {
        Presence::Hit(found) => match kept::read(client, moving, &found.digest).await {
            Ok(Some(kept)) => return Some(of_kept(moving.to_string(), kept)),
            Ok(None) => format!("{moving}: no manifest is kept beside it"),
            Err(error) => error.headline(),
        },
        Presence::Miss | Presence::Doubtful => format!("{moving}: not in the registry"),
        Presence::Unknown(error) => error.headline(),
    };
    desk.tell(Note::info(format!("{why}; compared with a commit instead")));
    None
}
