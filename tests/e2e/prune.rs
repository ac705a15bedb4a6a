//! Deleting what no branch needs, in a real registry.

use std::fs;

use libtest_mimic::Failed;

use crate::Test;
use crate::engine::{Engine, Needs};
use crate::project::Project;
use crate::registry::digest;

pub(crate) fn tests() -> Vec<Test> {
    vec![("prune_deletes_what_no_branch_needs_and_nothing_else", Needs::Any, prune)]
}

fn prune(engine: &Engine) -> Result<(), Failed> {
    let project = Project::empty(engine);
    let git = "git -c user.name=a -c user.email=a@b.c";
    fs::create_dir(project.folder.join("app")).unwrap();
    fs::write(project.folder.join("compose.yml"), format!("services: {{app: {{build: app, image: '{}'}}}}\n", project.image)).unwrap();
    fs::write(project.folder.join("app/Dockerfile"), "FROM scratch\nCOPY a /\n").unwrap();
    project.shell("git init -q -b main .").ok();
    // Four images; the second is on a branch still, and the fourth is the last one of main.
    let build = |text: &str| -> String {
        fs::write(project.folder.join("app/a"), text).unwrap();
        project.shell(&format!("git add -A && {git} commit -qm {text}")).ok();
        project.plain(&["build"]).ok().trim().to_owned()
    };
    let images: Vec<String> = ["1", "2", "3"].map(build).to_vec();
    project.shell("git branch other HEAD^").ok();
    // The third has a tag more, which somebody gave it: its image is to stay.
    let repository = &project.image;
    project.shell(&format!("docker tag {} {repository}:mine && docker push -q {repository}:mine", images[2])).ok();
    let last = build("4");

    let args = ["prune", "--keep-branches"];
    let ran = project.plain(&args);
    assert!(ran.ok().contains("2 needed, 2 too young, "), "{}", ran.stdout);
    let args = [&args[..], &["--keep-days", "0"]].concat();
    let ran = project.plain(&args);
    let tag = |image: &str| image.rsplit(':').next().unwrap().to_owned();
    assert!(ran.ok().contains("2 needed, 1 that share their image with one that is kept, "), "{}", ran.stdout);
    assert!(ran.stdout.contains(&format!("  {}  ", tag(&images[0]))) && ran.stdout.contains("nothing was deleted"), "{}", ran.stdout);
    assert!(digest(&images[0], None).is_some());

    let ran = project.plain(&[&args[..], &["--delete"]].concat());
    assert!(ran.ok().contains("1 deleted"), "{}", ran.stdout);
    let there: Vec<bool> = images.iter().chain([&last]).map(|image| digest(image, None).is_some()).collect();
    assert_eq!(there, [false, true, true, true]);
    // What was kept beside it is gone too, and what is kept beside the others is not.
    project.plain(&["why", "--against", &last]).ok();
    let list = format!("http://{}/v2/{}/tags/list", repository.split_once('/').unwrap().0, repository.split_once('/').unwrap().1);
    let beside = project.shell(&format!("curl -s {list} | grep -o sha256- | wc -l")).ok().trim().to_owned();
    assert_eq!(beside, "3");
    let again = project.plain(&[&args[..], &["--delete"]].concat());
    assert!(!again.ok().contains("deleted"), "{}", again.stdout);
    project.plain(&["pull"]).ok();
    // The next build of what was deleted is an ordinary miss.
    fs::write(project.folder.join("app/a"), "1").unwrap();
    assert_eq!(project.plain(&["build"]).ok().trim(), images[0]);
    Ok(())
}
