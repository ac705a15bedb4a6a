//! What a user asks for, as plain data; hosts fill it from options, inputs or a form.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::digest::Algorithm;
use crate::image::Repository;
use crate::path::RelPath;
use crate::secret::Secret;

/// The moving tag where nothing else is said.
pub const MOVING_TAG: &str = "ci";

/// The environment variables that decisions depend on; a host passes those that are set.
pub const VARIABLES: [&str; 6] =
    ["BASH_ENV", "COMPOSE_DOCKER_CLI_BUILD", "COMPOSE_FILE", "COMPOSE_PATH_SEPARATOR", "DOCKER_BUILDKIT", "GITHUB_ENV"];

/// The variable that a password may stand in; programs that are started do not get it.
pub const PASSWORD: &str = "DOCKER_PASSWORD";

/// The jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Job {
    /// Print the tag.
    Tag,
    /// Print the manifest.
    Manifest,
    /// Print or store the variables for later steps.
    Env,
    /// Build and push what is missing.
    Build,
    /// Pull what was built.
    Pull,
}

/// Where the layer cache of a build is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Cache {
    /// In the pushed image itself.
    #[default]
    Inline,
    /// In the registry, beside the image, with all stages.
    Registry,
    /// Nowhere.
    None,
}

/// Credentials that were given for the registry of `image`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The user.
    pub user: String,
    /// The password or access token.
    pub password: Secret,
}

/// Everything a job depends on, besides what it asks its host for.
#[derive(Debug, Clone)]
pub struct Options {
    /// Which job.
    pub job: Job,
    /// The folders that are hashed, spelled as `find` is to print them.
    pub paths: Vec<RelPath>,
    /// The repository of the image.
    pub image: Option<Repository>,
    /// The hash of manifest and tag.
    pub algorithm: Algorithm,
    /// A manifest to take as it is where it exists, and to write where it does not.
    pub reuse: Option<String>,
    /// The tag of the last build; `None`: there is none.
    pub moving_tag: Option<String>,
    /// Compose files; empty: Compose finds them.
    pub files: Vec<String>,
    /// How Compose is started; `None`: found by itself.
    pub compose: Option<Vec<String>>,
    /// Whether a build is pushed.
    pub push: bool,
    /// Whether to build and push even on a hit.
    pub force: bool,
    /// Where the layer cache is kept.
    pub cache: Cache,
    /// Images or BuildKit cache sources to build from; empty: the moving tag.
    pub cache_from: Vec<String>,
    /// Credentials for the registry of `image`; `None`: those of Docker's configuration.
    pub login: Option<Login>,
    /// Registries that may be spoken to without TLS, besides those on the loopback interface.
    pub insecure: Vec<String>,
    /// Whether only to say what would be run.
    pub dry_run: bool,
    /// Whether `env` appends to the file that the CI reads.
    pub ci: bool,
    /// Facts about the host.
    pub host: Host,
}

/// Facts that a host knows and a job needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Those of [`VARIABLES`] that are set.
    pub env: BTreeMap<String, String>,
    /// A folder for this run only, which the host removes when the run ends, however it ends. It need not exist yet.
    pub scratch: String,
    /// Docker's configuration folder (`$DOCKER_CONFIG`, else `$HOME/.docker`); `None` where neither variable is set.
    pub docker_config: Option<String>,
    /// What separates the names in `COMPOSE_FILE`: `:`, on Windows `;`.
    pub list_separator: char,
    /// How many folders the project folder is below the root: how far Compose searches upwards.
    pub depth: usize,
}

impl Options {
    /// The options of a job with nothing said but its name.
    pub fn new(job: Job) -> Self {
        Options {
            job,
            paths: Vec::new(),
            image: None,
            algorithm: Algorithm::default(),
            reuse: None,
            moving_tag: Some(MOVING_TAG.to_owned()),
            files: Vec::new(),
            compose: None,
            push: true,
            force: false,
            cache: Cache::default(),
            cache_from: Vec::new(),
            login: None,
            insecure: Vec::new(),
            dry_run: false,
            ci: false,
            host: Host { env: BTreeMap::new(), scratch: String::new(), docker_config: None, list_separator: ':', depth: 0 },
        }
    }
}
