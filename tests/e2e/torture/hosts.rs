//! Both hosts that build, started in the same way: the program as a terminal does, the action as the runner does.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::project::Project;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Host {
    Native,
    Action,
}

pub(crate) const HOSTS: [Host; 2] = [Host::Native, Host::Action];

/// What the runner reads when a step has ended.
pub(crate) const FILES: [&str; 3] = ["GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_STEP_SUMMARY"];

/// A run of `docktag JOB` with these options (`--NAME=VALUE`, or the input NAME; a flag has no value), in a process group of its own.
pub(crate) fn command(project: &Project, host: Host, job: &str, options: &[(&str, &str)], login: Option<(&str, &str)>) -> Command {
    let mut command = match host {
        Host::Native => {
            let mut command = project.command(env!("CARGO_BIN_EXE_docktag"));
            command
                .arg(job)
                .args(options.iter().map(|(name, value)| if value.is_empty() { format!("--{name}") } else { format!("--{name}={value}") }));
            if let Some((user, password)) = login {
                command.args(["--username", user]).env("DOCKER_PASSWORD", password);
            }
            command
        }
        Host::Action => {
            let mut command = project.command(&node().to_string_lossy());
            command.arg(root().join("action/main.js")).envs(runner(project)).env("INPUT_COMMAND", job);
            command.envs(
                options
                    .iter()
                    .map(|(name, value)| (format!("INPUT_{}", name.to_uppercase()), if value.is_empty() { "true" } else { value })),
            );
            if let Some((user, password)) = login {
                command.env("INPUT_USERNAME", user).env("INPUT_PASSWORD", password);
            }
            command
        }
    };
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    command
}

/// The variables of the runner, with empty files for the next step.
fn runner(project: &Project) -> Vec<(&'static str, PathBuf)> {
    let temporary = PathBuf::from(&project.env["TMPDIR"]);
    let folder = temporary.join("_runner_file_commands");
    fs::create_dir_all(&folder).ok();
    let mut variables = vec![("RUNNER_TEMP", temporary), ("GITHUB_WORKSPACE", project.folder.clone())];
    for name in FILES {
        // On a full disk nothing can be made; the action will say so.
        fs::write(folder.join(name), "").ok();
        variables.push((name, folder.join(name)));
    }
    variables.extend([("GITHUB_ACTIONS", "true".into()), ("GITHUB_EVENT_NAME", "push".into()), ("CI", "true".into())]);
    let event = root().join("tests/e2e/workflows/push.json");
    variables.extend([("GITHUB_REF", "refs/heads/main".into()), ("GITHUB_EVENT_PATH", event)]);
    // A test can be about another event.
    variables.retain(|(name, _)| !project.env.contains_key(*name));
    variables
}

/// What the action wrote for later steps: outputs, variables, summary.
pub(crate) fn written(project: &Project) -> String {
    let folder = Path::new(&project.env["TMPDIR"]).join("_runner_file_commands");
    FILES.iter().map(|name| fs::read_to_string(folder.join(name)).unwrap_or_default()).collect()
}

/// Node as the runner has it, where that was installed.
pub(crate) fn node() -> PathBuf {
    let own = root().join("tests/action/node_modules/node24/bin/node");
    if own.exists() { own } else { "node".into() }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
