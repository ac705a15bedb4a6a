//! Files and folders.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use docktag::compose::files::STDIN;
use docktag::need::{Failure, FailureKind, Writing};
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

/// Reads a regular file whole, or standard input (`-`), which is kept: a job may read it again.
pub(super) fn read(path: &str, limit: u64) -> Result<Vec<u8>, Failure> {
    let read = || if path == STDIN { read_stdin(limit) } else { read_whole(Path::new(path), limit) };
    read().map_err(|error| failure(&error, None))
}

fn read_stdin(limit: u64) -> io::Result<Vec<u8>> {
    static KEPT: Mutex<Option<Vec<u8>>> = Mutex::new(None);
    let mut kept = crate::host::lock(&KEPT);
    if kept.is_none() {
        if io::stdin().is_terminal() {
            return Err(io::Error::other("is a terminal, expected a file or a pipe"));
        }
        let mut bytes = Vec::new();
        io::stdin().take(limit + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit {
            return Err(io::Error::other(format!("has more than {limit} bytes")));
        }
        *kept = Some(bytes);
    }
    Ok(kept.clone().unwrap_or_default())
}

/// Reads a regular file whole. A pipe or a device is refused at once, and so is a file whose content is not as long as the system says: those of
/// `/proc` have the size 0.
pub(super) fn read_whole(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut options = OpenOptions::new();
    options.read(true);
    // To open a pipe would wait for a writer.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, crate::host::open::NON_BLOCKING);
    let file = options.open(path)?;
    let found = file.metadata()?;
    let wrong = |message: String| Err(io::Error::other(message));
    if found.is_dir() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory));
    }
    if !found.is_file() {
        return wrong("is a pipe or a device, expected a regular file".to_owned());
    }
    if found.len() > limit {
        return wrong(format!("has {} bytes, expected {limit} at most", found.len()));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(found.len()).unwrap_or_default());
    file.take(found.len() + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 == found.len() {
        true => Ok(bytes),
        false => wrong(format!("does not have the {} bytes that the system says it has", found.len())),
    }
}

pub(super) fn exist(paths: &[String]) -> Vec<bool> {
    paths.iter().map(|path| Path::new(path).exists()).collect()
}

/// Writes a file.
pub(super) fn write(path: &str, bytes: &[u8], how: Writing) -> Result<(), Failure> {
    let path = Path::new(path);
    let write = || match how {
        Writing::Append => OpenOptions::new().create(true).append(true).open(path)?.write_all(bytes),
        Writing::Replace => replace(path, bytes, 0o666),
        Writing::Private => replace(path, bytes, 0o600),
    };
    crate::host::interrupt::write(write).map_err(|error| failure(&error, None))
}

/// Puts a new file in the place of another. It is made under a name that nobody can guess, so nobody can put a link there before.
fn replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let is_private = mode == 0o600;
    if is_private {
        make_private(folder)?;
    } else if fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(io::Error::other("is a link, a folder or a device, expected a regular file"));
    }
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    let mut file = builder.prefix(".docktag-").tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path).map(drop).map_err(|error| error.error)
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
        io::ErrorKind::IsADirectory => FailureKind::IsAFolder,
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
