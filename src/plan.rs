//! From facts to what is to be done: which images there are to provide, and how Compose is told to.

use std::rc::Rc;

use crate::compose::model::{Model, Service};
use crate::compose::overrides::{BuildOverride, ServiceOverride};
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
    /// The digest of its manifest, with which the tag ends.
    pub tag: String,
    /// The text of its manifest.
    pub manifest: Rc<[u8]>,
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
                manifest: Rc::clone(manifest),
                moving,
                services: Vec::new(),
                built: Vec::new(),
                is_renamed: false,
                is_local: false,
                contexts: Vec::new(),
                platforms: Vec::new(),
                part: None,
            };
            targets.insert(index, target);
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
    /// Whether what is built is pushed: only then a cache may be written to the registry.
    pub pushes: bool,
    /// Images or cache sources that are known to exist, or cannot be asked for.
    pub from: Vec<String>,
}

/// The image that keeps the cache of `--cache registry`: beside the target, named by its moving tag.
///
/// # Errors
/// [`Code::ImageInvalid`] where that name is too long for a tag.
pub fn cache_image(target: &Target) -> Result<Reference> {
    let base = target.moving.as_ref().and_then(|moving| moving.tag.clone());
    // Jobs that build one platform each would overwrite each other's.
    let platform = target.part.as_ref().map(|platform| format!("-{}", platform.replace('/', "-"))).unwrap_or_default();
    target.image.repository.with_tag(&base.map_or_else(|| format!("cache{platform}"), |tag| format!("{tag}-cache{platform}")))
}

/// Whether builds can be told what to take in the place of an image: BuildKit can since the engine has a Dockerfile frontend of 1.4 or
/// newer (23.0), and Compose v1 cannot say it.
pub fn has_contexts(builder: Builder, flavor: Flavor, engine: Option<u32>) -> bool {
    builder == Builder::BuildKit && flavor == Flavor::V2 && engine.is_none_or(|major| major >= 23)
}

/// What is added to the services of one target. `missing` are the targets that are built in the same go; `None` where builds cannot be
/// told what to take.
///
/// # Errors
/// [`Code::Usage`] where the cache that was asked for cannot be had.
pub fn overrides(
    target: &Target,
    model: &Model,
    compose: &Compose,
    cache: &CachePlan,
    missing: Option<&[&Target]>,
) -> Result<Vec<ServiceOverride>> {
    let mut overrides = Vec::new();
    for service in &target.services {
        let build = match target.built.contains(service) {
            false => None,
            true => Some(BuildOverride {
                contexts: missing.map(|missing| contexts(target, missing)).unwrap_or_default(),
                platform: target.part.clone(),
                ..cache_override(target, service, model, compose, cache)?
            }),
        };
        let image = target.is_renamed.then(|| target.image.to_string());
        if build.is_some() || image.is_some() {
            let platform = target.part.clone();
            overrides.push(ServiceOverride { service: service.clone(), image, build, platform, ..ServiceOverride::default() });
        }
    }
    Ok(overrides)
}

/// The services of a target by their new name, where that is another than in the Compose files.
pub fn renamed(target: &Target) -> Vec<ServiceOverride> {
    let services = target.services.iter().filter(|_| target.is_renamed);
    services
        .map(|service| ServiceOverride { service: service.clone(), image: Some(target.image.to_string()), ..ServiceOverride::default() })
        .collect()
}

fn contexts(target: &Target, missing: &[&Target]) -> Vec<(String, String)> {
    let origin = |context: &Context| match &context.origin {
        Origin::Pinned(image) => Some(format!("docker-image://{image}")),
        Origin::Target(image) => match missing.iter().find(|other| other.image == *image).and_then(|other| other.built.first()) {
            // Compose does this by itself where its file says so.
            Some(_) if context.is_given => None,
            Some(service) => Some(format!("service:{service}")),
            None => Some(format!("docker-image://{image}")),
        },
    };
    target.contexts.iter().filter_map(|context| Some((context.name.clone(), origin(context)?))).collect()
}

fn cache_override(target: &Target, service: &str, model: &Model, compose: &Compose, cache: &CachePlan) -> Result<BuildOverride> {
    let has_cache_to = model.services.iter().any(|it| it.name == service && it.build.as_ref().is_some_and(|build| build.has_cache_to));
    let mut it = BuildOverride { cache_from: cache.from.clone(), ..BuildOverride::default() };
    match (cache.mode, cache.builder, compose.flavor) {
        (Cache::None, ..) => it.cache_from.clear(),
        (Cache::Inline, Builder::Classic, _) => {}
        // Who says where the cache goes has a reason.
        (Cache::Inline, Builder::BuildKit, Flavor::V2) if has_cache_to => {}
        (Cache::Inline, Builder::BuildKit, Flavor::V2) => it.cache_to = vec!["type=inline".to_owned()],
        (Cache::Inline, Builder::BuildKit, Flavor::V1) => it.inline_argument = true,
        (Cache::Registry, Builder::BuildKit, Flavor::V2) => {
            let cache_image = cache_image(target)?;
            it.cache_from.push(format!("type=registry,ref={cache_image}"));
            it.cache_to.extend(cache.pushes.then(|| format!("type=registry,ref={cache_image},mode=max")));
        }
        (Cache::Registry, ..) => {
            return Err(Error::new(Code::Usage, "`--cache registry` needs BuildKit and Compose v2 or newer")
                .help("leave it out, or unset DOCKER_BUILDKIT and use `docker compose`"));
        }
    }
    Ok(it)
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

    #[test]
    fn the_cache_goes_where_the_builder_can_put_it() {
        let model =
            model("services: {app: {image: 'a/b:TAG', build: .}, own: {image: 'a/b:TAG', build: {context: ., cache_to: [type=gha]}}}");
        let target = &targets(&model, TAG, &Rc::default(), Some("ci")).unwrap()[0];
        let with = |mode, builder, flavor| -> Result<Vec<BuildOverride>> {
            let compose = Compose { program: Vec::new(), flavor };
            let cache = CachePlan { mode, builder, pushes: true, from: vec!["a/b:ci".to_owned()] };
            let overrides = overrides(target, &model, &compose, &cache, None)?;
            Ok(overrides.into_iter().filter_map(|it| it.build).collect::<Vec<_>>())
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

    fn target(name: &str, contexts: Vec<Context>) -> Target {
        let model = model(&format!("services: {{{name}: {{image: 'a/{name}:TAG', build: .}}}}"));
        Target { contexts, is_renamed: true, ..targets(&model, TAG, &Rc::default(), None).unwrap().remove(0) }
    }

    fn of(name: &str, is_given: bool) -> Context {
        let image = Reference::parse(&format!("a/{name}:{TAG}")).unwrap();
        Context { name: format!("a/{name}"), origin: Origin::Target(image), is_given }
    }

    #[test]
    fn a_build_takes_what_is_built_beside_it_or_lies_in_the_registry() {
        let pinned = Context { name: "php:8".to_owned(), origin: Origin::Pinned("php@sha256:x".to_owned()), is_given: false };
        let app = target("app", vec![of("base", false), of("given", true), pinned]);
        let (base, given) = (target("base", vec![]), target("given", vec![]));
        let pairs =
            |missing: &[&Target]| contexts(&app, missing).into_iter().map(|(name, origin)| format!("{name}={origin}")).collect::<Vec<_>>();
        let php = "php:8=docker-image://php@sha256:x".to_owned();
        assert_eq!(pairs(&[&app, &base, &given]), ["a/base=service:base".to_owned(), php.clone()]);
        assert_eq!(pairs(&[&app]), [format!("a/base=docker-image://a/base:{TAG}"), format!("a/given=docker-image://a/given:{TAG}"), php]);
        assert!(has_contexts(Builder::BuildKit, Flavor::V2, Some(28)) && !has_contexts(Builder::BuildKit, Flavor::V2, Some(20)));
    }
}
