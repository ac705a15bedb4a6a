//! The Compose file that docktag adds on a miss: where the cache comes from, and where it goes.
//!
//! It is JSON, which every YAML reader takes. It holds no path, since all paths are relative to the project's first file.

use serde_json::{Map, Value};

/// What is added to one service's `build:`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BuildOverride {
    /// The service.
    pub service: String,
    /// Appended to `cache_from`.
    pub cache_from: Vec<String>,
    /// Appended to `cache_to`.
    pub cache_to: Vec<String>,
    /// Whether the build argument `BUILDKIT_INLINE_CACHE=1` is set: for Compose v1, which does not know `cache_to`.
    pub inline_argument: bool,
}

/// The file's text.
///
/// ```
/// use docktag::compose::overrides::{BuildOverride, render};
///
/// let app = BuildOverride { service: "app".into(), cache_from: vec!["a/b:ci".into()], ..Default::default() };
/// assert_eq!(render(&[app]), r#"{"services":{"app":{"build":{"cache_from":["a/b:ci"]}}}}"#);
/// ```
pub fn render(overrides: &[BuildOverride]) -> String {
    let mut services = Map::new();
    for it in overrides {
        services.insert(it.service.clone(), object("build", build(it)));
    }
    // What is only texts and lists can always be written.
    serde_json::to_string(&object("services", Value::Object(services))).unwrap_or_default()
}

fn object(name: &str, value: Value) -> Value {
    let mut members = Map::new();
    members.insert(name.to_owned(), value);
    Value::Object(members)
}

fn build(it: &BuildOverride) -> Value {
    let mut build = Map::new();
    if it.inline_argument {
        build.insert("args".to_owned(), object("BUILDKIT_INLINE_CACHE", "1".into()));
    }
    for (key, list) in [("cache_from", &it.cache_from), ("cache_to", &it.cache_to)] {
        if !list.is_empty() {
            // `$` would be interpolated.
            build.insert(key.to_owned(), list.iter().map(|entry| entry.replace('$', "$$")).collect());
        }
    }
    Value::Object(build)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_written() {
        let app = BuildOverride {
            service: "app".to_owned(),
            cache_from: vec!["type=registry,ref=a/b:$x".to_owned()],
            cache_to: vec!["type=inline".to_owned()],
            inline_argument: true,
        };
        let text = render(&[app]);
        assert_eq!(
            text,
            r#"{"services":{"app":{"build":{"args":{"BUILDKIT_INLINE_CACHE":"1"},"cache_from":["type=registry,ref=a/b:$$x"],"cache_to":["type=inline"]}}}}"#
        );
    }
}
