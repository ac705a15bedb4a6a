//! `pull`: what the build job pushed is on the engine afterwards, or there is an error.

use crate::support::programs::install;
use crate::support::{Project, REPOSITORY, Reply, Run};

const INSPECT: &str = r#""image inspect "*"#;

/// A project whose build job ran.
fn built() -> Project {
    let project = Project::new();
    project.registry.put(&format!("{REPOSITORY}:{}", project.tag), "pushed");
    project
}

#[test]
fn a_pull_brings_and_checks_every_image() {
    let project = built();
    let ran = project.job("pull", [""; 0]).run();
    assert_eq!(ran.ok(), format!("{}:{}\n", project.image, project.tag));
    let inspect = |image: &str| format!("docker image inspect --format {{{{json .RepoDigests}}}} {image}");
    let expected = [
        "docker compose version --short".to_owned(),
        "docker compose -f docker-compose.yml pull app db".to_owned(),
        inspect(&format!("{}:{}", project.image, project.tag)),
        inspect("redis:7"),
    ];
    assert_eq!(project.lines(), expected);
}

#[test]
fn an_image_that_was_not_built_is_exit_code_3() {
    let project = Project::new();
    let ran = project.job("pull", [""; 0]).run();
    ran.fails(3, &[&format!("{}:{}: not in the registry", project.image, project.tag), "help: run the build job first", "`docktag build`"]);
    project.only_read();
}

/// Three images in a Compose file, of which the second is in the registry.
fn three() -> (Project, Vec<String>) {
    let project = Project::new();
    let address = &project.registry.address;
    let service =
        |name: &str| format!("  {name}: {{image: {address}/shop/{name}, build: {{context: docker, labels: [{name}], args: {{A: $A}}}}}}\n");
    project.dir.file("compose.yaml", format!("services:\n{}{}{}", service("a"), service("b"), service("c")));
    project.dir.file("docker/Dockerfile", "FROM scratch\nARG A\nCOPY Dockerfile /\n");
    std::fs::remove_file(project.dir.path("docker-compose.yml")).unwrap();
    let text = Run::new(&project.dir, ["tag"]).run().ok();
    let images: Vec<String> = text.lines().filter_map(|line| line.split_once('\t')).map(|(_, image)| image.to_owned()).collect();
    project.registry.put(images[1].split_once('/').unwrap().1, crate::support::registry::MANIFEST);
    (project, images)
}

#[test]
fn all_images_that_are_missing_are_named() {
    let (project, images) = three();
    let ran = Run::new(&project.dir, ["pull"]).run();
    ran.fails(
        3,
        &[&format!("error: {}, {}: not in the registry", images[0], images[2]), "help: run the build job first: `docktag build`;"],
    );
    ran.is_silent_on(&[&images[1], "`--path`", "`--image`"]);
}

#[test]
fn options_that_were_used_are_named_when_an_image_is_missing() {
    let (project, _) = three();
    Run::new(&project.dir, ["pull", "--salt", "x"]).run().fails(3, &["`docktag build` with the same `--salt`;"]);
    let args = ["pull", "-f", "compose.yaml", "--ignore-arg", "A", "--platform", "linux/arm64"];
    let ran = Run::new(&project.dir, args).run();
    ran.fails(3, &["with the same `--file`, `--platform` and `--ignore-arg`;"]).is_silent_on(&["`--path`", "`--salt`"]);
    let plain = Project::new();
    plain.job("pull", [""; 0]).run().fails(3, &["with the same `--path` and `--image`;"]);
}

#[test]
fn an_image_that_is_unknown_is_not_hidden_by_one_that_is_missing() {
    let (mut project, images) = three();
    let other = images[2].split_once('/').unwrap().1.split(':').next().unwrap().to_owned();
    let store = project.dir.beside("registry");
    let registry = crate::support::Registry::scripted(&project.dir, move |request, _| {
        let _ = &store;
        request.target.contains(&other).then(|| Reply::status(403))
    });
    let text = String::from_utf8(project.dir.read("compose.yaml")).unwrap();
    project.dir.file("compose.yaml", text.replace(&project.registry.address, &registry.address));
    project.registry = registry;
    Run::new(&project.dir, ["pull"]).run().fails(1, &["status 403"]);
}

#[test]
fn what_cannot_be_asked_for_is_not_missing() {
    let project = Project::with(|_, _| Some(Reply::status(403)));
    project.job("pull", [""; 0]).run().fails(1, &["status 403", "help: "]).is_silent_on(&["run the build job first"]);
    project.only_read();
}

#[test]
fn an_image_that_compose_left_out_is_pulled_by_name() {
    let project = built();
    let here = project.dir.beside("here").display().to_string();
    let inspect = format!("[ -e '{here}' ] || exit 1; echo \"[\\\"x@sha256:$(printf pushed | sha256sum | cut -c1-64)\\\"]\"");
    project.docker(&[(INSPECT, &inspect), (r#""pull "*"#, &format!("touch '{here}'"))]);
    project.job("pull", [""; 0]).run().says(&["Compose did not bring it; pulled by name", ": here, sha256:"]).ok();
    assert!(project.lines().contains(&format!("docker pull {}:{}", project.image, project.tag)));
}

#[test]
fn a_pull_that_brought_nothing_is_a_failure() {
    let project = built();
    project.docker(&[(INSPECT, "echo 'No such image' >&2; exit 1")]);
    project.job("pull", [""; 0]).run().fails(1, &[&project.image, "did not arrive on the engine", "help: "]);
}

#[test]
fn another_image_under_the_same_name_is_not_the_one() {
    let project = built();
    project.docker(&[(INSPECT, r#"echo '["x@sha256:0000000000000000000000000000000000000000000000000000000000000000"]'"#)]);
    project.job("pull", [""; 0]).run().fails(1, &[&project.image, "did not arrive on the engine"]);
}

#[test]
fn a_pull_that_fails_is_a_failure() {
    let project = built();
    project.docker(&[(r#""compose "*" pull "*"#, "echo 'pull access denied' >&2; exit 18")]);
    project
        .job("pull", [""; 0])
        .run()
        .fails(1, &["pull access denied", "`compose pull` failed (exit code 18)", "help: ", "is the engine running"]);
}

#[test]
fn an_image_of_others_that_did_not_come_is_a_failure() {
    let project = built();
    project.docker(&[(r#""image inspect "*redis:7"#, "exit 1")]);
    project.job("pull", [""; 0]).run().fails(1, &["redis:7: `compose pull` ended well", "help: ", "service `db`", "pull_policy"]);
}

#[test]
fn a_pull_without_the_docker_command_cannot_be_checked() {
    let project = built();
    project.docker_compose_v1(&[]);
    std::fs::remove_file(project.dir.beside("bin/docker")).unwrap();
    project.job("pull", [""; 0]).run().fails(1, &["docker: not found", "help: install the docker command"]);
}

#[test]
fn compose_v1_pulls_too() {
    let project = built();
    project.docker_compose_v1(&[]).job("pull", [""; 0]).run().ok();
    assert!(project.lines().contains(&"docker-compose -f docker-compose.yml pull app db".to_owned()), "{:#?}", project.lines());
}

#[test]
fn a_dry_run_pulls_nothing() {
    let project = built();
    let text = project.job("pull", ["--dry-run"]).run().ok();
    assert!(text.contains("would pull the images: docker compose -f docker-compose.yml pull app db"), "{text}");
    project.only_read();
}

#[test]
fn without_compose_nothing_can_be_pulled() {
    let project = built();
    install(&project.dir, "docker", &[("*", "exit 1")]);
    project.job("pull", [""; 0]).run().fails(2, &["neither `docker compose` nor `docker-compose`"]);
}
