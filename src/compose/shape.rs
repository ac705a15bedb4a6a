//! A checked model becomes a project.

use serde_json::{Map as Object, Value as Json, json};

use crate::compose::consistency;
use crate::compose::decode::EXTENSIONS;
use crate::compose::dotenv::Variables;
use crate::compose::node::{At, Map, Node, Value};
use crate::compose::project::{Build, Place, Project, Service};
use crate::compose::units;

/// The project of a model that all checks have passed.
pub(super) fn project(it: &consistency::Project<'_>, name: &str) -> Project {
    let services = |section: &str| -> Vec<Service> {
        it.section(section).into_iter().flatten().map(|(key, node)| service(name, key, node, !it.is_enabled(node))).collect()
    };
    let secrets = it.section("secrets").into_iter().flatten().map(|(key, node)| (key.clone(), plain(node))).collect();
    Project { name: name.to_owned(), services: services("services"), jobs: services("jobs"), secrets, ..Project::default() }
}

fn service(project: &str, name: &str, node: &Node, disabled: bool) -> Service {
    let image = text(node, "image");
    let place_of = |key: &str| node.get(key).map(|node| place(&node.at));
    Service {
        name: name.to_owned(),
        image_or_default: image.clone().unwrap_or_else(|| format!("{project}-{name}")),
        image,
        image_blanks: blanks(node.get("image")),
        platform: text(node, "platform"),
        pull_policy: text(node, "pull_policy"),
        profiles: texts(node.get("profiles")),
        disabled,
        depends_on: node
            .get("depends_on")
            .and_then(Node::as_map)
            .into_iter()
            .flatten()
            .map(|(key, node)| (key.clone(), dependency(node)))
            .collect(),
        provider: node.get("provider").map(provider),
        build: node.get("build").and_then(Node::as_map).map(build),
        place: place(&node.at),
        image_place: place_of("image"),
        build_place: place_of("build"),
    }
}

fn blanks(node: Option<&Node>) -> Vec<String> {
    let mut names = Vec::new();
    node.into_iter().for_each(|node| node.blanks(&mut |name| names.push(name.clone())));
    names
}

fn place(at: &At) -> Place {
    Place { file: at.file.to_string(), line: at.line }
}

/// A text that is not empty: Go cannot tell an empty one from none.
fn text(node: &Node, key: &str) -> Option<String> {
    node.get(key).filter(|node| !node.is_null()).map(Node::to_string).filter(|text| !text.is_empty())
}

fn texts(node: Option<&Node>) -> Vec<String> {
    match node.map(|node| &node.value) {
        Some(Value::Text(text)) => vec![text.clone()],
        Some(Value::List(list)) => list.iter().map(Node::to_string).collect(),
        _ => Vec::new(),
    }
}

fn dependency(node: &Node) -> Json {
    let mut object = Object::new();
    let flag = |key: &str| node.get(key).is_some_and(|node| node.value == Value::Bool(true));
    if let Some(condition) = text(node, "condition") {
        object.insert("condition".to_owned(), Json::String(condition));
    }
    object.insert("required".to_owned(), Json::Bool(flag("required")));
    if flag("restart") {
        object.insert("restart".to_owned(), Json::Bool(true));
    }
    Json::Object(object)
}

/// A mapping without keys of your own and without what is empty.
fn plain(node: &Node) -> Json {
    let Some(map) = node.as_map() else { return node.to_json() };
    let kept = map.iter().filter(|(key, node)| *key != EXTENSIONS && !is_zero(node));
    let value = |key: &str, node: &Node| match key {
        "labels" => object(variables(node, true)),
        "driver_opts" => object(variables(node, true)),
        _ => node.to_json(),
    };
    Json::Object(kept.map(|(key, node)| (key.clone(), value(key, node))).collect())
}

fn provider(node: &Node) -> Json {
    let mut object = Object::new();
    object.insert("type".to_owned(), Json::String(text(node, "type").unwrap_or_default()));
    let options: Object<String, Json> = node
        .get("options")
        .and_then(Node::as_map)
        .into_iter()
        .flatten()
        .map(|(key, node)| {
            let values = node.as_list().unwrap_or(std::slice::from_ref(node));
            (key.clone(), values.iter().map(|value| Json::String(value.to_string())).collect())
        })
        .collect();
    if !options.is_empty() {
        object.insert("options".to_owned(), Json::Object(options));
    }
    Json::Object(object)
}

/// An empty text that is a list of one.
fn is_list(key: &str, node: &Node) -> bool {
    key == "no_cache_filter" && node.as_text().is_some()
}

fn is_zero(node: &Node) -> bool {
    match &node.value {
        Value::Null | Value::Bool(false) => true,
        Value::Int(value) => *value == 0,
        Value::Text(text) => text.is_empty(),
        Value::List(list) => list.is_empty(),
        Value::Map(map) => map.is_empty(),
        _ => false,
    }
}

fn object(variables: Variables) -> Json {
    Json::Object(variables.into_iter().map(|(name, value)| (name, Json::String(value))).collect())
}

/// `KEY: VALUE`, or a list of `KEY=VALUE`; what has no value is empty, or left out.
fn variables(node: &Node, keep: bool) -> Variables {
    match &node.value {
        Value::Map(map) => {
            let value = |node: &Node| if node.is_null() { String::new() } else { node.to_string() };
            map.iter().filter(|(_, node)| keep || !node.is_null()).map(|(key, node)| (key.clone(), value(node))).collect()
        }
        Value::List(list) => {
            let mut variables = Variables::new();
            for item in list.iter().map(Node::to_string) {
                match item.split_once('=') {
                    Some((key, value)) => variables.insert(key.to_owned(), value.to_owned()),
                    None if keep => variables.insert(item, String::new()),
                    None => None,
                };
            }
            variables
        }
        _ => Variables::new(),
    }
}

fn build(map: &Map) -> Build {
    let mut build = Build::default();
    for (key, node) in map.iter().filter(|(key, node)| *key != EXTENSIONS && (!is_zero(node) || is_list(key, node))) {
        let of_text = || Some(node.to_string());
        match key.as_str() {
            "context" => build.context = node.to_string(),
            "dockerfile" => build.dockerfile = of_text(),
            "dockerfile_inline" => build.dockerfile_inline = of_text(),
            "target" => build.target = of_text(),
            "args" => build.args = variables(node, false),
            "additional_contexts" => build.additional_contexts = variables(node, true),
            "platforms" => build.platforms = texts(Some(node)),
            _ => {
                build.other.insert(key.clone(), printed(key, node));
            }
        }
    }
    build
}

/// A key of `build:` as Compose prints it.
fn printed(key: &str, node: &Node) -> Json {
    match key {
        "labels" => object(variables(node, true)),
        "no_cache_filter" => json!(texts(Some(node))),
        "shm_size" => {
            let size = node.as_text().and_then(units::bytes).map_or_else(|| node.to_string(), |bytes| bytes.to_string());
            Json::String(size)
        }
        "extra_hosts" => hosts(node),
        "ssh" => node
            .as_map()
            .into_iter()
            .flatten()
            .map(|(id, path)| json!({"id": id, "path": if path.is_null() { String::new() } else { path.to_string() }}))
            .collect(),
        "secrets" => node.as_list().unwrap_or_default().iter().map(secret).collect(),
        "ulimits" => {
            let limit = |node: &Node| {
                if node.as_map().is_some() {
                    plain(node)
                } else if is_zero(node) {
                    json!({})
                } else {
                    node.to_json()
                }
            };
            Json::Object(node.as_map().into_iter().flatten().map(|(name, node)| (name.clone(), limit(node))).collect())
        }
        _ => node.to_json(),
    }
}

fn hosts(node: &Node) -> Json {
    let mut list: Vec<String> = Vec::new();
    let bare = |ip: &str| ip.strip_prefix('[').and_then(|ip| ip.strip_suffix(']')).filter(|ip| !ip.is_empty()).unwrap_or(ip).to_owned();
    if let Some(map) = node.as_map() {
        for (host, node) in map {
            let ips = node.as_list().unwrap_or(std::slice::from_ref(node));
            list.extend(ips.iter().map(|ip| format!("{host}={}", bare(&ip.to_string()))));
        }
    }
    for item in node.as_list().unwrap_or_default().iter().map(Node::to_string) {
        if let Some((host, ips)) = item.split_once('=').or_else(|| item.split_once(':')) {
            list.extend(ips.split(',').map(|ip| format!("{host}={}", bare(ip))));
        }
    }
    list.sort_unstable();
    json!(list)
}

fn secret(node: &Node) -> Json {
    let Some(map) = node.as_map() else { return Json::Null };
    let mut object = Object::new();
    for (key, node) in map.iter().filter(|(key, node)| *key != EXTENSIONS && !node.is_null()) {
        let value = match (key.as_str(), &node.value) {
            ("mode", Value::Text(text)) => format!("0{:o}", i64::from_str_radix(text, 8).unwrap_or_default()),
            ("mode", Value::Int(mode)) => format!("0{mode:o}"),
            _ => node.to_string(),
        };
        if !value.is_empty() {
            object.insert(key.clone(), Json::String(value));
        }
    }
    Json::Object(object)
}
