//! What registries, token servers and credential helpers answer, and Docker's `config.json`.
#![no_main]

use docktag::image::{Reference, Repository};
use docktag::registry::about::About;
use docktag::registry::artifact;
use docktag::registry::credential::{DockerConfig, helper_answer, helper_knows_nothing, with_login};
use docktag::registry::pages::Pages;
use docktag::registry::reply::{self, Presence};
use docktag::registry::{Response, challenge, index, retry, tags, token};
use docktag::secret::Secret;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u16, Vec<(&str, &str)>, &[u8])| {
    let (status, headers, body) = input;
    let repository = Repository::parse("a.example/b").unwrap();
    let image = Reference::parse("a.example/b:1").unwrap();
    // Half of the headers have names that mean something.
    let names = ["content-type", "docker-content-digest", "www-authenticate", "link", "location", "retry-after", "content-length"];
    let known = headers.iter().enumerate().map(|(index, (name, value))| {
        let name = if name.len() % 2 == 0 { names[(index + name.len()) % names.len()] } else { name };
        (name.to_ascii_lowercase(), (*value).to_owned())
    });
    let response = Response { status, headers: known.collect(), body: body.to_vec(), milliseconds: 1 };
    if let Presence::Hit(found) = reply::presence(&image, &response) {
        assert!(status == 200, "{status} is no hit");
        let stored = artifact::with_text(&found, body, &About::default());
        if let Some(stored) = &stored {
            assert_eq!(artifact::text(&stored.manifest).map(String::into_bytes).as_deref(), Some(body));
            let list = artifact::add(Some(body), &stored.manifest).expect("it is not there yet");
            assert_eq!(artifact::add(Some(&list), &stored.manifest), None);
        }
    }
    let error = reply::refusal(&image, &response);
    assert!(!error.to_string().contains(char::is_control), "{error:?}");
    reply::is_registry(&response);
    drop(reply::verified_digest(&image, &response));
    reply::size(&response);
    retry::after_response(1, &response);
    token::authorization(&response);
    index::platforms(body);
    artifact::listed(body);
    if let Some(layer) = artifact::layer(body) {
        layer.text(body.to_vec());
    }
    docktag::registry::carrier::text(body);
    tags::names(&response);
    for first in [tags::list(&repository), artifact::referrers(&repository, "sha256:0")] {
        let list = first.path.split('?').next().unwrap_or_default();
        if let Ok(Some(call)) = Pages::new("pages", 2, &first).next(&image, &response) {
            assert!(call.path.starts_with(&format!("{list}?")), "{}", call.path);
        }
    }
    for (_, value) in &headers {
        challenge::parse(&[value]);
        if let Some(call) = artifact::finish_upload("a.example", value, body.to_vec()) {
            assert!(call.path.starts_with('/') && !call.path.starts_with("//"), "{}", call.path);
        }
    }
    if let Ok(config) = DockerConfig::parse(body, "config.json") {
        config.lookup("a.example");
        config.lookup("docker.io");
    }
    helper_answer(body);
    helper_knows_nothing(body);
    if let Ok(config) = with_login(Some(body), "config.json", "a.example", "u", &Secret::new("p"), true) {
        DockerConfig::parse(&config, "config.json").expect("what was written can be read");
    }
});
