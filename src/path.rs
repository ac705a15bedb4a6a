//! Paths as bytes, separated by `/`, ordered by bytes.

use std::fmt;

use serde::ser::{Serialize, Serializer};

use crate::error::{Code, Error, Result};

/// A path below the project folder, as `find` prints it: bytes with `/` between the parts.
///
/// File names on Linux need not be UTF-8, and a manifest must name every file, so a path is bytes.
/// It keeps the spelling of the folder it was found under (`./docker/a`, `docker/a`), because the recipe's manifest does.
///
/// ```
/// use docktag::path::RelPath;
///
/// let root = RelPath::root("docker/dev/")?;
/// assert_eq!(root.join(b"php.ini").to_string(), "docker/dev/php.ini");
/// assert!(RelPath::root("/etc").is_err());
/// # Ok::<(), docktag::error::Error>(())
/// ```
///
/// In JSON it is a string, or an array of byte values where it is not UTF-8.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelPath(Box<[u8]>);

impl RelPath {
    /// A path from bytes, taken as they are.
    pub fn new(bytes: impl Into<Box<[u8]>>) -> Self {
        RelPath(bytes.into())
    }

    /// A folder that a user named with `--path`.
    ///
    /// # Errors
    /// [`Code::PathInvalid`] for an empty or absolute path: a tag must not depend on where the project is checked out.
    pub fn root(text: impl AsRef<[u8]>) -> Result<Self> {
        let bytes = text.as_ref();
        let path = RelPath::new(bytes);
        if bytes.is_empty() {
            return Err(Error::new(Code::PathInvalid, "`--path` is empty, expected a folder such as `docker`"));
        }
        if bytes.contains(&0) {
            return Err(Error::new(Code::PathInvalid, "a path cannot hold a NUL byte").at(&path));
        }
        if bytes[0] == b'/' {
            return Err(Error::new(
                Code::PathInvalid,
                "absolute path, expected one relative to the project folder: the tag must not depend on where the project is checked out",
            )
            .at(&path)
            .help("give the project folder with `-C` and the path below it with `--path`"));
        }
        Ok(path)
    }

    /// The path of `name` inside this folder, spelled as `find` spells it: one `/` is added where none ends the folder.
    #[must_use]
    pub fn join(&self, name: &[u8]) -> RelPath {
        let mut bytes = Vec::with_capacity(self.0.len() + 1 + name.len());
        bytes.extend_from_slice(&self.0);
        if bytes.last() != Some(&b'/') {
            bytes.push(b'/');
        }
        bytes.extend_from_slice(name);
        RelPath(bytes.into())
    }

    /// The path without what only spells it: `./docker//a` is `docker/a`, as git names it; `.` for the folder itself.
    pub fn plain(&self) -> Vec<u8> {
        let parts: Vec<&[u8]> = self.0.split(|&byte| byte == b'/').filter(|part| !part.is_empty() && *part != b".").collect();
        if parts.is_empty() { b".".to_vec() } else { parts.join(&b'/') }
    }

    /// The bytes of the path.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The way from one absolute folder to another path, by names alone: `../shared/a`; `.` for the folder itself.
///
/// A path that shares nothing with the folder stays absolute: it lies at its own place on every machine.
///
/// ```
/// use docktag::path::relative;
///
/// assert_eq!(relative("/work/app", "/work/app/docker/dev"), "docker/dev");
/// assert_eq!(relative("/work/app", "/work/shared"), "../shared");
/// assert_eq!(relative("/work/app", "/work/app"), ".");
/// assert_eq!(relative("/work/app", "/opt/x"), "/opt/x");
/// ```
pub fn relative(folder: &str, path: &str) -> String {
    let first = parts(folder).next();
    if first.is_some() && first != parts(path).next() { path.to_owned() } else { way(folder, path) }
}

/// The way from one absolute folder to another path, wherever that is.
pub(crate) fn way(folder: &str, path: &str) -> String {
    let (from, to): (Vec<&str>, Vec<&str>) = (parts(folder).collect(), parts(path).collect());
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let way: Vec<&str> = from[common..].iter().map(|_| "..").chain(to[common..].iter().copied()).collect();
    if way.is_empty() { ".".to_owned() } else { way.join("/") }
}

fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|part| !part.is_empty() && *part != ".")
}

/// For messages: control characters are escaped, so that a file name cannot write to a terminal or a CI log;
/// bytes that are not UTF-8 appear as `\xNN`.
impl fmt::Display for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for character in chunk.valid().chars() {
                if character.is_control() {
                    write!(f, "{}", character.escape_default())?;
                } else {
                    write!(f, "{character}")?;
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

impl Serialize for RelPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        crate::bytes::text(&self.0, serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn join_spells_as_find_does() {
        for (root, expected) in [
            ("docker", "docker/a"),
            ("docker/", "docker/a"),
            ("docker//", "docker//a"),
            (".", "./a"),
            ("./docker", "./docker/a"),
            ("../docker", "../docker/a"),
        ] {
            assert_eq!(RelPath::root(root).unwrap().join(b"a").as_bytes(), expected.as_bytes(), "{root}");
        }
    }

    #[test]
    fn display_cannot_write_to_the_terminal() {
        assert_eq!(RelPath::new(*b"a\x1b[31m\n\xff\xc3\xa9").to_string(), "a\\u{1b}[31m\\n\\xff\u{e9}");
    }

    #[test]
    fn json_keeps_every_byte() {
        for bytes in [&b"docker/a"[..], b"a\xff\\\n"] {
            let path = RelPath::new(bytes);
            let json = serde_json::to_string(&path).unwrap();
            assert_eq!(crate::bytes::from_text(&serde_json::from_str(&json).unwrap()).as_deref(), Some(bytes), "{json}");
        }
        assert_eq!(serde_json::to_string(&RelPath::new(*b"docker/a")).unwrap(), "\"docker/a\"");
    }
}
