//! The manifest: the sorted list of inputs with their digests, in the text format of `md5sum`.
//!
//! `docs/manifest.md` describes the format and its edges.

use std::cmp::Ordering;

use serde::Serialize;
use serde_json::Value;

use crate::bytes::from_text;
use crate::digest::{Algorithm, Digest, Kernel, digests};
use crate::error::{Code, Error, Result};
use crate::path::RelPath;

/// The first line of every manifest that has lines which begin with `#`: the version of the format.
pub const VERSION: &[u8] = b"# docktag 1";

/// A manifest as data.
///
/// ```
/// use docktag::digest::Algorithm;
/// use docktag::manifest::Manifest;
///
/// let text = b"900150983cd24fb0d6963f7d28e17f72  docker/dev/Dockerfile\n";
/// let manifest = Manifest::parse(Algorithm::Md5, text)?;
/// assert_eq!(manifest.files[0].path.to_string(), "docker/dev/Dockerfile");
/// assert_eq!(manifest.render(), text);
/// # Ok::<(), docktag::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Manifest {
    /// The algorithm of every digest, and of the tag.
    pub algorithm: Algorithm,
    /// The `#` lines: inputs that are not files, without the line's end. Empty in plain-folder mode.
    #[serde(serialize_with = "crate::bytes::texts")]
    pub notes: Vec<Vec<u8>>,
    /// The files.
    pub files: Vec<File>,
}

/// One file of a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct File {
    /// The path, as `find` prints it.
    pub path: RelPath,
    /// The digest of its content.
    pub digest: Digest,
}

impl File {
    /// Reads an object with `path` and `digest`.
    pub fn from_json(value: &Value) -> Option<Self> {
        Some(File { path: RelPath::new(from_text(&value["path"])?), digest: Digest::from_text(value["digest"].as_str()?)? })
    }
}

impl Manifest {
    /// A manifest of files.
    ///
    /// # Errors
    /// [`Code::ManifestInvalid`] for a digest of another algorithm: `md5sum -c` could not check it.
    pub fn of_files(algorithm: Algorithm, files: Vec<File>) -> Result<Self> {
        match files.iter().find(|file| file.digest.algorithm() != algorithm) {
            None => Ok(Manifest { algorithm, notes: Vec::new(), files }),
            Some(file) => {
                Err(Error::new(Code::ManifestInvalid, format!("its digest is not one of {}", algorithm.program())).at(&file.path))
            }
        }
    }

    /// The text: the version and the other `#` lines sorted by bytes, then files sorted as `LC_ALL=C sort -k 2` sorts the lines of `md5sum`.
    pub fn render(&self) -> Vec<u8> {
        let mut notes: Vec<&Vec<u8>> = self.notes.iter().collect();
        notes.sort_unstable_by_key(|note| (note.as_slice() != VERSION, note.as_slice()));
        let files = self.sorted(|a, b| order(&a.path, &b.path).then_with(|| a.digest.cmp(&b.digest)));

        let line_len = self.algorithm.hex_len() + 4;
        let size = notes.iter().map(|note| note.len() + 1).sum::<usize>()
            + files.iter().map(|file| file.path.as_bytes().len() + line_len).sum::<usize>();
        let mut text = Vec::with_capacity(size);
        for note in notes {
            text.extend_from_slice(note);
            text.push(b'\n');
        }
        for file in files {
            write_line(file, &mut text);
        }
        text
    }

    /// The files in an order; it is not a type parameter, so that sorting is compiled once.
    pub(crate) fn sorted(&self, order: fn(&File, &File) -> Ordering) -> Vec<&File> {
        let mut files: Vec<&File> = self.files.iter().collect();
        if !files.is_sorted_by(|a, b| order(a, b).is_le()) {
            // In the wasm, whose library is made for size, this is a merge sort, and the other kind a heap sort, which is far slower.
            files.sort_by(|a, b| order(a, b));
        }
        files
    }

    /// Checks that the format is one that is known here: what a newer one says would be misread.
    ///
    /// # Errors
    /// [`Code::ManifestInvalid`] with the version.
    pub fn check_version(&self) -> Result<()> {
        match self.notes.iter().find(|note| note.starts_with(b"# docktag ") && note.as_slice() != VERSION) {
            None => Ok(()),
            Some(note) => Err(Error::new(
                Code::ManifestInvalid,
                format!("is of format `{}`, expected `{}`", RelPath::new(note.as_slice()), RelPath::new(VERSION)),
            )
            .help("it was made by a newer docktag: use that one, or a newer one")),
        }
    }

    /// Reads a manifest; the order of the lines is kept.
    ///
    /// # Errors
    /// [`Code::ManifestInvalid`] with the line, for anything that `md5sum -c` (or `sha256sum -c`) would not check.
    pub fn parse(algorithm: Algorithm, text: &[u8]) -> Result<Self> {
        let mut manifest = Manifest { algorithm, ..Manifest::default() };
        let Some(body) = text.strip_suffix(b"\n") else {
            return Err(Error::new(
                Code::ManifestInvalid,
                if text.is_empty() { "empty manifest, expected at least one line" } else { "cut off: the last line has no end" },
            )
            .help("delete the file, so that it is made anew"));
        };
        for (index, line) in body.split(|&byte| byte == b'\n').enumerate() {
            if line.starts_with(b"#") {
                manifest.notes.push(line.to_vec());
                continue;
            }
            let file = parse_line(algorithm, line).ok_or_else(|| {
                let expected = format!(
                    "expected {} hexadecimal digits, two spaces and a path, as `{}` prints them",
                    algorithm.hex_len(),
                    algorithm.program()
                );
                Error::new(Code::ManifestInvalid, expected)
                    .line(u32::try_from(index + 1).unwrap_or(u32::MAX))
                    .help("delete the file, so that it is made anew, or give the `--algorithm` it was made with")
            })?;
            manifest.files.push(file);
        }
        Ok(manifest)
    }
}

/// The algorithm of a manifest's text, by the length of its first digest.
pub fn algorithm(text: &[u8]) -> Algorithm {
    let line = text.split(|&byte| byte == b'\n').find(|line| !line.starts_with(b"#")).unwrap_or_default();
    let line = line.strip_prefix(b"\\").unwrap_or(line);
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    if digits == Algorithm::Sha256.hex_len() { Algorithm::Sha256 } else { Algorithm::Md5 }
}

/// The tag of a manifest: the digest of its text, so that `md5sum MANIFEST | cut -f1 -d' '` prints it.
pub fn tag(algorithm: Algorithm, text: &[u8]) -> String {
    // A quarter faster than `digest`, by which the lanes are checked.
    digests(algorithm, Kernel::best(algorithm), &[text]).iter().map(Digest::to_string).collect()
}

/// `<digest>  <path>`, with a `\` before the digest where the path had to be escaped (coreutils, `md5sum`).
fn write_line(file: &File, text: &mut Vec<u8>) {
    let path = file.path.as_bytes();
    let escape = has_escaped(path);
    if escape {
        text.push(b'\\');
    }
    file.digest.write_hex(text);
    text.extend_from_slice(b"  ");
    if escape {
        text.extend(escaped_bytes(path));
    } else {
        text.extend_from_slice(path);
    }
    text.push(b'\n');
}

fn parse_line(algorithm: Algorithm, line: &[u8]) -> Option<File> {
    let (is_escaped, line) = match line.strip_prefix(b"\\") {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    let (hex, rest) = line.split_at_checked(algorithm.hex_len())?;
    // The second character is the mode: a space for text, `*` for binary (md5sum --binary).
    let name = rest.strip_prefix(b"  ").or_else(|| rest.strip_prefix(b" *"))?;
    if name.is_empty() {
        return None;
    }
    let path = if is_escaped { unescape(name)? } else { name.to_vec() };
    Some(File { path: RelPath::new(path), digest: Digest::from_hex(algorithm, hex)? })
}

/// The order of the lines: by the path as it is printed, since that is what `sort` sees.
fn order(a: &RelPath, b: &RelPath) -> Ordering {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    // Neighbours have their folders in common, which eight bytes at a time pass.
    let same = a.as_chunks::<8>().0.iter().zip(b.as_chunks().0).take_while(|(x, y)| x == y).count() * 8;
    let (a, b) = (&a[same..], &b[same..]);
    let differ = a.iter().zip(b).position(|(x, y)| x != y);
    match differ {
        // Only the first differing byte, and the escapes it becomes, decide.
        Some(at) if escaped(a[at]).is_some() || escaped(b[at]).is_some() => escaped_bytes(&a[at..]).cmp(escaped_bytes(&b[at..])),
        Some(at) => a[at].cmp(&b[at]),
        None => a.len().cmp(&b.len()),
    }
}

pub(crate) fn escaped_bytes(path: &[u8]) -> impl Iterator<Item = u8> + '_ {
    path.iter()
        .flat_map(|&byte| match escaped(byte) {
            Some(letter) => [Some(b'\\'), Some(letter)],
            None => [Some(byte), None],
        })
        .flatten()
}

fn escaped(byte: u8) -> Option<u8> {
    match byte {
        b'\\' => Some(b'\\'),
        b'\n' => Some(b'n'),
        b'\r' => Some(b'r'),
        _ => None,
    }
}

/// Whether a path has a byte that `escaped` knows; almost none has.
fn has_escaped(path: &[u8]) -> bool {
    memchr::memchr3(b'\\', b'\n', b'\r', path).is_some()
}

/// A name as it was before `\\`, `\n` and `\r` were written for what would break its line; `None` where another letter stands behind a `\`.
pub(crate) fn unescape(name: &[u8]) -> Option<Vec<u8>> {
    let mut path = Vec::with_capacity(name.len());
    let mut bytes = name.iter();
    while let Some(&byte) = bytes.next() {
        path.push(match byte {
            b'\\' => match bytes.next()? {
                b'\\' => b'\\',
                b'n' => b'\n',
                b'r' => b'\r',
                _ => return None,
            },
            other => other,
        });
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::digest;

    fn manifest(paths: &[&[u8]]) -> Manifest {
        let files = paths.iter().map(|path| File { path: RelPath::new(*path), digest: digest(Algorithm::Md5, b"") });
        Manifest { files: files.collect(), ..Manifest::default() }
    }

    fn names(text: &[u8]) -> Vec<String> {
        String::from_utf8_lossy(text).lines().map(|line| line.split_once("  ").unwrap().1.to_owned()).collect()
    }

    #[test]
    fn files_are_sorted_by_the_bytes_that_are_printed() {
        // A newline is byte 10, but is printed as a backslash (92) and an `n`.
        let text = manifest(&[b"d/z", b"d/a\nb", b"d/aZ", b"d/a", b"d/a b", b"d/\xff", b"d/Z"]).render();
        let text = text.strip_suffix(b"\n").unwrap();
        assert_eq!(names(text), ["d/Z", "d/a", "d/a b", "d/aZ", "d/a\\nb", "d/z", "d/\u{fffd}"]);
    }

    #[test]
    fn odd_names_are_escaped_and_read_back() {
        let odd = manifest(&[b"a\\n", b"a\nb", b"a\rb", b"  spaces ", b"*star", b"\xff\xfe", b"#hash"]);
        let text = odd.render();
        assert!(text.windows(5).any(|window| window == b"a\\\\n\n"));
        assert_eq!(text.iter().filter(|&&byte| byte == b'\n').count(), 7);
        let read = Manifest::parse(Algorithm::Md5, &text).unwrap();
        assert_eq!(read.render(), text);
        let mut paths: Vec<_> = read.files.iter().map(|file| file.path.clone()).collect();
        let mut expected: Vec<_> = odd.files.iter().map(|file| file.path.clone()).collect();
        paths.sort();
        expected.sort();
        assert_eq!(paths, expected);
    }

    #[test]
    fn note_lines_come_first_and_sorted() {
        let mut mixed = manifest(&[b"a"]);
        mixed.notes = vec![b"# target prod".to_vec(), b"# docktag 1".to_vec()];
        assert!(mixed.render().starts_with(b"# docktag 1\n# target prod\nd41d"));
    }

    #[test]
    fn a_broken_manifest_is_refused_with_its_line() {
        for (text, line) in [
            ("", None),
            ("900150983cd24fb0d6963f7d28e17f72  a", None),
            ("900150983cd24fb0d6963f7d28e17f72  a\n\n", Some(2)),
            ("900150983cd24fb0d6963f7d28e17f72 a\n", Some(1)),
            ("900150983cd24fb0d6963f7d28e17f72  \n", Some(1)),
            ("\\900150983cd24fb0d6963f7d28e17f72  a\\x\n", Some(1)),
            ("900150983cd24fb0d6963f7d28e17f72  a\nfatal: no\n", Some(2)),
        ] {
            let error = Manifest::parse(Algorithm::Md5, text.as_bytes()).unwrap_err();
            assert_eq!((error.code, error.line), (Code::ManifestInvalid, line), "{text:?}");
        }
    }
}
