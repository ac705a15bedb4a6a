//! The images of a project among each other: which are wanted, which are built with which, and what each is called.

use std::rc::Rc;

use crate::compose::model;
use crate::compose::project::{Build, Project, Service};
use crate::diff::diff;
use crate::error::{Code, Error, Result};
use crate::image::{Reference, Repository};
use crate::inputs::{Digests, Inputs};
use crate::job::bases::Pins;
use crate::job::draft::Draft;
use crate::job::failures::Failures;
use crate::job::named::{behind, image_names, is_bare};
use crate::manifest::{Manifest, tag};
use crate::map::{Map, Set};
use crate::naming::Name;
use crate::note;
use crate::options::{Job, Options};
use crate::plan::{Context, Origin, Target};
use crate::reach;
use crate::shell::printable;

/// A service that is built.
pub(super) type Built<'a> = (&'a Service, &'a Build);

/// The services that are asked for and have `build:`.
pub(super) fn wanted<'a>(options: &Options, project: &'a Project) -> Result<Vec<Built<'a>>> {
    let built = |service: &'a Service| service.build.as_ref().map(|build| (service, build));
    if options.services.is_empty() {
        let all: Vec<Built<'a>> = project.services.iter().filter(|service| !service.disabled).filter_map(built).collect();
        return match all.is_empty() && options.job != Job::Pull {
            true => Err(Error::new(Code::NoTarget, "no service has `build:`, so there is nothing to hash")
                .help(format!("is it the right Compose file?{} name a plain folder with `--path`", inactive(project)))),
            false => Ok(all),
        };
    }
    let mut all = Vec::new();
    for name in &options.services {
        let service = find(project, name).ok_or_else(|| {
            let names: Vec<&str> = project.services.iter().map(|service| service.name.as_str()).collect();
            Error::new(Code::Usage, format!("`{}`: no such service, there are {}", name.escape_debug(), names.join(", ")))
                .help("mend its name, or is it the right Compose file?")
        })?;
        match built(service) {
            Some(built) => all.push(built),
            // Its image comes from elsewhere, and can be pulled.
            None if options.job == Job::Pull => {}
            None => {
                return Err(Error::new(Code::Usage, "has no `build:`, so there is nothing to hash")
                    .at(format!("service `{}`", service.name))
                    .help("name a service that is built"));
            }
        }
    }
    Ok(all)
}

/// Names the profiles of services that would be built.
fn inactive(project: &Project) -> String {
    let built = project.services.iter().filter(|service| service.disabled && service.build.is_some());
    let profiles: Set<&str> = built.flat_map(|service| &service.profiles).map(|profile| (profile.as_str(), ())).collect();
    match profiles.keys().copied().collect::<Vec<_>>().as_slice() {
        [] => String::new(),
        [one] => format!(" Services with `build:` have the profile `{one}`: add `--profile {one}`;"),
        many => format!(" Services with `build:` have the profiles `{}`: add one with `--profile`;", many.join("`, `")),
    }
}

/// The services that others are built with and that are not among them yet.
pub(super) fn missing<'a>(project: &'a Project, drafts: &[Draft<'a>]) -> Vec<Built<'a>> {
    let mut missing: Vec<Built<'a>> = Vec::new();
    let mut known: Set<&str> = drafts.iter().map(|draft| (draft.service.name.as_str(), ())).collect();
    for own in drafts.iter().flat_map(|draft| &draft.own) {
        if known.add(&own.service)
            && let Some(service) = find(project, &own.service)
            && let Some(build) = &service.build
        {
            missing.push((service, build));
        }
    }
    missing
}

/// The images, sorted by name: those that others are built with too. `drafts` and `inputs` have the same order; `failures` has the services
/// without an image, and gets those that are built with them or cannot be named.
pub(super) fn targets(
    options: &Options,
    project: &Project,
    drafts: &[Draft<'_>],
    inputs: &[Inputs],
    digests: &Digests,
    pins: &Pins,
    failures: &mut Failures,
) -> Result<Vec<Target>> {
    let mut targets: Vec<Target> = Vec::new();
    // Which of them has a name, but for the hash at its end.
    let mut names: Map<String, usize> = Map::new();
    let by_service: Map<&str, usize> = drafts.iter().enumerate().map(|(index, draft)| (draft.service.name.as_str(), index)).collect();
    // By place among the drafts: the image of each.
    let mut images: Vec<Option<(Reference, String)>> = vec![None; drafts.len()];
    for index in order(drafts, &by_service)? {
        let draft = &drafts[index];
        if let Some((own, error)) = draft.own.iter().find_map(|own| Some((own, failures.of(&own.service)?))) {
            let message = format!("is built with `{}`, whose image cannot be computed", own.service);
            let error = Error::new(error.code, message).at(format!("service `{}`", draft.service.name));
            failures.add(&draft.service.name, error);
            continue;
        }
        let mut contexts = pins.contexts(draft);
        let mut notes = Vec::new();
        for own in &draft.own {
            let base = by_service.get(own.service.as_str()).and_then(|&at| images[at].clone());
            let Some((image, hash)) = base else { continue };
            notes.push(note::image(&own.name, &hash));
            contexts.push(Context { name: own.name.clone(), origin: Origin::Target(image), is_given: own.is_given });
        }
        let mut manifest = inputs[index].manifest(options.algorithm, digests)?;
        manifest.notes.extend(notes);
        let text = manifest.render();
        let hash = tag(options.algorithm, &text);
        let named = name(options, project, draft.service).and_then(|name| {
            let moving = options.moving_tag.as_ref().filter(|_| !name.is_local);
            Ok((name.tagged(&hash)?, moving.map(|tag| name.moving(tag)).transpose()?, name.is_local))
        });
        let (image, moving, is_local) = match named {
            Ok(named) => named,
            Err(error) => {
                failures.add(&draft.service.name, error);
                continue;
            }
        };
        images[index] = Some((image.clone(), hash.clone()));
        let tags = draft.service.build.as_ref().map(|build| model::Build::from_keys(|key| build.other.get(key)).tags).unwrap_or_default();
        let written = image.to_string();
        let stem = written.strip_suffix(&hash).unwrap_or(&written);
        if let Some(other) = names.get(stem).and_then(|&at| targets.get_mut(at)) {
            if other.image != image {
                return Err(two_images(options, draft, other, &text));
            }
            other.services.push(draft.service.name.clone());
            other.tags.extend(tags);
            continue;
        }
        names.insert(stem.to_owned(), targets.len());
        targets.push(Target {
            image,
            tag: hash,
            sha256: None,
            manifest: Rc::from(text),
            dockerfile: draft.text.path.as_ref().map(|_| draft.place.clone()),
            moving,
            services: vec![draft.service.name.clone()],
            built: vec![draft.service.name.clone()],
            is_renamed: true,
            is_local,
            tags,
            contexts,
            platforms: draft.platforms.clone(),
            part: None,
        });
    }
    let users = users(project);
    for target in &mut targets {
        let original = target.built.first().and_then(|name| find(project, name));
        let names = original.map(|service| image_names(options, project, service)).unwrap_or_default();
        target.services.extend(names.iter().filter_map(|name| users.get(name)).flatten().cloned());
        target.services.sort_unstable();
    }
    targets.sort_by_cached_key(|target| target.image.to_string());
    Ok(targets)
}

/// Services without `build:`, by the image that they use.
fn users(project: &Project) -> Map<String, Vec<String>> {
    let mut users: Map<String, Vec<String>> = Map::new();
    for service in project.services.iter().filter(|service| service.build.is_none()) {
        let Some(image) = service.image.as_ref().and_then(|image| reach::normalized(image).ok()) else { continue };
        match users.get_mut(&image) {
            Some(services) => services.push(service.name.clone()),
            None => drop(users.insert(image, vec![service.name.clone()])),
        }
    }
    users
}

fn find<'a>(project: &'a Project, name: &str) -> Option<&'a Service> {
    // They are sorted by name.
    let at = project.services.binary_search_by(|service| service.name.as_str().cmp(name));
    at.ok().and_then(|at| project.services.get(at))
}

/// Two services want one name for two images.
fn two_images(options: &Options, draft: &Draft<'_>, other: &Target, text: &[u8]) -> Error {
    let parsed = |text: &[u8]| Manifest::parse(options.algorithm, text);
    let summary = match (parsed(&other.manifest), parsed(text)) {
        (Ok(old), Ok(new)) => diff(&old, &new).summary(3),
        _ => String::new(),
    };
    let differ = if summary.is_empty() { "arguments, target or platform".to_owned() } else { summary };
    let service = draft.service;
    let error = Error::new(
        Code::NoTarget,
        format!(
            "services `{}` and `{}` have the same image `{}`, and not the same inputs: {differ}",
            other.built.first().map_or("", String::as_str),
            service.name,
            service.image_or_default
        ),
    )
    .help("give them different `image:` names or tags");
    match &service.image_place {
        Some(place) => error.at(&place.file).line(place.line),
        None => error,
    }
}

/// The name of a service's image, but for the hash.
pub(super) fn name(options: &Options, project: &Project, service: &Service) -> Result<Name> {
    let at = |error: Error| match &service.image_place {
        Some(place) => error.at(&place.file).line(place.line),
        None => error,
    };
    let value = service.image.as_ref().map(|image| format!(": `{}`", printable(image))).unwrap_or_default();
    let at = |error: Error| at(with_blanks(service, error.of(&format!("service `{}`{value}", service.name))));
    if let Some(repository) = &options.image
        && is_named(options, project, service)?
    {
        return Ok(Name::of_repository(repository.clone()));
    }
    match (&service.image, &options.repository_prefix) {
        (Some(image), Some(prefix)) if is_bare(image) => {
            Name::of_image(&behind(prefix, image)).map_err(|error| at(error.of("`--repository-prefix`")))
        }
        (Some(image), _) => Name::of_image(image).map_err(at),
        (None, Some(prefix)) => Repository::parse(&behind(prefix, &format!("{}-{}", project.name, service.name)))
            .map(Name::of_repository)
            .map_err(|error| at(error.of("`--repository-prefix`"))),
        (None, None) => Name::local(&service.image_or_default).map_err(at),
    }
}

/// Names the variables that left a hole in an `image:`.
fn with_blanks(service: &Service, error: Error) -> Error {
    let (are, it) = match service.image_blanks.as_slice() {
        [] => return error,
        [_] => ("has no value", "it"),
        _ => ("have no value", "them"),
    };
    let names = service.image_blanks.join("` and `");
    error.help(format!("`{names}` {are}: set {it}, or write a default such as `${{{}:-dev}}`", service.image_blanks[0]))
}

/// Whether `--image` is the name of this service's image: it is that of the one service that is asked for.
fn is_named(options: &Options, project: &Project, service: &Service) -> Result<bool> {
    let wanted = wanted(options, project)?;
    match wanted.as_slice() {
        [(one, _)] => Ok(one.name == service.name),
        many => {
            let names: Vec<&str> = many.iter().map(|(service, _)| service.name.as_str()).collect();
            Err(Error::new(Code::Usage, format!("`--image` names one image, and several services are built: {}", names.join(", ")))
                .help("give every service its own `image:` in the Compose file, or name one service"))
        }
    }
}

/// The drafts in an order in which each comes after those that it is built with.
fn order(drafts: &[Draft<'_>], by_service: &Map<&str, usize>) -> Result<Vec<usize>> {
    let needs: Vec<Vec<usize>> =
        drafts.iter().map(|draft| draft.own.iter().filter_map(|own| by_service.get(own.service.as_str()).copied()).collect()).collect();
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); drafts.len()];
    for (index, needs) in needs.iter().enumerate() {
        needs.iter().for_each(|&need| users[need].push(index));
    }
    // How many of its needs are open, and those with none.
    let mut open: Vec<usize> = needs.iter().map(Vec::len).collect();
    let mut ready: Set<usize> = (0..drafts.len()).filter(|&index| open[index] == 0).map(|index| (index, ())).collect();
    let mut order: Vec<usize> = Vec::with_capacity(drafts.len());
    loop {
        // The first of those that are ready.
        let Some(index) = ready.keys().next().copied() else { break };
        ready.remove(&index);
        order.push(index);
        for &user in &users[index] {
            open[user] -= 1;
            if open[user] == 0 {
                ready.add(user);
            }
        }
    }
    if order.len() == drafts.len() { Ok(order) } else { Err(cycle(drafts, &needs, &open)) }
}

/// Follows what is open until a service comes again.
fn cycle(drafts: &[Draft<'_>], needs: &[Vec<usize>], open: &[usize]) -> Error {
    let is_open = |index: &usize| open[*index] > 0;
    let mut way: Vec<usize> = (0..drafts.len()).find(is_open).into_iter().collect();
    let mut is_on_way = vec![false; drafts.len()];
    while let Some(last) = way.last().copied() {
        is_on_way[last] = true;
        let Some(next) = needs[last].iter().copied().find(is_open) else { break };
        way.push(next);
        if is_on_way[next] {
            let first = way.iter().position(|index| *index == next);
            way.drain(..first.unwrap_or_default());
            break;
        }
    }
    let names: Vec<&str> = way.iter().map(|index| drafts[*index].service.name.as_str()).collect();
    Error::new(Code::ComposeFileInvalid, format!("services are built with each other: {}", names.join(" -> ")))
        .help("break the circle: one of them must be built without the others")
}
