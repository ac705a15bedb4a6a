//! The manifest that is kept beside its image, in an image of its own ([`carrier`]) whose subject is the image (OCI image specification 1.1).
//!
//! A text that is not large is an annotation; another one is the layer. Older versions wrote artifacts of a type of their own, which are still
//! read: an index without images with the annotation, or an image manifest with the text as its layer.
//!
//! Registries list what refers to an image by themselves ("referrers API"), or clients keep the list under a tag that is made of the image's
//! digest (distribution-spec 1.1, `spec.md`, "Pushing Manifests with Subject" and "Referrers Tag Schema").

use serde_json::{Value, json};

use crate::digest::{Algorithm, digest};
use crate::image::{Reference, Repository};
use crate::registry::about::{self, About};
use crate::registry::carrier::{self, CONFIG_TYPE, Carrier, LAYER_TYPE, MANIFEST_TYPE, carry};
use crate::registry::reply::Descriptor;
use crate::registry::{Call, MANIFEST_TYPES, Method, percent_encode};

/// The type that older versions gave to artifacts and their layers.
const ARTIFACT_TYPE: &str = "application/vnd.docktag.manifest.v1";
const INDEX_TYPE: &str = MANIFEST_TYPES[0];

/// The longest text that is an annotation: registries take manifests of 4 MiB at least (distribution-spec, "Pushing Manifests"), and a list of
/// what refers to an image holds all annotations.
const LONGEST: usize = 64 * 1024;
/// A list that is longer gets no more texts; they are in the artifacts all the same.
const LONGEST_LIST: usize = 1024 * 1024;

/// The name of an annotation: the text itself.
const TEXT: &str = "vnd.docktag.manifest";

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

/// The image that has a manifest's text in its own manifest; `None` where the text is too long for that, or no UTF-8.
///
/// ```
/// use docktag::registry::about::About;
/// use docktag::registry::artifact::{add, listed, text, with_text};
/// use docktag::registry::reply::Descriptor;
///
/// let image = Descriptor { digest: "sha256:ab".into(), media_type: "application/x".into(), size: 7, milliseconds: 0 };
/// let about = About { tag: "900150983cd24fb0d6963f7d28e17f72".into(), ..About::default() };
/// let stored = with_text(&image, b"abc", &about).unwrap().manifest;
/// assert_eq!(text(&stored).as_deref(), Some("abc"));
///
/// let index = add(None, &stored).unwrap();
/// assert_eq!(listed(&index).unwrap()[0].text.as_deref(), Some("abc"));
/// assert_eq!(add(Some(&index), &stored), None); // it is there already
/// ```
pub fn with_text(image: &Descriptor, text: &[u8], about: &About) -> Option<Carrier> {
    let text = std::str::from_utf8(text).ok().filter(|text| text.len() <= LONGEST)?;
    let mut annotations = about::annotations(about);
    annotations[TEXT] = text.into();
    Some(carry(&described(image), &annotations, None))
}

/// The text of an artifact that has it in it.
pub fn text(artifact: &[u8]) -> Option<String> {
    let artifact: Value = serde_json::from_slice(artifact).ok()?;
    artifact["annotations"][TEXT].as_str().map(str::to_owned)
}

/// The image that has a manifest's text in its layer.
///
/// ```
/// use docktag::digest::Algorithm;
/// use docktag::registry::about::About;
/// use docktag::registry::artifact::{add, layer, listed, sha256, with_layer};
/// use docktag::registry::reply::Descriptor;
///
/// let image = Descriptor { digest: "sha256:ab".into(), media_type: "application/x".into(), size: 7, milliseconds: 0 };
/// let about = About { tag: "900150983cd24fb0d6963f7d28e17f72".into(), ..About::default() };
/// let stored = with_layer(&image, b"abc", Algorithm::Md5, &about);
/// assert_eq!(layer(&stored.manifest).unwrap().digest, sha256(&stored.layer));
/// assert_eq!(listed(&add(None, &stored.manifest).unwrap()).unwrap()[0].about, about);
/// ```
pub fn with_layer(image: &Descriptor, text: &[u8], algorithm: Algorithm, about: &About) -> Carrier {
    let name = format!("docktag.{}", algorithm.program());
    carry(&described(image), &about::annotations(about), Some((&name, text)))
}

/// A layer with a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// Its digest.
    pub digest: String,
    /// Whether the text is in an archive.
    is_archive: bool,
}

impl Layer {
    /// The text in the bytes of the layer.
    pub fn text(&self, bytes: Vec<u8>) -> Option<Vec<u8>> {
        if self.is_archive { carrier::text(&bytes) } else { Some(bytes) }
    }
}

/// The one layer of an artifact of ours; `None` where it is none.
pub fn layer(artifact: &[u8]) -> Option<Layer> {
    let artifact: Value = serde_json::from_slice(artifact).ok()?;
    let [layer] = artifact["layers"].as_array()?.as_slice() else { return None };
    let is_archive = layer["mediaType"] == LAYER_TYPE && artifact["annotations"][about::TAG].is_string();
    let digest = layer["digest"].as_str()?.to_owned();
    (is_archive || layer["mediaType"] == ARTIFACT_TYPE).then_some(Layer { digest, is_archive })
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
/// rule: distribution-spec `spec.md` "Pushing Manifests with Subject": annotations are copied; the type is that of the configuration
pub fn add(index: Option<&[u8]>, artifact: &[u8]) -> Option<Vec<u8>> {
    let (digest, size) = (sha256(artifact), artifact.len());
    let mut annotations = serde_json::from_slice::<Value>(artifact).ok()?["annotations"].take();
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
        "mediaType": MANIFEST_TYPE,
        "artifactType": CONFIG_TYPE,
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

/// The tag that is written where a registry takes [`fallback`] for another spelling of the digest, and so answers with the image itself.
pub fn own_list(fallback: &Reference) -> Reference {
    Reference { tag: fallback.tag.as_ref().map(|tag| format!("{tag}.docktag")), ..fallback.clone() }
}

/// Asks for the list of what refers to an image.
pub fn referrers(repository: &Repository, digest: &str) -> Call {
    // Not filtered by type, since some registries know another one than the artifact's; the list is short.
    let path = format!("/v2/{}/referrers/{digest}", repository.path());
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
    let path = path_at(host, location)?;
    let separator = if path.contains('?') { '&' } else { '?' };
    let path = format!("{path}{separator}digest={}", percent_encode(&sha256(&bytes)));
    let headers = vec![("content-type".to_owned(), "application/octet-stream".to_owned())];
    Some(Call { method: Method::Put, path, headers, body: Some(bytes) })
}

/// Gives up an upload that the answer to [`begin_upload`] began.
///
/// rule: distribution-spec `spec.md` "Cancel a blob upload"
pub fn cancel_upload(host: &str, location: &str) -> Option<Call> {
    let path = path_at(host, location)?.to_owned();
    Some(Call { method: Method::Delete, path, headers: Vec::new(), body: None })
}

/// The path of a `Location` at the registry itself.
fn path_at<'a>(host: &str, location: &'a str) -> Option<&'a str> {
    let path = match location.split_once("://") {
        Some((_, rest)) => rest.strip_prefix(host)?,
        None => location,
    };
    (path.starts_with('/') && !path.starts_with("//")).then_some(path)
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
    fn the_list_of_an_image_has_its_tag() {
        let repository = Repository::parse("ghcr.io/acme/app").unwrap();
        let tag = |digest: &str| fallback(&repository, digest).tag.unwrap();
        assert_eq!(tag("sha256:0123"), "sha256-0123");
        assert_eq!(tag(&format!("sha512:{}", "a".repeat(128))), format!("sha512-{}", "a".repeat(64)));
    }

    #[test]
    fn what_others_keep_there_stays() {
        let other = br#"{"schemaVersion":2,"manifests":[{"artifactType":"application/x","digest":"sha256:1"}],"annotations":{"a":"b"}}"#;
        let ours = br#"{"annotations":{"vnd.docktag.tag":"x"}}"#;
        let index = add(Some(other), ours).unwrap();
        assert_eq!(listed(&index).unwrap().len(), 1);
        let index: Value = serde_json::from_slice(&index).unwrap();
        assert_eq!((&index["manifests"][0]["digest"], &index["annotations"]["a"]), (&json!("sha256:1"), &json!("b")));
        assert_eq!(listed(b"[]"), None);
        assert!(has_others(other) && has_others(b"{}") && !has_others(&add(None, ours).unwrap()));
    }

    #[test]
    fn a_text_is_in_its_artifact_unless_it_is_long_or_no_utf_8() {
        let image = Descriptor { digest: "sha256:1".to_owned(), media_type: "x".to_owned(), size: 1, milliseconds: 0 };
        let stored = |text: &[u8]| with_text(&image, text, &About::default());
        assert_eq!(text(&stored(b"a\"\n\x01").unwrap().manifest).as_deref(), Some("a\"\n\x01"));
        assert!(stored(&[b'a'; LONGEST]).is_some() && stored(&[b'a'; LONGEST + 1]).is_none() && stored(b"\xff").is_none());
        assert_eq!(text(br#"{"annotations":{}}"#), None);
    }

    #[test]
    fn a_list_that_is_long_gets_no_more_texts() {
        let image = Descriptor { digest: "sha256:1".to_owned(), media_type: "x".to_owned(), size: 1, milliseconds: 0 };
        let mut index: Option<Vec<u8>> = None;
        for number in 0..100 {
            let about = About { tag: number.to_string(), ..About::default() };
            index = add(index.as_deref(), &with_text(&image, &[b'a'; LONGEST], &about).unwrap().manifest);
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
