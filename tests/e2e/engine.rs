//! The engine and the registries of the tests.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::{Mutex, OnceLock};

use libtest_mimic::Failed;

/// An engine with two registries, and the environment to use them.
pub(crate) struct Engine {
    /// The variables that lead there.
    pub(crate) env: BTreeMap<String, String>,
    /// Whether it is ours to empty.
    pub(crate) is_own: bool,
    folder: PathBuf,
}

static ENGINE: OnceLock<Engine> = OnceLock::new();
/// What is left to do when the tests are over, or are interrupted.
static CLEANUP: Mutex<Option<tempfile::TempDir>> = Mutex::new(None);

/// Runs a test on the engine, which the first one starts.
pub(crate) fn with(test: fn(&Engine) -> Result<(), Failed>) -> Result<(), Failed> {
    test(ENGINE.get_or_init(start))
}

/// Stops what was started, and only that.
pub(crate) fn stop() {
    if let Some(folder) = CLEANUP.lock().unwrap().take() {
        let output = script(&["wipe"], &folder.path().to_path_buf());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Engine {
    /// Empties the engine, as a new machine would have it. `false`: it is not ours, so the test cannot be run.
    pub(crate) fn fresh(&self) -> bool {
        if self.is_own {
            check(&script(&["fresh"], &self.folder));
        } else {
            eprintln!("not run: needs an engine of its own, and one that runs already is not emptied");
        }
        self.is_own
    }

    /// A variable of the environment.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.env.get(name).unwrap_or_else(|| panic!("{name} is not set"))
    }

    /// The configuration folder with Compose v5 as plugin.
    pub(crate) fn compose5(&self) -> String {
        let text = check(&script(&["compose5"], &self.folder));
        exports(&text).remove("DOCKER_CONFIG").unwrap()
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

fn start() -> Engine {
    let folder = tempfile::Builder::new().prefix("docktag-e2e-").tempdir().unwrap();
    let path = folder.path().to_path_buf();
    *CLEANUP.lock().unwrap() = Some(folder);
    ctrlc::set_handler(|| {
        stop();
        std::process::exit(130);
    })
    .unwrap();
    let is_own = !Command::new("docker").arg("info").output().is_ok_and(|output| output.status.success());
    let command = if is_own { "start" } else { "registry" };
    let env = exports(&check(&script(&[command], &path)));
    Engine { env, is_own, folder: path }
}

fn script(args: &[&str], folder: &PathBuf) -> Output {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/engine.sh");
    let (command, rest) = args.split_first().unwrap();
    Command::new(script).arg(command).arg(folder).args(rest).output().unwrap()
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
