//! The shell patterns of Go's `path/filepath`, which the sources of COPY and ADD are.

use super::text::rune;

/// A pattern that `filepath_match` refuses: a class without an end or without a member, or nothing behind a `\`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadPattern;

/// Whether a pattern matches a whole name as Go's `filepath.Match` does on Linux: `*` and `?` stop at `/`, `[a-z]` and `[^a-z]` are
/// classes, `\` takes the special meaning from what follows. `**` is no more than `*`.
///
/// ```
/// use docktag::glob::filepath_match;
///
/// assert_eq!(filepath_match(b"src/*.go", b"src/main.go"), Ok(true));
/// assert_eq!(filepath_match(b"**/*.go", b"src/lib/main.go"), Ok(false));
/// assert!(filepath_match(b"src/[", b"src/main.go").is_err());
/// ```
///
/// # Errors
/// [`BadPattern`], but only as far as the name was followed: after the first part that does not match, the parts behind its `*` are
/// not looked at (rule: Go 1.26 `path/filepath/match.go`; `path.Match` looks at all).
pub fn filepath_match(pattern: &[u8], name: &[u8]) -> Result<bool, BadPattern> {
    let (mut pattern, mut name) = (pattern, name);
    while !pattern.is_empty() {
        let (star, chunk, rest) = next_chunk(pattern);
        if star && chunk.is_empty() {
            return Ok(!name.contains(&b'/'));
        }
        check(chunk)?;
        pattern = rest;
        name = loop {
            if let Some(after) = match_chunk(chunk, name)
                && (!pattern.is_empty() || after.is_empty())
            {
                break after;
            }
            match name.split_first() {
                Some((&byte, after)) if star && byte != b'/' => name = after,
                _ => return Ok(false),
            }
        };
    }
    Ok(name.is_empty())
}

/// Returns whether a pattern is one that [`filepath_match`] can follow to its end.
///
/// ```
/// assert!(docktag::glob::is_filepath_pattern(b"release/*"));
/// assert!(!docktag::glob::is_filepath_pattern(b"release/["));
/// ```
pub fn is_filepath_pattern(pattern: &[u8]) -> bool {
    check(pattern).is_ok()
}

/// Whether stars come first, what stands before the next star, and the rest from that star on.
fn next_chunk(pattern: &[u8]) -> (bool, &[u8], &[u8]) {
    let stars = pattern.iter().take_while(|&&byte| byte == b'*').count();
    let pattern = pattern.get(stars..).unwrap_or_default();
    let (mut in_class, mut escaped) = (false, false);
    let end = pattern.iter().position(|&byte| {
        match byte {
            _ if escaped => {
                escaped = false;
                return false;
            }
            b'\\' => escaped = true,
            b'[' => in_class = true,
            b']' => in_class = false,
            b'*' => return !in_class,
            _ => {}
        }
        false
    });
    let (chunk, rest) = pattern.split_at(end.unwrap_or(pattern.len()));
    (stars > 0, chunk, rest)
}

fn check(mut chunk: &[u8]) -> Result<(), BadPattern> {
    while !chunk.is_empty() {
        chunk = element(chunk, '\0')?.1;
    }
    Ok(())
}

/// What is left of a name after a chunk that was checked; none where the chunk does not match its beginning.
fn match_chunk<'a>(mut chunk: &[u8], mut name: &'a [u8]) -> Option<&'a [u8]> {
    while !chunk.is_empty() {
        let (first, (rune, width)) = (*name.first()?, rune(name)?);
        let (element, rest) = element(chunk, rune).ok()?;
        let width = match element {
            Element::Byte(byte) if byte == first => 1,
            Element::Any if first != b'/' => width,
            Element::Class { has_rune: true } => width,
            _ => return None,
        };
        name = name.get(width..)?;
        chunk = rest;
    }
    Some(name)
}

enum Element {
    Any,
    Byte(u8),
    Class { has_rune: bool },
}

/// The first element of a chunk, asked about a rune, and the rest of the chunk.
fn element(chunk: &[u8], rune: char) -> Result<(Element, &[u8]), BadPattern> {
    let (&first, rest) = chunk.split_first().ok_or(BadPattern)?;
    match first {
        b'?' => Ok((Element::Any, rest)),
        b'[' => class(rest, rune),
        b'\\' => rest.split_first().map(|(&byte, rest)| (Element::Byte(byte), rest)).ok_or(BadPattern),
        byte => Ok((Element::Byte(byte), rest)),
    }
}

/// The class after its `[`.
fn class(chunk: &[u8], rune: char) -> Result<(Element, &[u8]), BadPattern> {
    let (negated, mut chunk) = match chunk.strip_prefix(b"^") {
        Some(rest) => (true, rest),
        None => (false, chunk),
    };
    let mut found = false;
    loop {
        let (low, rest) = member(chunk)?;
        let (high, rest) = match rest.strip_prefix(b"-") {
            Some(rest) => member(rest)?,
            None => (low, rest),
        };
        found |= (low..=high).contains(&rune);
        if let Some(rest) = rest.strip_prefix(b"]") {
            return Ok((Element::Class { has_rune: found != negated }, rest));
        }
        chunk = rest;
    }
}

/// One end of a range; something must follow it.
fn member(chunk: &[u8]) -> Result<(char, &[u8]), BadPattern> {
    let chunk = match chunk.first() {
        None | Some(b'-' | b']') => return Err(BadPattern),
        Some(b'\\') => chunk.get(1..).unwrap_or_default(),
        Some(_) => chunk,
    };
    let (rune, width) = rune(chunk).ok_or(BadPattern)?;
    let rest = chunk.get(width..).unwrap_or_default();
    if rest.is_empty() || (rune == char::REPLACEMENT_CHARACTER && width == 1) {
        return Err(BadPattern);
    }
    Ok((rune, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_a_whole_name() {
        for (pattern, name, expected) in [
            ("", "", true),
            ("", "a", false),
            ("abc", "abc", true),
            ("*", "", true),
            ("*", "a/b", false),
            ("*c", "abc", true),
            ("a*/b", "abc/b", true),
            ("a*/b", "a/c/b", false),
            ("a*b*c*d*e*/f", "axbxcxdxexxx/f", true),
            ("a*b?c*x", "abxbbxdbxebxczzy", false),
            ("ab[^c]", "abc", false),
            ("ab[^c]", "abx", true),
            ("a\\*b", "a*b", true),
            ("a\\*b", "axb", false),
            ("a?b", "a\u{e9}b", true),
            ("a[^a]b", "a\u{e9}b", true),
            ("a???b", "a\u{e9}b", false),
            ("a?b", "a/b", false),
            ("a[/]b", "a/b", true),
            ("[\\]a]", "]", true),
            ("[\\-x]", "-", true),
            ("[x\\-]", "-", true),
            ("[z-a]", "m", false),
            ("[*]", "*", true),
            ("**/x", "a/x", true),
            ("**/x", "a/b/x", false),
            ("*x", "xxx", true),
        ] {
            assert_eq!(filepath_match(pattern.as_bytes(), name.as_bytes()), Ok(expected), "{pattern} {name}");
        }
        assert_eq!(filepath_match(b"a?", b"a\xff"), Ok(true));
        assert_eq!(filepath_match("[\u{fffd}]".as_bytes(), b"\xff"), Ok(true));
    }

    #[test]
    fn bad_patterns_are_found_as_far_as_the_name_goes() {
        for pattern in ["[", "[]a]", "[^]a]", "[-x]", "[x-]", "[a-b-c]", "a[", "a\\", "[\\", "[^", "[^bc", "x[a", "*[", "*a["] {
            assert_eq!(filepath_match(pattern.as_bytes(), b"."), Err(BadPattern), "{pattern}");
        }
        assert_eq!(filepath_match(b"[\xff]", b"."), Err(BadPattern));
        // What no name came to is not looked at.
        for pattern in ["b*[", "b*c\\", "*a*["] {
            assert_eq!(filepath_match(pattern.as_bytes(), b"."), Ok(false), "{pattern}");
        }
    }
}
