//! `--path` as a user may spell it: the manifest shows what `find` would.

use crate::support::shell::recipe;
use crate::support::{Dir, Run};

/// `docktag manifest --path A --path B` is `find A B`.
#[track_caller]
fn check(dir: &Dir, folders: &[&str]) {
    let args = ["manifest"].into_iter().chain(folders.iter().flat_map(|folder| ["--path", folder]));
    let ran = Run::new(dir, args).run();
    assert_eq!(ran.ok(), String::from_utf8(recipe(dir, "md5sum", folders)).unwrap());
}

fn project() -> Dir {
    let dir = Dir::with_docker();
    dir.file("docker/dev/php.ini", "a").file("docker/dev/x/y", "b").file("docs/a", "c");
    dir
}

#[test]
fn a_folder_keeps_its_spelling() {
    let dir = project();
    for folder in ["docker", "docker/", "docker//", "./docker", ".", "./", "docker/.", "docker/dev/..", "../project/docker", "docker/./dev"]
    {
        check(&dir, &[folder]);
    }
}

#[test]
fn several_folders_are_one_list() {
    let dir = project();
    check(&dir, &["docker", "docs"]);
    check(&dir, &["docs", "docker"]);
}

#[test]
fn what_is_named_twice_is_listed_twice() {
    let dir = project();
    check(&dir, &["docker", "docker/dev"]);
    check(&dir, &["docker/dev/x", "docker/dev", "docker"]);
    check(&dir, &["docker", "docker"]);
    check(&dir, &["docker", "./docker", "docker/"]);
}

#[test]
fn a_folder_that_is_a_link_is_followed_with_a_slash() {
    let dir = project();
    dir.link("current", "docker");
    check(&dir, &["current/"]);
}

#[test]
fn a_folder_can_have_any_name() {
    let dir = Dir::new();
    for name in ["a b", "#x", "*", "a\\b", "a\nb", " "] {
        dir.file(format!("{name}/f"), name);
        check(&dir, &[name]);
    }
    dir.file("-x/f", "");
    assert!(Run::new(&dir, ["manifest", "--path=-x"]).run().ok().ends_with("  -x/f\n"));
}

#[test]
fn a_git_folder_as_input_is_warned_of() {
    let dir = project();
    dir.file(".git/HEAD", "ref");
    let ran = Run::new(&dir, ["tag", "--path", "."]).run();
    ran.ok();
    ran.says(&["warning: `--path` holds a `.git` folder", "name the folders of the image instead"]);
}
