//! Reads a project without doing it: says which files it needs, until it has them all.
//!
//! Rules: compose-go `cli/options.go`, and the options that docker compose gives to it (`cmd/compose/compose.go`).

use crate::compose::consistency;
use crate::compose::dotenv::Variables;
use crate::compose::files::{self, STDIN};
use crate::compose::load::{Details, Files, Loader, Step, Stop};
use crate::compose::node::{At, Map, Node, Value};
use crate::compose::project::Project;
use crate::compose::scope::Scope;
use crate::compose::template::{self, Notes};
use crate::compose::{Flavor, decode, include, normalize, paths, scalar, settings, shape, tags, yaml};
use crate::error::{Code, Error, Result};
use crate::map;
use crate::platform;
use crate::secret::Secret;
use crate::shell::Env;

/// What a user asks for: the options of `docker compose`, and where it is started.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Request {
    /// `-f`, in order.
    pub files: Vec<String>,
    /// `--env-file`, in order.
    pub env_files: Vec<String>,
    /// `--profile`.
    pub profiles: Vec<String>,
    /// `--project-directory`.
    pub project_directory: Option<String>,
    /// `-p`.
    pub project_name: Option<String>,
    /// The environment of the process.
    pub env: Env,
    /// The working folder, absolute.
    pub folder: String,
}

/// How far reading has come.
#[derive(Debug, Clone, PartialEq)]
pub enum Read {
    /// These files are needed: absolute paths, and `-` for standard input. Read them, then call [`read`] again.
    Need(Vec<String>),
    /// The project.
    Done(Box<Project>),
}

/// Reads a project out of the files that were read so far, by absolute path; `None` for one that does not exist.
///
/// ```
/// use docktag::compose::read::{Read, Request, read};
///
/// let request = Request { folder: "/p".into(), files: vec!["a.yaml".into()], ..Request::default() };
/// let mut files = docktag::map::Map::new();
/// let project = loop {
///     match read(&request, &files)? {
///         Read::Need(paths) => files.extend(paths.into_iter().map(|path| {
///             let text = path.ends_with("a.yaml").then(|| b"services: {app: {build: .}}".to_vec());
///             (path, text)
///         })),
///         Read::Done(project) => break project,
///     }
/// };
/// assert_eq!(project.services[0].image_or_default, "p-app");
/// # Ok::<(), docktag::error::Error>(())
/// ```
///
/// # Errors
/// [`Code::ComposeFileMissing`] and [`Code::ComposeFileInvalid`] where Compose refuses too, with the line;
/// [`Code::ComposeNotCovered`] where Compose has to be asked.
pub fn read(request: &Request, files: &map::Map<String, Option<Vec<u8>>>) -> Result<Read> {
    match run(request, files) {
        Ok(project) => Ok(Read::Done(Box::new(project))),
        Err(Stop::Need(mut paths)) => {
            paths.sort_unstable();
            paths.dedup();
            Ok(Read::Need(paths))
        }
        Err(Stop::Failed(error)) => Err(error),
    }
}

fn run(request: &Request, files: &Files) -> Step<Project> {
    let home = request.env.get("HOME").map(String::as_str).filter(|home| !home.is_empty());
    let written = [request.files.as_slice(), &request.env_files].concat();
    let mut loader = Loader {
        files,
        folder: &request.folder,
        written: &written,
        home,
        notes: Notes::default(),
        versions: Vec::new(),
        loaded: 0,
        included: Vec::new(),
        extended: Vec::new(),
        scopes: Vec::new(),
    };
    let mut env: Variables = request.env.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    env.insert_new("PWD".to_owned(), request.folder.clone());

    let named = request.project_directory.as_ref().filter(|folder| !folder.is_empty());
    let named = named.map(|folder| paths::absolute(&request.folder, folder));
    let folder_of = |files: &[String]| match (&named, files.iter().find(|file| *file != STDIN)) {
        (Some(folder), _) => folder.clone(),
        (None, Some(file)) => paths::parent(&paths::absolute(&request.folder, file)),
        (None, None) => paths::clean(&request.folder),
    };
    let mut chosen = request.files.clone();
    add_variables(&mut loader, request, &folder_of(&chosen), &mut env)?;
    if chosen.is_empty() {
        chosen = from_variable(&loader, &env)?;
    }
    if chosen.is_empty() {
        chosen = discover(&mut loader, &folder_of(&chosen))?;
    }
    let folder = folder_of(&chosen);
    add_variables(&mut loader, request, &folder, &mut env)?;
    if chosen.is_empty() {
        let error = Error::new(Code::ComposeFileMissing, "no Compose file in this folder or above it, expected `compose.yaml`");
        return Err(error.help("name one with `-f`, or change the folder").into());
    }
    let at = At::new(&"-f".into(), 0);
    chosen.iter().filter(|file| *file != STDIN).try_for_each(|file| include::refuse_remote(file, &at))?;
    let absolute = |file: &String| if file == STDIN { file.clone() } else { paths::absolute(&request.folder, file) };
    let chosen: Vec<String> = chosen.iter().map(absolute).collect();
    loader.ask(&chosen)?;

    let name = project_name(&mut loader, request, &chosen, &folder, &env)?;
    env.insert("COMPOSE_PROJECT_NAME".to_owned(), name.clone());
    let env = Scope::new(env);
    let mut model = loader.model(&Details { folder: &folder, file_folder: &folder, files: &chosen, env: &env }, &[])?;
    if model.is_empty() {
        return Err(Error::new(Code::ComposeFileInvalid, "an empty Compose file")
            .at(loader.name(chosen.first().map_or("", |file| file)))
            .into());
    }
    if name.is_empty() {
        return Err(Error::new(Code::ComposeFileInvalid, "the name of the project is empty").help("set `name:`, or use `-p`").into());
    }
    normalize::model(&mut model, &name, &env);
    decode::extensions(&mut model);
    decode::check(&mut model, &mut loader.notes)?;
    let profiles = match request.profiles.is_empty() {
        false => request.profiles.clone(),
        // Without any there is one, the empty one.
        true => env.get("COMPOSE_PROFILES").unwrap_or_default().split(',').map(|text| text.trim().to_owned()).collect(),
    };
    let checked = consistency::Project { model: &model, profiles: &profiles };
    consistency::check(&checked)?;
    label_files(&mut loader, &checked)?;
    let mut project = shape::project(&checked, &name);
    project.blanks = blanks(&checked, &loader.notes);
    project.algorithm = settings::algorithm(&model)?;
    project.default_platform = env.get(platform::VARIABLE).map(str::to_owned);
    for name in project.secrets.values().filter_map(|secret| secret["environment"].as_str()) {
        let is_known = request.env.get(name).is_some() || project.secret_variables.iter().any(|(known, _)| known == name);
        if let Some(value) = env.get(name).filter(|_| !is_known) {
            project.secret_variables.push((name.to_owned(), Secret::new(value)));
        }
    }
    (project.folder, project.files, project.warnings) = (folder, chosen, loader.notes.warnings);
    Ok(project)
}

/// The variables without a value that reach a build or the name of an image, each once.
fn blanks(project: &consistency::Project<'_>, notes: &Notes) -> Vec<String> {
    let mut names = map::Set::new();
    let mut add = |name: &String| {
        names.add(name.clone());
    };
    notes.used.iter().for_each(&mut add);
    for service in project.section("services").into_iter().flat_map(Map::values).filter(|service| project.is_enabled(service)) {
        for node in ["image", "build", "platform"].iter().filter_map(|key| service.get(key)) {
            node.blanks(&mut add);
        }
        for secret in service.get("build").and_then(|build| build.get("secrets")).and_then(Node::as_list).unwrap_or_default() {
            let source = secret.get("source").and_then(Node::as_text).unwrap_or_default();
            project.section("secrets").and_then(|secrets| secrets.get(source)).into_iter().for_each(|node| node.blanks(&mut add));
        }
    }
    names.keys().cloned().collect()
}

/// Adds what the files of variables set and the environment does not.
fn add_variables(loader: &mut Loader<'_>, request: &Request, folder: &str, env: &mut Variables) -> Step<()> {
    let listed = request.env.get("COMPOSE_ENV_FILES").into_iter().flat_map(|text| text.split(',')).filter(|path| !path.is_empty());
    let named: Vec<String> = if request.env_files.is_empty() { listed.map(str::to_owned).collect() } else { request.env_files.clone() };
    let mut files = Vec::new();
    for path in named {
        let path = match (path.strip_prefix('~'), loader.home) {
            (Some(rest), Some(home)) => paths::join(home, rest),
            _ => path,
        };
        files.push(paths::absolute(loader.folder, &path));
    }
    if files.is_empty() && !is_disabled(request)? {
        let path = paths::join(folder, ".env");
        if loader.file(&path)?.is_some() {
            files.push(path);
        }
    }
    for (name, value) in loader.variables(&files, &|name| env.get(name).map(String::as_str))? {
        env.insert_new(name, value);
    }
    Ok(())
}

/// Rule: Go `strconv.ParseBool`.
fn is_disabled(request: &Request) -> Result<bool> {
    match request.env.get("COMPOSE_DISABLE_ENV_FILE").map(String::as_str) {
        None | Some("0" | "f" | "F" | "false" | "FALSE" | "False") => Ok(false),
        Some("1" | "t" | "T" | "true" | "TRUE" | "True") => Ok(true),
        Some(_) => Err(Error::new(Code::ComposeFileInvalid, "expected `true` or `false`").at("COMPOSE_DISABLE_ENV_FILE")),
    }
}

/// The files that `COMPOSE_FILE` names.
fn from_variable(loader: &Loader<'_>, env: &Variables) -> Step<Vec<String>> {
    let Some(text) = env.get("COMPOSE_FILE") else { return Ok(Vec::new()) };
    let separator = env.get("COMPOSE_PATH_SEPARATOR").map(String::as_str).filter(|text| !text.is_empty()).unwrap_or(":");
    let named: Vec<String> = text.split(separator).map(str::to_owned).collect();
    let at = At::new(&"COMPOSE_FILE".into(), 0);
    named.iter().filter(|file| *file != STDIN).try_for_each(|file| include::refuse_remote(file, &at))?;
    loader.ask(&named)?;
    for file in &named {
        if file.is_empty() || loader.file(file)?.is_none() {
            let error = Error::new(Code::ComposeFileMissing, "`COMPOSE_FILE` names it, and it is no file");
            return Err(error.at(if file.is_empty() { "COMPOSE_FILE" } else { file }).into());
        }
    }
    Ok(named)
}

/// The file that stands in a folder or in one above it, and its override.
fn discover(loader: &mut Loader<'_>, folder: &str) -> Step<Vec<String>> {
    let (names, overrides) = files::names(Flavor::V2);
    let mut folder = folder.to_owned();
    loop {
        let all: Vec<String> = names.iter().chain(overrides).map(|name| paths::join(&folder, name)).collect();
        loader.ask(&all)?;
        let exists = |path: &&String| matches!(loader.files.get(*path), Some(Some(_)));
        let (found, over): (Vec<&String>, Vec<&String>) =
            (all.iter().take(names.len()).filter(exists).collect(), all.iter().skip(names.len()).filter(exists).collect());
        if let Some(first) = found.first() {
            let chosen = std::iter::once(*first).chain(over.first().copied()).cloned().collect();
            for (kind, found) in [("config", &found), ("override", &over)] {
                if let [first, _, ..] = found.as_slice() {
                    let all = found.iter().map(|path| path.as_str()).collect::<Vec<_>>().join(", ");
                    loader.notes.warnings.push(format!("Found multiple {kind} files with supported names: {all}"));
                    loader.notes.warnings.push(format!("Using {first}"));
                }
            }
            return Ok(chosen);
        }
        let parent = paths::parent(&folder);
        if parent == folder || parent == "." {
            return Ok(Vec::new());
        }
        folder = parent;
    }
}

/// The name: of an option, of the environment, of the files, of the folder.
fn project_name(loader: &mut Loader<'_>, request: &Request, files: &[String], folder: &str, env: &Variables) -> Step<String> {
    let explicit = [request.project_name.as_ref(), env.get("COMPOSE_PROJECT_NAME")];
    if let Some(name) = explicit.into_iter().flatten().find(|name| !name.is_empty()) {
        if normalized(name) != *name {
            let message = format!("`{}` is no name of a project, expected small letters, digits, `-` and `_`", name.escape_debug());
            return Err(Error::new(Code::ComposeFileInvalid, message).into());
        }
        return Ok(name.clone());
    }
    let mut is_named = false;
    let mut last = String::new();
    for path in files {
        let name = loader.name(path);
        let Some(bytes) = loader.file(path)? else { continue };
        for (index, document) in yaml::documents(bytes, &name)?.into_iter().enumerate() {
            let (node, _) = tags::settle(document)?;
            let Some(name) = node.as_ref().and_then(|node| node.get("name")).filter(|name| !name.is_null()) else { continue };
            if let Value::Time(_) = name.value {
                return Err(name.at.not_covered("a time stamp as the name of the project").into());
            }
            let name = name.to_string();
            if !name.is_empty() {
                is_named |= index == 0;
                last = name;
            }
        }
    }
    let lookup = |name: &str| env.get(name).map(String::as_str);
    let name = template::substitute(&last, &lookup, &mut loader.notes)
        .map_err(|failure| Error::new(Code::ComposeFileInvalid, format!("name: {}", failure.message())))?;
    loader.notes.use_blanks();
    match normalized(&name) {
        name if !name.is_empty() => Ok(name),
        _ if is_named => Ok(String::new()),
        _ => Ok(normalized(paths::base(folder))),
    }
}

fn normalized(name: &str) -> String {
    let lower = scalar::lower(name);
    let kept: String = lower.chars().filter(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || matches!(it, '_' | '-')).collect();
    kept.trim_start_matches(['_', '-']).to_owned()
}

/// Files of labels must exist, and be readable.
fn label_files<'a>(loader: &mut Loader<'_>, project: &consistency::Project<'a>) -> Step<()> {
    let enabled = project.section("services").into_iter().flat_map(Map::values).filter(|service| project.is_enabled(service));
    let hooks = |service: &'a Node| service.get("pre_start").and_then(Node::as_list).unwrap_or_default();
    let holders = enabled.flat_map(|service| std::iter::once(service).chain(hooks(service)));
    let files = holders.flat_map(|node| node.get("label_file").and_then(Node::as_list).unwrap_or_default());
    let files: Vec<(&Node, String)> = files.filter_map(|file| Some((file, file.as_text()?.to_owned()))).collect();
    loader.ask(files.iter().map(|(_, path)| path))?;
    for (file, path) in files {
        if loader.file(&path)?.is_none() {
            return Err(file.at.invalid(format!("the file of labels `{}` does not exist", path.escape_debug())).into());
        }
        loader.variables(&[path], &|_| None)?;
    }
    Ok(())
}
