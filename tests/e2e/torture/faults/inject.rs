//! Every fault of the table in `docs/reliability.md`, by its name there.

use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use super::forward::ForwardProxy;
use super::proxy::{Act, Proxy, without};
use super::tls::{Certificate, Identity};
use super::wire::{Reply, Request};

/// What a fault is injected into.
pub(crate) struct Setting<'a> {
    /// The real registry.
    pub(crate) registry: &'a str,
    /// How long a request may take.
    pub(crate) timeout: Duration,
}

/// A registry with a fault.
pub(crate) struct Faulty {
    /// `host:port`.
    pub(crate) address: String,
    /// The repository that is asked for.
    pub(crate) repository: &'static str,
    /// What the client is told beside that.
    pub(crate) env: Vec<(&'static str, String)>,
    /// Files in the user's home folder.
    pub(crate) files: Vec<(String, String)>,
    /// Authorities that the client is to know.
    pub(crate) authority: Option<String>,
    /// What must be seen here and there when it is over.
    pub(crate) check: Box<dyn Fn() + Send>,
    /// What serves it.
    _keep: Vec<Box<dyn Send>>,
}

/// The repository that has the image, one that has another tag only, and one that is not there.
pub(crate) const THERE: &str = "faults/app";
pub(crate) const OTHER_TAG: &str = "faults/other";
const NOWHERE: &str = "faults/nowhere";

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CHALLENGE: &str = "Basic realm=\"x\"";

/// The fault of that name; `None` for a name that there is not.
pub(crate) fn inject(name: &str, setting: &Setting<'_>) -> Option<Faulty> {
    let (timeout, registry) = (setting.timeout, setting.registry);
    let at = |repository, proxy: Proxy| Faulty::new(repository, proxy);
    let there = |proxy: Proxy| at(THERE, proxy);
    let plain = |act: fn(&Request, usize) -> Act| there(Proxy::start(registry, None, act));
    let say = |reply: Reply| there(Proxy::start(registry, None, move |request, _| manifests(request, || Act::Say(reply.clone()))));
    let once = |reply: Reply| {
        there(Proxy::start(registry, None, move |request, before| match before {
            0 => manifests(request, || Act::Say(reply.clone())),
            _ => Act::Pass { bare: false },
        }))
    };
    let head_says = |status: u16| {
        there(Proxy::start(registry, None, move |request, _| match request.method.as_str() {
            "HEAD" => manifests(request, || Act::Say(Reply::status(status))),
            _ => Act::Pass { bare: false },
        }))
    };
    let late = |time: Duration| there(Proxy::start(registry, None, move |_, _| Act::Late(time, Box::new(Act::Pass { bare: false }))));
    let change = |change: fn(&mut String, &mut Vec<u8>)| {
        there(Proxy::start(registry, None, move |request, _| match request.method.as_str() {
            "GET" => manifests(request, || Act::Change(change)),
            _ => Act::Pass { bare: true },
        }))
    };
    // What the bytes are like shows only where they are read: this registry names no digest with `HEAD`.
    let body = |reply: fn() -> Act| {
        there(Proxy::start(registry, None, move |request, _| match request.method.as_str() {
            "GET" => manifests(request, reply),
            _ => Act::Pass { bare: true },
        }))
    };
    let tokens = |token: fn(&Request, usize) -> Act| tokens(registry, token, |token, _| token == "t0");
    Some(match name {
        "nothing is wrong, the image is there" => plain(|_, _| Act::Pass { bare: false }),
        "nothing is wrong, the registry names no digest" => plain(|_, _| Act::Pass { bare: true }),
        "nothing is wrong, the tag is missing" => at(OTHER_TAG, Proxy::start(registry, None, |_, _| Act::Pass { bare: false })),
        "nothing is wrong, the repository is missing" => at(NOWHERE, Proxy::start(registry, None, |_, _| Act::Pass { bare: false })),

        "400 for `HEAD` only" => head_says(400),
        "403 for `HEAD` only" => head_says(403),
        "404 for `HEAD` only" => head_says(404),
        "405 for `HEAD` only" => head_says(405),

        "the connection is refused" => Faulty::somewhere(closed_port(), Vec::new()),
        "the connection is reset" => resets(),
        "no connection comes about" => full(),
        "the name has no address" => Faulty::somewhere("registry.invalid".to_owned(), Vec::new()),
        "not HTTP" => say(Reply::Noise),
        "headers without an end" => plain(|_, _| Act::Endless("HTTP/1.1 200 OK\r\n".to_owned(), b"x: y\r\n".repeat(4000), Duration::ZERO)),

        "TLS: a certificate that nobody vouches for" => far(registry, valid("registry.example"), |_| None, []),
        "TLS: an expired certificate" => far(registry, Certificate::valid("registry.example", (1975, 2001)), |it| Some(it.pem.clone()), []),
        "TLS: a certificate that is not valid yet" => {
            far(registry, Certificate::valid("registry.example", (4000, 4096)), |it| Some(it.pem.clone()), [])
        }
        "TLS: a certificate for another name" => far(registry, valid("other.example"), |it| Some(it.pem.clone()), []),
        "TLS: an authority that is known" => far(registry, valid("registry.example"), |it| Some(it.pem.clone()), []),
        "TLS: an authority in certs.d" => {
            let certificate = valid("registry.example");
            let files = [file("ca.crt", &certificate.pem)];
            far(registry, certificate, |_| None, files)
        }
        "TLS: the authority of another registry in certs.d" => {
            let certificate = valid("registry.example");
            let files = [(format!("{CERTS}/registry.example/ca.crt"), certificate.pem.clone())];
            far(registry, certificate, |_| None, files)
        }
        "TLS: our own certificate is wanted, and is in certs.d" => {
            let client = Identity::new();
            let certificate = Certificate::demanding("registry.example", &client);
            let files = [file("ca.crt", &certificate.pem), file("client.cert", &client.pem), file("client.key", &client.key)];
            far(registry, certificate, |_| None, files)
        }
        "TLS: our own certificate is wanted, and there is none" => {
            far(registry, Certificate::demanding("registry.example", &Identity::new()), |it| Some(it.pem.clone()), [])
        }
        "TLS: our own certificate is wanted, and it is another one" => {
            let (client, other) = (Identity::new(), Identity::new());
            let files = [file("client.cert", &other.pem), file("client.key", &other.key)];
            far(registry, Certificate::demanding("registry.example", &client), |it| Some(it.pem.clone()), files)
        }
        "TLS: half of our own certificate in certs.d" => {
            far(registry, valid("registry.example"), |it| Some(it.pem.clone()), [file("client.cert", &Identity::new().pem)])
        }
        "TLS: nobody vouches for an insecure registry" => {
            let there = far(registry, valid("other.example"), |_| None, []);
            there.with("DOCKTAG_INSECURE_REGISTRY", FAR)
        }
        "TLS: nobody vouches for a registry that is insecure for the engine" => {
            let configuration = format!(r#"{{"insecure-registries":["{FAR}"]}}"#);
            far(registry, valid("other.example"), |_| None, [(".config/docker/daemon.json".to_owned(), configuration)])
        }
        "TLS: nobody vouches for a registry on the loopback interface" => {
            there(Proxy::start(registry, Some(valid("other.example").server), |_, _| Act::Pass { bare: false }))
        }
        "no TLS, an insecure registry" => {
            through(Proxy::start(registry, None, |_, _| Act::Pass { bare: false })).with("DOCKTAG_INSECURE_REGISTRY", FAR)
        }
        "no TLS, a registry that is not insecure" => through(Proxy::start(registry, None, |_, _| Act::Pass { bare: false })),

        "307 to another host" => redirect(registry, 307),
        "301 to another host" => redirect(registry, 301),
        "307 in a circle" => plain(|request, _| Act::Say(Reply::status(307).header("location", request.target.clone()))),
        "302 to a login page" => there(Proxy::start(registry, None, |request, _| match request.target.as_str() {
            "/login" => Act::Say(Reply::page(200)),
            _ => Act::Say(Reply::status(302).header("location", "/login")),
        })),
        "307 from TLS to no TLS" => downgrade(registry),

        "401 without a challenge" => say(Reply::status(401)),
        "401 for every login" => plain(|_, _| Act::Say(Reply::status(401).header("www-authenticate", CHALLENGE))),
        "an expired token" => self::tokens(registry, |_, before| give(&format!("t{before}")), |token, seen| token != "t0" || seen < 1),
        "a token that is never taken" => self::tokens(registry, |_, _| give("t0"), |_, _| false),
        "the token server is down" => {
            let realm = format!("Bearer realm=\"http://{}/token\",service=\"x\"", closed_port());
            there(Proxy::start(registry, None, move |_, _| Act::Say(Reply::status(401).header("www-authenticate", realm.clone()))))
        }
        "the token server answers 500" => tokens(|_, _| Act::Say(Reply::status(500))),
        "the token server sends a web page" => tokens(|_, _| Act::Say(Reply::page(200))),
        "the token server hangs" => tokens(|_, _| Act::Say(Reply::Silence)),
        "the registry's clock is off by an hour" => tokens(|_, _| {
            Act::Say(Reply::json(200, r#"{"token":"t0","issued_at":"2001-01-01T00:00:00Z","expires_in":60}"#).header("date", PAST))
        }),

        "403" => say(Reply::status(403)),
        "404 of a web page" => plain(|_, _| Act::Say(Reply::page(404))),
        "408 once" => once(Reply::status(408)),
        "413" => say(Reply::status(413)),
        "429 once, Retry-After: 1" => once(Reply::status(429).header("retry-after", "1")),
        "429 for ever" => say(Reply::status(429)),
        "429, Retry-After: 3600" => say(Reply::status(429).header("retry-after", "3600")),
        "500 once" => once(Reply::status(500)),
        "500 for ever" => say(Reply::status(500)),
        "502 once" => once(Reply::page(502)),
        "502 for ever" => say(Reply::page(502)),
        "503 once" => once(Reply::status(503)),
        "503 for ever" => say(Reply::page(503)),

        "a slow first byte" => late(timeout / 10),
        "a first byte that comes too late" => late(timeout * 3),
        "a hang" => say(Reply::Silence),
        "a body that comes byte by byte" => body(|| Act::Endless(head(100_000), b"{".to_vec(), Duration::from_millis(50))),
        "a body without an end" => {
            body(|| Act::Endless(format!("HTTP/1.1 200 OK\r\ncontent-type: {MANIFEST}\r\n\r\n"), vec![b' '; 1 << 20], Duration::ZERO))
        }
        "a body that is cut" => body(|| Act::Say(Reply::Half(Box::new(manifest(b"{\"schemaVersion\":2,\"layers\":[]}"))))),
        "a digest that is another one" => change(|head, body| {
            body.push(b'\n');
            *head = head.replace(&format!("Content-Length: {}\r\n", body.len() - 1), &format!("Content-Length: {}\r\n", body.len()));
        }),
        "a body that is cut, with a length that says so" => change(|head, body| {
            without(head, "docker-content-digest");
            *head = head.replace(&format!("Content-Length: {}\r\n", body.len()), "Content-Length: 20\r\n");
            body.truncate(20);
        }),
        "a length that is too small" => change(|head, body| {
            without(head, "docker-content-digest");
            *head = head.replace(&format!("Content-Length: {}\r\n", body.len()), "Content-Length: 20\r\n");
        }),
        "a length that is too large" => change(|head, body| {
            *head = head.replace(&format!("Content-Length: {}\r\n", body.len()), "Content-Length: 100000\r\n");
        }),
        "a login page with 200" => say(Reply::page(200)),
        "gzip that was not asked for" => body(|| Act::Say(manifest(b"\x1f\x8b\x08\x00\x00\x00").header("content-encoding", "gzip"))),
        "a manifest of schema 1" => {
            say(Reply::status(200).header("content-type", "application/vnd.docker.distribution.manifest.v1+prettyjws").body("{}"))
        }
        _ => return None,
    })
}

/// Every name that [`inject`] knows.
pub(crate) fn names() -> Vec<&'static str> {
    let arms = include_str!("inject.rs").split("Some(match name {").nth(1).unwrap().split("_ => return None").next().unwrap();
    arms.lines().filter_map(|line| line.strip_prefix("        \"")?.split_once("\" =>").map(|(name, _)| name)).collect()
}

const PAST: &str = "Mon, 01 Jan 2001 00:00:00 GMT";

impl Faulty {
    fn new(repository: &'static str, proxy: Proxy) -> Self {
        Faulty { repository, ..Faulty::somewhere(proxy.address.clone(), vec![Box::new(proxy)]) }
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.env.push((name, value.to_owned()));
        self
    }

    fn somewhere(address: String, keep: Vec<Box<dyn Send>>) -> Self {
        Faulty { address, repository: THERE, env: Vec::new(), files: Vec::new(), authority: None, check: Box::new(|| {}), _keep: keep }
    }
}

/// What is done with questions for a manifest; all else is passed on.
fn manifests(request: &Request, act: impl FnOnce() -> Act) -> Act {
    if request.target.contains("/manifests/") { act() } else { Act::Pass { bare: false } }
}

fn manifest(body: &[u8]) -> Reply {
    Reply::status(200).header("content-type", MANIFEST).body(body)
}

fn head(length: usize) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-type: {MANIFEST}\r\ncontent-length: {length}\r\n\r\n")
}

fn give(token: &str) -> Act {
    Act::Say(Reply::json(200, &format!(r#"{{"token":"{token}"}}"#)))
}

/// A registry that sends everybody to its own token server, and takes the tokens that `takes` likes, told how many it has taken.
fn tokens(registry: &str, token: fn(&Request, usize) -> Act, takes: fn(&str, usize) -> bool) -> Faulty {
    let taken = std::sync::atomic::AtomicUsize::new(0);
    let proxy = Proxy::start(registry, None, move |request, before| {
        if request.target.starts_with("/token") {
            return token(request, before);
        }
        let shown = request.header("authorization").and_then(|it| it.strip_prefix("Bearer "));
        if shown.is_some_and(|token| takes(token, taken.load(std::sync::atomic::Ordering::SeqCst))) {
            taken.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            return Act::Pass { bare: false };
        }
        let challenge = format!("Bearer realm=\"http://{}/token\",service=\"x\"", request.header("host").unwrap_or_default());
        Act::Say(Reply::status(401).header("www-authenticate", challenge).header("date", PAST))
    });
    Faulty::new(THERE, proxy)
}

/// A registry that wants a login and then sends to another host, which must not be shown it.
fn redirect(registry: &str, status: u16) -> Faulty {
    let other = Proxy::start(registry, None, |_, _| Act::Pass { bare: false });
    let there = other.address.clone();
    let proxy = Proxy::start(registry, None, move |request, _| match request.header("authorization") {
        None => Act::Say(Reply::status(401).header("www-authenticate", CHALLENGE)),
        Some(_) => Act::Say(Reply::status(status).header("location", format!("http://{there}{}", request.target))),
    });
    let env = vec![("DOCKTAG_USERNAME", "ci".to_owned()), ("DOCKER_PASSWORD", "s3cret".to_owned())];
    let check = move || {
        let seen = other.seen();
        assert!(!seen.is_empty(), "nobody came to the other host");
        assert!(seen.iter().all(|request| request.header("authorization").is_none()), "the login went to another host");
    };
    Faulty { env, check: Box::new(check), ..Faulty::new(THERE, proxy) }
}

fn downgrade(registry: &str) -> Faulty {
    let other = Proxy::start(registry, None, |_, _| Act::Pass { bare: false });
    let there = other.address.clone();
    let certificate = Certificate::valid("127.0.0.1", (1975, 4096));
    let to = move |request: &Request, _| Act::Say(Reply::status(307).header("location", format!("http://{there}{}", request.target)));
    let proxy = Proxy::start(registry, Some(certificate.server), to);
    let check = move || assert!(other.seen().is_empty(), "what was asked under TLS was asked without it too");
    Faulty { authority: Some(certificate.pem), check: Box::new(check), ..Faulty::new(THERE, proxy) }
}

/// A name that is not on the loopback interface, to which a proxy leads, and where its certificates are.
const FAR: &str = "registry.example:5000";
const CERTS: &str = ".config/docker/certs.d";

fn valid(name: &str) -> Certificate {
    Certificate::valid(name, (1975, 4096))
}

fn file(name: &str, text: &str) -> (String, String) {
    (format!("{CERTS}/{FAR}/{name}"), text.to_owned())
}

/// A registry with TLS elsewhere, with the authority that is known of it.
fn far<const N: usize>(
    registry: &str,
    certificate: Certificate,
    authority: fn(&Certificate) -> Option<String>,
    files: [(String, String); N],
) -> Faulty {
    let authority = authority(&certificate);
    let proxy = Proxy::start(registry, Some(certificate.server), |_, _| Act::Pass { bare: false });
    Faulty { authority, files: files.into(), ..through(proxy) }
}

fn through(proxy: Proxy) -> Faulty {
    let forward = ForwardProxy::to(&proxy.address).url;
    let env = vec![("HTTPS_PROXY", forward.clone()), ("HTTP_PROXY", forward)];
    Faulty { address: FAR.to_owned(), env, ..Faulty::new(THERE, proxy) }
}

/// A port that was free a moment ago.
fn closed_port() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// Connections are closed with what was sent unread, which resets them.
fn resets() -> Faulty {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    // It ends with the test program.
    thread::spawn(move || listener.incoming().flatten().for_each(|mut stream| drop(stream.read_exact(&mut [0]))));
    Faulty::somewhere(address, Vec::new())
}

/// A listener whose queue is full: the system answers nobody any more.
fn full() -> Faulty {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut queue: Vec<TcpStream> = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(100)) {
        queue.push(stream);
        assert!(queue.len() < 10_000, "the queue never fills");
    }
    Faulty::somewhere(address.to_string(), vec![Box::new(listener), Box::new(queue)])
}
