//! From facts to what is to be done: which images there are to provide, and how Compose is told to.

mod exports;
mod overrides;

use std::rc::Rc;

use crate::compose::Flavor;
use crate::compose::model::{Model, Service};
use crate::error::{Code, Error, Result};
use crate::image::Reference;
use crate::naming::{self, has_hash};
use crate::shell::Env;

pub use exports::check_exports;
pub use overrides::{CachePlan, has_contexts, overrides, renamed, without_writes};

/// One image to provide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// `repository:tag`.
    pub image: Reference,
    /// The digest of its manifest, with which the tag ends.
    pub tag: String,
    /// The tag that the same inputs would have with sha256; `None` if it is not known, or if the tag is one.
    pub sha256: Option<String>,
    /// The text of its manifest.
    pub manifest: Rc<[u8]>,
    /// Its Dockerfile, as the host names it; `None` if there is no such file, or if it is not known.
    pub dockerfile: Option<String>,
    /// The same repository with the moving tag in the place of the hash; `None` where there is no moving tag.
    pub moving: Option<Reference>,
    /// The services that use it, sorted.
    pub services: Vec<String>,
    /// Those of them with `build:`.
    pub built: Vec<String>,
    /// Whether the Compose files call it otherwise, so that the services must be told this name.
    pub is_renamed: bool,
    /// Whether no registry has it, since nobody said where it goes.
    pub is_local: bool,
    /// The other names that the Compose files give it (`build.tags`), as written.
    pub tags: Vec<String>,
    /// What its build takes in the place of the images of these names.
    pub contexts: Vec<Context>,
    /// The platforms that it is for, sorted; none where they are not known, which is so for plain folders.
    pub platforms: Vec<String>,
    /// The one of several platforms that this is, under a name of its own ([`Target::part`]).
    pub part: Option<String>,
}

impl Target {
    /// One of several platforms of it, as a target of its own: its name has the platform behind the hash, so that no job writes what another
    /// one writes. `docs/adr/0014-parts.md` says why it is a tag.
    ///
    /// # Errors
    /// [`Code::ImageInvalid`] where that name is too long for a tag.
    pub fn part(&self, platform: &str) -> Result<Target> {
        let tag = format!("{}-{}", self.image.tag.as_deref().unwrap_or_default(), platform.replace('/', "-"));
        Ok(Target {
            image: self.image.repository.with_tag(&tag)?,
            platforms: vec![platform.to_owned()],
            part: Some(platform.to_owned()),
            ..self.clone()
        })
    }
}

/// What a build takes in the place of an image (BuildKit, "named contexts").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// The name of the image in the Dockerfile, or of the context in the Compose file.
    pub name: String,
    /// What is taken.
    pub origin: Origin,
    /// Whether the Compose file itself says so.
    pub is_given: bool,
}

/// Where a build takes an image from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// From a registry, by digest: `php@sha256:...`.
    Pinned(String),
    /// From another target.
    Target(Reference),
}

/// The images whose tag carries the hash, sorted by name, each with the services that use it.
///
/// A service with `build:` whose image does not carry the hash is no target: whether such an image is current cannot be known
/// from its name. [`strangers`] lists those.
///
/// # Errors
/// [`Code::NoTarget`] where no service both has `build:` and uses the hash; [`Code::ImageInvalid`] for an image that is none.
pub fn targets(model: &Model, tag: &str, manifest: &Rc<[u8]>, moving_tag: Option<&str>) -> Result<Vec<Target>> {
    let mut targets: Vec<Target> = Vec::new();
    for service in &model.services {
        let Some(image) = keyed(service, tag)? else { continue };
        let moving = moving_tag
            .map(|moving| image.repository.with_tag(&image.tag.as_deref().unwrap_or_default().replace(tag, moving)))
            .transpose()?;
        let index = targets.iter().position(|target| target.image == image).unwrap_or_else(|| {
            let name = image.to_string();
            let index = targets.iter().take_while(|target| target.image.to_string() < name).count();
            let target = Target {
                image,
                tag: tag.to_owned(),
                sha256: None,
                manifest: Rc::clone(manifest),
                dockerfile: None,
                moving,
                services: Vec::new(),
                built: Vec::new(),
                is_renamed: false,
                is_local: false,
                tags: Vec::new(),
                contexts: Vec::new(),
                platforms: Vec::new(),
                part: None,
            };
            targets.insert(index, target);
            index
        });
        targets[index].services.push(service.name.clone());
        if let Some(build) = &service.build {
            targets[index].built.push(service.name.clone());
            targets[index].tags.extend(build.tags.iter().cloned());
        }
    }
    targets.retain(|target| !target.built.is_empty());
    if targets.is_empty() { Err(no_target(model)) } else { Ok(targets) }
}

/// Returns whether docktag alone writes an image's name: a tag with a hash, a list of referrers, a moving tag, and the cache beside it.
///
/// The repository does not matter, nor do the images of this branch's Compose files: another branch can name its images differently.
pub fn is_managed(image: &Reference, moving_tag: Option<&str>) -> bool {
    let Some(tag) = image.tag.as_deref() else { return false };
    has_hash(tag) || tag.starts_with("sha256-") || tag.starts_with("sha512-") || is_of_moving(tag, moving_tag)
}

/// Returns whether a tag is a moving tag (`ci`, `dev-ci`) or the cache beside one (`ci-cache`, `dev-ci-cache-linux-arm64`; `cache` without a
/// moving tag).
fn is_of_moving(tag: &str, moving_tag: Option<&str>) -> bool {
    let words = format!("-{tag}-");
    match moving_tag {
        Some(moving) => words.ends_with(&format!("-{moving}-")) || words.contains(&format!("-{moving}-cache-")),
        None => words.starts_with("-cache-"),
    }
}

/// The services with `build:` whose image does not carry the hash.
pub fn strangers<'a>(model: &'a Model, tag: &str) -> Result<Vec<&'a Service>> {
    let mut strangers = Vec::new();
    for service in &model.services {
        if service.build.is_some() && keyed(service, tag)?.is_none() {
            strangers.push(service);
        }
    }
    Ok(strangers)
}

fn keyed(service: &Service, tag: &str) -> Result<Option<Reference>> {
    let Some(image) = &service.image else { return Ok(None) };
    let place = format!("service `{}`: image `{image}`", service.name);
    let image = Reference::parse(image).map_err(|error| error.at(&place))?;
    match image.tag.as_deref().filter(|it| image.digest.is_none() && it.contains(tag)) {
        Some(whole) => naming::check(whole, tag).map_err(|error| error.at(&place)).map(|()| Some(image.clone())),
        None => Ok(None),
    }
}

fn no_target(model: &Model) -> Error {
    let built: Vec<&Service> = model.services.iter().filter(|service| service.build.is_some()).collect();
    match built.as_slice() {
        [] => Error::new(Code::NoTarget, "no service has `build:`, expected one with `image: ${DOCKER_IMAGE}`")
            .help("is it the right Compose file? name others with `--file`"),
        built => {
            let said: Vec<String> = built
                .iter()
                .map(|service| {
                    format!(
                        "`{}` ({})",
                        service.name,
                        service.image.as_deref().map_or_else(|| "no `image:`".to_owned(), |image| format!("`image: {image}`"))
                    )
                })
                .collect();
            Error::new(Code::NoTarget, format!("no service with `build:` uses `${{DOCKER_IMAGE}}`, there are {}", said.join(", ")))
                .help(format!("write `image: ${{DOCKER_IMAGE}}` in service `{}`", built[0].name))
        }
    }
}

/// Which of the engine's two builders works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Builder {
    /// The one before BuildKit: takes its cache from images that are on the engine.
    Classic,
    /// Takes its cache from the registry.
    BuildKit,
}

/// Which builder Compose will use; `None` where only the presence of buildx decides.
///
/// v2: BuildKit unless `DOCKER_BUILDKIT=0`. v1: through the docker command unless `COMPOSE_DOCKER_CLI_BUILD=0`
/// (`compose/cli/main.py`), and that uses BuildKit where it has buildx, unless `DOCKER_BUILDKIT=0`.
pub fn builder(flavor: Flavor, env: &Env) -> Option<Builder> {
    let setting = |name: &str| {
        env.get(name)
            .filter(|value| !value.is_empty())
            .map(|value| !matches!(value.to_ascii_lowercase().as_str(), "0" | "false" | "f" | "no" | "n" | "off"))
    };
    match (flavor, setting("COMPOSE_DOCKER_CLI_BUILD"), setting("DOCKER_BUILDKIT")) {
        (Flavor::V1, Some(false), _) | (_, _, Some(false)) => Some(Builder::Classic),
        (Flavor::V2, _, _) | (_, _, Some(true)) => Some(Builder::BuildKit),
        (Flavor::V1, _, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: &str = "900150983cd24fb0d6963f7d28e17f72";

    fn model(text: &str) -> Model {
        Model::parse(&text.replace("TAG", TAG)).unwrap()
    }

    #[test]
    fn images_with_the_hash_in_their_tag_are_targets() {
        let model = model(
            "services: {app: {image: 'a/b:TAG', build: .}, worker: {image: 'a/b:TAG'}, web: {image: 'h:5000/w:TAG-web', build: .}, db: {image: redis}, x: {image: 'x:1', build: .}}",
        );
        let targets = targets(&model, TAG, &Rc::default(), Some("ci")).unwrap();
        assert_eq!(targets.len(), 2);
        assert_eq!((targets[0].services.join(" "), targets[0].built.join(" ")), ("app worker".to_owned(), "app".to_owned()));
        assert_eq!(targets[0].moving.as_ref().unwrap().to_string(), "a/b:ci");
        assert_eq!(targets[1].moving.as_ref().unwrap().to_string(), "h:5000/w:ci-web");
        assert_eq!(strangers(&model, TAG).unwrap()[0].name, "x");
    }

    #[test]
    fn no_target_says_what_there_is() {
        let said = |text: &str| targets(&model(text), TAG, &Rc::default(), None).unwrap_err().to_string();
        assert!(said("services: {db: {image: redis}}").starts_with("no service has `build:`"));
        assert!(said("services: {db: {image: 'a/b:TAG'}}").starts_with("no service has `build:`"));
        let two = said("services: {app: {image: 'a/b:1', build: .}, web: {build: .}}");
        assert!(two.contains("`app` (`image: a/b:1`), `web` (no `image:`); write `image: ${DOCKER_IMAGE}` in service `app`"), "{two}");
        assert!(said("services: {app: {image: 'A:TAG', build: .}}").starts_with("service `app`: image `A:"));
    }

    #[test]
    fn the_builder_follows_the_variables() {
        let env = |pairs: &[(&str, &str)]| pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Env>();
        for (flavor, pairs, expected) in [
            (Flavor::V2, &[][..], Some(Builder::BuildKit)),
            (Flavor::V2, &[("DOCKER_BUILDKIT", "0")], Some(Builder::Classic)),
            (Flavor::V2, &[("COMPOSE_DOCKER_CLI_BUILD", "0")], Some(Builder::BuildKit)),
            (Flavor::V1, &[], None),
            (Flavor::V1, &[("COMPOSE_DOCKER_CLI_BUILD", "1")], None),
            (Flavor::V1, &[("COMPOSE_DOCKER_CLI_BUILD", "0"), ("DOCKER_BUILDKIT", "1")], Some(Builder::Classic)),
            (Flavor::V1, &[("DOCKER_BUILDKIT", "1")], Some(Builder::BuildKit)),
            (Flavor::V1, &[("DOCKER_BUILDKIT", "false")], Some(Builder::Classic)),
        ] {
            assert_eq!(builder(flavor, &env(pairs)), expected, "{flavor:?} {pairs:?}");
        }
    }
}
