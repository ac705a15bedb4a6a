//! On a hit the moving tag is pointed at it, on the server. It is a cache for the next build, so trouble with it is a warning.

use crate::support::registry::{MANIFEST, MANIFEST_TYPE, digest, manifest_reply};
use crate::support::{Project, REPOSITORY, Reply, Run};

/// A registry that has the image, answers GET so, and is honest else.
fn giving(reply: Reply) -> Project {
    let project =
        Project::with(move |request, _| (request.method == "GET" && request.target.contains("/manifests/")).then(|| reply.clone()));
    project.is_there();
    project
}

#[track_caller]
fn warns(project: &Project, texts: &[&str]) {
    let ran = project.build(&[]);
    ran.says(&["hit, sha256:", "warning: ", "`--moving-tag ''`"]).says(texts).ok();
    project.only_read();
    assert_eq!(project.registry.get(&format!("{REPOSITORY}:ci")), None, "nothing half-done stays");
}

#[test]
fn the_moving_tag_gets_the_same_bytes() {
    let project = Project::new();
    project.is_there();
    let ran = project.build(&[]);
    assert_eq!(ran.ok(), format!("{}:{}\n", project.image, project.tag));
    ran.says(&[&format!("{}:ci: points at {} now", project.image, digest(MANIFEST.as_bytes()))]);
    assert_eq!(project.registry.get(&format!("{REPOSITORY}:ci")).as_deref(), Some(MANIFEST));
    let put = project.registry.requests().into_iter().find(|request| request.method == "PUT").unwrap();
    assert_eq!(put.header("content-type"), Some(MANIFEST_TYPE));
}

#[test]
fn a_moving_tag_that_is_right_is_left_alone() {
    let project = Project::new();
    project.is_there();
    project.registry.put(&format!("{REPOSITORY}:ci"), MANIFEST);
    project.build(&[]).ok();
    assert!(project.registry.lines().iter().all(|line| line.starts_with("HEAD ")), "{:?}", project.registry.lines());
}

#[test]
fn a_manifest_that_is_cut_off_is_not_stored() {
    let project = giving(Reply::Half(Box::new(manifest_reply(MANIFEST.as_bytes()))));
    warns(&project, &["cut off"]);
}

#[test]
fn a_manifest_that_is_not_what_it_is_called_is_not_stored() {
    let other = Reply::status(200).header("content-type", MANIFEST_TYPE).header("docker-content-digest", digest(b"other")).body(MANIFEST);
    warns(&giving(other), &[&format!("digest is {}", digest(MANIFEST.as_bytes())), &digest(b"other")]);
}

#[test]
fn a_manifest_that_is_another_than_the_hit_is_not_stored() {
    // Between HEAD and GET the tag was moved by somebody, or two servers behind one name disagree.
    warns(&giving(manifest_reply(b"another image")), &[&digest(b"another image")]);
}

#[test]
fn a_registry_that_takes_no_tag_is_no_failure() {
    let denied = r#"{"errors":[{"code":"DENIED","message":"tag is immutable"}]}"#;
    let project = Project::with(move |request, _| (request.method == "PUT").then(|| Reply::json(403, denied)));
    project.is_there();
    warns(&project, &["status 403 (DENIED tag is immutable)"]);
}

#[test]
fn no_moving_tag_is_no_request_for_it() {
    let project = Project::new();
    project.is_there();
    project.build(&["--moving-tag", ""]).ok();
    assert_eq!(project.registry.lines(), [format!("HEAD /v2/{REPOSITORY}/manifests/{}", project.tag)]);
}

#[test]
fn without_the_right_to_push_no_tag_is_moved() {
    let project = Project::new();
    project.is_there();
    for option in ["--no-push", "--dry-run"] {
        let text = project.build(&[option]).ok();
        assert!(project.registry.lines().iter().all(|line| line.starts_with("HEAD ")), "{option}");
        let image = &project.image;
        let planned = format!("would set a tag: point {image}:ci at {image}:{}", project.tag);
        assert_eq!(text.contains(&planned), option == "--dry-run", "{text}");
    }
}

#[test]
fn jobs_that_only_name_things_ask_no_registry() {
    let project = Project::new();
    let run = |args: &[&str]| Run::new(&project.dir, [args, &["--path", "docker", "--image", &project.image]].concat()).run().ok();
    run(&["tag"]);
    run(&["env"]);
    assert_eq!(project.registry.lines(), [""; 0]);
    assert_eq!(project.lines(), [""; 0]);
}

#[test]
fn trouble_with_the_moving_tag_is_not_told_as_doubt_about_the_image() {
    for reply in [Reply::status(500), Reply::Noise] {
        let ran = giving(reply).build(&[]);
        ran.says(&["hit, sha256:", "warning: "]).is_silent_on(&["whether the image exists is not known", "nothing was built"]);
    }
}
