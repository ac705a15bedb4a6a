//! No engine, a build that fails, files that change while they are built.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Project, Ran, Run};

/// `build` fails with exit code 1, and nothing was pushed.
#[track_caller]
fn fails(project: &Project, texts: &[&str]) -> Ran {
    let ran = project.build(&[]);
    ran.fails(1, texts).says(&["help: "]);
    assert!(project.lines().iter().all(|line| !line.contains("push")), "{:#?}", project.lines());
    project.registry.was_only_read();
    ran
}

#[test]
fn no_engine_is_said_before_anything_is_built() {
    let project = Project::new();
    project.docker(&[("version*", "echo 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock.' >&2; exit 1")]);
    fails(&project, &["no Docker engine answers: Cannot connect to the Docker daemon", "start Docker, or point DOCKER_HOST"]);
    project.only_read();
}

#[test]
fn a_build_that_fails_is_not_pushed() {
    let project = Project::new();
    project.docker(&[(r#"*" build app""#, "echo 'failed to solve: exit code 127' >&2; exit 17")]);
    let ran = fails(&project, &["`compose build app` failed (exit code 17)", "its output is above"]);
    assert!(ran.stderr.find("failed to solve") < ran.stderr.find("error: "), "{}", ran.stderr);
}

/// What BuildKit prints when a step of the service `app` fails.
const FAILED_STEP: &str = r#"seq 30; printf '%s\n' '#6 0.2 no rule' '------' ' > [2/3] RUN make:' '0.2 no rule' '------' 'Dockerfile:2' '   2 | >>> RUN make' 'failed to solve: exit code: 2' >&2; exit 17"#;

#[test]
fn a_build_that_fails_says_which_step_and_shows_the_last_lines_to_everybody() {
    let project = Project::new();
    project.docker(&[(r#"*" build app""#, FAILED_STEP)]);
    project.dir.file("docker-compose.yml", format!("services: {{app: {{image: '{}', build: docker}}}}\n", project.image));
    let run = |args: &[&str]| {
        let summary = project.dir.beside("summary");
        std::fs::write(&summary, "").unwrap();
        let ran = Run::new(&project.dir, [&["build"], args].concat())
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_EVENT_NAME", "push")
            .env("GITHUB_ENV", project.dir.beside("home/env"))
            .env("GITHUB_STEP_SUMMARY", &summary)
            .run();
        (ran, std::fs::read_to_string(&summary).unwrap())
    };
    let headline = "docker/Dockerfile:2: the step `RUN make` failed: `compose build app` failed (exit code 17)";
    let (ran, summary) = run(&["--ci"]);
    ran.fails(1, &[headline, "help: its output is above"]);
    // The numbers up to 18 are more than the last lines.
    assert!(
        summary.contains(headline) && summary.contains("failed to solve") && summary.contains("\n19\n") && !summary.contains("\n18\n"),
        "{summary}"
    );
    assert!(!summary.contains("is above"), "{summary}");
    let annotation = ran.stderr.lines().find(|line| line.starts_with("::error ")).unwrap();
    assert!(annotation.starts_with("::error file=docker/Dockerfile,line=2,") && annotation.contains("%0Afailed to solve"), "{annotation}");
    // A plain folder too, whose Compose file is read for its services alone.
    project.dir.file("docker-compose.yml", "services: {app: {image: '$DOCKER_IMAGE', build: docker}}\n");
    run(&["--path", "docker", "--image", &project.image]).0.fails(1, &[headline]);
    let (ran, _) = run(&["--path", "docker", "--image", &project.image, "--json"]);
    let error = &ran.json()["error"];
    let output = error["output"].as_array().unwrap();
    assert_eq!(
        (error["line"].as_u64(), output.len(), output[19].as_str()),
        (Some(2), 20, Some("failed to solve: exit code: 2")),
        "{error}"
    );
}

#[test]
fn a_terminal_that_a_ci_service_gives_its_jobs_is_a_log() {
    // Part of util-linux, which not every machine has.
    if !Path::new("/usr/bin/script").exists() {
        return;
    }
    let project = Project::new();
    project.docker(&[(r#"*" build app""#, "test -t 2 && echo on a terminal >&2; echo no rule >&2; exit 17")]);
    let output = |ci: &str| {
        let job = format!("\"$DOCKTAG\" build --path docker --image {} --json >../home/out", project.image);
        let script = format!("export DOCKTAG=\"$0\"; CI=\"$1\" script -qec '{job}' /dev/null </dev/null; test $? = 1");
        let path = format!("{}:/usr/bin:/bin", project.dir.beside("bin").display());
        let log = Run::through(&project.dir, &["/bin/sh", "-c", &script], [ci]).env("PATH", path).run().ok();
        let object: Value = serde_json::from_slice(&std::fs::read(project.dir.beside("home/out")).unwrap()).unwrap();
        (object["error"]["output"].clone(), log)
    };
    let (lines, text) = output("true");
    assert_eq!(lines, json!(["no rule"]));
    assert!(text.contains("no rule") && !text.contains("on a terminal"), "{text}");
    for person in ["", "false"] {
        let (lines, text) = output(person);
        assert_eq!(lines, Value::Null);
        assert!(text.contains("on a terminal"), "{text}");
    }
}

#[test]
fn the_password_is_in_no_line_that_is_shown_again() {
    let project = Project::new();
    project.docker(&[(r#"*" build app""#, "echo the password is s3cret; exit 17")]);
    let ran = project.job("build", ["--username", "ci", "--json"]).env("DOCKER_PASSWORD", "s3cret").run();
    assert_eq!(ran.json()["error"]["output"].as_array().unwrap().last().unwrap(), "the password is ***");
}

#[test]
fn a_build_that_a_signal_ends_is_not_pushed() {
    let project = Project::new();
    project.docker(&[(r#"*" build app""#, "kill -KILL $$")]);
    fails(&project, &["`compose build app` failed (ended by a signal)"]);
}

#[test]
fn what_the_build_prints_is_not_a_result() {
    let project = Project::new();
    project.docker(&[(r#"*" build app""#, "echo 'to stdout'; echo 'to stderr' >&2")]);
    let ran = project.build(&[]);
    ran.says(&["to stdout", "to stderr"]);
    assert_eq!(ran.ok(), format!("{}:{}\n", project.image, project.tag));
}

/// A change that the build itself makes, as a tool that writes into its own sources does.
#[track_caller]
fn is_noticed(change: &str, texts: &[&str]) {
    let project = Project::new();
    project.docker(&[(r#"*" build app""#, change)]);
    fails(&project, texts).says(&["nothing was pushed"]);
    let forgotten = format!("docker image rm {}:{}", project.image, project.tag);
    assert_eq!(project.lines().last(), Some(&forgotten), "the tag would lie");
}

#[test]
fn a_file_that_changes_during_the_build_is_not_pushed() {
    is_noticed("echo other > docker/Dockerfile", &["inputs changed during the build", "docker/Dockerfile"]);
    is_noticed("echo new > docker/new", &["inputs changed during the build", "docker/new"]);
    is_noticed(
        "mv docker/Dockerfile docker/Containerfile",
        &["inputs changed during the build", "docker/Containerfile", "docker/Dockerfile"],
    );
}

#[test]
fn inputs_that_disappear_during_the_build_are_not_pushed() {
    is_noticed("rm docker/Dockerfile", &["docker: no file in it"]);
    is_noticed("mv docker elsewhere", &["docker"]);
}

#[test]
fn a_change_is_noticed_without_a_push_too() {
    let project = Project::new();
    project.docker(&[(r#"*" build app""#, "echo other > docker/Dockerfile")]);
    project.build(&["--no-push"]).fails(1, &["inputs changed during the build: ", "docker/Dockerfile"]);
    assert!(project.lines().iter().any(|line| line.starts_with("docker image rm ")));
}

#[test]
fn what_is_not_an_input_may_change() {
    let project = Project::new();
    project.docker(&[(r#"*" build app""#, "echo log > build.log; touch docker/Dockerfile; chmod +x docker/Dockerfile")]);
    project.build(&[]).says(&[": pushed, sha256:"]).ok();
}
