//! A YAML value that knows where it stands.

use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use serde_json::{Number, Value as Json};

use crate::error::{Code, Error};

/// A mapping, sorted by its keys.
pub(super) type Map = BTreeMap<String, Node>;

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

/// A line of a file; of a mapping's member it is the line of the key.
#[derive(Debug, Clone)]
pub(super) struct At {
    pub(super) file: Rc<str>,
    pub(super) line: u32,
}

impl At {
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
            Value::Float(value) => f.write_str(&go_float(*value)),
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

/// The shortest digits, with an exponent below 1e-4 and from 1e6 on (rule: Go `strconv/ftoa.go`, format `g`).
fn go_float(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let text = format!("{value:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..GO_PRECISION).contains(&exponent) {
        return format!("{value}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

/// From this power of ten on Go writes an exponent.
const GO_PRECISION: i32 = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_printed_as_go_prints_them() {
        for (value, text) in [
            (1.1, "1.1"),
            (1.0, "1"),
            (100_000.0, "100000"),
            (123_456.5, "123456.5"),
            (1_000_000.0, "1e+06"),
            (1_234_567.5, "1.2345675e+06"),
            (1e21, "1e+21"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1.5e-7, "1.5e-07"),
            (1e308, "1e+308"),
            (-0.0, "-0"),
            (5e-324, "5e-324"),
        ] {
            assert_eq!(go_float(value), text);
        }
    }
}
