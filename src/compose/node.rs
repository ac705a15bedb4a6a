//! A YAML value that knows where it stands.

use std::fmt;
use std::rc::Rc;

use serde_json::{Number, Value as Json};

use crate::compose::float;
use crate::error::{Code, Error};
use crate::map;

/// A mapping, sorted by its keys.
pub(super) type Map = map::Map<String, Node>;

/// A value with its place. Two nodes are equal where their values are.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) at: At,
    pub(super) tag: Tag,
}

/// What a node can be; numbers are told apart as Go tells them apart.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    /// Above the range of `Int`.
    Uint(u64),
    Float(f64),
    /// A time stamp, as Go prints it.
    Time(String),
    Text(String),
    List(Vec<Node>),
    Map(Map),
}

/// The tags that mean something to Compose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Tag {
    #[default]
    None,
    /// `!reset`: the value of earlier files goes, and this one does not come.
    Reset,
    /// `!override`: this value replaces that of earlier files.
    Override,
}

/// Where a value comes from: a line of a file (of a mapping's member it is the line of the key), and the variables in it.
#[derive(Debug, Clone)]
pub(super) struct At {
    pub(super) file: Rc<str>,
    pub(super) line: u32,
    /// The variables that stood in its text and have no value: not set, or empty.
    pub(super) blanks: Option<Rc<Vec<String>>>,
}

impl At {
    /// A line of a file; 0 for the file itself.
    pub(super) fn new(file: &Rc<str>, line: u32) -> At {
        At { file: Rc::clone(file), line, blanks: None }
    }

    /// An error of what Compose refuses too.
    pub(super) fn invalid(&self, message: impl Into<String>) -> Error {
        self.error(Code::ComposeFileInvalid, message.into())
    }

    /// An error of what only we refuse: Compose has to be asked.
    pub(super) fn not_covered(&self, message: impl Into<String>) -> Error {
        self.error(Code::ComposeNotCovered, message.into())
    }

    fn error(&self, code: Code, message: String) -> Error {
        let error = Error::new(code, message).at(&self.file);
        if self.line == 0 { error } else { error.line(self.line) }
    }
}

impl Node {
    /// A node that was not written, at the place of what it comes from.
    pub(super) fn new(value: Value, at: &At) -> Node {
        Node { value, at: at.clone(), tag: Tag::None }
    }

    pub(super) fn text(text: impl Into<String>, at: &At) -> Node {
        Node::new(Value::Text(text.into()), at)
    }

    /// Gives the variables without a value that this and all that is in it is made with.
    pub(super) fn blanks(&self, give: &mut dyn FnMut(&String)) {
        self.at.blanks.iter().flat_map(|blanks| blanks.iter()).for_each(&mut *give);
        match &self.value {
            Value::List(list) => list.iter().for_each(|node| node.blanks(give)),
            Value::Map(map) => map.values().for_each(|node| node.blanks(give)),
            _ => {}
        }
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn as_map(&self) -> Option<&Map> {
        match &self.value {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    pub(super) fn as_map_mut(&mut self) -> Option<&mut Map> {
        match &mut self.value {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    pub(super) fn as_list(&self) -> Option<&[Node]> {
        match &self.value {
            Value::List(list) => Some(list),
            _ => None,
        }
    }

    pub(super) fn is_null(&self) -> bool {
        self.value == Value::Null
    }

    /// The member of that name, where this is a mapping that has it.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.as_map()?.get(key)
    }

    /// The same value as JSON; what JSON has no number for is null.
    pub(super) fn to_json(&self) -> Json {
        match &self.value {
            Value::Null => Json::Null,
            Value::Bool(value) => Json::Bool(*value),
            Value::Int(value) => Json::from(*value),
            Value::Uint(value) => Json::from(*value),
            Value::Float(value) => Number::from_f64(*value).map_or(Json::Null, Json::Number),
            Value::Time(text) | Value::Text(text) => Json::String(text.clone()),
            Value::List(list) => Json::Array(list.iter().map(Node::to_json).collect()),
            Value::Map(map) => Json::Object(map.iter().map(|(key, node)| (key.clone(), node.to_json())).collect()),
        }
    }
}

impl PartialEq for Node {
    fn eq(&self, other: &Node) -> bool {
        self.value == other.value
    }
}

/// As Go's `fmt.Sprint` prints it (rule: Go `fmt/print.go`).
impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Value::Null => f.write_str("<nil>"),
            Value::Bool(value) => write!(f, "{value}"),
            Value::Int(value) => write!(f, "{value}"),
            Value::Uint(value) => write!(f, "{value}"),
            Value::Float(value) => f.write_str(&float::print(*value)),
            Value::Time(text) | Value::Text(text) => f.write_str(text),
            Value::List(list) => {
                f.write_str("[")?;
                for (index, node) in list.iter().enumerate() {
                    if index > 0 {
                        f.write_str(" ")?;
                    }
                    write!(f, "{node}")?;
                }
                f.write_str("]")
            }
            Value::Map(map) => {
                f.write_str("map[")?;
                for (index, (key, node)) in map.iter().enumerate() {
                    if index > 0 {
                        f.write_str(" ")?;
                    }
                    write!(f, "{key}:{node}")?;
                }
                f.write_str("]")
            }
        }
    }
}
