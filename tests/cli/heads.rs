//! Registries and proxies that do not answer `HEAD` as they answer `GET`.

use crate::support::registry::digest;
use crate::support::{Project, REPOSITORY, Reply};

/// A registry that gives this answer to every `HEAD` of a manifest.
fn to_head(reply: Reply) -> Project {
    Project::with(move |request, _| (request.method == "HEAD" && request.target.contains("/manifests/")).then(|| reply.clone()))
}

/// Answers to `HEAD` that say nothing of the image: refusals, and 200 without what it takes.
fn answers() -> Vec<Reply> {
    let statuses = [400, 403, 404, 405, 406, 410, 501].map(Reply::status);
    let registry = [404, 405, 403].map(|status| Reply::json(status, r#"{"errors":[{"code":"UNSUPPORTED"}]}"#));
    statuses.into_iter().chain(registry).chain([Reply::page(404), Reply::page(200), Reply::status(200)]).collect()
}

fn count(project: &Project, beginning: &str) -> usize {
    project.registry.lines().iter().filter(|line| line.starts_with(beginning)).count()
}

#[test]
fn one_get_decides() {
    for reply in answers() {
        let project = to_head(reply.clone());
        project.build(&[]).says(&[": miss", ": pushed, sha256:"]).ok();
        project.build(&["--verify"]).says(&[&format!(": hit, {}", digest(b"pushed"))]).ok();
        project.job("pull", [""; 0]).run().ok();
    }
}

#[test]
fn what_head_is_worth_is_remembered() {
    let project = to_head(Reply::status(405));
    project.is_there().build(&[]).says(&[": hit, sha256:"]).ok();
    // The image and its moving tag are asked for at once; then nobody asks with HEAD again.
    assert!(count(&project, "HEAD") <= 2, "{:?}", project.registry.lines());
    assert_eq!(count(&project, "GET /v2/example/app/manifests/ci"), 1, "{:?}", project.registry.lines());
}

#[test]
fn a_miss_costs_nothing_more_where_head_has_found_something() {
    let project = Project::new();
    project.registry.put(&format!("{REPOSITORY}:ci"), "old");
    project.build(&["--dry-run"]).says(&[": miss"]).ok();
    assert_eq!(count(&project, &format!("GET /v2/example/app/manifests/{}", project.tag)), 0, "{:?}", project.registry.lines());
}

#[test]
fn a_miss_is_asked_for_once_more_where_head_has_found_nothing() {
    let project = Project::new();
    project.build(&["--dry-run", "--moving-tag="]).says(&[": miss"]).ok();
    let image = format!("/v2/example/app/manifests/{}", project.tag);
    assert_eq!(project.registry.lines(), [format!("GET {image}"), format!("HEAD {image}")]);
}

#[test]
fn one_image_that_is_missing_does_not_hide_another() {
    // The image is missing, its moving tag is not, and HEAD finds neither.
    let project = to_head(Reply::json(404, "{}"));
    project.registry.put(&format!("{REPOSITORY}:ci"), "old");
    project.build(&[]).says(&[": miss", ": pushed, sha256:"]).ok();
    let added = project.calls().into_iter().find(|call| !call.added_text.is_empty()).unwrap().added_text;
    assert!(added.contains(&format!("{}:ci", project.image)), "{added}");
}

#[test]
fn a_login_that_is_for_get_only_is_enough() {
    let project = Project::with(|request, _| {
        let knows = request.header("authorization") == Some("Basic Y2k6cmlnaHQ=");
        let head = request.method == "HEAD" && request.target.contains("/manifests/");
        (!knows || head).then(|| Reply::status(401).header("www-authenticate", "Basic realm=\"x\""))
    });
    project.is_there();
    let run = project.job("build", ["--username", "ci", "--moving-tag="]).env("DOCKER_PASSWORD", "right");
    run.run().says(&[": hit, sha256:"]).ok();
}

#[test]
fn trouble_that_passes_is_no_reason_for_a_get() {
    let project = to_head(Reply::status(503));
    project.is_unknown(&["answers with status 503"]);
    assert_eq!(count(&project, "GET"), 0, "{:?}", project.registry.lines());
}
