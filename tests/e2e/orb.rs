//! The orb, run as CircleCI runs it.

use std::collections::BTreeMap;
use std::path::Path;

use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::Test;
use crate::action::nothing_built;
use crate::circle::Circle;
use crate::engine::{Engine, Needs};
use crate::login;
use crate::npm::{Npm, TARBALL};
use crate::project::Project;
use crate::registry::{digest, layers};

pub(crate) fn tests() -> Vec<Test> {
    vec![
        ("the_orb_builds_what_is_missing_and_tells_later_steps", Needs::Any, cold),
        ("a_second_build_of_the_orb_asks_twice_and_needs_no_engine", Needs::Any, warm),
        ("the_orb_with_the_npm_package_builds_and_finds_what_is_there", Needs::Any, npm),
        ("the_orbs_tests_job_pulls_what_its_build_job_pushed", Needs::Own, jobs),
        ("the_orb_logs_in_and_shows_no_password", Needs::Any, login),
        ("the_orb_with_a_wrong_password_fails_and_builds_nothing", Needs::Any, wrong_password),
        ("the_orb_builds_a_pull_request_from_a_fork_and_does_not_push_it", Needs::Any, fork),
    ]
}

fn cold(engine: &Engine) -> Result<(), Failed> {
    let project = with_program(Project::new(engine));
    let job = Circle::new(&project);
    let ran = job.command("build", &given(&project));
    let image = format!("{}:{}", project.image, project.tag());
    assert!(ran.ok().contains(&format!("{} is used", env!("CARGO_BIN_EXE_docktag"))), "{}", ran.stdout);
    pushed(&project);
    let built = job.step("docker image inspect --format '{{index .RepoTags 0}}' \"$DOCKER_IMAGE\"");
    assert_eq!(built.ok(), format!("{image}\n"));
    assert!(project.left_over().is_empty(), "{:?}", project.left_over());
    tells(&job, &project);
    Ok(())
}

fn warm(engine: &Engine) -> Result<(), Failed> {
    let mut project = with_program(Project::new(engine));
    project.docktag(&["build"]).ok();
    project.env.insert("DOCKER_HOST".to_owned(), "unix:///nonexistent/docker.sock".to_owned());
    hits(engine, &Circle::new(&project), &project);
    Ok(())
}

/// A step before the others installs the package, whatever the machine has; its program is the one that they use.
fn npm(engine: &Engine) -> Result<(), Failed> {
    let mut project = Project::new(engine);
    let registry = Npm::serve(&project);
    let job = Circle::new(&project);
    job.command("setup", &json!({ "from": "npm", "version": registry.version, "npm_registry": registry.url })).ok();
    assert_eq!(registry.requests(), ["/docktag", TARBALL]);
    let program = job.step("command -v docktag && docktag --version");
    let (place, version) = program.ok().trim().split_once('\n').unwrap();
    assert!(place.starts_with(&format!("{}/.cache/docktag/", project.env["HOME"])), "{place}");
    assert_eq!(version, format!("docktag {}", registry.version));

    let ran = job.command("build", &given(&project));
    assert!(ran.ok().contains(&format!("{place} is used")), "{}", ran.stdout);
    pushed(&project);
    assert!(project.left_over().is_empty(), "{:?}", project.left_over());
    tells(&job, &project);

    // With the program's own word for the tag, which the package has to agree with.
    let image = project.docktag(&["build"]).ok().trim().to_owned();
    assert_eq!(job.step("echo \"$DOCKER_IMAGE\"").ok().trim(), image);
    project.env.insert("DOCKER_HOST".to_owned(), "unix:///nonexistent/docker.sock".to_owned());
    let job = Circle::new(&project);
    job.command("setup", &json!({ "from": "npm", "version": registry.version, "npm_registry": registry.url })).ok();
    hits(engine, &job, &project);
    Ok(())
}

/// The recipe's two jobs, each on a machine that has nothing.
fn jobs(engine: &Engine) -> Result<(), Failed> {
    let project = with_program(Project::new(engine));
    engine.fresh();
    Circle::new(&project).job("build", &given(&project)).ok();
    let image = pushed(&project);

    engine.fresh();
    let since = engine.mark();
    let job = Circle::new(&project);
    let ran = job.job("tests", &with_tests(given(&project)));
    assert!(ran.ok().contains("\ntests pass, memory limit 128M\n"), "{}{}", ran.stdout, ran.stderr);
    let requests = engine.requests(since);
    assert!(requests.iter().all(|request| request.starts_with("HEAD ") || request.starts_with("GET ")), "{requests:#?}");
    let fetched = requests.iter().filter(|request| request.starts_with("GET ") && request.contains("/blobs/")).count();
    assert!(fetched >= layers(&image).len(), "{requests:#?}");
    let pulled = job.step("docker image inspect --format '{{index .RepoDigests 0}}' \"$DOCKER_IMAGE\"");
    assert_eq!(pulled.ok().trim().rsplit('@').next().map(str::to_owned), digest(&image, None));
    tells(&job, &project);
    Ok(())
}

fn login(engine: &Engine) -> Result<(), Failed> {
    let mut project = with_program(login::project(engine));
    let password = engine.get("ENGINE_REGISTRY_PASS").to_owned();
    secrets(&mut project, engine.get("ENGINE_REGISTRY_USER"), &password);
    // `verbose` says every program and its arguments.
    let job = Circle::new(&project);
    let ran = job.job("build", &with(given(&project), json!({ "verbose": true })));
    ran.ok();
    let image = format!("{}:{}", project.image, project.tag());
    let there = digest(&image, Some(&login::user(engine)));
    assert!(there.is_some());
    assert_eq!(digest(&format!("{}:ci", project.image), Some(&login::user(engine))), there);
    assert!(!format!("{}{}", ran.stdout, ran.stderr).contains(&password), "{}{}", ran.stdout, ran.stderr);
    assert!(!job.step("cat \"$BASH_ENV\" && find ~ -type f | xargs -r cat").ok().contains(&password));
    Ok(())
}

fn wrong_password(engine: &Engine) -> Result<(), Failed> {
    let mut project = with_program(login::project(engine));
    secrets(&mut project, "ci", "not-the-one");
    let job = Circle::new(&project);
    let ran = job.job("build", &given(&project));
    ran.failed(1, "refuses the login of the user `ci` that was given");
    assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("not-the-one"), "{}{}", ran.stdout, ran.stderr);
    nothing_built(&project);
    // Steps that run all the same (`when: always`) have no image to go by.
    assert_eq!(job.step("echo \"${DOCKER_IMAGE-none}\"").ok(), "none\n");
    Ok(())
}

/// Who reads the registry without a password finds the image missing; where a password is needed, that cannot be found out.
fn fork(engine: &Engine) -> Result<(), Failed> {
    for (project, user) in [(Project::new(engine), None), (login::project(engine), Some(login::user(engine)))] {
        let mut project = with_program(project);
        // CircleCI docs, "Built-in environment variables": set on pull requests from forks only. Secrets are not set at all.
        project.env.insert("CIRCLE_PR_USERNAME".to_owned(), "stranger".to_owned());
        let since = engine.mark();
        let job = Circle::new(&project);
        let ran = job.job("build", &given(&project));
        ran.ok();
        assert!(ran.stderr.contains("a pull request from a fork"), "{}", ran.stderr);
        tells(&job, &project);
        // The tests job cannot pull what was not pushed, and may run on another machine.
        let name = project.image.rsplit('/').next().unwrap();
        project.shell(&format!("docker images -q --filter reference='*/{name}' | xargs docker rmi -f")).ok();
        let ran = Circle::new(&project).job("tests", &with_tests(with(given(&project), json!({ "or_build": true }))));
        assert!(ran.ok().contains("\ntests pass, memory limit 128M\n"), "{}{}", ran.stdout, ran.stderr);
        let requests = engine.requests(since);
        assert!(requests.iter().all(|request| request.starts_with("HEAD ") || request.starts_with("GET ")), "{requests:#?}");
        assert_eq!(digest(&format!("{}:{}", project.image, project.tag()), user.as_deref()), None);
    }
    Ok(())
}

/// A machine that has the native program.
pub(crate) fn with_program(mut project: Project) -> Project {
    let folder = Path::new(env!("CARGO_BIN_EXE_docktag")).parent().unwrap();
    let path = format!("{}:{}", folder.display(), project.env["PATH"]);
    project.env.insert("PATH".to_owned(), path);
    project
}

/// What the context of the example has.
fn secrets(project: &mut Project, user: &str, password: &str) {
    project.env.extend([("DOCKER_USERNAME", user), ("DOCKER_PASSWORD", password)].map(|(name, value)| (name.to_owned(), value.to_owned())));
}

/// The parameters of the recipe's example.
fn given(project: &Project) -> Value {
    json!({ "path": "docker", "image": project.image })
}

/// The step of its tests job; `-T`, since there is no terminal here. Before it the image has to be there: Compose would pull it.
fn with_tests(parameters: Value) -> Value {
    let steps = ["docker image inspect \"$DOCKER_IMAGE\" >/dev/null", "docker compose run --rm -T app ./run-tests.sh"];
    with(parameters, json!({ "steps": steps.map(|lines| json!({ "run": lines })) }))
}

fn with(mut parameters: Value, more: Value) -> Value {
    let Value::Object(more) = more else { unreachable!() };
    parameters.as_object_mut().unwrap().extend(more);
    parameters
}

/// The tag and the moving tag are in the registry, as one image; its name.
fn pushed(project: &Project) -> String {
    let image = format!("{}:{}", project.image, project.tag());
    let there = digest(&image, None);
    assert!(there.is_some(), "{image} was not pushed");
    assert_eq!(digest(&format!("{}:ci", project.image), None), there);
    image
}

/// Steps that come later have the recipe's three names, and so have the programs that they start.
fn tells(job: &Circle<'_>, project: &Project) {
    let expected = BTreeMap::from([
        ("DOCKER_IMAGE", format!("{}:{}", project.image, project.tag())),
        ("DOCKER_IMAGE_CI", format!("{}:ci", project.image)),
        ("DOCKER_IMAGE_MD5", project.tag()),
    ]);
    let told = job.step("env | grep ^DOCKER_IMAGE");
    let told: BTreeMap<&str, String> =
        told.ok().lines().filter_map(|line| line.split_once('=')).map(|(name, value)| (name, value.to_owned())).collect();
    assert_eq!(told, expected);
}

/// A build of what is there asks for its two tags, runs nothing, and tells later steps.
fn hits(engine: &Engine, job: &Circle<'_>, project: &Project) {
    let since = engine.mark();
    let ran = job.command("build", &given(project));
    ran.ok();
    let requests = engine.requests(since);
    assert_eq!(requests.len(), 2, "{requests:?}");
    assert!(requests.iter().all(|request| request.starts_with("HEAD ") && request.ends_with(" 200")), "{requests:?}");
    assert!(!ran.stderr.contains("$ "), "a program was run:\n{}", ran.stderr);
    tells(job, project);
}
