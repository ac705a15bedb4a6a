//! One service on the way to its manifest: what its build is, and what that reaches.

use crate::compose::paths::{self, is_fetched};
use crate::compose::project::{Build, Project, Service};
use crate::digest::digest;
use crate::dockerfile::Dockerfile;
use crate::error::{Code, Error, Result};
use crate::ignore;
use crate::job::checkout::Git;
use crate::job::named::Named;
use crate::job::outside::Outside;
use crate::job::place::Places;
use crate::job::sources;
use crate::manifest::File;
use crate::map::Map;
use crate::note;
use crate::options::Options;
use crate::path::RelPath;
use crate::platform;
use crate::reach::remote::without_login;
use crate::reach::{self, Base, NamedContext, Reach, Remote, Source};

/// Keys of `build:` that never change what is built, or that stand in lines of their own.
const NEUTRAL: [&str; 6] = ["cache_from", "cache_to", "tags", "no_cache", "pull", "ssh"];
/// Tells BuildKit where to put the cache, and nothing else.
const INLINE_CACHE: &str = "BUILDKIT_INLINE_CACHE";

/// The text of a Dockerfile and where it stands.
pub(super) struct Text {
    /// In the manifest; `None` where it stands in the Compose file.
    pub(super) path: Option<String>,
    pub(super) bytes: Vec<u8>,
}

impl Text {
    /// The word that begins an instruction's line, in capitals.
    pub(super) fn instruction(&self, line: u32) -> String {
        let text = String::from_utf8_lossy(&self.bytes);
        let index = (line as usize).saturating_sub(1);
        text.lines().nth(index).and_then(|line| line.split_whitespace().next()).unwrap_or_default().to_ascii_uppercase()
    }
}

/// A service with everything that can be said of it without looking into contexts.
pub(super) struct Draft<'a> {
    pub(super) service: &'a Service,
    pub(super) text: Text,
    /// The Dockerfile as messages name it.
    pub(super) place: String,
    /// What its build reaches, for all its platforms together.
    pub(super) reach: Reach,
    /// Lines of the manifest.
    pub(super) notes: Vec<Vec<u8>>,
    /// The services that it takes images of, by the names that it knows them under.
    pub(super) own: Vec<Own>,
    /// The images that come from elsewhere.
    pub(super) strangers: Vec<Base>,
    /// The folders that are read: the name (none for the main one) and the place in manifests.
    pub(super) folders: Vec<(Option<String>, String)>,
    /// The platforms that it is built for, sorted.
    pub(super) platforms: Vec<String>,
}

/// An image of this project that another one is built with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Own {
    pub(super) name: String,
    pub(super) service: String,
    /// Whether the Compose file names the service itself.
    pub(super) is_given: bool,
}

/// The candidates for a service's Dockerfile, as they are in a manifest; none if it is inline, or in a context that is fetched.
pub(super) fn dockerfile_candidates(places: &Places, build: &Build) -> Vec<String> {
    // rule: Buildx `build/opt.go`, `loadInputs`: an absolute path is local, also if the context is not.
    let is_local = |file: &&String| build.dockerfile_inline.is_none() && (!is_fetched(&build.context) || file.starts_with('/'));
    let Some(file) = build.dockerfile.as_ref().filter(is_local) else {
        return Vec::new();
    };
    let mut files = vec![places.in_manifest(&paths::absolute(&build.context, file))];
    if file == "Dockerfile" {
        // rule: buildkit `frontend/dockerui/config.go`: only this name has a second one.
        files.push(places.in_manifest(&paths::absolute(&build.context, "dockerfile")));
    }
    files
}

/// The candidates for the ignore file of one of a service's folders, as the host names them.
pub(super) fn ignore_candidates(places: &Places, draft: &Draft<'_>, name: Option<&str>, folder: &str) -> Vec<String> {
    let context = name.and_then(|name| draft.service.build.as_ref()?.additional_contexts.get(name));
    let own = match (name, &draft.text.path) {
        // No ignore file is read in an image layout.
        _ if context.is_some_and(|context| layout(context).is_some()) => Vec::new(),
        (None, Some(dockerfile)) => ignore::candidates(dockerfile, folder).to_vec(),
        _ => ignore::candidates("", folder)[1..].to_vec(),
    };
    own.iter().map(|file| places.of_host(file)).collect()
}

/// What the drafts of a project share.
pub(super) struct Shared<'a, 'b> {
    pub(super) options: &'b Options,
    pub(super) places: &'b Places,
    pub(super) project: &'a Project,
    pub(super) named: &'b Named<'a>,
    pub(super) outside: &'b Outside,
}

/// Reads a service's Dockerfile, and finds what its build reaches.
pub(super) fn draft<'a>(shared: &Shared<'a, '_>, service: &'a Service, build: &'a Build, text: Text) -> Result<Draft<'a>> {
    let Shared { options, places, project, named, outside } = *shared;
    let inline = || format!("service `{}`: dockerfile_inline", service.name);
    let place = text.path.as_ref().map_or_else(inline, |path| places.shown(path));
    let at = |error: Error| if error.place.is_none() { error.at(&place) } else { error };
    let platforms = platforms(options, service, build)?;
    let build_platform = platform::of_machine(&options.host.architecture);
    let (contexts, mut own) = contexts(named, service, build);
    let is_remote = is_fetched(&build.context);
    let is_known = text.path.is_some() || build.dockerfile_inline.is_some() || !is_remote;
    let mut reach = match is_known {
        // The Dockerfile is fetched with the context.
        false => reach::unknown(&outside.with_args(build, None), &contexts),
        true => {
            let syntax = build.args.get("BUILDKIT_SYNTAX").map(String::as_str);
            let dockerfile = Dockerfile::parse(&text.bytes, syntax).map_err(at)?;
            let is_read_by_buildkit = dockerfile.syntax.as_ref().is_none_or(|syntax| syntax.known);
            let args = outside.with_args(build, is_read_by_buildkit.then_some(&text.bytes));
            let mut all: Option<Reach> = None;
            for platform in &platforms {
                let found = reach::reach(&reach::Build {
                    dockerfile: &dockerfile,
                    target: build.target.as_deref(),
                    args: &args,
                    platform: Some(platform),
                    build_platform: &build_platform,
                    contexts: &contexts,
                    images: &Map::new(),
                })
                .map_err(at)?;
                all = Some(match all {
                    None => found,
                    Some(others) => union(others, found),
                });
            }
            with_onbuild(all.unwrap_or_default())
        }
    };
    if is_remote && (!is_known || reach.sources.iter().any(|source| source.context.is_none())) {
        reach.remotes.push(Remote::context(&build.context));
    }
    // A digest says what the layout contains.
    let layouts = build.additional_contexts.iter().filter(|(_, value)| layout(value).is_some_and(|(_, rest)| !rest.contains('@')));
    reach.sources.extend(layouts.map(|(name, _)| Source::all(Some(name.clone()), 0)));
    let strangers = without_own(named, service, &reach.bases, &mut own);
    let mut notes = notes(options, places, build, &text, &reach, &platforms);
    sources::check(project, service)?;
    notes.extend(sources::notes(options, places, project, build));
    notes.extend(outside.notes(options.algorithm));
    let mut folders = Vec::new();
    for source in &reach.sources {
        let path = match &source.context {
            None if is_remote => continue,
            None => Some(build.context.clone()),
            Some(name) => build.additional_contexts.get(name).map(|value| match layout(value) {
                Some((folder, _)) => paths::absolute(&options.host.folder, folder),
                None => value.clone(),
            }),
        };
        if let Some(path) = path
            && !folders.iter().any(|(known, _)| *known == source.context)
        {
            folders.push((source.context.clone(), places.in_manifest(&path)));
        }
    }
    Ok(Draft { service, text, place, reach, notes, own, strangers, folders, platforms })
}

impl Draft<'_> {
    /// The Dockerfile as a line of the manifest.
    pub(super) fn dockerfile(&self, options: &Options, places: &Places, git: Option<&Git>) -> Option<File> {
        let path = self.text.path.as_ref()?;
        let bytes = match git {
            Some(git) => &git.text(&RelPath::new(places.of_host(path).as_bytes()), &self.text.bytes),
            None => &self.text.bytes,
        };
        Some(File { path: RelPath::new(path.as_bytes()), digest: digest(options.algorithm, bytes) })
    }
}

/// The platforms that a service is built for.
fn platforms(options: &Options, service: &Service, build: &Build) -> Result<Vec<String>> {
    let given = match (&build.platforms, &service.platform) {
        (list, _) if !list.is_empty() => list.clone(),
        (_, Some(platform)) => vec![platform.clone()],
        (_, None) => return Ok(vec![options.default_platform()?]),
    };
    let at = |error: Error| match &service.build_place {
        Some(place) => error.at(&place.file).line(place.line),
        None => error,
    };
    let mut platforms = given.iter().map(|text| platform::parse(text).map_err(at)).collect::<Result<Vec<_>>>()?;
    platforms.sort_unstable();
    platforms.dedup();
    Ok(platforms)
}

/// The named contexts, and which of them are images of other services.
fn contexts(named: &Named<'_>, service: &Service, build: &Build) -> (Map<String, NamedContext>, Vec<Own>) {
    let mut own = Vec::new();
    let mut contexts = Map::new();
    for (name, value) in &build.additional_contexts {
        let context = if let Some(service) = value.strip_prefix("service:") {
            own.push(Own { name: name.clone(), service: service.to_owned(), is_given: true });
            NamedContext::Other
        } else if let Some(image) = value.strip_prefix("docker-image://") {
            match named.built_as(image, service) {
                Some(service) => {
                    own.push(Own { name: name.clone(), service: service.name.clone(), is_given: false });
                    NamedContext::Other
                }
                None => NamedContext::Image(image.to_owned()),
            }
        } else if layout(value).is_some() {
            NamedContext::Other
        } else if is_fetched(value) {
            NamedContext::Remote(value.clone())
        } else {
            NamedContext::Local
        };
        contexts.insert(name.clone(), context);
    }
    (contexts, own)
}

const LAYOUT: &str = "oci-layout://";

/// Returns the folder of an image layout, and the tag and digest behind it; `None` if the context is not a layout.
///
/// rule: Buildx `build/opt.go`, `loadInputs`.
fn layout(context: &str) -> Option<(&str, &str)> {
    let rest = context.strip_prefix(LAYOUT)?;
    let end = rest.find([':', '@']).unwrap_or(rest.len());
    Some(rest.split_at(end))
}

/// The images that are not built here; those that are, are added to `own`.
fn without_own(named: &Named<'_>, service: &Service, bases: &[Base], own: &mut Vec<Own>) -> Vec<Base> {
    let mut strangers = Vec::new();
    for base in bases {
        let Some(built) = named.built_as(&base.reference, service) else {
            strangers.push(base.clone());
            continue;
        };
        let name = familiar(&base.reference);
        if !base.syntax && !own.iter().any(|own| own.name == name) {
            own.push(Own { name, service: built.name.clone(), is_given: false });
        }
    }
    strangers
}

/// A reference as people write it, which is how builds know an image: without Docker Hub's parts and without `:latest`
/// (rule: buildkit `frontend/dockerui/namedcontext.go`).
pub(super) fn familiar(reference: &str) -> String {
    let short = reference.strip_prefix("docker.io/").map(|rest| rest.strip_prefix("library/").unwrap_or(rest)).unwrap_or(reference);
    short.strip_suffix(":latest").unwrap_or(short).to_owned()
}

/// What counts for several platforms.
fn union(mut all: Reach, more: Reach) -> Reach {
    for source in more.sources {
        if !all.sources.contains(&source) {
            all.sources.push(source);
        }
    }
    all.whole = all.whole.or(more.whole);
    for base in more.bases {
        if !all.bases.contains(&base) {
            all.bases.push(base);
        }
    }
    for remote in more.remotes {
        if !all.remotes.contains(&remote) {
            all.remotes.push(remote);
        }
    }
    all.args.extend(more.args);
    all.args.sort_unstable();
    all.args.dedup();
    all
}

/// The instructions that a base image hands on (`ONBUILD`) can copy anything; they are not known without the registry. By custom such images
/// say so in their tags.
fn with_onbuild(mut reach: Reach) -> Reach {
    if let Some(base) = reach.bases.iter().find(|base| base.reference.rsplit('/').next().is_some_and(|name| name.contains("onbuild"))) {
        reach.sources.push(Source::all(None, base.line));
    }
    reach
}

/// Everything that is neither a file nor an image.
fn notes(options: &Options, places: &Places, build: &Build, text: &Text, reach: &Reach, platforms: &[String]) -> Vec<Vec<u8>> {
    let algorithm = options.algorithm;
    let mut notes: Vec<Vec<u8>> = platforms.iter().map(|platform| note::platform(platform)).collect();
    notes.extend(build.target.iter().map(|target| note::target(target)));
    let counts = |name: &String| name != INLINE_CACHE && !options.ignored_args.contains(name);
    notes.extend(reach.args.iter().filter(|(name, _)| counts(name)).map(|(name, value)| note::arg(algorithm, name, value)));
    let context = if is_fetched(&build.context) { without_login(&build.context) } else { places.in_manifest(&build.context) };
    if context != "." {
        notes.push(note::context(&context));
    }
    match (&text.path, &build.dockerfile_inline, &build.dockerfile) {
        (_, Some(inline), _) => notes.push(note::build(algorithm, "dockerfile_inline", inline)),
        (Some(path), ..) if *path != default_dockerfile(&context) => notes.push(note::dockerfile(path)),
        (None, None, Some(file)) => notes.push(note::dockerfile(file)),
        _ => {}
    }
    let mut keyed = |key: &str, value: &str| notes.push(note::build(algorithm, key, value));
    if !build.additional_contexts.is_empty() {
        let value = |value: &String| match layout(value) {
            Some((folder, rest)) => format!("{LAYOUT}{}{rest}", places.in_manifest(&paths::absolute(&options.host.folder, folder))),
            None if value.starts_with('/') => places.in_manifest(value),
            None => without_login(value),
        };
        let contexts: Vec<(&str, String)> = build.additional_contexts.iter().map(|(name, it)| (name.as_str(), value(it))).collect();
        keyed("additional_contexts", &named_contexts(&contexts));
    }
    for (key, value) in build.other.iter().filter(|(key, _)| !NEUTRAL.contains(&key.as_str())) {
        keyed(key, &serde_json::to_string(value).unwrap_or_default());
    }
    notes.extend(options.salt.iter().map(|salt| note::salt(algorithm, salt)));
    notes
}

/// The named contexts as one text, which no two sets of them share: `NAME=VALUE` lines, or JSON behind a line break if a name or a value could be
/// read in another way.
fn named_contexts(contexts: &[(&str, String)]) -> String {
    let is_plain = |name: &str, value: &str| !name.contains(['=', '\n']) && !value.contains('\n');
    match contexts.iter().all(|(name, value)| is_plain(name, value)) {
        true => contexts.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("\n"),
        false => format!("\n{}", serde_json::to_string(contexts).unwrap_or_default()),
    }
}

fn default_dockerfile(context: &str) -> String {
    if context == "." { "Dockerfile".to_owned() } else { format!("{context}/Dockerfile") }
}

/// No Dockerfile where one was expected.
pub(super) fn no_dockerfile(places: &Places, service: &Service, candidates: &[String]) -> Error {
    let place = candidates.first().map(|file| places.shown(file)).unwrap_or_default();
    let error = Error::new(Code::DockerfileMissing, "no such Dockerfile").at(place);
    match &service.build_place {
        Some(place) => error.help(format!(
            "service `{}` names it at {}:{}: mend `build.dockerfile` or `build.context` there, or is the checkout incomplete?",
            service.name, place.file, place.line
        )),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_sets_of_named_contexts_never_have_one_text() {
        let sets: [&[(&str, &str)]; 6] = [
            &[("a", "b"), ("c", "d")],
            &[("a", "b\nc=d")],
            &[("a=b\nc", "d")],
            &[("a", "b=c")],
            &[("a=b", "c")],
            &[("", "[[\"a=b\",\"c\"]]")],
        ];
        let texts = sets.map(|set| named_contexts(&set.iter().map(|(name, value)| (*name, (*value).to_owned())).collect::<Vec<_>>()));
        assert_eq!(texts[0], "a=b\nc=d");
        for (index, text) in texts.iter().enumerate() {
            assert!(!texts[..index].contains(text), "{text:?}");
        }
    }
}
