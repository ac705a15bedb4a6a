//! A copy of the example project, and programs that run in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::engine::Engine;

/// A copy of `tests/example` with a repository of its own.
pub(crate) struct Project {
    pub(crate) folder: PathBuf,
    /// `host:port/name` in the open registry.
    pub(crate) image: String,
    /// The variables of every program.
    pub(crate) env: BTreeMap<String, String>,
    host: Option<String>,
    temp: tempfile::TempDir,
}

/// How a program ended.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Project {
    /// A new copy; its name, and so that of its Compose project and repository, is its own.
    pub(crate) fn new(engine: &Engine) -> Self {
        let project = Project::empty(engine);
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/example"), &project.folder);
        fs::copy(engine.get("ENGINE_BUSYBOX"), project.folder.join("docker/dev/busybox")).unwrap();
        project
    }

    /// A project of its own with nothing in it.
    pub(crate) fn empty(engine: &Engine) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("e2e-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let temp = tempfile::Builder::new().prefix("docktag-project-").tempdir().unwrap();
        let folder = temp.path().join(&name);
        fs::create_dir(&folder).unwrap();
        let mut env = engine.env.clone();
        env.insert("HOME".to_owned(), temp.path().join("home").to_string_lossy().into_owned());
        env.insert("TMPDIR".to_owned(), temp.path().join("tmp").to_string_lossy().into_owned());
        fs::create_dir(temp.path().join("home")).unwrap();
        fs::create_dir(temp.path().join("tmp")).unwrap();
        Project { folder, image: format!("{}/{name}", engine.get("ENGINE_REGISTRY")), host: env.get("DOCKER_HOST").cloned(), env, temp }
    }

    /// Runs docktag with the example's folder and image behind the arguments.
    pub(crate) fn docktag(&self, args: &[&str]) -> Ran {
        ended(self.start(args).wait_with_output().unwrap())
    }

    /// Runs docktag with the arguments alone.
    pub(crate) fn plain(&self, args: &[&str]) -> Ran {
        ended(self.command(env!("CARGO_BIN_EXE_docktag")).args(args).stdin(Stdio::null()).output().unwrap())
    }

    /// Starts docktag and does not wait.
    pub(crate) fn start(&self, args: &[&str]) -> std::process::Child {
        let mut command = self.command(env!("CARGO_BIN_EXE_docktag"));
        command.args(args).args(["--path", "docker"]);
        if args[0] != "manifest" && !args.contains(&"--image") {
            command.args(["--image", &self.image]);
        }
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).stdin(Stdio::null()).spawn().unwrap()
    }

    /// Starts docktag with the arguments alone, and does not wait.
    pub(crate) fn start_plain(&self, args: &[&str]) -> std::process::Child {
        let mut command = self.command(env!("CARGO_BIN_EXE_docktag"));
        command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).stdin(Stdio::null()).spawn().unwrap()
    }

    /// Runs shell lines in the project.
    pub(crate) fn shell(&self, lines: &str) -> Ran {
        ended(self.command("bash").args(["-c", lines]).stdin(Stdio::null()).output().unwrap())
    }

    /// The tag as it is now.
    pub(crate) fn tag(&self) -> String {
        let ran = self.docktag(&["tag"]);
        ran.stdout.trim().rsplit(':').next().unwrap().to_owned()
    }

    /// Changes the file that the Dockerfile copies last.
    pub(crate) fn change(&self, limit: &str) {
        let file = self.folder.join("docker/dev/app.ini");
        let text = fs::read_to_string(&file).unwrap();
        let line = text.lines().find(|line| line.starts_with("memory_limit")).unwrap();
        fs::write(&file, text.replace(line, &format!("memory_limit = {limit}"))).unwrap();
    }

    /// The folder that has the project, a home and a place for temporary files.
    pub(crate) fn around(&self) -> &Path {
        self.temp.path()
    }

    /// What docktag and its children left in the folder for temporary files.
    pub(crate) fn left_over(&self) -> Vec<String> {
        let entries = fs::read_dir(self.temp.path().join("tmp")).unwrap();
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).filter(|name| name.starts_with("docktag")).collect()
    }

    /// A program in the project, with its variables.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.folder).env_clear().env("PATH", std::env::var_os("PATH").unwrap()).envs(&self.env);
        command
    }
}

/// Takes the images of this project from the engine: nobody else has that repository.
impl Drop for Project {
    fn drop(&mut self) {
        // The test may have pointed it elsewhere.
        let host = self.host.as_ref().map(|host| format!("export DOCKER_HOST={host}")).unwrap_or_default();
        let name = self.image.rsplit('/').next().unwrap_or_default();
        self.shell(&format!(
            "{host}\ndocker compose down >/dev/null 2>&1\ndocker images -q --filter reference='*/{name}' | sort -u | xargs -r docker rmi -f"
        ));
    }
}

impl Ran {
    /// The program ended well; its standard output.
    #[track_caller]
    pub(crate) fn ok(&self) -> &str {
        assert_eq!(self.code, Some(0), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        &self.stdout
    }

    /// The program failed with this exit code and said this.
    #[track_caller]
    pub(crate) fn failed(&self, code: i32, said: &str) {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        assert!(self.stderr.contains(said), "not said: {said}\n{}", self.stderr);
    }
}

pub(crate) fn ended(output: Output) -> Ran {
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Copies a folder with all that is in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
