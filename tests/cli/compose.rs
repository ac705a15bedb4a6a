//! Compose is missing, is another one, or does not like the project.

use std::fs;

use crate::support::Project;
use crate::support::programs::install;
use crate::support::project::NOT_COVERED;

/// `build` fails with exit code 2, and nothing was built.
#[track_caller]
fn refuses(project: &Project, args: &[&str], texts: &[&str]) {
    project.build(args).fails(2, texts).says(&["help: "]);
    project.only_read();
}

/// A project with this Compose file.
fn with_file(text: &str) -> Project {
    let project = Project::new();
    project.dir.file("docker-compose.yml", text);
    project
}

#[test]
fn without_any_compose_the_plugin_is_asked_for() {
    let project = Project::new();
    fs::remove_file(project.dir.beside("bin/docker")).unwrap();
    refuses(&project, &[], &["neither `docker compose` nor `docker-compose` can be run", "Compose plugin", "`--compose`"]);
    let project = Project::new();
    project.docker(&[("compose*", "echo \"docker: 'compose' is not a docker command.\" >&2; exit 1")]);
    refuses(&project, &[], &["neither `docker compose` nor `docker-compose` can be run"]);
}

#[test]
fn compose_v1_is_taken_where_it_is_the_only_one() {
    for project in [Project::new(), Project::not_covered()] {
        project.docker_compose_v1(&[]).build(&[]).says(&[": pushed, sha256:"]).ok();
        assert!(project.lines().contains(&"docker-compose version --short".to_owned()), "{:#?}", project.lines());
    }
}

#[test]
fn compose_v1_works_without_the_docker_command() {
    let project = Project::new();
    project.docker_compose_v1(&[]);
    fs::remove_file(project.dir.beside("bin/docker")).unwrap();
    project.build(&["--no-push"]).ok();
    assert!(project.lines().iter().any(|line| line.ends_with("build app")), "{:#?}", project.lines());
    project.is_there();
    project.dir.file("docker-compose.yml", NOT_COVERED);
    project.build(&[]).says(&["hit, sha256:"]).ok();
}

#[test]
fn a_push_needs_the_docker_command() {
    let project = Project::new();
    project.docker_compose_v1(&[]);
    fs::remove_file(project.dir.beside("bin/docker")).unwrap();
    project.build(&[]).fails(1, &["docker: not found, and images are pushed with it", "help: install the docker command"]);
    project.only_read();
}

#[test]
fn a_standalone_compose_that_is_not_v1_is_no_v1() {
    let project = Project::new();
    project.docker_compose_v1(&[(r#""version --short""#, "echo v2.40.3")]).build(&["--cache", "registry"]).ok();
}

#[test]
fn a_compose_that_is_named_is_the_only_one_that_is_tried() {
    let project = Project::new();
    refuses(&project, &["--compose", "my-compose"], &["my-compose: not found", "on PATH", "`--compose`"]);
    assert_eq!(project.lines(), [""; 0]);
    install(&project.dir, "my-compose", &[("version*", "echo 'Usage: my-compose'"), ("*", "")]);
    refuses(&project, &["--compose", "my-compose"], &["my-compose: does not say which version it is", "Usage: my-compose"]);
    project.docker_compose_v1(&[]);
    project.build(&["--compose", "docker-compose"]).ok();
    assert!(project.lines().iter().all(|line| !line.starts_with("docker compose")), "{:#?}", project.lines());
}

/// Compose's words where it finds no file.
const NO_FILE: &str = "echo 'no configuration file provided: not found' >&2; exit 14";

#[test]
fn a_project_without_a_compose_file_is_told_which_names_are_looked_for() {
    let project = Project::new();
    fs::remove_file(project.dir.path("docker-compose.yml")).unwrap();
    project.docker(&[(r#""compose config --format json""#, NO_FILE)]);
    refuses(&project, &[], &["no Compose file, expected compose.yaml", "docker-compose.yml", "`--file`", "`-C`"]);
}

#[test]
fn a_compose_file_that_is_named_and_missing_is_found_out_before_anything_runs() {
    let project = Project::new();
    refuses(&project, &["--file", "docker-compose.yml", "-f", "ci.yml"], &["ci.yml: no such Compose file", "`--file`"]);
    assert_eq!(project.lines(), [""; 0]);
    assert_eq!(project.registry.lines(), [""; 0]);
}

#[test]
fn what_compose_says_of_its_file_is_said() {
    let project = Project::not_covered();
    project.docker(&[("compose*config*", "echo 'services.app.build must be a string' >&2; exit 15")]);
    refuses(&project, &[], &["Compose refuses the project: services.app.build must be a string", "mend the Compose file"]);
    refuses(&project, &["-f", "docker-compose.yml"], &["docker-compose.yml: Compose refuses the project"]);
    project.docker_compose_v1(&[(r#""config""#, "echo 'Unsupported config option' >&2; exit 1")]);
    refuses(&project, &[], &["Compose refuses the project: Unsupported config option"]);
}

#[test]
fn a_project_that_builds_nothing_is_told_what_is_expected() {
    let project = with_file("services: {db: {image: redis:7}}");
    refuses(&project, &[], &["no service has `build:`", "`image: \\${DOCKER_IMAGE}`".replace('\\', "").as_str(), "`--file`"]);
    refuses(&with_file("services: {}"), &[], &["no service has `build:`"]);
}

#[test]
fn a_project_that_does_not_use_the_variable_is_told_where_to_put_it() {
    let project = with_file("services: {web: {build: .}, app: {build: ., image: 'example/app:1'}}");
    let texts =
        ["no service with `build:` uses `${DOCKER_IMAGE}`", "`app` (`image: example/app:1`)", "`web` (no `image:`)", "in service `app`"];
    refuses(&project, &[], &texts);
}

#[test]
fn an_image_that_is_no_name_is_named_with_its_service() {
    refuses(&with_file("services: {app: {build: ., image: Not An Image}}"), &[], &["service `app`: image `Not An Image`"]);
}

#[test]
fn what_is_no_model_is_refused() {
    let project = Project::not_covered();
    project.docker(&[("compose*config*", "echo 'Define and run multi-container applications'")]);
    project.build(&[]).fails(2, &["compose config: printed no model", "`services`"]);
    project.only_read();
}

#[test]
fn a_service_that_is_built_under_another_name_is_left_alone_and_named() {
    let project = with_file("services: {app: {build: docker, image: $DOCKER_IMAGE}, web: {build: ., image: 'example/web:1'}}");
    project.build(&[]).says(&["warning: service `web`: left alone", "(example/web:1)", "write `image: ${DOCKER_IMAGE}`"]).ok();
    assert!(project.lines().iter().any(|line| line.ends_with(" build app")), "{:#?}", project.lines());
}

#[test]
fn the_files_of_the_project_are_named_as_compose_finds_them() {
    let project = Project::new();
    let app = "services: {app: {build: docker, image: $DOCKER_IMAGE}}";
    project.dir.file("docker-compose.override.yml", "services: {}").file("a.yml", app).file("b.yml", app);
    let built = |project: &Project| project.lines().into_iter().rfind(|line| line.ends_with("build app")).unwrap();
    project.build(&["--force"]).ok();
    assert!(built(&project).contains(" -f docker-compose.yml -f docker-compose.override.yml -f RUN/"), "{}", built(&project));
    project.job("build", ["--force"]).env("COMPOSE_FILE", "a.yml:b.yml").run().ok();
    assert!(built(&project).contains(" -f a.yml -f b.yml -f RUN/"), "{}", built(&project));
    project.dir.file(".env", "COMPOSE_FILE=b.yml\n");
    project.build(&["--force"]).ok();
    assert!(built(&project).contains(" -f b.yml -f RUN/"), "{}", built(&project));
    project.build(&["--force", "-f", "a.yml"]).ok();
    assert!(built(&project).contains(" -f a.yml -f RUN/"), "{}", built(&project));
}

#[test]
fn files_that_make_another_project_than_compose_found_are_not_built() {
    let project = Project::not_covered();
    project.docker(&[(r#""compose -f "*config*"#, r#"echo '{"services":{"app":{"build":{},"image":"other"}}}'"#)]);
    refuses(&project, &[], &["docker-compose.yml: Compose found other files by itself than these", "`--file`"]);
}
