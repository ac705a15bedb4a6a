//! `--algorithm`.

use docktag::digest::Kernel;

use crate::support::{Dir, Project, Run};

#[test]
fn the_recipes_hash_is_the_default() {
    let dir = Dir::with_docker();
    let plain = Run::new(&dir, ["tag", "--path", "docker"]).run().ok();
    assert_eq!(plain.trim().len(), 32);
    assert_eq!(Run::new(&dir, ["tag", "--path", "docker", "--algorithm", "md5"]).run().ok(), plain);
    let sha = Run::new(&dir, ["tag", "--path", "docker", "--algorithm", "sha256"]).run().ok();
    assert_eq!(sha.trim().len(), 64);
}

#[test]
fn a_hash_that_is_not_known_names_those_that_are() {
    let dir = Dir::with_docker();
    Run::new(&dir, ["tag", "--path", "docker", "--algorithm", "sha1"]).run().fails(2, &["sha1", "md5", "sha256"]);
}

#[test]
fn whatever_hashes_the_tag_is_the_same() {
    let dir = Dir::with_docker();
    for number in 0..60 {
        dir.file(format!("docker/many/{number}"), "x".repeat(number * 37));
    }
    dir.sparse("docker/large", 300 << 10);
    for algorithm in ["md5", "sha256"] {
        let args = ["tag", "--path", "docker", "--algorithm", algorithm];
        let tag = Run::new(&dir, args).run().ok();
        for kernel in Kernel::ALL.into_iter().filter(|kernel| kernel.is_available()) {
            assert_eq!(Run::new(&dir, args).env("DOCKTAG_LANES", kernel.name()).run().ok(), tag, "{algorithm} with {kernel:?}");
        }
    }
    let run = Run::new(&dir, ["tag", "--path", "docker"]).env("DOCKTAG_LANES", "mmx").run();
    run.fails(2, &["DOCKTAG_LANES: `mmx` is nothing", "help: give one of scalar"]);
}

/// A project that says this to docktag.
fn saying(text: &str) -> Dir {
    let dir = Dir::new();
    dir.file("compose.yaml", format!("services:\n  app:\n    image: example/app\n    build: docker\n{text}\n"));
    dir.file("docker/Dockerfile", "FROM scratch\nCOPY . /\n");
    dir
}

/// The length of a hash in the tag that is printed.
#[track_caller]
fn length(dir: &Dir, args: &[&str]) -> usize {
    Run::new(dir, args).run().ok().trim().rsplit(':').next().unwrap().len()
}

#[test]
fn a_project_chooses_its_hash_for_all() {
    let dir = saying("x-docktag: { algorithm: sha256 }");
    assert_eq!(length(&dir, &["tag"]), 64);
    let by_option = Run::new(&dir, ["tag", "--algorithm", "sha256"]).run().ok();
    assert_eq!(Run::new(&dir, ["tag"]).run().ok(), by_option);
    let manifest = Run::new(&dir, ["manifest"]).run().ok();
    assert_eq!(manifest, Run::new(&dir, ["manifest", "--algorithm", "sha256"]).run().ok());
    assert_eq!(length(&saying("x-docktag: { algorithm: md5 }"), &["tag"]), 32);
    assert_eq!(length(&saying("x-docktag: {}"), &["tag"]), 32);
    assert_eq!(length(&saying("x-other: { algorithm: sha256 }"), &["tag"]), 32);
    // The last file that says something counts, as for every key.
    dir.file("compose.override.yaml", "x-docktag: { algorithm: md5 }\n");
    assert_eq!(length(&dir, &["tag"]), 32);
}

#[test]
fn who_names_a_hash_beats_the_project() {
    let dir = saying("x-docktag: { algorithm: sha256 }");
    assert_eq!(length(&dir, &["tag", "--algorithm", "md5"]), 32);
    let by_variable = Run::new(&dir, ["tag"]).env("DOCKTAG_ALGORITHM", "md5").run().ok();
    assert_eq!(by_variable, Run::new(&dir, ["tag", "--algorithm", "md5"]).run().ok());
    assert_eq!(length(&saying("x-docktag: { algorithm: md5 }"), &["tag", "--algorithm", "sha256"]), 64);
    // Plain folders read no Compose file.
    assert_eq!(length(&dir, &["tag", "--path", "docker"]), 32);
}

#[test]
fn what_a_project_says_wrongly_is_an_error_with_its_line() {
    for (text, said) in [
        ("x-docktag: { algorithm: sha1 }", "compose.yaml:5: x-docktag: `sha1` is not an algorithm, expected md5 or sha256"),
        ("x-docktag:\n  algorithm: SHA256", "compose.yaml:6: x-docktag: `SHA256` is not an algorithm, expected md5 or sha256"),
        ("x-docktag:\n  algorithm: md5\n  verify: true", "compose.yaml:7: x-docktag: `verify` is not a key, expected `algorithm`"),
        ("x-docktag: sha256", "compose.yaml:5: x-docktag: expected a mapping"),
        ("x-docktag: [algorithm]", "compose.yaml:5: x-docktag: expected a mapping"),
        ("x-docktag:\n  algorithm:", "compose.yaml:6: x-docktag: `algorithm` has no value, expected md5 or sha256"),
        ("x-docktag:\n  algorithm: null", "compose.yaml:6: x-docktag: `algorithm` has no value, expected md5 or sha256"),
    ] {
        for args in [&["tag"][..], &["tag", "--algorithm", "md5"], &["build"]] {
            Run::new(&saying(text), args).run().fails(2, &[said, "help: write `x-docktag: { algorithm: sha256 }`, or leave it out"]);
        }
    }
}

#[test]
fn a_line_that_has_no_effect_is_a_warning() {
    let project = Project::new();
    let text = project.dir.read("docker-compose.yml");
    project.dir.file("docker-compose.yml", [&text[..], b"x-docktag: {algorithm: sha256}\n"].concat());
    let warning = "`x-docktag` has no effect with `--path`: give `--algorithm sha256`";
    project.build(&["--push=false"]).says(&[warning]).ok();
    project.build(&["--push=false", "--algorithm", "md5"]).is_silent_on(&[warning]).ok();
}
