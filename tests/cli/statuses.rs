//! What a registry answers when it is asked for an image: a hit, a miss, or neither.

use crate::support::registry::{MANIFEST, Request};
use crate::support::{Project, Reply};

/// A registry that gives one answer to every question for a manifest.
fn answering(reply: Reply) -> Project {
    Project::with(move |request, _| request.target.contains("/manifests/").then(|| reply.clone()))
}

#[test]
fn a_registrys_404_is_a_miss() {
    let project = Project::new();
    project.build(&[]).says(&[": miss", ": pushed, sha256:"]).ok();
}

#[test]
fn a_404_without_a_sign_of_a_registry_is_believed_only_if_there_is_one() {
    let bare = |request: &Request, before: usize| (request.method == "HEAD" && before == 0).then(|| Reply::status(404));
    let project = Project::with(bare);
    project.build(&[]).says(&[": miss"]).ok();
    assert!(project.registry.lines().contains(&"GET /v2/".to_owned()));
}

#[test]
fn a_web_page_with_404_is_not_a_miss() {
    let project = Project::with(|_, _| Some(Reply::page(404)));
    project.is_unknown(&[&project.registry.address, "status 404, but not as a registry does", "is the registry's name right"]);
}

#[test]
fn a_refusal_is_not_a_miss() {
    let denied = Reply::json(403, r#"{"errors":[{"code":"DENIED","message":"no access to this repository"}]}"#);
    let project = answering(denied);
    project.is_unknown(&[&project.image, "refuses access with status 403", "docker login", "`--username`"]);
}

#[test]
fn the_registrys_own_words_are_shown_without_control_characters() {
    let body = r#"{"errors":[{"code":"DENIED","message":"tag\u001b[2J is\u000a::error::protected"}]}"#;
    let project = Project::with(move |request, _| (request.method == "PUT").then(|| Reply::json(403, body)));
    let ran = project.is_there().build(&[]);
    ran.says(&["status 403 (DENIED tag[2J is::error::protected)"]).is_silent_on(&["\u{1b}"]);
}

#[test]
fn a_web_page_is_not_a_hit() {
    let project = answering(Reply::page(200));
    project.is_unknown(&[&project.image, "answers with a web page, expected an image manifest", "login page in between"]);
}

#[test]
fn what_is_no_manifest_is_not_a_hit() {
    let schema1 = "application/vnd.docker.distribution.manifest.v1+prettyjws";
    for reply in [Reply::status(200), Reply::json(200, "{}"), Reply::status(200).header("content-type", schema1)] {
        let project = answering(reply);
        project.is_unknown(&[&project.image, "expected an image manifest"]);
    }
}

#[test]
fn other_statuses_are_unknown() {
    for status in [204, 405, 410, 418, 501] {
        let project = answering(Reply::status(status));
        project.is_unknown(&[&project.image, &format!("status {status}"), "nothing was built"]);
    }
}

#[test]
fn a_status_that_a_tls_server_would_give_too_is_told_where_there_is_no_tls() {
    let project = answering(Reply::status(400));
    project.is_unknown(&[&project.image, "status 400"]);
}

#[test]
fn a_redirect_in_a_circle_is_unknown() {
    let project = Project::with(|request, _| Some(Reply::status(307).header("location", request.target.clone())));
    project.is_unknown(&[&project.registry.address, "redirects"]);
}

#[test]
fn a_redirect_is_followed() {
    let project = Project::with(|request, _| {
        let there = request.target.strip_prefix("/v2/example/")?;
        request.target.contains("/manifests/").then(|| Reply::status(307).header("location", format!("/v2/moved/{there}")))
    });
    project.registry.put(&format!("moved/app:{}", project.tag), MANIFEST);
    project.build(&["--moving-tag="]).says(&["hit, sha256:"]).ok();
}

#[test]
fn a_hit_without_a_digest_header_is_identified_by_its_bytes() {
    let project = answering(Reply::status(200).header("content-type", crate::support::registry::MANIFEST_TYPE).body(MANIFEST));
    project.build(&[]).says(&[&format!("hit, {}", crate::support::registry::digest(MANIFEST.as_bytes()))]).ok();
}
