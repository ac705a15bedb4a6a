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

/// Returns whether people read standard output: on a terminal, or in the log of a CI job.
///
/// A runner reads the log from a pipe, and so does `md5sum` in `docktag manifest | md5sum`. Only the log's pipe is also the standard output of
/// the step's own program.
pub(crate) fn is_read_by_people(is_job: bool) -> bool {
    io::stdout().is_terminal() || (is_job && is_log_of_job().unwrap_or_default())
}

/// Returns whether standard output is the pipe of the step's program; `None` if `/proc` does not tell.
#[cfg(target_os = "linux")]
fn is_log_of_job() -> Option<bool> {
    use std::fs;
    use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};

    // The step's program is our topmost ancestor with the variable: the runner sets it for steps and does not have it itself.
    let mut step = "self".to_owned();
    loop {
        let stat = fs::read(format!("/proc/{step}/stat")).ok()?;
        let parent = parent(&String::from_utf8_lossy(&stat))?.to_owned();
        // In a container, the first program has no parent.
        let is_step = parent != "0" && {
            let environ = fs::read(format!("/proc/{parent}/environ")).ok()?;
            environ.split(|&byte| byte == 0).any(|variable| variable == b"GITHUB_ACTIONS=true")
        };
        if !is_step {
            break;
        }
        step = parent;
    }
    let output = |process: &str| fs::metadata(format!("/proc/{process}/fd/1")).ok();
    let (own, log) = (output("self")?, output(&step)?);
    Some(own.file_type().is_fifo() && (own.dev(), own.ino()) == (log.dev(), log.ino()))
}

/// Returns the parent's process ID from the text of `/proc/PID/stat`.
///
/// rule: proc_pid_stat(5): `PID (COMMAND) STATE PPID ...`; the command can hold spaces and parentheses
#[cfg(target_os = "linux")]
fn parent(stat: &str) -> Option<&str> {
    stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(1)
}

/// Other systems have no such files.
#[cfg(not(target_os = "linux"))]
fn is_log_of_job() -> Option<bool> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::parent;

    #[test]
    fn a_command_can_hold_parentheses() {
        assert_eq!(parent("7 (bash) S 5 7 7 0"), Some("5"));
        assert_eq!(parent("7 (a) S 1 (b c)) R 5 7 7 0"), Some("5"));
        assert_eq!(parent("7 (bash"), None);
    }
}
