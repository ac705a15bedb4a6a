//! A proxy in front of a registry that passes requests on, or does with them what a test says. It writes down every request.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::wire::{Listener, Reply, Request};

/// What is done with a request.
pub(crate) enum Act {
    /// The registry answers; without `Docker-Content-Digest` to `HEAD`, so that clients have to read the bytes, where that is said.
    Pass { bare: bool },
    /// The registry answers, and this is done to its answer: the head and the body.
    Change(fn(&mut String, &mut Vec<u8>)),
    /// This is the answer.
    Say(Reply),
    /// A time passes first.
    Late(Duration, Box<Act>),
    /// A head, and then bytes without an end, one part each time that passes.
    Endless(String, Vec<u8>, Duration),
}

type Behaviour = dyn Fn(&Request, usize) -> Act + Send + Sync;

pub(crate) struct Proxy {
    /// `127.0.0.1:PORT`.
    pub(crate) address: String,
    shared: Arc<Shared>,
    _listener: Listener,
}

struct Shared {
    /// Answers without an end have one then.
    stops: AtomicBool,
    seen: Mutex<Vec<Request>>,
    upstream: String,
    tls: Option<Arc<ServerConfig>>,
    behaviour: Box<Behaviour>,
}

impl Proxy {
    /// In front of `upstream` (`host:port`). `behaviour` gets a request and how many of the same method and path came before.
    pub(crate) fn start(
        upstream: &str,
        tls: Option<Arc<ServerConfig>>,
        behaviour: impl Fn(&Request, usize) -> Act + Send + Sync + 'static,
    ) -> Self {
        let shared = Arc::new(Shared {
            stops: AtomicBool::new(false),
            seen: Mutex::default(),
            upstream: upstream.to_owned(),
            tls,
            behaviour: Box::new(behaviour),
        });
        let serving = Arc::clone(&shared);
        let listener = Listener::start(move |stream| serving.serve(stream));
        Proxy { address: listener.address.clone(), shared, _listener: listener }
    }

    /// The requests so far.
    pub(crate) fn seen(&self) -> Vec<Request> {
        self.shared.seen.lock().unwrap().clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.stops.store(true, Ordering::SeqCst);
    }
}

impl Shared {
    fn serve(&self, socket: TcpStream) -> io::Result<()> {
        match &self.tls {
            Some(tls) => {
                let connection = ServerConnection::new(Arc::clone(tls)).map_err(io::Error::other)?;
                let mut stream = StreamOwned::new(connection, socket);
                self.exchange(&mut stream)?;
                stream.conn.send_close_notify();
                stream.flush()
            }
            None => self.exchange(&mut { socket }),
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
        self.act((self.behaviour)(&request, before), &request, stream)
    }

    fn act(&self, act: Act, request: &Request, stream: &mut (impl Read + Write)) -> io::Result<()> {
        let is_head = request.method == "HEAD";
        match act {
            Act::Pass { bare } => {
                let (mut head, body) = self.ask(request)?;
                if bare && is_head {
                    without(&mut head, "docker-content-digest");
                }
                stream.write_all(head.as_bytes())?;
                stream.write_all(&body)?;
            }
            Act::Change(change) => {
                let (mut head, mut body) = self.ask(request)?;
                change(&mut head, &mut body);
                stream.write_all(head.as_bytes())?;
                stream.write_all(&body)?;
            }
            Act::Say(reply) => reply.write(stream, is_head)?,
            Act::Late(time, act) => {
                thread::sleep(time);
                self.act(*act, request, stream)?;
            }
            Act::Endless(head, part, pause) => {
                stream.write_all(head.as_bytes())?;
                let start = Instant::now();
                // A client that never gives up is let go in the end.
                while start.elapsed() < Duration::from_secs(120) && !self.stops.load(Ordering::SeqCst) {
                    stream.write_all(&part)?;
                    stream.flush()?;
                    thread::sleep(pause);
                }
            }
        }
        stream.flush()
    }

    /// The registry's own answer: its head with the empty line, and its body.
    fn ask(&self, request: &Request) -> io::Result<(String, Vec<u8>)> {
        let mut upstream = TcpStream::connect(&self.upstream)?;
        let mut head = format!("{} HTTP/1.1\r\nconnection: close\r\n", request.line());
        // Who asks is what the proxy looks at: the registry behind it is open.
        let own = ["connection", "authorization", "content-length", "transfer-encoding"];
        for (name, value) in request.headers.iter().filter(|(name, _)| !own.contains(&name.as_str())) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !["GET", "HEAD"].contains(&request.method.as_str()) {
            head.push_str(&format!("content-length: {}\r\n", request.body.len()));
        }
        upstream.write_all((head + "\r\n").as_bytes())?;
        upstream.write_all(&request.body)?;
        let mut answer = Vec::new();
        upstream.read_to_end(&mut answer)?;
        let end = answer.windows(4).position(|it| it == b"\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)? + 4;
        let body = answer.split_off(end);
        Ok((String::from_utf8_lossy(&answer).into_owned(), body))
    }
}

/// Takes a header from a head.
pub(crate) fn without(head: &mut String, name: &str) {
    let is_other = |line: &&str| !line.to_ascii_lowercase().starts_with(&format!("{name}:"));
    *head = head.split_inclusive("\r\n").filter(is_other).collect();
}
