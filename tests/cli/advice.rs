//! What is told of the inputs and the names of a project: what makes a tag change with every commit, or go where nobody may write.

use crate::support::git::commit;
use crate::support::{Dir, Registry, Run};

/// A service with this image and this Dockerfile.
fn project(image: &str, dockerfile: &str) -> Dir {
    let dir = Dir::new();
    dir.file("compose.yaml", format!("services: {{s: {{image: \"{image}\", build: .}}}}\n"));
    dir.file("Dockerfile", dockerfile).file("f", "f");
    dir
}

const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

#[test]
fn a_tag_that_is_new_with_every_commit_or_run_is_warned_of() {
    let tag = |image: &str| {
        let dir = project(image, "FROM scratch\nCOPY f /\n");
        Run::new(&dir, ["tag"]).env("GITHUB_SHA", SHA).env("GITHUB_RUN_NUMBER", "1234").run()
    };
    for (image, what) in [
        ("ghcr.io/acme/app:${GITHUB_SHA:-dev}", "the value of GITHUB_SHA"),
        ("ghcr.io/acme/app:sha-0123456", "the value of GITHUB_SHA"),
        ("ghcr.io/acme/app:build-$GITHUB_RUN_NUMBER", "the value of GITHUB_RUN_NUMBER"),
        ("ghcr.io/acme/app:89abcdef0123456789abcdef0123456701234567", "a commit id"),
    ] {
        let help = "so no build is ever a hit: write `image: ghcr.io/acme/app`, and put `ghcr.io/acme/app:";
        tag(image).says(&["warning: service `s`: the tag `", what, help]).ok();
    }
    for image in ["ghcr.io/acme/app", "ghcr.io/acme/app:1.2.34", "ghcr.io/acme/app:dev"] {
        tag(image).is_silent_on(&["no build is ever a hit"]).ok();
    }
}

#[test]
fn an_image_without_registry_and_owner_gets_the_prefix() {
    for (image, prefix, expected) in [
        ("web", "ghcr.io/acme/", "ghcr.io/acme/web:"),
        ("web", "ghcr.io/acme", "ghcr.io/acme/web:"),
        ("web:dev", "ghcr.io/acme", "ghcr.io/acme/web:dev-"),
        ("acme/web", "ghcr.io/acme", "acme/web:"),
        ("ghcr.io/else/web", "ghcr.io/acme", "ghcr.io/else/web:"),
    ] {
        let text = Run::new(&project(image, "FROM scratch\n"), ["tag", "--repository-prefix", prefix]).run().ok();
        assert!(text.starts_with(&format!("s\t{expected}")), "{image} {prefix}: {text}");
    }
    // Other builds know it by both names.
    let dir = Dir::new();
    dir.file("compose.yaml", "services: {web: {image: web, build: web}, app: {image: a/app, build: app}}\n");
    for base in ["web", "ghcr.io/acme/web"] {
        dir.file("web/Dockerfile", "FROM scratch\n").file("app/Dockerfile", format!("FROM {base}\n"));
        let tag = || Run::new(&dir, ["tag", "app", "--repository-prefix", "ghcr.io/acme"]).run().ok();
        let before = tag();
        dir.file("web/Dockerfile", "FROM scratch\n# other\n");
        assert_ne!(tag(), before, "{base}");
    }
}

#[test]
fn nothing_is_pushed_to_the_official_images_of_docker_hub() {
    for image in ["web", "web:dev", "library/web", "docker.io/library/web", "index.docker.io/library/web"] {
        let dir = project(image, "FROM scratch\n");
        let help = "help: write `image: ghcr.io/acme/app` there, give `--repository-prefix ghcr.io/acme/`";
        for args in [&["build"][..], &["build", "--dry-run"], &["plan"]] {
            Run::new(&dir, args).run().fails(2, &["service `s`: `", "would go to `library/` on Docker Hub", help]);
        }
    }
    // A plain folder too.
    let dir = project("$DOCKER_IMAGE", "FROM scratch\n");
    for job in ["build", "plan"] {
        Run::new(&dir, [job, "--path", ".", "--image", "web"]).run().fails(2, &["would go to `library/` on Docker Hub"]);
    }
}

#[test]
fn a_plan_refuses_what_its_jobs_would_refuse() {
    let registry = Registry::honest(&Dir::new());
    let dir = Dir::new();
    dir.file("app/Dockerfile", "FROM scratch\n");
    let plan = |tag: &str, args: &[&str]| {
        let image = format!("{}/acme/app", registry.address);
        dir.file("compose.yaml", format!("services: {{app: {{image: '{image}', build: {{context: app, tags: ['{tag}']}}}}}}\n"));
        Run::new(&dir, [&["plan"], args].concat()).run()
    };
    let managed = format!("{}/acme/app:ci-cache", registry.address);
    plan(&managed, &[]).fails(2, &["service `app`: tags: `", "is a name that docktag manages", "help: "]);
    plan("a b", &[]).fails(2, &["service `app`: tags: `a b`: "]);
    assert_eq!(registry.lines(), [""; 0]);
    plan("ghcr.io/other/app:dev", &[]).says(&["warning: service `app`: tags: `ghcr.io/other/app:dev` is not set"]).ok();
    // Nothing is pushed, so nothing is to be refused.
    dir.file("compose.yaml", "services: {app: {image: web, build: app}}\n");
    Run::new(&dir, ["plan", "--push=false"]).run().is_silent_on(&["library/` on Docker Hub"]);
}

#[test]
fn a_git_folder_among_the_inputs_is_warned_of() {
    let dir = project("acme/app", "FROM scratch\nCOPY . /a\n");
    commit(&dir, "first");
    let add = |line: &str, file: &str| format!("no two clones have the same: add the line `{line}` to {file}");
    Run::new(&dir, ["tag"]).run().says(&["warning: service `s`: `.git` is among the inputs", &add(".git", ".dockerignore")]).ok();
    dir.file(".dockerignore", "**/.git\n");
    Run::new(&dir, ["tag"]).run().is_silent_on(&["no two clones"]).ok();
    // A submodule and a worktree have a file of this name; another context has an ignore file of its own.
    let dir = project("acme/app", "FROM scratch\nCOPY --from=lib . /a\n");
    dir.file("compose.yaml", "services: {s: {image: a/b, build: {context: ., additional_contexts: {lib: ./lib}}}}\n");
    dir.file("lib/sub/.git", "gitdir: ../../.git/modules/sub\n").file("lib/sub/.gitignore", "x\n");
    Run::new(&dir, ["tag"]).run().says(&["`lib/sub/.git` is among the inputs", &add("sub/.git", "lib/.dockerignore")]).ok();
    dir.file("lib/.dockerignore", "sub/.git\n");
    Run::new(&dir, ["tag"]).run().is_silent_on(&["no two clones"]).ok();
    dir.file("lib/.github/.git/HEAD", "x");
    Run::new(&dir, ["tag"]).run().says(&["`lib/.github/.git` is among the inputs", &add(".github/.git", "lib/.dockerignore")]).ok();
}

#[test]
fn a_label_that_changes_with_every_commit_is_told() {
    let dir = Dir::new();
    let build = "{context: ., labels: {revision: '${GITHUB_SHA}', stable: '1'}}";
    dir.file("compose.yaml", format!("services: {{app: {{image: a/b, build: {build}}}}}\n")).file("Dockerfile", "FROM scratch\n");
    let ran = Run::new(&dir, ["tag"]).env("GITHUB_SHA", SHA).run();
    ran.says(&["the label `revision` is that of GITHUB_SHA"]).is_silent_on(&["`stable`"]).ok();
}
