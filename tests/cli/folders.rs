//! Folders and files that cannot be inputs. Each message names the thing and what to do.

use std::fs;

use crate::support::shell::sh;
use crate::support::{Dir, Ran, Run};

fn tag(dir: &Dir, folder: &str) -> Ran {
    Run::new(dir, ["tag", &format!("--path={folder}")]).run()
}

#[test]
fn a_folder_that_is_missing_is_no_tag() {
    tag(&Dir::new(), "docker").fails(2, &["error: docker: no such folder", "help:", "`--path`", "`-C`"]);
    let dir = Dir::with_docker();
    Run::new(&dir, ["tag", "--path", "docker", "--path", "docs"]).run().fails(2, &["docs: no such folder"]);
    dir.link("dangling", "nowhere");
    tag(&dir, "dangling/").fails(2, &["dangling/: no such folder"]);
}

#[test]
fn a_folder_without_files_is_no_tag() {
    let dir = Dir::with_docker();
    dir.folder("empty/deeper").link("empty/link", "deeper").folder("docker/none");
    sh(&dir, "mkfifo empty/fifo", &[]);
    tag(&dir, "empty").fails(2, &["empty: no file in it", "checkout complete"]);
    Run::new(&dir, ["tag", "--path", "docker", "--path", "docker/none"]).run().fails(2, &["docker/none: no file in it"]);
}

#[test]
fn a_file_is_no_folder() {
    tag(&Dir::with_docker(), "docker/Dockerfile").fails(2, &["docker/Dockerfile: is a file, expected a folder", "help:"]);
    let dir = Dir::new();
    sh(&dir, "mkfifo fifo", &[]);
    tag(&dir, "fifo").fails(2, &["fifo: is a file, expected a folder"]);
}

#[test]
fn a_link_is_not_followed_and_the_message_says_how_it_is() {
    let dir = Dir::with_docker();
    dir.link("current", "docker").link("loop", "loop");
    tag(&dir, "current").fails(2, &["current: is a symbolic link", "write `current/`"]);
    assert!(!tag(&dir, "current/").ok().is_empty());
    tag(&dir, "loop").fails(2, &["loop: is a symbolic link"]);
    tag(&dir, "loop/").fails(1, &["loop/: ", "Too many levels of symbolic links"]);
}

#[test]
fn an_absolute_path_would_make_the_tag_depend_on_the_checkout() {
    let dir = Dir::with_docker();
    let absolute = dir.path("docker").display().to_string();
    tag(&dir, &absolute).fails(2, &[&absolute, "absolute path", "`-C`", "`--path`"]);
}

#[test]
fn no_folder_at_all_is_an_error() {
    let dir = Dir::with_docker();
    Run::new(&dir, ["tag"]).run().fails(2, &["no Compose file", "`--path docker`"]);
    tag(&dir, "").fails(2, &["`--path` is empty", "a folder such as `docker`"]);
}

/// Reading must fail for root too, whom no mode stops: without two capabilities root is an owner like others.
#[track_caller]
fn tag_without_privileges(dir: &Dir) -> Ran {
    let args = ["tag", "--path", "docker"];
    match fs::read(dir.path("docker/closed")).is_ok() || fs::read_dir(dir.path("docker/closed")).is_ok() {
        true => {
            let lost = "-dac_override,-dac_read_search";
            Run::through(dir, &["/usr/bin/setpriv", "--inh-caps", lost, "--bounding-set", lost], args).run()
        }
        false => Run::new(dir, args).run(),
    }
}

#[test]
fn a_file_that_cannot_be_read_is_no_tag() {
    let dir = Dir::with_docker();
    dir.file("docker/closed", "").mode("docker/closed", 0);
    tag_without_privileges(&dir).fails(1, &["docker/closed: ", "Permission denied", "help:", "must be readable"]);
}

#[test]
fn a_folder_that_cannot_be_read_is_no_tag() {
    let dir = Dir::with_docker();
    dir.file("docker/closed/file", "").mode("docker/closed", 0);
    tag_without_privileges(&dir).fails(1, &["docker/closed: ", "Permission denied", "help:", "must be readable"]);
    // So that the tree can be removed.
    dir.mode("docker/closed", 0o700);
}

#[test]
fn a_name_in_a_message_cannot_write_to_the_terminal() {
    let ran = tag(&Dir::new(), "a\u{1b}[31m\nb");
    ran.fails(2, &["a\\u{1b}[31m\\nb: no such folder"]).is_silent_on(&["\u{1b}"]);
}
