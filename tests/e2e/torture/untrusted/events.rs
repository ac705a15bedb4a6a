//! Events that a stranger can cause: what a job pushes by itself.

use std::fs;

use libtest_mimic::Failed;

use super::attack::{Run, compose, event, held, image, project, said};
use super::{BASE_REPOSITORY, writes};
use crate::engine::Engine;
use crate::registry::digest;
use crate::torture::faults::proxy::{Act, Proxy};
use crate::torture::hosts::HOSTS;

/// Events whose code is, or may be, a stranger's.
fn events() -> Vec<(&'static str, String)> {
    let fork = r#""head":{"repo":{"fork":true,"full_name":"stranger/app"}}"#;
    let base = format!(r#""base":{{"repo":{{"full_name":"{BASE_REPOSITORY}"}}}}"#);
    let own = format!(r#""repository":{{"full_name":"{BASE_REPOSITORY}"}}"#);
    let of_pull_request = format!(r#"{{"pull_request":{{{fork},{base}}},{own}}}"#);
    let mut events: Vec<_> = ["pull_request", "pull_request_target", "pull_request_review", "pull_request_review_comment", "push"]
        .map(|name| (name, of_pull_request.clone()))
        .into();
    events.push(("workflow_run", format!(r#"{{"workflow_run":{{"head_repository":{{"full_name":"stranger/app"}}}},{own}}}"#)));
    events.push(("workflow_run", format!("{{{own}}}")));
    // The event names no fork; a comment on the fork's pull request causes it.
    for name in ["issue_comment", "an_event_of_tomorrow"] {
        events.push((name, format!(r#"{{"issue":{{"pull_request":{{}}}},{own}}}"#)));
    }
    events.push(("pull_request", r#"{"pull_request":{"head":{"repo":null}}}"#.to_owned()));
    events.push(("pull_request", "not JSON".to_owned()));
    events
}

pub(super) fn test(engine: &Engine) -> Result<(), Failed> {
    let mut count = 0;
    for host in HOSTS {
        let project = project(engine, "");
        let (repository, name) = (project.image.clone(), project.image.rsplit('/').next().unwrap());
        let proxy = Proxy::start(engine.get("ENGINE_REGISTRY"), None, |_, _| Act::Pass { bare: false });
        compose(&project, &format!("{}/{name}", proxy.address), "");
        let theirs = image(&project).replace(&proxy.address, engine.get("ENGINE_REGISTRY"));
        let build = |name: &str, text: &str| {
            let file = event(&project, text);
            let env = [("GITHUB_EVENT_NAME", name), ("GITHUB_EVENT_PATH", file.to_str().unwrap()), ("GITHUB_REPOSITORY", BASE_REPOSITORY)];
            Run { env: &env, ..Run::of("build") }.on(&project, host)
        };
        for (name, text) in events() {
            let ran = build(name, &text);
            assert_eq!(ran.code, Some(0), "{host:?} {name} {text}: {}", said(&ran));
            assert_eq!(writes(&proxy), Vec::<String>::new(), "{host:?} {name} {text}: {}", said(&ran));
            count += 1;
        }
        for name in [&theirs, &format!("{repository}:ci")] {
            assert_eq!(digest(name, None), None, "{host:?}: {name}");
        }
        // A file that cannot be read is no proof of anything, and neither is a missing one.
        let file = event(&project, "");
        fs::remove_file(&file).unwrap();
        let env = [("GITHUB_EVENT_NAME", "pull_request"), ("GITHUB_EVENT_PATH", file.to_str().unwrap())];
        Run { env: &env, ..Run::of("build") }.on(&project, host);
        assert_eq!(writes(&proxy), Vec::<String>::new(), "{host:?}: without an event file");
        count += 1;

        // Somebody who can push is trusted, so the proxy sees writes.
        let own = format!(r#"{{"repository":{{"full_name":"{BASE_REPOSITORY}"}}}}"#);
        let ran = build("push", &own);
        assert!(ran.code == Some(0) && !writes(&proxy).is_empty(), "{host:?}: {}", said(&ran));
        assert!(digest(&theirs, None).is_some());
    }
    held("events", count);
    Ok(())
}
