//! What is said on standard error.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Arc, Mutex, MutexGuard};

use docktag::error::Error;
use docktag::need::{Command, Exited};
use docktag::registry::Request;
use docktag::report::Note;
use docktag::say::Voice;

/// Says things as the core words them. What is said of programs is counted and told at once, so that it fits what is said of others.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log {
    voice: Arc<Mutex<Voice>>,
}

impl Log {
    pub(crate) fn new(voice: Voice) -> Self {
        Log { voice: Arc::new(Mutex::new(voice)) }
    }

    /// How things are said; nothing is written to the log while this is held.
    pub(crate) fn voice(&self) -> MutexGuard<'_, Voice> {
        crate::host::lock(&self.voice)
    }

    /// Whether a person watches it: a terminal, but not in a CI job, which can have a terminal whose output only goes to a log.
    pub(crate) fn is_terminal(&self) -> bool {
        let is_ci = std::env::var("CI").is_ok_and(|value| !value.is_empty() && value != "false");
        io::stderr().is_terminal() && !is_ci
    }

    /// One line.
    pub(crate) fn line(&self, text: &str) {
        self.say(|voice| voice.line(text));
    }

    /// A note of the job.
    pub(crate) fn note(&self, note: &Note) {
        self.say(|voice| voice.note(note));
    }

    /// An error.
    pub(crate) fn error(&self, error: &Error) {
        self.say(|voice| voice.error(error));
    }

    /// What came of a request.
    pub(crate) fn request(&self, request: &Request, because: &str, outcome: &str, milliseconds: u64) {
        self.say(|voice| voice.request(request.method.as_str(), &request.url, because, outcome, milliseconds));
    }

    /// A program begins.
    pub(crate) fn begin(&self, command: &Command) {
        self.say(|voice| voice.begin(command));
    }

    /// It has ended, or could not begin.
    pub(crate) fn end(&self, command: &Command, exited: Option<&Exited>) {
        self.say(|voice| voice.end(command, exited));
    }

    /// Those that still printed were ended.
    pub(crate) fn released(&self) {
        self.say(|voice| voice.released());
    }

    fn say(&self, words: impl FnOnce(&mut Voice) -> String) {
        let mut voice = self.voice();
        let words = words(&mut voice);
        self.write(&words);
    }

    /// Writes whole lines. A log that cannot be written is no reason to stop.
    pub(crate) fn write(&self, lines: &str) {
        drop(io::stderr().lock().write_all(lines.as_bytes()));
    }
}
