//! What refers to an image: blobs, and for a registry that has it the list that it keeps by itself.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::registry::digest;
use crate::support::wire::{Reply, Request};

const INDEX_TYPE: &str = "application/vnd.oci.image.index.v1+json";

/// Uploads and reads of blobs, which are files in a folder of the repository.
pub(crate) fn blobs(store: &Path, request: &Request) -> Option<Reply> {
    let (name, rest) = request.target.strip_prefix("/v2/")?.split_once("/blobs/")?;
    let folder = store.join(name).join("blobs");
    if request.method == "POST" {
        return Some(Reply::status(202).header("location", format!("/v2/{name}/blobs/uploads/1?_state=x")));
    }
    if request.method == "PUT" {
        let claimed = rest.split_once("&digest=sha256%3A")?.1;
        let actual = digest(&request.body);
        if actual != format!("sha256:{claimed}") {
            return Some(Reply::json(400, r#"{"errors":[{"code":"DIGEST_INVALID"}]}"#));
        }
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(actual), &request.body).unwrap();
        return Some(Reply::status(201));
    }
    let found = fs::read(folder.join(rest));
    Some(found.map_or_else(
        |_| Reply::json(404, r#"{"errors":[{"code":"BLOB_UNKNOWN"}]}"#),
        |blob| Reply::status(200).header("content-type", "application/octet-stream").body(blob),
    ))
}

/// A behaviour as Gitea has it: an index names image manifests that exist in the repository, and so do their parts (gitea 1.26.0,
/// `routers/api/packages/container/manifest.go`).
pub(crate) fn gitea(store: &Path, request: &Request) -> Option<Reply> {
    let (name, _) = request.target.strip_prefix("/v2/")?.split_once("/manifests/")?;
    let manifest: Value = serde_json::from_slice(&request.body).ok().filter(|_| request.method == "PUT")?;
    let invalid = |code: &str| Some(Reply::json(400, &format!(r#"{{"errors":[{{"code":"{code}","message":""}}]}}"#)));
    let exists = |item: &Value, folder: &str| item["digest"].as_str().is_some_and(|it| store.join(name).join(folder).join(it).exists());
    for item in manifest["manifests"].as_array().into_iter().flatten() {
        if !item["mediaType"].as_str().is_some_and(|it| it.ends_with("manifest.v1+json") || it.ends_with("manifest.v2+json")) {
            return invalid("MANIFEST_INVALID");
        }
        if !exists(item, "") {
            return invalid("MANIFEST_BLOB_UNKNOWN");
        }
    }
    let parts = manifest["layers"].as_array().into_iter().flatten().chain(manifest.get("config"));
    if parts.into_iter().any(|part| !exists(part, "blobs")) {
        return invalid("BLOB_UNKNOWN");
    }
    // An index without images is stored; nothing can list it.
    None
}

/// A behaviour as GitLab has it: it knows the types that images have, and takes the tag that lists what refers to an image for its digest
/// (docs/registries.md).
pub(crate) fn gitlab(store: &Path, request: &Request) -> Option<Reply> {
    let (name, reference) = request.target.strip_prefix("/v2/")?.split_once("/manifests/")?;
    let is_digest = |hex: &str| hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    if let Some(hex) = reference.strip_prefix("sha256-").filter(|hex| is_digest(hex)) {
        let digest = format!("sha256:{hex}");
        let files = fs::read_dir(store.join(name)).into_iter().flatten().flatten();
        let named = files.filter_map(|file| fs::read(file.path()).ok()).find(|bytes| self::digest(bytes) == digest);
        return Some(match (request.method.as_str(), named) {
            ("PUT", _) => Reply::json(400, r#"{"errors":[{"code":"DIGEST_INVALID"}]}"#),
            (_, Some(bytes)) => crate::support::registry::manifest_reply(&bytes),
            (_, None) => Reply::json(404, r#"{"errors":[{"code":"MANIFEST_UNKNOWN"}]}"#),
        });
    }
    let manifest: Value = serde_json::from_slice(&request.body).ok().filter(|_| request.method == "PUT")?;
    let listed = manifest["manifests"].as_array().into_iter().flatten().map(|item| &item["artifactType"]);
    let layers = manifest["layers"].as_array().into_iter().flatten().map(|layer| &layer["mediaType"]);
    let mut types = [&manifest["artifactType"], &manifest["config"]["mediaType"]].into_iter().chain(layers).chain(listed);
    let is_known = |it: &str| it.starts_with("application/vnd.docker.") || it.starts_with("application/vnd.oci.image.");
    let unknown = types.find(|it| it.as_str().is_some_and(|it| !is_known(it)))?;
    let error = json!({"code": "MANIFEST_INVALID", "message": "manifest invalid", "detail": format!("unknown media type: {unknown}")});
    Some(Reply::json(400, &json!({"errors": [error]}).to_string()))
}

/// A behaviour with the referrers API (distribution-spec 1.1): lists what has a subject, and says so when it is stored.
pub(crate) fn referrers(store: &Path, request: &Request) -> Option<Reply> {
    let rest = request.target.strip_prefix("/v2/")?;
    if let (Some((name, reference)), "PUT") = (rest.split_once("/manifests/"), request.method.as_str()) {
        let manifest: Value = serde_json::from_slice(&request.body).ok()?;
        let subject = manifest["subject"]["digest"].as_str()?;
        let folder = store.join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(reference), &request.body).unwrap();
        return Some(Reply::status(201).header("oci-subject", subject).header("docker-content-digest", digest(&request.body)));
    }
    let (name, asked) = rest.split_once("/referrers/")?;
    let subject = asked.split('?').next()?;
    let mut list = Vec::new();
    for file in fs::read_dir(store.join(name)).into_iter().flatten().flatten().filter(|file| file.path().is_file()) {
        let bytes = fs::read(file.path()).unwrap();
        let Ok(manifest) = serde_json::from_slice::<Value>(&bytes) else { continue };
        if manifest["subject"]["digest"] == subject {
            list.push(json!({
                "mediaType": manifest["mediaType"],
                "digest": digest(&bytes),
                "size": bytes.len(),
                "artifactType": manifest["artifactType"],
                "annotations": manifest["annotations"],
            }));
        }
    }
    let index = json!({"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": list});
    Some(Reply::status(200).header("content-type", INDEX_TYPE).body(index.to_string()))
}
