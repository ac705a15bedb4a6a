//! Lines of a manifest for inputs that are not files: they begin with `#`, so that `md5sum -c` skips them.
//!
//! A line break or a backslash in a name is escaped as `md5sum` escapes it. `docs/manifest.md` lists the lines.

use crate::digest::{Algorithm, digest};
use crate::manifest::escaped_bytes;
use crate::path::RelPath;

/// The platform that is built for.
pub fn platform(platform: &str) -> Vec<u8> {
    line("platform", platform.as_bytes())
}

/// The stage that is built.
pub fn target(stage: &str) -> Vec<u8> {
    line("target", stage.as_bytes())
}

/// A build argument; the digest stands for its value, which can be sensitive.
///
/// ```
/// use docktag::digest::Algorithm;
/// use docktag::note::arg;
///
/// assert_eq!(arg(Algorithm::Md5, "APP_ENV", "a"), b"# arg APP_ENV 0cc175b9c0f1b6a831c399e269772661");
/// ```
pub fn arg(algorithm: Algorithm, name: &str, value: &str) -> Vec<u8> {
    valued("arg", algorithm, name, value)
}

/// Any other key of `build:` in the Compose file; the digest stands for its value.
pub fn build(algorithm: Algorithm, key: &str, value: &str) -> Vec<u8> {
    valued("build", algorithm, key, value)
}

/// The folder that is the build context, where it is not the project folder itself; or where it is fetched from.
pub fn context(path: &str) -> Vec<u8> {
    line("context", path.as_bytes())
}

/// The Dockerfile, where it is not the context's own: which one it is matters where several are among the inputs.
pub fn dockerfile(path: &str) -> Vec<u8> {
    line("dockerfile", path.as_bytes())
}

/// A text that a user gave for its own sake.
pub fn salt(algorithm: Algorithm, text: &str) -> Vec<u8> {
    line("salt", digest(algorithm, text.as_bytes()).to_string().as_bytes())
}

/// The period in which the image is good.
pub fn refresh(period: &str) -> Vec<u8> {
    line("refresh", period.as_bytes())
}

/// A base image and its digest in the registry.
pub fn base(reference: &str, digest: &str) -> Vec<u8> {
    line("base", format!("{reference} {digest}").as_bytes())
}

/// An image of this project that is built upon, by the name under which the build knows it, and its tag.
pub fn image(name: &str, tag: &str) -> Vec<u8> {
    line("image", format!("{name} {tag}").as_bytes())
}

/// Something that the build fetches from elsewhere, by a name that the Dockerfile does not have.
pub fn remote(name: &str, address: &str) -> Vec<u8> {
    line("remote", format!("{name} {address}").as_bytes())
}

/// A file that its owner may execute.
pub fn exec(path: &RelPath) -> Vec<u8> {
    line("exec", path.as_bytes())
}

/// A folder with nothing in it.
pub fn dir(path: &RelPath) -> Vec<u8> {
    line("dir", path.as_bytes())
}

/// A symbolic link. An arrow in its own name is written `\->`, so that two links never have one line.
///
/// ```
/// use docktag::note::link;
/// use docktag::path::RelPath;
///
/// assert_eq!(link(&RelPath::new(*b"docker/current"), b"v2"), b"# link docker/current -> v2");
/// assert_eq!(link(&RelPath::new(*b"a -> b"), b"c"), b"# link a \\-> b -> c");
/// ```
pub fn link(path: &RelPath, to: &[u8]) -> Vec<u8> {
    let mut line = b"# link ".to_vec();
    let path = escaped(path.as_bytes());
    let mut rest = path.as_slice();
    while let Some(at) = rest.windows(ARROW.len()).position(|window| window == ARROW) {
        line.extend_from_slice(&rest[..=at]);
        line.push(b'\\');
        rest = &rest[at + 1..];
    }
    line.extend_from_slice(rest);
    line.extend_from_slice(ARROW);
    line.extend(escaped(to));
    line
}

const ARROW: &[u8] = b" -> ";

fn valued(kind: &str, algorithm: Algorithm, name: &str, value: &str) -> Vec<u8> {
    line(kind, format!("{name} {}", digest(algorithm, value.as_bytes())).as_bytes())
}

fn line(kind: &str, rest: &[u8]) -> Vec<u8> {
    [b"# ", kind.as_bytes(), b" ", &escaped(rest)].concat()
}

fn escaped(bytes: &[u8]) -> Vec<u8> {
    escaped_bytes(bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(bytes: &[u8]) -> RelPath {
        RelPath::new(bytes)
    }

    #[test]
    fn no_name_breaks_its_line() {
        assert_eq!(exec(&path(b"a\nb\\c\rd")), b"# exec a\\nb\\\\c\\rd");
        assert_eq!(arg(Algorithm::Md5, "A\n# target x", ""), b"# arg A\\n# target x d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(target("a\\n"), b"# target a\\\\n");
    }

    #[test]
    fn two_links_never_have_one_line() {
        let lines = [
            link(&path(b"a"), b"b -> c"),
            link(&path(b"a -> b"), b"c"),
            link(&path(b"a \\-> b"), b"c"),
            link(&path(b"a ->  -> b"), b"c"),
            link(&path(b"a\n"), b"c"),
            link(&path(b"a\\n"), b"c"),
        ];
        for (index, line) in lines.iter().enumerate() {
            assert!(!lines[..index].contains(line), "{}", String::from_utf8_lossy(line));
        }
    }
}
