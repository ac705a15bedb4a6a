//! The orb's commands and jobs in a project, run step by step as CircleCI runs them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

use crate::project::{Project, Ran, ended};

/// One job: a file that its steps leave variables in for later ones, and a folder of its own.
pub(crate) struct Circle<'a> {
    project: &'a Project,
    folder: tempfile::TempDir,
    /// Which of the job's machines this is, and how many there are.
    node: (usize, usize),
}

impl<'a> Circle<'a> {
    /// A job that has checked out the project and has run nothing yet.
    pub(crate) fn new(project: &'a Project) -> Self {
        let folder = tempfile::Builder::new().prefix("docktag-circle-").tempdir().unwrap();
        std::fs::write(folder.path().join("bash_env"), "").unwrap();
        Circle { project, folder, node: (0, 1) }
    }

    /// One of several machines of a job.
    pub(crate) fn node(project: &'a Project, index: usize, count: usize) -> Self {
        Circle { node: (index, count), ..Circle::new(project) }
    }

    /// What a configuration says, as JSON.
    pub(crate) fn configuration(text: &str) -> Value {
        let read = "import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.argv[1])))";
        let ran = ended(Command::new(python()).args(["-c", read, text]).output().unwrap());
        serde_json::from_str(ran.ok()).unwrap()
    }

    /// Runs the steps of a command of the orb.
    pub(crate) fn command(&self, name: &str, parameters: &Value) -> Ran {
        self.steps(&[name], parameters)
    }

    /// Runs the steps of a job of the orb.
    pub(crate) fn job(&self, name: &str, parameters: &Value) -> Ran {
        self.steps(&[name, "--job"], parameters)
    }

    /// Runs a step of the user's.
    pub(crate) fn step(&self, lines: &str) -> Ran {
        self.run(&format!("bash -eo pipefail -c '{}'", lines.replace('\'', r"'\''")))
    }

    /// One step after the other, until one fails.
    fn steps(&self, what: &[&str], parameters: &Value) -> Ran {
        let out = tempfile::tempdir_in(self.folder.path()).unwrap();
        let mut expand = Command::new(python());
        expand.arg(root().join("tests/orb/expand.py")).arg(self.packed()).args(what);
        let expanded = ended(expand.args(["--json", &parameters.to_string()]).arg("--out").arg(out.path()).output().unwrap());
        let listed: Vec<Value> = serde_json::from_str(expanded.ok()).unwrap();
        assert!(listed.iter().any(|step| step["command"].is_string()), "no step is run: {}", expanded.stdout);
        self.run(&format!("for step in '{}'/*.sh; do sh \"$step\" || exit; done", out.path().display()))
    }

    /// Runs lines with what CircleCI adds to the environment.
    fn run(&self, lines: &str) -> Ran {
        let file = self.folder.path().join("bash_env");
        let (index, count) = self.node;
        let node = format!("CIRCLE_NODE_INDEX={index} CIRCLE_NODE_TOTAL={count}");
        self.project.shell(&format!("export CI=true CIRCLECI=true {node} BASH_ENV='{}'\n{lines}", file.display()))
    }

    /// The orb in one file, packed by the project's packer.
    fn packed(&self) -> PathBuf {
        let file = self.folder.path().join("orb.yml");
        let mut pack = Command::new(python());
        ended(pack.arg(root().join(".ci/orb/pack.py")).arg(root().join("action/orb")).arg(&file).output().unwrap()).ok();
        file
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A Python that reads YAML, got where it is not there yet.
fn python() -> &'static str {
    static PYTHON: OnceLock<String> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let ran = ended(Command::new(root().join("tests/tools.sh")).arg("pyyaml").output().unwrap());
        ran.ok().trim().to_owned()
    })
}
