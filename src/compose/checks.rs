//! Rules between the members of one part of a model.
//!
//! Rules: compose-go `validation/*.go`, checked for every model that is loaded, included ones too.

use crate::compose::mounts;
use crate::compose::node::{Map, Node, Value};
use crate::compose::tree::Path;
use crate::error::Result;

type Check = fn(&Node, &Path<'_>) -> Result<()>;

const CHECKS: [(&str, Check); 7] = [
    ("volumes.*", volume),
    ("configs.*", config),
    ("secrets.*", secret),
    ("services.*.ports.*", address),
    ("services.*.develop.watch.*.path", not_empty),
    ("services.*.deploy.resources.reservations.devices.*", device),
    ("services.*.gpus.*", device),
];

/// Checks a whole model.
pub(super) fn model(model: &Map) -> Result<()> {
    model.iter().try_for_each(|(key, node)| walk(node, &Path::top(key)))
}

fn walk(node: &Node, path: &Path<'_>) -> Result<()> {
    if let Some(check) = path.find(&CHECKS) {
        return check(node, path);
    }
    match &node.value {
        Value::Map(map) => map.iter().try_for_each(|(key, member)| walk(member, &path.next(key))),
        Value::List(list) => list.iter().try_for_each(|item| walk(item, &path.next("[]"))),
        _ => Ok(()),
    }
}

fn volume(node: &Node, path: &Path<'_>) -> Result<()> {
    let Some(map) = node.as_map() else { return Ok(()) };
    if map.get("external").map(|external| &external.value) != Some(&Value::Bool(true)) {
        return Ok(());
    }
    match map.iter().find(|(key, _)| !matches!(key.as_str(), "name" | "external") && !key.starts_with("x-")) {
        Some((key, other)) => Err(other.at.invalid(format!("{path}: `external` and `{}` contradict each other", key.escape_debug()))),
        None => Ok(()),
    }
}

fn config(node: &Node, path: &Path<'_>) -> Result<()> {
    one_of(node, &["file", "environment", "content"], path)
}

fn secret(node: &Node, path: &Path<'_>) -> Result<()> {
    one_of(node, &["file", "environment"], path)
}

fn one_of(node: &Node, keys: &[&str], path: &Path<'_>) -> Result<()> {
    let has = |key: &str| node.get(key).is_some();
    match keys.iter().filter(|key| has(key)).count() {
        0 if !has("driver") && !has("external") => Err(node.at.invalid(format!("{path}: one of {} must be set", keys.join(", ")))),
        0 | 1 => Ok(()),
        _ => Err(node.at.invalid(format!("{path}: only one of {} can be set", keys.join(", ")))),
    }
}

fn address(node: &Node, path: &Path<'_>) -> Result<()> {
    match node.get("host_ip") {
        Some(ip) if !ip.as_text().is_some_and(mounts::is_ip) => Err(ip.at.invalid(format!("{path}: `{ip}` is no IP address"))),
        _ => Ok(()),
    }
}

fn not_empty(node: &Node, path: &Path<'_>) -> Result<()> {
    if node.as_text() == Some("") { Err(node.at.invalid(format!("{path} is empty"))) } else { Ok(()) }
}

fn device(node: &Node, path: &Path<'_>) -> Result<()> {
    match node.get("count").is_some() && node.get("device_ids").is_some() {
        true => Err(node.at.invalid(format!("{path}: `count` and `device_ids` contradict each other"))),
        false => Ok(()),
    }
}
