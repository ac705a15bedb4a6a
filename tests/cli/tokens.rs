//! Registries that send us to a token server.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::support::registry::Request;
use crate::support::tls::Certificate;
use crate::support::{Dir, ForwardProxy, Project, REPOSITORY, Registry, Reply, Run};

/// `Basic` for the user `ci` with the password `right`.
const RIGHT: &str = "Basic Y2k6cmlnaHQ=";

/// A server that gives a new token (`t1`, `t2`, ...) to everybody whom `knows` lets in.
fn token_server(knows: impl Fn(&Request) -> bool + Send + Sync + 'static) -> Registry {
    let count = AtomicUsize::new(1);
    Registry::scripted(&Dir::new(), move |request, _| {
        Some(match knows(request) {
            true => Reply::json(200, &format!(r#"{{"token":"t{}"}}"#, count.fetch_add(1, Ordering::SeqCst))),
            false => Reply::json(401, r#"{"details":"incorrect username or password"}"#),
        })
    })
}

/// A registry that has the image, sends everybody to that server, and takes the tokens that `takes` likes (given with how many
/// requests it took before).
fn behind(tokens: &Registry, takes: impl Fn(&str, usize) -> bool + Send + Sync + 'static) -> Project {
    let challenge =
        format!("Bearer realm=\"http://{}/token\",service=\"the registry\",scope=\"repository:example/app:pull\"", tokens.address);
    let taken = AtomicUsize::new(0);
    Project::with(move |request, _| {
        let token = request.header("authorization").and_then(|it| it.strip_prefix("Bearer "));
        match token.is_some_and(|token| takes(token, taken.load(Ordering::SeqCst))) {
            true => {
                taken.fetch_add(1, Ordering::SeqCst);
                None
            }
            false => Some(Reply::status(401).header("www-authenticate", challenge.clone())),
        }
    })
}

fn knows_ci(request: &Request) -> bool {
    request.header("authorization") == Some(RIGHT)
}

#[test]
fn one_token_serves_the_whole_run() {
    let tokens = token_server(knows_ci);
    let project = behind(&tokens, |token, _| token == "t1");
    project.job("build", ["--username", "ci"]).env("DOCKER_PASSWORD", "right").run().ok();
    let asked = tokens.lines();
    assert_eq!(asked.len(), 1, "{asked:?}");
    for part in ["GET /token?", "service=the%20registry", "scope=repository%3Aexample%2Fapp%3Apull%2Cpush", "account=ci"] {
        assert!(asked[0].contains(part), "{part}: {asked:?}");
    }
    assert!(
        project.registry.requests().iter().all(|request| request.header("authorization") != Some(RIGHT)),
        "the password is for the token server"
    );
}

#[test]
fn a_pull_asks_for_no_right_to_push() {
    let tokens = token_server(|_| true);
    let project = behind(&tokens, |_, _| true);
    project.job("pull", [""; 0]).run().fails(3, &["not in the registry"]);
    assert!(tokens.lines()[0].ends_with("scope=repository%3Aexample%2Fapp%3Apull"), "{:?}", tokens.lines());
}

#[test]
fn a_wrong_password_at_the_token_server_is_not_a_miss() {
    let tokens = token_server(knows_ci);
    let project = behind(&tokens, |_, _| true);
    let ran = project.job("build", ["--username", "ci", "--password-stdin"]).stdin("wrong").run();
    ran.fails(1, &[&project.image, "refuses the login of the user `ci` that was given (status 401)", "help: check user and password"]);
    project.only_read();
    project.is_unknown(&["wants a login (status 401)", "`docker login"]);
}

#[test]
fn a_token_that_expires_is_renewed() {
    let tokens = token_server(|_| true);
    // The first one is taken for the two questions before the build, then no more.
    let project = behind(&tokens, |token, taken| (token == "t1" && taken < 2) || token == "t2");
    project.build(&[]).says(&[": miss", ": pushed, sha256:"]).ok();
    assert_eq!(tokens.requests().len(), 2);
}

#[test]
fn a_registry_that_takes_no_token_is_given_up() {
    let tokens = token_server(|_| true);
    let project = behind(&tokens, |_, _| false);
    project.is_unknown(&[&project.image, "status 401", "docker login"]);
    assert!(tokens.requests().len() <= 4, "{:?}", tokens.lines());
}

#[test]
fn a_token_server_in_trouble_is_not_a_miss() {
    for reply in [Reply::status(500), Reply::page(200), Reply::json(200, "{}"), Reply::json(200, r#"{"token":"a\r\nb: c"}"#)] {
        let tokens = Registry::scripted(&Dir::new(), move |_, _| Some(reply.clone()));
        let project = behind(&tokens, |_, _| true);
        project.is_unknown(&[&tokens.address, "and no token", "try again"]);
    }
}

#[test]
fn a_token_can_have_its_other_name() {
    let tokens = Registry::scripted(&Dir::new(), |_, _| Some(Reply::json(200, r#"{"access_token":"t1","expires_in":300}"#)));
    let project = behind(&tokens, |token, _| token == "t1");
    project.is_there().build(&[]).ok();
}

#[test]
fn an_identity_token_is_exchanged_in_the_body_of_a_form() {
    let tokens = token_server(|request| request.method == "POST");
    let project = behind(&tokens, |_, _| true);
    let address = &project.registry.address;
    project.docker_config(&format!(r#"{{"auths":{{"{address}":{{"auth":"{}","identitytoken":"id/1"}}}}}}"#, STANDARD.encode("ci:")));
    project.is_there().build(&[]).ok();
    let form = String::from_utf8(tokens.requests()[0].body.clone()).unwrap();
    assert!(form.contains("grant_type=refresh_token") && form.contains("refresh_token=id%2F1"), "{form}");
    assert_eq!(tokens.requests()[0].target, "/token");
}

#[test]
fn a_registry_with_tls_cannot_send_the_password_over_plain_http() {
    let tokens = token_server(|_| true);
    let realm = format!("http://{}/token", tokens.address);
    let challenge = format!("Bearer realm=\"{realm}\"");
    let certificate = Certificate::for_host("registry.example");
    let pem = certificate.pem.clone();
    let mut project = Project::around(|dir| {
        Registry::with_tls(dir, certificate, move |_, _| Some(Reply::status(401).header("www-authenticate", challenge.clone())))
    });
    let authority = project.dir.beside("authority.pem");
    fs::write(&authority, pem).unwrap();
    let proxy = ForwardProxy::to(&project.registry.address);
    project.image = "registry.example/example/app".to_owned();
    let run = project.job("build", ["--username", "ci"]).env("DOCKER_PASSWORD", "right").env("SSL_CERT_FILE", authority);
    let ran = run.env("HTTPS_PROXY", &proxy.url).run();
    ran.fails(1, &[&format!("`{realm}` for a token, expected an https address"), "help: credentials are not sent there"]);
    assert_eq!(tokens.lines(), [""; 0]);
    project.only_read();
}

/// The registry `registry.example` and its token server `tokens.example`, both with TLS and behind one address; `give` is the token server.
struct WithTls {
    project: Project,
    proxy: ForwardProxy,
    authority: String,
}

impl WithTls {
    fn new(certificate: Certificate, give: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let pem = certificate.pem.clone();
        let answer = move |request: &Request, _| match (request.header("host"), request.header("authorization")) {
            (Some("registry.example"), Some("Bearer t1")) => None,
            (Some("registry.example"), _) => {
                Some(Reply::status(401).header("www-authenticate", "Bearer realm=\"https://tokens.example/token\",service=\"s\""))
            }
            _ => Some(give(request)),
        };
        let mut project = Project::around(|dir| Registry::with_tls(dir, certificate, answer));
        let authority = project.dir.beside("authority.pem");
        fs::write(&authority, pem).unwrap();
        let proxy = ForwardProxy::to(&project.registry.address);
        project.image = format!("registry.example/{REPOSITORY}");
        WithTls { authority: authority.to_str().unwrap().to_owned(), project, proxy }
    }

    fn build(&self) -> Run {
        let run = self.project.job("build", ["--username", "ci"]).env("DOCKER_PASSWORD", "right");
        run.env("SSL_CERT_FILE", &self.authority).env("HTTPS_PROXY", &self.proxy.url)
    }

    /// The hosts that were shown the password.
    fn were_shown_the_password(&self) -> Vec<String> {
        let requests = self.project.registry.requests();
        let shown = requests.iter().filter(|request| request.header("authorization") == Some(RIGHT));
        shown.map(|request| request.header("host").unwrap_or_default().to_owned()).collect()
    }
}

#[test]
fn the_password_goes_to_a_token_server_with_tls_and_nowhere_else() {
    let both = Certificate::for_hosts(&["registry.example", "tokens.example"]);
    let server = WithTls::new(both, |_| Reply::json(200, r#"{"token":"t1"}"#));
    server.build().run().says(&[": miss"]);
    assert_eq!(server.were_shown_the_password(), ["tokens.example"]);
    assert_eq!(server.proxy.asked().iter().filter(|line| line.contains("tokens.example:443")).count(), 1, "{:?}", server.proxy.asked());
}

#[test]
fn a_token_server_that_nobody_vouches_for_is_not_shown_the_password() {
    let server = WithTls::new(Certificate::for_host("registry.example"), |_| Reply::json(200, r#"{"token":"t1"}"#));
    server.build().run().fails(1, &["tokens.example", "its TLS certificate is not trusted", "nothing was built"]);
    assert_eq!(server.were_shown_the_password(), [""; 0]);
    server.project.only_read();
}

#[test]
fn a_token_server_cannot_send_the_password_on() {
    for to in ["https://registry.example/token", "https://evil.example/token", "http://tokens.example/token", "https://tokens.example:444/"]
    {
        let all = Certificate::for_hosts(&["registry.example", "tokens.example", "evil.example"]);
        let server = WithTls::new(all, move |request| match request.header("host") == Some("tokens.example") {
            true => Reply::status(307).header("location", to),
            false => Reply::status(401),
        });
        server.build().run().fails(1, &["nothing was built"]);
        assert_eq!(server.were_shown_the_password(), ["tokens.example"], "{to}");
        server.project.only_read();
    }
}
