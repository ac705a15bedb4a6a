//! From the command line and the environment to the options of a job.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, IsTerminal as _, Read as _};
use std::path::Path;

use docktag::digest::Algorithm;
use docktag::error::{Code, Error, Result};
use docktag::image::{Repository, check_tag};
use docktag::options::{Cache, Host, Job, Login, Options, PASSWORD, VARIABLES};
use docktag::path::RelPath;
use docktag::secret::Secret;

use crate::host::args::{AlgorithmArg, CacheArg, Command, ComposeArgs, ImageArgs, InputArgs, LoginArgs, MovingArgs};

impl Command {
    /// What the core is to do.
    ///
    /// # Errors
    /// For values that the core's grammars refuse, and options that lack a partner.
    pub(crate) fn options(self, scratch: Option<&Path>) -> Result<Options> {
        let mut options = Options::new(Job::Tag);
        match self {
            Command::Tag(args) => {
                apply_input(&mut options, args.input)?;
                apply_image(&mut options, args.image)?;
            }
            Command::Manifest(args) => {
                options.job = Job::Manifest;
                apply_input(&mut options, args.input)?;
            }
            Command::Env(args) => {
                options.job = Job::Env;
                apply_input(&mut options, args.input)?;
                apply_image(&mut options, args.image)?;
                apply_moving(&mut options, args.moving)?;
                (options.ci, options.dry_run) = (args.ci, args.dry_run);
            }
            Command::Build(args) => {
                options.job = Job::Build;
                apply_input(&mut options, args.input)?;
                apply_image(&mut options, args.image)?;
                apply_moving(&mut options, args.moving)?;
                apply_compose(&mut options, args.compose);
                apply_login(&mut options, args.login)?;
                (options.push, options.force, options.dry_run) = (!args.no_push, args.force, args.dry_run);
                options.cache_from = args.cache_from;
                options.cache = match args.cache {
                    CacheArg::Inline => Cache::Inline,
                    CacheArg::Registry => Cache::Registry,
                    CacheArg::None => Cache::None,
                };
            }
            Command::Pull(args) => {
                options.job = Job::Pull;
                apply_input(&mut options, args.input)?;
                apply_image(&mut options, args.image)?;
                apply_moving(&mut options, args.moving)?;
                apply_compose(&mut options, args.compose);
                apply_login(&mut options, args.login)?;
                options.dry_run = args.dry_run;
            }
            Command::Completions { .. } | Command::Man { .. } => return Err(Error::new(Code::Internal, "not a job")),
        }
        options.host = facts(scratch);
        Ok(options)
    }
}

fn apply_input(options: &mut Options, args: InputArgs) -> Result<()> {
    options.paths = args.path.iter().map(|path| RelPath::root(path_bytes(path))).collect::<Result<_>>()?;
    options.reuse = args.reuse;
    options.algorithm = match args.algorithm {
        AlgorithmArg::Md5 => Algorithm::Md5,
        AlgorithmArg::Sha256 => Algorithm::Sha256,
    };
    Ok(())
}

fn apply_image(options: &mut Options, args: ImageArgs) -> Result<()> {
    options.image = args.image.as_deref().map(Repository::parse).transpose()?;
    Ok(())
}

fn apply_moving(options: &mut Options, args: MovingArgs) -> Result<()> {
    if args.moving_tag.is_empty() {
        options.moving_tag = None;
        return Ok(());
    }
    check_tag(&args.moving_tag).map_err(|error| Error { message: format!("`--moving-tag`: {}", error.message), ..error })?;
    options.moving_tag = Some(args.moving_tag);
    Ok(())
}

fn apply_compose(options: &mut Options, args: ComposeArgs) {
    options.files = args.file;
    options.compose = args.compose.map(|command| command.split_whitespace().map(str::to_owned).collect());
}

fn apply_login(options: &mut Options, args: LoginArgs) -> Result<()> {
    options.insecure = args.insecure_registry;
    let password = match args.password_stdin {
        true => Some(password_from_stdin()?),
        false => std::env::var(PASSWORD).ok().filter(|password| !password.is_empty()),
    };
    options.login = match (args.username, password) {
        (Some(user), Some(password)) => Some(Login { user, password: Secret::new(password) }),
        (Some(user), None) => {
            return Err(Error::new(
                Code::Usage,
                format!("`--username {user}` has no password, expected one on standard input or in {PASSWORD}"),
            )
            .help(format!("add `--password-stdin` and pipe the password in, or set {PASSWORD}")));
        }
        (None, _) if args.password_stdin => {
            return Err(Error::new(Code::Usage, "`--password-stdin` has no user").help("say whose password it is with `--username`"));
        }
        (None, _) => None,
    };
    Ok(())
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
    let password = text.trim_end_matches(['\r', '\n']);
    match password.is_empty() {
        true => Err(wrong("is empty, expected the password".to_owned())),
        false => Ok(password.to_owned()),
    }
}

fn facts(scratch: Option<&Path>) -> Host {
    let folder = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let home = folder("HOME").or_else(|| folder("USERPROFILE"));
    Host {
        env: VARIABLES.iter().filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?))).collect::<BTreeMap<_, _>>(),
        scratch: scratch.map(|folder| folder.to_string_lossy().into_owned()).unwrap_or_default(),
        docker_config: folder("DOCKER_CONFIG").or_else(|| home.map(|home| format!("{home}/.docker"))),
        list_separator: if cfg!(windows) { ';' } else { ':' },
        depth: std::env::current_dir().map_or(0, |folder| folder.components().count()),
    }
}

#[cfg(unix)]
fn path_bytes(path: &OsString) -> Vec<u8> {
    std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()).to_vec()
}

#[cfg(not(unix))]
fn path_bytes(path: &OsString) -> Vec<u8> {
    path.to_string_lossy().replace('\\', "/").into_bytes()
}
