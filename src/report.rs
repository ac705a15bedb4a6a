//! What a job has to say: notes while it runs, a report at its end.

use std::rc::Rc;

use serde::Serialize;
use serde_json::Value;

use crate::digest::Algorithm;
use crate::error::Error;
use crate::options::Job;
use crate::path::RelPath;

/// One thing said while a job runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// How much it matters.
    pub level: Level,
    /// One line: the place first, then what there is to say.
    pub text: String,
}

/// How much a note matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Shown with `-v` only.
    Detail,
    /// Shown.
    Info,
    /// Shown, and marked as a warning.
    Warning,
}

impl Note {
    /// A note for `-v`.
    pub fn detail(text: impl Into<String>) -> Self {
        Note { level: Level::Detail, text: text.into() }
    }

    /// A note that everybody sees.
    pub fn info(text: impl Into<String>) -> Self {
        Note { level: Level::Info, text: text.into() }
    }

    /// A warning.
    pub fn warning(text: impl Into<String>) -> Self {
        Note { level: Level::Warning, text: text.into() }
    }
}

/// What came of a job: all of it, or what there is to tell although it failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Which job.
    pub job: Job,
    /// The tag: the digest of the manifest. Empty where there are several images: each has its own then.
    pub tag: String,
    /// The hash it was made with.
    pub algorithm: Algorithm,
    /// `repository:tag`, where the repository is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Whether every image was there already; absent for jobs that do not ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hit: Option<bool>,
    /// Why nothing was pushed, where that was not asked for; absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unpushed: Option<String>,
    /// The images.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<TargetReport>,
    /// With `--dry-run`: what would have been done.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub planned: Vec<Planned>,
    /// The recipe's variables for later steps, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<Variable>,
    /// Files that are on disk with other line ends than in git, and count as they are in git.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub altered: Vec<RelPath>,
    /// Of `plan`: the jobs that build what is missing, as GitHub takes them for `strategy.matrix`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matrix: Option<Value>,
    /// With `--refresh`: the period that counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
    /// The manifest's text, where one was asked for or there is but one; not in JSON, since file names need not be.
    #[serde(skip)]
    pub manifest: Vec<u8>,
    /// The result of `inputs` and `model`: for people, and as JSON.
    #[serde(skip)]
    pub document: Option<Box<Document>>,
    /// Why the job failed all the same: what it found out is told, and then this. Results have it as `error`, beside what is here.
    #[serde(skip)]
    pub failure: Option<Error>,
}

impl Report {
    /// The exit code: 0, or that of the failure.
    pub fn exit(&self) -> u8 {
        self.failure.as_ref().map_or(0, |error| error.code.exit())
    }
}

/// A result that is a document of its own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Document {
    /// For people.
    pub text: Vec<u8>,
    /// For scripts.
    pub json: String,
    /// For a job summary; empty where it has no place there.
    pub markdown: String,
}

/// One image and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TargetReport {
    /// The services that use it.
    pub services: Vec<String>,
    /// `repository:tag`.
    pub image: String,
    /// The digest of its manifest, with which its tag ends.
    pub tag: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Its digest in the registry, where it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Of `plan`: the platforms that it is for; none where they are not known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub platforms: Vec<String>,
    /// Of `plan`: those of them that the registry has.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub present: Vec<String>,
    /// Of `plan`: the images of this project that it is built with; they stand before it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// Why it is not known whether it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How long it took to find or to provide, in milliseconds; images that are built in one go share the time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub milliseconds: Option<u64>,
    /// The size of its layers as they are moved (compressed), where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// The moving tag and what became of it; absent where there is none or it was left alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moving: Option<Moving>,
    /// The project's own tags (`build.tags`) and what became of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Moving>,
    /// Where it was missing: what has changed since the last build, in a few lines; empty where that is not known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub why: Vec<String>,
    /// The images of this project that the Compose file names as contexts of its build (`service:base`), by the names of these contexts.
    #[serde(skip)]
    pub contexts: Vec<(String, String)>,
    /// The text of its manifest; not in JSON, since file names need not be.
    #[serde(skip)]
    pub manifest: Rc<[u8]>,
}

/// What became of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It has a name; nobody was asked for it.
    Named,
    /// It was in the registry.
    Hit,
    /// It was missing; it was built and pushed.
    Pushed,
    /// It was built, and not pushed because that was asked for.
    Built,
    /// It is on the engine now.
    Pulled,
    /// It is missing, and would be built.
    Missing,
    /// Whether it is there could not be found out.
    Unknown,
    /// Its platforms were there, each by itself; they were put together under its tag.
    Joined,
}

/// A moving tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moving {
    /// `repository:ci`.
    pub image: String,
    /// What became of it.
    pub outcome: Moved,
}

/// What became of a moving tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Moved {
    /// It pointed there already.
    Already,
    /// It points there now.
    Moved,
    /// It could not be moved; a warning said why.
    Failed,
}

/// Something that `--dry-run` left undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Planned {
    /// Why it would be done.
    pub because: String,
    /// What would be done, as a shell line where it is a program.
    pub action: String,
}

/// A variable for later steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}
