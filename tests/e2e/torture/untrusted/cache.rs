//! Caches: what one branch built, or a stranger made, must not get into an image of another one.

use std::fs;

use libtest_mimic::Failed;

use super::BASE_REPOSITORY;
use super::attack::{Run, compose, ended, event, held, image, project, put, said};
use crate::engine::Engine;
use crate::project::Project;
use crate::registry::{self, digest};
use crate::torture::hosts::HOSTS;

/// A cache whose record of `COPY` leads to a layer with another file, named by the Compose file of a branch.
pub(super) fn poisoned(engine: &Engine) -> Result<(), Failed> {
    let mut count = 0;
    for host in HOSTS {
        let project = project(engine, "");
        let repository = project.image.clone();
        // The name finds the engine's own records of this step.
        let file = format!("file-{}", repository.rsplit('/').next().unwrap());
        put(&project, "Dockerfile", format!("FROM scratch\nCOPY {file} /\n"));
        put(&project, &file, "honest");
        let (seed, evil) = (format!("{repository}-stranger:seed"), format!("{repository}-stranger:evil"));
        project.shell(&format!("docker buildx build -q --build-arg BUILDKIT_INLINE_CACHE=1 -t {seed} . && docker push -q {seed}")).ok();
        project.shell(&format!("mkdir ../layer && cd ../layer && printf evil >{file} && tar -cf tar {file} && gzip -k tar")).ok();
        let layer = ["tar", "tar.gz"].map(|name| fs::read(project.around().join("layer").join(name)).unwrap());
        registry::put_poisoned(&seed, &evil, &layer);
        compose(&project, &repository, &format!(", cache_from: ['{evil}', 'type=registry,ref={evil}']"));
        let image = image(&project);

        for (options, expected) in [
            (&[][..], "honest"),
            (&[("cache", "none")], "honest"),
            (&[("trusted-branch", "main")], "honest"),
            // All branches are trusted: then the cache is used, so the attack is one.
            (&[("trusted-branch", "*")], "evil"),
        ] {
            forget(&project, &file);
            // A moving tag of its own, since that of the build before gives a cache too.
            let moving = format!("ci-{}-{}", options.len(), options.first().map_or(0, |(_, value)| value.len()));
            let options = [options, &[("force", ""), ("moving-tag", &moving)]].concat();
            ended(&Run { options: &options, ..Run::of("build") }.on(&project, host), 0, "pushed");
            assert_eq!(registry::file(&image, None, &file).as_deref(), Some(expected), "{host:?} {options:?}");
            count += u64::from(expected == "honest");
        }
        forget(&project, &file);
    }
    held("caches", count);
    Ok(())
}

/// Takes the images of a project from the engine, and its records of the steps that name the file.
pub(super) fn forget(project: &Project, file: &str) {
    let name = project.image.rsplit('/').next().unwrap();
    project
        .shell(&format!(
            "docker images -q --filter reference='*/{name}*' | sort -u | xargs -r docker rmi -f >/dev/null && docker builder prune -af --filter description~={file}"
        ))
        .ok();
}

/// A branch that nobody has merged does not give its build to all others as their cache.
pub(super) fn moving(engine: &Engine) -> Result<(), Failed> {
    let mut count = 0;
    for host in HOSTS {
        let project = project(engine, "");
        let moving = format!("{}:ci", project.image);
        let own = format!(r#"{{"repository":{{"full_name":"{BASE_REPOSITORY}","default_branch":"main"}}}}"#);
        let file = event(&project, &own);
        let mut number = 0;
        let mut build = |name: &str, reference: &str, options: &[(&str, &str)]| {
            number += 1;
            put(&project, "a", format!("{moving} {number}"));
            let env = [
                ("GITHUB_EVENT_NAME", name),
                ("GITHUB_REF", reference),
                ("GITHUB_EVENT_PATH", file.to_str().unwrap()),
                ("GITHUB_REPOSITORY", BASE_REPOSITORY),
            ];
            let ran = Run { options, env: &env, ..Run::of("build") }.on(&project, host);
            ended(&ran, 0, "pushed");
            (said(&ran), digest(&image(&project), None).unwrap())
        };
        let (_, main) = build("push", "refs/heads/main", &[]);
        assert_eq!(digest(&moving, None).as_ref(), Some(&main), "{host:?}: the default branch moves it");
        for (name, reference, options, why) in [
            ("push", "refs/heads/feature", &[][..], "the branch `feature` is not the default branch `main`"),
            ("push", "refs/heads/main/../feature", &[], "is not the default branch `main`"),
            ("push", "refs/tags/main", &[], "no branch is known for this job"),
            ("workflow_dispatch", "refs/heads/feature", &[("trusted-branch", "main")], "the branch `feature` is none of `main`"),
            ("push", "refs/heads/main-feature", &[("trusted-branch", "release/*")], "is none of `release/*`"),
        ] {
            let (text, built) = build(name, reference, options);
            assert!(text.contains(why), "{host:?} {reference}: {text}");
            assert_eq!(digest(&moving, None).as_ref(), Some(&main), "{host:?} {reference}: moved to {built}");
            count += 1;
        }
        let (_, trusted) = build("push", "refs/heads/feature", &[("trusted-branch", "feature")]);
        assert_eq!(digest(&moving, None).as_ref(), Some(&trusted), "{host:?}: a trusted branch moves it");
    }
    held("caches", count);
    Ok(())
}

/// Proxy arguments reach every `RUN` without an `ARG` line, so they count.
pub(super) fn proxy(engine: &Engine) -> Result<(), Failed> {
    let mut count = 0;
    for host in HOSTS {
        let project = project(engine, "");
        fs::copy(engine.get("ENGINE_BUSYBOX"), project.folder.join("busybox")).unwrap();
        for name in ["HTTP_PROXY", "no_proxy"] {
            // BuildKit's records of a step do not have the proxy in them, so those of the build before are not used.
            let file = format!("seen-{}", project.image.rsplit('/').next().unwrap());
            let run = format!("RUN [\"/busybox\", \"sh\", \"-c\", \"echo ${name} >/{file}\"]");
            put(&project, "Dockerfile", format!("FROM scratch\nCOPY busybox /\n{run}\n"));
            let mut found = Vec::new();
            for value in ["http://one.example:1", "http://other.example:2"] {
                compose(&project, &project.image, &format!(", args: {{ {name}: '{value}' }}"));
                ended(&Run { options: &[("cache", "none")], ..Run::of("build") }.on(&project, host), 0, "pushed");
                let image = image(&project);
                forget(&project, &file);
                assert_eq!(registry::file(&image, None, &file).unwrap().trim(), value, "{host:?} {name}: {image}");
                found.push(image);
            }
            assert_ne!(found[0], found[1], "{host:?} {name}: one tag for two images");
            count += 1;
        }
    }
    held("caches", count);
    Ok(())
}
