//! Logins: given by options, found in Docker's configuration, missing, wrong.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::support::git::{commit, path};
use crate::support::{Dir, Project, Registry, Reply, Run};

const BASIC: &str = "Basic realm=\"registry\"";

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// A registry that has the image and wants the user `ci` with the password `right`.
fn locked() -> Project {
    let project = Project::behind(&basic("ci", "right"), BASIC);
    project.is_there();
    project
}

/// Docker's `config.json` with one login.
fn config(server: &str, user: &str, password: &str) -> String {
    format!(r#"{{"auths":{{"{server}":{{"auth":"{}"}}}}}}"#, STANDARD.encode(format!("{user}:{password}")))
}

#[test]
fn a_registry_that_wants_a_login_is_not_a_miss() {
    let project = locked();
    let address = &project.registry.address;
    project.is_unknown(&[
        &project.image,
        "wants a login (status 401)",
        &format!("`docker login {address}`"),
        "`--username`",
        "DOCKER_PASSWORD",
    ]);
}

#[test]
fn a_wrong_password_is_not_a_miss() {
    let project = locked();
    for args in [&["--username", "ci"][..], &["--username", "ci", "--no-push", "--moving-tag="]] {
        let ran = project.job("build", args).env("DOCKER_PASSWORD", "wrong").run();
        ran.fails(1, &["refuses the login of the user `ci` that was given (status 401)", "help: check user and password"]);
        ran.is_silent_on(&["wrong", ": miss"]);
        project.only_read();
    }
}

#[test]
fn a_wrong_password_in_dockers_configuration_is_not_a_miss() {
    let project = locked();
    project.docker_config(&config(&project.registry.address, "ci", "wrong"));
    let place = project.dir.beside("home/.docker/config.json").display().to_string();
    project.is_unknown(&[&project.image, &format!("refuses the login from {place} (status 401)"), "check user and password"]);
}

#[test]
fn a_wrong_password_is_no_miss_for_pull_either() {
    let project = locked();
    let ran = project.job("pull", ["--username", "ci", "--password-stdin"]).stdin("wrong").run();
    ran.fails(1, &["refuses the login of the user `ci`", "help: check user and password"]);
    project.only_read();
}

#[test]
fn a_login_is_taken_from_where_it_is() {
    let given = ["--username", "ci", "--moving-tag="];
    let project = locked();
    project.job("build", given).env("DOCKER_PASSWORD", "right").run().ok();
    project.job("build", [&given[..], &["--password-stdin"]].concat()).stdin("right\n").run().ok();
    let both = project.job("build", [&given[..], &["--password-stdin"]].concat()).stdin("right\r\n").env("DOCKER_PASSWORD", "wrong");
    both.run().ok();

    let text = config(&project.registry.address, "ci", "right");
    let elsewhere = project.dir.beside("home/elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::write(elsewhere.join("config.json"), &text).unwrap();
    project.job("build", [""; 0]).env("DOCKER_CONFIG", &elsewhere).run().ok();
    project.docker_config(&text);
    project.build(&[]).ok();
    project.docker_config(&config(&format!("http://{}/v2/", project.registry.address), "ci", "right")).build(&[]).ok();
}

#[test]
fn a_login_that_was_given_beats_the_one_that_is_stored() {
    let project = locked();
    project.docker_config(&config(&project.registry.address, "ci", "wrong"));
    project.job("build", ["--username", "ci"]).env("DOCKER_PASSWORD", "right").run().ok();
}

#[test]
fn no_credentials_are_sent_before_they_are_asked_for() {
    let project = locked();
    project.job("build", ["--username", "ci"]).env("DOCKER_PASSWORD", "right").run().ok();
    assert_eq!(project.registry.requests()[0].header("authorization"), None);
    let open = Project::new();
    open.docker_config(&config(&open.registry.address, "ci", "right")).build(&[]).ok();
    assert!(open.registry.requests().iter().all(|request| request.header("authorization").is_none()));
}

#[test]
fn a_login_of_another_registry_is_not_used() {
    let project = locked();
    project.docker_config(&config("registry.example", "ci", "right"));
    project.is_unknown(&["wants a login"]);
    assert!(project.registry.requests().iter().all(|request| request.header("authorization").is_none()));
}

#[test]
fn credentials_do_not_follow_a_redirect_to_another_host() {
    let other = Registry::honest(&Dir::new());
    let there = other.address.clone();
    let expected = basic("ci", "right");
    let project = Project::with(move |request, _| match request.header("authorization") == Some(&expected) {
        true => Some(Reply::status(307).header("location", format!("http://{there}{}", request.target))),
        false => Some(Reply::status(401).header("www-authenticate", BASIC)),
    });
    project.job("build", ["--username", "ci", "--dry-run"]).env("DOCKER_PASSWORD", "right").run().says(&["miss"]).ok();
    assert!(!other.requests().is_empty());
    assert!(other.requests().iter().all(|request| request.header("authorization").is_none()), "{:?}", other.requests());
}

#[test]
fn a_configuration_that_is_broken_is_named_with_the_line_and_not_quoted() {
    let project = locked();
    project.docker_config("{\n  \"auths\": {\"x\": {\"auth\": \"c2VjcmV0\n");
    let place = project.dir.beside("home/.docker/config.json").display().to_string();
    let ran = project.build(&[]);
    ran.fails(2, &[&format!("{place}:3"), "help: "]).is_silent_on(&["c2VjcmV0"]);
    project.only_read();
}

#[test]
fn options_of_a_login_come_together() {
    let dir = Dir::with_docker();
    let run = |args: &[&str]| Run::new(&dir, [&["build", "--path", "docker", "--image", "example/app"], args].concat());
    run(&["--username", "ci"]).run().fails(2, &["`--username ci` has no password", "DOCKER_PASSWORD", "help: add `--password-stdin`"]);
    run(&["--username", "ci"]).env("DOCKER_PASSWORD", "").run().fails(2, &["`--username ci` has no password"]);
    run(&["--password-stdin"]).stdin("secret").run().fails(2, &["`--password-stdin` has no user", "`--username`"]);
    run(&["--username", "ci", "--password-stdin"]).stdin("\n").run().fails(2, &["standard input: is empty", "help: pipe the password in"]);
    run(&["--username", "ci", "--password-stdin"]).run().fails(2, &["standard input: is empty"]);
}

#[test]
fn a_login_without_a_registry_is_for_that_of_the_images_when_they_are_pruned() {
    let project = Project::with(|request, _| match request.header("authorization") {
        Some(given) if given == basic("ci", "right") => {
            request.target.contains("/tags/list").then(|| Reply::json(200, r#"{"name":"example/app","tags":null}"#))
        }
        _ => Some(Reply::status(401).header("www-authenticate", BASIC)),
    });
    let compose = |more: &str| {
        let text = format!("services: {{app: {{build: docker, image: '{}'}}{more}}}\n", project.image);
        project.dir.file("docker-compose.yml", text);
        commit(&project.dir, "next");
    };
    let prune = |args: &[&str], password: &str| {
        let args = [&["prune", "--keep-branches", "--username", "ci"], args].concat();
        Run::new(&project.dir, args).env("PATH", path(&project.dir)).env("DOCKER_PASSWORD", password).run()
    };
    compose("");
    prune(&[], "right").ok();
    prune(&["--registry", &project.registry.address], "right").ok();
    prune(&[], "wrong").fails(1, &["refuses the login of the user `ci` that was given (status 401)"]);

    compose(", web: {build: docker, image: ghcr.io/acme/web}");
    let before = project.registry.requests().len();
    let many = "`--username` is for one registry, and the images go to several: ";
    prune(&[], "right").fails(2, &[many, "ghcr.io", "help: say which one with `--registry`"]);
    assert_eq!(project.registry.requests().len(), before);
}
