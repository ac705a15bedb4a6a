//! Odd projects that Compose and BuildKit accept are accepted, and one service that cannot be computed does not hide the others.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::support::{Dir, Project, Run};

const DOCKERFILE: &str = "FROM scratch\nCOPY f /\n";

fn service(dir: &Dir, build: &str) {
    dir.file("compose.yaml", format!("services:\n  s:\n    image: acme/s\n    build: {build}\n"));
}

/// A folder with a Dockerfile that copies the file `f`.
fn context(dir: &Dir, folder: &str) {
    let below = |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
    dir.file(below("Dockerfile"), DOCKERFILE).file(below("f"), "f\n");
}

fn tag(dir: &Dir) -> String {
    Run::new(dir, ["tag"]).run().ok()
}

#[test]
fn empty_values_of_a_build_are_those_that_are_not_given() {
    let dir = Dir::new();
    context(&dir, "");
    service(&dir, ".");
    let expected = tag(&dir);
    for build in [
        "\"\"",
        "\"${UNSET}\"",
        "{context: ''}",
        "{dockerfile: ''}",
        "{dockerfile: '${UNSET}', context: .}",
        "{dockerfile_inline: ''}",
        "{dockerfile_inline: '', dockerfile: ''}",
        "{context: '', dockerfile: '', target: '', platforms: ['']}",
    ] {
        service(&dir, build);
        assert_eq!(tag(&dir), expected, "{build}");
    }
    let model = Run::new(&dir, ["model"]).run().ok();
    assert!(!model.contains("dockerfile"), "`model` prints what `compose config` prints: {model}");
}

/// Compose builds an empty context from the working folder, not from the project's.
#[test]
fn an_empty_context_is_the_working_folder() {
    let dir = Dir::new();
    context(&dir, "");
    dir.file("sub/compose.yaml", "services: {s: {image: acme/s, build: ''}}\n");
    let shown = Run::new(&dir, ["inputs", "--file", "sub/compose.yaml"]).run().ok();
    assert!(shown.contains(" ../f "), "{shown}");
}

#[test]
fn a_folder_named_dotenv_is_passed_over() {
    let dir = Dir::new();
    context(&dir, "");
    context(&dir, "sub");
    service(&dir, ".");
    dir.file("sub/compose.yaml", "services: {t: {image: acme/t, build: .}}\n");
    let expected = tag(&dir);
    dir.folder(".env").folder("sub/.env");
    assert_eq!(tag(&dir), expected);
    dir.file("compose.yaml", "include: [sub/compose.yaml]\nservices: {s: {image: acme/s, build: .}}\n");
    assert_eq!(tag(&dir).lines().count(), 2);
    Run::new(&dir, ["tag", "--env-file", ".env"]).run().fails(2, &[".env: is no file of variables"]);
    dir.folder("folder.yaml");
    Run::new(&dir, ["tag", "--file", "folder.yaml"]).run().fails(1, &["folder.yaml: cannot be read"]);
}

/// rule: buildkit `frontend/dockerui/config.go`: what cannot be read as a file is passed over.
#[test]
fn folders_named_like_dockerfiles_and_ignore_files_are_passed_over() {
    let dir = Dir::new();
    context(&dir, "");
    service(&dir, ".");
    dir.file(".dockerignore", "x\n");
    let expected = tag(&dir);
    dir.folder("Dockerfile.dockerignore");
    assert_eq!(tag(&dir), expected);
    fs::remove_file(dir.path(".dockerignore")).unwrap();
    dir.folder(".dockerignore");
    assert_eq!(tag(&dir), expected);
    fs::rename(dir.path("Dockerfile"), dir.path("dockerfile")).unwrap();
    let lower = tag(&dir);
    dir.folder("Dockerfile");
    assert_eq!(tag(&dir), lower);
}

#[test]
fn an_error_in_dotenv_has_its_line() {
    let dir = Dir::new();
    context(&dir, "");
    service(&dir, ".");
    for (text, line) in [("A=${B:?no}\n", 1), ("# c\n\nA=1\nB=${C:?no}\n", 4), ("A=\"1\n2\"\nB=\"${C:?no}\"\n", 3), ("A='1\n", 1)] {
        dir.file(".env", text);
        Run::new(&dir, ["tag"]).run().fails(2, &[&format!(".env:{line}: ")]);
    }
}

#[test]
fn a_compose_file_is_read_from_standard_input() {
    let dir = Dir::new();
    context(&dir, "a");
    dir.file("compose.yaml", "services: {s: {image: acme/s, build: a}}\n");
    let expected = tag(&dir);
    let text = "services: {s: {image: acme/s, build: a}}\n";
    let from_stdin = |args: &[&str]| Run::new(&dir, args).stdin(text).run();
    fs::remove_file(dir.path("compose.yaml")).unwrap();
    assert_eq!(from_stdin(&["tag", "-f", "-"]).ok(), expected);
    assert_eq!(Run::new(&dir, ["tag"]).env("COMPOSE_FILE", "-").stdin(text).run().ok(), expected);
    // The project is where its first file is that has a folder.
    dir.file("a/more.yaml", "services: {t: {image: acme/t, build: .}}\n");
    let here = "services: {s: {image: acme/s, build: .}}\n";
    assert_eq!(Run::new(&dir, ["tag", "-f", "-", "-f", "a/more.yaml"]).stdin(here).run().ok().lines().count(), 2);
    Run::new(&dir, ["tag", "-f", "-"]).stdin("services: [\n").run().fails(2, &["standard input:"]);
    from_stdin(&["env", "-f", "-"]).fails(2, &["`--file -`: later steps cannot read this standard input"]);
    from_stdin(&["build", "-f", "-", "--username", "u", "--password-stdin"]).fails(2, &["`--password-stdin` reads standard input too"]);
}

#[test]
fn compose_gets_the_file_from_standard_input_too() {
    let project = Project::new();
    let text = fs::read_to_string(project.dir.path("docker-compose.yml")).unwrap();
    fs::remove_file(project.dir.path("docker-compose.yml")).unwrap();
    let ran = project.job("build", ["--file", "-"]).stdin(&text).run();
    ran.ok();
    let calls = crate::support::programs::calls(&project.dir);
    let build = calls.iter().map(|call| call.line()).find(|line| line.contains(" build ")).unwrap();
    assert!(build.contains("--project-directory . -f - -f "), "{build}");
}

/// The name of a project comes from the way that the user took, and `..` is that of this way, as in Compose.
#[test]
fn a_linked_folder_gives_the_project_its_name() {
    let dir = Dir::new();
    context(&dir, "");
    context(&dir, "elsewhere");
    dir.file("elsewhere/deep/compose.yaml", "services: {s: {build: ..}}\n").file("f", "outer\n");
    dir.link("link", "elsewhere/deep");
    let name = |run: Run| {
        let json: Value = serde_json::from_str(&run.run().ok()).unwrap();
        json["services"]["s"]["image_or_default"].as_str().unwrap().to_owned()
    };
    let root = dir.path("").to_str().unwrap().trim_end_matches('/').to_owned();
    let at = |folder: &str, args: &[&str]| Run::new(&dir, args.iter().copied().chain(["-C", folder]).collect::<Vec<_>>()).env("PWD", &root);
    assert_eq!(name(at("link", &["model", "--json"])), "link-s");
    assert_eq!(name(at("elsewhere/deep", &["model", "--json"])), "deep-s");
    assert_eq!(name(at("link", &["model", "--json"]).env("PWD", "/nowhere")), "deep-s");
    let hash = |ran: String| ran.trim().rsplit(':').next().unwrap().to_owned();
    let tags = ["link", "elsewhere/deep"].map(|folder| hash(at(folder, &["tag"]).run().ok()));
    assert_ne!(tags[0], tags[1], "`..` of the link is the outer folder");
    let shown = at("link", &["inputs"]).run().ok();
    assert!(shown.contains(" 6  ../f "), "{shown}");
}

/// As a user to whom permissions apply.
fn unprivileged(dir: &Dir, args: &[&str]) -> Run {
    let is_root = rustix::process::geteuid().is_root();
    let starter: &[&str] = if is_root { &["/usr/bin/setpriv", "--reuid", "65534", "--clear-groups"] } else { &[] };
    for folder in dir.path("").ancestors().filter(|folder| folder.starts_with(std::env::temp_dir()) && *folder != std::env::temp_dir()) {
        fs::set_permissions(folder, Permissions::from_mode(0o755)).unwrap();
    }
    Run::through(dir, starter, args)
}

#[test]
fn a_folder_that_cannot_be_read_counts_only_if_the_build_reads_it() {
    let dir = Dir::new();
    dir.file("src/a", "a\n").file("pgdata/x", "x\n").file("deep/in/y", "y\n");
    let run = |dockerfile: &str| {
        dir.file("Dockerfile", dockerfile).file("compose.yaml", "services: {s: {image: acme/s, build: .}}\n");
        for folder in ["pgdata", "deep/in"] {
            dir.mode(folder, 0o000);
        }
        let ran = unprivileged(&dir, &["tag"]).run();
        for folder in ["pgdata", "deep/in"] {
            dir.mode(folder, 0o755);
        }
        ran
    };
    for dockerfile in ["FROM scratch\nCOPY src /src\n", "FROM scratch\nCOPY src/* s*/a /\n", "FROM scratch\nCOPY *.x src /\n"] {
        let ran = run(dockerfile);
        assert_eq!(ran.ok(), Run::new(&dir, ["tag"]).run().ok(), "{dockerfile}");
    }
    for dockerfile in ["COPY . /", "COPY pgdata /", "COPY pgdata/x /", "COPY pg* /", "COPY */x /", "COPY --parents **/x /", "COPY * /"] {
        run(&format!("FROM scratch\n{dockerfile}\n")).fails(1, &["cannot be read", "Dockerfile:2 reads it"]);
    }
    dir.file(".dockerignore", "pgdata\ndeep\n");
    run("FROM scratch\nCOPY . /\n").ok();
    dir.file(".dockerignore", "*\n!src\n");
    run("FROM scratch\nCOPY . /\n").ok();
}

fn three(dir: &Dir) {
    context(dir, "a");
    dir.file("b/Dockerfile", "FROM scratch\nCOPY target/app.jar /\n");
    dir.file("c/Dockerfile", "FROM acme/b\nCOPY Dockerfile /\n");
    dir.file("e/Dockerfile", "FORM scratch\n");
    let services = ["a", "b", "c", "d", "e"].map(|name| format!("  {name}: {{image: acme/{name}, build: {name}}}\n"));
    dir.file("compose.yaml", format!("services:\n{}", services.concat()));
}

#[test]
fn services_that_cannot_be_computed_do_not_hide_the_others() {
    let dir = Dir::new();
    three(&dir);
    let all = ["b/Dockerfile:2: `target/app.jar`", "service `c`: is built with `b`", "d/Dockerfile: no such Dockerfile", "e/Dockerfile:1:"];
    let ran = Run::new(&dir, ["tag"]).partial().run();
    ran.fails(2, &all);
    assert!(ran.text().starts_with("a\tacme/a:") && ran.text().lines().count() == 1, "{}", ran.text());
    let json = Run::new(&dir, ["tag", "--json"]).run().json();
    assert_eq!((json["targets"].as_array().unwrap().len(), json["error"]["others"].as_array().unwrap().len()), (1, 3), "{json}");
    assert_eq!((&json["exit"], &json["tag"]), (&2.into(), &"".into()));
    Run::new(&dir, ["inputs"]).partial().run().fails(2, &all);
    Run::new(&dir, ["manifest"]).run().fails(2, &all);
    // A service that is asked for alone needs no other.
    Run::new(&dir, ["tag", "a"]).run().ok();
}

#[test]
fn nothing_is_built_if_a_service_cannot_be_computed() {
    let dir = Dir::new();
    three(&dir);
    for job in ["build", "pull"] {
        Run::new(&dir, [job]).run().fails(2, &["b/Dockerfile:2: `target/app.jar`", "d/Dockerfile: no such Dockerfile"]);
    }
    let (outputs, variables) = (dir.beside("outputs"), dir.beside("variables"));
    fs::write(&outputs, "").unwrap();
    fs::write(&variables, "").unwrap();
    let ran = Run::new(&dir, ["tag", "--ci"]).partial().env("GITHUB_OUTPUT", &outputs).env("GITHUB_ENV", &variables).run();
    assert_eq!(ran.code, Some(2));
    assert_eq!(fs::read_to_string(variables).unwrap(), "");
    let outputs = fs::read_to_string(outputs).unwrap();
    assert!(outputs.contains("\nhit=\n") && outputs.contains("\ntag=\n") && outputs.contains("acme/a:"), "{outputs}");
}
