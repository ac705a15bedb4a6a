//! Files and folders.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use docktag::need::{Failure, FailureKind};
use docktag::path::RelPath;
use docktag::tree::{Entry, Folder, Node};

/// What is in each folder.
pub(super) fn entries(folders: &[RelPath]) -> Result<Vec<Vec<Entry>>, Failure> {
    folders.iter().map(|folder| look_into(folder).map_err(|error| failure(&error, Some(folder)))).collect()
}

fn look_into(folder: &RelPath) -> io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(to_native(folder))? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let node = if kind.is_file() {
            Node::File
        } else if kind.is_dir() {
            Node::Folder(Folder::default())
        } else if kind.is_symlink() {
            Node::Link(from_native(fs::read_link(entry.path())?.into()).into())
        } else {
            Node::Other
        };
        entries.push(Entry { name: from_native(entry.file_name()).into(), node });
    }
    Ok(entries)
}

pub(super) fn read(path: &str) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| failure(&error, None))
}

pub(super) fn exist(paths: &[String]) -> Vec<bool> {
    paths.iter().map(|path| Path::new(path).exists()).collect()
}

/// Writes a file; one in the folder of the run is for its owner only, whatever the umask says.
pub(super) fn write(scratch: Option<&Path>, path: &str, bytes: &[u8], append: bool) -> Result<(), Failure> {
    let path = Path::new(path);
    let is_private = scratch.is_some_and(|scratch| path.starts_with(scratch));
    let write = || -> io::Result<()> {
        if let Some(folder) = path.parent().filter(|_| is_private) {
            make_private(folder)?;
        }
        let mut options = OpenOptions::new();
        options.create(true).write(true).append(append).truncate(!append);
        #[cfg(unix)]
        if is_private {
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        }
        options.open(path)?.write_all(bytes)
    };
    crate::host::interrupt::write(write).map_err(|error| failure(&error, None))
}

pub(super) fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Links every entry of one folder into another.
pub(super) fn mirror(from: &str, to: &str, except: &[String]) -> Result<(), Failure> {
    let mirror = || -> io::Result<()> {
        make_private(Path::new(to))?;
        let from = match fs::canonicalize(from) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => other?,
        };
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            if !except.iter().any(|name| entry.file_name() == **name) {
                link(&entry.path(), &Path::new(to).join(entry.file_name()))?;
            }
        }
        Ok(())
    };
    crate::host::interrupt::write(mirror).map_err(|error| failure(&error, None))
}

#[cfg(unix)]
fn link(target: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

/// Links need a privilege on Windows, so what matters is copied: plugins and contexts are small trees.
#[cfg(not(unix))]
fn link(target: &Path, link: &Path) -> io::Result<()> {
    for entry in walkdir::WalkDir::new(target).follow_links(true) {
        let entry = entry.map_err(io::Error::from)?;
        let below = entry.path().strip_prefix(target).map_err(io::Error::other)?;
        let copy = if below.as_os_str().is_empty() { link.to_owned() } else { link.join(below) };
        if entry.file_type().is_dir() {
            fs::create_dir_all(&copy)?;
        } else {
            fs::copy(entry.path(), &copy)?;
        }
    }
    Ok(())
}

/// A failure with the system's words.
pub(super) fn failure(error: &io::Error, path: Option<&RelPath>) -> Failure {
    Failure { kind: kind_of(error), path: path.cloned(), message: error.to_string() }
}

fn kind_of(error: &io::Error) -> FailureKind {
    match error.kind() {
        io::ErrorKind::NotFound => FailureKind::NotFound,
        io::ErrorKind::NotADirectory => FailureKind::IsAFile,
        _ => FailureKind::Other,
    }
}

#[cfg(unix)]
pub(super) fn to_native(path: &RelPath) -> PathBuf {
    PathBuf::from(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(path.as_bytes()))
}

/// A path, or a part of one, as the system spells it.
#[cfg(unix)]
pub(super) fn from_native(path: OsString) -> Vec<u8> {
    std::os::unix::ffi::OsStringExt::into_vec(path)
}

#[cfg(not(unix))]
pub(super) fn to_native(path: &RelPath) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(path.as_bytes()).into_owned())
}

/// A path, or a part of one, as the system spells it.
#[cfg(not(unix))]
pub(super) fn from_native(path: OsString) -> Vec<u8> {
    path.to_string_lossy().replace('\\', "/").into_bytes()
}
