//! Facts about the machine and the environment that a job runs in.

use crate::options::Spelling;
use crate::shell::Env;

/// Facts that a host knows and a job needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// The environment: Compose files may use any variable.
    pub env: Env,
    /// The project folder as an absolute path, with `/`; empty where nobody knows.
    pub folder: String,
    /// Whether there are links on the way to that folder, so that `..` of its path is not `..` of the folder.
    pub is_linked: bool,
    /// A folder for files that later steps of the same CI job use; empty where there is none.
    pub temporary: String,
    /// The machine's architecture, in the words of the host's language (`x86_64`, `x64`, `aarch64`, `arm64` ...).
    pub architecture: String,
    /// The time as seconds since 1970-01-01 UTC.
    pub now: u64,
    /// A folder for this run only, which the host removes when the run ends, however it ends. It need not exist yet.
    pub scratch: String,
    /// Docker's configuration folder (`$DOCKER_CONFIG`, else `$HOME/.docker`); `None` where neither variable is set.
    pub docker_config: Option<String>,
    /// What separates the names in `COMPOSE_FILE`: `:`, on Windows `;`.
    pub list_separator: char,
    /// How many folders the project folder is below the root: how far Compose searches upwards.
    pub depth: usize,
    /// Whether it is Windows, where a checkout can have other line ends than git, and files in the place of links.
    pub windows: bool,
    /// How the user spells options: messages name them so.
    pub spelling: Spelling,
}

impl Default for Host {
    /// A host that knows nothing.
    fn default() -> Self {
        Host {
            env: Env::default(),
            folder: String::new(),
            is_linked: false,
            temporary: String::new(),
            architecture: String::new(),
            now: 0,
            scratch: String::new(),
            docker_config: None,
            list_separator: ':',
            depth: 0,
            windows: false,
            spelling: Spelling::default(),
        }
    }
}

impl Host {
    /// What separates the names in `COMPOSE_FILE`: Compose lets a variable say it.
    pub fn path_separator(&self) -> String {
        let variable = self.env.get("COMPOSE_PATH_SEPARATOR").filter(|text| !text.is_empty());
        variable.cloned().unwrap_or_else(|| self.list_separator.to_string())
    }
}
