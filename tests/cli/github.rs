//! What the GitHub runner reads along: groups and annotations.

use crate::support::obeyed::obeyed;
use crate::support::{Dir, Project, Ran, Run};

fn build(project: &Project) -> Ran {
    on_push(project.job("build", [""; 0])).run()
}

/// A run in a workflow that a push started.
fn on_push(run: Run) -> Run {
    run.env("GITHUB_ACTIONS", "true").env("GITHUB_EVENT_NAME", "push")
}

/// The workflow commands that the runner obeys; in the end it obeys all.
fn commands(ran: &Ran) -> Vec<&str> {
    let (lines, obeys) = obeyed(&ran.stderr);
    assert!(obeys, "{}", ran.stderr);
    lines
}

#[test]
fn long_output_is_folded_into_groups() {
    let project = Project::new();
    let ran = build(&project);
    ran.ok();
    assert_eq!(commands(&ran), ["::group::build what is missing", "::endgroup::", "::group::push what was built", "::endgroup::"]);
    let inside = ran.stderr.split("::group::build what is missing\n").nth(1).unwrap().split("::endgroup::").next().unwrap();
    assert!(inside.starts_with("$ docker compose ") && inside.contains("building"), "{inside}");
}

#[test]
fn an_error_is_an_annotation_after_its_group() {
    let project = Project::new();
    project.docker(&[(r#"*" build app""#, "exit 1")]);
    let ran = build(&project);
    ran.fails(1, &[]);
    let expected = "::error title=docktag::`compose build app` failed (exit code 1)";
    let commands = commands(&ran);
    assert_eq!(commands[..2], ["::group::build what is missing", "::endgroup::"]);
    assert!(commands.len() == 3 && commands[2].starts_with(expected), "{commands:?}");
}

#[test]
fn what_a_program_prints_is_no_command() {
    let project = Project::new();
    let lines =
        r#"printf '::add-mask::a\n x ##[set-env name=PATH]b\r::set-output name=tag::c\n::stop-commands::\n::endgroup::\n'; printf '##[d'"#;
    for (end, exit) in [("printf ::error::e", 0), ("printf ::stop-commands::f", 0), ("printf ::g; exit 1", 1)] {
        project.docker(&[(r#"*" build app""#, &format!("{lines} >&2; {lines}; {end}"))]);
        let ran = on_push(project.job("build", ["--force", "--moving-tag="])).run();
        assert_eq!(ran.code, Some(exit), "{}", ran.stderr);
        assert!(ran.stderr.contains("::add-mask::a\n") && ran.stderr.contains("##[d"), "{}", ran.stderr);
        let own = ["::group::build what is missing", "::endgroup::", "::group::push what was built", "::endgroup::"];
        assert_eq!(commands(&ran)[..2], own[..2], "{}", ran.stderr);
        assert_eq!(commands(&ran).len(), if exit == 0 { 4 } else { 3 }, "{}", ran.stderr);
    }
}

#[test]
fn a_program_is_not_told_how_to_make_the_runner_obey() {
    let project = Project::new();
    let told = r#"printf '%s\n' "$@"; env; tr '\0' '\n' </proc/$PPID/cmdline; tr '\0' '\n' </proc/$PPID/environ"#;
    project.docker(&[(r#"*" build app""#, told)]);
    let tokens: Vec<String> = [build(&project), on_push(project.job("build", ["--force"])).run()]
        .iter()
        .map(|ran| {
            ran.ok();
            let token = ran.stderr.split("::stop-commands::").nth(1).unwrap().lines().next().unwrap();
            // Each of two programs between two lines.
            assert_eq!(ran.stderr.matches(token).count(), 4, "{}", ran.stderr);
            assert!(token.len() > 32, "{token}");
            token.to_owned()
        })
        .collect();
    assert_ne!(tokens[0], tokens[1]);
}

#[test]
fn an_error_with_a_line_is_an_annotation_of_that_line() {
    let dir = Dir::with_docker();
    dir.file("a,b:c.md5", "oops\n");
    let ran = Run::new(&dir, ["tag", "--path", "docker", "--reuse", "a,b:c.md5"]).env("GITHUB_ACTIONS", "true").run();
    ran.fails(2, &["::error file=a%2Cb%3Ac.md5,line=1,title=docktag::a,b:c.md5:1: expected 32"]);
}

#[test]
fn a_warning_is_an_annotation() {
    let project = Project::with(|request, _| (request.method == "PUT").then(|| crate::support::Reply::status(403)));
    project.is_there();
    let ran = build(&project);
    ran.ok();
    assert!(commands(&ran)[0].starts_with("::warning title=docktag::"), "{}", ran.stderr);
}

#[test]
fn a_name_cannot_give_commands_to_the_runner() {
    let ran = Run::new(&Dir::new(), ["tag", "--path", "a\n::set-env name=X::y"]).env("GITHUB_ACTIONS", "true").run();
    ran.fails(2, &[]);
    assert_eq!(commands(&ran).len(), 1, "{}", ran.stderr);
}

#[test]
fn elsewhere_there_are_no_workflow_commands() {
    let project = Project::new();
    for value in ["", "false"] {
        let ran = project.job("build", ["--force"]).env("GITHUB_ACTIONS", value).run();
        ran.ok();
        assert_eq!(commands(&ran), [""; 0]);
    }
}
