//! Which programs are run, in which order, with which arguments and variables.

use crate::support::dir::names_in;
use crate::support::programs::Call;
use crate::support::{Project, REPOSITORY};

const READ: &str = "docker compose config --format json";
const VERSION: &str = "docker compose version --short";
const ENGINE: &str = "docker version --format {{.Server.Version}} {{.Server.Os}}/{{.Server.Arch}}";
const BUILD: &str = "docker compose -f docker-compose.yml -f RUN/docktag.override.yml build app";
const PUSH: &str = "docker push IMAGE:TAG";

/// Command lines with the project's image and tag in the place of `IMAGE` and `TAG`.
fn named(project: &Project, lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| line.replace("IMAGE", &project.image).replace("TAG", &project.tag)).collect()
}

#[test]
fn a_cold_run_reads_builds_and_pushes() {
    let project = Project::new();
    let ran = project.build(&[]);
    assert_eq!(ran.ok(), format!("{}:{}\n", project.image, project.tag));
    ran.says(&[": miss", "build what is missing", "push what was built", ": pushed, sha256:", ":ci: points at sha256:"]);
    assert_eq!(project.lines(), named(&project, &[VERSION, ENGINE, BUILD, PUSH]));
    assert_eq!(project.registry.get(&format!("{REPOSITORY}:ci")).as_deref(), Some("pushed"));
}

#[test]
fn a_warm_run_needs_neither_engine_nor_compose() {
    let project = Project::new();
    project.is_there();
    project.docker(&[("version*|*build*|*push*|*pull*", "echo 'Cannot connect to the Docker daemon' >&2; exit 1")]);
    assert_eq!(project.build(&[]).ok(), format!("{}:{}\n", project.image, project.tag));
    assert_eq!(project.lines(), [""; 0]);
}

#[test]
fn a_run_leaves_the_project_as_it_was() {
    let project = Project::new();
    project.build(&[]).ok();
    project.build(&["--force", "--cache", "registry"]).ok();
    assert_eq!(names_in(&project.dir.path("")), ["docker", "docker-compose.yml"]);
    assert_eq!(names_in(&project.dir.path("docker")), ["Dockerfile"]);
    assert_eq!(names_in(&project.dir.beside("home")), [""; 0]);
}

#[test]
fn the_second_run_is_a_warm_one() {
    let project = Project::new();
    project.build(&[]).ok();
    let before = project.lines().len();
    project.build(&[]).says(&["hit, sha256:"]).ok();
    assert_eq!(project.lines()[before..], [""; 0]);
}

#[test]
fn files_that_are_named_are_named_to_compose() {
    let project = Project::new();
    project.build(&["-f", "docker-compose.yml"]).ok();
    assert_eq!(project.lines(), named(&project, &[VERSION, ENGINE, BUILD, PUSH]));
}

#[test]
fn compose_gets_the_recipes_variables_every_time() {
    let project = Project::not_covered();
    project.build(&["--moving-tag", "main"]).ok();
    let (calls, others): (Vec<Call>, Vec<Call>) =
        project.calls().into_iter().partition(|call| call.argv.iter().any(|word| word == "compose"));
    assert_eq!(calls.len(), 3);
    let push = others.into_iter().filter(|call| call.argv[1] == "push");
    for call in calls.into_iter().chain(push) {
        let value = |name: &str| call.env.get(name).map(String::as_str).unwrap_or_default().to_owned();
        let (image, tag) = (&project.image, &project.tag);
        assert_eq!(value("DOCKER_IMAGE"), format!("{image}:{tag}"));
        assert_eq!(value("DOCKER_IMAGE_MD5"), *tag);
        assert_eq!(value("DOCKER_IMAGE_CI"), format!("{image}:main"));
    }
}

#[test]
fn a_file_that_only_compose_can_read_is_left_to_it() {
    let project = Project::not_covered();
    project.build(&["-v"]).says(&["docker-compose.yml: a directive", "Compose is asked instead"]).ok();
    let expected = named(&project, &[READ, ENGINE, "docker compose -f docker-compose.yml config --format json", BUILD, PUSH]);
    assert_eq!(project.lines(), expected);
    project.build(&[]).says(&["hit, sha256:"]).ok();
    assert_eq!(project.lines()[expected.len()..], [READ]);
}

/// The calls of a cold run with Compose v1.
#[track_caller]
fn cold_v1(env: &[(&str, &str)], expected: &[&str]) -> Project {
    let project = Project::new();
    project.docker_compose_v1(&[]);
    project.registry.put(&format!("{REPOSITORY}:ci"), "old");
    env.iter().fold(project.job("build", [""; 0]), |run, (name, value)| run.env(name, value)).run().ok();
    assert_eq!(project.lines(), named(&project, expected));
    project
}

const FIND_V1: [&str; 3] = [VERSION, "docker-compose version --short", ENGINE];
const WORK_V1: [&str; 2] = ["docker-compose -f docker-compose.yml -f RUN/docktag.override.yml build app", PUSH];

#[test]
fn compose_v1_with_buildkit() {
    let expected = [&FIND_V1[..], &["docker buildx version"], &WORK_V1].concat();
    let project = cold_v1(&[], &expected);
    let build = project.calls().into_iter().rfind(|call| call.line() == WORK_V1[0]).unwrap();
    // What was planned for is what works.
    assert_eq!((build.env["DOCKER_BUILDKIT"].as_str(), build.env["COMPOSE_DOCKER_CLI_BUILD"].as_str()), ("1", "1"));
}

#[test]
fn the_classic_builder_of_compose_v1_gets_the_last_image_pulled() {
    let expected = [&FIND_V1[..], &["docker pull IMAGE:ci"], &WORK_V1].concat();
    cold_v1(&[("COMPOSE_DOCKER_CLI_BUILD", "0")], &expected);
    cold_v1(&[("DOCKER_BUILDKIT", "0")], &expected);
}

#[test]
fn a_last_image_that_cannot_be_pulled_is_only_slower() {
    let project = Project::new();
    project.docker_compose_v1(&[]);
    project.docker(&[("compose*", "exit 1"), (r#""pull "*"#, "echo denied >&2; exit 1")]);
    project.registry.put(&format!("{REPOSITORY}:ci"), "old");
    let ran = project.job("build", [""; 0]).env("COMPOSE_DOCKER_CLI_BUILD", "0").run();
    ran.says(&["warning: the last image could not be pulled", ": pushed, sha256:"]).ok();
}

#[test]
fn with_no_push_nothing_is_pushed() {
    let project = Project::new();
    let ran = project.build(&["--no-push"]);
    assert_eq!(ran.ok(), format!("{}:{}\n", project.image, project.tag));
    let lines = project.lines();
    assert!(lines.iter().any(|line| line.ends_with("build app")) && !lines.iter().any(|line| line.contains("push")), "{lines:#?}");
    project.registry.was_only_read();
}

#[test]
fn with_no_push_a_registry_that_cannot_be_asked_is_no_obstacle() {
    let project = Project::with(|_, _| Some(crate::support::Reply::status(403)));
    project.build(&["--no-push"]).says(&["warning: ", "status 403", "built without asking further"]).ok();
    assert!(project.lines().iter().any(|line| line.ends_with("build app")));
}

#[test]
fn force_builds_and_pushes_on_a_hit() {
    let project = Project::new();
    project.is_there();
    project.build(&["--force"]).says(&["is there, and built anyway because of `--force`", ": pushed, sha256:"]).ok();
    let lines = project.lines();
    assert!(lines.iter().any(|line| line.ends_with("build app")) && lines.contains(&named(&project, &[PUSH])[0]), "{lines:#?}");
}

#[test]
fn a_dry_run_says_what_it_would_do_and_does_nothing() {
    let project = Project::new();
    let ran = project.build(&["--dry-run"]);
    let text = ran.ok();
    assert!(text.contains("would build what is missing: docker compose -f docker-compose.yml -f "), "{text}");
    assert!(text.contains(&format!("would push what was built: docker push {}:{}\n", project.image, project.tag)), "{text}");
    assert!(text.contains(&format!("would set a tag: point {0}:ci at {0}:{1}\n", project.image, project.tag)), "{text}");
    project.only_read();
    assert!(project.lines().iter().all(|line| line == VERSION), "{:#?}", project.lines());
    project.registry.was_only_read();

    let value = project.build(&["--dry-run", "--json"]).json();
    assert_eq!(value["targets"][0]["outcome"], "missing");
    assert_eq!(value["planned"].as_array().map(Vec::len), Some(3), "{value}");
    assert!(!project.build(&["--dry-run", "--no-push"]).ok().contains("push what was built"));
}
