//! Sending requests.

use std::error::Error as _;
use std::io;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use docktag::need::{Failure, FailureKind};
use docktag::registry::{Request, Response};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Proxy};

use crate::host::log::Log;
use crate::host::milliseconds;

/// No manifest is larger (distribution-spec: registries should take 4 MiB); more is not read into memory.
const BODY_LIMIT: u64 = 8 * 1024 * 1024;

/// Sends requests; connections are kept open between them.
#[derive(Debug, Default)]
pub(super) struct Client {
    agent: OnceLock<Agent>,
}

impl Client {
    pub(super) fn send(&self, log: &Log, request: &Request, because: &str) -> Result<Response, Failure> {
        let start = Instant::now();
        let result = self.exchange(request).map(|response| Response { milliseconds: milliseconds(start), ..response });
        let outcome = match &result {
            Ok(response) => response.status.to_string(),
            Err(failure) => failure.message.clone(),
        };
        log.write(&log.voice.request(request.method.as_str(), &request.url, because, &outcome, milliseconds(start)));
        result
    }

    fn exchange(&self, request: &Request) -> Result<Response, Failure> {
        let agent = self.agent.get_or_init(agent);
        let proxy = request.proxy.as_ref().map(|proxy| Proxy::new(proxy.expose())).transpose().map_err(|_| Failure {
            kind: FailureKind::Other,
            path: None,
            message: "HTTPS_PROXY or HTTP_PROXY names no address of a proxy".to_owned(),
        })?;
        let mut builder = ureq::http::Request::builder().method(request.method.as_str()).uri(&request.url);
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        if let Some(authorization) = &request.authorization {
            builder = builder.header("authorization", authorization.expose());
        }
        let timeout = Some(Duration::from_millis(request.timeout.into()));
        let sent = match &request.body {
            Some(body) => builder
                .body(body.expose().as_slice())
                .map_err(ureq::Error::from)
                .and_then(|request| agent.run(agent.configure_request(request).timeout_global(timeout).proxy(proxy).build())),
            None => builder
                .body(())
                .map_err(ureq::Error::from)
                .and_then(|request| agent.run(agent.configure_request(request).timeout_global(timeout).proxy(proxy).build())),
        };
        let failed = |error| failed(&error, request.proxy.is_some());
        let mut answer = sent.map_err(failed)?;
        let headers =
            answer.headers().iter().filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))).collect();
        let body = answer.body_mut().with_config().limit(BODY_LIMIT).read_to_vec().map_err(failed)?;
        Ok(Response { status: answer.status().as_u16(), headers, body, milliseconds: 0 })
    }
}

/// Redirects are answers, and which proxy is used is said with each request.
fn agent() -> Agent {
    let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
    Agent::config_builder()
        .proxy(None)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(concat!("docktag/", env!("CARGO_PKG_VERSION")))
        .tls_config(tls)
        .build()
        .into()
}

fn failed(error: &ureq::Error, through_proxy: bool) -> Failure {
    let kind = match error {
        ureq::Error::HostNotFound => FailureKind::Dns,
        ureq::Error::Timeout(_) => FailureKind::Timeout,
        ureq::Error::ConnectionFailed | ureq::Error::ConnectProxyFailed(_) => FailureKind::Connect,
        ureq::Error::Tls(_) | ureq::Error::Pem(_) | ureq::Error::Rustls(_) => FailureKind::Tls,
        ureq::Error::Protocol(_) | ureq::Error::LargeResponseHeader(..) | ureq::Error::BodyExceedsLimit(_) => FailureKind::Garbled,
        ureq::Error::Io(error) => of_io(error),
        _ => FailureKind::Other,
    };
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        if !message.contains(&cause.to_string()) {
            message = format!("{message}: {cause}");
        }
        source = cause.source();
    }
    if through_proxy && matches!(kind, FailureKind::Connect | FailureKind::Dns) {
        message.push_str(" (through the proxy of HTTPS_PROXY or HTTP_PROXY)");
    }
    Failure { kind, path: None, message }
}

fn of_io(error: &io::Error) -> FailureKind {
    // rustls speaks through the socket: what it has to say of a certificate comes as an IO error.
    if error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) {
        return FailureKind::Tls;
    }
    // The standard library has no kind for it (library/std, `sys/net`).
    if error.to_string().contains("failed to lookup address information") {
        return FailureKind::Dns;
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::InvalidData
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe => FailureKind::Garbled,
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => FailureKind::Timeout,
        _ => FailureKind::Connect,
    }
}
