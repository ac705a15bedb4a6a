//! Signs of life while much is hashed: a bar on a terminal, plain lines elsewhere.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::host::log::Log;

/// Nothing is shown of work that takes less.
const PATIENCE: Duration = Duration::from_millis(400);
const ON_TERMINAL: Duration = Duration::from_millis(100);
/// CI services end jobs that are silent for long, and nobody reads a line a second.
const IN_LOG: Duration = Duration::from_secs(10);

/// Counts what is done.
pub(super) struct Progress<'a> {
    log: &'a Log,
    total: usize,
    files: AtomicUsize,
    bytes: AtomicU64,
}

impl<'a> Progress<'a> {
    pub(super) fn new(log: &'a Log, total: usize) -> Self {
        Progress { log, total, files: AtomicUsize::new(0), bytes: AtomicU64::new(0) }
    }

    pub(super) fn file(&self) {
        self.files.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn bytes(&self, count: usize) {
        self.bytes.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// Does the work in so many threads, and shows how far it is if it takes long.
    pub(super) fn watch(&self, workers: usize, work: impl Fn() + Sync) {
        let (working, wait) = mpsc::channel::<()>();
        thread::scope(|scope| {
            for _ in 0..workers {
                // Gone when the last of them ends, however it ends.
                let working = working.clone();
                let work = &work;
                scope.spawn(move || {
                    work();
                    drop(working);
                });
            }
            drop(working);
            if wait.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
                self.show_until_done(&wait);
            }
        });
    }

    fn show_until_done(&self, wait: &mpsc::Receiver<()>) {
        let bar = self.log.is_terminal().then(|| {
            let style = ProgressStyle::with_template("hashing {wide_bar} {pos}/{len} files, {msg}")
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::with_draw_target(Some(self.total as u64), ProgressDrawTarget::stderr()).with_style(style)
        });
        // A bar is there at once, a line when there was time for something to tell.
        let (mut pause, next) = if bar.is_some() { (Duration::ZERO, ON_TERMINAL) } else { (IN_LOG, IN_LOG) };
        while wait.recv_timeout(pause) == Err(mpsc::RecvTimeoutError::Timeout) {
            let (files, bytes) = (self.files.load(Ordering::Relaxed), HumanBytes(self.bytes.load(Ordering::Relaxed)));
            match &bar {
                Some(bar) => {
                    bar.set_message(bytes.to_string());
                    bar.set_position(files as u64);
                }
                None => self.log.line(&format!("hashing: {files} of {} files, {bytes}", self.total)),
            }
            pause = next;
        }
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
    }
}
