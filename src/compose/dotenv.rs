//! `.env` files.
//!
//! Rules: compose-go `dotenv/parser.go` and `dotenv/godotenv.go`.

use crate::compose::template::{self, Lookup, Notes};
use crate::map::Map;

/// Variables by name.
pub(super) type Variables = Map<String, String>;

/// Reads one file and adds to `own` what it sets. Values may use the variables of `outer`, and then those that were set before.
///
/// ```text
/// A=1
/// B="${A}-x"   # 1-x
/// ```
///
/// # Errors
/// The line, and what is wrong with it.
pub(super) fn read(text: &[u8], own: &mut Variables, outer: Lookup<'_>, notes: &mut Notes) -> Result<(), (u32, String)> {
    let text = String::from_utf8_lossy(text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text));
    let mut reader = Reader { rest: &text, line: 1 };
    loop {
        reader.skip_to_statement();
        if reader.rest.is_empty() {
            return Ok(());
        }
        let (key, inherits) = reader.key().map_err(|message| (reader.line, message))?;
        if key.contains(' ') {
            return Err((reader.line, format!("the name `{}` has a space in it", key.escape_debug())));
        }
        if inherits {
            if let Some(value) = outer(&key).or_else(|| own.get(&key).map(String::as_str)).map(str::to_owned) {
                own.insert(key, value);
            }
            continue;
        }
        let line = reader.line;
        let value = reader.value(own, outer, notes).map_err(|message| (line, message))?;
        let blanks = notes.take_blanks();
        if !blanks.is_empty() && outer(&key).is_none() {
            notes.behind.insert(key.clone(), blanks);
        }
        own.insert(key, value);
    }
}

struct Reader<'a> {
    rest: &'a str,
    line: u32,
}

impl Reader<'_> {
    /// Over white space and comments.
    fn skip_to_statement(&mut self) {
        loop {
            let start = self.rest.find(|character: char| !character.is_whitespace()).unwrap_or(self.rest.len());
            self.line += lines(&self.rest[..start]);
            self.rest = &self.rest[start..];
            if !self.rest.starts_with('#') {
                return;
            }
            self.rest = self.rest.find('\n').map_or("", |end| &self.rest[end..]);
        }
    }

    /// The name, and whether the value is that of the environment since none is given.
    fn key(&mut self) -> Result<(String, bool), String> {
        if let Some(rest) = self.rest.strip_prefix("export").filter(|rest| rest.starts_with(['\t', '\n', '\u{c}', '\r', ' '])) {
            self.rest = rest.trim_start_matches(is_space);
        }
        let mut found = None;
        for (index, character) in self.rest.char_indices().filter(|&(_, character)| !is_space(character)) {
            match character {
                '=' | ':' | '\n' => {
                    found = Some((index, character == '\n'));
                    break;
                }
                '_' | '.' | '-' | '[' | ']' => {}
                _ if character.is_alphanumeric() => {}
                _ => {
                    let line = self.rest.lines().next().unwrap_or_default();
                    return Err(format!("the character `{}` cannot stand in the name `{}`", character.escape_debug(), line.escape_debug()));
                }
            }
        }
        if self.rest.is_empty() {
            return Err("nothing stands behind `export`".to_owned());
        }
        // Without an end the name is empty, and all that is left is its value.
        let (key, rest, inherits) = match found {
            Some((index, inherits)) => (&self.rest[..index], &self.rest[index + 1..], inherits),
            None => ("", self.rest, false),
        };
        if inherits && !key.contains(' ') {
            self.line += 1;
        }
        self.rest = rest.trim_start_matches(is_space);
        Ok((key.trim_end().to_owned(), inherits))
    }

    fn value(&mut self, own: &Variables, outer: Lookup<'_>, notes: &mut Notes) -> Result<String, String> {
        let lookup = |name: &str| outer(name).or_else(|| own.get(name).map(String::as_str));
        let mut expand = |text: &str| template::substitute(text, &lookup, notes).map_err(|failure| failure.message());
        let Some(quote @ ('"' | '\'')) = self.rest.chars().next() else {
            let (value, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
            self.rest = rest;
            self.line += 1;
            return expand(value.split(" #").next().unwrap_or_default().trim_end());
        };
        let mut value = String::new();
        let mut escaped = false;
        for (index, character) in self.rest.char_indices().skip(1) {
            if character == '\n' {
                self.line += 1;
            }
            match (character == quote, escaped) {
                (true, false) => {
                    self.rest = &self.rest[index + 1..];
                    return if quote == '"' { expand(&unescape(&value)) } else { Ok(value) };
                }
                (true, true) => value.push(character),
                (false, false) if character == '\\' => {
                    escaped = true;
                    continue;
                }
                (false, true) => {
                    value.push('\\');
                    value.push(character);
                }
                (false, false) => value.push(character),
            }
            escaped = false;
        }
        Err(format!("the quoted value {} has no end", self.rest.lines().next().unwrap_or_default().escape_debug()))
    }
}

/// The escapes of a double-quoted value; `\$` becomes `$$`, which is a `$` that begins no variable.
fn unescape(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        result.push_str(&rest[..at]);
        let escape = &rest[at + 1..];
        let plain = match escape.as_bytes().first() {
            Some(b'a') => Some("\u{7}"),
            Some(b'b') => Some("\u{8}"),
            Some(b'f') => Some("\u{c}"),
            Some(b'n') => Some("\n"),
            Some(b'r') => Some("\r"),
            Some(b't') => Some("\t"),
            Some(b'v') => Some("\u{b}"),
            Some(b'$') => Some("$$"),
            Some(b'"') => Some("\""),
            Some(b'\\') => Some("\\"),
            _ => None,
        };
        let mut length = 1;
        match plain {
            Some(plain) => result.push_str(plain),
            None => {
                let (character, used) = octal(escape);
                result.push(character);
                length = used;
            }
        }
        rest = &escape[length..];
    }
    result.push_str(rest);
    result
}

/// `\0` and three octal digits are a character; otherwise a backslash stays (without the zero), and what is behind it is read on.
fn octal(escape: &str) -> (char, usize) {
    let Some(rest) = escape.strip_prefix('0') else { return ('\\', 0) };
    let digits = rest.get(..3).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    match digits.and_then(|digits| u32::from_str_radix(digits, 8).ok()).filter(|&value| value <= 255).and_then(char::from_u32) {
        Some(character) => (character, 4),
        None => ('\\', 1),
    }
}

fn is_space(character: char) -> bool {
    matches!(character, '\t' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{85}' | '\u{a0}')
}

fn lines(text: &str) -> u32 {
    u32::try_from(text.bytes().filter(|&byte| byte == b'\n').count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Variables, (u32, String)> {
        let mut own = Variables::new();
        let outer = |name: &str| (name == "OS").then_some("os");
        read(text.as_bytes(), &mut own, &outer, &mut Notes::default())?;
        Ok(own)
    }

    #[test]
    fn every_form() {
        for (text, expected) in [
            ("T=1\n", "1"),
            ("A=1\nT=${A}-$A-${Z:-z}", "1-1-z"),
            ("OS=2\nT=$OS\n", "os"),
            ("A=1\nT='$A'\n", "$A"),
            ("A=1\nT=\"$A b\\n\\tc\\$A\"\n", "1 b\n\tc$A"),
            ("T=1 # c\n", "1"),
            ("T=a#b\n", "a#b"),
            ("T=\"q # r\" # s\n", "q # r"),
            ("export T=1\n", "1"),
            ("  T =  two  \n", "two"),
            ("T: 1\n", "1"),
            ("T=\n", ""),
            ("T=1\r\nS=2\r\n", "1"),
            ("\u{feff}T=1", "1"),
            ("T=1\nT=2\n", "2"),
            ("T=a$$b\n", "a$b"),
            ("T=\"l1\nl2\"\n", "l1\nl2"),
            ("T=a\\b\n", "a\\b"),
            ("T=$(date)\n", "$(date)"),
            ("OS\nT=$OS\n", "os"),
            ("T='a\\'b\\c'\n", "a'b\\c"),
            ("T=\"\\x \\0101 \\012\"\n", "\\x A \\12"),
        ] {
            assert_eq!(read_text(text).unwrap().get("T").map(String::as_str), Some(expected), "{text:?}");
        }
    }

    #[test]
    fn what_is_wrong_has_its_line() {
        for (text, line) in [
            ("T 1\n", 1),
            ("A=1\nT=\"1\n", 2),
            ("A=1\n\nB*=1\n", 3),
            ("T=${}\n", 1),
            ("A B=1\n", 1),
            ("# c\n\nT=${A:?no}\n", 3),
            ("A=\"1\n2\"\nT=\"x\n${A:?}${B:?no}\n\"\n", 3),
            ("A='1\n2'\nOS\nT=${B:?no}", 4),
            ("A=1\r\nT=${}\r\n", 2),
        ] {
            assert_eq!(read_text(text).unwrap_err().0, line, "{text:?}");
        }
    }

    #[test]
    fn references_cannot_fill_the_memory() {
        let mut text = "A0=xxxxxxxxxx\n".to_owned();
        for index in 1..100 {
            text.push_str(&format!("A{index}=$A{0}$A{0}\n", index - 1));
        }
        assert!(read_text(&text).unwrap_err().1.contains("too much"));
    }
}
