//! Random Compose projects, and changes to one thing of them.

use std::collections::BTreeMap;
use std::path::Path;

use crate::random::Random;
use crate::torture::tree::{self, Entry, Tree};

/// A project; shown as what its files say.
#[derive(Debug, Clone)]
pub(crate) struct Project {
    /// Part of the images' names.
    thread: usize,
    tree: Tree,
    /// Lines of files that are made of lines: Dockerfiles, ignore files, `.env`.
    lines: BTreeMap<&'static str, Vec<String>>,
    /// What stands at the top of the Compose file for others to take, by its anchor.
    common: BTreeMap<&'static str, String>,
    services: BTreeMap<&'static str, Service>,
    /// `build:` of services in the override file.
    overrides: BTreeMap<&'static str, Keys>,
    /// The environment.
    pub(crate) outer: BTreeMap<String, String>,
}

/// The keys of a service, and those of its `build:`.
#[derive(Debug, Clone)]
struct Service {
    keys: Keys,
    build: Keys,
}

/// Keys of Compose and their values, as they are written.
type Keys = BTreeMap<&'static str, String>;

const SERVICES: [&str; 4] = ["api", "web", "job", "db"];
const FOLDERS: [&str; 7] = ["", "one/", "two/", "one/lib/", "two/lib/", "one/empty/", "outside/"];
const DOCKERFILES: [&str; 4] = ["Dockerfile", "one/Dockerfile", "two/Dockerfile", "docker/app.Dockerfile"];
const IGNORE_FILES: [&str; 5] =
    [".dockerignore", "one/.dockerignore", "two/.dockerignore", "one/Dockerfile.dockerignore", "docker/app.Dockerfile.dockerignore"];
const IGNORES: [&str; 9] = ["*.md", "lib/*.go", "**/*.go", "!lib", "one", "*", "!a.txt", "em*", "!**/y.txt"];
/// Each context has the same names, so that all of this can be built in each. The first ones refer to no other stage.
const STEPS: [&str; 26] = [
    "COPY a.txt /x",
    "COPY a.txt b.md /two/",
    "COPY lib /lib",
    "COPY lib/ /all/",
    "COPY *.txt /t/",
    "COPY l*/*.go /g/",
    "COPY . /ctx/",
    "COPY --chmod=700 --chown=1:1 lib /d",
    "COPY --exclude=*.go lib /nx",
    "ADD lib /added",
    "COPY link.txt empty /l/",
    "COPY --link b.md /k",
    "COPY $D /v/",
    "COPY <<EOF /here\nhello $V\n$D\nEOF",
    "COPY <<'EOF' /here\nhello $V\nEOF",
    "ENV A=$V",
    "LABEL x=$W",
    "WORKDIR /w/$V",
    "CMD [\"/x\"]",
    "COPY --chmod=755 t /t\nRUN [\"/t\"]",
    "COPY --chmod=755 t /t\nRUN --mount=type=bind,source=lib,target=/m [\"/t\"]",
    "COPY --chmod=755 t /t\nRUN --mount=type=bind,from=extra,target=/m [\"/t\"]",
    "COPY --from=other /x* /fromother/",
    "COPY --from=extra / /all-of-extra/",
    "COPY --from=extra *.txt /x* /of-extra/",
    "COPY --from=extra a.txt /x",
];
const ALONE: usize = 19;
const VALUES: [&str; 10] = ["1", "two", "${V}", "${W:-w}", "${NO-d}", "${V:+set}", "$$V", "${V:-${W}}", "a b", "${E}"];
const FINAL: [&str; 6] = ["FROM base", "FROM ${BASE}", "FROM scratch AS last", "FROM base AS last", "FROM extra", "FROM other AS last"];

/// A map or a list of some of these names, in one of Compose's spellings.
fn pairs(random: &mut Random, names: &[&str]) -> String {
    let style = random.below(4);
    let mut items: Vec<String> = if style == 1 { vec!["<<: *args".to_owned()] } else { vec![] };
    for name in names {
        let value = *if *name == "D" { random.pick(&["lib", "a.txt", "${D:-lib}"]) } else { random.pick(&VALUES) };
        match (random.below(7), style) {
            (0..=2, _) => {}
            (3, 0) => items.push((*name).to_owned()),
            (_, 0) => items.push(format!("\"{name}={value}\"")),
            (3, _) => items.push(format!("{name}: null")),
            _ => items.push(format!("{name}: \"{value}\"")),
        }
    }
    let items = items.join(", ");
    if style == 0 { format!("[{items}]") } else { format!("{{{items}}}") }
}

/// A key of `build:` with a value.
fn build_key(random: &mut Random, name: &str) -> (&'static str, String) {
    match random.below(12) {
        0..=2 => ("args", pairs(random, &["V", "D", "W", "UNUSED", "HTTP_PROXY"])),
        3 => ("target", (*random.pick(&["base", "other", "last", "extra", "${T:-base}"])).to_owned()),
        4 => ("labels", pairs(random, &["x", "com.example.l"]).replace("<<: *args", "y: z")),
        5 => (
            "dockerfile",
            (*random.pick(&["Dockerfile", "one/Dockerfile", "../docker/app.Dockerfile", "docker/app.Dockerfile"])).to_owned(),
        ),
        6 => {
            let last = random
                .pick(&STEPS[..ALONE])
                .replace('$', if random.below(2) == 0 { "$" } else { "$$" })
                .replace('\n', "\\n")
                .replace('"', "\\\"");
            (
                "dockerfile_inline",
                format!(
                    "\"FROM scratch AS extra\\nCOPY a.txt /x\\nFROM scratch AS base\\nARG V\\nARG D=lib\\nARG W\\n{last}\\nCOPY --from=extra / /e/\\n\""
                ),
            )
        }
        7..=8 => {
            let others: Vec<&&str> = SERVICES.iter().filter(|it| **it < name).collect();
            let at = match others.is_empty() || random.below(3) == 0 {
                true => (*random.pick(&["./one", "two", ".", "./one/lib"])).to_owned(),
                false => format!("service:{}", random.pick(&others)),
            };
            let key = *random.pick(&["extra", "extra", "other", "unused"]);
            ("additional_contexts", if random.below(2) == 0 { format!("{{{key}: \"{at}\"}}") } else { format!("[\"{key}={at}\"]") })
        }
        9 => ("context", (*random.pick(&[".", "./one", "two", "${C:-one}"])).to_owned()),
        10 => ("<<", (*random.pick(&["*common", "[*common, *more]"])).to_owned()),
        _ => {
            let plain = [("network", "none"), ("shm_size", "64m"), ("extra_hosts", "[\"h:1.2.3.4\"]"), ("pull", "false")];
            let (key, value) = *random.pick(&plain);
            (key, value.to_owned())
        }
    }
}

/// A key of a service with a value.
fn service_key(random: &mut Random, name: &str) -> (&'static str, String) {
    match random.below(4) {
        0 => ("profiles", (*random.pick(&["[p]", "[q]", "[p, q]"])).to_owned()),
        1 => ("environment", pairs(random, &["V", "W"])),
        2 => match SERVICES.iter().find(|it| **it < name) {
            Some(other) => ("extends", format!("{{service: {other}}}")),
            None => ("extends", "{file: two/more.yaml, service: model}".to_owned()),
        },
        _ => ("extends", "{file: two/more.yaml, service: model}".to_owned()),
    }
}

/// Another value for a key, or none; the last one stays, so that there is something to build.
fn change_key(keys: &mut Keys, random: &mut Random, (key, value): (&'static str, String)) -> String {
    let removed = keys.contains_key(key) && random.below(3) == 0 && keys.len() > 1;
    keys.remove(key);
    if !removed {
        // Both at once are refused.
        match key {
            "dockerfile" => drop(keys.remove("dockerfile_inline")),
            "dockerfile_inline" => drop(keys.remove("dockerfile")),
            _ => {}
        }
        keys.insert(key, value);
    }
    format!("{} {key}", if removed { "removing" } else { "setting" })
}

/// A Dockerfile whose stages can be replaced by additional contexts.
fn dockerfile(random: &mut Random) -> Vec<String> {
    let mut lines =
        ["ARG BASE=base", "FROM scratch AS extra", "COPY a.txt /x", "FROM scratch AS other", "COPY b.md /x"].map(str::to_owned).to_vec();
    for stage in ["FROM scratch AS base", *random.pick(&FINAL)] {
        lines.extend([stage, "ARG V=1", "ARG D=lib", "ARG W"].map(str::to_owned));
        lines.extend((0..1 + random.below(3)).map(|_| (*random.pick(&STEPS)).to_owned()));
    }
    lines
}

fn change_lines(lines: &mut Vec<String>, random: &mut Random, file: &str) -> String {
    if !file.ends_with("Dockerfile") {
        let line = (*random.pick(&IGNORES)).to_owned();
        match lines.iter().position(|it| *it == line) {
            Some(at) => drop(lines.remove(at)),
            None => lines.push(line.clone()),
        }
        return format!("the line {line} of {file}");
    }
    let at = 1 + random.below(lines.len() as u64 - 1) as usize;
    let step = (*random.pick(&STEPS)).to_owned();
    if lines[at].starts_with("FROM") && at > 5 && random.below(2) == 0 {
        // The last one; that of `base` has a name that others use.
        let last = lines.iter().rposition(|line| line.starts_with("FROM")).unwrap();
        lines[last] = (*random.pick(&FINAL)).to_owned();
    } else if lines[at].starts_with("FROM") || lines[at].starts_with("ARG") || random.below(2) == 0 {
        lines.push(step);
    } else {
        lines[at] = step;
    }
    format!("a line of {file}")
}

impl Project {
    /// A project whose images are named after a thread.
    pub(crate) fn new(random: &mut Random, thread: usize) -> Self {
        let mut tree = Tree::new();
        for folder in ["", "one/", "two/", "one/lib/", "outside/"] {
            for file in ["a.txt", "b.md", "lib/x.go", "lib/y.txt", "lib/deep/z.txt"] {
                let name = format!("{folder}{file}");
                tree.insert(name.clone(), Entry::File { content: tree::text(&name, 0), executable: false });
            }
            tree.insert(format!("{folder}t"), Entry::File { content: tree::program(), executable: true });
            tree.insert(format!("{folder}link.txt"), Entry::Link("a.txt".to_owned()));
            tree.insert(format!("{folder}lib/up"), Entry::Link("../b.md".to_owned()));
            tree.insert(format!("{folder}empty"), Entry::Folder);
        }
        let mut lines = BTreeMap::new();
        for file in DOCKERFILES {
            lines.insert(file, dockerfile(random));
        }
        for file in IGNORE_FILES {
            if random.below(3) == 0 {
                lines.insert(file, vec![(*random.pick(&IGNORES)).to_owned()]);
            }
        }
        let mut services = BTreeMap::new();
        for name in &SERVICES[..2 + random.below(3) as usize] {
            let mut service =
                Service { keys: Keys::new(), build: Keys::from([("context", (*random.pick(&[".", "./one", "two"])).to_owned())]) };
            for _ in 0..random.below(5) {
                let key = build_key(random, name);
                change_key(&mut service.build, random, key);
            }
            if random.below(3) == 0 {
                service.keys.extend([service_key(random, name)]);
            }
            services.insert(*name, service);
        }
        let mut project =
            Project { thread, tree, lines, common: BTreeMap::new(), services, overrides: BTreeMap::new(), outer: BTreeMap::new() };
        ["args", "common", "more", "model"].into_iter().for_each(|anchor| project.change_common(random, anchor));
        (0..3).for_each(|_| drop(project.change_variable(random)));
        project
    }

    fn change_common(&mut self, random: &mut Random, anchor: &'static str) {
        let value = match anchor {
            "args" => format!("{{V: \"{}\", W: \"{}\"}}", random.pick(&VALUES), random.pick(&VALUES)),
            "common" => format!("{{args: {}}}", pairs(random, &["V", "W", "D"])),
            "more" => format!("{{args: {}, target: base, labels: {{m: \"{}\"}}}}", pairs(random, &["V"]), random.pick(&VALUES)),
            // Stands in a file of its own, which has no anchors.
            _ => format!("{{context: ., args: {}}}", pairs(random, &["V", "D"]).replace("<<: *args", "W: \"${W}\"")),
        };
        self.common.insert(anchor, value);
    }

    fn change_variable(&mut self, random: &mut Random) -> String {
        let (name, value) = match random.below(9) {
            0 => ("D", *random.pick(&["lib", "a.txt"])),
            1 => ("T", *random.pick(&["base", "other"])),
            2 => ("C", *random.pick(&["one", "two", "."])),
            3 => ("COMPOSE_PROFILES", *random.pick(&["p", "q", "p,q"])),
            4..=5 => ("V", *random.pick(&["5", "$W", "'$W'"])),
            6 => ("W", *random.pick(&["6", "seven", ""])),
            _ => ("E", *random.pick(&["7", "e # e", "\"e e\""])),
        };
        let env = self.lines.entry(".env").or_default();
        if random.below(2) == 0 {
            env.retain(|line| !line.starts_with(&format!("{name}=")));
            if random.below(4) != 0 {
                env.push(format!("{name}={value}"));
            }
            return format!("{name} in .env");
        }
        if self.outer.remove(name).is_none() || random.below(2) == 0 {
            self.outer.insert(name.to_owned(), value.to_owned());
        }
        format!("{name} in the environment")
    }

    /// Changes one thing, and says what.
    pub(crate) fn change(&mut self, random: &mut Random) -> String {
        let names: Vec<&'static str> = self.services.keys().copied().collect();
        let name = *random.pick(&names);
        match random.below(16) {
            0..=4 => tree::change(&mut self.tree, random, &FOLDERS),
            5..=7 => {
                let key = build_key(random, name);
                format!("{} of {name}", change_key(&mut self.services.get_mut(name).unwrap().build, random, key))
            }
            8 => {
                let key = service_key(random, name);
                format!("{} of {name}", change_key(&mut self.services.get_mut(name).unwrap().keys, random, key))
            }
            9 => {
                let key = build_key(random, name);
                if key.0 == "<<" {
                    return "nothing".to_owned();
                }
                let (key, value) = (key.0, key.1.replace("<<: *args", "N: n"));
                let value = match random.below(4) {
                    0 => format!("!override {value}"),
                    1 => "!reset null".to_owned(),
                    _ => value,
                };
                format!("{} of {name} in the override", change_key(self.overrides.entry(name).or_default(), random, (key, value)))
            }
            10 => {
                let anchor = *random.pick(&["args", "common", "more", "model"]);
                self.change_common(random, anchor);
                format!("what {anchor} stands for")
            }
            11..=12 => self.change_variable(random),
            13 => {
                let file = *random.pick(&IGNORE_FILES);
                change_lines(self.lines.entry(file).or_default(), random, file)
            }
            _ => {
                let file = *random.pick(&DOCKERFILES);
                change_lines(self.lines.get_mut(file).unwrap(), random, file)
            }
        }
    }

    /// The services that no profile leaves out.
    pub(crate) fn active(&self) -> Vec<String> {
        let in_file = self.lines.get(".env").into_iter().flatten().find_map(|line| line.strip_prefix("COMPOSE_PROFILES="));
        let wanted = self.outer.get("COMPOSE_PROFILES").map(String::as_str).or(in_file).unwrap_or_default();
        let is_active = |name: &str| {
            let profiles = self.profiles(name);
            profiles.is_empty() || wanted.split(',').any(|it| !it.is_empty() && profiles.contains(it))
        };
        self.services.keys().filter(|name| is_active(name)).map(|name| (*name).to_owned()).collect()
    }

    /// The profiles of a service, with those of the one that it extends.
    fn profiles(&self, name: &str) -> String {
        let Some(service) = self.services.get(name) else { return String::new() };
        let extended = service.keys.get("extends").and_then(|it| it.strip_prefix("{service: ")).map(|it| it.trim_end_matches('}'));
        service.keys.get("profiles").cloned().unwrap_or_default() + &extended.map(|it| self.profiles(it)).unwrap_or_default()
    }

    /// The name of a service's image.
    pub(crate) fn image(&self, service: &str) -> String {
        format!("docktag-sound-{}/{service}", self.thread)
    }

    fn files(&self) -> BTreeMap<&'static str, String> {
        let mut compose = "name: sound\n".to_owned();
        for (anchor, value) in self.common.iter().filter(|(anchor, _)| **anchor != "model") {
            compose += &format!("x-{anchor}: &{anchor} {value}\n");
        }
        compose += "services:\n";
        for (name, service) in &self.services {
            compose += &format!("  {name}:\n    image: {}\n", self.image(name));
            compose += &rendered(&service.keys, "    ");
            match (service.build.len(), service.build.get("context")) {
                (1, Some(context)) => compose += &format!("    build: {context}\n"),
                (0, _) => {}
                _ => compose += &format!("    build:\n{}", rendered(&service.build, "      ")),
            }
        }
        let mut files: BTreeMap<&str, String> = self
            .lines
            .iter()
            .filter(|(_, lines)| !lines.is_empty())
            .map(|(name, lines)| (*name, format!("{}\n", lines.join("\n"))))
            .collect();
        files.insert("compose.yaml", compose);
        files.insert("two/more.yaml", format!("services: {{model: {{build: {}}}}}\n", self.common["model"]));
        let overrides: String = self
            .overrides
            .iter()
            .filter(|(_, build)| !build.is_empty())
            .map(|(name, build)| format!("  {name}:\n    build:\n{}", rendered(build, "      ")))
            .collect();
        if !overrides.is_empty() {
            files.insert("compose.override.yaml", format!("services:\n{overrides}"));
        }
        files
    }

    /// Makes the folder what the project is.
    pub(crate) fn write(&self, folder: &Path) {
        tree::write(&self.tree, folder);
        for (name, text) in self.files() {
            tree::put(&folder.join(name), &text, false);
        }
        tree::settle(folder);
    }
}

fn rendered(keys: &Keys, indent: &str) -> String {
    keys.iter().map(|(key, value)| format!("{indent}{key}: {value}\n")).collect()
}

impl std::fmt::Display for Project {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "environment: {:?}", self.outer)?;
        for (name, text) in self.files() {
            writeln!(f, "--- {name}\n{text}")?;
        }
        self.tree.iter().try_for_each(|(name, entry)| writeln!(f, "{name}: {entry:?}"))
    }
}
