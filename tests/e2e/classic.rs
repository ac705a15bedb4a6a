//! The builder before BuildKit reads other files, so tags that follow BuildKit's rules are never given to what it builds.

use std::fs;

use libtest_mimic::Failed;

use crate::Test;
use crate::engine::{Engine, Needs};
use crate::project::{Project, ended};
use crate::registry::digest;
use crate::torture::hosts::{self, HOSTS};

pub(crate) fn tests() -> Vec<Test> {
    vec![("the_classic_builder_gives_no_image_a_tag_of_buildkits_rules", Needs::Any, refused)]
}

fn refused(engine: &Engine) -> Result<(), Failed> {
    let without_buildx = tempfile::tempdir().unwrap();
    for host in HOSTS {
        let mut project = Project::empty(engine);
        let put = |name: &str, text: &str| fs::write(project.folder.join(name), text).unwrap();
        put("compose.yaml", &format!("services: {{app: {{image: '{}', build: .}}}}\n", project.image));
        put("Dockerfile", "FROM scratch\nCOPY . /all/\n");
        put("Dockerfile.dockerignore", "secret.txt\n");
        put("secret.txt", "old");
        let image = project.plain(&["tag"]).ok().split_whitespace().last().unwrap().to_owned();
        let own = project.env.clone();
        let config = without_buildx.path().to_str().unwrap();
        let chosen: [(&[(&str, &str)], &str); 4] = [
            (&[("DOCKER_BUILDKIT", "0")], "docker compose"),
            (&[("DOCKER_BUILDKIT", "0")], "docker-compose"),
            (&[("COMPOSE_DOCKER_CLI_BUILD", "0")], "docker-compose"),
            // Without a choice, Compose v1 takes BuildKit if Buildx is installed.
            (&[("DOCKER_CONFIG", config)], "docker-compose"),
        ];
        for (variables, compose) in chosen {
            project.env.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
            let mut command = hosts::command(&project, host, "build", &[("compose", compose)], None);
            let ran = ended(command.output().unwrap());
            let said = format!("{}{}", ran.stdout, ran.stderr);
            assert_eq!(ran.code, Some(2), "{host:?} {variables:?}: {said}");
            assert!(said.contains("the classic builder would build") && said.contains("unset DOCKER_BUILDKIT"), "{said}");
            assert_eq!(digest(&image, None), None, "{host:?} {variables:?}");
            project.env.clone_from(&own);
        }
        // What BuildKit built is a hit, whatever would build here.
        project.plain(&["build"]).ok();
        project.env.insert("DOCKER_BUILDKIT".to_owned(), "0".to_owned());
        let ran = ended(hosts::command(&project, host, "build", &[], None).output().unwrap());
        assert!(ran.code == Some(0) && format!("{}{}", ran.stdout, ran.stderr).contains("hit, sha256:"), "{}{}", ran.stdout, ran.stderr);
    }
    Ok(())
}
