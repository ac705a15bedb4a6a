//! What a registry holds, asked directly.

use std::io::Write as _;
use std::process::{Command, Stdio};

use docktag::registry::MANIFEST_TYPES;
use serde_json::Value;

/// The digest of an image; `None` where it is not there. `user`: `name:password`.
pub(crate) fn digest(image: &str, user: Option<&str>) -> Option<String> {
    let response = get(&address(image), user);
    match response.status().as_u16() {
        200 => Some(response.headers()["docker-content-digest"].to_str().unwrap().to_owned()),
        404 => None,
        other => panic!("{image}: status {other}"),
    }
}

/// The digests of the layers, in order.
pub(crate) fn layers(image: &str) -> Vec<String> {
    let manifest = json(&address(image));
    manifest["layers"].as_array().unwrap().iter().map(|layer| layer["digest"].as_str().unwrap().to_owned()).collect()
}

/// The platforms of an index.
pub(crate) fn platforms(image: &str) -> Vec<String> {
    docktag::registry::index::platforms(json(&address(image)).to_string().as_bytes())
}

/// The image's configuration.
pub(crate) fn config(image: &str) -> Value {
    let manifest = json(&address(image));
    let (base, _) = address(image).rsplit_once("/manifests/").map(|(base, tag)| (base.to_owned(), tag.to_owned())).unwrap();
    json(&format!("{base}/blobs/{}", manifest["config"]["digest"].as_str().unwrap()))
}

/// A file at the top of an image, as the last layer that has it says; `None` where the image is not there.
pub(crate) fn file(image: &str, user: Option<&str>, name: &str) -> Option<String> {
    let mut response = get(&address(image), user);
    if response.status().as_u16() == 404 {
        return None;
    }
    assert_eq!(response.status().as_u16(), 200, "{image}");
    let manifest: Value = serde_json::from_slice(&response.body_mut().read_to_vec().unwrap()).unwrap();
    let (base, _) = address(image).rsplit_once("/manifests/").map(|(base, tag)| (base.to_owned(), tag.to_owned())).unwrap();
    for layer in manifest["layers"].as_array().unwrap().iter().rev() {
        let layer = get(&format!("{base}/blobs/{}", layer["digest"].as_str().unwrap()), user).body_mut().read_to_vec().unwrap();
        let mut tar =
            Command::new("tar").args(["-xzO", name]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        // It stops reading when it has seen enough.
        drop(tar.stdin.take().unwrap().write_all(&layer));
        let output = tar.wait_with_output().unwrap();
        if output.status.success() {
            return Some(String::from_utf8(output.stdout).unwrap());
        }
    }
    panic!("{image} has no {name}");
}

/// `127.0.0.1:5000/a:b` -> `http://127.0.0.1:5000/v2/a/manifests/b`
fn address(image: &str) -> String {
    let (host, rest) = image.split_once('/').unwrap();
    let (name, tag) = rest.rsplit_once(':').unwrap();
    format!("http://{host}/v2/{name}/manifests/{tag}")
}

fn json(url: &str) -> Value {
    let mut response = get(url, None);
    assert_eq!(response.status().as_u16(), 200, "{url}");
    serde_json::from_slice(&response.body_mut().read_to_vec().unwrap()).unwrap()
}

fn get(url: &str, user: Option<&str>) -> ureq::http::Response<ureq::Body> {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut request = agent.get(url);
    for media_type in MANIFEST_TYPES {
        request = request.header("accept", media_type);
    }
    if let Some(user) = user {
        use base64::Engine as _;
        request = request.header("authorization", format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(user)));
    }
    request.call().unwrap()
}
