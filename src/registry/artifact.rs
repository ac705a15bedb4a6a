//! The manifest that is kept beside its image, as an artifact of the OCI image specification 1.1 whose subject is the image.
//!
//! A text that is not large is an annotation of an index without images (`image-index.md`: "the size of the array MAY be zero"), which is stored
//! by one request. Another one is the layer of an image manifest with an empty configuration (`manifest.md`, "Guidelines for Artifact Usage").
//!
//! Registries list what refers to an image by themselves ("referrers API"), or clients keep the list under a tag that is made of the image's
//! digest (distribution-spec 1.1, `spec.md`, "Pushing Manifests with Subject" and "Referrers Tag Schema").

use serde_json::{Value, json};

use crate::digest::{Algorithm, digest};
use crate::image::{Reference, Repository};
use crate::registry::about::{self, About};
use crate::registry::reply::Descriptor;
use crate::registry::{Call, MANIFEST_TYPES, Method, Response, percent_encode};

/// What the artifact is; also the type of its layer.
pub const ARTIFACT_TYPE: &str = "application/vnd.docktag.manifest.v1";
/// The empty configuration and its digest (image-spec, "Guidance for an Empty Descriptor").
pub const EMPTY: (&[u8], &str) = (b"{}", "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");

const INDEX_TYPE: &str = MANIFEST_TYPES[0];
/// The type of the artifact's own manifest.
pub const MANIFEST_TYPE: &str = MANIFEST_TYPES[2];

/// The longest text that is an annotation: registries take manifests of 4 MiB at least (distribution-spec, "Pushing Manifests"), and a list of
/// what refers to an image holds all annotations.
const LONGEST: usize = 64 * 1024;
/// A list that is longer gets no more texts; they are in the artifacts all the same.
const LONGEST_LIST: usize = 1024 * 1024;

/// The name of an annotation: the text itself.
const TEXT: &str = "vnd.docktag.manifest";
/// The name that tools give the layer's file.
const TITLE: &str = "org.opencontainers.image.title";

/// A kept manifest in the list of what refers to an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The digest of the artifact.
    pub digest: String,
    /// What is said of it.
    pub about: About,
    /// Its text, where the list has it.
    pub text: Option<String>,
}

/// An artifact as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// What it is: an index or an image manifest.
    pub media_type: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// The artifact that has a manifest's text in it; `None` where the text is too long for that, or no UTF-8.
///
/// ```
/// use docktag::registry::about::About;
/// use docktag::registry::artifact::{add, listed, text, with_text};
/// use docktag::registry::reply::Descriptor;
///
/// let image = Descriptor { digest: "sha256:ab".into(), media_type: "application/x".into(), size: 7, milliseconds: 0 };
/// let about = About { tag: "900150983cd24fb0d6963f7d28e17f72".into(), ..About::default() };
/// let stored = with_text(&image, b"abc", &about).unwrap();
/// assert_eq!(text(&stored.bytes).as_deref(), Some("abc"));
///
/// let index = add(None, &stored).unwrap();
/// assert_eq!(listed(&index).unwrap()[0].text.as_deref(), Some("abc"));
/// assert_eq!(add(Some(&index), &stored), None); // it is there already
/// ```
pub fn with_text(image: &Descriptor, text: &[u8], about: &About) -> Option<Artifact> {
    let text = std::str::from_utf8(text).ok().filter(|text| text.len() <= LONGEST)?;
    let mut annotations = about::annotations(about);
    annotations[TEXT] = text.into();
    let index = json!({
        "schemaVersion": 2,
        "mediaType": INDEX_TYPE,
        "artifactType": ARTIFACT_TYPE,
        "manifests": [],
        "subject": described(image),
        "annotations": annotations,
    });
    Some(Artifact { media_type: INDEX_TYPE, bytes: bytes(&index) })
}

/// The text of an artifact that has it in it.
pub fn text(artifact: &[u8]) -> Option<String> {
    let artifact: Value = serde_json::from_slice(artifact).ok()?;
    artifact["annotations"][TEXT].as_str().map(str::to_owned)
}

/// The artifact for a manifest's text that is stored as a blob.
///
/// ```
/// use docktag::digest::Algorithm;
/// use docktag::registry::about::About;
/// use docktag::registry::artifact::{add, layer, listed, with_layer};
/// use docktag::registry::reply::Descriptor;
///
/// let image = Descriptor { digest: "sha256:ab".into(), media_type: "application/x".into(), size: 7, milliseconds: 0 };
/// let about = About { tag: "900150983cd24fb0d6963f7d28e17f72".into(), ..About::default() };
/// let stored = with_layer(&image, b"abc", Algorithm::Md5, &about);
/// assert!(layer(&stored.bytes).unwrap().starts_with("sha256:ba7816bf"));
/// assert_eq!(listed(&add(None, &stored).unwrap()).unwrap()[0].about, about);
/// ```
pub fn with_layer(image: &Descriptor, text: &[u8], algorithm: Algorithm, about: &About) -> Artifact {
    let layer = json!({
        "mediaType": ARTIFACT_TYPE,
        "digest": sha256(text),
        "size": text.len(),
        "annotations": {TITLE: format!("docktag.{}", algorithm.program())},
    });
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "artifactType": ARTIFACT_TYPE,
        "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": EMPTY.1, "size": EMPTY.0.len()},
        "layers": [layer],
        "subject": described(image),
        "annotations": about::annotations(about),
    });
    Artifact { media_type: MANIFEST_TYPE, bytes: bytes(&manifest) }
}

/// The digest of the one layer of an artifact of ours; `None` where it is none.
pub fn layer(artifact: &[u8]) -> Option<String> {
    let artifact: Value = serde_json::from_slice(artifact).ok()?;
    match artifact["layers"].as_array()?.as_slice() {
        [layer] if layer["mediaType"] == ARTIFACT_TYPE => Some(layer["digest"].as_str()?.to_owned()),
        _ => None,
    }
}

/// The digest of the image that an artifact says it belongs to.
pub fn subject(artifact: &[u8]) -> Option<String> {
    let artifact: Value = serde_json::from_slice(artifact).ok()?;
    artifact["subject"]["digest"].as_str().map(str::to_owned)
}

/// The kept manifests in a list of what refers to an image; `None` where it is no such list.
pub fn listed(index: &[u8]) -> Option<Vec<Listed>> {
    let index: Value = serde_json::from_slice(index).ok()?;
    let ours = index["manifests"].as_array()?.iter().filter(|item| is_ours(item));
    let mut all = Vec::new();
    for item in ours {
        if let Some(digest) = item["digest"].as_str() {
            let text = item["annotations"][TEXT].as_str().map(str::to_owned);
            all.push(Listed { digest: digest.to_owned(), about: about::read(&item["annotations"]), text });
        }
    }
    Some(all)
}

/// Whether a list has something that docktag did not make.
pub fn has_others(index: &[u8]) -> bool {
    let index: Value = serde_json::from_slice(index).unwrap_or_default();
    !index["manifests"].as_array().is_some_and(|items| items.iter().all(is_ours))
}

/// Some registries list the type of the configuration in the place of the artifact's.
fn is_ours(item: &Value) -> bool {
    item["artifactType"] == ARTIFACT_TYPE || item["annotations"][about::TAG].is_string()
}

/// The list with an artifact in it, where it is not there already. `index` is the list as it is; without one, or with one that is no list, a
/// new one begins.
///
/// rule: distribution-spec `spec.md` "Pushing Manifests with Subject": the artifact's type and annotations are copied
pub fn add(index: Option<&[u8]>, artifact: &Artifact) -> Option<Vec<u8>> {
    let (digest, size) = (sha256(&artifact.bytes), artifact.bytes.len());
    let mut annotations = serde_json::from_slice::<Value>(&artifact.bytes).ok()?["annotations"].take();
    if let (Some(all), Some(index)) = (annotations.as_object_mut(), index)
        && index.len() > LONGEST_LIST
    {
        all.remove(TEXT);
    }
    let mut index: Value = index.and_then(|text| serde_json::from_slice(text).ok()).unwrap_or_default();
    if !index["manifests"].is_array() {
        index = json!({"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": []});
    }
    let list = index["manifests"].as_array_mut()?;
    if list.iter().any(|item| item["digest"] == digest.as_str()) {
        return None;
    }
    list.push(json!({
        "mediaType": artifact.media_type,
        "artifactType": ARTIFACT_TYPE,
        "digest": digest,
        "size": size,
        "annotations": annotations,
    }));
    Some(bytes(&index))
}

/// The tag under which clients keep the list of what refers to an image, where the registry keeps none.
///
/// rule: distribution-spec `spec.md` "Referrers Tag Schema": the algorithm's first 32 characters, `-`, the first 64 of the rest
pub fn fallback(repository: &Repository, digest: &str) -> Reference {
    let (algorithm, hex) = digest.split_once(':').unwrap_or(("", digest));
    let cut = |text: &str, at: usize| text.get(..at).unwrap_or(text).to_owned();
    Reference { repository: repository.clone(), tag: Some(format!("{}-{}", cut(algorithm, 32), cut(hex, 64))), digest: None }
}

/// Asks for the list of what refers to an image.
pub fn referrers(repository: &Repository, digest: &str) -> Call {
    // Not filtered by type, since some registries know another one than the artifact's; the list is short.
    get_list(format!("/v2/{}/referrers/{digest}", repository.path()))
}

/// Asks for the page behind an answer to [`referrers`]; `None` where that was the last one.
pub fn more_referrers(repository: &Repository, digest: &str, response: &Response) -> Option<Call> {
    response.next(&format!("/v2/{}/referrers/{digest}?", repository.path())).map(get_list)
}

fn get_list(path: String) -> Call {
    Call { method: Method::Get, path, headers: vec![("accept".to_owned(), INDEX_TYPE.to_owned())], body: None }
}

/// Stores the list under the tag that [`fallback`] gives.
pub fn put_list(list: &Reference, index: Vec<u8>) -> Call {
    Call::put(list, INDEX_TYPE, index)
}

/// Reads a blob, or asks with `HEAD` whether it is there.
pub fn blob(method: Method, repository: &Repository, digest: &str) -> Call {
    Call { method, path: format!("/v2/{}/blobs/{digest}", repository.path()), headers: Vec::new(), body: None }
}

/// Begins to store a blob; the answer says where.
pub fn begin_upload(repository: &Repository) -> Call {
    // Some registries want to be told that the body is empty.
    Call { method: Method::Post, path: format!("/v2/{}/blobs/uploads/", repository.path()), headers: Vec::new(), body: Some(Vec::new()) }
}

/// Stores a blob where the answer to [`begin_upload`] said. `None` for another host: credentials are not sent there.
///
/// rule: distribution-spec `spec.md` "POST then PUT": the location may be relative, and its query is kept
pub fn finish_upload(host: &str, location: &str, bytes: Vec<u8>) -> Option<Call> {
    let path = match location.split_once("://") {
        Some((_, rest)) => rest.strip_prefix(host)?,
        None => location,
    };
    if !path.starts_with('/') || path.starts_with("//") {
        return None;
    }
    let separator = if path.contains('?') { '&' } else { '?' };
    let path = format!("{path}{separator}digest={}", percent_encode(&sha256(&bytes)));
    let headers = vec![("content-type".to_owned(), "application/octet-stream".to_owned())];
    Some(Call { method: Method::Put, path, headers, body: Some(bytes) })
}

/// `sha256:` and the digest of some bytes.
pub fn sha256(bytes: &[u8]) -> String {
    format!("sha256:{}", digest(Algorithm::Sha256, bytes))
}

fn described(image: &Descriptor) -> Value {
    json!({"mediaType": image.media_type, "digest": image.digest, "size": image.size})
}

fn bytes(value: &Value) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_empty_configuration_has_its_digest() {
        assert_eq!(sha256(EMPTY.0), EMPTY.1);
    }

    #[test]
    fn the_list_of_an_image_has_its_tag() {
        let repository = Repository::parse("ghcr.io/acme/app").unwrap();
        let tag = |digest: &str| fallback(&repository, digest).tag.unwrap();
        assert_eq!(tag("sha256:0123"), "sha256-0123");
        assert_eq!(tag(&format!("sha512:{}", "a".repeat(128))), format!("sha512-{}", "a".repeat(64)));
    }

    #[test]
    fn what_others_keep_there_stays() {
        let other = br#"{"schemaVersion":2,"manifests":[{"artifactType":"application/x","digest":"sha256:1"}],"annotations":{"a":"b"}}"#;
        let ours = Artifact { media_type: MANIFEST_TYPE, bytes: b"{}".to_vec() };
        let index = add(Some(other), &ours).unwrap();
        assert_eq!(listed(&index).unwrap().len(), 1);
        let index: Value = serde_json::from_slice(&index).unwrap();
        assert_eq!((&index["manifests"][0]["digest"], &index["annotations"]["a"]), (&json!("sha256:1"), &json!("b")));
        assert_eq!(listed(b"[]"), None);
        assert!(has_others(other) && has_others(b"{}") && !has_others(&add(None, &ours).unwrap()));
    }

    #[test]
    fn a_text_is_in_its_artifact_unless_it_is_long_or_no_utf_8() {
        let image = Descriptor { digest: "sha256:1".to_owned(), media_type: "x".to_owned(), size: 1, milliseconds: 0 };
        let stored = |text: &[u8]| with_text(&image, text, &About::default());
        assert_eq!(text(&stored(b"a\"\n\x01").unwrap().bytes).as_deref(), Some("a\"\n\x01"));
        assert!(stored(&[b'a'; LONGEST]).is_some() && stored(&[b'a'; LONGEST + 1]).is_none() && stored(b"\xff").is_none());
        assert_eq!(text(br#"{"annotations":{}}"#), None);
    }

    #[test]
    fn a_list_that_is_long_gets_no_more_texts() {
        let image = Descriptor { digest: "sha256:1".to_owned(), media_type: "x".to_owned(), size: 1, milliseconds: 0 };
        let mut index: Option<Vec<u8>> = None;
        for number in 0..100 {
            let about = About { tag: number.to_string(), ..About::default() };
            index = add(index.as_deref(), &with_text(&image, &[b'a'; LONGEST], &about).unwrap());
        }
        let index = index.unwrap();
        assert!(index.len() < LONGEST_LIST + 100 * 1024 + LONGEST, "{}", index.len());
        let all = listed(&index).unwrap();
        assert!(all.len() == 100 && all[0].text.is_some() && all[99].text.is_none());
    }

    #[test]
    fn an_upload_goes_on_at_the_same_host() {
        let path = |location: &str| finish_upload("r.example:5000", location, b"{}".to_vec()).map(|call| call.path);
        let digest = "digest=sha256%3A44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
        assert_eq!(path("/v2/a/blobs/uploads/1"), Some(format!("/v2/a/blobs/uploads/1?{digest}")));
        assert_eq!(path("https://r.example:5000/u?_state=x"), Some(format!("/u?_state=x&{digest}")));
        for location in ["https://evil.example/u", "https://r.example:5000.evil/u", "//evil.example/u", "u", ""] {
            assert_eq!(path(location), None, "{location}");
        }
    }
}
