//! A tag never lies, for what the classic builder builds from a plain folder; for services of Compose files, docktag refuses this builder.
//!
//! Random folders are built by `DOCKER_BUILDKIT=0 docker build`; then one thing is changed at a time. The recipe's tags see names and contents
//! only. If a changed link, mode or empty folder gives another image with the same tag, docktag has to say that it does not count these.
//! Arguments are not in the folder, so they stay; their defaults are, in the Dockerfile.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use libtest_mimic::Failed;

use crate::Test;
use crate::engine::{Engine, Needs};
use crate::project;
use crate::random::Random;
use crate::torture::changes::{self, Pair, Seen, Trial, Verdict};
use crate::torture::tree::{self, Entry, Tree};
use crate::torture::{self, Counts, Figure, Rounds, judge};

/// Changes of one project before the next is made.
const CHANGES: u64 = 12;
const ROUNDS: Rounds = Rounds { short: 24, minutes: 200, hours: 1_000 };

pub(crate) fn tests() -> Vec<Test> {
    vec![("torture_sound_where_the_classic_builder_builds_another_image_the_tag_is_another_one", Needs::Any, sound)]
}

fn sound(engine: &Engine) -> Result<(), Failed> {
    let refused = AtomicU64::new(0);
    let figure = |counts: &Counts| figure(counts, refused.load(Ordering::Relaxed));
    torture::two_at_once(engine, ROUNDS.number(), |_, seed, counts| try_project(engine, seed, counts, &refused), figure)
}

fn figure(counts: &Counts, refused: u64) -> Figure {
    Figure {
        promise: "Sound",
        what: "changes of plain folders built by the classic builder where the image differs and the tag does not",
        tried: counts.changes,
        wrong: counts.wrong,
        also: format!(
            "{} folders; {} changes gave another image and another tag, {} gave neither, {} gave another image where docktag says that the recipe does not see them, {} could not be built; {} gave another tag for the same image; as a service, each of {refused} folders with a tag was refused",
            counts.projects,
            counts.other_image,
            counts.same_image - counts.needless,
            counts.told,
            counts.broken,
            counts.needless,
        ),
    }
}

fn try_project(engine: &Engine, seed: u64, counts: &mut Counts, refused: &AtomicU64) -> Result<(), Failed> {
    let folder = tempfile::Builder::new().prefix("docktag-sound-").tempdir().unwrap();
    let (project, mut random) = changes::random(seed, Project::new);
    project.write(folder.path());
    let is_refused = is_refused(engine, folder.path()).map_err(|said| format!("seed {seed}: {said}\n{project:?}"))?;
    refused.fetch_add(u64::from(is_refused), Ordering::Relaxed);
    let look = |project: &Project| look(engine, project, folder.path());
    let judge = |before: &Project, after: &Project, [old, new]: [&str; 2]| {
        let content = |image: &str| judge::content(engine, image);
        Ok(match () {
            () if content(old)? == content(new)? => Verdict::SameImage,
            () if before.seen() == after.seen() && is_told(engine, folder.path(), &[before, after]) => Verdict::Told,
            () => Verdict::Lie,
        })
    };
    Trial { seed, changes: CHANGES, look, judge }.run(project, |project| project.change(&mut random), counts)
}

/// Whether the folder has a tag as a service, which the classic builder must not build then; without a tag, nothing is built either.
fn is_refused(engine: &Engine, folder: &Path) -> Result<bool, String> {
    let image = format!("{}/sound-classic/none", engine.get("ENGINE_REGISTRY"));
    let compose = format!("services: {{app: {{image: '{image}', build: {{context: ctx, dockerfile: {FILE}}}}}}}\n");
    tree::put(&folder.join("compose.yaml"), &compose, false);
    let ran = project::ended(docktag(engine, folder, &["build"]));
    let has_tag = docktag(engine, folder, &["tag"]).status.success();
    match (ran.code, ran.stderr.contains("the classic builder would build")) {
        (Some(2), true) if has_tag => Ok(true),
        (Some(1 | 2), false) if !has_tag => Ok(false),
        (code, _) => Err(format!("the classic builder is not refused: {code:?} {}", ran.stderr)),
    }
}

/// Whether docktag says that it counts none of the kinds of entries in which these differ.
fn is_told(engine: &Engine, folder: &Path, projects: &[&Project; 2]) -> bool {
    projects.iter().all(|project| {
        project.write(folder);
        let said = project::ended(docktag(engine, folder, &TAG)).stderr;
        let others = |name: &str| said.contains("names and contents count, not the") && said.contains(name);
        let kinds = [("executable bit", project.executable()), ("symbolic link", project.links()), ("empty folder", project.hollow())];
        kinds.iter().all(|(name, number)| *number == 0 || others(name))
    })
}

const TAG: [&str; 5] = ["tag", "--path", "ctx", "--image", "example/app"];
const FILE: &str = "Dockerfile";

fn docktag(engine: &Engine, folder: &Path, args: &[&str]) -> std::process::Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_docktag"));
    command.args(args).current_dir(folder).envs(&engine.env).env("DOCKER_BUILDKIT", "0").stdin(Stdio::null()).output().unwrap()
}

/// The image with its settings, and the tag; nothing if the folder cannot be built.
fn look(engine: &Engine, project: &Project, folder: &Path) -> Result<Option<Seen>, String> {
    project.write(folder);
    let docker = |args: &[&str]| {
        let mut command = Command::new("docker");
        command.args(args).current_dir(folder).envs(&engine.env).env("DOCKER_BUILDKIT", "0").output().unwrap()
    };
    let args: Vec<&str> = project.args.iter().flat_map(|arg| ["--build-arg", arg]).collect();
    let built = docker(&[&["build", "--quiet"], &args[..], &["ctx"]].concat());
    if !built.status.success() {
        return Ok(None);
    }
    let id = String::from_utf8(built.stdout).unwrap();
    let inspected = docker(&["image", "inspect", "--format", "{{.Id}} {{json .Config}}", id.trim()]);
    let image = String::from_utf8(inspected.stdout).unwrap();
    let output = project::ended(docktag(engine, folder, &TAG));
    match output.code {
        Some(0) => Ok(Some([("ctx".to_owned(), Pair { image, tag: output.stdout })].into())),
        _ => Err(format!("the engine builds this, docktag says {}\n{project:?}", output.stderr)),
    }
}

/// A folder `ctx`.
#[derive(Debug, Clone)]
struct Project {
    tree: Tree,
    dockerfile: Vec<&'static str>,
    /// Lines of `.dockerignore` and of `Dockerfile.dockerignore`, which the classic builder does not read.
    ignore: [Vec<&'static str>; 2],
    args: Vec<&'static str>,
}

const FOLDERS: [&str; 4] = ["ctx/", "ctx/sub/", "ctx/sub/deep/", "ctx/empty/"];
const STEPS: [&str; 15] = [
    "COPY a.txt /x",
    "COPY . /ctx/",
    "COPY . /ctx/",
    "COPY sub /sub",
    "COPY sub/ /all/",
    "COPY *.txt /t/",
    "COPY s*/*.md /m/",
    "ADD sub/deep /deep",
    "COPY link.txt /l",
    "COPY $D /v/",
    "ENV A=$V",
    "LABEL x=$V",
    "COPY --from=other /x* /fromother/",
    "WORKDIR /w/$V",
    "ARG TARGETARCH=none\nLABEL arch=$TARGETARCH",
];
const DEFAULTS: [&str; 4] = ["ARG V=1\nARG D=sub", "ARG V=2\nARG D=sub", "ARG V=1\nARG D=a.txt", "ENV V=3\nARG V\nARG D=sub"];
const IGNORES: [&str; 9] = ["*.md", "sub", "!sub/deep", "**/b.md", "*", "!a.txt", "em*", "Dockerfile*", ".dockerignore"];

impl Project {
    fn new(random: &mut Random) -> Self {
        let mut tree = Tree::new();
        for name in FOLDERS[..3].iter().flat_map(|folder| ["a.txt", "b.md", "run.sh"].map(|file| format!("{folder}{file}"))) {
            tree.insert(name.clone(), Entry::File { content: tree::text(&name, 0), executable: name.ends_with(".sh") });
        }
        tree.insert("ctx/link.txt".to_owned(), Entry::Link("a.txt".to_owned()));
        tree.insert("ctx/sub/up".to_owned(), Entry::Link("../b.md".to_owned()));
        tree.insert("ctx/empty/none".to_owned(), Entry::Folder);
        let mut dockerfile = vec![*random.pick(&DEFAULTS)];
        dockerfile.extend((0..2 + random.below(3)).map(|_| *random.pick(&STEPS)));
        let ignore = [0, 1].map(|_| (0..random.below(3)).map(|_| *random.pick(&IGNORES)).collect());
        let args = ["V=given", "D=sub", "TARGETARCH=given"].into_iter().filter(|_| random.below(4) == 0).collect();
        Project { tree, dockerfile, ignore, args }
    }

    /// Changes one thing, and says what.
    fn change(&mut self, random: &mut Random) -> String {
        match random.below(10) {
            0..=5 => tree::change(&mut self.tree, random, &FOLDERS),
            6 => {
                self.dockerfile[0] = *random.pick(&DEFAULTS);
                "the arguments' defaults".to_owned()
            }
            7 => {
                let at = 1 + random.below(self.dockerfile.len() as u64 - 1) as usize;
                self.dockerfile[at] = *random.pick(&STEPS);
                format!("the step {}", self.dockerfile[at])
            }
            file => {
                let lines = &mut self.ignore[file as usize - 8];
                let line = *random.pick(&IGNORES);
                match lines.iter().position(|it| *it == line) {
                    Some(at) => drop(lines.remove(at)),
                    None => lines.push(line),
                }
                format!("the ignore line {line}")
            }
        }
    }

    /// All that the recipe's tags see.
    fn seen(&self) -> impl PartialEq + use<> {
        let files: Vec<(String, String)> = self
            .tree
            .iter()
            .filter_map(|(name, entry)| match entry {
                Entry::File { content, .. } => Some((name.clone(), content.clone())),
                _ => None,
            })
            .collect();
        (files, self.dockerfile.clone(), self.ignore.clone())
    }

    fn executable(&self) -> usize {
        self.tree.values().filter(|entry| matches!(entry, Entry::File { executable: true, .. })).count()
    }

    fn links(&self) -> usize {
        self.tree.values().filter(|entry| matches!(entry, Entry::Link(_))).count()
    }

    /// Folders that are entries of the tree and have nothing in them.
    fn hollow(&self) -> usize {
        let is_hollow = |name: &str| !self.tree.keys().any(|other| other.starts_with(&format!("{name}/")));
        self.tree.iter().filter(|(name, entry)| matches!(entry, Entry::Folder) && is_hollow(name)).count()
    }

    /// Makes the folder what the project is.
    fn write(&self, folder: &Path) {
        tree::write(&self.tree, folder);
        let put = |name: &str, content: &str| tree::put(&folder.join(name), content, false);
        let stages = "FROM scratch AS other\nCOPY a.txt /x\nFROM scratch";
        put(&format!("ctx/{FILE}"), &format!("{stages}\n{}\n", self.dockerfile.join("\n")));
        for (name, lines) in ["ctx/.dockerignore", "ctx/Dockerfile.dockerignore"].iter().zip(&self.ignore) {
            if !lines.is_empty() {
                put(name, &format!("{}\n", lines.join("\n")));
            }
        }
    }
}
