//! What is hashed, and what is refused.

use docktag::error::Code;
use docktag::options::Job;
use docktag::path::RelPath;

use crate::host::{Host, TAG, options};

#[track_caller]
fn refused(host: &mut Host, paths: &[&str], code: Code, said: &str) {
    let mut options = options(Job::Tag);
    options.paths = paths.iter().map(|path| RelPath::root(path).unwrap()).collect();
    let error = host.run(options).unwrap_err();
    assert_eq!(error.code, code, "{error}");
    assert!(error.to_string().contains(said), "{error}");
}

#[test]
fn a_folder_that_is_missing_or_a_file_or_not_given_is_refused() {
    let mut host = Host::new();
    refused(&mut host, &["nope"], Code::PathMissing, "nope: no such folder; give a folder");
    refused(&mut host, &["docker/Dockerfile"], Code::PathNotAFolder, "is a file, expected a folder");
    refused(&mut host, &["docker", "nope"], Code::PathMissing, "nope");
    host.files.remove("docker-compose.yml");
    refused(&mut host, &[], Code::ComposeFileMissing, "`--path docker`");
}

#[test]
fn a_folder_in_a_folder_is_read_once_and_listed_twice() {
    let mut host = Host::new();
    host.files.insert("docker/dev/x".to_owned(), Vec::new());
    let mut options = options(Job::Manifest);
    options.paths.push(RelPath::root("docker/dev").unwrap());
    let manifest = String::from_utf8(host.run(options).unwrap().manifest).unwrap();
    assert_eq!(manifest.matches("  docker/dev/x\n").count(), 2, "{manifest}");
}

#[test]
fn a_manifest_that_is_there_is_taken_as_it_is_only_with_reuse() {
    let mut host = Host::new();
    host.files.insert("m".to_owned(), b"d41d8cd98f00b204e9800998ecf8427e  other\n".to_vec());
    assert_eq!(host.run(options(Job::Tag)).unwrap().tag, TAG);
    let mut options = options(Job::Tag);
    options.reuse = Some("m".to_owned());
    assert_ne!(host.run(options).unwrap().tag, TAG);
    assert!(host.said().contains("m: taken as it is because of `--reuse`"), "{}", host.said());
}

#[test]
fn a_manifest_to_reuse_is_written_where_it_is_missing() {
    let mut host = Host::new();
    let mut reusing = options(Job::Tag);
    reusing.reuse = Some("m".to_owned());
    assert_eq!(host.run(reusing.clone()).unwrap().tag, TAG);
    assert_eq!(host.files["m"], b"900150983cd24fb0d6963f7d28e17f72  docker/Dockerfile\n");
    host.files.insert("docker/Dockerfile".to_owned(), b"changed".to_vec());
    assert_eq!(host.run(reusing).unwrap().tag, TAG);
}

#[test]
fn a_broken_manifest_to_reuse_is_refused_with_its_line() {
    let mut host = Host::new();
    host.files.insert("m".to_owned(), b"d41d8cd98f00b204e9800998ecf8427e  a\noops\n".to_vec());
    let mut options = options(Job::Tag);
    options.reuse = Some("m".to_owned());
    assert!(host.run(options).unwrap_err().to_string().starts_with("m:2: expected 32 hexadecimal digits"));
}

#[test]
fn a_git_folder_among_the_inputs_is_warned_of() {
    let warning = "Warning: `--path` holds a `.git` folder";
    for (name, warned) in [(".git/index", true), ("in/.git", true), (".github/a", false), ("a.git/a", false), ("in/.gitignore", false)] {
        let mut host = Host::new();
        host.files.insert(format!("docker/{name}"), Vec::new());
        host.run(options(Job::Tag)).unwrap();
        assert_eq!(host.said().contains(warning), warned, "{name}: {}", host.said());
    }
}

#[test]
fn env_names_the_three_variables_and_needs_the_repository() {
    let mut host = Host::new();
    let report = host.run(options(Job::Env)).unwrap();
    let lines = docktag::ci::shell_lines(&report.variables);
    assert_eq!(
        lines,
        format!("export DOCKER_IMAGE=reg.example/a/b:{TAG}\nexport DOCKER_IMAGE_MD5={TAG}\nexport DOCKER_IMAGE_CI=reg.example/a/b:ci\n")
    );

    let mut without = options(Job::Env);
    without.image = None;
    assert_eq!(host.run(without).unwrap_err().code, Code::Usage);
}

#[test]
fn env_is_appended_where_the_ci_reads_it() {
    for (variable, before, expected) in [
        ("GITHUB_ENV", &b"A=1\n"[..], format!("A=1\nDOCKER_IMAGE=reg.example/a/b:{TAG}\n")),
        ("BASH_ENV", &b"A=1"[..], format!("A=1\nexport DOCKER_IMAGE=reg.example/a/b:{TAG}\n")),
    ] {
        let mut host = Host::new();
        host.files.insert("/env".to_owned(), before.to_vec());
        let mut options = options(Job::Env);
        options.ci = true;
        options.host.env.insert(variable.to_owned(), "/env".to_owned());
        host.run(options).unwrap();
        assert!(String::from_utf8_lossy(&host.files["/env"]).starts_with(&expected), "{variable}");
    }
    let mut options = options(Job::Env);
    options.ci = true;
    assert!(Host::new().run(options).unwrap_err().message.contains("neither GITHUB_ENV nor BASH_ENV"));
}
