//! The ignore file: which files of a context the builder sees.
//!
//! It is not git's: patterns are anchored at the context's root, and what lies below an excluded folder can be kept by a `!`.

mod read;
mod walk;

pub use read::{Line, candidates, read};
pub use walk::{Filtered, LeftOut, filter};

use crate::error::{Code, Error, Result};
use crate::glob::{Pattern, clean, is_inside, trim};
use crate::path::RelPath;

/// The patterns of an ignore file, in its order.
///
/// ```
/// use docktag::ignore::Ignore;
///
/// let ignore = Ignore::parse(b"# all but the sources\n*\n!src\n")?;
/// let docs = ignore.decide(b"docs", true, &ignore.root())?;
/// assert_eq!((docs.excluded, docs.line, docs.enter), (true, Some(2), false));
/// let src = ignore.decide(b"src", true, &ignore.root())?;
/// assert_eq!((src.excluded, src.line, src.enter), (false, Some(3), true));
/// let main = ignore.decide(b"src/main.go", false, &src.inherited)?;
/// assert!(!main.excluded);
/// # Ok::<(), docktag::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ignore {
    rules: Vec<Rule>,
    /// Some rule fails when it is asked about a path.
    has_bad: bool,
    /// No `!` has a wildcard, but for a `/*` or `/**` at its end.
    only_plain_exceptions: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    pattern: Pattern,
    /// It began with `!`.
    keeps: bool,
    line: u32,
}

/// Which patterns matched a folder: they hold for all that is in it. A bit for each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inherited(Vec<u64>);

impl Inherited {
    fn has(&self, rule: usize) -> bool {
        self.0.get(rule / 64).is_some_and(|word| word >> (rule % 64) & 1 == 1)
    }

    fn insert(&mut self, rule: usize) {
        if let Some(word) = self.0.get_mut(rule / 64) {
            *word |= 1 << (rule % 64);
        }
    }
}

/// What is decided about one entry of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The builder does not see it; but a folder that holds something kept is seen all the same.
    pub excluded: bool,
    /// The line that decided, whether it excludes or keeps; none where no line is about it.
    pub line: Option<u32>,
    /// It is a folder in which something may be kept.
    pub enter: bool,
    /// What `Ignore::decide` needs for the entries of this folder; empty for all that is not a folder.
    pub inherited: Inherited,
}

/// More repeated steps than any ignore file that a person writes; compiled, they are 12 MB.
const MOST: usize = 1_000_000;

impl Ignore {
    /// Reads an ignore file.
    ///
    /// # Errors
    /// [`Code::IgnoreInvalid`] with the line, for a line longer than 64 KiB, a lone `!`, or a class without an end or a member. Other
    /// errors in patterns show when a path is decided about.
    pub fn parse(text: &[u8]) -> Result<Ignore> {
        Ignore::compile(read(text)?.iter().map(|line| (line.number, line.pattern.as_slice())))
    }

    /// Patterns that stand in no file, as those of `--exclude`; their lines count from 1.
    ///
    /// # Errors
    /// As [`Ignore::parse`].
    pub fn from_patterns(patterns: &[&[u8]]) -> Result<Ignore> {
        Ignore::compile((1..).zip(patterns.iter().copied()))
    }

    /// rule: moby/patternmatcher v0.6.1 `patternmatcher.go` `New`, which cleans what the reader cleaned once more
    fn compile<'a>(lines: impl Iterator<Item = (u32, &'a [u8])>) -> Result<Ignore> {
        let mut ignore = Ignore { only_plain_exceptions: true, ..Ignore::default() };
        let mut size = 0;
        for (line, text) in lines {
            let text = trim(text);
            if text.is_empty() {
                continue;
            }
            let text = clean(text);
            let (keeps, text) = text.strip_prefix(b"!").map_or((false, text.as_slice()), |rest| (true, rest));
            if text.is_empty() {
                return Err(Error::new(Code::IgnoreInvalid, "a lone `!`, expected a pattern behind it").line(line));
            }
            let Ok(pattern) = Pattern::new(text) else {
                let message = format!("the pattern `{}` has a `[` or `\\` that nothing ends", RelPath::new(text));
                return Err(Error::new(Code::IgnoreInvalid, message).line(line).help("write `\\[` for a bracket in a name"));
            };
            size += pattern.excess();
            if size > MOST {
                return Err(Error::new(Code::IgnoreInvalid, "the patterns up to here repeat too much").line(line));
            }
            ignore.has_bad |= pattern.is_bad();
            ignore.only_plain_exceptions &= !keeps || !stem(text).iter().any(|byte| b"*[]?^\\".contains(byte));
            ignore.rules.push(Rule { pattern, keeps, line });
        }
        Ok(ignore)
    }

    /// What holds for the entries of the context's root.
    pub fn root(&self) -> Inherited {
        Inherited::default()
    }

    /// Decides about an entry of a folder; `path` is relative to the context's root.
    ///
    /// With the state of the root a deeper path can be asked about too: then the folders on the way are looked at for each pattern alone.
    ///
    /// # Errors
    /// [`Code::IgnoreInvalid`] with the line of a pattern that Go's regexps refuse, if the decision depends on it.
    ///
    /// rule: moby/patternmatcher v0.6.1 `patternmatcher.go` `MatchesUsingParentResults`; a `!` is asked only where the path is excluded so
    /// far, and inherited only where it was asked
    pub fn decide(&self, path: &[u8], is_folder: bool, parent: &Inherited) -> Result<Decision> {
        let mut inherited = Inherited(if is_folder { vec![0; self.rules.len().div_ceil(64)] } else { Vec::new() });
        let (mut excluded, mut last) = (false, None);
        for (index, rule) in self.rules.iter().enumerate() {
            let holds = parent.has(index)
                || rule.keeps == excluded && {
                    let is_match = rule.pattern.matches(path).map_err(|_| rule.bad())?;
                    is_match || parent.0.is_empty() && rule.matches_above(path)
                };
            if holds {
                inherited.insert(index);
                excluded = !rule.keeps;
                last = Some(index);
            }
        }
        let behind = self.rules.get(last.map_or(0, |last| last + 1)..).unwrap_or_default();
        let enter = is_folder && (!excluded || self.is_walked(path) && (self.has_bad || can_keep(behind, path)));
        let line = last.and_then(|last| self.rules.get(last)).map(|rule| rule.line);
        Ok(Decision { excluded, line, enter, inherited })
    }

    /// Whether the engine walks through an excluded folder.
    ///
    /// rule: tonistiigi/fsutil a72de9dcf763 `filter.go` `Walk`; it does not enter `a/b` for `!a/*/**`, although that matches in there
    fn is_walked(&self, folder: &[u8]) -> bool {
        let mut exceptions = self.rules.iter().filter(|rule| rule.keeps).map(|rule| stem(rule.pattern.as_bytes()));
        if self.only_plain_exceptions {
            exceptions.any(|stem| stem == folder || is_inside(stem, folder))
        } else {
            exceptions.next().is_some()
        }
    }
}

/// Whether one of the rules behind the one that excluded a folder can keep something in it: what the folder inherits to its entries holds
/// there too, so that only a later `!` that matches by itself changes anything. The engine walks more, to no effect but errors.
fn can_keep(behind: &[Rule], folder: &[u8]) -> bool {
    behind.iter().any(|rule| rule.keeps && rule.pattern.reaches_into(folder))
}

/// A pattern without the wildcard for all that is in a folder.
///
/// rule: tonistiigi/fsutil a72de9dcf763 `filter.go` `patternWithoutTrailingGlob`
fn stem(pattern: &[u8]) -> &[u8] {
    let pattern = pattern.strip_suffix(b"/**").unwrap_or(pattern);
    pattern.strip_suffix(b"/*").unwrap_or(pattern)
}

impl Rule {
    fn matches_above(&self, path: &[u8]) -> bool {
        let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
        ends.filter_map(|end| path.get(..end)).any(|folder| self.pattern.matches(folder) == Ok(true))
    }

    fn bad(&self) -> Error {
        let message = format!("the pattern `{}` is none that the engine can match", RelPath::new(self.pattern.as_bytes()));
        Error::new(Code::IgnoreInvalid, message)
            .line(self.line)
            .help("a `\\` before a letter and a range such as `[z-a]` mean what they mean in a regexp of Go")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is decided about a path, coming from the root; a folder where it ends in `/`. None where the walk does not get there.
    fn walk(ignore: &Ignore, path: &str) -> Result<Option<Decision>> {
        let (mut parent, ends) = (ignore.root(), path.match_indices('/').map(|(at, _)| at));
        for end in ends.filter(|end| end + 1 < path.len()) {
            let folder = ignore.decide(&path.as_bytes()[..end], true, &parent)?;
            if !folder.enter {
                return Ok(None);
            }
            parent = folder.inherited;
        }
        let (path, is_folder) = path.strip_suffix('/').map_or((path, false), |folder| (folder, true));
        ignore.decide(path.as_bytes(), is_folder, &parent).map(Some)
    }

    #[test]
    fn decisions_name_their_line() {
        for (text, path, expected) in [
            ("", "a", Some((false, None))),
            ("#\n\na\n", "a", Some((true, Some(3)))),
            ("docs\n!docs/a\n", "docs/a", Some((false, Some(2)))),
            ("docs\n!docs/a\n", "docs/b", Some((true, Some(1)))),
            // A pattern behind its `!` is asked again, one before it is inherited.
            ("docs/guide/intro.md\n!docs\n", "docs/guide/intro.md", Some((true, Some(1)))),
            ("**/*.md\n!docs\n", "docs/a.md", Some((true, Some(1)))),
            ("docs\n!**/a.md\n", "docs/x/a.md", Some((false, Some(2)))),
            ("!a\na\n", "a", Some((true, Some(2)))),
            ("*\n!a/*/**\n", "a/b/c", None),
            ("/!x\n*\n", "x", Some((true, Some(2)))),
            ("!!x\n", "!x", Some((false, None))),
        ] {
            let decision = walk(&Ignore::parse(text.as_bytes()).unwrap(), path).unwrap();
            assert_eq!(decision.map(|decision| (decision.excluded, decision.line)), expected, "{text:?} {path}");
        }
    }

    #[test]
    fn a_folder_is_entered_where_something_can_be_kept() {
        for (text, folder, enter) in [
            ("node_modules\n", "node_modules/", false),
            ("node_modules\n!src/*.go\n", "node_modules/", false),
            ("!**/a\nnode_modules\n", "node_modules/", false),
            ("node_modules\n!**/a\n", "node_modules/", true),
            ("*\n!src/lib\n", "src/", true),
            ("*\n!src/lib\n", "docs/", false),
            ("*\n!src/lib\n", "src/lib/", true),
            ("*\n!src/lib\n", "src/other/", false),
            // The engine goes in, and fails: so do we.
            ("node_modules\n!src/[z-a]\n", "node_modules/", true),
        ] {
            let decision = walk(&Ignore::parse(text.as_bytes()).unwrap(), folder);
            assert_eq!(
                decision.map(|decision| decision.map(|decision| decision.enter)).unwrap_or(Some(true)),
                Some(enter),
                "{text:?} {folder}"
            );
        }
    }

    #[test]
    fn errors_name_their_line() {
        for (text, line) in [("a\n!\n", 2), ("a\n\n[\n", 3), ("x\\\n", 1)] {
            let error = Ignore::parse(text.as_bytes()).unwrap_err();
            assert_eq!((error.code, error.line), (Code::IgnoreInvalid, Some(line)), "{text:?}");
        }
        let ignore = Ignore::parse(b"x\n!y\n[z-a]\n").unwrap();
        assert_eq!(walk(&ignore, "a").unwrap_err().line, Some(3));
        // Nobody asks the pattern where an earlier one has excluded the path and it would exclude it again.
        assert!(walk(&ignore, "x").unwrap().unwrap().excluded);
        assert!(Ignore::parse("a{1000}*\n".repeat(1500).as_bytes()).is_err());
    }
}
