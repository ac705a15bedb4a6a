//! Files that docktag writes: never through a link that somebody put there before, and private if later steps trust them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use crate::support::git::{commit, path};
use crate::support::{Dir, Registry, Run};

const REFUSED: &str = "cannot be written: is a link, a folder or a device, expected a regular file";

/// A project that is a repository with two commits.
fn project(registry: &Registry, dir: &Dir) {
    dir.file("compose.yaml", format!("services: {{app: {{image: '{}/example/app', build: .}}}}\n", registry.address));
    dir.file("Dockerfile", "FROM scratch\n").file("docker/Dockerfile", "FROM scratch\n");
    commit(dir, "first");
    commit(dir, "second");
}

#[test]
fn nothing_is_written_through_a_link() {
    for args in [&["tag", "--path", "docker", "--reuse", "out"][..], &["backtest", "--plot", "out"], &["plan", "--continuation", "out"]] {
        for has_target in [false, true] {
            let dir = Dir::new();
            let registry = Registry::honest(&dir);
            project(&registry, &dir);
            let target = dir.beside("home/target");
            // A manifest, so that `--reuse` takes it.
            let text = "900150983cd24fb0d6963f7d28e17f72  a\n";
            if has_target {
                fs::write(&target, text).unwrap();
            }
            dir.link("out", target.to_str().unwrap());
            let ran = Run::new(&dir, args).env("PATH", path(&dir)).run();
            if has_target && args.contains(&"--reuse") {
                ran.says(&["out: taken as it is"]).ok();
            } else {
                ran.fails(1, &[&format!("out: {REFUSED}"), "help:"]);
            }
            assert_eq!(fs::read_to_string(&target).ok().as_deref(), has_target.then_some(text), "{args:?}");
            assert!(fs::symlink_metadata(dir.path("out")).unwrap().is_symlink(), "{args:?}");
        }
    }
}

#[test]
fn a_file_is_replaced_whole() {
    let dir = Dir::new();
    let registry = Registry::honest(&dir);
    project(&registry, &dir);
    dir.file("out", "x".repeat(1 << 20));
    fs::hard_link(dir.path("out"), dir.beside("home/other")).unwrap();
    Run::new(&dir, ["plan", "--continuation", "out"]).run().ok();
    let text = dir.read("out");
    assert!(text.starts_with(b"{") && text.len() < 1 << 20, "{} bytes", text.len());
    assert_eq!(fs::metadata(dir.beside("home/other")).unwrap().len(), 1 << 20, "another name of the old file still has its content");
}

/// The Compose file for later steps, after a run with this folder for such files.
#[track_caller]
fn for_later_steps(dir: &Dir, umask: &str) -> PathBuf {
    let starter = ["/bin/sh", "-c", &format!("umask {umask}; exec \"$@\""), "sh"];
    let env = Run::through(dir, &starter, ["env"]).env("RUNNER_TEMP", dir.beside("later")).run().ok();
    let files = env.lines().find_map(|line| line.strip_prefix("export COMPOSE_FILE=")).unwrap();
    files.rsplit_once(':').unwrap().1.trim_matches('\'').into()
}

#[test]
fn the_compose_file_for_later_steps_is_private_and_takes_the_place_of_a_link() {
    let dir = Dir::new();
    let registry = Registry::honest(&dir);
    project(&registry, &dir);
    fs::create_dir(dir.beside("later")).unwrap();
    let file = for_later_steps(&dir, "0");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(r#""services":{"app":{"image":""#), "{text}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    // Its name is known before, since it is that of the content.
    let target = dir.beside("home/target");
    fs::write(&target, "theirs").unwrap();
    fs::set_permissions(&target, fs::Permissions::from_mode(0o666)).unwrap();
    fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink(&target, &file).unwrap();
    assert_eq!(for_later_steps(&dir, "0"), file);
    let found = fs::symlink_metadata(&file).unwrap();
    assert!(found.is_file(), "the link is gone");
    assert_eq!((found.permissions().mode() & 0o777, fs::read_to_string(&file).unwrap()), (0o600, text));
    assert_eq!(fs::read_to_string(&target).unwrap(), "theirs");
    assert_eq!(fs::read_dir(dir.beside("later")).unwrap().count(), 1, "no other file is left there");
}
