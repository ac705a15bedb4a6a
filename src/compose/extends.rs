//! `extends:`, a service that begins as another one.
//!
//! Rules: compose-go `loader/extends.go`.

use std::cell::RefCell;
use std::rc::Rc;

use crate::compose::load::{Details, Loader, Needs, Step};
use crate::compose::node::{At, Map, Node, Value};
use crate::compose::paths;
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
#[derive(Debug)]
pub(super) struct Cached {
    path: String,
    folder: String,
    base: Rc<Base>,
}

/// The services of a file, in which those that extend others are replaced as soon as they are merged, and its resets.
#[derive(Debug)]
struct Base {
    services: RefCell<Map>,
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
pub(super) fn apply(loader: &mut Loader<'_>, model: &mut Map, file: &str, details: &Details<'_>, resets: &Resets) -> Step<()> {
    let mut needs = Needs::default();
    for section in ["services", "jobs"] {
        let Some(node) = model.get_mut(section) else { continue };
        let at = node.at.clone();
        let Some(entries) = node.as_map_mut() else { return Err(at.invalid(format!("{section} must be a mapping")).into()) };
        let chain = Chain { details, file, section };
        let extends = |node: &Node| node.as_map().is_none_or(|map| map.contains_key("extends"));
        let names: Vec<String> = entries.iter().filter(|(_, node)| extends(node)).map(|(name, _)| name.clone()).collect();
        let own = Base { services: RefCell::new(std::mem::take(entries)), resets: resets.clone() };
        for name in names {
            let merged = service(loader, &chain, &name, &own, &Tracker::default());
            if let Some(merged) = needs.add(merged)? {
                own.services.borrow_mut().insert(name, merged);
            }
        }
        *entries = own.services.into_inner();
    }
    needs.end()
}

fn service(loader: &mut Loader<'_>, chain: &Chain<'_>, name: &str, own: &Base, tracker: &Tracker) -> Step<Node> {
    let node = own.services.borrow().get(name).cloned();
    let node = node.unwrap_or_else(|| Node::new(Value::Null, &At::new(&chain.file.into(), 0)));
    if node.is_null() {
        return Ok(node);
    }
    let Some(map) = node.as_map() else { return Err(node.at.invalid(format!("{}.{name} must be a mapping", chain.section)).into()) };
    let Some(extends) = map.get("extends") else { return Ok(node) };
    let at = extends.at.clone();
    loader.notes.use_in(extends);
    let (reference, other) = target(extends)?;

    let mut file = loader.name(chain.file).to_string();
    let base = match &other {
        Some(path) => {
            file.clone_from(path);
            Some(base_file(loader, chain, path, &at)?)
        }
        None => None,
    };
    let base = base.as_deref().unwrap_or(own);
    if !base.services.borrow().contains_key(&reference) {
        let message = format!("`{}` extends `{}`, which `{}` does not have", name.escape_debug(), reference.escape_debug(), file);
        return Err(at.invalid(message).into());
    }
    let tracker = tracker.add(&file, name, &at)?;
    let mut inherited = service(loader, chain, &reference, base, &tracker)?;
    if inherited.is_null() {
        return Ok(node);
    }
    own.resets.apply_to("services", name, &mut inherited);
    let (services_path, at) = (Path::top("services"), node.at.clone());
    let mut merged = merge::nodes(inherited, node, &services_path.next("x"))?;
    if let Some(map) = merged.as_map_mut() {
        map.remove("extends");
    }
    merged.at = at;
    own.services.borrow_mut().insert(name.to_owned(), merged.clone());
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

fn base_file(loader: &mut Loader<'_>, chain: &Chain<'_>, path: &str, at: &At) -> Step<Rc<Base>> {
    include::refuse_remote(path, at)?;
    let local = paths::absolute(chain.details.file_folder, path);
    let absolute_folder = paths::absolute(loader.folder, chain.details.file_folder);
    let folder = paths::relative(&absolute_folder, &paths::parent(&paths::absolute(loader.folder, &local)));
    if let Some(cached) = loader.extended.iter().find(|cached| cached.path == local && cached.folder == folder) {
        return Ok(Rc::clone(&cached.base));
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
    paths::resolve(&mut model, paths::Base { folder: &folder, home: loader.home }, &mut loader.notes)?;
    let services = match model.remove("services").map(|node| node.value) {
        Some(Value::Map(services)) => services,
        _ => return Err(at.invalid(format!("`{}` has no mapping `services`", path.escape_debug())).into()),
    };
    let base = Rc::new(Base { services: RefCell::new(services), resets: last });
    loader.extended.push(Cached { path: local, folder, base: Rc::clone(&base) });
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
