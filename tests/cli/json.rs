//! `--json`: one object on one line, for success and failure alike.

use serde_json::json;

use crate::support::{Dir, Project, Run};

#[test]
fn a_tag_is_an_object() {
    let dir = Dir::with_docker();
    let tag = Run::new(&dir, ["tag", "--path", "docker"]).run().ok();
    let ran = Run::new(&dir, ["tag", "--path", "docker", "--image", "example/app", "--json"]).run();
    ran.ok();
    let value = ran.json();
    assert_eq!(value["tag"], tag.trim());
    assert_eq!(value["image"], format!("example/app:{}", tag.trim()));
    assert_eq!((&value["job"], &value["algorithm"]), (&json!("tag"), &json!("md5")));
}

#[test]
fn a_manifest_names_files_even_where_they_are_not_text() {
    let dir = Dir::new();
    dir.file("docker/a\n", "").file(b"docker/\xff", "");
    let ran = Run::new(&dir, ["manifest", "--path", "docker", "--json"]).run();
    ran.ok();
    let empty = "d41d8cd98f00b204e9800998ecf8427e";
    assert_eq!(ran.json()["files"], json!([{ "path": "docker/a\n", "digest": empty }, { "path": b"docker/\xff", "digest": empty }]));
}

#[test]
fn a_build_says_what_became_of_every_image() {
    let project = Project::new();
    let cold = project.build(&["--json"]);
    cold.ok();
    let value = cold.json();
    assert_eq!((&value["hit"], &value["targets"][0]["outcome"]), (&json!(false), &json!("pushed")));
    assert_eq!(value["targets"][0]["moving"], json!({ "image": format!("{}:ci", project.image), "outcome": "moved" }));
    let warm = project.build(&["--json"]);
    warm.ok();
    let value = warm.json();
    assert_eq!((&value["hit"], &value["targets"][0]["outcome"]), (&json!(true), &json!("hit")));
    assert_eq!(value["targets"][0]["moving"]["outcome"], "already");
}

/// A failure as JSON: its code, its exit code, and the message on standard error too.
#[track_caller]
fn fails(run: Run, exit: i32, code: &str) {
    let ran = run.run();
    ran.fails(exit, &[]);
    let value = ran.json();
    assert_eq!((&value["error"]["code"], &value["exit"]), (&json!(code), &json!(exit)), "{value}");
    assert!(value["error"]["message"].as_str().is_some_and(|text| ran.stderr.contains(text)), "{value}");
    assert!(value["notes"].is_array(), "{value}");
}

#[test]
fn a_failure_is_an_object_with_a_stable_code() {
    let dir = Dir::with_docker();
    dir.folder("empty").file("broken.md5", "oops\n").file("link-target/x", "").link("link", "link-target");
    let run = |args: &[&str]| Run::new(&dir, [args, &["--json"]].concat());
    fails(run(&["tag"]), 2, "compose-file-missing");
    fails(run(&["tag", "--path", "nowhere"]), 2, "path-missing");
    fails(run(&["tag", "--path", "empty"]), 2, "path-empty");
    fails(run(&["tag", "--path", "link"]), 2, "path-not-a-folder");
    fails(run(&["tag", "--path", "/etc"]), 2, "path-invalid");
    fails(run(&["tag", "--path", "docker", "--image", "A"]), 2, "image-invalid");
    fails(run(&["tag", "--path", "docker", "--reuse", "broken.md5"]), 2, "manifest-invalid");
    fails(run(&["tag", "--path", "docker", "-C", "nowhere"]), 2, "path-missing");
    fails(run(&["tag", "--path", "docker", "--reuse", "empty"]), 1, "unreadable");
    fails(run(&["build", "--path", "docker", "--image", "a", "--username", "u"]), 2, "usage");
    fails(run(&["build", "--path", "docker", "--image", "127.0.0.1:1/a"]), 2, "no-compose");
}

#[test]
fn a_failure_of_a_build_is_an_object_with_a_stable_code() {
    let project = Project::new();
    fails(project.job("build", ["--json", "--file", "nowhere.yml"]), 2, "compose-file-missing");
    fails(project.job("pull", ["--json"]), 3, "miss");
    project.docker(&[(r#"*" build app""#, "exit 1")]);
    fails(project.job("build", ["--json"]), 1, "build-failed");
    project.docker(&[(r#""push "*"#, "exit 1")]);
    fails(project.job("build", ["--json"]), 1, "push-failed");
    project.docker(&[("version*", "exit 1")]);
    fails(project.job("build", ["--json"]), 1, "no-engine");
    project.docker(&[]).docker_config("{");
    fails(project.job("build", ["--json", "--username", "u"]).env("DOCKER_PASSWORD", "p"), 2, "docker-config-invalid");
}
