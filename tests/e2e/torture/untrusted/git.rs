//! git: the project's files, and its repository's configuration, name programs.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use libtest_mimic::Failed;

use super::attack::{Run, held, image, project, put, said};
use crate::engine::Engine;
use crate::project::Project;
use crate::torture::hosts::{HOSTS, Host};

/// Every job that starts git, with an option that makes it.
const JOBS: [(&str, &[(&str, &str)]); 8] = [
    ("tag", &[("checkout", "as-in-git")]),
    ("why", &[]),
    ("why", &[("against", "HEAD~1")]),
    ("backtest", &[]),
    ("plan", &[("verify", "")]),
    ("prune", &[("keep-days", "0"), ("keep-commits", "5")]),
    ("build", &[("moving-tag", "ci")]),
    ("build", &[("strict", ""), ("force", "")]),
];

/// Configuration that starts a program, in the words of `git config`. `HOOK` is the program, which gets the key's name as its argument.
const KEYS: [&str; 21] = [
    "core.fsmonitor",
    "core.alternateRefsCommand",
    "core.askPass",
    "core.editor",
    "core.gitProxy",
    "core.pager",
    "core.sshCommand",
    "credential.helper",
    "diff.external",
    "diff.evil.command",
    "diff.evil.textconv",
    "filter.evil.clean",
    "filter.evil.process",
    "filter.evil.smudge",
    "gpg.program",
    "gpg.ssh.program",
    "merge.evil.driver",
    "pager.log",
    "remote.origin.uploadpack",
    "remote.origin.receivepack",
    "uploadpack.packObjectsHook",
];
/// Subcommands that a configuration could replace, if git let it.
const ALIASES: [&str; 6] = ["rev-parse", "ls-files", "ls-tree", "cat-file", "log", "status"];
const HOOKS: [&str; 4] = ["post-index-change", "post-checkout", "reference-transaction", "pre-auto-gc"];

/// A program in the project that says that it ran.
struct Hook {
    program: String,
    marker: String,
}

impl Hook {
    fn new(project: &Project) -> Self {
        let (program, marker) = (project.around().join("hook"), project.around().join("ran"));
        let (program, marker) = (program.display().to_string(), marker.display().to_string());
        fs::write(&program, format!("#!/bin/sh\necho \"$0 $*\" >>'{marker}'\nexit 1\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        Hook { program, marker }
    }

    /// All keys, as lines of a configuration.
    fn config(&self, worktree: &str) -> String {
        let program = &self.program;
        let mut text = format!(
            "[core]\n\trepositoryformatversion = 1\n\tbare = false\n\tworktree = {worktree}\n[extensions]\n\tpartialClone = origin\n[remote \"origin\"]\n\turl = ext::{program} %S\n\tpromisor = true\n[protocol]\n\tallow = always\n[filter \"evil\"]\n\trequired = true\n[log]\n\tshowSignature = true\n"
        );
        for key in KEYS {
            let (section, name) = key.rsplit_once('.').unwrap();
            let section = section.split_once('.').map_or(section.to_owned(), |(first, second)| format!("{first} \"{second}\""));
            text.push_str(&format!("[{section}]\n\t{name} = {program} {key}\n"));
        }
        for alias in ALIASES {
            text.push_str(&format!("[alias]\n\t{alias} = !{program} alias.{alias}\n"));
        }
        text
    }

    /// Puts the program into a folder, under the name of every hook.
    fn install(&self, folder: &str) {
        fs::create_dir_all(folder).unwrap();
        for name in HOOKS {
            fs::copy(&self.program, format!("{folder}/{name}")).unwrap();
        }
    }

    /// What ran since the last call.
    fn ran(&self) -> Option<String> {
        let text = fs::read_to_string(&self.marker).ok();
        fs::remove_file(&self.marker).ok();
        text
    }
}

/// Runs all jobs, in which nothing of the project's may run.
fn attack(project: &Project, host: Host, hook: &Hook, what: &str) -> u64 {
    let is_repository = project.folder.join(".git").exists();
    for (job, options) in JOBS {
        let ran = Run { options, env: &[("GITHUB_EVENT_NAME", "push")], ..Run::of(job) }.on(project, host);
        // A folder that only looks like a repository can be refused.
        let is_over = if is_repository { ran.code == Some(0) } else { matches!(ran.code, Some(0..=3)) };
        assert!(is_over, "{what}: {host:?} {job}: {:?}\n{}", ran.code, said(&ran));
        if let Some(lines) = hook.ran() {
            panic!("{what}: {host:?} {job} {options:?} started\n{lines}\n{}", said(&ran));
        }
    }
    JOBS.len() as u64
}

/// A folder of the project looks like a bare repository, or like one whose common folder is another one.
pub(super) fn bare(engine: &Engine) -> Result<(), Failed> {
    let mut count = 0;
    for has_common_folder in [false, true] {
        for host in HOSTS {
            let mut project = project(engine, "");
            project.shell("git init -q . && git -c user.name=a -c user.email=a@example.org commit -q --allow-empty -m a").ok();
            // The project is a folder of a checkout, whose own configuration is in order.
            let folder = project.folder.join("app");
            fs::create_dir(&folder).unwrap();
            project.shell("mv compose.yaml Dockerfile a app/").ok();
            project.folder = folder;
            let hook = Hook::new(&project);
            let real = if has_common_folder { "common/" } else { "" };
            put(&project, "HEAD", "ref: refs/heads/main\n");
            put(&project, &format!("{real}config"), hook.config(project.folder.to_str().unwrap()));
            put(&project, &format!("{real}objects/info/x"), "");
            put(&project, &format!("{real}refs/heads/main"), "0123456789012345678901234567890123456789\n");
            put(&project, ".gitattributes", "* filter=evil diff=evil merge=evil\n");
            put(&project, "commondir", "common\n");
            if !has_common_folder {
                fs::remove_file(project.folder.join("commondir")).unwrap();
            }
            hook.install(project.folder.join(format!("{real}hooks")).to_str().unwrap());

            count += attack(&project, host, &hook, "a folder that looks like a bare repository");
            // git by itself takes the bait.
            project.shell("git status; git cat-file -p main");
            assert!(hook.ran().is_some(), "the folder is no bait");
            project.folder.pop();
        }
    }
    held("git", count);
    Ok(())
}

/// The repository's own configuration, hooks and attributes name programs, as in a checkout that an earlier step of a stranger has prepared.
pub(super) fn own(engine: &Engine) -> Result<(), Failed> {
    let mut count = 0;
    for host in HOSTS {
        let project = project(engine, "");
        let hook = Hook::new(&project);
        let commit = "git add -A && git -c user.name=a -c user.email=a@example.org commit -q -m a";
        put(&project, ".gitattributes", "* filter=evil diff=evil merge=evil\n");
        project.shell(&format!("git init -q -b main . && {commit} && echo 1 >>a && {commit}")).ok();
        put(&project, ".git/config", hook.config("..").replace("worktree = ..", "logAllRefUpdates = true"));
        hook.install(project.folder.join(".git/hooks").to_str().unwrap());
        // Some git commands start a filter only for files whose time is another one than that in the index.
        project.shell("touch a Dockerfile; echo 2 >>a").ok();

        count += attack(&project, host, &hook, "a configuration of the repository");
        put(&project, "a", "other");
        count += attack(&project, host, &hook, "a change that is not committed");
        for bait in ["git status", "git diff", "git -c core.fsmonitor= update-index --refresh", "git add -A"] {
            project.shell(bait);
            assert!(hook.ran().is_some(), "{bait} is no bait");
        }
        assert!(image(&project).contains(&project.image));
    }
    held("git", count);
    Ok(())
}
