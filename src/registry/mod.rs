//! The registry's HTTP API as values: what to send, and what an answer means.
//!
//! Nothing here sends anything; `crate::job::registry` asks the host to.
//! The API is that of the OCI distribution specification 1.1 ("distribution-spec", `spec.md`).

pub mod about;
pub mod artifact;
pub mod carrier;
pub mod challenge;
pub mod credential;
pub mod index;
pub mod pages;
pub mod proxy;
pub mod redirect;
pub mod reply;
pub mod retry;
pub mod tags;
pub mod token;
pub mod trust;

use serde::Serialize;

use crate::bytes;
use crate::image::{Reference, Repository};
use crate::registry::trust::Trust;
use crate::secret::{self, Secret};

/// What an image can be, in the order in which we like it: index and manifest, OCI and Docker.
///
/// All four must be named: a registry that speaks schema 1 too answers with that one otherwise.
pub const MANIFEST_TYPES: [&str; 4] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
];

/// How long one small request may take where nobody said it, in milliseconds; with the retries of [`retry`] a hanging registry is given up
/// within 40 s.
pub const TIMEOUT: u32 = 10_000;

/// A request that a host sends as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Request {
    /// `GET`, `HEAD`, `PUT` or `POST`.
    pub method: Method,
    /// The whole address.
    pub url: String,
    /// Headers, without `Authorization`.
    pub headers: Vec<(String, String)>,
    /// The value of the `Authorization` header.
    #[serde(serialize_with = "secret::expose_optional")]
    pub authorization: Option<Secret>,
    /// The body; secret, because a token request carries credentials there. Base64 in JSON.
    #[serde(serialize_with = "bytes::expose_optional")]
    pub body: Option<Secret<Vec<u8>>>,
    /// How long the whole exchange may take, in milliseconds.
    pub timeout: u32,
    /// The proxy to go through ([`proxy::of`]); secret, because its address can have a password.
    #[serde(serialize_with = "secret::expose_optional")]
    pub proxy: Option<Secret>,
    /// Whom to trust under TLS.
    pub trust: Trust,
}

/// The methods that are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Read.
    Get,
    /// Read the headers only.
    Head,
    /// Store under a name.
    Put,
    /// Send a form.
    Post,
    /// Delete.
    Delete,
}

impl Method {
    /// The method as it stands in a request.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Put => "PUT",
            Method::Post => "POST",
            Method::Delete => "DELETE",
        }
    }
}

/// An answer as a host received it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body; empty for `HEAD`.
    pub body: Vec<u8>,
    /// How long the exchange took.
    pub milliseconds: u64,
}

impl Response {
    /// The first header of that name (lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The media type, without parameters, in lower case.
    pub fn media_type(&self) -> Option<String> {
        let value = self.header("content-type")?;
        Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
    }
}

/// Where a registry is, and whom to trust there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Whether requests go through TLS.
    pub https: bool,
    /// `host` or `host:port`.
    pub host: String,
    /// Whom to trust under TLS.
    pub trust: Trust,
}

impl Endpoint {
    /// Where to look for a registry, best first.
    ///
    /// Docker takes registries on the loopback interface, and those that are configured as insecure, with a certificate of whomever, and else
    /// without TLS (moby, `registry/service_v2.go`). On a port of the loopback interface only one of them is spoken, mostly plain HTTP, and
    /// nobody listens: there that is tried first.
    pub fn candidates(registry: &str, insecure: &[String]) -> Vec<Endpoint> {
        let host = Endpoint::host_of(registry);
        let endpoint = |https, insecure| Endpoint { https, host: host.clone(), trust: Trust { insecure, ..Trust::default() } };
        match (is_loopback(registry), trust::is_insecure(registry, insecure)) {
            (true, _) if proxy::split_port(registry).is_some() => vec![endpoint(false, true), endpoint(true, true)],
            (false, false) => vec![endpoint(true, false)],
            _ => vec![endpoint(true, true), endpoint(false, true)],
        }
    }

    /// The host that answers for a registry: for Docker Hub it is not the one in references (distribution/reference and moby/registry).
    pub fn host_of(registry: &str) -> String {
        if registry == "docker.io" { "registry-1.docker.io".to_owned() } else { registry.to_owned() }
    }

    /// The address of `path` (which starts with `/`) there.
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", if self.https { "https" } else { "http" }, self.host)
    }
}

/// A request without credentials and without an endpoint.
#[derive(Debug, Clone)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// The address from the first `/`.
    pub path: String,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<Vec<u8>>,
}

impl Call {
    /// Is there a registry at all, and do the credentials work?
    pub fn ping() -> Self {
        Call { method: Method::Get, path: "/v2/".to_owned(), headers: Vec::new(), body: None }
    }

    /// Is this image there? `HEAD`, because Docker Hub does not count those against its pull limit.
    pub fn head(image: &Reference) -> Self {
        Call { method: Method::Head, ..Call::get(image) }
    }

    /// The manifest's bytes.
    pub fn get(image: &Reference) -> Self {
        let headers = MANIFEST_TYPES.iter().map(|media_type| ("accept".to_owned(), (*media_type).to_owned())).collect();
        Call { method: Method::Get, path: manifest_path(&image.repository, image.selector()), headers, body: None }
    }

    /// Stores a manifest's bytes under another name: this is how a tag moves without any layer moving.
    pub fn put(image: &Reference, media_type: &str, manifest: Vec<u8>) -> Self {
        let headers = vec![("content-type".to_owned(), media_type.to_owned())];
        Call { method: Method::Put, path: manifest_path(&image.repository, image.selector()), headers, body: Some(manifest) }
    }

    /// The request at an endpoint, with credentials.
    pub fn at(&self, endpoint: &Endpoint, authorization: Option<Secret>) -> Request {
        Request {
            method: self.method,
            url: endpoint.url(&self.path),
            headers: self.headers.clone(),
            authorization,
            body: self.body.clone().map(Secret::new),
            timeout: TIMEOUT,
            proxy: None,
            trust: endpoint.trust.clone(),
        }
    }
}

/// A value in the query of an address or in a form (RFC 3986: everything but unreserved characters is escaped).
pub fn percent_encode(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
        encoded
    })
}

/// `host` or `host:port` of an address.
fn authority(url: &str) -> Option<&str> {
    url.split_once("://")?.1.split(['/', '?', '#']).next()
}

fn manifest_path(repository: &Repository, selector: &str) -> String {
    format!("/v2/{}/manifests/{selector}", repository.path())
}

/// Whether a `host` or `host:port` is this machine itself.
pub(crate) fn is_loopback(registry: &str) -> bool {
    let host = match registry.strip_prefix('[') {
        Some(rest) => return rest.split(']').next() == Some("::1"),
        None => registry.split(':').next().unwrap_or_default(),
    };
    let is_ipv4 = host.split('.').count() == 4 && host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    host == "localhost" || host.ends_with(".localhost") || (is_ipv4 && host.starts_with("127."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(registry: &str) -> Vec<String> {
        Endpoint::candidates(registry, &["registry:5000".to_owned(), "10.0.0.0/8".to_owned()])
            .iter()
            .map(|endpoint| endpoint.url("/v2/"))
            .collect()
    }

    #[test]
    fn plain_http_is_for_loopback_and_insecure_registries_only() {
        assert_eq!(urls("ghcr.io"), ["https://ghcr.io/v2/"]);
        assert_eq!(urls("127.0.0.1.example.com"), ["https://127.0.0.1.example.com/v2/"]);
        assert_eq!(urls("docker.io"), ["https://registry-1.docker.io/v2/"]);
        assert_eq!(urls("localhost:5000"), ["http://localhost:5000/v2/", "https://localhost:5000/v2/"]);
        for registry in ["127.9.9.9:1", "[::1]:5000"] {
            assert!(urls(registry)[0].starts_with("http://"), "{registry}");
        }
        for registry in ["127.0.0.1", "localhost", "registry:5000", "10.1.2.3", "10.1.2.3:5000"] {
            assert_eq!(urls(registry), [format!("https://{registry}/v2/"), format!("http://{registry}/v2/")]);
        }
    }

    #[test]
    fn only_insecure_registries_are_taken_with_any_certificate() {
        for (registry, expected) in [("ghcr.io", false), ("docker.io", false), ("localhost:5000", true), ("registry:5000", true)] {
            let all = Endpoint::candidates(registry, &["registry:5000".to_owned()]);
            assert!(all.iter().all(|endpoint| endpoint.trust.insecure == expected), "{registry}");
        }
    }

    #[test]
    fn every_manifest_type_is_accepted() {
        let call = Call::head(&Reference::parse("app:1").unwrap());
        assert_eq!(call.path, "/v2/library/app/manifests/1");
        assert_eq!(call.headers.iter().filter(|(name, _)| name == "accept").count(), 4);
    }
}
