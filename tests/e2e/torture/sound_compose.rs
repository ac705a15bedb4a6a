//! A tag never lies, for Compose projects: where Compose builds another image of a service, the service's tag is another one.
//!
//! Random projects of two to four services are built by the real Compose; then one thing is changed at a time, and both are asked again.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use libtest_mimic::Failed;

use crate::Test;
use crate::engine::{Engine, Needs};
use crate::random::Random;
use crate::torture::compose_project::Project;
use crate::torture::judge;
use crate::torture::{self, Counts, Figure, Rounds};

/// Changes of one project before the next is made.
const CHANGES: u64 = 12;
const ROUNDS: Rounds = Rounds { short: 24, minutes: 200, hours: 1_500 };

pub(crate) fn tests() -> Vec<Test> {
    vec![("torture_sound_where_compose_builds_another_image_the_tag_of_its_service_is_another_one", Needs::Any, sound)]
}

fn sound(engine: &Engine) -> Result<(), Failed> {
    let wanted = ROUNDS.number();
    torture::two_at_once(engine, wanted, |thread, seed, counts| try_project(engine, thread, seed, counts), figure)
}

fn figure(counts: &Counts) -> Figure {
    Figure {
        promise: "Sound",
        what: "changes of random Compose projects where the image of a service differs and its tag does not",
        tried: counts.changes,
        wrong: counts.wrong,
        also: format!(
            "{} projects; {} images became others and so did their tags, {} stayed with their tags, {} were given another tag without need; {} projects and changes could not be built",
            counts.projects,
            counts.other_image,
            counts.same_image - counts.needless,
            counts.needless,
            counts.broken,
        ),
    }
}

fn try_project(engine: &Engine, thread: usize, seed: u64, counts: &mut Counts) -> Result<(), Failed> {
    let mut random = Random::new(seed);
    let folder = tempfile::Builder::new().prefix("docktag-sound-").tempdir().unwrap();
    let mut project = Project::new(&mut random, thread);
    let Some(mut images) = build(engine, &project, folder.path())? else {
        counts.broken += 1;
        return Ok(());
    };
    let mut tags = tags(engine, &project, folder.path())
        .map_err(|said| format!("seed {seed}: Compose builds this, docktag says {said}\n{project}"))?;
    counts.projects += 1;
    for _ in 0..CHANGES {
        let before = project.clone();
        let what = project.change(&mut random);
        counts.changes += 1;
        let Some(other_images) = build(engine, &project, folder.path())? else {
            counts.broken += 1;
            project = before;
            continue;
        };
        let other_tags = self::tags(engine, &project, folder.path())
            .map_err(|said| format!("seed {seed}: {what}: Compose builds this, docktag says {said}\n{project}"))?;
        for (service, image) in &other_images {
            let Some(tag) = other_tags.get(service) else {
                return Err(format!("seed {seed}: {what}: Compose builds {service}, and docktag has no tag for it\n{project}").into());
            };
            // A service that a profile had left out has nothing to compare with.
            let (Some(image_before), Some(tag_before)) = (images.get(service), tags.get(service)) else { continue };
            match (image == image_before, tag == tag_before) {
                (false, true) if judge::content(engine, image)? == judge::content(engine, image_before)? => counts.same_image += 1,
                (false, true) => {
                    return Err(format!(
                        "seed {seed}: {what} gives {service} another image with the same tag\n=== before\n{before}\n=== after\n{project}"
                    )
                    .into());
                }
                (image, tag) => counts.add(image, tag, || format!("seed {seed}: {service}: {what}\n{project}\n")),
            }
        }
        (images, tags) = (other_images, other_tags);
    }
    Ok(())
}

/// Service and the engine's name for its image, with its settings; `None` where Compose cannot build the project.
fn build(engine: &Engine, project: &Project, folder: &Path) -> Result<Option<BTreeMap<String, String>>, Failed> {
    project.write(folder);
    let run = |arguments: &[String]| {
        let mut command = Command::new("docker");
        command.args(arguments).current_dir(folder).envs(&engine.env).envs(&project.outer);
        command.env("BUILDX_NO_DEFAULT_ATTESTATIONS", "1").output().unwrap()
    };
    let built = run(&["compose", "build", "--quiet"].map(str::to_owned));
    if !built.status.success() {
        if std::env::var_os("DOCKTAG_BROKEN").is_some() {
            println!("broken: {}\n", String::from_utf8_lossy(&built.stderr).trim());
        }
        return Ok(None);
    }
    let services = project.active();
    if services.is_empty() {
        return Ok(None);
    }
    let mut inspect = ["image", "inspect", "--format", "{{.Id}} {{json .Config}}"].map(str::to_owned).to_vec();
    inspect.extend(services.iter().map(|service| project.image(service)));
    let ids = run(&inspect);
    if !ids.status.success() {
        let said = [built.stderr, ids.stderr].concat();
        return Err(format!("Compose did not build all of {services:?}: {}\n{project}", String::from_utf8_lossy(&said)).into());
    }
    let ids = String::from_utf8(ids.stdout).unwrap();
    Ok(Some(services.into_iter().zip(ids.lines().map(str::to_owned)).collect()))
}

/// Service and tag, as docktag has them.
fn tags(engine: &Engine, project: &Project, folder: &Path) -> Result<BTreeMap<String, String>, String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_docktag"));
    let output = command.arg("tag").current_dir(folder).envs(&engine.env).envs(&project.outer).output().unwrap();
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let text = String::from_utf8(output.stdout).unwrap();
    // One service alone is printed without its name.
    let name = |line: &str| line.split_once('\t').map(|(service, image)| (service.to_owned(), image.to_owned()));
    let only = project.active().first().cloned().unwrap_or_default();
    Ok(text.lines().map(|line| name(line).unwrap_or_else(|| (only.clone(), line.to_owned()))).collect())
}
