//! Lines of a manifest for inputs that are not files: they begin with `#`, so that `md5sum -c` skips them.
//!
//! No two entries have the same line ([`Entry::parse`] reads every line back). `docs/manifest.md` has the grammar.

use crate::digest::{Algorithm, digest};
use crate::manifest::{escaped_bytes, unescape};
use crate::path::RelPath;

/// An input that is not a file.
///
/// ```
/// use docktag::note::{Entry, Kind};
///
/// let entry = Entry { kind: Kind::Link, name: b"docker/current".to_vec(), value: b"v2".to_vec() };
/// assert_eq!(entry.render(), b"# link docker/current -> v2");
/// assert_eq!(Entry::parse(b"# link docker/current -> v2"), Some(entry));
/// assert_eq!(Entry::parse(b"# link docker/current"), None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Its kind.
    pub kind: Kind,
    /// What it is about; empty for the kinds of which a manifest has one line at most.
    pub name: Vec<u8>,
    /// What is said of it; empty for the kinds that only name something.
    pub value: Vec<u8>,
}

/// Declares the kinds once: variant, the word that begins the line, and the shape of the rest.
macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident $word:literal $shape:ident,)*) => {
        /// The kinds of entries.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Kind {
            $($(#[$doc])* $variant,)*
        }

        impl Kind {
            /// Every kind, sorted by its word.
            pub const ALL: &'static [Kind] = &[$(Kind::$variant,)*];

            /// The word that begins its lines.
            pub fn word(self) -> &'static str {
                match self { $(Kind::$variant => $word,)* }
            }

            /// How name and value stand in the line.
            pub fn shape(self) -> Shape {
                match self { $(Kind::$variant => Shape::$shape,)* }
            }
        }
    };
}

kinds! {
    /// A build argument and the digest of its value, which can be sensitive.
    Arg "arg" Pair,
    /// A base image and its digest in the registry.
    Base "base" Pair,
    /// Another key of `build:` in the Compose file, and the digest of its value.
    Build "build" Pair,
    /// The build context, if it is not the project folder; or the address that it is fetched from.
    Context "context" Value,
    /// An empty folder.
    Dir "dir" Name,
    /// The Dockerfile, if it is not the context's own.
    Dockerfile "dockerfile" Value,
    /// A file that its owner may execute.
    Exec "exec" Name,
    /// An image of this project that is built upon, by the name under which the build knows it, and the hash in its tag.
    Image "image" Pair,
    /// A symbolic link and its target.
    Link "link" Arrow,
    /// A platform that is built for.
    Platform "platform" Name,
    /// The period in which the image is good.
    Refresh "refresh" Value,
    /// The digest of a text that a user gave for its own sake.
    Salt "salt" Value,
    /// A build secret and the digest of its source; the secret's value is no input.
    Secret "secret" Pair,
    /// An SSH agent or key of the build, and the digest of its source.
    Ssh "ssh" Pair,
    /// The stage that is built.
    Target "target" Value,
}

/// How name and value stand in a line behind its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// The name alone.
    Name,
    /// The value alone.
    Value,
    /// Name, blank, value. There is no blank in the value, so the last one separates them.
    Pair,
    /// Name, ` -> `, value. An arrow in the name, or at its end, is written ` \->`, so the first ` -> ` separates them.
    Arrow,
}

impl Entry {
    /// The line, without its end.
    pub fn render(&self) -> Vec<u8> {
        let mut line = b"# ".to_vec();
        line.extend_from_slice(self.kind.word().as_bytes());
        line.push(b' ');
        match self.kind.shape() {
            Shape::Name => line.extend(escaped_bytes(&self.name)),
            Shape::Value => line.extend(escaped_bytes(&self.value)),
            Shape::Pair => {
                line.extend(escaped_bytes(&self.name));
                line.push(b' ');
                line.extend(escaped_bytes(&self.value));
            }
            Shape::Arrow => {
                without_arrows(&self.name, &mut line);
                line.extend_from_slice(ARROW);
                line.extend(escaped_bytes(&self.value));
            }
        }
        line
    }

    /// Reads a line; `None` if it is not exactly what [`Entry::render`] writes for some entry.
    pub fn parse(line: &[u8]) -> Option<Self> {
        let rest = line.strip_prefix(b"# ")?;
        let end = rest.iter().position(|&byte| byte == b' ')?;
        let kind = Kind::ALL.iter().copied().find(|kind| kind.word().as_bytes() == &rest[..end])?;
        let rest = &rest[end + 1..];
        let (name, value) = match kind.shape() {
            Shape::Name => (unescape(rest)?, Vec::new()),
            Shape::Value => (Vec::new(), unescape(rest)?),
            Shape::Pair => {
                let blank = rest.iter().rposition(|&byte| byte == b' ')?;
                (unescape(&rest[..blank])?, unescape(&rest[blank + 1..])?)
            }
            Shape::Arrow => {
                let arrow = rest.windows(ARROW.len()).position(|part| part == ARROW)?;
                (with_arrows(&rest[..arrow])?, unescape(&rest[arrow + ARROW.len()..])?)
            }
        };
        let entry = Entry { kind, name, value };
        (entry.render() == line).then_some(entry)
    }
}

const ARROW: &[u8] = b" -> ";

/// Writes a name so that no ` -> ` can be read before its end.
fn without_arrows(name: &[u8], line: &mut Vec<u8>) {
    for (index, &byte) in name.iter().enumerate() {
        let rest = &name[index..];
        let begins_arrow = index > 0 && name[index - 1] == b' ' && rest.starts_with(b"->") && matches!(rest.get(2), None | Some(b' '));
        if begins_arrow {
            line.push(b'\\');
        }
        line.extend(escaped_bytes(&[byte]));
    }
}

/// The name that [`without_arrows`] wrote.
fn with_arrows(text: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(text.len());
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        plain.push(byte);
        if byte != b'\\' {
            continue;
        }
        match bytes.next()? {
            b'-' => {
                plain.pop();
                plain.push(b'-');
            }
            other => plain.push(other),
        }
    }
    unescape(&plain)
}

/// The platform that is built for.
pub fn platform(platform: &str) -> Vec<u8> {
    named(Kind::Platform, platform.as_bytes())
}

/// The stage that is built.
pub fn target(stage: &str) -> Vec<u8> {
    valued(Kind::Target, stage.as_bytes())
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
    hashed(Kind::Arg, algorithm, name, value)
}

/// Any other key of `build:` in the Compose file; the digest stands for its value.
pub fn build(algorithm: Algorithm, key: &str, value: &str) -> Vec<u8> {
    hashed(Kind::Build, algorithm, key, value)
}

/// A build secret; the digest stands for its source, such as `file:token.txt` or `environment:TOKEN`.
pub fn secret(algorithm: Algorithm, name: &str, source: &str) -> Vec<u8> {
    hashed(Kind::Secret, algorithm, name, source)
}

/// An SSH agent or key of the build; the digest stands for the path of the key, which is empty for the default agent.
pub fn ssh(algorithm: Algorithm, name: &str, source: &str) -> Vec<u8> {
    hashed(Kind::Ssh, algorithm, name, source)
}

/// The build context, if it is not the project folder; or the address that it is fetched from.
pub fn context(path: &str) -> Vec<u8> {
    valued(Kind::Context, path.as_bytes())
}

/// The Dockerfile, if it is not the context's own: if several are among the inputs, it matters which one is used.
pub fn dockerfile(path: &str) -> Vec<u8> {
    valued(Kind::Dockerfile, path.as_bytes())
}

/// A text that a user gave for its own sake.
pub fn salt(algorithm: Algorithm, text: &str) -> Vec<u8> {
    valued(Kind::Salt, digest(algorithm, text.as_bytes()).to_string().as_bytes())
}

/// The period in which the image is good.
pub fn refresh(period: &str) -> Vec<u8> {
    valued(Kind::Refresh, period.as_bytes())
}

/// A base image and its digest in the registry.
pub fn base(reference: &str, digest: &str) -> Vec<u8> {
    pair(Kind::Base, reference, digest)
}

/// An image of this project that is built upon, by the name under which the build knows it, and its tag.
pub fn image(name: &str, tag: &str) -> Vec<u8> {
    pair(Kind::Image, name, tag)
}

/// A file that its owner may execute.
pub fn exec(path: &RelPath) -> Vec<u8> {
    named(Kind::Exec, path.as_bytes())
}

/// A folder with nothing in it.
pub fn dir(path: &RelPath) -> Vec<u8> {
    named(Kind::Dir, path.as_bytes())
}

/// A symbolic link.
///
/// ```
/// use docktag::note::link;
/// use docktag::path::RelPath;
///
/// assert_eq!(link(&RelPath::new(*b"docker/current"), b"v2"), b"# link docker/current -> v2");
/// assert_eq!(link(&RelPath::new(*b"a -> b"), b"c"), b"# link a \\-> b -> c");
/// ```
pub fn link(path: &RelPath, to: &[u8]) -> Vec<u8> {
    Entry { kind: Kind::Link, name: path.as_bytes().to_vec(), value: to.to_vec() }.render()
}

fn named(kind: Kind, name: &[u8]) -> Vec<u8> {
    Entry { kind, name: name.to_vec(), value: Vec::new() }.render()
}

fn valued(kind: Kind, value: &[u8]) -> Vec<u8> {
    Entry { kind, name: Vec::new(), value: value.to_vec() }.render()
}

fn pair(kind: Kind, name: &str, value: &str) -> Vec<u8> {
    Entry { kind, name: name.as_bytes().to_vec(), value: value.as_bytes().to_vec() }.render()
}

fn hashed(kind: Kind, algorithm: Algorithm, name: &str, text: &str) -> Vec<u8> {
    pair(kind, name, &digest(algorithm, text.as_bytes()).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(bytes: &[u8]) -> RelPath {
        RelPath::new(bytes)
    }

    #[test]
    fn kinds_are_sorted_by_their_words() {
        assert!(Kind::ALL.is_sorted_by_key(|kind| kind.word()));
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
            link(&path(b"a ->"), b"b"),
            link(&path(b"a"), b"-> b"),
            link(&path(b"a -"), b"> b"),
            link(&path(b"a "), b"-> b"),
            link(&path(b"a ->b"), b"c"),
            link(&path(b"a \\->"), b"b"),
        ];
        for (index, line) in lines.iter().enumerate() {
            assert!(!lines[..index].contains(line), "{}", String::from_utf8_lossy(line));
            assert_eq!(Entry::parse(line).map(|entry| entry.render()).as_ref(), Some(line));
        }
    }

    #[test]
    fn lines_that_nothing_renders_are_refused() {
        for line in
            ["", "#", "# arg", "# arg A", "# link a", "# new a", "# link a \\- -> b", "# exec a\\", "# exec a\\x", "exec a", "# docktag 1"]
        {
            assert_eq!(Entry::parse(line.as_bytes()), None, "{line}");
        }
    }
}
