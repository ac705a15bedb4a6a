//! Ctrl-C and its like: programs that were started end, the folder of the run goes, then we do.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::{Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use crate::host::abandoned;
use crate::host::log::Log;

/// What a shell reports for a program that Ctrl-C ended: 128 + SIGINT.
const EXIT_CODE: i32 = 130;
/// How long a program may take to end by itself.
const GRACE: Duration = Duration::from_secs(10);

/// What has to end with us. A signal can come at any moment, so there is one such list for the process.
static RUNNING: Mutex<Running> = Mutex::new(Running { children: Vec::new(), scratch: None, stopping: false });

struct Running {
    children: Vec<u32>,
    scratch: Option<PathBuf>,
    stopping: bool,
}

/// From now on a signal ends what runs.
pub(crate) fn watch(log: Log) -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(move || {
        running().stopping = true;
        log.line("interrupted: ending what was started");
        end_children();
        log.released();
        remove_scratch();
        std::process::exit(EXIT_CODE);
    })
}

/// The folder of this run: for its owner only, and removed when this value is dropped or a signal comes.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// Makes the folder, and remembers it in the same moment. Those of runs that were killed go.
    pub(crate) fn new() -> io::Result<Self> {
        #[cfg(unix)]
        abandoned::remove(&std::env::temp_dir());
        unless_stopping(|running| {
            let mut builder = tempfile::Builder::new();
            // Whatever the umask says.
            #[cfg(unix)]
            builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
            let folder = builder.prefix(abandoned::PREFIX).tempdir()?.keep();
            #[cfg(unix)]
            abandoned::claim(&folder).inspect_err(|_| drop(std::fs::remove_dir_all(&folder)))?;
            running.scratch = Some(folder.clone());
            Ok(Scratch(folder))
        })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        remove_scratch();
    }
}

fn remove_scratch() {
    if let Some(scratch) = running().scratch.take() {
        // Nothing more can be done about a folder that cannot be removed.
        std::fs::remove_dir_all(scratch).ok();
    }
}

/// Starts a program, unless we are about to end.
pub(super) fn spawn(command: &mut Command) -> io::Result<Child> {
    unless_stopping(|running| {
        let child = command.spawn()?;
        running.children.push(child.id());
        Ok(child)
    })
}

/// A program has ended. Where it ended because of the signal, nobody is to draw conclusions from it.
pub(super) fn ended(id: u32) {
    let mut running = running();
    running.children.retain(|child| *child != id);
    if running.stopping {
        drop(running);
        wait_for_the_end();
    }
}

/// Writes files of this run, unless we are about to end: what is being removed must not be filled again.
pub(super) fn write<T>(work: impl FnOnce() -> T) -> T {
    unless_stopping(|_| work())
}

fn unless_stopping<T>(work: impl FnOnce(&mut Running) -> T) -> T {
    let mut running = running();
    if running.stopping {
        drop(running);
        wait_for_the_end();
    }
    work(&mut running)
}

fn running() -> MutexGuard<'static, Running> {
    crate::host::lock(&RUNNING)
}

fn wait_for_the_end() -> ! {
    loop {
        thread::park();
    }
}

/// Ends every group of programs, those that only a child of ours still knows included.
#[cfg(unix)]
fn end_children() {
    use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

    let groups: Vec<Pid> = running().children.iter().filter_map(|id| Pid::from_raw(i32::try_from(*id).ok()?)).collect();
    // A group may have ended a moment ago, so what these calls say does not matter.
    for group in &groups {
        kill_process_group(*group, Signal::INT).ok();
    }
    let start = Instant::now();
    while groups.iter().any(|group| test_kill_process_group(*group).is_ok()) && start.elapsed() < GRACE {
        thread::sleep(Duration::from_millis(20));
    }
    for group in &groups {
        kill_process_group(*group, Signal::KILL).ok();
    }
}

/// Windows sends Ctrl-C to every program of the console by itself.
#[cfg(not(unix))]
fn end_children() {
    let start = Instant::now();
    while !running().children.is_empty() && start.elapsed() < GRACE {
        thread::sleep(Duration::from_millis(20));
    }
}
