//! The engine and the registries of the tests.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, OnceLock};

use libtest_mimic::Failed;

/// An engine with two registries, and the environment to use them.
pub(crate) struct Engine {
    /// The variables that lead there.
    pub(crate) env: BTreeMap<String, String>,
    folder: PathBuf,
    /// Whether it was started for the tests, and may be emptied.
    is_own: bool,
}

/// Which engine a test needs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// One that runs already, or else one of ours.
    Any,
    /// One of ours, to be emptied.
    Own,
}

static ANY: OnceLock<Engine> = OnceLock::new();
static OWN: OnceLock<Option<Engine>> = OnceLock::new();
/// What is left to do when the tests are over, or are interrupted.
static CLEANUP: Mutex<Vec<tempfile::TempDir>> = Mutex::new(Vec::new());

/// Runs a test on the engine that it needs, which the first such test starts.
pub(crate) fn with(needs: Needs, test: fn(&Engine) -> Result<(), Failed>) -> Result<(), Failed> {
    let is_there = || Command::new("docker").arg("info").output().is_ok_and(|output| output.status.success());
    if needs == Needs::Any && (ANY.get().is_some() || is_there()) {
        return test(ANY.get_or_init(existing));
    }
    match OWN.get_or_init(own) {
        Some(engine) => test(engine),
        None if needs == Needs::Own => {
            eprintln!("not run: needs an engine of its own (Linux and root), and one that runs already is not emptied");
            Ok(())
        }
        None => Err("no engine runs, and none can be started".into()),
    }
}

/// Stops what was started, and only that.
pub(crate) fn stop() {
    for folder in CLEANUP.lock().unwrap().drain(..) {
        check(&script("wipe", folder.path()));
    }
}

impl Engine {
    /// Removes all images that no container uses, and all that a build could reuse; only on an engine of ours.
    pub(crate) fn forget(&self) {
        let everything: &[[&str; 4]] =
            if self.is_own { &[["builder", "prune", "--all", "--force"], ["image", "prune", "--all", "--force"]] } else { &[] };
        for arguments in everything {
            let output = Command::new("docker").args(arguments).envs(&self.env).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
    }

    /// Empties the engine, as a new machine would have it.
    pub(crate) fn fresh(&self) {
        check(&script("fresh", &self.folder));
    }

    /// A variable of the environment.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.env.get(name).unwrap_or_else(|| panic!("{name} is not set"))
    }

    /// The configuration folder with Compose v5 as plugin.
    pub(crate) fn compose5(&self) -> String {
        let text = check(&script("compose5", &self.folder));
        exports(&text).remove("DOCKER_CONFIG").unwrap()
    }

    /// The address of a second BuildKit, for buildx.
    pub(crate) fn builder(&self) -> String {
        let text = check(&script("builder", &self.folder));
        exports(&text).remove("ENGINE_BUILDER").unwrap()
    }

    /// The requests that the open registry has seen since it had seen `since`, as `METHOD PATH STATUS`.
    pub(crate) fn requests(&self, since: usize) -> Vec<String> {
        let log = std::fs::read_to_string(self.get("ENGINE_REGISTRY_LOG")).unwrap();
        let request = |line: &str| -> Option<String> {
            let (_, rest) = line.split_once('"')?;
            let (request, rest) = rest.split_once('"')?;
            let path = request.rsplit_once(' ')?.0;
            Some(format!("{path} {}", rest.split_whitespace().next()?))
        };
        log.lines().skip(since).filter_map(request).collect()
    }

    /// How many lines the registry's log has.
    pub(crate) fn mark(&self) -> usize {
        std::fs::read_to_string(self.get("ENGINE_REGISTRY_LOG")).unwrap().lines().count()
    }
}

/// An engine that runs already, with registries of ours.
fn existing() -> Engine {
    let folder = folder();
    let mut env = exports(&check(&script("registry", &folder)));
    for name in ["PATH", "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"] {
        env.extend(std::env::var(name).map(|value| (name.to_owned(), value)));
    }
    let config = std::env::var("DOCKER_CONFIG").unwrap_or_else(|_| format!("{}/.docker", std::env::var("HOME").unwrap_or_default()));
    env.insert("DOCKER_CONFIG".to_owned(), config);
    Engine { env, folder, is_own: false }
}

/// An engine of ours; `None` on a machine where that cannot be (`engine.sh` ends with 2 then).
fn own() -> Option<Engine> {
    let folder = folder();
    let output = script("start", &folder);
    if output.status.code() == Some(2) {
        eprintln!("{}", String::from_utf8_lossy(&output.stderr));
        return None;
    }
    Some(Engine { env: exports(&check(&output)), folder, is_own: true })
}

/// A folder for an engine, which is emptied in the end, also after Ctrl-C.
fn folder() -> PathBuf {
    let folder = tempfile::Builder::new().prefix("docktag-e2e-").tempdir().unwrap();
    let path = folder.path().to_path_buf();
    let mut cleanup = CLEANUP.lock().unwrap();
    if cleanup.is_empty() {
        ctrlc::set_handler(|| {
            stop();
            std::process::exit(130);
        })
        .ok();
    }
    cleanup.push(folder);
    path
}

fn script(command: &str, folder: &Path) -> Output {
    Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/engine.sh")).arg(command).arg(folder).output().unwrap()
}

fn check(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// What `export` lines mean, in the words of a shell.
fn exports(lines: &str) -> BTreeMap<String, String> {
    let names: Vec<&str> = lines.lines().filter_map(|line| line.strip_prefix("export ")?.split_once('=')).map(|(name, _)| name).collect();
    let print: String = names.iter().map(|name| format!("printf '%s\\n' \"${name}\"\n")).collect();
    let output = Command::new("bash").arg("-c").arg(format!("{lines}\n{print}")).output().unwrap();
    let values = String::from_utf8(output.stdout).unwrap();
    names.iter().map(|name| (*name).to_owned()).zip(values.lines().map(str::to_owned)).collect()
}
