//! A configuration of git that starts programs: none of them starts when docktag asks git.
//!
//! The configuration is that of a real repository. Plain git runs each program here, so that a row tests what it says.

use crate::support::git::{commit, git, path};
use crate::support::shell::sh;
use crate::support::{Project, REPOSITORY, Ran, Reply, Run, programs};

/// What starts a program: its name in a message, the configuration, and a script with which plain git starts it. `BIN` is the folder of the
/// programs.
type Row = (&'static str, &'static [(&'static str, &'static str)], &'static str);

const ROWS: [Row; 13] = [
    ("core.fsmonitor", &[("core.fsmonitor", "BIN/evil")], "git status"),
    ("core.hooksPath", &[("core.hooksPath", "BIN")], "git add -A"),
    ("diff.external", &[("diff.external", "BIN/evil")], "git diff"),
    ("diff.X.textconv", &[("diff.x.textconv", "BIN/evil")], "git diff"),
    ("diff.X.command", &[("diff.x.command", "BIN/evil")], "git diff"),
    ("filter.X.clean", &[("filter.x.clean", "BIN/evil")], "git diff"),
    ("filter.X.smudge", &[("filter.x.smudge", "BIN/evil")], "git checkout-index --prefix=../home/ -f docker/b"),
    ("filter.X.process", &[("filter.x.process", "BIN/evil"), ("filter.x.required", "true")], "git diff"),
    ("gpg.program", &[("log.showSignature", "true"), ("gpg.program", "BIN/evil")], "git log"),
    (
        "core.pager",
        &[("core.pager", "BIN/evil"), ("pager.log", "true"), ("pager.diff", "true")],
        "script -qec 'git log' ../home/typescript",
    ),
    ("remote.X.url", &[("remote.origin.url", "ext::BIN/evil %S"), ("protocol.ext.allow", "always")], "git ls-remote origin"),
    ("remote.X.uploadpack", &[("remote.origin.url", "."), ("remote.origin.uploadpack", "BIN/evil")], "git ls-remote origin"),
    ("remote.X.vcs", &[("remote.origin.url", "x"), ("remote.origin.vcs", "evil"), ("protocol.allow", "always")], "git ls-remote origin"),
];

/// What docktag says if it did ask git, and its arguments.
const COMMANDS: [(&str, &[&str]); 7] = [
    ("+changed", &["why", "--diff", "--against", "HEAD"]),
    ("since HEAD~1 (", &["why", "--against", "HEAD~1"]),
    ("2 commits", &["backtest"]),
    ("CRLF on disk, LF in git", &["tag", "--checkout", "as-in-git"]),
    ("commits of this git repository whose images are needed: 1 (heads: 1, commits of each: 1)", &["prune", "--keep-branches"]),
    ("pushed, sha256:", &["build", "--force"]),
    ("pushed, sha256:", &["build", "--force", "--trusted-branch", "main"]),
];

/// A project whose last commit has a signature, with a file that was edited and one with other line ends. Its attributes choose
/// a filter for all but one of them, and a driver for everything.
fn project() -> Project {
    let project = Project::with(|request, _| {
        let tags = format!(r#"{{"name":"{REPOSITORY}","tags":[]}}"#);
        request.target.contains("/tags/list").then(|| Reply::json(200, &tags))
    });
    let dir = &project.dir;
    dir.file("docker-compose.yml", format!("services: {{app: {{image: '{}', build: docker}}}}\n", project.image));
    dir.file("docker/Dockerfile", "FROM scratch\nCOPY . /\n").file("docker/a", "1\n").file("docker/b", "1\n").file("docker/c", "1\n");
    commit(dir, "first");
    commit(dir, "second");
    dir.file(".gitattributes", "docker/a filter=x diff=x\ndocker/b filter=x diff=x\ndocker/c diff=x\n").file("docker/b", "2\n");
    commit(dir, "third");
    let sign = r#"
        signed=$(git cat-file commit HEAD | sed '/^committer /a gpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----')
        git update-ref HEAD "$(printf '%s\n' "$signed" | git hash-object -t commit -w --stdin)""#;
    sh(dir, sign, &[]);
    git(dir, "project", &["config", "core.autocrlf", "true"]);
    dir.file("docker/a", "1\r\n").file("docker/b", "changed\n").file("docker/c", "changed\n");
    for name in ["evil", "post-index-change", "git-remote-evil"] {
        programs::install(dir, name, &[("*", "exit 0")]);
    }
    project
}

fn run(project: &Project, args: &[&str]) -> Ran {
    Run::new(&project.dir, args).env("PATH", path(&project.dir)).run()
}

/// The programs that were started, besides docker.
fn started(project: &Project) -> Vec<String> {
    project.lines().into_iter().filter(|line| !line.starts_with("docker ")).collect()
}

#[test]
fn no_program_of_a_repositorys_configuration_is_started() {
    for (key, settings, plain) in ROWS {
        let project = project();
        for (name, value) in settings {
            git(&project.dir, "project", &["config", name, &value.replace("BIN", project.dir.beside("bin").to_str().unwrap())]);
        }
        for (said, args) in COMMANDS {
            let ran = run(&project, args);
            assert_eq!(started(&project), [""; 0], "{key} in {args:?}");
            match (key, args[0]) {
                ("remote.X.url" | "remote.X.vcs", "prune") => {
                    ran.fails(2, &["git cannot list the branches and tags of `origin`: ", "transport", "not allowed"]);
                }
                _ => assert!(ran.ok().contains(said) || ran.stderr.contains(said), "{key} in {args:?}: {}{}", ran.text(), ran.stderr),
            }
        }
        sh(&project.dir, &format!("PATH=../bin:$PATH; ({plain}) >/dev/null 2>&1 </dev/null || true"), &[]);
        assert_ne!(started(&project), [""; 0], "{key} starts nothing with `{plain}`");
    }
}

/// What every git gets.
const FOR_GIT: [(&str, &str); 7] = [
    ("GIT_ALLOW_PROTOCOL", "none"),
    ("GIT_LITERAL_PATHSPECS", "1"),
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_PAGER", "cat"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("LC_ALL", "C"),
];
/// What every program gets, since Compose and Buildx start git too.
const FOR_ALL: [(&str, &str); 5] = [
    ("safe.bareRepository", "explicit"),
    ("core.fsmonitor", "false"),
    ("core.hooksPath", "/dev/null"),
    ("log.showSignature", "false"),
    ("protocol.ext.allow", "never"),
];

#[test]
fn every_program_gets_a_configuration_that_starts_no_program() {
    let project = project();
    programs::install(&project.dir, "git", &[("*", r#"exec git "$@""#)]);
    // The settings of a user stay, and ours stand behind them.
    let own = [("GIT_CONFIG_COUNT", "1"), ("GIT_CONFIG_KEY_0", "core.fsmonitor"), ("GIT_CONFIG_VALUE_0", "evil")];
    for (first, given) in [(0, &[][..]), (1, &own)] {
        for args in [&["build", "--force", "--trusted-branch", "main"][..], &["backtest"], &["prune", "--keep-branches"]] {
            let run = Run::new(&project.dir, args).env("PATH", path(&project.dir));
            given.iter().fold(run, |run, (name, value)| run.env(name, value)).run().ok();
        }
        let calls = project.calls();
        let (of_git, of_docker): (Vec<_>, Vec<_>) = calls.iter().partition(|call| call.argv[0] == "git");
        assert!(!of_git.is_empty() && !of_docker.is_empty());
        for call in of_git {
            for (name, value) in FOR_GIT {
                let is_remote = name == "GIT_ALLOW_PROTOCOL" && call.argv[1] == "ls-remote";
                let expected = if is_remote { "file:git:http:https:ssh" } else { value };
                assert_eq!(call.env.get(name).map(String::as_str), Some(expected), "{name} of {}", call.line());
            }
        }
        for call in &calls {
            let count: usize = call.env["GIT_CONFIG_COUNT"].parse().unwrap();
            assert!(count >= first + FOR_ALL.len(), "{}", call.line());
            for (index, (key, value)) in FOR_ALL.iter().enumerate() {
                let get = |what: &str| call.env.get(&format!("GIT_CONFIG_{what}_{}", first + index)).map(String::as_str);
                assert_eq!((get("KEY"), get("VALUE")), (Some(*key), Some(*value)), "{}", call.line());
            }
            given[given.len().min(1)..].iter().for_each(|(name, value)| assert_eq!(call.env[*name], *value));
        }
        std::fs::remove_dir_all(project.dir.beside("calls")).unwrap();
        std::fs::create_dir(project.dir.beside("calls")).unwrap();
    }
}

#[test]
fn no_filter_of_a_submodule_is_started() {
    let project = project();
    let dir = &project.dir;
    std::fs::create_dir(dir.beside("lib")).unwrap();
    git(dir, "lib", &["init", "-q"]);
    std::fs::write(dir.beside("lib").join("l"), "1\n").unwrap();
    std::fs::write(dir.beside("lib").join(".gitattributes"), "l filter=x\n").unwrap();
    git(dir, "lib", &["add", "-A"]);
    git(dir, "lib", &["commit", "-q", "-m", "lib"]);
    git(dir, "project", &["submodule", "--quiet", "add", "../lib", "docker/lib"]);
    git(dir, "project", &["commit", "-q", "-m", "submodule"]);
    for key in ["filter.x.clean", "filter.x.process", "core.fsmonitor"] {
        git(dir, "project/docker/lib", &["config", key, dir.beside("bin/evil").to_str().unwrap()]);
        dir.file("docker/lib/l", "2\n");
        for (said, args) in [COMMANDS[5], ("docker/lib/l", &["why", "--diff", "--against", "HEAD"])] {
            let ran = run(&project, args);
            assert!(ran.text().contains(said) || ran.stderr.contains(said), "{key} in {args:?}: {}{}", ran.text(), ran.stderr);
            assert_eq!(started(&project), [""; 0], "{key} in {args:?}");
        }
        sh(dir, "PATH=../bin:$PATH; (git -C docker/lib status) >/dev/null 2>&1 </dev/null || true", &[]);
        assert_ne!(started(&project), [""; 0], "{key}");
        git(dir, "project/docker/lib", &["config", "--unset", key]);
        std::fs::remove_dir_all(dir.beside("calls")).unwrap();
        std::fs::create_dir(dir.beside("calls")).unwrap();
    }
}
