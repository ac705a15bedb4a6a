//! `build.tags`: a branch's Compose file names images of others.

use libtest_mimic::Failed;

use super::attack::{Run, compose, ended, event, held, image, project, put};
use crate::engine::Engine;
use crate::registry::{self, digest};
use crate::torture::hosts::HOSTS;

/// The default branch is `main`, and another one is built.
const BRANCH: &str = r#"{"repository":{"full_name":"acme/app","default_branch":"main"}}"#;

pub(super) fn test(engine: &Engine) -> Result<(), Failed> {
    let mut count = 0;
    for host in HOSTS {
        let project = project(engine, "");
        let event = event(&project, BRANCH);
        let env = [
            ("GITHUB_EVENT_NAME", "push"),
            ("GITHUB_REF", "refs/heads/feature"),
            ("GITHUB_EVENT_PATH", event.to_str().unwrap()),
            ("GITHUB_REPOSITORY", "acme/app"),
        ];
        let build = Run { env: &env, ..Run::of("build") };
        project.plain(&["build"]).ok();
        let (main, repository, moving) = (image(&project), project.image.clone(), format!("{}:ci", project.image));
        let hash = main.rsplit_once(':').unwrap().1.to_owned();
        let victim = format!("{repository}-victim");
        registry::put(&format!("{victim}:{hash}"));
        let before = [&main, &moving, &format!("{victim}:{hash}")].map(|name| digest(name, None).unwrap());
        let is_unchanged = |what: &str| {
            let now = [&main, &moving, &format!("{victim}:{hash}")].map(|name| digest(name, None).unwrap());
            assert_eq!(now, before, "{host:?}: {what}");
        };

        put(&project, "a", format!("the branch's, on {host:?}"));
        let ours = image(&project);
        let sixty_four = format!("{hash}{hash}");
        for tag in [
            main.clone(),
            format!("{repository}:dev-{hash}"),
            format!("{repository}:{}", hash.to_uppercase()),
            format!("{repository}:{sixty_four}"),
            format!("{repository}:v{hash}"),
            format!("{repository}:{hash}cafe"),
            format!("{repository}:sha256-{sixty_four}"),
            format!("{repository}:ci-cache"),
            format!("{victim}:{hash}"),
        ] {
            compose(&project, &repository, &format!(", tags: ['{tag}']"));
            ended(&build.on(&project, host), 2, "is a name that docktag manages");
            assert_eq!(digest(&ours, None), None, "{host:?}: {tag}: it was built all the same");
            is_unchanged(&tag);
            count += 1;
        }

        // A name in another repository, and the moving tag, which a branch that is not the default one does not move. On a miss and on a hit.
        compose(&project, &repository, &format!(", tags: ['{victim}:latest', '{moving}', '{repository}:release']"));
        for outcome in ["pushed", "hit"] {
            let ran = build.on(&project, host);
            ended(&ran, 0, outcome);
            ended(&ran, 0, "is not set: docktag writes only to the repositories of the project's images");
            assert_eq!(digest(&format!("{victim}:latest"), None), None, "{host:?}: {outcome}");
            is_unchanged(outcome);
            // Others may build on a tag of the project's own, or take it for a cache.
            assert_eq!(digest(&format!("{repository}:release"), None), None, "{host:?}: {outcome}");
            count += 2;
        }
        let trusted = Run { options: &[("trusted-branch", "feature")], ..build };
        ended(&trusted.on(&project, host), 0, "hit");
        assert_eq!(digest(&format!("{repository}:release"), None), digest(&ours, None), "{host:?}: a trusted branch sets it");

        // Compose itself pushes what the file names, so the attack is one.
        compose(&project, &repository, &format!(", tags: ['{main}']"));
        project.shell("docker compose build app && docker compose push app").ok();
        assert_ne!(digest(&main, None).unwrap(), before[0]);
    }
    held("tags", count);
    Ok(())
}

/// Images of the recipe whose tag has letters beside the hash.
pub(super) fn glued(engine: &Engine) -> Result<(), Failed> {
    let mut count = 0;
    for host in HOSTS {
        let project = project(engine, "");
        let repository = project.image.clone();
        let options = [("path", "."), ("image", repository.as_str())];
        let build = Run { options: &options, ..Run::of("build") };
        compose(&project, &format!("{repository}:v${{DOCKER_IMAGE_MD5}}"), "");
        let named = project.plain(&["tag", "--path", ".", "--image", &repository]);
        let main = format!("v{}", named.ok().trim().rsplit(':').next().unwrap());
        ended(&build.on(&project, host), 0, "pushed");
        let before = digest(&format!("{repository}:{main}"), None).unwrap();
        put(&project, "a", format!("the branch's, on {host:?}"));
        compose(&project, &format!("{repository}:v${{DOCKER_IMAGE_MD5}}"), &format!(", tags: ['{repository}:{main}']"));
        ended(&build.on(&project, host), 2, "is a name that docktag manages");
        for moving in [&main, &main[1..]] {
            let options = [&options[..], &[("moving-tag", moving)]].concat();
            ended(&Run { options: &options, ..Run::of("build") }.on(&project, host), 2, "could be a tag with a hash");
            count += 1;
        }
        compose(&project, &format!("{repository}:cafebabe${{DOCKER_IMAGE_MD5}}"), "");
        ended(&build.on(&project, host), 2, "looks like a commit of git");
        compose(&project, &format!("{repository}:sha256"), "");
        ended(&Run { options: &[("algorithm", "sha256")], ..Run::of("build") }.on(&project, host), 2, "is the tag of a list of referrers");
        assert_eq!(digest(&format!("{repository}:{main}"), None).unwrap(), before, "{host:?}: main's image was overwritten");
        count += 3;
    }
    held("tags", count);
    Ok(())
}
