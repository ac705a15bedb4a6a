//! Files of a project that are none: a pipe without a writer, a device without an end, a file of `/proc` that has no size.

use std::fs;
use std::time::{Duration, Instant};

use crate::support::git::{commit, path};
use crate::support::shell::sh;
use crate::support::{Dir, Ran, Run};

/// How long a run may take at most; it has nothing to wait for.
const SOON: Duration = Duration::from_secs(20);
/// Ways to be no regular file, and what is said of each.
const KINDS: [(&str, &str); 3] = [
    ("mkfifo \"$1\"", "is a pipe or a device, expected a regular file"),
    ("ln -s /dev/zero \"$1\"", "is a pipe or a device, expected a regular file"),
    ("ln -s /proc/self/environ \"$1\"", "does not have the 0 bytes that the system says it has"),
];

/// A project with every kind of file that docktag reads.
fn project() -> Dir {
    let dir = Dir::new();
    dir.file("compose.yaml", "services: {app: {image: example/app, build: .}}\n").file(".env", "A=1\n");
    dir.file("Dockerfile", "FROM scratch\nCOPY . /\n").file(".dockerignore", "*.md5\n").file("docker/Dockerfile", "FROM scratch\n");
    dir
}

/// Runs docktag in a project, one file of which is replaced with each kind.
#[track_caller]
fn ends_soon(name: &str, args: &[&str], check: impl Fn(&Ran, &str)) {
    for (make, said) in KINDS {
        let dir = project();
        drop(fs::remove_file(dir.path(name)));
        sh(&dir, make, &[name]);
        let begin = Instant::now();
        let ran = Run::new(&dir, args).env("SECRET", "s3cret").env("PATH", path(&dir)).run();
        assert!(begin.elapsed() < SOON, "{make}: {:?}", begin.elapsed());
        ran.is_silent_on(&["s3cret"]);
        check(&ran, said);
    }
}

#[test]
fn files_of_a_compose_project_are_regular_files() {
    for name in ["Dockerfile", ".dockerignore", "compose.yaml", ".env"] {
        for args in [&["tag"][..], &["manifest"], &["inputs"], &["explain", "Dockerfile"], &["why"], &["build"]] {
            ends_soon(name, args, |ran, said| {
                ran.fails(1, &[&format!("{name}: cannot be read: {said}"), "help:"]);
            });
        }
    }
}

#[test]
fn a_manifest_to_compare_with_is_a_regular_file() {
    ends_soon("old.md5", &["why", "--against", "old.md5"], |ran, said| {
        ran.fails(1, &[&format!("old.md5: cannot be read: {said}"), "help:"]);
    });
}

#[test]
fn a_folder_that_has_the_name_of_a_branch_is_no_manifest() {
    let dir = project();
    commit(&dir, "first");
    dir.folder("main");
    let run = |against: &str| Run::new(&dir, ["why", "--against", against]).env("PATH", path(&dir)).run();
    let said = run("main").ok();
    assert!(said.contains("since main (") && said.contains("commit "), "{said}");
    run("docker").fails(1, &["docker: cannot be read: is a directory", "help:"]);
}

#[test]
fn a_manifest_to_reuse_is_a_regular_file() {
    for job in ["tag", "manifest", "build"] {
        let args = [job, "--path", "docker", "--image", "example/app", "--reuse", "old.md5"];
        let args = if job == "manifest" { [&args[..3], &args[5..]].concat() } else { args.to_vec() };
        ends_soon("old.md5", &args, |ran, said| {
            ran.fails(1, &[&format!("old.md5: cannot be read: {said}"), "help:"]);
        });
    }
}

#[test]
fn files_of_variables_and_other_compose_files_are_regular_files() {
    for (name, args) in [("more.env", ["tag", "--env-file", "more.env"]), ("other.yaml", ["tag", "--file", "other.yaml"])] {
        ends_soon(name, &args, |ran, said| {
            ran.fails(1, &[&format!("{name}: cannot be read: {said}"), "help:"]);
        });
    }
}

#[test]
fn a_file_that_is_too_large_is_not_read() {
    for (name, args) in [("compose.yaml", &["tag"][..]), ("Dockerfile", &["tag"]), ("old.md5", &["why", "--against", "old.md5"])] {
        let dir = project();
        dir.sparse(name, 1 << 40);
        let ran = Run::new(&dir, args).env("PATH", path(&dir)).run();
        ran.fails(1, &[&format!("{name}: cannot be read: has 1099511627776 bytes, expected "), "help:"]);
    }
}
