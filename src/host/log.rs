//! What is said on standard error.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use docktag::need::{Command, Exited};
use docktag::report::Note;
use docktag::say::Voice;

/// Says things as the core words them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log {
    /// How.
    pub(crate) voice: Voice,
    /// How many programs print there too.
    running: Arc<Mutex<usize>>,
}

impl Log {
    pub(crate) fn new(voice: Voice) -> Self {
        Log { voice, running: Arc::default() }
    }

    /// Whether somebody sits in front of it.
    pub(crate) fn is_terminal(&self) -> bool {
        io::stderr().is_terminal()
    }

    /// One line.
    pub(crate) fn line(&self, text: &str) {
        self.write(&self.voice.line(text));
    }

    /// A note of the job.
    pub(crate) fn note(&self, note: &Note) {
        let running = self.running();
        self.write(&self.voice.note(note, *running));
    }

    /// A program begins. It is counted and told at once, so that what is said of others fits.
    pub(crate) fn begin(&self, command: &Command) {
        let mut running = self.running();
        self.write(&self.voice.begin(command, *running));
        *running += usize::from(!command.capture);
    }

    /// It has ended, or could not begin.
    pub(crate) fn end(&self, command: &Command, exited: Option<&Exited>) {
        let mut running = self.running();
        *running -= usize::from(!command.capture);
        self.write(&self.voice.end(command, exited, *running));
    }

    /// Those that still printed were ended.
    pub(crate) fn released(&self) {
        if *self.running() > 0 {
            self.write(&self.voice.obey());
        }
    }

    fn running(&self) -> MutexGuard<'_, usize> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes whole lines. A log that cannot be written is no reason to stop.
    pub(crate) fn write(&self, lines: &str) {
        drop(io::stderr().lock().write_all(lines.as_bytes()));
    }
}
