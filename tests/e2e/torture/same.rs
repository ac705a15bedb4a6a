//! The same files have the same tag: in whichever time zone, language, folder, order or mode they lie there, checked out how git is told to,
//! whoever asks, and with whichever Compose.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use libtest_mimic::Failed;

use crate::Test;
use crate::engine::{Engine, Needs};
use crate::project::Project;
use crate::random::Random;
use crate::torture::hosts;
use crate::torture::together::Mount;
use crate::torture::{self, Figure, Rounds};

const ROUNDS: Rounds = Rounds { short: 5, minutes: 60, hours: 600 };

pub(crate) fn tests() -> Vec<Test> {
    vec![("torture_the_same_files_have_the_same_tag_everywhere", Needs::Any, same)]
}

fn same(engine: &Engine) -> Result<(), Failed> {
    let (seed, rounds) = (torture::seed(), ROUNDS.number());
    let (mut compared, mut projects) = (0, 0);
    // It takes a while where it was not built yet.
    let compose5 = (rounds > 50).then(|| engine.compose5());
    let mut archives = Archives::default();
    for seed in seed..seed + rounds {
        let ways = try_project(engine, seed, compose5.as_deref(), &mut archives).map_err(|wrong| format!("seed {seed}: {wrong}"))?;
        compared += ways;
        projects += u64::from(ways > 0);
    }
    if rounds > 50 {
        compared += in_browser(&archives)?;
    }
    torture::record(&Figure {
        promise: "Same everywhere",
        what: "random projects seen from another host, time zone, language, umask, folder, order, file system, checkout or Compose, that had another tag there",
        tried: compared,
        wrong: 0,
        also: format!(
            "{projects} projects, each seen in {} ways or more{}",
            compared / projects.max(1),
            if compose5.is_some() { "; a quarter of them with Compose v1, v2 and v5, all in Chromium" } else { "" }
        ),
    });
    assert!(projects > rounds / 2, "most projects are refused, which shows too little");
    Ok(())
}

fn try_project(engine: &Engine, seed: u64, compose5: Option<&str>, archives: &mut Archives) -> Result<u64, String> {
    let mut random = Random::new(seed);
    let project = Project::empty(engine);
    let files = files(&mut random);
    write(&project.folder, &files, &mut random);
    let mut view = View { project: &project, wanted: String::new(), seen: 0 };
    // Some have nothing that a COPY could take.
    let Ok(wanted) = view.tags(&project.folder, &[], &[]) else { return Ok(0) };
    view.wanted = wanted;
    archives.add(seed, &view)?;

    for (name, value) in [
        ("TZ", "UTC"),
        ("TZ", "Asia/Kolkata"),
        ("LC_ALL", "C"),
        ("LC_ALL", "de_DE.UTF-8"),
        ("LC_ALL", "tr_TR.UTF-8"),
        // Neither Docker nor git.
        ("PATH", "/nonexistent"),
        ("HOME", "/nonexistent"),
        ("DOCKTAG_LANES", "scalar"),
    ] {
        view.is_same(&format!("{name}={value}"), &project.folder, &[(name, value)], &[])?;
    }
    view.is_same_in_node("Node", &project.folder, &[])?;
    view.is_same_in_node("Node, tr_TR", &project.folder, &[("LC_ALL", "tr_TR.UTF-8"), ("TZ", "Asia/Kolkata")])?;

    // Other folders, times and orders of making them; another file system has an order of its own.
    let other = project.around().join("another folder/n\u{e4}me.d/deeper");
    write(&other, &files, &mut random);
    view.is_same("another folder", &other, &[], &[])?;
    let memory = project.around().join("memory");
    fs::create_dir(&memory).unwrap();
    if let Some(_mount) = Mount::make(&["-t", "tmpfs", "tmpfs"], &memory) {
        write(&memory.join("x"), &files, &mut random);
        view.is_same("tmpfs", &memory.join("x"), &[], &[])?;
        view.is_same_in_node("Node, tmpfs", &memory.join("x"), &[])?;
    }
    checkouts(&view_clones(&project)?, &mut view)?;
    if seed % 4 == 1 {
        composes(&mut view, compose5)?;
    }
    Ok(view.seen)
}

/// Projects for the browser, which starts once for all of them.
#[derive(Default)]
struct Archives {
    folder: Option<tempfile::TempDir>,
    /// Each with the tags that it has to have there.
    files: Vec<(PathBuf, String)>,
}

impl Archives {
    fn add(&mut self, seed: u64, view: &View<'_>) -> Result<(), String> {
        let folder = self.folder.get_or_insert_with(|| tempfile::Builder::new().prefix("docktag-same-").tempdir().unwrap());
        let file = folder.path().join(format!("{seed}.tar"));
        let mut tar = view.project.command("tar");
        tar.arg("-cf").arg(&file).arg(".");
        said(tar, &view.project.folder, &[])?;
        // The page shows the digest alone, without a tag of the Compose file in front of it.
        let digests = view.wanted.lines().filter_map(|line| {
            let (service, image) = line.split_once('\t')?;
            Some(format!("{service} {}\n", &image[image.len() - 32..]))
        });
        self.files.push((file, digests.collect()));
        Ok(())
    }
}

/// What the page shows of the projects in Chromium, whose test script wants the packages that `make test` and `make torture` install.
fn in_browser(archives: &Archives) -> Result<u64, String> {
    let mut command = Command::new(hosts::node());
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/page/tags.js")).args(archives.files.iter().map(|(file, _)| file));
    let said = said(command, Path::new(env!("CARGO_MANIFEST_DIR")), &[])?;
    let mut shown = said.split('\0');
    for (file, wanted) in &archives.files {
        let found = shown.next().unwrap_or_default();
        if found != wanted {
            return Err(format!("{}: the browser has\n{found}instead of\n{wanted}", file.display()));
        }
    }
    Ok(archives.files.len() as u64)
}

/// One project, looked at again and again.
struct View<'a> {
    project: &'a Project,
    wanted: String,
    seen: u64,
}

impl View<'_> {
    /// What `tag` prints.
    fn tags(&self, folder: &Path, env: &[(&str, &str)], args: &[&str]) -> Result<String, String> {
        let mut command = self.project.command(env!("CARGO_BIN_EXE_docktag"));
        command.arg("tag").args(args);
        said(command, folder, env)
    }

    fn is_same(&mut self, what: &str, folder: &Path, env: &[(&str, &str)], args: &[&str]) -> Result<(), String> {
        let found = self.tags(folder, env, args)?;
        self.compare(what, folder, &found)
    }

    fn is_same_in_node(&mut self, what: &str, folder: &Path, env: &[(&str, &str)]) -> Result<(), String> {
        let mut command = self.project.command(&hosts::node().to_string_lossy());
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/action/cli.js")).arg("tag");
        let found = said(command, folder, env)?;
        self.compare(what, folder, &found)
    }

    fn compare(&mut self, what: &str, folder: &Path, found: &str) -> Result<(), String> {
        self.seen += 1;
        if found == self.wanted {
            return Ok(());
        }
        let manifest = |folder: &Path| {
            let mut command = self.project.command(env!("CARGO_BIN_EXE_docktag"));
            command.args(["manifest", "app"]);
            said(command, folder, &[]).unwrap_or_else(|error| error)
        };
        Err(format!("{what}: {found}instead of {}{}\n{}", self.wanted, manifest(&self.project.folder), manifest(folder)))
    }
}

fn said(mut command: Command, folder: &Path, env: &[(&str, &str)]) -> Result<String, String> {
    let output = command.current_dir(folder).envs(env.iter().copied()).stdin(Stdio::null()).output().unwrap();
    // A manifest has names as they are.
    let [said, error] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    if output.status.success() { Ok(said) } else { Err(format!("{}: {error}", output.status)) }
}

/// Clones of the project: how git was told to make each, its folder, and what docktag is told.
type Clones = Vec<(&'static str, PathBuf, &'static [&'static str])>;

fn view_clones(project: &Project) -> Result<Clones, String> {
    let lines = "set -e
        git init -q -b main
        git config user.name tests; git config user.email tests@example.com; git config core.autocrlf false
        git add -A -f; git commit -q -m x
        (umask 022; git clone -q . ../umask022)
        (umask 077; git clone -q . ../umask077)
        git clone -q -c core.autocrlf=true . ../crlf
        git clone -q -c core.eol=crlf -c core.autocrlf=true -c core.ignorecase=true . ../folded
        git clone -q . ../modes; cd ../modes; git config core.fileMode false; find . -path ./.git -prune -o -type f -exec chmod 644 {} +
        cd ..; git clone -q --depth 1 file://$OLDPWD/../modes shallow
        mv folded moved; rm -rf */.git/hooks";
    let ran = project.shell(lines);
    if ran.code != Some(0) {
        return Err(ran.stderr);
    }
    let folder = |name: &str| project.around().join(name);
    let as_in_git = &["--checkout=as-in-git"][..];
    Ok(vec![
        ("umask 022", folder("umask022"), &[]),
        ("umask 077", folder("umask077"), &[]),
        ("umask 077, as in git", folder("umask077"), as_in_git),
        ("autocrlf", folder("crlf"), as_in_git),
        ("autocrlf and ignorecase", folder("moved"), as_in_git),
        ("no modes", folder("modes"), as_in_git),
        ("shallow", folder("shallow"), &[]),
    ])
}

fn checkouts(clones: &Clones, view: &mut View<'_>) -> Result<(), String> {
    clones.iter().try_for_each(|(what, folder, args)| view.is_same(what, folder, &[], args))
}

/// A Compose file that docktag leaves to Compose: each Compose reads it, and the tag is that of our own reading.
fn composes(view: &mut View<'_>, compose5: Option<&str>) -> Result<(), String> {
    let file = view.project.folder.join("compose.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("%YAML 1.1\n---\n{text}")).unwrap();
    let folder = view.project.folder.clone();
    for compose in ["docker compose", "docker-compose"] {
        view.is_same(compose, &folder, &[], &["--compose", compose])?;
    }
    if let Some(config) = compose5 {
        view.is_same("Compose v5", &folder, &[("DOCKER_CONFIG", config)], &[])?;
    }
    fs::write(&file, text).unwrap();
    Ok(())
}

enum Node {
    File(Vec<u8>, u32),
    Link(String),
}

/// Files of a project, by name. No empty folders: git has none.
fn files(random: &mut Random) -> Vec<(Vec<u8>, Node)> {
    let names: [&[u8]; 21] = [
        b"src/a",
        b"src/B",
        b"src/c",
        b"src/I",
        b"src/i",
        "src/\u{131}".as_bytes(),
        "src/\u{130}".as_bytes(),
        "src/\u{e4}".as_bytes(),
        "src/a\u{308}".as_bytes(),
        "src/z\u{df}".as_bytes(),
        b"src/\xff\xfe",
        b"src/a-b",
        b"src/a_b",
        b"src/a.b/c",
        b"src/sp ace",
        b"src/back\\slash",
        b"src/new\nline",
        b"lib/FILE.TXT",
        b"lib/file.md",
        b"conf/.env",
        b"conf/TITLE.ini",
    ];
    let contents: [&[u8]; 8] = [
        b"",
        b"a\nb\n",
        b"no end",
        b"crlf\r\nboth\r\n",
        b"mixed\r\nends\n",
        b"bin\0\r\n\xff\n",
        "\u{130}\n\u{feff}x\n".as_bytes(),
        b"lone\rcr\n",
    ];
    let mut files: Vec<(Vec<u8>, Node)> = Vec::new();
    for name in names {
        if random.below(3) > 0 {
            let mode = *random.pick(&[0o644, 0o755, 0o600, 0o700, 0o664]);
            files.push((name.to_owned(), Node::File(random.pick(&contents).to_vec(), mode)));
        }
    }
    files.push((b"src/always".to_vec(), Node::File(b"x\n".to_vec(), 0o644)));
    if random.below(2) == 0 {
        files.push((b"src/ln".to_vec(), Node::Link((*random.pick(&["always", "../lib", "nowhere", "/etc/passwd"])).to_owned())));
    }
    let steps = [
        "copy src /s/",
        "COPY src/*i* /i/",
        "COPY [\"src\", \"/j/\"]",
        "add src/always /d/",
        "CoPy . /all/",
        "COPY src/[A-I]* /r/",
        "copy --chown=1 src/always /e",
    ];
    let mut dockerfile = "# escape=\\\narg ID=1\nfrom scratch as TITLE\nARG inner=$ID\n".to_owned();
    for _ in 0..1 + random.below(4) {
        dockerfile.push_str(random.pick::<&str>(&steps));
        dockerfile.push('\n');
    }
    dockerfile.push_str("FROM scratch\nCOPY --from=title / /\n");
    let ignore: String = (0..random.below(4))
        .map(|_| format!("{}\n", random.pick(&["**/*.md", "lib", "!lib/FILE.TXT", "src/I", "conf/.*", ".git", "# x"])))
        .collect();
    let compose = "services:\n  app:\n    image: example/app\n    build:\n      context: .\n      args: { ID: '${TITLE:-none}', LIST: \"a\\ti\" }\n  web:\n    image: example/web:${TITLE}\n    build: { context: ., target: title }\n";
    for (name, text) in [
        ("Dockerfile", dockerfile.as_str()),
        // Another Compose file with the same meaning is no other input.
        (".dockerignore", &format!(".git\ncompose.yaml\n{ignore}")),
        ("compose.yaml", compose),
        (".env", "TITLE=iI\n"),
    ] {
        files.push((name.as_bytes().to_vec(), Node::File(text.as_bytes().to_vec(), 0o644)));
    }
    files
}

/// Makes the files in some order, with some time and a mode that git takes for the same.
fn write(folder: &Path, files: &[(Vec<u8>, Node)], random: &mut Random) {
    let mut order: Vec<usize> = (0..files.len()).collect();
    for index in (1..order.len()).rev() {
        order.swap(index, random.below(index as u64 + 1) as usize);
    }
    for (name, node) in order.into_iter().map(|index| &files[index]) {
        let path = folder.join(OsStr::from_bytes(name));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match node {
            Node::Link(target) => symlink(target, &path).unwrap(),
            Node::File(content, mode) => {
                fs::write(&path, content).unwrap();
                // Only the owner's bit counts.
                let mode = mode & 0o700 | *random.pick(&[0o000, 0o044, 0o066]);
                fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
                let time = SystemTime::UNIX_EPOCH + Duration::from_secs(random.below(2_000_000_000));
                fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
            }
        }
    }
}
