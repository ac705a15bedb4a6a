//! An index: one name for the images of several platforms (image-spec, `image-index.md`; Docker's manifest list has the same form).

use serde_json::{Map, Value};

use crate::platform;
use crate::registry::MANIFEST_TYPES;

const OCI_INDEX: &str = MANIFEST_TYPES[0];
const DOCKER_LIST: &str = MANIFEST_TYPES[1];
const DOCKER_MANIFEST: &str = MANIFEST_TYPES[3];

/// What the registry has of one platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The platform, such as `linux/arm64`.
    pub platform: String,
    /// `sha256:...` of the manifest, or of an index that has it.
    pub digest: String,
    /// Its media type.
    pub media_type: String,
    /// Its bytes.
    pub body: Vec<u8>,
}

/// The type of the part of a build cache that lists its layers (BuildKit, `cache/remotecache/v1/spec.go`).
const CACHE_CONFIG: &str = "application/vnd.buildkit.cacheconfig.v0";

/// Whether the bytes of a manifest are those of a build cache (`cache_to: type=registry`), which is stored like an image or an index.
pub fn is_build_cache(manifest: &[u8]) -> bool {
    let Ok(manifest) = serde_json::from_slice::<Value>(manifest) else { return false };
    let is_one = |descriptor: &Value| descriptor["mediaType"] == CACHE_CONFIG;
    is_one(&manifest["config"]) || manifest["manifests"].as_array().into_iter().flatten().any(is_one)
}

/// Whether something of this media type can be a build cache: BuildKit writes it with OCI's types, or as Docker's list (`cache/remotecache/export.go`).
pub fn may_be_build_cache(media_type: &str) -> bool {
    media_type != DOCKER_MANIFEST
}

/// Whether something of this media type is an index.
pub fn is_index(media_type: &str) -> bool {
    media_type == OCI_INDEX || media_type == DOCKER_LIST
}

/// The platforms of an index, without what describes them (BuildKit's attestations are `unknown/unknown`).
///
/// ```
/// use docktag::registry::index::platforms;
///
/// let index = br#"{"manifests":[{"platform":{"os":"linux","architecture":"arm64","variant":"v8"}},
///     {"platform":{"os":"unknown","architecture":"unknown"}}]}"#;
/// assert_eq!(platforms(index), ["linux/arm64"]);
/// ```
pub fn platforms(index: &[u8]) -> Vec<String> {
    let index: Value = serde_json::from_slice(index).unwrap_or_default();
    let mut found: Vec<String> = Vec::new();
    for platform in index["manifests"].as_array().into_iter().flatten().filter_map(of_descriptor) {
        if !platform.starts_with("unknown/") && !found.contains(&platform) {
            found.push(platform);
        }
    }
    found
}

fn of_descriptor(descriptor: &Value) -> Option<String> {
    let of = &descriptor["platform"];
    let (os, architecture) = (of["os"].as_str()?, of["architecture"].as_str()?);
    let variant = of["variant"].as_str().filter(|variant| !variant.is_empty()).map(|variant| format!("/{variant}"));
    platform::parse(&format!("{os}/{architecture}{}", variant.unwrap_or_default())).ok()
}

/// One index of all parts: its media type and its bytes, which are the same for the same parts. A part that is an index itself gives what it has
/// of its platform, and what describes that. The error is the platform that a part does not have.
pub fn join(parts: &[Part]) -> Result<(&'static str, String), String> {
    let mut manifests: Vec<Value> = Vec::new();
    for part in parts {
        let body: Value = serde_json::from_slice(&part.body).unwrap_or_default();
        let own = match body["manifests"].as_array() {
            None => vec![descriptor(part)],
            Some(all) => {
                let is_own = |it: &&Value| of_descriptor(it).is_some_and(|of| of == part.platform || of.starts_with("unknown/"));
                all.iter().filter(is_own).cloned().collect()
            }
        };
        if !own.iter().any(|it| of_descriptor(it).as_ref() == Some(&part.platform)) {
            return Err(part.platform.clone());
        }
        for it in own {
            if !manifests.contains(&it) {
                manifests.push(it);
            }
        }
    }
    let is_docker = manifests.iter().all(|it| it["mediaType"] == DOCKER_MANIFEST);
    let media_type = if is_docker { DOCKER_LIST } else { OCI_INDEX };
    // A map of `serde_json` is sorted by name.
    let index = object([("manifests", Value::Array(manifests)), ("mediaType", media_type.into()), ("schemaVersion", 2.into())]);
    Ok((media_type, index.to_string()))
}

fn descriptor(part: &Part) -> Value {
    let mut platform = object([]);
    for (key, value) in ["os", "architecture", "variant"].into_iter().zip(part.platform.split('/')) {
        platform[key] = value.into();
    }
    object([
        ("digest", part.digest.as_str().into()),
        ("mediaType", part.media_type.as_str().into()),
        ("platform", platform),
        ("size", part.body.len().into()),
    ])
}

fn object<const N: usize>(pairs: [(&str, Value); N]) -> Value {
    let mut object = Map::new();
    for (key, value) in pairs {
        object.insert(key.to_owned(), value);
    }
    Value::Object(object)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(platform: &str, media_type: &str, body: &str) -> Part {
        Part {
            platform: platform.to_owned(),
            digest: format!("sha256:{}", platform.len()),
            media_type: media_type.to_owned(),
            body: body.into(),
        }
    }

    #[test]
    fn a_build_cache_is_known_by_its_configuration() {
        for (manifest, is_cache) in [
            (r#"{"config":{"mediaType":"application/vnd.buildkit.cacheconfig.v0"},"layers":[]}"#, true),
            (r#"{"manifests":[{"mediaType":"x"},{"mediaType":"application/vnd.buildkit.cacheconfig.v0"}]}"#, true),
            (r#"{"config":{"mediaType":"application/vnd.oci.image.config.v1+json"},"layers":[]}"#, false),
            (r#"{"manifests":[]}"#, false),
            ("no JSON", false),
        ] {
            assert_eq!(is_build_cache(manifest.as_bytes()), is_cache, "{manifest}");
        }
    }

    #[test]
    fn manifests_become_one_index() {
        let parts = [part("linux/amd64", DOCKER_MANIFEST, "{}"), part("linux/arm/v7", DOCKER_MANIFEST, "{ }")];
        let (media_type, text) = join(&parts).unwrap();
        assert_eq!(media_type, DOCKER_LIST);
        assert_eq!(
            text,
            concat!(
                r#"{"manifests":[{"digest":"sha256:11","mediaType":"application/vnd.docker.distribution.manifest.v2+json","#,
                r#""platform":{"architecture":"amd64","os":"linux"},"size":2},"#,
                r#"{"digest":"sha256:12","mediaType":"application/vnd.docker.distribution.manifest.v2+json","#,
                r#""platform":{"architecture":"arm","os":"linux","variant":"v7"},"size":3}],"#,
                r#""mediaType":"application/vnd.docker.distribution.manifest.list.v2+json","schemaVersion":2}"#
            )
        );
        assert_eq!(platforms(text.as_bytes()), ["linux/amd64", "linux/arm/v7"]);
        assert_eq!(join(&[part("linux/amd64", MANIFEST_TYPES[2], "{}"), parts[1].clone()]).unwrap().0, OCI_INDEX);
    }

    #[test]
    fn a_part_that_is_an_index_gives_its_own_and_what_describes_it() {
        let index = r#"{"manifests":[{"digest":"a","platform":{"os":"linux","architecture":"arm64"}},
            {"digest":"b","platform":{"os":"unknown","architecture":"unknown"}},{"digest":"c","platform":{"os":"linux","architecture":"s390x"}}]}"#;
        let (media_type, text) = join(&[part("linux/arm64", OCI_INDEX, index)]).unwrap();
        assert_eq!((media_type, platforms(text.as_bytes())), (OCI_INDEX, vec!["linux/arm64".to_owned()]));
        assert!(text.contains(r#""digest":"b""#) && !text.contains(r#""digest":"c""#), "{text}");
        assert_eq!(join(&[part("linux/amd64", OCI_INDEX, index)]).unwrap_err(), "linux/amd64");
    }

    #[test]
    fn what_is_no_index_has_no_platforms() {
        for text in ["", "{}", "[]", r#"{"manifests":{}}"#, r#"{"manifests":[{"platform":{"os":1}}]}"#] {
            assert!(platforms(text.as_bytes()).is_empty(), "{text}");
        }
    }
}
