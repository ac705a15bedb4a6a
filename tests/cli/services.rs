//! Projects whose Compose files tell what counts: manifests and names, and what is refused. No engine, Compose or network is there.
//!
//! `tests/services.json` has projects with the lines that their manifests must have, for every host to agree on: a line in braces is that of
//! a file, whose digest comes from another md5 than ours.

use serde::Deserialize;
use serde_json::Value;

use crate::support::shell::tag_of;
use crate::support::{Dir, Run};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/services.json");

#[derive(Deserialize)]
struct Case {
    name: String,
    tree: Vec<Entry>,
    options: Vec<String>,
    #[serde(default = "md5")]
    algorithm: String,
    service: String,
    lines: Vec<String>,
    /// Lines whose last word stands for the digest of a text, or of the manifest that these lines make.
    #[serde(default)]
    values: serde_json::Map<String, Value>,
    image: String,
}

#[derive(Deserialize)]
struct Entry {
    path: String,
    content: Option<String>,
    #[serde(default)]
    executable: bool,
    link: Option<String>,
}

fn md5() -> String {
    "md5".to_owned()
}

impl Case {
    fn lay_out(&self) -> Dir {
        let dir = Dir::new();
        for entry in &self.tree {
            match (&entry.content, &entry.link) {
                (Some(content), _) => {
                    dir.file(&entry.path, content);
                    dir.mode(&entry.path, if entry.executable { 0o755 } else { 0o644 });
                }
                (None, Some(target)) => drop(dir.link(&entry.path, target)),
                (None, None) => drop(dir.folder(&entry.path)),
            }
        }
        dir
    }

    /// What coreutils make of it.
    fn digest(&self, bytes: &[u8]) -> String {
        tag_of(&Dir::new(), &format!("{}sum", self.algorithm), bytes)
    }

    fn manifest(&self, lines: &[String]) -> String {
        let line = |line: &String| -> String {
            if let Some(path) = line.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
                let content = self.tree.iter().find(|entry| entry.path == path).and_then(|entry| entry.content.as_ref());
                let digest = self.digest(content.unwrap_or_else(|| panic!("{}: no file {path}", self.name)).as_bytes());
                let escaped = path.replace('\\', "\\\\").replace('\n', "\\n");
                return format!("{}{digest}  {escaped}\n", if escaped == path { "" } else { "\\" });
            }
            let Some(value) = self.values.get(line) else { return format!("{line}\n") };
            let digest = match value {
                Value::String(text) => self.digest(text.as_bytes()),
                lines => self.digest(self.manifest(&serde_json::from_value::<Vec<String>>(lines.clone()).unwrap()).as_bytes()),
            };
            format!("{} {digest}\n", line.rsplit_once(' ').unwrap().0)
        };
        lines.iter().map(line).collect()
    }
}

#[test]
fn every_project_has_the_manifest_and_the_name_that_are_written_down() {
    let cases: Vec<Case> = serde_json::from_slice(&std::fs::read(FILE).unwrap()).unwrap();
    for case in &cases {
        let dir = case.lay_out();
        let expected = case.manifest(&case.lines);
        let run = |job: &str| {
            let args = [job, case.service.as_str()].into_iter().chain(case.options.iter().map(String::as_str));
            // `manifest` has no use for names.
            let args: Vec<&str> = args.filter(|arg| job == "tag" || !arg.contains("prefix") && !arg.starts_with("ghcr.io")).collect();
            Run::new(&dir, args).run()
        };
        assert_eq!(run("manifest").ok(), expected, "{}", case.name);
        let image = case.image.replace("TAG", &case.digest(expected.as_bytes()));
        assert_eq!(run("tag").ok(), format!("{}\t{image}\n", case.service), "{}", case.name);
    }
}

/// A project with a Compose file and a Dockerfile that copies `a`.
fn project(compose: &str) -> Dir {
    let dir = Dir::new();
    dir.file("compose.yaml", compose).file("Dockerfile", "FROM scratch\nCOPY a /\n").file("a", "1");
    dir
}

const ONE: &str = "services:\n  app:\n    image: example/app\n    build: .\n";

#[track_caller]
fn refused(dir: &Dir, said: &[&str]) {
    Run::new(dir, ["tag"]).run().fails(2, said);
}

#[test]
fn what_is_missing_is_said_with_its_place() {
    let dir = project(ONE);
    std::fs::remove_file(dir.path("a")).unwrap();
    refused(&dir, &["Dockerfile:2: `a` is not in the build context", "help:"]);
    std::fs::remove_file(dir.path("Dockerfile")).unwrap();
    refused(&dir, &["Dockerfile: no such Dockerfile", "service `app` names it at compose.yaml:4"]);
    refused(&project("services: {app: {build: ./gone}}\n"), &["gone/Dockerfile: no such Dockerfile"]);
    refused(&project("services: {db: {image: redis}}\n"), &["no service has `build:`", "`--path`"]);
    Run::new(&project(ONE), ["tag", "web"]).run().fails(2, &["`web`: no such service, there are app"]);
    Run::new(&project("services: {app: {build: .}, db: {image: redis}}\n"), ["tag", "db"])
        .run()
        .fails(2, &["service `db`: has no `build:`"]);
}

#[test]
fn a_broken_file_is_said_with_its_line() {
    refused(&project("services:\n  app:\n    build: .\n    nope: 1\n"), &["compose.yaml:4"]);
    refused(&project("services:\n  app: [\n"), &["compose.yaml:"]);
    let dir = project(ONE);
    dir.file("Dockerfile", "FROM scratch\nCOPY\n");
    refused(&dir, &["Dockerfile:2: "]);
    let dir = project(ONE);
    dir.file(".dockerignore", "b\n[\n");
    dir.file("Dockerfile", "FROM scratch\nCOPY . /\n");
    refused(&dir, &[".dockerignore:2: "]);
    refused(&project("services:\n  app:\n    image: Example/App\n    build: .\n"), &["compose.yaml:3: service `app`: "]);
    refused(
        &project("services:\n  app:\n    image: a/b\n    platform: x/y/z/w\n    build: .\n"),
        &["compose.yaml:5: `x/y/z/w` is no platform"],
    );
}

#[test]
fn services_that_are_built_with_each_other_in_a_circle_are_refused() {
    let dir = Dir::new();
    dir.file("compose.yaml", "services:\n  a: {image: x/a, build: a}\n  b: {image: x/b, build: b}\n  c: {image: x/c, build: c}\n");
    for (name, base) in [("a", "b"), ("b", "c"), ("c", "b")] {
        dir.file(format!("{name}/Dockerfile"), format!("FROM x/{base}\n"));
    }
    refused(&dir, &["services are built with each other: b -> c -> b", "break the circle"]);
}

#[test]
fn one_name_is_one_image() {
    let compose = |second: &str| {
        format!(
            "services:\n  app: {{image: example/app, build: .}}\n  worker:\n    image: example/app\n    build: {second}\n  cron: {{image: 'example/app:latest'}}\n"
        )
    };
    let dir = project(&compose("."));
    let ran = Run::new(&dir, ["tag"]).run();
    let text = ran.ok();
    let lines: Vec<&str> = text.lines().map(|line| line.split_once('\t').unwrap().0).collect();
    assert_eq!(lines, ["app", "cron", "worker"]);
    let dir = project(&compose("{context: ., target: x}"));
    dir.file("Dockerfile", "FROM scratch AS x\nCOPY a /\n");
    refused(&dir, &["services `app` and `worker` have the same image `example/app`, and not the same inputs", "different `image:`"]);
}

#[test]
fn a_name_for_one_image_is_not_for_several() {
    let dir = project("services: {app: {build: .}, web: {build: .}}\n");
    Run::new(&dir, ["tag", "--image", "a/b"]).run().fails(2, &["`--image` names one image, and several services are built: app, web"]);
    let ran = Run::new(&dir, ["tag", "web", "--image", "a/b"]).run();
    assert!(ran.ok().starts_with("web\ta/b:"), "{}", ran.ok());
    Run::new(&dir, ["manifest"]).run().fails(2, &["there are several services", "app, web"]);
}

#[test]
fn a_service_of_another_profile_counts_only_where_it_is_named() {
    let dir = project("services: {app: {image: a/b, build: .}, debug: {image: a/debug, build: ., profiles: [debug]}}\n");
    let tag = |args: &[&str]| Run::new(&dir, [&["tag"], args].concat()).run().ok().lines().count();
    assert_eq!((tag(&[]), tag(&["debug"]), tag(&["--profile", "debug"])), (1, 1, 2));
}

#[test]
fn what_makes_a_tag_change_too_often_or_too_seldom_is_told() {
    let dir = Dir::new();
    dir.file(
        "compose.yaml",
        "services:\n  app:\n    image: a/b\n    build:\n      context: .\n      args: {REVISION: '${GITHUB_SHA}', SHORT: '0123456'}\n",
    );
    dir.file("Dockerfile", "FROM php\nARG REVISION\nARG SHORT\nADD https://u:p@example.com/x?token=t /\nCOPY . /\n");
    dir.file(".env", "A=1").file("big.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n");
    dir.file(".gitattributes", "*.bin filter=lfs\n").file(".gitmodules", "[submodule \"lib\"]\n\tpath = lib\n\turl = x\n").folder("lib");
    let sha = format!("0123456{}", "0".repeat(33));
    let ran = Run::new(&dir, ["tag"]).env("GITHUB_SHA", &sha).run();
    ran.ok();
    ran.says(&[
        "service `app`: the base image `php` (Dockerfile:1) can become another one",
        "what is fetched from https://example.com/x (Dockerfile:4) can change",
        "the argument `REVISION` is that of GITHUB_SHA",
        "`--ignore-arg SHORT`",
        ".env looks like a secret",
        "big.bin is a pointer of Git LFS",
        "lib is a submodule that is not checked out",
    ]);
    assert!(!ran.stderr.contains("u:p@") && !ran.stderr.contains("token=t"), "{}", ran.stderr);
    let ran = Run::new(&dir, ["tag", "--ignore-arg", "REVISION", "--ignore-arg", "SHORT"]).env("GITHUB_SHA", &sha).run();
    assert!(!ran.stderr.contains("GITHUB_SHA"), "{}", ran.stderr);
    assert_eq!(ran.ok(), Run::new(&dir, ["tag", "--ignore-arg=REVISION", "--ignore-arg=SHORT"]).env("GITHUB_SHA", "other").run().ok());
}

#[test]
fn the_tag_does_not_depend_on_where_one_stands() {
    let dir = Dir::new();
    dir.file("shop/compose.yaml", "services: {app: {image: a/b, build: ../lib}}\n");
    dir.file("lib/Dockerfile", "FROM scratch\nCOPY . /\n").file("lib/x", "1").file("shop/sub/y", "");
    let tag = |args: &[&str]| Run::new(&dir, [&["tag"], args].concat()).run().ok();
    let expected = tag(&["-C", "shop"]);
    for args in [&["-f", "shop/compose.yaml"][..], &["-C", "shop/sub"], &["-C", "lib", "-f", "../shop/compose.yaml"]] {
        assert_eq!(tag(args), expected, "{args:?}");
    }
    let manifest = Run::new(&dir, ["manifest", "-C", "shop"]).run().ok();
    assert!(manifest.contains("  ../lib/x\n") && manifest.contains("# context ../lib\n"), "{manifest}");
}

#[test]
fn the_model_is_printed_as_compose_prints_it() {
    let dir = project("services: {app: {image: 'a/b:${V:-1}', build: {context: ., args: [X=2]}}, db: {image: redis}}\n");
    let ran = Run::new(&dir, ["model", "--json"]).run();
    ran.ok();
    let model = ran.json();
    assert_eq!(model["services"]["app"]["image"], "a/b:1");
    assert_eq!(model["services"]["app"]["build"]["args"]["X"], "2");
    assert_eq!(model["services"]["app"]["build"]["context"], dir.path("").to_string_lossy().trim_end_matches('/'));
    assert_eq!(model["services"]["db"]["image_or_default"], "redis");
}

#[test]
fn inputs_say_what_counts_and_why() {
    let dir = project("services: {app: {image: a/b, build: .}}\n");
    dir.file("Dockerfile", "FROM scratch\nCOPY src /src\nADD *.txt /\n")
        .file("src/a", "12")
        .file("x.txt", "123")
        .file("no.md", "")
        .file("out/o", "");
    dir.file(".dockerignore", "# built\nout\n").link("src/l", "a").folder("src/e").mode("src/a", 0o755);
    let ran = Run::new(&dir, ["inputs", "app", "--json"]).run();
    ran.ok();
    let inputs = ran.json();
    let why = |path: &str| inputs["files"].as_array().unwrap().iter().find(|file| file["path"] == path).map(|file| file["why"].clone());
    assert_eq!(why("src/a").unwrap(), "COPY at Dockerfile:2");
    assert_eq!(why("x.txt").unwrap(), "ADD at Dockerfile:3");
    assert_eq!(why("Dockerfile").unwrap(), "the Dockerfile");
    assert_eq!(inputs["links"], serde_json::json!([{"path": "src/l", "target": "a", "why": "COPY at Dockerfile:2"}]));
    assert_eq!(inputs["dirs"], serde_json::json!(["src/e"]));
    // The ignore file, the Compose file, the text that no pattern matches, and `a`; not the Dockerfile, which is an input.
    assert_eq!((&inputs["ignored"], &inputs["not_reached"], &inputs["whole_context"]), (&1.into(), &4.into(), &false.into()));
    let text = Run::new(&dir, ["inputs"]).run().ok();
    assert!(text.contains("src/a  (COPY at Dockerfile:2, executable)") && text.contains("out  (ignored by .dockerignore:2)"), "{text}");
}

#[test]
fn the_prior_results_of_docktag_are_not_read_as_names() {
    let dir = project(ONE);
    let first = Run::new(&dir, ["tag"]).run().ok();
    // What later steps need stays behind.
    dir.folder("temp");
    let env = Run::new(&dir, ["env"]).env("RUNNER_TEMP", dir.path("temp")).run().ok();
    let file = env.lines().find_map(|line| line.strip_prefix("export COMPOSE_FILE=")).unwrap().to_owned();
    assert_eq!(Run::new(&dir, ["tag"]).env("COMPOSE_FILE", &file).run().ok(), first);
    let image = first.trim().split_once('\t').unwrap().1;
    let dir = project("services: {app: {image: '${DOCKER_IMAGE}', build: .}}\n");
    assert_eq!(Run::new(&dir, ["tag"]).env("DOCKER_IMAGE", image).run().ok(), first);
    assert_eq!(Run::new(&dir, ["tag", "--image", "example/app"]).run().ok(), first);
}

#[test]
fn options_of_services_and_of_plain_folders_do_not_go_together() {
    let dir = project(ONE);
    for option in ["--salt=x", "--platform=linux/amd64", "--pin-bases", "--refresh=daily", "--ignore-arg=A"] {
        Run::new(&dir, ["tag", "--path", ".", option]).run().fails(2, &["contradict each other"]);
    }
    Run::new(&dir, ["tag", "--refresh", "hourly"]).run().fails(2, &["`hourly` is none of daily, weekly, monthly"]);
    Run::new(&dir, ["tag", "--platform", "arm64"]).run().ok();
    Run::new(&dir, ["tag", "--platform", "bogus"]).run().fails(2, &["`bogus` is no platform, expected one such as linux/amd64"]);
}

#[test]
fn a_checkout_that_lost_what_git_knows_has_the_same_tag() {
    let dir = project("services: {app: {image: a/b, build: .}}\n");
    dir.file("Dockerfile", "FROM scratch\nCOPY src /src\n")
        .file("src/run.sh", "#!/bin/sh\necho\n")
        .mode("src/run.sh", 0o755)
        .link("src/now", "run.sh");
    let real = |run: Run| run.env("PATH", std::env::var("PATH").unwrap()).env("GIT_CONFIG_GLOBAL", "/dev/null");
    let tag = |args: &[&str]| real(Run::new(&dir, [&["tag"], args].concat())).run().ok();
    let expected = tag(&[]);
    crate::support::shell::sh(&dir, "git init -q . && git -c core.autocrlf=input add .", &[]);
    assert_eq!(tag(&["--checkout=as-in-git"]), expected);
    // As Git for Windows leaves it.
    std::fs::remove_file(dir.path("src/now")).unwrap();
    dir.file("src/now", "run.sh")
        .mode("src/run.sh", 0o644)
        .file("src/run.sh", "#!/bin/sh\r\necho\r\n")
        .file("Dockerfile", "FROM scratch\r\nCOPY src /src\r\n");
    crate::support::shell::sh(
        &dir,
        "git config core.autocrlf true; git config core.symlinks false; git config core.filemode false; git add --renormalize -u",
        &[],
    );
    assert_ne!(tag(&[]), expected);
    assert_eq!(tag(&["--checkout=as-in-git"]), expected);
}

#[test]
fn a_large_context_is_told_with_the_line_that_would_cut_it() {
    let dir = project("services: {app: {image: a/b, build: .}}\n");
    dir.file("Dockerfile", "FROM scratch\nCOPY . /\n").file("data/dump.sql", "");
    // A file with a hole takes no room.
    std::fs::File::options().write(true).open(dir.path("data/dump.sql")).unwrap().set_len(120_000_000).unwrap();
    let ran = Run::new(&dir, ["tag"]).run();
    ran.ok();
    ran.says(&["120 MB of the 120 MB that count are in `data`", "add the line `data` to .dockerignore"]);
}
