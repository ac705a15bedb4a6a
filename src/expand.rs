//! The words of a Dockerfile: quotes, escapes and `$VARIABLES`.
//!
//! rule: buildkit `frontend/dockerfile/shell/lex.go`.

mod pattern;
mod reader;

use reader::Reader;

use crate::error::{Code, Error, Result};
use crate::path::RelPath;

/// The longest text that one word may become: a doubling in every line would otherwise fill the memory.
const TEXT_MAX: usize = 1 << 20;

/// What is known of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lookup<'a> {
    /// Its value, where it is set.
    pub value: Option<&'a str>,
    /// Whether that is sure: a base image, which nobody looked at, may set it otherwise.
    pub sure: bool,
}

/// Where variables come from.
pub trait Variables {
    /// What is known of the variable `name`.
    fn get(&self, name: &str) -> Lookup<'_>;
}

/// No variable is set.
pub struct NoVariables;

impl Variables for NoVariables {
    fn get(&self, _name: &str) -> Lookup<'_> {
        Lookup { value: None, sure: true }
    }
}

/// How a word is read.
#[derive(Debug, Clone, Copy)]
pub struct Lex {
    /// The character that takes the meaning from the next one.
    pub escape: char,
    /// Quotes stay in the result.
    pub raw_quotes: bool,
    /// Escape characters stay in the result.
    pub raw_escapes: bool,
    /// Quotes are characters like any other (the text of a heredoc).
    pub plain_quotes: bool,
    /// A variable that is not set stays as it is written.
    pub keep_unset: bool,
}

impl Lex {
    /// The way instructions are read.
    pub fn new(escape: char) -> Self {
        Lex { escape, raw_quotes: false, raw_escapes: false, plain_quotes: false, keep_unset: false }
    }

    /// Reads a word and puts in the values of its variables.
    ///
    /// # Errors
    /// [`Code::DockerfileInvalid`] for a quote or brace without its end, an unknown operator, and `${X:?message}` of an unset variable.
    pub fn expand(self, word: &str, variables: &dyn Variables) -> Result<Expanded> {
        let mut reader = Reader::new(self, word, variables);
        let (text, words) = reader
            .until(None, self.raw_escapes, false)
            .map_err(|message| Error::new(Code::DockerfileInvalid, format!("cannot expand `{}`: {message}", shorten(word))))?;
        Ok(Expanded { text, words, names: reader.names, sure: reader.sure })
    }
}

/// The result of [`Lex::expand`].
///
/// ```
/// use docktag::expand::{Lex, NoVariables};
///
/// let word = Lex::new('\\').expand("${V:-3.20}-'$x'", &NoVariables)?;
/// assert_eq!(word.text, "3.20-$x");
/// assert_eq!(word.names, ["V"]);
/// # Ok::<(), docktag::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expanded {
    /// The word with the values in it.
    pub text: String,
    /// The same, split at white space outside of quotes.
    pub words: Vec<String>,
    /// The variables that were looked up.
    pub names: Vec<String>,
    /// Whether every variable in it was sure.
    pub sure: bool,
}

/// The beginning of a text, for a message that goes to a terminal.
pub(crate) fn shorten(text: &str) -> String {
    let start = text.char_indices().nth(100).and_then(|(end, _)| text.get(..end)).unwrap_or(text);
    let mut shown = RelPath::new(start.as_bytes()).to_string();
    if start.len() < text.len() {
        shown.push_str("...");
    }
    shown
}

#[cfg(test)]
mod tests;
