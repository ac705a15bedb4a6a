//! What `docs/reliability.md` promises, tried until it breaks: a few rounds in `make test`, many in `make torture`.
//!
//! `DOCKTAG_TORTURE=minutes` or `hours` says how long, or a number how many rounds; then each figure is also written down for the report
//! (`tests/reliability.py`). `DOCKTAG_SEED=7` begins with that seed.

mod changes;
mod compose_project;
mod faults;
mod hostile;
pub(crate) mod hosts;
mod judge;
mod killed;
mod layout;
#[path = "../../cli/support/obeyed.rs"]
mod obeyed;
mod registries;
mod same;
mod secrets;
mod servers;
pub(crate) mod sound;
mod sound_classic;
mod sound_compose;
mod sound_outside;
mod sound_own;
mod sound_sources;
mod together;
mod tree;
mod untrusted;

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::thread;

use libtest_mimic::Failed;
use serde_json::json;

use crate::Test;
use crate::engine::Engine;
use crate::project::Project;

pub(crate) fn tests() -> Vec<Test> {
    [
        sound::tests(),
        sound_compose::tests(),
        sound_sources::tests(),
        sound_own::tests(),
        sound_outside::tests(),
        sound_classic::tests(),
        faults::tests(),
        registries::tests(),
        untrusted::tests(),
        killed::tests(),
        hostile::tests(),
        secrets::tests(),
        together::tests(),
        same::tests(),
    ]
    .concat()
}

/// How often something is tried.
#[derive(Clone, Copy)]
pub(crate) struct Rounds {
    /// In `make test`.
    pub(crate) short: u64,
    /// In `make torture`.
    pub(crate) minutes: u64,
    /// In `make torture LENGTH=hours`.
    pub(crate) hours: u64,
}

impl Rounds {
    /// The number for this run.
    pub(crate) fn number(self) -> u64 {
        match std::env::var("DOCKTAG_TORTURE").as_deref() {
            Ok("hours") => self.hours,
            Ok("minutes") => self.minutes,
            Err(_) | Ok("") => self.short,
            Ok(other) => other.parse().unwrap_or_else(|_| panic!("DOCKTAG_TORTURE is `{other}`, expected `minutes`, `hours` or a number")),
        }
    }
}

/// The seed to begin with.
pub(crate) fn seed() -> u64 {
    std::env::var("DOCKTAG_SEED").map_or(1, |text| text.parse().unwrap_or_else(|_| panic!("DOCKTAG_SEED is `{text}`, expected a number")))
}

/// A Compose file of two images from one folder, in the repository of the project.
pub(crate) fn compose_file(project: &Project) {
    let image = &project.image;
    let text = format!(
        "services:\n  app: {{ image: '{image}', build: . }}\n  web: {{ image: '{image}:web', build: {{ context: ., dockerfile: web.Dockerfile }} }}\n"
    );
    fs::write(project.folder.join("compose.yaml"), text).unwrap();
}

/// What came of changes of random projects.
#[derive(Default)]
pub(crate) struct Counts {
    /// Projects that could be built.
    pub(crate) projects: u64,
    /// What was changed in them.
    pub(crate) changes: u64,
    /// Images that became others, and their tags too.
    pub(crate) other_image: u64,
    /// Images that stayed.
    pub(crate) same_image: u64,
    /// Tags that changed for an image that stayed.
    pub(crate) needless: u64,
    /// Images that became others with the same tag, where docktag says that it does not count what was changed.
    pub(crate) told: u64,
    /// Projects and changes that cannot be built.
    pub(crate) broken: u64,
    /// Images that became others while their tags stayed; the first ends the trial.
    pub(crate) wrong: u64,
}

impl Counts {
    /// Counts an image that became another one together with its tag, or stayed. `what` tells where a tag changed without need.
    pub(crate) fn add(&mut self, is_same_image: bool, is_same_tag: bool, what: impl FnOnce() -> String) {
        if !is_same_image {
            self.other_image += 1;
            return;
        }
        self.same_image += 1;
        self.needless += u64::from(!is_same_tag);
        if !is_same_tag && std::env::var_os("DOCKTAG_NEEDLESS").is_some() {
            println!("needless: {}", what());
        }
    }

    fn add_all(&mut self, other: &Self) {
        self.projects += other.projects;
        self.changes += other.changes;
        self.other_image += other.other_image;
        self.same_image += other.same_image;
        self.needless += other.needless;
        self.told += other.told;
        self.broken += other.broken;
        self.wrong += other.wrong;
    }
}

/// Tries one seed after the other, two at once, until that many changes were made: the engine works for one while the other prepares.
///
/// The trial gets the number of its thread, which of two nothing else uses meanwhile, and its seed. What came of all is recorded now and
/// then, so that a long run that is ended was not for nothing, and what the engine has built is removed, since it becomes slow with much.
pub(crate) fn two_at_once(
    engine: &Engine,
    wanted: u64,
    trial: impl Fn(usize, u64, &mut Counts) -> Result<(), Failed> + Sync,
    figure: impl Fn(&Counts) -> Figure,
) -> Result<(), Failed> {
    const AT_A_TIME: u64 = 250;
    let state = Mutex::new((seed(), Counts::default(), Ok(())));
    let work = |thread, until| loop {
        let seed = {
            let mut state = state.lock().unwrap();
            if state.1.changes >= until || state.2.is_err() {
                return;
            }
            state.0 += 1;
            state.0 - 1
        };
        let mut counts = Counts::default();
        let tried = trial(thread, seed, &mut counts);
        let mut state = state.lock().unwrap();
        let (_, all, result) = &mut *state;
        all.add_all(&counts);
        if tried.is_err() {
            all.wrong += 1;
            *result = tried;
        }
    };
    let work = &work;
    loop {
        let until = wanted.min(state.lock().unwrap().1.changes + AT_A_TIME);
        thread::scope(|scope| (0..2).for_each(|thread| drop(scope.spawn(move || work(thread, until)))));
        let (_, counts, result) = &*state.lock().unwrap();
        record(&figure(counts));
        if result.is_err() || counts.changes >= wanted {
            break;
        }
        engine.forget();
    }
    let (_, counts, result) = state.into_inner().unwrap();
    result?;
    assert!(counts.other_image > wanted / 8 && counts.same_image > wanted / 8, "the projects are too much alike to show anything");
    Ok(())
}

/// A figure of the report.
pub(crate) struct Figure {
    /// The promise that it belongs to, as `docs/reliability.md` names it: `Sound`.
    pub(crate) promise: &'static str,
    /// What was tried, and what would have been wrong: `changes of random projects where the image differs and the tag does not`.
    pub(crate) what: &'static str,
    /// How often.
    pub(crate) tried: u64,
    /// How often it was wrong.
    pub(crate) wrong: u64,
    /// What else is worth to be known; can be empty.
    pub(crate) also: String,
}

/// Prints a figure, and writes it down where a report is wanted.
pub(crate) fn record(figure: &Figure) {
    let Figure { promise, what, tried, wrong, also } = figure;
    println!("{promise}: {what}: {wrong} of {tried}{}{also}", if also.is_empty() { "" } else { "; " });
    if (Rounds { short: 0, minutes: 1, hours: 1 }).number() == 0 {
        return;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/torture");
    fs::create_dir_all(&folder).unwrap();
    let name: String = format!("{promise} {what}").chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(100).collect();
    let text = json!({ "promise": promise, "what": what, "tried": tried, "wrong": wrong, "also": also });
    fs::write(folder.join(format!("{name}.json")), format!("{text}\n")).unwrap();
}
