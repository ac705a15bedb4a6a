//! Who reads standard output: names in a result are escaped for a terminal and for the log of a GitHub job, and are bytes for programs.

use std::path::Path;

use crate::support::{Dir, Run};

/// A folder with names that a terminal, and the runner, would obey.
fn hostile() -> Dir {
    let dir = Dir::with_docker();
    dir.file("docker/##[add-mask]a", "").file("docker/\u{1b}[2Jb", "");
    dir
}

/// What a shell script prints in which `$0` is docktag, on GitHub or elsewhere.
#[track_caller]
fn printed(dir: &Dir, script: &str, github: &str) -> String {
    // With something behind it the shell does not become docktag.
    let script = format!("{script}\n:");
    let starter = ["/bin/sh", "-c", &script];
    Run::through(dir, &starter, [""; 0]).env("PATH", "/usr/bin:/bin").env("GITHUB_ACTIONS", github).run().ok()
}

#[track_caller]
fn is_raw(text: &str) {
    assert!(text.contains("  docker/##[add-mask]a\n") && text.contains("  docker/\u{1b}[2Jb\n"), "{}", text.escape_debug());
}

#[track_caller]
fn is_escaped(text: &str) {
    assert!(text.contains("  docker/##\\[add-mask]a\n") && text.contains("  docker/\\u{1b}[2Jb\n"), "{}", text.escape_debug());
}

const JOB: &str = "\"$0\" manifest --path docker";

#[test]
fn the_log_of_a_github_job_gets_escaped_names() {
    let dir = hostile();
    is_escaped(&printed(&dir, JOB, "true"));
    is_escaped(&printed(&dir, &format!("if true; then {JOB}; fi"), "true"));
    is_escaped(&printed(&dir, &format!("cat /dev/null | {JOB}"), "true"));
}

#[test]
fn a_program_in_a_github_job_gets_the_bytes() {
    let dir = hostile();
    for script in ["JOB | cat", "JOB > ../home/out; cat ../home/out", "text=$(JOB); printf '%s\\n' \"$text\"", "cat <<END\n$(JOB)\nEND"] {
        is_raw(&printed(&dir, &script.replace("JOB", JOB), "true"));
    }
    // Nor is it the log if the parent writes elsewhere.
    is_raw(&Run::new(&dir, ["manifest", "--path", "docker"]).env("GITHUB_ACTIONS", "true").run().ok());
}

#[test]
fn elsewhere_a_pipe_gets_the_bytes() {
    let dir = hostile();
    for github in ["", "false", "1"] {
        is_raw(&printed(&dir, JOB, github));
        is_raw(&printed(&dir, &format!("{JOB} | cat"), github));
    }
}

#[test]
fn a_terminal_gets_escaped_names() {
    // Part of util-linux, which not every machine has.
    if !Path::new("/usr/bin/script").exists() {
        return;
    }
    let dir = hostile();
    let on_terminal = |job: &str| printed(&dir, &format!("export DOCKTAG=\"$0\"; script -qec '{job}' /dev/null </dev/null"), "");
    let text = on_terminal("\"$DOCKTAG\" manifest --path docker");
    assert!(text.contains("  docker/\\u{1b}[2Jb\r\n") && !text.contains('\u{1b}'), "{}", text.escape_debug());
    // To the runner's commands a terminal is blind.
    assert!(text.contains("  docker/##[add-mask]a\r\n"), "{}", text.escape_debug());
    let piped = on_terminal("\"$DOCKTAG\" manifest --path docker | cat -v");
    assert!(piped.contains("  docker/^[[2Jb\r\n"), "{}", piped.escape_debug());
}
