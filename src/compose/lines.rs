//! The lines of a YAML text, for the rules that go-yaml has and our parser has not.

use saphyr_parser::{Marker, ScalarStyle, Span};

/// Lines to indent more, and by how much.
#[derive(Debug)]
pub(super) struct Fix {
    first: usize,
    last: usize,
    width: usize,
}

impl Fix {
    pub(super) fn of_line(line: usize, width: usize) -> Fix {
        Fix { first: line, last: line, width }
    }

    /// The text with these lines indented more; `None` where that was done before.
    pub(super) fn apply(&self, text: &str) -> Option<String> {
        let mut fixed = String::with_capacity(text.len() + self.width);
        let mut changed = false;
        for (line, number) in text.split_inclusive('\n').zip(1..) {
            let indent = line.len() - line.trim_start_matches(' ').len();
            if (self.first..=self.last).contains(&number) && indent < self.width {
                fixed.extend(std::iter::repeat_n(' ', self.width));
                changed = true;
            }
            fixed.push_str(line);
        }
        changed.then_some(fixed)
    }
}

/// The lines, and how the last one ends.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    lines: Vec<&'a str>,
    has_tabs: bool,
    /// Whether the last line has no end, yet something on it.
    is_open: bool,
    /// Lines within quotes, brackets and block scalars; empty where there are no tabs.
    covered: Vec<bool>,
}

impl<'a> Lines<'a> {
    pub(super) fn of(text: &'a str) -> Lines<'a> {
        let lines: Vec<&str> = text.split('\n').collect();
        let is_open = !text.ends_with(['\n', '\r']) && lines.last().is_some_and(|line| !line.trim_matches(' ').is_empty());
        let has_tabs = text.contains('\t');
        let covered = if has_tabs { vec![false; lines.len() + 2] } else { Vec::new() };
        Lines { lines, has_tabs, is_open, covered }
    }

    /// A block scalar at the end of a text without a last line's end has none either.
    pub(super) fn without_added_end<'b>(&self, scalar: &'b str, style: ScalarStyle, span: Span) -> &'b str {
        let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        match scalar.strip_suffix('\n').filter(|_| is_block && self.is_open) {
            Some(shorter) if span.end.line() >= self.lines.len() && self.ends_with(shorter) => shorter,
            _ => scalar,
        }
    }

    /// Whether a scalar ends with the last line of the text.
    fn ends_with(&self, scalar: &str) -> bool {
        self.lines.last().is_some_and(|line| scalar.ends_with(line.trim_start_matches(' ')))
    }

    /// Tabs may stand anywhere in these lines.
    pub(super) fn cover(&mut self, first: usize, last: usize) {
        self.covered.iter_mut().take(last + 1).skip(first).for_each(|covered| *covered = true);
    }

    /// A line with nothing on it, or a comment, that is indented with a tab.
    pub(super) fn uncovered_tab(&self) -> Option<usize> {
        let blank = |line: &str| line.trim_start().is_empty() || line.trim_start().starts_with('#');
        let indent = |line: &'a str| &line[..line.len() - line.trim_start_matches([' ', '\t']).len()];
        let lines = self.covered.iter().skip(1).zip(&self.lines).zip(1..);
        lines.into_iter().find(|((covered, line), _)| !**covered && blank(line) && indent(line).contains('\t')).map(|(_, number)| number)
    }

    /// The lines behind the first of a quoted scalar that begins there.
    pub(super) fn quoted(&self, start: Marker, width: usize) -> Option<Fix> {
        let mut quote = None;
        let mut escaped = false;
        for number in start.line()..=self.lines.len() {
            let skip = if number == start.line() { start.col() } else { 0 };
            for character in self.line(number).chars().skip(skip) {
                match quote {
                    None => quote = Some(character),
                    // A quote that stands twice ends the scalar and begins it anew: that there is a second one is seen on its line.
                    Some(quote) if character == quote && !escaped => return Some(Fix { first: start.line() + 1, last: number, width }),
                    Some('"') => escaped = character == '\\' && !escaped,
                    Some(_) => {}
                }
            }
            escaped = false;
        }
        None
    }

    /// Whether a collection begins with a bracket, perhaps behind a tag and an anchor.
    pub(super) fn is_bracket(&self, span: Span) -> bool {
        let mut rest: String = self.line(span.start.line()).chars().skip(span.start.col()).collect();
        while rest.starts_with(['!', '&']) {
            rest = rest.split_once([' ', '\t']).map_or("", |(_, rest)| rest).trim_start().to_owned();
        }
        rest.starts_with(['[', '{'])
    }

    /// The line of a tab that indents what begins there, or, of a plain scalar, a later line of it: left of `column`.
    pub(super) fn tab(&self, span: Span, is_plain: bool, column: usize) -> Option<usize> {
        if !self.has_tabs {
            return None;
        }
        let (first, last) = (span.start.line(), span.end.line());
        let before: String = self.line(first).chars().take(span.start.col()).collect();
        let rest = before.trim_end_matches([' ', '\t']);
        let is_indented = rest.is_empty() || rest == "-" || rest == "?" || rest.ends_with(" -");
        if is_indented && before[rest.len()..].contains('\t') {
            return Some(first);
        }
        let wrong = |number: &usize| {
            let line = self.line(*number);
            let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
            indent < line.trim_end().len() && line.find('\t').is_some_and(|tab| tab < indent && tab < column)
        };
        if is_plain { (first + 1..=last).find(wrong) } else { None }
    }

    fn line(&self, number: usize) -> &'a str {
        number.checked_sub(1).and_then(|index| self.lines.get(index)).copied().unwrap_or_default()
    }
}
