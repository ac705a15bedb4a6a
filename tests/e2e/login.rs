//! A registry with a password.

use std::fs;

use libtest_mimic::Failed;

use crate::Test;
use crate::engine::{Engine, Needs};
use crate::project::Project;
use crate::registry::digest;

pub(crate) fn tests() -> Vec<Test> {
    vec![
        ("a_login_that_is_given_works_for_the_run_and_is_gone_after_it", Needs::Any, given),
        ("a_wrong_password_is_no_miss", Needs::Any, wrong),
        ("a_login_of_docker_is_used", Needs::Any, stored),
    ]
}

/// The example with its repository in the registry that asks for a password, and a Docker configuration of its own.
pub(crate) fn project(engine: &Engine) -> Project {
    let mut project = Project::new(engine);
    project.image = project.image.replace(engine.get("ENGINE_REGISTRY"), engine.get("ENGINE_REGISTRY_AUTH"));
    let own = project.env["HOME"].clone() + "/.docker";
    fs::create_dir(&own).unwrap();
    std::os::unix::fs::symlink(format!("{}/cli-plugins", engine.get("DOCKER_CONFIG")), format!("{own}/cli-plugins")).unwrap();
    project.env.remove("DOCKER_CONFIG");
    project
}

/// Who may log in there, as `name:password`.
pub(crate) fn user(engine: &Engine) -> String {
    format!("{}:{}", engine.get("ENGINE_REGISTRY_USER"), engine.get("ENGINE_REGISTRY_PASS"))
}

fn given(engine: &Engine) -> Result<(), Failed> {
    for compose in ["docker compose", "docker-compose"] {
        let mut project = project(engine);
        let password = engine.get("ENGINE_REGISTRY_PASS").to_owned();
        project.env.insert("DOCKER_PASSWORD".to_owned(), password.clone());
        // A common credential helper, as desktops have it: the login that is given must be found all the same.
        let before = r#"{"auths":{"other.example":{}},"credsStore":"e2e"}"#;
        let helpers = project.folder.join("helpers");
        fs::create_dir(&helpers).unwrap();
        project.shell("printf '#!/bin/sh\\necho credentials not found in native keychain\\nexit 1\\n' >helpers/docker-credential-e2e && chmod +x helpers/*").ok();
        let path = format!("{}:{}", helpers.display(), project.env["PATH"]);
        project.env.insert("PATH".to_owned(), path);
        let config = project.env["HOME"].clone() + "/.docker/config.json";
        fs::write(&config, before).unwrap();
        let name = engine.get("ENGINE_REGISTRY_USER");
        let cold = project.docktag(&["build", "-v", "--compose", compose, "--username", name]);
        let image = cold.ok().trim().to_owned();
        let pushed = digest(&image, Some(&user(engine))).unwrap();
        assert_eq!(digest(&format!("{}:ci", project.image), Some(&user(engine))), Some(pushed));
        let pulled = project.docktag(&["pull", "-v", "--compose", compose, "--username", name]);
        pulled.ok();
        for text in [&cold.stdout, &cold.stderr, &pulled.stdout, &pulled.stderr] {
            assert!(!text.contains(&password), "{text}");
        }
        assert_eq!(fs::read_to_string(&config).unwrap(), before);
        assert!(project.left_over().is_empty(), "{:?}", project.left_over());
    }
    Ok(())
}

fn wrong(engine: &Engine) -> Result<(), Failed> {
    let mut project = project(engine);
    project.env.insert("DOCKER_PASSWORD".to_owned(), "not-it".to_owned());
    let ran = project.docktag(&["build", "--username", "ci"]);
    ran.failed(1, "refuses the login of the user `ci` that was given");
    assert!(!ran.stderr.contains("build app") && !ran.stderr.contains("not-it"), "{}", ran.stderr);
    project.docktag(&["pull", "--username", "ci"]).failed(1, "refuses the login");
    Ok(())
}

fn stored(engine: &Engine) -> Result<(), Failed> {
    let project = project(engine);
    let registry = engine.get("ENGINE_REGISTRY_AUTH");
    project.docktag(&["build"]).failed(1, &format!("docker login {registry}"));
    project
        .shell(&format!(
            "echo {} | docker login -u {} --password-stdin {registry}",
            engine.get("ENGINE_REGISTRY_PASS"),
            engine.get("ENGINE_REGISTRY_USER")
        ))
        .ok();
    let image = project.docktag(&["build"]).ok().trim().to_owned();
    assert!(digest(&image, Some(&user(engine))).is_some());
    project.docktag(&["pull"]).ok();
    Ok(())
}
