//! Projects whose Compose files tell what counts: every service has its own tag.

use std::collections::BTreeMap;
use std::fs;

use docktag::refresh::Refresh;
use libtest_mimic::Failed;

use crate::Test;
use crate::engine::{Engine, Needs};
use crate::project::{Project, Ran};
use crate::registry::{config, digest};
use crate::structures;

pub(crate) fn tests() -> Vec<Test> {
    vec![
        ("many_services_on_one_context_are_built_only_where_their_files_changed", Needs::Any, shop),
        ("images_that_are_built_with_each_other_come_in_order_and_follow_a_change", Needs::Own, family),
        ("compose_1_builds_images_with_each_other_too", Needs::Own, family_with_v1),
        ("an_image_of_the_project_that_is_there_is_built_upon_without_being_built", Needs::Own, upon_a_hit),
        ("one_large_context_gives_every_target_its_own_part", Needs::Any, monolith),
        ("later_steps_use_the_images_through_compose_file", Needs::Own, later),
        ("pinned_bases_count_and_are_what_is_built_upon", Needs::Own, pinned),
        ("the_recipes_project_works_with_exact_inputs", Needs::Any, recipe),
        ("a_service_without_an_image_is_local_until_it_gets_a_prefix", Needs::Any, prefix),
        ("inputs_that_change_during_the_build_are_not_pushed", Needs::Any, changed),
        ("an_image_is_for_the_platform_that_its_tag_says", Needs::Any, platform),
        ("pull_takes_the_image_of_the_period_in_which_the_run_began", Needs::Any, period),
        ("compose_is_asked_for_what_is_not_read_here", Needs::Any, not_covered),
    ]
}

/// Service and image, as `tag` prints them.
pub(crate) fn tags(project: &Project) -> BTreeMap<String, String> {
    let ran = project.plain(&["tag"]);
    ran.ok().lines().map(|line| line.split_once('\t').unwrap()).map(|(service, image)| (service.to_owned(), image.to_owned())).collect()
}

/// The services whose images are others than before.
fn differ(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<String> {
    after.iter().filter(|(service, image)| before.get(*service) != Some(image)).map(|(service, _)| service.clone()).collect()
}

/// The services that a build named.
fn built(ran: &Ran) -> Vec<String> {
    let lines = ran.stderr.lines().filter(|line| line.starts_with("$ ") && line.contains(" build "));
    let mut services: Vec<String> = lines.flat_map(|line| line.rsplit_once(" build ").unwrap().1.split(' ')).map(str::to_owned).collect();
    services.sort();
    services
}

fn name(project: &Project) -> String {
    project.image.rsplit('/').next().unwrap().to_owned()
}

fn shop(engine: &Engine) -> Result<(), Failed> {
    let mut project = Project::empty(engine);
    structures::shop(&project.folder, engine.get("ENGINE_REGISTRY"), &name(&project));
    project.env.insert("COMPOSE_FILE".to_owned(), "compose.yaml:compose.more.yaml".to_owned());
    let before = tags(&project);
    assert_eq!(before.len(), 12);
    let cold = project.plain(&["build"]);
    cold.ok();
    assert_eq!(built(&cold).len(), 12);
    for image in before.values() {
        let moving = format!("{}:1.2-ci", image.rsplit_once(':').unwrap().0);
        assert_eq!(digest(image, None).unwrap(), digest(&moving, None).unwrap(), "{image}");
    }

    // Nothing changed: one question an image and one a moving tag, and no engine.
    let host = project.env.insert("DOCKER_HOST".to_owned(), "unix:///nonexistent".to_owned());
    let since = engine.mark();
    project.plain(&["build"]).ok();
    let requests = engine.requests(since);
    assert_eq!(requests.len(), 24, "{requests:?}");
    assert!(requests.iter().all(|request| request.starts_with("HEAD ") && request.ends_with(" 200")), "{requests:?}");
    project.env.extend(host.map(|host| ("DOCKER_HOST".to_owned(), host)));

    for (file, services) in [
        ("src/service4/main.txt", vec!["service4"]),
        ("docs/guide.md", vec![]),
        ("src/service4/README.md", vec![]),
        ("pb/demo.proto", vec!["service1", "service10", "service11", "service2", "service4", "service5", "service7", "service8"]),
    ] {
        let before = tags(&project);
        fs::write(project.folder.join(file), "changed\n").unwrap();
        assert_eq!(differ(&before, &tags(&project)), services, "{file}");
        let ran = project.plain(&["build"]);
        ran.ok();
        assert_eq!(built(&ran), services, "{file}");
    }
    Ok(())
}

/// Runs the service `api`, whose image has something of three others.
fn run_api(project: &Project) -> String {
    let image = tags(project)["api"].clone();
    project.shell(&format!("docker run --rm {image}")).ok().to_owned()
}

pub(crate) fn family_project(engine: &Engine) -> Project {
    let project = Project::empty(engine);
    structures::family(&project.folder, engine.get("ENGINE_REGISTRY"), &name(&project), engine.get("ENGINE_BUSYBOX"));
    project
}

fn follow(engine: &Engine, compose: &str) -> Result<(), Failed> {
    let project = family_project(engine);
    let before = tags(&project);
    assert_eq!(before.len(), 4 + 1, "{before:?}");
    assert_eq!(before["api"], before["api-worker"], "who uses the image without building it has the same");
    let compose = format!("--compose={compose}");
    project.plain(&["build", &compose]).ok();
    assert_eq!(run_api(&project), "1\na=1\napi\n");

    engine.fresh();
    fs::write(
        project.folder.join("base/Dockerfile"),
        fs::read_to_string(project.folder.join("base/Dockerfile")).unwrap().replace("echo 1", "echo 2"),
    )
    .unwrap();
    assert_eq!(differ(&before, &tags(&project)).len(), 5, "all of them are built with the base");
    project.plain(&["build", &compose]).ok();
    assert_eq!(run_api(&project), "2\na=1\napi\n");
    Ok(())
}

fn family(engine: &Engine) -> Result<(), Failed> {
    follow(engine, "docker compose")
}

/// Compose v1 knows no `additional_contexts`, so the service that has some is left out.
fn family_with_v1(engine: &Engine) -> Result<(), Failed> {
    let project = family_project(engine);
    let file = project.folder.join("docker-compose.yml");
    let text = fs::read_to_string(&file).unwrap();
    let (begin, rest) = text.split_once("  batch:\n").unwrap();
    fs::write(&file, format!("{begin}{}", &rest[rest.find("  runtime:\n").unwrap()..])).unwrap();
    project.plain(&["build", "--compose=docker-compose"]).ok();
    assert_eq!(run_api(&project), "1\na=1\napi\n");
    engine.fresh();
    fs::write(project.folder.join("runtime/runtime.conf"), "a=2\n").unwrap();
    let ran = project.plain(&["build", "--compose=docker-compose"]);
    ran.ok();
    assert_eq!(built(&ran), ["api", "runtime"]);
    assert_eq!(run_api(&project), "1\na=2\napi\n");
    Ok(())
}

fn upon_a_hit(engine: &Engine) -> Result<(), Failed> {
    let project = family_project(engine);
    project.plain(&["build"]).ok();
    engine.fresh();
    fs::write(project.folder.join("api/api.txt"), "other\n").unwrap();
    fs::write(project.folder.join("batch/batch.txt"), "other\n").unwrap();
    let ran = project.plain(&["build"]);
    ran.ok();
    assert_eq!(built(&ran), ["api", "batch"]);
    assert!(!ran.stderr.contains("RUN echo 1"), "the base was built again:\n{}", ran.stderr);
    assert_eq!(run_api(&project), "1\na=1\nother\n");
    Ok(())
}

fn monolith(engine: &Engine) -> Result<(), Failed> {
    let project = Project::empty(engine);
    structures::monolith(&project.folder, engine.get("ENGINE_REGISTRY"), &name(&project));
    let inputs = |service: &str| -> serde_json::Value { serde_json::from_str(project.plain(&["inputs", service, "--json"]).ok()).unwrap() };
    let count = |value: &serde_json::Value| value["files"].as_array().unwrap().len();
    let (web, tests, nginx) = (inputs("web"), inputs("unit-tests"), inputs("nginx"));
    // Its Dockerfile, requirements, modules without what is compiled, entry point; the tests; components and configuration.
    assert_eq!((count(&web), count(&tests), count(&nginx)), (303, 603, 302));
    assert_eq!(web["whole_context"], false);
    assert!(
        web["ignored"].as_u64().unwrap() >= 300 && web["not_reached"].as_u64().unwrap() >= 601,
        "{} {}",
        web["ignored"],
        web["not_reached"]
    );
    project.plain(&["build"]).ok();
    let before = tags(&project);
    assert!(before["web"].contains("/web:") && before["unit-tests"].contains("/web:tests-"), "{before:?}");
    fs::write(project.folder.join("tests/test7.py"), "changed\n").unwrap();
    fs::write(project.folder.join("docs/index.md"), "changed\n").unwrap();
    assert_eq!(differ(&before, &tags(&project)), ["unit-tests"]);
    let ran = project.plain(&["build"]);
    ran.ok();
    assert_eq!(built(&ran), ["unit-tests"]);
    Ok(())
}

fn later(engine: &Engine) -> Result<(), Failed> {
    let project = family_project(engine);
    project.plain(&["build"]).ok();
    engine.fresh();
    // Another job: the images are pulled, and a plain `docker compose` uses them.
    let lines = "export BASH_ENV=$PWD/../bash.env; : >$BASH_ENV; \"$DOCKTAG\" pull --ci && . $BASH_ENV && docker compose config && docker compose up --no-build --abort-on-container-exit api";
    let mut project = project;
    project.env.insert("DOCKTAG".to_owned(), env!("CARGO_BIN_EXE_docktag").to_owned());
    let ran = project.shell(lines);
    ran.ok();
    for image in tags(&project).values() {
        let pinned = format!("{image}@{}", digest(image, None).unwrap());
        assert!(ran.stdout.contains(&pinned), "not in the model: {pinned}\n{}", ran.stdout);
    }
    assert!(ran.stdout.contains("api-1  | a=1"), "{}\n{}", ran.stdout, ran.stderr);
    // Not even a service that has another one as a context makes Compose build that one.
    let ran = project.shell(". ../bash.env; docker compose run --rm batch /bin/busybox cat /batch/batch.txt 2>&1");
    assert!(ran.ok().ends_with("batch\n") && !ran.stdout.contains("exporting to image"), "{}", ran.stdout);
    // The same by `env`, which asks the registry for the digests.
    let ran = project.shell(
        "unset COMPOSE_FILE; docker compose down >/dev/null 2>&1; docker image prune -af >/dev/null; \"$DOCKTAG\" pull && eval \"$(\"$DOCKTAG\" env)\" && docker compose config && docker compose run --rm batch /bin/busybox cat /batch/batch.txt 2>&1 && docker compose up --abort-on-container-exit api 2>&1",
    );
    assert!(!ran.ok().contains("exporting to image") && ran.stdout.contains("api-1  | a=1"), "{}\n{}", ran.stdout, ran.stderr);
    assert!(!ran.stdout.contains("service:") && ran.stdout.matches("@sha256:").count() >= tags(&project).len(), "{}", ran.stdout);
    // In the same job docktag reads the user's names, not its own.
    let again = project.shell(". ../bash.env; \"$DOCKTAG\" tag");
    assert_eq!(again.ok(), project.plain(&["tag"]).ok());
    Ok(())
}

fn pinned(engine: &Engine) -> Result<(), Failed> {
    let project = Project::empty(engine);
    let base = format!("{}/{}/base:1", engine.get("ENGINE_REGISTRY"), name(&project));
    let push_base = |text: &str| {
        project.shell(&format!("mkdir -p ../base && cd ../base && echo {text} >file && printf 'FROM scratch\\nCOPY file /file\\n' >Dockerfile && docker build -q -t {base} . && docker push -q {base} && docker rmi {base}")).ok();
    };
    fs::write(project.folder.join("compose.yaml"), format!("services: {{app: {{image: {}, build: .}}}}\n", project.image)).unwrap();
    fs::write(project.folder.join("Dockerfile"), format!("FROM {base}\nCOPY a.txt /\n")).unwrap();
    fs::write(project.folder.join("a.txt"), "a\n").unwrap();
    push_base("one");
    let tag = |args: &[&str]| project.plain(&[&["tag"], args].concat()).ok().to_owned();
    let (free, first) = (tag(&[]), tag(&["--pin-bases"]));
    project.plain(&["build", "--pin-bases"]).ok();
    let manifest = project.plain(&["manifest", "--pin-bases"]);
    let one = digest(&base, None).unwrap();
    assert!(manifest.ok().contains(&format!("# base {base} {one}\n")), "{}", manifest.stdout);

    push_base("two");
    assert_eq!(tag(&[]), free, "without --pin-bases the name of the base counts, not what is behind it");
    assert_ne!(tag(&["--pin-bases"]), first);
    let ran = project.plain(&["build", "--pin-bases", "-v"]);
    ran.ok();
    let two = digest(&base, None).unwrap();
    assert!(ran.stderr.contains(&format!("@{two}")), "the build was not told which base:\n{}", ran.stderr);
    Ok(())
}

fn recipe(engine: &Engine) -> Result<(), Failed> {
    let project = Project::new(engine);
    let ran = project.plain(&["build", "--image", &project.image]);
    let image = ran.ok().trim().to_owned();
    assert!(image.starts_with(&format!("{}:", project.image)), "{image}");
    assert_eq!(digest(&image, None), digest(&format!("{}:ci", project.image), None));
    // Exact inputs see what the plain folder does not.
    let manifest = project.plain(&["manifest", "app"]);
    assert!(
        manifest.ok().contains("# exec docker/dev/entrypoint.sh\n") && manifest.stdout.contains("# platform linux/"),
        "{}",
        manifest.stdout
    );
    fs::write(project.folder.join("docker/dev/unused.txt"), "no instruction copies this\n").unwrap();
    assert_eq!(project.plain(&["tag", "--image", &project.image]).ok(), format!("app\t{image}\n"));
    let env = project.plain(&["env", "--image", &project.image]);
    assert!(env.ok().contains(&format!("export DOCKER_IMAGE={image}\n")), "{}", env.stdout);
    Ok(())
}

fn prefix(engine: &Engine) -> Result<(), Failed> {
    let project = Project::empty(engine);
    fs::write(project.folder.join("compose.yaml"), "services: {app: {build: .}}\n").unwrap();
    fs::write(project.folder.join("Dockerfile"), "FROM scratch\nCOPY a.txt /\n").unwrap();
    fs::write(project.folder.join("a.txt"), "a\n").unwrap();
    let name = name(&project);
    assert!(tags(&project)["app"].starts_with(&format!("{name}-app:")));
    project.plain(&["build"]).failed(2, "has no `image:`");
    let ran = project.plain(&["build", "--no-push"]);
    let image = ran.ok().trim().to_owned();
    project.shell(&format!("docker image inspect {image} && docker rmi {image}")).ok();
    let prefix = format!("{}/acme/", engine.get("ENGINE_REGISTRY"));
    let ran = project.plain(&["build", "--repository-prefix", &prefix]);
    let image = ran.ok().trim().to_owned();
    assert!(image.starts_with(&format!("{prefix}{name}-app:")), "{image}");
    assert!(digest(&image, None).is_some());
    Ok(())
}

fn changed(engine: &Engine) -> Result<(), Failed> {
    let project = Project::empty(engine);
    structures::monolith(&project.folder, engine.get("ENGINE_REGISTRY"), &name(&project));
    // The build itself cannot change files, so another Compose does it, before it goes on as the real one.
    let fake = project.folder.join("../compose");
    fs::write(&fake, "#!/bin/sh\ncase \" $* \" in *' build '*) echo changed >tests/test9.py;; esac\nexec docker compose \"$@\"\n").unwrap();
    project.shell("chmod +x ../compose").ok();
    let image = tags(&project)["unit-tests"].clone();
    let ran = project.plain(&["build", "--compose=../compose", "unit-tests"]);
    ran.failed(1, "tests/test9.py changed");
    assert_eq!(digest(&image, None), None, "it was pushed all the same");
    assert!(!project.shell("docker images --format '{{.Repository}}:{{.Tag}}'").ok().contains(&image), "its tag is still on the engine");
    Ok(())
}

/// A project of one service that copies one file.
fn small(engine: &Engine) -> Project {
    let project = Project::empty(engine);
    fs::write(project.folder.join("compose.yaml"), format!("services: {{app: {{image: {}, build: .}}}}\n", project.image)).unwrap();
    fs::write(project.folder.join("Dockerfile"), "FROM scratch\nARG TARGETARCH\nCOPY $TARGETARCH.txt /\n").unwrap();
    for name in ["amd64", "arm64", "s390x"] {
        fs::write(project.folder.join(format!("{name}.txt")), name).unwrap();
    }
    project
}

fn platform(engine: &Engine) -> Result<(), Failed> {
    let project = small(engine);
    let ran = project.plain(&["build", "--platform", "linux/s390x"]);
    let image = ran.ok().trim().to_owned();
    assert_eq!(config(&image)["architecture"], "s390x");
    assert_ne!(tags(&project)["app"], image, "this machine's platform is another one");
    let inputs: serde_json::Value = serde_json::from_str(project.plain(&["inputs", "--json", "--platform=linux/s390x"]).ok()).unwrap();
    let paths: Vec<&str> = inputs["files"].as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["Dockerfile", "s390x.txt"]);
    Ok(())
}

fn period(engine: &Engine) -> Result<(), Failed> {
    let project = small(engine);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let (today, yesterday) = Refresh::Daily.periods(now);
    // The build job ran before midnight.
    project.plain(&["build", "--refresh", &yesterday.unwrap()]).ok();
    let ran = project.plain(&["pull", "--refresh", "daily"]);
    ran.ok();
    assert!(ran.stderr.contains("the period that has just ended"), "{}", ran.stderr);
    project.plain(&["pull", "--refresh", &today]).failed(3, "not in the registry");
    project.plain(&["build", "--refresh", "daily"]).ok();
    assert!(!project.plain(&["pull", "--refresh", "daily"]).stderr.contains("just ended"));
    Ok(())
}

fn not_covered(engine: &Engine) -> Result<(), Failed> {
    let project = small(engine);
    let expected = tags(&project);
    let file = project.folder.join("compose.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("%YAML 1.1\n---\n{text}")).unwrap();
    let ran = project.plain(&["tag", "-v"]);
    assert_eq!(ran.ok(), format!("app\t{}\n", expected["app"]));
    assert!(ran.stderr.contains("Compose is asked instead"), "{}", ran.stderr);
    project.plain(&["build"]).ok();
    Ok(())
}
