//! The real git, in a project of a test.

use std::process::Command;

use crate::support::Dir;

/// Runs git in a folder beside the project, or in the project itself.
#[track_caller]
pub(crate) fn git(dir: &Dir, folder: &str, args: &[&str]) -> String {
    let who = ["user.name=test", "user.email=test@example.com", "init.defaultBranch=main", "protocol.file.allow=always", "gc.auto=0"];
    let out = Command::new("git")
        .args(who.iter().flat_map(|it| ["-c", it]))
        .args(args)
        .current_dir(dir.beside(folder))
        .env("HOME", dir.beside("home"))
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap();
    assert!(out.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8_lossy(&out.stdout).trim().to_owned()
}

/// Commits everything in the project.
#[track_caller]
pub(crate) fn commit(dir: &Dir, subject: &str) -> String {
    if !dir.path(".git").exists() {
        git(dir, "project", &["init", "-q"]);
    }
    git(dir, "project", &["add", "-A"]);
    git(dir, "project", &["commit", "-q", "--allow-empty", "-m", subject]);
    git(dir, "project", &["rev-parse", "HEAD"])
}

/// A PATH that has git on it besides the programs of the test.
pub(crate) fn path(dir: &Dir) -> String {
    format!("{}:{}", dir.beside("bin").display(), std::env::var("PATH").unwrap_or_default())
}
