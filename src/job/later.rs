//! What later steps of a CI job get besides the recipe's variables: Compose files that name the images.

use crate::compose::overrides::{self, BuildOverride, ServiceOverride};
use crate::compose::paths;
use crate::desk::{Desk, join_all};
use crate::digest::{Algorithm, digest};
use crate::error::Result;
use crate::job::compose::Project;
use crate::job::registry::Client;
use crate::need::Writing;
use crate::options::{Job, Options};
use crate::plan::Target;
use crate::registry::reply::Presence;
use crate::report::{Note, Outcome, Planned, Report, TargetReport, Variable};
use crate::secret::Secret;

/// The variable that names a project's Compose files.
pub(super) const COMPOSE_FILE: &str = "COMPOSE_FILE";

/// The variable that says what separates them.
const COMPOSE_PATH_SEPARATOR: &str = "COMPOSE_PATH_SEPARATOR";

const PREFIX: &str = "docktag-";
const SUFFIX: &str = ".compose.yml";

/// Whether a file is one that [`keep`] wrote: to read the names in it as the user's would give them a second hash.
pub(super) fn is_ours(file: &str) -> bool {
    let name = file.rsplit(['/', '\\']).next().unwrap_or_default();
    let hash = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX));
    hash.is_some_and(|hash| hash.len() == Algorithm::Md5.hex_len() && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Writes a Compose file with the images of the report, and adds `COMPOSE_FILE` with the project's files and this one to the variables, so that
/// a plain `docker compose up` uses the right images. Only where someone reads the variables, and the Compose files tell what counts.
pub(super) async fn keep(desk: &Desk, options: &Options, project: &Project, report: &mut Report) -> Result<()> {
    if options.is_plain() || !(options.ci || options.job == Job::Env) {
        return Ok(());
    }
    let overrides: Vec<ServiceOverride> = report.targets.iter().flat_map(|target| of_target(target, &report.targets)).collect();
    let text = overrides::render(&overrides);
    // The name is that of the content, so that jobs that share a folder do not disturb each other.
    let name = digest(Algorithm::Md5, text.as_bytes());
    let file = format!("{}/{PREFIX}{name}{SUFFIX}", options.host.temporary.trim_end_matches('/'));
    let files = project.own_files.iter().map(|file| paths::absolute(&options.host.folder, file)).chain([file.clone()]);
    let files: Vec<String> = files.collect();
    let usual = options.host.path_separator();
    let separators = [&usual, ":", ";", "|", "::"];
    let separator = separators.into_iter().find(|it| !files.iter().any(|file| file.contains(it))).unwrap_or(&usual);
    let value = files.join(separator);
    match options.dry_run {
        true => {
            let because = "name the images for later steps".to_owned();
            report.planned.push(Planned { because, action: format!("write {file}: {text}") });
        }
        false => {
            desk.write(file.clone(), Secret::new(text.into_bytes()), Writing::Private)
                .await
                .map_err(|failure| failure.of_writing(&file))?;
            desk.tell(Note::detail(format!("{file}: written, a Compose file with the images for later steps")));
        }
    }
    report.variables.push(Variable { name: COMPOSE_FILE.to_owned(), value });
    if separator != usual {
        report.variables.push(Variable { name: COMPOSE_PATH_SEPARATOR.to_owned(), value: separator.to_owned() });
    }
    Ok(())
}

/// Adds the digests of the images that the registry has. If it cannot be asked, the tags name them.
pub(super) async fn pin(desk: &Desk, options: &Options, targets: &[Target], report: &mut Report) {
    let client = Client::new(desk, options, false).impatient();
    let shared: Vec<&Target> = targets.iter().filter(|target| !target.is_local).collect();
    let asked = join_all(shared.iter().map(|target| client.presence_of(target))).await;
    for (target, (presence, _)) in shared.into_iter().zip(asked) {
        let image = target.image.to_string();
        let Some(named) = report.targets.iter_mut().find(|named| named.image == image) else { continue };
        match presence {
            Presence::Hit(found) => (named.digest, named.outcome) = (Some(found.digest), Outcome::Hit),
            Presence::Unknown(error) => desk.tell(Note::warning(format!("{error}; later steps use the tag"))),
            Presence::Miss | Presence::Doubtful => {}
        }
    }
}

/// The services of a target with its image: by digest where the registry has it, since a tag can be moved and a digest cannot.
fn of_target(target: &TargetReport, all: &[TargetReport]) -> Vec<ServiceOverride> {
    // What is in a registry is pulled from there: without this Compose would build a service that has `build:`. The name is the one that
    // v1 knows too.
    let pull_policy = (!matches!(target.outcome, Outcome::Built)).then_some("if_not_present");
    let of_service = |service: &String| ServiceOverride {
        service: service.clone(),
        image: Some(by_digest(target)),
        pull_policy,
        build: contexts(target, all),
        ..ServiceOverride::default()
    };
    target.services.iter().map(of_service).collect()
}

/// Compose builds a service that another one has as a context, even where it starts only that one and has all images. So the context becomes
/// the image.
fn contexts(target: &TargetReport, all: &[TargetReport]) -> Option<BuildOverride> {
    let mut contexts = Vec::new();
    for (name, image) in &target.contexts {
        if let Some(other) = all.iter().find(|other| other.image == *image && other.digest.is_some()) {
            contexts.push((name.clone(), format!("docker-image://{}", by_digest(other))));
        }
    }
    (!contexts.is_empty()).then(|| BuildOverride { contexts, ..BuildOverride::default() })
}

fn by_digest(target: &TargetReport) -> String {
    match &target.digest {
        Some(digest) => format!("{}@{digest}", target.image),
        None => target.image.clone(),
    }
}
