//! `<<NAME`: text that stands in the Dockerfile itself.
//!
//! rule: buildkit `frontend/dockerfile/parser/parser.go`, `heredocFromMatch`.

use crate::error::Result;
use crate::expand::{Lex, NoVariables};

/// A heredoc.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Heredoc {
    /// The line that ends it.
    pub(super) name: String,
    /// Tabs in front of its lines do not count (`<<-`).
    pub(super) chomp: bool,
    /// Variables in its text are expanded: no part of its name is quoted.
    pub(super) expand: bool,
    pub(super) content: String,
}

/// The heredocs that a line begins, without their text.
pub(super) fn in_line(line: &str) -> Result<Vec<Heredoc>> {
    let lex = Lex { raw_quotes: true, raw_escapes: true, keep_unset: true, ..Lex::new('\\') };
    // A line that the shell's rules cannot split has none.
    let words = lex.expand(line, &NoVariables).map(|line| line.words).unwrap_or_default();
    let mut heredocs = Vec::new();
    for word in words {
        heredocs.extend(parse(&word)?);
    }
    Ok(heredocs)
}

/// The heredoc that a word is.
pub(super) fn parse(word: &str) -> Result<Option<Heredoc>> {
    let Some(rest) = word.trim_start_matches(|character: char| character.is_ascii_digit()).strip_prefix("<<") else { return Ok(None) };
    let (chomp, rest) = match rest.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let rest = rest.trim_start_matches(['\t', '\n', '\u{c}', '\r', ' ']);
    if rest.is_empty() || rest.contains('<') {
        return Ok(None);
    }
    let plain = Lex { keep_unset: true, ..Lex::new('\\') };
    let words = plain.expand(rest, &NoVariables)?.words;
    let [name] = words.as_slice() else { return Ok(None) };
    let raw = Lex { raw_quotes: true, ..plain }.expand(rest, &NoVariables)?.words;
    let [raw] = raw.as_slice() else { return Err(super::invalid(format!("`{word}` is not the name of a heredoc"))) };
    let quotes = |text: &str| text.bytes().filter(|byte| matches!(byte, b'\'' | b'"')).count();
    Ok(Some(Heredoc { name: name.clone(), chomp, expand: quotes(name) == quotes(raw), content: String::new() }))
}
