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

/// A behaviour that wants no index without images.
pub(crate) fn no_empty_index(request: &Request) -> Option<Reply> {
    let is_empty = request.method == "PUT" && String::from_utf8_lossy(&request.body).contains(r#""manifests":[]"#);
    is_empty.then(|| Reply::json(400, r#"{"errors":[{"code":"MANIFEST_INVALID"}]}"#))
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
