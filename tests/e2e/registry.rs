//! What a registry holds, asked directly.

use std::io::Write as _;
use std::process::{Command, Stdio};

use docktag::registry::{MANIFEST_TYPES, artifact};
use serde_json::{Value, json};

/// The digest of an image; `None` where it is not there. `user`: `name:password`.
pub(crate) fn digest(image: &str, user: Option<&str>) -> Option<String> {
    let response = get(&address(image), user);
    match response.status().as_u16() {
        200 => Some(response.headers()["docker-content-digest"].to_str().unwrap().to_owned()),
        404 => None,
        other => panic!("{image}: status {other}"),
    }
}

/// The manifest or index.
pub(crate) fn manifest(image: &str) -> Value {
    read_json(&address(image))
}

/// The digests of the layers, in order.
pub(crate) fn layers(image: &str) -> Vec<String> {
    let manifest = manifest(image);
    manifest["layers"].as_array().unwrap().iter().map(|layer| layer["digest"].as_str().unwrap().to_owned()).collect()
}

/// The platforms of an index.
pub(crate) fn platforms(image: &str) -> Vec<String> {
    docktag::registry::index::platforms(read_json(&address(image)).to_string().as_bytes())
}

/// The image's configuration.
pub(crate) fn config(image: &str) -> Value {
    let manifest = read_json(&address(image));
    let (base, _) = address(image).rsplit_once("/manifests/").map(|(base, tag)| (base.to_owned(), tag.to_owned())).unwrap();
    read_json(&format!("{base}/blobs/{}", manifest["config"]["digest"].as_str().unwrap()))
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

/// Puts a small image there.
pub(crate) fn put(image: &str) {
    let config = br#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#;
    let config = described(image, "application/vnd.oci.image.config.v1+json", config);
    let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST_TYPES[2], "config": config, "layers": []});
    put_manifest(image, MANIFEST_TYPES[2], &manifest);
}

/// Puts a build cache there, in one of the two shapes that BuildKit writes: an image manifest, or an index.
pub(crate) fn put_build_cache(image: &str, is_index: bool) {
    let config = described(image, "application/vnd.buildkit.cacheconfig.v0", br#"{"layers":[],"records":[]}"#);
    let (media_type, manifest) = match is_index {
        true => (MANIFEST_TYPES[0], json!({"schemaVersion": 2, "mediaType": MANIFEST_TYPES[0], "manifests": [config]})),
        false => (MANIFEST_TYPES[2], json!({"schemaVersion": 2, "mediaType": MANIFEST_TYPES[2], "config": config, "layers": []})),
    };
    put_manifest(image, media_type, &manifest);
}

/// Puts an image there that has another one's configuration, with its inline cache, and one layer: then this layer is what BuildKit takes for
/// the result of that image's steps. `layer` is the layer's archive, plain and compressed.
pub(crate) fn put_poisoned(from: &str, image: &str, layer: &[Vec<u8>; 2]) {
    let mut manifest = manifest(from);
    let mut config = config(from);
    config["rootfs"]["diff_ids"] = json!([artifact::sha256(&layer[0])]);
    let media_type = |part: &Value| part["mediaType"].as_str().unwrap().to_owned();
    manifest["config"] = described(image, &media_type(&manifest["config"]), config.to_string().as_bytes());
    manifest["layers"] = json!([described(image, &media_type(&manifest["layers"][0]), &layer[1])]);
    put_manifest(image, &media_type(&manifest), &manifest);
}

/// Stores a blob beside an image; its descriptor.
fn described(image: &str, media_type: &str, bytes: &[u8]) -> Value {
    let (base, _) = address(image).rsplit_once("/manifests/").map(|(base, tag)| (base.to_owned(), tag.to_owned())).unwrap();
    let agent = agent();
    let begun = agent.post(format!("{base}/blobs/uploads/")).send_empty().unwrap();
    let location = begun.headers()["location"].to_str().unwrap().to_owned();
    let digest = artifact::sha256(bytes);
    let join = if location.contains('?') { '&' } else { '?' };
    let put = agent.put(format!("{location}{join}digest={digest}")).content_type("application/octet-stream").send(bytes).unwrap();
    assert_eq!(put.status().as_u16(), 201, "{image}");
    json!({"mediaType": media_type, "digest": digest, "size": bytes.len()})
}

fn put_manifest(image: &str, media_type: &str, manifest: &Value) {
    let put = agent().put(address(image)).content_type(media_type).send(manifest.to_string()).unwrap();
    assert_eq!(put.status().as_u16(), 201, "{image}");
}

/// Gives an image another name, as somebody would by hand.
pub(crate) fn retag(from: &str, to: &str) {
    let mut response = get(&address(from), None);
    let media_type = response.headers()["content-type"].to_str().unwrap().to_owned();
    let manifest = response.body_mut().read_to_vec().unwrap();
    let put = agent().put(address(to)).content_type(media_type).send(&manifest[..]).unwrap();
    assert_eq!(put.status().as_u16(), 201, "{to}");
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build().into()
}

fn read_json(url: &str) -> Value {
    let mut response = get(url, None);
    assert_eq!(response.status().as_u16(), 200, "{url}");
    serde_json::from_slice(&response.body_mut().read_to_vec().unwrap()).unwrap()
}

fn get(url: &str, user: Option<&str>) -> ureq::http::Response<ureq::Body> {
    let agent = agent();
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
