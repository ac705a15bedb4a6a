//! Conversations with registries: who we are, what is there, and moving a tag.

mod access;
mod insecure;
mod once;
mod presence;
mod traffic;
mod trust;

use std::cell::RefCell;
use std::rc::Rc;

use crate::desk::Desk;
use crate::error::{Code, Error, Result};
use crate::image::{Reference, Repository};
use crate::job::registry::access::{Line, Login, Site};
use crate::job::registry::once::Once;
use crate::job::registry::presence::{Heads, Standing};
use crate::job::registry::traffic::Traffic;
use crate::options::Options;
use crate::plan::Target;
use crate::registry::reply::{self, Descriptor, Presence};
use crate::registry::{Call, Response, index};
use crate::report::Note;

/// Talks to registries; keeps one token per repository.
pub(super) struct Client<'a> {
    desk: &'a Desk,
    options: &'a Options,
    /// Whether to ask for the right to push too, so that one token serves the whole run.
    push: bool,
    /// Whether to find out if the account may push to a repository that it may not read: what is missing will be pushed there.
    asks_to_push: bool,
    /// Whether to ask for the right to delete.
    delete: bool,
    /// Whether to ask again where the trouble may pass.
    is_patient: bool,
    known: Rc<Known<'a>>,
}

/// What a run has found out, for all who ask.
struct Known<'a> {
    traffic: Traffic<'a>,
    sites: RefCell<Vec<(String, Site)>>,
    /// By repository, and whether the token is for a push.
    lines: RefCell<Vec<((Repository, bool), Line)>>,
    logins: Once<String, Login>,
    heads: RefCell<Vec<(String, Heads)>>,
    standings: Once<Repository, Standing>,
}

impl<'a> Client<'a> {
    pub(super) fn new(desk: &'a Desk, options: &'a Options, push: bool) -> Self {
        let known = Known {
            traffic: Traffic::new(desk, options),
            sites: RefCell::default(),
            lines: RefCell::default(),
            logins: Once::default(),
            heads: RefCell::default(),
            standings: Once::default(),
        };
        Client { desk, options, push, asks_to_push: push, delete: false, is_patient: true, known: Rc::new(known) }
    }

    /// One that reads, for a run whose later jobs push what is missing.
    pub(super) fn to_plan(desk: &'a Desk, options: &'a Options) -> Self {
        Client { asks_to_push: options.pushes(), ..Client::new(desk, options, false) }
    }

    /// One that reads, and deletes where that was asked for.
    pub(super) fn to_delete(desk: &'a Desk, options: &'a Options) -> Self {
        Client { delete: options.delete, asks_to_push: false, ..Client::new(desk, options, options.delete) }
    }

    /// The same for what is not worth waiting for: nothing is asked twice.
    pub(super) fn impatient(&self) -> Self {
        Client { is_patient: false, known: Rc::clone(&self.known), ..*self }
    }

    /// Whether what is there is built all the same.
    pub(super) fn forces(&self) -> bool {
        self.options.force
    }

    /// Whether a hit has to prove itself; what is built anyway has not.
    pub(super) fn verifies(&self) -> bool {
        self.options.verify && !self.options.force
    }

    /// The size of an image's layers; `None` where that cannot be found out.
    pub(super) async fn size(&self, image: &Reference) -> Option<u64> {
        let response = self.send(&image.repository, &Call::get(image), &format!("how large is {image}?")).await.ok()?;
        reply::size(&response).filter(|_| response.status == 200)
    }

    /// Hit, miss or unknown, and the platforms that are there: one request more if there have to be several, or if it could be a build cache.
    /// An index that lacks a platform is a miss, and so is a build cache.
    pub(super) async fn presence_of(&self, target: &Target) -> (Presence, Vec<String>) {
        let image = &target.image;
        let found = match self.presence(image).await {
            Presence::Hit(found) if target.platforms.len() > 1 => found,
            Presence::Hit(found) => return (self.as_image(image, found).await, target.platforms.clone()),
            other => return (other, Vec::new()),
        };
        let present = match self.manifest(image, "for which platforms is it?").await {
            Ok(Some((response, _))) => index::platforms(&response.body),
            Ok(None) => return (Presence::Miss, Vec::new()),
            Err(error) => return (Presence::Unknown(error), Vec::new()),
        };
        let lacks: Vec<&str> = target.platforms.iter().filter(|wanted| !present.contains(wanted)).map(String::as_str).collect();
        if lacks.is_empty() {
            return (Presence::Hit(found), present);
        }
        self.desk.tell(Note::warning(format!("{image}: is there, but not for {}, so it counts as missing", lacks.join(", "))));
        (Presence::Miss, present)
    }

    /// A hit that is an image: a build cache can have the name of one. Its manifest is read if the media type leaves that open.
    async fn as_image(&self, image: &Reference, found: Descriptor) -> Presence {
        if self.options.force || !index::may_be_build_cache(&found.media_type) {
            return Presence::Hit(found);
        }
        match self.manifest(image, "is it an image?").await {
            Ok(Some((response, _))) if index::is_build_cache(&response.body) => {
                self.desk.tell(Note::warning(format!("{image}: is a build cache and no image, so it counts as missing")));
                Presence::Miss
            }
            Ok(Some(_)) => Presence::Hit(found),
            Ok(None) => Presence::Miss,
            Err(error) => Presence::Unknown(error),
        }
    }

    /// The manifest of an image and its digest; `None` where the registry has none.
    pub(super) async fn manifest(&self, image: &Reference, because: &str) -> Result<Option<(Response, String)>> {
        let response = self.send(&image.repository, &Call::get(image), because).await?;
        match response.status {
            200 => reply::verified_digest(image, &response).map(|digest| Some((response, digest))),
            404 => Ok(None),
            _ => Err(reply::refusal(image, &response)),
        }
    }

    /// Stores the bytes of a manifest under a name.
    pub(super) async fn store(&self, to: &Reference, media_type: &str, manifest: Vec<u8>, because: &str) -> Result<()> {
        let stored = self.send(&to.repository, &Call::put(to, media_type, manifest), because).await?;
        match stored.status {
            200..=299 => Ok(()),
            _ => Err(reply::refusal(to, &stored)),
        }
    }

    /// Makes `to` name what `from` names, on the server: the same bytes, so the same digest, which must be the expected one.
    pub(super) async fn retag(&self, from: &Reference, to: &Reference, expected: &str) -> Result<()> {
        let because = format!("read the manifest of {from}");
        let Some((response, digest)) = self.manifest(from, &because).await? else {
            return Err(Error::new(Code::RegistryUnknown, format!("was {expected} a moment ago and is not there now")).at(from));
        };
        if digest != expected {
            return Err(Error::new(Code::RegistryUnknown, format!("was {expected} a moment ago and is {digest} now")).at(from));
        }
        let media_type = response.header("content-type").unwrap_or_default().to_owned();
        self.store(to, &media_type, response.body, &format!("point {to} at it")).await
    }

    /// Finds out whether the credentials work, before much work is done with them.
    pub(super) async fn ping(&self, repository: &Repository) -> Result<()> {
        let response = self.send(repository, &Call::ping(), &format!("log in to {}", repository.registry())).await?;
        match response.status {
            200..=299 | 404 => Ok(()),
            _ => Err(self.refused(repository, &response)),
        }
    }
}
