//! Which Compose is found, and what it says of the project.

use docktag::error::{Code, Error};
use docktag::need::{Exited, FailureKind};
use docktag::options::{Job, Options};

use crate::host::{Host, TAG, hit, options};

fn out(code: i32, stdout: &str, stderr: &str) -> Result<Exited, FailureKind> {
    Ok(Exited { code: Some(code), stdout: stdout.into(), stderr: stderr.into(), milliseconds: 0 })
}

/// A machine that only has `docker-compose`, of a version.
fn standalone(version: &'static str, yaml: &'static str) -> Host {
    let mut host = Host::new();
    host.reply("HEAD", [hit()]);
    host.program("docker compose", |_, _| out(1, "", "docker: unknown command: docker compose"));
    host.program("docker-compose", move |command, _| match command.argv.iter().any(|word| word == "version") {
        true => out(0, version, ""),
        false => out(0, &yaml.replace("TAG", TAG), ""),
    });
    host
}

#[track_caller]
fn refused(host: &mut Host, options: Options, code: Code) -> Error {
    let error = host.run(options).unwrap_err();
    assert_eq!(error.code, code, "{error}");
    assert!(error.help.is_some(), "{error}");
    error
}

#[test]
fn docker_compose_needs_one_question() {
    let mut host = Host::new();
    host.reply("HEAD", [hit()]);
    host.run(options(Job::Build)).unwrap();
    assert_eq!(host.ran("config"), ["docker compose config --format json"]);
    assert!(host.ran("version").is_empty());
}

#[test]
fn the_old_program_is_found_and_its_yaml_is_read() {
    let mut host =
        standalone("1.29.2\n", "services:\n  app:\n    build:\n      context: /p\n    image: reg.example/a/b:TAG\nversion: '3.2'\n");
    assert_eq!(host.run(options(Job::Build)).unwrap().hit, Some(true));
    assert_eq!(host.ran("config").last().unwrap(), "docker-compose config");
}

#[test]
fn neither_compose_is_an_error_with_the_remedy() {
    let mut host = Host::new();
    host.program("docker compose", |_, _| Err(FailureKind::NotFound));
    let error = refused(&mut host, options(Job::Build), Code::NoCompose);
    assert!(error.to_string().contains("install Docker's Compose plugin"), "{error}");
}

#[test]
fn a_compose_that_is_told_is_the_one_that_is_used() {
    let mut host = standalone("v5.6.0", "services: {app: {image: 'reg.example/a/b:TAG', build: {context: .}}}");
    let told = |program: &str| Options { compose: Some(program.split(' ').map(str::to_owned).collect()), ..options(Job::Build) };
    assert_eq!(host.run(told("docker-compose")).unwrap().hit, Some(true));
    assert!(host.ran("docker").is_empty());
    assert_eq!(refused(&mut host, told("nope"), Code::NoCompose).place.as_deref(), Some("nope"));
    assert_eq!(refused(&mut host, told("docker compose"), Code::NoCompose).place.as_deref(), Some("docker compose"));
    let mut odd = standalone("Usage: docker-compose", "");
    refused(&mut odd, told("docker-compose"), Code::NoCompose);
}

#[test]
fn files_that_are_missing_or_refused_are_told_apart() {
    let mut host = Host::new();
    let error = refused(&mut host, Options { files: vec!["nope.yml".to_owned()], ..options(Job::Build) }, Code::ComposeFileMissing);
    assert_eq!(error.place.as_deref(), Some("nope.yml"));

    let broken = |command: &docktag::need::Command| match command.argv.iter().any(|word| word == "version") {
        true => out(0, "2.40.3", ""),
        false => out(15, "", "services.app Additional property foo is not allowed\n"),
    };
    let mut host = Host::new();
    host.program("docker compose", move |command, _| broken(command));
    let error = refused(&mut host, options(Job::Build), Code::ComposeFileInvalid);
    assert!(error.message.contains("Additional property foo"), "{error}");

    host.files.remove("docker-compose.yml");
    let error = refused(&mut host, options(Job::Build), Code::ComposeFileMissing);
    assert!(
        error.message.contains("expected compose.yaml, compose.yml, docker-compose.yml, docker-compose.yaml in the project folder"),
        "{error}"
    );
}

#[test]
fn files_are_found_above_the_project_folder_too() {
    let mut host = Host::new();
    host.files.remove("docker-compose.yml");
    host.files.insert("../../compose.yaml".to_owned(), Vec::new());
    let mut deep = options(Job::Build);
    deep.host.depth = 3;
    deep.dry_run = true;
    let report = host.run(deep).unwrap();
    assert!(report.planned[0].action.starts_with("docker compose -f ../../compose.yaml -f /scratch/"), "{:?}", report.planned);
}

#[test]
fn a_project_without_a_target_is_refused() {
    let mut host = Host::new();
    host.model(r#"{"services":{"db":{"image":"redis"}}}"#);
    refused(&mut host, options(Job::Build), Code::NoTarget);
    host.model(r#"{"services":{"app":{"image":"a/b:1","build":{}}}}"#);
    let error = refused(&mut host, options(Job::Build), Code::NoTarget);
    assert!(error.to_string().contains("write `image: ${DOCKER_IMAGE}` in service `app`"), "{error}");
    refused(&mut host, Options { image: None, ..options(Job::Build) }, Code::Usage);
}
