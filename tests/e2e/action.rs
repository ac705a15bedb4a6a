//! The action, run as GitHub runs it.

use std::net::TcpListener;

use libtest_mimic::Failed;

use crate::Test;
use crate::compose;
use crate::engine::{Engine, Needs};
use crate::login;
use crate::project::Project;
use crate::registry::{digest, layers};
use crate::runner::Runner;

pub(crate) fn tests() -> Vec<Test> {
    vec![
        ("the_action_builds_what_is_missing_and_tells_later_steps", Needs::Any, cold),
        ("a_second_run_of_the_action_asks_twice_and_needs_no_engine", Needs::Any, warm),
        ("the_actions_tests_job_pulls_what_its_build_job_pushed", Needs::Own, cycle),
        ("the_action_rebuilds_a_change_from_cache", Needs::Own, changed),
        ("the_action_without_inputs_provides_every_service_of_the_compose_file", Needs::Own, services),
        ("the_action_logs_in_and_shows_no_password", Needs::Any, login),
        ("the_action_with_a_wrong_password_fails_and_builds_nothing", Needs::Any, wrong_password),
        ("the_action_builds_a_pull_request_from_a_fork_and_does_not_push_it", Needs::Any, fork),
        ("what_a_build_prints_is_no_command_to_the_runner", Needs::Any, printing),
        ("the_action_with_a_registry_that_is_down_fails_and_builds_nothing", Needs::Any, down),
    ]
}

fn cold(engine: &Engine) -> Result<(), Failed> {
    let project = Project::new(engine);
    let image = format!("{}:{}", project.image, project.tag());
    let run = Runner::new(&project).run("build.yml");
    run.ok();
    let pushed = digest(&image, None).unwrap();
    assert_eq!(digest(&format!("{}:ci", project.image), None).as_ref(), Some(&pushed));
    let facts = run.facts("build");
    assert_eq!(facts["OUTPUT_IMAGE"], image);
    assert_eq!(facts["OUTPUT_FIRST"], image);
    assert_eq!(facts["OUTPUT_TAG"], project.tag());
    assert_eq!(facts["BY_HAND"], project.tag());
    assert_eq!((facts["OUTPUT_HIT"], facts["OUTPUT_DIGEST"]), ("false", pushed.as_str()));
    assert_eq!(facts["DOCKER_IMAGE"], image);
    assert_eq!(facts["DOCKER_IMAGE_MD5"], project.tag());
    assert_eq!(facts["DOCKER_IMAGE_CI"], format!("{}:ci", project.image));
    assert!(run.summary("build").contains(&image) && run.summary("build").contains(&pushed), "{}", run.summary("build"));
    let manifest = facts["OUTPUT_MANIFEST"].rsplit('/').next().unwrap();
    let left: Vec<&str> = run.printed("build", "left ").collect();
    assert!(left.iter().all(|name| manifest.starts_with(name)), "besides {manifest} the action left {left:?}");
    assert!(project.left_over().is_empty(), "{:?}", project.left_over());
    Ok(())
}

/// A step of the build prints what the runner would obey.
fn printing(engine: &Engine) -> Result<(), Failed> {
    let mut project = Project::new(engine);
    // The older builder puts nothing before what a step prints.
    project.env.insert("DOCKER_BUILDKIT".to_owned(), "0".to_owned());
    let file = project.folder.join("docker/dev/Dockerfile");
    let text = std::fs::read_to_string(&file).unwrap();
    let step = "RUN printf '::set-output name=tag::stolen\\n::add-mask::hidden\\n##[add-mask]hidden\\n::error::false\\n::set-output name=image::stolen'";
    std::fs::write(&file, text.replace("RUN sleep 2", &format!("{step}\nRUN sleep 0"))).unwrap();
    let run = Runner::new(&project).run("build.yml");
    run.ok();
    assert!(run.text().contains("::error::false"), "{}", run.text());
    assert_eq!(run.facts("build")["OUTPUT_TAG"], project.tag());
    assert!(!run.masks().contains(&"hidden"), "{:?}", run.masks());
    assert!(!run.obeyed("error").contains(&"false"), "{}", run.text());
    Ok(())
}

fn warm(engine: &Engine) -> Result<(), Failed> {
    let mut project = Project::new(engine);
    // What the program built is a hit for the action: both have the same tag.
    let image = project.docktag(&["build"]).ok().trim().to_owned();
    let since = engine.mark();
    project.env.insert("DOCKER_HOST".to_owned(), "unix:///nonexistent/docker.sock".to_owned());
    let run = Runner::new(&project).run("build.yml");
    run.ok();
    let requests = engine.requests(since);
    assert_eq!(requests.len(), 2, "{requests:?}");
    assert!(requests.iter().all(|request| request.starts_with("HEAD ") && request.ends_with(" 200")), "{requests:?}");
    let facts = run.facts("build");
    assert_eq!((facts["OUTPUT_IMAGE"], facts["OUTPUT_HIT"]), (image.as_str(), "true"));
    assert_eq!(Some(facts["OUTPUT_DIGEST"].to_owned()), digest(&image, None));
    assert!(run.summary("build").contains("hit"), "{}", run.summary("build"));
    Ok(())
}

/// Images that are built with each other, from an empty registry, and again on a machine that has nothing.
fn services(engine: &Engine) -> Result<(), Failed> {
    let project = compose::family_project(engine);
    let images: Vec<String> = compose::tags(&project).into_values().collect();
    for hit in ["false", "true"] {
        engine.fresh();
        let run = Runner::new(&project).run("services.yml");
        run.ok();
        let facts = run.facts("build");
        assert_eq!(facts["OUTPUT_HIT"], hit);
        let outputs: Vec<serde_json::Value> = serde_json::from_str(facts["OUTPUT_IMAGES"]).unwrap();
        assert!(outputs.iter().all(|output| images.contains(&output["image"].as_str().unwrap().to_owned())), "{outputs:?}");
        assert_eq!(outputs.len(), 4);
        assert_eq!(run.facts("tests")["SAID_a"], "1", "the service used the image that was built");
    }
    Ok(())
}

/// Both jobs twice, the second time on a machine that has nothing.
fn cycle(engine: &Engine) -> Result<(), Failed> {
    let project = Project::new(engine);
    let image = format!("{}:{}", project.image, project.tag());
    for hit in ["false", "true"] {
        engine.fresh();
        let since = engine.mark();
        let run = Runner::new(&project).run("cycle.yml");
        run.ok();
        let facts = run.facts("tests");
        assert_eq!((facts["BUILT"], facts["HIT"]), (image.as_str(), hit));
        assert_eq!(facts["DOCKER_IMAGE"], image);
        assert_eq!(facts["PULLED"].rsplit('@').next().map(str::to_owned), digest(&image, None));
        run.printed_line("tests", "tests pass, memory limit 128M");
        let requests = engine.requests(since);
        let fetched = requests.iter().filter(|request| request.starts_with("GET ") && request.contains("/blobs/")).count();
        let sent = requests.iter().filter(|request| !request.starts_with("GET ") && !request.starts_with("HEAD ")).count();
        // What was built on this engine need not be fetched; on the fresh one nothing is built, and every layer is.
        let (built, layers) = (hit == "false", layers(&image).len());
        assert!((sent > 0) == built && (built || fetched >= layers), "{sent} sent, {fetched} of {layers} fetched: {requests:#?}");
    }
    Ok(())
}

fn changed(engine: &Engine) -> Result<(), Failed> {
    let project = Project::new(engine);
    let mut before: Option<(String, Vec<String>)> = None;
    for limit in ["128M", "256M", "512M"] {
        engine.fresh();
        project.change(limit);
        let run = Runner::new(&project).run("cycle.yml");
        let image = run.ok().output("build", "image").to_owned();
        assert_eq!(run.output("build", "hit"), "false");
        run.printed_line("tests", &format!("tests pass, memory limit {limit}"));
        let now = layers(&image);
        if let Some((image_before, layers_before)) = before {
            assert_ne!(image, image_before);
            let kept = now.iter().zip(&layers_before).take_while(|(a, b)| a == b).count();
            assert!(kept >= 5, "only {kept} layers are those of before at {limit}:\n{}", run.text());
            assert_ne!(now, layers_before);
        }
        assert_eq!(digest(&format!("{}:ci", project.image), None), digest(&image, None));
        before = Some((image, now));
    }
    Ok(())
}

fn login(engine: &Engine) -> Result<(), Failed> {
    let project = login::project(engine);
    let password = engine.get("ENGINE_REGISTRY_PASS");
    let runner = Runner::new(&project).var("REGISTRY", engine.get("ENGINE_REGISTRY_AUTH"));
    let run = runner.secret("USERNAME", engine.get("ENGINE_REGISTRY_USER")).secret("PASSWORD", password).run("login.yml");
    run.ok();
    let pushed = digest(run.output("build", "image"), Some(&login::user(engine)));
    assert_eq!(pushed.as_deref(), Some(run.output("build", "digest")));
    assert!(run.masks().contains(&password), "the runner was not told to hide the password");
    assert!(!run.text().contains(password), "{}", run.text());
    assert!(!run.summary("build").contains(password));
    Ok(())
}

fn wrong_password(engine: &Engine) -> Result<(), Failed> {
    let project = login::project(engine);
    let runner = Runner::new(&project).var("REGISTRY", engine.get("ENGINE_REGISTRY_AUTH"));
    let run = runner.secret("USERNAME", "ci").secret("PASSWORD", "not-the-one").run("login.yml");
    run.failed("refuses the login of the user `ci` that was given");
    assert!(!run.text().contains("not-the-one"), "{}", run.text());
    nothing_built(&project);
    Ok(())
}

/// Who reads the registry without a password finds the image missing; where a password is needed, that cannot be found out.
fn fork(engine: &Engine) -> Result<(), Failed> {
    for (project, user) in [(Project::new(engine), None), (login::project(engine), Some(login::user(engine)))] {
        let since = engine.mark();
        let registry = project.image.split('/').next().unwrap();
        let run = Runner::new(&project).var("REGISTRY", registry).pull_request("fork.json").run("login.yml");
        run.ok();
        assert_eq!(run.facts("build")["OUTPUT_HIT"], "false");
        run.printed_line("build", "tests pass, memory limit 128M");
        let requests = engine.requests(since);
        assert!(requests.iter().all(|request| request.starts_with("HEAD ") || request.starts_with("GET ")), "{requests:#?}");
        assert_eq!(digest(run.output("build", "image"), user.as_deref()), None);
        assert!(run.summary("build").contains("a pull request from the fork stranger/app"), "{}", run.summary("build"));
    }
    Ok(())
}

fn down(engine: &Engine) -> Result<(), Failed> {
    let mut project = Project::new(engine);
    // A port that was free a moment ago.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    project.image = project.image.replace(engine.get("ENGINE_REGISTRY"), &address.to_string());
    let run = Runner::new(&project).run("build.yml");
    run.failed(&address.to_string());
    nothing_built(&project);
    Ok(())
}

/// The engine has no image of the project's repository.
pub(crate) fn nothing_built(project: &Project) {
    let name = project.image.rsplit('/').next().unwrap();
    assert_eq!(project.shell(&format!("docker images -q --filter reference='*/{name}'")).ok(), "");
}
