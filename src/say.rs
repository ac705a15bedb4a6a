//! What a host shows while a job runs: the same words on every host, with colours and log groups where they are understood.

use serde_json::Value;

use crate::ci::github;
use crate::error::{Error, after_output};
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
    /// What makes the runner obey again, where what programs print is to be no command to it: a text that nobody can guess and no program is
    /// given. Empty: it obeys programs too.
    pub token: String,
    /// Whether people read standard output: it is a terminal, or the log of a CI job. A pipe or a file gets names as they are.
    pub shown: bool,
    /// How many programs print to the log: those that [`Voice::begin`] was told of, and [`Voice::end`] not yet.
    pub running: usize,
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
            token: object["token"].as_str().unwrap_or_default().to_owned(),
            shown: flag("shown"),
            running: 0,
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
            Level::Warning if self.github => {
                let warning = github::command("warning", &[("title", "docktag")], &printable(text));
                match self.running {
                    0 => format!("{warning}\n"),
                    // The runner obeys for this one line.
                    _ => format!("{}{warning}\n{}", self.obey(), self.hold()),
                }
            }
            Level::Warning => self.titled(YELLOW, "warning:", text),
        }
    }

    /// The end of a job that failed: what happened, then the remedy.
    pub fn error(&self, error: &Error) -> String {
        error.all().map(|error| self.one_error(error)).collect()
    }

    fn one_error(&self, error: &Error) -> String {
        let mut lines = self.titled(RED, "error:", &error.headline());
        let help = match error.output.is_empty() {
            true => error.help.clone(),
            false => Some(after_output(error.help.as_deref())),
        };
        if let Some(help) = help {
            lines.push_str(&self.titled(BOLD, "help:", &help));
        }
        if self.github {
            lines.push_str(&printable(&github::annotation(
                error,
                &[&[error.to_string()], error.output.as_slice()].concat().join("\n"),
                &self.folder,
            )));
            lines.push('\n');
        }
        lines
    }

    /// What was asked for, for standard output: as [`print::text`] has it, and so that it is no command to anything if people read it.
    pub fn result(&self, report: &Report) -> Vec<u8> {
        let text = print::text(report);
        // These are for people only.
        let is_document = matches!(report.job, Job::Inputs | Job::Explain | Job::Why | Job::Backtest | Job::Prune);
        if !is_document && !self.shown {
            return text;
        }
        // Its first line has nothing before it that would keep it from being a command.
        let words = self.words(&format!("\n{}", String::from_utf8_lossy(&text)));
        words.strip_prefix('\n').unwrap_or_default().as_bytes().to_vec()
    }

    /// The heading of a program whose output goes to the user; captured ones are told with `-v`, when they have ended.
    ///
    /// What it prints is no command to the runner. Programs that run at once share a group, since the runner does not obey meanwhile.
    ///
    /// ```
    /// use docktag::need::{Command, Exited};
    /// use docktag::say::Voice;
    ///
    /// let mut voice = Voice { github: true, token: "t0k3n".into(), ..Voice::default() };
    /// let command = Command { argv: vec!["docker".into()], because: "build".into(), ..Command::default() };
    /// assert_eq!(voice.begin(&command), "::group::build\n$ docker\n::stop-commands::t0k3n\n");
    /// assert_eq!(voice.end(&command, Some(&Exited::default())), "\n::t0k3n::\n::endgroup::\n");
    /// ```
    pub fn begin(&mut self, command: &Command) -> String {
        if command.capture {
            return String::new();
        }
        let is_first = self.running == 0;
        self.running += 1;
        let heading = match self.github && is_first {
            true => format!("{}\n", github::command("group", &[], &printable(&command.because))),
            false => self.line(&command.because),
        };
        let hold = if is_first { self.hold() } else { String::new() };
        format!("{heading}{}\n{hold}", self.paint(BOLD, &self.words(&format!("$ {command}"))))
    }

    /// The end of a program that had begun; `None`: it could not be started.
    pub fn end(&mut self, command: &Command, exited: Option<&Exited>) -> String {
        self.running = self.running.saturating_sub(usize::from(!command.capture));
        let is_last = self.github && !command.capture && self.running == 0;
        let group = if is_last { format!("{}::endgroup::\n", self.obey()) } else { String::new() };
        let detail = exited.map(|it| self.detail(&format!("{command}: {} after {} ms", it.how(), it.milliseconds)));
        format!("{group}{}", detail.unwrap_or_default())
    }

    /// From here on the runner obeys nothing (actions/runner, `ActionCommandManager.cs`), neither `::name` nor `##[name`.
    fn hold(&self) -> String {
        match self.holds() {
            true => format!("{}\n", github::command("stop-commands", &[], &self.token)),
            false => String::new(),
        }
    }

    /// What to say where the programs that still printed were ended.
    pub fn released(&self) -> String {
        if self.running > 0 { self.obey() } else { String::new() }
    }

    /// Until here. The runner does not know the command inside a line, and a program need not have ended its last one.
    fn obey(&self) -> String {
        if self.holds() { format!("\n::{}::\n", self.token) } else { String::new() }
    }

    fn holds(&self) -> bool {
        self.github && !self.token.is_empty()
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
    fn programs_that_run_at_once_are_held_back_together() {
        let mut voice = Voice { github: true, token: "t".to_owned(), ..Voice::default() };
        let command = Command { argv: vec!["a".to_owned()], because: "b".to_owned(), ..Command::default() };
        let captured = Command { capture: true, ..command.clone() };
        let warning = Note::warning("c");
        let log = [
            voice.begin(&command),
            voice.begin(&captured),
            voice.begin(&command),
            voice.note(&warning),
            voice.note(&Note::info("d")),
            voice.end(&command, None),
            voice.end(&captured, None),
            voice.end(&command, None),
            voice.note(&warning),
        ];
        let held =
            "::group::b\n$ a\n::stop-commands::t\ndocktag: b\n$ a\n\n::t::\n::warning title=docktag::c\n::stop-commands::t\ndocktag: d\n";
        assert_eq!(log.concat(), format!("{held}\n::t::\n::endgroup::\n::warning title=docktag::c\n"));
        for mut other in [Voice { token: String::new(), ..voice.clone() }, Voice { github: false, ..voice }] {
            let log = other.begin(&command) + &other.note(&warning) + &other.released() + &other.end(&command, None);
            assert!(!log.contains("stop-commands") && !log.contains("::t::"), "{log}");
        }
    }

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
