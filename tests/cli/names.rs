//! Names that are no image, no repository, no tag.

use crate::support::{Dir, Run};

/// `tag --image NAME` is refused before anything is read: exit code 2, with these words.
#[track_caller]
fn check(name: &str, texts: &[&str]) {
    // There is no folder: a wrong name is found first.
    Run::new(&Dir::new(), ["tag", "--path", "docker", &format!("--image={name}")]).run().fails(2, texts).is_silent_on(&["no such folder"]);
}

#[test]
fn a_repository_is_named_without_tag_or_digest() {
    check("example/app:ci", &["example/app:ci: has the tag `ci`", "help: write `example/app`"]);
    check("localhost:5000/app:1", &["has the tag `1`", "write `localhost:5000/app`"]);
    let digest = format!("example/app@sha256:{}", "a".repeat(64));
    check(&digest, &["has a digest", "help: write `example/app`"]);
}

#[test]
fn what_docker_refuses_is_refused_with_the_reason() {
    check("Example/App/x", &["Example/App/x", "lower case"]);
    check("example/App", &["`A` in `example/App`", "lower case"]);
    check("", &["empty image name", "`example/app`"]);
    check("example//app", &["example//app", "empty part"]);
    check("https://ghcr.io/acme/app", &["https://ghcr.io/acme/app"]);
    check("example/a b", &["example/a b", "`a b`"]);
    check(&format!("example/{}", "a".repeat(300)), &["characters, expected at most 255"]);
    check("host:port/app", &["`port` is not a port"]);
}

#[test]
fn a_name_in_a_message_cannot_write_to_the_terminal() {
    let ran = Run::new(&Dir::new(), ["tag", "--path", "docker", "--image", "a\u{1b}[31mb"]).run();
    ran.fails(2, &["a\\u{1b}[31mb"]).is_silent_on(&["\u{1b}"]);
}

#[test]
fn a_moving_tag_is_a_tag() {
    let dir = Dir::with_docker();
    let env = |tag: &str| Run::new(&dir, ["env", "--path", "docker", "--image", "example/app", "--moving-tag", tag]).run();
    assert!(env(&"x".repeat(128)).ok().contains(&"x".repeat(128)));
    env(&"x".repeat(129)).fails(2, &["`--moving-tag`", "129 characters", "at most 128", "help:"]);
    env(".ci").fails(2, &[".ci: `--moving-tag`: not a tag", "help: a tag is"]);
    env("a:b").fails(2, &["a:b", "not a tag"]);
}

#[test]
fn a_repository_can_be_on_any_port() {
    let dir = Dir::with_docker();
    let tag = Run::new(&dir, ["tag", "--path", "docker"]).run().ok();
    for name in ["localhost:5000/app", "127.0.0.1:5000/a/b/c", "[::1]:5000/app", "ghcr.io/acme/app", "redis"] {
        assert_eq!(Run::new(&dir, ["tag", "--path", "docker", "--image", name]).run().ok(), format!("{name}:{tag}"));
    }
}
