//! What a build of a Dockerfile's target can read: files, images, addresses, arguments.
//!
//! rule: buildkit `frontend/dockerfile/dockerfile2llb/convert.go`.

mod args;
mod check;
mod copy;
mod epoch;
mod graph;
mod platform;
pub mod remote;
mod run;
mod scope;
mod select;
mod state;

use std::rc::Rc;

use crate::dockerfile::Dockerfile;
use crate::error::{Code, Error, Result};
use crate::map::{Map, Set};

pub use platform::Platform;
pub use select::{Picked, PickedKind, Selection, select};

/// What is built.
#[derive(Debug, Clone, Copy)]
pub struct Build<'a> {
    /// The Dockerfile.
    pub dockerfile: &'a Dockerfile,
    /// The stage to build; the last one where none is named.
    pub target: Option<&'a str>,
    /// The build arguments that are given.
    pub args: &'a Map<String, String>,
    /// The platform to build for, such as `linux/arm64`; the one that is built on where there is none.
    pub platform: Option<&'a str>,
    /// The platform that is built on (`BUILDPLATFORM`), such as `linux/amd64`.
    pub build_platform: &'a str,
    /// The named contexts (`additional_contexts`, `--build-context`).
    pub contexts: &'a Map<String, NamedContext>,
    /// What is known of base images, by their normalised references. An image that is not here may set any variable.
    pub images: &'a Map<String, ImageConfig>,
}

/// What a named context is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamedContext {
    /// A folder beside the main context.
    Local,
    /// An image.
    Image(String),
    /// A repository or an address.
    Remote(String),
    /// The image of another service, or anything else that an image can come out of.
    Other,
}

/// The part of an image's configuration that a Dockerfile built on it depends on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImageConfig {
    /// `Env`: names and values.
    pub env: Vec<(String, String)>,
    /// `OnBuild`.
    pub onbuild: Vec<String>,
    /// `WorkingDir`.
    pub workdir: String,
}

/// What a build can read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reach {
    /// What of the main context and of named local ones is read.
    pub sources: Vec<Source>,
    /// Why the whole main context counts, where it does for another reason than that it is copied. `sources` has it too.
    pub whole: Option<Why>,
    /// The images that are pulled, each once.
    pub bases: Vec<Base>,
    /// What `ADD` and contexts fetch from elsewhere.
    pub remotes: Vec<Remote>,
    /// The given build arguments that can change the image, by name.
    pub args: Vec<(String, String)>,
    /// The stages that are built, by their places in the Dockerfile.
    pub stages: Vec<usize>,
}

/// Why everything counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// Another program reads the Dockerfile.
    Syntax {
        /// The image that reads it.
        image: String,
    },
    /// A source has a variable that the base image may set.
    Variable {
        /// The source, as written.
        source: String,
        /// Its line.
        line: u32,
    },
}

/// A part of a local context that is read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// The named context; none for the main one.
    pub context: Option<String>,
    /// The path below the context, without `.` and `..`; empty for all of it.
    pub path: String,
    /// How it is read.
    pub kind: Kind,
    /// The patterns of `--exclude`.
    pub exclude: Rc<[String]>,
    /// The line in the Dockerfile.
    pub line: u32,
    /// Whether it is an error if a path without wildcards is not there.
    pub required: bool,
    /// `ADD` of an archive puts in what is in the archive.
    pub unpack: bool,
}

/// How a part of a context is read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `COPY` and `ADD`: the path can have wildcards.
    Copy,
    /// `COPY --parents`: what matches `pattern` below `root`.
    Parents {
        /// The part of the path in front of `/./`; it can have wildcards.
        root: String,
        /// The rest: a pattern as in `.dockerignore`.
        pattern: String,
    },
    /// `RUN --mount`: exactly this path.
    Mount,
    /// Asked for and then not read: a mount of memory, an `ADD` of `git://`.
    Unread,
}

/// An image that is pulled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// The reference, with registry and tag.
    pub reference: String,
    /// The platform, where `--platform` names one.
    pub platform: Option<String>,
    /// The first line that needs it.
    pub line: u32,
    /// It reads the Dockerfile (`# syntax=`) and is not part of the image.
    pub syntax: bool,
}

/// Something that is fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// The address, as written and expanded.
    pub address: String,
    /// A git repository, otherwise a file.
    pub git: bool,
    /// A checksum or commit says what it is, so that it cannot change.
    pub pinned: bool,
    /// The line in the Dockerfile; 0 for a context.
    pub line: u32,
}

/// Finds what a build can read.
///
/// ```
/// use docktag::dockerfile::Dockerfile;
/// use docktag::map::Map;
/// use docktag::reach::{Build, reach};
///
/// let dockerfile = Dockerfile::parse(b"FROM golang AS dev\nCOPY . .\nFROM scratch\nCOPY app.conf /etc/\n", None)?;
/// let build = Build {
///     dockerfile: &dockerfile,
///     target: None,
///     args: &Map::new(),
///     platform: None,
///     build_platform: "linux/amd64",
///     contexts: &Map::new(),
///     images: &Map::new(),
/// };
/// let reach = reach(&build)?;
/// assert_eq!(reach.sources[0].path, "app.conf");
/// assert!(reach.bases.is_empty(), "nothing of the stage dev is needed");
/// # Ok::<(), docktag::error::Error>(())
/// ```
///
/// # Errors
/// [`Code::DockerfileInvalid`] with the line, for what BuildKit refuses before it runs anything.
pub fn reach(build: &Build<'_>) -> Result<Reach> {
    let mut reach = Reach::default();
    if let Some(syntax) = &build.dockerfile.syntax {
        let image = base_of(&syntax.image, None, syntax.line)?;
        reach.bases.push(Base { syntax: true, ..image });
        if !syntax.known {
            opaque(build, &syntax.image, &mut reach);
            return Ok(reach);
        }
    }
    let mut graph = graph::Graph::new(build)?;
    reach.remotes.extend(epoch::source(&graph)?);
    let target = graph.target(build.target)?;
    graph.connect()?;
    graph.resolve(target, &mut reach)?;
    run::run(&mut graph, target, &mut reach)?;
    reach.bases = each_once(&reach.bases);
    reach.args = used_args(build, &graph.names_in_use());
    reach.stages = graph.reached_stages();
    Ok(reach)
}

/// The images by their names, each where the first line needs it.
fn each_once(bases: &[Base]) -> Vec<Base> {
    let mut first: Map<String, usize> = Map::new();
    for (place, base) in bases.iter().enumerate() {
        let key = format!("{} {} {}", base.reference, base.platform.as_deref().unwrap_or_default(), base.syntax);
        let there = first.get(&key).and_then(|&there| bases.get(there));
        if there.is_none_or(|there| base.line < there.line) {
            first.insert(key, place);
        }
    }
    first.values().filter_map(|&place| bases.get(place).cloned()).collect()
}

/// Anything can be an input: the contexts, the arguments, whatever the named contexts lead to.
fn opaque(build: &Build<'_>, image: &str, reach: &mut Reach) {
    reach.whole = Some(Why::Syntax { image: image.to_owned() });
    reach.sources.push(Source::all(None, 1));
    let more = unknown(build.args, build.contexts);
    reach.sources.extend(more.sources);
    reach.bases.extend(more.bases);
    reach.remotes.extend(more.remotes);
    reach.args = more.args;
}

/// Returns what a build can read beside its main context if its Dockerfile is not known: all arguments, and everything that named contexts lead
/// to.
pub fn unknown(args: &Map<String, String>, contexts: &Map<String, NamedContext>) -> Reach {
    let mut reach = Reach { args: args.iter().map(|(name, value)| (name.clone(), value.clone())).collect(), ..Reach::default() };
    for (name, context) in contexts {
        match context {
            NamedContext::Local => reach.sources.push(Source::all(Some(name.clone()), 1)),
            NamedContext::Image(reference) => reach.bases.extend(base_of(reference, None, 0).ok()),
            NamedContext::Remote(address) => reach.remotes.push(Remote::context(address)),
            NamedContext::Other => {}
        }
    }
    reach
}

impl Remote {
    /// A context that is fetched.
    pub fn context(address: &str) -> Self {
        remote::of_context(address)
    }
}

impl Source {
    /// A whole context.
    pub fn all(context: Option<String>, line: u32) -> Self {
        Source { context, path: String::new(), kind: Kind::Mount, exclude: Rc::new([]), line, required: true, unpack: false }
    }
}

/// The given arguments that count: those in use, and those that BuildKit itself looks at. Proxies reach every `RUN` without an `ARG`, and the
/// triggers of a base image (`ONBUILD`) can have one that is not seen here.
fn used_args(build: &Build<'_>, in_use: &Set<String>) -> Vec<(String, String)> {
    let counts = |name: &str| in_use.contains_key(name) || name.starts_with("BUILDKIT_") || name == "SOURCE_DATE_EPOCH" || is_proxy(name);
    build.args.iter().filter(|(name, _)| counts(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// rule: `proxyEnvFromBuildArgs`: BuildKit gives these to every `RUN`, and they are no part of its own cache key.
fn is_proxy(name: &str) -> bool {
    matches!(name.to_ascii_lowercase().as_str(), "http_proxy" | "https_proxy" | "ftp_proxy" | "no_proxy" | "all_proxy")
}

fn base_of(reference: &str, platform: Option<&Platform>, line: u32) -> Result<Base> {
    let reference = normalized(reference).map_err(|error| error.line(line))?;
    Ok(Base { reference, platform: platform.map(Platform::to_string), line, syntax: false })
}

/// A reference with its registry, and with a tag where it has neither tag nor digest (rule: distribution/reference `TagNameOnly`).
pub(crate) fn normalized(reference: &str) -> Result<String> {
    let parsed =
        crate::image::Reference::parse(reference).map_err(|error| invalid(format!("`{reference}` is not an image: {}", error.message)))?;
    if parsed.digest.as_deref().is_some_and(|digest| check::digest(digest).is_err()) {
        return Err(invalid(format!("`{reference}` has a digest of an unknown kind")));
    }
    let tag = match (&parsed.tag, &parsed.digest) {
        (Some(tag), _) => format!(":{tag}"),
        (None, None) => ":latest".to_owned(),
        (None, Some(_)) => String::new(),
    };
    let digest = parsed.digest.map(|digest| format!("@{digest}")).unwrap_or_default();
    Ok(format!("{}/{}{tag}{digest}", parsed.repository.registry(), parsed.repository.path()))
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(Code::DockerfileInvalid, message)
}

/// An absolute path without `.`, `..` and empty parts, and without the slash in front: `path.Join("/", path)`.
fn clean(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests;
