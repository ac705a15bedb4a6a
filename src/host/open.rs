//! Opening files, of which neighbours are in one folder.

use std::fs::File;
use std::io;

use docktag::path::RelPath;

/// To open a pipe would wait for a writer otherwise; regular files do not care.
#[cfg(unix)]
pub(super) const NON_BLOCKING: i32 = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();

/// Opens one file after the other; no copy of its name is made for it.
///
/// The folder of the last one is kept open on Linux, where the next name is looked up in it: the system need not go through all folders of its path again.
#[derive(Default)]
pub(super) struct Opener {
    #[cfg(target_os = "linux")]
    folder: Option<(Vec<u8>, std::os::fd::OwnedFd)>,
}

impl Opener {
    #[cfg(target_os = "linux")]
    pub(super) fn open(&mut self, path: &RelPath) -> io::Result<File> {
        use rustix::fs::{CWD, Mode, OFlags, openat};

        const FLAGS: OFlags = OFlags::RDONLY.union(OFlags::CLOEXEC).union(OFlags::NONBLOCK);

        let path = path.as_bytes();
        let Some(slash) = memchr::memrchr(b'/', path).filter(|slash| *slash > 0) else {
            return Ok(openat(CWD, path, FLAGS, Mode::empty())?.into());
        };
        let (folder, name) = (&path[..slash], &path[slash + 1..]);
        let folder = match &self.folder {
            Some((last, open)) if last == folder => open,
            _ => {
                let open = openat(CWD, folder, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
                &self.folder.insert((folder.to_vec(), open)).1
            }
        };
        Ok(openat(folder, name, FLAGS, Mode::empty())?.into())
    }

    #[cfg(all(unix, not(target_os = "linux")))]
    #[allow(clippy::unused_self, reason = "nothing is kept here")]
    pub(super) fn open(&mut self, path: &RelPath) -> io::Result<File> {
        let mut options = std::fs::OpenOptions::new();
        std::os::unix::fs::OpenOptionsExt::custom_flags(options.read(true), NON_BLOCKING);
        options.open(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(path.as_bytes()))
    }

    #[cfg(not(unix))]
    #[allow(clippy::unused_self, reason = "nothing is kept here")]
    pub(super) fn open(&mut self, path: &RelPath) -> io::Result<File> {
        File::open(crate::host::fs::to_native(path))
    }
}
