//! Who reads standard output: names in a result are escaped for a terminal and for the log of a GitHub job, and are bytes for programs.

use std::path::Path;

use crate::support::{Dir, Run};

/// A folder with names that a terminal, and the runner, would obey.
fn hostile() -> Dir {
    let dir = Dir::with_docker();
    dir.file("docker/##[add-mask]a", "").file("docker/\u{1b}[2Jb", "");
    dir
}

/// Returns what a shell script prints in which `$0` is docktag, as a step of a job on GitHub or elsewhere. The runner is a shell without the
/// variable, and reads a pipe.
#[track_caller]
fn printed(dir: &Dir, script: &str, github: &str) -> String {
    let runner = ["/bin/sh", "-c", "GITHUB_ACTIONS=\"$2\" bash -e -c \"$1\" \"$0\" | cat"];
    // Without a second command, the shell would be replaced by docktag.
    Run::through(dir, &runner, [&format!("{script}\n:"), github]).env("PATH", "/usr/bin:/bin").run().ok()
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
    for script in [
        "JOB",
        "exec JOB",
        "timeout 10 JOB",
        "env A=b JOB",
        "(JOB)",
        "if true; then JOB; fi",
        "cat /dev/null | JOB",
        "sh -c 'JOB; :' \"$0\"",
        // Names of programs that look like the end of a name.
        "cp /bin/sh '../home/a) R 1 ('; '../home/a) R 1 (' -c 'JOB; :' \"$0\"",
    ] {
        is_escaped(&printed(&dir, &script.replace("JOB", JOB), "true"));
    }
}

#[test]
fn a_program_in_a_github_job_gets_the_bytes() {
    let dir = hostile();
    for script in [
        "JOB | cat",
        "JOB > ../home/out; cat ../home/out",
        "text=$(JOB); printf '%s\\n' \"$text\"",
        "cat <<END\n$(JOB)\nEND",
        "{ JOB; } | cat",
        "timeout 10 JOB | cat",
        "sh -c 'f() { JOB; }; f | cat' \"$0\"",
        "(exec > ../home/out; JOB); cat ../home/out",
    ] {
        is_raw(&printed(&dir, &script.replace("JOB", JOB), "true"));
    }
}

#[test]
fn the_md5_of_a_manifest_is_its_tag_in_a_github_job_too() {
    let dir = hostile();
    let tag = Run::new(&dir, ["tag", "--path", "docker"]).run().ok();
    for script in ["{ JOB; } | md5sum", "timeout 10 JOB | md5sum", "sh -c 'f() { JOB; }; f | md5sum' \"$0\""] {
        assert_eq!(printed(&dir, &script.replace("JOB", JOB), "true"), format!("{}  -\n", tag.trim()), "{script}");
    }
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
