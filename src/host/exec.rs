//! Running programs.

use std::io::{self, Write as _};
use std::process::{Child, Command as Process, Stdio};
use std::time::Instant;

use docktag::need::{Command, Exited, Failure};

use crate::host::fs::failure;
use crate::host::log::Log;
use crate::host::{interrupt, milliseconds};

/// Runs a program to its end. What it prints is captured, or goes to standard error: standard output is for results.
pub(super) fn run(log: &Log, command: &Command) -> Result<Exited, Failure> {
    let start = Instant::now();
    log.write(&log.voice.begin(command));
    let ended = start_and_wait(command).map(|exited| Exited { milliseconds: milliseconds(start), ..exited });
    log.write(&log.voice.end(command, ended.as_ref().ok()));
    ended.map_err(|error| failure(&error, None))
}

fn start_and_wait(command: &Command) -> io::Result<Exited> {
    let (program, args) = command.argv.split_first().ok_or_else(|| io::Error::other("no program"))?;
    let output = || if command.capture { Stdio::piped() } else { Stdio::from(io::stderr()) };
    let mut process = Process::new(program);
    process.args(args).envs(&command.env).stdout(output()).stderr(output());
    process.stdin(if command.stdin.is_some() { Stdio::piped() } else { Stdio::null() });
    command.env_remove.iter().for_each(|name| {
        process.env_remove(name);
    });
    // In a group of its own, so that an interrupt reaches the program and everything that it started, once.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut process, 0);

    let mut child = interrupt::spawn(&mut process)?;
    let id = child.id();
    if let (Some(mut pipe), Some(text)) = (child.stdin.take(), &command.stdin) {
        // A program that does not read its input ends on its own terms.
        drop(pipe.write_all(text.as_bytes()));
    }
    let ended = wait(child);
    interrupt::ended(id);
    ended
}

fn wait(child: Child) -> io::Result<Exited> {
    let output = child.wait_with_output()?;
    Ok(Exited { code: output.status.code(), stdout: output.stdout, stderr: output.stderr, milliseconds: 0 })
}
