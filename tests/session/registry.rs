//! Every way in which a registry answers, and does not.

use docktag::error::{Code, Error};
use docktag::need::{Exited, FailureKind};
use docktag::options::{Job, Login, Options, Push};
use docktag::report::{Moved, Outcome};
use docktag::secret::Secret;

use crate::host::{Host, SHA, TAG, answer, hit, miss, options};

const HEAD: &str = "HEAD /v2/a/b/manifests/a4f4";

/// The registry's trouble ends the job, before anything is built.
#[track_caller]
fn unknown(host: &mut Host, code: Code, said: &str) -> Error {
    let error = host.run(options(Job::Build)).unwrap_err();
    assert_eq!(error.code, code, "{error}");
    assert!(error.to_string().contains(said), "{error}");
    assert!(host.ran("build").is_empty(), "built although it is unknown whether the image is there");
    error
}

#[test]
fn a_hit_asks_two_questions_and_runs_nothing_but_config() {
    let mut host = Host::new();
    host.reply("HEAD", [hit()]);
    let report = host.run(options(Job::Build)).unwrap();
    assert_eq!(report.hit, Some(true));
    assert_eq!((report.targets[0].outcome, report.targets[0].digest.as_deref()), (Outcome::Hit, Some(SHA)));
    assert_eq!(report.targets[0].moving.as_ref().unwrap().outcome, Moved::Already);
    assert_eq!(
        host.requests,
        [format!("HEAD https://reg.example/v2/a/b/manifests/{TAG}"), "HEAD https://reg.example/v2/a/b/manifests/ci".to_owned()]
    );
    assert_eq!(host.ran.len(), 1);
}

#[test]
fn on_a_hit_the_moving_tag_is_moved_on_the_server() {
    let mut host = Host::new();
    host.reply(HEAD, [hit()]);
    host.reply("GET /v2/a/b/manifests", [hit()]);
    host.reply("PUT /v2/a/b/manifests/ci", [answer(201, &[], "")]);
    let report = host.run(options(Job::Build)).unwrap();
    assert_eq!(report.targets[0].moving.as_ref().unwrap().outcome, Moved::Moved);
}

#[test]
fn a_moving_tag_that_does_not_move_is_a_warning() {
    let mut host = Host::new();
    host.reply(HEAD, [hit()]);
    host.reply("GET /v2/a/b/manifests", [hit()]);
    host.reply("PUT", [answer(403, &[], r#"{"errors":[{"code":"DENIED","message":"immutable"}]}"#)]);
    let report = host.run(options(Job::Build)).unwrap();
    assert_eq!(report.targets[0].moving.as_ref().unwrap().outcome, Moved::Failed);
    assert!(
        host.said().contains("Warning: reg.example/a/b:ci: reg.example refuses access with status 403 (DENIED immutable)"),
        "{}",
        host.said()
    );
}

#[test]
fn a_cut_or_false_manifest_does_not_become_the_moving_tag() {
    let mut host = Host::new();
    host.reply(HEAD, [hit()]);
    host.reply("GET /v2/a/b/manifests", [answer(200, &[("docker-content-digest", SHA)], "ab")]);
    let report = host.run(options(Job::Build)).unwrap();
    assert_eq!(report.targets[0].moving.as_ref().unwrap().outcome, Moved::Failed);
    assert!(!host.requests.iter().any(|request| request.starts_with("PUT")));
    assert!(host.said().contains(&format!("and called it {SHA}")), "{}", host.said());
}

#[test]
fn each_redirect_has_the_proxy_of_its_own_host_the_last_too() {
    for last_is_direct in [true, false] {
        let mut host = Host::new();
        let there = |hop: usize| format!("https://h{hop}.example/hop{hop}-");
        host.reply(HEAD, [answer(307, &[("location", &there(1))], "")]);
        for hop in 1..10 {
            host.reply(&format!("HEAD /hop{hop}-"), [answer(307, &[("location", &there(hop + 1))], "")]);
        }
        host.reply("HEAD /hop10-", [hit()]);
        let mut options = options(Job::Plan);
        let direct = if last_is_direct { "h10.example" } else { "reg.example,h9.example" };
        for (name, value) in [("HTTPS_PROXY", "http://p:1"), ("NO_PROXY", direct)] {
            options.host.env.insert(name.to_owned(), value.to_owned());
        }
        host.run(options).unwrap();
        let first = host.requests.iter().position(|request| request.starts_with("HEAD ")).unwrap();
        assert_eq!(host.requests[first..].len(), 11, "{:?}", host.requests);
        let ways: Vec<bool> = host.proxies[first..].iter().map(Option::is_none).collect();
        let expected: Vec<bool> = (0..11).map(|hop| if last_is_direct { hop == 10 } else { hop == 0 || hop == 9 }).collect();
        assert_eq!(ways, expected);
    }
}

#[test]
fn certificates_and_the_engines_configuration_are_looked_for_once_and_only_where_they_count() {
    let mut host = Host::new();
    host.reply("HEAD", [Err(FailureKind::Tls)]);
    host.reply("GET", [Err(FailureKind::Tls)]);
    let configuration = br#"{"insecure-registries":["reg.example"]}"#.to_vec();
    host.files.insert("/etc/docker/daemon.json".to_owned(), configuration);
    let error = host.run(options(Job::Plan)).unwrap().failure.unwrap();
    assert!(error.to_string().contains("its TLS certificate is not trusted"), "{error}");
    // With any certificate, and then without TLS.
    let urls: Vec<&str> = host.requests.iter().map(|request| request.split("/v2/").next().unwrap().split_once(' ').unwrap().1).collect();
    assert_eq!(urls, ["https://reg.example", "https://reg.example", "http://reg.example"]);
    assert_eq!(host.trusts.iter().map(|trust| trust.insecure).collect::<Vec<_>>(), [false, true, true]);
}

#[test]
fn no_connection_is_no_miss_whatever_the_reason() {
    for (kind, said, attempts) in [
        (FailureKind::Connect, "reg.example: no connection", 3),
        (FailureKind::Dns, "its name cannot be resolved", 3),
        (FailureKind::Timeout, "no answer in time", 3),
        (FailureKind::Garbled, "cut off or is not HTTP", 3),
        (FailureKind::Tls, "its TLS certificate is not trusted", 1),
    ] {
        let mut host = Host::new();
        host.reply("HEAD", [Err(kind)]);
        let error = unknown(&mut host, Code::RegistryUnknown, said);
        assert!(error.help.is_some(), "{error}");
        assert_eq!(host.requests.len(), attempts, "{kind:?}");
    }
}

#[test]
fn trouble_that_passes_is_waited_for() {
    for trouble in [answer(500, &[], ""), answer(503, &[], ""), answer(429, &[("retry-after", "2")], ""), Err(FailureKind::Connect)] {
        let mut host = Host::new();
        host.reply(HEAD, [trouble, hit()]);
        host.reply("GET /v2/a/b/manifests", [hit()]);
        assert_eq!(host.run(options(Job::Build)).unwrap().hit, Some(true));
        assert!(host.waited == 500 || host.waited == 2000, "{}", host.waited);
        assert!(host.said().contains("asking again"), "{}", host.said());
    }
}

#[test]
fn trouble_that_stays_is_given_up() {
    for (trouble, code, said) in [
        (answer(500, &[], ""), Code::RegistryUnknown, "answers with status 500"),
        (answer(429, &[("retry-after", "3600")], ""), Code::RegistryUnknown, "too many requests, and asks to wait (3600)"),
        (answer(403, &[], ""), Code::RegistryDenied, "status 403"),
        (answer(200, &[("content-type", "text/html")], ""), Code::RegistryUnknown, "a web page"),
        (answer(401, &[], ""), Code::RegistryDenied, "status 401"),
    ] {
        let mut host = Host::new();
        host.reply("GET /v2/a/b/manifests", [trouble.clone()]);
        host.reply("HEAD", [trouble]);
        unknown(&mut host, code, said);
        assert!(host.waited <= 60_000);
    }
}

#[test]
fn a_404_of_something_that_is_no_registry_is_no_miss() {
    let mut host = Host::new();
    host.reply("HEAD", [answer(404, &[("content-type", "text/html")], "")]);
    host.reply("GET /v2/", [answer(200, &[("content-type", "text/html")], "<html>")]);
    host.reply("GET /v2/a/b/manifests", [answer(404, &[("content-type", "text/html")], "")]);
    unknown(&mut host, Code::RegistryUnknown, "not as a registry does");

    let mut host = Host::new();
    host.reply("HEAD", [answer(404, &[], "")]);
    host.reply("GET /v2/", [answer(200, &[("docker-distribution-api-version", "registry/2.0")], "{}")]);
    host.reply("GET /v2/a/b/manifests", [answer(404, &[], "")]);
    host.exits("docker version", 1, "no engine");
    assert_eq!(host.run(options(Job::Build)).unwrap_err().code, Code::NoEngine);
}

#[test]
fn a_404_waits_for_what_head_finds_elsewhere_on_the_host() {
    for slow in [false, true] {
        let mut host = Host::new();
        host.slow = slow;
        host.reply("HEAD /v2/a/b/manifests/ci", [hit()]);
        host.reply(HEAD, [miss()]);
        host.exits("docker version", 1, "no engine");
        assert_eq!(host.run(options(Job::Build)).unwrap_err().code, Code::NoEngine);
        assert!(!host.requests.iter().any(|request| request.contains(&format!("GET https://reg.example/v2/a/b/manifests/{TAG}"))));
    }
}

#[test]
fn a_refusal_to_read_is_a_miss_where_an_upload_begins() {
    for (began, slow) in [(202, false), (202, true), (403, false), (401, true), (404, false), (500, false)] {
        let mut host = Host::new();
        host.slow = slow;
        host.reply("HEAD", [answer(401, &[("www-authenticate", "Basic realm=x")], "")]);
        host.reply("GET /v2/", [answer(200, &[], "{}")]);
        host.reply("GET /v2/a/b/manifests", [answer(401, &[("www-authenticate", "Basic realm=x")], "")]);
        host.reply("POST", [answer(began, &[("location", "https://reg.example/v2/a/b/blobs/uploads/1")], "")]);
        host.exits("docker version", 1, "no engine");
        let login = Some(Login { registry: None, user: Some("ci".to_owned()), password: Some(Secret::new("right")) });
        let error = host.run(Options { login, ..options(Job::Build) }).unwrap_err();
        let expected = if began == 202 { Code::NoEngine } else { Code::RegistryDenied };
        assert_eq!(error.code, expected, "{began}: {error}");
        let given_up = host.requests.iter().filter(|request| request.starts_with("DELETE https://reg.example/v2/a/b/blobs/uploads/1"));
        assert_eq!(given_up.count(), usize::from(began == 202));
    }
}

#[test]
fn one_token_serves_all_questions_about_a_repository() {
    let mut host = Host::new();
    bearer(&mut host);
    host.reply("HEAD /v2/a/b/manifests/ci [Bearer t]", [hit()]);
    host.reply(&format!("HEAD /v2/a/b/manifests/{TAG} [Bearer t]"), [hit()]);
    host.reply("GET /token", [answer(200, &[], r#"{"token":"t"}"#)]);
    host.run(options(Job::Build)).unwrap();
    let asked: Vec<&str> = host.requests.iter().map(|request| request.split(' ').next().unwrap()).collect();
    assert_eq!(asked, ["HEAD", "GET", "HEAD", "HEAD"], "{:?}", host.requests);
    assert!(host.requests[1].contains("scope=repository%3Aa%2Fb%3Apull%2Cpush"), "{:?}", host.requests);
}

#[test]
fn answers_may_come_late_and_in_any_order() {
    let mut host = Host::new();
    host.slow = true;
    bearer(&mut host);
    host.reply("HEAD /v2/a/b/manifests/ci [Bearer t]", [hit()]);
    host.reply(&format!("HEAD /v2/a/b/manifests/{TAG} [Bearer t]"), [hit()]);
    host.reply("GET /token", [answer(200, &[], r#"{"token":"t"}"#)]);
    assert_eq!(host.run(options(Job::Build)).unwrap().hit, Some(true));
    assert_eq!(host.requests.len(), 4, "{:?}", host.requests);
}

#[test]
fn an_expired_token_is_renewed_once() {
    let mut host = Host::new();
    bearer(&mut host);
    host.reply(&format!("HEAD /v2/a/b/manifests/{TAG} [Bearer new]"), [hit()]);
    host.reply("HEAD /v2/a/b/manifests/ci [Bearer new]", [hit()]);
    host.reply("GET /token", [answer(200, &[], r#"{"token":"old"}"#), answer(200, &[], r#"{"token":"new"}"#)]);
    assert_eq!(host.run(options(Job::Build)).unwrap().hit, Some(true));

    let mut host = Host::new();
    bearer(&mut host);
    host.reply("GET /token", [answer(200, &[], r#"{"token":"useless"}"#)]);
    unknown(&mut host, Code::RegistryDenied, "reg.example wants a login");
    assert_eq!(host.requests.iter().filter(|request| request.contains("/token")).count(), 2);
}

#[test]
fn a_wrong_password_is_no_miss() {
    for challenge in ["Basic realm=\"x\"", "Bearer realm=\"https://auth.example/token\",service=\"s\""] {
        let mut host = Host::new();
        host.reply("HEAD", [answer(401, &[("www-authenticate", challenge)], "")]);
        host.reply("GET /token", [answer(401, &[], "")]);
        let mut options = options(Job::Build);
        options.login = Some(Login { registry: None, user: Some("ci".to_owned()), password: Some(Secret::new("wrong")) });
        let error = host.run(options).unwrap_err();
        assert_eq!(error.code, Code::RegistryDenied);
        assert!(error.to_string().contains("refuses the login of the user `ci` that was given"), "{error}");
        assert!(!error.to_string().contains("wrong"), "{error}");
        assert!(host.ran("build").is_empty());
    }
}

#[test]
fn credentials_are_found_in_dockers_configuration() {
    let mut host = Host::new();
    host.files.insert("/home/u/.docker/config.json".to_owned(), br#"{"auths":{"reg.example":{"auth":"Y2k6czNjcmV0"}}}"#.to_vec());
    host.reply("HEAD", [answer(401, &[("www-authenticate", "Basic realm=x")], "")]);
    host.reply(&format!("HEAD /v2/a/b/manifests/{TAG} [Basic Y2k6czNjcmV0]"), [hit()]);
    host.reply("HEAD /v2/a/b/manifests/ci [Basic Y2k6czNjcmV0]", [hit()]);
    assert_eq!(host.run(options(Job::Build)).unwrap().hit, Some(true));
}

#[test]
fn a_credential_helper_is_asked_and_its_failure_is_told() {
    let ask = |helper: Result<(i32, &'static str), FailureKind>| {
        let mut host = Host::new();
        host.files.insert("/home/u/.docker/config.json".to_owned(), br#"{"credsStore":"desk"}"#.to_vec());
        host.reply("HEAD", [answer(401, &[("www-authenticate", "Basic realm=x")], "")]);
        host.reply(&format!("HEAD /v2/a/b/manifests/{TAG} [Basic dTpw]"), [hit()]);
        host.reply("HEAD /v2/a/b/manifests/ci [Basic dTpw]", [hit()]);
        host.program("docker-credential-desk", move |command, _| {
            assert_eq!(command.stdin.as_deref(), Some("reg.example"));
            helper.map(|(code, stdout)| Exited { code: Some(code), stdout: stdout.into(), ..Exited::default() })
        });
        let result = host.run(options(Job::Build));
        assert!(host.ran("build").is_empty());
        result
    };
    assert_eq!(ask(Ok((0, r#"{"Username":"u","Secret":"p"}"#))).unwrap().hit, Some(true));
    let text = |result: Result<docktag::report::Report, Error>| result.unwrap_err().to_string();
    assert!(
        text(ask(Err(FailureKind::NotFound)))
            .starts_with("docker-credential-desk: not found, expected this program on PATH; /home/u/.docker/config.json names it")
    );
    assert!(text(ask(Ok((1, "locked")))).starts_with("docker-credential-desk: exit code 1: locked"));
    assert!(text(ask(Ok((0, "?")))).contains("printed no credentials"));
    assert!(text(ask(Ok((1, "credentials not found in native keychain")))).contains("reg.example wants a login"));
}

#[test]
fn credentials_are_not_sent_to_a_token_server_without_tls() {
    let mut host = Host::new();
    host.reply("HEAD", [answer(401, &[("www-authenticate", "Bearer realm=\"http://auth.example/token\"")], "")]);
    unknown(&mut host, Code::RegistryDenied, "expected an https address");
    assert_eq!(host.requests.len(), 1);
}

#[test]
fn a_registry_without_the_digest_header_is_asked_for_the_bytes() {
    let mut host = Host::new();
    let bare = || answer(200, &[("content-type", "application/vnd.oci.image.manifest.v1+json")], "");
    let body = || answer(200, &[("content-type", "application/vnd.oci.image.manifest.v1+json")], "{}");
    let digest = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    host.reply("HEAD", [bare()]);
    host.reply("GET /v2/a/b/manifests", [body()]);
    assert_eq!(host.run(options(Job::Build)).unwrap().targets[0].digest.as_deref(), Some(digest));
}

#[test]
fn without_a_push_the_unknown_is_built() {
    let mut host = Host::new();
    host.reply("HEAD", [Err(FailureKind::Connect)]);
    let mut options = options(Job::Build);
    options.push = Push::No;
    let report = host.run(options).unwrap();
    assert_eq!((report.hit, report.targets[0].outcome), (Some(false), Outcome::Built));
    assert!(host.ran("push").is_empty());
    assert!(host.said().contains("nothing is to be pushed"), "{}", host.said());
}

#[test]
fn without_a_push_a_refused_login_is_still_an_error() {
    let mut host = Host::new();
    host.reply("HEAD", [answer(401, &[("www-authenticate", "Basic realm=x")], "")]);
    let login = Some(Login { registry: None, user: Some("ci".to_owned()), password: Some(Secret::new("wrong")) });
    let error = host.run(Options { login, push: Push::No, ..options(Job::Build) }).unwrap_err();
    assert_eq!(error.code, Code::RegistryDenied);
    assert!(host.ran("build").is_empty());
}

#[test]
fn loopback_is_spoken_to_without_tls_and_with_it_where_needed() {
    for (first, expected) in [(hit(), "http"), (answer(400, &[], ""), "https"), (Err(FailureKind::Garbled), "https")] {
        let mut host = Host::new();
        host.model(&format!(r#"{{"services":{{"app":{{"image":"127.0.0.1:5000/a/b:{TAG}","build":{{}}}}}}}}"#));
        host.reply("HEAD", [first, hit()]);
        assert_eq!(host.run(options(Job::Build)).unwrap().hit, Some(true));
        assert!(host.requests.last().unwrap().starts_with(&format!("HEAD {expected}://127.0.0.1:5000/")), "{:?}", host.requests);
    }
}

fn bearer(host: &mut Host) {
    host.reply("HEAD", [answer(401, &[("www-authenticate", "Bearer realm=\"https://auth.example/token\",service=\"s\"")], "")]);
}
