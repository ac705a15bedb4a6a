//! The jobs, each readable from top to bottom.

mod build;
mod compose;
mod env;
mod inputs;
mod login;
mod moving;
mod provide;
mod pull;
mod registry;

use crate::desk::Desk;
use crate::error::Result;
use crate::options::{Job, Options};
use crate::report::Report;

pub use env::{github_lines, shell_lines};

/// Runs the job that the options name.
pub(crate) async fn run(desk: Desk, options: Options) -> Result<Report> {
    match options.job {
        Job::Tag | Job::Manifest => identify(&desk, &options).await,
        Job::Env => env::run(&desk, &options).await,
        Job::Build => build::run(&desk, &options).await,
        Job::Pull => pull::run(&desk, &options).await,
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
        None => Vec::new(),
    };
    Ok(Report {
        job: options.job,
        tag: identity.tag,
        algorithm: options.algorithm,
        image: image.map(|image| image.to_string()),
        hit: None,
        targets: Vec::new(),
        planned: Vec::new(),
        variables,
        manifest: identity.manifest,
    })
}
