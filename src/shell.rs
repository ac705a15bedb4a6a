//! What goes to shells and programs: quoted words, and variables.

use std::ops::Index;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

/// A word that a POSIX shell reads back as `text`.
///
/// ```
/// assert_eq!(docktag::shell::quote("a/b:1"), "a/b:1");
/// assert_eq!(docktag::shell::quote("it's"), r"'it'\''s'");
/// ```
pub fn quote(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:=@,+%".contains(&byte);
    match !text.is_empty() && text.bytes().all(plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

/// A text for a terminal: what it would obey, or show in another order than it stands there, is escaped. Line feeds and tabs stay.
///
/// Besides control characters these are those for directions of writing, which hide what a text says (Unicode TR36, "Bidirectional Text
/// Spoofing"), and the ends of lines that only some programs take for ones.
///
/// ```
/// assert_eq!(docktag::shell::printable("a\tb\r\n\u{1b}[2J\u{9b}c\u{202e}d"), "a\tb\\r\n\\u{1b}[2J\\u{9b}c\\u{202e}d");
/// ```
pub fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match is_obeyed(character) {
            true if character.is_control() => safe.extend(character.escape_default()),
            true => safe.extend(character.escape_unicode()),
            false => safe.push(character),
        }
    }
    safe
}

/// Whether a terminal would obey a character: what [`printable`] escapes.
pub fn is_obeyed(character: char) -> bool {
    match character {
        '\n' | '\t' => false,
        '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        _ => character.is_control(),
    }
}

/// Environment variables, sorted by name; in JSON an object.
///
/// They are few, so a sorted list does; a `BTreeMap` of texts would be 10 kB of the wasm.
///
/// ```
/// use docktag::shell::Env;
///
/// let mut env = Env::default();
/// env.insert("B".to_owned(), "1".to_owned());
/// env.insert("A".to_owned(), "2".to_owned());
/// env.insert("B".to_owned(), "3".to_owned());
/// assert_eq!(serde_json::to_string(&env)?, r#"{"A":"2","B":"3"}"#);
/// assert_eq!(env.get("C"), None);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Env(Vec<(String, String)>);

impl Env {
    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&String> {
        self.find(name).ok().map(|index| &self.0[index].1)
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.0.iter().map(|(name, _)| name)
    }

    /// Sets a variable.
    pub fn insert(&mut self, name: String, value: String) {
        match self.find(&name) {
            Ok(index) => self.0[index].1 = value,
            Err(index) => self.0.insert(index, (name, value)),
        }
    }

    /// Removes a variable.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(other, _)| other != name);
    }

    /// Removes a variable whatever the case of its name: on Windows `Path` and `PATH` are one variable.
    pub fn remove_in_any_case(&mut self, name: &str) {
        self.0.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
    }

    fn find(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(other, _)| other.as_str().cmp(name))
    }
}

impl Index<&str> for Env {
    type Output = String;

    /// # Panics
    /// Where the variable is not set.
    fn index(&self, name: &str) -> &String {
        &self.0[self.find(name).unwrap_or(usize::MAX)].1
    }
}

impl<const N: usize> From<[(String, String); N]> for Env {
    fn from(pairs: [(String, String); N]) -> Self {
        pairs.into_iter().collect()
    }
}

impl FromIterator<(String, String)> for Env {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        let mut env = Env::default();
        pairs.into_iter().for_each(|(name, value)| env.insert(name, value));
        env
    }
}

impl<'a> IntoIterator for &'a Env {
    type Item = (&'a str, &'a str);
    type IntoIter = std::iter::Map<std::slice::Iter<'a, (String, String)>, fn(&'a (String, String)) -> (&'a str, &'a str)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(|(name, value)| (name, value))
    }
}

impl Serialize for Env {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}
