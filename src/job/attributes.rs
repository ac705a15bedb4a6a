//! Files that a checkout does not write as git has them: Git LFS and other filters, line ends, keywords and encodings that `.gitattributes` ask for.
//!
//! A digest of git's object says nothing of such a file on disk. Patterns are read generously: a file too many counts as not known, and one too
//! few would be taken for another than it is.

use std::sync::Arc;

use crate::desk::{Desk, join_all};
use crate::digest::Algorithm;
use crate::error::Result;
use crate::glob::filepath_match;
use crate::job::git::{Item, Kind};
use crate::job::revision::{Reader, Tree};
use crate::job::submodules;
use crate::path::RelPath;

/// Attributes that convert (git, "gitattributes"), and the value that does it; empty for any value.
const CONVERTING: [(&str, &str); 4] = [("filter", ""), ("ident", ""), ("working-tree-encoding", ""), ("eol", "crlf")];
const FILE: &[u8] = b".gitattributes";

/// The patterns of one tree.
#[derive(Debug, Default)]
pub(super) struct Converted {
    patterns: Vec<Pattern>,
}

/// Files with attributes that convert.
#[derive(Debug)]
struct Pattern {
    /// The folder of `.gitattributes`: empty, or ending in `/`.
    folder: Vec<u8>,
    text: Vec<u8>,
    /// Whether a program converts them; otherwise git does it itself.
    is_filter: bool,
}

impl Converted {
    /// Reads all `.gitattributes` of a tree.
    pub(super) async fn read(reader: &Reader, tree: &Tree) -> Result<Converted> {
        let is_attributes = |item: &&Item| {
            let folder = item.path.strip_suffix(FILE);
            item.kind != Kind::Submodule && folder.is_some_and(|folder| folder.is_empty() || folder.ends_with(b"/"))
        };
        let files: Vec<&Item> = tree.items.iter().filter(is_attributes).collect();
        let mut converted = Converted::default();
        for (file, text) in files.iter().zip(reader.contents(tree, &files).await?) {
            converted.add(file.path.strip_suffix(FILE).unwrap_or_default(), &text);
        }
        Ok(converted)
    }

    fn add(&mut self, folder: &[u8], text: &[u8]) {
        let mut macros: Vec<Vec<u8>> = Vec::new();
        for line in text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii) {
            let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
            let Some(pattern) = words.next().filter(|pattern| !pattern.starts_with(b"#")) else { continue };
            // A quoted pattern can have blanks in it, so that its end is not known here.
            let is_quoted = pattern.starts_with(b"\"");
            let is_macro = |word: &[u8]| macros.iter().any(|name| name == word);
            let found: Vec<&[u8]> = words.filter(|word| is_converting(word) || is_macro(word)).collect();
            if found.is_empty() {
                continue;
            }
            let is_filter = found.iter().any(|word| word.starts_with(b"filter") || is_macro(word));
            match pattern.strip_prefix(b"[attr]") {
                Some(name) => macros.push(name.to_vec()),
                None => {
                    let text = if is_quoted { b"*".to_vec() } else { pattern.to_vec() };
                    self.patterns.push(Pattern { folder: folder.to_vec(), text, is_filter });
                }
            }
        }
    }

    /// Whether the file at a place can be another one on disk.
    pub(super) fn has(&self, place: &[u8]) -> bool {
        self.patterns.iter().any(|pattern| pattern.matches(place))
    }

    /// Whether a program can convert the file at a place.
    pub(super) fn has_filter(&self, place: &[u8]) -> bool {
        self.patterns.iter().any(|pattern| pattern.is_filter && pattern.matches(place))
    }
}

impl Pattern {
    fn matches(&self, place: &[u8]) -> bool {
        place.strip_prefix(&*self.folder).is_some_and(|below| matches(&self.text, below))
    }
}

fn is_converting(word: &[u8]) -> bool {
    CONVERTING.iter().any(|(name, value)| match word.strip_prefix(name.as_bytes()) {
        Some([]) => value.is_empty(),
        Some([b'=', given @ ..]) => value.is_empty() || given == value.as_bytes(),
        _ => false,
    })
}

/// Whether a pattern can match a path below its folder.
fn matches(pattern: &[u8], path: &[u8]) -> bool {
    if !pattern.contains(&b'/') {
        let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
        return filepath_match(pattern, name).unwrap_or(true);
    }
    // What stands before the first character with a meaning is enough.
    let pattern = pattern.strip_prefix(b"/").unwrap_or(pattern);
    let end = pattern.iter().position(|byte| b"*?[\\".contains(byte)).unwrap_or(pattern.len());
    path.starts_with(&pattern[..end])
}

/// The digest that a pointer of Git LFS names: sha256 of the file's content.
///
/// rule: git-lfs `docs/spec.md`, "The Pointer": less than 1024 bytes; `version` comes first, and `oid sha256:` is one of the keys
pub(super) fn pointer(content: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(content).ok().filter(|text| text.len() < 1024)?;
    let mut lines = text.lines();
    let version = lines.next()?.strip_prefix("version ")?;
    let is_version = version.starts_with("https://git-lfs.github.com/spec/") || version.starts_with("https://hawser.github.com/spec/");
    is_version.then(|| lines.find_map(|line| line.strip_prefix("oid sha256:"))).flatten()
}

/// Whether the disk has the contents of the pointers at these places; `None` for another file.
pub(super) async fn filled(desk: &Desk, reader: &Reader, tree: &Tree, places: &[Vec<u8>]) -> Result<Vec<Option<bool>>> {
    let items: Vec<Option<&Item>> = places.iter().map(|place| tree.item(place).filter(|item| item.kind != Kind::Submodule)).collect();
    let known: Vec<&Item> = items.iter().copied().flatten().collect();
    let mut contents = reader.contents(tree, &known).await?.into_iter();
    let checks = places.iter().zip(items).map(|(place, item)| {
        let content = item.and_then(|_| contents.next());
        async move {
            let (Some(content), Some(file)) = (content, submodules::folder(&reader.repository, place)) else { return None };
            let oid = pointer(&content)?;
            let hashed = desk.hash(Arc::new(vec![RelPath::new(file.into_bytes())]), Algorithm::Sha256, false).await;
            Some(hashed.is_ok_and(|hashed| hashed.first().is_some_and(|hashed| hashed.digest.to_string() == oid)))
        }
    });
    Ok(join_all(checks).await)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_find_what_a_checkout_converts() {
        let mut converted = Converted::default();
        converted.add(
            b"",
            b"# *.c filter=x\n*.psd filter=lfs diff=lfs -text\n[attr]secret filter=crypt\n/keys/** secret\n*.bat eol=crlf\n*.sh eol=lf\n*.o -filter\n",
        );
        converted.add(b"sub/", b"\"a b\" ident\n");
        for place in ["a.psd", "x/y.psd", "keys/a", "x.bat", "sub/c/d"] {
            assert!(converted.has(place.as_bytes()), "{place}");
            assert_eq!(converted.has_filter(place.as_bytes()), ["a.psd", "x/y.psd", "keys/a"].contains(&place), "{place}");
        }
        for place in ["a.c", "x.sh", "x.o", "other/keys", "subs/a"] {
            assert!(!converted.has(place.as_bytes()), "{place}");
        }
    }

    #[test]
    fn a_pointer_names_its_content() {
        let text = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
        assert_eq!(pointer(text), Some("4d7a"));
        for other in
            [&b"oid sha256:4d7a\n"[..], b"version 1\noid sha256:4d7a\n", b"version https://git-lfs.github.com/spec/v1\nsize 1\n", b"\xff"]
        {
            assert_eq!(pointer(other), None);
        }
    }
}
