//! Inputs that change or disappear while they are hashed.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::thread;
use std::time::Duration;

use crate::support::run::Running;
use crate::support::{Dir, Run};

/// Large enough that hashing it takes longer than what a test does meanwhile.
const SIZE: u64 = 512 << 20;

/// A run in the midst of a large file.
#[track_caller]
fn hashing(dir: &Dir) -> Running {
    dir.sparse("docker/a", SIZE);
    // On one core and without lanes, so that one file is hashed after the other.
    let run = Run::through(dir, &["/usr/bin/taskset", "-c", &first_core()], ["tag", "--path", "docker"]);
    let mut run = run.env("DOCKTAG_LANES", "scalar").spawn();
    run.until_read(&dir.path("docker/a"));
    run
}

/// A core that this process may use.
fn first_core() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap();
    list.trim().split([',', '-']).next().unwrap().to_owned()
}

#[test]
fn a_file_that_grows_while_it_is_read_is_no_tag() {
    let dir = Dir::with_docker();
    let run = hashing(&dir);
    OpenOptions::new().append(true).open(dir.path("docker/a")).unwrap().write_all(b"more").unwrap();
    run.wait().fails(1, &["docker/a: changed while it was read", "help:", "run again"]);
}

#[test]
fn a_file_that_does_not_stop_growing_ends_the_run() {
    let dir = Dir::with_docker();
    let mut run = hashing(&dir);
    let file = OpenOptions::new().write(true).open(dir.path("docker/a")).unwrap();
    let mut size = SIZE;
    // Always one file ahead of a reader that wants to see the end.
    while run.runs() {
        size += SIZE;
        file.set_len(size).unwrap();
        thread::sleep(Duration::from_millis(1));
        assert!(size < 1 << 50, "it reads on and on");
    }
    run.wait().fails(1, &["docker/a: changed while it was read", "help:", "run again"]);
}

#[test]
fn a_file_that_is_rewritten_in_place_while_it_is_read_is_no_tag() {
    let dir = Dir::with_docker();
    let run = hashing(&dir);
    // Same size: only its time tells.
    OpenOptions::new().write(true).open(dir.path("docker/a")).unwrap().write_all(b"other").unwrap();
    run.wait().fails(1, &["docker/a: changed while it was read", "help:"]);
}

#[test]
fn a_file_that_is_cut_while_it_is_read_is_no_tag() {
    let dir = Dir::with_docker();
    let run = hashing(&dir);
    OpenOptions::new().write(true).open(dir.path("docker/a")).unwrap().set_len(1).unwrap();
    run.wait().fails(1, &["docker/a: changed while it was read", "help:"]);
}

#[test]
fn a_file_that_disappears_before_it_is_read_is_no_tag() {
    let dir = Dir::with_docker();
    dir.file("docker/b", "soon gone");
    let run = hashing(&dir);
    fs::remove_file(dir.path("docker/b")).unwrap();
    run.wait().fails(1, &["docker/b: disappeared while it was used", "help:", "run again"]);
}
