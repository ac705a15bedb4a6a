//! What is said on standard error.

use std::io::{self, IsTerminal as _, Write as _};

use docktag::say::Voice;

/// Says things as the core words them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log {
    /// How.
    pub(crate) voice: Voice,
}

impl Log {
    /// Whether somebody sits in front of it.
    pub(crate) fn is_terminal(&self) -> bool {
        io::stderr().is_terminal()
    }

    /// One line.
    pub(crate) fn line(&self, text: &str) {
        self.write(&self.voice.line(text));
    }

    /// Writes whole lines. A log that cannot be written is no reason to stop.
    pub(crate) fn write(&self, lines: &str) {
        drop(io::stderr().lock().write_all(lines.as_bytes()));
    }
}
