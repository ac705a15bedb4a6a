//! Whether an image exists: one `HEAD`, and a `GET` where that tells too little.
//!
//! Registries and proxies differ in what they say of a manifest that they do not send (docs/registries.md). What the `HEAD` of a registry is
//! worth is remembered for the run.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use crate::error::{Code, Error, Result};
use crate::image::{Reference, Repository};
use crate::job::registry::Client;
use crate::registry::artifact::{begin_upload, cancel_upload};
use crate::registry::reply::{self, Presence};
use crate::registry::{Call, Endpoint, Response, retry};
use crate::report::Note;

/// What is known of a registry's answers to `HEAD`.
#[derive(Clone, Copy, Default)]
pub(super) struct Heads {
    /// How many are open.
    open: usize,
    /// Whether it tells an image that exists from one that does not.
    are_true: Option<bool>,
}

/// What the account of this run may do in a repository that the registry refuses to read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nothing proves that the login is right.
    Unknown,
    /// The login is right.
    Known,
    /// The login is right, and may push there.
    Pushes,
}

impl Client<'_> {
    /// Hit, miss or unknown.
    pub(in crate::job) async fn presence(&self, image: &Reference) -> Presence {
        let because = format!("is {image} there?");
        let registry = image.repository.registry();
        let mut says_missing = false;
        if self.heads(registry, |heads| heads.are_true) != Some(false) {
            self.heads(registry, |heads| heads.open += 1);
            let response = self.send(&image.repository, &Call::head(image), &because).await;
            self.heads(registry, |heads| {
                heads.open -= 1;
                if response.as_ref().is_ok_and(|response| matches!(reply::presence(image, response), Presence::Hit(_))) {
                    heads.are_true.get_or_insert(true);
                }
            });
            let may_be_heads_fault = match &response {
                Ok(response) => !retry::is_passing(response),
                // A wrong password must not be tried again and again: accounts are locked for that.
                Err(error) => error.code == Code::RegistryDenied && self.standing(&image.repository).await != Standing::Unknown,
            };
            match self.judge(image, response).await {
                Presence::Hit(found) if !found.digest.is_empty() => return Presence::Hit(found),
                Presence::Miss if self.heads_are_true(registry).await => return Presence::Miss,
                Presence::Miss => says_missing = true,
                Presence::Unknown(error) if !may_be_heads_fault => return Presence::Unknown(error),
                _ => {}
            }
        }
        let response = self.send(&image.repository, &Call::get(image), &because).await;
        let found = self.judge(image, response).await;
        // The same 404 twice says nothing of the next image.
        if matches!(found, Presence::Hit(_)) || (found == Presence::Miss && !says_missing) {
            self.heads(registry, |heads| heads.are_true = Some(false));
        }
        match found {
            Presence::Unknown(error) if error.code == Code::RegistryDenied => self.refused_presence(image, error).await,
            found => found,
        }
    }

    /// A refusal to read. It is a miss if the registry lets this account push to the repository, which then does not exist yet.
    async fn refused_presence(&self, image: &Reference, error: Error) -> Presence {
        let repository = &image.repository;
        match self.standing(repository).await {
            Standing::Unknown => Presence::Unknown(error),
            Standing::Known => Presence::Unknown(error.help(
                "the registry accepts the login, but not for this repository: check that it exists, and that the account may read it and push to it",
            )),
            Standing::Pushes => {
                self.desk.tell(Note::detail(format!("{image}: the registry refuses to read the repository, but takes a push: it does not exist yet")));
                Presence::Miss
            }
        }
    }

    /// A push to the repository ended well: from now on a refusal to read it means what it says, with a token for a repository that exists.
    pub(in crate::job) fn has_pushed(&self, repository: &Repository) {
        if self.known.standings.peek(repository) == Some(Standing::Pushes) {
            self.known.standings.set(repository, Standing::Known);
            self.known.lines.borrow_mut().retain(|((of, _), _)| of != repository);
        }
    }

    async fn standing(&self, repository: &Repository) -> Standing {
        self.known.standings.get(repository, self.find_standing(repository)).await
    }

    /// `/v2/` tells whether the login is right, and the beginning of an upload whether it may push, as `docker push` finds out.
    async fn find_standing(&self, repository: &Repository) -> Standing {
        if self.is_nobody(repository.registry()).await {
            return Standing::Unknown;
        }
        match self.send(repository, &Call::ping(), "is the login right?").await {
            Ok(response) if response.status / 100 == 2 => {}
            _ => return Standing::Unknown,
        }
        let may_ask = self.asks_to_push && !self.options.dry_run;
        match may_ask && self.may_push(repository).await.unwrap_or(false) {
            true => Standing::Pushes,
            false => Standing::Known,
        }
    }

    async fn may_push(&self, repository: &Repository) -> Result<bool> {
        let pusher = Client { push: true, known: Rc::clone(&self.known), ..*self };
        let begun = pusher.send(repository, &begin_upload(repository), "may this account push there?").await?;
        if !matches!(begun.status, 201 | 202) {
            return Ok(false);
        }
        let host = Endpoint::host_of(repository.registry());
        if let Some(call) = begun.header("location").and_then(|location| cancel_upload(&host, location)) {
            // Registries forget uploads after a while anyway.
            drop(pusher.impatient().send(repository, &call, "nothing is uploaded now").await);
        }
        Ok(true)
    }

    /// Whether a 404 for a `HEAD` can be believed: not before the registry has found something with `HEAD`. Those that are open may show that.
    async fn heads_are_true(&self, registry: &str) -> bool {
        poll_fn(|_| {
            let heads = self.heads(registry, |heads| *heads);
            match heads.are_true {
                Some(are_true) => Poll::Ready(are_true),
                None if heads.open > 0 => Poll::Pending,
                None => Poll::Ready(false),
            }
        })
        .await
    }

    fn heads<T>(&self, registry: &str, with: impl FnOnce(&mut Heads) -> T) -> T {
        let mut all = self.known.heads.borrow_mut();
        let index = all.iter().position(|(of, _)| of == registry).unwrap_or_else(|| {
            all.push((registry.to_owned(), Heads::default()));
            all.len() - 1
        });
        with(&mut all[index].1)
    }

    /// What an answer means, after a look at `/v2/` if it is a 404 that anybody could have given.
    async fn judge(&self, image: &Reference, response: Result<Response>) -> Presence {
        let response = match response {
            Ok(response) => response,
            Err(error) if error.place.is_none() => return Presence::Unknown(error.at(image)),
            Err(error) => return Presence::Unknown(error),
        };
        match reply::presence(image, &response) {
            Presence::Doubtful => match self.send(&image.repository, &Call::ping(), "is this a registry at all?").await {
                Ok(answer) if reply::is_registry(&answer) => Presence::Miss,
                Ok(_) => Presence::Unknown(
                    Error::new(
                        Code::RegistryUnknown,
                        format!("{} answers with status 404, but not as a registry does", image.repository.registry()),
                    )
                    .at(image)
                    .help("is the registry's name right, and is a proxy in between?"),
                ),
                Err(error) => Presence::Unknown(error),
            },
            certain => certain,
        }
    }
}
