//! `$V`, `${V:-default}` and their kin, in one text.
//!
//! Rule: compose-go `template/template.go`. Its pattern is read here by hand: a variable in braces ends at the brace that closes
//! it, or, where none does, at the last one of the line.

use crate::compose::node::Node;
use crate::map::Map;

/// How deep defaults may hold defaults.
const DEPTH: usize = 100;
/// So many variables without a value are remembered of one text.
const BLANKS: usize = 100;

/// How variables are looked up.
pub(super) type Lookup<'a> = &'a dyn Fn(&str) -> Option<&'a str>;

/// What is collected while texts are interpolated, and how much they may still make.
#[derive(Debug)]
pub(super) struct Notes {
    /// What Compose warns of.
    pub(super) warnings: Vec<String>,
    /// The bytes that may still be written: a value can be long, and stand often.
    left: usize,
    /// The variables without a value in the text that is read.
    blanks: Vec<String>,
    /// Variables of files that are made with others that have no value.
    pub(super) behind: Map<String, Vec<String>>,
    /// The variables without a value that decide which files are read, or the project's name.
    pub(super) used: Vec<String>,
}

impl Notes {
    /// Takes the variables without a value of the text that was read.
    pub(super) fn take_blanks(&mut self) -> Vec<String> {
        std::mem::take(&mut self.blanks)
    }

    /// Notes that the text that was read decides.
    pub(super) fn use_blanks(&mut self) {
        self.used.append(&mut self.blanks);
    }

    /// Notes that a value decides.
    pub(super) fn use_in(&mut self, node: &Node) {
        node.blanks(&mut |blank| self.used.push(blank.clone()));
    }

    /// Notes a variable, by its value.
    fn look_at(&mut self, name: &str, value: Option<&str>) {
        let own = value.is_none_or(str::is_empty).then_some(name);
        let behind = self.behind.get(name).into_iter().flatten().map(String::as_str);
        for name in own.into_iter().chain(behind) {
            // Values of values would name the same ones over and over.
            if self.blanks.len() < BLANKS && !self.blanks.iter().any(|blank| blank == name) {
                self.blanks.push(name.to_owned());
            }
        }
    }
}

/// What Compose warns of if a variable is not set.
pub(crate) fn unset_warning(name: &str) -> String {
    format!("The \"{name}\" variable is not set. Defaulting to a blank string.")
}

impl Default for Notes {
    fn default() -> Self {
        Notes { warnings: Vec::new(), left: 64 << 20, blanks: Vec::new(), behind: Map::new(), used: Vec::new() }
    }
}

/// Whether a warning is one of [`unset_warning`].
pub(crate) fn is_unset_warning(text: &str) -> bool {
    text.starts_with("The \"") && text.ends_with("\" variable is not set. Defaulting to a blank string.")
}

/// Why a text cannot be interpolated.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// It is not in the format; with the text.
    Invalid(String),
    /// A variable of the form `${V:?reason}` is missing; with name and reason.
    Required(String, String),
    /// It makes too much, or is nested too deeply.
    TooMuch,
}

impl Failure {
    /// What to tell.
    pub(super) fn message(&self) -> String {
        match self {
            Failure::Invalid(text) => format!("`{}` is no variable that Compose knows", text.escape_debug()),
            Failure::Required(name, reason) if reason.is_empty() => format!("the variable {name} is required and not set"),
            Failure::Required(name, reason) => format!("the variable {name} is required and not set: {reason}"),
            Failure::TooMuch => "variables make too much text".to_owned(),
        }
    }
}

/// The text with every variable replaced.
pub(super) fn substitute(text: &str, lookup: Lookup<'_>, notes: &mut Notes) -> Result<String, Failure> {
    if !text.contains('$') {
        return Ok(text.to_owned());
    }
    expand(text, lookup, notes, 0)
}

fn expand(text: &str, lookup: Lookup<'_>, notes: &mut Notes, depth: usize) -> Result<String, Failure> {
    if depth > DEPTH {
        return Err(Failure::TooMuch);
    }
    let mut result = String::new();
    let mut failure = None;
    let mut line = Line::default();
    let mut rest = text;
    while let Some(dollar) = rest.find('$') {
        result.push_str(&rest[..dollar]);
        let after = &rest[dollar + 1..];
        let from = text.len() - after.len();
        let (value, end) = match after.as_bytes().first() {
            Some(b'$') => (Ok("$".to_owned()), 1),
            Some(b'{') => {
                let last = line.last_brace(text, from);
                braced(after, last.map(|last| last - from), lookup, notes, depth)
            }
            _ => match name_len(after) {
                0 => (Ok("$".to_owned()), 0),
                length => (Ok(plain(&after[..length], lookup, notes)), length),
            },
        };
        match value {
            Ok(value) => result.push_str(&value),
            Err(Failure::Invalid(of)) if of.is_empty() => failure = failure.or_else(|| Some(Failure::Invalid(text.to_owned()))),
            Err(error) => failure = failure.or(Some(error)),
        }
        rest = &after[end..];
        if result.len() > notes.left {
            return Err(Failure::TooMuch);
        }
    }
    result.push_str(rest);
    notes.left = notes.left.saturating_sub(result.len());
    failure.map_or(Ok(result), Err)
}

/// The last `}` of the line that is being read; found once a line.
#[derive(Default)]
struct Line {
    end: usize,
    brace: Option<usize>,
}

impl Line {
    fn last_brace(&mut self, text: &str, from: usize) -> Option<usize> {
        if from >= self.end {
            self.end = text[from..].find('\n').map_or(text.len(), |length| from + length);
            self.brace = text[from..self.end].rfind('}').map(|index| from + index);
        }
        self.brace.filter(|&index| index >= from)
    }
}

/// What stands behind a `$` and begins with `{`: its value, and how long it is. `last` is where the line's last `}` stands.
fn braced(text: &str, last: Option<usize>, lookup: Lookup<'_>, notes: &mut Notes, depth: usize) -> (Result<String, Failure>, usize) {
    let invalid = (Err(Failure::Invalid(String::new())), 1);
    let length = name_len(&text[1..]);
    let name = &text[1..1 + length];
    let behind = &text[1 + length..];
    if length == 0 {
        return invalid;
    }
    if behind.starts_with('}') {
        return (Ok(plain(name, lookup, notes)), length + 2);
    }
    let (colon, operator) = match behind.strip_prefix(':') {
        Some(rest) => (true, rest.chars().next()),
        None => (false, behind.chars().next()),
    };
    let start = length + 2 + usize::from(colon);
    let (Some(operator @ ('-' | '+' | '?')), Some(last)) = (operator, last.filter(|&last| last >= start)) else { return invalid };
    let end = closing(&text[..=last]).unwrap_or(last);
    let argument = text.get(start..end).unwrap_or_default();
    let value = lookup(name);
    let present = value.is_some_and(|value| !colon || !value.is_empty());
    let result = match (operator, present) {
        ('-', true) | ('?', true) => {
            notes.look_at(name, value);
            Ok(value.unwrap_or_default().to_owned())
        }
        ('+', false) => Ok(value.unwrap_or_default().to_owned()),
        ('?', false) => expand(argument, lookup, notes, depth + 1).and_then(|reason| Err(Failure::Required(name.to_owned(), reason))),
        _ => expand(argument, lookup, notes, depth + 1),
    };
    (result, end + 1)
}

/// Where the brace is closed that the text begins with; what stands right behind an opening brace does not count.
fn closing(text: &str) -> Option<usize> {
    let mut open = 0usize;
    let mut skip = false;
    for (index, byte) in text.bytes().enumerate() {
        if std::mem::take(&mut skip) {
            continue;
        }
        match byte {
            b'}' if open <= 1 => return Some(index),
            b'}' => open -= 1,
            b'{' => {
                open += 1;
                skip = true;
            }
            _ => {}
        }
    }
    None
}

/// The length of the name that a text begins with: `[_a-z][_a-z0-9]*` in either case, and what Unicode folds to it.
fn name_len(text: &str) -> usize {
    let letter = |character: char| matches!(character, '_' | 'a'..='z' | 'A'..='Z' | '\u{17f}' | '\u{212a}');
    let end = |(index, character): (usize, char)| (!letter(character) && (index == 0 || !character.is_ascii_digit())).then_some(index);
    text.char_indices().find_map(end).unwrap_or(text.len())
}

fn plain(name: &str, lookup: Lookup<'_>, notes: &mut Notes) -> String {
    notes.look_at(name, lookup(name));
    lookup(name).map(str::to_owned).unwrap_or_else(|| {
        notes.warnings.push(unset_warning(name));
        String::new()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<String, Failure> {
        let lookup = |name: &str| match name {
            "V" => Some("x"),
            "N" => Some("inner"),
            "EMPTY" => Some(""),
            _ => None,
        };
        substitute(text, &lookup, &mut Notes::default())
    }

    #[test]
    fn every_form() {
        for (text, expected) in [
            ("a$V.${V}b", "ax.xb"),
            ("$U${U}", ""),
            ("${U:-d}${EMPTY:-d}${EMPTY-d}${U-d}", "ddd"),
            ("${V:+p}${U:+p}${EMPTY:+p}${EMPTY+p}", "pp"),
            ("${V:?e}${EMPTY?e}", "x"),
            ("${U:-${V}}${U:-a${V}b${N}}", "xaxbinner"),
            ("$${V}$$$$V$$", "${V}$$V$"),
            ("$1 $- $", "$1 $- $"),
            ("${U:-a}b}", "ab}"),
            ("${U:-{a}}", "{a}"),
            ("${U:-{}} x", "{} x"),
            ("${U:-}", ""),
            ("${U:-$$V}", "$V"),
            ("${V}\n${U:-a\n}", "x\n"),
        ] {
            if text.ends_with("\n}") {
                assert_eq!(of(text), Err(Failure::Invalid(text.to_owned())));
            } else {
                assert_eq!(of(text).as_deref(), Ok(expected), "{text}");
            }
        }
    }

    #[test]
    fn what_is_no_variable() {
        for text in ["${}", "${ V }", "${V!x}", "${V.W}", "${V^^}", "${#V}", "${V:0:1}", "${V", "${V:-a", "a ${1}"] {
            assert_eq!(of(text), Err(Failure::Invalid(text.to_owned())), "{text}");
        }
        assert_eq!(of("${U:?need ${V}}"), Err(Failure::Required("U".to_owned(), "need x".to_owned())));
        assert_eq!(of("${U:-${A!}}"), Err(Failure::Invalid("${A!}".to_owned())));
    }

    #[test]
    fn much_of_anything_ends() {
        assert_eq!(of(&"${U:-".repeat(200_000)), Err(Failure::Invalid("${U:-".repeat(200_000))));
        let nested = format!("{}{}", "${U:-".repeat(100_000), "}".repeat(100_000));
        assert_eq!(of(&nested), Err(Failure::TooMuch));
        assert_eq!(of(&"${U:-x}".repeat(150_000)).unwrap().len(), 150_000);
        let long = "v".repeat(1 << 20);
        assert_eq!(substitute(&"$V".repeat(1000), &|_| Some(&long), &mut Notes::default()), Err(Failure::TooMuch));
    }
}
