//! What is said of variables without a value, of profiles, and of `$` in what is printed.

use serde_json::Value;

use crate::support::{Dir, Run};

fn project(compose: &str) -> Dir {
    let dir = Dir::new();
    dir.file("Dockerfile", "FROM scratch\nCOPY Dockerfile /\n").file("compose.yaml", compose);
    dir
}

/// The variables that a run warns of, in its order.
fn warned(dir: &Dir) -> Vec<String> {
    let ran = Run::new(dir, ["tag"]).run();
    let name = |line: &str| Some(line.strip_prefix("docktag: warning: The \"")?.split('"').next()?.to_owned());
    ran.stderr.lines().filter_map(name).collect()
}

#[test]
fn a_variable_that_reaches_a_build_is_named_once() {
    let dir = project(
        "x-args: &args {A: $SHARED, B: $SHARED}\n\
         services:\n\
         \x20 a: {image: acme/a$TAG, build: {context: ., args: *args}, environment: [X=$RUN, Y=$RUN], command: $RUN}\n\
         \x20 b: {extends: {file: base.yaml, service: b}}\n\
         \x20 c: {image: acme/c, build: {context: ., args: [C=$ONLY_DEV]}, profiles: [dev]}\n\
         \x20 d: {image: other$DB}\n",
    );
    dir.file(
        "base.yaml",
        "services:\n  b: {image: acme/b, build: {context: ., labels: {L: $LABEL}}}\n  unused: {image: $UNUSED, build: $UNUSED}\n",
    );
    let mut names = warned(&dir);
    names.sort();
    assert_eq!(names, ["DB", "LABEL", "SHARED", "TAG"]);
}

#[test]
fn a_variable_behind_another_is_named_if_that_one_reaches_a_build() {
    let dir = project("services: {a: {image: acme/a, build: {context: ., args: {A: $BUILD}}, environment: {B: $RUN}}}\n");
    dir.file(".env", "BUILD=x$DEEP\nRUN=x$OTHER\n");
    assert_eq!(warned(&dir), ["DEEP"]);
}

#[test]
fn a_variable_that_decides_which_files_are_read_is_named() {
    let dir = project("include: ['${UNSET}a.yaml']\nservices: {a: {image: acme/a, build: .}}\n");
    dir.file("a.yaml", "services: {b: {image: acme/b, build: .}}\n");
    assert_eq!(warned(&dir), ["UNSET"]);
}

#[test]
fn a_name_with_a_hole_is_shown_with_its_variables() {
    let dir = project("services: {app: {image: 'acme/app:${TAG}', build: .}, b: {image: '${REG}/${NAME}', build: .}}\n");
    dir.file(".env", "REG=\n");
    Run::new(&dir, ["tag"]).run().fails(
        2,
        &[
            "service `app`: `acme/app:`: not a tag",
            "`TAG` has no value: set it, or write a default such as `${TAG:-dev}`",
            "`/`",
            "`REG` and `NAME` have no value",
        ],
    );
}

#[test]
fn profiles_that_have_builds_are_named() {
    let dir = project("services: {a: {image: a, build: ., profiles: [dev]}, b: {image: b, profiles: [debug]}}\n");
    Run::new(&dir, ["tag"])
        .run()
        .fails(2, &["no service has `build:`", "have the profile `dev`: add `--profile dev`"])
        .is_silent_on(&["debug"]);
    Run::new(&dir, ["tag", "--profile", "dev"]).run().ok();
    dir.file("compose.yaml", "services: {a: {image: a, build: ., profiles: [dev, x]}, b: {image: b}}\n");
    Run::new(&dir, ["tag"]).run().fails(2, &["have the profiles `dev`, `x`"]);
    dir.file("compose.yaml", "services: {b: {image: b}}\n");
    Run::new(&dir, ["tag"]).run().fails(2, &["is it the right Compose file? name a plain folder"]);
}

#[test]
fn the_model_can_be_read_again() {
    let dir = project("services: {a: {image: acme/a, build: {context: ., args: {A: 'a$$b', B: '$$$$', C: \"${D:-$$}\"}}}}\n");
    let tag = Run::new(&dir, ["tag"]).run().ok();
    for arguments in [&["model"][..], &["model", "--json"]] {
        let text = Run::new(&dir, arguments).run().ok();
        let model: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(model["services"]["a"]["build"]["args"], serde_json::json!({"A": "a$$b", "B": "$$$$", "C": "$$"}));
        let args =
            serde_json::json!({"name": model["name"], "services": {"a": {"image": "acme/a", "build": model["services"]["a"]["build"]}}});
        dir.file("again.yaml", args.to_string());
        assert_eq!(Run::new(&dir, ["tag", "--file", "again.yaml"]).run().ok(), tag);
    }
}
