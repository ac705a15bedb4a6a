//! Files become one model.
//!
//! Rules: compose-go `loader/loader.go`. The order of the steps is its order: what a step sees depends on it.

use std::rc::Rc;

use crate::compose::dotenv::{self, Variables};
use crate::compose::files::STDIN;
use crate::compose::node::{At, Map, Node, Value};
use crate::compose::paths::{self, Base};
use crate::compose::scope::Scope;
use crate::compose::tags::{self, Resets};
use crate::compose::template::{Lookup, Notes};
use crate::compose::tree::Path;
use crate::compose::{canonical, checks, extends, include, interpolate, merge, part, schema, unique, yaml};
use crate::error::{Code, Error, Result};
use crate::map;
use crate::path::relative;

/// Why a step did not end.
#[derive(Debug)]
pub(super) enum Stop {
    /// These files are needed first.
    Need(Vec<String>),
    /// It cannot end.
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Failed(error)
    }
}

/// The result of a step.
pub(super) type Step<T> = std::result::Result<T, Stop>;

/// The files that several steps need, so that they are read at once instead of one after another.
#[derive(Debug, Default)]
pub(super) struct Needs(Vec<String>);

impl Needs {
    /// The result of a step; `None` if a step needs files first. From then on failures do not count: an earlier step may fail as well.
    pub(super) fn add<T>(&mut self, step: Step<T>) -> Step<Option<T>> {
        match step {
            Ok(result) => Ok(Some(result)),
            Err(Stop::Need(paths)) => {
                self.0.extend(paths);
                Ok(None)
            }
            Err(Stop::Failed(_)) if !self.0.is_empty() => Ok(None),
            Err(stop) => Err(stop),
        }
    }

    /// Stops if files are needed.
    pub(super) fn end(self) -> Step<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Stop::Need(self.0)) }
    }
}

/// What was read so far, by absolute path; `None` for what does not exist.
pub(super) type Files = map::Map<String, Option<Vec<u8>>>;

/// Everything that the steps share.
pub(super) struct Loader<'a> {
    pub(super) files: &'a Files,
    /// The working folder, absolute.
    pub(super) folder: &'a str,
    /// The files that the user named, as they were written.
    pub(super) written: &'a [String],
    pub(super) home: Option<&'a str>,
    pub(super) notes: Notes,
    /// Files whose `version:` was warned of.
    pub(super) versions: Vec<String>,
    /// How many files were loaded: files that include one another twice each would be loaded without end.
    pub(super) loaded: usize,
    pub(super) included: Vec<include::Cached>,
    pub(super) extended: Vec<extends::Cached>,
    /// Files of variables that were read, the variables outside of them, and what both make.
    pub(super) scopes: Vec<(Vec<String>, Rc<Scope>, Rc<Scope>)>,
}

/// One model to load: the files that make it, and what they are seen from.
pub(super) struct Details<'a> {
    /// What its paths are relative to; may be relative itself.
    pub(super) folder: &'a str,
    /// What the paths of files that it names are relative to.
    pub(super) file_folder: &'a str,
    pub(super) files: &'a [String],
    pub(super) env: &'a Rc<Scope>,
}

/// How many files one project may load.
const LOADED: usize = 1000;

impl Loader<'_> {
    /// The content of a file; `None` where it does not exist.
    pub(super) fn file(&self, path: &str) -> Step<Option<&[u8]>> {
        let path = self.place(path);
        match self.files.get(&path) {
            Some(content) => Ok(content.as_deref()),
            None => Err(Stop::Need(vec![path])),
        }
    }

    /// Reads a Compose file; its documents.
    pub(super) fn documents(&mut self, path: &str) -> Step<Vec<Node>> {
        self.loaded += 1;
        let name = self.name(path);
        let at = At::new(&name, 0);
        if self.loaded > LOADED {
            return Err(at.not_covered(format!("more than {LOADED} files are loaded")).into());
        }
        match self.file(path)? {
            Some(bytes) => Ok(yaml::documents(bytes, &name)?),
            None => Err(Error::new(Code::ComposeFileMissing, "no such file").at(&name).help("check its name, or make the file").into()),
        }
    }

    /// The place of a file: absolute, but for standard input.
    fn place(&self, path: &str) -> String {
        if path == STDIN { path.to_owned() } else { paths::absolute(self.folder, path) }
    }

    /// Asks for all files at once that were not read yet.
    pub(super) fn ask<'p>(&self, paths: impl IntoIterator<Item = &'p String>) -> Step<()> {
        let paths = paths.into_iter().map(|path| self.place(path));
        match paths.filter(|path| !self.files.contains_key(path)).collect::<Vec<_>>() {
            missing if missing.is_empty() => Ok(()),
            missing => Err(Stop::Need(missing)),
        }
    }

    /// How a file is named in messages: as the user wrote it, else from the working folder.
    pub(super) fn name(&self, path: &str) -> Rc<str> {
        if path == STDIN {
            return "standard input".into();
        }
        let path = paths::absolute(self.folder, path);
        match self.written.iter().find(|written| paths::absolute(self.folder, written) == path) {
            Some(written) => written.as_str().into(),
            None => relative(self.folder, &path).into(),
        }
    }

    /// Adds to `own` what files of variables set.
    pub(super) fn variables(&mut self, files: &[String], outer: Lookup<'_>) -> Step<Variables> {
        let mut own = Variables::new();
        for path in files {
            let name = self.name(path);
            let absolute = paths::absolute(self.folder, path);
            let content = self.files.get(&absolute).ok_or_else(|| Stop::Need(vec![absolute.clone()]))?;
            let Some(content) = content else {
                return Err(Error::new(Code::ComposeFileInvalid, "is no file of variables").at(&name).into());
            };
            dotenv::read(content, &mut own, outer, &mut self.notes)
                .map_err(|(line, message)| Error::new(Code::ComposeFileInvalid, message).at(&name).line(line))?;
        }
        Ok(own)
    }

    /// The variables of files below those of `outer`; siblings that read the same files share them.
    pub(super) fn scope(&mut self, files: &[String], outer: &Rc<Scope>) -> Step<Rc<Scope>> {
        if files.is_empty() {
            return Ok(Rc::clone(outer));
        }
        if let Some((_, _, scope)) = self.scopes.iter().rfind(|(known, from, _)| known == files && Rc::ptr_eq(from, outer)) {
            return Ok(Rc::clone(scope));
        }
        let own = self.variables(files, &|name| outer.get(name))?;
        let scope = Scope::within(outer, own);
        self.scopes.push((files.to_vec(), Rc::clone(outer), Rc::clone(&scope)));
        Ok(scope)
    }

    /// Loads a model; `included` are the files that led to it.
    pub(super) fn model(&mut self, details: &Details<'_>, included: &[String]) -> Step<Map> {
        self.ask(details.files)?;
        // Bases of `extends` are shared by the files of one model.
        let outer = std::mem::take(&mut self.extended);
        let merged = self.merged(details, included);
        self.extended = outer;
        let mut model = merged?;
        default_contexts(&mut model);
        checks::model(&model)?;
        paths::resolve(&mut model, Base { folder: details.folder, home: self.home }, &mut self.notes)?;
        Ok(model)
    }

    fn merged(&mut self, details: &Details<'_>, included: &[String]) -> Step<Map> {
        let mut model = Map::new();
        let mut needs = Needs::default();
        for path in details.files {
            let mut included = included.to_vec();
            for document in self.documents(path)? {
                let done = self.document(&mut model, document, path, details, &mut included);
                needs.add(done)?;
            }
        }
        needs.end()?;
        Ok(model)
    }

    fn document(&mut self, model: &mut Map, document: Node, path: &str, details: &Details<'_>, included: &mut Vec<String>) -> Step<()> {
        let (mut map, resets) = self.prepare(document, details.env)?;
        included.push(path.to_owned());
        include::apply(self, &mut map, details, included, &resets)?;
        resets.apply(model);
        extends::apply(self, &mut map, path, details, &resets)?;
        // The rest of the model is as it was when the file before this one was done.
        let mut changed = part::take(model, &map, &resets);
        merge::models(&mut changed, map)?;
        unique::enforce(&mut changed)?;
        schema::validate(&changed)?;
        if changed.remove("version").is_some() && !self.versions.iter().any(|warned| warned == path) {
            self.versions.push(path.to_owned());
            let path = paths::absolute(self.folder, path);
            let text = "the attribute `version` is obsolete, it will be ignored, please remove it to avoid potential confusion";
            self.notes.warnings.push(format!("{path}: {text}"));
        }
        self.finish(&mut changed)?;
        part::put_back(model, changed);
        Ok(())
    }

    /// Merge keys, tags, variables, and the two names that keys of your own had before they were the specification's.
    pub(super) fn prepare(&mut self, document: Node, env: &Scope) -> Result<(Map, Resets)> {
        let at = document.at.clone();
        let wrong = || at.invalid("a Compose file is a mapping with `services`");
        let (node, resets) = tags::settle(document)?;
        let Some(Value::Map(mut map)) = node.map(|node| node.value) else { return Err(wrong()) };
        interpolate::model(&mut map, &|name| env.get(name), &mut self.notes)?;
        promote(&mut map)?;
        Ok((map, resets))
    }

    /// The long form, without what is empty and without what stands twice.
    pub(super) fn finish(&mut self, model: &mut Map) -> Result<()> {
        canonical::model(model, &mut self.notes)?;
        for section in ["services", "jobs"] {
            for node in model.get_mut(section).and_then(Node::as_map_mut).into_iter().flat_map(|map| map.values_mut()) {
                let dns = node.as_map_mut().and_then(|map| map.get_mut("dns"));
                if let Some(Node { value: Value::List(list), .. }) = dns {
                    list.retain(|item| !item.is_null() && item.as_text() != Some(""));
                }
            }
        }
        unique::enforce(model)
    }
}

/// `x-develop` is `develop`, and below it `x-initialSync` is `initial_sync` (rule: compose-go `loader/aliases.go`).
fn promote(map: &mut Map) -> Result<()> {
    let services = Path::top("services");
    let Some(entries) = map.get_mut("services").and_then(Node::as_map_mut) else { return Ok(()) };
    for (name, service) in entries {
        let service_path = services.next(name);
        let Some(service) = service.as_map_mut() else { continue };
        rename(service, "x-develop", "develop", &service_path)?;
        let develop_path = service_path.next("develop");
        let watch_path = develop_path.next("watch");
        let watch = service.get_mut("develop").and_then(Node::as_map_mut).and_then(|develop| develop.get_mut("watch"));
        if let Some(Node { value: Value::List(list), .. }) = watch {
            for entry in list.iter_mut().filter_map(Node::as_map_mut) {
                rename(entry, "x-initialSync", "initial_sync", &watch_path.next("[]"))?;
            }
        }
    }
    Ok(())
}

fn rename(map: &mut Map, from: &str, to: &str, path: &Path<'_>) -> Result<()> {
    let Some(extension) = map.remove(from) else { return Ok(()) };
    let node = match map.remove(to) {
        Some(node) if !node.is_null() => merge::nodes(extension, node, &path.next(to))?,
        _ => extension,
    };
    map.insert(to.to_owned(), node);
    Ok(())
}

/// A build without a context is that of the project's folder (rule: compose-go `transform/build.go`).
fn default_contexts(model: &mut Map) {
    for section in ["services", "jobs"] {
        for node in model.get_mut(section).and_then(Node::as_map_mut).into_iter().flat_map(|map| map.values_mut()) {
            let Some(build) = node.as_map_mut().and_then(|service| service.get_mut("build")) else { continue };
            let at = build.at.clone();
            if let Some(build) = build.as_map_mut() {
                build.insert_new("context".to_owned(), Node::text(".", &at));
            }
        }
    }
}
