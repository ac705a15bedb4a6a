//! How Compose is told to build: which images the services have, where the cache comes from and goes to, what is taken in the place of other images.
//!
//! What the Compose file itself would write or trust is left out of the build: docktag sets `tags` after all checks, `cache_to` is for pushed
//! builds only, and `cache_from` is no cache that a trusted branch made.

use crate::compose::model::{self, Model};
use crate::compose::overrides::{BuildOverride, List, ServiceOverride};
use crate::compose::{Compose, Flavor};
use crate::error::{Code, Error, Result};
use crate::image::Reference;
use crate::options::Cache;
use crate::plan::{Builder, Context, Origin, Target};

/// Where a build's cache comes from and goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachePlan {
    /// Where the cache is kept.
    pub mode: Cache,
    /// Which builder works.
    pub builder: Builder,
    /// Whether what is built is pushed.
    pub pushes: bool,
    /// Whether this build may write caches that other branches read. If it may and pushes, the Compose file's own `cache_to` is used.
    pub gives: bool,
    /// Whether the Compose file's own `cache_from` is used: then every branch can put layers into images of others.
    pub shares: bool,
    /// Images or cache sources that are known to exist, or cannot be asked for.
    pub from: Vec<String>,
}

/// The image that keeps the cache of `--cache registry`: beside the target, named by its moving tag.
///
/// # Errors
/// [`Code::ImageInvalid`] if that name is too long for a tag.
fn cache_image(target: &Target) -> Result<Reference> {
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

/// What is added to the services of one target. `missing` are the targets that are built in the same go; `None` if builds cannot be told what to take.
///
/// # Errors
/// [`Code::Usage`] if the cache that was asked for cannot be had.
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
                ..cache_override(target, model.build(service), compose, cache)?
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

/// What is left out of services that are none of the targets: Compose builds one that is a context of another, and would write its tags and cache.
pub fn without_writes(model: &Model, overrides: &[ServiceOverride]) -> Vec<ServiceOverride> {
    let others = model.services.iter().filter(|service| !overrides.iter().any(|it| it.service == service.name));
    let left_out = others.filter_map(|service| {
        let build = service.build.as_ref().filter(|build| !build.tags.is_empty() || !build.cache_to.is_empty())?;
        let empty = |list: &[String]| if list.is_empty() { List::default() } else { List::Replace(Vec::new()) };
        let build = BuildOverride { tags: empty(&build.tags), cache_to: empty(&build.cache_to), ..BuildOverride::default() };
        Some(ServiceOverride { service: service.name.clone(), build: Some(build), ..ServiceOverride::default() })
    });
    left_out.collect()
}

/// The services of a target by their new name, if that is another than in the Compose files.
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
            // Compose does this by itself if its file says so.
            Some(_) if context.is_given => None,
            Some(service) => Some(format!("service:{service}")),
            None => Some(format!("docker-image://{image}")),
        },
    };
    target.contexts.iter().filter_map(|context| Some((context.name.clone(), origin(context)?))).collect()
}

fn cache_override(target: &Target, own: &model::Build, compose: &Compose, cache: &CachePlan) -> Result<BuildOverride> {
    let mut inline_argument = false;
    let mut from = cache.from.clone();
    let mut to = if cache.pushes && cache.gives { own.cache_to.clone() } else { Vec::new() };
    match (cache.mode, cache.builder, compose.flavor) {
        (Cache::None, ..) => from.clear(),
        (Cache::Inline, Builder::Classic, _) => {}
        (Cache::Inline, Builder::BuildKit, Flavor::V2) if !to.is_empty() => {}
        (Cache::Inline, Builder::BuildKit, Flavor::V2) => to.push("type=inline".to_owned()),
        (Cache::Inline, Builder::BuildKit, Flavor::V1) => inline_argument = true,
        (Cache::Registry, Builder::BuildKit, Flavor::V2) => {
            let cache_image = cache_image(target)?;
            from.push(format!("type=registry,ref={cache_image}"));
            to.extend((cache.pushes && cache.gives).then(|| format!("type=registry,ref={cache_image},mode=max")));
        }
        (Cache::Registry, ..) => {
            return Err(Error::new(Code::Usage, "`--cache registry` needs BuildKit and Compose v2 or newer")
                .help("leave it out, or unset DOCKER_BUILDKIT and use `docker compose`"));
        }
    }
    let replace = |list: Vec<String>, is_replaced: bool| if is_replaced { List::Replace(list) } else { List::Append(list) };
    Ok(BuildOverride {
        cache_from: replace(from, !own.cache_from.is_empty() && !cache.shares),
        cache_to: replace(to, !own.cache_to.is_empty()),
        tags: replace(Vec::new(), !own.tags.is_empty()),
        inline_argument,
        ..BuildOverride::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::targets;
    use std::rc::Rc;

    const TAG: &str = "900150983cd24fb0d6963f7d28e17f72";

    fn model(text: &str) -> Model {
        Model::parse(&text.replace("TAG", TAG)).unwrap()
    }

    fn cached(model: &Model, compose: Flavor, change: impl FnOnce(&mut CachePlan)) -> Result<Vec<BuildOverride>> {
        let target = &targets(model, TAG, &Rc::default(), Some("ci")).unwrap()[0];
        let mut cache = CachePlan {
            mode: Cache::Inline,
            builder: Builder::BuildKit,
            pushes: true,
            gives: true,
            shares: false,
            from: vec!["a/b:ci".to_owned()],
        };
        change(&mut cache);
        let compose = Compose { program: Vec::new(), flavor: compose };
        Ok(overrides(target, model, &compose, &cache, None)?.into_iter().filter_map(|it| it.build).collect())
    }

    fn append(list: &[&str]) -> List {
        List::Append(list.iter().map(|&it| it.to_owned()).collect())
    }

    fn replace(list: &[&str]) -> List {
        List::Replace(list.iter().map(|&it| it.to_owned()).collect())
    }

    #[test]
    fn the_cache_goes_where_the_builder_can_put_it() {
        let model = model("services: {app: {image: 'a/b:TAG', build: .}}");
        let with = |mode, builder, flavor| {
            cached(&model, flavor, |cache| (cache.mode, cache.builder) = (mode, builder)).map(|mut builds| builds.remove(0))
        };
        let inline = with(Cache::Inline, Builder::BuildKit, Flavor::V2).unwrap();
        assert_eq!((inline.cache_to, inline.cache_from), (append(&["type=inline"]), append(&["a/b:ci"])));
        assert!(with(Cache::Inline, Builder::BuildKit, Flavor::V1).unwrap().inline_argument);
        assert_eq!(with(Cache::Inline, Builder::Classic, Flavor::V1).unwrap().cache_from, append(&["a/b:ci"]));
        assert_eq!(with(Cache::None, Builder::BuildKit, Flavor::V2).unwrap().cache_from, append(&[]));
        let registry = with(Cache::Registry, Builder::BuildKit, Flavor::V2).unwrap();
        assert_eq!(registry.cache_to, append(&["type=registry,ref=a/b:ci-cache,mode=max"]));
        assert_eq!(with(Cache::Registry, Builder::Classic, Flavor::V2).unwrap_err().code, Code::Usage);
    }

    #[test]
    fn another_branch_reads_the_cache_and_does_not_write_it() {
        let model = model("services: {app: {image: 'a/b:TAG', build: .}}");
        let build = &cached(&model, Flavor::V2, |cache| (cache.mode, cache.gives) = (Cache::Registry, false)).unwrap()[0];
        assert_eq!((&build.cache_to, &build.cache_from), (&append(&[]), &append(&["a/b:ci", "type=registry,ref=a/b:ci-cache"])));
    }

    #[test]
    fn what_the_compose_file_would_write_or_trust_is_left_out() {
        let model = model("services: {app: {image: 'a/b:TAG', build: {context: ., tags: [x], cache_from: [y], cache_to: [type=gha]}}}");
        let build = |change: fn(&mut CachePlan)| cached(&model, Flavor::V2, change).unwrap().remove(0);
        let pushed = build(|_| {});
        assert_eq!((pushed.tags, pushed.cache_from, pushed.cache_to), (replace(&[]), replace(&["a/b:ci"]), replace(&["type=gha"])));
        assert_eq!(build(|cache| cache.pushes = false).cache_to, replace(&["type=inline"]));
        assert_eq!(build(|cache| cache.shares = true).cache_from, append(&["a/b:ci"]));
    }

    #[test]
    fn services_that_are_contexts_of_others_write_nothing_either() {
        let model = model(
            "services: {base: {build: {context: ., tags: [x]}}, plain: {build: .}, app: {image: 'a/b:TAG', build: {context: ., tags: [y]}}}",
        );
        let own = ServiceOverride { service: "app".to_owned(), ..ServiceOverride::default() };
        let others = without_writes(&model, &[own]);
        assert_eq!(others.iter().map(|it| it.service.as_str()).collect::<Vec<_>>(), ["base"]);
        assert_eq!(others[0].build.as_ref().unwrap().tags, replace(&[]));
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
