//! `--verify`: a hit has to show that it is the image that its tag names.
//!
//! The registry's word for a tag is believed otherwise. A tag that was moved by hand, or by a program that knows nothing of docktag, names an image
//! that no manifest is kept beside, or another one. Who may write to the repository can write that too: this finds mistakes, not thieves.

use crate::error::{Code, Error, Result};
use crate::image::Reference;
use crate::job::kept;
use crate::job::registry::Client;
use crate::plan::Target;
use crate::registry::reply::Presence;

/// A hit whose bytes have their digest and whose kept manifest is the target's; every other hit is unknown. What is no hit stays as it is, and
/// so does a part of an image for several platforms: `join` keeps the manifest of the whole.
pub(super) async fn hit(client: &Client<'_>, target: &Target, found: Presence) -> Presence {
    match found {
        Presence::Hit(found) if client.verifies() && target.part.is_none() => match check(client, target, &found.digest).await {
            Ok(()) => Presence::Hit(found),
            Err(error) if error.place.is_none() => Presence::Unknown(error.at(&target.image)),
            Err(error) => Presence::Unknown(error),
        },
        other => other,
    }
}

async fn check(client: &Client<'_>, target: &Target, digest: &str) -> Result<()> {
    let image = &target.image;
    match client.manifest(image, "is it what it says it is?").await? {
        Some((_, actual)) if actual == digest => {}
        Some((_, actual)) => return Err(wrong(image, format!("the registry called it {digest} and sent {actual}"))),
        None => return Err(wrong(image, format!("was {digest} a moment ago and is not there now"))),
    }
    check_inputs(client, target, digest).await
}

/// Checks that the manifest and the sha256 kept beside an image are those of the target.
///
/// # Errors
/// [`Code::NotVerified`] if they differ or are missing, and errors of the registry.
pub(super) async fn check_inputs(client: &Client<'_>, target: &Target, digest: &str) -> Result<()> {
    let image = &target.image;
    // Bytes, not tags, are compared: so two manifests that were made to have one md5 are told apart.
    match kept::read(client, image, digest).await {
        Ok(Some(kept)) if kept.manifest.render() == *target.manifest => match (&target.sha256, &kept.about.sha256) {
            (None, _) => Ok(()),
            (Some(now), Some(then)) if now == then => Ok(()),
            (Some(_), Some(_)) => Err(wrong(image, "the sha256 of its inputs is another one, though their md5 is the same".to_owned())),
            (Some(_), None) => Err(wrong(image, "no sha256 of its inputs is kept beside it".to_owned())),
        },
        Ok(Some(_)) => Err(wrong(image, "the manifest that is kept beside it is another one with the same tag".to_owned())),
        Ok(None) => Err(wrong(image, format!("no manifest that makes this tag is kept beside {digest}"))),
        Err(error) if error.code == Code::ManifestInvalid => Err(wrong(image, error.message.clone())),
        Err(error) => Err(error),
    }
}

fn wrong(image: &Reference, what: String) -> Error {
    Error::new(Code::NotVerified, format!("it cannot be verified that this is the image for these inputs: {what}"))
        .at(image)
        .help("was the tag moved by hand, or pushed by another program or with `--keep-manifest false`? `docktag build --force` builds it anew, and keeps its manifest")
}
