//! What is said on standard error: notes, headings, errors, with colours and log groups where they are understood.

use std::io::{self, IsTerminal as _, Write as _};

use docktag::error::Error;
use docktag::need::Command;
use docktag::report::{Level, Note};

const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const RED: &str = "\x1b[1;31m";
const YELLOW: &str = "\x1b[1;33m";
const PLAIN: &str = "\x1b[0m";

/// Where and how to say things.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Log {
    /// Whether details are shown.
    pub(crate) verbose: bool,
    /// Whether colours are used.
    pub(crate) color: bool,
    /// Whether the GitHub runner reads along and understands groups and annotations.
    pub(crate) github: bool,
}

/// An open log group.
#[must_use]
pub(crate) struct Group {
    github: bool,
}

impl Group {
    /// Ends the group.
    pub(crate) fn end(self) {
        if self.github {
            write_line("::endgroup::");
        }
    }
}

impl Log {
    /// Whether somebody sits in front of it.
    pub(crate) fn is_terminal(self) -> bool {
        io::stderr().is_terminal()
    }

    /// One line.
    pub(crate) fn line(self, text: &str) {
        write_line(&format!("docktag: {text}"));
    }

    /// One line for `-v`.
    pub(crate) fn detail(self, text: &str) {
        if self.verbose {
            self.line(&self.paint(DIM, text));
        }
    }

    /// A note of the job.
    pub(crate) fn note(self, note: &Note) {
        match note.level {
            Level::Detail => self.detail(&note.text),
            Level::Info => self.line(&note.text),
            Level::Warning if self.github => write_line(&format!("::warning title=docktag::{}", escape_data(&note.text))),
            Level::Warning => self.line(&format!("{} {}", self.paint(YELLOW, "warning:"), note.text)),
        }
    }

    /// The end of a job that failed: what happened, then the remedy.
    pub(crate) fn error(self, error: &Error) {
        self.line(&format!("{} {}", self.paint(RED, "error:"), error.headline()));
        if let Some(help) = &error.help {
            self.line(&format!("{} {help}", self.paint(BOLD, "help:")));
        }
        if self.github {
            let place = error.place.as_ref().filter(|_| error.line.is_some());
            let file = place.map(|place| format!("file={},line={},", escape_property(place), error.line.unwrap_or(1))).unwrap_or_default();
            write_line(&format!("::error {file}title=docktag::{}", escape_data(&error.to_string())));
        }
    }

    /// The heading of a program whose output goes to the user; captured ones are shown with `-v`, when they have ended.
    pub(crate) fn heading(self, command: &Command) -> Group {
        if command.capture {
            return Group { github: false };
        }
        if self.github {
            write_line(&format!("::group::{}", escape_data(&command.because)));
        } else {
            self.line(&command.because);
        }
        write_line(&self.paint(BOLD, &format!("$ {command}")));
        Group { github: self.github }
    }

    fn paint(self, style: &str, text: &str) -> String {
        if self.color { format!("{style}{text}{PLAIN}") } else { text.to_owned() }
    }
}

/// A log that cannot be written is no reason to stop.
fn write_line(text: &str) {
    drop(writeln!(io::stderr().lock(), "{text}"));
}

/// GitHub docs, "Workflow commands": so that a text cannot end the command or begin another (actions/toolkit, `command.ts`).
fn escape_data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn escape_property(text: &str) -> String {
    escape_data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_begin_a_workflow_command() {
        assert_eq!(escape_data("100%\n::set-env name=x::y"), "100%25%0A::set-env name=x::y");
        assert_eq!(escape_property("a,b:c"), "a%2Cb%3Ac");
    }
}
