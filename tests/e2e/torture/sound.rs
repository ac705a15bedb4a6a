//! A tag never lies: where the engine builds another image, the tag is another one.
//!
//! Random projects are built by the real BuildKit; then one thing is changed at a time, and both are asked again. How often the tag changes
//! though the image does not is printed.
//!
//! Who judges is `docker buildx` in the short form. For many changes it is `tests/tools/judge`, which asks the same BuildKit the same without
//! a program per image; the first projects are judged by both, who have to agree.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use libtest_mimic::Failed;

use crate::Test;
use crate::engine::{Engine, Needs};
use crate::random::Random;
use crate::torture::judge::{self, Build, Judge};
use crate::torture::tree::{self, Entry, Tree};
use crate::torture::{self, Counts, Figure, Rounds};

/// Changes of one project before the next is made.
const CHANGES: u64 = 5;
const ROUNDS: Rounds = Rounds { short: 240, minutes: 2_000, hours: 20_000 };

pub(crate) fn tests() -> Vec<Test> {
    vec![("torture_where_the_engine_builds_another_image_the_tag_is_another_one", Needs::Any, sound)]
}

/// Projects that are judged by both, of many.
const BY_BOTH: u64 = 60;

fn sound(engine: &Engine) -> Result<(), Failed> {
    let wanted = ROUNDS.number();
    let program = (wanted > ROUNDS.short).then(judge::program);
    let by_both = torture::seed() + BY_BOTH;
    let trial = |_, seed, counts: &mut Counts| {
        let mut judge = Judge::new(engine, program.as_deref(), seed < by_both);
        try_project(&mut judge, seed, counts)
    };
    torture::two_at_once(engine, wanted, trial, figure)
}

fn figure(counts: &Counts) -> Figure {
    let spared = counts.same_image - counts.needless;
    Figure {
        promise: "Sound",
        what: "changes of random projects built by the engine where the image differs and the tag does not",
        tried: counts.changes,
        wrong: counts.wrong,
        also: format!(
            "{} projects; {} changes gave another image and another tag, {spared} gave neither, {} could not be built; {} gave another tag for the same image ({:.1} % of those that kept it)",
            counts.projects,
            counts.other_image,
            counts.broken,
            counts.needless,
            100.0 * counts.needless as f64 / counts.same_image.max(1) as f64,
        ),
    }
}

fn try_project(judge: &mut Judge<'_>, seed: u64, counts: &mut Counts) -> Result<(), Failed> {
    let mut random = Random::new(seed);
    let folder = tempfile::Builder::new().prefix("docktag-sound-").tempdir().unwrap();
    let mut project = Project::new(&mut random);
    let Some(mut image) = image(judge, &project, folder.path()) else {
        counts.broken += 1;
        return Ok(());
    };
    let Some(mut tag) = tag(judge, &project, folder.path()).map_err(|said| format!("seed {seed}: {said}"))? else {
        counts.broken += 1;
        return Ok(());
    };
    counts.projects += 1;
    for _ in 0..CHANGES {
        let before = project.clone();
        let what = project.change(&mut random);
        counts.changes += 1;
        let Some(other_image) = self::image(judge, &project, folder.path()) else {
            counts.broken += 1;
            project = before;
            continue;
        };
        let Some(other_tag) = self::tag(judge, &project, folder.path()).map_err(|said| format!("seed {seed}: after {what}: {said}"))?
        else {
            counts.broken += 1;
            project = before;
            continue;
        };
        match (other_image == image, other_tag == tag) {
            (false, true) => {
                return Err(
                    format!("seed {seed}: {what} gives another image with the same tag\nbefore: {before:?}\nafter: {project:?}").into()
                );
            }
            (image, tag) => counts.add(image, tag, || format!("seed {seed}: {what}\n{project:?}\n")),
        }
        (image, tag) = (other_image, other_tag);
    }
    Ok(())
}

fn image(judge: &mut Judge<'_>, project: &Project, folder: &Path) -> Option<String> {
    project.write(folder);
    judge.image(&project.build(folder))
}

/// Of a project that the engine builds; nothing where it only does because it has built others before.
fn tag(judge: &Judge<'_>, project: &Project, folder: &Path) -> Result<Option<String>, String> {
    project.write(folder);
    let output = Command::new(env!("CARGO_BIN_EXE_docktag")).args(["tag", "-C"]).arg(folder).output().unwrap();
    if output.status.success() {
        return Ok(Some(String::from_utf8(output.stdout).unwrap()));
    }
    let said = String::from_utf8_lossy(&output.stderr);
    match judge.builds_anew(&project.build(folder)) {
        true => Err(format!("the engine builds this, docktag says {said}\n{project:?}")),
        false => Ok(None),
    }
}

#[derive(Debug, Clone)]
struct Project {
    tree: Tree,
    file: String,
    dockerfile: Vec<String>,
    ignore: Vec<String>,
    args: BTreeMap<String, String>,
    target: Option<String>,
}

const FILES: [&str; 14] = [
    "a.txt",
    "b.md",
    "c.txt",
    "src/main.go",
    "src/lib/x.go",
    "src/lib/y.txt",
    "docs/r.md",
    "docs/img/p.png",
    "conf/app.ini",
    "conf/.env",
    "bin/run.sh",
    "sp ace/f i.txt",
    "vendor/v.go",
    "vendor/deep/er/w.go",
];
const LINKS: [(&str, &str); 5] =
    [("link.txt", "a.txt"), ("dl", "src"), ("src/up", "../docs/r.md"), ("docs/gone", "nowhere"), ("conf/abs", "/src/lib")];
const FOLDERS: [&str; 3] = ["empty", "src/hollow", "docs/img/none"];
const STEPS: [&str; 34] = [
    "COPY a.txt /x",
    "COPY a.txt b.md /two/",
    "COPY src /src",
    "COPY src/ docs/ /all/",
    "COPY *.txt /t/",
    "COPY s*/*.go /g/",
    "COPY src/*/ /sub/",
    "COPY . /ctx/",
    "COPY ./docs/../src/lib /lib",
    "COPY --chown=1:1 docs /d",
    "COPY --chmod=700 bin/run.sh /r",
    "COPY [\"sp ace\", \"/sp/\"]",
    "ADD conf /c",
    "ADD a.txt c.txt /added/",
    "COPY $D /v/",
    "COPY ${D:-docs}/img /img",
    "COPY --exclude=*.md docs /d2",
    "COPY --exclude=lib --exclude=**/up src /s3",
    "COPY --parents src/./lib/x.go docs/r.md /p/",
    "COPY --parents vendor/**/*.go /vg/",
    "COPY link.txt /l",
    "COPY dl /dl",
    "COPY dl/lib /dlib",
    "COPY l*.txt /ls/",
    "COPY --link c.txt /k",
    "COPY <<EOF /here\nhello $V\n$D\nEOF",
    "COPY <<'EOF' /here\nhello $V\nEOF",
    "ENV A=$V",
    "LABEL x=$V",
    "WORKDIR /w/$V",
    "COPY --from=other /x* /fromother/",
    "COPY conf/?pp.ini conf/[.]env /q/",
    "COPY empty /e",
    "EXPOSE 80",
];
const IGNORES: [&str; 14] = [
    "*.md",
    "docs",
    "!docs/r.md",
    "**/*.go",
    "!src/lib",
    "src/lib",
    "vendor",
    "!vendor/deep",
    "conf/.env",
    "*",
    "!src",
    "!a.txt",
    "# x",
    "em*",
];

impl Project {
    fn build<'a>(&'a self, folder: &'a Path) -> Build<'a> {
        Build { folder, file: &self.file, args: &self.args, target: self.target.as_deref(), more: None }
    }

    fn new(random: &mut Random) -> Self {
        let mut tree = BTreeMap::new();
        for file in FILES {
            tree.insert(file.to_owned(), Entry::File { content: tree::text(file, 0), executable: file.ends_with(".sh") });
        }
        for (link, target) in LINKS {
            tree.insert(link.to_owned(), Entry::Link(target.to_owned()));
        }
        for folder in FOLDERS {
            tree.insert(folder.to_owned(), Entry::Folder);
        }
        let mut dockerfile = vec!["ARG BASE=scratch".to_owned(), "FROM scratch AS other".to_owned()];
        dockerfile.push("COPY a.txt /x".to_owned());
        dockerfile.extend((0..random.below(3)).map(|_| (*random.pick(&STEPS[..24])).to_owned()));
        for stage in
            ["FROM scratch AS base", *random.pick(&["FROM base", "FROM ${BASE} AS last", "FROM scratch AS last", "FROM base AS last"])]
        {
            dockerfile.extend([stage.to_owned(), "ARG V=1".to_owned(), format!("ARG D={}", random.pick(&["src", "docs", "a.txt"]))]);
            dockerfile.extend((0..1 + random.below(4)).map(|_| (*random.pick(&STEPS)).to_owned()));
        }
        let ignore = (0..random.below(4)).map(|_| (*random.pick(&IGNORES)).to_owned()).collect();
        let mut args = BTreeMap::new();
        for (name, value) in [("V", "2"), ("D", "docs"), ("UNUSED", "x"), ("HTTP_PROXY", "http://p")] {
            if random.below(3) == 0 {
                args.insert(name.to_owned(), value.to_owned());
            }
        }
        let target = (random.below(4) == 0).then(|| (*random.pick(&["base", "other"])).to_owned());
        let file = (*random.pick(&["Dockerfile", "Dockerfile", "docker/app.Dockerfile"])).to_owned();
        Project { tree, file, dockerfile, ignore, args, target }
    }

    /// Changes one thing, and says what.
    fn change(&mut self, random: &mut Random) -> String {
        let number = random.below(1000);
        match random.below(14) {
            0..=8 => tree::change(&mut self.tree, random, &["", "src/", "docs/", "docs/img/", "new/", "vendor/deep/", "empty/"]),
            9 => {
                let name = *random.pick(&["V", "D", "UNUSED", "HTTP_PROXY", "BASE"]);
                let value = if name == "D" { (*random.pick(&["src", "docs", "conf"])).to_owned() } else { number.to_string() };
                let value = if name == "BASE" { "scratch".to_owned() } else { value };
                if self.args.remove(name).is_none() || random.below(2) == 0 {
                    self.args.insert(name.to_owned(), value);
                }
                format!("changing the argument {name}")
            }
            10 => {
                self.target = random.pick(&[None, Some("base"), Some("other")]).map(str::to_owned);
                "changing the target".to_owned()
            }
            11 => {
                let line = (*random.pick(&IGNORES)).to_owned();
                match self.ignore.iter().position(|it| *it == line) {
                    Some(at) => drop(self.ignore.remove(at)),
                    None => self.ignore.push(line.clone()),
                }
                format!("changing the ignore line {line}")
            }
            _ => {
                let at = 3 + random.below(self.dockerfile.len() as u64 - 3) as usize;
                if self.dockerfile[at].starts_with("FROM") || self.dockerfile[at].starts_with("ARG") || random.below(2) == 0 {
                    self.dockerfile.push((*random.pick(&STEPS)).to_owned());
                } else {
                    self.dockerfile[at] = (*random.pick(&STEPS)).to_owned();
                }
                "changing a line of the Dockerfile".to_owned()
            }
        }
    }

    /// Makes the folder what the project is.
    fn write(&self, folder: &Path) {
        tree::write(&self.tree, folder);
        let put = |name: &str, content: &str| tree::put(&folder.join(name), content, false);
        put(&self.file, &format!("{}\n", self.dockerfile.join("\n")));
        if !self.ignore.is_empty() {
            put(".dockerignore", &format!("{}\n", self.ignore.join("\n")));
        }
        let args: Vec<String> = self.args.iter().map(|(name, value)| format!("{name}: \"{value}\"")).collect();
        let target = self.target.as_ref().map(|target| format!(", target: {target}")).unwrap_or_default();
        let build = format!("{{context: ., dockerfile: {}, args: {{{}}}{target}}}", self.file, args.join(", "));
        put("compose.yaml", &format!("services: {{app: {{image: example/app, build: {build}}}}}\n"));
    }
}
