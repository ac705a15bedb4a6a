//! `--strict`: builds see copies of exactly what was counted, and nothing else.
//!
//! An input that is missing in the manifest is missing in the build too: an error that names it, and never an image that the tag does not tell.

use std::sync::Arc;

use crate::compose::overrides::ServiceOverride;
use crate::compose::paths::is_fetched;
use crate::compose::project::Project;
use crate::desk::Desk;
use crate::digest::Digest;
use crate::error::{Code, Error, Result};
use crate::job::inputs::BATCH;
use crate::job::place::{Places, below};
use crate::job::services::Found;
use crate::manifest::Manifest;
use crate::need::{Need, Writing};
use crate::options::Options;
use crate::path::{RelPath, relative};
use crate::plan::Target;
use crate::print::plural;
use crate::reach::PickedKind;
use crate::report::Note;

/// What the builds of one service see.
#[derive(Debug, Clone)]
pub(super) struct Stage {
    service: String,
    /// The contexts: the name (none for the main one) and what is in it.
    contexts: Vec<(Option<String>, Vec<Staged>)>,
    /// The text of the Dockerfile; `None` where the build finds it in the context, or it stands in the Compose file.
    dockerfile: Option<Vec<u8>>,
}

/// Something in a context.
#[derive(Debug, Clone)]
struct Staged {
    /// Below the context.
    path: RelPath,
    kind: StagedKind,
}

#[derive(Debug, Clone)]
enum StagedKind {
    /// A file: where the host has it, what was counted of it; `None` where that are other line ends than those on disk.
    File {
        from: RelPath,
        digest: Option<Digest>,
        executable: Option<bool>,
    },
    Link(RelPath),
    Folder,
}

/// 2000-01-01: after 1980, which is the first year that a zip file can tell, in every time zone.
const TIME: u64 = 946_684_800;

/// What the builds of the targets see, from what was found of their services.
pub(super) fn of_services(places: &Places, found: &Found<'_>) -> Vec<Stage> {
    let mut stages = Vec::new();
    for (draft, looked) in found.drafts.iter().zip(&found.looked) {
        let mut contexts = Vec::new();
        for ((name, folder), looked) in draft.folders.iter().zip(looked) {
            let staged = looked.selection.picked.iter().map(|picked| {
                let path = below(folder, &picked.path);
                let kind = match &picked.kind {
                    PickedKind::Link(target) => StagedKind::Link(RelPath::new(target.clone())),
                    PickedKind::Folder => StagedKind::Folder,
                    PickedKind::File => {
                        let from = places.paths_of_host(std::slice::from_ref(&path)).remove(0);
                        let hashed = found.digests.get(&path);
                        let digest = hashed.filter(|_| !found.altered.contains(&from)).map(|hashed| hashed.digest);
                        StagedKind::File { from, digest, executable: hashed.map(|hashed| hashed.executable) }
                    }
                };
                Staged { path: picked.path.clone(), kind }
            });
            contexts.push((name.clone(), staged.collect()));
        }
        let dockerfile = draft.text.path.is_some().then(|| draft.text.bytes.clone());
        stages.push(Stage { service: draft.service.name.clone(), contexts, dockerfile });
    }
    stages
}

/// The same for plain folders: of each context the files of the manifest that are in it.
pub(super) fn of_folders(options: &Options, project: &Project, targets: &[Target]) -> Result<Vec<Stage>> {
    let mut stages = Vec::new();
    for target in targets {
        let manifest = Manifest::parse(options.algorithm, &target.manifest)?;
        let built = project.services.iter().filter(|service| target.built.contains(&service.name));
        for (service, build) in built.filter_map(|service| Some((service, service.build.as_ref()?))) {
            if is_fetched(&build.context) {
                continue;
            }
            let context = relative(&options.host.folder, &build.context);
            let mut staged = Vec::new();
            for file in &manifest.files {
                let path = file.path.plain();
                let inside = match context.as_str() {
                    "." => Some(path.as_slice()),
                    context => path.strip_prefix(context.as_bytes()).and_then(|rest| rest.strip_prefix(b"/")),
                };
                if let Some(inside) = inside {
                    let kind = StagedKind::File { from: file.path.clone(), digest: Some(file.digest), executable: None };
                    staged.push(Staged { path: RelPath::new(inside), kind });
                }
            }
            let dockerfile = build.dockerfile.as_deref().filter(|_| build.dockerfile_inline.is_none());
            let is_counted = |name: &str| staged.iter().any(|it| it.path.as_bytes() == RelPath::new(name.as_bytes()).plain());
            if let Some(missing) = dockerfile.filter(|name| !is_counted(name)) {
                return Err(Error::new(Code::SourceMissing, format!("the Dockerfile `{missing}` of the context {context} is not among the files that count"))
                    .at(format!("service `{}`", service.name))
                    .help("name a folder with everything that goes into the image with `--path`, or leave `--path` out: then the Compose files tell what counts"));
            }
            stages.push(Stage { service: service.name.clone(), contexts: vec![(None, staged)], dockerfile: None });
        }
    }
    Ok(stages)
}

/// Makes the copies for the services that are built, and tells Compose of them.
pub(super) async fn prepare(desk: &Desk, options: &Options, stages: &[Stage], overrides: &mut [ServiceOverride]) -> Result<()> {
    for it in overrides {
        let Some(build) = &mut it.build else { continue };
        let Some(stage) = stages.iter().find(|stage| stage.service == it.service) else { continue };
        let folder = format!("{}/strict/{}", options.host.scratch, stage.service);
        for (index, (name, staged)) in stage.contexts.iter().enumerate() {
            let to = format!("{folder}/{index}");
            if !options.dry_run {
                copy(desk, options, &to, staged).await?;
            }
            match name {
                None => build.context = Some(to),
                Some(name) => build.contexts.push((name.clone(), to)),
            }
        }
        if let Some(text) = &stage.dockerfile {
            let file = format!("{folder}/Dockerfile");
            // An ignore file of its own, so that none is applied again (buildkit `frontend/dockerui/config.go`).
            for (file, text) in [(file.clone(), text.clone()), (format!("{file}.dockerignore"), Vec::new())] {
                desk.write(file.clone(), crate::secret::Secret::new(text), Writing::Private)
                    .await
                    .map_err(|failure| failure.of_writing(&file))?;
            }
            build.dockerfile = Some(file);
        }
    }
    Ok(())
}

/// Copies what is in a context, and makes sure that it is what was counted.
async fn copy(desk: &Desk, options: &Options, to: &str, staged: &[Staged]) -> Result<()> {
    let mut folders = vec![RelPath::new(*b".")];
    let (mut files, mut links, mut checked) = (Vec::new(), Vec::new(), Vec::new());
    for it in staged {
        let path = it.path.as_bytes();
        folders.extend(path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(end, _)| RelPath::new(&path[..end])));
        match &it.kind {
            StagedKind::Folder => folders.push(it.path.clone()),
            StagedKind::Link(target) => links.push((it.path.clone(), target.clone())),
            StagedKind::File { from, digest, executable } => {
                files.push((from.clone(), it.path.clone(), *executable));
                checked.extend(digest.map(|digest| (RelPath::new(to.as_bytes()).join(path), from.clone(), digest)));
            }
        }
    }
    folders.sort_unstable();
    folders.dedup();
    let said = format!("{to}: {} for a strict build", plural(files.len(), "file"));
    while !files.is_empty() {
        let rest = files.split_off(files.len().min(BATCH));
        put(desk, to, Vec::new(), files, Vec::new()).await?;
        files = rest;
    }
    // Folders last: what is put into one gives it another time.
    put(desk, to, folders, Vec::new(), links).await?;
    for batch in checked.chunks(BATCH) {
        let paths = Arc::new(batch.iter().map(|(path, ..)| path.clone()).collect::<Vec<_>>());
        let hashed = desk.hash(paths, options.algorithm, false).await.map_err(|failure| failure.of_file(to))?;
        let differs = batch.iter().zip(hashed).find(|((.., digest), hashed)| *digest != hashed.digest);
        if let Some(((_, from, _), _)) = differs {
            return Err(Error::new(Code::Changed, "changed after it was hashed")
                .at(from)
                .help("nothing was built; run again when no other process writes there"));
        }
    }
    desk.tell(Note::detail(said));
    Ok(())
}

async fn put(
    desk: &Desk,
    to: &str,
    folders: Vec<RelPath>,
    files: Vec<(RelPath, RelPath, Option<bool>)>,
    links: Vec<(RelPath, RelPath)>,
) -> Result<()> {
    let need = Need::Stage { to: to.to_owned(), folders, files, links, time: TIME };
    desk.stage(need).await.map_err(|failure| match failure.path {
        Some(_) => failure.of_file(to),
        None => failure.of_writing(to),
    })
}
