//! Keys of the Compose file with which a branch could write other names, or put layers into images of other branches: builds do not see them,
//! and docktag sets the tags itself.

use crate::support::registry::{MANIFEST, MANIFEST_TYPE, digest};
use crate::support::{Project, REPOSITORY, Ran, Reply, Run};

/// A project in Compose mode with these keys of `build:`; `IMAGE` is the repository.
fn project(keys: &str) -> Project {
    let project = Project::new();
    let build = format!("{{context: docker, {}}}", keys.replace("IMAGE", &project.image));
    project.dir.file("docker-compose.yml", format!("services: {{app: {{image: '{}', build: {build}}}}}\n", project.image));
    project
}

fn run(project: &Project, args: &[&str]) -> Ran {
    Run::new(&project.dir, args).run()
}

/// What was added for the build.
#[track_caller]
fn added(project: &Project) -> String {
    project.calls().into_iter().rfind(|call| call.line().ends_with("build app")).unwrap().added_text
}

const VERSION: &str = "docker compose version --short";

#[test]
fn a_build_sees_no_tags_and_no_caches_of_the_compose_file() {
    let project = project("tags: ['IMAGE:dev'], cache_from: [type=gha], cache_to: [type=gha]");
    project.registry.put(&format!("{REPOSITORY}:ci"), "old");
    let ran = run(&project, &["build"]);
    ran.says(&["service `app`: `cache_from` is ignored (type=gha), since any branch can write it", "`--trusted-branch '*'`"]).ok();
    let text = added(&project);
    for list in [
        format!(r#""cache_from": !override ["{}:ci"]"#, project.image),
        r#""cache_to": !override ["type=gha"]"#.to_owned(),
        r#""tags": !override []"#.to_owned(),
    ] {
        assert!(text.contains(&list), "{list}: {text}");
    }
    // Once to find Compose, and once to find out whether it can do this.
    assert_eq!(project.lines().iter().filter(|line| *line == VERSION).count(), 2, "{:#?}", project.lines());
}

#[test]
fn caches_are_kept_if_all_branches_are_trusted() {
    let project = project("cache_from: [type=gha]");
    project.registry.put(&format!("{REPOSITORY}:ci"), "old");
    run(&project, &["build", "--trusted-branch", "*"]).is_silent_on(&["`cache_from` is ignored"]).ok();
    assert!(added(&project).contains(&format!(r#""cache_from":["{}:ci"]"#, project.image)), "{}", added(&project));
    assert_eq!(project.lines().iter().filter(|line| *line == VERSION).count(), 1, "nothing is replaced: {:#?}", project.lines());
}

#[test]
fn an_older_compose_is_refused_if_it_would_have_to_replace_something() {
    for (keys, named) in [("tags: ['IMAGE:dev']", "tags"), ("cache_to: [type=gha]", "cache_to"), ("cache_from: [type=gha]", "cache_from")] {
        let project = project(keys);
        for version in ["2.24.3", "v2.20.0-desktop.1"] {
            project.docker(&[(r#""compose version --short""#, &format!("echo {version}"))]);
            let said = format!(
                "docker compose: is version {version}, expected 2.24.4 or newer: an older one cannot leave out `build.{named}` of service `app`"
            );
            run(&project, &["build"]).fails(2, &[&said, "help: install a newer Compose"]);
            project.only_read();
        }
        project.docker(&[(r#""compose version --short""#, "echo 2.24.4")]);
        run(&project, &["build"]).says(&[": pushed, sha256:"]).ok();
    }
    let project = project("target: ''");
    project.docker(&[(r#""compose version --short""#, "echo 2.20.0")]);
    run(&project, &["build"]).says(&[": pushed, sha256:"]).ok();
}

#[test]
fn tags_are_set_on_the_server_when_the_image_is_there() {
    let project = project("tags: ['IMAGE:dev', 'IMAGE', 'IMAGE:ci']");
    let names = |tag: &str| project.registry.get(&format!("{REPOSITORY}:{tag}"));
    let json = run(&project, &["build", "--json"]).json();
    let tags = &json["targets"][0]["tags"];
    let moved = |tag: &str| serde_json::json!({"image": format!("{}:{tag}", project.image), "outcome": "moved"});
    assert_eq!(*tags, serde_json::json!([moved("dev"), moved("latest")]), "the moving tag is set anyway");
    assert_eq!((names("dev").as_deref(), names("latest").as_deref()), (Some("pushed"), Some("pushed")));
    let pushes: Vec<String> = project.lines().into_iter().filter(|line| line.starts_with("docker push")).collect();
    assert_eq!(pushes.len(), 1, "{pushes:#?}");

    // On a hit too, and they need no engine.
    project.registry.put(&format!("{REPOSITORY}:dev"), "of another commit");
    run(&project, &["build"]).says(&["hit, sha256:", ":dev: points at sha256:"]).ok();
    assert_eq!(names("dev").as_deref(), Some("pushed"));
    project.registry.put(&format!("{REPOSITORY}:dev"), "of another commit");
    for args in [["build", "--dry-run"], ["build", "--no-push"]] {
        run(&project, &args).ok();
        assert_eq!(names("dev").as_deref(), Some("of another commit"), "{args:?}");
    }
}

#[test]
fn tags_are_those_of_this_machine_if_nothing_is_pushed() {
    let project = project("tags: ['IMAGE:dev', 'elsewhere.example/app:1']");
    project.docker(&[(r#""tag "*"#, "")]);
    run(&project, &["build", "--no-push"]).ok();
    let tags: Vec<String> = project.lines().into_iter().filter(|line| line.starts_with("docker tag ")).collect();
    assert_eq!(tags.len(), 2, "{tags:#?}");
    assert!(tags[0].ends_with(&format!(" {}:dev", project.image)) && tags[1].ends_with(" elsewhere.example/app:1"), "{tags:#?}");
}

#[test]
fn tags_in_other_repositories_are_not_pushed() {
    let project = project("tags: ['elsewhere.example/app:1', 'IMAGE/other:1']");
    let ran = run(&project, &["build"]);
    ran.says(&["warning: service `app`: tags: `elsewhere.example/app:1` is not set: docktag writes only to the repositories"]).ok();
    ran.says(&[&format!("tags: `{}/other:1` is not set", project.image)]);
    assert!(!project.lines().iter().any(|line| line.contains("elsewhere")), "{:#?}", project.lines());
    assert!(!project.registry.lines().iter().any(|line| line.contains("/other/")), "{:?}", project.registry.lines());
}

#[test]
fn names_that_docktag_manages_are_no_tags_and_no_caches() {
    let hash = "0123456789abcdef0123456789abcdef";
    for (key, name, said) in [
        ("tags", format!("IMAGE:{hash}"), "tags: `IMAGE:HASH`: is a name that docktag manages"),
        ("tags", format!("elsewhere.example/app:dev-{hash}"), "tags: `elsewhere.example/app:dev-HASH`: is a name that docktag manages"),
        ("tags", "IMAGE:ci-cache".to_owned(), "tags: `IMAGE:ci-cache`: is a name that docktag manages"),
        ("tags", "IMAGE:sha256-abc".to_owned(), "tags: `IMAGE:sha256-abc`: is a name that docktag manages"),
        ("tags", format!("IMAGE:1@sha256:{}", "a".repeat(64)), "has a digest, expected a tag"),
        ("tags", "Not/A/Name".to_owned(), "tags: `Not/A/Name`: "),
        (
            "cache_to",
            format!("type=registry,ref=IMAGE:{hash}"),
            "cache_to: `type=registry,ref=IMAGE:HASH` writes a name that docktag manages",
        ),
        ("cache_to", "type=registry,ref=IMAGE:ci".to_owned(), "cache_to: `type=registry,ref=IMAGE:ci` writes a name that docktag manages"),
    ] {
        let project = project(&format!("{key}: ['{name}']"));
        let said = said.replace("IMAGE", &project.image).replace("HASH", hash);
        run(&project, &["build"]).fails(2, &["service `app`", &said, "help: "]);
        project.only_read();
        assert!(project.registry.lines().iter().all(|line| !line.starts_with("PUT")), "{:?}", project.registry.lines());
    }
}

/// The bytes of an image that could be a cache by its type.
const IMAGE: &str = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{},"layers":[]}"#;
/// The bytes of a cache that BuildKit exported to a registry.
const CACHE: &str = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.buildkit.cacheconfig.v0"},"layers":[]}"#;

#[test]
fn a_build_cache_under_the_images_name_counts_as_missing() {
    let project = project("target: ''");
    let image = run(&project, &["tag"]).ok().trim().split_once('\t').unwrap().1.to_owned();
    let name = image.split_once('/').unwrap().1.to_owned();
    let said = format!("warning: {image}: is a build cache and no image, so it counts as missing");
    project.registry.put(&name, CACHE);
    run(&project, &["build", "--dry-run"]).says(&[&said, ": miss"]).ok();
    run(&project, &["plan"]).says(&[&said]).ok();
    run(&project, &["pull"]).fails(3, &[&said, "not in the registry"]);
    project.docker(&[(r#""compose -f "*" pull db""#, "")]);
    run(&project, &["pull", "--or-build"]).says(&[&said]).ok();
    assert_eq!(project.registry.get(&name).as_deref(), Some(CACHE));
    run(&project, &["build"]).says(&[&said, ": pushed, sha256:"]).ok();
    assert_eq!(project.registry.get(&name).as_deref(), Some("pushed"));
    run(&project, &["build"]).is_silent_on(&["build cache"]).says(&["hit, sha256:"]).ok();
}

#[test]
fn a_hit_whose_manifest_cannot_be_read_is_unknown() {
    for (reply, said) in [
        (Reply::status(500), "answers with status 500"),
        (Reply::status(403), "refuses access with status 403"),
        (
            Reply::status(200).header("content-type", MANIFEST_TYPE).header("docker-content-digest", digest(b"other")).body(MANIFEST),
            "and called it sha256:",
        ),
    ] {
        let project =
            Project::with(move |request, _| (request.method == "GET" && request.target.contains("/manifests/")).then(|| reply.clone()));
        project.registry.put(&format!("{REPOSITORY}:{}", project.tag), IMAGE);
        project.is_unknown(&[&project.image, said, "whether the image is there is not known, so nothing was built"]);
    }
}
