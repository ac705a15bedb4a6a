//! Every option is a variable too.

use std::os::unix::ffi::OsStrExt as _;

use crate::support::{Dir, Project, Run};

#[test]
fn a_variable_is_as_good_as_the_option() {
    let dir = Dir::with_docker();
    let by_option =
        Run::new(&dir, ["env", "--path", "docker", "--image", "example/app", "--moving-tag", "main", "--algorithm", "sha256"]).run();
    let by_variable = Run::new(&dir, ["env"])
        .env("DOCKTAG_PATH", "docker")
        .env("DOCKTAG_IMAGE", "example/app")
        .env("DOCKTAG_MOVING_TAG", "main")
        .env("DOCKTAG_ALGORITHM", "sha256")
        .env("DOCKTAG_DIRECTORY", dir.path(""))
        .run();
    assert_eq!(by_variable.ok(), by_option.ok());
}

#[test]
fn a_list_has_one_item_a_line() {
    let dir = Dir::with_docker();
    dir.file("a b/c", "");
    let expected = Run::new(&dir, ["manifest", "--path", "docker", "--path", "a b"]).run().ok();
    for list in ["docker\na b", "docker\r\na b\r\n", "\n\ndocker\n\na b\n"] {
        assert_eq!(Run::new(&dir, ["manifest"]).env("DOCKTAG_PATH", list).run().ok(), expected, "{list:?}");
    }
    // An option names one folder, whatever is in its name.
    Run::new(&dir, ["manifest", "--path", "docker\na b"]).run().fails(2, &["docker\\na b: no such folder"]);
}

#[test]
fn a_variable_can_name_any_folder() {
    let dir = Dir::new();
    dir.file(b"\xff/file", "");
    let name = std::ffi::OsStr::from_bytes(b"\xff");
    let by_option = Run::new(&dir, [std::ffi::OsStr::new("manifest"), "--path".as_ref(), name]).run();
    by_option.ok();
    let by_variable = Run::new(&dir, ["manifest"]).env("DOCKTAG_PATH", name).run();
    by_variable.ok();
    assert_eq!(by_variable.stdout, by_option.stdout);
}

#[test]
fn the_option_beats_the_variable() {
    let dir = Dir::with_docker();
    let expected = Run::new(&dir, ["tag", "--path", "docker", "--image", "example/app"]).run().ok();
    let ran = Run::new(&dir, ["tag", "--path", "docker", "--image", "example/app"])
        .env("DOCKTAG_PATH", "nowhere")
        .env("DOCKTAG_IMAGE", "Wrong")
        .run();
    assert_eq!(ran.ok(), expected);
}

/// CI files pass settings on that nobody made: `DOCKTAG_X: ${{ inputs.x }}`.
#[track_caller]
fn empty_is_unset(names: &[&str]) {
    let project = Project::new();
    let expected = project.is_there().build(&[]).ok();
    let counts = |name: &&&str| {
        let ran = project.job("build", [""; 0]).env(name, "").run();
        (ran.code, ran.text()) != (Some(0), expected.clone())
    };
    assert_eq!(names.iter().filter(counts).collect::<Vec<_>>(), [&""; 0], "these count although they are empty");
}

#[test]
fn an_empty_variable_with_a_list_or_a_name_is_unset() {
    empty_is_unset(&[
        "DOCKTAG_PATH",
        "DOCKTAG_IMAGE",
        "DOCKTAG_FILE",
        "DOCKTAG_COMPOSE",
        "DOCKTAG_REUSE",
        "DOCKTAG_CACHE_FROM",
        "DOCKTAG_USERNAME",
        "DOCKTAG_INSECURE_REGISTRY",
        "DOCKER_PASSWORD",
    ]);
}

#[test]
fn an_empty_variable_with_a_choice_is_unset() {
    empty_is_unset(&["DOCKTAG_ALGORITHM", "DOCKTAG_CACHE", "DOCKTAG_COLOR"]);
}

#[test]
fn an_empty_variable_of_a_switch_is_unset() {
    empty_is_unset(&["DOCKTAG_JSON", "DOCKTAG_VERBOSE", "DOCKTAG_NO_PUSH", "DOCKTAG_FORCE", "DOCKTAG_DRY_RUN", "DOCKTAG_PASSWORD_STDIN"]);
}

#[test]
fn an_empty_variable_with_the_project_folder_is_unset() {
    empty_is_unset(&["DOCKTAG_DIRECTORY"]);
}

#[test]
fn an_empty_moving_tag_is_none() {
    let project = Project::new();
    project.is_there();
    project.job("build", [""; 0]).env("DOCKTAG_MOVING_TAG", "").run().ok();
    assert!(project.registry.lines().iter().all(|line| !line.contains("/ci")), "{:?}", project.registry.lines());
}

#[test]
fn a_switch_is_a_word_for_yes_or_no() {
    let dir = Dir::with_docker();
    let json = |value: &str| Run::new(&dir, ["tag", "--path", "docker"]).env("DOCKTAG_JSON", value).run();
    for value in ["1", "true", "yes", "on"] {
        json(value).json();
    }
    for value in ["0", "false", "no", "off"] {
        assert_eq!(json(value).ok().len(), 33, "{value}");
    }
    json("perhaps").fails(2, &["perhaps", "--json"]);
}
