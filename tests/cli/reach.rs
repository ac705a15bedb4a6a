//! Registries that cannot be reached.

use std::fs;
use std::net::TcpListener;

use crate::support::tls::Certificate;
use crate::support::{Dir, ForwardProxy, Project, Registry, Reply};

#[test]
fn a_refused_connection_is_not_a_miss() {
    let mut project = Project::new();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    project.image = format!("{address}/example/app");
    let ran = project.is_unknown(&[&address, "no connection", "nothing was built"]);
    ran.says(&["asking again in 0.5 s (attempt 2 of 3)", "asking again in 1 s (attempt 3 of 3)"]);
}

#[test]
fn a_name_without_an_address_is_not_a_miss() {
    let mut project = Project::new();
    project.image = "registry.invalid/example/app".to_owned();
    project.is_unknown(&["registry.invalid: ", "its name cannot be resolved", "check the registry's name"]);
}

#[test]
fn what_is_not_http_is_not_a_miss_and_no_question_of_trust() {
    let project = Project::with(|_, _| Some(Reply::Noise));
    project.is_unknown(&[&project.registry.address]).is_silent_on(&["certificate"]);
}

/// A proxy that lets nobody through, and writes down who wanted where.
fn proxy() -> Registry {
    Registry::scripted(&Dir::new(), |_, _| Some(Reply::status(403)))
}

#[test]
fn a_registry_elsewhere_is_spoken_to_with_tls_only() {
    let mut project = Project::new();
    project.image = "registry.example/example/app".to_owned();
    let proxy = proxy();
    let address = format!("http://{}", proxy.address);
    project
        .job("build", ["--moving-tag="])
        .env("HTTPS_PROXY", &address)
        .env("HTTP_PROXY", &address)
        .run()
        .fails(1, &["registry.example: "]);
    let lines = proxy.lines();
    assert!(!lines.is_empty() && lines.iter().all(|line| line == "CONNECT registry.example:443"), "{lines:?}");
    project.only_read();
}

#[test]
fn a_registry_on_the_loopback_interface_is_reached_without_the_proxy() {
    // As by Docker and everything else that is written in Go (golang.org/x/net/http/httpproxy).
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"] {
        let project = Project::new();
        let proxy = proxy();
        project.is_there().job("build", [""; 0]).env(name, format!("http://{}", proxy.address)).run().says(&["hit, sha256:"]).ok();
        assert_eq!(proxy.lines(), [""; 0]);
    }
}

#[test]
fn a_registry_with_tls_is_reached_through_the_proxy_of_its_variable() {
    for name in ["HTTPS_PROXY", "https_proxy"] {
        let certificate = Certificate::for_host("registry.example");
        let pem = certificate.pem.clone();
        let mut project = Project::around(|dir| Registry::with_tls(dir, certificate, |_, _| None));
        let authority = project.dir.beside("authority.pem");
        fs::write(&authority, pem).unwrap();
        let proxy = ForwardProxy::to(&project.registry.address);
        project.image = "registry.example:5000/example/app".to_owned();
        let run = project.is_there().job("build", ["--moving-tag="]).env(name, &proxy.url).env("SSL_CERT_FILE", authority);
        run.run().says(&["hit, sha256:"]).ok();
        assert_eq!(proxy.asked(), ["CONNECT registry.example:5000"], "{name}");
    }
}

#[test]
fn a_registry_without_tls_is_reached_through_the_proxy_of_its_variable() {
    let mut project = Project::new();
    let proxy = ForwardProxy::to(&project.registry.address);
    project.image = "registry.example/example/app".to_owned();
    let insecure = ["--moving-tag=", "--insecure-registry=registry.example"];
    project.is_there().job("build", insecure).env("http_proxy", &proxy.url).run().says(&["hit, sha256:"]).ok();
    // With TLS its name would have to be known here.
    assert_eq!(proxy.asked(), ["CONNECT registry.example:80"]);
}

#[test]
fn what_is_excepted_from_the_proxy_is_reached_directly() {
    // No address here is one that the proxy could lead to: the error says which way was taken.
    let mut project = Project::new();
    let proxy = ForwardProxy::to("127.0.0.1:1");
    for (list, host, is_direct) in [
        ("10.0.0.0/8,registry.invalid", "registry.invalid", true),
        ("invalid", "registry.invalid", true),
        (".invalid", "registry.invalid:5000", true),
        ("*", "registry.invalid", true),
        ("registry.invalid:5000", "registry.invalid:5000", true),
        ("registry.invalid:5000", "registry.invalid", false),
        (".registry.invalid", "registry.invalid", false),
        ("10.0.0.0/8", "registry.invalid", false),
    ] {
        project.image = format!("{host}/example/app");
        let run = project.job("plan", ["--registry-timeout=2"]).env("HTTPS_PROXY", &proxy.url);
        let ran = run.env("no_proxy", list).run();
        ran.fails(1, &[if is_direct { "its name cannot be resolved" } else { "through the proxy of" }]);
    }
    assert!(proxy.asked().iter().all(|line| line == "CONNECT registry.invalid:443"), "{:?}", proxy.asked());
}

#[test]
fn a_proxy_that_refuses_or_is_none_is_told() {
    let mut project = Project::new();
    project.image = "registry.example/example/app".to_owned();
    let refuses = proxy();
    let with = |address: &str, texts: &[&str]| {
        let ran = project.job("build", ["--moving-tag="]).env("HTTPS_PROXY", address).run();
        ran.fails(1, texts);
        project.only_read();
    };
    with(&format!("http://ci:s3cret@{}", refuses.address), &["no connection", "403", "through the proxy of HTTPS_PROXY or HTTP_PROXY"]);
    with("socks5://127.0.0.1:1", &["names a proxy that is neither http: nor https:", "NO_PROXY makes exceptions"]);
    with("http://", &["names no address of a proxy"]);
}
