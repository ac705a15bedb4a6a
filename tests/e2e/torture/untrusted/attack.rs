//! What the attacks share: runs that end, and one figure for all of them.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::engine::Engine;
use crate::project::{Project, Ran};
use crate::torture::hosts::{self, Host};
use crate::torture::{Figure, record};

/// No attack takes longer, not even one with a build.
const LONGEST: Duration = Duration::from_secs(120);

/// A run of one job on one host.
pub(super) struct Run<'a> {
    pub(super) job: &'a str,
    pub(super) options: &'a [(&'a str, &'a str)],
    /// Variables, which are set last.
    pub(super) env: &'a [(&'a str, &'a str)],
    /// User and password.
    pub(super) login: Option<(&'a str, &'a str)>,
    /// The time that the run may take.
    pub(super) limit: Duration,
}

impl<'a> Run<'a> {
    pub(super) fn of(job: &'a str) -> Self {
        Run { job, options: &[], env: &[], login: None, limit: LONGEST }
    }

    /// Runs the job to its end; `None` as exit code if it had to be killed.
    pub(super) fn on(&self, project: &Project, host: Host) -> Ran {
        let mut command = hosts::command(project, host, self.job, self.options, self.login);
        let mut child = command.envs(self.env.iter().copied()).spawn().unwrap();
        let (stdout, stderr) = (drain(child.stdout.take().unwrap()), drain(child.stderr.take().unwrap()));
        let start = Instant::now();
        let code = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status.code();
            }
            if start.elapsed() > self.limit {
                kill_process_group(Pid::from_child(&child), Signal::KILL).ok();
                child.wait().unwrap();
                break None;
            }
            thread::sleep(Duration::from_millis(5));
        };
        let text = |pipe: thread::JoinHandle<Vec<u8>>| String::from_utf8_lossy(&pipe.join().unwrap()).into_owned();
        Ran { code, stdout: text(stdout), stderr: text(stderr) }
    }
}

fn drain(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).ok();
        bytes
    })
}

/// Everything that a run printed: the action prints to standard output what the program prints to standard error.
pub(super) fn said(ran: &Ran) -> String {
    format!("{}{}", ran.stdout, ran.stderr)
}

/// The run ended with this exit code and said this.
#[track_caller]
pub(super) fn ended(ran: &Ran, code: i32, text: &str) {
    assert_eq!(ran.code, Some(code), "{}", said(ran));
    assert!(said(ran).contains(text), "not said: {text}\n{}", said(ran));
}

/// A project with one service and one file; `build` stands under `build:` beside the context.
pub(super) fn project(engine: &Engine, build: &str) -> Project {
    let project = Project::empty(engine);
    compose(&project, &project.image, build);
    put(&project, "Dockerfile", "FROM scratch\nCOPY a /\n");
    put(&project, "a", &project.image);
    project
}

/// Writes the Compose file of [`project`].
pub(super) fn compose(project: &Project, image: &str, build: &str) {
    put(project, "compose.yaml", format!("services:\n  app:\n    image: '{image}'\n    build: {{context: .{build}}}\n"));
}

pub(super) fn put(project: &Project, name: &str, text: impl AsRef<[u8]>) {
    let file = project.folder.join(name);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

/// The image of the only service, with its tag.
#[track_caller]
pub(super) fn image(project: &Project) -> String {
    project.plain(&["tag"]).ok().split_whitespace().last().unwrap().to_owned()
}

/// A file with an event of GitHub, beside the project.
pub(super) fn event(project: &Project, text: &str) -> PathBuf {
    let file = project.around().join("event.json");
    fs::write(&file, text).unwrap();
    file
}

/// Counts attacks that failed, as they should: the first one that works ends its test.
pub(super) fn held(group: &'static str, count: u64) {
    static HELD: Mutex<BTreeMap<&str, u64>> = Mutex::new(BTreeMap::new());
    let mut all = HELD.lock().unwrap();
    *all.entry(group).or_default() += count;
    let groups: Vec<String> = all.iter().map(|(group, count)| format!("{group} {count}")).collect();
    record(&Figure {
        promise: "Untrusted work",
        what: "attacks by a project's files on both hosts that wrote, ran, sent or read what they should not",
        tried: all.values().sum(),
        wrong: 0,
        also: groups.join(", "),
    });
}
