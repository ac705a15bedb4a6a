//! Signs of life while much is hashed: a bar on a terminal, plain lines elsewhere.

use std::mem;
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

    /// Counts for one thread.
    pub(super) fn tally(&'a self) -> Tally<'a> {
        Tally { progress: self, files: 0, bytes: 0 }
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

/// What one thread has done, told now and then: threads that write to one place with every file wait for each other.
pub(super) struct Tally<'a> {
    progress: &'a Progress<'a>,
    files: usize,
    bytes: u64,
}

impl Tally<'_> {
    /// So much more is done.
    pub(super) fn add(&mut self, files: usize, bytes: u64) {
        self.files += files;
        self.bytes += bytes;
        if self.files >= 64 || self.bytes >= 1024 * 1024 {
            self.progress.files.fetch_add(mem::take(&mut self.files), Ordering::Relaxed);
            self.progress.bytes.fetch_add(mem::take(&mut self.bytes), Ordering::Relaxed);
        }
    }
}
