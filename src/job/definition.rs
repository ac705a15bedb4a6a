//! Definitions of builds that not every Compose builds in the same way. A tag names one image, so these are refused before anything is built.

use serde_json::Value;

use crate::compose::literal::{Altered, Cause, VALUE, altered};
use crate::compose::paths::{is_fetched, parent};
use crate::compose::project::{self, Build, Project, Service};
use crate::desk::Desk;
use crate::error::{Code, Error, Result};
use crate::job::draft::{Draft, dockerfile_candidates};
use crate::job::links::{self, Seen};
use crate::job::place::Places;
use crate::job::sources::{list, secrets};
use crate::options::{Job, Options};
use crate::path::RelPath;

/// A text with a `$`, which some versions of Compose do not escape.
#[derive(Debug)]
pub(super) struct Dollar {
    /// The text is the value of an argument and contains `${`.
    pub(super) is_argument: bool,
    /// The error if the installed Compose does not escape it.
    pub(super) error: Error,
}

/// Checks the builds of all services that are built here. Returns the texts that depend on the version of Compose.
///
/// # Errors
/// [`Code::ComposeFileInvalid`] for a text that Bake changes, and for a name that a builder reads as something else.
pub(super) async fn check(desk: &Desk, options: &Options, project: &Project, drafts: &[Draft<'_>]) -> Result<Vec<Dollar>> {
    if !matches!(options.job, Job::Build | Job::Plan) && !options.or_build {
        return Ok(Vec::new());
    }
    let places = Places::new(options, project);
    let mut seen = Seen::new();
    let mut dollars = Vec::new();
    for service in drafts.iter().map(|draft| draft.service) {
        let Some(build) = &service.build else { continue };
        let texts = texts(project, build);
        for text in &texts {
            if let Some(found) = altered(&text.text, text.is_escaped()) {
                return Err(at(service, is_altered(text, &found)));
            }
            if text.text.contains('$') {
                dollars.push(Dollar { is_argument: text.is_argument && text.text.contains(VALUE), error: at(service, is_unescaped(text)) });
            }
        }
        if let Some(error) = wrong_name(project, build) {
            return Err(at(service, error));
        }
        check_contexts(desk, service, build).await?;
        check_service_name(project, service)?;
        // rule: Compose `pkg/compose/build_bake.go`, `dockerFilePath`: links in this folder's path are replaced by their targets.
        if let Some(file) = dockerfile_candidates(&places, build).first() {
            for target in links::targets(desk, &mut seen, &places.of_host(&parent(file))).await {
                let text = Text { key: "dockerfile (a link on its way)".to_owned(), text: target, is_argument: false };
                if let Some(found) = altered(&text.text, false) {
                    return Err(at(service, is_altered(&text, &found)));
                }
            }
        }
    }
    Ok(dollars)
}

/// A text of a definition, and where it stands below `build`.
struct Text {
    key: String,
    text: String,
    /// The text is the value of an argument, so messages do not show it.
    is_argument: bool,
}

impl Text {
    /// Whether Compose escapes `${` in it.
    fn is_escaped(&self) -> bool {
        self.is_argument || self.key == "dockerfile_inline"
    }
}

/// All texts of a build: keys, values, and the sources of its secrets.
fn texts(project: &Project, build: &Build) -> Vec<Text> {
    let mut texts = Vec::new();
    for (key, value) in project::build(build) {
        walk(&key, &value, key == "args", &mut texts);
    }
    for (name, secret) in secrets(project, build) {
        walk(&format!("secrets.{name}"), secret, false, &mut texts);
    }
    texts
}

fn walk(key: &str, value: &Value, is_argument: bool, texts: &mut Vec<Text>) {
    match value {
        Value::String(text) => texts.push(Text { key: key.to_owned(), text: text.clone(), is_argument }),
        Value::Array(list) => list.iter().for_each(|item| walk(key, item, is_argument, texts)),
        Value::Object(map) => {
            for (name, value) in map {
                let key = format!("{key}.{name}");
                texts.push(Text { key: key.clone(), text: name.clone(), is_argument: false });
                walk(&key, value, is_argument, texts);
            }
        }
        _ => {}
    }
}

fn at(service: &Service, error: Error) -> Error {
    let error = error.of(&format!("service `{}`", service.name));
    match &service.build_place {
        Some(place) => error.at(&place.file).line(place.line),
        None => error,
    }
}

fn wrong(message: String) -> Error {
    Error::new(Code::ComposeFileInvalid, message)
}

fn is_altered(text: &Text, found: &Altered<'_>) -> Error {
    let key = text.key.escape_debug();
    let shown = match text.is_argument {
        true => String::new(),
        false => format!(" in `{}`", found.rest.chars().take(40).collect::<String>().escape_debug()),
    };
    match found.cause {
        Cause::Template(template) => {
            wrong(format!("build.{key}: Compose builds with Bake, which evaluates `{template}`{shown}; the tag counts it as it is written"))
                .help(match text.is_escaped() {
                    true => "write this value without `%{`, or move it into a Dockerfile",
                    false => "use a value without `${` and `%{`",
                })
        }
        Cause::Character(character) => wrong(format!(
            "build.{key}: Compose builds with Bake, which can replace the character U+{:04X}{shown}; the tag counts it as it is written",
            u32::from(character)
        ))
        .help("use composed characters (Unicode form C), and no byte order mark"),
    }
}

fn is_unescaped(text: &Text) -> Error {
    wrong(format!("build.{}: has a `$`, which this version of Compose does not escape for Bake", text.key.escape_debug()))
        .help("use Compose 2.40.1 or newer, or a value without `$`")
}

/// The first name that a builder reads as something else.
fn wrong_name(project: &Project, build: &Build) -> Option<Error> {
    let is_name = |name: &str, excluded: &[char]| !name.is_empty() && !name.contains(excluded) && !name.contains(char::is_control);
    let is_source = |text: &str| !text.contains([',', '"']) && !text.contains(char::is_control);
    let error = |key: &str, name: &str, what: &str| {
        wrong(format!("build.{key}: `{}` is not the name of {what}", name.escape_debug()))
            .help("a name is not empty, and has no `=`, no comma, no quote and no control character")
    };
    // `--build-arg NAME=VALUE` and `--label NAME=VALUE` of Compose v1.
    if let Some((name, _)) = build.args.iter().find(|(name, _)| !is_name(name, &['='])) {
        return Some(error("args", name, "an argument"));
    }
    let labels = build.other.get("labels").and_then(Value::as_object).into_iter().flatten();
    if let Some((name, _)) = labels.into_iter().find(|(name, _)| !is_name(name, &['='])) {
        return Some(error("labels", name, "a label"));
    }
    if let Some((name, _)) = build.additional_contexts.iter().find(|(name, _)| !is_name(name, &[])) {
        return Some(error("additional_contexts", name, "a context"));
    }
    // `id=NAME,type=file,src=FILE` and `ID=PATH` of Bake.
    let target = |secret: &'_ Value| secret["target"].as_str().filter(|target| !target.is_empty()).map(str::to_owned);
    let ids = list(build, "secrets").flat_map(|secret| [secret["source"].as_str().map(str::to_owned), target(secret)]).flatten();
    if let Some(name) = ids.into_iter().find(|name| !is_name(name, &[',', '"', '='])) {
        return Some(error("secrets", &name, "a secret"));
    }
    let ids = list(build, "ssh").filter_map(|key| key["id"].as_str());
    if let Some(name) = ids.into_iter().find(|name| !is_name(name, &[',', '"', '='])) {
        return Some(error("ssh", name, "a key"));
    }
    let sources = secrets(project, build).flat_map(|(_, it)| [it["file"].as_str(), it["environment"].as_str()]).flatten();
    let keys = list(build, "ssh").filter_map(|key| key["path"].as_str());
    if let Some(source) = sources.chain(keys).find(|source| !is_source(source)) {
        return Some(
            wrong(format!("`{}` is not a source of a secret or key that Bake can read", source.escape_debug()))
                .help("a source has no comma, no quote and no control character"),
        );
    }
    None
}

/// Addresses that Buildx takes for folders of this machine: then their files are not counted.
///
/// rule: Buildx `bake/bake.go`, `toBuildOpt` (`cwd://`), and `build/opt.go`, `loadInputs` (a context that is no address is a folder).
async fn check_contexts(desk: &Desk, service: &Service, build: &Build) -> Result<()> {
    let is_local = |text: &str| {
        let message = format!("`{}` is a folder of this machine for Buildx, and an address for Compose", text.escape_debug());
        Err(at(service, wrong(message).help("name the folder as `./FOLDER`")))
    };
    let texts = build.additional_contexts.values().chain([&build.context]).chain(&build.dockerfile);
    if let Some(text) = texts.into_iter().find(|text| text.starts_with("cwd://")) {
        return is_local(text);
    }
    for (_, context) in build.additional_contexts.iter().filter(|(_, context)| is_fetched(context)) {
        let is_known = ["http://", "https://", "docker-image://", "oci-layout://"].iter().any(|scheme| context.starts_with(scheme));
        if !is_known && desk.entries(vec![RelPath::new(context.as_bytes())]).await.is_ok() {
            return is_local(context);
        }
    }
    Ok(())
}

/// rule: Compose `pkg/compose/build_bake.go`: services are targets of Bake by their names, with `_` for `.`; of two that become one, either is built.
fn check_service_name(project: &Project, service: &Service) -> Result<()> {
    let target = |name: &str| name.replace('.', "_");
    let is_same = |other: &&Service| other.build.is_some() && other.name != service.name && target(&other.name) == target(&service.name);
    match project.services.iter().find(is_same) {
        Some(other) => {
            let message = format!("Compose builds with Bake, for which it and `{}` have one name", other.name);
            Err(at(service, wrong(message).help("rename one of them: `.` and `_` are the same in names of services there")))
        }
        None => Ok(()),
    }
}
