//! `cache_to`: a Compose file that writes to a registry or a folder, and a build cache that passes for an image.

use libtest_mimic::Failed;

use super::attack::{Run, compose, ended, held, image, project, put, said};
use super::{FORK, writes};
use crate::engine::Engine;
use crate::plan::Builder;
use crate::registry::{self, digest};
use crate::torture::faults::proxy::{Act, Proxy};
use crate::torture::hosts::HOSTS;

/// A fork's pull request. Nothing is pushed, so nothing is exported either.
pub(super) fn fork(engine: &Engine) -> Result<(), Failed> {
    let mut count = 0;
    let env = [("GITHUB_EVENT_NAME", "pull_request"), ("GITHUB_EVENT_PATH", FORK)];
    for host in HOSTS {
        let project = project(engine, "");
        let name = project.image.rsplit('/').next().unwrap().to_owned();
        let proxy = Proxy::start(engine.get("ENGINE_REGISTRY"), None, |_, _| Act::Pass { bare: false });
        let theirs = format!("{}/{name}", proxy.address);
        compose(&project, &theirs, "");
        let hash = image(&project);
        let folder = project.around().join("exported");
        let local = format!("type=local,dest={}", folder.display());
        for (number, more) in [
            format!(", cache_to: ['type=registry,ref={theirs}:victim,mode=max']"),
            format!(", cache_to: ['type=registry,ref={hash},mode=max']"),
            format!(", cache_to: ['{theirs}:victim']"),
            format!(", cache_to: ['{local}']"),
            format!(", cache_to: ['type=inline', '{local}']"),
            // Bake reads this from a Compose file.
            format!(", x-bake: {{cache-to: ['{local}'], output: ['type=registry'], tags: ['{theirs}:victim']}}"),
            format!(", x-bake: {{output: ['{local}'], tags: ['{hash}']}}"),
        ]
        .iter()
        .enumerate()
        {
            put(&project, "a", format!("{name} {number}"));
            compose(&project, &theirs, more);
            let ran = Run { env: &env, ..Run::of("build") }.on(&project, host);
            // If the export were asked for, an engine whose image store cannot export would fail.
            assert_eq!(ran.code, Some(0), "{host:?} {more}: {}", said(&ran));
            assert_eq!(writes(&proxy), Vec::<String>::new(), "{host:?} {more}: {}", said(&ran));
            assert!(!folder.exists(), "{host:?} {more}: wrote to {}", folder.display());
            count += 1;
        }
        // Compose by itself tries to.
        compose(&project, &theirs, &format!(", cache_to: ['type=registry,ref={theirs}:victim']"));
        let ran = project.shell("docker compose build app");
        let is_refused = ran.code != Some(0) && said(&ran).contains("ache export is not supported");
        assert!(is_refused || !writes(&proxy).is_empty(), "{}", said(&ran));
    }
    held("exports", count);
    Ok(())
}

/// A builder that can export a cache: nothing for a fork; for the default branch the project's cache and tags, and no more.
pub(super) fn builder(engine: &Engine) -> Result<(), Failed> {
    let mut count = 0;
    let name = "docktag-tests-exports";
    for host in HOSTS {
        let project = project(engine, "");
        let _builder = Builder::new(engine, &project, name);
        let proxy = Proxy::start(engine.get("ENGINE_REGISTRY"), None, |_, _| Act::Pass { bare: false });
        let repository = format!("{}/{}", proxy.address, project.image.rsplit('/').next().unwrap());
        let real = |tag: &str| format!("{}:{tag}", project.image);
        let build = |env: &[(&str, &str)]| Run { env, options: &[("builder", name)], ..Run::of("build") }.on(&project, host);
        let folder = project.around().join("exported");
        let local = format!("type=local,dest={}", folder.display());
        let fork = [("GITHUB_EVENT_NAME", "pull_request"), ("GITHUB_EVENT_PATH", FORK)];
        for (number, more) in [
            format!(", cache_to: ['type=registry,ref={repository}:victim,mode=max', '{local}']"),
            format!(", tags: ['{repository}:victim']"),
            format!(", x-bake: {{cache-to: ['type=registry,ref={repository}:victim', '{local}'], tags: ['{repository}:victim']}}"),
            format!(", x-bake: {{output: ['type=image,push=true,name={repository}:victim', '{local}']}}"),
        ]
        .iter()
        .enumerate()
        {
            put(&project, "a", format!("{repository} {number}"));
            compose(&project, &repository, more);
            let ran = build(&fork);
            assert_eq!(ran.code, Some(0), "{host:?} {more}: {}", said(&ran));
            assert_eq!(writes(&proxy), Vec::<String>::new(), "{host:?} {more}: {}", said(&ran));
            assert!(!folder.exists(), "{host:?} {more}: wrote to {}", folder.display());
            count += 1;
        }
        let cache = format!("cache_to: ['type=registry,ref={repository}-cache:app,mode=max']");
        let bake =
            format!("x-bake: {{output: ['type=image,push=true,name={repository}:victim', '{local}'], tags: ['{repository}:victim']}}");
        compose(&project, &repository, &format!(", tags: ['{repository}:release'], {cache}, {bake}"));
        ended(&build(&[]), 0, "pushed");
        let hash = image(&project).rsplit_once(':').unwrap().1.to_owned();
        assert!(digest(&real(&hash), None).is_some() && digest(&real("release"), None) == digest(&real(&hash), None), "{host:?}");
        assert!(digest(&format!("{}-cache:app", project.image), None).is_some(), "{host:?}: no cache was exported");
        assert_eq!((digest(&real("victim"), None), folder.exists()), (None, false), "{host:?}");
        count += 1;
    }
    held("exports", count);
    Ok(())
}

/// A job that pushes: a cache under a name that docktag manages would pass for an image.
pub(super) fn managed(engine: &Engine) -> Result<(), Failed> {
    let mut count = 0;
    for host in HOSTS {
        let project = project(engine, "");
        let repository = project.image.clone();
        let main = image(&project);
        let hash = main.rsplit_once(':').unwrap().1;
        put(&project, "a", format!("the branch's, on {host:?}"));
        let ours = image(&project);
        for entry in [
            format!("type=registry,ref={main},mode=max"),
            format!("mode=max,ref={ours},type=registry"),
            format!("\"ref={main}\",type=registry"),
            format!("type=registry,REF={repository}:dev-{hash}"),
            format!("type=registry,ref={repository}:ci"),
            format!("type=registry,ref={repository}:ci-cache"),
            format!("type=registry,ref={repository}:sha256-{hash}{hash}"),
            format!("type=registry,ref={repository}-other:{hash}"),
            main.clone(),
        ] {
            compose(&project, &repository, &format!(", cache_to: ['{entry}']"));
            ended(&Run::of("build").on(&project, host), 2, "writes a name that docktag manages");
            for name in [&main, &ours, &format!("{repository}:ci")] {
                assert_eq!(digest(name, None), None, "{host:?} {entry}: {name}");
            }
            count += 1;
        }
    }
    held("exports", count);
    Ok(())
}

/// A cache that somebody exported to a hash tag is no hit.
pub(super) fn build_cache(engine: &Engine) -> Result<(), Failed> {
    let mut count = 0;
    for host in HOSTS {
        for is_index in [false, true] {
            let project = project(engine, "");
            let image = image(&project);
            registry::put_build_cache(&image, is_index);
            let before = digest(&image, None);
            ended(&Run::of("plan").on(&project, host), 0, "1 of 1 image to be built");
            ended(&Run { options: &[("verify", "")], ..Run::of("plan") }.on(&project, host), 0, "1 of 1 image to be built");
            ended(&Run::of("pull").on(&project, host), 3, "is a build cache and no image");
            ended(&Run::of("build").on(&project, host), 0, "pushed");
            assert!(digest(&image, None) != before && registry::config(&image)["rootfs"].is_object(), "{host:?}");
            ended(&Run::of("build").on(&project, host), 0, "hit, sha256:");
            count += 4;
        }
    }
    held("exports", count);
    Ok(())
}
