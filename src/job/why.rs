//! `why`: what has changed since an earlier state; `build` says it in short on a miss.

use crate::desk::{Desk, join_all};
use crate::diff::{Diff, diff};
use crate::error::{Code, Error, Result};
use crate::image::Reference;
use crate::job::build::Asked;
use crate::job::place::Places;
use crate::job::reasons::{Reasons, through};
use crate::job::registry::Client;
use crate::job::{against, inputs, kept, login, model, report, services, told};
use crate::manifest::Manifest;
use crate::map::Map;
use crate::options::Options;
use crate::path::RelPath;
use crate::registry::about::Source;
use crate::registry::reply::Presence;
use crate::report::{Note, Report};

/// An image as it is now.
pub(super) struct Now {
    pub(super) services: Vec<String>,
    /// `repository:tag`, or the tag alone where the repository is not known.
    pub(super) image: String,
    pub(super) tag: String,
    pub(super) manifest: Manifest,
    /// The image of the last build, where a registry can have it.
    pub(super) moving: Option<Reference>,
    /// Why what counts, counts; none for plain folders, where everything does.
    pub(super) reasons: Vec<Reasons>,
    /// Where its files lie; `None`: where the manifest says.
    pub(super) places: Option<Places>,
}

impl Now {
    /// A path of the manifest as the host names it.
    pub(super) fn host_path(&self, path: &RelPath) -> String {
        let path = String::from_utf8_lossy(path.as_bytes());
        self.places.as_ref().map_or_else(|| path.clone().into_owned(), |places| places.of_host(&path))
    }
}

/// An earlier state.
#[derive(Debug, Clone, Default)]
pub(super) struct Old {
    /// What it is called: an image, a file, a revision.
    pub(super) label: String,
    /// Its tag.
    pub(super) tag: String,
    pub(super) manifest: Manifest,
    /// The commit that it was made of, where that is known.
    pub(super) source: Option<Source>,
    /// When its image was built, where that is known.
    pub(super) created: Option<String>,
    /// What cannot be compared, and why; the manifests have nothing of it.
    pub(super) unknown: Vec<(RelPath, String)>,
}

/// Two states compared.
pub(super) struct Compared {
    pub(super) now: Now,
    pub(super) old: Old,
    pub(super) diff: Diff,
    /// By the name of an image of the project that it is built with: what has changed in that one.
    pub(super) through: Map<String, Vec<String>>,
}

/// Says what has changed.
pub(super) async fn run(desk: &Desk, options: &Options) -> Result<Report> {
    let mut options = options.clone();
    let mut all = Vec::new();
    let report = match options.is_plain() {
        true => of_folders(desk, &options, &mut all).await?,
        false => of_services(desk, &mut options, &mut all).await?,
    };
    let client = Client::new(desk, &options, false);
    // Images that nobody asked for: others are built with them.
    let is_base = |now: &Now| !options.services.is_empty() && !now.services.iter().any(|name| options.services.contains(name));
    let (mut bases, mut all): (Vec<Now>, Vec<Now>) = all.into_iter().partition(is_base);
    let old = against::find(desk, &options, &client, &mut all).await?;
    let mut compared = all.into_iter().zip(old).map(|(now, old)| compare(now, old)).collect::<Result<Vec<Compared>>>()?;
    let mut of_bases = Vec::new();
    if compared.iter().any(has_other_image) && !against::is_one(desk, &options).await {
        let old = against::find(&desk.quiet(), &options, &client, &mut bases).await.unwrap_or_default();
        of_bases.extend(bases.into_iter().zip(old).filter_map(|(now, old)| compare(now, old).ok()));
    }
    let others: Vec<&Compared> = compared.iter().chain(&of_bases).collect();
    let through: Vec<_> = compared.iter().map(|it| changed_bases(it, &others)).collect();
    compared.iter_mut().zip(through).for_each(|(compared, through)| compared.through = through);
    let document = told::document(desk, &options, &compared).await;
    Ok(Report { document: Some(Box::new(document)), targets: Vec::new(), variables: Vec::new(), manifest: Vec::new(), ..report })
}

async fn of_folders(desk: &Desk, options: &Options, all: &mut Vec<Now>) -> Result<Report> {
    let identity = inputs::identify(desk, options).await?;
    let manifest = Manifest::parse(options.algorithm, &identity.manifest)?;
    let report = report(options, identity)?;
    let moving = match (&options.image, &options.moving_tag) {
        (Some(repository), Some(tag)) => Some(repository.with_tag(tag)?),
        _ => None,
    };
    let (image, tag) = (report.image.clone().unwrap_or_else(|| report.tag.clone()), report.tag.clone());
    all.push(Now { services: Vec::new(), image, tag, manifest, moving, reasons: Vec::new(), places: None });
    Ok(report)
}

async fn of_services(desk: &Desk, options: &mut Options, all: &mut Vec<Now>) -> Result<Report> {
    let project = model::load(desk, options).await?;
    *options = services::settled(options, &project);
    let found = services::find(desk, options, &project, None).await?;
    options.login = login::with_registry(desk, options, &found.targets)?;
    let report = services::report(options, &found.targets)?;
    let mut reasons: Vec<Reasons> = (0..found.drafts.len()).map(|index| Reasons::new(&found, index)).collect();
    for target in &found.targets {
        let (own, others) = reasons.into_iter().partition(|of: &Reasons| target.built.contains(&of.service));
        reasons = others;
        all.push(Now {
            services: target.services.clone(),
            image: target.image.to_string(),
            tag: target.tag.clone(),
            manifest: Manifest::parse(options.algorithm, &target.manifest)?,
            moving: target.moving.clone().filter(|_| !target.is_local),
            reasons: own,
            places: Some(Places::new(options, &project)),
        });
    }
    Ok(report)
}

/// Compares two states.
///
/// # Errors
/// [`Code::Usage`] where they were hashed in different ways: then every digest differs.
pub(super) fn compare(now: Now, old: Old) -> Result<Compared> {
    let (before, after) = (old.manifest.algorithm, now.manifest.algorithm);
    if before != after {
        let (before, after) = (before.program(), after.program());
        return Err(Error::new(Code::Usage, format!("has the digests of {before}, expected those of {after}"))
            .at(&old.label)
            .help(format!("give `--algorithm {}` here too", before.trim_end_matches("sum"))));
    }
    let diff = diff(&old.manifest, &now.manifest);
    Ok(Compared { now, old, diff, through: Map::new() })
}

/// Whether it is built with another image of the project than before.
fn has_other_image(compared: &Compared) -> bool {
    compared.diff.notes.iter().any(|note| note.kind == IMAGE)
}

/// What has changed in the images of the project that this one is built with, and in those that these are built with.
fn changed_bases(compared: &Compared, others: &[&Compared]) -> Map<String, Vec<String>> {
    let mut all = Map::new();
    for note in compared.diff.notes.iter().filter(|note| note.kind == IMAGE) {
        let name = note.name.to_string();
        let own = compared.now.reasons.iter().flat_map(|reasons| &reasons.own).find(|own| own.name == name);
        let base = own.and_then(|own| Some((own, others.iter().find(|other| other.now.services.contains(&own.service))?)));
        let Some((own, base)) = base else { continue };
        let changes = told::reasoned(base).into_iter().map(|(text, why)| format!("{text}{why}"));
        // This ends, because no image is built with itself.
        let further = changed_bases(base, others);
        let lines = changes.chain(further.values().flatten().cloned()).map(|line| through(&own.service, &line)).collect();
        all.insert(name, lines);
    }
    all
}

/// The kind of a line that names an image of the project.
const IMAGE: &str = "image";

/// What has changed since the last build of images that are missing, in short: nothing where that cannot be said with few requests.
pub(super) async fn since_last(
    desk: &Desk,
    options: &Options,
    client: &Client<'_>,
    misses: &[Asked],
    reasons: &mut Vec<Reasons>,
) -> Vec<Vec<String>> {
    if !options.keep_manifest {
        return Vec::new();
    }
    let client = client.impatient();
    let kept = join_all(misses.iter().map(|asked| last(&client, asked))).await;
    let mut all = Vec::new();
    for (asked, old) in misses.iter().zip(kept) {
        let lines = old.and_then(|old| short(options, asked, old, reasons)).unwrap_or_default();
        lines.iter().for_each(|line| desk.tell(Note::info(line.clone())));
        all.push(lines);
    }
    all
}

async fn last(client: &Client<'_>, asked: &Asked) -> Option<Old> {
    let (Some(moving), Some(Presence::Hit(found)), Presence::Miss) = (&asked.target.moving, &asked.moving, &asked.image) else {
        return None;
    };
    let kept = kept::read(client, moving, &found.digest).await.ok()??;
    Some(against::of_kept(moving.to_string(), kept))
}

fn short(options: &Options, asked: &Asked, old: Old, reasons: &mut Vec<Reasons>) -> Option<Vec<String>> {
    let target = &asked.target;
    let (own, others) = std::mem::take(reasons).into_iter().partition(|of: &Reasons| target.built.contains(&of.service));
    *reasons = others;
    let now = Now {
        services: target.services.clone(),
        image: target.image.to_string(),
        tag: target.tag.clone(),
        manifest: Manifest::parse(options.algorithm, &target.manifest).ok()?,
        moving: None,
        reasons: own,
        places: None,
    };
    Some(told::short(&compare(now, old).ok()?))
}
