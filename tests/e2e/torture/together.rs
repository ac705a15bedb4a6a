//! Nobody is alone on a machine: other runs, full disks, folders that cannot be written, files that are edited. The result is right, or the error is clear.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use libtest_mimic::Failed;

use crate::Test;
use crate::engine::{Engine, Needs};
use crate::login;
use crate::project::{Project, Ran, copy, ended};
use crate::random::Random;
use crate::registry::{self, digest};
use crate::torture::hosts::{self, HOSTS, Host};
use crate::torture::{self, Figure, Rounds};

const ROUNDS: Rounds = Rounds { short: 7, minutes: 50, hours: 400 };

pub(crate) fn tests() -> Vec<Test> {
    vec![("torture_on_a_crowded_machine_the_result_is_right_or_the_error_clear", Needs::Any, together)]
}

type Trouble = fn(&Engine, &mut Random) -> Result<bool, String>;

/// Each says whether every run of it ended well; a wrong result, or an error that is not clear, is a mistake.
const TROUBLES: [(&str, Trouble); 7] = [
    ("runs at once", at_once),
    ("a tag that is deleted before the pull", deleted),
    ("a full disk", full),
    ("a project that cannot be written", read_only),
    ("files that are edited all the time", edited),
    ("no HOME", homeless),
    ("two jobs with a login on one runner", two_jobs),
];

fn together(engine: &Engine) -> Result<(), Failed> {
    let (seed, rounds) = (torture::seed(), ROUNDS.number());
    let mut random = Random::new(seed);
    let mut well = 0;
    for round in 0..rounds {
        let (name, trouble) = TROUBLES[(round % TROUBLES.len() as u64) as usize];
        well += u64::from(trouble(engine, &mut random).map_err(|wrong| format!("seed {seed}, round {round}, {name}: {wrong}"))?);
    }
    torture::record(&Figure {
        promise: "Together",
        what: "runs beside others, on a full disk, in a project that is edited or cannot be written, without HOME, whose result was wrong or whose error was not clear",
        tried: rounds,
        wrong: 0,
        also: format!("{} kinds of trouble; {well} ended well, the others with a clear error", TROUBLES.len()),
    });
    Ok(())
}

/// The same project in several folders, and one that shares an image with it, all with one HOME and one TMPDIR.
fn at_once(engine: &Engine, random: &mut Random) -> Result<bool, String> {
    let project = Project::empty(engine);
    write(&project, random);
    let count = if ROUNDS.number() > 20 { 10 } else { 4 };
    let mut folders = vec![project.folder.clone()];
    for index in 1..count {
        let folder = project.around().join(format!("copy{index}"));
        copy(&project.folder, &folder);
        if index % 3 == 0 {
            fs::write(folder.join("second"), format!("{index}")).unwrap();
        }
        folders.push(folder);
    }
    let start = |folder: &PathBuf| {
        let host = *random.pick(&HOSTS);
        hosts::command(&project, host, "build", &[], None).current_dir(folder).spawn().unwrap()
    };
    let children: Vec<_> = folders.iter().map(start).collect();
    for ran in children.into_iter().map(|child| ended(child.wait_with_output().unwrap())).collect::<Vec<_>>() {
        if ran.code != Some(0) {
            return Err(said(&ran));
        }
    }
    for folder in &folders {
        is_right(&project, folder, None)?;
    }
    nothing_left(&project)?;
    Ok(true)
}

fn deleted(engine: &Engine, random: &mut Random) -> Result<bool, String> {
    let project = Project::empty(engine);
    write(&project, random);
    run(&project, *random.pick(&HOSTS), "build").map_err(|ran| said(&ran))?;
    let image = images(&project, &project.folder).remove(0);
    let found = digest(&image, None).ok_or("was not pushed")?;
    let (host, rest) = image.split_once('/').unwrap();
    let url = format!("http://{host}/v2/{}/manifests/{found}", rest.rsplit_once(':').unwrap().0);
    let pull = hosts::command(&project, *random.pick(&HOSTS), "pull", &[], None).spawn().unwrap();
    thread::sleep(Duration::from_millis(random.below(400)));
    let status = project.shell(&format!("curl -s -o /dev/null -w '%{{http_code}}' -X DELETE {url}")).stdout;
    let first = ended(pull.wait_with_output().unwrap());
    if status != "202" {
        return Err(format!("the registry does not delete: {status}"));
    }
    if first.code != Some(0) {
        is_clear(&first)?;
    }
    match run(&project, *random.pick(&HOSTS), "pull") {
        Err(ran) if ran.code == Some(3) => is_clear(&ran)?,
        Ok(ran) | Err(ran) => return Err(format!("the image is gone: {}", said(&ran))),
    }
    // Who builds again has it again.
    run(&project, *random.pick(&HOSTS), "build").map_err(|ran| said(&ran))?;
    is_right(&project, &project.folder, None)?;
    Ok(first.code == Some(0))
}

/// A few kilobytes for temporary files, or for those of the runner.
fn full(engine: &Engine, random: &mut Random) -> Result<bool, String> {
    let mut project = Project::empty(engine);
    write(&project, random);
    let place = project.around().join("small");
    fs::create_dir(&place).unwrap();
    let Some(_mount) = Mount::make(
        &["-t", "tmpfs", "-o", &format!("size={}k,nr_inodes={}", 4 * (1 + random.below(6)), 3 + random.below(30)), "tmpfs"],
        &place,
    ) else {
        return Ok(true);
    };
    // What is left is anything between nothing and all.
    fs::write(place.join("filler"), vec![0; 1024 * random.below(28) as usize]).ok();
    project.env.insert("TMPDIR".to_owned(), place.to_string_lossy().into_owned());
    let ran = run(&project, *random.pick(&HOSTS), "build");
    match ran {
        Ok(_) => is_right(&project, &project.folder, None).map(|()| true),
        Err(ran) => is_clear(&ran).map(|()| false),
    }
}

fn read_only(engine: &Engine, random: &mut Random) -> Result<bool, String> {
    let project = Project::empty(engine);
    write(&project, random);
    let folder = project.folder.to_string_lossy().into_owned();
    let Some(_mount) = Mount::make(&["--bind", &folder], &project.folder) else { return Ok(true) };
    project.shell(&format!("mount -o remount,ro,bind '{folder}'")).ok();
    if fs::write(project.folder.join("x"), "").is_ok() {
        return Err("it can be written".to_owned());
    }
    run(&project, *random.pick(&HOSTS), "build").map_err(|ran| said(&ran))?;
    run(&project, *random.pick(&HOSTS), "pull").map_err(|ran| said(&ran))?;
    is_right(&project, &project.folder, None)?;
    Ok(true)
}

/// Two files are written anew all the time, one after the other: what is pushed is what its tag says, of whichever moment.
fn edited(engine: &Engine, random: &mut Random) -> Result<bool, String> {
    let project = Project::empty(engine);
    write(&project, random);
    let stop = Arc::new(AtomicBool::new(false));
    let (until, folder, pause) = (Arc::clone(&stop), project.folder.clone(), Duration::from_millis(1 + random.below(700)));
    let editor = thread::spawn(move || {
        let mut number = 0_u64;
        while !until.load(Ordering::Relaxed) {
            for name in ["first", "second"] {
                number += 1;
                fs::write(folder.join(name), format!("{number}")).unwrap();
                thread::sleep(pause);
            }
        }
    });
    let ran = run(&project, *random.pick(&HOSTS), "build");
    stop.store(true, Ordering::Relaxed);
    editor.join().unwrap();
    let well = match ran {
        Ok(_) => true,
        Err(ran) => {
            is_clear(&ran)?;
            false
        }
    };
    for image in pushed(&project) {
        for name in ["first", "second"] {
            let content = registry::file(&image, None, name).ok_or("it went away")?;
            fs::write(project.folder.join(name), content).unwrap();
        }
        if !images(&project, &project.folder).contains(&image) {
            return Err(format!("{image} has files of which the tag is another: {:?}", images(&project, &project.folder)));
        }
    }
    Ok(well)
}

fn homeless(engine: &Engine, random: &mut Random) -> Result<bool, String> {
    let mut project = Project::empty(engine);
    write(&project, random);
    project.env.remove("HOME");
    run(&project, *random.pick(&HOSTS), "build").map_err(|ran| said(&ran))?;
    run(&project, *random.pick(&HOSTS), "pull").map_err(|ran| said(&ran))?;
    is_right(&project, &project.folder, None)?;
    Ok(true)
}

/// Two jobs, each with its own checkout, in one HOME with one place for temporary files; one gives the right login and one a wrong one.
fn two_jobs(engine: &Engine, random: &mut Random) -> Result<bool, String> {
    let project = login::project(engine);
    fs::remove_dir_all(&project.folder).unwrap();
    fs::create_dir(&project.folder).unwrap();
    write(&project, random);
    let other = project.around().join("other");
    copy(&project.folder, &other);
    fs::write(other.join("first"), "other").unwrap();
    let (user, password) = (engine.get("ENGINE_REGISTRY_USER"), engine.get("ENGINE_REGISTRY_PASS"));
    let right = hosts::command(&project, *random.pick(&HOSTS), "build", &[], Some((user, password))).spawn().unwrap();
    let wrong = hosts::command(&project, *random.pick(&HOSTS), "build", &[], Some((user, "wrong"))).current_dir(&other).spawn().unwrap();
    let (right, wrong) = (ended(right.wait_with_output().unwrap()), ended(wrong.wait_with_output().unwrap()));
    if right.code != Some(0) || wrong.code != Some(1) {
        return Err(format!("{}\n{}", said(&right), said(&wrong)));
    }
    is_clear(&wrong)?;
    is_right(&project, &project.folder, Some(&login::user(engine)))?;
    if digest(&images(&project, &other)[0], Some(&login::user(engine))).is_some() {
        return Err("who has no login has pushed".to_owned());
    }
    nothing_left(&project)?;
    Ok(true)
}

/// A project that no other round has.
fn write(project: &Project, random: &mut Random) {
    let put = |name: &str, text: &str| fs::write(project.folder.join(name), text).unwrap();
    torture::compose_file(project);
    put("Dockerfile", "FROM scratch\nCOPY first /\nCOPY second /\n");
    put("web.Dockerfile", "FROM scratch\nCOPY second first /\n");
    for name in ["first", "second"] {
        put(name, &random.below(1 << 40).to_string());
    }
}

fn run(project: &Project, host: Host, job: &str) -> Result<Ran, Ran> {
    let ran = ended(hosts::command(project, host, job, &[], None).output().unwrap());
    if ran.code == Some(0) { Ok(ran) } else { Err(ran) }
}

/// The images of the project as it is in a folder.
fn images(project: &Project, folder: &Path) -> Vec<String> {
    let mut command = project.command(env!("CARGO_BIN_EXE_docktag"));
    let ran = ended(command.args(["tag", "-C"]).arg(folder).output().unwrap());
    ran.ok().lines().map(|line| line.split_once('\t').unwrap().1.to_owned()).collect()
}

/// The registry has the images of this folder, with its files.
fn is_right(project: &Project, folder: &Path, user: Option<&str>) -> Result<(), String> {
    for image in images(project, folder) {
        for name in ["first", "second"] {
            let (found, wanted) = (registry::file(&image, user, name), fs::read_to_string(folder.join(name)).unwrap());
            if found.as_ref() != Some(&wanted) {
                return Err(format!("{image} has {found:?} as {name}, not {wanted:?}"));
            }
        }
    }
    Ok(())
}

/// What the registry has under hash tags of the project.
fn pushed(project: &Project) -> Vec<String> {
    let (host, name) = project.image.split_once('/').unwrap();
    let list = project.shell(&format!("curl -s http://{host}/v2/{name}/tags/list")).stdout;
    let list: serde_json::Value = serde_json::from_str(&list).unwrap_or_default();
    let tags = list["tags"].as_array().cloned().unwrap_or_default();
    let is_hash = |tag: &str| tag.trim_start_matches("web-").len() == 32;
    tags.iter().filter_map(|tag| tag.as_str()).filter(|tag| is_hash(tag)).map(|tag| format!("{}:{tag}", project.image)).collect()
}

/// An exit code that is documented, what happened, and what to do; no defect shows.
fn is_clear(ran: &Ran) -> Result<(), String> {
    let text = format!("{}{}", ran.stdout, ran.stderr);
    let is_defect = ["panicked", ".js:", "defect in docktag", "unreachable executed"].iter().any(|word| text.contains(word));
    match matches!(ran.code, Some(1..=3)) && text.contains("error: ") && text.contains("help: ") && !is_defect {
        true => Ok(()),
        false => Err(format!("not clear: {}", said(ran))),
    }
}

fn nothing_left(project: &Project) -> Result<(), String> {
    let left: Vec<String> = project.left_over().into_iter().filter(|name| name.starts_with("docktag-run-")).collect();
    if left.is_empty() { Ok(()) } else { Err(format!("left: {left:?}")) }
}

fn said(ran: &Ran) -> String {
    format!("exit code {:?}\n{}{}", ran.code, ran.stdout, ran.stderr)
}

/// A mount that goes with the value.
pub(crate) struct Mount(PathBuf);

impl Mount {
    /// `None` where this user may not mount.
    pub(crate) fn make(arguments: &[&str], place: &Path) -> Option<Self> {
        let made = Command::new("mount").args(arguments).arg(place).output().is_ok_and(|output| output.status.success());
        made.then(|| Mount(place.to_owned()))
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        Command::new("umount").arg("-l").arg(&self.0).output().ok();
    }
}
