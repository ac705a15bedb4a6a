//! Running programs.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command as Process, Stdio};
use std::thread;
use std::time::Instant;

use docktag::digest::{Algorithm, Hasher};
use docktag::need::{Command, Exited, Failure, Hashed};

use crate::host::fs::failure;
use crate::host::log::Log;
use crate::host::passed::Passed;
use crate::host::{interrupt, milliseconds};

/// Runs a program to its end. What it prints is captured, or goes to standard error: standard output is for results. A terminal is the program's
/// own; what goes to a log is passed on, and its end is kept.
pub(super) fn run(log: &Log, command: &Command) -> Result<Exited, Failure> {
    let is_passed_on = !command.capture && !log.is_terminal();
    announced(log, command, || {
        let passed = is_passed_on.then(Passed::open).transpose()?;
        let output = || match (&passed, command.capture) {
            (Some((_, writer)), _) => writer.try_clone().map(Stdio::from),
            (None, true) => Ok(Stdio::piped()),
            (None, false) => Ok(Stdio::from(io::stderr())),
        };
        let child = start(command, output()?, output()?)?;
        // Now only the program has the pipe open.
        let passed = passed.map(|(passed, _)| passed);
        fed(command, child, |child| {
            let output = child.wait_with_output()?;
            let stderr = passed.map_or(output.stderr, Passed::end);
            Ok(Exited { code: output.status.code(), stdout: output.stdout, stderr, milliseconds: 0 })
        })
    })
}

/// Runs a program that prints objects, and hashes each as it comes.
pub(super) fn objects(log: &Log, command: &Command, algorithm: Algorithm) -> Result<Vec<Hashed>, Failure> {
    let mut hashed = Vec::new();
    let exited = announced(log, command, || {
        fed(command, start(command, Stdio::piped(), Stdio::piped())?, |mut child| {
            if let Some(output) = child.stdout.take() {
                hashed = hash_objects(output, algorithm)?;
            }
            let output = child.wait_with_output()?;
            Ok(Exited { code: output.status.code(), stderr: output.stderr, ..Exited::default() })
        })
    })?;
    match exited.ok() {
        true => Ok(hashed),
        false => Err(failure(&io::Error::other(format!("{}: {}", exited.how(), exited.last_lines())), None)),
    }
}

/// The lines of the log before and after a program.
fn announced(log: &Log, command: &Command, work: impl FnOnce() -> io::Result<Exited>) -> Result<Exited, Failure> {
    let start = Instant::now();
    log.begin(command);
    let ended = work().map(|exited| Exited { milliseconds: milliseconds(start), ..exited });
    log.end(command, ended.as_ref().ok());
    ended.map_err(|error| failure(&error, None))
}

/// Gives a program its input while `wait` takes its output: neither may have to wait for the other.
fn fed(command: &Command, mut child: Child, wait: impl FnOnce(Child) -> io::Result<Exited>) -> io::Result<Exited> {
    let id = child.id();
    let input = child.stdin.take();
    let ended = thread::scope(|scope| {
        if let (Some(pipe), Some(text)) = (input, &command.stdin) {
            scope.spawn(move || feed(pipe, text));
        }
        wait(child)
    });
    interrupt::ended(id);
    ended
}

fn feed(mut pipe: ChildStdin, text: &str) {
    // A program that does not read its input ends on its own terms.
    drop(pipe.write_all(text.as_bytes()));
}

fn start(command: &Command, stdout: Stdio, stderr: Stdio) -> io::Result<Child> {
    let (program, args) = command.argv.split_first().ok_or_else(|| io::Error::other("no program"))?;
    let mut process = Process::new(program);
    process.args(args).envs(&command.env).stdout(stdout).stderr(stderr);
    process.stdin(if command.stdin.is_some() { Stdio::piped() } else { Stdio::null() });
    command.env_remove.iter().for_each(|name| {
        process.env_remove(name);
    });
    // In a group of its own, so that an interrupt reaches the program and everything that it started, once.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut process, 0);
    interrupt::spawn(&mut process)
}

fn hash_objects(output: ChildStdout, algorithm: Algorithm) -> io::Result<Vec<Hashed>> {
    let mut output = BufReader::with_capacity(64 * 1024, output);
    let (mut hasher, mut hashed, mut line) = (Hasher::new(algorithm), Vec::new(), Vec::new());
    loop {
        line.clear();
        if output.read_until(b'\n', &mut line)? == 0 {
            return Ok(hashed);
        }
        let text = String::from_utf8_lossy(&line);
        let size = text.trim_end().rsplit(' ').next().and_then(|size| size.parse::<u64>().ok());
        let size = size.ok_or_else(|| io::Error::other(format!("printed no object: {}", text.trim_end().escape_debug())))?;
        let mut rest = size;
        while rest > 0 {
            let part = output.fill_buf()?;
            let taken = part.len().min(usize::try_from(rest).unwrap_or(usize::MAX));
            if taken == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            hasher.update(&part[..taken]);
            output.consume(taken);
            rest -= taken as u64;
        }
        output.read_exact(&mut [0])?;
        hashed.push(Hashed { digest: hasher.finish(), size, executable: false });
    }
}
