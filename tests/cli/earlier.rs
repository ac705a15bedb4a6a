//! `why --against REVISION` where git's objects are not what a build reads: submodules, Git LFS, filters, line ends.

use serde_json::Value;

use crate::support::git::{commit, git, path};
use crate::support::{Dir, Ran, Run};

/// A service that copies everything.
fn project() -> Dir {
    let dir = Dir::new();
    dir.file("compose.yaml", "services: {app: {build: .}}\n").file("Dockerfile", "FROM scratch\nCOPY . /\n").file("a", "1");
    dir.file(".dockerignore", "**/.git*\n");
    commit(&dir, "begin");
    dir
}

/// The same with a submodule of two commits, at its first one.
fn with_submodule() -> Dir {
    let dir = project();
    std::fs::create_dir(dir.beside("lib")).unwrap();
    git(&dir, "lib", &["init", "-q"]);
    for text in ["1", "2"] {
        std::fs::write(dir.beside("lib").join("l"), text).unwrap();
        std::fs::write(dir.beside("lib").join("Dockerfile"), "FROM scratch\nCOPY l /\n").unwrap();
        git(&dir, "lib", &["add", "-A"]);
        git(&dir, "lib", &["commit", "-q", "-m", text]);
    }
    git(&dir, "project", &["submodule", "--quiet", "add", "../lib", "lib"]);
    git(&dir, "project/lib", &["checkout", "-q", "HEAD~1"]);
    commit(&dir, "one");
    dir
}

#[track_caller]
fn why(dir: &Dir, args: &[&str]) -> Ran {
    Run::new(dir, [&["why"], args].concat()).env("PATH", path(dir)).run()
}

#[track_caller]
fn json(dir: &Dir, against: &str) -> Value {
    why(dir, &["--against", against, "--json"]).json()["targets"][0].clone()
}

#[test]
fn a_submodule_is_read_at_the_commits_own_revision() {
    let dir = with_submodule();
    assert_eq!(json(&dir, "HEAD")["same"], true);
    git(&dir, "project/lib", &["checkout", "-q", "main"]);
    commit(&dir, "two");
    let said = why(&dir, &["--against", "HEAD~1"]).ok();
    assert!(said.contains("changed\n  lib/l  (COPY at Dockerfile:2)\n") && said.contains("1 file changed; files as before: 5"), "{said}");
    assert_eq!(json(&dir, "HEAD")["same"], true);
    // Before there was one.
    assert_eq!(json(&dir, "HEAD~2")["added"].as_array().unwrap().len(), 2);
}

#[test]
fn a_nested_submodule_is_read_too() {
    let dir = with_submodule();
    git(&dir, "home", &["clone", "-q", dir.beside("lib").to_str().unwrap(), "../outer"]);
    git(&dir, "outer", &["submodule", "--quiet", "add", dir.beside("lib").to_str().unwrap(), "in/ner"]);
    git(&dir, "outer", &["commit", "-q", "-m", "outer"]);
    git(&dir, "project", &["submodule", "--quiet", "add", "../outer", "outer"]);
    git(&dir, "project", &["submodule", "--quiet", "update", "--init", "--recursive"]);
    commit(&dir, "nested");
    assert!(dir.path("outer/in/ner/l").exists());
    assert_eq!(json(&dir, "HEAD")["same"], true);
    dir.file("outer/in/ner/l", "other");
    assert_eq!(json(&dir, "HEAD")["changed"][0]["path"], "outer/in/ner/l");
}

#[test]
fn a_submodule_that_is_not_here_is_not_known() {
    let dir = with_submodule();
    git(&dir, "project/lib", &["checkout", "-q", "main"]);
    commit(&dir, "two");
    dir.file("a", "changed");
    // The commit that it was at is nowhere in the checkout.
    std::fs::remove_dir_all(dir.path(".git/modules/lib/objects")).unwrap();
    std::fs::create_dir(dir.path(".git/modules/lib/objects")).unwrap();
    let said = why(&dir, &["--against", "HEAD~1"]).ok();
    assert!(said.contains("not known\n  lib  (a submodule whose commit ") && said.contains("changed\n  a  ("), "{said}");
    assert!(!said.contains("lib/l"), "{said}");
    dir.file("a", "1");
    let target = json(&dir, "HEAD~1");
    assert_eq!((&target["same"], &target["unknown"][0]["path"]), (&Value::Null, &"lib".into()));
    assert!(why(&dir, &["--against", "HEAD~1"]).ok().ends_with("nothing else that counts has changed\n"));
    // Not checked out, it is an empty folder now and then; with another commit, it is not known.
    git(&dir, "project", &["submodule", "--quiet", "deinit", "-f", "lib"]);
    assert_eq!(json(&dir, "HEAD")["same"], true);
    assert_eq!(json(&dir, "HEAD~1")["same"], Value::Null);
}

#[test]
fn a_context_in_a_submodule_is_found_or_named() {
    let dir = with_submodule();
    dir.file("compose.yaml", "services: {app: {build: lib}}\n");
    commit(&dir, "context");
    assert_eq!(json(&dir, "HEAD")["same"], true);
    git(&dir, "project/lib", &["checkout", "-q", "main"]);
    commit(&dir, "two");
    assert_eq!(json(&dir, "HEAD~1")["changed"][0]["path"], "lib/l");
    std::fs::remove_dir_all(dir.path(".git/modules/lib/objects")).unwrap();
    std::fs::create_dir(dir.path(".git/modules/lib/objects")).unwrap();
    why(&dir, &["--against", "HEAD~1"])
        .fails(2, &[": lib: a submodule whose commit ", "is not here", "help: `git submodule update --init lib`"]);
}

/// The pointer to a text, as Git LFS commits it.
fn pointer(text: &str) -> String {
    let digest = crate::support::registry::digest(text.as_bytes());
    format!("version https://git-lfs.github.com/spec/v1\noid {digest}\nsize {}\n", text.len())
}

#[test]
fn a_pointer_is_compared_with_a_pointer() {
    let dir = project();
    dir.file(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
    dir.file("x.bin", pointer("large")).file("y.bin", pointer("other")).file("plain", pointer("plain"));
    commit(&dir, "pointers");
    assert_eq!(json(&dir, "HEAD")["same"], true, "nothing was fetched");
    dir.file("x.bin", "large").file("y.bin", "other");
    assert_eq!(json(&dir, "HEAD")["same"], true);
    dir.file("x.bin", "larger");
    let target = json(&dir, "HEAD");
    assert_eq!((target["changed"].as_array().unwrap().len(), &target["changed"][0]["path"]), (1, &"x.bin".into()));
    assert_eq!(target["unknown"], serde_json::json!([]));
    // Without the attribute it is an ordinary file.
    dir.file("x.bin", "large").file("plain", "plain");
    assert_eq!(json(&dir, "HEAD")["changed"][0]["path"], "plain");
    // Another content, another pointer.
    dir.file("plain", pointer("plain")).file("x.bin", pointer("new"));
    commit(&dir, "new");
    dir.file("x.bin", "new");
    assert_eq!(json(&dir, "HEAD")["same"], true);
    assert_eq!(json(&dir, "HEAD~1")["changed"][0]["path"], "x.bin");
}

#[test]
fn line_ends_that_a_checkout_writes_are_no_change() {
    let dir = project();
    dir.file(".gitattributes", "*.bat eol=crlf\n").file("x.bat", "a\nb\n");
    commit(&dir, "one");
    std::fs::remove_file(dir.path("x.bat")).unwrap();
    git(&dir, "project", &["checkout", "-q", "x.bat"]);
    assert_eq!(dir.read("x.bat"), b"a\r\nb\r\n");
    assert_eq!(json(&dir, "HEAD")["same"], true);
    dir.file("x.bat", "a\r\nc\r\n");
    assert_eq!(json(&dir, "HEAD")["changed"][0]["path"], "x.bat");
}

#[test]
fn a_filter_that_does_not_run_leaves_a_file_unknown() {
    let dir = project();
    let marker = dir.beside("filter-ran");
    git(&dir, "project", &["config", "filter.up.smudge", "tr a-z A-Z"]);
    git(&dir, "project", &["config", "filter.up.clean", "tr A-Z a-z"]);
    dir.file(".gitattributes", "*.up filter=up\n").file("x.up", "text\n");
    commit(&dir, "one");
    std::fs::remove_file(dir.path("x.up")).unwrap();
    git(&dir, "project", &["checkout", "-q", "x.up"]);
    assert_eq!(dir.read("x.up"), b"TEXT\n");
    // A file that is as old as git's index is read to be sure.
    std::process::Command::new("touch").args(["-d", "2020-01-01"]).arg(dir.path("x.up")).status().unwrap();
    git(&dir, "project", &["update-index", "--refresh"]);
    git(&dir, "project", &["config", "filter.up.clean", &format!("touch {}; tr A-Z a-z", marker.display())]);
    // Git remembers the file's time.
    assert_eq!(json(&dir, "HEAD")["same"], true);
    assert!(!marker.exists(), "a filter ran");
    dir.file("x.up", "OTHER\n");
    let target = json(&dir, "HEAD");
    assert_eq!((&target["same"], &target["unknown"][0]["path"]), (&Value::Null, &"x.up".into()));
    assert!(!marker.exists(), "a filter ran");
}
