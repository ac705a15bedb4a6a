//! From Compose files to images: what goes into each service's image, and what it is called.

use std::rc::Rc;
use std::sync::Arc;

use crate::compose::files::STDIN;
use crate::compose::model::{self, Model};
use crate::compose::project::{Build, Project, Service};
use crate::desk::{Desk, join_all};
use crate::diff::diff;
use crate::error::{Code, Error, Result};
use crate::inputs::{self, Digests, Inputs};
use crate::job::checkout::{self, Git};
use crate::job::draft::{self, Draft, Shared, Text};
use crate::job::failures::Failures;
use crate::job::family;
use crate::job::look::{Looked, look};
use crate::job::named::Named;
use crate::job::outside::Outside;
use crate::job::place::Places;
use crate::job::reasons::Reasons;
use crate::job::work::Work;
use crate::job::{advice, bases, compose, definition, env, later, login, model as files, strict, strong};
use crate::manifest::{File, Manifest};
use crate::need::Hashed;
use crate::options::{Job, Options};
use crate::path::RelPath;
use crate::plan::Target;
use crate::platform;
use crate::report::{Outcome, Report};

/// Everything that is known of the images of a project before a registry is asked.
pub(super) struct Found<'a> {
    pub(super) drafts: Vec<Draft<'a>>,
    /// What each draft reads of its folders, in their order.
    pub(super) looked: Vec<Vec<Looked>>,
    pub(super) digests: Digests,
    /// The Dockerfile of each draft as it stands in its manifest.
    pub(super) dockerfiles: Vec<Option<File>>,
    /// Files whose line ends on disk are others than in git.
    pub(super) altered: Vec<RelPath>,
    /// The images: those of the services that were asked for, and those that they are built with.
    pub(super) targets: Vec<Target>,
    /// Why the images of other services cannot be computed; only for jobs that tell what they know all the same.
    pub(super) failure: Option<Error>,
}

/// What `build` and `pull` work on.
pub(super) async fn work(desk: &Desk, options: &Options) -> Result<Work> {
    let project = files::load(desk, options).await?;
    let mut options = settled(options, &project);
    let mut found = find(desk, &options, &project, None).await?;
    let dollars = definition::check(desk, &options, &project, &found.drafts).await?;
    advice::tell(desk, &options, &project, &found).await?;
    let stages = if options.strict { strict::of_services(&Places::new(&options, &project), &found) } else { Vec::new() };
    let reasons = (0..found.drafts.len()).map(|index| Reasons::new(&found, index)).collect();
    if options.verify {
        let tags = strong::tags(desk, &options, &[], &found.targets.iter().collect::<Vec<_>>()).await?;
        found.targets.iter_mut().zip(tags).for_each(|(target, tag)| target.sha256 = tag);
    }
    let targets = found.targets;
    options.login = login::with_registry(desk, &options, &targets)?;
    let mut report = report(&options, &targets)?;
    report.targets.clear();
    report.altered = found.altered;
    report.failure = found.failure;
    let mut model = compose_model(&project, &options.services, &targets);
    if !options.services.is_empty() {
        let is_wanted = |name: &String| options.services.contains(name) || targets.iter().any(|target| target.built.contains(name));
        model.services.retain(|service| is_wanted(&service.name));
    }
    let mut compose = compose::Project::new(&options, model, host_names(&options, &project.files), &report.variables);
    compose.read_stdin(desk).await?;
    compose.secret_variables = project.secret_variables;
    compose.dollars = dollars;
    Ok(Work { options, report, project: compose, targets, strangers: Vec::new(), stages, reasons })
}

/// `tag` and `env`: names. Only `env` asks the registry, since later steps are to use the images that it has.
pub(super) async fn name(desk: &Desk, options: &Options) -> Result<Report> {
    let project = files::load(desk, options).await?;
    let options = &mut settled(options, &project);
    let found = find(desk, options, &project, None).await?;
    advice::tell(desk, options, &project, &found).await?;
    let mut report = found.report(options, &found.targets)?;
    if report.failure.is_none() {
        if options.job == Job::Env {
            options.login = login::with_registry(desk, options, &found.targets)?;
            later::pin(desk, options, &found.targets, &mut report).await;
        }
        let compose = compose::Project::new(options, Model::default(), host_names(options, &project.files), &report.variables);
        later::keep(desk, options, &compose, &mut report).await?;
    }
    Ok(report)
}

/// `manifest`: of the one service that was asked for, or that there is.
pub(super) async fn manifest(desk: &Desk, options: &Options) -> Result<Report> {
    let project = files::load(desk, options).await?;
    let options = &settled(options, &project);
    let found = find(desk, options, &project, None).await?;
    advice::tell(desk, options, &project, &found).await?;
    let target = one(options, &found.targets)?;
    let mut report = report(options, std::slice::from_ref(target))?;
    report.manifest = target.manifest.to_vec();
    report.targets.clear();
    Ok(report)
}

/// The target of the one service that was asked for.
pub(super) fn one<'a>(options: &Options, targets: &'a [Target]) -> Result<&'a Target> {
    let wanted = match options.services.as_slice() {
        [] => targets.iter().collect::<Vec<_>>(),
        names => targets.iter().filter(|target| names.iter().any(|name| target.services.contains(name))).collect(),
    };
    match wanted.as_slice() {
        [target] => Ok(target),
        many => {
            let names: Vec<&str> = many.iter().flat_map(|target| &target.built).map(String::as_str).collect();
            Err(Error::new(Code::Usage, format!("there are several services, expected the name of one: {}", names.join(", ")))
                .help(format!("such as `docktag {} {}`", options.job.as_str(), names.first().unwrap_or(&"app"))))
        }
    }
}

/// Compares the inputs as they are now with those that gave the targets their names.
pub(super) async fn verify(desk: &Desk, options: &Options, targets: &[&Target]) -> Result<()> {
    let desk = &desk.quiet();
    let project = files::load(desk, options).await?;
    // What the registry has under the names of base images may have moved on; what was built has those of before.
    let pins = bases::of_targets(targets);
    let changed = |what: &str| {
        Error::new(Code::Changed, format!("inputs changed during the build: {what}"))
            .help("nothing was pushed; run again when no other process writes there")
    };
    let now = find(desk, options, &project, Some(pins)).await.map_err(|error| match error.code {
        // It was there before, so this is no mistake in the project.
        Code::SourceMissing | Code::DockerfileMissing | Code::ComposeFileMissing => changed(&error.headline()),
        _ => error,
    })?;
    for before in targets {
        let now = now.targets.iter().find(|target| before.built.first().is_some_and(|name| target.services.contains(name)));
        if now.is_some_and(|now| now.tag == before.tag) {
            continue;
        }
        let (old, new) =
            (Manifest::parse(options.algorithm, &before.manifest)?, now.map(|now| Manifest::parse(options.algorithm, &now.manifest)));
        let summary = match new {
            Some(Ok(new)) => diff(&old, &new).summary(5),
            _ => String::new(),
        };
        let what = if summary.is_empty() { format!("service `{}`", before.services.join("`, `")) } else { summary };
        return Err(changed(&what));
    }
    Ok(())
}

/// The options with what the project chooses, and with the period that it is now, so that a run that takes long stays in it.
pub(super) fn settled(options: &Options, project: &Project) -> Options {
    let mut options = with_project(options, project);
    options.refresh = options.refresh.map(|refresh| crate::refresh::Refresh::Period(refresh.periods(options.host.now).0));
    options
}

/// The options with what the project chooses.
pub(super) fn with_project(options: &Options, project: &Project) -> Options {
    let algorithm = project.algorithm.filter(|_| !options.is_algorithm_given).unwrap_or(options.algorithm);
    let mut options = Options { algorithm, ..options.clone() };
    // rule: Compose, `pkg/compose/build.go`: the variable is taken from the project's environment, so from `.env` too.
    if let Some(platform) = &project.default_platform {
        options.host.env.insert(platform::VARIABLE.to_owned(), platform.clone());
    }
    options
}

/// Finds the images of the services that were asked for. `pins`: the digests of base images, where they are known already.
pub(super) async fn find<'a>(desk: &Desk, options: &Options, project: &'a Project, pins: Option<bases::Pins>) -> Result<Found<'a>> {
    let places = Places::new(options, project);
    let mut failures = Failures::default();
    let mut drafts = Vec::new();
    let named = Named::new(options, project);
    let mut services = family::wanted(options, project)?;
    while !services.is_empty() {
        for (service, draft) in read(desk, options, &places, project, &named, services).await? {
            match draft {
                Ok(draft) => drafts.push(draft),
                Err(error) => failures.add(&service.name, error),
            }
        }
        services = family::missing(project, &drafts);
        services.retain(|(service, _)| failures.of(&service.name).is_none());
    }
    let pins = match pins {
        Some(pins) => pins,
        None if options.pin_bases => {
            let (pins, errors) = bases::ask(desk, options, &drafts).await;
            failures.take(&mut drafts, &errors);
            pins
        }
        None => bases::Pins::default(),
    };
    let mut folders: Vec<String> = drafts.iter().flat_map(|draft| draft.folders.iter().map(|(_, folder)| places.of_host(folder))).collect();
    folders.sort_unstable();
    folders.dedup();
    let git = checkout::ask_git(desk, options, &folders).await;
    let looked = look(desk, &places, git.as_ref(), &drafts).await?;
    failures.take(&mut drafts, &looked.iter().map(|looked| looked.as_ref().err().cloned()).collect::<Vec<_>>());
    let mut looked: Vec<Vec<Looked>> = looked.into_iter().flatten().collect();
    let mut inputs: Vec<Inputs> = drafts
        .iter()
        .zip(&looked)
        .map(|(draft, looked)| Inputs {
            notes: [draft.notes.clone(), pins.notes(draft), period(options)].concat(),
            dockerfile: draft.dockerfile(options, &places, git.as_ref()),
            contents: looked.iter().map(|looked| Rc::clone(&looked.content)).collect(),
        })
        .collect();
    let (digests, altered) = loop {
        let error = match hash(desk, options, &places, git.as_ref(), &inputs).await {
            Ok(hashed) => break hashed,
            Err(error) => error,
        };
        // The services that do not read this file can still be computed.
        let reads = |inputs: &Inputs| {
            inputs::files([inputs]).iter().any(|file| error.place.as_deref() == Some(&*places.of_host(&file.to_string())))
        };
        let errors: Vec<Option<Error>> = inputs.iter().map(|inputs| reads(inputs).then(|| error.clone())).collect();
        if errors.iter().all(Option::is_none) {
            return Err(error);
        }
        failures.take(&mut drafts, &errors);
        let is_kept = |index: usize| errors.get(index).is_some_and(Option::is_none);
        looked = looked.into_iter().enumerate().filter(|(index, _)| is_kept(*index)).map(|(_, looked)| looked).collect();
        inputs = inputs.into_iter().enumerate().filter(|(index, _)| is_kept(*index)).map(|(_, inputs)| inputs).collect();
    };
    let targets = family::targets(options, project, &drafts, &inputs, &digests, &pins, &mut failures)?;
    let dockerfiles = inputs.into_iter().map(|inputs| inputs.dockerfile).collect();
    let failure = failures.error();
    match failure {
        // These jobs tell what they know of the other services.
        Some(error) if targets.is_empty() || !matches!(options.job, Job::Tag | Job::Inputs | Job::Plan) => Err(error),
        failure => Ok(Found { drafts, looked, digests, dockerfiles, altered, targets, failure }),
    }
}

fn period(options: &Options) -> Vec<Vec<u8>> {
    let period = options.refresh.as_ref().map(|refresh| refresh.periods(options.host.now).0);
    period.iter().map(|period| crate::note::refresh(period)).collect()
}

/// Reads the Dockerfiles, each once, and finds what every service's build reaches.
async fn read<'a>(
    desk: &Desk,
    options: &Options,
    places: &Places,
    project: &'a Project,
    named: &Named<'a>,
    services: Vec<(&'a Service, &'a Build)>,
) -> Result<Vec<(&'a Service, Result<Draft<'a>>)>> {
    let candidates: Vec<Vec<String>> = services.iter().map(|(_, build)| draft::dockerfile_candidates(places, build)).collect();
    let mut files: Vec<String> = candidates.concat();
    files.sort_unstable();
    files.dedup();
    let texts = join_all(files.iter().map(|file| async { desk.read_unless_folder(&places.of_host(file)).await })).await;
    let text_of = |file: &String| files.binary_search(file).map_or(Ok(None), |index| texts[index].clone());
    let text = |service: &Service, build: &Build, candidates: &[String]| {
        Ok(match (&build.dockerfile_inline, candidates) {
            (Some(inline), _) => Text { path: None, bytes: inline.clone().into_bytes() },
            (None, []) => Text { path: None, bytes: Vec::new() },
            (None, files) => match files.iter().find_map(|file| Some((file.clone(), text_of(file).transpose()?))) {
                Some((path, bytes)) => Text { path: Some(path), bytes: bytes? },
                None => return Err(draft::no_dockerfile(places, service, files)),
            },
        })
    };
    let found: Vec<Result<Text>> =
        services.iter().zip(&candidates).map(|((service, build), candidates)| text(service, build, candidates)).collect();
    let is_known = |build: &Build, text: &Text| text.path.is_some() || build.dockerfile_inline.is_some();
    let dockerfiles: Vec<Option<&[u8]>> = services
        .iter()
        .zip(&found)
        .filter_map(|((_, build), text)| text.as_ref().ok().map(|text| is_known(build, text).then_some(text.bytes.as_slice())))
        .collect();
    let outside = Outside::find(desk, options, &dockerfiles).await?;
    let shared = Shared { options, places, project, named, outside: &outside };
    let drafts = services.into_iter().zip(found);
    Ok(drafts.map(|((service, build), text)| (service, text.and_then(|text| draft::draft(&shared, service, build, text)))).collect())
}

/// Hashes every file once, however many services read it; also says which files have other line ends on disk than in git.
async fn hash(desk: &Desk, options: &Options, places: &Places, git: Option<&Git>, inputs: &[Inputs]) -> Result<(Digests, Vec<RelPath>)> {
    let files: Vec<RelPath> = inputs::files(inputs);
    let paths = places.paths_of_host(&files);
    let altered = git.map(|git| git.altered(desk, &paths)).unwrap_or_default();
    let mut hashed = hash_all(desk, options, &paths, false).await?;
    if let Some(git) = git {
        let texts = hash_all(desk, options, &altered, true).await?;
        for (path, hashed) in paths.iter().zip(&mut hashed) {
            if let Ok(index) = altered.binary_search(path) {
                *hashed = texts[index];
            }
            hashed.executable = git.executable(path).unwrap_or(hashed.executable);
        }
    }
    Ok((Digests::new(files, hashed), altered))
}

async fn hash_all(desk: &Desk, options: &Options, paths: &[RelPath], text: bool) -> Result<Vec<Hashed>> {
    let mut hashed = Vec::with_capacity(paths.len());
    for batch in paths.chunks(super::inputs::BATCH) {
        let part = desk.hash(Arc::new(batch.to_vec()), options.algorithm, text).await.map_err(|failure| failure.of_file("inputs"))?;
        if part.len() != batch.len() {
            return Err(Error::new(Code::Internal, format!("{} digests for {} files", part.len(), batch.len())));
        }
        hashed.extend(part);
    }
    Ok(hashed)
}

impl Found<'_> {
    /// What there is to report of the targets. If other services cannot be computed, no tag is that of the project.
    pub(super) fn report(&self, options: &Options, targets: &[Target]) -> Result<Report> {
        let mut report = report(options, targets)?;
        if self.failure.is_some() {
            (report.tag, report.image, report.failure) = (String::new(), None, self.failure.clone());
            report.variables.clear();
        }
        Ok(report)
    }
}

/// What there is to report of the targets, without anybody having been asked for them.
pub(super) fn report(options: &Options, targets: &[Target]) -> Result<Report> {
    let wanted: Vec<&Target> = match options.services.as_slice() {
        [] => targets.iter().collect(),
        names => targets.iter().filter(|target| names.iter().any(|name| target.services.contains(name))).collect(),
    };
    let single = if let [target] = wanted.as_slice() { Some(*target) } else { None };
    let mut variables = match single {
        Some(target) => env::of_image(&target.image, target.moving.as_ref(), &target.tag),
        None => Vec::new(),
    };
    let period = options.refresh.as_ref().map(|refresh| refresh.periods(options.host.now).0);
    variables.extend(period.iter().map(|period| env::refresh(period)));
    Ok(Report {
        job: options.job,
        tag: single.map(|target| target.tag.clone()).unwrap_or_default(),
        algorithm: options.algorithm,
        image: single.map(|target| target.image.to_string()),
        hit: None,
        unpushed: None,
        targets: wanted.iter().map(|target| super::build::target_report(target, Outcome::Named)).collect(),
        planned: Vec::new(),
        variables,
        altered: Vec::new(),
        matrix: None,
        period,
        manifest: single.map(|target| target.manifest.to_vec()).unwrap_or_default(),
        document: None,
        failure: None,
    })
}

/// The model as far as Compose has to be told of it: the images by their new names.
/// Services of other profiles are in it only where they are named.
pub(super) fn compose_model(project: &Project, named: &[String], targets: &[Target]) -> Model {
    let is_in = |service: &&Service| {
        !service.disabled || named.contains(&service.name) || targets.iter().any(|target| target.built.contains(&service.name))
    };
    let services = project.services.iter().filter(is_in).map(|service| {
        let target = targets.iter().find(|target| target.services.contains(&service.name));
        model::Service {
            name: service.name.clone(),
            image: target.map(|target| target.image.to_string()).or_else(|| service.image.clone()),
            build: service.build.as_ref().map(|build| model::Build::from_keys(|key| build.other.get(key))),
        }
    });
    Model { services: services.collect() }
}

/// The files of the project as the host names them.
pub(super) fn host_names(options: &Options, files: &[String]) -> Vec<String> {
    let name = |file: &String| match options.host.folder.is_empty() || file == STDIN {
        true => file.clone(),
        false => crate::path::relative(&options.host.folder, file),
    };
    files.iter().map(name).collect()
}
