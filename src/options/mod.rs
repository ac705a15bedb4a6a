//! What a user asks for, as plain data; hosts fill it from options, inputs or a form.

mod given;
mod host;
mod object;
mod spelling;
pub mod table;
mod variables;

use serde::Serialize;

use crate::digest::Algorithm;
use crate::error::Result;
use crate::image::Repository;
use crate::path::RelPath;
use crate::platform;
use crate::refresh::Refresh;
use crate::secret::Secret;
use crate::share::Share;

pub use given::{Given, command};
pub use host::Host;
pub use object::from_object;
pub use spelling::Spelling;
pub use variables::unknown_variables;

/// The moving tag where nothing else is said.
pub const MOVING_TAG: &str = "ci";

/// The variable that the password is read from.
pub const PASSWORD: &str = "DOCKER_PASSWORD";

/// The variables that hold the password. They are no variables of the project: neither its files nor the programs that docktag starts see them.
pub const SECRET_VARIABLES: [&str; 3] = [PASSWORD, "DOCKTAG_PASSWORD", "INPUT_PASSWORD"];

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
    /// Print what counts for a service, and why.
    Inputs,
    /// Print for which services a file counts, and why or why not.
    Explain,
    /// Print what has changed since an earlier state.
    Why,
    /// Print the model of the Compose files.
    Model,
    /// Ask the registry for every image, and say which jobs would build what is missing.
    Plan,
    /// Put the platforms of an image, each built by a job of its own, together under its tag.
    Join,
    /// Print what would have been built in the last commits.
    Backtest,
    /// Print which images no branch and no recent commit needs, or delete them.
    Prune,
}

impl Job {
    /// The jobs, in the order of help.
    pub const ALL: [Job; 13] = [
        Job::Tag,
        Job::Manifest,
        Job::Inputs,
        Job::Explain,
        Job::Why,
        Job::Model,
        Job::Backtest,
        Job::Env,
        Job::Plan,
        Job::Build,
        Job::Join,
        Job::Pull,
        Job::Prune,
    ];

    /// Whether it talks to the registry that its images go to.
    pub fn asks_registry(self) -> bool {
        matches!(self, Job::Why | Job::Env | Job::Plan | Job::Build | Job::Join | Job::Pull | Job::Prune)
    }

    /// The name of its command.
    pub fn as_str(self) -> &'static str {
        match self {
            Job::Tag => "tag",
            Job::Manifest => "manifest",
            Job::Env => "env",
            Job::Build => "build",
            Job::Pull => "pull",
            Job::Inputs => "inputs",
            Job::Explain => "explain",
            Job::Why => "why",
            Job::Model => "model",
            Job::Plan => "plan",
            Job::Join => "join",
            Job::Backtest => "backtest",
            Job::Prune => "prune",
        }
    }
}

/// Whether a build is pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Push {
    /// Where the CI has what a push needs: not on a pull request without secrets.
    #[default]
    Auto,
    /// Yes.
    Yes,
    /// No.
    No,
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

/// What counts of a checkout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Checkout {
    /// As in git where the host's file system loses what git knows, else as it is.
    #[default]
    Auto,
    /// What is on disk.
    AsIs,
    /// Links and line ends as git has them.
    AsInGit,
}

/// Credentials that were given. On a pull request that has no secrets any part may be missing, elsewhere only the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The registry, as in the names of its images; `None`: that of `image`.
    pub registry: Option<String>,
    /// The user.
    pub user: Option<String>,
    /// The password or access token.
    pub password: Option<Secret>,
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
    /// Whether the user named it; otherwise the project may.
    pub is_algorithm_given: bool,
    /// What counts of a checkout.
    pub checkout: Checkout,
    /// A manifest to take as it is where it exists, and to write where it does not.
    pub reuse: Option<String>,
    /// The tag of the last build; `None`: there is none.
    pub moving_tag: Option<String>,
    /// Branches whose builds move the moving tag, `*` for any part of a name; empty: the default branch.
    pub trusted_branches: Vec<String>,
    /// Why the code of this job is not trusted; `None`: it is. It is found out before a job begins.
    pub untrusted: Option<String>,
    /// Compose files; empty: Compose finds them.
    pub files: Vec<String>,
    /// Files with variables for the Compose files, in the place of `.env`.
    pub env_files: Vec<String>,
    /// Active profiles of the Compose files, besides those of `COMPOSE_PROFILES`.
    pub profiles: Vec<String>,
    /// The folder that the paths of the Compose files are relative to; `None`: that of the first one.
    pub project_directory: Option<String>,
    /// The name of the Compose project.
    pub project_name: Option<String>,
    /// The platform of services that name none; `None`: that of the machine.
    pub platform: Option<String>,
    /// Build arguments that do not count.
    pub ignored_args: Vec<String>,
    /// A text that counts as input.
    pub salt: Option<String>,
    /// Whether the digests of base images count.
    pub pin_bases: bool,
    /// After which time everything is built anew.
    pub refresh: Option<Refresh>,
    /// What stands before the name of an image whose service names none, such as `ghcr.io/acme/`.
    pub repository_prefix: Option<String>,
    /// How Compose is started; `None`: found by itself.
    pub compose: Option<Vec<String>>,
    /// The Compose services to work for; empty: all.
    pub services: Vec<String>,
    /// Whether a build is pushed.
    pub push: Push,
    /// Whether `pull` builds what is missing.
    pub or_build: bool,
    /// Whether a manifest is kept beside the image that was pushed.
    pub keep_manifest: bool,
    /// Whether to build and push even on a hit.
    pub force: bool,
    /// The builder of buildx that builds; `None`: that of the engine, or the one that is chosen already.
    pub builder: Option<String>,
    /// Whether each platform of an image that is for several has a job of its own.
    pub split_platforms: bool,
    /// The one platform of several that is built.
    pub part: Option<String>,
    /// This job's share of what a plan found missing.
    pub share: Option<Share>,
    /// How many jobs a plan may have.
    pub max_jobs: usize,
    /// A file for the parameters of a CircleCI continuation.
    pub continuation: Option<String>,
    /// Whether builds see copies of exactly what was counted.
    pub strict: bool,
    /// Where the layer cache is kept.
    pub cache: Cache,
    /// Images or BuildKit cache sources to build from; empty: the moving tag.
    pub cache_from: Vec<String>,
    /// Credentials; `None`: those of Docker's configuration.
    pub login: Option<Login>,
    /// Registries that may have any certificate or no TLS, besides those on the loopback interface: by name, or networks (`10.0.0.0/8`).
    pub insecure: Vec<String>,
    /// How long one request to a registry may take, in milliseconds.
    pub registry_timeout: u32,
    /// Whether a hit has to prove that it is the image that its tag names.
    pub verify: bool,
    /// What `explain` explains: files or folders, relative to the folder that the host runs in.
    pub explained: Vec<String>,
    /// What `why` compares with: a manifest's file, a git revision or an image; `None`: the last build, else the merge base.
    pub against: Option<String>,
    /// Whether `why` shows the lines that differ.
    pub diff: bool,
    /// How many commits are looked at.
    pub commits: usize,
    /// Whether the images of all branches are kept, not only of the one that is checked out.
    pub keep_branches: bool,
    /// Whether `prune` keeps the images of the commits that git tags point at.
    pub keep_tags: bool,
    /// How many of the last commits of each branch keep their images.
    pub keep_commits: usize,
    /// Of how many days everything is kept.
    pub keep_days: usize,
    /// Commits whose images `prune` does not compute.
    pub ignored_commits: Vec<String>,
    /// Whether what nothing needs is deleted.
    pub delete: bool,
    /// A file for a plot.
    pub plot: Option<String>,
    /// Whether only to say what would be run.
    pub dry_run: bool,
    /// Whether variables, outputs and summary are kept in the files that the CI reads.
    pub ci: bool,
    /// Facts about the host.
    pub host: Host,
}

impl Options {
    /// Whether the inputs are folders that were named, and not what the Compose files say.
    pub fn is_plain(&self) -> bool {
        !self.paths.is_empty() || self.reuse.is_some()
    }

    /// The platform of services that name none.
    ///
    /// # Errors
    /// [`crate::error::Code::Usage`] where `DOCKER_DEFAULT_PLATFORM` is no platform.
    pub fn default_platform(&self) -> Result<String> {
        let variable = self.host.env.get(platform::VARIABLE).filter(|text| !text.is_empty());
        match (&self.platform, variable) {
            (Some(platform), _) => Ok(platform.clone()),
            (None, Some(text)) => platform::parse(text).map_err(|error| error.at(platform::VARIABLE)),
            (None, None) => Ok(platform::of_machine(&self.host.architecture)),
        }
    }

    /// Whether every branch may give all others its cache: the project said so, or plain folders are hashed, as by the recipe.
    pub fn shares_cache(&self) -> bool {
        let is_any = self.trusted_branches.iter().any(|name| name == "*");
        is_any || (self.is_plain() && self.trusted_branches.is_empty())
    }

    /// Whether a build is to be pushed. `auto` is decided before a job begins.
    pub fn pushes(&self) -> bool {
        self.push == Push::Yes
    }

    /// The registry and the credentials that were given for it.
    pub fn given_login(&self) -> Option<(&str, &str, &Secret)> {
        let login = self.login.as_ref()?;
        let registry = login.registry.as_deref().or_else(|| Some(self.image.as_ref()?.registry()))?;
        Some((registry, login.user.as_deref()?, login.password.as_ref()?))
    }

    /// The options of a job with nothing said but its name.
    pub fn new(job: Job) -> Self {
        Options {
            job,
            paths: Vec::new(),
            image: None,
            algorithm: Algorithm::default(),
            is_algorithm_given: false,
            checkout: Checkout::default(),
            reuse: None,
            moving_tag: Some(MOVING_TAG.to_owned()),
            trusted_branches: Vec::new(),
            untrusted: None,
            files: Vec::new(),
            env_files: Vec::new(),
            profiles: Vec::new(),
            project_directory: None,
            project_name: None,
            platform: None,
            ignored_args: Vec::new(),
            salt: None,
            pin_bases: false,
            refresh: None,
            repository_prefix: None,
            compose: None,
            services: Vec::new(),
            push: Push::default(),
            or_build: false,
            keep_manifest: true,
            force: false,
            builder: None,
            split_platforms: false,
            part: None,
            share: None,
            max_jobs: usize::MAX,
            continuation: None,
            strict: false,
            cache: Cache::default(),
            cache_from: Vec::new(),
            login: None,
            insecure: Vec::new(),
            registry_timeout: crate::registry::TIMEOUT,
            verify: false,
            explained: Vec::new(),
            against: None,
            diff: false,
            commits: 100,
            keep_branches: false,
            keep_tags: false,
            keep_commits: 1,
            keep_days: 1,
            ignored_commits: Vec::new(),
            delete: false,
            plot: None,
            dry_run: false,
            ci: false,
            host: Host::default(),
        }
    }
}
