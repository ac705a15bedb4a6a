//! A tag never lies, for what is not a plain file of the context: links whose names look like lines of a manifest, named contexts, sources of
//! secrets, and proxies that no `ARG` declares.
//!
//! Small random projects are built by the real BuildKit, each time from the beginning, since a step that was run is not run again for another
//! secret or proxy; then one thing is changed at a time, and image and tag are asked again.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use libtest_mimic::Failed;
use serde_json::json;

use crate::Test;
use crate::engine::{Engine, Needs};
use crate::random::Random;
use crate::torture::changes::{self, Pair, Seen, Trial, Verdict};
use crate::torture::judge::{self, Build, Judge, More};
use crate::torture::tree::{self, Entry, Tree};
use crate::torture::{self, Counts, Figure, Rounds};

/// Changes of one project before the next is made.
const CHANGES: u64 = 10;
const ROUNDS: Rounds = Rounds { short: 40, minutes: 1_000, hours: 5_000 };

pub(crate) fn tests() -> Vec<Test> {
    vec![("torture_sound_where_a_source_or_a_proxy_gives_another_image_the_tag_is_another_one", Needs::Any, sound)]
}

fn sound(engine: &Engine) -> Result<(), Failed> {
    let program = judge::program();
    let trial = |thread, seed, counts: &mut Counts| {
        let mut judge = Judge::new(engine, Some(&program), false);
        try_project(&mut judge, thread, seed, counts)
    };
    torture::two_at_once(engine, ROUNDS.number(), trial, figure)
}

fn figure(counts: &Counts) -> Figure {
    Figure {
        promise: "Sound",
        what: "changes of links, named contexts, sources of secrets and proxies where the image differs and the tag does not",
        tried: counts.changes,
        wrong: counts.wrong,
        also: format!(
            "{} projects; {} changes gave another image and another tag, {} gave neither, {} could not be built; {} gave another tag for the same image",
            counts.projects,
            counts.other_image,
            counts.same_image - counts.needless,
            counts.broken,
            counts.needless,
        ),
    }
}

fn try_project(judge: &mut Judge<'_>, thread: usize, seed: u64, counts: &mut Counts) -> Result<(), Failed> {
    let folder = tempfile::Builder::new().prefix("docktag-sound-").tempdir().unwrap();
    let (project, mut random) = changes::random(seed, |random| Project::new(random, thread));
    let look = |project: &Project| look(judge, project, folder.path());
    let mut trial = Trial { seed, changes: CHANGES, look, judge: |_: &Project, _: &Project, _: [&str; 2]| Ok(Verdict::Lie) };
    trial.run(project, |project| project.change(&mut random), counts)
}

/// What the engine builds, and the tag; nothing where it cannot be built.
fn look(judge: &mut Judge<'_>, project: &Project, folder: &Path) -> Result<Option<Seen>, String> {
    project.write(folder);
    let contexts = project.contexts.iter().map(|(name, at)| ((*name).to_owned(), folder.join(at))).collect();
    let secrets = project.secrets.iter().map(|(id, source)| ((*id).to_owned(), value(source))).collect();
    let more = More { anew: true, contexts, secrets, ..More::default() };
    let args = project.args.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let build = Build { folder: &folder.join("ctx"), file: "Dockerfile", args: &args, target: None, more: Some(&more) };
    let Some(image) = judge.image(&build) else { return Ok(None) };
    let mut docktag = Command::new(env!("CARGO_BIN_EXE_docktag"));
    docktag.args(["tag", "-C"]).arg(folder).envs(VARIABLES.map(|name| (name, value(name))));
    let output = docktag.output().unwrap();
    match output.status.success() {
        true => Ok(Some([("app".to_owned(), Pair { image, tag: String::from_utf8(output.stdout).unwrap() })].into())),
        false => Err(format!("the engine builds this, docktag says {}\n{project:?}", String::from_utf8_lossy(&output.stderr))),
    }
}

/// What a source of a secret has: a value of its own, which stays.
fn value(source: &str) -> String {
    format!("the value of {source}")
}

/// A service whose context is `ctx`. The Compose file is outside of it, so that it does not count as a file.
#[derive(Debug, Clone)]
struct Project {
    /// Makes the steps of two builds at once differ: BuildKit runs a step once for both, even if their secrets differ.
    thread: usize,
    tree: Tree,
    steps: Vec<&'static str>,
    contexts: BTreeMap<&'static str, &'static str>,
    /// Ids and sources: a file, or a variable.
    secrets: BTreeMap<&'static str, &'static str>,
    args: BTreeMap<&'static str, String>,
}

const FOLDERS: [&str; 3] = ["ctx/", "one/", "two/"];
/// Links that a manifest could confuse if it wrote them down as they are.
const LINKS: [(&str, &str); 12] = [
    ("l", "a.txt"),
    ("l", "-> a.txt"),
    ("l", "> a.txt"),
    ("l ->", "a.txt"),
    ("l -> ->", "a.txt"),
    ("l ->", "-> a.txt"),
    ("l -> a.txt", "b.md"),
    ("l", "a.txt -> b.md"),
    ("l\n# link m", "a.txt"),
    ("l\\n", "a.txt"),
    ("l ", "a.txt"),
    ("l", " a.txt"),
];
const CONTEXTS: [&str; 5] = ["extra", "other", "extra=one", "extra=", "unused"];
const VARIABLES: [&str; 2] = ["ONE", "TWO"];
const SOURCES: [&str; 4] = ["keys/one", "keys/two", VARIABLES[0], VARIABLES[1]];
const PROXIES: [&str; 6] = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ftp_proxy", "NO_PROXY", "ALL_PROXY"];
const STEPS: [&str; 12] = [
    "COPY a.txt /x",
    "COPY . /ctx/",
    "COPY l* /ls/",
    "COPY --from=extra . /e/",
    "COPY --from=extra a* /el/",
    "COPY --from=other a.txt /o",
    r#"RUN --mount=type=secret,id=s ["/t", "/run/secrets/s", "/of-s"]"#,
    r#"RUN --mount=type=secret,id=t,target=/at ["/t", "/at", "/of-t"]"#,
    r#"RUN --mount=type=secret,id=s,env=S ["/t", "/proc/self/environ", "/env-s"]"#,
    r#"RUN ["/t", "/proc/self/environ", "/env"]"#,
    r#"RUN ["/t", "/proc/self/environ", "/env"]"#,
    r#"RUN --mount=type=bind,from=extra,target=/m ["/t", "/m/a.txt", "/of-extra"]"#,
];

impl Project {
    fn new(random: &mut Random, thread: usize) -> Self {
        let mut tree = Tree::new();
        for folder in FOLDERS {
            for file in ["a.txt", "b.md"] {
                let name = format!("{folder}{file}");
                tree.insert(name.clone(), Entry::File { content: tree::text(&name, 0), executable: false });
            }
            let (name, target) = *random.pick(&LINKS);
            tree.insert(format!("{folder}{name}"), Entry::Link(target.to_owned()));
        }
        let steps = (0..2 + random.below(2)).map(|_| *random.pick(&STEPS)).collect();
        let mut project = Project { thread, tree, steps, contexts: BTreeMap::new(), secrets: BTreeMap::new(), args: BTreeMap::new() };
        for _ in 0..4 {
            project.change_given(random);
        }
        project
    }

    /// Changes one thing, and says what.
    fn change(&mut self, random: &mut Random) -> String {
        match random.below(10) {
            0..=1 => tree::change(&mut self.tree, random, &FOLDERS),
            2..=3 => self.change_link(random),
            4 => {
                let at = random.below(self.steps.len() as u64) as usize;
                self.steps[at] = *random.pick(&STEPS);
                format!("the step {}", self.steps[at])
            }
            _ => self.change_given(random),
        }
    }

    fn change_link(&mut self, random: &mut Random) -> String {
        let folder = *random.pick(&FOLDERS);
        let links: Vec<String> = self
            .tree
            .iter()
            .filter(|(name, entry)| name.starts_with(folder) && matches!(entry, Entry::Link(_)))
            .map(|it| it.0.clone())
            .collect();
        if !links.is_empty() {
            self.tree.remove(random.pick(&links));
        }
        let (name, target) = *random.pick(&LINKS);
        self.tree.insert(format!("{folder}{name}"), Entry::Link(target.to_owned()));
        format!("the link {folder}{name} to {target}")
    }

    /// A context, a secret or an argument.
    fn change_given(&mut self, random: &mut Random) -> String {
        fn set<V>(map: &mut BTreeMap<&'static str, V>, random: &mut Random, name: &'static str, value: V) -> String {
            if map.remove(name).is_none() || random.below(2) == 0 {
                map.insert(name, value);
            }
            format!("changing {name}")
        }
        match random.below(3) {
            0 => {
                let (name, at) = (*random.pick(&CONTEXTS), *random.pick(&["one", "two"]));
                set(&mut self.contexts, random, name, at)
            }
            1 => {
                let (id, source) = (*random.pick(&["s", "t"]), *random.pick(&SOURCES));
                set(&mut self.secrets, random, id, source)
            }
            _ => {
                let (name, value) = (*random.pick(&PROXIES), format!("http://proxy{}", random.below(3)));
                // BuildKit takes any of two spellings.
                self.args.retain(|other, _| *other == name || !other.eq_ignore_ascii_case(name));
                set(&mut self.args, random, name, value)
            }
        }
    }

    /// Makes the folder what the project is.
    fn write(&self, folder: &Path) {
        tree::write(&self.tree, folder);
        let put = |name: &str, content: &str| tree::put(&folder.join(name), content, false);
        for source in &SOURCES[..2] {
            put(source, &value(source));
        }
        let stages = "FROM scratch AS extra\nCOPY b.md /a.txt\nFROM scratch AS other\nCOPY b.md /a.txt\nFROM scratch AS last\nCOPY t /t";
        put("ctx/Dockerfile", &format!("{stages}\nWORKDIR /{}\n{}\n", self.thread, self.steps.join("\n")));
        let program = folder.join("ctx/t");
        fs::write(&program, tree::copier()).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let secrets: BTreeMap<&str, _> = self
            .secrets
            .iter()
            .map(|(id, source)| (*id, json!({ (if VARIABLES.contains(source) { "environment" } else { "file" }): source })))
            .collect();
        let contexts: BTreeMap<&str, String> = self.contexts.iter().map(|(name, at)| (*name, format!("./{at}"))).collect();
        let ids: Vec<&&str> = self.secrets.keys().collect();
        let build = json!({ "context": "ctx", "additional_contexts": contexts, "secrets": ids, "args": self.args });
        // JSON is YAML.
        put("compose.yaml", &json!({ "secrets": secrets, "services": { "app": { "image": "example/app", "build": build } } }).to_string());
    }
}
