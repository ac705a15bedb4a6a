//! The native host: files, programs, requests. It performs what the core asks for and decides nothing.

mod abandoned;
pub(crate) mod args;
pub(crate) mod drive;
mod exec;
mod fs;
mod hash;
mod http;
pub(crate) mod interrupt;
pub(crate) mod log;
mod look;
mod open;
pub(crate) mod options;
pub(crate) mod output;
mod passed;
mod progress;
mod stage;
mod walk;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use docktag::digest::Kernel;
use docktag::error::Error;

pub(crate) use log::Log;

/// What performing needs.
#[derive(Debug)]
pub(crate) struct Host {
    /// Where notes and headings go.
    pub(crate) log: Log,
    http: http::Client,
    kernel: Option<Kernel>,
}

/// The time since then.
fn milliseconds(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// What is behind a lock, also where a thread ended badly with it: each change to it is whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Host {
    /// A host that writes to `log`.
    pub(crate) fn new(log: Log) -> Result<Self, Error> {
        Ok(Host { log, http: http::Client::default(), kernel: hash::kernel()? })
    }
}

/// A dump of this process would have the login in it that was given; programs that it starts inherit this.
#[cfg(unix)]
pub(crate) fn forbid_core_dumps() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let maximum = getrlimit(Resource::Core).maximum;
    // To lower a limit is always allowed.
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum }).ok();
}
