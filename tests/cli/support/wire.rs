//! HTTP/1.1 as far as a test server needs it.

use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

/// A server on the loopback interface, with a thread for each connection; it ends when it is dropped.
pub(crate) struct Listener {
    /// `127.0.0.1:PORT`.
    pub(crate) address: String,
    stops: Arc<AtomicBool>,
}

impl Listener {
    pub(crate) fn start(serve: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let stops = Arc::new(AtomicBool::new(false));
        let (serve, has_ended) = (Arc::new(serve), Arc::clone(&stops));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if has_ended.load(Ordering::SeqCst) {
                    return;
                }
                let serve = Arc::clone(&serve);
                // A client that goes away in the middle is its own affair.
                thread::spawn(move || stream.and_then(|stream| serve(stream)));
            }
        });
        Listener { address, stops }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stops.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for connections.
        drop(TcpStream::connect(&self.address));
    }
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) at: Instant,
}

impl Request {
    pub(crate) fn read(stream: &mut impl Read) -> io::Result<Self> {
        let mut lines = BufReader::new(stream);
        let mut line = || {
            let mut line = String::new();
            lines.read_line(&mut line)?;
            Ok::<_, io::Error>(line.trim_end().to_owned())
        };
        let first = line()?;
        let mut words = first.split(' ').map(str::to_owned);
        let (Some(method), Some(target)) = (words.next(), words.next()) else { return Err(io::ErrorKind::InvalidData.into()) };
        let mut headers = Vec::new();
        while let Some((name, value)) = line()?.split_once(':') {
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut request = Request { method, target, headers, body: Vec::new(), at: Instant::now() };
        let length = request.header("content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
        if request.header("transfer-encoding") == Some("chunked") {
            request.body = read_chunks(&mut lines)?;
            return Ok(request);
        }
        request.body = vec![0; length];
        lines.read_exact(&mut request.body)?;
        Ok(request)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// `HEAD /v2/...`
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method, self.target)
    }
}

/// A body of which nobody said how long it is (RFC 9112, 7.1), without trailers.
fn read_chunks(stream: &mut impl io::BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut size = String::new();
        stream.read_line(&mut size)?;
        let size = usize::from_str_radix(size.trim(), 16).map_err(io::Error::other)?;
        let mut chunk = vec![0; size + 2];
        stream.read_exact(&mut chunk)?;
        if size == 0 {
            return Ok(body);
        }
        body.extend_from_slice(&chunk[..size]);
    }
}

/// What a test server answers.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    Answer {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    },
    /// Headers that promise the body, and half of it.
    Half(Box<Reply>),
    /// Nothing, until the client gives up.
    Silence,
    /// Bytes that are not HTTP.
    Noise,
}

impl Reply {
    pub(crate) fn status(status: u16) -> Self {
        Reply::Answer { status, headers: Vec::new(), body: Vec::new() }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        if let Reply::Answer { headers, .. } = &mut self {
            headers.push((name, value.into()));
        }
        self
    }

    pub(crate) fn body(mut self, content: impl Into<Vec<u8>>) -> Self {
        if let Reply::Answer { body, .. } = &mut self {
            *body = content.into();
        }
        self
    }

    /// A web page, as proxies and login walls send it.
    pub(crate) fn page(status: u16) -> Self {
        Reply::status(status).header("content-type", "text/html").body("<html>hello</html>")
    }

    pub(crate) fn json(status: u16, text: &str) -> Self {
        Reply::status(status).header("content-type", "application/json").body(text)
    }

    pub(crate) fn write(&self, stream: &mut (impl Read + Write), is_head: bool) -> io::Result<()> {
        match self {
            Reply::Answer { .. } => {
                let (head, body) = self.render();
                stream.write_all(head.as_bytes())?;
                stream.write_all(if is_head { b"" } else { body })?;
            }
            Reply::Half(whole) => {
                let (head, body) = whole.render();
                stream.write_all(head.as_bytes())?;
                stream.write_all(&body[..body.len() / 2])?;
            }
            Reply::Silence => {
                io::copy(stream, &mut io::sink())?;
            }
            Reply::Noise => stream.write_all(b"SSH-2.0-noise\r\n")?,
        }
        stream.flush()
    }

    fn render(&self) -> (String, &[u8]) {
        let Reply::Answer { status, headers, body } = self else { panic!("only a whole answer has bytes: {self:?}") };
        let mut head = format!("HTTP/1.1 {status} Whatever\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
        headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
        (head + "\r\n", body)
    }
}
