//! Files that never end, and names that somebody has planted in a shared folder for temporary files.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::time::{Duration, Instant};

use libtest_mimic::Failed;

use super::attack::{Run, compose, ended, held, project, put, said};
use crate::engine::Engine;
use crate::torture::hosts::{HOSTS, Host};

/// How each file is read: its name, the job with its options, and more of the Compose file.
type Reading = (&'static str, &'static str, &'static [(&'static str, &'static str)], &'static str);
const READINGS: [Reading; 14] = [
    ("Dockerfile", "tag", &[], ""),
    ("Dockerfile", "build", &[], ""),
    (".dockerignore", "tag", &[], ""),
    ("Dockerfile.dockerignore", "tag", &[], ""),
    ("compose.yaml", "tag", &[], ""),
    ("compose.yaml", "why", &[], ""),
    ("compose.override.yaml", "plan", &[], ""),
    (".env", "tag", &[], ""),
    ("other.env", "tag", &[("env-file", "other.env")], ""),
    ("other.yaml", "tag", &[], "include: [other.yaml]\n"),
    ("other.yaml", "tag", &[], "  web: { extends: { file: other.yaml, service: app } }\n"),
    ("manifest.txt", "why", &[("against", "manifest.txt")], ""),
    ("manifest.txt", "tag", &[("path", "."), ("reuse", "manifest.txt")], ""),
    ("event.json", "build", &[], ""),
];
/// Some seconds for a slow machine; the file would never end.
const SOON: Duration = Duration::from_secs(30);

pub(super) fn endless(engine: &Engine) -> Result<(), Failed> {
    let mut count = 0;
    let mut longest = Duration::ZERO;
    for host in HOSTS {
        for (name, job, options, more) in READINGS {
            for kind in ["mkfifo", "ln -s /dev/zero", "truncate -s 20G"] {
                let project = project(engine, "");
                let text = fs::read_to_string(project.folder.join("compose.yaml")).unwrap();
                put(&project, "compose.yaml", text + more);
                project.shell(&format!("rm -f {name}; {kind} {name}")).ok();
                let event = project.folder.join("event.json");
                let env = [("GITHUB_EVENT_NAME", "pull_request"), ("GITHUB_EVENT_PATH", event.to_str().unwrap())];
                let env = if name == "event.json" { &env[..] } else { &[] };
                let what = format!("{host:?} {job} {options:?}: {kind} {name}");
                let start = Instant::now();
                let ran = Run { options, env, limit: SOON, ..Run::of(job) }.on(&project, host);
                longest = longest.max(start.elapsed());
                // Compose, which takes the project down in the end, would wait for ever.
                fs::remove_file(project.folder.join(name)).unwrap();
                assert!(matches!(ran.code, Some(1 | 2)), "{what}: {:?}\n{}", ran.code, said(&ran));
                assert!(said(&ran).contains(name), "{what}: the file is not named\n{}", said(&ran));
                count += 1;
            }
        }
    }
    println!("the longest run took {} ms", longest.as_millis());
    held("files", count);
    Ok(())
}

/// Another user of the machine knows the names of files, and has made them first.
pub(super) fn planted(engine: &Engine) -> Result<(), Failed> {
    const EVIL: &str = "services: { app: { image: evil } }\n";
    let mut count = 0;
    for host in HOSTS {
        let project = project(engine, "");
        let shared = Path::new(&project.env["TMPDIR"]).to_path_buf();
        fs::set_permissions(&shared, fs::Permissions::from_mode(0o1777)).unwrap();
        let variables = project.around().join("variables");
        fs::write(&variables, "").unwrap();
        let env = [("GITHUB_ACTIONS", "true"), ("GITHUB_ENV", variables.to_str().unwrap()), ("RUNNER_TEMP", shared.to_str().unwrap())];
        // What the program writes for later steps, the action writes with every job.
        let job = if host == Host::Native { "env" } else { "build" };
        let write = || ended(&Run { env: &env, ..Run::of(job) }.on(&project, host), 0, "");
        project.plain(&["build"]).ok();
        write();
        let name = later(&shared).unwrap_or_else(|| panic!("{host:?}: no Compose file for later steps"));
        let honest = fs::read_to_string(shared.join(&name)).unwrap();
        assert!(honest.contains(&project.image), "{honest}");
        let victim = project.around().join("victim");

        for kind in ["link", "broken link", "hard link", "open file", "file of another user", "folder of a run", "link to a folder"] {
            fs::remove_file(shared.join(&name)).ok();
            fs::write(&victim, "precious").unwrap();
            let run = shared.join("docktag-run-aaaaaa");
            match kind {
                "link" => symlink(&victim, shared.join(&name)).unwrap(),
                "broken link" => symlink(project.around().join("made"), shared.join(&name)).unwrap(),
                "hard link" => fs::hard_link(&victim, shared.join(&name)).unwrap(),
                "open file" => {
                    fs::write(shared.join(&name), EVIL).unwrap();
                    fs::set_permissions(shared.join(&name), fs::Permissions::from_mode(0o666)).unwrap();
                }
                "file of another user" => {
                    fs::write(shared.join(&name), EVIL).unwrap();
                    // Only root can give a file away.
                    std::os::unix::fs::chown(shared.join(&name), Some(65534), None).ok();
                }
                "folder of a run" => {
                    // It looks abandoned, and leads elsewhere.
                    fs::create_dir(&run).unwrap();
                    symlink(project.around(), run.join("alive")).unwrap();
                }
                _ => {
                    fs::remove_dir_all(&run).ok();
                    symlink(project.around(), &run).unwrap();
                }
            }
            write();
            let what = format!("{host:?}: {kind}");
            let written = fs::symlink_metadata(shared.join(&name)).unwrap();
            assert!(written.is_file() && written.nlink() == 1, "{what}");
            assert_eq!(written.permissions().mode() & 0o777, 0o600, "{what}");
            assert_eq!(written.uid(), rustix::process::geteuid().as_raw(), "{what}");
            assert_eq!(fs::read_to_string(shared.join(&name)).unwrap(), honest, "{what}");
            assert_eq!(fs::read_to_string(&victim).unwrap(), "precious", "{what}");
            assert!(!project.around().join("made").exists() && project.folder.join("compose.yaml").exists(), "{what}");
            count += 1;
        }
        fs::remove_file(shared.join("docktag-run-aaaaaa")).unwrap();

        // A new build writes its files for Compose where nobody else can read them, even if a new file is open to everybody.
        put(&project, "a", format!("{host:?} again"));
        compose(&project, &project.image, "");
        let bin = project.around().join("bin");
        fs::create_dir(&bin).unwrap();
        let real = project.shell("command -v docker").stdout;
        let seen = project.around().join("seen");
        let wrapper = format!(
            "#!/bin/sh\nstat -c '%a %u %n' {0}/docktag-run-*  {0}/docktag-run-*/* >>{1} 2>/dev/null\nexec {2} \"$@\"\n",
            shared.display(),
            seen.display(),
            real.trim()
        );
        fs::write(bin.join("docker"), wrapper).unwrap();
        fs::set_permissions(bin.join("docker"), fs::Permissions::from_mode(0o755)).unwrap();
        let path = format!("{}:{}", bin.display(), project.env.get("PATH").cloned().unwrap_or_else(|| std::env::var("PATH").unwrap()));
        let before = rustix::process::umask(rustix::fs::Mode::empty());
        let ran = Run { env: &[&env[..], &[("PATH", &path)]].concat(), ..Run::of("build") }.on(&project, host);
        rustix::process::umask(before);
        ended(&ran, 0, "pushed");
        let seen = fs::read_to_string(&seen).unwrap();
        assert!(seen.contains("docktag.override.yml"), "{host:?}: {seen}");
        for line in seen.lines() {
            let mode = line.split(' ').next().unwrap();
            let is_folder = line.rsplit('/').next().unwrap().starts_with("docktag-run-");
            assert!(mode == if is_folder { "700" } else { "600" } || line.ends_with("/alive"), "{host:?}: {line}");
        }
        count += 1;
    }
    held("files", count);
    Ok(())
}

/// The name of the Compose file for later steps.
fn later(folder: &Path) -> Option<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.into_iter().find(|name| name.starts_with("docktag-") && name.ends_with(".compose.yml"))
}
