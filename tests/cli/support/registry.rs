//! A small registry on the loopback interface that does what a test tells it to, and writes down every request.
//!
//! Left alone it is honest: manifests are files in a folder (`example/app/TAG`), HEAD and GET read them, PUT writes them; blobs likewise.

use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rustls::{ServerConnection, StreamOwned};
use sha2::{Digest as _, Sha256};

use crate::support::Dir;
use crate::support::artifacts;
use crate::support::tls::Certificate;
use crate::support::wire::Listener;
pub(crate) use crate::support::wire::{Reply, Request};

pub(crate) const MANIFEST_TYPE: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// The bytes of an image; to the registry they mean nothing.
pub(crate) const MANIFEST: &str = r#"{"schemaVersion":2,"config":{},"layers":[]}"#;

/// What it does in the place of being honest: gets a request and how many like it (same method and path) came before.
pub(crate) type Behaviour = dyn Fn(&Request, usize) -> Option<Reply> + Send + Sync;

pub(crate) struct Registry {
    /// `127.0.0.1:PORT`.
    pub(crate) address: String,
    store: PathBuf,
    shared: Arc<Shared>,
    _listener: Listener,
}

struct Shared {
    seen: Mutex<Vec<Request>>,
    behaviour: Box<Behaviour>,
    store: PathBuf,
    certificate: Option<Certificate>,
}

impl Registry {
    pub(crate) fn honest(dir: &Dir) -> Self {
        Registry::scripted(dir, |_, _| None)
    }

    pub(crate) fn scripted(dir: &Dir, behaviour: impl Fn(&Request, usize) -> Option<Reply> + Send + Sync + 'static) -> Self {
        Registry::start(dir, None, Box::new(behaviour))
    }

    pub(crate) fn with_tls(
        dir: &Dir,
        certificate: Certificate,
        behaviour: impl Fn(&Request, usize) -> Option<Reply> + Send + Sync + 'static,
    ) -> Self {
        Registry::start(dir, Some(certificate), Box::new(behaviour))
    }

    fn start(dir: &Dir, certificate: Option<Certificate>, behaviour: Box<Behaviour>) -> Self {
        let store = dir.beside("registry");
        let shared = Arc::new(Shared { seen: Mutex::default(), behaviour, store: store.clone(), certificate });
        let serving = Arc::clone(&shared);
        let listener = Listener::start(move |stream| serving.serve(stream));
        Registry { address: listener.address.clone(), store, shared, _listener: listener }
    }

    /// Puts an image there.
    pub(crate) fn put(&self, name_and_tag: &str, manifest: &str) {
        let (name, tag) = name_and_tag.split_once(':').unwrap();
        fs::create_dir_all(self.store.join(name)).unwrap();
        fs::write(self.store.join(name).join(tag), manifest).unwrap();
    }

    /// The manifest under a name; `None` where there is none.
    pub(crate) fn get(&self, name_and_tag: &str) -> Option<String> {
        let (name, tag) = name_and_tag.split_once(':').unwrap();
        fs::read_to_string(self.store.join(name).join(tag)).ok()
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.shared.seen.lock().unwrap().clone()
    }

    /// Nothing was sent but questions.
    #[track_caller]
    pub(crate) fn was_only_read(&self) {
        let is_question = |line: &String| line.starts_with("HEAD ") || line.starts_with("GET ");
        assert!(self.lines().iter().all(is_question), "{:#?}", self.lines());
    }

    /// The first lines of the requests, sorted: two that are sent at once arrive in any order.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.requests().iter().map(Request::line).collect();
        lines.sort();
        lines
    }
}

impl Shared {
    fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        match &self.certificate {
            Some(certificate) => {
                let connection = ServerConnection::new(Arc::clone(&certificate.server)).map_err(io::Error::other)?;
                let mut stream = StreamOwned::new(connection, stream);
                self.exchange(&mut stream)?;
                stream.conn.send_close_notify();
                stream.flush()
            }
            None => self.exchange(&mut stream),
        }
    }

    fn exchange(&self, stream: &mut (impl Read + Write)) -> io::Result<()> {
        let request = Request::read(stream)?;
        let before = {
            let mut seen = self.seen.lock().unwrap();
            let before = seen.iter().filter(|it| it.line() == request.line()).count();
            seen.push(request.clone());
            before
        };
        let reply = (self.behaviour)(&request, before).unwrap_or_else(|| honest(&self.store, &request));
        reply.write(stream, request.method == "HEAD")
    }
}

fn honest(store: &Path, request: &Request) -> Reply {
    let registry = |status| Reply::status(status).header("docker-distribution-api-version", "registry/2.0");
    if request.target.contains("/referrers/") {
        return registry(404).header("content-type", "text/plain").body("404 page not found");
    }
    if let Some(reply) = artifacts::blobs(store, request) {
        return reply;
    }
    let Some((name, tag)) = request.target.strip_prefix("/v2/").and_then(|rest| rest.split_once("/manifests/")) else {
        return registry(200).header("content-type", "application/json").body("{}");
    };
    let file = store.join(name).join(tag);
    match request.method.as_str() {
        "PUT" => {
            fs::create_dir_all(store.join(name)).unwrap();
            fs::write(file, &request.body).unwrap();
            registry(201).header("docker-content-digest", digest(&request.body))
        }
        _ => match fs::read(file) {
            Ok(manifest) => manifest_reply(&manifest),
            Err(_) => registry(404)
                .header("content-type", "application/json")
                .body(r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#),
        },
    }
}

/// What a manifest calls itself, or else that of an image that the engine pushed.
fn media_type(manifest: &[u8]) -> String {
    let manifest: serde_json::Value = serde_json::from_slice(manifest).unwrap_or_default();
    manifest["mediaType"].as_str().unwrap_or(MANIFEST_TYPE).to_owned()
}

/// The answer of a registry that has the manifest.
pub(crate) fn manifest_reply(manifest: &[u8]) -> Reply {
    Reply::status(200)
        .header("docker-distribution-api-version", "registry/2.0")
        .header("content-type", media_type(manifest))
        .header("docker-content-digest", digest(manifest))
        .body(manifest)
}

pub(crate) fn digest(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}
