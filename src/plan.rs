//! From facts to what is to be done: which images there are to provide, and how Compose is told to.

use crate::compose::model::{Model, Service};
use crate::compose::overrides::BuildOverride;
use crate::compose::{Compose, Flavor};
use crate::error::{Code, Error, Result};
use crate::image::Reference;
use crate::options::Cache;
use crate::shell::Env;

/// One image to provide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// `repository:tag`.
    pub image: Reference,
    /// The same repository with the moving tag in the place of the hash; `None` where there is no moving tag.
    pub moving: Option<Reference>,
    /// The services that use it, sorted.
    pub services: Vec<String>,
    /// Those of them with `build:`.
    pub built: Vec<String>,
}

/// The images whose tag carries the hash, sorted by name, each with the services that use it.
///
/// A service with `build:` whose image does not carry the hash is no target: whether such an image is current cannot be known
/// from its name. [`strangers`] lists those.
///
/// # Errors
/// [`Code::NoTarget`] where no service both has `build:` and uses the hash; [`Code::ImageInvalid`] for an image that is none.
pub fn targets(model: &Model, tag: &str, moving_tag: Option<&str>) -> Result<Vec<Target>> {
    let mut targets: Vec<Target> = Vec::new();
    for service in &model.services {
        let Some(image) = keyed(service, tag)? else { continue };
        let moving = moving_tag
            .map(|moving| image.repository.with_tag(&image.tag.as_deref().unwrap_or_default().replace(tag, moving)))
            .transpose()?;
        let index = targets.iter().position(|target| target.image == image).unwrap_or_else(|| {
            let name = image.to_string();
            let index = targets.iter().take_while(|target| target.image.to_string() < name).count();
            targets.insert(index, Target { image, moving, services: Vec::new(), built: Vec::new() });
            index
        });
        targets[index].services.push(service.name.clone());
        targets[index].built.extend(service.build.is_some().then(|| service.name.clone()));
    }
    targets.retain(|target| !target.built.is_empty());
    if targets.is_empty() { Err(no_target(model)) } else { Ok(targets) }
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
    let image = Reference::parse(image).map_err(|error| error.at(format!("service `{}`: image `{image}`", service.name)))?;
    Ok((image.digest.is_none() && image.tag.as_deref().is_some_and(|it| it.contains(tag))).then_some(image))
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

/// Where a build's cache comes from and goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachePlan {
    /// Where the cache is kept.
    pub mode: Cache,
    /// Which builder works.
    pub builder: Builder,
    /// Images or cache sources that are known to exist, or cannot be asked for.
    pub from: Vec<String>,
}

/// The image that keeps the cache of `--cache registry`: beside the target, named by its moving tag.
///
/// # Errors
/// [`Code::ImageInvalid`] where that name is too long for a tag.
pub fn cache_image(target: &Target) -> Result<Reference> {
    let base = target.moving.as_ref().and_then(|moving| moving.tag.clone());
    target.image.repository.with_tag(&base.map_or_else(|| "cache".to_owned(), |tag| format!("{tag}-cache")))
}

/// What is added to a service's `build:`, for the services of one target.
///
/// # Errors
/// [`Code::Usage`] where the cache that was asked for cannot be had.
pub fn build_overrides(target: &Target, model: &Model, compose: &Compose, cache: &CachePlan) -> Result<Vec<BuildOverride>> {
    let has_cache_to = |name: &str| {
        model.services.iter().any(|service| service.name == name && service.build.as_ref().is_some_and(|build| build.has_cache_to))
    };
    let cache_image = cache_image(target)?;
    target
        .built
        .iter()
        .map(|service| {
            let mut it = BuildOverride { service: service.clone(), cache_from: cache.from.clone(), ..BuildOverride::default() };
            match (cache.mode, cache.builder, compose.flavor) {
                (Cache::None, ..) => it.cache_from.clear(),
                (Cache::Inline, Builder::Classic, _) => {}
                // Who says where the cache goes has a reason.
                (Cache::Inline, Builder::BuildKit, Flavor::V2) if has_cache_to(service) => {}
                (Cache::Inline, Builder::BuildKit, Flavor::V2) => it.cache_to = vec!["type=inline".to_owned()],
                (Cache::Inline, Builder::BuildKit, Flavor::V1) => it.inline_argument = true,
                (Cache::Registry, Builder::BuildKit, Flavor::V2) => {
                    it.cache_from.push(format!("type=registry,ref={cache_image}"));
                    it.cache_to = vec![format!("type=registry,ref={cache_image},mode=max")];
                }
                (Cache::Registry, ..) => {
                    return Err(Error::new(Code::Usage, "`--cache registry` needs BuildKit and Compose v2 or newer")
                        .help("leave it out, or unset DOCKER_BUILDKIT and use `docker compose`"));
                }
            }
            Ok(it)
        })
        .collect()
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
        let targets = targets(&model, TAG, Some("ci")).unwrap();
        assert_eq!(targets.len(), 2);
        assert_eq!((targets[0].services.join(" "), targets[0].built.join(" ")), ("app worker".to_owned(), "app".to_owned()));
        assert_eq!(targets[0].moving.as_ref().unwrap().to_string(), "a/b:ci");
        assert_eq!(targets[1].moving.as_ref().unwrap().to_string(), "h:5000/w:ci-web");
        assert_eq!(strangers(&model, TAG).unwrap()[0].name, "x");
    }

    #[test]
    fn no_target_says_what_there_is() {
        let said = |text: &str| targets(&model(text), TAG, None).unwrap_err().to_string();
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

    #[test]
    fn the_cache_goes_where_the_builder_can_put_it() {
        let model =
            model("services: {app: {image: 'a/b:TAG', build: .}, own: {image: 'a/b:TAG', build: {context: ., cache_to: [type=gha]}}}");
        let target = &targets(&model, TAG, Some("ci")).unwrap()[0];
        let with = |mode, builder, flavor| {
            let compose = Compose { program: Vec::new(), flavor };
            build_overrides(target, &model, &compose, &CachePlan { mode, builder, from: vec!["a/b:ci".to_owned()] })
        };
        let inline = with(Cache::Inline, Builder::BuildKit, Flavor::V2).unwrap();
        assert_eq!((inline[0].cache_to.join(" "), inline[0].cache_from.join(" ")), ("type=inline".to_owned(), "a/b:ci".to_owned()));
        assert!(inline[1].cache_to.is_empty());
        assert!(with(Cache::Inline, Builder::BuildKit, Flavor::V1).unwrap()[0].inline_argument);
        assert_eq!(with(Cache::Inline, Builder::Classic, Flavor::V1).unwrap()[0].cache_from, ["a/b:ci"]);
        assert!(with(Cache::None, Builder::BuildKit, Flavor::V2).unwrap()[0].cache_from.is_empty());
        let registry = with(Cache::Registry, Builder::BuildKit, Flavor::V2).unwrap();
        assert_eq!(registry[0].cache_to, ["type=registry,ref=a/b:ci-cache,mode=max"]);
        assert_eq!(with(Cache::Registry, Builder::Classic, Flavor::V2).unwrap_err().code, Code::Usage);
    }
}
