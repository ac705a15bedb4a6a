//! The command line program: the native host of the core.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "this is the native host: all input and output happens here")]

mod host;

use std::ffi::OsStr;
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::path::Path;
use std::process::ExitCode;

use clap::ArgMatches;
use docktag::error::{Code, Error};
use docktag::options::Job;
use docktag::print;
use docktag::report::Report;
use docktag::say::Voice;
use docktag::session::Session;

use crate::host::args::{self, Wish};
use crate::host::interrupt::{self, Scratch};
use crate::host::{Host, Log, drive, options, output};

fn main() -> ExitCode {
    #[cfg(unix)]
    host::forbid_core_dumps();
    let code = match args::read() {
        Wish::Job(job, matches) => run(job, &matches),
        Wish::Completions(shell) => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut args::definition(), "docktag", &mut text);
            document(Ok(text))
        }
        Wish::Man(command) => document(man(command.as_deref())),
    };
    ExitCode::from(code)
}

/// Runs a job and tells what came of it.
fn run(job: Job, matches: &ArgMatches) -> u8 {
    let json = args::flag(matches, "json");
    let entered = enter(args::directory(matches).map(OsStr::new));
    let log = Log::new(voice(matches));
    let (result, notes) = match entered.and_then(|()| prepare(job, matches, &log)) {
        Ok((host, session, scratch)) => {
            let done = drive::drive(&host, session);
            drop(scratch);
            done
        }
        Err(error) => (Err(error), Vec::new()),
    };
    let text = match &result {
        _ if json => print::json(&result, &notes),
        // What was kept for later steps is no output.
        Ok(report) if report.job == Job::Env && args::flag(matches, "ci") && report.planned.is_empty() => Vec::new(),
        Ok(report) => log.voice().result(report),
        Err(_) => Vec::new(),
    };
    let error = match (result, output::write(&text)) {
        (Err(error), _) => error,
        (Ok(_), Err(error)) => unwritable(&error),
        (Ok(Report { failure: Some(error), .. }), Ok(())) => error,
        (Ok(_), Ok(())) => return 0,
    };
    log.error(&error);
    error.code.exit()
}

fn prepare(job: Job, matches: &ArgMatches, log: &Log) -> Result<(Host, Session, Option<Scratch>), Error> {
    interrupt::watch(log.clone()).map_err(|error| Error::new(Code::Internal, format!("cannot watch for signals: {error}")))?;
    // Only jobs that run programs keep files of their own, and everything in there goes when the run ends.
    let scratch = match job {
        Job::Build | Job::Pull => Some(make_scratch()?),
        Job::Tag | Job::Manifest | Job::Env | Job::Inputs | Job::Explain | Job::Why | Job::Model | Job::Backtest => None,
        Job::Plan | Job::Join | Job::Prune => None,
    };
    let options = options::options(matches, job, scratch.as_ref().map(Scratch::path))?;
    Ok((Host::new(log.clone())?, Session::new(options), scratch))
}

fn voice(matches: &ArgMatches) -> Voice {
    let checkout = std::env::var_os("GITHUB_WORKSPACE").unwrap_or_default();
    let folder = std::env::current_dir().ok().and_then(|folder| Some(folder.strip_prefix(Path::new(&checkout)).ok()?.to_owned()));
    let github = std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true");
    Voice {
        verbose: args::flag(matches, "verbose"),
        color: args::colors(matches),
        github,
        token: if github { token() } else { String::new() },
        folder: folder.filter(|_| !checkout.is_empty()).unwrap_or_default().to_string_lossy().replace('\\', "/"),
        shown: output::is_read_by_people(github),
        running: 0,
    }
}

/// What nobody can guess: 128 bits under random keys of the system (SipHash, of which nobody outside sees a result).
fn token() -> String {
    let keys = RandomState::new();
    format!("docktag-{:016x}{:016x}", keys.hash_one(0), keys.hash_one(1))
}

fn make_scratch() -> Result<Scratch, Error> {
    Scratch::new().map_err(|error| {
        Error::new(Code::Unreadable, format!("no folder for this run can be made: {error}"))
            .at(std::env::temp_dir().display())
            .help("point TMPDIR at a folder that can be written")
    })
}

fn enter(directory: Option<&OsStr>) -> Result<(), Error> {
    let Some(directory) = directory.map(Path::new) else { return Ok(()) };
    std::env::set_current_dir(directory).map_err(|error| {
        Error::new(Code::PathMissing, format!("cannot be entered: {error}"))
            .at(directory.display())
            .help("give the project folder with `-C`")
    })
}

fn unwritable(error: &io::Error) -> Error {
    Error::new(Code::Unreadable, format!("cannot be written: {error}")).at("standard output")
}

/// The manual page, made from the definition of the options.
fn man(command: Option<&str>) -> Result<Vec<u8>, Error> {
    let definition = args::definition();
    let page = match command {
        None => definition,
        Some(name) => match definition.find_subcommand(name) {
            Some(page) => page.clone().name(format!("docktag-{name}")),
            None => {
                let names: Vec<&str> = definition.get_subcommands().map(clap::Command::get_name).collect();
                return Err(Error::new(Code::Usage, "no such command").at(name).help(format!("one of {}", names.join(", "))));
            }
        },
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page).render(&mut text).map_err(|error| unwritable(&error))?;
    Ok(text)
}

fn document(text: Result<Vec<u8>, Error>) -> u8 {
    let written = text.and_then(|text| output::write(&text).map_err(|error| unwritable(&error)));
    written.err().map_or(0, |error| {
        let log = Log::default();
        log.error(&error);
        error.code.exit()
    })
}
