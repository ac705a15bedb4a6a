//! A pattern of an ignore file as the engine understands it: three cheap shapes, and for all else a regexp.

use super::text::rune;

/// How a pattern is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// The path is the pattern.
    Exact,
    /// The path begins with the pattern without its `**`.
    Prefix,
    /// The path ends with the pattern without its `**`.
    Suffix,
    /// The regexp finds a match in the path.
    Regexp,
}

/// The shape of a pattern, and the regexp that it would be.
///
/// The engine escapes `.`, `+`, `(`, `)` and `$`, but not `|`, `{`, `}` and `^`; what follows a `\` reaches the regexp with it, and a
/// class is text like any other, so that `*` and `?` in it become `[^/]*` and `[^/]` there too.
///
/// rule: moby/patternmatcher v0.6.1 `patternmatcher.go` `compile`, `shouldEscape`; its scanner drops one U+FEFF at the start (Go
/// `text/scanner`)
pub(super) fn translate(pattern: &[u8]) -> (Shape, String) {
    let (mut shape, mut text) = (Shape::Exact, String::from("^"));
    let pattern = pattern.strip_prefix("\u{feff}".as_bytes()).unwrap_or(pattern);
    let mut runes = Runes(pattern).peekable();
    let mut first = true;
    while let Some(rune) = runes.next() {
        match rune {
            '*' if runes.next_if_eq(&'*').is_some() => {
                runes.next_if_eq(&'/');
                if runes.peek().is_some() {
                    text.push_str("(.*/)?");
                    shape = Shape::Regexp;
                } else if shape == Shape::Exact {
                    shape = Shape::Prefix;
                } else {
                    text.push_str(".*");
                    shape = Shape::Regexp;
                }
                if first {
                    shape = Shape::Suffix;
                }
            }
            '*' | '?' => {
                text.push_str(if rune == '*' { "[^/]*" } else { "[^/]" });
                shape = Shape::Regexp;
            }
            '.' | '+' | '(' | ')' | '$' => text.extend(['\\', rune]),
            '\\' => {
                text.push(rune);
                if let Some(next) = runes.next() {
                    text.push(next);
                    shape = Shape::Regexp;
                }
            }
            '[' | ']' => {
                text.push(rune);
                shape = Shape::Regexp;
            }
            _ => text.push(rune),
        }
        first = false;
    }
    text.push('$');
    (shape, text)
}

struct Runes<'a>(&'a [u8]);

impl Iterator for Runes<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let (rune, width) = rune(self.0)?;
        self.0 = self.0.get(width..)?;
        Some(rune)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_become_regexps() {
        for (pattern, shape, text) in [
            ("a/b", Shape::Exact, "^a/b$"),
            ("a|b{2}^", Shape::Exact, "^a|b{2}^$"),
            ("src**", Shape::Prefix, "^src$"),
            ("**", Shape::Suffix, "^$"),
            ("**.go", Shape::Suffix, "^(.*/)?\\.go$"),
            ("**/*.go", Shape::Regexp, "^(.*/)?[^/]*\\.go$"),
            ("**/a/**", Shape::Regexp, "^(.*/)?a/.*$"),
            ("***", Shape::Regexp, "^(.*/)?[^/]*$"),
            ("a/**/b", Shape::Regexp, "^a/(.*/)?b$"),
            ("[*]?", Shape::Regexp, "^[[^/]*][^/]$"),
            ("\\d.(+)$", Shape::Regexp, "^\\d\\.\\(\\+\\)\\$$"),
            ("b*c\\", Shape::Regexp, "^b[^/]*c\\$"),
            ("\u{feff}**a", Shape::Suffix, "^(.*/)?a$"),
        ] {
            assert_eq!(translate(pattern.as_bytes()), (shape, text.to_owned()), "{pattern}");
        }
        assert_eq!(translate(b"\xff?").1, "^\u{fffd}[^/]$");
    }
}
