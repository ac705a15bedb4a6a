//! The text of one instruction to words: its name, its flags, its arguments.
//!
//! rule: buildkit `frontend/dockerfile/parser/split_command.go` and `line_parsers.go`.

use serde_json::Value;

use super::{invalid, text};
use crate::error::Result;

/// What an instruction consists of, before its words mean anything.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// The name of the instruction, as written.
    pub(super) name: String,
    pub(super) flags: Vec<String>,
    /// The arguments. Those of `ENV` and `LABEL` come in pairs of name and value.
    pub(super) args: Vec<String>,
    /// The arguments stood in a JSON array.
    pub(super) json: bool,
    /// The instruction that `ONBUILD` keeps; its name and arguments are this one's arguments.
    inner: Option<(String, bool)>,
}

impl Words {
    /// Whether `<<NAME` among the arguments begins a heredoc.
    pub(super) fn takes_heredocs(&self) -> bool {
        let (name, json) = match &self.inner {
            Some((name, json)) if lower(&self.name) == "onbuild" => (name, *json),
            _ => (&self.name, self.json),
        };
        matches!(lower(name).as_str(), "add" | "copy" | "run") && !json
    }
}

/// The name of an instruction as it is compared.
pub(super) fn lower(name: &str) -> String {
    name.to_ascii_lowercase()
}

/// Splits the text of an instruction.
pub(super) fn split(line: &[u8], escape: char) -> Result<Words> {
    let line = trim(line);
    let at = line.iter().position(|&byte| is_blank(byte)).unwrap_or(line.len());
    let (name, rest) = line.split_at_checked(at).unwrap_or((line, b""));
    let rest = rest.get(rest.iter().take_while(|&&byte| is_blank(byte)).count()..).unwrap_or_default();
    let (flags, rest) = flags(rest, escape);
    let mut words = Words { name: text(name), flags, ..Words::default() };
    arguments(&mut words, trim(rest), escape)?;
    Ok(words)
}

fn arguments(words: &mut Words, rest: &[u8], escape: char) -> Result<()> {
    let rest_text = text(rest);
    match lower(&words.name).as_str() {
        "add" | "copy" | "volume" => {
            let is_json = json(words, &rest_text)?;
            if !is_json {
                words.args = blank_separated(&rest_text);
            }
        }
        "run" | "cmd" | "entrypoint" | "shell" if !rest.is_empty() => {
            let is_json = json(words, &rest_text)?;
            if !is_json {
                words.args.push(rest_text);
            }
        }
        "healthcheck" => {
            let at = rest.iter().position(|&byte| is_space_byte(byte)).unwrap_or(rest.len());
            let (kind, command) = rest.split_at_checked(at).unwrap_or((rest, b""));
            if kind.is_empty() {
                return Ok(());
            }
            let command = command.get(command.iter().take_while(|&&byte| is_space_byte(byte)).count()..).unwrap_or_default();
            let command = text(command);
            if !command.is_empty() && !json(words, &command)? {
                words.args.push(command);
            }
            words.args.insert(0, text(kind));
        }
        "expose" | "from" => words.args = blank_separated(&rest_text),
        "maintainer" | "stopsignal" | "user" | "workdir" if !rest.is_empty() => words.args.push(rest_text),
        "arg" => words.args = shell_words(&rest_text, escape),
        "env" => words.args = pairs(&rest_text, "ENV", escape)?,
        "label" => words.args = pairs(&rest_text, "LABEL", escape)?,
        "onbuild" if !rest.is_empty() => {
            let first: &[u8] = rest.split(|&byte| is_blank(byte)).next().unwrap_or_default();
            if lower(&text(first)) == "onbuild" {
                // It is refused for its name, and could be nested as deep as the file is long.
                words.args.push(text(first));
                return Ok(());
            }
            let inner = split(rest, escape)?;
            words.args.push(inner.name.clone());
            words.args.extend(inner.args);
            words.inner = Some((inner.name, inner.json));
        }
        _ => {}
    }
    Ok(())
}

/// The words in front that begin with `--`, and the rest.
///
/// As in the original this goes byte by byte: a letter that is not ASCII becomes several others.
fn flags(line: &[u8], escape: char) -> (Vec<String>, &[u8]) {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    // A quotation makes a word even where it is empty.
    let mut is_quoted = false;
    let mut at = 0;
    let mut in_word = false;
    while let Some(&byte) = line.get(at) {
        let character = char::from(byte);
        if !in_word {
            if !character.is_whitespace() {
                if !line.get(at..).unwrap_or_default().starts_with(b"--") {
                    return (words, line.get(at..).unwrap_or_default());
                }
                in_word = true;
                continue;
            }
            at += 1;
            continue;
        }
        if let Some(end) = quote {
            if character == end {
                quote = None;
                at += 1;
                continue;
            }
        } else if character.is_whitespace() {
            if word == "--" {
                return (words, line.get(at..).unwrap_or_default());
            }
            if is_quoted || !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            (in_word, is_quoted) = (false, false);
            at += 1;
            continue;
        } else if matches!(character, '\'' | '"') {
            (quote, is_quoted) = (Some(character), true);
            at += 1;
            continue;
        }
        if character == escape {
            at += 1;
            match line.get(at) {
                Some(&escaped) => word.push(char::from(escaped)),
                // At the end it is dropped, and ends a quotation.
                None => quote = None,
            }
        } else {
            word.push(character);
        }
        at += 1;
    }
    if in_word && word != "--" && (is_quoted || !word.is_empty()) {
        words.push(word);
    }
    (words, b"")
}

/// A JSON array of strings; anything else that begins like one is words, except an array of something else.
fn json(words: &mut Words, rest: &str) -> Result<bool> {
    let rest = rest.trim_start();
    if !rest.starts_with('[') {
        return Ok(false);
    }
    let Ok(Value::Array(items)) = serde_json::from_slice(rest.as_bytes()) else { return Ok(false) };
    for item in items {
        match item {
            Value::String(item) => words.args.push(item),
            _ => return Err(invalid("a JSON array here holds strings only")),
        }
    }
    words.json = true;
    Ok(true)
}

/// rule: `parseStringsWhitespaceDelimited`: quotes mean nothing.
fn blank_separated(rest: &str) -> Vec<String> {
    if rest.is_empty() {
        return Vec::new();
    }
    let mut words = vec![String::new()];
    let mut in_blank = false;
    for character in rest.chars() {
        if matches!(character, '\t' | '\u{b}' | '\u{c}' | '\r' | ' ') {
            in_blank = true;
            continue;
        }
        if in_blank {
            words.push(String::new());
            in_blank = false;
        }
        if let Some(last) = words.last_mut() {
            last.push(character);
        }
    }
    if in_blank {
        words.push(String::new());
    }
    words
}

/// rule: `parseWords`: split at white space outside of quotes, which stay.
fn shell_words(rest: &str, escape: char) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let (mut in_word, mut is_quoted) = (false, false);
    let mut quote = None;
    let mut chars = rest.chars();
    while let Some(character) = chars.next() {
        if !in_word {
            if character.is_whitespace() {
                continue;
            }
            in_word = true;
        }
        match quote {
            None => {
                if character.is_whitespace() {
                    if is_quoted || !word.is_empty() {
                        words.push(std::mem::take(&mut word));
                    }
                    (in_word, is_quoted) = (false, false);
                    continue;
                }
                if matches!(character, '\'' | '"') {
                    (quote, is_quoted) = (Some(character), true);
                }
                if character == escape {
                    // At the end of the line it is dropped.
                    let Some(escaped) = chars.next() else { continue };
                    word.push(character);
                    word.push(escaped);
                } else {
                    word.push(character);
                }
            }
            Some(end) => {
                if character == end {
                    quote = None;
                }
                if character == escape && end != '\'' {
                    let Some(escaped) = chars.next() else { continue };
                    word.push(character);
                    word.push(escaped);
                } else {
                    word.push(character);
                }
            }
        }
    }
    if in_word && (is_quoted || !word.is_empty()) {
        words.push(word);
    }
    words
}

/// rule: `parseNameVal`: `NAME=value ...`, or the old `NAME value` with one pair.
fn pairs(rest: &str, instruction: &str, escape: char) -> Result<Vec<String>> {
    let words = shell_words(rest, escape);
    let Some(first) = words.first() else { return Ok(Vec::new()) };
    let mut args = Vec::new();
    if !first.contains('=') {
        let blank = |character: char| matches!(character, '\t' | '\u{b}' | '\u{c}' | '\r' | ' ');
        let Some((name, value)) = rest.split_once(blank) else {
            return Err(invalid(format!("{instruction} needs a name and a value")));
        };
        args.push(name.to_owned());
        args.push(value.trim_start_matches(blank).to_owned());
        return Ok(args);
    }
    for word in &words {
        let Some((name, value)) = word.split_once('=') else {
            return Err(invalid(format!("no `=` in `{word}`, expected NAME=value")));
        };
        args.push(name.to_owned());
        args.push(value.to_owned());
    }
    Ok(args)
}

/// rule: `reWhitespace`; a line's end cannot be there.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b'\t' | 0x0b | 0x0c | b'\r' | b' ')
}

/// White space of a byte that is taken for a character.
fn is_space_byte(byte: u8) -> bool {
    char::from(byte).is_whitespace()
}

/// Without white space (as Unicode has it) at both ends.
fn trim(line: &[u8]) -> &[u8] {
    let mut line = line;
    while let Some(first) = line.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next()).filter(|first| first.is_whitespace()) {
        line = line.get(first.len_utf8()..).unwrap_or_default();
    }
    loop {
        // The last character has at most three bytes where it is white space.
        let last = (1..=3).find_map(|length| {
            let tail = line.get(line.len().checked_sub(length)?..)?;
            let tail = std::str::from_utf8(tail).ok()?;
            tail.chars().next().filter(|last| last.is_whitespace() && last.len_utf8() == length)
        });
        match last {
            Some(last) => line = line.get(..line.len() - last.len_utf8()).unwrap_or_default(),
            None => return line,
        }
    }
}
