//! A tag never lies, for what reaches a build without being a file of its context: variables of the environment, Docker's configuration,
//! arguments that BuildKit itself reads, image layouts, named contexts with absolute paths, folders whose names look like addresses, and pipes.
//!
//! Only Compose and Buildx know most of this, so they are asked: `docker compose build --print`, and `docker buildx bake` of that, which is what
//! `docker compose build` does. The builder is a second BuildKit, since the engine's own reads no image layouts. Every step is run each time,
//! because BuildKit does not run one again for another proxy; what is in the images is compared.
//!
//! One thing is left out on purpose. A step that prints its whole environment shows the proxies of Docker's configuration, and docktag counts
//! these only if the Dockerfile has `_proxy` in it (`docs/manifest.md`, "From outside").

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use libtest_mimic::Failed;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::json;

use crate::Test;
use crate::engine::{Engine, Needs};
use crate::plan::Builder;
use crate::project;
use crate::random::Random;
use crate::torture::changes::{self, Pair, Seen, Trial, Verdict};
use crate::torture::tree::{self, Entry, Tree};
use crate::torture::{self, Counts, Figure, Rounds, judge, layout};

/// Changes of one project before the next is made.
const CHANGES: u64 = 12;
const ROUNDS: Rounds = Rounds { short: 12, minutes: 200, hours: 1_000 };

pub(crate) fn tests() -> Vec<Test> {
    vec![("torture_sound_where_what_is_outside_of_the_files_gives_another_image_the_tag_is_another_one", Needs::Own, sound)]
}

fn sound(engine: &Engine) -> Result<(), Failed> {
    let home = project::Project::empty(engine);
    let _builder = Builder::new(engine, &home, BUILDER);
    let agent = home.around().join("agent");
    // A context whose name looks like a repository over SSH makes Buildx look for an agent.
    let _agent = UnixListener::bind(&agent)?;
    let own = [("SSH_AUTH_SOCK", agent), ("BUILDX_CONFIG", Path::new(engine.get("DOCKER_CONFIG")).join("buildx"))];
    let trial = |_, seed, counts: &mut Counts| try_project(engine, &own, seed, counts);
    torture::two_at_once(engine, ROUNDS.number(), trial, figure)
}

const BUILDER: &str = "docktag-sound";

fn figure(counts: &Counts) -> Figure {
    Figure {
        promise: "Sound",
        what: "changes of variables, Docker's configuration, image layouts and contexts elsewhere where the image differs and the tag does not",
        tried: counts.changes,
        wrong: counts.wrong,
        also: format!(
            "{} projects; {} changes gave another image and another tag, {} gave neither, {} could not be built, or were refused for a pipe; {} gave another tag for the same image",
            counts.projects,
            counts.other_image,
            counts.same_image - counts.needless,
            counts.broken,
            counts.needless,
        ),
    }
}

fn try_project(engine: &Engine, own: &[(&str, PathBuf)], seed: u64, counts: &mut Counts) -> Result<(), Failed> {
    let folder = tempfile::Builder::new().prefix("docktag-sound-").tempdir().unwrap();
    let (project, mut random) = changes::random(seed, Project::new);
    let look = |project: &Project| look(engine, own, project, folder.path());
    let mut trial = Trial { seed, changes: CHANGES, look, judge: |_: &Project, _: &Project, _: [&str; 2]| Ok(Verdict::Lie) };
    trial.run(project, |project| project.change(&mut random), counts)
}

/// What Buildx builds, and the tag; nothing if it cannot be built, or if docktag refuses to copy a pipe.
fn look(engine: &Engine, own: &[(&str, PathBuf)], project: &Project, folder: &Path) -> Result<Option<Seen>, String> {
    project.write(engine, folder);
    let run = |program: &str, args: &[&str]| {
        let mut command = Command::new(program);
        command.args(args).current_dir(folder.join("p")).envs(&engine.env).envs(own.iter().map(|(name, path)| (*name, path)));
        command.envs(&project.env).env("DOCKER_CONFIG", folder.join("config")).env("BUILDX_BUILDER", BUILDER).stdin(Stdio::null());
        command.output().unwrap()
    };
    let printed = run("docker", &["compose", "build", "--print"]);
    fs::write(folder.join("bake.json"), &printed.stdout).unwrap();
    let bake = ["buildx", "bake", "--file", "../bake.json", "--no-cache", "--provenance=false", "--allow", "fs=*", "--allow", "ssh"];
    let built = run("docker", &[&bake[..], &["--set", "*.output=type=local,dest=../image"]].concat());
    if !printed.status.success() || !built.status.success() {
        if std::env::var_os("DOCKTAG_BROKEN").is_some() {
            println!("broken: {}\n", String::from_utf8_lossy(&[printed.stderr, built.stderr].concat()).trim());
        }
        return Ok(None);
    }
    let image = judge::files(&folder.join("image"));
    let docktag = run(env!("CARGO_BIN_EXE_docktag"), &["tag"]);
    let said = String::from_utf8_lossy(&docktag.stderr);
    match docktag.status.success() {
        true => Ok(Some([("app".to_owned(), Pair { image, tag: String::from_utf8(docktag.stdout).unwrap() })].into())),
        // It is named by its path in the context that the build copies, of which `link` can be another one.
        false if project.pipe.is_some() && said.contains("pipe` is a pipe") => Ok(None),
        false => Err(format!("Buildx builds this, docktag says {said}\n{project:?}")),
    }
}

const FOLDERS: [&str; 5] = ["p/ctx/", "p/ctx/sub/", "p/one/", "outside/", "p/github.com/acme/two/"];
/// Where the context lies: `p/ctx/` under another name.
const CONTEXTS: [&str; 4] = ["ctx", "./ctx", "github.com/acme/app", "git@host:app"];
/// Sources of the named context `extra`; `{top}` is the absolute path of all.
const SOURCES: [&str; 8] = [
    "./one",
    "{top}/p/one",
    "{top}/outside",
    "../outside",
    "oci-layout://{top}/p/layout",
    "oci-layout://{top}/p/layout:v1",
    "oci-layout://{top}/elsewhere:v1",
    "./github.com/acme/two",
];
const LAYOUTS: [&str; 2] = ["p/layout", "elsewhere"];
const PIPES: [&str; 3] = ["pipe", "sub/pipe", "link/pipe"];
const STEPS: [&str; 25] = [
    "COPY a.txt /x",
    "COPY . /ctx/",
    "COPY sub /sub/",
    "COPY sub/b.md /y",
    "COPY --from=extra . /e/",
    "COPY --from=extra a.txt /o",
    "RUN --mount=type=bind,from=extra,target=/m cat /m/a.txt >/of-extra",
    "ARG SOURCE_DATE_EPOCH\nCOPY <<EOF /s\n$SOURCE_DATE_EPOCH\nEOF",
    "ARG SOURCE_DATE_EPOCH\nRUN echo $SOURCE_DATE_EPOCH >/s",
    "ARG SOURCE_DATE_EPOCH=7\nENV S=$SOURCE_DATE_EPOCH\nRUN echo $S >/s2",
    "ARG SOURCE_\\ \n# note\n\nDATE_EPOCH\nRUN env | grep EPOCH >/s3; true",
    "RUN echo $SOURCE_DATE_EPOCH-without >/s4",
    "RUN echo $HTTP_PROXY >/p",
    "RUN echo $http_proxy $no_proxy >/p2",
    "ARG HTTPS_PROXY\nCOPY <<EOF /p3\n$HTTPS_PROXY\nEOF",
    "ARG ftp_proxy\nRUN echo ${ftp_proxy:-none} >/p4",
    "RUN env | grep -i _proxy | sort >/p5; true",
    "RUN for name in http all; do eval echo \\$${name}_proxy; done >/p6",
    "RUN echo $HTTP_\\\n  # note\nPROXY >/p7",
    "RUN hostname >/h",
    "ARG BUILDKIT_SANDBOX_HOSTNAME\nRUN echo $BUILDKIT_SANDBOX_HOSTNAME >/bh",
    "ARG BUILDKIT_OTHER\nCOPY <<EOF /bo\n$BUILDKIT_OTHER\nEOF",
    "ARG TARGETARCH\nARG BUILDPLATFORM\nCOPY <<EOF /arch\n$TARGETARCH $BUILDPLATFORM\nEOF",
    "ARG V\nRUN echo $V >/v",
    "RUN echo ${LAYOUT:-none} >/l",
];
const EPOCHS: [&str; 3] = ["0", "1000000000", "2000000000"];
/// Variables with the values that they can have; the Compose file passes some on, as arguments without a value.
const VARIABLES: [(&str, &[&str]); 14] = [
    ("SOURCE_DATE_EPOCH", &EPOCHS),
    ("SOURCE_DATE_EPOCH", &EPOCHS),
    ("BUILDKIT_SANDBOX_HOSTNAME", &["here", "there"]),
    ("BUILDKIT_PROGRESS", &["plain", "quiet"]),
    ("BUILDX_NO_DEFAULT_ATTESTATIONS", &["1"]),
    ("BUILDX_GIT_LABELS", &["1", "full"]),
    ("BUILDX_EXPERIMENTAL", &["1"]),
    ("COMPOSE_BAKE", &["true", "false"]),
    ("COMPOSE_PROJECT_NAME", &["one", "two"]),
    ("COMPOSE_FILE", &["compose.yaml", "compose.yaml:more.yaml", "more.yaml:compose.yaml"]),
    ("COMPOSE_PROFILES", &["dev", "*"]),
    ("DOCKER_DEFAULT_PLATFORM", &["linux/amd64", "linux/amd64", "linux/arm64"]),
    ("HTTP_PROXY", &["http://of-the-job"]),
    ("V", &["1", "2"]),
];
const ARGS: [&str; 7] =
    ["SOURCE_DATE_EPOCH", "BUILDKIT_SANDBOX_HOSTNAME", "BUILDKIT_OTHER", "BUILDKIT_INLINE_CACHE", "HTTP_PROXY", "no_proxy", "V"];
const PROXIES: [&str; 5] = ["httpProxy", "httpsProxy", "noProxy", "ftpProxy", "allProxy"];

#[derive(Debug, Clone)]
struct Project {
    tree: Tree,
    steps: Vec<&'static str>,
    start: &'static str,
    context: &'static str,
    extra: Option<&'static str>,
    /// Texts of the images in the layouts, by layout and name.
    layouts: BTreeMap<(&'static str, &'static str), u64>,
    env: BTreeMap<&'static str, &'static str>,
    /// An argument without a value is the variable.
    args: BTreeMap<&'static str, Option<String>>,
    /// `proxies` of Docker's configuration: for this engine or all, and the key.
    proxies: BTreeMap<(bool, &'static str), String>,
    /// Below the context.
    pipe: Option<&'static str>,
}

impl Project {
    fn new(random: &mut Random) -> Self {
        let mut tree = Tree::new();
        for name in FOLDERS.iter().flat_map(|folder| ["a.txt", "b.md"].map(|file| format!("{folder}{file}"))) {
            tree.insert(name.clone(), Entry::File { content: tree::text(&name, 0), executable: false });
        }
        tree.insert("p/ctx/link".to_owned(), Entry::Link("../one".to_owned()));
        let layouts = LAYOUTS.iter().flat_map(|layout| ["latest", "v1"].map(|name| ((*layout, name), 0))).collect();
        let (start, context) = (*random.pick(&["scratch", "scratch", "extra"]), *random.pick(&CONTEXTS));
        let mut project = Project {
            tree,
            steps: (0..2 + random.below(2)).map(|_| *random.pick(&STEPS)).collect(),
            start,
            context,
            extra: Some(*random.pick(&SOURCES)),
            layouts,
            env: BTreeMap::new(),
            args: BTreeMap::new(),
            proxies: BTreeMap::new(),
            pipe: None,
        };
        for _ in 0..5 {
            project.change_outside(random);
        }
        project
    }

    /// Changes one thing, and says what.
    fn change(&mut self, random: &mut Random) -> String {
        match random.below(12) {
            0 => tree::change(&mut self.tree, random, &FOLDERS),
            1 => {
                let name = format!("{}a.txt", random.pick(&FOLDERS));
                self.tree.insert(name.clone(), Entry::File { content: tree::text(&name, random.below(1000)), executable: false });
                format!("the file {name}")
            }
            2..=3 => {
                let at = random.below(self.steps.len() as u64) as usize;
                self.steps[at] = *random.pick(&STEPS);
                format!("the step {}", self.steps[at])
            }
            4 => {
                self.context = *random.pick(&CONTEXTS);
                "the name of the context".to_owned()
            }
            5 => {
                self.extra = if random.below(6) == 0 { None } else { Some(*random.pick(&SOURCES)) };
                format!("the named context {:?}", self.extra)
            }
            6 => {
                let keys: Vec<_> = self.layouts.keys().copied().collect();
                let key = *random.pick(&keys);
                self.layouts.insert(key, random.below(1000));
                format!("the image {key:?}")
            }
            7 if random.below(2) == 0 => {
                self.pipe = if self.pipe.is_some() { None } else { Some(*random.pick(&PIPES)) };
                format!("the pipe {:?}", self.pipe)
            }
            _ => self.change_outside(random),
        }
    }

    /// A variable, an argument or a proxy.
    fn change_outside(&mut self, random: &mut Random) -> String {
        fn set<K: Ord + Copy, V>(map: &mut BTreeMap<K, V>, random: &mut Random, key: K, value: V) {
            if map.remove(&key).is_none() || random.below(3) > 0 {
                map.insert(key, value);
            }
        }
        match random.below(5) {
            0..=1 => {
                let (name, values) = *random.pick(&VARIABLES);
                let value = *random.pick(values);
                set(&mut self.env, random, name, value);
                format!("the variable {name}")
            }
            2 => {
                let name = *random.pick(&ARGS);
                let value = match (name, random.below(3)) {
                    (_, 0) => None,
                    ("SOURCE_DATE_EPOCH", at) => Some(EPOCHS[at as usize].to_owned()),
                    (_, number) => Some(number.to_string()),
                };
                set(&mut self.args, random, name, value);
                format!("the argument {name}")
            }
            _ => {
                let key = (random.below(3) == 0, *random.pick(&PROXIES));
                let value = format!("http://proxy{}", random.below(3));
                set(&mut self.proxies, random, key, value);
                format!("the proxy {key:?}")
            }
        }
    }

    /// Makes the folder what the project is.
    fn write(&self, engine: &Engine, folder: &Path) {
        let context = Path::new(self.context);
        let moved = |name: &String| match name.strip_prefix("p/ctx/") {
            Some(rest) => format!("p/{}/{rest}", self.context),
            None => name.clone(),
        };
        tree::write(&self.tree.iter().map(|(name, entry)| (moved(name), entry.clone())).collect(), folder);
        let put = |name: &str, content: &str| tree::put(&folder.join(name), content, false);
        let stages = "FROM scratch AS extra\nCOPY a.txt /a.txt";
        let last = format!("FROM {} AS last\nCOPY --from=tools sh /bin/sh", self.start);
        put(&Path::new("p").join(context).join("Dockerfile").to_string_lossy(), &format!("{stages}\n{last}\n{}\n", self.steps.join("\n")));
        fs::create_dir_all(folder.join("p/tools")).unwrap();
        let program = folder.join("p/tools/sh");
        fs::copy(engine.get("ENGINE_BUSYBOX"), &program).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        for layout in LAYOUTS {
            let images: Vec<(&str, String)> =
                self.layouts.iter().filter(|((at, _), _)| *at == layout).map(|((_, name), text)| (*name, text.to_string())).collect();
            layout::write(&folder.join(layout), &images);
        }
        if let Some(pipe) = self.pipe {
            // A folder of its path can be gone.
            mknodat(CWD, folder.join("p").join(context).join(pipe), FileType::Fifo, Mode::RUSR, 0).ok();
        }
        self.configure(engine, folder);
        let mut contexts = BTreeMap::from([("tools", "./tools".to_owned())]);
        contexts.extend(self.extra.map(|at| ("extra", at.replace("{top}", &folder.to_string_lossy()))));
        let build = json!({ "context": self.context, "additional_contexts": contexts, "args": self.args });
        // JSON is YAML.
        put("p/compose.yaml", &json!({ "services": { "app": { "image": "example/app", "build": build } } }).to_string());
        put("p/more.yaml", &json!({ "services": { "app": { "build": { "args": { "V": "more" } } } } }).to_string());
    }

    /// Writes Docker's configuration, with the plugins of the engine's.
    fn configure(&self, engine: &Engine, folder: &Path) {
        let host = engine.get("DOCKER_HOST");
        let mut proxies = json!({});
        for ((is_of_host, key), value) in &self.proxies {
            proxies[if *is_of_host { host } else { "default" }][*key] = json!(value);
        }
        tree::put(&folder.join("config/config.json"), &json!({ "proxies": proxies }).to_string(), false);
        symlink(Path::new(engine.get("DOCKER_CONFIG")).join("cli-plugins"), folder.join("config/cli-plugins")).unwrap();
    }
}
