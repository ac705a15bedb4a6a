//! Help, completions and the manual page.

use crate::support::shell::sh_with;
use crate::support::{Dir, Run};

const JOBS: [&str; 5] = ["tag", "manifest", "env", "build", "pull"];

#[test]
fn help_and_version_are_results() {
    let dir = Dir::new();
    let help = Run::new(&dir, ["--help"]).run().ok();
    assert!(JOBS.iter().all(|job| help.contains(&format!("\n  {job} "))), "{help}");
    assert!(help.contains("Exit codes: 0 done"), "{help}");
    assert_eq!(Run::new(&dir, ["--version"]).run().ok(), concat!("docktag ", env!("CARGO_PKG_VERSION"), "\n"));
    for job in JOBS {
        assert!(Run::new(&dir, [job, "--help"]).run().ok().contains("--path"));
    }
}

#[test]
fn completions_are_scripts_that_know_the_options() {
    let dir = Dir::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = Run::new(&dir, ["completions", shell]).run().ok();
        for word in ["docktag", "build", "moving-tag", "password-stdin"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
        if shell == "bash" {
            sh_with(&dir, "bash -n", &[], script.as_bytes());
        }
    }
    Run::new(&dir, ["completions", "tcsh"]).run().fails(2, &["tcsh", "bash"]);
}

#[test]
fn the_manual_page_is_one() {
    let dir = Dir::new();
    let page = Run::new(&dir, ["man"]).run().ok();
    assert!(page.contains(".TH docktag 1"), "{page}");
    assert!(JOBS.iter().all(|job| page.contains(job)), "{page}");
}
