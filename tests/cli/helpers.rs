//! Credential helpers: programs that keep the logins.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::support::Project;
use crate::support::programs::install;

const RIGHT: &str = r#"echo "asked for $(cat)" >&2; echo '{"ServerURL":"x","Username":"ci","Secret":"right"}'"#;

/// A registry with the image behind a login, and a configuration that names a helper for it.
fn project(configuration: &str) -> Project {
    let project = Project::behind(&format!("Basic {}", STANDARD.encode("ci:right")), "Basic realm=x");
    project.docker_config(&configuration.replace("REGISTRY", &project.registry.address));
    project.is_there();
    project
}

const FOR_ALL: &str = r#"{"credsStore":"x"}"#;

#[test]
fn a_helper_is_asked_for_the_login() {
    for configuration in [FOR_ALL, r#"{"credHelpers":{"REGISTRY":"x"},"credsStore":"other"}"#] {
        let project = project(configuration);
        install(&project.dir, "docker-credential-x", &[("get", &format!("[ \"$(cat)\" = '{}' ] && {RIGHT}", project.registry.address))]);
        project.build(&[]).says(&["hit, sha256:"]).is_silent_on(&["right"]).ok();
    }
}

#[test]
fn a_helper_that_is_missing_is_named() {
    let project = project(FOR_ALL);
    project.is_unknown(&["docker-credential-x: not found", "on PATH", "home/.docker/config.json names it", "`--username`"]);
}

#[test]
fn a_helper_that_fails_is_not_a_miss() {
    let project = project(FOR_ALL);
    install(&project.dir, "docker-credential-x", &[("get", "echo 'the keychain is locked'; exit 1")]);
    project.is_unknown(&["docker-credential-x: exit code 1", "the keychain is locked", "install or mend it"]);
}

#[test]
fn a_helper_that_fails_with_credentials_on_its_lips_is_not_quoted() {
    let project = project(FOR_ALL);
    install(&project.dir, "docker-credential-x", &[("get", r#"echo '{"Username":"ci","Secret":"right"}'; exit 1"#)]);
    project.is_unknown(&["docker-credential-x: exit code 1"]).is_silent_on(&["right", "Secret"]);
}

#[test]
fn a_helper_that_prints_something_else_is_not_quoted_either() {
    let project = project(FOR_ALL);
    install(&project.dir, "docker-credential-x", &[("get", "echo right")]);
    project.is_unknown(&["docker-credential-x: printed no credentials"]).is_silent_on(&["right"]);
}

#[test]
fn a_helper_that_knows_nothing_leaves_us_without_a_login() {
    let project = project(FOR_ALL);
    install(&project.dir, "docker-credential-x", &[("get", "echo 'credentials not found in native keychain'; exit 1")]);
    project.is_unknown(&["wants a login (status 401)", "docker login"]);
}

#[test]
fn a_helper_is_left_alone_where_a_login_is_given() {
    let project = project(FOR_ALL);
    install(&project.dir, "docker-credential-x", &[("get", "exit 1")]);
    project.job("build", ["--username", "ci"]).env("DOCKER_PASSWORD", "right").run().ok();
    assert!(project.lines().iter().all(|line| !line.starts_with("docker-credential-x")), "{:?}", project.lines());
}
