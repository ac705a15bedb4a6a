//! The command line, made from the definition of the options; help, man page and completions come from it.

use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal as _};

use clap::builder::{BoolishValueParser, PossibleValuesParser, Resettable};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, ColorChoice, Command, value_parser};
use docktag::error::Result;
use docktag::options::table::{Definition, OPTIONS, Takes};
use docktag::options::{Given, Job, Spelling};

/// The words that are no options.
const WORDS: &str = "words";

const ABOUT: &str = "Build a Docker image only where the registry lacks it: the hash of everything that goes in is its tag";

const AFTER_HELP: &str = "\
Every option can also be given as a variable: --moving-tag as DOCKTAG_MOVING_TAG, and so on; an option
that can be repeated has one item a line there.
Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 a miss where presence was demanded.

Examples:
  docktag build                     # what the Compose file builds, each image with exactly its inputs
  docktag inputs web                # what counts for the service web, and why
  docktag why web                   # what has changed since the last build
  docktag explain src/main.c        # for which services it counts
  docktag tag --path docker         # a plain folder
  docktag build --path docker --image example/app
  docktag pull --path docker --image example/app
  docktag plan --json               # every image: hit, miss or unknown; a matrix of jobs for what is missing
  eval \"$(docktag env --path docker --image example/app)\"";

/// What a user wants.
#[derive(Debug)]
pub(crate) enum Wish {
    /// A job, with what was given for it.
    Job(Job, Box<ArgMatches>),
    /// A completion script.
    Completions(clap_complete::Shell),
    /// The manual page of the program, or of a command.
    Man(Option<String>),
}

/// Reads the command line and the environment; usage errors, help and version end the program here.
pub(crate) fn read() -> Wish {
    let mut matches = without_empty_variables(definition().color(color_of_errors())).get_matches();
    let (name, mut matches) = matches.remove_subcommand().unwrap_or_default();
    match Job::ALL.into_iter().find(|job| job.as_str() == name) {
        Some(job) => Wish::Job(job, Box::new(matches)),
        None if name == "completions" => Wish::Completions(matches.remove_one("shell").unwrap_or(clap_complete::Shell::Bash)),
        None => Wish::Man(matches.remove_one("command")),
    }
}

/// Whether errors in options have colours, which is asked before options are read: the last `--color`, or else its variable.
fn color_of_errors() -> ColorChoice {
    let words: Vec<String> = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    let after = |index: usize| words.get(index + 1).map(String::as_str);
    let mut given =
        words.iter().enumerate().filter_map(|(index, word)| word.strip_prefix("--color=").or(after(index).filter(|_| word == "--color")));
    let variable = std::env::var("DOCKTAG_COLOR").unwrap_or_default();
    match given.next_back().unwrap_or(&variable) {
        "never" => ColorChoice::Never,
        "always" => ColorChoice::Always,
        _ => ColorChoice::Auto,
    }
}

/// The whole command line.
pub(crate) fn definition() -> Command {
    let jobs = Job::ALL.into_iter().map(|job| {
        let options = OPTIONS.iter().filter(|it| it.command_line && it.jobs.contains(&job));
        let services = match job {
            Job::Explain => Arg::new(WORDS).value_name("FILE").help("The files or folders; as --input"),
            _ => Arg::new(WORDS).value_name("SERVICE").help("The Compose services; as --service"),
        };
        Command::new(job.as_str())
            .about(about(job))
            .arg(services.num_args(0..).value_parser(value_parser!(OsString)))
            .args(options.map(arg))
    });
    let shell = Arg::new("shell").required(true).help("The shell").value_parser(value_parser!(clap_complete::Shell));
    let completions = Command::new("completions").about("Print a completion script for a shell").arg(shell);
    let man = Command::new("man").about("Print the manual page of docktag, or of one command").arg(Arg::new("command").help("The command"));
    Command::new("docktag")
        .about(ABOUT)
        .version(env!("CARGO_PKG_VERSION"))
        .max_term_width(100)
        .disable_help_subcommand(true)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .after_help(AFTER_HELP)
        .subcommands(jobs)
        .subcommands([completions, man])
}

fn about(job: Job) -> &'static str {
    match job {
        Job::Tag => "Print service and image of every target; of a plain folder its tag, or repository:tag where --image is given",
        Job::Manifest => "Print the manifest: the list of inputs with their digests, as md5sum writes it",
        Job::Inputs => "Print what counts for a service, and why: files with their sizes, links, arguments, what is left out",
        Job::Explain => "Print for which services a file counts, and why or why not",
        Job::Why => "Print what has changed since the last build, a revision, an image or a manifest: files, arguments, modes and so on",
        Job::Prune => "Print which images in the registry no branch and no recent commit needs; with --delete, delete them",
        Job::Backtest => "Print what would have been built in the last commits, and because of which files",
        Job::Model => "Print the model of the Compose files, in the shape of `docker compose config --format json`",
        Job::Env => "Print the variables DOCKER_IMAGE, DOCKER_IMAGE_MD5, DOCKER_IMAGE_CI and COMPOSE_FILE as export lines",
        Job::Plan => "Ask the registry for every image: hit, miss or unknown, and which jobs would build what is missing",
        Job::Join => "Put the platforms that jobs built apart (build --part) together under the image's tag, in the registry",
        Job::Build => "Ask the registry for the image; where it is missing, build it through Compose, push it and prove it",
        Job::Pull => "Pull what the build job pushed, through Compose, and check that it is here",
    }
}

fn arg(definition: &Definition) -> Arg {
    let repeatable = if let Takes::Many(_) = definition.takes { " (repeatable)" } else { "" };
    let arg = Arg::new(definition.name).long(definition.name).env(definition.variable()).help(format!("{}{repeatable}", definition.help));
    let arg = match definition.short {
        Some(short) => arg.short(short),
        None => arg,
    };
    let arg = match definition.takes {
        Takes::Flag => return arg.action(ArgAction::SetTrue).value_parser(BoolishValueParser::new()),
        Takes::One(name) => arg.value_name(name).value_parser(value_parser!(OsString)),
        Takes::Many(name) => arg.value_name(name).value_parser(value_parser!(OsString)).action(ArgAction::Append),
        Takes::Choice(values) => arg.value_name("WHICH").value_parser(PossibleValuesParser::new(values)),
    };
    match definition.default {
        Some(default) => arg.default_value(default),
        None => arg,
    }
}

/// Variables that are empty are as good as unset. But no moving tag is a wish.
fn without_empty_variables(command: Command) -> Command {
    let unset = |arg: Arg| match arg.get_env() {
        Some(name) if arg.get_id() != "moving-tag" && std::env::var_os(name).is_some_and(|value| value.is_empty()) => {
            arg.env(Resettable::<clap::builder::OsStr>::Reset)
        }
        _ => arg,
    };
    command.mut_subcommands(|command| command.mut_args(unset))
}

/// What was given for a job, for the core to read.
pub(crate) fn given(matches: &ArgMatches, job: Job) -> Result<Given> {
    let mut given = Given::new(Spelling::CommandLine);
    for definition in OPTIONS.iter().filter(|it| it.command_line && it.jobs.contains(&job)) {
        let name = definition.name;
        let from_variable = matches.value_source(name) == Some(ValueSource::EnvVariable);
        match definition.takes {
            Takes::Flag if flag(matches, name) => given.text(name, b"true")?,
            Takes::Flag => {}
            Takes::Choice(_) => given.text(name, matches.get_one::<String>(name).map_or("", String::as_str).as_bytes())?,
            Takes::One(_) => {
                if let Some(value) = matches.get_one::<OsString>(name) {
                    given.items(name, vec![bytes(value)])?;
                }
            }
            Takes::Many(_) => {
                let is_meant = name == if job == Job::Explain { "input" } else { "service" };
                let words = if is_meant { matches.get_many::<OsString>(WORDS) } else { None };
                let is_variable = from_variable && words.is_none();
                // What stands on the command line wins against a variable.
                let options = if from_variable && !is_variable { None } else { matches.get_many::<OsString>(name) };
                let values: Vec<Vec<u8>> = options.into_iter().chain(words).flatten().map(|value| bytes(value)).collect();
                match values.as_slice() {
                    [lines] if is_variable => given.text(name, lines)?,
                    _ => given.items(name, values)?,
                }
            }
        }
    }
    Ok(given)
}

/// Whether a flag is set.
pub(crate) fn flag(matches: &ArgMatches, name: &str) -> bool {
    matches.get_flag(name)
}

/// The project folder, where one was given.
pub(crate) fn directory(matches: &ArgMatches) -> Option<&OsString> {
    matches.get_one("directory")
}

/// Whether to use colours on standard error (no-color.org: any non-empty NO_COLOR switches them off).
pub(crate) fn colors(matches: &ArgMatches) -> bool {
    match matches.get_one::<String>("color").map(String::as_str) {
        Some("always") => true,
        Some("never") => false,
        _ => io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
    }
}

/// File names are bytes on Unix; elsewhere `\` separates them, and a manifest has `/`.
fn bytes(value: &OsStr) -> Vec<u8> {
    #[cfg(unix)]
    return std::os::unix::ffi::OsStrExt::as_bytes(value).to_vec();
    #[cfg(not(unix))]
    return value.to_string_lossy().replace('\\', "/").into_bytes();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        definition().debug_assert();
    }
}
