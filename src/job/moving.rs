//! Pointing the moving tag at an image.

use crate::desk::Desk;
use crate::image::Reference;
use crate::job::build::Asked;
use crate::job::registry::Client;
use crate::registry::reply::Presence;
use crate::report::{Moved, Moving, Note};

/// Points the moving tag at the image. It is only a cache for the next build, so trouble with it is a warning.
pub(super) async fn point(desk: &Desk, client: &Client<'_>, asked: &Asked, moving: &Reference, digest: &str) -> Moving {
    let already = matches!(&asked.moving, Some(Presence::Hit(found)) if found.digest == digest);
    let outcome = match already {
        true => Moved::Already,
        false => match client.retag(&asked.target.image, moving, digest).await {
            Ok(()) => Moved::Moved,
            Err(error) => {
                desk.tell(Note::warning(format!("{error}; the next build finds an older cache, or none: leave the moving tag out with `--moving-tag ''` if it cannot move")));
                Moved::Failed
            }
        },
    };
    if outcome == Moved::Moved {
        desk.tell(Note::info(format!("{moving}: points at {digest} now")));
    }
    Moving { image: moving.to_string(), outcome }
}

/// The same after a push, which can have taken minutes: what the registry says in the end counts.
pub(super) async fn point_and_prove(desk: &Desk, client: &Client<'_>, asked: &Asked, moving: &Reference, digest: &str) -> Moving {
    let pointed = point(desk, client, asked, moving, digest).await;
    let proven =
        pointed.outcome == Moved::Failed || matches!(client.presence(moving).await, Presence::Hit(found) if found.digest == digest);
    if !proven {
        desk.tell(Note::warning(format!("{moving}: was pointed at {digest}, but points elsewhere now: another job moved it too")));
    }
    pointed
}
