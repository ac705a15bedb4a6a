//! A tag never lies, for images that a project builds itself and uses under any of their names.
//!
//! Random projects have three services. Each can reach the images of those before it by `FROM`, `COPY --from`, a mount or a named context. The
//! real BuildKit builds one after the other, and the engine calls each image what Compose and docktag call it; then one thing is changed at a
//! time. A name that no image of the project has any more is taken from the engine, so that a build with it fails. No service is built with its
//! own image: docktag takes that name for the one in the registry, and here the engine would take what it built before, which never ends.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Debug};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{self, Command};

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
const CHANGES: u64 = 12;
const ROUNDS: Rounds = Rounds { short: 24, minutes: 500, hours: 3_500 };

pub(crate) fn tests() -> Vec<Test> {
    vec![("torture_sound_where_an_image_of_the_project_is_another_one_so_is_the_tag_of_what_is_built_with_it", Needs::Any, sound)]
}

fn sound(engine: &Engine) -> Result<(), Failed> {
    let program = judge::program();
    let trial = |thread, seed, counts: &mut Counts| try_project(engine, Judge::new(engine, Some(&program), false), thread, seed, counts);
    torture::two_at_once(engine, ROUNDS.number(), trial, figure)
}

fn figure(counts: &Counts) -> Figure {
    Figure {
        promise: "Sound",
        what: "changes of projects that use their own images under any name, where the image of a service differs and its tag does not",
        tried: counts.changes,
        wrong: counts.wrong,
        also: format!(
            "{} projects of three services; {} images became others and so did their tags, {} stayed with their tags, {} were given another tag without need; {} projects and changes could not be built",
            counts.projects,
            counts.other_image,
            counts.same_image - counts.needless,
            counts.needless,
            counts.broken,
        ),
    }
}

fn try_project(engine: &Engine, mut judge: Judge<'_>, thread: usize, seed: u64, counts: &mut Counts) -> Result<(), Failed> {
    let folder = tempfile::Builder::new().prefix("docktag-sound-").tempdir().unwrap();
    let (project, mut random) = changes::random(seed, |random| Project::new(random, thread));
    let mut names = Names { engine, all: BTreeSet::new() };
    let look = |project: &Project| look(&mut judge, &mut names, project, folder.path());
    let judge = |_: &Project, _: &Project, [before, after]: [&str; 2]| {
        let content = |image: &str| judge::content(engine, &format!("{image} "));
        Ok(if content(before)? == content(after)? { Verdict::SameImage } else { Verdict::Lie })
    };
    Trial { seed, changes: CHANGES, look, judge }.run(project, |project| project.change(&mut random), counts)
}

/// The names that the engine has for images of a project.
struct Names<'a> {
    engine: &'a Engine,
    all: BTreeSet<String>,
}

impl Names<'_> {
    /// Takes all names from the engine but these.
    fn keep(&mut self, names: &BTreeSet<String>) {
        let gone: Vec<&String> = self.all.difference(names).collect();
        if !gone.is_empty() {
            // Those that were never built are not there.
            Command::new("docker").args(["rmi", "--no-prune"]).args(gone).envs(&self.engine.env).output().unwrap();
        }
        self.all.clone_from(names);
    }
}

impl Drop for Names<'_> {
    fn drop(&mut self) {
        self.keep(&BTreeSet::new());
    }
}

/// Images and tags of all services; nothing if one cannot be built.
fn look(judge: &mut Judge<'_>, names: &mut Names<'_>, project: &Project, folder: &Path) -> Result<Option<Seen>, String> {
    project.write(folder);
    names.keep(&(0..SERVICES.len()).flat_map(|at| project.names(at)).collect());
    let mut images = BTreeMap::new();
    for (at, service) in SERVICES.iter().enumerate() {
        let more = project.more(at, folder);
        let args = project.services[at].args.iter().map(|(name, value)| ((*name).to_owned(), project.text(value))).collect();
        let build = Build { folder: &folder.join(service), file: "Dockerfile", args: &args, target: None, more: Some(&more) };
        let Some(image) = judge.image(&build) else { return Ok(None) };
        images.insert(*service, image);
    }
    let output = Command::new(env!("CARGO_BIN_EXE_docktag")).args(["tag", "-C"]).arg(folder).args(project.options()).output().unwrap();
    if !output.status.success() {
        return Err(format!("the engine builds this, docktag says {}\n{project:?}", String::from_utf8_lossy(&output.stderr)));
    }
    let text = String::from_utf8(output.stdout).unwrap();
    let tag = |service: &str| text.lines().find_map(|line| line.strip_prefix(service)?.strip_prefix('\t'));
    let hash = |service: &str| tag(service).and_then(|image| Some(image.rsplit_once(':')?.1.to_owned()));
    let pair = |(service, image): (&str, String)| {
        let tag = hash(service).ok_or_else(|| format!("no tag of {service}: {text}\n{project:?}"))?;
        Ok((service.to_owned(), Pair { image, tag }))
    };
    images.into_iter().map(pair).collect::<Result<Seen, String>>().map(Some)
}

const SERVICES: [&str; 3] = ["root", "base", "app"];
const FOLDERS: [&str; 4] = ["root/", "base/", "app/", "other/"];
/// Names of a service's image: `{p}` is the project, `{s}` the service.
const NAMES: [&str; 9] = [
    "{p}-{s}",
    "{p}_{s}",
    "{p}-{s}:latest",
    "{p}_{s}:latest",
    "docker.io/library/{p}-{s}",
    "index.docker.io/{p}-{s}",
    "{p}/{s}",
    "{p}/{s}:v1",
    "example.org/of/{p}-{s}",
];
const PREFIX: &str = "example.org/of";
/// `image:` of a service.
const IMAGES: [&str; 6] = ["", "", "", "{p}/{s}", "{p}/{s}:v1", "{p}_{s}"];
const PROJECTS: [&str; 2] = ["shop", "x1"];
/// Lines of a Dockerfile; `{r}` is a name of an image, `{k}` one of a named context or a stage.
const STEPS: [&str; 13] = [
    "COPY b.md /y",
    "COPY . /ctx/",
    "COPY *.txt /t/",
    "COPY --from={r} /x /of-image",
    "COPY --from={r} / /all-of-image/",
    "COPY --from={r} / /all-of-image/",
    "COPY --from={k} /x /of-context",
    "COPY --from={k} / /all-of-context/",
    "RUN --mount=type=bind,from={r},target=/m [\"/t\", \"/m/x\", \"/of-mount\"]",
    "RUN --mount=type=bind,from={k},target=/m [\"/t\", \"/m/x\", \"/of-mount\"]",
    "ARG V\nENV V=$V",
    "ARG V\nCOPY <<EOF /v\n$V\nEOF",
    "LABEL of=$B",
];
const STARTS: [&str; 7] = ["FROM scratch", "FROM {r}", "FROM {r}", "FROM ${B}", "FROM ${B:-{r}}", "FROM {k}", "FROM extra AS last"];
const CONTEXTS: [&str; 4] = ["extra", "mine", "{p}-root", "{p}_base"];

#[derive(Clone)]
struct Project {
    thread: usize,
    name: &'static str,
    /// Whether the name is an option, and not in the Compose file.
    is_option: bool,
    has_prefix: bool,
    tree: Tree,
    services: Vec<Service>,
}

/// A service; texts are templates.
#[derive(Debug, Clone)]
struct Service {
    image: &'static str,
    from: String,
    steps: Vec<String>,
    args: BTreeMap<&'static str, String>,
    contexts: BTreeMap<&'static str, String>,
}

impl Project {
    fn new(random: &mut Random, thread: usize) -> Self {
        let mut tree = Tree::new();
        for name in FOLDERS.iter().flat_map(|folder| ["a.txt", "b.md"].map(|file| format!("{folder}{file}"))) {
            tree.insert(name.clone(), Entry::File { content: tree::text(&name, 0), executable: false });
        }
        let (name, is_option, has_prefix) = (*random.pick(&PROJECTS), random.below(2) == 0, random.below(4) == 0);
        let mut project = Project { thread, name, is_option, has_prefix, tree, services: vec![] };
        for at in 0..SERVICES.len() {
            let (image, from) = (*random.pick(&IMAGES), start(random, at));
            let steps = (0..1 + random.below(2)).map(|_| step(random, at)).collect();
            project.services.push(Service { image, from, steps, args: BTreeMap::new(), contexts: BTreeMap::new() });
            // Most names fit, so that most projects can be built.
            if at > 0 && random.below(4) > 0 {
                let other = random.below(at as u64) as usize;
                let name = project.fitting(random, other);
                project.services[at].from = format!("FROM {name}");
            }
            (0..2).for_each(|_| drop(project.change_given(random, at)));
        }
        project
    }

    /// A name that the image of this service has.
    fn fitting(&self, random: &mut Random, at: usize) -> String {
        let service = SERVICES[at];
        let named = match (self.services[at].image, random.below(2)) {
            ("", 0) => "{p}-{s}",
            ("", _) => "{p}_{s}:latest",
            (image, _) => image,
        };
        named.replace("{s}", service)
    }

    /// Changes one thing, and says what.
    fn change(&mut self, random: &mut Random) -> String {
        // What is built first matters most: the others are built with it.
        let at = (random.below(6) / 2) as usize;
        let service = SERVICES[at];
        match random.below(14) {
            0..=4 => {
                let (folder, number) = (*random.pick(&FOLDERS), random.below(1000));
                let name = format!("{folder}a.txt");
                self.tree.insert(name.clone(), Entry::File { content: tree::text(&name, number), executable: false });
                format!("the file {name}")
            }
            5 => tree::change(&mut self.tree, random, &FOLDERS),
            6 => {
                self.services[at].from = match at {
                    1.. if random.below(4) > 0 => {
                        let other = random.below(at as u64) as usize;
                        format!("FROM {}", self.fitting(random, other))
                    }
                    _ => start(random, at),
                };
                format!("the start of {service}")
            }
            7..=8 => {
                let line = random.below(self.services[at].steps.len() as u64) as usize;
                self.services[at].steps[line] = step(random, at);
                format!("a step of {service}")
            }
            9 => {
                self.services[at].image = *random.pick(&IMAGES);
                format!("the image of {service}")
            }
            10 => {
                match random.below(3) {
                    0 => self.name = *random.pick(&PROJECTS),
                    1 => self.is_option = !self.is_option,
                    _ => self.has_prefix = !self.has_prefix,
                }
                "the project's name or prefix".to_owned()
            }
            _ => self.change_given(random, at),
        }
    }

    /// An argument or a named context of a service.
    fn change_given(&mut self, random: &mut Random, at: usize) -> String {
        let (map, name, value) = match random.below(4) {
            0 => (&mut self.services[at].args, "V", random.below(3).to_string()),
            1 => {
                let value = image(random, at);
                (&mut self.services[at].args, "B", value)
            }
            _ => {
                let value = match random.below(4) {
                    0 => "./other".to_owned(),
                    1 if at > 0 => format!("service:{}", random.pick(&SERVICES[..at])),
                    _ if at > 0 => format!("docker-image://{}", image(random, at)),
                    _ => "./other".to_owned(),
                };
                (&mut self.services[at].contexts, *random.pick(&CONTEXTS), value)
            }
        };
        if map.remove(name).is_none() || random.below(2) == 0 {
            map.insert(name, value);
        }
        format!("{name} of {}", SERVICES[at])
    }

    /// The project's name, which no other project has.
    fn name(&self) -> String {
        format!("{}{}x{}", self.name, process::id(), self.thread)
    }

    /// A template without its `{p}`.
    fn text(&self, template: &str) -> String {
        template.replace("{p}", &self.name())
    }

    /// The names of the image of a service. Compose v1 and v2 make up different ones; docktag says that both are the image.
    fn names(&self, at: usize) -> Vec<String> {
        let image = self.services[at].image;
        let made_up = ["{p}-{s}", "{p}_{s}"];
        let own = if image.is_empty() { &made_up[..] } else { &[image] };
        let mut names: Vec<String> = own.iter().map(|name| self.text(&name.replace("{s}", SERVICES[at]))).collect();
        if self.has_prefix && !names[0].contains('/') {
            names.push(format!("{PREFIX}/{}", names[0]));
        }
        names
    }

    fn more(&self, at: usize, folder: &Path) -> More {
        let mut more = More { names: self.names(at), ..More::default() };
        for (name, value) in &self.services[at].contexts {
            let (name, value) = (self.text(name), self.text(value));
            let service = |name: &str| SERVICES.iter().position(|it| *it == name).unwrap();
            match (value.strip_prefix("docker-image://"), value.strip_prefix("service:")) {
                (Some(image), _) => drop(more.images.insert(name, image.to_owned())),
                (_, Some(other)) => drop(more.images.insert(name, self.names(service(other)).remove(0))),
                _ => drop(more.contexts.insert(name, folder.join(value))),
            }
        }
        more
    }

    fn options(&self) -> Vec<String> {
        let name = if self.is_option { vec!["-p".to_owned(), self.name()] } else { vec![] };
        let prefix = if self.has_prefix { vec!["--repository-prefix".to_owned(), PREFIX.to_owned()] } else { vec![] };
        [name, prefix].concat()
    }

    /// Makes the folder what the project is.
    fn write(&self, folder: &Path) {
        tree::write(&self.tree, folder);
        let put = |name: &str, content: &str| tree::put(&folder.join(name), content, false);
        for name in SERVICES {
            put(&format!("{name}/Dockerfile"), &self.dockerfile(name));
            let program = folder.join(name).join("t");
            fs::write(&program, tree::copier()).unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        }
        put("compose.yaml", &self.compose().to_string());
    }

    fn dockerfile(&self, service: &str) -> String {
        let at = SERVICES.iter().position(|it| *it == service).unwrap();
        let Service { from, steps, .. } = &self.services[at];
        // Two builds at once do not share a step.
        let stages = "ARG B=scratch\nFROM scratch AS extra\nCOPY a.txt /x\nFROM scratch AS mine\nCOPY b.md /x";
        self.text(&format!("{stages}\n{from}\nARG B\nWORKDIR /{}\nCOPY a.txt /x\nCOPY t /t\n{}\n", self.thread, steps.join("\n")))
    }

    /// The Compose file; JSON is YAML.
    fn compose(&self) -> serde_json::Value {
        let services: BTreeMap<&str, _> = SERVICES
            .iter()
            .zip(&self.services)
            .map(|(name, Service { image, args, contexts, .. })| {
                let args: BTreeMap<_, String> = args.iter().map(|(name, value)| (*name, self.text(value))).collect();
                let contexts: BTreeMap<String, String> = contexts.iter().map(|(name, value)| (self.text(name), self.text(value))).collect();
                let mut service = json!({ "build": { "context": name, "args": args, "additional_contexts": contexts } });
                if !image.is_empty() {
                    service["image"] = json!(self.text(&image.replace("{s}", name)));
                }
                (*name, service)
            })
            .collect();
        let mut compose = json!({ "services": services });
        if !self.is_option {
            compose["name"] = json!(self.name());
        }
        compose
    }
}

impl Debug for Project {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:?}\n{}\n{:?}", self.options(), self.compose(), self.tree)?;
        SERVICES.iter().try_for_each(|service| writeln!(f, "--- {service}/Dockerfile\n{}", self.dockerfile(service)))
    }
}

/// A name of an image of a service before this one, or of none.
fn image(random: &mut Random, at: usize) -> String {
    random.pick(&NAMES).replace("{s}", SERVICES[random.below(at.max(1) as u64) as usize])
}

fn start(random: &mut Random, at: usize) -> String {
    let template = if at == 0 { "FROM scratch" } else { *random.pick(&STARTS) };
    filled(random, at, template)
}

fn step(random: &mut Random, at: usize) -> String {
    let steps: Vec<&str> = STEPS.into_iter().filter(|step| at > 0 || !step.contains("{r}")).collect();
    let step = *random.pick(&steps);
    filled(random, at, step)
}

fn filled(random: &mut Random, at: usize, template: &str) -> String {
    template.replace("{r}", &image(random, at)).replace("{k}", ["extra", "mine"][random.below(2) as usize])
}
