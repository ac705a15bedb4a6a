//! Lists in which an entry may stand once: the last one of a key counts, at the place of the first.
//!
//! Rules: compose-go `override/uncity.go`.

use crate::compose::mounts;
use crate::compose::node::{Map, Node, Value};
use crate::compose::tree::Path;
use crate::error::Result;
use crate::map;

/// Gives the key of an entry.
pub(super) type Key = fn(&Node, &Path<'_>) -> Result<String>;

const LISTS: [(&str, Key); 27] = [
    ("networks.*.labels", key_value),
    ("networks.*.ipam.options", key_value),
    ("services.*.annotations", key_value),
    ("services.*.build.args", key_value),
    ("services.*.build.additional_contexts", key_value),
    ("services.*.build.tags", key_value),
    ("services.*.build.labels", key_value),
    ("services.*.cap_add", key_value),
    ("services.*.cap_drop", key_value),
    ("services.*.configs", config),
    ("services.*.deploy.labels", key_value),
    ("services.*.devices", device),
    ("services.*.dns", key_value),
    ("services.*.dns_opt", key_value),
    ("services.*.dns_search", key_value),
    ("services.*.environment", key_value),
    ("services.*.env_file", env_file),
    ("services.*.expose", expose),
    ("services.*.labels", key_value),
    ("services.*.links", key_value),
    ("services.*.networks.*.aliases", key_value),
    ("services.*.networks.*.link_local_ips", key_value),
    ("services.*.ports", port),
    ("services.*.profiles", key_value),
    ("services.*.secrets", secret),
    ("services.*.sysctls", key_value),
    ("services.*.volumes", volume),
];
const TMPFS: &str = "services.*.tmpfs";

/// Enforces it in a whole model.
pub(super) fn enforce(model: &mut Map) -> Result<()> {
    for (key, node) in model {
        walk(node, &Path::top(key))?;
    }
    Ok(())
}

fn walk(node: &mut Node, path: &Path<'_>) -> Result<()> {
    match &mut node.value {
        Value::Map(map) => {
            for (key, member) in map {
                walk(member, &path.next(key))?;
            }
        }
        Value::List(list) => {
            if let Some(key) = path.find(&LISTS).or_else(|| path.matches(TMPFS).then_some(key_value as Key)) {
                *list = by_key(std::mem::take(list), key, path)?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// One entry a key.
pub(super) fn by_key(entries: Vec<Node>, key: Key, path: &Path<'_>) -> Result<Vec<Node>> {
    let mut kept: Vec<Node> = Vec::with_capacity(entries.len());
    let mut places: map::Map<String, usize> = map::Map::new();
    for entry in entries {
        let key = key(&entry, path)?;
        match places.get(&key).and_then(|&index| kept.get_mut(index)) {
            Some(place) => *place = entry,
            None => {
                places.insert(key, kept.len());
                kept.push(entry);
            }
        }
    }
    Ok(kept)
}

/// A text that two nodes share only where they are equal.
pub(super) fn identity(node: &Node) -> String {
    let kind = match &node.value {
        Value::Float(_) => "float ",
        Value::Time(_) => "time ",
        _ => "",
    };
    let json = serde_json::to_string(&node.to_json()).unwrap_or_default();
    format!("{kind}{json}")
}

/// What stands before `=`.
pub(super) fn key_value(node: &Node, path: &Path<'_>) -> Result<String> {
    match node.as_text() {
        Some(text) => Ok(text.split('=').next().unwrap_or_default().to_owned()),
        None => Err(node.at.invalid(format!("{path}: `{node}` must be a text; put it in quotes"))),
    }
}

fn volume(node: &Node, path: &Path<'_>) -> Result<String> {
    match &node.value {
        Value::Map(_) => target(node, path),
        Value::Text(text) => Ok(mounts::volume(text).map_err(|message| node.at.invalid(format!("{path}: {message}")))?.target),
        _ => Ok(String::new()),
    }
}

fn device(node: &Node, path: &Path<'_>) -> Result<String> {
    match &node.value {
        Value::Map(_) => target(node, path),
        Value::Text(text) => {
            let mut parts = text.split(':');
            let first = parts.next().unwrap_or_default();
            Ok(parts.next().unwrap_or(first).to_owned())
        }
        _ => Ok(String::new()),
    }
}

fn target(node: &Node, path: &Path<'_>) -> Result<String> {
    let target = node.get("target").and_then(Node::as_text).map(str::to_owned);
    target.ok_or_else(|| node.at.invalid(format!("{path}: an entry has no `target`")))
}

fn expose(node: &Node, path: &Path<'_>) -> Result<String> {
    match &node.value {
        Value::Text(text) => Ok(text.clone()),
        Value::Int(value) => Ok(value.to_string()),
        _ => Err(node.at.invalid(format!("{path}: `{node}` is no port"))),
    }
}

fn config(node: &Node, path: &Path<'_>) -> Result<String> {
    mount(node, "", path)
}

fn secret(node: &Node, path: &Path<'_>) -> Result<String> {
    mount(node, "/run/secrets", path)
}

fn mount(node: &Node, folder: &str, path: &Path<'_>) -> Result<String> {
    match &node.value {
        Value::Text(name) => Ok(format!("{folder}/{name}")),
        Value::Map(map) => match (map.get("target"), map.get("source")) {
            (Some(target), _) if target.as_text().is_none() => Err(target.at.invalid(format!("{path}: `target` must be a text"))),
            (Some(target), _) => Ok(target.to_string()),
            (None, source) => Ok(format!("{folder}/{}", source.map_or_else(|| "<nil>".to_owned(), Node::to_string))),
        },
        _ => Err(node.at.invalid(format!("{path}: `{node}` must be a text or a mapping"))),
    }
}

fn port(node: &Node, path: &Path<'_>) -> Result<String> {
    match &node.value {
        Value::Int(value) => Ok(value.to_string()),
        Value::Text(text) => Ok(text.clone()),
        Value::Map(map) => {
            let part = |name: &str, default: &str| map.get(name).map_or_else(|| default.to_owned(), Node::to_string);
            if !map.contains_key("target") {
                return Err(node.at.invalid(format!("{path}: an entry has no `target`")));
            }
            let (host, protocol) = (part("host_ip", "0.0.0.0"), part("protocol", "tcp"));
            Ok(format!("{host}:{}:{}/{protocol}", part("published", ""), part("target", "")))
        }
        _ => Ok(String::new()),
    }
}

fn env_file(node: &Node, path: &Path<'_>) -> Result<String> {
    match &node.value {
        Value::Text(text) => Ok(text.clone()),
        Value::Map(_) => {
            let file = node.get("path").and_then(Node::as_text).map(str::to_owned);
            file.ok_or_else(|| node.at.invalid(format!("{path}: an entry has no `path`")))
        }
        _ => Ok(String::new()),
    }
}
