//! What is secret is seen by nobody who does not need it, whatever happens to a run.
//!
//! Passwords, tokens, build arguments and `secrets:` of a project are random texts. Runs of both hosts succeed and fail in many ways; meanwhile
//! the arguments and variables of every process are read, and afterwards all that was said, written and stored.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use libtest_mimic::Failed;
use rustix::process::{Pid, Signal, kill_process};

use crate::Test;
use crate::engine::{Engine, Needs};
use crate::login;
use crate::project::Project;
use crate::random::Random;
use crate::torture::hosts::{self, HOSTS, Host};
use crate::torture::{self, Figure, Rounds};

const ROUNDS: Rounds = Rounds { short: 6, minutes: 50, hours: 400 };

pub(crate) fn tests() -> Vec<Test> {
    vec![
        ("torture_what_is_secret_is_seen_by_nobody_who_does_not_need_it", Needs::Any, secrets),
        ("torture_a_program_that_crashes_leaves_no_memory_with_a_login", Needs::Any, crash),
    ]
}

/// What becomes of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    Built,
    Hit,
    BuildFails,
    PushFails,
    LoginRefused,
    RegistryDown,
    ComposeBroken,
    NoEngine,
    Interrupted,
}
const FATES: [Fate; 9] = [
    Fate::Built,
    Fate::Hit,
    Fate::BuildFails,
    Fate::PushFails,
    Fate::LoginRefused,
    Fate::RegistryDown,
    Fate::ComposeBroken,
    Fate::NoEngine,
    Fate::Interrupted,
];

fn secrets(engine: &Engine) -> Result<(), Failed> {
    let (seed, rounds) = (torture::seed(), ROUNDS.number());
    let mut random = Random::new(seed);
    let mut processes = 0;
    // In order, so that a few rounds have different ones, and both hosts come to all.
    for round in 0..rounds {
        let fate = FATES[((seed + round) % FATES.len() as u64) as usize];
        let host = HOSTS[((round / FATES.len() as u64 + round) % 2) as usize];
        let what = format!("seed {seed}, round {round}: {host:?}, {fate:?}");
        processes += try_run(engine, host, fate, &mut random).map_err(|wrong| format!("{what}: {wrong}"))?;
    }
    torture::record(&Figure {
        promise: "Secrets",
        what: "runs that succeed, fail or are interrupted, in which a password, token, build argument or secret was seen where it is not needed",
        tried: rounds,
        wrong: 0,
        also: format!("{} kinds of ends, {processes} processes looked at", FATES.len()),
    });
    Ok(())
}

/// The secrets of a project, and of whom they are.
struct Hidden {
    /// Given to docktag alone: the password, and forms of it; a token of another registry.
    given: Vec<String>,
    /// The project's own: a build argument, a file, a variable.
    project: Vec<String>,
}

/// How many processes were looked at.
fn try_run(engine: &Engine, host: Host, fate: Fate, random: &mut Random) -> Result<usize, String> {
    let mut project = login::project(engine);
    // The engine's own variables have the password too.
    project.env.retain(|name, _| !name.starts_with("ENGINE_"));
    let mut word = || format!("sec-{:x}-{:x}", random.below(1 << 40), random.below(1 << 40));
    let user = engine.get("ENGINE_REGISTRY_USER").to_owned();
    let mut password = engine.get("ENGINE_REGISTRY_PASS").to_owned();
    if matches!(fate, Fate::LoginRefused | Fate::RegistryDown | Fate::ComposeBroken | Fate::NoEngine) {
        password = format!("{}$'\"% ", word()).trim().to_owned();
    }
    let (token, argument, file, variable) = (word(), word(), word(), word());
    let delay = Duration::from_millis(random.below(1500));
    let hidden = Hidden {
        given: vec![password.clone(), STANDARD.encode(&password), STANDARD.encode(format!("{user}:{password}")), token.clone()],
        project: vec![argument.clone(), file.clone(), variable.clone()],
    };
    if fate == Fate::RegistryDown {
        // Nobody listens on port 1.
        project.image = format!("127.0.0.1:1/{}", project.image.rsplit('/').next().unwrap());
    }
    write(&project, fate, &argument, &file);
    project.env.insert("NPM_TOKEN".to_owned(), variable);
    let config = format!(r#"{{"auths":{{"other.example":{{"auth":"{}","identitytoken":"{token}"}}}}}}"#, STANDARD.encode("x:"));
    let config_file = PathBuf::from(&project.env["HOME"]).join(".docker/config.json");
    fs::write(&config_file, config).unwrap();
    let calls = wrap(&mut project, fate);
    if fate == Fate::NoEngine {
        project.env.insert("DOCKER_HOST".to_owned(), "unix:///nonexistent/docker.sock".to_owned());
    }

    let mut count = 0;
    let runs = if fate == Fate::Hit { 2 } else { 1 };
    for _ in 0..runs {
        let mut command = hosts::command(&project, host, "build", &[], Some((&user, &password)));
        if host == Host::Native {
            command.args(["-v", "--json"]);
        } else {
            command.envs([("RUNNER_DEBUG", "1"), ("ACTIONS_STEP_DEBUG", "true")]);
        }
        let (mut child, watched) = {
            let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            let watched = watch(&project, child.id());
            (child, watched)
        };
        let pipes = [drain(child.stdout.take().unwrap()), drain(child.stderr.take().unwrap())];
        if fate == Fate::Interrupted {
            thread::sleep(delay);
            kill_process(Pid::from_child(&child), Signal::INT).ok();
        }
        let code = child.wait().unwrap().code();
        let seen = watched.stop();
        let said: Vec<String> = pipes.into_iter().flat_map(|pipe| pipe.join()).collect();
        let expected = match fate {
            Fate::Built | Fate::Hit => code == Some(0),
            Fate::Interrupted => matches!(code, Some(0 | 130) | None),
            _ => matches!(code, Some(1 | 2)),
        };
        if !expected {
            return Err(format!("exit code {code:?}\n{}", said.concat()));
        }
        count += seen.len();
        for text in &seen {
            none_of(&hidden.given, text).map_err(|secret| format!("{secret} in a process: {text}"))?;
            // Compose needs the variables that the project names; no argument has them.
            let arguments = text.split('\n').next().unwrap();
            none_of(&hidden.project, arguments).map_err(|secret| format!("{secret} in arguments: {arguments}"))?;
        }
        let shown: String =
            said.concat().lines().filter(|line| !line.starts_with("::add-mask::")).map(|line| format!("{line}\n")).collect();
        for text in [&shown, &hosts::written(&project)] {
            none_of(&hidden.given, text)
                .and_then(|()| none_of(&hidden.project, text))
                .map_err(|secret| format!("{secret} was said:\n{text}"))?;
        }
    }
    for file in files(&calls) {
        let text = fs::read_to_string(&file).unwrap_or_default();
        none_of(&hidden.given, &text).map_err(|secret| format!("{secret} was given to a program: {text}"))?;
        let (arguments, _) = text.split_once("\n\n").unwrap_or_default();
        none_of(&hidden.project, arguments).map_err(|secret| format!("{secret} was given as argument: {arguments}"))?;
    }
    let own = ["compose.yaml", ".env", "token.txt"].map(|name| project.folder.join(name));
    for path in files(project.around()).into_iter().filter(|path| !own.contains(path) && *path != config_file) {
        let text = String::from_utf8_lossy(&fs::read(&path).unwrap_or_default()).into_owned();
        none_of(&hidden.given, &text)
            .and_then(|()| none_of(&hidden.project, &text))
            .map_err(|secret| format!("{secret} is left in {}", path.display()))?;
    }
    stored(engine, &project, &hidden)?;
    Ok(count)
}

fn write(project: &Project, fate: Fate, argument: &str, file: &str) {
    fs::remove_dir_all(&project.folder).unwrap();
    fs::create_dir(&project.folder).unwrap();
    let put = |name: &str, text: &str| fs::write(project.folder.join(name), text).unwrap();
    let broken = if fate == Fate::ComposeBroken { "  web: { image: x, build: . , nonsense: ${API_TOKEN} }\n" } else { "" };
    put(
        "compose.yaml",
        &format!(
            "services:\n  app:\n    image: '{}'\n    build:\n      context: .\n      args: {{ API_TOKEN: '${{API_TOKEN}}', DATABASE_PASSWORD: '{argument}' }}\n      secrets: [file, variable]\n{broken}secrets:\n  file: {{ file: token.txt }}\n  variable: {{ environment: NPM_TOKEN }}\n",
            project.image
        ),
    );
    put(".env", &format!("API_TOKEN={argument}\n"));
    put("token.txt", file);
    put(".dockerignore", "token.txt\n.env\ncompose.yaml\n");
    put("marker", &project.image);
    let end = if fate == Fate::BuildFails { "COPY --from=first /missing /\n" } else { "" };
    put(
        "Dockerfile",
        &format!("FROM scratch AS first\nCOPY marker /\nFROM scratch\nARG API_TOKEN\nARG DATABASE_PASSWORD\nCOPY marker /\n{end}"),
    );
}

/// Programs on PATH that write down what they were given and become the real ones; the folder of what they wrote.
fn wrap(project: &mut Project, fate: Fate) -> tempfile::TempDir {
    let calls = tempfile::tempdir().unwrap();
    let bin = project.around().join("bin");
    fs::create_dir(&bin).unwrap();
    let log = calls.path().display();
    for name in ["docker", "git", "docker-compose"] {
        let real = project.shell(&format!("command -v {name}")).stdout;
        if real.is_empty() {
            continue;
        }
        let fail = if fate == Fate::PushFails { "case \" $* \" in *' push '*) echo denied >&2; exit 1;; esac\n" } else { "" };
        let text = format!(
            "#!/bin/sh\n{{ echo \"$0 $*\"; echo; cat /proc/$$/environ | tr '\\0' '\\n'; }} >'{log}'/$$\n{fail}exec {} \"$@\"\n",
            real.trim()
        );
        fs::write(bin.join(name), text).unwrap();
        fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = format!("{}:{}", bin.display(), project.env.get("PATH").cloned().unwrap_or_else(|| std::env::var("PATH").unwrap()));
    project.env.insert("PATH".to_owned(), path);
    calls
}

/// Looks at the processes of a project until it is told to stop.
struct Watch {
    stop: Arc<AtomicBool>,
    seen: thread::JoinHandle<BTreeSet<String>>,
}

impl Watch {
    fn stop(self) -> BTreeSet<String> {
        self.stop.store(true, Ordering::Relaxed);
        self.seen.join().unwrap()
    }
}

/// Arguments, and on the next line the variables, of every process of the project; the run itself has its login in a variable.
fn watch(project: &Project, run: u32) -> Watch {
    let stop = Arc::new(AtomicBool::new(false));
    let (until, variable) = (Arc::clone(&stop), format!("TMPDIR={}", project.env["TMPDIR"]));
    let seen = thread::spawn(move || {
        let mut seen = BTreeSet::new();
        let read = |id: &str, name: &str| {
            String::from_utf8_lossy(&fs::read(format!("/proc/{id}/{name}")).unwrap_or_default()).replace(['\0', '\n'], " ")
        };
        // Who has only just become a program has no arguments for a moment.
        let own = (0..1000).map(|_| read(&run.to_string(), "cmdline")).find(|own| !own.is_empty()).unwrap_or_default();
        while !until.load(Ordering::Relaxed) {
            for entry in fs::read_dir("/proc").unwrap().flatten() {
                let id = entry.file_name().to_string_lossy().into_owned();
                // In this order: who is between `fork` and `exec` still has the arguments and variables of the run.
                let (arguments, environment) = (read(&id, "cmdline"), read(&id, "environ"));
                if environment.contains(&variable) {
                    let is_run = id == run.to_string() || arguments == own;
                    seen.insert(format!("{arguments}\n{}", if is_run { "" } else { &environment }));
                }
            }
            thread::sleep(Duration::from_millis(2));
        }
        seen
    });
    Watch { stop, seen }
}

fn drain(mut pipe: impl std::io::Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut text = Vec::new();
        pipe.read_to_end(&mut text).ok();
        String::from_utf8_lossy(&text).into_owned()
    })
}

/// What the registry keeps of this project: no layer of the engine's has the project's secrets, and no text of ours.
fn stored(engine: &Engine, project: &Project, hidden: &Hidden) -> Result<(), String> {
    let folder = Path::new(engine.get("ENGINE_REGISTRY_LOG")).parent().unwrap().with_file_name("registry-auth");
    let recent = |path: &PathBuf| {
        fs::metadata(path).and_then(|it| it.modified()).is_ok_and(|time| time.elapsed().is_ok_and(|age| age < Duration::from_secs(120)))
    };
    for path in files(&folder).into_iter().filter(recent).filter(|path| path.ends_with("data")) {
        let mut text = String::new();
        let Ok(_) = fs::File::open(&path).unwrap().take(1 << 20).read_to_string(&mut text) else { continue };
        // A project's own ARG is in the image's history, where the engine puts it.
        let ours = if text.contains("\"rootfs\"") { &[][..] } else { &hidden.project };
        none_of(&hidden.given, &text)
            .and_then(|()| none_of(ours, &text))
            .map_err(|secret| format!("{secret} was stored for {}: {text}", project.image))?;
    }
    Ok(())
}

fn files(folder: impl AsRef<Path>) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => found.extend(files(entry.path())),
            Ok(kind) if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
    found
}

fn none_of(secrets: &[String], text: &str) -> Result<(), String> {
    secrets.iter().find(|secret| text.contains(*secret)).map_or(Ok(()), |secret| Err(secret.clone()))
}

/// Where the system writes what a program had in memory when it crashed, it finds none of ours to write.
fn crash(engine: &Engine) -> Result<(), Failed> {
    let project = login::project(engine);
    let pattern = fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap_or_default();
    if pattern.starts_with('|') || pattern.contains('/') {
        println!("not tried: memory goes to {}", pattern.trim());
        return Ok(());
    }
    let program = env!("CARGO_BIN_EXE_docktag");
    let lines = format!(
        "ulimit -c unlimited 2>/dev/null; head -c 2000000000 /dev/zero >docker/large; '{program}' tag --path docker & sleep 0.3; kill -ABRT $!; wait $!; echo $?; ls | grep -c ^core"
    );
    let ran = project.shell(&lines);
    assert_eq!(ran.stdout, "134\n0\n", "{}", ran.stderr);
    Ok(())
}
