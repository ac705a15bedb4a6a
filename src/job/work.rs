//! What `build` and `pull` work on: a project, and the images to provide for it.

use std::rc::Rc;

use crate::compose::project;
use crate::desk::Desk;
use crate::digest::Algorithm;
use crate::error::{Code, Error, Result};
use crate::job::compose::{self, Project};
use crate::job::place::Places;
use crate::job::reasons::Reasons;
use crate::job::strict::{self, Stage};
use crate::job::{draft, inputs, model, report, services, sources, strong};
use crate::options::{Job, Options};
use crate::plan::{self, Target};
use crate::report::{Note, Report};

/// Everything that is known before the registry is asked.
pub(super) struct Work {
    /// The options, with what the project adds to them.
    pub(super) options: Options,
    /// What there is to report so far.
    pub(super) report: Report,
    pub(super) project: Project,
    /// The images.
    pub(super) targets: Vec<Target>,
    /// The services with `build:` that are left alone.
    pub(super) strangers: Vec<String>,
    /// With `--strict`: what the builds see.
    pub(super) stages: Vec<Stage>,
    /// Why what counts for the services counts; none for plain folders.
    pub(super) reasons: Vec<Reasons>,
}

/// Finds the project and its images.
pub(super) async fn prepare(desk: &Desk, options: &Options) -> Result<Work> {
    match options.is_plain() {
        true => of_folders(desk, options).await,
        false => services::work(desk, options).await,
    }
}

/// The recipe's way: folders are hashed, and the Compose files say which services use the hash.
async fn of_folders(desk: &Desk, options: &Options) -> Result<Work> {
    if options.image.is_none() {
        let help = match options.job {
            Job::Pull => "give the `--image` that the build job was given",
            _ => "give it with `--image example/app`; the Compose file uses it as `image: ${DOCKER_IMAGE}`",
        };
        return Err(Error::new(Code::Usage, "the repository of the image is not known").help(help));
    }
    let identity = inputs::identify(desk, options).await?;
    let report = report(options, identity)?;
    let own = model::with_variables(desk, options, &report.variables).await?;
    let project = match &own {
        Some(own) => {
            own.services.iter().try_for_each(|service| sources::check(own, service))?;
            if let Some(other) = own.algorithm.filter(|other| *other != options.algorithm && !options.is_algorithm_given) {
                let name = if other == Algorithm::Md5 { "md5" } else { "sha256" };
                desk.tell(Note::warning(format!(
                    "`x-docktag` has no effect with `--path`: give `--algorithm {name}` to use that hash there too"
                )));
            }
            let model = compose::choose(options, services::compose_model(own, &[], &[]))?;
            let mut project = Project::new(options, model, services::host_names(options, &own.files), &report.variables);
            project.read_stdin(desk).await?;
            project.secret_variables.clone_from(&own.secret_variables);
            project
        }
        None => compose::load(desk, options, &report.variables).await?,
    };
    let manifest: Rc<[u8]> = report.manifest.as_slice().into();
    let mut targets = plan::targets(&project.model, &report.tag, &manifest, options.moving_tag.as_deref())?;
    for target in &mut targets {
        target.dockerfile = own.as_ref().and_then(|own| dockerfile(options, own, target));
    }
    if options.verify {
        let tags = strong::tags(desk, options, &manifest, &targets.iter().collect::<Vec<_>>()).await?;
        targets.iter_mut().zip(tags).for_each(|(target, tag)| target.sha256 = tag);
    }
    let strangers = plan::strangers(&project.model, &report.tag)?;
    let strangers = strangers.into_iter().map(|service| service.name.clone()).collect();
    let stages = match (options.strict, &own) {
        (false, _) => Vec::new(),
        (true, Some(own)) => strict::of_folders(options, own, &targets)?,
        (true, None) => {
            return Err(Error::new(Code::ComposeNotCovered, "`--strict` needs Compose files that docktag reads by itself")
                .help("`-v` says what it does not read"));
        }
    };
    Ok(Work { options: options.clone(), report, project, targets, strangers, stages, reasons: Vec::new() })
}

/// The Dockerfile of a target as the host names it; none if it is inline, or in a context that is fetched.
fn dockerfile(options: &Options, project: &project::Project, target: &Target) -> Option<String> {
    let service = project.services.iter().find(|service| target.built.contains(&service.name))?;
    let places = Places::new(options, project);
    let candidates = draft::dockerfile_candidates(&places, service.build.as_ref()?);
    candidates.first().map(|path| places.shown(path))
}
