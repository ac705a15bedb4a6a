//! Images that `prune` keeps because a commit needs them, or may need them, although git's objects do not make their tags.

use std::fs;

use libtest_mimic::Failed;

use crate::Test;
use crate::engine::{Engine, Needs};
use crate::project::Project;
use crate::registry::digest;

pub(crate) fn tests() -> Vec<Test> {
    vec![
        ("an_image_built_from_a_commit_that_counts_is_needed", Needs::Any, recorded),
        ("an_image_that_another_commit_built_can_be_needed", Needs::Any, from_another_commit),
        ("a_commit_that_cannot_be_computed_is_named_and_can_be_ignored", Needs::Any, uncomputable),
        ("uncommitted_changes_are_recorded_and_shown", Needs::Any, dirty),
        ("a_merge_of_a_pull_request_belongs_to_its_branch", Needs::Any, merge),
    ]
}

const GIT: &str =
    "git() { command git -c user.name=a -c user.email=a@b.c -c protocol.file.allow=always -c advice.detachedHead=false \"$@\"; }; set -e";
const PRUNE: [&str; 6] = ["prune", "--keep-branches", "--keep-commits", "1", "--keep-days", "0"];

/// A project in git, with a library beside it; `COPY` takes everything.
fn project(engine: &Engine) -> Project {
    let project = Project::empty(engine);
    let put = |name: &str, text: &str| fs::write(project.folder.join(name), text).unwrap();
    put("compose.yaml", &format!("services:\n  app:\n    image: {}\n    build: .\n", project.image));
    put("Dockerfile", "FROM scratch\nCOPY . /src\n");
    put(".dockerignore", "**/.git\n**/.gitattributes\n");
    put("a", "1\n");
    run(
        &project,
        "git init -q -b main . && mkdir ../lib && cd ../lib && git init -q -b main . && echo 1 > l && git add -A && git commit -qm lib",
    );
    run(&project, "git add -A && git commit -qm first");
    project
}

fn run(project: &Project, lines: &str) -> String {
    project.shell(&format!("{GIT}; {lines}")).ok().trim().to_owned()
}

/// Builds, and returns the tag.
fn build(project: &Project) -> String {
    project.plain(&["build"]).ok().trim().rsplit(':').next().unwrap().to_owned()
}

/// The line that `prune` prints for a tag.
fn line(project: &Project, tag: &str) -> String {
    let ran = project.plain(&PRUNE);
    let text = ran.ok();
    text.lines().find(|line| line.contains(tag)).unwrap_or_else(|| panic!("no {tag}: {text}")).to_owned()
}

/// What takes part in a build besides git's objects: how it begins, and what every job does before it builds.
const SURROUNDINGS: [(&str, &str, &str); 9] = [
    ("a submodule", "git submodule --quiet add ../lib lib", "true"),
    ("a generated file", "echo /made > .gitignore", "echo made > made"),
    (
        "a generated ignore file",
        "echo 1 > b; echo /Dockerfile.dockerignore > .gitignore",
        "printf '**/.git\nb\n' > Dockerfile.dockerignore",
    ),
    ("a generated folder that is not ignored", "true", "mkdir -p dist/js && echo made > dist/js/x"),
    ("an edited file", "echo 0 > version", "echo 9 > version"),
    (
        "an untracked .env",
        "cp Dockerfile Dockerfile.9; echo /.env > .gitignore; sed -i 's/build: ./build: {context: ., dockerfile: \"${F:-Dockerfile}\"}/' compose.yaml",
        "echo F=Dockerfile.9 > .env",
    ),
    ("a sparse checkout", "mkdir big; echo 1 > big/x", "git sparse-checkout set --no-cone '/*' '!/big/'"),
    ("line ends", "printf '*.bat eol=crlf\\n' > .gitattributes; printf 'x\\n' > x.bat", "rm -f x.bat; git checkout -q x.bat"),
    (
        "a filter",
        "git config filter.up.smudge 'tr a-z A-Z'; git config filter.up.clean 'tr A-Z a-z'; printf '*.up filter=up\\n' > .gitattributes; echo text > x.up",
        "rm -f x.up; git checkout -q x.up",
    ),
];

/// Every job of a branch builds; then the branch grows, and the image of the other branch's head stays.
fn recorded(engine: &Engine) -> Result<(), Failed> {
    for (what, begin, job) in SURROUNDINGS {
        let project = project(engine);
        run(&project, &format!("{begin}; git add -A; git commit -q --allow-empty -m surroundings; {job}"));
        let tag = build(&project);
        let line = line(&project, &tag);
        assert!(line.contains("needed: built from commit ") && !line.contains("not needed"), "{what}: {line}");
        let head = run(&project, "git rev-parse --short=7 HEAD");
        assert!(line.contains(&head), "{what}: {line}");
    }
    Ok(())
}

/// The image was built on a branch that is gone. The head of main is another commit with the same files, so its job finds that image.
fn from_another_commit(engine: &Engine) -> Result<(), Failed> {
    for (what, begin, job) in SURROUNDINGS {
        let project = project(engine);
        run(&project, &format!("{begin}; git add -A; git commit -q --allow-empty -m surroundings; git checkout -q -b feature; {job}"));
        // The moving tag stays with the last one.
        run(&project, "echo 3 > a; git commit -q -m three a");
        let other = build(&project);
        run(&project, "echo 2 > a; git commit -q -m two a");
        let needed = build(&project);
        run(&project, "git checkout -q -f main; echo 2 > a; git commit -q -m squashed a; git branch -q -D feature");
        run(&project, job);
        assert_eq!(project.plain(&["tag"]).ok().trim().rsplit(':').next().unwrap(), needed, "{what}");
        // A job that only prunes needs no submodules.
        run(&project, "git submodule --quiet deinit --all -f; git sparse-checkout disable");
        let said = line(&project, &needed);
        assert!(said.contains("may be needed: ") && !said.contains("not needed"), "{what}: {said}");
        // What has another content of a file that git has as it is on disk is none of main.
        let said = line(&project, &other);
        assert!(said.contains("not needed: "), "{what}: {said}");
        project.plain(&[&PRUNE[..], &["--delete"]].concat()).ok();
        let exists = |tag: &str| digest(&format!("{}:{tag}", project.image), None).is_some();
        assert!(exists(&needed) && !exists(&other), "{what}");
    }
    Ok(())
}

fn uncomputable(engine: &Engine) -> Result<(), Failed> {
    for (what, change, variable) in [
        ("a build product", "mkdir dist; echo made > dist/x; echo /dist > .gitignore; sed -i 's/COPY ./COPY dist/' Dockerfile", ""),
        ("a variable", "echo '    environment: { V: \"${RELEASE:?}\" }' >> compose.yaml", "9"),
        (
            "a Dockerfile of a variable",
            "cp Dockerfile Dockerfile.9; sed -i 's/build: ./build: {context: ., dockerfile: \"Dockerfile.$RELEASE\"}/' compose.yaml",
            "9",
        ),
        (
            "an included file",
            "sed -i '1i include: [made.yaml]' compose.yaml; echo 'services: {}' > made.yaml; echo /made.yaml > .gitignore",
            "",
        ),
    ] {
        let mut project = project(engine);
        build(&project);
        run(&project, &format!("git checkout -q -b release; {change}; git add -A; git commit -qm release"));
        project.env.insert("RELEASE".to_owned(), variable.to_owned());
        let tag = build(&project);
        let commit = run(&project, "git rev-parse HEAD");
        project.env.remove("RELEASE");
        run(&project, "git checkout -q -f main; git clean -q -f -d -x");
        let ran = project.plain(&[&PRUNE[..], &["--delete"]].concat());
        assert!(ran.code != Some(0) && ran.stdout.is_empty(), "{what}: {}", ran.stdout);
        assert!(ran.stderr.contains(&commit) && ran.stderr.contains(&format!("--ignore-commit {commit}")), "{what}: {}", ran.stderr);
        let ran = project.plain(&[&PRUNE[..], &["--ignore-commit", "release", "--delete"]].concat());
        let text = ran.ok();
        assert!(text.lines().any(|line| line.contains(&tag) && line.contains("needed: built from commit")), "{what}: {text}");
        assert!(digest(&format!("{}:{tag}", project.image), None).is_some(), "{what}");
        let ran = project.plain(&[&PRUNE[..], &["--ignore-commit", "nosuch"]].concat());
        assert!(ran.code == Some(2) && ran.stderr.contains("nosuch: no such commit here"), "{}", ran.stderr);
    }
    Ok(())
}

fn dirty(engine: &Engine) -> Result<(), Failed> {
    for (what, change, is_dirty) in [
        ("nothing", "true", false),
        ("an edited input", "echo 2 > a", true),
        ("an input that is new", "echo 2 > new", true),
        ("an ignored input", "echo /made >> .git/info/exclude; echo 2 > made; touch a", false),
        ("a new file that is no input", "echo /new.txt >> .dockerignore; git commit -qam ignored; echo 2 > new.txt", false),
        ("a deleted file", "rm a", true),
        ("an edited Compose file", "echo '    environment: {V: 1}' >> compose.yaml", true),
        ("a file of a submodule", "git submodule --quiet add ../lib lib; git commit -qm lib; echo 2 > lib/l", true),
        (
            "another commit of a submodule",
            "git submodule --quiet add ../lib lib; git commit -qm lib; cd lib; echo 2 > l; git commit -qam l",
            true,
        ),
    ] {
        let project = project(engine);
        run(&project, change);
        let tag = build(&project);
        let json: serde_json::Value = serde_json::from_str(project.plain(&[&PRUNE[..], &["--json"]].concat()).ok()).unwrap();
        let entry = json["repositories"][0]["tags"].as_array().unwrap().iter().find(|entry| entry["tag"] == tag.as_str()).unwrap();
        let head = run(&project, "git rev-parse HEAD");
        assert_eq!((&entry["dirty"], &entry["revision"], &entry["verdict"]), (&is_dirty.into(), &head.into(), &"needed".into()), "{what}");
        assert!(entry["reason"].is_string() && entry["created"].is_string(), "{what}: {entry}");
        assert_eq!(line(&project, &tag).contains(" (dirty)"), is_dirty, "{what}");
        let why = project.plain(&["why", "--against", &format!("{}:{tag}", project.image)]);
        assert_eq!(why.ok().contains(" with uncommitted changes"), is_dirty, "{what}: {}", why.stdout);
    }
    Ok(())
}

/// CI services check out a merge of the pull request into its target, which is on no branch.
fn merge(engine: &Engine) -> Result<(), Failed> {
    let project = project(engine);
    run(&project, "git checkout -q -b feature; echo f > f; git add f; git commit -qm feature");
    run(&project, "git checkout -q main; echo 2 > a; git commit -qam two; git checkout -q --detach; git merge -q --no-ff -m merge feature");
    let merged = build(&project);
    run(&project, "git checkout -q main");
    assert!(line(&project, &merged).contains("needed: built from commit "));
    run(&project, "git branch -q -D feature; echo 3 > a; git commit -qam three");
    assert!(line(&project, &merged).contains("not needed: "));
    Ok(())
}
