//! What a host shows while a job runs: the same words on every host, with colours and log groups where they are understood.

use serde_json::Value;

use crate::ci::github;
use crate::error::Error;
use crate::need::{Command, Exited};
use crate::options::Job;
use crate::print;
use crate::report::{Level, Note, Report};
use crate::shell::printable;

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
        format!("docktag: {}\n", self.words(text))
    }

    /// One line for `-v`.
    pub fn detail(&self, text: &str) -> String {
        if self.verbose { format!("docktag: {}\n", self.paint(DIM, &self.words(text))) } else { String::new() }
    }

    /// A note of the job.
    pub fn note(&self, note: &Note) -> String {
        let text = &note.text;
        match note.level {
            Level::Detail => self.detail(text),
            Level::Info => self.line(text),
            Level::Warning if self.github => format!("{}\n", github::command("warning", &[("title", "docktag")], &printable(text))),
            Level::Warning => self.titled(YELLOW, "warning:", text),
        }
    }

    /// The end of a job that failed: what happened, then the remedy.
    pub fn error(&self, error: &Error) -> String {
        let mut lines = self.titled(RED, "error:", &error.headline());
        if let Some(help) = &error.help {
            lines.push_str(&self.titled(BOLD, "help:", help));
        }
        if self.github {
            lines.push_str(&printable(&github::annotation(error, &error.to_string(), &self.folder)));
            lines.push('\n');
        }
        lines
    }

    /// What was asked for, for standard output: as [`print::text`] has it, and where people read it, so that it is no command to anything.
    pub fn result(&self, report: &Report) -> Vec<u8> {
        let text = print::text(report);
        match report.job {
            Job::Inputs | Job::Explain | Job::Why | Job::Backtest | Job::Prune => {
                // Its first line has nothing before it that would keep it from being a command.
                let words = self.words(&format!("\n{}", String::from_utf8_lossy(&text)));
                words.strip_prefix('\n').unwrap_or_default().as_bytes().to_vec()
            }
            _ => text,
        }
    }

    /// The heading of a program whose output goes to the user; captured ones are told with `-v`, when they have ended.
    pub fn begin(&self, command: &Command) -> String {
        if command.capture {
            return String::new();
        }
        let heading = match self.github {
            true => format!("{}\n", github::command("group", &[], &printable(&command.because))),
            false => self.line(&command.because),
        };
        format!("{heading}{}\n", self.paint(BOLD, &self.words(&format!("$ {command}"))))
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

    fn titled(&self, style: &str, title: &str, text: &str) -> String {
        format!("docktag: {} {}\n", self.paint(style, title), self.words(text))
    }

    /// What others wrote and we repeat is no command, neither to a terminal nor to the runner. There a command is `::name` at the beginning
    /// of a line, or `##[name` anywhere in it (actions/runner, `ActionCommand.cs`).
    fn words(&self, text: &str) -> String {
        let text = printable(text);
        if !self.github {
            return text;
        }
        let mut words = String::with_capacity(text.len());
        for (index, line) in text.split('\n').enumerate() {
            // The first one stands behind other words.
            if index > 0 {
                words.push_str(if line.trim_start().starts_with("::") { "\n\\" } else { "\n" });
            }
            words.push_str(line);
        }
        words.replace("##[", "##\\[")
    }

    fn paint(&self, style: &str, text: &str) -> String {
        if self.color { format!("{style}{text}{PLAIN}") } else { text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_repeated_is_no_command() {
        let text = "a ##[add-mask]b\n \t::error::c\n- d\u{1b}[2J\r";
        let github = Voice { github: true, ..Voice::default() };
        assert_eq!(github.line(text), "docktag: a ##\\[add-mask]b\n\\ \t::error::c\n- d\\u{1b}[2J\\r\n");
        assert_eq!(Voice::default().line("##[a]\n::b\u{202e}"), "docktag: ##[a]\n::b\\u{202e}\n");
        let error = Error::new(crate::error::Code::Miss, "a\n::b\u{9b}").help("##[c");
        let said = "docktag: error: a\n\\::b\\u{9b}\ndocktag: help: ##\\[c\n::error title=docktag::a%0A::b\\u{9b}; ##[c\n";
        assert_eq!(github.error(&error), said);
    }
}
