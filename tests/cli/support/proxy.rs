//! A forward proxy that leads every name to one address, and writes down what it was asked for.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

pub(crate) struct ForwardProxy {
    /// `http://127.0.0.1:PORT`
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl ForwardProxy {
    /// Its thread ends with the test program.
    pub(crate) fn to(address: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::default());
        let (seen, address) = (Arc::clone(&asked), address.to_owned());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, address) = (Arc::clone(&seen), address.clone());
                thread::spawn(move || tunnel(stream, &address, &seen));
            }
        });
        ForwardProxy { url, asked }
    }

    /// `CONNECT host:port`, each once.
    pub(crate) fn asked(&self) -> Vec<String> {
        let mut asked = self.asked.lock().unwrap().clone();
        asked.dedup();
        asked
    }
}

fn tunnel(client: TcpStream, address: &str, seen: &Mutex<Vec<String>>) -> io::Result<()> {
    let mut lines = BufReader::new(client.try_clone()?).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    seen.lock().unwrap().push(first.trim_end_matches(" HTTP/1.1").to_owned());
    let mut head = Vec::new();
    while let Some(line) = lines.next().transpose()?.filter(|line| !line.is_empty()) {
        head.push(line);
    }
    let mut server = TcpStream::connect(address)?;
    match first.split_once(" http://").and_then(|(method, url)| Some((method, &url[url.find('/')?..]))) {
        // What is asked without TLS need not be a tunnel; such questions have no body here.
        Some((method, target)) => {
            head.insert(0, format!("{method} {target}"));
            server.write_all((head.join("\r\n") + "\r\n\r\n").as_bytes())?;
        }
        None => (&client).write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?,
    }
    let (mut up, mut down) = ((client.try_clone()?, server.try_clone()?), (server, client));
    let upwards = thread::spawn(move || io::copy(&mut up.0, &mut up.1).and_then(|_| up.1.shutdown(std::net::Shutdown::Write)));
    io::copy(&mut down.0, &mut down.1)?;
    down.1.shutdown(std::net::Shutdown::Both).ok();
    drop(upwards.join());
    Ok(())
}
