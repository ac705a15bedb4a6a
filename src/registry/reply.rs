//! What a registry's answer means: hit, miss or unknown.

use serde_json::Value;

use crate::digest::{Algorithm, digest};
use crate::error::{Code, Error};
use crate::image::Reference;
use crate::registry::{MANIFEST_TYPES, Response};

/// An image that is in the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptor {
    /// `sha256:...` of the manifest or index.
    pub digest: String,
    /// What it is: one of [`MANIFEST_TYPES`].
    pub media_type: String,
    /// How many bytes that manifest has; 0 where the registry did not say.
    pub size: u64,
    /// How long the registry took to say so.
    pub milliseconds: u64,
}

const DAMAGED: &str = "it was damaged on its way or where it is stored: try again, and check proxies in between";

/// The three outcomes, and a fourth that one more question turns into one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presence {
    /// It is there.
    Hit(Descriptor),
    /// It is not there.
    Miss,
    /// A 404 that does not look as if a registry had given it: ask `/v2/` before believing it.
    Doubtful,
    /// It could not be found out.
    Unknown(Error),
}

/// Reads the answer to a `HEAD` or `GET` of a manifest (distribution-spec, "Pulling manifests").
pub fn presence(image: &Reference, response: &Response) -> Presence {
    match response.status {
        200 => found(image, response),
        404 if says_registry(response) => Presence::Miss,
        404 => Presence::Doubtful,
        _ => Presence::Unknown(refusal(image, response)),
    }
}

/// Whether an answer to `/v2/` is a registry's (distribution-spec, "Determining Support").
pub fn is_registry(response: &Response) -> bool {
    matches!(response.status, 200 | 401) && (says_registry(response) || response.header("www-authenticate").is_some())
}

/// The manifest's digest, after the bytes of a `GET` were compared with it.
///
/// # Errors
/// [`Code::RegistryUnknown`] where the body is not what the registry says it is.
pub fn verified_digest(image: &Reference, response: &Response) -> Result<String, Error> {
    // It was not asked for, and the digest is that of the bytes before (RFC 9110, 8.4).
    if let Some(encoding) = response.header("content-encoding").filter(|encoding| *encoding != "identity") {
        return Err(unknown(
            image,
            format!("the registry sent its manifest in the encoding `{}`, which was not asked for", encoding.escape_debug()),
        )
        .help("is a proxy in between that packs what goes through it?"));
    }
    let actual = format!("sha256:{}", digest(Algorithm::Sha256, &response.body));
    match response.header("docker-content-digest") {
        Some(claimed) if claimed.starts_with("sha256:") && claimed != actual => {
            Err(unknown(image, format!("the registry sent a manifest whose digest is {actual} and called it {claimed}")).help(DAMAGED))
        }
        Some(claimed) if is_digest(claimed) => Ok(actual),
        // Without a digest only the form of the bytes shows that they are all there.
        _ if serde_json::from_slice::<Value>(&response.body).is_ok_and(|it| it.is_object()) => Ok(actual),
        _ => Err(unknown(image, "the registry sent something that is no manifest, or only a part of one".to_owned()).help(DAMAGED)),
    }
}

/// The size of an image's configuration and layers as they are moved (image-spec, `manifest.md`); `None` for an index.
pub fn size(response: &Response) -> Option<u64> {
    let manifest: Value = serde_json::from_slice(&response.body).ok()?;
    let layers = manifest["layers"].as_array()?;
    std::iter::once(&manifest["config"])
        .chain(layers)
        .try_fold(0_u64, |sum, descriptor| Some(sum.saturating_add(descriptor["size"].as_u64()?)))
}

/// The error for an answer that is neither a hit nor a miss.
pub fn refusal(image: &Reference, response: &Response) -> Error {
    let registry = image.repository.registry();
    let detail = detail(response).map(|text| format!(" ({text})")).unwrap_or_default();
    let status = response.status;
    match status {
        401 | 403 => Error::new(Code::RegistryDenied, format!("{registry} refuses access with status {status}{detail}"))
            .at(image)
            .help(format!("log in with `docker login {registry}` or give `--username` and `--password-stdin`, and check that the account may use this repository; some registries answer so for a repository that does not exist")),
        429 => {
            let wait = response.header("retry-after").map(|value| format!(", and asks to wait ({})", one_line(value))).unwrap_or_default();
            unknown(image, format!("{registry} says too many requests{wait}{detail}")).help("try later, or log in: limits are higher with an account")
        }
        300..=399 => unknown(image, format!("{registry} redirects in a way that cannot be followed (status {status})")).help("is the registry's name right, and is a proxy in between?"),
        _ => unknown(image, format!("{registry} answers with status {status}{detail}")).help("the registry has trouble, or something in between: try again later"),
    }
}

fn found(image: &Reference, response: &Response) -> Presence {
    let registry = image.repository.registry();
    let media_type = response.media_type().unwrap_or_default();
    if !MANIFEST_TYPES.contains(&media_type.as_str()) {
        let what = match media_type.as_str() {
            "" => "something without a content type".to_owned(),
            "text/html" => "a web page".to_owned(),
            other => format!("`{}`", other.escape_debug()),
        };
        return Presence::Unknown(
            unknown(image, format!("{registry} answers with {what}, expected an image manifest"))
                .help("is a proxy or a login page in between, and is the registry's name right?"),
        );
    }
    let milliseconds = response.milliseconds;
    let size = match response.body.len() {
        0 => response.header("content-length").and_then(|length| length.parse().ok()).unwrap_or_default(),
        length => length as u64,
    };
    let digest = match response.header("docker-content-digest") {
        // The header is optional (distribution-spec): the digest is that of the bytes then.
        _ if !response.body.is_empty() => verified_digest(image, response),
        Some(digest) if is_digest(digest) => Ok(digest.to_owned()),
        _ => Ok(String::new()),
    };
    match digest {
        Ok(digest) => Presence::Hit(Descriptor { digest, media_type, size, milliseconds }),
        Err(error) => Presence::Unknown(error),
    }
}

fn unknown(image: &Reference, message: String) -> Error {
    Error::new(Code::RegistryUnknown, message).at(image)
}

fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:")
        .or_else(|| text.strip_prefix("sha512:"))
        .is_some_and(|hex| hex.len() >= 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn says_registry(response: &Response) -> bool {
    response.header("docker-distribution-api-version").is_some()
        || response.media_type().is_some_and(|it| it == "application/json" || it.ends_with("+json"))
}

/// The first error of the body, as far as it can be shown in one line.
fn detail(response: &Response) -> Option<String> {
    let body: Value = serde_json::from_slice(&response.body).ok()?;
    let first = body.get("errors")?.get(0)?;
    let text = |key: &str| first.get(key).and_then(Value::as_str).unwrap_or_default();
    let line = format!("{} {}", text("code"), text("message"));
    Some(one_line(&line))
}

/// What a registry says, as it can be shown.
fn one_line(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(200).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image() -> Reference {
        Reference::parse("ghcr.io/acme/app:1").unwrap()
    }

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Response { status, headers, body: body.into(), milliseconds: 0 }
    }

    #[track_caller]
    fn unknown_because(response: Response, expected: &str) {
        match presence(&image(), &response) {
            Presence::Unknown(error) => assert!(error.to_string().contains(expected), "{error}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn sizes_that_nothing_can_have_are_no_trouble() {
        let body = format!(r#"{{"config":{{"size":1}},"layers":[{{"size":{}}},{{"size":2}}]}}"#, u64::MAX).into_bytes();
        assert_eq!(size(&Response { status: 200, headers: Vec::new(), body, milliseconds: 0 }), Some(u64::MAX));
    }

    #[test]
    fn a_manifest_is_a_hit() {
        let sha = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        for media_type in MANIFEST_TYPES {
            let response = answer(200, &[("content-type", &format!("{media_type}; charset=utf-8")), ("docker-content-digest", sha)], "");
            assert_eq!(
                presence(&image(), &response),
                Presence::Hit(Descriptor { digest: sha.to_owned(), media_type: media_type.to_owned(), size: 0, milliseconds: 0 })
            );
        }
        let without_header = answer(200, &[("content-type", MANIFEST_TYPES[0])], "{}");
        let sha = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
        assert!(matches!(presence(&image(), &without_header), Presence::Hit(found) if found.digest == sha && found.size == 2));
    }

    #[test]
    fn only_a_registrys_404_is_a_miss() {
        assert_eq!(presence(&image(), &answer(404, &[("content-type", "application/json; charset=utf-8")], "")), Presence::Miss);
        assert_eq!(presence(&image(), &answer(404, &[("docker-distribution-api-version", "registry/2.0")], "")), Presence::Miss);
        assert_eq!(presence(&image(), &answer(404, &[("content-type", "text/html")], "")), Presence::Doubtful);
        assert_eq!(presence(&image(), &answer(404, &[], "")), Presence::Doubtful);
    }

    #[test]
    fn everything_else_is_unknown_and_says_why() {
        unknown_because(answer(200, &[("content-type", "text/html")], "<html>"), "a web page");
        unknown_because(answer(200, &[], ""), "without a content type");
        unknown_because(answer(200, &[("content-type", "application/vnd.docker.distribution.manifest.v1+prettyjws")], ""), "manifest.v1");
        unknown_because(
            answer(401, &[], r#"{"errors":[{"code":"UNAUTHORIZED","message":"no\u001b[2J"}]}"#),
            "status 401 (UNAUTHORIZED no[2J)",
        );
        unknown_because(answer(403, &[], ""), "docker login ghcr.io");
        unknown_because(answer(429, &[("retry-after", "3600")], ""), "asks to wait (3600)");
        unknown_because(answer(429, &[("retry-after", "\u{13}1\u{1b}[2J")], ""), "asks to wait (1[2J)");
        unknown_because(answer(307, &[], ""), "redirects");
        unknown_because(answer(500, &[], "oops"), "status 500");
        unknown_because(answer(204, &[], ""), "status 204");
        let manifest = ("content-type", MANIFEST_TYPES[0]);
        unknown_because(answer(200, &[manifest], "{\"schemaVersion\":2,"), "only a part of one");
        unknown_because(answer(200, &[manifest, ("content-encoding", "gzip")], "\u{1f}"), "the encoding `gzip`");
        unknown_because(
            answer(200, &[manifest, ("docker-content-digest", &format!("sha256:{}", "0".repeat(64)))], "{}"),
            "and called it sha256:00",
        );
    }

    #[test]
    fn bytes_that_are_not_what_they_are_called_are_refused() {
        let wrong = answer(200, &[("docker-content-digest", "sha256:00")], "abc");
        assert!(verified_digest(&image(), &wrong).unwrap_err().message.contains("called it sha256:00"));
    }

    #[test]
    fn what_a_registry_says_of_itself() {
        assert!(is_registry(&answer(200, &[("content-type", "application/json")], "{}")));
        assert!(is_registry(&answer(401, &[("www-authenticate", "Basic realm=x")], "")));
        assert!(!is_registry(&answer(200, &[("content-type", "text/html")], "")));
        assert!(!is_registry(&answer(404, &[("content-type", "application/json")], "")));
    }
}
