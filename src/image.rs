//! Image references: the grammar, and where a name leads.
//!
//! The grammar is that of `github.com/distribution/reference` (`reference.go`, `normalize.go`), which Docker uses.

use std::fmt;

use serde::Serialize;

use crate::error::{Code, Error, Result};

/// The longest tag (distribution/reference: `[\w][\w.-]{0,127}`).
pub const TAG_MAX: usize = 128;
/// The longest normalised name (distribution/reference: `NameTotalLengthMax`).
const NAME_MAX: usize = 255;
const DEFAULT_REGISTRY: &str = "docker.io";

/// A repository: an image's name without tag and digest.
///
/// ```
/// use docktag::image::Repository;
///
/// let app = Repository::parse("localhost:5000/example/app")?;
/// assert_eq!(app.registry(), "localhost:5000");
/// assert_eq!(app.path(), "example/app");
/// assert_eq!(app.with_tag("ci")?.to_string(), "localhost:5000/example/app:ci");
///
/// let hub = Repository::parse("redis")?;
/// assert_eq!((hub.registry(), hub.path()), ("docker.io", "library/redis"));
/// assert!(hub.is_same(&Repository::parse("index.docker.io/library/redis")?));
/// # Ok::<(), docktag::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct Repository {
    /// As the user wrote it: this is what Compose must see.
    name: String,
    registry: String,
    path: String,
}

impl Repository {
    /// Reads a name that carries neither tag nor digest.
    ///
    /// # Errors
    /// [`Code::ImageInvalid`] with what is wrong, also for a name with a tag: the tag is what docktag computes.
    pub fn parse(name: &str) -> Result<Self> {
        let reference = Reference::parse(name)?;
        match (reference.tag, reference.digest) {
            (None, None) => Ok(reference.repository),
            (Some(tag), _) => Err(Error::new(Code::ImageInvalid, format!("has the tag `{tag}`, expected a repository without a tag"))
                .at(name)
                .help(format!("write `{}`: the tag is computed", reference.repository))),
            (None, Some(_)) => Err(Error::new(Code::ImageInvalid, "has a digest, expected a repository without one")
                .at(name)
                .help(format!("write `{}`: the tag is computed", reference.repository))),
        }
    }

    /// The registry's `host` or `host:port`; `docker.io` where the name has none.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The repository's name inside the registry, such as `library/redis`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether both names lead to the same repository, as `redis` and `docker.io/library/redis` do.
    pub fn is_same(&self, other: &Repository) -> bool {
        (&self.registry, &self.path) == (&other.registry, &other.path)
    }

    /// This repository with a tag.
    ///
    /// # Errors
    /// [`Code::ImageInvalid`] where the tag is not one.
    pub fn with_tag(&self, tag: &str) -> Result<Reference> {
        check_tag(tag)?;
        Ok(Reference { repository: self.clone(), tag: Some(tag.to_owned()), digest: None })
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// A reference: a repository with a tag, a digest, both or neither.
///
/// ```
/// use docktag::image::Reference;
///
/// let image = Reference::parse("ghcr.io/acme/app:1.2")?;
/// assert_eq!(image.repository.registry(), "ghcr.io");
/// assert_eq!(image.tag.as_deref(), Some("1.2"));
/// assert!(Reference::parse("acme/App:1").is_err());
/// # Ok::<(), docktag::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct Reference {
    /// The repository.
    pub repository: Repository,
    /// The tag, where one is written.
    pub tag: Option<String>,
    /// The digest (`sha256:...`), where one is written.
    pub digest: Option<String>,
}

impl Reference {
    /// Reads a reference as Docker does.
    ///
    /// # Errors
    /// [`Code::ImageInvalid`] with the part that is wrong.
    pub fn parse(text: &str) -> Result<Self> {
        parse(text).map_err(|message| {
            Error::new(Code::ImageInvalid, message)
                .at(printable(text))
                .help("see the reference grammar: [HOST[:PORT]/]path/name[:TAG][@DIGEST]")
        })
    }

    /// What stands after `/manifests/` in a registry's address: the digest where there is one, else the tag, else `latest`.
    pub fn selector(&self) -> &str {
        self.digest.as_deref().or(self.tag.as_deref()).unwrap_or("latest")
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

/// Whether `tag` can be a tag.
///
/// # Errors
/// [`Code::ImageInvalid`] with the rule that is broken.
pub fn check_tag(tag: &str) -> Result<()> {
    let wrong = |message: String| {
        Err(Error::new(Code::ImageInvalid, message)
            .at(printable(tag))
            .help("a tag is 1 to 128 letters, digits, `_`, `.` and `-`, and starts with none of the last two"))
    };
    if tag.len() > TAG_MAX {
        return wrong(format!("tag of {} characters, expected at most {TAG_MAX}", tag.len()));
    }
    if tag.is_empty() || !tag.bytes().all(is_tag_byte) || tag.starts_with(['.', '-']) {
        return wrong("not a tag".to_owned());
    }
    Ok(())
}

fn parse(text: &str) -> std::result::Result<Reference, String> {
    if text.is_empty() {
        return Err("empty image name, expected one such as `example/app`".to_owned());
    }
    let (rest, digest) = match text.split_once('@') {
        Some((rest, digest)) => (rest, Some(check_digest(digest)?)),
        None => (text, None),
    };
    // A colon before the last slash belongs to `host:port`.
    let name_end = rest.rfind('/').map_or(0, |slash| slash + 1);
    let (name, tag) = match rest[name_end..].find(':') {
        Some(colon) => {
            let (name, tag) = (&rest[..name_end + colon], &rest[name_end + colon + 1..]);
            check_tag(tag).map_err(|error| error.message.clone())?;
            (name, Some(tag.to_owned()))
        }
        None => (rest, None),
    };
    let (registry, path) = split_registry(name);
    if let Some(registry) = registry {
        check_registry(registry)?;
    }
    check_path(path)?;
    if registry.is_none() && name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)) {
        return Err("64 hexadecimal digits are an image id, expected a name".to_owned());
    }
    let registry = match registry {
        None | Some("index.docker.io") => DEFAULT_REGISTRY,
        Some(registry) => registry,
    };
    let path = match registry == DEFAULT_REGISTRY && !path.contains('/') {
        true => format!("library/{path}"),
        false => path.to_owned(),
    };
    if registry.len() + 1 + path.len() > NAME_MAX {
        return Err(format!("name of {} characters, expected at most {NAME_MAX}", registry.len() + 1 + path.len()));
    }
    let repository = Repository { name: name.to_owned(), registry: registry.to_owned(), path };
    Ok(Reference { repository, tag, digest })
}

/// The first part is a registry if it looks like a host: a dot, a colon, an upper-case letter, or `localhost`
/// (distribution/reference, `splitDockerDomain`).
fn split_registry(name: &str) -> (Option<&str>, &str) {
    match name.split_once('/') {
        Some((first, rest))
            if first.contains(['.', ':']) || first == "localhost" || first.bytes().any(|byte| byte.is_ascii_uppercase()) =>
        {
            (Some(first), rest)
        }
        _ => (None, name),
    }
}

fn check_registry(registry: &str) -> std::result::Result<(), String> {
    let (host, port) = match registry.strip_prefix('[') {
        Some(rest) => {
            let (address, after) = rest.split_once(']').ok_or_else(|| format!("`{registry}` has no closing `]`"))?;
            let port = match after {
                "" => None,
                _ => Some(after.strip_prefix(':').ok_or_else(|| format!("`{registry}` is not a host with a port"))?),
            };
            if address.is_empty() || !address.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b':') {
                return Err(format!("`{address}` is not an IPv6 address"));
            }
            (None, port)
        }
        None => match registry.split_once(':') {
            Some((host, port)) => (Some(host), Some(port)),
            None => (Some(registry), None),
        },
    };
    if let Some(port) = port
        && (port.is_empty() || !port.bytes().all(|byte| byte.is_ascii_digit()))
    {
        return Err(format!("`{port}` is not a port, in `{registry}`"));
    }
    let label_is_right = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    match host {
        Some(host) if !host.split('.').all(label_is_right) => Err(format!("`{host}` is not a host name")),
        _ => Ok(()),
    }
}

fn check_path(path: &str) -> std::result::Result<(), String> {
    if let Some(upper) = path.chars().find(|character| character.is_ascii_uppercase()) {
        return Err(format!("`{upper}` in `{}`: a repository's name is lower case", printable(path)));
    }
    match path.split('/').find(|component| !component_is_right(component)) {
        Some("") => Err("an empty part between two slashes, or at an end, of the name".to_owned()),
        Some(component) => Err(format!(
            "`{}` is not a part of a repository's name: lower-case letters and digits, joined by `.`, `_`, `__` or dashes",
            printable(component)
        )),
        None => Ok(()),
    }
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn component_is_right(component: &str) -> bool {
    let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let separator = |run: &[u8]| matches!(run, b"" | b"." | b"_" | b"__") || run.iter().all(|&byte| byte == b'-');
    let bytes = component.as_bytes();
    bytes.first().copied().is_some_and(alphanumeric)
        && bytes.last().copied().is_some_and(alphanumeric)
        && bytes.split(|&byte| alphanumeric(byte)).all(separator)
}

/// `algorithm:hex` with at least 32 digits; the lengths that have a meaning are checked (opencontainers/go-digest).
fn check_digest(digest: &str) -> std::result::Result<String, String> {
    let (algorithm, hex) =
        digest.split_once(':').ok_or_else(|| format!("`{}` is not a digest, expected `sha256:...`", printable(digest)))?;
    let algorithm_is_right = algorithm
        .split(['-', '_', '+', '.'])
        .all(|part| part.starts_with(|c: char| c.is_ascii_alphabetic()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    let length_is_right = match algorithm {
        "sha256" => hex.len() == 64,
        "sha384" => hex.len() == 96,
        "sha512" => hex.len() == 128,
        _ => hex.len() >= 32,
    };
    if !algorithm_is_right || !length_is_right || !hex.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)) {
        return Err(format!("`{}` is not a digest, expected `sha256:` and 64 lower-case hexadecimal digits", printable(digest)));
    }
    Ok(digest.to_owned())
}

fn is_tag_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')
}

/// A wrong name in a message must not carry control characters to a terminal.
fn printable(text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars() {
        match character.is_control() {
            true => shown.extend(character.escape_default()),
            false => shown.push(character),
        }
    }
    shown
}

macro_rules! json_is_the_text {
    ($type:ty) => {
        impl TryFrom<String> for $type {
            type Error = Error;

            fn try_from(text: String) -> Result<Self> {
                Self::parse(&text)
            }
        }

        impl From<$type> for String {
            fn from(value: $type) -> String {
                value.to_string()
            }
        }
    };
}

json_is_the_text!(Repository);
json_is_the_text!(Reference);

#[cfg(test)]
mod tests {
    use super::*;

    /// `text` -> registry, path, tag, digest.
    #[track_caller]
    fn check(text: &str, registry: &str, path: &str, tag: Option<&str>, has_digest: bool) {
        let image = Reference::parse(text).unwrap();
        assert_eq!(
            (image.repository.registry(), image.repository.path(), image.tag.as_deref(), image.digest.is_some()),
            (registry, path, tag, has_digest)
        );
        assert_eq!(image.to_string(), text);
    }

    const SHA: &str = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn references_are_read_as_docker_reads_them() {
        check("redis", "docker.io", "library/redis", None, false);
        check("example/app:ci", "docker.io", "example/app", Some("ci"), false);
        check("docker.io/redis", "docker.io", "library/redis", None, false);
        check("index.docker.io/redis:7", "docker.io", "library/redis", Some("7"), false);
        check("localhost/app", "localhost", "app", None, false);
        check("localhost:5000/app", "localhost:5000", "app", None, false);
        check("127.0.0.1:5000/a/b/c:x", "127.0.0.1:5000", "a/b/c", Some("x"), false);
        check("[::1]:5000/app:x", "[::1]:5000", "app", Some("x"), false);
        check("[fe80::1]/app", "[fe80::1]", "app", None, false);
        check("Host/app", "Host", "app", None, false);
        check("host:5000/app", "host:5000", "app", None, false);
        check("foo/bar:5000", "docker.io", "foo/bar", Some("5000"), false);
        check("x/a--b.c__d_e/f---g", "docker.io", "x/a--b.c__d_e/f---g", None, false);
        check(&format!("ghcr.io/acme/app:1@{SHA}"), "ghcr.io", "acme/app", Some("1"), true);
        check(&format!("app@{SHA}"), "docker.io", "library/app", None, true);
    }

    #[test]
    fn what_docker_refuses_is_refused() {
        let long_tag = format!("app:{}", "a".repeat(129));
        let long_name = format!("ghcr.io/{}", "a".repeat(250));
        let id = "a".repeat(64);
        for text in [
            "",
            ":",
            "app:",
            "app:-x",
            "app:.x",
            "app:a b",
            "App",
            "acme/App",
            "acme//app",
            "/app",
            "app/",
            "-app",
            "app-",
            "a___b",
            "a..b",
            "a._b",
            "example:5000:x",
            "host:port/app",
            "[::1/app",
            "[xyz]/app",
            "-host.io/app",
            "a..io/app",
            "app@sha256:abc",
            "app@",
            "app@md5",
            "https://ghcr.io/acme/app",
            "app name",
            "app\n",
            "é",
            &long_tag,
            &long_name,
            &id,
        ] {
            assert!(Reference::parse(text).is_err(), "{text:?} was read");
        }
    }

    #[test]
    fn a_repository_has_no_tag() {
        let error = Repository::parse("127.0.0.1:5000/app:ci").unwrap_err();
        assert_eq!(
            error.to_string(),
            "127.0.0.1:5000/app:ci: has the tag `ci`, expected a repository without a tag; write `127.0.0.1:5000/app`: the tag is computed"
        );
        assert!(Repository::parse(&format!("app@{SHA}")).is_err());
    }

    #[test]
    fn a_tag_has_at_most_128_characters() {
        let app = Repository::parse("app").unwrap();
        assert!(app.with_tag(&"a".repeat(128)).is_ok());
        assert!(app.with_tag(&"a".repeat(129)).unwrap_err().message.contains("129 characters"));
        assert!(app.with_tag("").is_err());
    }
}
