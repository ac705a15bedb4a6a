//! The regexps that patterns become: a chain of steps for each alternative, since no pattern can make a group.

use super::class::{Class, bracket, escape_class};
use super::escape::{Cursor, escape};

/// A regexp as steps, and what a path must have for it to be worth running.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Regexp {
    /// The steps of all alternatives, each of which ends in `Step::Accept`.
    pub(super) steps: Vec<Step>,
    /// Where each alternative begins.
    pub(super) starts: Vec<usize>,
    pub(super) classes: Vec<Class>,
    /// What a path must begin with; all steps but the first, `Step::Begin`, come after it.
    pub(super) prefix: String,
    /// What a path must end with.
    pub(super) suffix: String,
    /// What a path must have somewhere, the longest that is known: nearly all paths are told apart by it.
    pub(super) inner: String,
}

/// One step of an alternative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    One(Set),
    Maybe(Set),
    Many(Set),
    /// `(.*/)?`, which takes two steps: this one, where it can be left out, and `Inside`.
    Folders,
    Inside,
    Begin,
    End,
    Boundary,
    NoBoundary,
    Accept,
}

/// What one step takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Set {
    Rune(u32),
    NotSlash,
    NotNewline,
    /// The class of that number.
    Class(u32),
}

/// More steps than any pattern that a person writes; only `a{1000}` over and over gets there.
const MOST: usize = 100_000;
/// The largest number in `{n,m}`.
const REPEAT: u32 = 1000;

/// What can be repeated.
#[derive(PartialEq, Eq)]
enum Last {
    Nothing,
    Step,
    Repeated,
}

impl Regexp {
    /// Reads a regexp; none where Go refuses it.
    ///
    /// rule: Go 1.26 `regexp/syntax/parse.go` with the flags of `regexp.Compile`, less what no pattern can become: groups, flags, `+`
    pub(super) fn parse(text: &str) -> Option<Regexp> {
        let mut regexp = Regexp { starts: vec![0], ..Regexp::default() };
        let (mut text, mut last) = (Cursor(text), Last::Nothing);
        while let Some(next) = text.0.chars().next() {
            last = match next {
                '*' => {
                    text.rune();
                    regexp.repeat(&last, 0, None)?
                }
                '{' => match repetition(&mut text) {
                    Some((least, most)) => regexp.repeat(&last, least, most)?,
                    None => regexp.step(Step::One(Set::Rune(text.rune()?))),
                },
                '\\' => regexp.escaped(&mut text, last)?,
                _ => regexp.plain(&mut text)?,
            };
            if regexp.steps.len() > MOST {
                return None;
            }
        }
        regexp.steps.push(Step::Accept);
        regexp.find_literals();
        Some(regexp)
    }

    fn step(&mut self, step: Step) -> Last {
        self.steps.push(step);
        Last::Step
    }

    fn class(&mut self, class: Class) -> Last {
        let number = u32::try_from(self.classes.len()).unwrap_or(u32::MAX);
        self.classes.push(class);
        self.step(Step::One(Set::Class(number)))
    }

    fn plain(&mut self, text: &mut Cursor<'_>) -> Option<Last> {
        if text.eat("(.*/)?") {
            // Two of them in a row are as good as one.
            if self.steps.last() != Some(&Step::Inside) {
                self.steps.extend([Step::Folders, Step::Inside]);
            }
            return Some(Last::Repeated);
        }
        if text.eat("[^/]") {
            return Some(self.step(Step::One(Set::NotSlash)));
        }
        let rune = text.rune()?;
        Some(match char::from_u32(rune)? {
            '^' => self.step(Step::Begin),
            '$' => self.step(Step::End),
            '.' => self.step(Step::One(Set::NotNewline)),
            '[' => {
                let class = bracket(text)?;
                self.class(class)
            }
            '|' => {
                self.steps.push(Step::Accept);
                self.starts.push(self.steps.len());
                Last::Nothing
            }
            '(' | ')' | '+' | '?' => return None,
            _ => self.step(Step::One(Set::Rune(rune))),
        })
    }

    fn escaped(&mut self, text: &mut Cursor<'_>, last: Last) -> Option<Last> {
        for (sign, step) in [("\\A", Step::Begin), ("\\z", Step::End), ("\\b", Step::Boundary), ("\\B", Step::NoBoundary)] {
            if text.eat(sign) {
                return Some(self.step(step));
            }
        }
        if text.eat("\\Q") {
            let (literal, rest) = text.0.split_once("\\E").unwrap_or((text.0, ""));
            text.0 = rest;
            self.steps.extend(literal.chars().map(|rune| Step::One(Set::Rune(u32::from(rune)))));
            return Some(if literal.is_empty() { last } else { Last::Step });
        }
        if matches!(text.0.as_bytes().get(1), Some(b'd' | b'D' | b's' | b'S' | b'w' | b'W' | b'p' | b'P')) {
            let class = escape_class(text)?;
            return Some(self.class(class));
        }
        text.eat("\\");
        Some(self.step(Step::One(Set::Rune(escape(text)?))))
    }

    /// Makes the last step one that is taken `least` to `most` times.
    fn repeat(&mut self, last: &Last, least: u32, most: Option<u32>) -> Option<Last> {
        if *last != Last::Step || least > REPEAT || most.is_some_and(|most| most > REPEAT || most < least) {
            return None;
        }
        match self.steps.pop()? {
            Step::One(set) => {
                self.steps.extend((0..least).map(|_| Step::One(set)));
                match most {
                    None => self.steps.push(Step::Many(set)),
                    Some(most) => self.steps.extend((least..most).map(|_| Step::Maybe(set))),
                }
            }
            // What takes no rune holds as often as one likes.
            assertion => self.steps.extend((least > 0).then_some(assertion)),
        }
        Some(Last::Repeated)
    }

    /// Finds the literal parts, so that most paths need not be run. A rune U+FFFD can be any byte that is not UTF-8.
    fn find_literals(&mut self) {
        let [Step::Begin, steps @ .., Step::End, Step::Accept] = self.steps.as_slice() else { return };
        if self.starts.len() > 1 {
            return;
        }
        let mut literal = String::new();
        let (mut length, mut in_prefix) = (0, true);
        for step in steps {
            let rune = if let Step::One(Set::Rune(rune)) = step { char::from_u32(*rune) } else { None };
            if let Some(rune) = rune.filter(|rune| *rune != char::REPLACEMENT_CHARACTER) {
                literal.push(rune);
                length += usize::from(in_prefix);
                continue;
            }
            if in_prefix {
                self.prefix = std::mem::take(&mut literal);
                in_prefix = false;
            } else if literal.len() > self.inner.len() {
                self.inner = std::mem::take(&mut literal);
            }
            literal.clear();
        }
        if in_prefix {
            self.prefix.clone_from(&literal);
        }
        self.suffix = literal;
        self.steps.drain(1..=length);
    }
}

/// `{n}`, `{n,}` or `{n,m}`; none where the text is no repetition, which makes its `{` a literal.
fn repetition(text: &mut Cursor<'_>) -> Option<(u32, Option<u32>)> {
    let (body, rest) = text.0.strip_prefix('{')?.split_once('}')?;
    let (least, most) = match body.split_once(',') {
        None => (number(body)?, Some(number(body)?)),
        Some((least, "")) => (number(least)?, None),
        Some((least, most)) => (number(least)?, Some(number(most)?)),
    };
    text.0 = rest;
    Some((least, most))
}

/// A number without leading zeros; one that is too large is as wrong as any above the limit.
fn number(text: &str) -> Option<u32> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    is_number.then(|| text.parse().unwrap_or(u32::MAX))
}
