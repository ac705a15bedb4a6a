//! Jobs of one commit that build different images: `prune --delete` leaves all of them what they pull.

use std::fs;

use libtest_mimic::Failed;

use crate::Test;
use crate::engine::{Engine, Needs};
use crate::project::Project;
use crate::registry::digest;

pub(crate) fn tests() -> Vec<Test> {
    vec![
        ("prune_keeps_what_other_needed_jobs_of_a_commit_pull", Needs::Any, jobs),
        ("prune_keeps_what_a_needed_release_tag_was_built_as", Needs::Any, release),
    ]
}

const GIT: &str = "git -c user.name=a -c user.email=a@b.c";
const PRUNE: [&str; 6] = ["prune", "--keep-branches", "--keep-commits", "1", "--keep-days", "0"];

/// A project with two stages, and files that only some jobs read.
fn project(engine: &Engine, service: &str) -> Project {
    let project = Project::empty(engine);
    let put = |name: &str, text: &str| fs::write(project.folder.join(name), text).unwrap();
    put("compose.yaml", &service.replace("IMAGE", &project.image));
    put("Dockerfile", "FROM scratch AS dev\nARG V=0\nCOPY a /dev\nFROM scratch AS prod\nCOPY a p /prod/\n");
    put("Dockerfile.other", "FROM scratch\nCOPY a p /other/\n");
    put("a", "1");
    put("p", "1");
    put("README", "1");
    project.shell("git init -q -b main .").ok();
    project
}

fn commit(project: &Project, change: &str) {
    project.shell(&format!("{change}; git add -A && {GIT} commit -qm change")).ok();
}

/// A job: its options, and a variable.
type Job<'a> = (&'a [&'a str], Option<(&'a str, &'a str)>);

fn run(project: &mut Project, command: &str, (args, variable): Job<'_>) -> String {
    if let Some((name, value)) = variable {
        project.env.insert(name.to_owned(), value.to_owned());
    }
    let moving: &[&str] = if command == "build" { &["--moving-tag", ""] } else { &[] };
    let ran = project.plain(&[&[command], moving, args].concat());
    if let Some((name, _)) = variable {
        project.env.remove(name);
    }
    ran.ok().trim().to_owned()
}

fn jobs(engine: &Engine) -> Result<(), Failed> {
    let app = "services:\n  app:\n    image: IMAGE\n    build: ";
    let debug = "services:\n  app: {image: IMAGE, build: {context: ., target: dev}}\n  debug: {image: 'IMAGE:debug', profiles: [debug], build: {context: ., target: prod}}\n";
    let kinds: [(&str, String, [Job<'_>; 2]); 6] = [
        ("target", format!("{app}{{context: ., target: \"${{TARGET:-dev}}\"}}\n"), [(&[], None), (&[], Some(("TARGET", "prod")))]),
        (
            "dockerfile",
            format!("{app}{{context: ., dockerfile: \"${{FILE:-Dockerfile}}\"}}\n"),
            [(&[], None), (&[], Some(("FILE", "Dockerfile.other")))],
        ),
        (
            "argument",
            format!("{app}{{context: ., target: dev, args: {{V: \"${{V:-1}}\"}}}}\n"),
            [(&[], None), (&["--salt", "x"], Some(("V", "2")))],
        ),
        ("platform", format!("{app}.\n"), [(&["--platform", "linux/amd64"], None), (&["--platform", "linux/arm64"], None)]),
        (
            "an image that two services share",
            "services:\n  app: {image: IMAGE, build: .}\n  web: {image: IMAGE, build: .}\n".to_owned(),
            [(&[], None), (&["--salt", "x"], None)],
        ),
        ("profile", debug.to_owned(), [(&[], None), (&["--profile", "debug"], None)]),
    ];
    for (what, service, jobs) in kinds {
        let mut project = project(engine, &service);
        commit(&project, "true");
        let images: Vec<String> = jobs.iter().flat_map(|job| lines(&run(&mut project, "build", *job))).collect();
        commit(&project, "echo 2 > README");
        for job in jobs {
            run(&mut project, "build", job);
        }
        let ran = project.plain(&[&PRUNE[..], &["--delete"]].concat());
        assert!(!ran.ok().contains("not needed") && !ran.stdout.contains("deleted"), "{what}: {}", ran.stdout);
        for job in jobs {
            run(&mut project, "pull", job);
        }
        commit(&project, "echo 3 > a");
        let new: Vec<String> = jobs.iter().flat_map(|job| lines(&run(&mut project, "build", *job))).collect();
        let ran = project.plain(&[&PRUNE[..], &["--delete"]].concat());
        assert!(ran.ok().contains("deleted: no commit that counts has these inputs"), "{what}: {}", ran.stdout);
        assert!(images.iter().all(|image| digest(image, None).is_none()), "{what}: {}", ran.stdout);
        assert!(new.iter().all(|image| digest(image, None).is_some()), "{what}: {}", ran.stdout);
    }
    Ok(())
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

fn release(engine: &Engine) -> Result<(), Failed> {
    let mut project = project(engine, "services:\n  app: {image: IMAGE, build: .}\n");
    let build = |project: &mut Project, text: &str| {
        commit(project, &format!("echo {text} > a"));
        run(project, "build", (&[], None))
    };
    let old = build(&mut project, "2");
    let released = build(&mut project, "3");
    project.shell(&format!("{GIT} tag -a -m release v1")).ok();
    let last = build(&mut project, "4");
    project.plain(&[&PRUNE[..], &["--keep-tags", "--delete"]].concat()).ok();
    let exists: Vec<bool> = [&old, &released, &last].map(|image| digest(image, None).is_some()).to_vec();
    assert_eq!(exists, [false, true, true]);
    project.shell("git checkout -q v1").ok();
    run(&mut project, "pull", (&[], None));
    Ok(())
}
