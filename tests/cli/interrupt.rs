//! Ctrl-C and its like: what was started ends, temporary files go, exit code 130.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::dir::names_in;
use crate::support::run::kill;
use crate::support::{Dir, Project, Ran, Reply, Run};

const BUILDING: &str = r#"*" build app""#;
/// A program that waits for another one, as `docker compose` waits for its plugins.
const WITH_CHILD: &str = r#"sh -c 'echo "started $PPID $$"; exec sleep 60'"#;

/// Whether a process ends, which a signal takes a moment for on a busy machine; who only waits to be noticed has ended.
fn ends(id: &str) -> bool {
    let start = Instant::now();
    loop {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        if stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with(['Z', 'X'])) {
            return true;
        }
        if start.elapsed() > Duration::from_secs(60) {
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
    run.until_read(&dir.path("docker/a")).signal(Signal::INT);
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

#[test]
fn the_next_run_ends_and_removes_what_a_killed_one_left_and_nothing_else() {
    let project = Project::new();
    project.docker(&[(BUILDING, r#"echo "started $$"; exec sleep 60"#)]);
    let start = || {
        let mut run = project.job("build", ["--username", "ci"]).env("DOCKER_PASSWORD", "secret").spawn();
        let child = run.until_said("started ");
        (run, child)
    };
    let temporary = project.dir.beside("tmp");
    let (mut other, _) = start();
    let of_other = names_in(&temporary);
    let (mut killed, child) = start();
    killed.signal(Signal::KILL);
    killed.code();
    let left = names_in(&temporary).into_iter().find(|name| !of_other.contains(name)).unwrap();
    assert!(fs::exists(temporary.join(&left).join("docker/config.json")).unwrap(), "there is something to be removed");
    // One that is not ours, one that is just being made, and one where no socket could be made.
    let others = ["docktag-x/alive", "docktag-run-new/x", "docktag-run-long/alive"].map(|name| temporary.join(name));
    for file in &others {
        fs::create_dir(file.parent().unwrap()).unwrap();
        fs::write(file, "").unwrap();
    }
    let (next, _) = start();
    let now = names_in(&temporary);
    assert!(!now.contains(&left) && now.contains(&of_other[0]) && now.len() == 5, "{left} was left; {now:?}");
    assert!(ends(&child), "what the killed run had started still runs");
    assert!(others.iter().all(|file| file.exists()));
    others.iter().for_each(|file| fs::remove_dir_all(file.parent().unwrap()).unwrap());
    other.signal(Signal::INT);
    assert_eq!(other.code(), Some(130));
    next.signal(Signal::INT);
    assert_eq!(next.wait().code, Some(130));
}
