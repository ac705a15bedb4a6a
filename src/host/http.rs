//! Sending requests.

use std::error::Error as _;
use std::io;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use docktag::need::{Failure, FailureKind, TEXT_LIMIT};
use docktag::path::RelPath;
use docktag::registry::trust::Trust;
use docktag::registry::{Request, Response};
use rustls::AlertDescription as Alert;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use ureq::tls::{ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Proxy};

use crate::host::fs::read_whole;
use crate::host::log::Log;
use crate::host::milliseconds;

/// No manifest is larger (distribution-spec: registries should take 4 MiB); more is not read into memory.
const BODY_LIMIT: u64 = 8 * 1024 * 1024;

/// Sends requests; connections are kept open between them.
#[derive(Debug, Default)]
pub(super) struct Client {
    /// For each way to trust: those of `certs.d` and then the system, where there is one.
    agents: Mutex<Vec<(Trust, Vec<Agent>)>>,
}

impl Client {
    pub(super) fn send(&self, log: &Log, request: &Request, because: &str) -> Result<Response, Failure> {
        let start = Instant::now();
        let result = self
            .agents(&request.trust)
            .and_then(|agents| exchange_with(&agents, request))
            .map(|response| Response { milliseconds: milliseconds(start), ..response });
        let outcome = match &result {
            Ok(response) => response.status.to_string(),
            Err(failure) => failure.message.clone(),
        };
        log.request(request, because, &outcome, milliseconds(start));
        result
    }

    fn agents(&self, trust: &Trust) -> Result<Vec<Agent>, Failure> {
        let mut known = crate::host::lock(&self.agents);
        if let Some((_, agents)) = known.iter().find(|(of, _)| of == trust) {
            return Ok(agents.clone());
        }
        let agents = agents(trust)?;
        known.push((trust.clone(), agents.clone()));
        Ok(agents)
    }
}

/// Sends a request. Nothing of it is on its way before the other side is trusted, so the next agent can be tried where it is not.
fn exchange_with(agents: &[Agent], request: &Request) -> Result<Response, Failure> {
    let start = Instant::now();
    let mut first = None;
    for agent in agents {
        let left = Duration::from_millis(request.timeout.into()).saturating_sub(start.elapsed());
        match exchange(agent, request, left) {
            Err(failure) if failure.kind == FailureKind::Tls => first = first.or(Some(failure)),
            other => return other,
        }
    }
    Err(first.unwrap_or_else(|| Failure { kind: FailureKind::Other, path: None, message: "nobody to ask".to_owned() }))
}

fn exchange(agent: &Agent, request: &Request, timeout: Duration) -> Result<Response, Failure> {
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
    let timeout = Some(timeout);
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

/// The library takes authorities of one kind, so those that are named have an agent of their own, before the one for the system's.
fn agents(trust: &Trust) -> Result<Vec<Agent>, Failure> {
    let mut authorities = Vec::new();
    for file in &trust.authorities {
        // As in Go, what is no certificate in there is none.
        let certificates = parse(file)?.into_iter().filter_map(|item| if let PemItem::Certificate(it) = item { Some(it) } else { None });
        authorities.extend(certificates);
    }
    let identity = trust.identity.as_ref().map(|(certificate, key)| identity(certificate, key)).transpose()?;
    let named = (!authorities.is_empty() && !trust.insecure).then(|| RootCerts::new_with_certs(&authorities));
    let roots = named.into_iter().chain([RootCerts::PlatformVerifier]);
    Ok(roots.map(|roots| agent(roots, identity.clone(), trust.insecure)).collect())
}

fn identity(certificate: &str, key: &str) -> Result<ClientCert, Failure> {
    let (mut chain, mut own) = (Vec::new(), None::<PrivateKey<'static>>);
    for item in parse(certificate)? {
        if let PemItem::Certificate(it) = item {
            chain.push(it);
        }
    }
    for item in parse(key)? {
        if let PemItem::PrivateKey(it) = item {
            own = own.or(Some(it));
        }
    }
    match own {
        _ if chain.is_empty() => Err(useless(certificate, "there is no certificate in it")),
        None => Err(useless(key, "there is no private key in it")),
        Some(own) => {
            // The library would panic.
            let ders = chain.iter().map(|it| CertificateDer::from(it.der().to_vec())).collect();
            PrivateKeyDer::try_from(own.der().to_vec())
                .map_err(str::to_owned)
                .and_then(|der| CertifiedKey::from_der(ders, der, &ring::default_provider()).map_err(|error| error.to_string()))
                .map_err(|message| useless(key, &message))?;
            Ok(ClientCert::new_with_certs(&chain, own))
        }
    }
}

fn parse(file: &str) -> Result<Vec<PemItem<'static>>, Failure> {
    let text = read_whole(Path::new(file), TEXT_LIMIT).map_err(|error| useless(file, &error.to_string()))?;
    Ok(parse_pem(&text).filter_map(Result::ok).collect())
}

fn useless(file: &str, message: &str) -> Failure {
    Failure { kind: FailureKind::Other, path: Some(RelPath::new(file.as_bytes())), message: message.to_owned() }
}

/// Redirects are answers, and which proxy is used is said with each request.
fn agent(roots: RootCerts, identity: Option<ClientCert>, insecure: bool) -> Agent {
    let tls = TlsConfig::builder().root_certs(roots).client_cert(identity).disable_verification(insecure).build();
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
        ureq::Error::Rustls(error) => of_tls(error),
        ureq::Error::Tls(_) | ureq::Error::Pem(_) => FailureKind::Tls,
        ureq::Error::Protocol(_) | ureq::Error::LargeResponseHeader(..) | ureq::Error::BodyExceedsLimit(_) => FailureKind::Garbled,
        ureq::Error::Io(error) => of_io(error),
        _ => FailureKind::Other,
    };
    let text = error.to_string();
    let mut message = text.strip_prefix("io: ").unwrap_or(&text).to_owned();
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

fn of_tls(error: &rustls::Error) -> FailureKind {
    match error {
        // It does not speak TLS.
        rustls::Error::InvalidMessage(_) => FailureKind::Garbled,
        // RFC 8446, 6.2: what a server says of the certificate that it was shown, or was not.
        rustls::Error::AlertReceived(
            Alert::CertificateRequired
            | Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::AccessDenied
            | Alert::DecryptError,
        ) => FailureKind::Certificate,
        _ => FailureKind::Tls,
    }
}

fn of_io(error: &io::Error) -> FailureKind {
    // rustls speaks through the socket: what it has to say of a certificate comes as an IO error.
    if let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return of_tls(error);
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
