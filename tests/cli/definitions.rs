//! Definitions that builders read in different ways: `build` and `plan` refuse them before a program builds, and `tag` stays as it is.

use std::fs;

use crate::support::{Dir, Ran, Registry, Run, programs};

/// A project with one service; `more` stands under `build:`.
struct Project {
    dir: Dir,
    registry: Registry,
}

impl Project {
    fn new(more: &str) -> Self {
        let dir = Dir::with_docker();
        let registry = Registry::honest(&dir);
        let project = Project { dir, registry };
        project.compose(more, "secrets: {s: {file: s}}");
        project
            .dir
            .file("Dockerfile", "FROM scratch\nCOPY a /\n")
            .file("a", "a")
            .file("b/D", "FROM scratch\n")
            .file("b/Dockerfile", "FROM scratch\n")
            .file("s", "s");
        project.docker("2.40.3");
        project
    }

    fn image(&self) -> String {
        format!("{}/example/app", self.registry.address)
    }

    fn compose(&self, more: &str, top: &str) {
        self.dir.file("compose.yaml", format!("services:\n  app:\n    image: {}\n    build: {{context: .{more}}}\n{top}\n", self.image()));
    }

    fn docker(&self, version: &str) {
        let build = "env | grep COMPOSE_BAKE >&2; echo building >&2";
        programs::install(
            &self.dir,
            "docker",
            &[
                (r#""compose version --short""#, &format!("echo {version}")),
                (r#""compose "*" build app""#, build),
                (r#""version --format "*"#, "echo 28.5.2 linux/amd64"),
                (r#""buildx version""#, "echo v0.29.1"),
                (r#""image rm "*|"push "*"#, ""),
            ],
        );
    }

    fn run(&self, job: &str, args: &[&str]) -> Ran {
        Run::new(&self.dir, [&[job, "--platform", "linux/amd64"], args].concat()).run()
    }

    fn has_built(&self) -> bool {
        programs::calls(&self.dir).iter().any(|call| call.line().contains("build app"))
    }

    /// `plan` and `build` fail with these words, nothing is built, and `tag` says a tag all the same.
    #[track_caller]
    fn is_refused(&self, words: &[&str]) {
        for (job, args) in
            [("plan", &[][..]), ("build", &[]), ("build", &["--push=false"]), ("build", &["--strict"]), ("pull", &["--or-build"])]
        {
            self.run(job, args).fails(2, words);
        }
        assert!(!self.has_built(), "{words:?}");
        self.run("tag", &[]).ok();
    }
}

#[test]
fn a_text_that_bake_evaluates_is_refused_at_its_line() {
    for (more, key) in [
        (r#", additional_contexts: {x: './b/$${lower("A")}'}"#, "build.additional_contexts.x"),
        (r", args: {A: '%{if(true)}x%{endif}'}", "build.args.A"),
        (r", args: {'A%{if true}x%{endif}': '1'}", "build.args.A%{if true}x%{endif}"),
        (r", labels: {a: '$${timestamp()}'}", "build.labels.a"),
        (r", labels: {'$${a}': b}", "build.labels.$${"),
        (r", network: '$${x}'", "build.network"),
        (r", extra_hosts: {'a$${x}': 10.0.0.1}", "build.extra_hosts"),
        (r", cache_from: ['$${x}']", "build.cache_from"),
        (r", secrets: [{source: s, target: '$${x}'}]", "build.secrets"),
        (r", ssh: ['a=./$${x}']", "build.ssh"),
        (r", ulimits: {'a$${x}': 1}", "build.ulimits"),
    ] {
        Project::new(more).is_refused(&["compose.yaml:4: service `app`: ", key, "Compose builds with Bake, which evaluates `", "help:"]);
    }
    let project = Project::new("");
    project.compose(", secrets: [s]", "secrets: {s: {file: './$${x}'}}");
    project.is_refused(&["build.secrets.s.file: Compose builds with Bake"]);
    project.compose("", "");
    project.dir.file("b${x}/D", "FROM scratch\n");
    project.compose(", dockerfile: 'b$${x}/D'", "");
    project.is_refused(&["build.dockerfile: Compose builds with Bake"]);
}

#[test]
fn the_value_of_an_argument_is_not_shown() {
    let project = Project::new(", args: {A: 'hidden%{x}hidden'}");
    for job in ["plan", "build"] {
        project.run(job, &[]).fails(2, &["build.args.A"]).is_silent_on(&["hidden"]);
    }
}

#[test]
fn a_folder_of_the_project_counts_as_text_too() {
    let project = Project::new("");
    project.dir.file("od${d}x/compose.yaml", format!("services: {{app: {{image: {}, build: .}}}}\n", project.image()));
    project.dir.file("od${d}x/Dockerfile", "FROM scratch\n");
    for job in ["plan", "build"] {
        project.run(job, &["-C", "od${d}x"]).fails(2, &["build.context: Compose builds with Bake", "`${d}x`"]);
    }
    assert!(!project.has_built());
}

#[test]
fn a_text_that_bake_composes_is_refused() {
    for (more, key) in [
        (", args: {A: \"e\u{301}\"}", "build.args.A: Compose builds with Bake, which can replace the character U+0301"),
        (", labels: {\"\u{212a}\": a}", "U+212A"),
        (", labels: {a: \"\\ufeffa\"}", "U+FEFF"),
    ] {
        Project::new(more).is_refused(&["compose.yaml:4", key, "help: use composed characters"]);
    }
    // Composed characters and symbols stay.
    let project = Project::new(", labels: {ä: 'Größe → 日本語 🚀', b: '100% $$HOME $${'}".replace(" $${", "").as_str());
    project.run("plan", &[]).says(&["1 of 1 image to be built"]).ok();
}

#[test]
fn a_link_on_the_way_to_the_dockerfile_counts_as_text_too() {
    let project = Project::new(", dockerfile: one/D");
    project.dir.file("b${x}/D", "FROM scratch\n").link("two", "./b${x}");
    project.dir.link("one", "two");
    project.is_refused(&["build.dockerfile (a link on its way): Compose builds with Bake"]);
    fs::remove_file(project.dir.path("two")).unwrap();
    project.dir.link("two", "b");
    project.run("plan", &[]).ok();
}

#[test]
fn what_compose_escapes_is_built_if_it_does() {
    let inline = r#", dockerfile_inline: "FROM scratch\nLABEL a=$${A} b=$$B\n""#;
    let argument = ", args: {A: 'a$${b}'}";
    for (version, more, is_built) in [
        ("1.29.2", argument, true),
        ("2.30.3", argument, true),
        ("2.36.2", argument, true),
        ("2.37.1", argument, false),
        ("2.39.4", argument, false),
        ("2.40.0", argument, false),
        ("2.40.1", argument, true),
        ("v5.6.0", argument, true),
        ("2.37.1", inline, true),
        ("2.40.0", inline, false),
        ("2.40.3", inline, true),
    ] {
        let project = Project::new(more);
        project.docker(version);
        project.run("plan", &[]).ok();
        let ran = project.run("build", &["--push=false", "--cache", "none"]);
        if !is_built {
            let words = ["compose.yaml:4: service `app`: build.", "which this version of Compose does not escape for Bake", "2.40.1"];
            ran.fails(2, &words);
        } else if !version.starts_with('1') {
            ran.ok();
        }
        if version == "2.36.2" {
            project.run("build", &["--push=false", "--cache", "none"]).says(&["COMPOSE_BAKE=false"]);
        }
        assert!(is_built || !project.has_built(), "{version} {more}");
    }
}

#[test]
fn a_name_that_is_two_things_is_refused() {
    for (more, key) in [
        (", args: {'a=evil': '1'}", "build.args: `a=evil` is not the name of an argument"),
        (", args: {\"a\\nb\": '1'}", "build.args: `a\\nb` is not the name of an argument"),
        (", labels: {'a=b': c}", "build.labels: `a=b` is not the name of a label"),
        (", secrets: [{source: s, target: 'a,src=/etc/passwd'}]", "is not the name of a secret"),
        (", ssh: {'a,b': ./s}", "is not the name of a key"),
        (", additional_contexts: {\"a\\nb\": ./b}", "is not the name of a context"),
    ] {
        Project::new(more).is_refused(&["compose.yaml:4: service `app`: ", key, "help: a name is not empty"]);
    }
    let project = Project::new("");
    project.compose(", secrets: [s]", "secrets: {s: {file: './a,src=./b'}}");
    project.is_refused(&["is not a source of a secret or key that Bake can read"]);
}

#[test]
fn two_services_with_one_name_for_bake_are_refused() {
    let project = Project::new("");
    project.compose("", "  a.b: {build: b}\n  a_b: {build: b}");
    project.is_refused(&["service `a.b`: Compose builds with Bake, for which it and `a_b` have one name"]);
}

#[test]
fn an_address_that_is_a_folder_for_buildx_is_refused() {
    for more in [", additional_contexts: {x: 'cwd://b'}", ", additional_contexts: {x: 'z://b'}", ", additional_contexts: {x: 'git@b'}"] {
        let project = Project::new(more);
        project.dir.file("z:/b/f", "f").file("git@b/f", "f");
        project.is_refused(&["compose.yaml:4: service `app`: `", "is a folder of this machine for Buildx", "help: name the folder as"]);
    }
    let project = Project::new("");
    let text = fs::read_to_string(project.dir.path("compose.yaml")).unwrap().replace("context: .", "context: 'cwd://b'");
    project.dir.file("compose.yaml", text);
    project.is_refused(&["`cwd://b` is a folder of this machine for Buildx"]);
}

#[test]
fn a_cache_export_with_an_unknown_part_is_refused() {
    for (entry, words) in [
        (r#"type=registry,$${lower("REF")}=r.example/victim:1"#, "Bake"),
        ("type=registry,reff=r.example/victim:1", "cache_to: `type=registry,reff=r.example/victim:1` has a part that is not known"),
        ("type=registry,a", "has a part that is not known"),
        ("type=registry,ref=a/b:v900150983cd24fb0d6963f7d28e17f72", "writes a name that docktag manages"),
    ] {
        let project = Project::new(&format!(", cache_to: ['{entry}']"));
        project.run("build", &[]).fails(2, &[words, "help:"]);
        assert!(!project.has_built(), "{entry}");
    }
}

#[test]
fn a_tag_with_a_hash_in_it_is_not_written_by_a_compose_file() {
    let hash = "900150983cd24fb0d6963f7d28e17f72";
    for tag in
        [format!("v{hash}"), format!("{hash}x"), format!("cafe{hash}"), format!("x{hash}{hash}"), format!("v{}", hash.to_uppercase())]
    {
        let project = Project::new("");
        project.compose(&format!(", tags: ['{}:{tag}']", project.image()), "");
        project.run("build", &[]).fails(2, &["is a name that docktag manages"]);
        assert!(!project.has_built(), "{tag}");
    }
    // A commit is no hash.
    let project = Project::new("");
    let commit = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
    project.compose(&format!(", tags: ['{0}:{commit}', '{0}:sha-{commit}']", project.image()), "");
    project.run("build", &["--dry-run"]).ok();
}

#[test]
fn a_moving_tag_is_no_hash_tag() {
    let project = Project::new("");
    let hash = "900150983cd24fb0d6963f7d28e17f72";
    for tag in [hash.to_owned(), format!("{hash}{hash}"), format!("v{hash}")] {
        for job in ["build", "plan"] {
            project.run(job, &["--moving-tag", &tag]).fails(2, &["`--moving-tag", "could be a tag with a hash", "help:"]);
        }
    }
    project.run("plan", &["--moving-tag", "da39a3ee5e6b4b0d3255bfef95601890afd80709"]).ok();
}

#[test]
fn an_image_is_not_named_as_a_list_of_referrers() {
    for (tag, algorithm) in [("sha256", "sha256"), ("sha512", "sha256"), ("sha256", "md5")] {
        let project = Project::new("");
        let text = fs::read_to_string(project.dir.path("compose.yaml")).unwrap();
        project.dir.file("compose.yaml", text.replace("example/app", &format!("example/app:{tag}")));
        for job in ["tag", "plan", "build"] {
            project.run(job, &["--algorithm", algorithm]).fails(2, &["is the tag of a list of referrers", "help: name another tag"]);
        }
        assert!(!project.has_built());
    }
}
