//! Where the layer cache comes from and goes to: the Compose file that docktag adds.

use serde_json::{Value, json};

use crate::support::programs::Call;
use crate::support::{Project, REPOSITORY, Run};

/// What is added to the service's `build:` in a cold run, if the moving tag exists.
#[track_caller]
fn added(project: &Project, run: Run) -> Value {
    call(project, run).added.unwrap()["services"]["app"]["build"].clone()
}

/// The call that builds in such a run.
#[track_caller]
fn call(project: &Project, run: Run) -> Call {
    project.registry.put(&format!("{REPOSITORY}:ci"), "old");
    run.run().ok();
    project.calls().into_iter().find(|call| call.line().ends_with("build app")).unwrap()
}

fn v2() -> Project {
    Project::new()
}

fn v1() -> Project {
    let project = Project::new();
    project.docker_compose_v1(&[]);
    project
}

#[test]
fn buildkit_keeps_its_cache_in_the_image() {
    let project = v2();
    let expected = json!({ "cache_from": [format!("{}:ci", project.image)], "cache_to": ["type=inline"] });
    assert_eq!(added(&project, project.job("build", [""; 0])), expected);
    assert!(project.lines().iter().all(|line| !line.contains("pull")), "a pulled image would lose its cache: {:#?}", project.lines());
}

#[test]
fn compose_v1_is_told_through_a_build_argument() {
    let project = v1();
    let expected = json!({ "args": { "BUILDKIT_INLINE_CACHE": "1" }, "cache_from": [format!("{}:ci", project.image)] });
    assert_eq!(added(&project, project.job("build", [""; 0])), expected);
}

#[test]
fn the_classic_builder_keeps_no_cache_metadata() {
    for (project, name) in [(v2(), "DOCKER_BUILDKIT"), (v1(), "DOCKER_BUILDKIT"), (v1(), "COMPOSE_DOCKER_CLI_BUILD")] {
        let expected = json!({ "cache_from": [format!("{}:ci", project.image)] });
        assert_eq!(added(&project, project.job("build", [""; 0]).env(name, "0")), expected);
    }
}

#[test]
fn a_cache_in_the_registry_stands_beside_the_image() {
    let project = v2();
    let image = &project.image;
    let expected = json!({
        "cache_from": [format!("{image}:ci"), format!("type=registry,ref={image}:ci-cache")],
        "cache_to": [format!("type=registry,ref={image}:ci-cache,mode=max")],
    });
    assert_eq!(added(&project, project.job("build", ["--cache", "registry"])), expected);
}

#[test]
fn a_cache_in_the_registry_needs_buildkit_and_a_new_compose() {
    for (project, name, value) in [(v1(), "X", ""), (v2(), "DOCKER_BUILDKIT", "0")] {
        let ran = project.job("build", ["--cache", "registry"]).env(name, value).run();
        ran.fails(2, &["`--cache registry` needs BuildKit and Compose v2", "help: leave it out"]);
        assert!(project.lines().iter().all(|line| !line.ends_with("build app")), "{:#?}", project.lines());
    }
}

#[test]
fn no_cache_is_no_cache() {
    let project = v2();
    assert_eq!(added(&project, project.job("build", ["--cache", "none"])), json!({}));
}

#[test]
fn sources_that_are_named_replace_the_moving_tag() {
    let project = v2();
    project.registry.put("example/base:1", "there");
    let (there, gone) = (format!("{}/example/base:1", project.registry.address), format!("{}/example/base:2", project.registry.address));
    let run = project.job("build", ["--cache-from", &there, "--cache-from", &gone, "--cache-from", "type=gha,scope=$x"]);
    let expected = json!({ "cache_from": [there, "type=gha,scope=$$x"], "cache_to": ["type=inline"] });
    assert_eq!(added(&project, run), expected);
    let again = project.job("build", ["--force"]).env("DOCKTAG_CACHE_FROM", format!("{there}\n{gone}")).run();
    again.says(&[&format!("warning: {gone}: not in the registry, so it is no cache")]).ok();
}

#[test]
fn a_moving_tag_that_is_not_there_yet_is_no_source() {
    let project = v2();
    project.build(&[]).ok();
    let build = project.calls().into_iter().find(|call| call.line().ends_with("build app")).unwrap();
    assert_eq!(build.added.unwrap()["services"]["app"]["build"], json!({ "cache_to": ["type=inline"] }));
}

#[test]
fn who_says_where_the_cache_goes_is_left_alone() {
    let project = v2();
    project.dir.file("docker-compose.yml", "services: {app: {build: {context: docker, cache_to: [type=gha]}, image: $DOCKER_IMAGE}}\n");
    let text = call(&project, project.job("build", [""; 0])).added_text;
    let from = format!("{}:ci", project.image);
    assert_eq!(text, format!(r#"{{"services":{{"app":{{"build":{{"cache_from":["{from}"],"cache_to": !override ["type=gha"]}}}}}}}}"#));
}

#[test]
fn nothing_is_exported_if_nothing_is_pushed() {
    let project = v2();
    project.dir.file("docker-compose.yml", "services: {app: {build: {context: docker, cache_to: [type=gha]}, image: $DOCKER_IMAGE}}\n");
    let text = call(&project, project.job("build", ["--no-push"])).added_text;
    assert!(text.contains(r#""cache_to": !override ["type=inline"]"#), "{text}");
}
