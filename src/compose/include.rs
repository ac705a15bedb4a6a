//! `include:`, other projects as a part of this one.
//!
//! Rules: compose-go `loader/include.go`.

use std::rc::Rc;

use crate::compose::files::STDIN;
use crate::compose::load::{Details, Loader, Needs, Step, Stop};
use crate::compose::node::{At, Map, Node, Value};
use crate::compose::scope::Scope;
use crate::compose::tags::Resets;
use crate::compose::tree::Path;
use crate::compose::{merge, paths};
use crate::error::Result;

const SECTIONS: [&str; 7] = ["services", "jobs", "volumes", "networks", "secrets", "configs", "models"];
/// How deep files may include one another.
const DEPTH: usize = 100;

/// A project that was included, by all that it depends on.
#[derive(Debug, Clone)]
pub(super) struct Cached {
    paths: Vec<String>,
    folder: String,
    file_folder: String,
    env: Rc<Scope>,
    model: Map,
}

/// One entry of `include:`.
struct Entry {
    at: At,
    paths: Vec<String>,
    project_directory: String,
    env_files: Vec<String>,
}

/// Adds to a file's model what it includes, below what it says itself.
pub(super) fn apply(loader: &mut Loader<'_>, model: &mut Map, details: &Details<'_>, included: &[String], resets: &Resets) -> Step<()> {
    let Some(include) = model.remove("include") else { return Ok(()) };
    loader.notes.use_in(&include);
    let mut needs = Needs::default();
    for entry in entries(&include)? {
        let source = load(loader, entry, details, included);
        if let Some(source) = needs.add(source)? {
            let imported = import(source, model, resets);
            needs.add(imported.map_err(Stop::from))?;
        }
    }
    needs.end()
}

/// Files that Compose fetches are left to it.
pub(super) fn refuse_remote(path: &str, at: &At) -> Result<()> {
    let remote = paths::is_remote(path) || path == STDIN;
    if remote { Err(at.not_covered(format!("`{}` is no file of this machine", path.escape_debug()))) } else { Ok(()) }
}

fn entries(include: &Node) -> Result<Vec<Entry>> {
    if include.is_null() {
        return Ok(Vec::new());
    }
    let Some(list) = include.as_list() else { return Err(include.at.invalid("`include` must be a list")) };
    list.iter().map(entry).collect()
}

fn entry(node: &Node) -> Result<Entry> {
    let mut entry = Entry { at: node.at.clone(), paths: Vec::new(), project_directory: String::new(), env_files: Vec::new() };
    match &node.value {
        Value::Text(path) => entry.paths.push(path.clone()),
        Value::Map(map) => {
            entry.paths = texts(map.get("path"))?;
            entry.env_files = texts(map.get("env_file"))?;
            entry.project_directory = match map.get("project_directory") {
                Some(node) if !node.is_null() => match node.as_text() {
                    Some(text) => text.to_owned(),
                    None => return Err(node.at.invalid("`project_directory` must be a text")),
                },
                _ => String::new(),
            };
        }
        Value::Null => {}
        _ => return Err(node.at.invalid("an entry of `include` must be a path, or a mapping with `path`")),
    }
    Ok(entry)
}

fn texts(node: Option<&Node>) -> Result<Vec<String>> {
    let Some(node) = node.filter(|node| !node.is_null()) else { return Ok(Vec::new()) };
    let wrong = |node: &Node| node.at.invalid(format!("`{node}` must be a text or a list of texts"));
    match &node.value {
        Value::Text(text) => Ok(vec![text.clone()]),
        Value::List(list) => list.iter().map(|item| item.as_text().map(str::to_owned).ok_or_else(|| wrong(item))).collect(),
        _ => Err(wrong(node)),
    }
}

fn load(loader: &mut Loader<'_>, entry: Entry, details: &Details<'_>, included: &[String]) -> Step<Map> {
    let Entry { at, paths: files, project_directory, env_files } = entry;
    if files.is_empty() {
        return Err(at.not_covered("an entry of `include` without a path").into());
    }
    if included.len() > DEPTH {
        return Err(at.not_covered(format!("more than {DEPTH} files include one another")).into());
    }
    files.iter().try_for_each(|path| refuse_remote(path, &at))?;
    let files: Vec<String> = files.iter().map(|path| paths::absolute(details.file_folder, path)).collect();
    let Some(main) = files.first() else { return Ok(Map::new()) };
    if included.contains(main) {
        return Err(at.invalid(format!("`{}` includes itself", loader.name(main))).into());
    }
    let from = paths::absolute(loader.folder, details.file_folder);
    let seen_from = |folder: &str| paths::relative(&from, &paths::absolute(&from, folder));
    let (folder, project) = match project_directory.as_str() {
        "" => (seen_from(&paths::parent(&paths::absolute(loader.folder, main))), paths::parent(main)),
        directory if directory.starts_with('/') => (directory.to_owned(), directory.to_owned()),
        directory => (seen_from(directory), paths::join(details.folder, directory)),
    };
    let env = variables(loader, &project, env_files, &files, details, &at)?;
    let same =
        |cached: &&Cached| cached.paths == files && cached.folder == folder && cached.file_folder == project && cached.env.is_same(&env);
    if let Some(cached) = loader.included.iter().find(same) {
        return Ok(cached.model.clone());
    }
    let inner = Details { folder: &folder, file_folder: &project, files: &files, env: &env };
    let model = loader.model(&inner, included)?;
    loader.included.push(Cached { paths: files, folder, file_folder: project, env, model: model.clone() });
    Ok(model)
}

/// The variables that an included project is read with; all its files are asked for at once.
fn variables(
    loader: &mut Loader<'_>,
    project: &str,
    env_files: Vec<String>,
    compose_files: &[String],
    details: &Details<'_>,
    at: &At,
) -> Step<Rc<Scope>> {
    let own = paths::join(project, ".env");
    let from_details = |path: &String| if path.starts_with('/') { path.clone() } else { paths::join(details.folder, path) };
    let named: Vec<String> = env_files.iter().filter(|path| *path != "/dev/null").map(from_details).collect();
    let own = env_files.is_empty().then_some(own);
    loader.ask(own.iter().chain(&named).chain(compose_files))?;
    let mut files = Vec::new();
    if let Some(path) = own
        && loader.file(&path)?.is_some()
    {
        files.push(path);
    }
    for path in named {
        if loader.file(&path)?.is_none() {
            return Err(at.invalid(format!("the file of variables `{}` does not exist", path.escape_debug())).into());
        }
        files.push(path);
    }
    loader.scope(&files, details.env)
}

fn import(mut source: Map, target: &mut Map, resets: &Resets) -> Result<()> {
    for section in SECTIONS {
        let Some(from) = source.remove(section).filter(|node| !node.is_null()) else { continue };
        let at = from.at.clone();
        let Value::Map(from) = from.value else { return Err(at.invalid(format!("{section} must be a mapping"))) };
        target.insert_new(section.to_owned(), Node::new(Value::Map(Map::new()), &at));
        let Some(to) = target.get_mut(section) else { continue };
        let place = to.at.clone();
        let Some(to) = to.as_map_mut() else { return Err(place.invalid(format!("{section} must be a mapping"))) };
        let path = Path::top(section);
        for (name, node) in from {
            let node = match to.remove(&name) {
                Some(own) if own != node => {
                    if name.split('.').count() > DEPTH {
                        return Err(own.at.not_covered("a name with very many dots"));
                    }
                    let mut node = node;
                    resets.apply_to(section, &name, &mut node);
                    // Compose takes a dot in the name for one between keys, so that other rules hold.
                    path.within(&mut name.split('.'), &mut |path| merge::nodes(node.clone(), own.clone(), path))?
                }
                _ => node,
            };
            to.insert(name, node);
        }
    }
    Ok(())
}
