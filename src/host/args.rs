//! The command line: the one definition of every option. Help, man page, completions and the table in README come from it.

use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal as _};
use std::path::PathBuf;

use clap::builder::{BoolishValueParser, Resettable};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};

/// Build a Docker image only where the registry lacks it: the hash of everything that goes in is its tag
#[derive(Debug, Parser)]
#[command(name = "docktag", version, max_term_width = 100, disable_help_subcommand = true, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const AFTER_HELP: &str = "\
Every option can also be given as a variable: --moving-tag as DOCKTAG_MOVING_TAG, and so on.
Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 a miss where presence was demanded.

Examples:
  docktag tag --path docker
  docktag build --path docker --image example/app
  docktag pull --path docker --image example/app
  eval \"$(docktag env --path docker --image example/app)\"";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print the tag, or repository:tag where --image is given, and nothing else
    Tag(TagArgs),
    /// Print the manifest: the list of inputs with their digests, as md5sum writes it
    Manifest(ManifestArgs),
    /// Print the variables DOCKER_IMAGE, DOCKER_IMAGE_MD5 and DOCKER_IMAGE_CI as export lines
    Env(EnvArgs),
    /// Ask the registry for the image; where it is missing, build it through Compose, push it and prove it
    Build(BuildArgs),
    /// Pull what the build job pushed, through Compose, and check that it is here
    Pull(PullArgs),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page of docktag, or of one command
    Man {
        /// The command
        command: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct TagArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) image: ImageArgs,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ManifestArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

#[derive(Debug, Args)]
pub(crate) struct EnvArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) image: ImageArgs,
    #[command(flatten)]
    pub(crate) moving: MovingArgs,
    /// Append the variables to the file that the CI reads ($GITHUB_ENV, else $BASH_ENV) instead of printing them
    #[arg(long, env = "DOCKTAG_CI", value_parser = BoolishValueParser::new())]
    pub(crate) ci: bool,
    /// Say what would be done, and do nothing
    #[arg(long, env = "DOCKTAG_DRY_RUN", value_parser = BoolishValueParser::new())]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

#[derive(Debug, Args)]
pub(crate) struct BuildArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) image: ImageArgs,
    #[command(flatten)]
    pub(crate) moving: MovingArgs,
    #[command(flatten)]
    pub(crate) compose: ComposeArgs,
    /// Build what is missing, and push nothing; what the registry cannot say is taken as missing
    #[arg(long, env = "DOCKTAG_NO_PUSH", value_parser = BoolishValueParser::new())]
    pub(crate) no_push: bool,
    /// Build and push even on a hit
    #[arg(long, env = "DOCKTAG_FORCE", value_parser = BoolishValueParser::new())]
    pub(crate) force: bool,
    /// Where the layer cache is kept: in the image itself, beside it in the registry, or nowhere
    #[arg(long, env = "DOCKTAG_CACHE", value_name = "WHERE", value_enum, default_value = "inline")]
    pub(crate) cache: CacheArg,
    /// An image or BuildKit cache source to start from, instead of the moving tag (repeatable)
    #[arg(long, env = "DOCKTAG_CACHE_FROM", value_name = "REFERENCE")]
    pub(crate) cache_from: Vec<String>,
    #[command(flatten)]
    pub(crate) login: LoginArgs,
    /// Say what would be done, and do nothing
    #[arg(long, env = "DOCKTAG_DRY_RUN", value_parser = BoolishValueParser::new())]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

#[derive(Debug, Args)]
pub(crate) struct PullArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) image: ImageArgs,
    #[command(flatten)]
    pub(crate) moving: MovingArgs,
    #[command(flatten)]
    pub(crate) compose: ComposeArgs,
    #[command(flatten)]
    pub(crate) login: LoginArgs,
    /// Say what would be done, and do nothing
    #[arg(long, env = "DOCKTAG_DRY_RUN", value_parser = BoolishValueParser::new())]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

#[derive(Debug, Args)]
pub(crate) struct InputArgs {
    /// A folder whose files are the inputs, relative to the project folder (repeatable)
    #[arg(long, env = "DOCKTAG_PATH", value_name = "FOLDER")]
    pub(crate) path: Vec<OsString>,
    /// Take this manifest as it is where it exists, and write it where it does not
    #[arg(long, env = "DOCKTAG_REUSE", value_name = "FILE")]
    pub(crate) reuse: Option<String>,
    /// The hash of manifest and tag
    #[arg(long, env = "DOCKTAG_ALGORITHM", value_name = "NAME", value_enum, default_value = "md5")]
    pub(crate) algorithm: AlgorithmArg,
}

#[derive(Debug, Args)]
pub(crate) struct ImageArgs {
    /// The image's repository, without a tag, such as example/app or ghcr.io/acme/app
    #[arg(long, env = "DOCKTAG_IMAGE", value_name = "REPOSITORY")]
    pub(crate) image: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct MovingArgs {
    /// The tag that follows the last build and gives the next one its cache; empty: none
    #[arg(long, env = "DOCKTAG_MOVING_TAG", value_name = "TAG", default_value = docktag::options::MOVING_TAG)]
    pub(crate) moving_tag: String,
}

#[derive(Debug, Args)]
pub(crate) struct ComposeArgs {
    /// A Compose file, relative to the project folder (repeatable) [default: those that Compose finds]
    #[arg(long, short = 'f', env = "DOCKTAG_FILE", value_name = "FILE")]
    pub(crate) file: Vec<String>,
    /// How Compose is started [default: `docker compose`, else `docker-compose`]
    #[arg(long, env = "DOCKTAG_COMPOSE", value_name = "COMMAND")]
    pub(crate) compose: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct LoginArgs {
    /// The user for the image's registry [default: what `docker login` stored]
    #[arg(long, env = "DOCKTAG_USERNAME", value_name = "NAME")]
    pub(crate) username: Option<String>,
    /// Read the password from standard input; without it, it is taken from DOCKER_PASSWORD
    #[arg(long, env = "DOCKTAG_PASSWORD_STDIN", value_parser = BoolishValueParser::new())]
    pub(crate) password_stdin: bool,
    /// A registry that may be spoken to without TLS (repeatable); those on the loopback interface always may
    #[arg(long, env = "DOCKTAG_INSECURE_REGISTRY", value_name = "HOST[:PORT]")]
    pub(crate) insecure_registry: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct CommonArgs {
    /// The project folder [default: the current folder]
    #[arg(short = 'C', long = "directory", env = "DOCKTAG_DIRECTORY", value_name = "DIR")]
    pub(crate) directory: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long, env = "DOCKTAG_JSON", value_parser = BoolishValueParser::new())]
    pub(crate) json: bool,
    /// When to use colours
    #[arg(long, env = "DOCKTAG_COLOR", value_name = "WHEN", value_enum, default_value = "auto")]
    color: ColorArg,
    /// Say more: requests, programs, how long they took
    #[arg(short, long, env = "DOCKTAG_VERBOSE", value_parser = BoolishValueParser::new(), action = ArgAction::SetTrue)]
    pub(crate) verbose: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum AlgorithmArg {
    Md5,
    Sha256,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum CacheArg {
    Inline,
    Registry,
    None,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ColorArg {
    Auto,
    Always,
    Never,
}

impl Cli {
    /// Reads the command line and the environment; usage errors, help and version end the program here.
    pub(crate) fn read() -> Cli {
        let matches = definition().get_matches();
        let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        cli.with_lists_of_variables(&matches)
    }

    /// An option that can be repeated has one item a line in its variable.
    fn with_lists_of_variables(mut self, matches: &ArgMatches) -> Cli {
        let Some((_, matches)) = matches.subcommand() else { return self };
        let from_variable = |id: &str| matches.try_contains_id(id).is_ok() && matches.value_source(id) == Some(ValueSource::EnvVariable);
        let lines = |id: &str, list: &mut Vec<String>| {
            if from_variable(id) {
                *list = list.iter().flat_map(|text| text.lines()).filter(|line| !line.is_empty()).map(str::to_owned).collect();
            }
        };
        let mut parts = self.command.parts_mut();
        if let Some(input) = &mut parts.input
            && from_variable("path")
        {
            input.path = input.path.iter().flat_map(|text| split_lines(text)).collect();
        }
        if let Some(compose) = &mut parts.compose {
            lines("file", &mut compose.file);
        }
        if let Some(login) = &mut parts.login {
            lines("insecure_registry", &mut login.insecure_registry);
        }
        if let Some(cache_from) = &mut parts.cache_from {
            lines("cache_from", cache_from);
        }
        self
    }
}

/// The definition, without the variables that are empty: those are as good as unset. But no moving tag is a wish.
fn definition() -> clap::Command {
    let unset = |arg: Arg| match arg.get_env() {
        Some(name) if arg.get_id() != "moving_tag" && std::env::var_os(name).is_some_and(|value| value.is_empty()) => {
            arg.env(Resettable::<clap::builder::OsStr>::Reset)
        }
        _ => arg,
    };
    Cli::command().mut_subcommands(|command| command.mut_args(unset))
}

/// Folder names are bytes on Unix, so a list of them is split as bytes.
#[cfg(unix)]
fn split_lines(text: &OsStr) -> Vec<OsString> {
    use std::os::unix::ffi::OsStrExt as _;

    let lines = text.as_bytes().split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    lines.filter(|line| !line.is_empty()).map(|line| OsStr::from_bytes(line).to_owned()).collect()
}

#[cfg(not(unix))]
fn split_lines(text: &OsStr) -> Vec<OsString> {
    text.to_string_lossy().lines().filter(|line| !line.is_empty()).map(OsString::from).collect()
}

/// The groups of options of one command.
#[derive(Default)]
struct Parts<'a> {
    input: Option<&'a mut InputArgs>,
    compose: Option<&'a mut ComposeArgs>,
    login: Option<&'a mut LoginArgs>,
    cache_from: Option<&'a mut Vec<String>>,
}

impl Command {
    /// The options that every job has; `None` for commands that are no job.
    pub(crate) fn common(&self) -> Option<&CommonArgs> {
        match self {
            Command::Tag(TagArgs { common, .. })
            | Command::Manifest(ManifestArgs { common, .. })
            | Command::Env(EnvArgs { common, .. })
            | Command::Build(BuildArgs { common, .. })
            | Command::Pull(PullArgs { common, .. }) => Some(common),
            Command::Completions { .. } | Command::Man { .. } => None,
        }
    }

    fn parts_mut(&mut self) -> Parts<'_> {
        match self {
            Command::Tag(args) => Parts { input: Some(&mut args.input), ..Parts::default() },
            Command::Manifest(args) => Parts { input: Some(&mut args.input), ..Parts::default() },
            Command::Env(args) => Parts { input: Some(&mut args.input), ..Parts::default() },
            Command::Build(args) => Parts {
                input: Some(&mut args.input),
                compose: Some(&mut args.compose),
                login: Some(&mut args.login),
                cache_from: Some(&mut args.cache_from),
            },
            Command::Pull(args) => {
                Parts { input: Some(&mut args.input), compose: Some(&mut args.compose), login: Some(&mut args.login), cache_from: None }
            }
            Command::Completions { .. } | Command::Man { .. } => Parts::default(),
        }
    }
}

impl CommonArgs {
    /// Whether to use colours on standard error (no-color.org: any non-empty NO_COLOR switches them off).
    pub(crate) fn colors(&self) -> bool {
        match self.color {
            ColorArg::Always => true,
            ColorArg::Never => false,
            ColorArg::Auto => io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_option_is_a_variable_too() {
        for command in Cli::command().get_subcommands().filter(|command| !["completions", "man"].contains(&command.get_name())) {
            for arg in command.get_arguments().filter(|arg| arg.get_id() != "help") {
                let expected = format!("DOCKTAG_{}", arg.get_long().unwrap().to_uppercase().replace('-', "_"));
                assert_eq!(arg.get_env().and_then(|name| name.to_str()), Some(expected.as_str()));
            }
        }
    }

    /// The table in README between the two marks, made from the definition; with `UPDATE=1` it is written.
    #[test]
    fn the_table_in_readme_is_the_definition() {
        let (begin, end) = ("<!-- options: made from src/host/args.rs by UPDATE=1 cargo test readme -->\n", "<!-- end of options -->");
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
        let readme = std::fs::read_to_string(file).unwrap();
        let (before, rest) = readme.split_once(begin).expect("README has the mark of the options");
        let (_, after) = rest.split_once(end).expect("README has the mark of their end");
        let made = format!("{before}{begin}{}{end}{after}", table());
        if std::env::var_os("UPDATE").is_some() {
            return std::fs::write(file, &made).unwrap();
        }
        assert_eq!(readme, made, "run `UPDATE=1 cargo test readme`");
    }

    fn table() -> String {
        let mut rows: Vec<(String, String, Vec<String>)> = Vec::new();
        for command in Cli::command().get_subcommands().filter(|command| !["completions", "man"].contains(&command.get_name())) {
            for arg in command.get_arguments().filter(|arg| arg.get_id() != "help") {
                let values: Vec<String> = arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
                let value = match (arg.get_action().takes_values(), values.as_slice()) {
                    (false, _) => String::new(),
                    (true, []) => format!(" {}", arg.get_value_names().map(|names| names[0].as_str()).unwrap_or_default()),
                    (true, values) => format!(" {}", values.join("\\|")),
                };
                let short = arg.get_short().map(|short| format!("`-{short}`, ")).unwrap_or_default();
                let name = format!("{short}`--{}{value}`", arg.get_long().unwrap()).replace("\\|", "|").replace('|', "\\|");
                let default: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
                let default = if default.is_empty() { String::new() } else { format!(" [default: {}]", default.join(" ")) };
                let help = format!("{}{default}", arg.get_help().map(ToString::to_string).unwrap_or_default());
                match rows.iter_mut().find(|(row, ..)| *row == name) {
                    Some((_, _, commands)) => commands.push(command.get_name().to_owned()),
                    None => rows.push((name, help, vec![command.get_name().to_owned()])),
                }
            }
        }
        let all = 5;
        let lines = rows.iter().map(|(name, help, commands)| {
            let commands = if commands.len() == all { "all".to_owned() } else { commands.join(", ") };
            format!("| {name} | {help} | {commands} |\n")
        });
        format!("| option | meaning | commands |\n| --- | --- | --- |\n{}", lines.collect::<String>())
    }
}
