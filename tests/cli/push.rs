//! Pushes that fail, that only look as if they had worked, or that were not needed after all.

use crate::support::project::PUSH;
use crate::support::registry::digest;
use crate::support::{Project, REPOSITORY, Reply};

const PUSHING: &str = r#""push "*"#;

fn pushing(body: &str) -> Project {
    let project = Project::new();
    project.docker(&[(PUSHING, body)]);
    project
}

#[test]
fn a_push_that_fails_half_way_is_a_failure() {
    let project = pushing("echo 'layer 1: Pushed'; echo 'denied: requested access to the resource is denied' >&2; exit 1");
    project.build(&[]).fails(1, &[&project.image, "`docker push` failed (exit code 1)", "help: its output is above", "may push here"]);
    assert_eq!(project.registry.get(&format!("{REPOSITORY}:ci")), None);
}

#[test]
fn a_push_that_ends_well_and_pushed_nothing_is_a_failure() {
    let project = pushing("echo 'skipped'");
    let ran = project.build(&[]);
    ran.fails(
        1,
        &[
            &project.image,
            "ended well, but the registry does not have the image",
            "help: ",
            "does the engine use another registry of this name?",
        ],
    );
    assert_eq!(project.registry.get(&format!("{REPOSITORY}:ci")), None);
}

#[test]
fn a_push_that_another_job_was_faster_with_is_a_hit() {
    // The other job's image is there by the time ours is refused.
    let project = pushing(&format!("{PUSH}; echo 'tag is immutable' >&2; exit 1"));
    let ran = project.build(&["--json"]);
    ran.says(&["warning: ", "the push failed, but the registry has the image", "taken as a hit"]).ok();
    assert_eq!(ran.json()["targets"][0]["outcome"], "hit");
    assert_eq!(project.registry.get(&format!("{REPOSITORY}:ci")).as_deref(), Some("pushed"));
}

#[test]
fn an_immutable_tag_cannot_be_forced() {
    let project = pushing("echo 'tag is immutable' >&2; exit 1");
    project.is_there();
    let texts = ["`docker push` failed (exit code 1)", "still has the image of before", "help: ", "cannot be built anew"];
    project.build(&["--force"]).fails(1, &texts);
}

#[test]
fn a_registry_that_falls_silent_after_the_push_proves_nothing() {
    let project = Project::with(|request, before| (request.method == "HEAD" && before > 0).then(|| Reply::status(500)));
    project.build(&[]).fails(1, &[&project.image, "answers with status 500", "help: "]).is_silent_on(&[": pushed"]);
}

#[test]
fn what_was_pushed_is_told_by_the_registrys_digest() {
    let project = Project::new();
    let ran = project.build(&["--json"]);
    ran.ok();
    assert_eq!(ran.json()["targets"][0]["digest"], digest(b"pushed"));
}

#[test]
fn a_moving_tag_that_another_job_moved_meanwhile_is_told() {
    let project = Project::with(|request, before| {
        let is_proof = request.method == "HEAD" && request.target.ends_with("/ci") && before > 0;
        is_proof.then(|| crate::support::registry::manifest_reply(b"other"))
    });
    project.build(&[]).says(&["warning: ", ":ci: was pointed at sha256:", "another job moved it too"]).ok();
}

#[test]
fn after_a_build_nobody_is_told_that_nothing_was_built() {
    let project = Project::with(|request, before| (request.method == "HEAD" && before > 0).then(|| Reply::status(500)));
    project.build(&[]).fails(1, &[&project.image]).is_silent_on(&["nothing was built"]);
}
