//! How a registry wants to be spoken to, and with which credentials: found out once for each registry, and one token for each repository.

use std::future::poll_fn;
use std::task::Poll;

use crate::error::{Code, Error, Result};
use crate::image::{Reference, Repository};
use crate::job::login;
use crate::job::registry::{Client, trust};
use crate::need::{Failure, FailureKind};
use crate::registry::challenge::{self, Challenge};
use crate::registry::credential::Credential;
use crate::registry::trust::is_insecure;
use crate::registry::{Call, Endpoint, Request, Response, reply, token};
use crate::secret::Secret;

/// What is known of how to talk to a registry.
#[derive(Clone)]
pub(super) enum Site {
    /// The first request is on its way; the others wait for what it finds out.
    Busy,
    /// This is where it is, and what it said where it wants to know who asks.
    Known { endpoint: Endpoint, challenge: Option<Response> },
    /// There is no way.
    Dead(Error),
}

/// Who we are to one repository.
#[derive(Clone)]
pub(super) enum Line {
    /// A token is being fetched; the others wait, so that one is fetched, not many.
    Busy,
    /// This is what to show; `round` counts the tokens.
    Ready { authorization: Option<Secret>, round: u32 },
    /// There is no way.
    Dead(Error),
}

/// Credentials, and words for where they come from.
pub(super) type Login = Result<(Credential, String)>;

impl Client<'_> {
    /// Sends a call with the credentials that it takes.
    pub(in crate::job) async fn send(&self, repository: &Repository, call: &Call, because: &str) -> Result<Response> {
        let mut renewed = false;
        loop {
            let (endpoint, challenge) = match self.claim_site(repository.registry()).await {
                Site::Known { endpoint, challenge } => (endpoint, challenge),
                Site::Dead(error) => return Err(error),
                Site::Busy => match self.find_out(repository, call, because).await? {
                    response if response.status == 401 => continue,
                    response => return Ok(response),
                },
            };
            let (authorization, round) = match self.claim_line(repository).await {
                Some(Line::Ready { authorization, round }) => (authorization, round),
                Some(Line::Dead(error)) => return Err(error),
                _ => (self.introduce(repository, &endpoint, challenge.as_ref()).await?, 1),
            };
            let request = call.at(&endpoint, authorization.clone());
            let response = self.known.traffic.send(&endpoint.host, request, because, self.is_patient).await?;
            if response.status != 401 {
                return Ok(response);
            }
            // Harbor asks for a password if it refuses a token: then its first challenge says where to get another.
            let asked = challenge.as_ref().filter(|first| is_bearer(first) && !is_bearer(&response)).unwrap_or(&response);
            // A token can expire during a long build; one new one is worth a try, a second refusal is one.
            if authorization.is_some() && (renewed || !is_bearer(asked)) {
                return Err(self.wrong_credentials(repository, &response).await);
            }
            renewed = authorization.is_some();
            // Somebody else may have fetched a new token meanwhile.
            if !self.begin(repository, round) {
                continue;
            }
            let authorized = self.authorize(repository, &endpoint, asked).await;
            self.end(repository, round, authorized.map(Some))?;
        }
    }

    /// The first request to a registry.
    async fn find_out(&self, repository: &Repository, call: &Call, because: &str) -> Result<Response> {
        let found = self.deliver_first(repository, call, because).await;
        let site = match &found {
            Ok((endpoint, response)) => {
                Site::Known { endpoint: endpoint.clone(), challenge: (response.status == 401).then(|| response.clone()) }
            }
            Err(error) => Site::Dead(error.clone()),
        };
        let mut sites = self.known.sites.borrow_mut();
        sites.retain(|(of, _)| of != repository.registry());
        sites.push((repository.registry().to_owned(), site));
        found.map(|(_, response)| response)
    }

    /// The first request to a repository of a registry that is known: with a token at once, where that one wants tokens.
    async fn introduce(&self, repository: &Repository, endpoint: &Endpoint, challenge: Option<&Response>) -> Result<Option<Secret>> {
        let authorized = match challenge {
            None => Ok(None),
            // Without credentials there is nothing to show, and this repository may be for everybody.
            Some(response) if !is_bearer(response) && self.is_nobody(repository.registry()).await => Ok(None),
            Some(response) => self.authorize(repository, endpoint, response).await.map(Some),
        };
        self.end(repository, 0, authorized)
    }

    /// What is known of a registry; `Busy` is given to the one caller who is to find out, all others wait.
    async fn claim_site(&self, registry: &str) -> Site {
        poll_fn(|_| {
            let mut sites = self.known.sites.borrow_mut();
            match sites.iter().find(|(of, _)| of == registry) {
                Some((_, Site::Busy)) => Poll::Pending,
                Some((_, site)) => Poll::Ready(site.clone()),
                None => {
                    sites.push((registry.to_owned(), Site::Busy));
                    Poll::Ready(Site::Busy)
                }
            }
        })
        .await
    }

    /// Who we are to a repository; `None` is given to the one caller who is to find out, all others wait.
    async fn claim_line(&self, repository: &Repository) -> Option<Line> {
        let key = self.line_of(repository);
        poll_fn(|_| {
            let mut lines = self.known.lines.borrow_mut();
            match lines.iter().find(|(of, _)| *of == key) {
                Some((_, Line::Busy)) => Poll::Pending,
                Some((_, line)) => Poll::Ready(Some(line.clone())),
                None => {
                    lines.push((key.clone(), Line::Busy));
                    Poll::Ready(None)
                }
            }
        })
        .await
    }

    /// Whether the caller is the one who fetches the next token.
    fn begin(&self, repository: &Repository, round: u32) -> bool {
        let key = self.line_of(repository);
        let mut lines = self.known.lines.borrow_mut();
        let newest =
            lines.iter_mut().find(|(of, line)| *of == key && matches!(line, Line::Ready { round: newest, .. } if *newest == round));
        match newest {
            Some((_, line)) => {
                *line = Line::Busy;
                true
            }
            None => false,
        }
    }

    /// What came of it.
    fn end(&self, repository: &Repository, round: u32, authorized: Result<Option<Secret>>) -> Result<Option<Secret>> {
        let line = match &authorized {
            Ok(authorization) => Line::Ready { authorization: authorization.clone(), round: round + 1 },
            Err(error) => Line::Dead(error.clone()),
        };
        let key = self.line_of(repository);
        let mut lines = self.known.lines.borrow_mut();
        lines.retain(|(of, _)| *of != key);
        lines.push((key, line));
        authorized
    }

    fn line_of(&self, repository: &Repository) -> (Repository, bool) {
        (repository.clone(), self.push)
    }

    /// The first request finds out whether the registry speaks TLS, where both are allowed.
    async fn deliver_first(&self, repository: &Repository, call: &Call, because: &str) -> Result<(Endpoint, Response)> {
        let registry = repository.registry();
        let mut ways = Endpoint::candidates(registry, &self.options.insecure);
        if let [only] = &mut ways[..] {
            only.trust = trust::of(self.desk, self.options, registry).await?;
            let request = call.at(only, None);
            let sent = self.known.traffic.once(&only.host, &request, because).await;
            let is_sure = matches!(sent.answer, Ok(_) | Err(Failure { kind: FailureKind::Certificate | FailureKind::Other, .. }));
            // Only now the engine's configuration is worth a look.
            if is_sure || !trust::is_insecure_for_engine(self.desk, self.options, registry).await {
                let response = self.known.traffic.persist(&only.host, request, sent, because, self.is_patient).await?;
                return Ok((only.clone(), response));
            }
            ways = Endpoint::candidates(registry, &[registry.to_owned()]);
        }
        self.deliver_insecurely(registry, ways, call, because).await
    }

    /// Whether this registry is not spoken to as all others are.
    pub(in crate::job) fn is_insecure(&self, registry: &str) -> bool {
        let sites = self.known.sites.borrow();
        let is_known =
            |(of, site): &(String, Site)| of == registry && matches!(site, Site::Known { endpoint, .. } if endpoint.trust.insecure);
        sites.iter().any(is_known) || is_insecure(registry, &self.options.insecure)
    }

    /// The credentials for a registry, looked up once: a helper is a program.
    async fn credential(&self, registry: &str) -> Login {
        self.known.logins.get(&registry.to_owned(), login::credential(self.desk, self.options, registry)).await
    }

    pub(super) async fn is_nobody(&self, registry: &str) -> bool {
        matches!(self.credential(registry).await, Ok((Credential::Anonymous, _)))
    }

    /// The `Authorization` header that a 401 asks for.
    async fn authorize(&self, repository: &Repository, endpoint: &Endpoint, response: &Response) -> Result<Secret> {
        let headers: Vec<&str> =
            response.headers.iter().filter(|(name, _)| name == "www-authenticate").map(|(_, value)| value.as_str()).collect();
        let (credential, _) = self.credential(repository.registry()).await?;
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
                let own = format!("repository:{}:", repository.path());
                let is_of_another = |scope: &String| scope.contains("repository:") && !scope.contains(&own);
                let scope = scope.filter(|scope| !self.push && !scope.is_empty() && !is_of_another(scope)).unwrap_or(wanted);
                let request = token::request(&realm, service.as_deref(), &scope, &credential);
                let host = realm.split('/').nth(2).unwrap_or(&realm).to_owned();
                let because = format!("get a token for {repository}");
                let request = Request { trust: endpoint.trust.clone(), ..request };
                let answer = self.known.traffic.send(&host, request, &because, self.is_patient).await?;
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

    pub(super) fn refused(&self, repository: &Repository, response: &Response) -> Error {
        reply::refusal(&Reference { repository: repository.clone(), tag: None, digest: None }, response)
    }

    /// A refusal, with where the credentials came from.
    async fn wrong_credentials(&self, repository: &Repository, response: &Response) -> Error {
        let registry = repository.registry();
        match self.credential(registry).await {
            Ok((Credential::Anonymous, _)) => {
                let has_other = self.options.host.env.get("DOCKER_AUTH_CONFIG").is_some_and(|text| !text.is_empty());
                let other = if has_other { "; the logins in DOCKER_AUTH_CONFIG are not used" } else { "" };
                Error::new(Code::RegistryDenied, format!("{registry} wants a login (status {}){other}", response.status)).at(repository).help(
                    format!(
                        "log in with `docker login {registry}`, or give `--username` and the password with `--password-stdin` or in DOCKER_PASSWORD"
                    ),
                )
            }
            Ok((_, source)) => {
                Error::new(Code::RegistryDenied, format!("{registry} refuses the login {source} (status {})", response.status))
                    .at(repository)
                    .help("check user and password, and that the account may use this repository")
            }
            Err(error) => error,
        }
    }
}

fn is_bearer(response: &Response) -> bool {
    response.header("www-authenticate").is_some_and(|value| value.to_ascii_lowercase().contains("bearer"))
}
