//! One run of the real program, in a clean environment.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::Dir;
use crate::support::dir::names_in;

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_docktag");
/// No run takes as long; one that does is ended, so that the test fails instead of hanging.
const TOO_LONG: Duration = Duration::from_secs(120);

/// A run to be made.
pub(crate) struct Run {
    command: Command,
    stdin: Option<String>,
    stdout: Option<File>,
    is_partial: bool,
    temporary: PathBuf,
}

impl Run {
    /// `docktag ARGS` in the project folder, with HOME, TMPDIR and PATH of the tree and nothing else in the environment.
    pub(crate) fn new<S: AsRef<OsStr>>(dir: &Dir, args: impl IntoIterator<Item = S>) -> Self {
        Run::through(dir, &[], args)
    }

    /// The same, started by another program that takes a command line at its end.
    pub(crate) fn through<S: AsRef<OsStr>>(dir: &Dir, starter: &[&str], args: impl IntoIterator<Item = S>) -> Self {
        let mut words = starter.iter().map(OsString::from).chain([OsString::from(PROGRAM)]);
        let mut command = Command::new(words.next().unwrap());
        command.args(words).args(args).current_dir(dir.path("")).env_clear();
        command.env("HOME", dir.beside("home")).env("TMPDIR", dir.beside("tmp")).env("PATH", dir.beside("bin"));
        Run { command, stdin: None, stdout: None, is_partial: false, temporary: dir.beside("tmp") }
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn stdin(mut self, text: &str) -> Self {
        self.stdin = Some(text.to_owned());
        self
    }

    /// The run fails, and prints what it knows all the same.
    pub(crate) fn partial(mut self) -> Self {
        self.is_partial = true;
        self
    }

    /// Where standard output goes, instead of to the test.
    pub(crate) fn stdout_to(mut self, file: File) -> Self {
        self.stdout = Some(file);
        self
    }

    /// Starts it and comes back at once.
    #[track_caller]
    pub(crate) fn spawn(mut self) -> Running {
        self.command.stdin(if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() });
        self.command.stdout(self.stdout.take().map_or_else(Stdio::piped, Stdio::from)).stderr(Stdio::piped());
        let mut child = self.command.spawn().expect("the program can be started");
        if let (Some(mut pipe), Some(text)) = (child.stdin.take(), &self.stdin) {
            // It may end before it reads.
            drop(pipe.write_all(text.as_bytes()));
        }
        let id = child.id();
        let (done, wait) = mpsc::channel::<()>();
        thread::spawn(move || {
            if wait.recv_timeout(TOO_LONG) == Err(mpsc::RecvTimeoutError::Timeout) {
                kill(id, Signal::KILL);
            }
        });
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Running { child, stderr, said: String::new(), is_partial: self.is_partial, temporary: self.temporary, _done: done }
    }

    /// Runs it to its end.
    #[track_caller]
    pub(crate) fn run(self) -> Ran {
        self.spawn().wait()
    }
}

/// A run that was started.
pub(crate) struct Running {
    child: Child,
    stderr: BufReader<ChildStderr>,
    said: String,
    is_partial: bool,
    temporary: PathBuf,
    /// Dropped with the run: tells the watchdog that nothing is left to watch.
    _done: mpsc::Sender<()>,
}

impl Running {
    /// Whether it still runs.
    pub(crate) fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Reads standard error up to a line that begins so, and gives back the rest of that line.
    #[track_caller]
    pub(crate) fn until_said(&mut self, beginning: &str) -> String {
        loop {
            let mut line = String::new();
            let count = self.stderr.read_line(&mut line).unwrap();
            assert!(count > 0, "it ended without saying {beginning:?}:\n{}", self.said);
            self.said.push_str(&line);
            if let Some(rest) = line.strip_prefix(beginning) {
                return rest.trim().to_owned();
            }
        }
    }

    /// Waits until it is in the midst of that file: what it was at first has been looked at by then.
    #[track_caller]
    pub(crate) fn until_read(&mut self, file: &Path) -> &mut Self {
        let folder = format!("/proc/{}", self.child.id());
        // A run looks at a file after its first few kilobytes and may read these again.
        while position(&folder, file).is_none_or(|position| position < 1 << 20) {
            assert!(self.child.try_wait().unwrap().is_none(), "it ended before it could be seen at work");
            thread::yield_now();
        }
        self
    }

    /// Waits for its end only; others that hold its output may still run.
    pub(crate) fn code(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(self.child.id(), signal);
    }

    /// Waits for its end. Whatever the run was about: it leaves nothing behind, does not panic, and keeps standard output for results.
    #[track_caller]
    pub(crate) fn wait(mut self) -> Ran {
        let mut pipe = self.child.stdout.take();
        let reader = thread::spawn(move || {
            let mut stdout = Vec::new();
            pipe.as_mut().map(|pipe| pipe.read_to_end(&mut stdout)).transpose().unwrap();
            stdout
        });
        let mut rest = Vec::new();
        self.stderr.read_to_end(&mut rest).unwrap();
        let stdout = reader.join().unwrap();
        let code = self.child.wait().unwrap().code();
        let ran = Ran { code, stdout, stderr: self.said + &String::from_utf8(rest).expect("messages are UTF-8") };
        assert!(!ran.stderr.contains("panicked at"), "{}", ran.stderr);
        assert_eq!(names_in(&self.temporary), [""; 0], "left behind:\n{}", ran.stderr);
        // A plan that lacks answers tells those that it has, and none of them is a job.
        let is_known_part = ran.stdout.starts_with(b"RESULT ") && ran.text().contains("\nunknown ") && !ran.text().contains("\njob ");
        if !matches!(code, Some(0)) && !ran.stdout.starts_with(b"{") && !is_known_part && !self.is_partial {
            assert_eq!(ran.text(), "", "on failure, standard output is for JSON only");
        }
        ran
    }
}

pub(crate) fn kill(id: u32, signal: Signal) {
    let id = Pid::from_raw(i32::try_from(id).unwrap()).unwrap();
    // It may have ended by itself.
    kill_process(id, signal).ok();
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Ran {
    /// It ended well; gives back what it printed.
    #[track_caller]
    pub(crate) fn ok(&self) -> String {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        self.text()
    }

    /// It failed with this exit code, and its message holds every one of these texts, of which one should be the remedy.
    #[track_caller]
    pub(crate) fn fails(&self, code: i32, texts: &[&str]) -> &Self {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
        assert!(self.stderr.contains("docktag: error: ") || self.stderr.starts_with("error: "), "no error was said:\n{}", self.stderr);
        self.says(texts)
    }

    /// It ended well and said every one of these texts.
    #[track_caller]
    pub(crate) fn says(&self, texts: &[&str]) -> &Self {
        for text in texts {
            assert!(self.stderr.contains(text), "{text:?} was not said:\n{}", self.stderr);
        }
        self
    }

    #[track_caller]
    pub(crate) fn is_silent_on(&self, texts: &[&str]) -> &Self {
        for text in texts {
            assert!(!self.stderr.contains(text) && !self.text().contains(text), "{text:?} was said:\n{}\n{}", self.text(), self.stderr);
        }
        self
    }

    /// Standard output, with what is not UTF-8 replaced.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Standard output as the one JSON object, on one line, that `--json` promises.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let text = self.text();
        assert_eq!(text.matches('\n').count(), 1, "{text}");
        let value: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}:\n{text}\n{}", self.stderr));
        assert!(value.is_object(), "{value}");
        value
    }
}

/// Up to where a process (its folder in `/proc`) has read a file that it has open.
fn position(process: &str, file: &Path) -> Option<u64> {
    let open = fs::read_dir(format!("{process}/fd")).ok()?;
    let it = open.flatten().find(|it| fs::read_link(it.path()).is_ok_and(|it| it == file))?;
    let text = fs::read_to_string(format!("{process}/fdinfo/{}", it.file_name().display())).ok()?;
    text.lines().find_map(|line| line.strip_prefix("pos:"))?.trim().parse().ok()
}
