//! A tree in a temporary folder.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

/// A folder that goes with the test: a project, and beside it a home, a TMPDIR and a PATH for runs in it.
pub(crate) struct Dir {
    root: tempfile::TempDir,
}

impl Dir {
    pub(crate) fn new() -> Self {
        let dir = Dir { root: tempfile::tempdir().unwrap() };
        for name in ["project", "home", "tmp", "bin", "calls", "registry"] {
            fs::create_dir(dir.beside(name)).unwrap();
        }
        dir
    }

    /// A project with one folder, `docker`, with one file.
    pub(crate) fn with_docker() -> Self {
        let dir = Dir::new();
        dir.file("docker/Dockerfile", "FROM scratch\n");
        dir
    }

    /// A folder beside the project.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// A path in the project; names are bytes.
    pub(crate) fn path(&self, name: impl AsRef<[u8]>) -> PathBuf {
        self.beside("project").join(OsStr::from_bytes(name.as_ref()))
    }

    pub(crate) fn file(&self, name: impl AsRef<[u8]>, content: impl AsRef<[u8]>) -> &Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    pub(crate) fn folder(&self, name: impl AsRef<[u8]>) -> &Self {
        fs::create_dir_all(self.path(name)).unwrap();
        self
    }

    pub(crate) fn link(&self, name: impl AsRef<[u8]>, target: impl AsRef<[u8]>) -> &Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(OsStr::from_bytes(target.as_ref()), path).unwrap();
        self
    }

    pub(crate) fn mode(&self, name: impl AsRef<[u8]>, mode: u32) -> &Self {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
        self
    }

    /// A file of that many zeros that takes no room.
    pub(crate) fn sparse(&self, name: impl AsRef<[u8]>, size: u64) -> &Self {
        self.file(name.as_ref(), "");
        fs::OpenOptions::new().write(true).open(self.path(name)).unwrap().set_len(size).unwrap();
        self
    }

    pub(crate) fn read(&self, name: impl AsRef<[u8]>) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }
}

/// The names in a folder, sorted.
pub(crate) fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
