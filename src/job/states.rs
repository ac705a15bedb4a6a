//! What the images of a project are called, and of which inputs: on the disk, or in a commit.

use std::rc::Rc;

use crate::desk::Desk;
use crate::error::Result;
use crate::image::Repository;
use crate::job::place::Places;
use crate::job::revision::Reader;
use crate::job::{inputs, model, services};
use crate::options::Options;
use crate::path::RelPath;

/// One image in one state of the project.
#[derive(Debug, Clone)]
pub(super) struct State {
    /// The services with `build:` that use it, sorted; none for plain folders.
    pub(super) services: Vec<String>,
    pub(super) tag: String,
    /// The text of its manifest.
    pub(super) manifest: Rc<[u8]>,
    /// The folders that its build can read, as the host names them.
    pub(super) folders: Vec<Vec<u8>>,
    /// Where it goes; `None` for plain folders.
    pub(super) repository: Option<Repository>,
    /// The folder that the paths of the manifest are in, as the host names it.
    pub(super) base: String,
}

impl State {
    /// Where a path of the manifest is in a tree, by names alone.
    pub(super) fn place(&self, reader: &Reader, path: &RelPath) -> Option<Vec<u8>> {
        match path.as_bytes().starts_with(b"/") {
            true => reader.place(path.as_bytes()),
            false => reader.place(RelPath::new(self.base.as_bytes()).join(path.as_bytes()).as_bytes()),
        }
    }

    /// A place in a tree as the manifest names it.
    pub(super) fn path(&self, reader: &Reader, place: &[u8]) -> Vec<u8> {
        let base = reader.place(self.base.as_bytes()).unwrap_or_default();
        let [base, place] = [&*base, place].map(|path| format!("/{}", String::from_utf8_lossy(path)));
        crate::path::way(&base, &place).into_bytes()
    }
}

/// The images of the project as the desk sees it. No registry is asked: base images count by their names, and periods do not.
pub(super) async fn read(desk: &Desk, options: &Options) -> Result<Vec<State>> {
    let options = &Options { pin_bases: false, refresh: None, ..options.clone() };
    if options.is_plain() {
        let identity = inputs::identify(desk, options).await?;
        let folders = options.paths.iter().map(|path| path.as_bytes().to_vec()).collect();
        return Ok(vec![State {
            services: Vec::new(),
            tag: identity.tag,
            manifest: identity.manifest.into(),
            folders,
            repository: None,
            base: ".".to_owned(),
        }]);
    }
    let project = model::load(desk, options).await?;
    let options = &services::with_project(options, &project);
    let found = services::find(desk, options, &project, None).await?;
    let places = Places::new(options, &project);
    let mut states = Vec::new();
    for target in &found.targets {
        let mut folders = Vec::new();
        for draft in found.drafts.iter().filter(|draft| target.built.contains(&draft.service.name)) {
            folders.extend(draft.folders.iter().map(|(_, folder)| places.of_host(folder).into_bytes()));
        }
        folders.sort_unstable();
        folders.dedup();
        states.push(State {
            services: target.built.clone(),
            tag: target.tag.clone(),
            manifest: Rc::clone(&target.manifest),
            folders,
            repository: Some(target.image.repository.clone()),
            base: places.of_host("."),
        });
    }
    Ok(states)
}
