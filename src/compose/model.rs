//! The part of a Compose model that we use, read from what `compose config` prints.

use serde_json::Value;

use crate::compose::yaml;
use crate::error::{Code, Error, Result};

/// The services of a project, sorted by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Model {
    /// The services.
    pub services: Vec<Service>,
}

/// One service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Its `image:`, interpolated; `None` where it has none.
    pub image: Option<String>,
    /// Its `build:`, where it has one.
    pub build: Option<Build>,
}

/// The part of `build:` that we use.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Build {
    /// Its `tags:`, other names for what is built.
    pub tags: Vec<String>,
    /// Its `cache_from:`.
    pub cache_from: Vec<String>,
    /// Its `cache_to:`.
    pub cache_to: Vec<String>,
}

impl Build {
    /// Reads a `build:`, or its keys, as Compose prints them.
    pub fn from_keys<'a>(get: impl Fn(&str) -> Option<&'a Value>) -> Self {
        let list = |key: &str| {
            let items = get(key).and_then(Value::as_array).into_iter().flatten();
            items.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        Build { tags: list("tags"), cache_from: list("cache_from"), cache_to: list("cache_to") }
    }
}

impl Model {
    /// The `build:` of a service; an empty one if it has none.
    pub fn build(&self, service: &str) -> &Build {
        const NONE: &Build = &Build { tags: Vec::new(), cache_from: Vec::new(), cache_to: Vec::new() };
        self.services.iter().find(|it| it.name == service).and_then(|it| it.build.as_ref()).unwrap_or(NONE)
    }

    /// Reads the output of `compose config`: JSON from v2, YAML from v1.
    ///
    /// ```
    /// use docktag::compose::model::Model;
    ///
    /// let model = Model::parse("services: {app: {image: 'example/app:1', build: {context: .}}}")?;
    /// assert_eq!(model.services[0].image.as_deref(), Some("example/app:1"));
    /// # Ok::<(), docktag::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Code::ComposeFileInvalid`] where it is not a model.
    pub fn parse(text: &str) -> Result<Model> {
        let root = if text.trim_start().starts_with('{') { serde_json::from_slice(text.as_bytes()).ok() } else { None };
        let root = match root {
            Some(root) => root,
            None => read_yaml(text)?,
        };
        let services = root.get("services").and_then(Value::as_object);
        // A map of `serde_json` is sorted by name.
        Ok(Model { services: services.into_iter().flatten().map(|(name, body)| service(name, body)).collect() })
    }
}

fn service(name: &str, body: &Value) -> Service {
    let build = body.get("build").filter(|build| !build.is_null());
    Service {
        name: name.to_owned(),
        image: body.get("image").and_then(Value::as_str).filter(|image| !image.is_empty()).map(str::to_owned),
        build: build.map(|build| Build::from_keys(|key| build.get(key))),
    }
}

fn read_yaml(text: &str) -> Result<Value> {
    let mut documents = yaml::documents(text.as_bytes(), &"compose config".into())?.into_iter();
    match documents.next().map(|document| document.to_json()) {
        Some(root @ Value::Object(_)) => Ok(root),
        _ => Err(Error::new(Code::ComposeFileInvalid, "printed no model, expected a mapping with `services`").at("compose config")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_of_v2_and_yaml_of_v1_are_the_same_model() {
        let v2 = r#"{"name":"p","services":{"web":{"image":"redis"},"app":{"build":{"context":"/p","cache_from":["a"]},"image":"a/b:1","command":null}}}"#;
        let v1 = "services:\n  app:\n    build:\n      cache_from:\n      - a\n      context: /p\n    image: a/b:1\n  web:\n    image: redis\nversion: '3.2'\n\n";
        assert_eq!(Model::parse(v2), Model::parse(v1));
        let model = Model::parse(v1).unwrap();
        assert_eq!(model.services.iter().map(|service| service.name.as_str()).collect::<Vec<_>>(), ["app", "web"]);
        assert!(model.services[1].build.is_none());
    }

    #[test]
    fn an_empty_image_is_none() {
        let model = Model::parse("services: {app: {image: '', build: {context: ., cache_to: [type=gha]}}}").unwrap();
        assert_eq!(model.services[0].image, None);
        assert_eq!(model.build("app").cache_to, ["type=gha"]);
    }

    #[test]
    fn what_is_no_model_is_an_error() {
        for text in ["", "Define and run multi-container applications", "a: [", "- a"] {
            assert_eq!(Model::parse(text).unwrap_err().code, Code::ComposeFileInvalid, "{text}");
        }
    }
}
