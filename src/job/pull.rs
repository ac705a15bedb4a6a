//! `pull`: bring what was built to this machine, and check that it is here.

use crate::compose::overrides::ServiceOverride;
use crate::desk::{Desk, join_all};
use crate::error::{Code, Error, Result};
use crate::image::Reference;
use crate::job::build::{self, Asked};
use crate::job::compose::{self, Project};
use crate::job::provide::Build;
use crate::job::registry::Client;
use crate::job::work::{self, Work};
use crate::job::{added, failed, later, login, tags, verified};
use crate::need::{Command, FailureKind};
use crate::options::{Options, Push};
use crate::plan::{self, Target};
use crate::refresh::Refresh;
use crate::registry::reply::{Descriptor, Presence};
use crate::report::{Note, Outcome, Planned, Report, TargetReport};

/// Pulls every image of the project; those named by the hash must be the registry's, or are built where that was asked for.
pub(super) async fn run(desk: &Desk, options: &Options) -> Result<Report> {
    let Work { options, mut report, mut project, targets, strangers, stages, .. } = in_its_period(desk, options).await?;
    let options = &options;
    let mut targets = targets;
    // Nothing is pushed, so the tags are for the engine here.
    tags::check(desk, &Options { push: Push::No, ..options.clone() }, &mut targets)?;
    let (targets, local): (Vec<Target>, Vec<Target>) = targets.into_iter().partition(|target| !target.is_local || options.or_build);
    for target in &local {
        desk.tell(Note::warning(format!(
            "service `{}`: left alone, since no registry has its image; give it one with `image:` or `--repository-prefix`",
            target.services.join("`, `")
        )));
    }

    let client = Client::new(desk, options, false);
    let (hits, misses) = match options.or_build {
        true => build::sort(desk, options, join_all(targets.into_iter().map(|target| build::ask(&client, target))).await)?,
        false => (all_present(desk, options, join_all(targets.into_iter().map(|target| ask(&client, target))).await)?, Vec::new()),
    };
    report.hit = Some(misses.is_empty());

    // A service that is built here and not named by the hash was never pushed; one that is missing was not either.
    let is_missing = |name: &String| misses.iter().any(|asked| asked.target.services.contains(name));
    let services = project.model.services.iter().filter(|it| it.image.is_some() && !strangers.contains(&it.name) && !is_missing(&it.name));
    let services: Vec<String> = services.map(|service| service.name.clone()).collect();
    if !services.is_empty() {
        pull(desk, options, &mut project, &services, &hits, &mut report).await?;
    }
    if !misses.is_empty() {
        let options = &Options { push: Push::No, ..options.clone() };
        let build = Build { desk, options, client: &client, stages: &stages, gives_cache: false };
        build::build_missing(&build, &mut project, &mut report, &misses).await?;
    }
    later::keep(desk, options, &project, &mut report).await?;
    Ok(report)
}

/// What the build job of this run made. With `--refresh` that can have been before midnight: then the period that has just ended counts, if the
/// registry has everything of it and not of this one.
async fn in_its_period(desk: &Desk, options: &Options) -> Result<Work> {
    let now = work::prepare(desk, options).await?;
    let Some(previous) = options.refresh.as_ref().and_then(|refresh| refresh.periods(options.host.now).1) else { return Ok(now) };
    if all_there(desk, &now).await {
        return Ok(now);
    }
    let options = Options { refresh: Some(Refresh::Period(previous.clone())), ..options.clone() };
    let before = work::prepare(desk, &options).await?;
    match all_there(desk, &before).await {
        true => {
            desk.tell(Note::info(format!("the images are those of {previous}, the period that has just ended: this run began in it")));
            Ok(before)
        }
        false => Ok(now),
    }
}

async fn all_there(desk: &Desk, work: &Work) -> bool {
    let client = Client::new(desk, &work.options, false);
    let asked = work.targets.iter().filter(|target| !target.is_local).map(|target| client.presence(&target.image));
    join_all(asked).await.iter().all(|presence| matches!(presence, Presence::Hit(_)))
}

async fn ask(client: &Client<'_>, target: Target) -> Asked {
    let image = verified::hit(client, &target, client.presence_of(&target).await.0).await;
    Asked { target, image, moving: None }
}

/// Images that must be in the registry.
///
/// # Errors
/// Why one is unknown; else [`Code::Miss`] with all that are missing.
fn all_present(desk: &Desk, options: &Options, all: Vec<Asked>) -> Result<Vec<(Asked, Descriptor)>> {
    let (mut hits, mut missing) = (Vec::new(), Vec::new());
    for asked in all {
        let image = asked.target.image.to_string();
        match &asked.image {
            Presence::Hit(found) => {
                desk.tell(Note::detail(format!("{image}: {}", found.digest)));
                let found = found.clone();
                hits.push((asked, found));
            }
            Presence::Unknown(error) => return Err(error.clone()),
            Presence::Miss | Presence::Doubtful => missing.push(image),
        }
    }
    match missing.is_empty() {
        true => Ok(hits),
        false => Err(Error::new(Code::Miss, "not in the registry").at(missing.join(", ")).help(format!(
            "run the build job first: `docktag build`{}; if it ran, its files were others (see `docktag manifest`); `--or-build` builds what is missing here",
            same(options)
        ))),
    }
}

/// The options that were used and say which image it is: ` with the same `--path` and `--image``.
fn same(options: &Options) -> String {
    let all = [
        ("`--path`", !options.paths.is_empty()),
        ("`--image`", options.image.is_some()),
        ("`--file`", !options.files.is_empty()),
        ("`--env-file`", !options.env_files.is_empty()),
        ("`--repository-prefix`", options.repository_prefix.is_some()),
        ("`--algorithm`", options.is_algorithm_given),
        ("`--platform`", options.platform.is_some()),
        ("`--ignore-arg`", !options.ignored_args.is_empty()),
        ("`--salt`", options.salt.is_some()),
        ("`--pin-bases`", options.pin_bases),
        ("`--refresh`", options.refresh.is_some()),
    ];
    let used: Vec<&str> = all.iter().filter(|(_, is_used)| *is_used).map(|(name, _)| *name).collect();
    match &used[..] {
        [] => String::new(),
        [one] => format!(" with the same {one}"),
        [first @ .., last] => format!(" with the same {} and {last}", first.join(", ")),
    }
}

/// Pulls services, and checks that their images came.
async fn pull(
    desk: &Desk,
    options: &Options,
    project: &mut Project,
    services: &[String],
    hits: &[(Asked, Descriptor)],
    report: &mut Report,
) -> Result<()> {
    compose::start(desk, options, project).await?;
    if !options.dry_run {
        login::log_in(desk, options, project).await?;
    }
    let overrides: Vec<ServiceOverride> = hits.iter().flat_map(|(asked, _)| plan::renamed(&asked.target)).collect();
    if !overrides.is_empty() {
        added::add(desk, options, project, "docktag.pull.yml", &overrides).await?;
    }
    let pull = project.command(&["pull"], services, "pull the images");
    if options.dry_run {
        report.planned.push(Planned { because: pull.because.clone(), action: pull.to_string() });
        return Ok(());
    }
    let exited = desk.run(pull).await.map_err(|failure| Error::new(Code::PullFailed, failure.message).at("compose pull"))?;
    if !exited.ok() {
        let message = format!("`compose pull` failed ({})", exited.how());
        return Err(failed::error(options, Code::PullFailed, message, &exited, Some("is the engine running, and may this account pull?")));
    }
    let arrived = join_all(hits.iter().map(|(asked, found)| arrive(desk, project, &asked.target, &found.digest))).await;
    for target in arrived {
        report.targets.push(TargetReport { milliseconds: Some(exited.milliseconds), ..target? });
    }
    check_others(desk, project, services, hits).await
}

/// Compose skips services with `pull_policy: build` or `never` and ends well, so whether the image came is looked up, and if need be it is pulled by name.
async fn arrive(desk: &Desk, project: &Project, target: &Target, digest: &str) -> Result<TargetReport> {
    let image = &target.image;
    if !is_here(desk, project, image, Some(digest)).await? {
        desk.tell(Note::info(format!("{image}: Compose did not bring it; pulled by name")));
        let pull = Command { capture: false, ..project.docker(&["pull", &image.to_string()], "pull by name what Compose left out") };
        let pulled = desk.run(pull).await;
        if !pulled.is_ok_and(|exited| exited.ok()) || !is_here(desk, project, image, Some(digest)).await? {
            return Err(Error::new(Code::PullFailed, format!("is in the registry as {digest}, but did not arrive on the engine"))
                .at(image)
                .help("the output of the pull is above"));
        }
    }
    desk.tell(Note::info(format!("{image}: here, {digest}")));
    Ok(TargetReport { digest: Some(digest.to_owned()), ..build::target_report(target, Outcome::Pulled) })
}

async fn check_others(desk: &Desk, project: &Project, services: &[String], hits: &[(Asked, Descriptor)]) -> Result<()> {
    let others =
        project.model.services.iter().filter(|service| {
            services.contains(&service.name) && !hits.iter().any(|(asked, _)| asked.target.services.contains(&service.name))
        });
    let checks = others.map(|service| async move {
        let name = service.image.as_deref().unwrap_or_default();
        let image = Reference::parse(name).map_err(|error| error.at(format!("service `{}`: image `{name}`", service.name)))?;
        match is_here(desk, project, &image, None).await? {
            true => Ok(()),
            false => Err(Error::new(Code::PullFailed, "`compose pull` ended well, but the image is not on the engine")
                .at(image)
                .help(format!("does service `{}` have a `pull_policy` that skips it?", service.name))),
        }
    });
    join_all(checks).await.into_iter().collect()
}

/// Whether the engine has the image; with a digest, whether it has that very one.
async fn is_here(desk: &Desk, project: &Project, image: &Reference, digest: Option<&str>) -> Result<bool> {
    let command = project.docker(&["image", "inspect", "--format", "{{json .RepoDigests}}", &image.to_string()], "is it on the engine?");
    match desk.run(command).await {
        Ok(exited) if exited.ok() => {
            Ok(digest.is_none_or(|digest| String::from_utf8_lossy(&exited.stdout).contains(&format!("@{digest}\""))))
        }
        Ok(_) => Ok(false),
        Err(failure) if failure.kind == FailureKind::NotFound => {
            Err(Error::new(Code::PullFailed, "not found, so whether the images came cannot be checked")
                .at("docker")
                .help("install the docker command"))
        }
        Err(failure) => Err(Error::new(Code::PullFailed, failure.message).at("docker")),
    }
}
