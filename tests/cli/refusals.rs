//! Registries that refuse to read a repository that does not exist yet, and accounts that they refuse.

use std::path::Path;

use crate::support::registry::Request;
use crate::support::{Dir, Project, REPOSITORY, Ran, Registry, Reply};

/// How a registry finds out who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Basic,
    Bearer,
}

const SCHEMES: [Scheme; 2] = [Scheme::Basic, Scheme::Bearer];
/// `Basic` for the user `ci` with the password `right`, and for `reader` with the same password.
const PUSHER: &str = "Basic Y2k6cmlnaHQ=";
const READER: &str = "Basic cmVhZGVyOnJpZ2h0";

/// A registry that answers so if a repository is to be read that does not exist. `ci` may push, `reader` may read. Its token server gives a token
/// to everybody without a password, and its `/v2/` takes every token.
fn refusing(scheme: Scheme, refusal: u16) -> Project {
    let tokens = Registry::scripted(&Dir::new(), |request, _| match request.header("authorization") {
        Some(PUSHER) => Some(token("pusher")),
        Some(READER) => Some(token("reader")),
        None => Some(token("nobody")),
        Some(_) => Some(Reply::json(401, r#"{"details":"incorrect username or password"}"#)),
    });
    let challenge = match scheme {
        Scheme::Basic => "Basic realm=\"x\"".to_owned(),
        Scheme::Bearer => format!("Bearer realm=\"http://{}/token\",service=\"x\"", tokens.address),
    };
    Project::around(|dir| {
        let store = dir.beside("registry");
        Registry::scripted(dir, move |request, _| {
            // It lives as long as the registry.
            let _ = &tokens;
            answer(&store, request, &challenge, refusal)
        })
    })
}

fn token(name: &str) -> Reply {
    Reply::json(200, &format!(r#"{{"token":"{name}"}}"#))
}

fn answer(store: &Path, request: &Request, challenge: &str, refusal: u16) -> Option<Reply> {
    let who_are_you = |status| Some(Reply::status(status).header("www-authenticate", challenge));
    let who = request.header("authorization").unwrap_or_default();
    let known = if challenge.starts_with("Basic") { [PUSHER, READER, "-"] } else { ["Bearer pusher", "Bearer reader", "Bearer nobody"] };
    let Some(rank) = known.iter().position(|it| *it == who) else { return who_are_you(401) };
    let reads = request.method == "GET" || request.method == "HEAD";
    if !reads && rank > 0 {
        return who_are_you(refusal);
    }
    let exists = store.join(REPOSITORY).is_dir();
    (request.target.contains("/manifests/") && reads && !exists).then(|| Reply::status(refusal).header("www-authenticate", challenge))
}

fn as_user(project: &Project, job: &str, user: &str, password: &str, args: &[&str]) -> Ran {
    project.job(job, [&["--username", user], args].concat()).env("DOCKER_PASSWORD", password).run()
}

fn count(project: &Project, beginning: &str) -> usize {
    project.registry.lines().iter().filter(|line| line.starts_with(beginning)).count()
}

/// Every kind of such a registry.
fn each(test: impl Fn(Scheme, Project)) {
    for scheme in SCHEMES {
        for refusal in [401, 403] {
            test(scheme, refusing(scheme, refusal));
        }
    }
}

#[test]
fn the_first_image_gets_there() {
    each(|scheme, project| {
        as_user(&project, "build", "ci", "right", &[]).says(&[": miss", ": pushed, sha256:"]).ok();
        // One question for all names of the repository, and nothing is left of it.
        let asked = project.registry.requests();
        let before = asked.iter().take_while(|request| !request.target.contains("/blobs/sha256:"));
        let probes: Vec<String> = before.map(Request::line).filter(|line| line.contains("/blobs/uploads/")).collect();
        let expected = ["POST /v2/example/app/blobs/uploads/", "DELETE /v2/example/app/blobs/uploads/1?_state=x"];
        assert_eq!(probes, expected, "{scheme:?}");
        as_user(&project, "build", "ci", "right", &[]).says(&[": hit, sha256:"]).ok();
    });
}

#[test]
fn a_plan_finds_the_first_image_missing() {
    each(|_, project| {
        as_user(&project, "plan", "ci", "right", &[]).says(&["1 of 1 image to be built"]).ok();
        assert_eq!(count(&project, "POST"), 1);
    });
}

#[test]
fn a_wrong_password_builds_nothing_and_is_not_tried_often() {
    each(|scheme, project| {
        for args in [&[][..], &["--push=false"]] {
            let ran = as_user(&project, "build", "ci", "wrong", args);
            ran.fails(1, &["refuses the login of the user `ci` that was given (status 401)", "help: check user and password"]);
            ran.is_silent_on(&[": miss"]);
            project.only_read();
        }
        project.registry.was_only_read();
        let tried = project.registry.requests().into_iter().filter(|request| request.header("authorization").is_some()).count();
        // Image, moving tag and `/v2/`, in two runs; a token server refuses before that.
        assert!(tried <= if scheme == Scheme::Basic { 6 } else { 0 }, "{tried} attempts");
    });
}

#[test]
fn an_account_that_may_not_push_builds_nothing() {
    each(|_, project| {
        let ran = as_user(&project, "build", "reader", "right", &[]);
        ran.fails(1, &["the registry accepts the login, but not for this repository", "nothing was built"]).is_silent_on(&[": miss"]);
        project.only_read();
        as_user(&project, "plan", "reader", "right", &[]).fails(1, &["the registry accepts the login, but not for this repository"]);
    });
}

#[test]
fn an_account_that_may_not_push_has_its_hits() {
    each(|_, project| {
        project.is_there();
        as_user(&project, "build", "reader", "right", &["--moving-tag="]).says(&[": hit, sha256:"]).ok();
        project.registry.was_only_read();
    });
}

#[test]
fn nobody_builds_nothing() {
    each(|_, project| {
        project.is_unknown(&["status 40"]);
        project.registry.was_only_read();
    });
}

#[test]
fn who_does_not_push_does_not_ask_for_it() {
    each(|_, project| {
        for (job, args) in [("pull", &[][..]), ("build", &["--push=false"]), ("build", &["--dry-run"])] {
            as_user(&project, job, "ci", "right", args).fails(1, &["the registry accepts the login, but not for this repository"]);
        }
        project.registry.was_only_read();
    });
}

#[test]
fn a_refusal_after_the_push_is_no_miss() {
    let project = Project::with(|request, _| {
        let reads = request.method == "GET" || request.method == "HEAD";
        match request.header("authorization") == Some(PUSHER) {
            true => (request.target.contains("/manifests/") && reads).then(|| Reply::status(403)),
            false => Some(Reply::status(401).header("www-authenticate", "Basic realm=\"x\"")),
        }
    });
    let ran = as_user(&project, "build", "ci", "right", &[]);
    ran.says(&[": miss"]).fails(1, &["refuses access with status 403"]).is_silent_on(&[": pushed"]);
}

#[test]
fn a_registry_that_refuses_everything_is_not_asked_for_more() {
    let project = Project::with(|request, _| match request.header("authorization") == Some(PUSHER) && request.target == "/v2/" {
        true => None,
        false => Some(Reply::status(401).header("www-authenticate", "Basic realm=\"x\"")),
    });
    let ran = as_user(&project, "build", "ci", "right", &[]);
    ran.fails(1, &["refuses the login of the user `ci` that was given (status 401)"]);
    project.only_read();
    assert!(count(&project, "POST") <= 2, "{:?}", project.registry.lines());
}
