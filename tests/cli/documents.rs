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

#[test]
fn no_input_is_listed_as_left_out_or_not_read() {
    let dir = Dir::new();
    dir.file("compose.yaml", "services: {app: {build: {context: api, additional_contexts: {all: .}}}}\n");
    dir.file("api/Dockerfile", "FROM scratch\nCOPY a /\nCOPY --from=all api/b /\n")
        .file("api/a", "a")
        .file("api/b", "b")
        .file("api/c", "c");
    for ignored in ["", "Dockerfile\nb\n"] {
        dir.file("api/.dockerignore", ignored);
        let json = Run::new(&dir, ["inputs", "--json"]).run().json();
        let paths = |key: &str| -> Vec<String> {
            json[key].as_array().unwrap().iter().map(|it| it["path"].as_str().or(it.as_str()).unwrap().to_owned()).collect()
        };
        let files = paths("files");
        assert_eq!(files, ["api/Dockerfile", "api/a", "api/b"]);
        for other in paths("not_read").iter().chain(&paths("left_out")) {
            assert!(!files.contains(other), "{other}: {json}");
        }
        assert!(paths("not_read").contains(&"api/c".to_owned()), "{json}");
    }
}
