//! From the command line and the environment to the options of a job.

use std::io::{self, IsTerminal as _, Read as _};
use std::path::Path;
use std::time::SystemTime;

use clap::ArgMatches;
use docktag::error::{Code, Error, Result};
use docktag::options::{Given, Host, Job, Options, PASSWORD, Spelling};

use crate::host::args;

/// What the core is to do.
///
/// # Errors
/// For values that the core's grammars refuse, and options that lack a partner.
pub(crate) fn options(matches: &ArgMatches, job: Job, scratch: Option<&Path>) -> Result<Options> {
    let mut given = args::given(matches, job)?;
    if job.asks_registry() {
        add_password(&mut given)?;
    }
    given.options(job, facts(scratch))
}

fn add_password(given: &mut Given) -> Result<()> {
    let password = match (given.has("password-stdin"), given.has("username")) {
        (true, true) => password_from_stdin()?,
        (true, false) => {
            return Err(Error::new(Code::Usage, "`--password-stdin` has no user").help("say whose password it is with `--username`"));
        }
        // The variable may be there for others: without a user it is not meant for us.
        (false, true) => std::env::var(PASSWORD).unwrap_or_default(),
        (false, false) => return Ok(()),
    };
    given.text("password", password.as_bytes())
}

fn password_from_stdin() -> Result<String> {
    let wrong = |message: String| {
        Error::new(Code::Usage, message)
            .at("standard input")
            .help("pipe the password in: `printf %s \"$PASSWORD\" | docktag ... --password-stdin`")
    };
    if io::stdin().is_terminal() {
        return Err(wrong("is a terminal, expected the password from a pipe".to_owned()));
    }
    let mut text = String::new();
    io::stdin().take(64 * 1024).read_to_string(&mut text).map_err(|error| wrong(error.to_string()))?;
    match text.trim_end_matches(['\r', '\n']).is_empty() {
        true => Err(wrong("is empty, expected the password".to_owned())),
        false => Ok(text),
    }
}

fn facts(scratch: Option<&Path>) -> Host {
    let folder = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let home = folder("HOME").or_else(|| folder("USERPROFILE"));
    Host {
        env: std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect(),
        folder: std::env::current_dir().map(|folder| slashes(&folder)).unwrap_or_default(),
        temporary: slashes(&folder("RUNNER_TEMP").map_or_else(std::env::temp_dir, Into::into)),
        architecture: std::env::consts::ARCH.to_owned(),
        now: SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs()),
        scratch: scratch.map(|folder| folder.to_string_lossy().into_owned()).unwrap_or_default(),
        docker_config: folder("DOCKER_CONFIG").or_else(|| home.map(|home| format!("{home}/.docker"))),
        list_separator: if cfg!(windows) { ';' } else { ':' },
        depth: std::env::current_dir().map_or(0, |folder| folder.components().count()),
        windows: cfg!(windows),
        spelling: Spelling::CommandLine,
    }
}

/// A path as the core writes paths.
fn slashes(path: &Path) -> String {
    let text = path.to_string_lossy();
    if cfg!(windows) { text.replace('\\', "/") } else { text.into_owned() }
}
