//! The jobs, each readable from top to bottom.

mod added;
mod advice;
mod against;
mod attributes;
mod backtest;
mod bases;
mod branch;
mod build;
mod cached;
mod checkout;
mod compose;
mod context;
mod definition;
mod draft;
mod earlier;
mod env;
mod explain;
mod failed;
mod failures;
mod family;
mod git;
mod history;
mod inputs;
mod join;
mod kept;
mod later;
mod links;
mod login;
mod look;
mod model;
mod moving;
mod named;
mod objects;
mod origin;
mod outside;
mod per_commit;
mod place;
mod plan;
mod proof;
mod provenance;
mod provide;
mod prune;
mod publish;
mod pull;
mod reasons;
mod registry;
mod remote;
mod revision;
mod services;
mod show;
mod sources;
mod states;
mod strict;
mod strong;
mod submodules;
mod tags;
mod told;
mod trusted;
mod unknown;
mod verified;
mod why;
mod work;

use std::pin::Pin;

use crate::ci::trust;
use crate::desk::Desk;
use crate::error::{Code, Error, Result};
use crate::options::{Job, Login, Options, PASSWORD, Push, SECRET_VARIABLES, Spelling, unknown_variables};
use crate::report::{Note, Report};

/// Runs the job that the options name, and keeps what later steps need.
pub(crate) async fn run(desk: Desk, mut options: Options) -> Result<Report> {
    // Before anything of the project can ask for a variable.
    SECRET_VARIABLES.iter().for_each(|name| options.host.env.remove_in_any_case(name));
    let mut child_env = git::config(&options.host.env);
    if let Some(folder) = options.host.env.get("PWD").filter(|folder| **folder == options.host.folder) {
        // Compose takes the name of the project from it.
        child_env.insert("PWD".to_owned(), folder.clone());
    }
    desk.set_child_env(child_env);
    if options.host.spelling == Spelling::CommandLine {
        unknown_variables(&options.host.env).into_iter().for_each(|text| desk.tell(Note::warning(text)));
    }
    if options.ci {
        publish::check(&options)?;
    }
    let result = work(&desk, &mut options).await;
    match options.ci {
        true => publish::publish(&desk, &options, result).await,
        false => result,
    }
}

async fn work(desk: &Desk, options: &mut Options) -> Result<Report> {
    let unpushed = decide_push(desk, options).await?;
    // Each in a box, and so a function of its own: who runs wasm compiles a function when it is called, whole.
    let job: Pin<Box<dyn Future<Output = Result<Report>>>> = match options.job {
        Job::Tag | Job::Manifest if options.is_plain() => Box::pin(identify(desk, options)),
        Job::Env if options.is_plain() => Box::pin(env::run(desk, options)),
        Job::Tag | Job::Env => Box::pin(services::name(desk, options)),
        Job::Manifest => Box::pin(services::manifest(desk, options)),
        Job::Inputs => Box::pin(show::inputs(desk, options)),
        Job::Explain => Box::pin(explain::run(desk, options)),
        Job::Why => Box::pin(why::run(desk, options)),
        Job::Backtest => Box::pin(backtest::run(desk, options)),
        Job::Prune => Box::pin(prune::run(desk, options)),
        Job::Model => Box::pin(show::model(desk, options)),
        Job::Build => Box::pin(build::run(desk, options)),
        Job::Pull => Box::pin(pull::run(desk, options)),
        Job::Plan => Box::pin(plan::run(desk, options)),
        Job::Join => Box::pin(join::run(desk, options)),
    };
    let report = job.await?;
    let pushes = matches!(options.job, Job::Build | Job::Pull);
    Ok(Report { unpushed: unpushed.filter(|_| pushes && report.hit == Some(false)), ..report })
}

/// Finds out whether the code is trusted, and decides what `auto` means for it: no push of what a stranger proposes. Returns the reason.
async fn decide_push(desk: &Desk, options: &mut Options) -> Result<Option<String>> {
    if !options.job.asks_registry() {
        return Ok(None);
    }
    options.untrusted = trust::untrusted(&options.host.env, &trusted::event(desk, options).await?);
    let reason = options.untrusted.clone().filter(|_| options.push == Push::Auto);
    if options.push == Push::Auto {
        options.push = if reason.is_some() { Push::No } else { Push::Yes };
    }
    if let Some(reason) = &reason
        && !matches!(options.job, Job::Why | Job::Env)
    {
        desk.tell(Note::info(format!("{reason}: not trusted, so nothing is pushed")));
    }
    // Secrets that do not exist are empty texts: on such a pull request that is no mistake.
    match &options.login {
        Some(login) if reason.is_none() => check_login(options, login).map(|()| reason),
        _ => Ok(reason),
    }
}

/// Checks that a login has a user and a password, or neither: a registry alone says where a login goes, and the stored one is used.
fn check_login(options: &Options, login: &Login) -> Result<()> {
    match (&login.user, &login.password) {
        (Some(_), Some(_)) | (None, None) => Ok(()),
        (Some(user), None) => Err(no_password(options, user)),
        (None, Some(_)) => Err(Error::new(Code::Usage, "`--password` has no user").help("say whose password it is with `--username`")),
    }
}

fn no_password(options: &Options, user: &str) -> Error {
    let error = |place: &str, help: String| {
        Error::new(Code::Usage, format!("`--username {user}` has no password, expected one {place} or in {PASSWORD}")).help(help)
    };
    match options.host.spelling {
        Spelling::CommandLine => error("on standard input", format!("add `--password-stdin` and pipe the password in, or set {PASSWORD}")),
        // A secret that does not exist is an empty text, not an error of the workflow.
        Spelling::Inputs => error("in `password`", "is the secret's name right, and does this job have it?".to_owned()),
    }
}

/// `tag` and `manifest`: the inputs and their name, nothing else.
async fn identify(desk: &Desk, options: &Options) -> Result<Report> {
    let identity = inputs::identify(desk, options).await?;
    report(options, identity)
}

/// A report that so far says what the inputs are called.
fn report(options: &Options, identity: inputs::Identity) -> Result<Report> {
    let image = options.image.as_ref().map(|repository| repository.with_tag(&identity.tag)).transpose()?;
    let variables = match &options.image {
        Some(repository) => env::variables(repository, &identity.tag, options.moving_tag.as_deref())?,
        // The name of the image is not known, but its tag is.
        None if options.ci => env::tag_alone(&identity.tag),
        None => Vec::new(),
    };
    Ok(Report {
        job: options.job,
        tag: identity.tag,
        algorithm: options.algorithm,
        image: image.map(|image| image.to_string()),
        hit: None,
        unpushed: None,
        targets: Vec::new(),
        planned: Vec::new(),
        variables,
        altered: identity.altered,
        matrix: None,
        period: None,
        manifest: identity.manifest,
        document: None,
        failure: None,
    })
}
