//! A project as Compose sees it: what its files, its variables and its profiles make.

use serde_json::{Map as Object, Value as Json};

use crate::digest::Algorithm;
use crate::map::Map;
use crate::secret::Secret;

/// A project that was read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Project {
    /// Its name: small letters, digits, `-` and `_`.
    pub name: String,
    /// The folder that its paths were relative to; absolute.
    pub folder: String,
    /// Its Compose files, absolute, without those that they include or extend.
    pub files: Vec<String>,
    /// Its services, sorted by name, those of other profiles too.
    pub services: Vec<Service>,
    /// Its jobs, sorted by name.
    pub jobs: Vec<Service>,
    /// Its secrets by name, as Compose prints them.
    pub secrets: Object<String, Json>,
    /// The variables whose values are secrets (`environment:`), where a file such as `.env` sets them and the environment does not.
    pub secret_variables: Vec<(String, Secret)>,
    /// `DOCKER_DEFAULT_PLATFORM`, as the environment or a file such as `.env` sets it.
    pub default_platform: Option<String>,
    /// The hash of its manifests and tags, if its files choose one (`x-docktag`).
    pub algorithm: Option<Algorithm>,
    /// What Compose warns of, such as variables that are not set.
    pub warnings: Vec<String>,
    /// The variables that have no value and reach a build or the name of an image, sorted.
    pub blanks: Vec<String>,
}

/// A service, or a job.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Its `image:`; `None` where it has none, or an empty one.
    pub image: Option<String>,
    /// The variables in its `image:` that have no value: not set, or empty.
    pub image_blanks: Vec<String>,
    /// Its `image:`, or the name that Compose gives to what it builds.
    pub image_or_default: String,
    /// Its `platform:`.
    pub platform: Option<String>,
    /// Its `pull_policy:`.
    pub pull_policy: Option<String>,
    /// Its `profiles:`.
    pub profiles: Vec<String>,
    /// Whether it is of no profile that is chosen.
    pub disabled: bool,
    /// The services that it depends on, as Compose prints them.
    pub depends_on: Object<String, Json>,
    /// Its `provider:`, as Compose prints it.
    pub provider: Option<Json>,
    /// Its `build:`.
    pub build: Option<Build>,
    /// Where the service stands.
    pub place: Place,
    /// Where its `image:` stands.
    pub image_place: Option<Place>,
    /// Where its `build:` stands.
    pub build_place: Option<Place>,
}

/// A line of a file, for messages.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// The file: from the working folder where it is in it, otherwise absolute.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

/// A `build:` in its long form.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Build {
    /// The context: an absolute path, a URL, or empty.
    pub context: String,
    /// The Dockerfile, from the context on; `None` where it is inline or empty.
    pub dockerfile: Option<String>,
    /// The Dockerfile's text.
    pub dockerfile_inline: Option<String>,
    /// The stage.
    pub target: Option<String>,
    /// The arguments; those without any value are left out.
    pub args: Map<String, String>,
    /// Contexts by name.
    pub additional_contexts: Map<String, String>,
    /// The platforms to build for.
    pub platforms: Vec<String>,
    /// Every other key that has a value, as Compose prints it.
    pub other: Object<String, Json>,
}

/// The project in the form that `docker compose config --format json` has, as far as it is known here.
///
/// Services of other profiles are only named, under `disabled`.
pub fn to_json(project: &Project) -> Json {
    let mut root = Object::new();
    put(&mut root, "name", text(&project.name));
    put(&mut root, "compose_files", list(&project.files));
    let enabled = |services: &[Service], is_job: bool| -> Object<String, Json> {
        services.iter().filter(|it| !it.disabled).map(|it| (it.name.clone(), Json::Object(service(it, is_job)))).collect()
    };
    put(&mut root, "services", Json::Object(enabled(&project.services, false)));
    let disabled: Vec<String> = project.services.iter().filter(|it| it.disabled).map(|it| it.name.clone()).collect();
    put_some(&mut root, "disabled", list(&disabled));
    put_some(&mut root, "jobs", Json::Object(enabled(&project.jobs, true)));
    put_some(&mut root, "secrets", Json::Object(project.secrets.clone()));
    Json::Object(root)
}

fn service(service: &Service, is_job: bool) -> Object<String, Json> {
    let mut object = Object::new();
    put_text(&mut object, "image", service.image.as_deref());
    if !is_job {
        put(&mut object, "image_or_default", text(&service.image_or_default));
    }
    put_text(&mut object, "platform", service.platform.as_deref());
    put_text(&mut object, "pull_policy", service.pull_policy.as_deref());
    put_some(&mut object, "profiles", list(&service.profiles));
    put_some(&mut object, "depends_on", Json::Object(service.depends_on.clone()));
    if let Some(provider) = &service.provider {
        put(&mut object, "provider", provider.clone());
    }
    if let Some(it) = &service.build {
        put(&mut object, "build", Json::Object(build(it)));
    }
    object
}

/// Every key of a `build:`, as Compose prints it.
pub(crate) fn build(build: &Build) -> Object<String, Json> {
    let mut object = build.other.clone();
    put_text(&mut object, "context", Some(build.context.as_str()).filter(|context| !context.is_empty()));
    put_text(&mut object, "dockerfile", build.dockerfile.as_deref());
    put_text(&mut object, "dockerfile_inline", build.dockerfile_inline.as_deref());
    put_text(&mut object, "target", build.target.as_deref());
    put_some(&mut object, "platforms", list(&build.platforms));
    for (key, variables) in [("args", &build.args), ("additional_contexts", &build.additional_contexts)] {
        put_some(&mut object, key, Json::Object(variables.iter().map(|(name, value)| (name.clone(), text(value))).collect()));
    }
    object
}

fn text(text: &str) -> Json {
    Json::String(text.to_owned())
}

fn list(texts: &[String]) -> Json {
    Json::Array(texts.iter().map(|it| text(it)).collect())
}

fn put(object: &mut Object<String, Json>, key: &str, value: Json) {
    object.insert(key.to_owned(), value);
}

fn put_text(object: &mut Object<String, Json>, key: &str, value: Option<&str>) {
    if let Some(value) = value {
        put(object, key, text(value));
    }
}

/// Empty lists and mappings are left out.
fn put_some(object: &mut Object<String, Json>, key: &str, value: Json) {
    let is_empty = value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(Object::is_empty);
    if !is_empty {
        put(object, key, value);
    }
}
