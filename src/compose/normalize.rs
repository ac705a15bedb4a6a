//! What a service has although nobody wrote it: a Dockerfile's name, values of arguments, dependencies, networks.
//!
//! Rules: compose-go `loader/normalize.go`.

use crate::compose::node::{At, Map, Node, Value};
use crate::compose::scope::Scope;

/// Completes a whole model; `env` gives the values of arguments that have none.
pub(super) fn model(model: &mut Map, project: &str, env: &Scope) {
    let mut uses_default = None;
    for section in ["services", "jobs"] {
        for node in model.get_mut(section).and_then(Node::as_map_mut).into_iter().flat_map(|map| map.values_mut()) {
            let at = node.at.clone();
            let Some(service) = node.as_map_mut() else { continue };
            if networks(service, &at) {
                uses_default = Some(at.clone());
            }
            if service.get("pull_policy").and_then(Node::as_text) == Some("if_not_present") {
                service.insert("pull_policy".to_owned(), Node::text("missing", &at));
            }
            if let Some(build_node) = service.get_mut("build") {
                let at = build_node.at.clone();
                if let Some(map) = build_node.as_map_mut() {
                    build(map, &at, env);
                }
            }
            dependencies(service, &at);
        }
    }
    if let Some(at) = uses_default {
        model.insert_new("networks".to_owned(), Node::new(Value::Map(Map::new()), &at));
        if let Some(networks) = model.get_mut("networks").and_then(Node::as_map_mut) {
            networks.insert_new("default".to_owned(), Node::new(Value::Null, &at));
        }
    }
    names(model, project);
}

/// Whether the service is in the network `default`, where it may have none to itself.
fn networks(service: &mut Map, at: &At) -> bool {
    if service.contains_key("provider") || service.contains_key("network_mode") {
        return false;
    }
    match service.get("networks").and_then(Node::as_map) {
        Some(networks) if !networks.is_empty() => networks.contains_key("default"),
        _ => {
            let default = Map::from([("default".to_owned(), Node::new(Value::Null, at))]);
            service.insert("networks".to_owned(), Node::new(Value::Map(default), at));
            true
        }
    }
}

fn build(build: &mut Map, at: &At, env: &Scope) {
    let unset = |key: &str| build.get(key).is_none_or(Node::is_null);
    if unset("dockerfile") && unset("dockerfile_inline") {
        build.insert("dockerfile".to_owned(), Node::text("Dockerfile", at));
    }
    match build.get_mut("args").map(|args| &mut args.value) {
        Some(Value::Map(args)) => {
            for (name, node) in args.iter_mut().filter(|(_, node)| node.is_null()) {
                if let Some(value) = env.get(name) {
                    node.value = Value::Text(value.to_owned());
                }
            }
            args.retain(|_, node| !node.is_null());
        }
        Some(Value::List(args)) => {
            for node in args.iter_mut() {
                let Some(name) = node.as_text().filter(|text| !text.contains('=')) else { continue };
                node.value = match env.get(name) {
                    Some(value) => Value::Text(format!("{name}={value}")),
                    None => Value::Null,
                };
            }
            args.retain(|node| !node.is_null());
        }
        _ => {}
    }
}

fn dependencies(service: &mut Map, at: &At) {
    let mut implied: Vec<(String, bool)> = Vec::new();
    let texts =
        |key: &str| service.get(key).and_then(Node::as_list).unwrap_or_default().iter().filter_map(Node::as_text).collect::<Vec<_>>();
    for link in texts("links") {
        let name = match link.split_once(':') {
            Some((name, alias)) if !alias.contains(':') => name,
            _ => link,
        };
        implied.push((name.to_owned(), true));
    }
    for key in ["network_mode", "ipc", "pid", "uts", "cgroup"] {
        if let Some(name) = service.get(key).and_then(Node::as_text).and_then(|text| text.strip_prefix("service:")) {
            implied.push((name.to_owned(), true));
        }
    }
    for volume in texts("volumes_from") {
        if !volume.starts_with("container:") {
            implied.push((volume.split(':').next().unwrap_or_default().to_owned(), false));
        }
    }
    if implied.is_empty() {
        return;
    }
    service.insert_new("depends_on".to_owned(), Node::new(Value::Map(Map::new()), at));
    let Some(dependencies) = service.get_mut("depends_on").and_then(Node::as_map_mut) else { return };
    for (name, restart) in implied {
        let mut members = crate::compose::merge::dependency(at);
        members.insert("restart".to_owned(), Node::new(Value::Bool(restart), at));
        dependencies.insert_new(name, Node::new(Value::Map(members), at));
    }
}

/// What has no name is named by its key.
fn names(model: &mut Map, project: &str) {
    for section in ["networks", "volumes", "configs", "secrets"] {
        for (key, node) in model.get_mut(section).and_then(Node::as_map_mut).into_iter().flatten() {
            let at = node.at.clone();
            if node.is_null() {
                node.value = Value::Map(Map::new());
            }
            let Some(map) = node.as_map_mut() else { continue };
            if map.get("name").is_none_or(Node::is_null) {
                let external = map.get("external").is_some_and(|external| external.value == Value::Bool(true));
                let name = if external { key.clone() } else { format!("{project}_{key}") };
                map.insert("name".to_owned(), Node::text(name, &at));
            }
        }
    }
}
