//! The registries of `docs/registries.md`, one test for each row: a registry with its quirk, and what comes of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::support::registry::Request;
use crate::support::{Dir, Project, REPOSITORY, Ran, Registry, Reply, artifacts};

const DOCUMENT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/registries.md"));

/// What the user `ci` with the password `right` shows.
const CI: &str = "Basic Y2k6cmlnaHQ=";

/// A registry whose tokens are what `give` answers, and that answers with `answer` to what has one.
fn with_tokens(
    give: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static,
    answer: impl Fn(&Request) -> Option<Reply> + Send + Sync + 'static,
) -> Project {
    let tokens = Registry::scripted(&Dir::new(), move |request, before| Some(give(request, before)));
    let challenge = format!("Bearer realm=\"http://{}/token\",service=\"x\"", tokens.address);
    Project::with(move |request, _| {
        let _ = &tokens;
        match request.header("authorization") {
            None => Some(Reply::status(401).header("www-authenticate", challenge.clone())),
            Some(_) => answer(request),
        }
    })
}

fn token(text: &str) -> Reply {
    Reply::json(200, &format!(r#"{{"token":"{text}"}}"#))
}

fn denied(status: u16, code: &str, message: &str) -> Reply {
    Reply::json(status, &format!(r#"{{"errors":[{{"code":"{code}","message":"{message}"}}]}}"#))
}

fn as_ci(project: &Project, job: &str, args: &[&str]) -> Ran {
    project.job(job, [&["--username", "ci"], args].concat()).env("DOCKER_PASSWORD", "right").run()
}

fn asks_for_image(request: &Request) -> bool {
    request.target.contains("/manifests/") && (request.method == "GET" || request.method == "HEAD")
}

/// Builds, and then says what has changed since and finds the image again.
#[track_caller]
fn keeps_its_manifest(project: &Project) {
    project.build(&[]).is_silent_on(&["warning"]).ok();
    project.build(&["--verify"]).says(&[": hit, sha256:"]).ok();
    project.dir.file("docker/new", "n");
    project.build(&[]).says(&["1 file added since", "docker/new added"]).ok();
}

#[test]
fn every_row_has_a_test() {
    let rows = DOCUMENT.lines().filter_map(|line| line.strip_prefix("| [")?.split(']').next());
    let names: Vec<String> = rows.map(|name| name.to_lowercase().replace(' ', "_")).collect();
    assert_eq!(names.len(), 11, "{names:?}");
    for name in names {
        assert!(include_str!("registries.rs").contains(&format!("\nfn {name}()")), "no test for {name}");
    }
}

/// A `GET` of a manifest counts as a pull, a `HEAD` does not.
#[test]
fn docker_hub() {
    let project = Project::new();
    project.registry.put(&format!("{REPOSITORY}:ci"), "{}");
    project.is_there().build(&["--no-push"]).says(&[": hit"]).ok();
    assert!(project.registry.lines().iter().all(|line| line.starts_with("HEAD ")), "{:?}", project.registry.lines());
    let limited = Project::with(|request, _| {
        asks_for_image(request).then(|| denied(429, "TOOMANYREQUESTS", "pull rate limit").header("retry-after", "3600"))
    });
    limited.is_unknown(&["too many requests", "limits are higher with an account"]);
}

/// The token server refuses who may not read a package, and a package that does not exist: with a login it is a 404.
#[test]
fn ghcr() {
    let make = || {
        let give = |request: &Request, _| match request.header("authorization") == Some(CI) {
            true => token("t"),
            false => denied(403, "DENIED", "requested access to the resource is denied"),
        };
        with_tokens(give, |_| None)
    };
    make().is_unknown(&["wants a login (status 403)"]);
    as_ci(&make(), "build", &[]).says(&[": miss", ": pushed, sha256:"]).ok();
}

/// A repository that does not exist is a 404; tags can be immutable, the moving tag included.
#[test]
fn ecr() {
    let project = Project::with(|request, _| {
        if request.header("authorization") != Some(CI) {
            return Some(
                Reply::status(401).header("www-authenticate", "Basic realm=\"https://1.dkr.ecr.example/\",service=\"ecr.amazonaws.com\""),
            );
        }
        let is_moved = request.method == "PUT" && request.target.ends_with("/manifests/ci");
        is_moved.then(|| denied(400, "TAG_INVALID", "The image tag 'ci' already exists and cannot be overwritten"))
    });
    let ran = as_ci(&project, "build", &[]);
    ran.says(&[": miss", ": pushed, sha256:", "warning: ", "already exists and cannot be overwritten", "--moving-tag ''"]).ok();
    as_ci(&project, "build", &["--moving-tag="]).says(&[": hit, sha256:"]).ok();
}

/// A repository that does not exist is refused with 403, to those who may push as well: nothing can be pushed to it.
#[test]
fn gar() {
    let words = "Permission artifactregistry.repositories.downloadArtifacts denied on resource (or it may not exist)";
    let project = with_tokens(|_, _| token("t"), move |request| (request.target != "/v2/").then(|| denied(403, "DENIED", words)));
    let ran = as_ci(&project, "build", &[]);
    ran.fails(1, &[words, "the registry accepts the login, but not for this repository: check that it exists", "nothing was built"]);
    project.only_read();
}

/// The login is an identity token, which is exchanged in a form.
#[test]
fn acr() {
    let give = |request: &Request, _| match String::from_utf8_lossy(&request.body).contains("refresh_token=id%2F1") {
        true => Reply::json(200, r#"{"access_token":"t"}"#),
        false => denied(401, "UNAUTHORIZED", "authentication required"),
    };
    let project = with_tokens(give, |_| None);
    let user = STANDARD.encode("00000000-0000-0000-0000-000000000000:");
    let address = &project.registry.address;
    project.docker_config(&format!(r#"{{"auths":{{"{address}":{{"auth":"{user}","identitytoken":"id/1"}}}}}}"#));
    project.build(&[]).says(&[": miss", ": pushed, sha256:"]).ok();
    project.build(&[]).says(&[": hit, sha256:"]).ok();
}

/// Media types that it does not know are refused, and the tag that lists what refers to an image is taken for the image's digest.
#[test]
fn gitlab() {
    let project = Project::around(|dir| {
        let store = dir.beside("registry");
        Registry::scripted(dir, move |request, _| artifacts::gitlab(&store, request))
    });
    keeps_its_manifest(&project);
}

/// A token that is refused is answered with a challenge for a password.
#[test]
fn harbor() {
    let give = |_: &Request, before: usize| token(&format!("t{before}"));
    let project = with_tokens(give, |request| {
        // The first token expires when the image has been pushed.
        let is_old = request.header("authorization") == Some("Bearer t0");
        (is_old && request.method == "PUT").then(|| Reply::status(401).header("www-authenticate", "Basic realm=\"harbor\""))
    });
    as_ci(&project, "build", &[]).is_silent_on(&["warning"]).says(&[": pushed, sha256:", ":ci: points at"]).ok();
}

/// `HEAD` of a manifest is a web page with 404.
#[test]
fn nexus() {
    let project = Project::with(|request, _| (request.method == "HEAD" && asks_for_image(request)).then(|| Reply::page(404)));
    project.is_there().build(&[]).says(&[": hit, sha256:"]).ok();
    let empty = Project::with(|request, _| (request.method == "HEAD" && asks_for_image(request)).then(|| Reply::page(404)));
    empty.build(&[]).says(&[": miss", ": pushed, sha256:"]).ok();
}

/// A tag that does not exist is refused with 403 to an account that may push.
#[test]
fn artifactory() {
    let project = Project::around(|dir| {
        let store = dir.beside("registry");
        Registry::scripted(dir, move |request, _| {
            if request.header("authorization") != Some(CI) {
                return Some(Reply::status(401).header("www-authenticate", "Basic realm=\"Artifactory Realm\""));
            }
            let exists = request.target.strip_prefix("/v2/").is_some_and(|path| store.join(path.replace("/manifests/", "/")).exists());
            (asks_for_image(request) && !exists).then(|| denied(403, "UNAUTHORIZED", "The client does not have permission for manifest"))
        })
    });
    as_ci(&project, "build", &[]).says(&[": miss", ": pushed, sha256:"]).ok();
    as_ci(&project, "build", &[]).says(&[": hit, sha256:"]).ok();
    project.dir.file("docker/new", "n");
    as_ci(&project, "plan", &[]).says(&["1 of 1 image to be built"]).ok();
}

/// A repository that does not exist is a 401, with a token that was just given: an account that may create it pushes to it.
#[test]
fn quay() {
    let project = Project::around(|dir| {
        let store = dir.beside("registry");
        let tokens = Registry::scripted(&Dir::new(), |request, _| {
            let knows = request.header("authorization") == Some(CI);
            Some(token(if knows { "ci" } else { "nobody" }))
        });
        let challenge = format!("Bearer realm=\"http://{}/v2/auth\",service=\"quay\"", tokens.address);
        Registry::scripted(dir, move |request, _| {
            let _ = &tokens;
            let is_refused = match request.header("authorization") {
                Some("Bearer ci") => asks_for_image(request) && !store.join(REPOSITORY).exists(),
                Some("Bearer nobody") => request.target != "/v2/",
                _ => true,
            };
            is_refused.then(|| {
                denied(401, "UNAUTHORIZED", "access to the requested resource is not authorized")
                    .header("www-authenticate", challenge.clone())
            })
        })
    });
    project.is_unknown(&["wants a login (status 401)"]);
    as_ci(&project, "build", &[]).says(&[": miss", ": pushed, sha256:"]).ok();
    as_ci(&project, "build", &[]).says(&[": hit, sha256:"]).ok();
}

/// An index names image manifests only, and all parts of a manifest exist in its repository.
#[test]
fn gitea() {
    let project = Project::around(|dir| {
        let store = dir.beside("registry");
        Registry::scripted(dir, move |request, _| artifacts::gitea(&store, request))
    });
    keeps_its_manifest(&project);
}
