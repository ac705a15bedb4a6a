//! The text of an ignore file.

use crate::error::{Code, Error, Result};
use crate::glob::{clean, trim};

/// One pattern as it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The line it stands in, from 1.
    pub number: u32,
    /// The pattern: cleaned, relative to the root, with its `!`.
    pub pattern: Vec<u8>,
}

/// The longest line that the engine reads, with its end.
const LONGEST: usize = 64 * 1024;

/// Reads the patterns of an ignore file: no comments (`#` in the first column), no empty lines.
///
/// # Errors
/// [`Code::IgnoreInvalid`] with the line, for one longer than 64 KiB.
///
/// rule: moby/patternmatcher v0.6.1 `ignorefile/ignorefile.go`, Go `bufio.Scanner`
pub fn read(text: &[u8]) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(text.split(|&byte| byte == b'\n')) {
        if line.len() >= LONGEST {
            return Err(Error::new(Code::IgnoreInvalid, "the line is longer than 64 KiB").line(number));
        }
        let line = if number == 1 { line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line) } else { line };
        let text = trim(line);
        if line.starts_with(b"#") || text.is_empty() {
            continue;
        }
        let (sign, text) = text.strip_prefix(b"!").map_or((&b""[..], text), |rest| (b"!", trim(rest)));
        let mut pattern = sign.to_vec();
        if !text.is_empty() {
            let cleaned = clean(text);
            pattern.extend_from_slice(cleaned.strip_prefix(b"/").filter(|rest| !rest.is_empty()).unwrap_or(&cleaned));
        }
        lines.push(Line { number, pattern });
    }
    Ok(lines)
}

/// Where the ignore file of a Dockerfile can be: the first that is there counts alone, even an empty one.
///
/// ```
/// use docktag::ignore::candidates;
///
/// assert_eq!(candidates("docker/app.Dockerfile", "."), ["docker/app.Dockerfile.dockerignore", ".dockerignore"]);
/// assert_eq!(candidates("app/Dockerfile", "app"), ["app/Dockerfile.dockerignore", "app/.dockerignore"]);
/// ```
///
/// rule: buildkit v0.34.2 `frontend/dockerui/config.go`
pub fn candidates(dockerfile: &str, context: &str) -> [String; 2] {
    let folder = match context.trim_end_matches('/') {
        "" if context.starts_with('/') => "/",
        "" | "." => "",
        folder => folder,
    };
    let slash = if folder.is_empty() || folder == "/" { "" } else { "/" };
    [format!("{dockerfile}.dockerignore"), format!("{folder}{slash}.dockerignore")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_context_is_spelled_plainly() {
        for (context, expected) in [
            (".", ".dockerignore"),
            ("./", ".dockerignore"),
            ("", ".dockerignore"),
            ("/", "/.dockerignore"),
            ("app//", "app/.dockerignore"),
            ("../app", "../app/.dockerignore"),
        ] {
            assert_eq!(candidates("Dockerfile", context)[1], expected, "{context:?}");
        }
    }

    #[test]
    fn a_line_has_a_longest_length() {
        let text = |length: usize| [vec![b'x'; length], b"\n".to_vec()].concat();
        assert_eq!(read(&text(65535)).unwrap().len(), 1);
        assert_eq!(read(&[b"a\n".to_vec(), text(65536)].concat()).unwrap_err().line, Some(2));
    }
}
