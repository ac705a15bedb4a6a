//! Output of a program that is passed on to standard error, and its end, which is kept for messages.

use std::io::{self, PipeReader, PipeWriter, Read as _, Write as _};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use crate::host::lock;

/// So many bytes are kept.
const KEPT: usize = 16 * 1024;
/// How long to wait for the end of the output: processes that the program leaves running keep the pipe open.
const GRACE: Duration = Duration::from_secs(5);

/// Output that is being passed on.
pub(super) struct Passed {
    end: Arc<Mutex<Vec<u8>>>,
    closed: mpsc::Receiver<()>,
}

impl Passed {
    /// Begins to pass on what is written to the pipe.
    pub(super) fn open() -> io::Result<(Self, PipeWriter)> {
        let (reader, writer) = io::pipe()?;
        let (close, closed) = mpsc::channel();
        let end = Arc::<Mutex<Vec<u8>>>::default();
        let kept = Arc::clone(&end);
        thread::spawn(move || {
            pass(reader, &kept);
            drop(close);
        });
        Ok((Passed { end, closed }, writer))
    }

    /// Returns the end of the output, when nobody has the pipe open any more.
    pub(super) fn end(self) -> Vec<u8> {
        self.closed.recv_timeout(GRACE).ok();
        std::mem::take(&mut lock(&self.end))
    }
}

fn pass(mut reader: PipeReader, kept: &Mutex<Vec<u8>>) {
    let mut buffer = [0; 8 * 1024];
    loop {
        let bytes = match reader.read(&mut buffer) {
            Ok(0) => return,
            Ok(count) => &buffer[..count],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return,
        };
        // A reader that is gone has seen enough.
        io::stderr().write_all(bytes).ok();
        let mut kept = lock(kept);
        kept.extend_from_slice(bytes);
        let surplus = kept.len().saturating_sub(KEPT);
        kept.drain(..surplus);
    }
}
