//! The Compose file that docktag adds behind the project's own: which images the services use, where the cache of a build comes from and
//! goes to, and what it takes in the place of other images.
//!
//! It is JSON, which every YAML reader takes. Paths in it are absolute, since others would be relative to the project's first file.

use serde_json::{Map, Value};

/// What is added to one service.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServiceOverride {
    /// The service.
    pub service: String,
    /// Its image.
    pub image: Option<String>,
    /// The one platform that it is for.
    pub platform: Option<String>,
    /// When the image is pulled; `None`: as Compose has it.
    pub pull_policy: Option<&'static str>,
    /// What is added to its `build:`; `None` where it has none.
    pub build: Option<BuildOverride>,
}

/// What is added to one service's `build:`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BuildOverride {
    /// How `tags` changes.
    pub tags: List,
    /// How `cache_from` changes.
    pub cache_from: List,
    /// How `cache_to` changes.
    pub cache_to: List,
    /// Whether the build argument `BUILDKIT_INLINE_CACHE=1` is set: for Compose v1, which does not know `cache_to`.
    pub inline_argument: bool,
    /// The context, where another one takes its place; absolute.
    pub context: Option<String>,
    /// Likewise the Dockerfile.
    pub dockerfile: Option<String>,
    /// Added to `additional_contexts`: what stands for the images (or stages) of these names.
    pub contexts: Vec<(String, String)>,
    /// Takes the place of `platforms`.
    pub platform: Option<String>,
}

/// A change of a list in the Compose files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum List {
    /// These are appended.
    Append(Vec<String>),
    /// These take its place (`!override`, which Compose knows since 2.24.4).
    Replace(Vec<String>),
}

impl Default for List {
    fn default() -> Self {
        List::Append(Vec::new())
    }
}

/// The file's text.
///
/// ```
/// use docktag::compose::overrides::{BuildOverride, List, ServiceOverride, render};
///
/// let build = BuildOverride { cache_from: List::Append(vec!["a/b:ci".into()]), ..Default::default() };
/// let app = ServiceOverride { service: "app".into(), build: Some(build), ..Default::default() };
/// assert_eq!(render(&[app]), r#"{"services":{"app":{"build":{"cache_from":["a/b:ci"]}}}}"#);
/// ```
pub fn render(overrides: &[ServiceOverride]) -> String {
    let mut services = Map::new();
    for it in overrides {
        let mut service = Map::new();
        if let Some(build) = &it.build {
            service.insert("build".to_owned(), of_build(build));
        }
        if let Some(image) = &it.image {
            service.insert("image".to_owned(), escape(image));
        }
        if let Some(platform) = &it.platform {
            service.insert("platform".to_owned(), escape(platform));
        }
        if let Some(policy) = it.pull_policy {
            service.insert("pull_policy".to_owned(), policy.into());
        }
        services.insert(it.service.clone(), Value::Object(service));
    }
    let mut file = Map::new();
    file.insert("services".to_owned(), Value::Object(services));
    // Strings and lists always serialize. JSON has no YAML tags, so `!override` is put in afterwards. Only a key can end in `!override"` followed
    // by a colon: a quote inside a string is escaped.
    serde_json::to_string(&Value::Object(file)).unwrap_or_default().replace(&format!("{OVERRIDE}\":"), "\": !override ")
}

/// Ends the name of a key whose list takes the place of another.
const OVERRIDE: &str = "!override";

fn of_build(it: &BuildOverride) -> Value {
    let mut build = Map::new();
    for (key, path) in [("context", &it.context), ("dockerfile", &it.dockerfile)] {
        if let Some(path) = path {
            build.insert(key.to_owned(), escape(path));
        }
    }
    if it.inline_argument {
        build.insert("args".to_owned(), mapping([("BUILDKIT_INLINE_CACHE", "1")]));
    }
    for (key, list) in [("cache_from", &it.cache_from), ("cache_to", &it.cache_to), ("tags", &it.tags)] {
        let (key, list) = match list {
            List::Append(list) if list.is_empty() => continue,
            List::Append(list) => (key.to_owned(), list),
            List::Replace(list) => (format!("{key}{OVERRIDE}"), list),
        };
        build.insert(key, list.iter().map(|entry| escape(entry)).collect());
    }
    if !it.contexts.is_empty() {
        let contexts = it.contexts.iter().map(|(name, context)| (name.as_str(), context.as_str()));
        build.insert("additional_contexts".to_owned(), mapping(contexts));
    }
    if let Some(platform) = &it.platform {
        build.insert(format!("platforms{OVERRIDE}"), [escape(platform)].into_iter().collect());
    }
    Value::Object(build)
}

fn mapping<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Value {
    let mut mapping = Map::new();
    for (name, value) in pairs {
        mapping.insert(name.to_owned(), escape(value));
    }
    Value::Object(mapping)
}

/// `$` would be interpolated.
fn escape(text: &str) -> Value {
    text.replace('$', "$$").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_written() {
        let build = BuildOverride {
            tags: List::Replace(Vec::new()),
            cache_from: List::Append(vec!["type=registry,ref=a/b:$x!override\":".to_owned()]),
            cache_to: List::Replace(vec!["type=inline".to_owned()]),
            inline_argument: true,
            context: Some("/run/0".to_owned()),
            dockerfile: Some("/run/Dockerfile".to_owned()),
            contexts: vec![("a/base".to_owned(), "service:base".to_owned())],
            platform: Some("linux/arm64".to_owned()),
        };
        let app = ServiceOverride {
            service: "app".to_owned(),
            image: Some("a/b:1".to_owned()),
            platform: Some("linux/arm64".to_owned()),
            pull_policy: Some("missing"),
            build: Some(build),
        };
        let text = render(&[app]);
        assert_eq!(
            text,
            r#"{"services":{"app":{"build":{"additional_contexts":{"a/base":"service:base"},"args":{"BUILDKIT_INLINE_CACHE":"1"},"cache_from":["type=registry,ref=a/b:$$x!override\":"],"cache_to": !override ["type=inline"],"context":"/run/0","dockerfile":"/run/Dockerfile","platforms": !override ["linux/arm64"],"tags": !override []},"image":"a/b:1","platform":"linux/arm64","pull_policy":"missing"}}}"#
        );
    }
}
