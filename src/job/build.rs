//! `build`: ask for every image at once; build, push and prove what is missing.

use std::rc::Rc;

use crate::desk::{Desk, join, join_all};
use crate::error::{Code, Error, Result};
use crate::image::Reference;
use crate::job::compose::Project;
use crate::job::moving::point;
use crate::job::provide::{Build, Built};
use crate::job::registry::Client;
use crate::job::work::{self, Work};
use crate::job::{later, tags, trusted, unknown, verified, why};
use crate::options::{Options, Push};
use crate::plan::{Context, Origin, Target};
use crate::registry::reply::{Descriptor, Presence};
use crate::report::{Note, Outcome, Planned, Report, TargetReport};

/// What the registry says of one target.
pub(super) struct Asked {
    pub(super) target: Target,
    pub(super) image: Presence,
    pub(super) moving: Option<Presence>,
}

/// Makes sure that the registry has the image for these inputs.
pub(super) async fn run(desk: &Desk, options: &Options) -> Result<Report> {
    let Work { options, mut report, mut project, mut targets, strangers, stages, mut reasons } = work::prepare(desk, options).await?;
    let options = &options;
    check(desk, options, &project, &mut targets, &strangers)?;
    let (targets, part) = match &options.share {
        Some(share) => super::plan::of_share(options, share, targets)?,
        None => (targets, options.part.clone()),
    };
    if options.share.is_some() && targets.is_empty() {
        desk.tell(Note::info("nothing is left for this share, so nothing is built"));
    }
    let client = Client::new(desk, options, options.pushes());
    let asked = join_all(targets.into_iter().map(|target| ask(&client, target))).await;
    let (mut hits, mut misses) = match &part {
        None => sort(desk, options, asked)?,
        Some(part) => sort(desk, options, parts(&client, part, asked).await?)?,
    };
    report.hit = Some(misses.is_empty());

    let is_moved = |(asked, found): &(Asked, Descriptor)| match &asked.moving {
        Some(Presence::Hit(moving)) => moving.digest != found.digest,
        moving => moving.is_some(),
    };
    let is_pointed = |hit: &(Asked, Descriptor)| is_moved(hit) || !hit.0.target.tags.is_empty();
    let writes = options.pushes() && (!misses.is_empty() || hits.iter().any(is_pointed));
    let gives_cache = writes && trusted::gives_cache(desk, options).await?;
    if writes && !gives_cache {
        hits.iter_mut().map(|hit| &mut hit.0).chain(&mut misses).for_each(|asked| tags::leave(desk, &mut asked.target));
    }
    let moved = hits.iter().map(|hit| (&hit.0.target, gives_cache && is_moved(hit)));
    let built = misses.iter().map(|asked| (&asked.target, gives_cache));
    let planned: Vec<Planned> = match options.dry_run && options.pushes() && part.is_none() {
        true => moved.chain(built).flat_map(|(target, is_moving)| tags::planned(target, is_moving)).collect(),
        false => Vec::new(),
    };
    report.targets = join_all(hits.into_iter().map(|(asked, found)| keep(desk, options, &client, asked, found, gives_cache))).await;
    if !misses.is_empty() {
        let whys = why::since_last(desk, options, &client, &misses, &mut reasons).await;
        let build = Build { desk, options, client: &client, stages: &stages, gives_cache };
        build_missing(&build, &mut project, &mut report, &misses).await?;
        tell_why(&mut report.targets, &misses, whys);
    }
    report.planned.extend(planned);
    later::keep(desk, options, &project, &mut report).await?;
    Ok(report)
}

/// Puts what has changed beside what was built because of it.
fn tell_why(targets: &mut [TargetReport], misses: &[Asked], whys: Vec<Vec<String>>) {
    for (asked, why) in misses.iter().zip(whys) {
        let image = asked.target.image.to_string();
        if let Some(target) = targets.iter_mut().find(|target| target.image == image) {
            target.why = why;
        }
    }
}

/// Builds what is missing, or says how.
pub(super) async fn build_missing(build: &Build<'_>, project: &mut Project, report: &mut Report, misses: &[Asked]) -> Result<()> {
    if build.options.dry_run {
        report.targets.extend(misses.iter().map(|asked| target_report(&asked.target, Outcome::Missing)));
    }
    match build.provide(project, report, misses).await? {
        Built::Done(targets) => report.targets.extend(targets),
        Built::Planned(planned) => report.planned.extend(planned),
    }
    Ok(())
}

/// Checks, before a registry is asked, that everything that is to be pushed may go where it is to go.
pub(super) fn check(desk: &Desk, options: &Options, project: &Project, targets: &mut [Target], strangers: &[String]) -> Result<()> {
    check_owners(options, targets)?;
    match options.is_plain() {
        true => left_alone(desk, project, strangers),
        false => check_local(options, targets)?,
    }
    tags::check(desk, options, targets)
}

/// Says which services with `build:` no hash is known for.
pub(super) fn left_alone(desk: &Desk, project: &Project, strangers: &[String]) {
    for service in project.model.services.iter().filter(|service| strangers.contains(&service.name)) {
        let image = service.image.as_deref().unwrap_or("none");
        desk.tell(Note::warning(format!("service `{}`: left alone, since its image ({image}) is not named by the hash; write `image: ${{DOCKER_IMAGE}}` to have it built", service.name)));
    }
}

/// What is to be pushed must have somewhere to go.
pub(super) fn check_local(options: &Options, targets: &[Target]) -> Result<()> {
    match targets.iter().find(|target| target.is_local) {
        Some(target) if options.pushes() => Err(Error::new(Code::Usage, "has no `image:`, so it is not known where its image goes")
            .at(format!("service `{}`", target.services.join("`, `")))
            .help("write `image: ghcr.io/acme/app` there, give `--repository-prefix ghcr.io/acme/` for all such services, or build without a push: `--push=false`")),
        _ => Ok(()),
    }
}

/// What is to be pushed must not go where only Docker's official images are.
fn check_owners(options: &Options, targets: &[Target]) -> Result<()> {
    let is_official = |target: &&Target| {
        let repository = &target.image.repository;
        !target.is_local && repository.registry() == "docker.io" && repository.path().starts_with("library/")
    };
    match targets.iter().find(is_official) {
        Some(target) if options.pushes() => Err(Error::new(
            Code::Usage,
            format!("`{}` would go to `library/` on Docker Hub, where only Docker's official images are", target.image.repository),
        )
        .at(format!("service `{}`", target.services.join("`, `")))
        .help("write `image: ghcr.io/acme/app` there, give `--repository-prefix ghcr.io/acme/` for all such services, or build without a push: `--push=false`")),
        _ => Ok(()),
    }
}

/// Asks for an image and its moving tag at once.
pub(super) async fn ask(client: &Client<'_>, target: Target) -> Asked {
    if target.is_local {
        return Asked { target, image: Presence::Miss, moving: None };
    }
    let moving = async {
        match &target.moving {
            Some(moving) => Some(client.presence(moving).await),
            None => None,
        }
    };
    let image = async { verified::hit(client, &target, client.presence_of(&target).await.0).await };
    let (image, moving) = join(image, moving).await;
    Asked { target, image, moving }
}

/// What is to be done for one platform: an image that is there as a whole is a hit, else its part is asked for.
async fn parts(client: &Client<'_>, platform: &str, asked: Vec<Asked>) -> Result<Vec<Asked>> {
    let of_part =
        asked.into_iter().filter(|asked| asked.target.platforms.len() > 1 && asked.target.platforms.iter().any(|it| it == platform));
    let (whole, open): (Vec<Asked>, Vec<Asked>) = of_part.partition(|asked| matches!(asked.image, Presence::Hit(_)) && !client.forces());
    if whole.is_empty() && open.is_empty() {
        return Err(Error::new(Code::Usage, format!("`--part {platform}`: no image is for several platforms of which this is one"))
            .help("name several under `build.platforms` in the Compose file, or leave `--part` out"));
    }
    let mut targets = Vec::new();
    for asked in &open {
        targets.push(asked.target.part(platform)?);
    }
    // What is built with another image takes the part of that.
    let names: Vec<(Reference, Reference)> =
        open.iter().zip(&targets).map(|(asked, part)| (asked.target.image.clone(), part.image.clone())).collect();
    for context in targets.iter_mut().flat_map(|target| &mut target.contexts) {
        if let Origin::Target(image) = &mut context.origin
            && let Some((_, part)) = names.iter().find(|(whole, _)| whole == image)
        {
            *image = part.clone();
        }
    }
    let asked = targets.into_iter().zip(open).map(|(target, whole)| async move {
        let image = match whole.image {
            Presence::Unknown(error) => Presence::Unknown(error),
            _ if target.is_local => Presence::Miss,
            _ => client.presence_of(&target).await.0,
        };
        Asked { target, image, moving: whole.moving }
    });
    Ok(whole.into_iter().chain(join_all(asked).await).collect())
}

/// Hits with their digests, and misses.
pub(super) type Sorted = (Vec<(Asked, Descriptor)>, Vec<Asked>);

/// Hits with their digests, and misses; what is unknown is an error, unless nothing is to be pushed.
pub(super) fn sort(desk: &Desk, options: &Options, asked: Vec<Asked>) -> Result<Sorted> {
    let (mut hits, mut misses, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    for asked in asked {
        let image = &asked.target.image;
        match &asked.image {
            Presence::Hit(found) if !options.force => {
                desk.tell(Note::info(format!("{image}: hit, {}", found.digest)));
                let found = found.clone();
                hits.push((asked, found));
            }
            Presence::Hit(_) => {
                desk.tell(Note::info(format!("{image}: is there, and built anyway because of `--force`")));
                misses.push(asked);
            }
            Presence::Miss => {
                let why = if asked.target.is_local { "is on this machine only, so it is built here" } else { "miss" };
                desk.tell(Note::info(format!("{image}: {why}")));
                misses.push(asked);
            }
            Presence::Unknown(error) if options.push == Push::No && !is_mistake(options, error) => {
                unknown.push((image.to_string(), error.clone()));
                misses.push(asked);
            }
            Presence::Unknown(error) => {
                let help = error.help.as_ref().map(|help| format!("{help}; ")).unwrap_or_default();
                return Err(error.clone().help(format!("{help}whether the image is there is not known, so nothing was built")));
            }
            Presence::Doubtful => return Err(Error::new(Code::Internal, "a doubt that was not resolved").at(image)),
        }
    }
    for (error, images) in unknown::by_reason(&unknown) {
        let said = match &images[..] {
            [_] => error.to_string(),
            images => format!("{}; {}", error.message, unknown::named(images)),
        };
        desk.tell(Note::warning(format!("{said}; built without asking further, since nothing is to be pushed")));
    }
    Ok((hits, misses))
}

/// A login that was given and is refused is never a reason to build.
pub(super) fn is_mistake(options: &Options, error: &Error) -> bool {
    options.given_login().is_some() && error.code == Code::RegistryDenied
}

/// A hit: nothing to do but to point the moving tag and the project's own tags at it.
async fn keep(desk: &Desk, options: &Options, client: &Client<'_>, asked: Asked, found: Descriptor, gives_cache: bool) -> TargetReport {
    let writes = options.pushes() && !options.dry_run && asked.target.part.is_none();
    let is_there = matches!(&asked.moving, Some(Presence::Hit(moving)) if moving.digest == found.digest);
    let moving = match &asked.target.moving {
        Some(moving) if writes && (gives_cache || is_there) => Some(point(desk, client, &asked, moving, &found.digest).await),
        _ => None,
    };
    let tags = if writes { tags::set(desk, client, &asked.target, &found.digest).await } else { Vec::new() };
    let milliseconds = Some(found.milliseconds);
    TargetReport { digest: Some(found.digest), milliseconds, moving, tags, ..target_report(&asked.target, Outcome::Hit) }
}

pub(super) fn target_report(target: &Target, outcome: Outcome) -> TargetReport {
    TargetReport {
        services: target.services.clone(),
        image: target.image.to_string(),
        tag: target.tag.clone(),
        outcome,
        digest: None,
        platforms: Vec::new(),
        present: Vec::new(),
        needs: Vec::new(),
        contexts: target.contexts.iter().filter_map(given).collect(),
        reason: None,
        milliseconds: None,
        bytes: None,
        moving: None,
        tags: Vec::new(),
        why: Vec::new(),
        manifest: Rc::clone(&target.manifest),
    }
}

/// The image of another service that the Compose file names as a context.
fn given(context: &Context) -> Option<(String, String)> {
    match &context.origin {
        Origin::Target(image) if context.is_given => Some((context.name.clone(), image.to_string())),
        _ => None,
    }
}
