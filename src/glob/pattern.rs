//! One pattern of an ignore file, compiled.

use super::filepath::{BadPattern, filepath_match};
use super::regexp::Regexp;
use super::translate::{Shape, translate};

/// A pattern as the engine's matcher takes it: anchored at the root, `**` for any number of folders, and else a regexp of Go.
///
/// It is about one path: what a folder's match means for what is in the folder is `ignore`'s.
///
/// ```
/// use docktag::glob::Pattern;
///
/// let pattern = Pattern::new(b"**/*.md")?;
/// assert_eq!(pattern.matches(b"docs/guide/intro.md"), Ok(true));
/// assert_eq!(pattern.matches(b"docs/guide"), Ok(false));
/// # Ok::<(), docktag::glob::BadPattern>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: Box<[u8]>,
    shape: Shape,
    /// None where Go refuses the regexp: an error as soon as a path is asked about.
    regexp: Option<Regexp>,
}

impl Pattern {
    /// Compiles a pattern that was cleaned (see `clean`), without a `!`.
    ///
    /// # Errors
    /// [`BadPattern`] where `filepath_match` refuses it for the name `.`, which is all that the engine checks beforehand
    /// (rule: moby/patternmatcher v0.6.1 `patternmatcher.go` `New`).
    pub fn new(pattern: &[u8]) -> Result<Pattern, BadPattern> {
        filepath_match(pattern, b".")?;
        let (shape, text) = translate(pattern);
        let regexp = if shape == Shape::Regexp { Regexp::parse(&text) } else { None };
        Ok(Pattern { text: pattern.into(), shape, regexp })
    }

    /// Whether it matches a path.
    ///
    /// # Errors
    /// [`BadPattern`] for any path where the pattern is no regexp that Go takes, such as `[z-a]` or `\y`.
    pub fn matches(&self, path: &[u8]) -> Result<bool, BadPattern> {
        Ok(match self.shape {
            Shape::Exact => path == &*self.text,
            Shape::Prefix => path.starts_with(self.before_stars()),
            Shape::Suffix => {
                let end = self.text.get(2..).unwrap_or_default();
                path.ends_with(end) || end.strip_prefix(b"/") == Some(path)
            }
            Shape::Regexp => self.regexp.as_ref().ok_or(BadPattern)?.is_match(path),
        })
    }

    /// The pattern's text.
    pub fn as_bytes(&self) -> &[u8] {
        &self.text
    }

    /// Whether asking it about a path is an error.
    pub fn is_bad(&self) -> bool {
        self.shape == Shape::Regexp && self.regexp.is_none()
    }

    /// How many steps of a regexp it takes beyond those that its length explains: what `{n}` adds.
    pub(crate) fn excess(&self) -> usize {
        let steps = self.regexp.as_ref().map_or(0, |regexp| regexp.steps.len() + regexp.prefix.len() + regexp.suffix.len());
        steps.saturating_sub(2 * self.text.len() + 4)
    }

    /// Whether it may match something inside a folder; no is certain.
    pub fn reaches_into(&self, folder: &[u8]) -> bool {
        let begins = match self.shape {
            Shape::Exact => return is_inside(&self.text, folder),
            Shape::Prefix => self.before_stars(),
            Shape::Suffix => b"",
            Shape::Regexp => self.regexp.as_ref().map_or(&b""[..], |regexp| regexp.prefix.as_bytes()),
        };
        // One of the two has to begin with the other, where a `/` ends the folder.
        let both = begins.len().min(folder.len());
        begins.get(..both) == folder.get(..both) && begins.get(both).is_none_or(|&byte| byte == b'/')
    }

    fn before_stars(&self) -> &[u8] {
        self.text.strip_suffix(b"**").unwrap_or_default()
    }
}

/// Whether a path lies inside a folder.
pub(crate) fn is_inside(path: &[u8], folder: &[u8]) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with(b"/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, path: &str) -> Result<bool, BadPattern> {
        Pattern::new(pattern.as_bytes())?.matches(path.as_bytes())
    }

    /// Pattern, a path that it matches, one that it does not.
    const ROWS: &[(&str, &str, &str)] = &[
        ("src", "src", "src/a"),
        ("src**", "srcx/y", "sr"),
        ("***", "a/b", "a\n/b"),
        ("**.go", "xgo/y.go", "y.gox"),
        ("**/main.go", "main.go", "xmain.go"),
        ("*.md", "a.md", "d/a.md"),
        ("**/*.md", "d/e/a.md", "d/a.mdx"),
        ("a**/*.txt", "a/x.txt", "ab/x/y"),
        ("s**go", "s/x/go", "src/main.go"),
        ("a/**/b", "a/b", "a/bb"),
        ("a/**/b", "a/x/y/b", "ab"),
        ("a?c", "a\u{e9}c", "a/c"),
        ("*a*a*a*b", "aaab", "aaac"),
        // Classes are those of regexps: no `/` is left out, and `!` negates nothing.
        ("src[^a]x", "src/x", "srcax"),
        ("[!a]", "!", "b"),
        ("[+-0]", "/", "1"),
        ("[[:alpha:]_-]*", "-x", "1"),
        ("[[:^digit:]]", "a", "1"),
        ("[\\]a]", "]", "b"),
        ("[\\d\\pL]", "\u{e9}", "_"),
        ("[^\\w]", "\u{e9}", "_"),
        ("[*]", "]", "*"),
        ("[*]", "/^[]", "a"),
        ("[?]", "^]", "?"),
        ("[a**b]", "(", "c"),
        // What follows a backslash is an escape of regexps.
        ("\\d.txt", "1.txt", "d.txt"),
        ("x\\w", "xq", "x-"),
        ("\\bfoo", "foo", "bfoo"),
        ("a\\Bb*", "ab", "a"),
        ("a\\.\\*", "a.*", "a.b"),
        ("\\x41\\x{e9}\\101", "A\u{e9}A", "x41"),
        ("\\pL\\PL", "a1", "aa"),
        ("\\p{Lu}\\p{^Lu}\\p{ l-u }", "AaA", "aaA"),
        ("\\p{Any}\\p{ascii}\\P{lc}", "\u{e9}a1", "a1"),
        ("\\Qa.b\\E*", "a\\.bx", "a.b"),
        ("\\Qab", "ab$", "ab"),
        ("^ab*", "abx", "^ab"),
        ("*^ab", "ab", "xab"),
        ("a\\z*", "a", "ab"),
        // `|` and `{` are not escaped.
        ("a|b", "a|b", "a"),
        ("a|b?", "ax/y", "x"),
        ("a|b?", "x/bz", "xb"),
        ("x||*", "q", "x\n/"),
        ("fo{2}*", "foo", "fo"),
        ("a{2,}?", "aaax", "ax"),
        ("a{0,1}b*", "ab", "aab"),
        ("[ab]{2}", "ba", "b"),
        ("a{,2}*", "a{,2}", "aa"),
        ("*.{js,ts}", "a.{js,ts}", "a.js"),
        ("a{0}?", "x", "ax"),
        // A newline is no `.`, so no folder that `**` goes through has one.
        ("*/**/x", "a\n/x", "b/a\n/x"),
        ("\u{feff}x*", "x", "\u{feff}x"),
        // The end of a bad class is not seen by the first check, nor is the end behind a `\`.
        ("b*c\\", "bxc$y", "bxc"),
    ];

    #[test]
    fn patterns_match_as_the_engines() {
        for (pattern, path, other) in ROWS {
            // An empty alternative matches everything, so the other path is only one for most.
            let all = pattern.contains("||");
            assert_eq!((matches(pattern, path), matches(pattern, other)), (Ok(true), Ok(all)), "{pattern}");
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_are_replacement_characters() {
        for (pattern, path, expected) in [
            (&b"a\xff"[..], &b"a\xff"[..], true),
            (b"a\xff*", b"a\xfe", true),
            (b"a\xff*", "a\u{fffd}".as_bytes(), true),
            (b"a?", b"a\xff", true),
            (b"a??", "a\u{e9}".as_bytes(), false),
            (b"*\xff", b"\xfe", true),
        ] {
            assert_eq!(Pattern::new(pattern).and_then(|pattern| pattern.matches(path)), Ok(expected), "{pattern:?}");
        }
    }

    #[test]
    fn some_patterns_are_bad_only_when_they_are_asked() {
        for pattern in ["[", "[]a]", "[-x]", "[x-]", "\\", "x[a"] {
            assert_eq!(Pattern::new(pattern.as_bytes()), Err(BadPattern), "{pattern}");
        }
        for pattern in [
            "[z-a]",
            "\\R",
            "\\e",
            "\\\u{e9}",
            "\\1",
            "\\xg",
            "\\x{110000}",
            "\\C",
            "\\pX",
            "\\p",
            "[\\b]",
            "[[:foo:]]",
            "b*[",
            "*{2}",
            "a{2}{2}*",
            "a{1001}*",
            "a{2,1}*",
            "|{2}*",
            "*\\Q\\E{2}",
        ] {
            let pattern = Pattern::new(pattern.as_bytes()).unwrap_or_else(|_| panic!("{pattern}"));
            assert!(pattern.is_bad());
            assert_eq!(pattern.matches(b"x"), Err(BadPattern));
        }
    }

    #[test]
    fn a_pattern_reaches_into_folders_that_it_can_match_in() {
        for (pattern, folder, expected) in [
            ("docs/a", "docs", true),
            ("docs", "docs", false),
            ("docs", "docs/a", false),
            ("docsx/a", "docs", false),
            ("docs/**", "docs", true),
            ("docs/**", "docs/a", true),
            ("docs/**", "doc", false),
            ("doc**", "docs/a", true),
            ("**/a", "docs", true),
            ("src/*.go", "src", true),
            ("src/*.go", "node_modules", false),
            ("s*/x", "src", true),
            ("a|s*", "src", true),
            ("src{0}*", "sr", true),
        ] {
            assert_eq!(Pattern::new(pattern.as_bytes()).unwrap().reaches_into(folder.as_bytes()), expected, "{pattern} {folder}");
        }
    }

    #[test]
    fn no_pattern_takes_more_than_its_length_times_the_paths() {
        let path = "a/".repeat(2000);
        for pattern in ["**/".repeat(500) + "b", "*a".repeat(500) + "b", "\\w{0,1000}".repeat(20) + "-", "**/*a*".repeat(200) + "/b"] {
            assert_eq!(matches(&pattern, &path), Ok(false));
        }
    }
}
