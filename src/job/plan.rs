//! `plan`: what is there, what is not, and which jobs build what is missing. Nothing is built, and no engine is asked.

use serde_json::json;

use crate::desk::{Desk, join_all};
use crate::error::{Code, Error, Result};
use crate::job::build;
use crate::job::registry::Client;
use crate::job::unknown;
use crate::job::verified;
use crate::job::work::{self, Work};
use crate::matrix::{self, Entry};
use crate::need::Writing;
use crate::options::{Options, Push};
use crate::plan::{Origin, Target};
use crate::print::plural;
use crate::registry::reply::Presence;
use crate::report::{Note, Outcome, Report, TargetReport};
use crate::secret::Secret;
use crate::share::{Missing, Share};

/// The longest value that CircleCI takes as a pipeline's parameter (API v2, "Continue a pipeline").
const LONGEST_PARAMETER: usize = 512;

/// Asks for every image at once.
pub(super) async fn run(desk: &Desk, options: &Options) -> Result<Report> {
    let Work { options, mut report, project, mut targets, strangers, .. } = work::prepare(desk, options).await?;
    let options = &options;
    build::check(desk, options, &project, &mut targets, &strangers)?;
    let names: Vec<String> = targets.iter().map(|target| target.image.to_string()).collect();
    let targets = in_build_order(targets);

    let client = Client::to_plan(desk, options);
    greet(&client, &targets).await;
    let asked = join_all(targets.iter().map(|target| ask(&client, target))).await;
    let mut missing = Vec::new();
    let (mut errors, mut unknown) = (Vec::new(), Vec::new());
    for (target, (presence, present)) in targets.iter().zip(asked) {
        let said = build::target_report(target, Outcome::Hit);
        let needs = target.contexts.iter().filter_map(|context| match &context.origin {
            Origin::Target(image) => Some(image.to_string()),
            Origin::Pinned(_) => None,
        });
        let said = TargetReport { platforms: target.platforms.clone(), present, needs: needs.collect(), ..said };
        report.targets.push(match presence {
            Presence::Hit(found) => TargetReport { digest: Some(found.digest), milliseconds: Some(found.milliseconds), ..said },
            Presence::Unknown(error) => {
                let reason = Some(error.headline());
                unknown.push((target.image.to_string(), error.clone()));
                if options.push == Push::No && !build::is_mistake(options, &error) {
                    missing.push(target);
                } else {
                    errors.push(error);
                }
                TargetReport { outcome: Outcome::Unknown, reason, ..said }
            }
            Presence::Miss | Presence::Doubtful => {
                desk.tell(Note::info(format!("{}: miss", target.image)));
                missing.push(target);
                TargetReport { outcome: Outcome::Missing, ..said }
            }
        });
    }
    let failure = errors.first().map(|error: &Error| error.message.clone());
    // The failure says its own reason.
    for (error, images) in unknown::by_reason(&unknown).into_iter().filter(|(error, _)| Some(&error.message) != failure.as_ref()) {
        desk.tell(Note::warning(match &images[..] {
            [image] => format!("{image}: unknown: {}", error.message),
            images => format!("{}; {}", error.message, unknown::named(images)),
        }));
    }
    if let Some(mut failure) = report.failure.take() {
        failure.others.extend(errors);
        report.failure = Some(failure);
        return Ok(report);
    }
    let count = errors.len();
    if let Some(error) = errors.into_iter().next() {
        // What is known of the others is told all the same; but jobs for them would be a plan with holes.
        report.failure = Some(no_plan(error, count, targets.len()));
        return Ok(report);
    }
    let entries = matrix::entries(&missing, options.split_platforms, options.max_jobs);
    desk.tell(Note::info(match missing.len() {
        0 => format!("nothing is missing of {}", plural(targets.len(), "image")),
        count => format!("{count} of {} to be built, by {}", plural(targets.len(), "image"), plural(entries.len(), "job")),
    }));
    report.hit = Some(missing.is_empty());
    report.matrix = Some(matrix::github(&entries));
    if let Some(file) = &options.continuation {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let flags: Vec<bool> = names.iter().map(|name| missing.iter().any(|target| target.image.to_string() == **name)).collect();
        let text = parameters(&entries, &Missing::new(&names, &flags))?;
        desk.write(file.clone(), Secret::new(text.into_bytes()), Writing::Replace).await.map_err(|failure| failure.of_writing(file))?;
        desk.tell(Note::info(format!("{file}: written, the parameters for a CircleCI continuation")));
    }
    Ok(report)
}

/// The failure of a plan that lacks the answer for some images: that of the first of them.
fn no_plan(mut error: Error, unknown: usize, all: usize) -> Error {
    let help = error.help.take().map(|help| format!("{help}; ")).unwrap_or_default();
    let are = if unknown == 1 { "is" } else { "are" };
    error.message.push_str(&format!("; {unknown} of {all} images {are} unknown, so there is no plan"));
    error.help(format!("{help}`--push=false` takes what is unknown as missing"))
}

/// The targets of one job out of several that share what a plan found missing, and the platform that it builds of them.
pub(super) fn of_share(options: &Options, share: &Share, targets: Vec<Target>) -> Result<(Vec<Target>, Option<String>)> {
    let names: Vec<String> = targets.iter().map(|target| target.image.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let flags = share.missing.of(&names)?;
    let missing = targets.into_iter().zip(flags).filter_map(|(target, is_missing)| is_missing.then_some(target)).collect();
    let missing: Vec<Target> = in_build_order(missing);
    let entries = matrix::entries(&missing.iter().collect::<Vec<_>>(), options.split_platforms, share.count);
    let Some(Entry { images, part, .. }) = entries.into_iter().nth(share.index) else { return Ok((Vec::new(), None)) };
    Ok((missing.into_iter().filter(|target| images.contains(&target.image.to_string())).collect(), part))
}

/// Each after those that it is built with.
fn in_build_order(targets: Vec<Target>) -> Vec<Target> {
    let order = matrix::waves(&targets.iter().collect::<Vec<_>>()).concat();
    let mut targets: Vec<Option<Target>> = targets.into_iter().map(Some).collect();
    order.into_iter().filter_map(|index| targets[index].take()).collect()
}

/// Finds out how each registry wants to be spoken to, so that no image is asked for twice.
async fn greet(client: &Client<'_>, targets: &[Target]) {
    let mut registries: Vec<&Target> = Vec::new();
    for target in targets.iter().filter(|target| !target.is_local) {
        let registry = target.image.repository.registry();
        if !registries.iter().any(|known| known.image.repository.registry() == registry) {
            registries.push(target);
        }
    }
    // Where it goes wrong, the questions that follow say so of their image.
    join_all(registries.iter().map(|target| client.ping(&target.image.repository))).await;
}

async fn ask(client: &Client<'_>, target: &Target) -> (Presence, Vec<String>) {
    match target.is_local {
        true => (Presence::Miss, Vec::new()),
        false => {
            let (found, present) = client.presence_of(target).await;
            (verified::hit(client, target, found).await, present)
        }
    }
}

/// Parameters of a pipeline are texts, numbers, true and false, and short (CircleCI docs, "Pipeline values and parameters").
fn parameters(entries: &[Entry], missing: &Missing) -> Result<String> {
    let missing = missing.to_string();
    if missing.len() > LONGEST_PARAMETER {
        return Err(Error::new(
            Code::Usage,
            format!("`--continuation`: too many images for a parameter of CircleCI, which takes {LONGEST_PARAMETER} bytes"),
        )
        .help("plan for some of the services only"));
    }
    // Without any, a job that is skipped still has a number of its own kind.
    let jobs = entries.len().max(1);
    let object = json!({ "docktag_hit": entries.is_empty(), "docktag_jobs": jobs, "docktag_missing": missing });
    Ok(format!("{object}\n"))
}
