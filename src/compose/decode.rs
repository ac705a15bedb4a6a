//! What the decoder refuses although the schema takes it: texts that are no numbers, truth values, sizes, durations.
//!
//! Rules: compose-go `types/*.go`, `loader/mapstructure.go`, `loader/loader.go` (`processExtensions`).

use crate::compose::interpolate::Cast;
use crate::compose::node::{Map, Node, Value};
use crate::compose::schema::{BOOL, Decode, Kind, NUMBER, kind_of, member_kind, takes};
use crate::compose::template::Notes;
use crate::compose::tree::Path;
use crate::compose::{schema_top, units};
use crate::error::Result;

/// Where keys of your own end up; a mapping that holds free keys shows them under this one.
pub(super) const EXTENSIONS: &str = "#extensions";

/// Mappings whose keys are names, also where they begin with `x-`.
const NAMED: [&str; 6] = ["services", "services.*.depends_on", "volumes", "networks", "secrets", "configs"];
/// Variables in a list.
const VARIABLES: [&str; 6] = [
    "@.*.build.args",
    "@.*.environment",
    "services.*.pre_start.*.environment",
    "services.*.post_start.*.environment",
    "services.*.pre_stop.*.environment",
    "services.*.develop.watch.*.exec.environment",
];
const HOSTS: [&str; 3] = ["@.*.extra_hosts", "@.*.build.extra_hosts", "services.*.pre_start.*.extra_hosts"];
const TEXTS: [&str; 4] = ["@.*.storage_opt", "@.*.group_add", "services.*.pre_start.*.storage_opt", "services.*.pre_start.*.group_add"];
/// Sizes that may be negative, durations and the like are checked by the schema's table; ulimits have to be numbers.
const ULIMITS: [&str; 2] = ["@.*.build.ulimits.*", "@.*.ulimits.*"];

/// Moves keys of your own out of the way.
pub(super) fn extensions(model: &mut Map) {
    move_extensions(model, None);
}

fn move_extensions(map: &mut Map, path: Option<&Path<'_>>) {
    let named = path.is_some_and(|path| NAMED.iter().any(|pattern| path.matches(pattern)));
    let mut extra = Map::new();
    if !named {
        let keys: Vec<String> = map.keys().filter(|key| key.starts_with("x-")).cloned().collect();
        for key in keys {
            if let Some(node) = map.remove(&key) {
                extra.insert(key, node);
            }
        }
    }
    for (key, node) in map.iter_mut() {
        let next = path.map_or(Path::top(key), |path| path.next(key));
        match &mut node.value {
            Value::Map(inner) => move_extensions(inner, Some(&next)),
            Value::List(list) => {
                let next = next.next("[]");
                list.iter_mut().filter_map(Node::as_map_mut).for_each(|inner| move_extensions(inner, Some(&next)));
            }
            _ => {}
        }
    }
    if let Some(at) = extra.iter().next().map(|(_, node)| node.at.clone()) {
        map.insert(EXTENSIONS.to_owned(), Node::new(Value::Map(extra), &at));
    }
}

/// Checks a whole model in its long form; texts that stand for truth values become ones.
pub(super) fn check(model: &mut Map, notes: &mut Notes) -> Result<()> {
    if let Some(job) = model.get("jobs").and_then(|jobs| jobs.get(EXTENSIONS)) {
        return Err(job.at.not_covered("a job whose name begins with `x-`"));
    }
    for (key, node) in model {
        if let Some(kind) = member_kind(&schema_top::MODEL, key) {
            walk(node, kind, &Path::top(key), notes)?;
        }
    }
    Ok(())
}

fn walk(node: &mut Node, kind: &Kind, path: &Path<'_>, notes: &mut Notes) -> Result<()> {
    special(node, path)?;
    let at = node.at.clone();
    match (kind, &mut node.value) {
        (Kind::As(_, Decode::Int), Value::Uint(_)) => Err(at.not_covered(format!("{path} is out of range"))),
        (Kind::As(_, Decode::Int), Value::Float(value)) if value.abs() > 9e18 => Err(at.not_covered(format!("{path} is out of range"))),
        (Kind::As(_, decode), value) => {
            if let Some(decoded) = leaf(*decode, value, notes).map_err(|what| at.invalid(format!("{path}: {what}")))? {
                *value = decoded;
            }
            Ok(())
        }
        // Elsewhere a time stamp is printed, but Go puts none into a text.
        (Kind::Is(kinds) | Kind::Range(kinds, ..), Value::Time(text)) if kinds & BOOL == 0 && kinds & NUMBER != NUMBER => {
            Err(at.invalid(format!("{path}: `{text}` is a time stamp, expected a text; put it in quotes")))
        }
        (Kind::List(item, _), Value::List(list)) => list.iter_mut().try_for_each(|node| walk(node, item, &path.next("[]"), notes)),
        (Kind::Dict(value, _), Value::Map(map)) => {
            let members = map.iter_mut().filter(|(key, _)| *key != EXTENSIONS);
            members.into_iter().try_for_each(|(key, node)| walk(node, value, &path.next(key), notes))
        }
        (Kind::Object(object), Value::Map(map)) => map.iter_mut().try_for_each(|(key, node)| match member_kind(object, key) {
            Some(kind) => walk(node, kind, &path.next(key), notes),
            None => Ok(()),
        }),
        (Kind::Either(kinds), _) => match kinds.iter().find(|kind| kind_of(node) & takes(kind) != 0) {
            Some(kind) => walk(node, kind, path, notes),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

/// The value that a leaf gets, where it gets another one.
fn leaf(decode: Decode, value: &Value, notes: &mut Notes) -> std::result::Result<Option<Value>, String> {
    let Value::Text(text) = value else {
        return match (decode, value) {
            (Decode::Mode, Value::Float(_)) => Err("a mode is a whole number".to_owned()),
            // Of other numbers Compose makes nothing.
            (Decode::Bytes, Value::Float(_) | Value::Uint(_) | Value::Time(_)) => Ok(Some(Value::Int(0))),
            (Decode::Printed | Decode::Command, _) => Ok(None),
            (_, Value::Time(text)) => Err(format!("`{text}` is a time stamp; put it in quotes")),
            _ => Ok(None),
        };
    };
    let wrong = |is: bool, what: &str| if is { Ok(None) } else { Err(format!("`{}` is no {what}", text.escape_debug())) };
    match decode {
        Decode::Bool => Cast::Bool.of(text, notes).map(Some),
        Decode::Int => Cast::Int.of(text, notes).map(Some),
        Decode::Float => Cast::Float.of(text, notes).map(Some),
        Decode::Bytes => match units::bytes(text) {
            Some(bytes) => Ok(Some(Value::Int(bytes))),
            None => wrong(false, "size"),
        },
        Decode::Duration => wrong(units::is_duration(text), "duration"),
        Decode::Mode => wrong(i64::from_str_radix(text, 8).is_ok(), "mode in octal digits"),
        Decode::Count => wrong(text.eq_ignore_ascii_case("all") || text.parse::<i64>().is_ok(), "count"),
        Decode::Printed => Ok(None),
        Decode::Command => wrong(units::is_command(text), "command line: a quote or a bracket is not closed"),
    }
}

fn special(node: &Node, path: &Path<'_>) -> Result<()> {
    let any = |patterns: &[&str]| patterns.iter().any(|pattern| path.matches(pattern));
    if let (true, Some(list)) = (any(&VARIABLES), node.as_list()) {
        let ends_in_space = |item: &&Node| {
            let name = item.as_text().unwrap_or_default().split('=').next().unwrap_or_default();
            // Go looks at the last byte alone.
            name.bytes().last().is_some_and(|byte| matches!(byte, b'\t'..=b'\r' | b' ' | 0x85 | 0xa0))
        };
        if let Some(item) = list.iter().find(ends_in_space) {
            return Err(item.at.invalid(format!("{path}: the name in `{item}` ends in white space")));
        }
    }
    // Go puts a text or a whole number into a text, and nothing else.
    let text = |node: &Node| matches!(node.value, Value::Text(_) | Value::Int(_) | Value::Null);
    if any(&TEXTS)
        && let Some(node) = match &node.value {
            Value::Map(map) => map.values().find(|node| !text(node)),
            Value::List(list) => list.iter().find(|node| !text(node)),
            _ => None,
        }
    {
        return Err(node.at.invalid(format!("{path}: `{node}` must be a text; put it in quotes")));
    }
    if path.matches("@.*.pid") && node.is_null() {
        return Err(node.at.invalid(format!("{path} is empty")));
    }
    if any(&HOSTS) {
        hosts(node, path)?;
    }
    if any(&ULIMITS) {
        let number = |node: Option<&Node>| node.is_none_or(|node| matches!(node.value, Value::Int(_)));
        let is_limit =
            matches!(node.value, Value::Int(_)) || node.as_map().is_some_and(|map| number(map.get("soft")) && number(map.get("hard")));
        if !is_limit && !path.matches_key(EXTENSIONS) {
            return Err(node.at.invalid(format!("{path}: `{node}` is no limit, expected a whole number")));
        }
    }
    Ok(())
}

fn hosts(node: &Node, path: &Path<'_>) -> Result<()> {
    let name = |name: &str, at: &Node| match name.is_empty() || name.contains([':', '=']) {
        true => Err(at.at.invalid(format!("{path}: `{}` is no name of a host", name.escape_debug()))),
        false => Ok(()),
    };
    if let Some(map) = node.as_map() {
        map.iter().try_for_each(|(key, value)| name(key, value))?;
        if let Some(extra) = map.get(EXTENSIONS) {
            return Err(extra.at.invalid(format!("{path}: a host's name cannot begin with `x-` here")));
        }
        return Ok(());
    }
    for item in node.as_list().unwrap_or_default() {
        let text = item.to_string();
        let Some((host, _)) = text.split_once('=').or_else(|| text.split_once(':')) else {
            return Err(item.at.invalid(format!("{path}: `{item}` has no address, expected `host=ip`")));
        };
        name(host, item)?;
    }
    Ok(())
}
