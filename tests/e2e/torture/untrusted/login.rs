//! The login: a Compose file that names the password's variable, or another registry.

use libtest_mimic::Failed;

use super::FORK;
use super::attack::{Run, event, held, project, put, said};
use crate::engine::Engine;
use crate::project::Project;
use crate::registry;
use crate::torture::faults::proxy::{Act, Proxy};
use crate::torture::faults::wire::{Reply, Request};
use crate::torture::hosts::{self, HOSTS, Host};

/// Every variable that a password can be in.
const VARIABLES: [&str; 3] = ["DOCKER_PASSWORD", "DOCKTAG_PASSWORD", "INPUT_PASSWORD"];
/// In lower case, so that it could be part of a repository's name and of a host's.
const PASSWORDS: [&str; 2] = ["pass4word1of9ci", "another2word3of9ci"];
const JOBS: [&str; 5] = ["plan", "tag", "build", "why", "pull"];

/// `${DOCKER_PASSWORD}` is no variable of the project: nothing that is said, asked, built or kept has it, and it changes no tag.
pub(super) fn variable(engine: &Engine) -> Result<(), Failed> {
    let mut count = 0;
    for host in HOSTS {
        for variable in VARIABLES {
            let proxy = Proxy::start(engine.get("ENGINE_REGISTRY"), None, |_, _| Act::Pass { bare: false });
            let project = project(engine, "");
            let name = project.image.rsplit('/').next().unwrap();
            let repository = format!("{}/{name}", proxy.address);
            let value = format!("${{{variable}:-none}}");
            put(
                &project,
                "compose.yaml",
                format!(
                    "services:\n  app:\n    image: '{repository}/p{value}q:t{value}'\n    build:\n      context: .\n      args: {{ ARGUMENT: '{value}', {variable}: }}\n      labels: {{ label: '{value}' }}\n      target: 'stage-{value}'\n"
                ),
            );
            put(
                &project,
                "Dockerfile",
                format!("FROM scratch AS stage-none\nARG ARGUMENT\nARG {variable}\nENV SHOWN=$ARGUMENT\nENV OTHER=${variable}\nCOPY a /\n"),
            );
            let mut shown = Vec::new();
            for password in PASSWORDS {
                let env = [(variable, password)];
                // The second one shows whether the tag depends on it.
                let jobs = if password == PASSWORDS[0] { &JOBS[..] } else { &JOBS[..1] };
                // `tag` takes no password, also not as an input of the action.
                let is_input = variable == "INPUT_PASSWORD" && host == Host::Action;
                for &job in jobs.iter().filter(|job| **job != "tag" || !is_input) {
                    let login = (job != "tag").then_some(("ci", password));
                    let ran = Run { env: &env, login, ..Run::of(job) }.on(&project, host);
                    // The moving tag may be missing, and there is no repository to compare with.
                    assert!(ran.code == Some(0) || job == "why", "{host:?} {variable} {job}: {}", said(&ran));
                    let text = said(&ran).replace(&format!("::add-mask::{password}"), "") + &hosts::written(&project);
                    assert!(!text.contains(password), "{host:?} {variable} {job} told the password:\n{text}");
                    if job == "plan" {
                        let tag = text.split_once("/pnoneq:tnone-").unwrap().1;
                        shown.push(tag[..32].to_owned());
                    }
                    count += 1;
                }
            }
            // Another password, the same tag: no digest of it is anywhere either.
            assert_eq!(shown[0], shown[1], "{host:?} {variable}");
            let image = format!("{}/{name}/pnoneq:tnone-{}", engine.get("ENGINE_REGISTRY"), shown[0]);
            let config = registry::config(&image).to_string();
            for password in PASSWORDS {
                assert!(!config.contains(password), "{host:?} {variable}: {config}");
                let is_told = |request: &Request| {
                    let body = String::from_utf8_lossy(&request.body);
                    request.target.contains(password) || body.contains(password)
                };
                assert!(!proxy.seen().iter().any(is_told), "{host:?} {variable}: the registry was told the password");
            }
            // Compose by itself puts it in.
            let ran = project.shell(&format!("{variable}={} docker compose config", PASSWORDS[0]));
            assert!(ran.stdout.contains(PASSWORDS[0]), "{}{}", ran.stdout, ran.stderr);

            // As the name of a host, which everybody on the way would see.
            super::attack::compose(&project, &format!("{value}.invalid/app"), "");
            let ran = Run { env: &[(variable, PASSWORDS[0])], login: Some(("ci", PASSWORDS[0])), ..Run::of("plan") }.on(&project, host);
            let text = said(&ran).replace(&format!("::add-mask::{}", PASSWORDS[0]), "");
            assert!(text.contains("none.invalid") && !text.contains(PASSWORDS[0]), "{host:?} {variable}: {text}");
            count += 1;
        }
    }
    held("password", count);
    Ok(())
}

/// A registry that asks everybody for a login.
fn greedy(engine: &Engine) -> Proxy {
    Proxy::start(engine.get("ENGINE_REGISTRY"), None, |request, _| match request.header("authorization") {
        Some(_) => Act::Pass { bare: false },
        None => Act::Say(Reply::Answer {
            status: 401,
            headers: vec![
                ("www-authenticate", "Basic realm=\"x\"".to_owned()),
                ("docker-distribution-api-version", "registry/2.0".to_owned()),
            ],
            body: Vec::new(),
        }),
    })
}

fn got_login(proxy: &Proxy) -> bool {
    proxy.seen().iter().any(|request| request.header("authorization").is_some())
}

/// A fork's Compose file names a registry of the fork's, and the login has no registry.
pub(super) fn registry(engine: &Engine) -> Result<(), Failed> {
    let mut count = 0;
    let run = |project: &Project, host: Host, job: &str, event: (&str, &str), options: &[(&str, &str)]| {
        let env = [("GITHUB_EVENT_NAME", event.0), ("GITHUB_EVENT_PATH", event.1)];
        Run { options, env: &env, login: Some(("ci", PASSWORDS[0])), ..Run::of(job) }.on(project, host)
    };
    for host in HOSTS {
        let own = project(engine, "");
        let push = event(&own, "{}");
        for name in ["pull_request", "pull_request_target", "pull_request_review", "issue_comment"] {
            let jobs = if name == "pull_request" { &["plan", "build", "pull", "why"][..] } else { &["build"] };
            for &job in jobs {
                let (proxy, project) = (greedy(engine), project(engine, ""));
                super::attack::compose(&project, &format!("{}/stranger", proxy.address), "");
                let ran = run(&project, host, job, (name, FORK), &[]);
                assert!(!proxy.seen().is_empty(), "{host:?} {name} {job}: nobody asked\n{}", said(&ran));
                assert!(!got_login(&proxy), "{host:?} {name} {job}: the stranger's registry got the login\n{}", said(&ran));
                assert!(said(&ran).contains("the login is not used"), "{host:?} {name} {job}: {}", said(&ran));
                count += 1;
            }
        }
        // The workflow says whose login it is: then that registry gets it, and no other, whatever the event.
        for (event, options) in [(("pull_request", FORK), "registry.example"), (("push", push.to_str().unwrap()), "registry.example")] {
            let (proxy, project) = (greedy(engine), project(engine, ""));
            super::attack::compose(&project, &format!("{}/stranger", proxy.address), "");
            let ran = run(&project, host, "plan", event, &[("registry", options)]);
            assert!(!proxy.seen().is_empty() && !got_login(&proxy), "{host:?} {event:?}: {}", said(&ran));
            count += 1;
        }
        // Somebody who can push to a branch is trusted with it.
        let proxy = greedy(engine);
        super::attack::compose(&own, &format!("{}/own", proxy.address), "");
        let ran = run(&own, host, "plan", ("push", push.to_str().unwrap()), &[]);
        assert!(ran.code == Some(0) && got_login(&proxy), "{host:?}: {}", said(&ran));
    }
    held("login", count);
    Ok(())
}
