//! How many requests are on their way at once, and when they wait: a registry that asks for time gets it from all of them together.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::task::Poll;

use crate::desk::Desk;
use crate::error::{Code, Error, Result};
use crate::need::{Failure, FailureKind};
use crate::options::Options;
use crate::registry::{Request, Response, proxy, redirect, retry};
use crate::report::Note;

/// How many requests of a run are on their way at once.
const AT_ONCE: usize = 16;
/// How long all requests together wait for one host that asks for time, in milliseconds. With what the requests themselves take, a job does
/// not wait longer than a minute for a host in trouble.
const PATIENCE: u32 = 45_000;
/// How long one question may take in all, with what is waited between its attempts.
const LONGEST: u64 = 60_000;

/// What came of sending a request, and how often its host had been given time before.
pub(super) struct Sent {
    pub(super) answer: std::result::Result<Response, Failure>,
    pauses: u32,
}

/// The requests of a run.
pub(super) struct Traffic<'a> {
    desk: &'a Desk,
    options: &'a Options,
    open: Cell<usize>,
    lanes: RefCell<Vec<(String, Lane)>>,
}

/// The requests to one host.
#[derive(Clone)]
struct Lane {
    open: usize,
    most: usize,
    /// Whether it is given time now, and how often it was.
    is_paused: bool,
    pauses: u32,
    /// How often in a row, without an answer in between.
    in_a_row: u32,
    waited: u32,
    /// What it answers to everything from now on.
    closed: Option<Response>,
    /// Whether it was given up. Until it answers again it gets one attempt for each request: a minute that was waited for it is not waited twice.
    is_given_up: bool,
}

impl<'a> Traffic<'a> {
    pub(super) fn new(desk: &'a Desk, options: &'a Options) -> Self {
        Traffic { desk, options, open: Cell::new(0), lanes: RefCell::default() }
    }

    /// Sends a request; one that is patient again where the trouble may pass.
    pub(super) async fn send(&self, host: &str, request: Request, because: &str, is_patient: bool) -> Result<Response> {
        let sent = self.once(host, &request, because).await;
        self.persist(host, request, sent, because, is_patient).await
    }

    /// Sends a request once, when it is its turn.
    pub(super) async fn once(&self, host: &str, request: &Request, because: &str) -> Sent {
        let turn = poll_fn(|_| {
            self.lane(host, |lane| match &lane.closed {
                Some(response) => Poll::Ready(Err(response.clone())),
                None if lane.is_paused || lane.open >= lane.most || self.open.get() >= AT_ONCE => Poll::Pending,
                None => {
                    lane.open += 1;
                    Poll::Ready(Ok(lane.pauses))
                }
            })
        });
        let pauses = match turn.await {
            Ok(pauses) => pauses,
            Err(response) => return Sent { answer: Ok(response), pauses: 0 },
        };
        self.open.set(self.open.get() + 1);
        let answer = self.exchange(request, because).await;
        self.open.set(self.open.get() - 1);
        self.lane(host, |lane| lane.open -= 1);
        Sent { answer, pauses }
    }

    /// Takes the answer to a request, or, if it is patient, sends it again where the trouble may pass.
    pub(super) async fn persist(&self, host: &str, request: Request, mut sent: Sent, because: &str, is_patient: bool) -> Result<Response> {
        let is_patient = is_patient && !self.lane(host, |lane| lane.is_given_up);
        let (mut attempt, mut spent) = (1, 0);
        loop {
            spent += match &sent.answer {
                Ok(response) => response.milliseconds,
                Err(failure) if failure.kind == FailureKind::Timeout => u64::from(self.options.registry_timeout),
                Err(_) => 0,
            };
            let next = |delay: &u32| is_patient && spent + u64::from(*delay) + u64::from(self.options.registry_timeout) <= LONGEST;
            let (delay, trouble) = match sent.answer {
                Ok(response) if response.status == 429 && is_patient => match self.give_time(host, sent.pauses, &response).await? {
                    true => {
                        sent = self.once(host, &request, because).await;
                        continue;
                    }
                    false => return Ok(response),
                },
                Ok(response) => match retry::after_response(attempt, &response).filter(next) {
                    None => {
                        self.lane(host, |lane| {
                            lane.in_a_row = if lane.pauses == sent.pauses { 0 } else { lane.in_a_row };
                            lane.is_given_up = retry::is_passing(&response);
                        });
                        return Ok(response);
                    }
                    Some(delay) => (delay, format!("answers with status {}", response.status)),
                },
                // Trust does not come by asking again.
                Err(failure) => match retry::after_failure(attempt)
                    .filter(next)
                    .filter(|_| !matches!(failure.kind, FailureKind::Tls | FailureKind::Certificate | FailureKind::Other))
                {
                    None => {
                        self.lane(host, |lane| lane.is_given_up = true);
                        return Err(unreachable(host, &failure));
                    }
                    Some(delay) => (delay, failure.message),
                },
            };
            attempt += 1;
            spent += u64::from(delay);
            self.wait(host, &trouble, delay, attempt).await?;
            sent = self.once(host, &request, because).await;
        }
    }

    /// Sends a request, through a proxy where one is to be used, and those that its answers lead to.
    async fn exchange(&self, request: &Request, because: &str) -> std::result::Result<Response, Failure> {
        let whole = self.options.registry_timeout;
        let mut request = Request { timeout: whole, ..request.clone() };
        let (mut spent, mut followed) = (0, 0);
        loop {
            request.proxy = proxy::of(&request.url, &self.options.host.env);
            if request.proxy.as_ref().is_some_and(|proxy| !proxy.expose().starts_with("http")) {
                let message = "HTTPS_PROXY or HTTP_PROXY names a proxy that is neither http: nor https:; NO_PROXY makes exceptions";
                return Err(Failure { kind: FailureKind::Other, path: None, message: message.to_owned() });
            }
            let response = self.desk.http(request.clone(), because.to_owned()).await?;
            spent += response.milliseconds;
            let response = Response { milliseconds: spent, ..response };
            let next = redirect::follow(&request, &response).filter(|_| followed < redirect::MOST);
            let Some(next) = next else { return Ok(response) };
            followed += 1;
            let Some(left) = u64::from(whole).checked_sub(spent).filter(|left| *left > 0) else {
                return Err(Failure { kind: FailureKind::Timeout, path: None, message: format!("its redirects took {}", seconds(whole)) });
            };
            request = Request { timeout: left as u32, ..next };
        }
    }

    /// The host says that there are too many requests. Nothing is sent to it until the time that it asks for is over, and fewer at once then.
    /// Gives back whether to ask again.
    async fn give_time(&self, host: &str, pauses: u32, response: &Response) -> Result<bool> {
        let delay = self.lane(host, |lane| {
            if lane.closed.is_some() {
                return Err(false);
            }
            // It was given time since this request was sent.
            if lane.pauses != pauses {
                return Err(true);
            }
            match retry::after_response(lane.in_a_row + 1, response).filter(|delay| lane.waited + delay <= PATIENCE) {
                None => {
                    lane.closed = Some(response.clone());
                    Err(false)
                }
                Some(delay) => {
                    lane.is_paused = true;
                    lane.pauses += 1;
                    lane.in_a_row += 1;
                    lane.waited += delay;
                    lane.most = (lane.most / 2).max(1);
                    Ok((delay, lane.in_a_row + 1))
                }
            }
        });
        match delay {
            Err(again) => Ok(again),
            Ok((delay, attempt)) => {
                self.wait(host, "answers with status 429", delay, attempt).await?;
                self.lane(host, |lane| lane.is_paused = false);
                Ok(true)
            }
        }
    }

    async fn wait(&self, host: &str, trouble: &str, delay: u32, attempt: u32) -> Result<()> {
        let said = format!("{host}: {trouble}; asking again in {} (attempt {attempt} of {})", seconds(delay), retry::ATTEMPTS);
        self.desk.tell(Note::info(said));
        self.desk.wait(delay).await.map_err(|failure| Error::new(Code::Internal, failure.message))
    }

    fn lane<T>(&self, host: &str, with: impl FnOnce(&mut Lane) -> T) -> T {
        let mut lanes = self.lanes.borrow_mut();
        let index = lanes.iter().position(|(of, _)| of == host).unwrap_or_else(|| {
            let lane =
                Lane { open: 0, most: AT_ONCE, is_paused: false, pauses: 0, in_a_row: 0, waited: 0, closed: None, is_given_up: false };
            lanes.push((host.to_owned(), lane));
            lanes.len() - 1
        });
        with(&mut lanes[index].1)
    }
}

/// `0.5 s`, `2 s`.
fn seconds(milliseconds: u32) -> String {
    let text = format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000);
    format!("{} s", text.trim_end_matches('0').trim_end_matches('.'))
}

pub(super) fn unreachable(host: &str, failure: &Failure) -> Error {
    if let Some(file) = &failure.path {
        let message = format!("is of no use for {host}: {}", failure.message);
        return Error::new(Code::RegistryUnknown, message).at(file).help("expected certificates or a key in PEM, as the engine takes them");
    }
    let what = match failure.kind {
        FailureKind::Dns => "its name cannot be resolved",
        FailureKind::Connect => "no connection",
        FailureKind::Tls => "its TLS certificate is not trusted",
        FailureKind::Certificate => "it wants a certificate of ours, or another one",
        FailureKind::Timeout => "no answer in time",
        FailureKind::Garbled => "the answer was cut off or is not HTTP",
        _ => "no answer",
    };
    let help = match failure.kind {
        FailureKind::Tls => {
            "put its authority into `/etc/docker/certs.d/REGISTRY/ca.crt`, the system's certificates or SSL_CERT_FILE, or name the registry with `--insecure-registry`"
        }
        FailureKind::Certificate => "put it where Docker has it: `/etc/docker/certs.d/REGISTRY/client.cert`, and `client.key` beside it",
        FailureKind::Dns => "check the registry's name and the network",
        _ => "check that the registry runs and can be reached from here, and try again",
    };
    Error::new(Code::RegistryUnknown, format!("{host}: {what}: {}", failure.message)).help(help)
}
