//! `pull`: bring what was built to this machine, and check that it is here.

use crate::desk::{Desk, join_all};
use crate::error::{Code, Error, Result};
use crate::image::Reference;
use crate::job::compose::{self, Project};
use crate::job::registry::Client;
use crate::job::{inputs, login, report};
use crate::need::{Command, FailureKind};
use crate::options::Options;
use crate::plan::{self, Target};
use crate::registry::reply::Presence;
use crate::report::{Note, Outcome, Planned, Report, TargetReport};

/// Pulls every image of the project; those named by the hash must be the registry's.
pub(super) async fn run(desk: &Desk, options: &Options) -> Result<Report> {
    let Some(repository) = &options.image else {
        return Err(
            Error::new(Code::Usage, "the repository of the image is not known").help("give the `--image` that the build job was given")
        );
    };
    let identity = inputs::identify(desk, options).await?;
    let mut report = report(options, identity)?;
    let mut project = compose::load(desk, options, &report.variables).await?;
    let targets = plan::targets(&project.model, &report.tag, options.moving_tag.as_deref())?;

    let client = Client::new(desk, options, false);
    let digests = join_all(targets.iter().map(|target| present(desk, &client, target))).await.into_iter().collect::<Result<Vec<_>>>()?;
    report.hit = Some(true);

    // A service that is built here and not named by the hash was never pushed.
    let strangers = plan::strangers(&project.model, &report.tag)?;
    let services = project.model.services.iter().filter(|service| service.image.is_some() && !strangers.contains(service));
    let services: Vec<String> = services.map(|service| service.name.clone()).collect();
    if !options.dry_run {
        login::log_in(desk, options, repository, &mut project).await?;
    }
    let pull = project.command(&["pull"], &services, "pull the images");
    if options.dry_run {
        report.planned.push(Planned { because: pull.because.clone(), action: pull.to_string() });
        return Ok(report);
    }
    let exited = desk.run(pull).await.map_err(|failure| Error::new(Code::PullFailed, failure.message).at("compose pull"))?;
    if !exited.ok() {
        return Err(Error::new(Code::PullFailed, format!("`compose pull` failed ({})", exited.how()))
            .help("its output is above; is the engine running, and may this account pull?"));
    }
    let arrived = join_all(targets.iter().zip(&digests).map(|(target, digest)| arrive(desk, &project, target, digest))).await;
    report.targets = arrived.into_iter().collect::<Result<_>>()?;
    check_others(desk, &project, &services, &targets).await?;
    Ok(report)
}

/// The digest of an image that must be in the registry.
async fn present(desk: &Desk, client: &Client<'_>, target: &Target) -> Result<String> {
    let image = &target.image;
    match client.presence(image).await {
        Presence::Hit(found) => {
            desk.tell(Note::detail(format!("{image}: {}", found.digest)));
            Ok(found.digest)
        }
        Presence::Unknown(error) => Err(error),
        Presence::Miss | Presence::Doubtful => Err(Error::new(Code::Miss, "not in the registry")
            .at(image)
            .help("run the build job first: `docktag build` with the same `--path` and `--image`; if it ran, its files were others (see `docktag manifest`)")),
    }
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
    Ok(TargetReport {
        services: target.services.clone(),
        image: image.to_string(),
        outcome: Outcome::Pulled,
        digest: Some(digest.to_owned()),
        moving: None,
    })
}

async fn check_others(desk: &Desk, project: &Project, services: &[String], targets: &[Target]) -> Result<()> {
    let others = project
        .model
        .services
        .iter()
        .filter(|service| services.contains(&service.name) && !targets.iter().any(|target| target.services.contains(&service.name)));
    let checks = others.map(|service| async move {
        let name = service.image.as_deref().unwrap_or_default();
        let image = Reference::parse(name)
            .map_err(|error| Error { place: Some(format!("service `{}`: image `{name}`", service.name)), ..error })?;
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
