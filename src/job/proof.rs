//! What a push came to: the registry is asked, and then the other names follow.

use crate::desk::join;
use crate::error::{Code, Result};
use crate::job::build::{Asked, target_report};
use crate::job::moving::point_and_prove;
use crate::job::provenance::Provenance;
use crate::job::provide::Build;
use crate::job::{failed, kept, tags};
use crate::need::Exited;
use crate::registry::reply::Presence;
use crate::report::{Note, Outcome, TargetReport};

impl Build<'_> {
    /// "Pushed" is a fact only when the registry says so. A push that failed because the tag is immutable and another job was faster is as good.
    pub(super) async fn prove(
        &self,
        asked: &Asked,
        pushed: &Exited,
        sha256: Option<&String>,
        provenance: Option<&Provenance>,
    ) -> Result<TargetReport> {
        let (ok, how) = (pushed.ok(), pushed.how());
        let target = &asked.target;
        let image = &target.image;
        let failed = |message: String, help: &str| failed::error(self.options, Code::PushFailed, message, pushed, Some(help)).at(image);
        if ok {
            self.client.has_pushed(&image.repository);
        }
        let found = match self.client.presence_of(target).await.0 {
            Presence::Hit(found) => found,
            Presence::Unknown(error) => return Err(error),
            _ if ok => {
                return Err(failed(
                    "`docker push` ended well, but the registry does not have the image".to_owned(),
                    "does the engine use another registry of this name?",
                ));
            }
            _ => {
                return Err(failed(
                    format!("`docker push` failed ({how})"),
                    "if it says that access is denied, log in with an account that may push here",
                ));
            }
        };
        let was_there = matches!(&asked.image, Presence::Hit(before) if before.digest == found.digest);
        if !ok && was_there {
            return Err(failed(
                format!("`docker push` failed ({how}), and the registry still has the image of before"),
                "an immutable tag cannot be built anew",
            ));
        }
        let outcome = match ok {
            true => {
                self.desk.tell(Note::info(format!("{image}: pushed, {}", found.digest)));
                Outcome::Pushed
            }
            false => {
                self.desk.tell(Note::warning(format!("{image}: the push failed, but the registry has the image: another job was faster, or the tag is immutable; taken as a hit")));
                Outcome::Hit
            }
        };
        let moving = async {
            match &target.moving {
                // The moving tag is for all platforms: `join` moves it.
                Some(moving) if target.part.is_none() && self.gives_cache => {
                    Some(point_and_prove(self.desk, self.client, asked, moving, &found.digest).await)
                }
                _ => None,
            }
        };
        let keep = async {
            // What another job pushed is that job's to describe.
            if ok {
                kept::keep(self.desk, self.options, self.client, target, &found, sha256, provenance).await;
            }
        };
        let tags = async {
            match target.part {
                None => tags::set(self.desk, self.client, target, &found.digest).await,
                Some(_) => Vec::new(),
            }
        };
        let ((moving, tags), ()) = join(join(moving, tags), keep).await;
        // Only the summary shows it, so nobody else pays for the request.
        let bytes = if self.options.ci { self.client.size(image).await } else { None };
        Ok(TargetReport { digest: Some(found.digest), bytes, moving, tags, ..target_report(target, outcome) })
    }
}
