//! What holds for options as such: usage errors, `-C`, colours, and where output goes.

use std::fs::OpenOptions;

use crate::support::shell::sh;
use crate::support::{Dir, Run};

#[test]
fn wrong_usage_is_exit_code_2() {
    let dir = Dir::with_docker();
    for args in
        [&["tga"][..], &["tag", "--pth", "docker"], &["build", "--cache", "disk"], &["tag", "--path"], &["env", "--dry-run=perhaps"]]
    {
        let ran = Run::new(&dir, args).run();
        ran.fails(2, &["error: ", "--help"]);
    }
    let nothing = Run::new(&dir, [""; 0]).run();
    assert_eq!((nothing.code, nothing.text().as_str()), (Some(2), ""));
    nothing.says(&["Usage: docktag"]);
}

#[test]
fn jobs_that_need_the_repository_say_so() {
    let dir = Dir::with_docker();
    for job in ["build", "pull", "env"] {
        Run::new(&dir, [job, "--path", "docker"]).run().fails(2, &["repository of the image", "help:", "`--image"]);
    }
}

#[test]
fn another_project_folder_is_entered_first() {
    let dir = Dir::with_docker();
    let here = Run::new(&dir, ["tag", "--path", "docker"]).run().ok();
    dir.folder("elsewhere");
    let path = dir.path("").display().to_string();
    for args in [
        &["tag", "--path", "docker", "-C", &path][..],
        &["tag", "--path", "docker", "-C", "elsewhere/.."],
        &["tag", "--path", ".", "-C", "."],
    ] {
        let there = Run::new(&dir, args).run().ok();
        assert_eq!(there == here, args[2] == "docker");
    }
    Run::new(&dir, ["tag", "--path", "docker", "-C", "nowhere"]).run().fails(2, &["nowhere: cannot be entered", "help:", "`-C`"]);
}

#[test]
fn colours_are_for_terminals_or_on_demand() {
    let dir = Dir::new();
    let said = |args: &[&str], no_color: &str| {
        Run::new(&dir, [&["tag", "--path", "docker"], args].concat()).env("NO_COLOR", no_color).run().stderr
    };
    assert!(said(&["--color", "always"], "").contains("\u{1b}[1;31merror:\u{1b}[0m"));
    assert!(said(&["--color=always"], "1").contains('\u{1b}'), "what is asked for outright counts");
    assert!(!said(&["--color", "never"], "").contains('\u{1b}'));
    assert!(!said(&[], "").contains('\u{1b}'), "this is no terminal");
}

#[test]
fn the_tag_is_one_line_for_a_substitution() {
    let dir = Dir::with_docker();
    let program = crate::support::run::PROGRAM;
    let script = "image=$(\"$1\" tag --path docker --image example/app) && printf '<%s>' \"$image\"";
    let tag = Run::new(&dir, ["tag", "--path", "docker"]).run();
    assert_eq!((tag.stdout.len(), tag.stdout.last()), (33, Some(&b'\n')));
    assert_eq!(String::from_utf8(sh(&dir, script, &[program])).unwrap(), format!("<example/app:{}>", tag.ok().trim()));
}

#[test]
fn a_result_that_cannot_be_written_is_a_failure() {
    let dir = Dir::with_docker();
    for args in [&["tag", "--path", "docker"][..], &["manifest", "--path", "docker"], &["tag", "--path", "docker", "--json"]] {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        Run::new(&dir, args).stdout_to(full).run().fails(1, &["standard output", "No space left"]);
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let dir = Dir::new();
    for index in 0..4000 {
        dir.file(format!("docker/{index}"), "");
    }
    // More than a pipe holds, so that the writer meets the closed end.
    let script = "{ \"$1\" manifest --path docker; echo $? >code; } | head -n 1 >first; cat code";
    assert_eq!(sh(&dir, script, &[crate::support::run::PROGRAM]), b"0\n");
}

#[test]
fn details_are_said_on_demand_only() {
    let dir = Dir::with_docker();
    let detail = "names and contents count";
    Run::new(&dir, ["tag", "--path", "docker", "-v"]).run().says(&[detail]);
    Run::new(&dir, ["tag", "--path", "docker"]).run().is_silent_on(&[detail]);
}

#[test]
fn a_variable_that_is_no_option_is_told() {
    let dir = Dir::with_docker();
    let run = || Run::new(&dir, ["tag", "--path", "docker"]);
    run().env("DOCKTAG_ALGORITM", "sha256").run().says(&["warning: DOCKTAG_ALGORITM is no option", "is DOCKTAG_ALGORITHM meant?"]).ok();
    run().env("DOCKTAG_COLOUR", "never").run().says(&["is DOCKTAG_COLOR meant?"]).ok();
    run().env("DOCKTAG_BIN", "x").env("DOCKTAG_MOVING_TAG", "x").run().is_silent_on(&["is no option"]).ok();
}

#[test]
fn the_colour_that_is_wanted_holds_for_errors_in_options_too() {
    let dir = Dir::with_docker();
    let is_coloured = |args: &[&str], variables: &[(&str, &str)]| {
        let run = Run::new(&dir, args);
        let ran = variables.iter().fold(run, |run, (name, value)| run.env(name, value)).run();
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
        ran.stderr.contains('\u{1b}')
    };
    assert!(is_coloured(&["tag", "--pth", "docker", "--color", "always"], &[]));
    assert!(is_coloured(&["tag", "--color=always", "--pth", "docker"], &[]));
    assert!(is_coloured(&["tag", "--pth", "docker"], &[("DOCKTAG_COLOR", "always")]));
    assert!(!is_coloured(&["tag", "--pth", "docker", "--color", "never"], &[("DOCKTAG_COLOR", "always"), ("CLICOLOR_FORCE", "1")]));
    assert!(!is_coloured(&["tag", "--pth", "docker"], &[]));
}

#[test]
fn a_value_that_nothing_can_be_made_of_is_refused() {
    let dir = Dir::new();
    let login = ["build", "--username", "ci", "--password-stdin"];
    Run::new(&dir, login).stdin(&"x".repeat(70_000)).run().fails(2, &["standard input: ", "has more than 65536 bytes"]);
    for (job, option, values) in [
        ("plan", "--insecure-registry", &["a b", "10.0.0.0/99", "r/a", ""][..]),
        ("tag", "--repository-prefix", &[":", "a b/", "-"]),
        ("tag", "--refresh", &["2026-99", "2026-13-01", "2026-W54", "2026-00"]),
        ("prune", "--keep-days", &["99999999999999", "-1", "1.5"]),
    ] {
        for value in values {
            let value = format!("{option}={value}");
            Run::new(&dir, [job, &value]).run().fails(2, &[&format!("`{option}`"), "help: "]);
        }
    }
}
