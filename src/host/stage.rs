//! Copies for a strict build: the same bytes, with modes and times that depend on nothing.

use std::fs::{self, File, FileTimes};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use docktag::need::Failure;
use docktag::path::RelPath;

use crate::host::fs::{failure, make_private, to_native};
use crate::host::look::is_executable;

/// Puts files, links and folders into a folder of the run.
pub(super) fn stage(
    to: &str,
    folders: &[RelPath],
    files: &[(RelPath, RelPath, Option<bool>)],
    links: &[(RelPath, RelPath)],
    time: u64,
) -> Result<(), Failure> {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(time);
    let root = Path::new(to);
    let wrote = |error: io::Error| failure(&error, None);
    make_private(root).map_err(wrote)?;
    for (from, path, executable) in files {
        let to = root.join(to_native(path));
        parent(&to).map_err(wrote)?;
        // The file system shares the blocks where it can.
        fs::copy(to_native(from), &to).map_err(|error| failure(&error, Some(from)))?;
        // The copy has the mode of its source.
        let executable = match executable {
            Some(executable) => *executable,
            None => is_executable(&to.metadata().map_err(wrote)?),
        };
        finish(&to, if executable { 0o755 } else { 0o644 }, time).map_err(wrote)?;
    }
    for (path, target) in links {
        let to = root.join(to_native(path));
        parent(&to).and_then(|()| link(&to_native(target), &to, time)).map_err(wrote)?;
    }
    for folder in folders {
        fs::create_dir_all(root.join(to_native(folder))).map_err(wrote)?;
    }
    for folder in folders.iter().rev() {
        finish(&root.join(to_native(folder)), 0o755, time).map_err(wrote)?;
    }
    Ok(())
}

fn parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}

fn finish(path: &Path, mode: u32, time: SystemTime) -> io::Result<()> {
    set_mode(path, mode)?;
    File::open(path)?.set_times(FileTimes::new().set_accessed(time).set_modified(time))
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    fs::set_permissions(path, <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) -> io::Result<()> {
    Ok(())
}

/// A link, whose time is the same too.
#[cfg(unix)]
fn link(target: &Path, link: &Path, time: SystemTime) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)?;
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let time = rustix::fs::Timespec { tv_sec: seconds.try_into().unwrap_or_default(), tv_nsec: 0 };
    let times = rustix::fs::Timestamps { last_access: time, last_modification: time };
    Ok(rustix::fs::utimensat(rustix::fs::CWD, link, &times, rustix::fs::AtFlags::SYMLINK_NOFOLLOW)?)
}

#[cfg(windows)]
fn link(target: &Path, link: &Path, _: SystemTime) -> io::Result<()> {
    std::os::windows::fs::symlink_file(target, link)
}
