//! `env`: the recipe's variables, printed for a shell or kept for later steps.

use std::fs;

use crate::support::registry::digest;
use crate::support::shell::sh;
use crate::support::{Dir, Project, Ran, Run};

const JOB: [&str; 5] = ["env", "--path", "docker", "--image", "example/app"];

fn env(dir: &Dir, args: &[&str]) -> Run {
    Run::new(dir, [&JOB, args].concat())
}

#[test]
fn a_shell_can_evaluate_it() {
    let dir = Dir::with_docker();
    let tag = Run::new(&dir, ["tag", "--path", "docker"]).run().ok().trim().to_owned();
    let script =
        "eval \"$(\"$1\" env --path docker --image example/app $2)\"; sh -c 'echo \"$DOCKER_IMAGE $DOCKER_IMAGE_MD5 $DOCKER_IMAGE_CI\"'";
    let said = |more: &str| String::from_utf8(sh(&dir, script, &[crate::support::run::PROGRAM, more])).unwrap();
    assert_eq!(said(""), format!("example/app:{tag} {tag} example/app:ci\n"));
    assert_eq!(said("--moving-tag=main"), format!("example/app:{tag} {tag} example/app:main\n"));
    assert_eq!(said("--moving-tag="), format!("example/app:{tag} {tag} \n"));
}

#[test]
fn on_github_the_lines_are_those_of_its_file() {
    let dir = Dir::with_docker();
    dir.file("github", "KEPT=1\n").file("bash", "");
    let ran = env(&dir, &["--ci"]).env("GITHUB_ENV", dir.path("github")).env("BASH_ENV", dir.path("bash")).run();
    assert_eq!(ran.ok(), "", "what is kept for later steps is not printed too");
    ran.says(&["DOCKER_IMAGE, DOCKER_IMAGE_MD5, DOCKER_IMAGE_CI appended"]);
    let tag = Run::new(&dir, ["tag", "--path", "docker"]).run().ok().trim().to_owned();
    let expected = format!("KEPT=1\nDOCKER_IMAGE=example/app:{tag}\nDOCKER_IMAGE_MD5={tag}\nDOCKER_IMAGE_CI=example/app:ci\n");
    assert_eq!(String::from_utf8(dir.read("github")).unwrap(), expected);
    assert_eq!(dir.read("bash"), b"");
}

#[test]
fn elsewhere_the_lines_are_for_the_shell_that_reads_bash_env() {
    let dir = Dir::with_docker();
    dir.file("bash env", "export KEPT=1\n");
    env(&dir, &["--ci"]).env("BASH_ENV", dir.path("bash env")).env("GITHUB_ENV", "").run().ok();
    let said = sh(&dir, ". './bash env'; echo \"$KEPT $DOCKER_IMAGE_CI\"; grep -c ^export 'bash env'", &[]);
    assert_eq!(String::from_utf8(said).unwrap(), "1 example/app:ci\n4\n");
}

#[test]
fn no_file_for_later_steps_is_an_error() {
    let dir = Dir::with_docker();
    env(&dir, &["--ci"]).run().fails(2, &["`--ci`", "GITHUB_ENV nor BASH_ENV", "help:", "eval"]);
}

#[test]
fn a_file_for_later_steps_that_cannot_be_written_is_an_error() {
    let dir = Dir::with_docker();
    let ran = env(&dir, &["--ci"]).env("BASH_ENV", dir.path("nowhere/env")).run();
    // Nothing disappeared: the folder was never there. It is not made either, since no later step would look there.
    ran.fails(1, &["nowhere/env", "No such file or directory", "help:"]).is_silent_on(&["disappeared", "another process"]);
    env(&dir, &["--ci"]).env("GITHUB_ENV", dir.path("docker")).run().fails(1, &["Is a directory", "help:"]);
}

#[test]
fn a_failure_leaves_the_file_as_it_was() {
    let dir = Dir::new();
    dir.file("bash", "export KEPT=1\n");
    env(&dir, &["--ci"]).env("BASH_ENV", dir.path("bash")).run().fails(2, &["docker: no such folder"]);
    assert_eq!(dir.read("bash"), b"export KEPT=1\n");
}

#[test]
fn a_dry_run_writes_nothing_and_says_where_it_would() {
    let dir = Dir::with_docker();
    let ran = env(&dir, &["--ci", "--dry-run"]).env("BASH_ENV", dir.path("bash")).run();
    assert!(ran.ok().contains(&format!("append to {}", dir.path("bash").display())), "{}", ran.text());
    assert!(fs::metadata(dir.path("bash")).is_err());
}

/// `env` of a Compose project; its file for later steps stays, in a folder of its own.
fn of_compose(dir: &Dir) -> Ran {
    let later = dir.beside("later");
    fs::create_dir_all(&later).unwrap();
    Run::new(dir, ["env"]).env("TMPDIR", later).run()
}

/// The Compose file that later steps use with the variables of `env`.
fn override_of(ran: &Ran) -> String {
    let text = ran.ok();
    let line = text.lines().find(|line| line.starts_with("export COMPOSE_FILE=")).unwrap();
    let file = line.trim_end_matches('\'').rsplit(':').next().unwrap();
    fs::read_to_string(file).unwrap()
}

#[test]
fn env_names_what_the_registry_has_by_digest() {
    let project = Project::new();
    let compose = format!("services: {{app: {{image: '{}', build: docker}}}}\n", project.image);
    project.dir.file("docker-compose.yml", compose);
    let env = || of_compose(&project.dir);
    assert!(!override_of(&env()).contains('@'), "nothing is there yet");
    let image = Run::new(&project.dir, ["tag"]).run().ok().trim().rsplit('\t').next().unwrap().to_owned();
    let name = image.split_once('/').unwrap().1;
    project.registry.put(name, "the image");
    let expected = format!("{image}@{}", digest(b"the image"));
    let text = override_of(&env());
    assert!(text.contains(&expected) && text.contains("if_not_present"), "{expected}: {text}");
    assert!(project.registry.lines().iter().all(|line| line.starts_with("HEAD ") || line.starts_with("GET ")));
}

#[test]
fn env_goes_on_without_the_registry() {
    let dir = Dir::new();
    dir.file("compose.yaml", "services: {app: {image: '127.0.0.1:1/a/b', build: .}}\n").file("Dockerfile", "FROM scratch\n");
    let ran = of_compose(&dir);
    ran.says(&["warning: ", "no connection", "later steps use the tag"]).is_silent_on(&["asking again"]);
    assert!(override_of(&ran).contains("127.0.0.1:1/a/b:"));
}

#[test]
fn env_separates_files_by_what_is_in_none_of_their_names() {
    let dir = Dir::new();
    dir.file("co:lon/compose.yaml", "services: {app: {image: 'a/b', build: .}}\n").file("co:lon/Dockerfile", "FROM scratch\n");
    let later = dir.beside("later");
    fs::create_dir_all(&later).unwrap();
    let ran = Run::new(&dir, ["env", "-C", "co:lon"]).env("TMPDIR", later).run();
    let text = ran.ok();
    for part in ["/co:lon/compose.yaml;/", "export COMPOSE_PATH_SEPARATOR=';'"] {
        assert!(text.contains(part), "{text}");
    }
}
