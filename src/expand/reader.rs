//! One word, character by character.

use super::{Lex, TEXT_MAX, Variables, pattern};

/// The deepest nesting of `${a:-${b:-...}}`.
const DEPTH_MAX: usize = 100;

type Step<T> = Result<T, String>;

/// Reads one word.
pub(super) struct Reader<'a> {
    lex: Lex,
    rest: &'a str,
    variables: &'a dyn Variables,
    raw_escapes: bool,
    words: Vec<String>,
    /// One buffer for all levels, as in the original: a nested `${...}` forgets the part of the word before it.
    word: String,
    in_word: bool,
    pub(super) names: Vec<String>,
    pub(super) sure: bool,
    depth: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(lex: Lex, word: &'a str, variables: &'a dyn Variables) -> Self {
        Reader {
            lex,
            // rule: Go's text/scanner skips a byte order mark in front.
            rest: word.strip_prefix('\u{feff}').unwrap_or(word),
            variables,
            raw_escapes: lex.raw_escapes,
            words: Vec::new(),
            word: String::new(),
            in_word: false,
            names: Vec::new(),
            sure: true,
            depth: 0,
        }
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let found = chars.next();
        self.rest = chars.as_str();
        found
    }

    /// Reads up to `stop`, or to the end where there is none; the result as one text and as words.
    pub(super) fn until(&mut self, stop: Option<char>, raw_escapes: bool, pattern: bool) -> Step<(String, Vec<String>)> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(format!("nested more than {DEPTH_MAX} levels deep"));
        }
        let outer = (self.raw_escapes, std::mem::take(&mut self.words), self.in_word);
        self.raw_escapes = raw_escapes;
        self.word.clear();
        self.in_word = false;

        let result = self.until_stop(stop, pattern);

        let mut words = std::mem::replace(&mut self.words, outer.1);
        if !self.word.is_empty() {
            words.push(std::mem::take(&mut self.word));
        }
        (self.raw_escapes, self.in_word) = (outer.0, outer.2);
        self.depth -= 1;
        Ok((result?, words))
    }

    fn until_stop(&mut self, stop: Option<char>, pattern: bool) -> Step<String> {
        let mut text = String::new();
        while let Some(character) = self.peek() {
            if stop == Some(character) {
                self.next();
                return Ok(text);
            }
            let special = match character {
                '$' => Some(self.dollar()?),
                '<' => Some(self.heredoc_mark()),
                '\'' if !self.lex.plain_quotes => Some(self.single_quoted(pattern)?),
                '"' if !self.lex.plain_quotes => Some(self.double_quoted(pattern)?),
                _ => None,
            };
            match special {
                Some(part) => {
                    if character == '$' {
                        part.chars().for_each(|character| self.add(character));
                    } else {
                        self.word.push_str(&part);
                        self.in_word = true;
                    }
                    text.push_str(&part);
                }
                None => {
                    self.next();
                    if character == self.lex.escape {
                        if self.raw_escapes {
                            self.add_raw(character);
                            text.push(character);
                        }
                        let Some(escaped) = self.next() else { break };
                        self.add_raw(escaped);
                        text.push(escaped);
                    } else {
                        self.add(character);
                        text.push(character);
                    }
                }
            }
            if text.len() > TEXT_MAX {
                return Err(format!("becomes longer than {TEXT_MAX} bytes"));
            }
        }
        match stop {
            Some(stop) => Err(format!("no `{stop}` ends it")),
            None => Ok(text),
        }
    }

    fn add(&mut self, character: char) {
        if !character.is_whitespace() {
            self.add_raw(character);
        } else if self.in_word && !self.word.is_empty() {
            self.words.push(std::mem::take(&mut self.word));
            self.in_word = false;
        }
    }

    fn add_raw(&mut self, character: char) {
        self.word.push(character);
        self.in_word = true;
    }

    fn single_quoted(&mut self, pattern: bool) -> Step<String> {
        let mut text = String::new();
        self.next();
        if self.lex.raw_quotes {
            text.push('\'');
        }
        loop {
            match self.next() {
                None => return Err("no `'` ends the quotation".to_owned()),
                Some('\'') => break,
                Some(character) => {
                    if pattern && character == self.lex.escape {
                        text.push(character);
                    }
                    text.push(character);
                }
            }
        }
        if self.lex.raw_quotes {
            text.push('\'');
        }
        Ok(text)
    }

    fn double_quoted(&mut self, pattern: bool) -> Step<String> {
        let mut text = String::new();
        self.next();
        if self.lex.raw_quotes {
            text.push('"');
        }
        loop {
            match self.peek() {
                None => return Err("no `\"` ends the quotation".to_owned()),
                Some('"') => {
                    self.next();
                    break;
                }
                Some('$') => text.push_str(&self.dollar()?),
                Some(character) => {
                    self.next();
                    if character != self.lex.escape {
                        text.push(character);
                        continue;
                    }
                    match self.peek() {
                        // An escape at the very end is dropped.
                        None => {}
                        Some(escaped) if escaped == '"' || escaped == '$' || escaped == self.lex.escape => {
                            if self.raw_escapes {
                                text.push(character);
                            }
                            self.next();
                            text.push(escaped);
                        }
                        Some(_) => {
                            if self.raw_escapes && (!self.lex.raw_quotes || pattern) {
                                text.push(character);
                            }
                            text.push(character);
                        }
                    }
                }
            }
            if text.len() > TEXT_MAX {
                return Err(format!("becomes longer than {TEXT_MAX} bytes"));
            }
        }
        if self.lex.raw_quotes {
            text.push('"');
        }
        Ok(text)
    }

    fn heredoc_mark(&mut self) -> String {
        self.next();
        if self.peek() != Some('<') {
            return "<".to_owned();
        }
        self.next();
        let mut text = "<<".to_owned();
        while let Some(space @ ('\t' | '\r' | ' ')) = self.peek() {
            self.next();
            text.push(space);
        }
        text
    }

    fn dollar(&mut self) -> Step<String> {
        self.next();
        if self.peek() != Some('{') {
            let name = self.name();
            if name.is_empty() {
                return Ok("$".to_owned());
            }
            return Ok(match self.get(&name) {
                None if self.lex.keep_unset => format!("${name}"),
                value => value.unwrap_or_default(),
            });
        }
        self.next();
        match self.peek() {
            None => return Err("no `}` ends the substitution".to_owned()),
            Some('{' | '}' | ':') => return Err("bad substitution".to_owned()),
            Some(_) => {}
        }
        let name = self.name();
        match self.next() {
            Some('}') => Ok(match self.get(&name) {
                None if self.lex.keep_unset => format!("${{{name}}}"),
                value => value.unwrap_or_default(),
            }),
            Some(':') => {
                let operator = self.next().ok_or("no `}` ends the substitution")?;
                if matches!(operator, '#' | '%') {
                    return Err(format!("the operator `:{operator}` is not one of `:-`, `:+`, `:?`"));
                }
                self.operation(&name, operator, true)
            }
            Some(operator @ ('+' | '-' | '?' | '#' | '%')) => self.operation(&name, operator, false),
            Some('/') => self.replacement(&name),
            Some(other) => Err(format!("`{other}` is not an operator of a substitution")),
            None => Err("no `}` ends the substitution".to_owned()),
        }
    }

    fn operation(&mut self, name: &str, operator: char, empty_is_unset: bool) -> Step<String> {
        let is_pattern = matches!(operator, '#' | '%');
        let (word, _) = self.until(Some('}'), is_pattern, is_pattern)?;
        let colon = if empty_is_unset { ":" } else { "" };
        let value = self.get(name);
        if value.is_none() && self.lex.keep_unset {
            return Ok(format!("${{{name}{colon}{operator}{word}}}"));
        }
        let given = value.clone().filter(|value| !(empty_is_unset && value.is_empty()));
        match operator {
            '-' => Ok(given.unwrap_or(word)),
            '+' => Ok(given.map(|_| word).unwrap_or_default()),
            '?' => given.ok_or_else(|| match (word.is_empty(), value) {
                (false, _) => format!("{name}: {word}"),
                (true, None) => format!("{name} is not set"),
                (true, Some(_)) => format!("{name} is empty"),
            }),
            '#' | '%' => {
                let value = value.unwrap_or_default();
                // `##` and `%%` take as much as they can.
                let (pattern, greedy) = match word.strip_prefix(operator) {
                    Some(pattern) => (pattern, true),
                    None => (word.as_str(), false),
                };
                if operator == '#' { pattern::trim_start(pattern, &value, greedy) } else { pattern::trim_end(pattern, &value, greedy) }
            }
            _ => Err(format!("`{colon}{operator}` is not an operator of a substitution")),
        }
    }

    fn replacement(&mut self, name: &str) -> Step<String> {
        let all = self.peek() == Some('/');
        if all {
            self.next();
        }
        let (pattern, _) = self.until(Some('/'), true, true)?;
        let (replacement, _) = self.until(Some('}'), true, false)?;
        match self.get(name) {
            None if self.lex.keep_unset => Ok(format!("${{{name}/{pattern}/{replacement}}}")),
            value => pattern::replace(&pattern, &value.unwrap_or_default(), &replacement, all),
        }
    }

    fn name(&mut self) -> String {
        let Some(first) = self.peek() else { return String::new() };
        let length = if first.is_ascii_digit() {
            self.rest.bytes().take_while(u8::is_ascii_digit).count()
        } else if matches!(first, '@' | '*' | '#' | '?' | '-' | '$' | '!') {
            1
        } else {
            self.rest.find(|character: char| !character.is_alphanumeric() && character != '_').unwrap_or(self.rest.len())
        };
        let (name, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = rest;
        name.to_owned()
    }

    fn get(&mut self, name: &str) -> Option<String> {
        let found = self.variables.get(name);
        self.sure &= found.sure;
        self.names.push(name.to_owned());
        found.value.map(str::to_owned)
    }
}
