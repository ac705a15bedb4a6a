//! Conversations with registries: who we are, what is there, and moving a tag.

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use crate::desk::Desk;
use crate::error::{Code, Error, Result};
use crate::image::{Reference, Repository};
use crate::job::login;
use crate::need::{Failure, FailureKind};
use crate::options::Options;
use crate::registry::challenge::{self, Challenge};
use crate::registry::credential::Credential;
use crate::registry::reply::{self, Presence};
use crate::registry::{Call, Endpoint, Request, Response, retry, token};
use crate::report::Note;
use crate::secret::Secret;

/// Talks to registries; keeps one token per repository.
pub(super) struct Client<'a> {
    desk: &'a Desk,
    options: &'a Options,
    /// Whether to ask for the right to push too, so that one token serves the whole run.
    push: bool,
    /// Whether to ask for the right to delete.
    delete: bool,
    /// Whether to ask again where the trouble may pass.
    is_patient: bool,
    lines: Rc<RefCell<Vec<(Repository, Line)>>>,
}

/// What came of sending a request.
type Answered = std::result::Result<Response, Failure>;

/// What we know of how to talk to one repository.
#[derive(Clone)]
enum Line {
    /// The first request is on its way, or a token is being fetched; the others wait, so that one is fetched, not many.
    Busy,
    /// This is how.
    Ready { endpoint: Endpoint, authorization: Option<Secret>, round: u32 },
    /// There is no way.
    Dead(Error),
}

impl<'a> Client<'a> {
    pub(super) fn new(desk: &'a Desk, options: &'a Options, push: bool) -> Self {
        Client { desk, options, push, delete: false, is_patient: true, lines: Rc::default() }
    }

    /// One that reads, and deletes where that was asked for.
    pub(super) fn to_delete(desk: &'a Desk, options: &'a Options) -> Self {
        Client { delete: options.delete, ..Client::new(desk, options, options.delete) }
    }

    /// The same for what is not worth waiting for: nothing is asked twice.
    pub(super) fn impatient(&self) -> Self {
        Client { is_patient: false, lines: Rc::clone(&self.lines), ..*self }
    }

    /// Hit, miss or unknown.
    pub(super) async fn presence(&self, image: &Reference) -> Presence {
        let because = format!("is {image} there?");
        match self.look(image, Call::head(image), &because).await {
            // The digest header is optional: then the manifest itself tells.
            Presence::Hit(found) if found.digest.is_empty() => self.look(image, Call::get(image), &because).await,
            other => other,
        }
    }

    /// The size of an image's layers; `None` where that cannot be found out.
    pub(super) async fn size(&self, image: &Reference) -> Option<u64> {
        let response = self.send(&image.repository, &Call::get(image), &format!("how large is {image}?")).await.ok()?;
        reply::size(&response).filter(|_| response.status == 200)
    }

    /// Makes `to` name what `from` names, on the server: the same bytes, so the same digest, which must be the expected one.
    pub(super) async fn retag(&self, from: &Reference, to: &Reference, expected: &str) -> Result<()> {
        let response = self.send(&from.repository, &Call::get(from), &format!("read the manifest of {from}")).await?;
        if response.status != 200 {
            return Err(reply::refusal(from, &response));
        }
        let digest = reply::verified_digest(from, &response)?;
        if digest != expected {
            return Err(Error::new(Code::RegistryUnknown, format!("was {expected} a moment ago and is {digest} now")).at(from));
        }
        let media_type = response.header("content-type").unwrap_or_default().to_owned();
        let stored = self.send(&to.repository, &Call::put(to, &media_type, response.body), &format!("point {to} at it")).await?;
        match stored.status {
            200..=299 => Ok(()),
            _ => Err(reply::refusal(to, &stored)),
        }
    }

    /// Finds out whether the credentials work, before much work is done with them.
    pub(super) async fn ping(&self, repository: &Repository) -> Result<()> {
        let response = self.send(repository, &Call::ping(), &format!("log in to {}", repository.registry())).await?;
        match response.status {
            200..=299 | 404 => Ok(()),
            _ => Err(self.refused(repository, &response)),
        }
    }

    async fn look(&self, image: &Reference, call: Call, because: &str) -> Presence {
        let response = match self.send(&image.repository, &call, because).await {
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

    /// Sends a call with the credentials that it takes.
    pub(super) async fn send(&self, repository: &Repository, call: &Call, because: &str) -> Result<Response> {
        let mut renewed = false;
        loop {
            let (endpoint, authorization, round) = match self.claim(repository).await {
                Line::Busy => (None, None, 0),
                Line::Ready { endpoint, authorization, round } => (Some(endpoint), authorization, round),
                Line::Dead(error) => return Err(error),
            };
            let is_first = endpoint.is_none();
            let sent = match &endpoint {
                Some(endpoint) => {
                    self.deliver(endpoint, call, authorization.clone(), because).await.map(|response| (endpoint.clone(), response))
                }
                None => self.deliver_first(repository, call, because).await,
            };
            let (endpoint, response) = match sent {
                Ok(sent) => sent,
                Err(error) => {
                    if is_first {
                        self.set(repository, Line::Dead(error.clone()));
                    }
                    return Err(error);
                }
            };
            if response.status != 401 {
                if is_first {
                    self.set(repository, Line::Ready { endpoint, authorization: None, round: 1 });
                }
                return Ok(response);
            }
            // A token can expire during a long build; one new one is worth a try, a second refusal is one.
            let is_refused = authorization.is_some() && (renewed || !is_bearer(&response));
            renewed = authorization.is_some();
            // Somebody else may have fetched a new token meanwhile.
            let is_newest = is_first || self.round(repository) == Some(round);
            if is_refused {
                return Err(self.wrong_credentials(repository, &response).await);
            }
            if !is_newest {
                continue;
            }
            self.set(repository, Line::Busy);
            match self.authorize(repository, &endpoint, &response).await {
                Ok(authorization) => self.set(repository, Line::Ready { endpoint, authorization: Some(authorization), round: round + 1 }),
                Err(error) => {
                    self.set(repository, Line::Dead(error.clone()));
                    return Err(error);
                }
            }
        }
    }

    /// How to talk to a repository; `Busy` is given to the one caller who is to find out, all others wait.
    async fn claim(&self, repository: &Repository) -> Line {
        poll_fn(|_| {
            let mut lines = self.lines.borrow_mut();
            match lines.iter().find(|(of, _)| of == repository) {
                Some((_, Line::Busy)) => Poll::Pending,
                Some((_, line)) => Poll::Ready(line.clone()),
                None => {
                    lines.push((repository.clone(), Line::Busy));
                    Poll::Ready(Line::Busy)
                }
            }
        })
        .await
    }

    fn set(&self, repository: &Repository, line: Line) {
        let mut lines = self.lines.borrow_mut();
        lines.retain(|(of, _)| of != repository);
        lines.push((repository.clone(), line));
    }

    fn round(&self, repository: &Repository) -> Option<u32> {
        match self.lines.borrow().iter().find(|(of, _)| of == repository) {
            Some((_, Line::Ready { round, .. })) => Some(*round),
            _ => None,
        }
    }

    /// The first request finds out whether the registry speaks TLS, where both are allowed.
    async fn deliver_first(&self, repository: &Repository, call: &Call, because: &str) -> Result<(Endpoint, Response)> {
        let candidates = Endpoint::candidates(repository.registry(), &self.options.insecure);
        let (last, others) = candidates.split_last().ok_or_else(|| Error::new(Code::Internal, "no endpoint"))?;
        let mut refused = None;
        for endpoint in others {
            let request = call.at(endpoint, None);
            match self.desk.http(request.clone(), because.to_owned()).await {
                // What a TLS server says to plain HTTP.
                Ok(response) if response.status == 400 => refused = Some((endpoint.clone(), response)),
                Err(Failure { kind: FailureKind::Garbled, .. }) => {}
                answered => {
                    let response = self.persist(request, answered, &endpoint.host, because).await?;
                    return Ok((endpoint.clone(), response));
                }
            }
        }
        let request = call.at(last, None);
        match (self.desk.http(request.clone(), because.to_owned()).await, refused) {
            // No TLS either: then the 400 was meant as it was said.
            (Err(Failure { kind: FailureKind::Garbled | FailureKind::Connect, .. }), Some(refused)) => Ok(refused),
            (answered, _) => Ok((last.clone(), self.persist(request, answered, &last.host, because).await?)),
        }
    }

    /// Sends one request, again where the trouble may pass.
    async fn deliver(&self, endpoint: &Endpoint, call: &Call, authorization: Option<Secret>, because: &str) -> Result<Response> {
        let request = call.at(endpoint, authorization);
        let answered = self.desk.http(request.clone(), because.to_owned()).await;
        self.persist(request, answered, &endpoint.host, because).await
    }

    /// Takes the answer to a request, or sends it again where the trouble may pass.
    async fn persist(&self, request: Request, mut answered: Answered, host: &str, because: &str) -> Result<Response> {
        let mut attempt = 1;
        loop {
            let (delay, trouble) = match answered {
                Ok(response) => match retry::after_response(attempt, &response).filter(|_| self.is_patient) {
                    None => return Ok(response),
                    Some(delay) => (delay, format!("answers with status {}", response.status)),
                },
                // Trust does not come by asking again.
                Err(failure) => match retry::after_failure(attempt).filter(|_| self.is_patient && failure.kind != FailureKind::Tls) {
                    None => return Err(unreachable(host, &failure)),
                    Some(delay) => (delay, failure.message),
                },
            };
            attempt += 1;
            self.desk.tell(Note::info(format!(
                "{host}: {trouble}; asking again in {} (attempt {attempt} of {})",
                seconds(delay),
                retry::ATTEMPTS
            )));
            self.desk.wait(delay).await.map_err(|failure| Error::new(Code::Internal, failure.message))?;
            answered = self.desk.http(request.clone(), because.to_owned()).await;
        }
    }

    /// The `Authorization` header that a 401 asks for.
    async fn authorize(&self, repository: &Repository, endpoint: &Endpoint, response: &Response) -> Result<Secret> {
        let headers: Vec<&str> =
            response.headers.iter().filter(|(name, _)| name == "www-authenticate").map(|(_, value)| value.as_str()).collect();
        let (credential, _) = login::credential(self.desk, self.options, repository.registry()).await?;
        let direct = || credential.authorization();
        match challenge::parse(&headers) {
            Some(Challenge::Bearer { realm, service, scope }) => {
                if let Credential::RegistryToken(_) = credential {
                    return direct().ok_or_else(|| self.refused(repository, response));
                }
                let is_safe = realm.starts_with("https://") || (!endpoint.https && realm.starts_with("http://"));
                if !is_safe {
                    return Err(Error::new(
                        Code::RegistryDenied,
                        format!("{} sends us to `{}` for a token, expected an https address", repository.registry(), realm.escape_debug()),
                    )
                    .help("credentials are not sent there; check the registry's configuration"));
                }
                let actions = match (self.push, self.delete) {
                    (_, true) => "pull,push,delete",
                    (true, _) => "pull,push",
                    _ => "pull",
                };
                let wanted = format!("repository:{}:{actions}", repository.path());
                // A challenge may name more than the repository, but must not lead us to ask for less than we need.
                let scope = scope.filter(|scope| !self.push && !scope.is_empty()).unwrap_or(wanted);
                let request = token::request(&realm, service.as_deref(), &scope, &credential);
                let host = realm.split('/').nth(2).unwrap_or(&realm).to_owned();
                let because = format!("get a token for {repository}");
                let answered = self.desk.http(request.clone(), because.clone()).await;
                let answer = self.persist(request, answered, &host, &because).await?;
                match (answer.status, token::authorization(&answer)) {
                    (200, Some(authorization)) => Ok(authorization),
                    (400 | 401 | 403, _) => Err(self.wrong_credentials(repository, &answer).await),
                    (status, _) => Err(Error::new(Code::RegistryUnknown, format!("{host} answers with status {status} and no token"))
                        .help("the token server has trouble; try again")),
                }
            }
            Some(Challenge::Basic) => match direct() {
                Some(authorization) => Ok(authorization),
                None => Err(self.wrong_credentials(repository, response).await),
            },
            None => Err(self.refused(repository, response)),
        }
    }

    fn refused(&self, repository: &Repository, response: &Response) -> Error {
        reply::refusal(&Reference { repository: repository.clone(), tag: None, digest: None }, response)
    }

    /// A refusal, with where the credentials came from.
    async fn wrong_credentials(&self, repository: &Repository, response: &Response) -> Error {
        let registry = repository.registry();
        match login::credential(self.desk, self.options, registry).await {
            Ok((Credential::Anonymous, _)) => Error::new(
                Code::RegistryDenied,
                format!("{registry} wants a login (status {})", response.status),
            )
            .at(repository)
            .help(format!(
                "log in with `docker login {registry}`, or give `--username` and the password with `--password-stdin` or in DOCKER_PASSWORD"
            )),
            Ok((_, source)) => {
                Error::new(Code::RegistryDenied, format!("{registry} refuses the login {source} (status {})", response.status))
                    .at(repository)
                    .help("check user and password, and that the account may use this repository")
            }
            Err(error) => error,
        }
    }
}

/// `0.5 s`, `2 s`.
fn seconds(milliseconds: u32) -> String {
    let text = format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000);
    format!("{} s", text.trim_end_matches('0').trim_end_matches('.'))
}

fn is_bearer(response: &Response) -> bool {
    response.header("www-authenticate").is_some_and(|value| value.to_ascii_lowercase().contains("bearer"))
}

fn unreachable(host: &str, failure: &Failure) -> Error {
    let what = match failure.kind {
        FailureKind::Dns => "its name cannot be resolved",
        FailureKind::Connect => "no connection",
        FailureKind::Tls => "its TLS certificate is not trusted",
        FailureKind::Timeout => "no answer in time",
        FailureKind::Garbled => "the answer was cut off or is not HTTP",
        _ => "no answer",
    };
    let help = match failure.kind {
        FailureKind::Tls => {
            "add its authority to the system's certificates (or SSL_CERT_FILE), or name a registry without TLS with `--insecure-registry`"
        }
        FailureKind::Dns => "check the registry's name and the network",
        _ => "check that the registry runs and can be reached from here, and try again",
    };
    Error::new(Code::RegistryUnknown, format!("{host}: {what}: {}", failure.message)).help(help)
}
