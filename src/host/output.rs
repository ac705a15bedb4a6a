//! Results, on standard output and nothing else there.

use std::io::{self, IsTerminal as _, Write as _};

/// Who closes the pipe early has seen enough.
pub(crate) fn write(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Whether people read standard output: on a terminal, or in the log of a CI job.
///
/// A runner reads a pipe, as `docktag manifest | md5sum` does. The shell of a step has the runner's pipe as its own standard output, and a
/// pipe between two programs it has not.
pub(crate) fn is_read_by_people(is_job: bool) -> bool {
    io::stdout().is_terminal() || (is_job && is_standard_output_of_parent())
}

#[cfg(target_os = "linux")]
fn is_standard_output_of_parent() -> bool {
    use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};

    let Some(parent) = rustix::process::getppid() else { return false };
    let found = |process: &str| std::fs::metadata(format!("/proc/{process}/fd/1"));
    match (found("self"), found(&parent.as_raw_nonzero().to_string())) {
        (Ok(own), Ok(other)) => own.file_type().is_fifo() && (own.dev(), own.ino()) == (other.dev(), other.ino()),
        _ => false,
    }
}

/// Elsewhere nobody tells.
#[cfg(not(target_os = "linux"))]
fn is_standard_output_of_parent() -> bool {
    false
}
