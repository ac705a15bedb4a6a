//! Ctrl-C and its like: what was started ends, temporary files go, exit code 130.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::run::kill;
use crate::support::{Dir, Project, Ran, Reply, Run};

const BUILDING: &str = r#"*" build app""#;
/// A program that waits for another one, as `docker compose` waits for its plugins.
const WITH_CHILD: &str = r#"sh -c 'echo "started $PPID $$"; exec sleep 60'"#;

/// Whether a process has ended, or does so in the moment that a signal takes; who only waits to be noticed has ended.
fn ends(id: &str) -> bool {
    let start = Instant::now();
    loop {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        if stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with(['Z', 'X'])) {
            return true;
        }
        if start.elapsed() > Duration::from_secs(3) {
            return false;
        }
        thread::yield_now();
    }
}

/// Interrupts a run whose build has started; the build's processes (it says `started ID ID`) must be gone then.
#[track_caller]
fn interrupt(build: &str, args: &[&str], signal: Signal) -> Ran {
    let project = Project::new();
    project.docker(&[(BUILDING, build)]);
    let mut run = project.job("build", [&["--username", "ci"], args].concat()).env("DOCKER_PASSWORD", "secret").spawn();
    let ids = run.until_said("started ");
    assert_eq!(fs::read_dir(project.dir.beside("tmp")).unwrap().count(), 1, "the run has its folder, with the password");
    run.signal(signal);
    let code = run.code();
    let left: Vec<&str> = ids.split(' ').filter(|id| !ends(id)).collect();
    left.iter().for_each(|id| kill(id.parse().unwrap(), Signal::KILL));
    let ran = run.wait();
    assert_eq!(code, Some(130), "{}", ran.stderr);
    assert_eq!(left, [""; 0], "of {ids}, these still ran:\n{}", ran.stderr);
    ran.says(&["interrupted"]);
    assert!(project.lines().iter().all(|line| !line.contains("push")), "{:#?}", project.lines());
    ran
}

#[test]
fn an_interrupt_ends_the_build_and_what_it_started() {
    interrupt(WITH_CHILD, &[], Signal::INT);
}

#[test]
fn a_job_that_is_cancelled_ends_the_same_way() {
    interrupt(WITH_CHILD, &[], Signal::TERM);
    interrupt(WITH_CHILD, &["--no-push"], Signal::HUP);
}

#[test]
fn a_grandchild_that_hears_no_interrupt_is_ended_too() {
    // As the background programs of a shell do.
    interrupt(r#"sh -c 'trap "" INT; echo "started $PPID $$"; exec sleep 60' & wait"#, &[], Signal::INT);
}

#[test]
fn a_build_that_hears_no_interrupt_is_ended_after_a_while() {
    interrupt(r#"trap '' INT; sh -c 'echo "started $PPID $$"; exec sleep 60'"#, &[], Signal::INT);
}

#[test]
fn a_build_that_ends_well_when_interrupted_is_not_taken_as_built() {
    interrupt(r#"trap 'exit 0' INT; echo "started $$"; while :; do sleep 0.1; done"#, &["--json"], Signal::INT);
}

#[test]
fn an_interrupt_ends_hashing() {
    let dir = Dir::with_docker();
    dir.sparse("docker/a", 100 << 30);
    let mut run = Run::new(&dir, ["tag", "--path", "docker"]).spawn();
    run.until_open(&dir.path("docker/a")).signal(Signal::INT);
    assert_eq!(run.wait().code, Some(130));
}

#[test]
fn an_interrupt_ends_waiting_for_a_registry() {
    let project = Project::with(|_, _| Some(Reply::Silence));
    let mut run = project.job("build", [""; 0]).spawn();
    while project.registry.requests().is_empty() {
        assert!(run.runs(), "it ended before it asked");
        thread::yield_now();
    }
    run.signal(Signal::INT);
    assert_eq!(run.wait().code, Some(130));
    project.only_read();
}
