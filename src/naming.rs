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

/// Whether a tag can be one with a hash: 32 hexadecimal digits in a row, whatever stands beside them. A row of 40 digits is a commit of git, since
/// [`check`] lets no hash stand in such a row.
///
/// ```
/// use docktag::naming::has_hash;
///
/// assert!(has_hash("v900150983cd24fb0d6963f7d28e17f72"));
/// assert!(has_hash("900150983CD24FB0D6963F7D28E17F72a-web"));
/// assert!(!has_hash("dev-da39a3ee5e6b4b0d3255bfef95601890afd80709"));
/// assert!(!has_hash("v1.2.3"));
/// ```
pub fn has_hash(tag: &str) -> bool {
    rows(tag).any(|row| row.len() >= HASH_MIN && row.len() != COMMIT)
}

/// The digits of the shorter hash.
const HASH_MIN: usize = 32;
/// The digits of a commit.
const COMMIT: usize = 40;

/// The rows of hexadecimal digits in a tag.
fn rows(tag: &str) -> impl Iterator<Item = &str> {
    tag.split(|it: char| !it.is_ascii_hexdigit())
}

/// Checks that a tag with a hash is not taken for anything else.
///
/// ```
/// use docktag::naming::check;
///
/// let hash = "900150983cd24fb0d6963f7d28e17f72";
/// assert!(check(&format!("v{hash}-web"), hash).is_ok());
/// assert!(check(&format!("cafebabe{hash}"), hash).is_err());
/// assert!(check(&format!("sha256-{hash}{hash}"), hash).is_err());
/// ```
///
/// # Errors
/// [`Code::ImageInvalid`] for the tag of a list of referrers, which some registries read as a digest (OCI distribution specification, "Referrers
/// tag schema"), and for a hash in a row of digits that is as long as a commit of git.
pub fn check(tag: &str, hash: &str) -> Result<()> {
    let wrong = |message: &str, help: &str| Err(Error::new(Code::ImageInvalid, message).at(tag).help(help));
    let is_list = ["sha256-", "sha512-"].iter().any(|start| tag.strip_prefix(start).is_some_and(|rest| hash_of(rest) == Some(rest)));
    if is_list {
        return wrong(
            "is the tag of a list of referrers, which registries read as a digest",
            "name another tag than `sha256` or `sha512` in `image`",
        );
    }
    if rows(tag).any(|row| row.len() == COMMIT && row.contains(hash)) {
        return wrong("looks like a commit of git", "put a `-` between the hash and the text beside it");
    }
    Ok(())
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
        let image = self.prefixed(hash)?;
        check(image.tag.as_deref().unwrap_or_default(), hash)?;
        Ok(image)
    }

    /// The image under its moving tag.
    ///
    /// # Errors
    /// As [`Name::tagged`].
    pub fn moving(&self, tag: &str) -> Result<Reference> {
        self.prefixed(tag)
    }

    fn prefixed(&self, tag: &str) -> Result<Reference> {
        match &self.prefix {
            None => self.repository.with_tag(tag),
            Some(prefix) => self.repository.with_tag(&format!("{prefix}-{tag}")),
        }
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
