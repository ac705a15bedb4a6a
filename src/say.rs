//! What a host shows while a job runs: the same words on every host, with colours and log groups where they are understood.

use serde_json::Value;

use crate::ci::github;
use crate::error::Error;
use crate::need::{Command, Exited};
use crate::report::{Level, Note};

const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const RED: &str = "\x1b[1;31m";
const YELLOW: &str = "\x1b[1;33m";
const PLAIN: &str = "\x1b[0m";

/// How to say things. Every function gives whole lines, each with its end, or nothing.
///
/// ```
/// use docktag::report::Note;
/// use docktag::say::Voice;
///
/// let voice = Voice { github: true, ..Voice::default() };
/// assert_eq!(voice.note(&Note::info("example/app: miss")), "docktag: example/app: miss\n");
/// assert_eq!(voice.note(&Note::warning("no cache")), "::warning title=docktag::no cache\n");
/// assert_eq!(voice.note(&Note::detail("GET /v2/")), "");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Voice {
    /// Whether details are said.
    pub verbose: bool,
    /// Whether colours are used.
    pub color: bool,
    /// Whether the GitHub runner reads along and understands groups and annotations.
    pub github: bool,
    /// The project folder below the checkout, for annotations of files; empty: they are the same.
    pub folder: String,
}

impl Voice {
    /// Reads settings from a JSON object; what is missing or of another type is off.
    pub fn from_object(text: &str) -> Self {
        let object: Value = serde_json::from_slice(text.as_bytes()).unwrap_or_default();
        let flag = |name: &str| object[name].as_bool().unwrap_or_default();
        Voice {
            verbose: flag("verbose"),
            color: flag("color"),
            github: flag("github"),
            folder: object["folder"].as_str().unwrap_or_default().to_owned(),
        }
    }

    /// One line.
    pub fn line(&self, text: &str) -> String {
        format!("docktag: {text}\n")
    }

    /// One line for `-v`.
    pub fn detail(&self, text: &str) -> String {
        if self.verbose { self.line(&self.paint(DIM, text)) } else { String::new() }
    }

    /// A note of the job.
    pub fn note(&self, note: &Note) -> String {
        let text = &note.text;
        match note.level {
            Level::Detail => self.detail(text),
            Level::Info => self.line(text),
            Level::Warning if self.github => format!("{}\n", github::command("warning", &[("title", "docktag")], text)),
            Level::Warning => self.line(&format!("{} {text}", self.paint(YELLOW, "warning:"))),
        }
    }

    /// The end of a job that failed: what happened, then the remedy.
    pub fn error(&self, error: &Error) -> String {
        let mut lines = self.line(&format!("{} {}", self.paint(RED, "error:"), error.headline()));
        if let Some(help) = &error.help {
            lines.push_str(&self.line(&format!("{} {}", self.paint(BOLD, "help:"), help)));
        }
        if self.github {
            lines.push_str(&github::annotation(error, &error.to_string(), &self.folder));
            lines.push('\n');
        }
        lines
    }

    /// The heading of a program whose output goes to the user; captured ones are told with `-v`, when they have ended.
    pub fn begin(&self, command: &Command) -> String {
        if command.capture {
            return String::new();
        }
        let heading = match self.github {
            true => format!("{}\n", github::command("group", &[], &command.because)),
            false => self.line(&command.because),
        };
        format!("{heading}{}\n", self.paint(BOLD, &format!("$ {command}")))
    }

    /// The end of a program; `None`: it could not be started.
    pub fn end(&self, command: &Command, exited: Option<&Exited>) -> String {
        let group = if self.github && !command.capture { "::endgroup::\n" } else { "" };
        let detail = exited.map(|it| self.detail(&format!("{command}: {} after {} ms", it.how(), it.milliseconds)));
        format!("{group}{}", detail.unwrap_or_default())
    }

    /// What came of a request: its status, or why there is none.
    pub fn request(&self, method: &str, url: &str, because: &str, outcome: &str, milliseconds: u64) -> String {
        self.detail(&format!("{method} {url}: {outcome} after {milliseconds} ms ({because})"))
    }

    fn paint(&self, style: &str, text: &str) -> String {
        if self.color { format!("{style}{text}{PLAIN}") } else { text.to_owned() }
    }
}
