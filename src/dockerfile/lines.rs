//! Lines to words: directives, comments, continuations and heredocs.
//!
//! rule: buildkit `frontend/dockerfile/parser/parser.go`.

use super::directive::Directives;
use super::heredoc::{self, Heredoc};
use super::words::{self, Words};
use super::{LINE_MAX, invalid, text};
use crate::error::{Error, Result};

/// One instruction as words.
pub(super) struct Node {
    /// The first and the last line, from 1; heredocs belong to it.
    pub(super) line: u32,
    pub(super) end: u32,
    /// The whole text, continuations joined.
    pub(super) original: String,
    pub(super) words: Words,
    pub(super) heredocs: Vec<Heredoc>,
}

/// Reads a whole text, gives each instruction away as soon as it is read, since all of them as words take much memory, and says which its escape
/// character is.
///
/// An error of the lines comes before one of `take`, wherever it stands (rule: BuildKit reads all lines first).
pub(super) fn read(bytes: &[u8], take: &mut dyn FnMut(Node) -> Result<()>) -> Result<char> {
    let mut escape = b'\\';
    let mut directives = Directives::new(b"#");
    let mut is_empty = true;
    let mut taken = Ok(());
    let mut rest = Lines { rest: bytes, number: 0 };
    while let Some(line) = rest.next()? {
        let start = rest.number;
        let line = match start {
            1 => line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line),
            _ => line,
        };
        let line = trim_start(trim_end(line));
        if let Some((name, value)) = directives.read(line).map_err(|error| error.line(start))?
            && name == "escape"
        {
            escape = match value.as_str() {
                "`" => b'`',
                "\\" => b'\\',
                _ => return Err(invalid("the escape character is neither a backslash nor a backtick").line(start)),
            };
        }
        if is_comment(line) {
            continue;
        }
        let (part, mut open) = continued(line, escape);
        if part.is_empty() && !open {
            continue;
        }
        let mut whole = part.to_vec();
        while open && let Some(line) = rest.next()? {
            let line = trim_end(line);
            if is_comment(line) || trim_start(line).is_empty() {
                continue;
            }
            let (part, more) = continued(line, escape);
            whole.extend_from_slice(part);
            open = more;
        }
        let node = instruction(&whole, escape, start, &mut rest).map_err(|error: Error| error.line(start))?;
        is_empty = false;
        if taken.is_ok() {
            taken = take(node);
        }
    }
    if is_empty {
        return Err(invalid("no instruction in it, expected at least one `FROM`"));
    }
    taken.map(|()| char::from(escape))
}

fn instruction(whole: &[u8], escape: u8, start: u32, rest: &mut Lines<'_>) -> Result<Node> {
    let words = words::split(whole, char::from(escape))?;
    let original = text(whole);
    let mut heredocs = Vec::new();
    if words.takes_heredocs() && original.contains("<<") {
        heredocs = heredoc::in_line(&original)?;
        for heredoc in &mut heredocs {
            heredoc.content = body(heredoc, rest)?;
        }
    }
    Ok(Node { line: start, end: rest.number, original, words, heredocs })
}

/// The lines up to the terminator, which is consumed.
fn body(heredoc: &Heredoc, rest: &mut Lines<'_>) -> Result<String> {
    let mut content = Vec::new();
    while let Some(line) = rest.next()? {
        let mut end = trim_end(line);
        if heredoc.chomp {
            let tabs = end.iter().take_while(|&&byte| byte == b'\t').count();
            end = end.get(tabs..).unwrap_or_default();
        }
        if end == heredoc.name.as_bytes() {
            return Ok(text(&content));
        }
        content.extend_from_slice(line);
    }
    Err(invalid(format!("the heredoc has no end, expected a line `{}`", heredoc.name)))
}

/// The lines that are not read yet.
struct Lines<'a> {
    rest: &'a [u8],
    number: u32,
}

impl<'a> Lines<'a> {
    /// The next line with its end.
    fn next(&mut self) -> Result<Option<&'a [u8]>> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let length = self.rest.iter().position(|&byte| byte == b'\n');
        let (line, rest) = self.rest.split_at_checked(length.map_or(self.rest.len(), |at| at + 1)).unwrap_or((self.rest, b""));
        (self.rest, self.number) = (rest, self.number.saturating_add(1));
        if length.unwrap_or(line.len()) > LINE_MAX {
            return Err(invalid(format!("a line of more than {LINE_MAX} bytes")).line(self.number));
        }
        Ok(Some(line))
    }
}

/// The line without the escape character that joins the next one to it, and whether there is one.
///
/// An escape character behind another one does not join.
fn continued(line: &[u8], escape: u8) -> (&[u8], bool) {
    let spaces = line.iter().rev().take_while(|&&byte| matches!(byte, b' ' | b'\t')).count();
    match line.get(..line.len() - spaces).and_then(<[u8]>::split_last) {
        Some((&last, before)) if last == escape && before.last() != Some(&escape) => (before, true),
        _ => (line, false),
    }
}

fn is_comment(line: &[u8]) -> bool {
    trim_start(line).first() == Some(&b'#')
}

fn trim_end(line: &[u8]) -> &[u8] {
    let count = line.iter().rev().take_while(|&&byte| matches!(byte, b'\r' | b'\n')).count();
    line.get(..line.len() - count).unwrap_or_default()
}

/// Without the white space (as Unicode has it) in front.
fn trim_start(line: &[u8]) -> &[u8] {
    let valid = line.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    line.get(valid.len() - valid.trim_start().len()..).unwrap_or_default()
}
