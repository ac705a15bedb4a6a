//! The recipe's cycle: cold, warm, changed, pulled; with every Compose and both builders.

use libtest_mimic::Failed;

use crate::Test;
use crate::engine::{Engine, Needs};
use crate::project::Project;
use crate::registry::{config, digest, layers};

pub(crate) fn tests() -> Vec<Test> {
    vec![
        ("a_cold_build_pushes_the_tag_and_the_moving_tag_with_one_digest", Needs::Any, cold),
        ("a_second_run_builds_nothing_moves_no_layer_and_needs_no_engine", Needs::Any, warm),
        ("compose_2_with_buildkit_rebuilds_a_change_from_cache", Needs::Own, compose2),
        ("compose_5_with_buildkit_rebuilds_a_change_from_cache", Needs::Own, compose5),
        ("compose_1_with_buildkit_rebuilds_a_change_from_cache", Needs::Own, compose1),
        ("compose_1_with_the_classic_builder_rebuilds_a_change_from_cache", Needs::Own, classic),
        ("what_the_recipe_pushed_is_a_hit", Needs::Any, recipe),
        ("the_tests_job_pulls_exactly_that_tag_and_a_container_of_it_runs", Needs::Own, pull),
        ("a_stale_image_of_the_same_tag_on_the_engine_does_not_pass_for_the_pulled_one", Needs::Any, stale),
        ("without_a_push_the_image_is_on_the_engine_only", Needs::Any, no_push),
    ]
}

fn cold(engine: &Engine) -> Result<(), Failed> {
    let project = Project::new(engine);
    let ran = project.docktag(&["build"]);
    let image = format!("{}:{}", project.image, project.tag());
    assert_eq!(ran.ok(), format!("{image}\n"));
    let pushed = digest(&image, None).unwrap();
    assert_eq!(digest(&format!("{}:ci", project.image), None), Some(pushed));
    assert!(config(&image).get("moby.buildkit.cache.v0").is_some(), "the image carries no inline cache");
    assert!(project.left_over().is_empty(), "{:?}", project.left_over());
    Ok(())
}

fn warm(engine: &Engine) -> Result<(), Failed> {
    let mut project = Project::new(engine);
    project.docktag(&["build"]).ok();
    let since = engine.mark();
    project.env.insert("DOCKER_HOST".to_owned(), "unix:///nonexistent/docker.sock".to_owned());
    let ran = project.docktag(&["build"]);
    assert_eq!(ran.ok(), format!("{}:{}\n", project.image, project.tag()));
    let requests = engine.requests(since);
    assert_eq!(requests.len(), 2, "{requests:?}");
    assert!(
        requests.iter().all(|request| request.starts_with("HEAD ") && request.contains("/manifests/") && request.ends_with(" 200")),
        "{requests:?}"
    );
    assert!(!ran.stderr.contains("$ "), "a program was run:\n{}", ran.stderr);
    Ok(())
}

fn compose2(engine: &Engine) -> Result<(), Failed> {
    change_twice(engine, &[], "--compose=docker compose")
}

fn compose5(engine: &Engine) -> Result<(), Failed> {
    change_twice(engine, &[("DOCKER_CONFIG", &engine.compose5())], "--compose=docker compose")
}

fn compose1(engine: &Engine) -> Result<(), Failed> {
    change_twice(engine, &[], "--compose=docker-compose")
}

fn classic(engine: &Engine) -> Result<(), Failed> {
    change_twice(engine, &[("COMPOSE_DOCKER_CLI_BUILD", "0"), ("DOCKER_BUILDKIT", "0")], "--compose=docker-compose")
}

/// Two changes one after the other, each on a machine that has nothing: the random layer must stay the same one.
/// (A cache that loses its layers on the way shows at the second change only.)
fn change_twice(engine: &Engine, env: &[(&str, &str)], compose: &str) -> Result<(), Failed> {
    let mut project = Project::new(engine);
    project.env.extend(env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let mut before: Option<(String, Vec<String>)> = None;
    for limit in ["128M", "256M", "512M"] {
        engine.fresh();
        project.change(limit);
        let ran = project.docktag(&["build", compose]);
        let image = ran.ok().trim().to_owned();
        let now = layers(&image);
        if let Some((image_before, layers_before)) = before {
            assert_ne!(image, image_before);
            let kept = now.iter().zip(&layers_before).take_while(|(a, b)| a == b).count();
            assert!(kept >= 5, "only {kept} layers are those of before at {limit}:\n{}", ran.stderr);
            assert_ne!(now, layers_before);
        }
        assert_eq!(digest(&format!("{}:ci", project.image), None), digest(&image, None));
        before = Some((image, now));
    }
    Ok(())
}

/// Users of the shell lines have images in their registries: those are found.
fn recipe(engine: &Engine) -> Result<(), Failed> {
    let project = Project::new(engine);
    let ran = project.shell(&format!(
        "set -eu
        find docker -type f -exec md5sum {{}} \\; | LC_ALL=C sort -k 2 > docker-ci.md5
        export DOCKER_IMAGE_MD5=$(md5sum docker-ci.md5 | cut -f1 -d' ')
        export DOCKER_IMAGE={0}:$DOCKER_IMAGE_MD5 DOCKER_IMAGE_CI={0}:ci
        docker-compose build && docker-compose push && echo \"$DOCKER_IMAGE\"",
        project.image
    ));
    let image = ran.ok().lines().last().unwrap().to_owned();
    let since = engine.mark();
    assert_eq!(project.docktag(&["build"]).ok().trim(), image);
    let moved: Vec<String> = engine.requests(since).into_iter().filter(|request| request.starts_with("PUT ")).collect();
    assert_eq!(moved.len(), 1, "the moving tag follows, and nothing else: {moved:?}");
    assert_eq!(digest(&format!("{}:ci", project.image), None), digest(&image, None));
    Ok(())
}

fn pull(engine: &Engine) -> Result<(), Failed> {
    for compose in ["docker compose", "docker-compose"] {
        let project = Project::new(engine);
        project.change("384M");
        project.docktag(&["build"]).ok();
        engine.fresh();
        let ran = project.docktag(&["pull", "--compose", compose]);
        let image = ran.ok().trim().to_owned();
        assert_eq!(image, format!("{}:{}", project.image, project.tag()));
        let run = format!(
            "eval \"$({} env --path docker --image {})\" && {compose} run --rm -T app",
            env!("CARGO_BIN_EXE_docktag"),
            project.image
        );
        let tests = project.shell(&run);
        assert!(tests.ok().contains("memory limit 384M"), "{}{}", tests.stdout, tests.stderr);
    }
    Ok(())
}

fn stale(engine: &Engine) -> Result<(), Failed> {
    let project = Project::new(engine);
    let image = project.docktag(&["build"]).ok().trim().to_owned();
    let right = digest(&image, None).unwrap();
    // Another image under the same tag, on the engine only; and Compose is told not to pull it.
    let stale = project.shell(&format!("printf 'FROM {image}\\nENV stale=1\\n' | docker build -q -t {image} - && sed -i 's/^    image:/    pull_policy: never\\n    image:/' docker-compose.yml"));
    let stale = stale.ok().trim().to_owned();
    let ran = project.docktag(&["pull"]);
    ran.ok();
    assert!(ran.stderr.contains("Compose did not bring it"), "{}", ran.stderr);
    let here = project.shell(&format!("docker image inspect --format '{{{{json .RepoDigests}}}} {{{{json .Config.Env}}}}' {image}"));
    assert!(here.ok().contains(&right) && !here.stdout.contains("stale"), "{}", here.stdout);
    project.shell(&format!("docker rmi {stale}")).ok();
    Ok(())
}

fn no_push(engine: &Engine) -> Result<(), Failed> {
    let project = Project::new(engine);
    let image = project.docktag(&["build", "--no-push"]).ok().trim().to_owned();
    assert_eq!(digest(&image, None), None);
    project.shell(&format!("docker image inspect {image}")).ok();
    project.docktag(&["pull"]).failed(3, "run the build job first");
    Ok(())
}
