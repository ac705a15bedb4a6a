//! The npm package in a registry of its own.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

use crate::project::{Project, copy};

/// What of the project the package is made of.
const PARTS: [&str; 4] = ["pkg", "action", "LICENSE-APACHE", "LICENSE-MIT"];

/// An npm registry on loopback that has the package and nothing else.
pub(crate) struct Npm {
    /// Its address.
    pub(crate) url: String,
    /// The package's version.
    pub(crate) version: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Npm {
    /// Packs the package as it is published, and serves it until the tests end.
    pub(crate) fn serve(project: &Project) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Packing puts files into the package for a moment: not into the one that other tests use.
        for name in PARTS {
            let (from, to) = (Path::new(env!("CARGO_MANIFEST_DIR")).join(name), folder.path().join(name));
            if from.is_dir() {
                copy(&from, &to);
            } else {
                fs::copy(from, to).unwrap();
            }
        }
        // With a cache of its own: from the user's, an installation would take the files instead of asking for them.
        let pack = "npm_config_cache=../npm npm pack --json --loglevel error";
        let packed = project.shell(&format!("cd '{}/pkg' && {pack}", folder.path().display()));
        let packed: Value = serde_json::from_str::<Value>(packed.ok()).unwrap()[0].take();
        let tarball = fs::read(folder.path().join("pkg").join(packed["filename"].as_str().unwrap())).unwrap();
        let description: Value = serde_json::from_slice(&fs::read(folder.path().join("pkg/package.json")).unwrap()).unwrap();

        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let version = description["version"].as_str().unwrap().to_owned();
        let document = document(&url, &packed, description);
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        thread::spawn(move || {
            for stream in listener.incoming() {
                // Whether a client hangs up early is its own business: what it lacks then, it says.
                let _ = stream.and_then(|stream| answer(&stream, &seen, &document, &tarball));
            }
        });
        Npm { url, version, requests }
    }

    /// What was asked for.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// What a registry says of a package: npm goes by this.
fn document(url: &str, packed: &Value, mut description: Value) -> String {
    let version = packed["version"].as_str().unwrap().to_owned();
    description["dist"] = json!({ "tarball": format!("{url}{TARBALL}"), "integrity": packed["integrity"] });
    json!({ "name": packed["name"], "dist-tags": { "latest": version }, "versions": { version: description } }).to_string()
}

/// Where the registry has the package's files.
pub(crate) const TARBALL: &str = "/docktag/-/docktag.tgz";

/// Answers one request, and notes its path.
fn answer(mut stream: &TcpStream, seen: &Mutex<Vec<String>>, document: &str, tarball: &[u8]) -> io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let path = lines.next().unwrap_or_else(|| Ok(String::new()))?.split(' ').nth(1).unwrap_or_default().to_owned();
    // All headers are read: what is left unread would make the end of the connection an abrupt one.
    lines.map_while(Result::ok).find(String::is_empty);
    seen.lock().unwrap().push(path.clone());
    let (status, body) = match path.as_str() {
        "/docktag" => ("200 OK", document.as_bytes()),
        TARBALL => ("200 OK", tarball),
        _ => ("404 Not Found", &b"{}"[..]),
    };
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    stream.write_all(&[head.as_bytes(), body].concat())
}
