//! What goes wrong on real machines: a build that fails, files that change, no engine, Ctrl-C.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};

use libtest_mimic::Failed;

use crate::Test;
use crate::engine::{Engine, Needs};
use crate::project::{Project, ended};
use crate::registry::digest;

pub(crate) fn tests() -> Vec<Test> {
    vec![
        ("pull_before_build_is_a_miss", Needs::Any, pull_first),
        ("a_miss_without_an_engine_is_told", Needs::Any, no_engine),
        ("a_build_that_fails_pushes_nothing", Needs::Any, broken),
        ("a_file_that_changes_during_the_build_is_not_pushed", Needs::Any, changed),
        ("an_interrupt_ends_the_build_and_leaves_nothing", Needs::Any, interrupted),
        ("a_registry_that_wants_a_login_is_told", Needs::Any, login_wanted),
    ]
}

fn pull_first(engine: &Engine) -> Result<(), Failed> {
    Project::new(engine).docktag(&["pull"]).failed(3, "not in the registry");
    Ok(())
}

fn no_engine(engine: &Engine) -> Result<(), Failed> {
    let mut project = Project::new(engine);
    project.env.insert("DOCKER_HOST".to_owned(), "unix:///nonexistent/docker.sock".to_owned());
    project.docktag(&["build"]).failed(1, "start Docker, or point DOCKER_HOST at an engine");
    Ok(())
}

fn broken(engine: &Engine) -> Result<(), Failed> {
    let project = Project::new(engine);
    let file = project.folder.join("docker/dev/Dockerfile");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{text}RUN exit 17\n")).unwrap();
    let ran = project.docktag(&["build"]);
    ran.failed(1, "`compose build app` failed");
    assert!(ran.stdout.is_empty(), "{}", ran.stdout);
    nothing_pushed(&project);
    Ok(())
}

fn changed(engine: &Engine) -> Result<(), Failed> {
    let project = Project::new(engine);
    slow_down(&project);
    let image = format!("{}:{}", project.image, project.tag());
    let mut build = project.start(&["build"]);
    let mut log = BufReader::new(build.stderr.take().unwrap());
    read_until(&mut log, "RUN sleep");
    project.change("1G");
    let mut rest = String::new();
    log.read_to_string(&mut rest).unwrap();
    let ran = ended(build.wait_with_output().unwrap());
    assert_eq!(ran.code, Some(1), "{rest}");
    assert!(rest.contains("inputs changed during the build: docker/dev/app.ini changed"), "{rest}");
    assert_eq!(digest(&image, None), None);
    let here = project.shell(&format!("docker image inspect {image}"));
    assert_ne!(here.code, Some(0), "the engine keeps an image under a tag that lies");
    Ok(())
}

fn interrupted(engine: &Engine) -> Result<(), Failed> {
    for signal in ["INT", "TERM"] {
        let project = Project::new(engine);
        slow_down(&project);
        let mut build = project.start(&["build"]);
        let mut log = BufReader::new(build.stderr.take().unwrap());
        read_until(&mut log, "RUN sleep");
        project.shell(&format!("kill -{signal} {}", build.id())).ok();
        let mut rest = String::new();
        log.read_to_string(&mut rest).unwrap();
        let ran = ended(build.wait_with_output().unwrap());
        assert_eq!(ran.code, Some(130), "{rest}");
        assert!(project.left_over().is_empty(), "{:?}", project.left_over());
        // The brackets keep pgrep from finding the shell that runs it.
        let children = project.shell("pgrep -fa '[d]ocktag.override.yml' || true");
        assert_eq!(children.ok(), "");
        nothing_pushed(&project);
    }
    Ok(())
}

fn login_wanted(engine: &Engine) -> Result<(), Failed> {
    let project = Project::new(engine);
    let file = project.folder.join("docker-compose.yml");
    let text = fs::read_to_string(&file).unwrap();
    let name = project.image.rsplit('/').next().unwrap();
    let elsewhere = format!("{}/{name}", engine.get("ENGINE_REGISTRY_AUTH"));
    fs::write(&file, text.replace("image: ${DOCKER_IMAGE}", &format!("image: {elsewhere}:${{DOCKER_IMAGE_MD5}}"))).unwrap();
    project.docktag(&["build"]).failed(1, "wants a login");
    Ok(())
}

/// A build that is long enough to do something meanwhile, and that nobody has cached.
fn slow_down(project: &Project) {
    let file = project.folder.join("docker/dev/Dockerfile");
    let text = fs::read_to_string(&file).unwrap();
    let name = project.image.rsplit('/').next().unwrap();
    fs::write(&file, text.replace("RUN sleep 2", &format!("RUN sleep 4; echo {name}"))).unwrap();
}

fn nothing_pushed(project: &Project) {
    assert_eq!(digest(&format!("{}:{}", project.image, project.tag()), None), None);
    assert_eq!(digest(&format!("{}:ci", project.image), None), None);
}

fn read_until(log: &mut impl std::io::BufRead, word: &str) {
    let mut seen = String::new();
    for line in log.by_ref().lines() {
        let line = line.unwrap();
        if line.contains(word) {
            return;
        }
        seen.push_str(&line);
        seen.push('\n');
    }
    panic!("never said: {word}\n{seen}");
}
