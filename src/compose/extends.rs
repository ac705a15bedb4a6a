//! `extends:`, a service that begins as another one.
//!
//! Rules: compose-go `loader/extends.go`.

use crate::compose::load::{Details, Loader, Step};
use crate::compose::node::{At, Map, Node, Value};
use crate::compose::paths::{self, Base};
use crate::compose::tags::Resets;
use crate::compose::tree::Path;
use crate::compose::{include, merge};
use crate::error::Result;

/// How many services may extend one another in a row.
const DEPTH: usize = 100;

/// The services that led to one: a service cannot extend itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Tracker(Vec<(String, String)>);

/// A file that services extend, loaded.
#[derive(Debug, Clone)]
pub(super) struct Cached {
    path: String,
    folder: String,
    services: Map,
    resets: Resets,
}

/// Where a chain of `extends:` is.
struct Chain<'a> {
    details: &'a Details<'a>,
    /// The file that the model is loaded from.
    file: &'a str,
    section: &'a str,
}

/// Replaces every service and job that extends another one by what both make.
pub(super) fn apply(
    loader: &mut Loader<'_>,
    model: &mut Map,
    file: &str,
    details: &Details<'_>,
    resets: &Resets,
    tracker: &Tracker,
) -> Step<()> {
    for section in ["services", "jobs"] {
        let Some(node) = model.get_mut(section) else { continue };
        let at = node.at.clone();
        let Some(entries) = node.as_map_mut() else { return Err(at.invalid(format!("{section} must be a mapping")).into()) };
        let chain = Chain { details, file, section };
        let names: Vec<String> = entries.keys().cloned().collect();
        for name in names {
            let merged = service(loader, &chain, &name, entries, resets, tracker)?;
            entries.insert(name, merged);
        }
    }
    Ok(())
}

fn service(loader: &mut Loader<'_>, chain: &Chain<'_>, name: &str, services: &mut Map, resets: &Resets, tracker: &Tracker) -> Step<Node> {
    let Some(node) = services.get(name).filter(|node| !node.is_null()).cloned() else {
        let at = At { file: chain.file.into(), line: 0 };
        return Ok(services.get(name).cloned().unwrap_or(Node::new(Value::Null, &at)));
    };
    let Some(map) = node.as_map() else { return Err(node.at.invalid(format!("{}.{name} must be a mapping", chain.section)).into()) };
    let Some(extends) = map.get("extends") else { return Ok(node) };
    let at = extends.at.clone();
    let (reference, other) = target(extends)?;

    let mut others;
    let mut other_resets = resets.clone();
    let mut file = loader.name(chain.file).to_string();
    let is_other_file = other.is_some();
    let scope = match other {
        Some(path) => {
            let base = base_file(loader, chain, &path, &at)?;
            (others, other_resets) = (base.services, base.resets);
            file = path;
            &mut others
        }
        None => services,
    };
    if !scope.contains_key(&reference) {
        let message = format!("`{}` extends `{}`, which `{}` does not have", name.escape_debug(), reference.escape_debug(), file);
        return Err(at.invalid(message).into());
    }
    let tracker = tracker.add(&file, name, &at)?;
    let base = service(loader, chain, &reference, scope, &other_resets, &tracker)?;
    if base.is_null() {
        return Ok(node);
    }
    let mut base = base;
    resets.apply_to("services", name, &mut base);
    let (services_path, at) = (Path::top("services"), node.at.clone());
    let mut merged = merge::nodes(base, node, &services_path.next("x"))?;
    if let Some(map) = merged.as_map_mut() {
        map.remove("extends");
    }
    merged.at = at;
    if !is_other_file {
        services.insert(name.to_owned(), merged.clone());
    }
    Ok(merged)
}

/// The name of the other service, and its file where that is another one.
fn target(extends: &Node) -> Result<(String, Option<String>)> {
    match &extends.value {
        Value::Text(name) => Ok((name.clone(), None)),
        Value::Map(map) => {
            let Some(name) = map.get("service").and_then(Node::as_text) else {
                return Err(extends.at.invalid("`extends` has no `service`"));
            };
            match map.get("file") {
                None => Ok((name.to_owned(), None)),
                Some(file) if file.is_null() => Ok((name.to_owned(), None)),
                Some(file) => match file.as_text() {
                    Some(path) => Ok((name.to_owned(), Some(path.to_owned()))),
                    None => Err(file.at.invalid("`extends.file` must be a text")),
                },
            }
        }
        _ => Err(extends.at.invalid("`extends` must be the name of a service, or a mapping with `service`")),
    }
}

fn base_file(loader: &mut Loader<'_>, chain: &Chain<'_>, path: &str, at: &At) -> Step<Cached> {
    include::refuse_remote(path, at)?;
    let local = paths::absolute(chain.details.file_folder, path);
    let absolute_folder = paths::absolute(loader.folder, chain.details.file_folder);
    let folder = paths::relative(&absolute_folder, &paths::parent(&paths::absolute(loader.folder, &local)));
    if let Some(base) = loader.extended.iter().find(|base| base.path == local && base.folder == folder) {
        return Ok(base.clone());
    }
    let mut model = Map::new();
    let mut last = Resets::default();
    for document in loader.documents(&local)? {
        let (map, resets) = loader.prepare(document, chain.details.env)?;
        resets.apply(&mut model);
        merge::models(&mut model, map)?;
        crate::compose::unique::enforce(&mut model)?;
        loader.finish(&mut model)?;
        last = resets;
    }
    paths::resolve(&mut model, Base { folder: &folder, home: loader.home }, &mut loader.notes)?;
    let services = match model.remove("services").map(|node| node.value) {
        Some(Value::Map(services)) => services,
        _ => return Err(at.invalid(format!("`{}` has no mapping `services`", path.escape_debug())).into()),
    };
    let base = Cached { path: local, folder, services, resets: last };
    loader.extended.push(base.clone());
    Ok(base)
}

impl Tracker {
    fn add(&self, file: &str, service: &str, at: &At) -> Result<Tracker> {
        let entry = (file.to_owned(), service.to_owned());
        if self.0.contains(&entry) {
            return Err(at.invalid(format!("`{}` extends itself", service.escape_debug())));
        }
        if self.0.len() >= DEPTH {
            return Err(at.not_covered(format!("more than {DEPTH} services extend one another")));
        }
        let mut entries = self.0.clone();
        entries.push(entry);
        Ok(Tracker(entries))
    }
}
