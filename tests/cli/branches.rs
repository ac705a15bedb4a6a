//! Whose code is built, and of which branch: only what was merged moves the moving tag and writes the cache that other branches read.

use crate::support::git::{commit, git, path};
use crate::support::{Project, REPOSITORY, Run};

/// A project in Compose mode.
fn project() -> Project {
    let project = Project::new();
    project.docker(&[(r#""tag "*"#, "")]);
    let image = &project.image;
    let compose = format!("services: {{app: {{image: '{image}', build: {{context: docker, tags: ['{image}:latest']}}}}}}\n");
    project.dir.file("docker-compose.yml", compose);
    project
}

/// What happens with the moving tag and the project's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    Moves,
    /// It stays, for a reason.
    Stays(&'static str),
    /// Nothing is pushed, for a reason.
    Nothing(&'static str),
}

use Then::{Moves, Nothing, Stays};

/// Builds what is missing and checks what happened; then the same with a hit.
#[track_caller]
fn check(project: &Project, run: impl Fn() -> Run, then: Then) {
    let [moving, own] = ["ci", "latest"].map(|tag| format!("{REPOSITORY}:{tag}"));
    let ran = run().run();
    ran.ok();
    let is_pushed = ran.stderr.contains(": pushed, sha256:");
    match then {
        Moves => assert!(ran.stderr.contains(":ci: points at sha256:") && project.registry.get(&moving).is_some(), "{}", ran.stderr),
        Stays(why) => {
            ran.says(&["the moving tag stays: ", why]);
            assert_eq!(project.registry.get(&moving), None);
        }
        Nothing(why) => {
            ran.says(&[&format!("{why}: not trusted, so nothing is pushed")]);
            assert_eq!(project.registry.get(&moving), None);
        }
    }
    assert_eq!(project.registry.get(&own).is_some(), then == Moves, "{}", ran.stderr);
    if let Stays(_) = then {
        ran.says(&[":latest: stays, since only a trusted branch sets the tags of a Compose file"]);
    }
    assert_eq!(is_pushed, !matches!(then, Nothing(_)), "{}", ran.stderr);
    let cache = project.calls().into_iter().find(|call| call.line().ends_with("build app")).unwrap().added_text;
    assert_eq!(cache.contains(":ci-cache,mode=max"), then == Moves, "only a trusted branch writes the cache: {cache}");
    if is_pushed {
        project.registry.put(&moving, "of another commit");
        project.registry.put(&own, "of another commit");
        let again = run().run();
        again.says(&["hit, sha256:"]).ok();
        let expected = if then == Moves { "pushed" } else { "of another commit" };
        for tag in [&moving, &own] {
            assert_eq!(project.registry.get(tag).as_deref(), Some(expected), "{}", again.stderr);
        }
    }
}

/// What a CI service says in variables, and in the event file of GitHub.
#[track_caller]
fn told(variables: &[(&str, &str)], event: &str, args: &[&str], then: Then) {
    let project = project();
    std::fs::write(project.dir.beside("home/event.json"), event).unwrap();
    let run = || {
        let args = [&["build", "--cache", "registry"], args].concat();
        let run = Run::new(&project.dir, args).env("GITHUB_EVENT_PATH", project.dir.beside("home/event.json"));
        variables.iter().fold(run, |run, (name, value)| run.env(name, value))
    };
    check(&project, run, then);
}

const EVENT: &str = r#"{"repository":{"full_name":"acme/app","default_branch":"main"}}"#;

#[test]
fn the_default_branch_of_the_event_moves_the_moving_tag_and_others_do_not() {
    let push = |reference: &'static str| [("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_NAME", "push"), ("GITHUB_REF", reference)];
    told(&push("refs/heads/main"), EVENT, &[], Moves);
    let topic = "the branch `topic` is not the default branch `main`";
    told(&push("refs/heads/topic"), EVENT, &[], Stays(topic));
    told(&push("refs/heads/a/main"), EVENT, &[], Stays("the branch `a/main` is not the default branch `main`"));
    told(&push("refs/tags/main"), EVENT, &[], Stays("no branch is known for this job"));
    told(&push("refs/heads/main"), "{}", &[], Stays("whether `main` is the default branch is not known"));
    told(&push("refs/heads/main"), "not JSON", &[], Stays("whether `main` is the default branch is not known"));
}

#[test]
fn branches_that_are_named_move_it_instead_of_the_default_branch() {
    let push = |reference: &'static str| [("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_NAME", "push"), ("GITHUB_REF", reference)];
    let args = ["--trusted-branch", "release/*", "--trusted-branch", "next"];
    told(&push("refs/heads/release/1/2"), EVENT, &args, Moves);
    told(&push("refs/heads/next"), EVENT, &args, Moves);
    told(&push("refs/heads/main"), EVENT, &args, Stays("the branch `main` is none of `release/*`, `next`"));
    told(&push("refs/heads/x/release/1"), EVENT, &args, Stays("the branch `x/release/1` is none of `release/*`, `next`"));
    told(&push("refs/heads/topic"), EVENT, &["--trusted-branch", "*"], Moves);
    let variable = [&push("refs/heads/next")[..], &[("DOCKTAG_TRUSTED_BRANCH", "release/*\nnext")]].concat();
    told(&variable, EVENT, &[], Moves);
    for pattern in ["[", "a[", "release/*/["] {
        let ran = project().job("build", ["--trusted-branch", pattern]).run();
        ran.fails(2, &[&format!("`--trusted-branch`: `{pattern}` is not a pattern")]);
    }
}

/// The event of a pull request from this repository.
fn pull_request(head: &str) -> String {
    format!(
        r#"{{"pull_request":{{"head":{{"repo":{{"full_name":"{head}"}}}},"base":{{"repo":{{"full_name":"acme/app"}}}}}},"repository":{{"full_name":"acme/app","default_branch":"main"}}}}"#
    )
}

#[test]
fn a_pull_request_never_moves_it_and_that_of_a_fork_is_not_pushed() {
    for name in ["pull_request", "pull_request_target", "pull_request_review"] {
        let event = [("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_NAME", name), ("GITHUB_REF", "refs/heads/main")];
        told(&event, &pull_request("acme/app"), &[], Stays("no branch is known for this job"));
        told(&event, &pull_request("you/app"), &[], Nothing("a pull request from the fork you/app"));
        told(&event, "{}", &[], Nothing("a pull request from a fork"));
        // Who forces the push does not say that the branch is trusted.
        for args in [&["--push=true"][..], &["--push=true", "--trusted-branch", "*"], &["--push=true", "--trusted-branch", "main"]] {
            told(&event, &pull_request("you/app"), args, Stays("a pull request from the fork you/app"));
        }
    }
}

#[test]
fn events_that_anybody_can_cause_are_not_trusted() {
    let named = |name: &'static str| [("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_NAME", name), ("GITHUB_REF", "refs/heads/main")];
    let anybody = "the event `issue_comment`, which anybody may be able to cause";
    told(&named("issue_comment"), EVENT, &[], Nothing(anybody));
    told(&named("workflow_run"), EVENT, &[], Nothing("a workflow that a fork may have caused"));
    told(&[("GITHUB_ACTIONS", "true")], EVENT, &[], Nothing("an event without a name"));
    let own = r#"{"workflow_run":{"head_repository":{"full_name":"acme/app"},"head_branch":"topic"},"repository":{"full_name":"acme/app","default_branch":"main"}}"#;
    told(&named("workflow_run"), own, &[], Stays("no branch is known for this job"));
    // A tag can be called `main` too.
    told(&named("workflow_run"), &own.replace("topic", "main"), &[], Stays("no branch is known for this job"));
    told(&named("workflow_run"), own, &["--trusted-branch", "*"], Moves);
    let bot = [&named("push")[..], &[("GITHUB_ACTOR", "dependabot[bot]")]].concat();
    told(&bot, EVENT, &[], Nothing("a run that Dependabot started"));
}

#[test]
fn other_services_name_their_branch_too() {
    let unknown = Stays("whether `main` is the default branch is not known");
    told(&[("CIRCLECI", "true"), ("CIRCLE_BRANCH", "main")], "", &[], unknown);
    told(&[("CIRCLECI", "true"), ("CIRCLE_BRANCH", "main")], "", &["--trusted-branch", "main"], Moves);
    told(&[("CIRCLECI", "true"), ("CIRCLE_PR_USERNAME", "you")], "", &[], Nothing("a pull request from a fork"));
    let gitlab = |branch: &'static str| [("GITLAB_CI", "true"), ("CI_COMMIT_BRANCH", branch), ("CI_DEFAULT_BRANCH", "main")];
    told(&gitlab("main"), "", &[], Moves);
    told(&gitlab("topic"), "", &[], Stays("the branch `topic` is not the default branch `main`"));
    // A service that tells nothing that is known here.
    told(&[("CI", "true")], "", &[], Stays("no branch is known for this job"));
    // No service and no git.
    told(&[], "", &[], Moves);
}

/// A project in a clone whose remote has the default branch `main`, on a branch.
fn cloned(branch: &str) -> Project {
    let project = project();
    let dir = &project.dir;
    commit(dir, "first");
    let remote = dir.beside("remote");
    git(dir, "project", &["clone", "-q", "--bare", ".", remote.to_str().unwrap()]);
    git(dir, "project", &["remote", "add", "origin", remote.to_str().unwrap()]);
    git(dir, "project", &["fetch", "-q"]);
    git(dir, "project", &["checkout", "-q", "-B", branch]);
    project
}

/// What git alone says.
#[track_caller]
fn by_git(project: &Project, variables: &[(&str, &str)], args: &[&str], then: Then) {
    let run = || {
        let run = Run::new(&project.dir, [&["build", "--cache", "registry"], args].concat()).env("PATH", path(&project.dir));
        variables.iter().fold(run, |run, (name, value)| run.env(name, value))
    };
    check(project, run, then);
}

#[test]
fn git_says_the_branch_if_no_service_does() {
    let with_head = |branch: &str| {
        let project = cloned(branch);
        git(&project.dir, "project", &["remote", "set-head", "origin", "main"]);
        project
    };
    by_git(&with_head("main"), &[], &[], Moves);
    by_git(&with_head("topic"), &[], &[], Stays("the branch `topic` is not the default branch `main`"));
    by_git(&with_head("topic"), &[], &["--trusted-branch", "to*"], Moves);
    by_git(&with_head("main"), &[], &["--trusted-branch", "to*"], Stays("the branch `main` is none of `to*`"));
    let detached = with_head("main");
    git(&detached.dir, "project", &["checkout", "-q", "--detach"]);
    by_git(&detached, &[], &[], Stays("no branch is known for this job"));
    // The service knows the branch, and git the default branch.
    by_git(&with_head("topic"), &[("CIRCLECI", "true"), ("CIRCLE_BRANCH", "main")], &[], Moves);
    by_git(&cloned("main"), &[], &[], Stays("whether `main` is the default branch is not known"));
}

#[test]
fn a_branch_that_git_does_not_tell_is_not_trusted() {
    type Case = (fn() -> Project, &'static [(&'static str, &'static str)], &'static str);
    const OF_ANOTHER_USER: [(&str, &str); 1] = [("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")];
    let cases: [Case; 4] = [
        (|| cloned("main"), &OF_ANOTHER_USER, "git: fatal: detected dubious ownership in repository at "),
        (|| with_file(".git", "gitdir: ../gone\n"), &[], "git: fatal: not a git repository: "),
        (|| with_file(".git", "broken\n"), &[], "git: fatal: invalid gitfile format: "),
        (
            || {
                let project = with_file("HEAD", "ref: refs/heads/main\n");
                project.dir.folder("objects").folder("refs");
                project
            },
            &[],
            ".: looks like a bare git repository, expected a working tree",
        ),
    ];
    for (make, variables, why) in cases {
        for args in [&[][..], &["--trusted-branch", "main"]] {
            by_git(&make(), variables, args, Stays(why));
        }
    }
    // Git without a repository.
    by_git(&project(), &[], &[], Moves);
}

/// A project with one more file.
fn with_file(name: &str, text: &str) -> Project {
    let project = project();
    project.dir.file(name, text);
    project
}

#[test]
fn a_repository_without_a_remote_has_no_branches_of_others() {
    let alone = project();
    commit(&alone.dir, "first");
    git(&alone.dir, "project", &["checkout", "-q", "-b", "topic"]);
    by_git(&alone, &[], &[], Moves);
}

#[test]
fn plain_folders_move_it_on_every_branch_unless_branches_are_named() {
    let run = |args: &[&str]| {
        let project = Project::new();
        let push = [("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_NAME", "push"), ("GITHUB_REF", "refs/heads/topic")];
        push.iter().fold(project.job("build", args), |run, (name, value)| run.env(name, value)).run().ok();
        project.registry.get(&format!("{REPOSITORY}:ci"))
    };
    assert_eq!(run(&[]).as_deref(), Some("pushed"));
    assert_eq!(run(&["--trusted-branch", "topic"]).as_deref(), Some("pushed"));
    assert_eq!(run(&["--trusted-branch", "main"]), None);
}
