//! From the command line and the environment to the options of a job.

use std::io::{self, IsTerminal as _, Read as _};
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use clap::ArgMatches;
use docktag::error::{Code, Error, Result};
use docktag::options::{Given, Host, Job, Options, PASSWORD, Spelling};
use docktag::shell::Env;

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
    given.options(job, facts(scratch, args::directory(matches).map(Path::new)))
}

/// A longer text is no password or token.
const PASSWORD_LIMIT: u64 = 64 << 10;

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
    io::stdin().take(PASSWORD_LIMIT + 1).read_to_string(&mut text).map_err(|error| wrong(error.to_string()))?;
    if text.len() as u64 > PASSWORD_LIMIT {
        return Err(wrong(format!("has more than {PASSWORD_LIMIT} bytes, expected the password")));
    }
    match text.trim_end_matches(['\r', '\n']).is_empty() {
        true => Err(wrong("is empty, expected the password".to_owned())),
        false => Ok(text),
    }
}

fn facts(scratch: Option<&Path>, entered: Option<&Path>) -> Host {
    let (working, is_linked) = working_folder(entered);
    let mut env: Env =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect();
    if is_linked || (entered.is_some() && cfg!(unix)) {
        // As after `cd`.
        env.insert("PWD".to_owned(), working.clone());
    }
    let folder = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let home = folder("HOME").or_else(|| folder("USERPROFILE"));
    Host {
        env,
        folder: working,
        is_linked,
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

/// The working folder as the user names it, and whether there are links on this way: `PWD`, and from there `-C` (rule: Go `os.Getwd`).
fn working_folder(entered: Option<&Path>) -> (String, bool) {
    let Ok(real) = std::env::current_dir() else { return (String::new(), false) };
    let named = std::env::var("PWD").ok().filter(|folder| folder.starts_with('/'));
    let mut folder = PathBuf::new();
    for part in named.iter().flat_map(|named| Path::new(named).components()).chain(entered.into_iter().flat_map(Path::components)) {
        match part {
            Component::ParentDir => drop(folder.pop()),
            Component::RootDir => folder = part.as_os_str().into(),
            part => folder.push(part),
        }
    }
    match named.filter(|_| folder != real && is_same_folder(&folder, &real)) {
        Some(_) => (slashes(&folder), true),
        None => (slashes(&real), false),
    }
}

#[cfg(unix)]
fn is_same_folder(a: &Path, b: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    let identity = |path: &Path| std::fs::metadata(path).ok().map(|found| (found.dev(), found.ino()));
    identity(a).is_some_and(|a| Some(a) == identity(b))
}

#[cfg(not(unix))]
fn is_same_folder(_: &Path, _: &Path) -> bool {
    false
}

/// A path as the core writes paths.
fn slashes(path: &Path) -> String {
    let text = path.to_string_lossy();
    if cfg!(windows) { text.replace('\\', "/") } else { text.into_owned() }
}
