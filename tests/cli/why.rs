//! `why`: what has changed since a manifest, an image, a commit, or the last build.

use crate::support::git::{commit, git, path};
use crate::support::registry::digest;
use crate::support::{Dir, Project, REPOSITORY, Ran, Reply, Run, artifacts};

/// Two services that read different files.
fn services() -> Dir {
    let dir = Dir::new();
    dir.file(
        "compose.yaml",
        "services:\n  app:\n    build: {context: ., args: {VERSION: '1'}}\n  web:\n    build: {context: web, target: prod}\n",
    );
    dir.file("Dockerfile", "FROM scratch\nARG VERSION\nCOPY src docs /\n").file(".dockerignore", "docs/*.md\n");
    dir.file("src/a", "1").file("src/b", "2").file("src/run.sh", "3").file("docs/x", "4");
    dir.file("web/Dockerfile", "FROM scratch AS prod\nCOPY . /\n").file("web/index", "5");
    dir
}

/// `docktag why ARGS` with git on PATH.
fn why(dir: &Dir, args: &[&str]) -> Ran {
    Run::new(dir, [&["why"], args].concat()).env("PATH", path(dir)).run()
}

/// A manifest of the service `app` in a file.
fn keep(dir: &Dir, file: &str) {
    let text = Run::new(dir, ["manifest", "app"]).run().ok();
    dir.file(file, text);
}

#[test]
fn everything_that_differs_is_told_with_the_line_that_reads_it() {
    let dir = services();
    dir.link("src/now", "a");
    keep(&dir, "old.md5");
    dir.file("src/a", "changed").file("src/new", "6");
    std::fs::rename(dir.path("src/b"), dir.path("src/c")).unwrap();
    std::fs::remove_file(dir.path("docs/x")).unwrap();
    dir.file("docs/y", "7").mode("src/run.sh", 0o755);
    std::fs::remove_file(dir.path("src/now")).unwrap();
    dir.link("src/now", "c");
    dir.file("compose.yaml", String::from_utf8(dir.read("compose.yaml")).unwrap().replace("'1'", "'2'"));
    let ran = why(&dir, &["app", "--against", "old.md5"]);
    let said = ran.ok();
    let expected = "
changed
  src/a  (COPY at Dockerfile:3)

added
  docs/y  (COPY at Dockerfile:3)
  src/new  (COPY at Dockerfile:3)

removed
  docs/x

renamed
  src/b -> src/c  (COPY at Dockerfile:3)

not files
  argument VERSION changed  (ARG at Dockerfile:2)
  src/run.sh is executable now  (COPY at Dockerfile:3)
  link src/now -> c (was a)  (COPY at Dockerfile:3)

1 file changed, 2 added, 1 removed, 1 renamed, 3 inputs that are no files; files as before: 2
";
    assert!(said.starts_with("app  project-app:") && said.ends_with(expected), "{said}");
    assert!(!said.contains("'2'") && !said.contains("c81e728d"), "values stay out: {said}");

    let json = why(&dir, &["app", "--against", "old.md5", "--json"]).json();
    let target = &json["targets"][0];
    assert_eq!((&target["against"]["name"], &target["same"]), (&"old.md5".into(), &false.into()));
    assert_eq!(target["renamed"][0], serde_json::json!({"from": "src/b", "to": "src/c", "why": "COPY at Dockerfile:3"}));
    assert_eq!(target["notes"][0]["text"], "argument VERSION changed");
}

#[test]
fn a_file_that_counts_no_longer_says_why() {
    let dir = services();
    keep(&dir, "old.md5");
    dir.file(".dockerignore", "docs/*.md\nsrc/b\n").file("Dockerfile", "FROM scratch\nCOPY src /\n");
    let said = why(&dir, &["app", "--against", "old.md5"]).ok();
    assert!(said.contains("  docs/x  (no instruction reads it any longer)\n  src/b  (ignored by .dockerignore:2)\n"), "{said}");
    assert!(said.contains("  argument VERSION removed  (build at compose.yaml:3)\n"), "{said}");
}

#[test]
fn nothing_that_differs_is_told_too() {
    let dir = services();
    keep(&dir, "old.md5");
    let said = why(&dir, &["app", "--against", "old.md5"]).ok();
    assert!(said.ends_with("\nnothing that counts has changed\n"), "{said}");
}

#[test]
fn a_file_that_is_no_manifest_is_refused() {
    let dir = services();
    dir.file("text", "hello\n").file("newer", "# docktag 2\n900150983cd24fb0d6963f7d28e17f72  a\n");
    why(&dir, &["app", "--against", "text"])
        .fails(2, &["text:1: expected 32 hexadecimal digits", "help: expected a text that `docktag manifest` printed"]);
    why(&dir, &["app", "--against", "newer"]).fails(2, &["newer: is of format `# docktag 2`, expected `# docktag 1`", "a newer docktag"]);
    keep(&dir, "md5");
    why(&dir, &["app", "--against", "md5", "--algorithm", "sha256"])
        .fails(2, &["md5: has the digests of md5sum, expected those of sha256sum", "`--algorithm md5`"]);
    why(&dir, &["--against", "md5"]).fails(2, &["there are several services: app, web", "help: such as `docktag why app --against md5`"]);
}

#[test]
fn a_commit_is_read_without_a_checkout() {
    let dir = services();
    let first = commit(&dir, "first");
    dir.file("src/a", "changed\u{1b}[2J").file("web/index", "changed");
    commit(&dir, "second");
    let said = why(&dir, &["--against", "HEAD~1"]).ok();
    let (app, web) = said.split_once("\nweb  ").unwrap();
    assert!(app.contains("changed\n  src/a  (COPY at Dockerfile:3)\n") && !app.contains("web/index"), "{said}");
    assert!(web.contains("changed\n  web/index  (COPY at web/Dockerfile:2)\n") && !web.contains("src/a"), "{said}");
    assert!(said.contains("since HEAD~1 (") && said.contains(&format!("commit {}", &first[..12])), "{said}");
    // The lines, and what a terminal would obey in them.
    let said = why(&dir, &["app", "--against", &first, "--diff"]).ok();
    assert!(said.contains("\n-1\n") && said.contains("\n+changed\\u{1b}[2J\n"), "{said}");
    assert!(!said.contains('\u{1b}'), "{said}");
    // A service that is new.
    dir.file("compose.yaml", "services:\n  app: {build: .}\n  new: {build: web}\n");
    why(&dir, &["new", "--against", "HEAD"]).ok().contains("no such service").then_some(()).unwrap();
}

#[test]
fn without_a_registry_it_is_compared_with_where_the_branch_began() {
    let dir = services();
    commit(&dir, "first");
    git(&dir, "project", &["checkout", "-q", "-b", "feature"]);
    dir.file("src/a", "changed");
    commit(&dir, "second");
    dir.file("src/b", "changed too");
    let ran = why(&dir, &["app"]);
    let said = ran.ok();
    assert!(
        said.contains("since the merge base with main (") && said.contains("changed\n  src/a  (COPY at Dockerfile:3)\n  src/b  ("),
        "{said}"
    );
}

#[test]
fn a_pull_request_is_compared_with_where_it_left_its_base() {
    let dir = services();
    commit(&dir, "first");
    git(&dir, "project", &["update-ref", "refs/remotes/origin/release", "HEAD"]);
    dir.file("src/a", "changed");
    commit(&dir, "second");
    let said = Run::new(&dir, ["why", "app"]).env("PATH", path(&dir)).env("GITHUB_BASE_REF", "release").run().ok();
    assert!(said.contains("since the merge base with origin/release (") && said.contains("  src/a"), "{said}");
}

#[test]
fn what_git_does_not_have_is_told_with_what_to_fetch() {
    let dir = services();
    let help = "or name what to compare with: `--against`";
    why(&dir, &["app"]).fails(2, &["git knows no repository here", help]);
    why(&dir, &["app", "--against", "HEAD"]).fails(2, &["git knows no repository here"]);
    Run::new(&dir, ["why", "app"]).run().fails(2, &["git: not found", help]);

    let first = commit(&dir, "first");
    why(&dir, &["app", "--against", "nosuch"])
        .fails(2, &["nosuch: no such file here, no such commit, and no image with a tag", "is it fetched?"]);
    why(&dir, &["app", "--against=--all"]).fails(2, &["no such commit"]);

    dir.file("src/a", "changed");
    commit(&dir, "second");
    let origin = format!("file://{}", dir.path("").display());
    git(&dir, "home", &["clone", "-q", "--depth", "1", &origin, "clone"]);
    git(&dir, "home/clone", &["remote", "set-head", "origin", "--delete"]);
    git(&dir, "home/clone", &["update-ref", "-d", "refs/remotes/origin/main"]);
    git(&dir, "home/clone", &["checkout", "-q", "--detach"]);
    git(&dir, "home/clone", &["branch", "-q", "-D", "main"]);
    let clone = dir.beside("home/clone");
    let clone = clone.to_str().unwrap();
    why(&dir, &["app", "-C", clone]).fails(2, &["is not in this clone, which is shallow", "git fetch --unshallow", "fetch-depth: 0", help]);
    why(&dir, &["app", "-C", clone, "--against", &first]).fails(2, &["no such commit", "this clone is shallow", "fetch-depth: 0"]);
    why(&dir, &["app", "-C", clone, "--against", "HEAD"]).ok();
}

#[test]
fn a_plain_folder_has_it_too() {
    let project = Project::new();
    project.build(&[]).ok();
    project.dir.file("docker/new", "n");
    let said = project.job("why", [""; 0]).run().ok();
    assert!(
        said.contains(&format!("since {}:ci ({}, built 2", project.image, project.tag)) && said.contains("added\n  docker/new\n"),
        "{said}"
    );
    // The same image came from both states, so its own tag says which one is meant.
    project.build(&[]).ok();
    let said = project.job("why", ["--against".to_owned(), format!("{}:{}", project.image, project.tag)]).run().ok();
    assert!(said.contains("added\n  docker/new\n"), "{said}");
    commit(&project.dir, "first");
    let said = project.job("why", ["--against", "HEAD"]).env("PATH", path(&project.dir)).run().ok();
    assert!(said.contains("nothing that counts has changed"), "{said}");
}

#[test]
fn an_image_that_cannot_be_compared_with_says_why() {
    let project = Project::new();
    let image = |tag: &str| ["--against".to_owned(), format!("{}:{tag}", project.image)];
    project.job("why", image("nosuch")).run().fails(3, &[":nosuch: is not in the registry, expected an image to compare with"]);
    project.registry.put(&format!("{REPOSITORY}:bare"), "bare");
    project.job("why", image("bare")).run().fails(1, &[":bare: no manifest is kept beside this image", "`--against`"]);
    // Without a name, that is a reason to ask git.
    project.registry.put(&format!("{REPOSITORY}:ci"), "bare");
    let ran = project.job("why", [""; 0]).env("PATH", path(&project.dir)).run();
    ran.fails(2, &[":ci: no manifest is kept beside it; compared with a commit instead", "git knows no repository here"]);
}

#[test]
fn what_is_kept_must_be_the_images_own_manifest() {
    let project = Project::new();
    // So much that it is a layer.
    for number in 0..1500 {
        project.dir.file(format!("docker/folder/file-{number}"), "x");
    }
    project.build(&[]).ok();
    let blobs = project.dir.beside("registry/example/app/blobs");
    for blob in std::fs::read_dir(&blobs).unwrap().map(|it| it.unwrap().path()) {
        std::fs::write(blob, "900150983cd24fb0d6963f7d28e17f72  evil\n").unwrap();
    }
    let image = format!("{}:ci", project.image);
    project
        .job("why", ["--against", &image])
        .run()
        .fails(2, &[&image, "what is kept beside it is not its manifest: the digest of its text is another one"]);
}

#[test]
fn an_artifact_that_is_called_ours_and_is_not_is_refused() {
    let text = "900150983cd24fb0d6963f7d28e17f72  a\n";
    let kind = "application/vnd.docktag.manifest.v1";
    for (layers, expected) in [
        ("[]".to_owned(), "it has not one list of inputs"),
        (format!(r#"[{{"mediaType":"{kind}","digest":"{}"}}]"#, digest(text.as_bytes())), "its text does not make the tag"),
    ] {
        let artifact = format!(
            r#"{{"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"{kind}","subject":{{"digest":"{}"}},"layers":{layers},"annotations":{{"vnd.docktag.tag":"x"}}}}"#,
            digest(b"image")
        );
        let project = Project::around(|dir| {
            let store = dir.beside("registry");
            crate::support::Registry::scripted(dir, move |request, _| match request.target.contains("/blobs/") {
                true => Some(Reply::status(200).body(text)),
                false => artifacts::referrers(&store, request),
            })
        });
        project.registry.put(&format!("{REPOSITORY}:ci"), "image");
        project.registry.put(&format!("{REPOSITORY}:{}", digest(artifact.as_bytes()).replace("sha256:", "sha256_")), &artifact);
        std::fs::copy(
            project.dir.beside("registry").join(REPOSITORY).join(digest(artifact.as_bytes()).replace("sha256:", "sha256_")),
            project.dir.beside("registry").join(REPOSITORY).join(digest(artifact.as_bytes())),
        )
        .unwrap();
        let image = format!("{}:ci", project.image);
        project.job("why", ["--against", &image]).run().fails(2, &["what is kept beside it is not its manifest", expected]);
    }
}

#[test]
fn what_changed_in_an_image_that_a_service_is_built_with_is_told_with_the_way() {
    let dir = Dir::new();
    dir.file(
        "compose.yaml",
        "name: shop\nservices:\n  app: {image: a/app, build: {context: app, additional_contexts: {b: 'service:base'}}}\n  base: {image: a/base, build: base}\n  core: {build: core}\n",
    );
    dir.file("app/Dockerfile", "FROM scratch\nCOPY --from=b /f /\n")
        .file("base/Dockerfile", "FROM shop-core\nCOPY f /\n")
        .file("base/f", "1");
    dir.file("core/Dockerfile", "FROM scratch\nCOPY g /\n").file("core/g", "1");
    commit(&dir, "first");
    dir.file("base/f", "2").file("core/g", "2");
    for args in [&["app", "--against", "HEAD"][..], &["--against", "HEAD"]] {
        let text = why(&dir, args).ok();
        let of_app = text.split("a/app:").nth(1).unwrap().split("a/base:").next().unwrap();
        for line in [
            "    through `base`: base/f changed  (COPY at base/Dockerfile:2)\n",
            "    through `base`, `core`: core/g changed  (COPY at core/Dockerfile:2)\n",
        ] {
            assert!(of_app.contains(line), "{line}{text}");
        }
    }
    // Only what was asked for has a part of its own.
    assert!(!why(&dir, &["app", "--against", "HEAD"]).ok().contains("\nbase  a/base:"));
    let json = why(&dir, &["app", "--against", "HEAD", "--json"]).json();
    let notes = json["targets"][0]["notes"].as_array().unwrap();
    assert_eq!(notes[0]["through"][0], "through `base`: base/f changed  (COPY at base/Dockerfile:2)", "{json}");
}
