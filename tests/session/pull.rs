//! `pull`: demanded images, and whether they came.

use docktag::error::Code;
use docktag::need::{Exited, FailureKind};
use docktag::options::{Job, Options};
use docktag::report::Outcome;

use crate::host::{Host, SHA, TAG, hit, miss, options};

const INSPECT: &str = "docker image inspect --format '{{json .RepoDigests}}' reg.example/a/b:";

/// A registry that has the image, and an engine that has it after a pull.
fn ready() -> Host {
    let mut host = Host::new();
    host.reply("HEAD", [hit()]);
    host.exits(INSPECT, 0, &format!(r#"["reg.example/a/b@{SHA}"]"#));
    host
}

#[test]
fn what_is_in_the_registry_is_pulled_and_checked_by_digest() {
    let mut host = ready();
    let report = host.run(options(Job::Pull)).unwrap();
    assert_eq!((report.targets[0].outcome, report.targets[0].digest.as_deref()), (Outcome::Pulled, Some(SHA)));
    assert_eq!(host.ran("pull"), ["docker compose pull app"]);
}

#[test]
fn a_missing_image_is_exit_3_with_the_remedy_and_nothing_is_pulled() {
    let mut host = ready();
    host.reply("HEAD", [miss()]);
    let error = host.run(options(Job::Pull)).unwrap_err();
    assert_eq!((error.code, error.code.exit()), (Code::Miss, 3));
    assert!(error.to_string().contains("run the build job first"), "{error}");
    assert!(host.ran("pull").is_empty());
}

#[test]
fn an_unreachable_registry_is_no_miss() {
    let mut host = ready();
    host.reply("HEAD", [Err(FailureKind::Connect)]);
    assert_eq!(host.run(options(Job::Pull)).unwrap_err().code.exit(), 1);
}

#[test]
fn what_compose_skips_is_pulled_by_name() {
    let mut host = ready();
    let mut pulled = false;
    let digests = format!(r#"["reg.example/a/b@{SHA}"]"#);
    host.program("docker ", move |command, _| {
        pulled |= command.argv[1] == "pull";
        let stale = r#"["reg.example/a/b@sha256:0000"]"#;
        let is_inspect = command.argv[1] == "image";
        let model = format!(r#"{{"services":{{"app":{{"image":"reg.example/a/b:{TAG}","build":{{}}}}}}}}"#);
        let stdout = if is_inspect { if pulled { digests.clone() } else { stale.to_owned() } } else { model };
        Ok(Exited { code: Some(0), stdout: stdout.into(), ..Exited::default() })
    });
    host.run(options(Job::Pull)).unwrap();
    assert_eq!(host.ran("pull"), ["docker compose pull app".to_owned(), format!("docker pull reg.example/a/b:{TAG}")]);
}

#[test]
fn a_pull_that_brings_nothing_is_an_error() {
    let mut host = ready();
    host.exits(INSPECT, 1, "");
    let error = host.run(options(Job::Pull)).unwrap_err();
    assert_eq!(error.code, Code::PullFailed);
    assert!(error.message.contains("did not arrive on the engine"), "{error}");
}

#[test]
fn a_pull_that_fails_is_an_error() {
    let mut host = ready();
    host.exits("docker compose pull", 18, "");
    let error = host.run(options(Job::Pull)).unwrap_err();
    assert_eq!(error.message, "`compose pull` failed (exit code 18)");
}

#[test]
fn services_that_were_never_pushed_are_not_pulled_and_all_others_are_checked() {
    let mut host = ready();
    host.model(&format!(
        r#"{{"services":{{"app":{{"image":"reg.example/a/b:{TAG}","build":{{}}}},"db":{{"image":"redis:7"}},"dev":{{"image":"dev","build":{{}}}},"bare":{{"build":{{}}}}}}}}"#
    ));
    host.run(options(Job::Pull)).unwrap();
    assert_eq!(host.ran("pull"), ["docker compose pull app db"]);
    host.exits("docker image inspect --format '{{json .RepoDigests}}' redis:7", 1, "");
    let error = host.run(options(Job::Pull)).unwrap_err();
    assert!(error.to_string().starts_with("redis:7: `compose pull` ended well, but the image is not on the engine"), "{error}");
}

#[test]
fn a_dry_run_pulls_nothing() {
    let mut host = ready();
    let report = host.run(Options { dry_run: true, ..options(Job::Pull) }).unwrap();
    assert_eq!(report.planned[0].action, "docker compose pull app");
    assert!(host.ran("pull").is_empty());
}
