//! Checks a model against the schema: unknown keys, wrong kinds, values out of range.
//!
//! Rule: compose-go `schema/compose-spec.json`, which is checked on the JSON of the model: `1.0` is whole, a time stamp a text.

use crate::compose::float;
use crate::compose::node::{Map, Node, Value};
use crate::compose::tree::Path;
use crate::compose::{schema_top, unique};
use crate::error::{Error, Result};
use crate::map;

/// Kinds of values, to be combined.
pub(super) const TEXT: u8 = 1;
pub(super) const INT: u8 = 2;
/// Numbers, whole ones too.
pub(super) const NUMBER: u8 = 4 | INT;
pub(super) const BOOL: u8 = 8;
pub(super) const NULL: u8 = 16;
pub(super) const LIST: u8 = 32;
pub(super) const MAP: u8 = 64;

/// What a value may be.
#[derive(Debug)]
pub(super) enum Kind {
    /// Anything.
    Any,
    /// One of these kinds, and no more is said of it.
    Is(u8),
    /// The same, and the decoder must make something of it.
    As(u8, Decode),
    /// A text, or a whole number within bounds.
    Range(u8, i64, i64),
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// A text for which this holds.
    Text(fn(&str) -> bool),
    /// A list; `true` where an item may stand once.
    List(&'static Kind, bool),
    /// A mapping with free keys.
    Dict(&'static Kind, Keys),
    /// A mapping with these keys.
    Object(&'static Object),
    /// The first of these that takes the kind of the value.
    Either(&'static [&'static Kind]),
}

/// Which free keys a mapping takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keys {
    /// All but the empty one.
    All,
    /// Letters, digits, `.`, `_` and `-`.
    Names,
    /// All; but only the values of those of small letters are checked.
    Letters,
}

/// Members by name.
pub(super) type Members = &'static [(&'static str, &'static Kind)];

/// A mapping with known keys.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) members: &'static [Members],
    pub(super) required: &'static [&'static str],
    pub(super) extra: Extra,
    pub(super) or_null: bool,
}

/// Which keys a mapping may have besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extra {
    None,
    /// Those that begin with `x-`.
    Extensions,
    Any,
}

/// What the decoder makes of a value at the end (`decode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decode {
    Bool,
    Int,
    Float,
    Bytes,
    Duration,
    Mode,
    Count,
    Command,
    /// Anything is printed.
    Printed,
}

/// Checks a whole model.
pub(super) fn validate(model: &Map) -> Result<()> {
    model.values().try_for_each(finite)?;
    members(model, &schema_top::MODEL, None, None)
}

/// The kind that the schema has for a member of a mapping.
pub(super) fn member_kind(object: &Object, key: &str) -> Option<&'static Kind> {
    object.members.iter().flat_map(|members| members.iter()).find(|(name, _)| *name == key).map(|(_, kind)| *kind)
}

/// JSON has no number for what is none.
fn finite(node: &Node) -> Result<()> {
    match &node.value {
        Value::Float(value) if !value.is_finite() => {
            Err(node.at.invalid(format!("`{node}` is no number that Compose takes; put it in quotes")))
        }
        Value::List(list) => list.iter().try_for_each(finite),
        Value::Map(map) => map.values().try_for_each(finite),
        _ => Ok(()),
    }
}

fn members(map: &Map, object: &Object, of: Option<&Node>, path: Option<&Path<'_>>) -> Result<()> {
    let next = |key| path.map_or(Path::top(key), |path| path.next(key));
    for (key, node) in map {
        let path = next(key);
        match member_kind(object, key) {
            Some(kind) => check(node, kind, &path)?,
            None if object.extra == Extra::Any || object.extra == Extra::Extensions && key.starts_with("x-") => {}
            None => {
                let error = node.at.invalid(format!("{path} is not known to Compose"));
                return Err(error.help("check its spelling and where it stands; keys of your own begin with `x-`"));
            }
        }
    }
    match object.required.iter().find(|key| !map.contains_key(**key)) {
        None => Ok(()),
        Some(key) => {
            let message = format!("{} is missing", next(key));
            Err(of.map_or_else(|| Error::new(crate::error::Code::ComposeFileInvalid, &*message), |node| node.at.invalid(&*message)))
        }
    }
}

fn check(node: &Node, kind: &Kind, path: &Path<'_>) -> Result<()> {
    let takes = takes(kind);
    if kind_of(node) & takes == 0 {
        return Err(node.at.invalid(format!("{path} must be {}", names(takes))));
    }
    let refuse = |what: &str| Err(node.at.invalid(format!("{path}: `{node}` {what}")));
    match (kind, &node.value) {
        (Kind::Range(_, least, most), Value::Int(value)) if value < least || (value > most && *most != i64::MAX) => {
            refuse("is out of range")
        }
        (Kind::Range(_, least, most), Value::Float(value)) if *value < *least as f64 || (*value > *most as f64 && *most != i64::MAX) => {
            refuse("is out of range")
        }
        (Kind::Range(_, _, most), Value::Uint(_)) if *most != i64::MAX => refuse("is out of range"),
        (Kind::OneOf(texts), Value::Text(text)) if !texts.contains(&text.as_str()) => {
            Err(node.at.invalid(format!("{path} must be one of {}", texts.join(", "))))
        }
        (Kind::OneOf(_) | Kind::Text(_), Value::Time(_)) => refuse("is not allowed here"),
        (Kind::Text(holds), Value::Text(text)) if !holds(text) => refuse("is not in the expected form"),
        (Kind::List(item, once), Value::List(list)) => {
            let path = path.next("[]");
            list.iter().try_for_each(|node| check(node, item, &path))?;
            if !once {
                return Ok(());
            }
            let mut seen = map::Set::new();
            match list.iter().find(|item| !seen.add(same_in_json(item))) {
                Some(item) => Err(item.at.invalid(format!("{path}: `{item}` stands twice"))),
                None => Ok(()),
            }
        }
        (Kind::Dict(value, keys), Value::Map(map)) => map.iter().try_for_each(|(key, node)| {
            let path = path.next(key);
            match keys {
                Keys::Letters if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_lowercase()) => Ok(()),
                Keys::Names if !is_name(key) => {
                    Err(node.at.invalid(format!("{path}: `{}` is no name that Compose takes", key.escape_debug())))
                }
                Keys::All if key.is_empty() => Err(node.at.invalid(format!("{path}: an empty name"))),
                _ => check(node, value, &path),
            }
        }),
        (Kind::Object(object), Value::Map(map)) => members(map, object, Some(node), Some(path)),
        (Kind::Either(kinds), _) => {
            kinds.iter().find(|kind| kind_of(node) & self::takes(kind) != 0).map_or(Ok(()), |kind| check(node, kind, path))
        }
        _ => Ok(()),
    }
}

/// The kinds that a kind of the schema takes.
pub(super) fn takes(kind: &Kind) -> u8 {
    match kind {
        Kind::Any => u8::MAX,
        Kind::Is(kinds) | Kind::As(kinds, _) | Kind::Range(kinds, _, _) => *kinds,
        Kind::OneOf(_) | Kind::Text(_) => TEXT,
        Kind::List(..) => LIST,
        Kind::Dict(..) => MAP,
        Kind::Object(object) => MAP | if object.or_null { NULL } else { 0 },
        Kind::Either(kinds) => kinds.iter().fold(0, |all, kind| all | takes(kind)),
    }
}

/// The kind of a value, as its JSON has it.
pub(super) fn kind_of(node: &Node) -> u8 {
    match &node.value {
        Value::Null => NULL,
        Value::Bool(_) => BOOL,
        Value::Int(_) | Value::Uint(_) => INT,
        Value::Float(value) if value.fract() == 0.0 => INT,
        Value::Float(_) => NUMBER & !INT,
        Value::Text(_) | Value::Time(_) => TEXT,
        Value::List(_) => LIST,
        Value::Map(_) => MAP,
    }
}

fn names(kinds: u8) -> String {
    let all = [
        (TEXT, "a text"),
        (NUMBER & !INT, "a number"),
        (INT, "a whole number"),
        (BOOL, "true or false"),
        (NULL, "empty"),
        (LIST, "a list"),
        (MAP, "a mapping"),
    ];
    let shown: Vec<&str> =
        all.iter().filter(|(kind, _)| kinds & kind != 0 && !(*kind == INT && kinds & NUMBER == NUMBER)).map(|(_, name)| *name).collect();
    shown.join(" or ")
}

fn same_in_json(node: &Node) -> String {
    match &node.value {
        Value::Float(value) if value.fract() == 0.0 && (value.is_sign_positive() || *value != 0.0) => whole(*value),
        Value::Time(text) => format!("\"{text}\""),
        _ => unique::identity(node),
    }
}

/// A whole number as an integer of the same value is written, where there is one.
fn whole(value: f64) -> String {
    const SIGNED: f64 = (1u64 << 63) as f64;
    match value {
        _ if value.abs() < SIGNED => (value as i64).to_string(),
        _ if value > 0.0 && value < 2.0 * SIGNED => (value as u64).to_string(),
        _ => float::print(value),
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}
