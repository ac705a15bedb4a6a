//! What jobs of one commit do differently: `prune` deletes none of their images before a file that they read has changed.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::git::{commit, git, path};
use crate::support::project::PUSH;
use crate::support::registry::{MANIFEST, digest};
use crate::support::{Project, REPOSITORY, Reply, Run};

const DOCKERFILE: &str = "FROM scratch AS dev\nCOPY a /dev\nFROM scratch AS prod\nCOPY a /prod\n";
const OLD: [&str; 6] = ["prune", "--keep-branches", "--keep-commits", "1", "--keep-days", "0"];

/// Without a moving tag, which would keep the last image.
const BUILD: &[&str] = &["build", "--moving-tag", ""];

/// A job: its options, and a variable.
type Job = (&'static [&'static str], (&'static str, &'static str));

const PLAIN: Job = (&[], ("X", ""));

/// A project in git with one Compose file, whose registry lists all tags.
fn project(build: &str) -> Project {
    let project = Project::around(|dir| {
        let store = dir.beside("registry").join(REPOSITORY);
        crate::support::Registry::scripted(dir, move |request, _| {
            request.target.strip_prefix(&format!("/v2/{REPOSITORY}/tags/list?"))?;
            let names = std::fs::read_dir(&store).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
            let tags: Vec<String> = names.filter(|name| name != "blobs" && !name.starts_with("sha256:")).collect();
            Some(Reply::json(200, &serde_json::json!({ "name": REPOSITORY, "tags": tags }).to_string()))
        })
    });
    // Images with different bytes.
    project.docker(&[(r#""push "*"#, &PUSH.replace("'pushed'", "\"$image\"")), (r#""compose "*" build "*"#, "echo building >&2")]);
    std::fs::remove_file(project.dir.path("docker-compose.yml")).unwrap();
    let dir = &project.dir;
    dir.file("compose.yaml", format!("services:\n  app: {{image: {}, build: {build}}}\n", project.image));
    dir.file("Dockerfile", DOCKERFILE)
        .file("a", "1")
        .file("README", "1")
        .file("lib/Dockerfile", "FROM scratch\nCOPY b /b\n")
        .file("lib/b", "1");
    project
}

fn run(project: &Project, args: &[&str], (name, value): (&str, &str)) -> crate::support::Ran {
    Run::new(&project.dir, args).env("PATH", path(&project.dir)).env(name, value).run()
}

/// Builds in every job, and returns the tags.
fn build(project: &Project, jobs: &[Job]) -> Vec<String> {
    let image = |(args, variable): &Job| run(project, &[BUILD, args].concat(), *variable).ok();
    let images: Vec<String> = jobs.iter().map(image).collect();
    images.iter().flat_map(|text| text.lines()).map(|line| line.rsplit(':').next().unwrap().to_owned()).collect()
}

/// The verdicts of all tags, as `prune` without a variable gives them.
fn verdicts(project: &Project, args: &[&str]) -> BTreeMap<String, String> {
    let ran = run(project, &[&OLD[..], &["--json"], args].concat(), ("X", ""));
    let json: Value = ran.json();
    let tags = json["repositories"][0]["tags"].as_array().unwrap().iter();
    tags.map(|tag| (tag["tag"].as_str().unwrap().to_owned(), tag["verdict"].as_str().unwrap().to_owned())).collect()
}

#[test]
fn images_that_other_jobs_of_a_commit_use_are_kept() {
    let kinds: [(&str, &str, &[Job]); 13] = [
        ("target", "{context: ., target: \"${V:-dev}\"}", &[PLAIN, (&[], ("V", "prod"))]),
        ("dockerfile", "{context: ., dockerfile: \"${V:-Dockerfile}\"}", &[PLAIN, (&[], ("V", "Dockerfile.v"))]),
        ("context", "{context: \"${V:-.}\"}", &[PLAIN, (&[], ("V", "lib"))]),
        ("argument", "{context: ., dockerfile: Dockerfile.arg, args: {V: \"${V:-a}\"}}", &[PLAIN, (&[], ("V", "lib/b"))]),
        (
            "argument of a base image",
            "{context: ., dockerfile: Dockerfile.base, args: {B: \"${V:-php:1}\"}}",
            &[PLAIN, (&[], ("V", "php:2"))],
        ),
        ("another key", "{context: ., network: \"${V:-none}\"}", &[PLAIN, (&[], ("V", "host"))]),
        ("salt", ".", &[PLAIN, (&["--salt", "x"], ("X", ""))]),
        ("platform", ".", &[PLAIN, (&["--platform", "linux/s390x"], ("X", ""))]),
        ("default platform", ".", &[PLAIN, (&[], ("DOCKER_DEFAULT_PLATFORM", "linux/s390x"))]),
        ("algorithm", ".", &[PLAIN, (&["--algorithm", "sha256"], ("X", ""))]),
        ("period", ".", &[PLAIN, (&["--refresh", "2020-01"], ("X", ""))]),
        ("other Compose files", ".", &[PLAIN, (&["-f", "other.yaml"], ("X", ""))]),
        ("a plain folder", ".", &[PLAIN, (&["-f", "recipe.yaml", "--path", "lib", "--image", "IMAGE"], ("X", ""))]),
    ];
    for (what, service, jobs) in kinds {
        let project = project(service);
        let dir = &project.dir;
        dir.file("Dockerfile.v", "FROM scratch\nCOPY lib /l\n").file("Dockerfile.arg", "FROM scratch\nARG V=a\nCOPY $V /c\n");
        dir.file("Dockerfile.base", "ARG B=php:1\nFROM $B\nCOPY a lib/b /\n");
        dir.file("recipe.yaml", "services:\n  app: {image: \"${DOCKER_IMAGE}\", build: lib}\n");
        dir.file("other.yaml", format!("services:\n  zed: {{image: {}, build: lib}}\n", project.image));
        let with_image: Vec<Vec<&str>> =
            jobs.iter().map(|(args, _)| args.iter().map(|arg| if *arg == "IMAGE" { &*project.image } else { arg }).collect()).collect();
        let build = || -> Vec<String> {
            let mut tags = Vec::new();
            for (args, (_, variable)) in with_image.iter().zip(jobs) {
                let said = run(&project, &[BUILD, args].concat(), *variable).ok();
                tags.extend(said.lines().map(|line| line.rsplit(':').next().unwrap().to_owned()));
            }
            tags
        };
        commit(dir, "first");
        let first = build();
        assert!(first.len() == 2 && first[0] != first[1], "{what}: {first:?}");
        // No input changes, so that both jobs find their images.
        dir.file("README", "2");
        commit(dir, "second");
        assert_eq!(build(), first, "{what}");
        let found = verdicts(&project, &["--delete"]);
        assert!(first.iter().all(|tag| ["needed", "uncertain"].contains(&&*found[tag])), "{what}: {first:?} {found:?}");
        // Ordinary changes leave images that nothing needs.
        dir.file("a", "3").file("lib/b", "3");
        commit(dir, "third");
        let third = build();
        let found = verdicts(&project, &[]);
        assert!(first.iter().all(|tag| found[tag] == "unneeded"), "{what}: {first:?} {found:?}");
        assert!(third.iter().all(|tag| found[tag] == "needed"), "{what}: {third:?} {found:?}");
    }
}

#[test]
fn services_of_all_profiles_are_needed() {
    let project = project(".");
    let (dir, image) = (&project.dir, &project.image);
    let services =
        format!("services:\n  app: {{image: '{image}', build: .}}\n  debug: {{image: '{image}:debug', profiles: [debug], build: lib}}\n");
    dir.file("compose.yaml", &services);
    commit(dir, "first");
    let jobs: [Job; 2] = [PLAIN, (&["--profile", "debug"], ("X", ""))];
    let tags = build(&project, &jobs);
    dir.file("README", "2");
    commit(dir, "second");
    let found = verdicts(&project, &[]);
    assert!(tags.iter().all(|tag| found[tag] == "needed"), "{found:?}");
    // A service of another profile that cannot be computed is no error, and the image may still be needed.
    dir.file("lib/other", "1").file("compose.yaml", services.replace("build: lib", "build: {context: lib, dockerfile: other}"));
    dir.file("lib/other", "FROM scratch\nCOPY b made /\n");
    commit(dir, "third");
    let found = verdicts(&project, &[]);
    assert!(found.iter().any(|(tag, verdict)| tag.starts_with("debug-") && verdict == "uncertain"), "{found:?}");
    // A commit that only has services of another profile counts for their images.
    dir.file("compose.yaml", format!("services:\n  debug: {{image: '{image}:debug', profiles: [debug], build: lib}}\n"));
    let only_debug = commit(dir, "fourth");
    git(dir, "project", &["checkout", "-q", "-b", "app", "HEAD~1"]);
    dir.file("compose.yaml", &services).file("lib/b", "2");
    commit(dir, "fifth");
    let ran = run(&project, &OLD, ("X", "")).ok();
    assert!(ran.contains(&format!("needed: commit {} has this tag", &only_debug[..7])), "{ran}");
}

#[test]
fn only_contents_of_committed_files_are_a_proof() {
    // What changes between two commits, and what becomes of the image of the first one.
    for (what, change, expected) in [
        ("other contents", "echo 2 > a", "unneeded"),
        ("another Dockerfile", "echo '# more' >> Dockerfile", "unneeded"),
        ("a file more", "echo 2 > new; echo 'COPY new /' > Dockerfile.add; cat Dockerfile.add >> Dockerfile.all", "unneeded"),
        ("a file more, which the build takes with all others", "echo 2 > d/new", "uncertain"),
        ("a file less, which a job may make", "git rm -q d/x", "uncertain"),
        ("another mode", "chmod +x d/x", "uncertain"),
        ("another target of a link", "ln -sfn y d/link", "uncertain"),
        ("other contents of a converted file", "echo 2 > d/x.up", "uncertain"),
    ] {
        let project = project("{context: ., dockerfile: Dockerfile.all}");
        let shell = |text: &str| {
            let status = std::process::Command::new("sh").args(["-ec", text]).current_dir(project.dir.path("")).status().unwrap();
            assert!(status.success(), "{what}");
        };
        shell("mkdir d; echo 1 > d/x; echo 1 > d/x.up; ln -s x d/link; echo '*.up filter=up' > .gitattributes");
        project.dir.file("Dockerfile.all", "FROM scratch\nCOPY d /d\nCOPY a Dockerfile /\n");
        commit(&project.dir, "first");
        let [first] = &build(&project, &[PLAIN])[..] else { panic!("{what}") };
        shell(change);
        commit(&project.dir, "second");
        assert_eq!(verdicts(&project, &[])[first], expected, "{what}");
    }
}

#[test]
fn an_image_of_another_git_repository_is_kept() {
    // The address that the image records, that of the clone in which `prune` runs, and whether the commit is here.
    for (built, here, is_here, expected) in [
        (None, None, true, "unneeded"),
        (None, None, false, "uncertain"),
        (Some("https://u:p@git.example/acme/app.git"), Some("git@git.example:acme/app"), false, "unneeded"),
        (Some("https://git.example/acme/other"), Some("https://git.example/acme/app"), true, "uncertain"),
        (Some("https://git.example/acme/app"), None, false, "uncertain"),
        (Some("/srv/app.git"), Some("/srv/app.git"), false, "uncertain"),
    ] {
        let project = project(".");
        let dir = &project.dir;
        commit(dir, "first");
        let remote = |url: Option<&str>| {
            drop(std::fs::remove_file(dir.path(".git/config")));
            git(dir, "project", &["init", "-q"]);
            if let Some(url) = url {
                git(dir, "project", &["config", "remote.origin.url", url]);
            }
        };
        remote(built);
        let [first] = &build(&project, &[PLAIN])[..] else { panic!() };
        dir.file("a", "2");
        if !is_here {
            std::fs::remove_dir_all(dir.path(".git")).unwrap();
        }
        commit(dir, "second");
        remote(here);
        let args = ["prune", "--keep-commits", "1", "--keep-days", "0", "--json"];
        let json = run(&project, &args, ("X", "")).json();
        let tags = json["repositories"][0]["tags"].as_array().unwrap().clone();
        let tag = tags.iter().find(|tag| tag["tag"] == **first).unwrap();
        assert_eq!(tag["verdict"], expected, "{built:?} {here:?} {is_here}: {tag}");
        // No address and no login is stored.
        let stored = std::fs::read_dir(dir.beside("registry").join(REPOSITORY)).unwrap();
        for file in stored.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
            let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
            assert!(!text.contains("git.example") && !text.contains("/srv/"), "{}", file.display());
        }
    }
}

#[test]
fn a_commit_that_a_git_tag_names_counts() {
    for annotated in [false, true] {
        let project = project(".");
        let dir = &project.dir;
        commit(dir, "first");
        let first = build(&project, &[PLAIN]).remove(0);
        let kind: &[&str] = if annotated { &["-a", "-m", "release"] } else { &[] };
        git(dir, "project", &[&["tag"], kind, &["v1"]].concat());
        // Other things than commits can have tags.
        let blob = git(dir, "project", &["rev-parse", "HEAD:a"]);
        git(dir, "project", &["tag", "blob", &blob]);
        for text in ["2", "3"] {
            dir.file("a", text);
            commit(dir, text);
            build(&project, &[PLAIN]);
        }
        assert_eq!(verdicts(&project, &[])[&first], "unneeded");
        let found = verdicts(&project, &["--keep-tags"]);
        assert_eq!(found[&first], "needed");
        // `--keep-commits` is about branches.
        assert_eq!(found.values().filter(|verdict| *verdict == "needed").count(), 2, "{found:?}");
        let ran = run(&project, &["prune", "--keep-tags", "--keep-days", "0"], ("X", ""));
        ran.says(&["(heads: 1, commits of each: 1, tags: 1)"]);
        assert!(ran.ok().contains("2 needed"));
        // One of the remote that was not fetched could need anything.
        let remote = dir.beside("remote");
        git(dir, "project", &["clone", "-q", "--bare", ".", remote.to_str().unwrap()]);
        git(dir, "project", &["remote", "add", "origin", remote.to_str().unwrap()]);
        run(&project, &["prune", "--keep-tags"], ("X", "")).ok();
        let other = dir.beside("other");
        git(dir, "project", &["clone", "-q", remote.to_str().unwrap(), other.to_str().unwrap()]);
        git(dir, "other", &["commit", "-q", "--allow-empty", "-m", "new"]);
        git(dir, "other", &[&["tag"], kind, &["v2"]].concat());
        git(dir, "other", &["push", "-q", "origin", "v2"]);
        run(&project, &["prune", "--keep-branches"], ("X", "")).ok();
        let ran = run(&project, &["prune", "--keep-tags"], ("X", ""));
        ran.fails(2, &["refs/tags/v2: this tag was not fetched", "help: `git fetch --tags origin`"]);
    }
}

#[test]
fn an_ignored_commit_keeps_what_may_be_its_image() {
    let project = project("{context: ., dockerfile: Dockerfile.made}");
    let dir = &project.dir;
    dir.file("Dockerfile.made", "FROM scratch\nCOPY a made /\n").file(".gitignore", "/made\n").file("made", "1");
    commit(dir, "first");
    let first = build(&project, &[PLAIN]).remove(0);
    dir.file("README", "2");
    let head = commit(dir, "second");
    assert_eq!(build(&project, &[PLAIN]), [&*first]);
    let ran = run(&project, &OLD, ("X", ""));
    ran.fails(
        2,
        &["`made` is not in the build context", "help: the commit does not have this file: does an earlier step of the job make it?"],
    );
    assert!(!ran.stderr.contains("check the path"), "{}", ran.stderr);
    assert_eq!(verdicts(&project, &["--ignore-commit", &head])[&first], "uncertain");
    dir.file("a", "2");
    let head = commit(dir, "third");
    assert_eq!(verdicts(&project, &["--ignore-commit", &head])[&first], "unneeded");
}

#[test]
fn line_ends_that_git_converts_are_no_proof() {
    for (key, value, expected) in
        [("core.autocrlf", "true", "uncertain"), ("core.autocrlf", "input", "unneeded"), ("core.eol", "crlf", "uncertain")]
    {
        let project = project(".");
        commit(&project.dir, "first");
        git(&project.dir, "project", &["config", key, value]);
        let first = build(&project, &[PLAIN]).remove(0);
        project.dir.file("a", "2");
        commit(&project.dir, "second");
        assert_eq!(verdicts(&project, &[])[&first], expected, "{key} {value}");
    }
}

#[test]
fn uncommitted_changes_stay_until_something_else_changes() {
    let project = project(".");
    let dir = &project.dir;
    commit(dir, "first");
    dir.file("a", "dirty");
    let first = build(&project, &[PLAIN]).remove(0);
    dir.file("a", "2");
    commit(dir, "second");
    assert_eq!(verdicts(&project, &[])[&first], "uncertain");
    dir.file("Dockerfile", format!("{DOCKERFILE}# more\n"));
    commit(dir, "third");
    assert_eq!(verdicts(&project, &[])[&first], "unneeded");
}

#[test]
fn another_project_folder_with_the_same_repository_is_no_other_image() {
    let project = project(".");
    let dir = &project.dir;
    dir.file("web/compose.yaml", format!("services:\n  web: {{image: {}, build: .}}\n", project.image));
    dir.file("web/Dockerfile", "FROM scratch\nCOPY a /web\n").file("web/a", "another file of this name");
    commit(dir, "first");
    let first = build(&project, &[(&["-C", "web"], ("X", ""))]).remove(0);
    build(&project, &[PLAIN]);
    dir.file("README", "2");
    commit(dir, "second");
    assert_eq!(verdicts(&project, &[])[&first], "uncertain");
    assert_eq!(verdicts(&project, &["-C", "web"])[&first], "needed");
    dir.file("web/a", "2");
    commit(dir, "third");
    assert_eq!(verdicts(&project, &[])[&first], "unneeded");
}

#[test]
fn the_parts_of_an_index_stay_as_long_as_the_index() {
    let project = project("{context: ., platforms: [linux/amd64, linux/arm64]}");
    let dir = &project.dir;
    let parts = |tag: &str| ["amd64", "arm64"].map(|architecture| format!("{tag}-linux-{architecture}"));
    let join = || {
        let image = run(&project, &["tag"], PLAIN.1).ok();
        let tag = image.trim().rsplit(':').next().unwrap().to_owned();
        for part in parts(&tag) {
            project.registry.put(&format!("{REPOSITORY}:{part}"), &MANIFEST.replace("{}", &format!("{{\"x\":{part:?}}}")));
        }
        run(&project, &["join", "--moving-tag", ""], PLAIN.1).ok();
        let index = project.registry.get(&format!("{REPOSITORY}:{tag}")).unwrap();
        std::fs::write(dir.beside("registry").join(REPOSITORY).join(digest(index.as_bytes())), index).unwrap();
        tag
    };
    commit(dir, "first");
    let first = join();
    dir.file("README", "2");
    commit(dir, "second");
    let found = verdicts(&project, &["--delete"]);
    assert_eq!(found[&first], "needed");
    assert!(parts(&first).iter().all(|part| found[part] == "needed"), "{found:?}");
    dir.file("a", "3");
    commit(dir, "third");
    let third = join();
    let found = verdicts(&project, &[]);
    assert!([&first].into_iter().chain(&parts(&first)).all(|tag| found[tag] == "unneeded"), "{found:?}");
    assert!(found[&third] == "needed" && parts(&third).iter().all(|part| found[part] == "needed"), "{found:?}");
}

#[test]
fn a_manifest_that_is_reused_is_judged_like_one_that_was_made() {
    let project = project(".");
    let (dir, image) = (&project.dir, &*project.image);
    dir.file("compose.yaml", "services:\n  app: {image: \"${DOCKER_IMAGE}\", build: lib}\n").file(".gitignore", "/kept\n");
    let plain = ["--path", "lib", "--image", image];
    let build = || {
        let text = run(&project, &[BUILD, &plain, &["--reuse", "kept"]].concat(), PLAIN.1).ok();
        text.trim().rsplit(':').next().unwrap().to_owned()
    };
    commit(dir, "first");
    let first = build();
    dir.file("README", "2");
    commit(dir, "second");
    assert_eq!(build(), first);
    assert_eq!(verdicts(&project, &plain)[&first], "needed");
    dir.file("lib/b", "3");
    commit(dir, "third");
    std::fs::remove_file(dir.path("kept")).unwrap();
    assert_ne!(build(), first);
    assert_eq!(verdicts(&project, &plain)[&first], "unneeded");
}

#[test]
fn the_project_of_the_recipe_is_told_which_options_are_missing() {
    let project = project(".");
    project.dir.file("compose.yaml", "services:\n  app: {image: \"${DOCKER_IMAGE}\", build: .}\n");
    commit(&project.dir, "first");
    let ran = run(&project, &OLD, ("X", ""));
    ran.fails(2, &["no service has an image in a registry", "`--image`, or `--path` and `--image`"]);
}
