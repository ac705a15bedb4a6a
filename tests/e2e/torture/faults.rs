//! A fault never hides: the table in `docs/reliability.md` says what comes of each, and this tries every row of it.

#[path = "../../cli/support/proxy.rs"]
#[allow(dead_code, reason = "shared with the tests of the command line")]
mod forward;
mod inject;
pub(crate) mod proxy;
#[path = "../../cli/support/tls.rs"]
#[allow(dead_code, reason = "shared with the tests of the command line")]
mod tls;
#[path = "../../cli/support/wire.rs"]
#[allow(dead_code, reason = "shared with the tests of the command line")]
pub(crate) mod wire;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::Failed;

use crate::Test;
use crate::engine::{Engine, Needs};
use crate::project::{Ran, ended};
use crate::registry;
use crate::runner::tool;
use crate::torture::servers::Server;
use crate::torture::{Figure, Rounds, record};

/// How many registries and programs each row is tried with: the first of each, or all.
const SIDES: Rounds = Rounds { short: 1, minutes: 2, hours: 2 };
/// How many runs there are at once: most of them wait.
const AT_ONCE: usize = 32;
/// A job that takes longer hangs. What docktag promises is less, and shown with a clock of its own (`tests/session/registry.rs`): this must not
/// depend on how busy the machine is.
const LONGEST: Duration = Duration::from_secs(600);
/// The limit of a request for a fault that must not run into it.
const AMPLE: Duration = Duration::from_secs(20);

pub(crate) fn tests() -> Vec<Test> {
    vec![("torture_registry_faults_have_the_outcome_of_the_table", Needs::Any, table)]
}

/// A row of the table.
struct Row {
    fault: String,
    outcome: String,
    /// The exit codes of `plan`, `build` and `pull`.
    exits: [i32; 3],
    said: String,
}

/// What is run: a row, a registry, a program.
struct Case<'a> {
    row: &'a Row,
    registry: &'a str,
    program: &'a [PathBuf],
}

fn table(engine: &Engine) -> Result<(), Failed> {
    let rows = rows();
    let missing: Vec<&str> = inject::names().into_iter().filter(|name| !rows.iter().any(|row| row.fault == *name)).collect();
    assert!(missing.is_empty() && !inject::names().is_empty(), "docs/reliability.md has no row for {missing:?}");

    let is_short = SIDES.number() == 1;
    let third = if is_short { None } else { Some(Server::distribution3()) };
    let registries: Vec<&str> = [engine.get("ENGINE_REGISTRY")].into_iter().chain(third.iter().map(|it| it.address.as_str())).collect();
    let native = vec![PathBuf::from(env!("CARGO_BIN_EXE_docktag"))];
    let node = vec![tool("modules").join("node24/bin/node"), Path::new(env!("CARGO_MANIFEST_DIR")).join("action/cli.js")];
    let programs = if is_short { vec![native] } else { vec![native, node] };
    provide(engine, &registries);

    let mut cases: Vec<Case<'_>> = Vec::new();
    for row in &rows {
        for registry in &registries {
            cases.extend(programs.iter().map(|program| Case { row, registry, program }));
        }
    }
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let longest = Mutex::new(Duration::ZERO);
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::SeqCst)) {
                    match attempt(engine, case, is_short) {
                        Ok(took) => {
                            let mut longest = longest.lock().unwrap();
                            *longest = took.max(*longest);
                        }
                        Err(what) => wrong.lock().unwrap().push(format!("{} [{}]: {what}", case.row.fault, case.program.len())),
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    record(&Figure {
        promise: "Registry faults",
        what: "runs of `plan`, `build` and `pull` with a fault whose outcome is another than that of the table",
        tried: (cases.len() * 3) as u64,
        wrong: wrong.len() as u64,
        also: format!("{} faults; no job took longer than {} s", rows.len(), longest.into_inner().unwrap().as_secs()),
    });
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(wrong.join("\n").into()),
    }
}

/// Runs the three jobs with one fault; the longest time that one took.
fn attempt(engine: &Engine, case: &Case<'_>, is_short: bool) -> Result<Duration, String> {
    let row = case.row;
    // Only a fault that runs into the limit has a short one, so that `make test` is short: no good answer can come too late for it.
    let timeout = match row.said == "no answer in time" {
        true if is_short => Duration::from_secs(1),
        true => Duration::from_secs(10),
        false => AMPLE,
    };
    let mut longest = Duration::ZERO;
    for (job, exit) in ["plan", "build", "pull"].into_iter().zip(row.exits) {
        let setting = inject::Setting { registry: case.registry, timeout };
        let faulty = inject::inject(&row.fault, &setting).ok_or("nobody knows this fault")?;
        let folder = tempfile::Builder::new().prefix("docktag-fault-").tempdir().unwrap();
        project(folder.path(), &format!("{}/{}", faulty.address, faulty.repository));
        let mut command = Command::new(&case.program[0]);
        command.args(&case.program[1..]).arg(job).current_dir(folder.path()).env_clear();
        command.env("PATH", &engine.env["PATH"]).env("HOME", folder.path()).env("TMPDIR", folder.path());
        // What would be built is told by this, and what is built in secret would fail on it.
        command.env("DOCKER_HOST", "unix:///nonexistent/docker.sock").env("DOCKTAG_MOVING_TAG", "");
        // Without a Docker configuration there is no plugin, so Compose v1 would take the classic builder.
        command.env("DOCKER_BUILDKIT", "1").env("COMPOSE_DOCKER_CLI_BUILD", "1");
        command.env("DOCKTAG_REGISTRY_TIMEOUT", timeout.as_secs().to_string());
        if (job == "build" && row.outcome == "miss") || (job == "pull" && row.outcome == "hit") {
            command.arg("--dry-run");
        }
        if let Some(authority) = &faulty.authority {
            let file = folder.path().join("authority.pem");
            fs::write(&file, authority).unwrap();
            command.env("SSL_CERT_FILE", &file);
        }
        for (name, text) in &faulty.files {
            let file = folder.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        command.envs(faulty.env.iter().map(|(name, value)| (name, value)));
        let start = Instant::now();
        let ran = run(&mut command, folder.path())?;
        longest = longest.max(start.elapsed());
        judge(row, job, exit, &ran).map_err(|what| format!("{job}: {what}\n{}{}", ran.stdout, ran.stderr))?;
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| (faulty.check)())).map_err(|_| format!("{job}: see above"))?;
    }
    Ok(longest)
}

/// Runs a program to its end, or ends it where it hangs.
fn run(command: &mut Command, folder: &Path) -> Result<Ran, String> {
    let files = ["out", "err"].map(|name| folder.join(name));
    let [out, err] = files.each_ref().map(|file| fs::File::create(file).unwrap());
    let mut child = command.stdin(Stdio::null()).stdout(out).stderr(err).spawn().unwrap();
    let start = Instant::now();
    let code = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        if start.elapsed() > LONGEST {
            child.kill().unwrap();
            child.wait().unwrap();
            return Err(format!("does not end within {} s", LONGEST.as_secs()));
        }
        thread::sleep(Duration::from_millis(5));
    };
    let [stdout, stderr] = files.map(|file| String::from_utf8_lossy(&fs::read(file).unwrap()).into_owned());
    Ok(Ran { code, stdout, stderr })
}

fn judge(row: &Row, job: &str, exit: i32, ran: &Ran) -> Result<(), String> {
    let all = format!("{}{}", ran.stdout, ran.stderr);
    if ran.code != Some(exit) {
        return Err(format!("exit code {:?}, expected {exit}", ran.code));
    }
    let is_hit = all.contains("hit, sha256:") || all.contains("nothing is missing of 1 image") || (job == "pull" && exit == 0);
    let is_miss = all.contains(": miss") || all.contains("not in the registry");
    let outcome = if exit == 1 {
        "unknown"
    } else if is_miss {
        "miss"
    } else if is_hit {
        "hit"
    } else {
        "none"
    };
    if outcome != row.outcome {
        return Err(format!("outcome {outcome}"));
    }
    // What is wrong with a file is said of that one.
    let place = if row.fault.contains("half of") { "/client.cert: " } else { "/faults/app" };
    let says = outcome != "unknown" || (all.contains("error: ") && all.contains("help: ") && all.contains(place));
    match says && all.contains(&row.said) {
        true => Ok(()),
        false => Err(format!("not said: {}", row.said)),
    }
}

/// The rows of the document.
fn rows() -> Vec<Row> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reliability.md")).unwrap();
    let section = text.split("\n## Registry faults\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let lines = section.lines().filter(|line| line.starts_with("| ")).skip(2);
    lines.map(row).collect()
}

fn row(line: &str) -> Row {
    let cells: Vec<&str> = line.strip_prefix('|').and_then(|line| line.strip_suffix('|')).unwrap().split('|').map(str::trim).collect();
    let [fault, outcome, plan, build, pull, said] = cells[..] else { panic!("six cells expected: {line}") };
    let exits = [plan, build, pull].map(|cell| cell.parse().unwrap_or_else(|_| panic!("an exit code expected: {line}")));
    Row { fault: fault.to_owned(), outcome: outcome.to_owned(), exits, said: said.trim_matches('`').to_owned() }
}

fn project(folder: &Path, image: &str) {
    fs::write(folder.join("Dockerfile"), "FROM scratch\nCOPY a /a\n").unwrap();
    fs::write(folder.join("a"), "a").unwrap();
    fs::write(folder.join("compose.yaml"), format!("services: {{app: {{image: {image}, build: .}}}}\n")).unwrap();
}

/// Puts the image that is asked for into the registries.
fn provide(engine: &Engine, registries: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    project(folder.path(), "example/app");
    let ran = ended(Command::new(env!("CARGO_BIN_EXE_docktag")).arg("tag").current_dir(folder.path()).envs(&engine.env).output().unwrap());
    let tag = ran.ok().trim().rsplit(':').next().unwrap();
    for host in registries {
        registry::put(&format!("{host}/{}:{tag}", inject::THERE));
        registry::put(&format!("{host}/{}:another", inject::OTHER_TAG));
    }
}
