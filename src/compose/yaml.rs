//! YAML as Compose reads it: values with lines, aliases followed, within bounds.
//!
//! Rule for everything not said here: go.yaml.in/yaml/v4, which compose-go decodes with.

use std::borrow::Cow;
use std::rc::Rc;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span};

use crate::compose::lines::{Fix, Lines};
use crate::compose::node::{At, Map, Node, Tag, Value};
use crate::compose::scalar;
use crate::error::{Error, Result};
use crate::map;

/// How deep mappings and lists may nest: values are walked and dropped by recursion.
const DEPTH: usize = 100;
/// How many nodes aliases may add: a small text could fill the memory otherwise ("billion laughs").
const COPIED: usize = 100_000;
/// How many nodes a document may have (rule: compose-go `loader/reset.go`, `defaultMaxNodeVisits`).
const NODES: usize = 100_000;
/// How often a text may be read anew, and how many bytes may be read in all, for brackets that are indented less than their key.
const ROUNDS: usize = 500;
const ROUNDS_BYTES: usize = 16 << 20;
/// The key that merges other mappings into its own; a quoted one is refused, so there is no other.
pub(super) const MERGE: &str = "<<";

/// Reads every document of a file. Merge keys are left as they are: `tags::settle` applies them.
pub(super) fn documents(bytes: &[u8], file: &Rc<str>) -> Result<Vec<Node>> {
    let at = |line| At::new(file, line);
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(at(1).not_covered("UTF-16, expected UTF-8"));
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text),
        Err(error) => {
            let line = bytes.iter().take(error.valid_up_to()).filter(|&&byte| byte == b'\n').count() + 1;
            return Err(at(number(line)).invalid("no UTF-8"));
        }
    };
    if let Some((line, character)) =
        text.lines().zip(1..).find_map(|(text, line)| text.chars().find(|&character| !printable(character)).map(|found| (line, found)))
    {
        return Err(at(line).invalid(format!("the character `{}` cannot stand in YAML", character.escape_default())));
    }
    if text.contains(['\u{85}', '\u{2028}', '\u{2029}']) || text.starts_with('%') || text.contains("\n%YAML") {
        return Err(at(0).not_covered("a directive, or a line's end that is none in YAML 1.2"));
    }
    let mut text = Cow::Borrowed(text);
    // Brackets that end a list often stand where its key begins; each needs a round.
    for _ in 0..(ROUNDS_BYTES / text.len().max(1)).clamp(1, ROUNDS) {
        let (error, fix) = match parse(&text, file) {
            Ok(documents) => return Ok(documents),
            Err(stop) => stop,
        };
        match fix.and_then(|fix| fix.apply(&text)) {
            Some(fixed) => text = Cow::Owned(fixed),
            None => return Err(error),
        }
    }
    Err(at(0).not_covered("too many brackets and quotes that are indented less than their key"))
}

fn parse(text: &str, file: &Rc<str>) -> std::result::Result<Vec<Node>, (Error, Option<Fix>)> {
    let at = |line| At::new(file, line);
    let lines = Lines::of(text);
    let mut reader =
        Reader { lines, file, open: Vec::new(), anchors: map::Map::new(), copied: 0, kept: 0, nodes: 0, documents: Vec::new() };
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| reader.refuse(*error.marker(), error.info()))?;
        reader.take(event, span).map_err(|error| (error, None))?;
    }
    match reader.lines.uncovered_tab() {
        None => Ok(reader.documents),
        Some(line) => Err((at(number(line)).not_covered("a tab in the indentation").help("indent with spaces"), None)),
    }
}

struct Reader<'a> {
    lines: Lines<'a>,
    file: &'a Rc<str>,
    /// What has begun and not ended; the innermost is the last.
    open: Vec<Open>,
    anchors: map::Map<usize, Node>,
    /// Nodes that aliases have added.
    copied: usize,
    /// Nodes that stand in `anchors`.
    kept: usize,
    /// Nodes of this document.
    nodes: usize,
    documents: Vec<Node>,
}

struct Open {
    anchor: usize,
    node: Node,
    /// Of a mapping: the key that has no value yet, and its line.
    key: Option<(String, u32)>,
    /// Whether it stands in brackets.
    is_flow: bool,
    /// Where it begins: the column from 0, the line from 1.
    column: usize,
    line: usize,
}

impl Reader<'_> {
    /// Our parser wants deeper indentation within brackets and quotes than go-yaml does; there more of it changes nothing.
    fn refuse(&self, marker: Marker, info: &str) -> (Error, Option<Fix>) {
        let at = At::new(self.file, number(marker.line()));
        if !info.contains("invalid indentation") {
            return (at.invalid(info), None);
        }
        let width = self.open.iter().rfind(|open| !open.is_flow).map_or(0, |open| open.column) + 2;
        let is_flow = self.open.last().is_some_and(|open| open.is_flow);
        if info.contains("quoted") {
            return match self.lines.quoted(marker, width) {
                Some(fix) => (at.not_covered(info), Some(fix)),
                None => (at.invalid("a quoted text has no end"), None),
            };
        }
        (at.not_covered(info), Some(Fix::of_line(marker.line(), width)).filter(|_| is_flow))
    }

    fn take(&mut self, event: Event<'_>, span: Span) -> Result<()> {
        let at = At::new(self.file, number(span.start.line()));
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let tag = tag.as_deref();
                let kind = mark(tag);
                let is_merge = style == ScalarStyle::Plain && tag.is_none() && text == MERGE;
                self.check_tabs(span, style == ScalarStyle::Plain)?;
                if style != ScalarStyle::Plain {
                    self.lines.cover(span.start.line(), span.end.line());
                }
                let text = self.lines.without_added_end(&text, style, span);
                let value = scalar::value(text, style, tag).map_err(|message| at.invalid(message))?;
                if text == MERGE && !is_merge && self.awaits_key() {
                    return Err(at.not_covered("a quoted key `<<`"));
                }
                self.put(anchor, Node { value, at, tag: kind })
            }
            Event::Alias(anchor) => {
                self.check_tabs(span, false)?;
                let Some(node) = self.anchors.get(&anchor) else {
                    return Err(at.invalid("an alias stands inside of what it names"));
                };
                self.copied += nodes(node);
                if self.copied > COPIED {
                    return Err(at.not_covered(format!("aliases make more than {COPIED} nodes")));
                }
                let node = Node { at, ..node.clone() };
                self.put(0, node)
            }
            Event::SequenceStart(anchor, tag) => self.begin(anchor, Value::List(Vec::new()), mark(tag.as_deref()), at, span),
            Event::MappingStart(anchor, tag) => self.begin(anchor, Value::Map(Map::new()), mark(tag.as_deref()), at, span),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(open) => {
                    if open.is_flow && self.open.last().is_none_or(|outer| !outer.is_flow) {
                        self.lines.cover(open.line, span.end.line());
                    }
                    self.put(open.anchor, open.node)
                }
                None => Ok(()),
            },
            Event::DocumentStart(explicit) => {
                if !explicit && !self.documents.is_empty() {
                    return Err(at.invalid("a document begins without `---`"));
                }
                self.anchors = map::Map::new();
                self.nodes = 0;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Where a line is indented by a tab (rule: go-yaml `scanner.go`): only flow collections may be.
    fn check_tabs(&self, span: Span, is_plain: bool) -> Result<()> {
        let Some(open) = self.open.last().filter(|open| !open.is_flow) else { return Ok(()) };
        match self.lines.tab(span, is_plain, open.column) {
            None => Ok(()),
            Some(line) => {
                let error = At::new(self.file, number(line)).invalid("a tab in the indentation");
                Err(error.help("indent with spaces"))
            }
        }
    }

    fn begin(&mut self, anchor: usize, value: Value, tag: Tag, at: At, span: Span) -> Result<()> {
        let is_flow = self.open.last().is_some_and(|open| open.is_flow) || self.lines.is_bracket(span);
        if !is_flow && !self.open.is_empty() {
            self.check_tabs(span, false)?;
        }
        if self.open.len() >= DEPTH {
            return Err(at.not_covered(format!("nested deeper than {DEPTH}")));
        }
        if self.awaits_key() {
            return Err(at.invalid("a key that is a mapping or a list, expected a text"));
        }
        let (column, line) = (span.start.col(), span.start.line());
        self.open.push(Open { anchor, node: Node { value, at, tag }, key: None, is_flow, column, line });
        Ok(())
    }

    fn awaits_key(&self) -> bool {
        self.open.last().is_some_and(|open| open.key.is_none() && matches!(open.node.value, Value::Map(_)))
    }

    /// A node that is complete goes into what is open around it.
    fn put(&mut self, anchor: usize, mut node: Node) -> Result<()> {
        if anchor > 0 {
            self.kept += nodes(&node);
            if self.kept > 10 * COPIED {
                return Err(node.at.not_covered("too many anchors"));
            }
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            self.documents.push(node);
            return Ok(());
        };
        let map = match &mut open.node.value {
            Value::Map(map) => map,
            Value::List(list) => {
                self.nodes += 1;
                list.push(node);
                return self.bounded();
            }
            _ => return Ok(()),
        };
        match open.key.take() {
            None => match node.value {
                Value::Text(text) => {
                    if map.contains_key(&text) {
                        return Err(node.at.invalid(format!("the key `{}` stands twice in a mapping", text.escape_debug())));
                    }
                    open.key = Some((text, node.at.line));
                }
                _ => return Err(node.at.invalid(format!("the key `{node}` is no text; put it in quotes"))),
            },
            Some((key, line)) => {
                self.nodes += 1;
                node.at.line = line;
                map.insert(key, node);
            }
        }
        self.bounded()
    }

    fn bounded(&self) -> Result<()> {
        match self.open.last() {
            Some(open) if self.nodes > NODES => Err(open.node.at.not_covered(format!("more than {NODES} values"))),
            _ => Ok(()),
        }
    }
}

fn mark(tag: Option<&saphyr_parser::Tag>) -> Tag {
    match tag {
        Some(tag) if tag.handle == "!" && tag.suffix == "reset" => Tag::Reset,
        Some(tag) if tag.handle == "!" && tag.suffix == "override" => Tag::Override,
        _ => Tag::None,
    }
}

/// A value and all that is in it.
fn nodes(node: &Node) -> usize {
    1 + match &node.value {
        Value::List(list) => list.iter().map(nodes).sum(),
        Value::Map(map) => map.values().map(nodes).sum(),
        _ => 0,
    }
}

/// What go-yaml's reader lets through (rule: YAML 1.1, 5.1).
fn printable(character: char) -> bool {
    matches!(character, '\t' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..) && character != '\u{feff}'
}

fn number(line: usize) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::error::Code;

    fn read(text: &str) -> std::result::Result<Json, String> {
        let nodes = documents(text.as_bytes(), &"a.yaml".into()).map_err(|error| error.headline())?;
        Ok(nodes.first().map_or(Json::Null, Node::to_json))
    }

    #[test]
    fn keys_are_texts_and_stand_once() {
        assert_eq!(read("1: a\n").unwrap_err(), "a.yaml:1: the key `1` is no text; put it in quotes");
        assert!(read("[b]: c\n").is_err());
        assert!(read("? {d: e}\n: f\n").is_err());
        assert_eq!(read("a: 1\nb: 2\na: 3\n").unwrap_err(), "a.yaml:3: the key `a` stands twice in a mapping");
    }

    #[test]
    fn aliases_are_followed_within_bounds() {
        assert_eq!(read("a: &x [1, {b: c}]\nd: *x\n").unwrap(), json!({"a": [1, {"b": "c"}], "d": [1, {"b": "c"}]}));
        assert_eq!(read("&k a: 1\nb: *k\n").unwrap(), json!({"a": 1, "b": "a"}));
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..20 {
            let inner = format!("*a{}, ", level - 1).repeat(10);
            bomb.push_str(&format!("a{level}: &a{level} [{inner}]\n"));
        }
        assert!(read(&bomb).unwrap_err().contains("more than 100000 nodes"));
        assert!(read("a: &a [*a]").unwrap_err().contains("inside of what it names"));
        assert!(read("a: *b").is_err());
        assert!(read(&"&a [".repeat(90)).is_err());
    }

    #[test]
    fn depth_and_size_have_an_end() {
        assert!(read(&"- ".repeat(100_000)).unwrap_err().contains("nested deeper than 100"));
        assert!(read(&"[".repeat(100_000)).is_err());
        assert!(read(&format!("{}{}", "[".repeat(100), "]".repeat(100))).is_ok());
        assert!(read(&"- a\n".repeat(100_001)).unwrap_err().contains("more than 100000 values"));
        assert!(read(&"- a\n".repeat(99_999)).is_ok());
    }

    #[test]
    fn what_is_no_yaml_has_a_line() {
        let error = |text: &[u8]| documents(text, &"a".into()).unwrap_err();
        assert_eq!((error(b"a: 1\nb: [\n").code, error(b"a: \xff\n").code), (Code::ComposeFileInvalid, Code::ComposeFileInvalid));
        assert_eq!(error(b"a: 1\nb: \x07\n").headline(), "a:2: the character `\\u{7}` cannot stand in YAML");
        assert_eq!(error(b"\xff\xfea\0").code, Code::ComposeNotCovered);
    }

    #[test]
    fn every_document_is_read() {
        let count = |text: &str| documents(text.as_bytes(), &"a".into()).unwrap().len();
        assert_eq!((count(""), count("# a\n"), count("---\n"), count("a: 1\n---\nb: 2\n"), count("\u{feff}a: 1")), (0, 0, 1, 2, 1));
        assert!(read("a: 1\n---\nb: [\n").is_err());
    }
}
