//! Where things lie: for Compose, for the host, and in a manifest.

use crate::compose::paths;
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
    /// The host's folder; empty where nobody knows.
    host: String,
    /// Whether there are links on the way to it: `..` of its path is another folder than that of the folder then.
    is_linked: bool,
}

impl Places {
    pub(super) fn new(options: &Options, project: &Project) -> Self {
        let host = &options.host.folder;
        let prefix = match host.is_empty() {
            true => ".".to_owned(),
            false => relative(host, &project.folder),
        };
        let prefix = if prefix == "." { String::new() } else { format!("{prefix}/") };
        Places { project: project.folder.clone(), prefix, host: host.clone(), is_linked: options.host.is_linked }
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
        String::from_utf8_lossy(&self.bytes_of_host(in_manifest.as_bytes())).into_owned()
    }

    /// The same for paths that need not be UTF-8.
    pub(super) fn paths_of_host(&self, in_manifest: &[RelPath]) -> Vec<RelPath> {
        in_manifest.iter().map(|path| RelPath::new(self.bytes_of_host(path.as_bytes()))).collect()
    }

    /// As messages name what stands in a manifest: from the folder that the user is in, by names alone.
    pub(super) fn shown(&self, in_manifest: &str) -> String {
        match self.host.is_empty() || in_manifest.starts_with('/') {
            true => in_manifest.to_owned(),
            false => relative(&self.host, &paths::absolute(&self.project, in_manifest)),
        }
    }

    fn bytes_of_host(&self, in_manifest: &[u8]) -> Vec<u8> {
        if in_manifest.starts_with(b"/") {
            return in_manifest.to_vec();
        }
        let path = [self.prefix.as_bytes(), in_manifest].concat();
        let parts = || path.split(|&byte| byte == b'/');
        match self.is_linked && parts().any(|part| part == b"..") {
            true => {
                let mut absolute: Vec<&[u8]> = self.host.as_bytes().split(|&byte| byte == b'/').filter(|part| !part.is_empty()).collect();
                for part in parts().filter(|part| !part.is_empty() && *part != b".") {
                    if part == b".." {
                        absolute.pop();
                    } else {
                        absolute.push(part);
                    }
                }
                [b"/", &*absolute.join(&b'/')].concat()
            }
            false => path,
        }
    }
}

/// A path below a folder, as it stands in a manifest.
pub(super) fn below(folder: &str, path: &RelPath) -> RelPath {
    match folder {
        "." => path.clone(),
        folder => RelPath::new(folder.as_bytes()).join(path.as_bytes()),
    }
}
