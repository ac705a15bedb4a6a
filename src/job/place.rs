//! Where things lie: for Compose, for the host, and in a manifest.

use crate::compose::project::Project;
use crate::options::Options;
use crate::path::{RelPath, relative};

/// How the paths of a project are spelled.
///
/// Compose's paths are absolute. A manifest's are relative to the project folder, so that the tag does not depend on where it lies; the host's are
/// relative to the folder that it runs in.
#[derive(Debug, Clone)]
pub(super) struct Places {
    project: String,
    /// The project folder from the host's; empty where they are the same.
    prefix: String,
}

impl Places {
    pub(super) fn new(options: &Options, project: &Project) -> Self {
        let host = &options.host.folder;
        let prefix = match host.is_empty() {
            true => ".".to_owned(),
            false => relative(host, &project.folder),
        };
        let prefix = if prefix == "." { String::new() } else { format!("{prefix}/") };
        Places { project: project.folder.clone(), prefix }
    }

    /// How many folders the project folder is below the root.
    pub(super) fn depth(&self) -> usize {
        self.project.split('/').filter(|part| !part.is_empty()).count()
    }

    /// As it stands in a manifest.
    pub(super) fn in_manifest(&self, absolute: &str) -> String {
        relative(&self.project, absolute)
    }

    /// As the host names what stands in a manifest.
    pub(super) fn of_host(&self, in_manifest: &str) -> String {
        match in_manifest.starts_with('/') || self.prefix.is_empty() {
            true => in_manifest.to_owned(),
            false => format!("{}{in_manifest}", self.prefix),
        }
    }

    /// The same for paths that need not be UTF-8.
    pub(super) fn paths_of_host(&self, in_manifest: &[RelPath]) -> Vec<RelPath> {
        let prefix = self.prefix.as_bytes();
        let named = |path: &RelPath| match path.as_bytes().starts_with(b"/") {
            true => path.clone(),
            false => RelPath::new([prefix, path.as_bytes()].concat()),
        };
        in_manifest.iter().map(named).collect()
    }
}

/// A path below a folder, as it stands in a manifest.
pub(super) fn below(folder: &str, path: &RelPath) -> RelPath {
    match folder {
        "." => path.clone(),
        folder => RelPath::new(folder.as_bytes()).join(path.as_bytes()),
    }
}
