//! A run may end at any moment: what is in the registry is right all the same, and the next run finds nothing in its way.
//!
//! Whole builds of both hosts are measured; then each is ended at a random moment, by `kill -9` or by Ctrl-C, as often as wanted.

use std::fs;
use std::path::Path;
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use libtest_mimic::Failed;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::Test;
use crate::engine::{Engine, Needs};
use crate::login;
use crate::project::{Project, Ran, ended};
use crate::random::Random;
use crate::registry;
use crate::torture::hosts::{self, HOSTS, Host};
use crate::torture::{self, Figure, Rounds};

const ROUNDS: Rounds = Rounds { short: 4, minutes: 40, hours: 300 };
/// What `docker` started may need a while to notice.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn tests() -> Vec<Test> {
    vec![("torture_a_run_that_is_killed_leaves_nothing_that_is_wrong", Needs::Any, killed)]
}

fn killed(engine: &Engine) -> Result<(), Failed> {
    let rounds = ROUNDS.number();
    let mut random = Random::new(torture::seed());
    let mut trial = Trial::new(engine);
    // The first has more to push.
    trial.whole(Host::Native);
    let lengths = HOSTS.map(|host| trial.whole(host));
    let (mut by_kill, mut untouched) = (0, 0);
    for round in 0..rounds {
        let index = random.below(2) as usize;
        let signal = *random.pick(&[Signal::KILL, Signal::INT]);
        // A little more than its length, so that its end is in it.
        let moment = Duration::from_millis(random.below(lengths[index] * 11 / 10));
        let next = *random.pick(&HOSTS);
        let what =
            format!("seed {}, round {round}: {:?} by {signal:?} after {moment:?} of {} ms", torture::seed(), HOSTS[index], lengths[index]);
        untouched += u64::from(trial.round(HOSTS[index], signal, moment, next).map_err(|wrong| format!("{what}: {wrong}"))?);
        by_kill += u64::from(signal == Signal::KILL);
    }
    trial.all_states().map_err(|wrong| format!("in the end: {wrong}"))?;
    torture::record(&Figure {
        promise: "Killed",
        what: "runs ended at a random moment, after which the registry had a wrong image, the next run failed, or something was left after it",
        tried: rounds,
        wrong: 0,
        also: format!(
            "{by_kill} by `kill -9`, the others by Ctrl-C; {untouched} had just ended; program and action, whose whole runs took {} ms and {} ms",
            lengths[0], lengths[1]
        ),
    });
    Ok(())
}

/// A project with two images in a registry with a password, whose files say which state it is in.
struct Trial {
    project: Project,
    user: String,
    password: String,
    state: u64,
    /// The images of every state so far.
    images: Vec<(u64, Vec<String>)>,
}

impl Trial {
    fn new(engine: &Engine) -> Self {
        let project = login::project(engine);
        fs::remove_dir_all(&project.folder).unwrap();
        fs::create_dir(&project.folder).unwrap();
        fs::copy(engine.get("ENGINE_BUSYBOX"), project.folder.join("busybox")).unwrap();
        let put = |name: &str, text: &str| fs::write(project.folder.join(name), text).unwrap();
        torture::compose_file(&project);
        // Both copies are of one state, whenever the build looks.
        put("Dockerfile", "FROM scratch\nCOPY busybox /bin/\nCOPY first /\nRUN [\"/bin/busybox\", \"sleep\", \"0.1\"]\nCOPY second /\n");
        put("web.Dockerfile", "FROM scratch\nCOPY first second /\n");
        let (_, password) = (engine.get("ENGINE_REGISTRY_USER"), engine.get("ENGINE_REGISTRY_PASS").to_owned());
        let mut trial = Trial { project, user: login::user(engine), password, state: 0, images: Vec::new() };
        trial.advance();
        trial
    }

    /// Makes a state that has never been.
    fn advance(&mut self) {
        self.state += 1;
        for name in ["first", "second"] {
            fs::write(self.project.folder.join(name), self.state.to_string()).unwrap();
        }
        let tags = self.project.plain(&["tag"]);
        self.images.push((self.state, tags.ok().lines().map(|line| line.split_once('\t').unwrap().1.to_owned()).collect()));
    }

    fn start(&self, host: Host) -> Child {
        let login = Some((self.user.split_once(':').unwrap().0, self.password.as_str()));
        hosts::command(&self.project, host, "build", &[("verbose", "true")][..usize::from(host == Host::Action)], login).spawn().unwrap()
    }

    fn run(&self, host: Host) -> Ran {
        ended(self.start(host).wait_with_output().unwrap())
    }

    /// The milliseconds of a whole run.
    fn whole(&mut self, host: Host) -> u64 {
        self.advance();
        let start = Instant::now();
        self.run(host).ok();
        start.elapsed().as_millis() as u64
    }

    /// Whether the run had ended before.
    fn round(&mut self, host: Host, signal: Signal, moment: Duration, next: Host) -> Result<bool, String> {
        self.advance();
        let mut child = self.start(host);
        let drain = drain(&mut child);
        thread::sleep(moment);
        let id = Pid::from_child(&child);
        let had_ended = child.try_wait().unwrap().is_some();
        // Ctrl-C goes to the group in front of the terminal.
        let send = if signal == Signal::INT { kill_process_group } else { kill_process };
        // It may have ended by itself.
        send(id, signal).ok();
        let code = child.wait().unwrap().code();
        if signal == Signal::INT {
            let said = drain.join().unwrap();
            // Who has only just begun has nothing to clean up, and ends as any program does.
            if !matches!(code, Some(130 | 0) | None) {
                return Err(format!("exit code {code:?}\n{said}"));
            }
            self.nothing_left(Duration::ZERO).map_err(|left| format!("exit code {code:?}: {left}\n{said}"))?;
        }
        self.is_right(false)?;
        let ran = self.run(next);
        if ran.code != Some(0) {
            return Err(format!("the next run ({next:?}) failed:\n{}\n{}", ran.stdout, ran.stderr));
        }
        self.is_right(true)?;
        self.nothing_left(PATIENCE).map_err(|left| format!("after the next run ({next:?}): {left}"))?;
        Ok(had_ended)
    }

    /// What the registry has under the tags of this state was built from it; the moving tags are of a whole state.
    fn is_right(&self, all: bool) -> Result<(), String> {
        let (state, images) = self.images.last().unwrap();
        for image in images {
            self.is_of(image, *state, all)?;
            let moving = match image.rsplit_once(':').unwrap().1.split_once('-') {
                Some((prefix, _)) => format!("{}:{prefix}-ci", self.project.image),
                None => format!("{}:ci", self.project.image),
            };
            let found = ["first", "second"].map(|name| registry::file(&moving, Some(&self.user), name));
            if found[0] != found[1] || all && found[0] != Some(state.to_string()) {
                return Err(format!("{moving} is of {found:?}, not of {state}"));
            }
        }
        Ok(())
    }

    fn is_of(&self, image: &str, state: u64, must: bool) -> Result<(), String> {
        let found = ["first", "second"].map(|name| registry::file(image, Some(&self.user), name));
        let wanted = Some(state.to_string());
        match &found {
            [None, None] if !must => Ok(()),
            [first, second] if *first == wanted && *second == wanted => Ok(()),
            _ => Err(format!("{image} is of {found:?}, not of {state}")),
        }
    }

    /// Also what a child that was left alone may have pushed later.
    fn all_states(&self) -> Result<(), String> {
        self.images
            .iter()
            .flat_map(|(state, images)| images.iter().map(|image| (*state, image)))
            .try_for_each(|(state, image)| self.is_of(image, state, false))
    }

    /// No folder of a run, no file with the login, no process.
    fn nothing_left(&self, patience: Duration) -> Result<(), String> {
        let folders: Vec<String> = self.project.left_over().into_iter().filter(|name| name.starts_with("docktag-run-")).collect();
        if !folders.is_empty() {
            let tree = self.project.shell("find $TMPDIR/docktag-run-*");
            return Err(format!("left: {}", tree.stdout));
        }
        let encoded = base64::engine::general_purpose::STANDARD.encode(&self.user);
        if let Some(file) = with_text(self.project.around(), &[&self.password, &encoded]) {
            return Err(format!("{file} has the login"));
        }
        let start = Instant::now();
        loop {
            let processes = processes(&self.project.env["TMPDIR"]);
            if processes.is_empty() {
                return Ok(());
            }
            if start.elapsed() > patience {
                return Err(format!("these still run: {processes:?}"));
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Takes what a run prints, so that it never waits; who was killed may have children that still hold the pipes.
fn drain(child: &mut Child) -> thread::JoinHandle<String> {
    use std::io::Read as _;
    let (mut stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    thread::spawn(move || {
        let other = thread::spawn(move || {
            let mut text = Vec::new();
            stdout.read_to_end(&mut text).ok();
            text
        });
        let mut text = Vec::new();
        stderr.read_to_end(&mut text).ok();
        text.extend(other.join().unwrap());
        String::from_utf8_lossy(&text).into_owned()
    })
}

/// A file below this folder that has one of these texts.
fn with_text(folder: &Path, texts: &[&str]) -> Option<String> {
    for entry in fs::read_dir(folder).ok()?.flatten() {
        let path = entry.path();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            if let Some(found) = with_text(&path, texts) {
                return Some(found);
            }
        } else if kind.is_file() {
            let content = fs::read(&path).unwrap_or_default();
            if texts.iter().any(|text| content.windows(text.len()).any(|part| part == text.as_bytes())) {
                return Some(path.display().to_string());
            }
        }
    }
    None
}

/// The processes that were started with this folder for temporary files.
fn processes(temporary: &str) -> Vec<String> {
    let variable = format!("TMPDIR={temporary}");
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
        if environment.split(|byte| *byte == 0).any(|it| it == variable.as_bytes()) {
            let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            found.push(format!("{} {}", entry.file_name().display(), String::from_utf8_lossy(&line).replace('\0', " ")));
        }
    }
    found
}
