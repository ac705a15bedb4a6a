//! `--reuse`: a manifest that was made before, as the recipe's `test -e`; only on demand, and never silently.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::shell::{recipe, tag_of};
use crate::support::{Dir, Project, Ran, Run};

fn tag(dir: &Dir, file: &str) -> Ran {
    Run::new(dir, ["tag", "--path", "docker", "--reuse", file]).run()
}

#[test]
fn a_manifest_that_exists_is_taken_as_it_is_and_this_is_said() {
    let dir = Dir::with_docker();
    let old = b"900150983cd24fb0d6963f7d28e17f72  docker/gone\n";
    dir.file("docker-ci.md5", old);
    let ran = tag(&dir, "docker-ci.md5");
    assert_eq!(ran.ok().trim(), tag_of(&dir, "md5sum", old));
    ran.says(&["docker-ci.md5: taken as it is because of `--reuse`; nothing was hashed"]);
    assert_eq!(dir.read("docker-ci.md5"), old);
}

#[test]
fn a_manifest_that_is_missing_is_written() {
    let dir = Dir::with_docker();
    let first = tag(&dir, "docker-ci.md5");
    first.says(&["docker-ci.md5: written"]);
    assert_eq!(dir.read("docker-ci.md5"), recipe(&dir, "md5sum", &["docker"]));
    dir.file("docker/Dockerfile", "changed");
    assert_eq!(tag(&dir, "docker-ci.md5").ok(), first.ok(), "this is what reuse means");
}

#[test]
fn without_the_option_no_manifest_is_kept_or_taken() {
    let dir = Dir::with_docker();
    dir.file("docker-ci.md5", "900150983cd24fb0d6963f7d28e17f72  docker/gone\n");
    let expected = tag_of(&dir, "md5sum", &recipe(&dir, "md5sum", &["docker"]));
    assert_eq!(Run::new(&dir, ["tag", "--path", "docker"]).run().ok().trim(), expected);
}

#[test]
fn a_manifest_that_is_broken_is_refused_with_the_line() {
    let good = "900150983cd24fb0d6963f7d28e17f72  docker/a\n";
    for (text, place) in [
        (format!("{good}oops\n"), "docker-ci.md5:2: expected 32 hexadecimal digits"),
        (format!("{good}{}", good.trim_end()), "docker-ci.md5: cut off"),
        (String::new(), "docker-ci.md5: empty manifest"),
        (good.replace("9001", "\\9001").replace("/a", "/a\\x"), "docker-ci.md5:1: "),
    ] {
        let dir = Dir::with_docker();
        dir.file("docker-ci.md5", &text);
        tag(&dir, "docker-ci.md5").fails(2, &[place, "help: delete the file"]);
        assert_eq!(dir.read("docker-ci.md5"), text.as_bytes());
    }
    let dir = Dir::with_docker();
    dir.file("docker-ci.md5", good);
    let other = Run::new(&dir, ["tag", "--path", "docker", "--reuse", "docker-ci.md5", "--algorithm", "sha256"]).run();
    other.fails(2, &["docker-ci.md5:1: expected 64", "sha256sum", "`--algorithm`"]);
}

#[test]
fn a_manifest_with_any_file_name_can_be_kept() {
    let dir = Dir::with_docker();
    dir.file(b"docker/\xff", "not UTF-8").file("docker/a\nb\\", "");
    tag(&dir, "docker-ci.md5").ok();
    assert_eq!(dir.read("docker-ci.md5"), recipe(&dir, "md5sum", &["docker"]));
}

#[test]
fn a_manifest_that_cannot_be_written_is_an_error_that_names_the_folder() {
    let project = Project::new();
    for job in ["tag", "build"] {
        let ran = project.job(job, ["--reuse", "nowhere/docker-ci.md5"]).run();
        // Nothing disappeared: the folder was never there.
        ran.fails(1, &["nowhere/docker-ci.md5", "No such file or directory", "help:"]).is_silent_on(&["disappeared", "another process"]);
    }
    project.only_read();
    tag(&project.dir, "docker/Dockerfile/docker-ci.md5").fails(1, &["docker/Dockerfile/docker-ci.md5", "Not a directory", "help:"]);
}

#[test]
fn a_manifest_is_a_file_like_others() {
    for job in ["tag", "manifest", "env", "build"] {
        let project = Project::new();
        project.is_there();
        let image = ["--image", &project.image];
        let args = [&[job, "--path", "docker", "--reuse", "docker-ci.md5"][..], if job == "manifest" { &[] } else { &image }].concat();
        Run::through(&project.dir, &["/bin/sh", "-c", "umask 022; exec \"$@\"", "sh"], args).run().ok();
        let mode = fs::metadata(project.dir.path("docker-ci.md5")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o644, "{job}: later steps and other users of the machine read it too");
    }
}

#[test]
fn a_folder_is_no_manifest() {
    let dir = Dir::with_docker();
    dir.folder("folder");
    tag(&dir, "folder").fails(1, &["folder: ", "cannot be read: is a directory", "help:"]);
}

#[test]
fn a_stale_manifest_is_no_name_for_a_build() {
    let project = Project::new();
    project.dir.file("docker-ci.md5", "900150983cd24fb0d6963f7d28e17f72  docker/Dockerfile\n");
    let ran = project.build(&["--reuse", "docker-ci.md5"]);
    ran.fails(1, &["docker-ci.md5: does not describe the files that are here", "docker/Dockerfile", "help: delete it"]);
    project.only_read();
}

#[test]
fn both_jobs_agree_through_a_kept_manifest() {
    let project = Project::new();
    project.build(&["--reuse", "docker-ci.md5"]).ok();
    let pulled = project.job("pull", ["--reuse", "docker-ci.md5"]).run();
    assert_eq!(pulled.ok(), format!("{}:{}\n", project.image, project.tag));
}

#[test]
fn a_dry_run_writes_no_manifest() {
    let project = Project::new();
    project.build(&["--reuse", "docker-ci.md5", "--dry-run"]).ok();
    assert!(fs::metadata(project.dir.path("docker-ci.md5")).is_err());
}
