//! `backtest`: the last commits, read from git's objects, have the tags that checkouts of them have.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::git::{commit, git, path};
use crate::support::{Dir, Run};

/// A run that finds git.
fn run(dir: &Dir, args: &[&str]) -> Run {
    Run::new(dir, args).env("PATH", path(dir))
}

/// A repository with three services, of which one reads the other's folder through a link.
fn repository() -> Dir {
    let dir = Dir::new();
    git(&dir, "project", &["init", "-q", "-b", "main"]);
    dir.file("compose.yml", "services:\n  app: {build: app, image: example/app}\n  web: {build: {context: ., dockerfile: web/Dockerfile}, image: example/web}\n  lib: {build: {context: current, args: {V: '1'}}, image: example/lib}\n");
    dir.file("app/Dockerfile", "FROM scratch\nCOPY a sub /\n").file("app/a", "1").file("app/sub/b", "1").file("app/unread", "1");
    dir.file("web/Dockerfile", "FROM scratch\nCOPY web /\nCOPY *.md /\n")
        .file("web/c", "1")
        .file("readme.md", "1")
        .file(".dockerignore", "web/*.log\n");
    dir.file("lib/v1/Dockerfile", "FROM scratch\nARG V\nCOPY . /\n").file("lib/v1/d e", "1").link("current", "lib/v1");
    commit(&dir, "begin");
    dir
}

/// One change out of many kinds, by number.
fn change(dir: &Dir, kind: u32, round: u32) {
    let text = round.to_string();
    let path = |name: &str| dir.path(name);
    let remove = |name: &str| drop(std::fs::remove_file(path(name)).or_else(|_| std::fs::remove_dir_all(path(name))));
    match kind % 20 {
        0 => drop(dir.file("app/a", &text)),
        1 => drop(dir.file("app/unread", &text)),
        2 => drop(dir.file("app/sub/new", &text)),
        3 => remove("app/sub/new"),
        4 => drop(dir.file("web/c", &text)),
        5 => drop(dir.file("web/x.log", &text)),
        6 => drop(dir.file(".dockerignore", if round.is_multiple_of(2) { "web/*.log\n" } else { "web/c\n" })),
        7 => drop(dir.file(format!("{text}.md"), &text)),
        8 => drop(dir.mode("app/a", if round.is_multiple_of(2) { 0o755 } else { 0o644 })),
        9 => {
            remove("current");
            dir.file("lib/v2/Dockerfile", "FROM scratch\nARG V\nCOPY . /\n").file("lib/v2/f", &text);
            dir.link("current", if round.is_multiple_of(2) { "lib/v2" } else { "lib/v1" });
        }
        10 => {
            remove("web/link");
            dir.link("web/link", &text);
        }
        11 => drop(dir.file("app/Dockerfile", format!("FROM scratch\nCOPY a sub /\nLABEL r={text}\n"))),
        12 => drop(dir.file("other/file", &text)),
        13 => {
            remove("app/sub");
            if round.is_multiple_of(2) {
                dir.file("app/sub", &text)
            } else {
                dir.file("app/sub/b", &text)
            };
        }
        14 => {
            let compose = String::from_utf8(dir.read("compose.yml")).unwrap();
            dir.file("compose.yml", compose.replace("V: '1'", &format!("V: '{text}'")));
        }
        15 => drop(dir.file("web/Dockerfile.dockerignore", "readme.md\n")),
        16 => remove("web/Dockerfile.dockerignore"),
        17 => drop(dir.file(".env", format!("COMPOSE_PROJECT_NAME=p{text}\n"))),
        18 => drop(dir.file("lib/v1/d e", &text)),
        _ => drop(dir.file("app/Dockerfile.dockerignore", if round.is_multiple_of(2) { "sub\n" } else { "unread\n" })),
    }
}

/// Service by service, the tag of one commit; `None` where there is none.
type Tags = Option<BTreeMap<String, String>>;

fn tags(images: &Value) -> BTreeMap<String, String> {
    let tag = |image: &Value| (image["services"].to_string(), image["tag"].as_str().unwrap().to_owned());
    images.as_array().unwrap().iter().map(tag).collect()
}

#[test]
fn tags_from_objects_are_those_of_checkouts() {
    let dir = repository();
    let mut random: u32 = 7;
    for round in 0..120 {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        change(&dir, random, round);
        commit(&dir, "next");
    }
    let history = run(&dir, &["backtest", "-n", "200", "--json"]).run().json();
    let commits = history["commits"].as_array().unwrap();
    assert_eq!(commits.len(), 120);
    let unknown: Vec<&str> = history["unknown"].as_array().unwrap().iter().filter_map(|it| it["commit"]["id"].as_str()).collect();
    let (mut changed, mut last): (usize, Tags) = (0, None);
    for commit in commits {
        let id = commit["id"].as_str().unwrap();
        git(&dir, "project", &["checkout", "-q", id]);
        let ran = run(&dir, &["tag", "--json"]).run();
        let expected = (ran.code == Some(0)).then(|| tags(&ran.json()["targets"]));
        let found = (!unknown.contains(&id)).then(|| tags(&commit["images"]));
        assert_eq!(found, expected, "{id}: {}", git(&dir, "project", &["show", "--stat", id]));
        changed += usize::from(last != expected);
        last = expected;
    }
    // Changes that matter and others: neither kind is rare.
    assert!((20..110).contains(&changed), "{changed}");
    assert!(!unknown.is_empty() && unknown.len() < 60, "{}", unknown.len());
}

#[test]
fn what_was_built_is_said_with_its_cause() {
    let dir = repository();
    for (name, text) in [("app/a", "2"), ("app/unread", "2"), ("app/a", "1"), ("web/c", "2"), ("app/a", "3")] {
        dir.file(name, text);
        commit(&dir, "| <b>*next*");
    }
    let text = run(&dir, &["backtest"]).run().ok();
    assert!(text.contains(": 3 builds instead of 15, 80 % saved\n"), "{text}");
    for line in [
        "app          5              4        2  app/a (2)\n",
        "web          5              5        1  web/c (1)\n",
        "app     #...#\n",
        "web     ...#.\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
    let only = run(&dir, &["backtest", "web", "-n", "3"]).run().ok();
    assert!(only.starts_with("3 commits, ") && only.contains("\nweb     .#.\n") && !only.contains("\napp "), "{only}");
    let plain = run(&dir, &["backtest", "--path", "app"]).run().ok();
    assert!(plain.contains("\nfolders  ###.#\n"), "{plain}");
}

#[test]
fn a_plot_and_a_summary_are_written() {
    let dir = repository();
    dir.file("app/a", "2");
    commit(&dir, "next");
    run(&dir, &["backtest", "--plot", "plot.svg"]).run().says(&["plot.svg: written"]).ok();
    let plot = String::from_utf8(dir.read("plot.svg")).unwrap();
    assert!(plot.starts_with("<svg ") && plot.contains("docktag: 1</text>") && plot.trim_end().ends_with("</svg>"), "{plot}");
    let summary = dir.beside("home").join("summary");
    let env = dir.beside("home").join("env");
    let ran = run(&dir, &["backtest", "--ci"]).env("GITHUB_STEP_SUMMARY", &summary).env("GITHUB_ENV", env).run();
    ran.ok();
    let summary = std::fs::read_to_string(summary).unwrap();
    assert!(summary.contains("| app | 1 | 1 | 1 | app/a (1) |") && summary.contains("```mermaid\nxychart-beta\n"), "{summary}");
}

#[test]
fn commits_without_a_project_are_left_out_and_said() {
    let dir = Dir::with_docker();
    git(&dir, "project", &["init", "-q", "-b", "main"]);
    commit(&dir, "no Compose file yet");
    dir.file("compose.yml", "services: {app: {build: docker}}");
    commit(&dir, "one");
    dir.file("docker/Dockerfile", "FROM scratch\nCOPY nothing /\n");
    commit(&dir, "broken");
    let text = run(&dir, &["backtest"]).run().ok();
    assert!(text.contains("\napp     #-\n") && text.contains("2 commits left out, the first is "), "{text}");
    assert!(text.contains("no Compose file"), "{text}");
}

#[test]
fn what_is_no_history_is_an_error() {
    let dir = Dir::with_docker();
    run(&dir, &["backtest"]).run().fails(2, &["git knows no repository here", "help: ", "clone"]);
    git(&dir, "project", &["init", "-q", "-b", "main"]);
    run(&dir, &["backtest"]).run().fails(2, &["HEAD: no such commit here", "help: "]);
    commit(&dir, "one");
    run(&dir, &["backtest"]).run().fails(2, &["one commit only", "help: "]);
    run(&dir, &["backtest", "-n", "0"]).run().fails(2, &["`--commits`: `0` is no number", "help: "]);
    commit(&dir, "two");
    commit(&dir, "three");
    run(&dir, &["backtest"]).run().fails(2, &["no Compose file"]);
    Run::new(&dir, ["backtest"]).run().fails(2, &["git: not found", "help: install git"]);

    let clone = Dir::new();
    let from = format!("file://{}", dir.path("").display());
    git(&clone, "project", &["clone", "-q", "--depth", "1", &from, "."]);
    run(&clone, &["backtest", "--path", "docker"]).run().fails(2, &["one commit only", "shallow", "`fetch-depth: 0`"]);
    git(&clone, "project", &["fetch", "-q", "--depth", "2"]);
    run(&clone, &["backtest", "--path", "docker"]).run().says(&["comparing 1 of 100 commits: ", "`git fetch --unshallow`"]).ok();
}

/// A repository with a submodule `lib`, whose commits are "1", "2", and so on: `app` copies a file of it, `web` does not read it, and `all`
/// copies the whole folder.
fn with_submodule() -> Dir {
    let dir = Dir::new();
    git(&dir, "home", &["init", "-q", "-b", "main", "../lib"]);
    git(&dir, "project", &["init", "-q", "-b", "main"]);
    let services = ["app", "web", "all"].map(|name| {
        dir.file(format!("{name}/Dockerfile"), "");
        format!("  {name}: {{image: example/{name}, build: {{context: ., dockerfile: {name}/Dockerfile}}}}\n")
    });
    dir.file("compose.yml", format!("services:\n{}", services.concat())).file("web/c", "1");
    dir.file("app/Dockerfile", "FROM scratch\nCOPY lib/l /\n");
    dir.file("web/Dockerfile", "FROM scratch\nCOPY web /\n");
    dir.file("all/Dockerfile", "FROM scratch\nCOPY lib /lib/\n").file(".dockerignore", "**/.git\n");
    advance(&dir, "l", "1");
    git(&dir, "project", &["submodule", "--quiet", "add", "../lib", "lib"]);
    commit(&dir, "begin");
    dir
}

/// Makes a commit in the submodule's own repository.
fn advance(dir: &Dir, file: &str, text: &str) {
    std::fs::write(dir.beside("lib").join(file), text).unwrap();
    git(dir, "lib", &["add", "-A"]);
    git(dir, "lib", &["commit", "-q", "-m", text]);
}

/// Makes a commit that moves the submodule to the last commit of its own repository.
fn bump(dir: &Dir) {
    git(dir, "project", &["submodule", "--quiet", "update", "--remote", "lib"]);
    commit(dir, "bump");
}

#[test]
fn a_submodule_is_read_at_the_revision_of_each_commit() {
    let dir = with_submodule();
    for (file, text) in [("l", "2"), ("other", "1"), ("l", "1"), ("sub/m", "1")] {
        std::fs::create_dir_all(dir.beside("lib").join("sub")).unwrap();
        advance(&dir, file, text);
        bump(&dir);
        dir.file("web/unrelated", text);
        commit(&dir, "next");
    }
    let text = run(&dir, &["backtest"]).run().ok();
    for line in ["app     #.......\n", "all     #.#.#.#.\n"] {
        assert!(text.contains(line), "{line}{text}");
    }
    assert!(text.contains("lib/l (1)") && !text.contains("not known"), "{text}");
    // As checkouts have them.
    let history = run(&dir, &["backtest", "--json"]).run().json();
    let commits = history["commits"].as_array().unwrap();
    assert_eq!(commits.len(), 8);
    for commit in commits {
        git(&dir, "project", &["checkout", "-q", commit["id"].as_str().unwrap()]);
        git(&dir, "project", &["submodule", "--quiet", "update"]);
        assert_eq!(tags(&commit["images"]), tags(&run(&dir, &["tag", "--json"]).run().json()["targets"]), "{commit}");
    }
}

#[test]
fn what_is_in_a_submodule_that_is_not_here_is_not_known() {
    let dir = with_submodule();
    // Nothing of it is copied by name, which would be an error.
    dir.file("app/Dockerfile", "FROM scratch\nCOPY app /\n");
    commit(&dir, "begin again");
    for text in ["2", "3"] {
        advance(&dir, "l", text);
        bump(&dir);
        dir.file("web/c", text);
        commit(&dir, "next");
    }
    git(&dir, "project", &["submodule", "--quiet", "deinit", "--force", "lib"]);
    let text = run(&dir, &["backtest", "-n", "4"]).run().ok();
    for line in ["app     ....\n", "all     ????\n", "web     .#.#\n", "? not known\n", "\nall: not known in 4 commits, the first is "] {
        assert!(text.contains(line), "{line}{text}");
    }
    assert!(text.contains("lib: a submodule whose commit ") && text.contains("`git submodule update --init lib`"), "{text}");
    let history = run(&dir, &["backtest", "-n", "4", "--json"]).run().json();
    let last = &history["commits"][3]["images"];
    assert!(last[0]["unknown"].as_str().unwrap().contains("lib: a submodule whose commit "), "{last}");
    assert_eq!((&last[0]["services"][0], &last[0]["tag"]), (&Value::from("all"), &Value::Null), "{last}");

    // A plain folder with it, in which an empty folder leaves no line; and one without it.
    for folder in ["lib", "."] {
        let args = ["backtest", "-n", "4", "--path", folder];
        run(&dir, &args).run().fails(2, &["lib: a submodule whose commit ", "so what a build reads there is not known", "help: "]);
    }
    assert!(run(&dir, &["backtest", "-n", "4", "--path", "web"]).run().ok().contains("\nfolders  .#.#\n"));
}

#[test]
fn a_commit_that_needs_a_submodule_that_is_not_here_is_left_out_and_said() {
    let dir = with_submodule();
    let before = git(&dir, "project", &["rev-parse", "HEAD"]);
    advance(&dir, "l", "2");
    bump(&dir);
    dir.file("web/c", "2");
    commit(&dir, "next");
    // The submodule is here, and the first of its commits is not.
    std::fs::remove_dir_all(dir.path("lib")).unwrap();
    std::fs::remove_dir_all(dir.path(".git/modules/lib")).unwrap();
    let from = format!("file://{}", dir.beside("lib").display());
    git(&dir, "project", &["clone", "-q", "--depth", "1", &from, "lib"]);
    let text = run(&dir, &["backtest"]).run().ok();
    let first = before.trim().get(..7).unwrap();
    assert!(text.contains("1 commit left out, the first is ") && text.contains(first), "{text}");
    assert!(text.contains(": lib: a submodule whose commit "), "{text}");
    assert!(text.contains("web     ##\n"), "{text}");
}
