//! The command line program: the native host of the core.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "this is the native host: all input and output happens here")]

mod host;

use std::io;
use std::process::ExitCode;

use clap::CommandFactory as _;
use docktag::error::{Code, Error};
use docktag::options::Job;
use docktag::session::Session;

use crate::host::args::{Cli, Command, CommonArgs};
use crate::host::interrupt::{self, Scratch};
use crate::host::{Host, Log, drive, output};

fn main() -> ExitCode {
    let cli = Cli::read();
    let common = cli.command.common();
    let log = Log {
        verbose: common.is_some_and(|common| common.verbose),
        color: common.is_some_and(CommonArgs::colors),
        github: std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true"),
    };
    let json = common.is_some_and(|common| common.json);
    let directory = common.and_then(|common| common.directory.clone());
    let result = match document(&cli.command) {
        Some(done) => done,
        None => enter(directory.as_deref()).and_then(|()| run(cli.command, log, json)),
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            log.error(&error);
            if json {
                drop(output::print_json(&Err(error.clone()), &[]));
            }
            ExitCode::from(error.code.exit())
        }
    }
}

/// Runs a job; errors before its start come back, those of the job are told here.
fn run(command: Command, log: Log, json: bool) -> Result<u8, Error> {
    interrupt::watch(log).map_err(|error| Error::new(Code::Internal, format!("cannot watch for signals: {error}")))?;
    // Only jobs that run programs keep files of their own, and everything in there goes when the run ends.
    let scratch = match command {
        Command::Build(_) | Command::Pull(_) => Some(make_scratch()?),
        _ => None,
    };
    let folder = scratch.as_ref().map(|scratch| scratch.path().to_owned());
    let options = command.options(folder.as_deref())?;
    let quiet = options.job == Job::Env && options.ci && !options.dry_run;
    let host = Host::new(log, folder);
    let (result, notes) = drive::drive(&host, Session::new(options));
    drop(scratch);
    if json {
        output::print_json(&result, &notes).map_err(|error| unwritable(&error))?;
    } else if let Ok(report) = &result
        && !quiet
    {
        output::print(report).map_err(|error| unwritable(&error))?;
    }
    Ok(match &result {
        Ok(_) => 0,
        Err(error) => {
            log.error(error);
            error.code.exit()
        }
    })
}

fn make_scratch() -> Result<Scratch, Error> {
    Scratch::new().map_err(|error| {
        Error::new(Code::Unreadable, format!("no folder for this run can be made: {error}"))
            .at(std::env::temp_dir().display())
            .help("point TMPDIR at a folder that can be written")
    })
}

fn enter(directory: Option<&std::path::Path>) -> Result<(), Error> {
    let Some(directory) = directory else { return Ok(()) };
    std::env::set_current_dir(directory).map_err(|error| {
        Error::new(Code::PathMissing, format!("cannot be entered: {error}"))
            .at(directory.display())
            .help("give the project folder with `-C`")
    })
}

fn unwritable(error: &io::Error) -> Error {
    Error::new(Code::Unreadable, format!("cannot be written: {error}")).at("standard output")
}

/// `completions` and `man`: documentation made from the definition of the options; `None` for jobs.
fn document(command: &Command) -> Option<Result<u8, Error>> {
    let mut text = Vec::new();
    let mut definition = Cli::command();
    let made = match command {
        Command::Completions { shell } => {
            clap_complete::generate(*shell, &mut definition, "docktag", &mut text);
            Ok(())
        }
        Command::Man { command: None } => clap_mangen::Man::new(definition).render(&mut text),
        Command::Man { command: Some(name) } => match definition.find_subcommand(name) {
            Some(page) => clap_mangen::Man::new(page.clone().name(format!("docktag-{name}"))).render(&mut text),
            None => {
                let names: Vec<&str> = definition.get_subcommands().map(clap::Command::get_name).collect();
                return Some(Err(Error::new(Code::Usage, "no such command").at(name).help(format!("one of {}", names.join(", ")))));
            }
        },
        _ => return None,
    };
    Some(made.and_then(|()| output::write(&text)).map(|()| 0).map_err(|error| unwritable(&error)))
}
