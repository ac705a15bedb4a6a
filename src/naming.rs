//! How images are called: from a service's `image:` to the name that carries the hash.

use crate::digest::Algorithm;
use crate::error::{Code, Error, Result};
use crate::image::{Reference, Repository};

/// The hash in a tag.
///
/// ```
/// use docktag::naming::hash_of;
///
/// assert_eq!(hash_of("dev-900150983cd24fb0d6963f7d28e17f72"), Some("900150983cd24fb0d6963f7d28e17f72"));
/// assert_eq!(hash_of("v1.2.3"), None);
/// ```
pub fn hash_of(tag: &str) -> Option<&str> {
    let is_hash = |part: &&str| matches!(part.len(), 32 | 64) && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    tag.split(['-', '.', '_']).find(is_hash)
}

/// The name of a service's image, but for the hash.
///
/// ```
/// use docktag::naming::Name;
///
/// let hash = "900150983cd24fb0d6963f7d28e17f72";
/// let app = Name::of_image("ghcr.io/acme/app:latest")?;
/// assert_eq!(app.tagged(hash)?.to_string(), format!("ghcr.io/acme/app:{hash}"));
/// assert_eq!(app.moving("ci")?.to_string(), "ghcr.io/acme/app:ci");
///
/// let dev = Name::of_image("acme/app:dev")?;
/// assert_eq!(dev.tagged(hash)?.to_string(), format!("acme/app:dev-{hash}"));
/// assert_eq!(dev.moving("ci")?.to_string(), "acme/app:dev-ci");
/// # Ok::<(), docktag::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The repository.
    pub repository: Repository,
    /// What stands before the hash in the tag, where the service names a tag of its own.
    pub prefix: Option<String>,
    /// Whether no registry has it: the service names no image, and nobody said where such images go.
    pub is_local: bool,
}

impl Name {
    /// The name that an `image:` asks for. A tag that docktag gave is taken off first, so that a name can be read again.
    ///
    /// # Errors
    /// [`Code::ImageInvalid`] for what is no reference, and for one with a digest: what is built has another one.
    pub fn of_image(image: &str) -> Result<Self> {
        let reference = Reference::parse(image)?;
        let prefix = reference.tag.as_deref().and_then(without_hash);
        if reference.digest.is_some() && reference.tag.as_deref().is_none_or(|tag| prefix.as_deref() == Some(tag)) {
            return Err(Error::new(Code::ImageInvalid, "has a digest, expected a name that can be given to what is built")
                .at(image)
                .help(format!("write `image: {}`", reference.repository)));
        }
        Ok(Name { repository: reference.repository, prefix: prefix.filter(|prefix| prefix != "latest"), is_local: false })
    }

    /// The name of an image that goes to a repository, whatever the service says.
    pub fn of_repository(repository: Repository) -> Self {
        Name { repository, prefix: None, is_local: false }
    }

    /// The name of an image that stays on this machine, as Compose calls it.
    ///
    /// # Errors
    /// [`Code::ImageInvalid`] for what is no repository.
    pub fn local(name: &str) -> Result<Self> {
        Ok(Name { is_local: true, ..Name::of_repository(Repository::parse(name)?) })
    }

    /// The image for a hash.
    ///
    /// # Errors
    /// [`Code::ImageInvalid`] where the tag would be too long.
    pub fn tagged(&self, hash: &str) -> Result<Reference> {
        match &self.prefix {
            None => self.repository.with_tag(hash),
            Some(prefix) => self.repository.with_tag(&format!("{prefix}-{hash}")),
        }
    }

    /// The image under its moving tag.
    ///
    /// # Errors
    /// As [`Name::tagged`].
    pub fn moving(&self, tag: &str) -> Result<Reference> {
        self.tagged(tag)
    }
}

/// A tag without the hash that docktag put at its end; `None` where nothing else is in it.
fn without_hash(tag: &str) -> Option<String> {
    let is_hash = |text: &str| {
        [Algorithm::Md5, Algorithm::Sha256].iter().any(|algorithm| algorithm.hex_len() == text.len())
            && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    match tag.rsplit_once('-') {
        _ if is_hash(tag) => None,
        Some((prefix, last)) if is_hash(last) => Some(prefix.to_owned()),
        _ => Some(tag.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "900150983cd24fb0d6963f7d28e17f72";

    #[test]
    fn a_name_is_read_again_as_it_was() {
        for (image, tagged) in [
            ("a/b", "a/b:HASH"),
            ("a/b:latest", "a/b:HASH"),
            ("a/b:dev", "a/b:dev-HASH"),
            ("h:5000/a/b:1.2-dev", "h:5000/a/b:1.2-dev-HASH"),
        ] {
            let name = Name::of_image(image).unwrap();
            let first = name.tagged(HASH).unwrap().to_string();
            assert_eq!(first, tagged.replace("HASH", HASH));
            let sha = format!("{first}@sha256:{}", "0".repeat(64));
            for again in [first, sha] {
                assert_eq!(Name::of_image(&again).unwrap(), name, "{again}");
            }
        }
    }

    #[test]
    fn a_digest_of_the_users_own_is_refused() {
        let digest = format!("sha256:{}", "0".repeat(64));
        for image in [format!("a/b@{digest}"), format!("a/b:1@{digest}")] {
            assert_eq!(Name::of_image(&image).unwrap_err().code, Code::ImageInvalid, "{image}");
        }
    }

    #[test]
    fn a_prefix_can_be_too_long() {
        let name = Name::of_image(&format!("a/b:{}", "x".repeat(100))).unwrap();
        assert_eq!(name.tagged(HASH).unwrap_err().code, Code::ImageInvalid);
    }
}
