//! How a later value goes over an earlier one: of two files, of two documents, of a service and what it extends.
//!
//! Rules: compose-go `override/merge.go`.

use crate::compose::node::{At, Map, Node, Value};
use crate::compose::tree::Path;
use crate::compose::unique;
use crate::error::Result;
use crate::map;

/// The rules that are not those of plain mappings and lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// The later one wins as a whole.
    Replace,
    /// `KEY=VALUE` by their keys, whether they stand in a list or in a mapping.
    KeyValues,
    /// A text is a list of one, and lists are appended.
    Sequence,
    /// A text is the context.
    Build,
    /// A list is a mapping with defaults.
    Dependencies,
    /// A list is a mapping without values.
    Names,
    /// Options are those of a driver.
    Logging,
    Ulimit,
    /// Entries are told apart by their subnet.
    Ipam,
}

const RULES: [(&str, Rule); 31] = [
    ("networks.*.ipam.config", Rule::Ipam),
    ("networks.*.labels", Rule::KeyValues),
    ("volumes.*.labels", Rule::KeyValues),
    ("secrets.*.labels", Rule::KeyValues),
    ("configs.*.labels", Rule::KeyValues),
    ("@.*.annotations", Rule::KeyValues),
    ("@.*.build", Rule::Build),
    ("@.*.build.args", Rule::KeyValues),
    ("@.*.build.additional_contexts", Rule::KeyValues),
    ("@.*.build.extra_hosts", Rule::Sequence),
    ("@.*.build.labels", Rule::KeyValues),
    ("@.*.command", Rule::Replace),
    ("@.*.depends_on", Rule::Dependencies),
    ("@.*.dns", Rule::Sequence),
    ("@.*.dns_opt", Rule::Sequence),
    ("@.*.dns_search", Rule::Sequence),
    ("@.*.entrypoint", Rule::Replace),
    ("@.*.env_file", Rule::Sequence),
    ("@.*.label_file", Rule::Sequence),
    ("@.*.environment", Rule::KeyValues),
    ("@.*.extra_hosts", Rule::Sequence),
    ("@.*.healthcheck.test", Rule::Replace),
    ("@.*.labels", Rule::KeyValues),
    ("@.*.volumes.*.volume.labels", Rule::KeyValues),
    ("@.*.logging", Rule::Logging),
    ("@.*.models", Rule::Names),
    ("@.*.networks", Rule::Names),
    ("@.*.sysctls", Rule::KeyValues),
    ("@.*.tmpfs", Rule::Sequence),
    ("@.*.ulimits.*", Rule::Ulimit),
    ("services.*.deploy.labels", Rule::KeyValues),
];

/// Merges `over` into `base`, two whole models.
pub(super) fn models(base: &mut Map, over: Map) -> Result<()> {
    members(base, over, None)
}

/// What `base` and `over` make, which stand at `path`.
pub(super) fn nodes(base: Node, over: Node, path: &Path<'_>) -> Result<Node> {
    let rule = path.find(&RULES);
    if let Some(rule) = rule {
        return special(rule, base, over, path);
    }
    if over.is_null() {
        return Ok(base);
    }
    let cannot = |at: &At, found: &str| Err(at.invalid(format!("{path} is {found} in what this goes over")));
    match (base.value, over.value) {
        (Value::Map(mut map), Value::Map(other)) => {
            members(&mut map, other, Some(path))?;
            Ok(Node { value: Value::Map(map), at: base.at, tag: base.tag })
        }
        (Value::List(list), Value::List(other)) => Ok(Node { value: Value::List(append(list, other)), at: base.at, tag: base.tag }),
        (Value::Map(_), _) => cannot(&over.at, "a mapping"),
        (Value::List(_), _) => cannot(&over.at, "a list"),
        (_, value) => Ok(Node { value, at: over.at, tag: over.tag }),
    }
}

fn members(base: &mut Map, over: Map, path: Option<&Path<'_>>) -> Result<()> {
    for (key, value) in over {
        let merged = match base.remove(&key) {
            None => value,
            Some(there) => {
                let next = path.map_or(Path::top(&key), |path| path.next(&key));
                nodes(there, value, &next)?
            }
        };
        base.insert(key, merged);
    }
    Ok(())
}

fn special(rule: Rule, base: Node, over: Node, path: &Path<'_>) -> Result<Node> {
    let at = over.at.clone();
    let node = |value| Node::new(value, &at);
    Ok(match rule {
        Rule::Replace => over,
        Rule::KeyValues => {
            let mut list = sequence(base);
            list.extend(sequence(over));
            node(Value::List(unique::by_key(list, unique::key_value, path)?))
        }
        Rule::Sequence => node(Value::List(append(sequence(base), sequence(over)))),
        Rule::Build => mapping_over(build(base)?, build(over)?, path)?,
        Rule::Dependencies => mapping_over(mapping(base, true, path)?, mapping(over, true, path)?, path)?,
        Rule::Names => mapping_over(mapping(base, false, path)?, mapping(over, false, path)?, path)?,
        Rule::Logging => {
            let (Some(left), Some(right)) = (base.as_map(), over.as_map()) else {
                return Err(at.invalid(format!("{path} must be a mapping")));
            };
            let differ = matches!((left.get("driver"), right.get("driver")), (Some(left), Some(right)) if left != right);
            if differ { over } else { mapping_over(base, over, path)? }
        }
        Rule::Ulimit if base.as_map().is_some() && over.as_map().is_some() => mapping_over(base, over, path)?,
        Rule::Ulimit => over,
        Rule::Ipam => node(Value::List(ipam(base, over, path)?)),
    })
}

/// Two mappings; what is none counts as empty.
fn mapping_over(base: Node, over: Node, path: &Path<'_>) -> Result<Node> {
    let at = if base.as_map().is_some_and(|map| !map.is_empty()) { base.at } else { over.at };
    let mut map = into_map(base.value);
    members(&mut map, into_map(over.value), Some(path))?;
    Ok(Node::new(Value::Map(map), &at))
}

fn into_map(value: Value) -> Map {
    match value {
        Value::Map(map) => map,
        _ => Map::new(),
    }
}

fn build(node: Node) -> Result<Node> {
    match node.value {
        Value::Text(_) => {
            let at = node.at.clone();
            Ok(Node::new(Value::Map(Map::from([("context".to_owned(), node)])), &at))
        }
        Value::Map(_) => Ok(node),
        // Compose takes anything else for no mapping at all; over a mapping that changes nothing.
        _ => Ok(Node::new(Value::Map(Map::new()), &node.at)),
    }
}

fn mapping(node: Node, dependencies: bool, path: &Path<'_>) -> Result<Node> {
    let default = |at: &At| match dependencies {
        false => Node::new(Value::Null, at),
        true => Node::new(Value::Map(dependency(at)), at),
    };
    let at = node.at.clone();
    let map = match node.value {
        Value::Map(map) => map,
        Value::Null => Map::new(),
        Value::Text(name) => Map::from([(name, default(&at))]),
        Value::List(list) => {
            let mut map = Map::new();
            for item in list {
                let place = default(&item.at);
                match item.value {
                    Value::Text(name) => map.insert(name, place),
                    _ => return Err(item.at.invalid(format!("{path}: `{item}` is no name"))),
                };
            }
            map
        }
        _ => return Err(at.invalid(format!("{path} must be a mapping or a list"))),
    };
    Ok(Node::new(Value::Map(map), &at))
}

/// What a name in the short form of `depends_on` stands for.
pub(super) fn dependency(at: &At) -> Map {
    let condition = Node::text("service_started", at);
    Map::from([("condition".to_owned(), condition), ("required".to_owned(), Node::new(Value::Bool(true), at))])
}

/// Mappings as `KEY=VALUE`, sorted; a text as a list of one; what is neither as nothing.
fn sequence(node: Node) -> Vec<Node> {
    match node.value {
        Value::List(list) => list,
        Value::Text(_) => vec![node],
        Value::Map(map) => {
            let mut list: Vec<Node> = Vec::with_capacity(map.len());
            for (key, value) in map {
                match &value.value {
                    Value::Null => list.push(Node::text(key, &value.at)),
                    Value::List(values) => list.extend(values.iter().map(|item| Node::text(format!("{key}={item}"), &item.at))),
                    _ => list.push(Node::text(format!("{key}={value}"), &value.at)),
                }
            }
            list.sort_by(|a, b| a.as_text().cmp(&b.as_text()));
            list
        }
        _ => Vec::new(),
    }
}

/// Appends what is not there yet.
fn append(mut base: Vec<Node>, over: Vec<Node>) -> Vec<Node> {
    let mut seen = map::Set::new();
    for node in &base {
        seen.add(unique::identity(node));
    }
    for node in over {
        if seen.add(unique::identity(&node)) {
            base.push(node);
        }
    }
    base
}

fn ipam(base: Node, over: Node, path: &Path<'_>) -> Result<Vec<Node>> {
    let (Value::List(base), Value::List(over)) = (&base.value, &over.value) else {
        return Err(over.at.invalid(format!("{path} must be a list")));
    };
    if base.len().saturating_mul(over.len()) > 10_000 {
        return Err(over.first().map_or_else(
            || crate::error::Error::new(crate::error::Code::ComposeNotCovered, format!("{path}: too many entries")),
            |node| node.at.not_covered(format!("{path}: too many entries")),
        ));
    }
    let mut merged: Vec<Node> = Vec::new();
    let subnet = |node: &Node| node.get("subnet").cloned();
    for original in base {
        let right = mapping(original.clone(), false, path)?;
        for entry in over {
            let left = mapping(entry.clone(), false, path)?;
            if subnet(&left) != subnet(&right) && !merged.iter().any(|node| subnet(node) == subnet(&left)) {
                merged.push(left);
                continue;
            }
            let both = mapping_over(right.clone(), left, path)?;
            match merged.iter().position(|node| subnet(node) == subnet(&both)) {
                Some(index) => merged[index] = both,
                None => merged.push(both),
            }
        }
    }
    Ok(merged)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::compose::yaml;

    fn merged(base: &str, over: &str) -> std::result::Result<Json, String> {
        let read = |text: &str| yaml::documents(text.as_bytes(), &"a".into()).unwrap().remove(0);
        let (mut base, Value::Map(over)) = (read(base), read(over).value) else { unreachable!() };
        models(base.as_map_mut().unwrap(), over).map_err(|error| error.message.clone())?;
        Ok(base.to_json()["services"]["a"].clone())
    }

    #[test]
    fn every_rule() {
        for (base, over, expected) in [
            ("{image: a, tty: true}", "{image: b}", json!({"image": "b", "tty": true})),
            ("{image: a}", "{image: }", json!({"image": "a"})),
            ("{command: [a, b]}", "{command: [c]}", json!({"command": ["c"]})),
            ("{cap_add: [a, b]}", "{cap_add: [b, c]}", json!({"cap_add": ["a", "b", "c"]})),
            ("{build: {context: x, target: t}}", "{build: y}", json!({"build": {"context": "y", "target": "t"}})),
            ("{build: x}", "{build: {target: t}}", json!({"build": {"context": "x", "target": "t"}})),
            ("{build: x}", "{build: }", json!({"build": {"context": "x"}})),
            ("{build: {args: {A: 1.10, B: }}}", "{build: {args: [B=2, C]}}", json!({"build": {"args": ["A=1.1", "B=2", "C"]}})),
            ("{build: {args: {A: 1}}}", "{build: {args: {A: }}}", json!({"build": {"args": ["A"]}})),
            ("{networks: [n]}", "{networks: {m: {aliases: [x]}}}", json!({"networks": {"n": null, "m": {"aliases": ["x"]}}})),
            ("{dns: 1.1.1.1}", "{dns: [8.8.8.8]}", json!({"dns": ["1.1.1.1", "8.8.8.8"]})),
            ("{ulimits: {n: 1}}", "{ulimits: {n: {soft: 1}}}", json!({"ulimits": {"n": {"soft": 1}}})),
            (
                "{logging: {driver: a, options: {x: 1}}}",
                "{logging: {driver: b, options: {y: 1}}}",
                json!({"logging": {"driver": "b", "options": {"y": 1}}}),
            ),
        ] {
            let text = |body: &str| format!("services: {{a: {body}}}");
            assert_eq!(merged(&text(base), &text(over)), Ok(expected), "{base} {over}");
        }
        let depends = merged("services: {a: {depends_on: [b]}}", "services: {a: {depends_on: {b: {condition: service_healthy}}}}").unwrap();
        assert_eq!(depends, json!({"depends_on": {"b": {"condition": "service_healthy", "required": true}}}));
        assert!(
            merged("services: {a: {cap_add: [a]}}", "services: {a: {cap_add: b}}").unwrap_err().contains("services.a.cap_add is a list")
        );
        assert!(merged("services: {a: {networks: [a]}}", "services: {a: {networks: [{}]}}").is_err());
    }
}
