//! Short forms become long ones.
//!
//! Rules: compose-go `transform/*.go`.

use crate::compose::merge;
use crate::compose::mounts;
use crate::compose::node::{Map, Node, Value};
use crate::compose::template::Notes;
use crate::compose::tree::Path;
use crate::error::{Error, Result};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// A text is a list of one.
    List,
    /// A list of names is a mapping without values.
    Names,
    /// A text is the member of that name.
    Member(&'static str),
    EnvFile,
    Gpus,
    Volume,
    Device,
    Ulimit,
    /// What is no text is printed as one.
    Printed,
    /// A list of `KEY=VALUE` is a mapping.
    KeyValues,
    DependsOn,
    Ports,
    Ssh,
    External,
}

const RULES: [(&str, Rule); 40] = [
    ("@.*.env_file", Rule::EnvFile),
    ("@.*.label_file", Rule::List),
    ("@.*.gpus", Rule::Gpus),
    ("@.*.networks", Rule::Names),
    ("@.*.models", Rule::Names),
    ("@.*.volumes.*", Rule::Volume),
    ("@.*.dns", Rule::List),
    ("@.*.devices.*", Rule::Device),
    ("@.*.secrets.*", Rule::Member("source")),
    ("@.*.configs.*", Rule::Member("source")),
    ("@.*.ulimits.*", Rule::Ulimit),
    ("services.*.pre_start.*.env_file", Rule::EnvFile),
    ("services.*.pre_start.*.label_file", Rule::List),
    ("services.*.pre_start.*.gpus", Rule::Gpus),
    ("services.*.pre_start.*.networks", Rule::Names),
    ("services.*.pre_start.*.models", Rule::Names),
    ("services.*.pre_start.*.volumes.*", Rule::Volume),
    ("services.*.pre_start.*.dns", Rule::List),
    ("services.*.pre_start.*.devices.*", Rule::Device),
    ("services.*.pre_start.*.secrets.*", Rule::Member("source")),
    ("services.*.pre_start.*.configs.*", Rule::Member("source")),
    ("services.*.pre_start.*.ulimits.*", Rule::Ulimit),
    ("@.*.build", Rule::Member("context")),
    ("@.*.build.secrets.*", Rule::Member("source")),
    ("@.*.build.provenance", Rule::Printed),
    ("@.*.build.sbom", Rule::Printed),
    ("@.*.build.additional_contexts", Rule::KeyValues),
    ("@.*.build.ssh", Rule::Ssh),
    ("@.*.build.ulimits.*", Rule::Ulimit),
    ("@.*.depends_on", Rule::DependsOn),
    ("@.*.extends", Rule::Member("service")),
    ("@.*.ports", Rule::Ports),
    ("jobs.*.triggers.schedule.*", Rule::Member("cron")),
    ("services.*.develop.watch.*.ignore", Rule::List),
    ("services.*.develop.watch.*.include", Rule::List),
    ("volumes.*", Rule::External),
    ("networks.*", Rule::External),
    ("secrets.*", Rule::External),
    ("configs.*", Rule::External),
    ("include.*", Rule::Member("path")),
];

/// Brings a whole model into the long form.
pub(super) fn model(model: &mut Map, notes: &mut Notes) -> Result<()> {
    for (key, node) in model {
        walk(node, &Path::top(key), notes)?;
    }
    Ok(())
}

fn walk(node: &mut Node, path: &Path<'_>, notes: &mut Notes) -> Result<()> {
    if let Some(rule) = path.find(&RULES) {
        apply(rule, node, path, notes)?;
        // The others are not looked into.
        if !matches!(rule, Rule::Member("context" | "service") | Rule::External) {
            return Ok(());
        }
    }
    match &mut node.value {
        Value::Map(map) => map.iter_mut().try_for_each(|(key, member)| walk(member, &path.next(key), notes)),
        Value::List(list) => list.iter_mut().try_for_each(|item| walk(item, &path.next("[]"), notes)),
        _ => Ok(()),
    }
}

fn apply(rule: Rule, node: &mut Node, path: &Path<'_>, notes: &mut Notes) -> Result<()> {
    let at = node.at.clone();
    let wrong = |node: &Node| -> Error { at.invalid(format!("{path}: `{node}` is of the wrong kind")) };
    let value = std::mem::replace(&mut node.value, Value::Null);
    let list_of = |text: String| Value::List(vec![Node::text(text, &at)]);
    node.value = match (rule, value) {
        (Rule::List, Value::Text(text)) => list_of(text),
        (Rule::Names, Value::List(list)) => {
            let mut map = Map::new();
            for item in list {
                let name = item.as_text().ok_or_else(|| wrong(&item))?.to_owned();
                map.insert(name, Node::new(Value::Null, &item.at));
            }
            Value::Map(map)
        }
        (Rule::Member(key), Value::Text(text)) => Value::Map(Map::from([(key.to_owned(), Node::text(text, &at))])),
        (Rule::Member(_), value @ Value::Map(_)) => value,
        (Rule::EnvFile, Value::Text(text)) => Value::List(vec![env_file(Node::text(text, &at))]),
        (Rule::EnvFile, Value::List(list)) => Value::List(list.into_iter().map(env_file).collect()),
        (Rule::Gpus, Value::Text(_)) => {
            let count = Map::from([("count".to_owned(), Node::text("all", &at))]);
            Value::List(vec![Node::new(Value::Map(count), &at)])
        }
        (Rule::Gpus, value @ Value::List(_)) => value,
        (Rule::Volume | Rule::Device | Rule::DependsOn | Rule::Ssh, Value::Map(map)) => {
            let mut map = map;
            if rule == Rule::DependsOn {
                dependencies(&mut map, path)?;
            }
            Value::Map(map)
        }
        (Rule::Volume, Value::Text(text)) => volume(&text, node, path)?,
        (Rule::Device, Value::Text(text)) => device(&text, node, path)?,
        (Rule::Ulimit, value @ (Value::Map(_) | Value::Int(_))) => value,
        (Rule::Printed, value @ Value::Text(_)) => value,
        (Rule::Printed, value) => Value::Text(Node::new(value, &at).to_string()),
        (Rule::KeyValues, value @ Value::Map(_)) => value,
        (Rule::KeyValues, Value::List(list)) => {
            let mut map = Map::new();
            for item in list {
                let Some((key, value)) = item.as_text().and_then(|text| text.split_once('=')) else {
                    return Err(item.at.invalid(format!("{path}: `{item}`, expected `name=value`")));
                };
                map.insert(key.to_owned(), Node::text(value, &item.at));
            }
            Value::Map(map)
        }
        (Rule::DependsOn, Value::List(list)) => {
            let mut map = Map::new();
            for item in list {
                let name = item.as_text().ok_or_else(|| wrong(&item))?.to_owned();
                map.insert(name, Node::new(Value::Map(merge::dependency(&item.at)), &item.at));
            }
            Value::Map(map)
        }
        (Rule::Ports, Value::List(list)) => {
            list.iter().try_for_each(|item| port(item, path))?;
            Value::List(list)
        }
        (Rule::Ssh, Value::List(list)) => ssh(list, path)?,
        (Rule::External, Value::Null) => Value::Null,
        (Rule::External, Value::Map(map)) => {
            let mut map = map;
            external(&mut map, path, notes)?;
            Value::Map(map)
        }
        // These take what they do not know as it is.
        (Rule::List | Rule::Names, value) => value,
        (_, value) => return Err(wrong(&Node::new(value, &at))),
    };
    Ok(())
}

fn env_file(node: Node) -> Node {
    let at = node.at.clone();
    let mut map = match node.value {
        Value::Text(_) => Map::from([("path".to_owned(), node)]),
        Value::Map(map) => map,
        _ => return Node::new(Value::Null, &at),
    };
    map.insert_new("required".to_owned(), Node::new(Value::Bool(true), &at));
    Node::new(Value::Map(map), &at)
}

fn dependencies(map: &mut Map, path: &Path<'_>) -> Result<()> {
    for (name, node) in map {
        let at = node.at.clone();
        let Some(map) = node.as_map_mut() else { return Err(at.invalid(format!("{path}.{name} must be a mapping"))) };
        for (key, value) in merge::dependency(&at) {
            map.insert_new(key, value);
        }
    }
    Ok(())
}

fn volume(text: &str, node: &Node, path: &Path<'_>) -> Result<Value> {
    let volume = mounts::volume(text).map_err(|message| node.at.invalid(format!("{path}: {message}")))?;
    let member = |key: &str, text: &str| (key.to_owned(), Node::text(text, &node.at));
    let kind = if volume.is_bind { "bind" } else { "volume" };
    let mut map = Map::from([member("type", kind), member("target", &crate::compose::paths::clean(&volume.target))]);
    if !volume.source.is_empty() {
        map.extend([member("source", &volume.source)]);
    }
    Ok(Value::Map(map))
}

fn device(text: &str, node: &Node, path: &Path<'_>) -> Result<Value> {
    let parts: Vec<&str> = text.split(':').collect();
    let (source, target, permissions) = match *parts.as_slice() {
        [source] => (source, source, "rwm"),
        [source, target] => (source, target, "rwm"),
        [source, target, permissions] => (source, target, permissions),
        _ => return Err(node.at.invalid(format!("{path}: `{}` has too many colons", text.escape_debug()))),
    };
    let target = if target.is_empty() { source } else { target };
    let member = |key: &str, text: &str| (key.to_owned(), Node::text(text, &node.at));
    Ok(Value::Map(Map::from([member("source", source), member("target", target), member("permissions", permissions)])))
}

/// A port is checked and left as it is: nothing here needs its long form.
fn port(node: &Node, path: &Path<'_>) -> Result<()> {
    let result = match &node.value {
        Value::Map(_) => Ok(()),
        Value::Int(value) => mounts::port(&value.to_string()),
        Value::Text(text) => mounts::port(text),
        _ => Err(format!("`{node}` is no port")),
    };
    result.map_err(|message| node.at.invalid(format!("{path}: {message}")))
}

fn ssh(list: Vec<Node>, path: &Path<'_>) -> Result<Value> {
    let mut map = Map::new();
    for item in list {
        let (key, value) = match item.as_text().map(|text| (text, text.split_once('='))) {
            Some((_, Some((key, value)))) => (key.to_owned(), Value::Text(value.to_owned())),
            Some(("default", None)) => ("default".to_owned(), Value::Null),
            _ => return Err(item.at.invalid(format!("{path}: `{item}`, expected `default` or `id=path`"))),
        };
        map.insert(key, Node::new(value, &item.at));
    }
    Ok(Value::Map(map))
}

fn external(map: &mut Map, path: &Path<'_>, notes: &mut Notes) -> Result<()> {
    let Some(external) = map.get("external").filter(|node| node.as_map().is_some()).cloned() else { return Ok(()) };
    map.insert("external".to_owned(), Node::new(Value::Bool(true), &external.at));
    let Some(name) = external.get("name") else { return Ok(()) };
    notes.warnings.push(format!("{path}: external.name is deprecated. Please set name and external: true"));
    match map.get("name") {
        Some(own) if own != name => Err(name.at.invalid(format!("{path}: name and external.name conflict; only use name"))),
        Some(_) => Ok(()),
        None => {
            map.insert("name".to_owned(), name.clone());
            Ok(())
        }
    }
}
