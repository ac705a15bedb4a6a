//! Folders of a project that git would take for bare repositories, whose configuration starts programs: git is not started there at all.

use std::fs;

use crate::support::git::{commit, git, path};
use crate::support::shell::sh;
use crate::support::{Project, REPOSITORY, Ran, Reply, Run, programs};

/// How the files of a repository lie in a folder, by a script that runs there.
const LAYOUTS: [(&str, &str); 6] = [
    ("a bare repository", "true"),
    ("one without a commit", "rm -rf objects/?? refs/heads/*"),
    ("one whose common folder is elsewhere", "mkdir ../real; mv objects refs config ../real; echo ../real > commondir"),
    ("one whose HEAD is a link to nowhere", "rm HEAD; ln -s refs/heads/unborn HEAD"),
    ("one beside an empty `.git` folder", "mkdir .git"),
    ("one beside a `.git` folder without HEAD", "mkdir -p .git/objects .git/refs"),
];

/// Configuration that starts a program, and what plain git does for that. `EVIL` is the program.
const ROWS: [(&str, &str); 3] = [
    ("[core]\nrepositoryformatversion = 0\nbare = false\nworktree = ..\nfsmonitor = EVIL\n", "git status || GIT_WORK_TREE=. git status"),
    ("[remote \"origin\"]\nurl = .\nuploadpack = EVIL\n", "git ls-remote origin"),
    (
        "[core]\nrepositoryformatversion = 1\n[extensions]\npartialClone = origin\n[remote \"origin\"]\nurl = .\npromisor = true\nuploadpack = EVIL\n",
        "git cat-file -p 0123456789012345678901234567890123456789",
    ),
];

const REFUSAL: &str = "looks like a bare git repository, expected a working tree";

/// A project whose folder `app` has a Compose project and the files of a repository with this configuration; what is above it is a real one.
fn project(layout: &str, configuration: &str) -> Project {
    let project = Project::with(|request, _| {
        let tags = format!(r#"{{"name":"{REPOSITORY}","tags":[]}}"#);
        request.target.contains("/tags/list").then(|| Reply::json(200, &tags))
    });
    let dir = &project.dir;
    dir.file("app/compose.yaml", format!("services: {{app: {{image: '{}', build: docker}}}}\n", project.image));
    dir.file("app/docker/Dockerfile", "FROM scratch\nCOPY . /\n");
    commit(dir, "first");
    commit(dir, "second");
    git(dir, "project", &["clone", "-q", "--bare", ".", dir.beside("home/bare").to_str().unwrap()]);
    for name in ["HEAD", "objects", "refs", "packed-refs"] {
        fs::rename(dir.beside("home/bare").join(name), dir.path("app").join(name)).unwrap();
    }
    dir.folder("app/refs/heads").file("app/config", configuration.replace("EVIL", dir.beside("bin/evil").to_str().unwrap()));
    sh(dir, &format!("cd app; {layout}"), &[]);
    programs::install(dir, "evil", &[("*", "exit 1")]);
    programs::install(dir, "git", &[("*", r#"exec git "$@""#)]);
    project
}

fn run(project: &Project, args: &[&str]) -> Ran {
    Run::new(&project.dir, [&args[..1], &["-C", "app"], &args[1..]].concat()).env("PATH", path(&project.dir)).run()
}

#[test]
fn a_folder_that_looks_like_a_bare_repository_starts_no_git() {
    for (name, layout) in LAYOUTS {
        for (configuration, plain) in ROWS {
            let project = project(layout, configuration);
            for args in
                [&["why", "--against", "main"][..], &["why", "--diff", "--against", "main"], &["backtest"], &["prune", "--keep-branches"]]
            {
                run(&project, args).fails(2, &[&format!(".: {REFUSAL}"), "help: ", "remove `HEAD`, `objects` and `refs`"]);
            }
            run(&project, &["tag", "--checkout", "as-in-git"]).says(&["warning: git does not say what it has of these files"]).ok();
            run(&project, &["build"]).says(&[": pushed, sha256:"]).ok();
            let ran = run(&project, &["build", "--force", "--trusted-branch", "main"]);
            ran.says(&["the branch is not known: .: looks like a bare git repository", ": pushed, sha256:"]).ok();
            let lines = project.lines();
            assert!(lines.iter().all(|line| line.starts_with("docker ")), "{name}, {configuration}: {lines:#?}");
            let script = format!("cd app; ({plain}) >/dev/null 2>&1 </dev/null || true");
            sh(&project.dir, &script, &[]);
            assert!(project.lines().iter().any(|line| line.starts_with("evil ")), "{name}: `{plain}` starts nothing: {configuration}");
        }
    }
}

#[test]
fn a_folder_below_one_that_looks_like_a_bare_repository_starts_no_git_either() {
    let project = project(LAYOUTS[0].1, ROWS[0].0);
    project
        .dir
        .file("app/sub/compose.yaml", "services: {app: {image: example/app, build: .}}\n")
        .file("app/sub/Dockerfile", "FROM scratch\n")
        .folder("app/sub/.git");
    let ran = Run::new(&project.dir, ["why", "-C", "app/sub", "--against", "main"]).env("PATH", path(&project.dir)).run();
    ran.fails(2, &[&format!("..: {REFUSAL}")]);
    assert_eq!(project.lines(), [""; 0]);
}

#[test]
fn a_real_repository_can_have_files_with_such_names() {
    let project = project(LAYOUTS[0].1, "");
    let folder = project.dir.path("app");
    fs::rename(project.dir.path(".git"), folder.join(".git")).unwrap();
    assert!(run(&project, &["why", "--against", "main"]).ok().contains("since main ("));
    assert!(project.lines().iter().any(|line| line.starts_with("git ")));
    // A `.git` that is a file, as in another working tree of the repository.
    fs::rename(folder.join(".git"), project.dir.beside("home/moved")).unwrap();
    project.dir.file("app/.git", "gitdir: ../../home/moved\n");
    assert!(run(&project, &["why", "--against", "main"]).ok().contains("since main ("));
}
