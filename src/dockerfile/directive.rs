//! `# escape=`, `# syntax=` and `# check=` at the top of a file.
//!
//! rule: buildkit `frontend/dockerfile/parser/directives.go`.

use serde_json::Value;

use super::{Syntax, invalid, text};
use crate::error::Result;
use crate::image::Reference;

/// Reads directives line by line; the first line that is none ends them.
pub(super) struct Directives {
    comment: &'static [u8],
    seen: Vec<String>,
    done: bool,
}

impl Directives {
    pub(super) fn new(comment: &'static [u8]) -> Self {
        Directives { comment, seen: Vec::new(), done: false }
    }

    /// The name (in lower case) and the value of a directive, where the line is one.
    pub(super) fn read(&mut self, line: &[u8]) -> Result<Option<(String, String)>> {
        if self.done {
            return Ok(None);
        }
        let found = line.strip_prefix(self.comment).and_then(|rest| parse(&text(rest)));
        let Some((name, value)) = found else {
            self.done = true;
            return Ok(None);
        };
        if self.seen.contains(&name) {
            return Err(invalid(format!("the directive `{name}` stands here a second time")));
        }
        self.seen.push(name.clone());
        Ok(Some((name, value)))
    }
}

/// `name = value` with a known name.
fn parse(line: &str) -> Option<(String, String)> {
    const SPACE: [char; 5] = ['\t', '\n', '\u{c}', '\r', ' '];
    let (name, value) = line.trim_start().split_once('=')?;
    let name = name.trim_end_matches(SPACE).to_ascii_lowercase();
    if !matches!(name.as_str(), "escape" | "syntax" | "check") {
        return None;
    }
    let trimmed = value.trim_matches(SPACE);
    match (trimmed.is_empty(), value.chars().last()) {
        (false, _) => Some((name, trimmed.to_owned())),
        (true, Some(space)) => Some((name, space.to_string())),
        (true, None) => None,
    }
}

/// The image that `# syntax=` names: also as `// syntax=` and as `{"syntax": ...}`, and below a `#!` line.
pub(super) fn syntax(bytes: &[u8]) -> Option<Syntax> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let (bytes, first) = match bytes.strip_prefix(b"#!") {
        Some(rest) => (rest.iter().position(|&byte| byte == b'\n').and_then(|end| rest.get(end + 1..)).unwrap_or_default(), 2),
        None => (bytes, 1),
    };
    for comment in [&b"#"[..], b"//"] {
        let mut directives = Directives::new(comment);
        for (line, number) in bytes.split(|&byte| byte == b'\n').zip(first..) {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.len() > super::LINE_MAX {
                break;
            }
            match directives.read(line) {
                Ok(Some((name, value))) if name == "syntax" => {
                    return Some(Syntax { line: number, ..syntax_of_argument(value.split(' ').next().unwrap_or_default()) });
                }
                Ok(Some(_)) => {}
                _ => break,
            }
        }
    }
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    let value: Value = serde_json::from_slice(bytes).ok()?;
    Some(Syntax { line: first, ..syntax_of_argument(value.get("syntax")?.as_str()?) })
}

/// The image that the argument `BUILDKIT_SYNTAX` names.
pub(super) fn syntax_of_argument(value: &str) -> Syntax {
    let image = value.trim().split(' ').next().unwrap_or_default().to_owned();
    let known = is_known(&image);
    Syntax { image, line: 0, known }
}

/// Docker's own frontends, wherever they are mirrored; another major version would have other rules.
fn is_known(image: &str) -> bool {
    let Ok(image) = Reference::parse(image) else { return false };
    let path = image.repository.path();
    let is_docker = ["docker/dockerfile", "docker/dockerfile-upstream"]
        .iter()
        .any(|name| path.strip_suffix(name).is_some_and(|before| before.is_empty() || before.ends_with('/')));
    let major = image.tag.as_deref().map(|tag| tag.split(['.', '-']).next().unwrap_or_default()).unwrap_or("1");
    is_docker && (major == "1" || !major.starts_with(|character: char| character.is_ascii_digit()))
}
