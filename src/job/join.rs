//! `join`: images for several platforms, of which each was built and pushed by a job of its own, get one index under their tag. Only the
//! registry is asked: no engine, no layer.

use crate::desk::{Desk, join_all};
use crate::error::{Code, Error, Result};
use crate::job::build::{Asked, ask, is_mistake, target_report};
use crate::job::moving::point_and_prove;
use crate::job::provenance::Provenance;
use crate::job::registry::Client;
use crate::job::work::{self, Work};
use crate::job::{kept, later, strong, tags, trusted, verified};
use crate::options::Options;
use crate::plan::Target;
use crate::registry::index::{self, Part};
use crate::registry::reply::Presence;
use crate::report::{Note, Outcome, Report, TargetReport};

/// Joins every image that is for several platforms. Those for one are what their job pushed already.
pub(super) async fn run(desk: &Desk, options: &Options) -> Result<Report> {
    let Work { options, mut report, project, targets, .. } = work::prepare(desk, options).await?;
    let options = &options;
    let mut targets: Vec<Target> = targets.into_iter().filter(|target| target.platforms.len() > 1 && !target.is_local).collect();
    tags::check(desk, options, &mut targets)?;
    if targets.is_empty() {
        desk.tell(Note::info("no image is for several platforms, so there is nothing to join"));
    }
    if !options.pushes() {
        desk.tell(Note::warning("nothing was pushed, so nothing is joined"));
        return Ok(report);
    }
    let client = Client::new(desk, options, true);
    let mut asked = join_all(targets.into_iter().map(|target| ask(&client, target))).await;
    report.hit = Some(asked.iter().all(|asked| matches!(asked.image, Presence::Hit(_))));
    let provenance = if report.hit == Some(false) { Provenance::find(desk, options).await } else { None };
    let gives_cache = trusted::gives_cache(desk, options).await?;
    if !gives_cache {
        asked.iter_mut().for_each(|asked| tags::leave(desk, &mut asked.target));
    }
    let all: Vec<&Target> = asked.iter().map(|asked| &asked.target).collect();
    let sha256 = match report.hit {
        Some(false) => strong::tags(desk, options, &report.manifest, &all).await?,
        _ => vec![None; all.len()],
    };
    let joined = asked
        .iter()
        .zip(&sha256)
        .map(|(asked, sha256)| provide(desk, options, &client, asked, sha256.as_ref(), provenance.as_ref(), gives_cache));
    let joined = join_all(joined).await;
    report.targets = joined.into_iter().collect::<Result<_>>()?;
    later::keep(desk, options, &project, &mut report).await?;
    Ok(report)
}

async fn provide(
    desk: &Desk,
    options: &Options,
    client: &Client<'_>,
    asked: &Asked,
    sha256: Option<&String>,
    provenance: Option<&Provenance>,
    gives_cache: bool,
) -> Result<TargetReport> {
    let target = &asked.target;
    let image = &target.image;
    let (digest, outcome) = match &asked.image {
        Presence::Hit(found) => {
            desk.tell(Note::info(format!("{image}: hit, {}", found.digest)));
            (found.digest.clone(), Outcome::Hit)
        }
        Presence::Unknown(error) if is_mistake(options, error) => return Err(error.clone()),
        Presence::Unknown(error) => {
            let help = error.help.as_ref().map(|help| format!("{help}; ")).unwrap_or_default();
            return Err(error.clone().help(format!("{help}whether the image is there is not known, so nothing was joined")));
        }
        Presence::Miss | Presence::Doubtful => {
            let parts = parts(client, target).await?;
            let (media_type, bytes) = index::join(&parts).map_err(|platform| {
                Error::new(Code::Miss, format!("the part for {platform} has nothing for {platform} in it"))
                    .at(image)
                    .help(format!("build it anew: `docktag build --force --part {platform} {}`", target.built.join(" ")))
            })?;
            if options.dry_run {
                desk.tell(Note::info(format!("{image}: every platform is there, and would be joined")));
                return Ok(target_report(target, Outcome::Missing));
            }
            let expected = crate::digest::digest(crate::digest::Algorithm::Sha256, bytes.as_bytes());
            let expected = format!("sha256:{expected}");
            client.store(image, media_type, bytes.into_bytes(), &format!("put its platforms together as {image}")).await?;
            let found = match client.presence(image).await {
                // Two jobs that join the same parts write the same bytes.
                Presence::Hit(found) if found.digest == expected => found,
                Presence::Unknown(error) => return Err(error),
                _ => {
                    return Err(Error::new(
                        Code::PushFailed,
                        format!("was stored as {expected}, but the registry has something else under this name"),
                    )
                    .at(image)
                    .help("did another job push this tag too? run this one again"));
                }
            };
            desk.tell(Note::info(format!("{image}: joined of {}, {expected}", target.platforms.join(", "))));
            let sha256 = sha256.filter(|_| options.keep_manifest);
            let checked = match sha256 {
                Some(sha256) => check(client, target, &parts, sha256).await,
                None => Ok(()),
            };
            if let Err(error) = &checked {
                let why = error.headline();
                desk.tell(Note::info(format!("{image}: `--verify` will not accept this image, since a part may have other inputs: {why}")));
            }
            kept::keep(desk, options, client, target, &found, sha256.filter(|_| checked.is_ok()), provenance).await;
            (expected, Outcome::Joined)
        }
    };
    let moving = match &target.moving {
        Some(moving) if !options.dry_run && gives_cache => Some(point_and_prove(desk, client, asked, moving, &digest).await),
        _ => None,
    };
    let tags = if options.dry_run { Vec::new() } else { tags::set(desk, client, target, &digest).await };
    Ok(TargetReport { digest: Some(digest), moving, tags, platforms: target.platforms.clone(), ..target_report(target, outcome) })
}

/// Returns the parts of all platforms.
async fn parts(client: &Client<'_>, target: &Target) -> Result<Vec<Part>> {
    join_all(target.platforms.iter().map(|platform| part(client, target, platform))).await.into_iter().collect()
}

/// Checks that the jobs that built the parts had inputs with this sha256, which each of them kept beside its part.
async fn check(client: &Client<'_>, target: &Target, parts: &[Part], sha256: &str) -> Result<()> {
    let checks = parts.iter().map(async |part| {
        let target = Target { sha256: Some(sha256.to_owned()), ..target.part(&part.platform)? };
        verified::check_inputs(client, &target, &part.digest).await
    });
    join_all(checks).await.into_iter().collect()
}

async fn part(client: &Client<'_>, target: &Target, platform: &str) -> Result<Part> {
    let image = target.part(platform)?.image;
    match client.manifest(&image, &format!("what was built for {platform}?")).await? {
        Some((response, _)) if index::is_build_cache(&response.body) => {
            Err(Error::new(Code::Miss, "is a build cache and no image").at(image).help("build it anew with `--force`"))
        }
        Some((response, digest)) => {
            let media_type = response.media_type().unwrap_or_default();
            Ok(Part { platform: platform.to_owned(), digest, media_type, body: response.body })
        }
        None => Err(Error::new(Code::Miss, format!("the part for {platform} is not in the registry"))
            .at(image)
            .help(format!("its job has not run, or failed: `docktag build --part {platform} {}`", target.built.join(" ")))),
    }
}
