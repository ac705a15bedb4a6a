//! Bytes read as Go reads a string: rune by rune, where each byte that is not UTF-8 counts as one U+FFFD.

/// The first rune of a text and its width in bytes; none at the end.
///
/// rule: Go `unicode/utf8` `DecodeRuneInString`
pub(crate) fn rune(text: &[u8]) -> Option<(char, usize)> {
    let width = match *text.first()? {
        ascii @ ..0x80 => return Some((char::from(ascii), 1)),
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => 0,
    };
    let valid = text.get(..width).and_then(|bytes| std::str::from_utf8(bytes).ok()).and_then(|text| text.chars().next());
    Some(valid.map_or((char::REPLACEMENT_CHARACTER, 1), |rune| (rune, width)))
}

/// A text without white space around it.
///
/// rule: Go `strings.TrimSpace`
pub(crate) fn trim(text: &[u8]) -> &[u8] {
    let mut text = text;
    while let Some((first, width)) = rune(text)
        && first.is_whitespace()
    {
        text = text.get(width..).unwrap_or_default();
    }
    while let Some(rest) = without_last_space(text) {
        text = rest;
    }
    text
}

fn without_last_space(text: &[u8]) -> Option<&[u8]> {
    (1..=3).find_map(|width| {
        let (rest, last) = text.split_at_checked(text.len().checked_sub(width)?)?;
        rune(last).is_some_and(|(rune, whole)| whole == width && rune.is_whitespace()).then_some(rest)
    })
}

/// The shortest spelling of a path: no `.`, no `//`, no `x/..`, no `/` at the end; `.` for the empty one.
///
/// rule: Go `path/filepath` `Clean` on Linux
pub fn clean(path: &[u8]) -> Vec<u8> {
    let is_absolute = path.starts_with(b"/");
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|&byte| byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." if parts.last().is_some_and(|last| *last != b"..") => {
                parts.pop();
            }
            b".." if is_absolute => {}
            part => parts.push(part),
        }
    }
    let mut cleaned = if is_absolute { b"/".to_vec() } else { Vec::new() };
    cleaned.extend(parts.join(&b'/'));
    if cleaned.is_empty() { b".".to_vec() } else { cleaned }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_that_is_not_utf8_is_one_rune() {
        for (text, expected) in [
            (&b""[..], None),
            (b"a\xff", Some(('a', 1))),
            ("\u{e9}".as_bytes(), Some(('\u{e9}', 2))),
            ("\u{fffd}".as_bytes(), Some(('\u{fffd}', 3))),
            ("\u{10ffff}".as_bytes(), Some(('\u{10ffff}', 4))),
            (b"\xe2\x82", Some(('\u{fffd}', 1))),
            (b"\xed\xa0\x80", Some(('\u{fffd}', 1))),
            (b"\xc0\x80", Some(('\u{fffd}', 1))),
            (b"\x80", Some(('\u{fffd}', 1))),
        ] {
            assert_eq!(rune(text), expected, "{text:?}");
        }
    }

    #[test]
    fn white_space_is_unicodes() {
        for (text, expected) in [
            ("", ""),
            (" \t\r\n\u{b}\u{c}a b\u{85}\u{a0}", "a b"),
            ("\u{1680}\u{2003}\u{2028}\u{205f}\u{3000}a\u{3000}", "a"),
            ("\u{200b}a\u{feff}", "\u{200b}a\u{feff}"),
            ("\u{a0}", ""),
        ] {
            assert_eq!(trim(text.as_bytes()), expected.as_bytes(), "{text:?}");
        }
        assert_eq!(trim(b"\xff \x85"), b"\xff \x85");
    }

    #[test]
    fn paths_are_cleaned() {
        for (path, expected) in [
            ("", "."),
            ("a/b", "a/b"),
            ("./a//b/.", "a/b"),
            ("a/..", "."),
            ("a/../../b", "../b"),
            ("../../a", "../../a"),
            ("/../a", "/a"),
            ("//", "/"),
            ("/..", "/"),
            ("a/", "a"),
            ("!../a", "!../a"),
            (".../a", ".../a"),
        ] {
            assert_eq!(clean(path.as_bytes()), expected.as_bytes(), "{path}");
        }
    }
}
