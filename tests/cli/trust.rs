//! Certificates, and registries that need none: as Docker has them.

use std::fs;
use std::path::PathBuf;

use crate::support::tls::{Certificate, Identity};
use crate::support::{ForwardProxy, Project, Ran, Registry, Reply, Run};

/// A name that is not on the loopback interface; a proxy leads there.
const NAME: &str = "registry.example:5000";

/// A registry with TLS under [`NAME`].
struct Far {
    project: Project,
    proxy: ForwardProxy,
}

impl Far {
    fn new(certificate: Certificate) -> Self {
        let mut project = Project::around(|dir| Registry::with_tls(dir, certificate, |_, _| None));
        let proxy = ForwardProxy::to(&project.registry.address);
        project.is_there();
        project.image = format!("{NAME}/example/app");
        Far { project, proxy }
    }

    /// A registry without TLS, under the same name.
    fn plain() -> Self {
        let mut project = Project::new();
        let proxy = ForwardProxy::to(&project.registry.address);
        project.is_there();
        project.image = format!("{NAME}/example/app");
        Far { project, proxy }
    }

    fn job(&self, args: &[&str]) -> Run {
        let args = args.iter().copied().chain(["--moving-tag="]);
        self.project.job("build", args).env("HTTPS_PROXY", &self.proxy.url).env("HTTP_PROXY", &self.proxy.url)
    }

    /// A file where a rootless engine has those of this registry.
    fn file(&self, name: &str, text: &str) -> PathBuf {
        let folder = self.project.dir.beside("home/.config/docker/certs.d").join(NAME);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), text).unwrap();
        folder.join(name)
    }

    fn authority(&self, text: &str) -> PathBuf {
        let file = self.project.dir.beside("authority.pem");
        fs::write(&file, text).unwrap();
        file
    }

    fn hits(&self, args: &[&str]) -> Ran {
        let ran = self.job(args).run();
        ran.says(&["hit, sha256:"]).ok();
        ran
    }

    fn is_unknown(&self, texts: &[&str]) {
        self.job(&[]).run().fails(1, texts).says(&["help: "]).is_silent_on(&["asking again", "panicked"]);
        self.project.only_read();
    }
}

fn far() -> (Far, String) {
    let certificate = Certificate::for_host("registry.example");
    let pem = certificate.pem.clone();
    (Far::new(certificate), pem)
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_not_a_miss() {
    far().0.is_unknown(&[NAME, "TLS certificate is not trusted", "SSL_CERT_FILE", "certs.d"]);
}

#[test]
fn a_certificate_for_another_host_is_not_a_miss() {
    let certificate = Certificate::for_host("other.example");
    let pem = certificate.pem.clone();
    let far = Far::new(certificate);
    let ran = far.job(&[]).env("SSL_CERT_FILE", far.authority(&pem)).run();
    ran.fails(1, &[NAME, "TLS certificate is not trusted", "other.example", "help: "]);
    far.project.only_read();
}

#[test]
fn a_certificate_of_an_authority_that_is_named_is_trusted() {
    let (far, pem) = far();
    far.job(&[]).env("SSL_CERT_FILE", far.authority(&pem)).run().says(&["hit, sha256:"]).ok();
}

#[test]
fn authorities_of_certs_d_are_trusted_besides_those_of_the_system() {
    let (far, pem) = far();
    far.file("ca.crt", &pem);
    far.hits(&[]);
    // Another authority there, and the right one is the system's.
    far.file("ca.crt", &Certificate::for_host("registry.example").pem);
    far.is_unknown(&[NAME, "TLS certificate is not trusted"]);
    far.job(&[]).env("SSL_CERT_FILE", far.authority(&pem)).run().says(&["hit, sha256:"]).ok();
    // The folder of another registry.
    let other = far.project.dir.beside("home/.config/docker/certs.d/other.example");
    fs::rename(far.file("ca.crt", &pem).parent().unwrap(), other).unwrap();
    far.is_unknown(&[NAME, "TLS certificate is not trusted"]);
}

#[test]
fn a_certificate_of_ours_is_shown_where_it_is_wanted() {
    let client = Identity::new();
    let certificate = Certificate::demanding("registry.example", &client);
    let pem = certificate.pem.clone();
    let far = Far::new(certificate);
    far.file("ca.crt", &pem);
    far.is_unknown(&[NAME, "it wants a certificate of ours", "client.cert"]);
    let stranger = Identity::new();
    far.file("client.cert", &stranger.pem);
    far.file("client.key", &stranger.key);
    far.is_unknown(&[NAME, "it wants a certificate of ours, or another one"]);
    far.file("client.cert", &client.pem);
    far.is_unknown(&["certs.d/registry.example:5000/client.key: is of no use for registry.example:5000"]);
    far.file("client.key", &client.key);
    far.hits(&[]);
}

#[test]
fn half_a_certificate_and_a_broken_one_are_told_with_their_place() {
    let (far, _) = far();
    let file = far.file("client.cert", "nothing");
    far.is_unknown(&[&format!("{}: has no `client.key` beside it", file.display()), "add the other half"]);
    far.file("client.key", "nothing");
    far.is_unknown(&[&format!("{}: is of no use for {NAME}: there is no certificate in it", file.display())]);
    far.file("client.cert", &Identity::new().pem);
    far.is_unknown(&["client.key: is of no use for registry.example:5000: there is no private key in it"]);
    fs::remove_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file.parent().unwrap(), "").unwrap();
    far.is_unknown(&[&format!("{}: cannot be read", file.parent().unwrap().display())]);
}

#[test]
fn an_insecure_registry_may_have_any_certificate_or_none() {
    for named in [NAME, "http://registry.example:5000"] {
        far().0.hits(&["--insecure-registry", named]);
        Far::plain().hits(&["--insecure-registry", named]);
    }
    Far::new(Certificate::valid("other.example", (1975, 1976))).hits(&["--insecure-registry", NAME]);
    let near = Project::around(|dir| Registry::with_tls(dir, Certificate::for_host("other.example"), |_, _| None));
    near.is_there().build(&["--moving-tag="]).says(&["hit, sha256:"]).ok();
}

#[test]
fn other_registries_are_not_insecure() {
    far().0.job(&["--insecure-registry=registry.example"]).run().fails(1, &["TLS certificate is not trusted"]);
    Far::plain().job(&["--insecure-registry=10.0.0.0/8"]).run().fails(1, &[NAME, "the answer was cut off or is not HTTP"]);
}

#[test]
fn what_the_engine_takes_for_insecure_is() {
    for (configuration, is_insecure) in [
        (r#"{"insecure-registries":["registry.example:5000"]}"#, true),
        (r#"{"insecure-registries":["10.0.0.0/8","registry.example"]}"#, false),
        ("{}", false),
        ("nothing", false),
    ] {
        for far in [far().0, Far::plain()] {
            let file = far.project.dir.beside("home/.config/docker/daemon.json");
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, configuration).unwrap();
            let ran = far.job(&[]).run();
            match is_insecure {
                true => ran.says(&["hit, sha256:"]).ok(),
                false => ran.fails(1, &[NAME, "help: "]).stderr.clone(),
            };
            let warning = format!("{}: is no configuration of an engine", file.display());
            assert_eq!(ran.stderr.contains(&warning), configuration == "nothing", "{}", ran.stderr);
        }
    }
}

#[test]
fn a_password_goes_over_tls_wherever_that_is_spoken() {
    let challenge = "Basic realm=\"x\"";
    let wants = move |request: &crate::support::registry::Request, _| match request.header("authorization") {
        None => Some(Reply::status(401).header("www-authenticate", challenge)),
        Some(_) => None,
    };
    let mut project = Project::around(|dir| Registry::with_tls(dir, Certificate::for_host("other.example"), wants));
    let plain = Registry::scripted(&crate::support::Dir::new(), wants);
    let (secure, bare) = (ForwardProxy::to(&project.registry.address), ForwardProxy::to(&plain.address));
    project.is_there();
    project.image = "registry.example/example/app".to_owned();
    let run = project.job("build", ["--moving-tag=", "--username=ci", "--insecure-registry=registry.example"]);
    let run = run.env("DOCKER_PASSWORD", "s3cret").env("HTTPS_PROXY", &secure.url).env("HTTP_PROXY", &bare.url);
    run.run().says(&["hit, sha256:"]).ok();
    assert_eq!(plain.lines(), [""; 0]);
}
