//! What the system says of a file: no more than what is asked for here, since for many small files this is a tenth of the work.

use std::fs::{File, Metadata};
use std::io;
use std::time::SystemTime;

/// Size, times and mode.
#[derive(Clone, Copy)]
pub(super) struct Look {
    /// Whether it is a regular file; pipes and devices have no end.
    pub(super) is_regular: bool,
    /// In bytes.
    pub(super) size: u64,
    /// Whether its owner may execute it.
    pub(super) executable: bool,
    /// When its content was changed last, as far as anybody says: seconds, and nanoseconds.
    modified: (i64, u32),
    /// When it was changed last in any way, in seconds; nobody can set that.
    changed: Option<i64>,
}

impl Look {
    /// Looks at an open file.
    #[cfg(target_os = "linux")]
    pub(super) fn at(file: &File) -> io::Result<Self> {
        // Cheaper than `statx`, with which the standard library asks for more.
        let stat = rustix::fs::fstat(file)?;
        Ok(Look {
            is_regular: rustix::fs::FileType::from_raw_mode(stat.st_mode).is_file(),
            size: stat.st_size.cast_unsigned(),
            executable: stat.st_mode & OWNER_EXECUTES != 0,
            modified: (stat.st_mtime, u32::try_from(stat.st_mtime_nsec).unwrap_or_default()),
            changed: Some(stat.st_ctime),
        })
    }

    /// Looks at an open file.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn at(file: &File) -> io::Result<Self> {
        let found = file.metadata()?;
        let since = found.modified().ok().and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok()).unwrap_or_default();
        Ok(Look {
            is_regular: found.is_file(),
            size: found.len(),
            executable: is_executable(&found),
            modified: (since.as_secs().cast_signed(), since.subsec_nanos()),
            #[cfg(unix)]
            changed: Some(std::os::unix::fs::MetadataExt::ctime(&found)),
            // Nothing but the content's own time is known, and programs set that as they like.
            #[cfg(not(unix))]
            changed: None,
        })
    }

    /// Whether the content stayed the same between two looks.
    pub(super) fn is_same(&self, other: &Look) -> bool {
        self.size == other.size && self.modified == other.modified
    }

    /// Whether the last change is so long before a time that it cannot have come after it: no file system's clock is as coarse or as wrong.
    pub(super) fn is_settled(&self, time: SystemTime) -> bool {
        let time = time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs()).cast_signed();
        self.changed.is_some_and(|changed| changed < time - 2)
    }
}

#[cfg(unix)]
const OWNER_EXECUTES: u32 = 0o100;

/// Whether a file's owner may execute it.
#[cfg(unix)]
pub(super) fn is_executable(metadata: &Metadata) -> bool {
    std::os::unix::fs::MetadataExt::mode(metadata) & OWNER_EXECUTES != 0
}

/// Whether a file's owner may execute it: nobody knows.
#[cfg(not(unix))]
pub(super) fn is_executable(_: &Metadata) -> bool {
    false
}
