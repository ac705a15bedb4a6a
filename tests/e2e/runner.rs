//! The action in a repository of its own, run by an emulator of GitHub's runner (`act`).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use serde_json::Value;

use crate::project::{Project, copy};

/// What of the project a runner that is to run the action fetches.
const ACTION: [&str; 3] = ["action.yml", "action", "pkg"];

/// A run to be made.
pub(crate) struct Runner<'a> {
    project: &'a Project,
    vars: Vec<String>,
    secrets: Vec<String>,
    event: Option<&'static str>,
}

/// A run that has ended.
pub(crate) struct Run {
    ended_well: bool,
    log: Vec<Value>,
}

impl<'a> Runner<'a> {
    /// A push to the project's repository, with the variable `IMAGE`.
    pub(crate) fn new(project: &'a Project) -> Self {
        Runner { project, vars: vec![format!("IMAGE={}", project.image)], secrets: Vec::new(), event: None }
    }

    pub(crate) fn var(mut self, name: &str, value: &str) -> Self {
        self.vars.push(format!("{name}={value}"));
        self
    }

    pub(crate) fn secret(mut self, name: &str, value: &str) -> Self {
        self.secrets.push(format!("{name}={value}"));
        self
    }

    /// A pull request instead, with that event in `workflows/`.
    pub(crate) fn pull_request(mut self, event: &'static str) -> Self {
        self.event = Some(event);
        self
    }

    /// Commits the project as it is with that workflow of `workflows/`, and runs it.
    pub(crate) fn run(self, workflow: &str) -> Run {
        let text = fs::read_to_string(workflows().join(workflow)).unwrap();
        self.run_text(&text)
    }

    /// The same with the workflow's text, such as one of README: the action in it is the one of the project.
    pub(crate) fn run_text(self, workflow: &str) -> Run {
        self.commit(&workflow.replace(&format!("docktag/docktag@v{}", env!("CARGO_PKG_VERSION")), "./"));
        let mut command = Command::new(tool("act"));
        command.arg(if self.event.is_some() { "pull_request" } else { "push" });
        // Steps run on this machine. Secrets are not hidden by the emulator, so that a test can see them where they should not be.
        command.args(["--json", "--insecure-secrets", "--no-cache-server", "--platform", "ubuntu-latest=-self-hosted"]);
        command.args(["--platform", "ubuntu-24.04-arm=-self-hosted"]);
        // GitHub says in each event which branch is the default one.
        command.arg("--eventpath").arg(workflows().join(self.event.unwrap_or("push.json")));
        command.args(self.vars.iter().flat_map(|var| ["--var", var]));
        command.args(self.secrets.iter().flat_map(|secret| ["--secret", secret]));
        let modules = tool("modules");
        let path = format!("{}/node24/bin:{}", modules.display(), self.project.env["PATH"]);
        let name = self.project.image.rsplit('/').next().unwrap();
        command.current_dir(&self.project.folder).env_clear().envs(&self.project.env).env("PATH", path);
        // Every job has a folder of the same name, which Compose would take for the project's.
        command.env("COMPOSE_PROJECT_NAME", name).stdin(Stdio::null());
        let output = command.output().unwrap();
        let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let log: Vec<Value> = stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        assert!(log.iter().any(|line| line["jobResult"].is_string()), "no job was run:\n{stdout}\n{stderr}");
        Run { ended_well: output.status.success(), log }
    }

    fn commit(&self, workflow: &str) {
        let folder = &self.project.folder;
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        for name in ACTION {
            let (from, to) = (root.join(name), folder.join(name));
            if from.is_dir() {
                copy(&from, &to);
            } else {
                fs::copy(from, to).unwrap();
            }
        }
        let own = folder.join(".github/workflows");
        fs::create_dir_all(&own).unwrap();
        fs::write(own.join("ci.yml"), workflow).unwrap();
        // It leaves out the program that the image is made of, which a checkout has to have.
        fs::remove_file(folder.join(".gitignore")).ok();
        self.project
            .shell(
                "set -e
                [ -d .git ] || { git init -q -b main; git remote add origin https://github.com/acme/app.git; }
                git add -A
                git -c user.name=tests -c user.email=tests@example.com commit -q --allow-empty -m change",
            )
            .ok();
    }
}

impl Run {
    /// The run ended well.
    #[track_caller]
    pub(crate) fn ok(&self) -> &Self {
        assert!(self.ended_well, "{}", self.text());
        self
    }

    /// The run failed in the step of the action, which said this as an annotation.
    #[track_caller]
    pub(crate) fn failed(&self, said: &str) -> &Self {
        assert!(!self.ended_well, "{}", self.text());
        let failed = |line: &&Value| line["stepResult"] == "failure";
        let steps: Vec<&Value> = self.log.iter().filter(failed).map(|line| &line["stepID"][0]).collect();
        assert_eq!(steps, ["docktag"], "{}", self.text());
        let errors: Vec<&str> = self.log.iter().filter(|line| line["command"] == "error").filter_map(|line| line["arg"].as_str()).collect();
        assert!(errors.iter().any(|error| error.contains(said)), "not said: {said}\n{}", self.text());
        self
    }

    /// An output of the action in this job.
    #[track_caller]
    pub(crate) fn output(&self, job: &str, name: &str) -> &str {
        let is = |line: &&Value| line["jobID"] == job && line["command"] == "set-output" && line["name"] == name;
        let line = self.log.iter().find(is).unwrap_or_else(|| panic!("{job} has no output {name}\n{}", self.text()));
        line["arg"].as_str().unwrap()
    }

    /// The names under which this job ran: one for each entry of its matrix.
    pub(crate) fn names(&self, job: &str) -> Vec<&str> {
        let has_run = |line: &&Value| line["jobID"] == job && line["jobResult"] == "success";
        let mut names: Vec<&str> = self.log.iter().filter(has_run).filter_map(|line| line["job"].as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter().map(plain_name).collect()
    }

    /// The job summary that the action wrote in this job.
    #[track_caller]
    pub(crate) fn summary(&self, job: &str) -> &str {
        let is = |line: &&Value| line["jobID"] == job && line["command"] == "summary";
        let line = self.log.iter().find(is).unwrap_or_else(|| panic!("{job} has no summary\n{}", self.text()));
        line["content"].as_str().unwrap()
    }

    /// What the steps of a workflow printed as `fact NAME=VALUE` in this job.
    pub(crate) fn facts(&self, job: &str) -> BTreeMap<&str, &str> {
        self.printed(job, "fact ").filter_map(|fact| fact.split_once('=')).collect()
    }

    /// A step of this job printed this line.
    #[track_caller]
    pub(crate) fn printed_line(&self, job: &str, line: &str) {
        assert!(self.printed(job, line).any(str::is_empty), "{job} did not print: {line}\n{}", self.text());
    }

    /// The lines that steps of this job printed and that begin so, without the beginning.
    pub(crate) fn printed(&self, job: &str, beginning: &str) -> impl Iterator<Item = &str> {
        let lines = self.log.iter().filter(move |line| line["jobID"] == job && line["raw_output"] == true);
        lines.filter_map(move |line| line["msg"].as_str()?.trim_end().strip_prefix(beginning))
    }

    /// All that was written to the log, but for what the runner was told to hide.
    pub(crate) fn text(&self) -> String {
        let shown = self.log.iter().filter(|line| line["command"] != "add-mask");
        shown.filter_map(|line| line["msg"].as_str()).map(|text| format!("{}\n", text.trim_end())).collect()
    }

    /// What it was told with a command of that name.
    pub(crate) fn obeyed(&self, name: &str) -> Vec<&str> {
        self.log.iter().filter(|line| line["command"] == name).filter_map(|line| line["arg"].as_str()).collect()
    }

    /// What the runner was told to hide.
    pub(crate) fn masks(&self) -> Vec<&str> {
        self.log.iter().filter(|line| line["command"] == "add-mask").filter_map(|line| line["arg"].as_str()).collect()
    }
}

/// The emulator puts the workflow before the name of a job, and the number of the matrix' entry behind it.
fn plain_name(name: &str) -> &str {
    let name = name.split_once('/').map_or(name, |(_, name)| name).trim();
    name.rsplit_once('-').filter(|(_, number)| number.parse::<u32>().is_ok()).map_or(name, |(name, _)| name)
}

fn workflows() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/workflows")
}

/// A tool of `tests/tools.sh`, got where it is not there yet.
pub(crate) fn tool(name: &'static str) -> PathBuf {
    static TOOLS: Mutex<BTreeMap<&str, PathBuf>> = Mutex::new(BTreeMap::new());
    let mut tools = TOOLS.lock().unwrap();
    let path = tools.entry(name).or_insert_with(|| {
        let output = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools.sh")).arg(name).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
    });
    path.clone()
}
