//! Who says which image the engine's BuildKit makes of a folder.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::json;

use crate::engine::Engine;

/// A folder and how it is built.
#[derive(Debug)]
pub(crate) struct Build<'a> {
    pub(crate) folder: &'a Path,
    /// The Dockerfile, below the folder.
    pub(crate) file: &'a str,
    pub(crate) args: &'a BTreeMap<String, String>,
    pub(crate) target: Option<&'a str>,
    pub(crate) more: Option<&'a More>,
}

/// What else a build can be given. Only `tests/tools/judge` is asked then.
#[derive(Debug, Default)]
pub(crate) struct More {
    /// Whether nothing is used that the engine has built before, since it would not look at secrets and proxies again. What is in the images is
    /// compared then, without times.
    pub(crate) anew: bool,
    /// The names that the image gets in the engine.
    pub(crate) names: Vec<String>,
    /// Folders by name.
    pub(crate) contexts: BTreeMap<String, PathBuf>,
    /// Images of the engine by name.
    pub(crate) images: BTreeMap<String, String>,
    /// Values by id.
    pub(crate) secrets: BTreeMap<String, String>,
}

/// `docker buildx`, or a program that asks the same without a new process for each image, or both.
pub(crate) struct Judge<'a> {
    engine: &'a Engine,
    fast: Option<Fast>,
    both: bool,
}

impl<'a> Judge<'a> {
    /// `program` is the fast one, if it is to be asked; `both` says whether buildx is asked too.
    pub(crate) fn new(engine: &'a Engine, program: Option<&str>, both: bool) -> Self {
        Judge { engine, fast: program.map(|program| Fast::start(engine, program)), both }
    }

    /// The engine's name for what it builds; `None` where it cannot.
    pub(crate) fn image(&mut self, build: &Build<'_>) -> Option<String> {
        let Some(fast) = &mut self.fast else { return buildx(self.engine, build, &[]).ok() };
        let image = fast.image(build);
        if self.both {
            let other = buildx(self.engine, build, &[]);
            assert!(other.as_ref().ok() == image.as_ref().ok(), "buildx says {other:?}, tests/tools/judge {image:?} of {build:?}");
        }
        image.ok()
    }

    /// Whether an engine that has built nothing yet could build it. One that has may lack a folder and not notice: of a pattern that nothing
    /// fits it takes what it made where the folder was there and nothing in it fitted.
    pub(crate) fn builds_anew(&self, build: &Build<'_>) -> bool {
        buildx(self.engine, build, &["--no-cache"]).is_ok()
    }
}

/// The image, or why there is none.
fn buildx(engine: &Engine, build: &Build<'_>, options: &[&str]) -> Result<String, String> {
    let mut command = Command::new("docker");
    command.args(["buildx", "build", "--quiet", "--provenance=false", "--file"]).arg(build.folder.join(build.file));
    command.args(options).args(build.target.iter().flat_map(|target| ["--target", target]));
    for (name, value) in build.args {
        command.arg("--build-arg").arg(format!("{name}={value}"));
    }
    let output = command.arg(build.folder).envs(&engine.env).output().unwrap();
    let said = if output.status.success() { &output.stdout } else { &output.stderr };
    let said = String::from_utf8_lossy(said).trim().to_owned();
    if output.status.success() { Ok(said) } else { Err(said) }
}

/// Lists what is in a folder, without times: names, kinds, modes, targets and digests of all files.
const LIST: &str = r"find . -printf '%P %y %m %l\n' | LC_ALL=C sort; find . -type f -exec md5sum {} + | LC_ALL=C sort";

/// What is in an image, without times: its settings and its files. The image is its name and its settings, with a blank between.
///
/// The engine makes another image each time of a target that an additional context replaces: it says when it was made, and folders have the time
/// at which the engine wrote them.
pub(crate) fn content(engine: &Engine, image: &str) -> Result<String, String> {
    let (id, settings) = image.split_once(' ').ok_or("an image without settings")?;
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    let script = format!(
        r#"set -e
        id=$(docker create "$1" nothing); trap 'docker rm "$id" >"$2.log"' EXIT; mkdir "$2"; docker export "$id" | tar -x -C "$2"
        cd "$2"; {LIST}"#
    );
    let output = Command::new("sh").args(["-c", &script, "sh", id]).arg(root).envs(&engine.env).output().unwrap();
    if !output.status.success() {
        return Err(format!("{id} cannot be read: {}", String::from_utf8_lossy(&output.stderr)));
    }
    Ok(format!("{settings}\n{}", String::from_utf8_lossy(&output.stdout)))
}

/// What is in a folder, without times.
pub(crate) fn files(folder: &Path) -> String {
    let output = Command::new("sh").args(["-c", LIST]).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The path of `tests/tools/judge`, which is built where it is not there yet.
pub(crate) fn program() -> String {
    let output = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools.sh")).arg("judge").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// The program, while it runs.
struct Fast {
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Fast {
    fn start(engine: &Engine, program: &str) -> Self {
        let mut child = Command::new(program).envs(&engine.env).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (questions, answers) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        Fast { child, questions, answers }
    }

    fn image(&mut self, Build { folder, file, args, target, more }: &Build<'_>) -> Result<String, String> {
        let mut question = json!({ "folder": folder, "file": file, "args": args, "target": target.unwrap_or_default() });
        if let Some(More { anew, names, contexts, images, secrets }) = more {
            question["anew"] = json!(anew);
            question["names"] = json!(names);
            question["contexts"] = json!(contexts);
            question["images"] = json!(images);
            question["secrets"] = json!(secrets);
        }
        writeln!(self.questions.as_ref().unwrap(), "{question}").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        let answer = answer.trim();
        match answer.strip_prefix("error ") {
            Some(why) => Err(why.to_owned()),
            None if answer.starts_with("sha256:") => Ok(answer.to_owned()),
            None => panic!("tests/tools/judge says `{answer}`"),
        }
    }
}

impl Drop for Fast {
    fn drop(&mut self) {
        // It ends when there are no more questions.
        self.questions = None;
        self.child.wait().ok();
    }
}
