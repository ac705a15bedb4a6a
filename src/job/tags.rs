//! The project's own tags: other names that the Compose files give an image (`build.tags`).
//!
//! Compose would push what these say, whatever it is. So builds do not see them, and docktag sets them itself: after all checks, and only in
//! repositories of the project's images.

use crate::desk::{Desk, join_all};
use crate::error::{Code, Error, Result};
use crate::image::Reference;
use crate::job::registry::Client;
use crate::options::Options;
use crate::plan::{Target, is_managed};
use crate::registry::reply::Presence;
use crate::report::{Moved, Moving, Note, Planned};

/// Leaves the tags that docktag sets. Those that a build gives anyway are left out, and so are those that would be pushed to other repositories,
/// with a warning.
///
/// # Errors
/// [`Code::Usage`] for a name that docktag manages, such as one with a hash; [`Code::ImageInvalid`] for what is no name.
pub(super) fn check(desk: &Desk, options: &Options, targets: &mut [Target]) -> Result<()> {
    let all = targets.to_vec();
    let others: Vec<&Target> = all.iter().collect();
    for target in targets {
        let service = format!("service `{}`", target.built.join("`, `"));
        let mut tags: Vec<String> = Vec::new();
        for written in std::mem::take(&mut target.tags) {
            let at = |error: Error| error.of(&format!("tags: `{}`", written.escape_debug())).at(&service);
            let mut tag = Reference::parse(&written).map_err(at)?;
            if tag.digest.is_some() {
                return Err(at(Error::new(Code::ImageInvalid, "has a digest, expected a tag")).help("leave the digest out"));
            }
            tag.tag.get_or_insert_with(|| "latest".to_owned());
            let is_tag = |image: &Reference| image.repository.is_same(&tag.repository) && image.tag == tag.tag;
            if is_tag(&target.image) || target.moving.as_ref().is_some_and(is_tag) {
                continue;
            }
            if is_managed(&tag, options.moving_tag.as_deref()) {
                return Err(at(Error::new(Code::Usage, "is a name that docktag manages"))
                    .help("docktag alone writes hash tags, the moving tag and its cache: choose another tag"));
            }
            if options.pushes() && !others.iter().any(|other| other.image.repository.is_same(&tag.repository) && !other.is_local) {
                desk.tell(Note::warning(format!(
                    "{service}: tags: `{tag}` is not set: docktag writes only to the repositories of the project's images"
                )));
                continue;
            }
            let name = tag.to_string();
            if !tags.contains(&name) {
                tags.push(name);
            }
        }
        target.tags = tags;
    }
    Ok(())
}

/// Leaves the tags of a target as they are: on a branch that is not trusted, they could become a base or a cache of other branches.
pub(super) fn leave(desk: &Desk, target: &mut Target) {
    for tag in std::mem::take(&mut target.tags) {
        desk.tell(Note::info(format!("{tag}: stays, since only a trusted branch sets the tags of a Compose file")));
    }
}

/// Returns what `--dry-run` says of the tags of a target: those of the Compose file, and the moving tag if it would be moved.
pub(super) fn planned(target: &Target, is_moving: bool) -> Vec<Planned> {
    let moving = target.moving.iter().filter(|_| is_moving).map(ToString::to_string);
    let point = |tag| Planned { because: "set a tag".to_owned(), action: format!("point {tag} at {}", target.image) };
    moving.chain(target.tags.iter().cloned()).map(point).collect()
}

/// Points the tags of a target at its image, on the server. The image is there all the same, so trouble is a warning.
pub(super) async fn set(desk: &Desk, client: &Client<'_>, target: &Target, digest: &str) -> Vec<Moving> {
    let tags = target.tags.iter().filter_map(|tag| Reference::parse(tag).ok());
    join_all(tags.map(|tag| async move {
        let is_there = matches!(client.presence(&tag).await, Presence::Hit(found) if found.digest == digest);
        let outcome = match is_there {
            true => Moved::Already,
            false => match client.retag(&target.image, &tag, digest).await {
                Ok(()) => {
                    desk.tell(Note::info(format!("{tag}: points at {digest} now")));
                    Moved::Moved
                }
                Err(error) => {
                    desk.tell(Note::warning(format!("{error}; the tag `{tag}` of the Compose file was not set")));
                    Moved::Failed
                }
            },
        };
        Moving { image: tag.to_string(), outcome }
    }))
    .await
}
