//! Why something counts for a service, or why not: the line of the Dockerfile that reads it, the line of the ignore file that leaves it out.

use crate::diff::NoteDiff;
use crate::job::draft::{Draft, Own, familiar};
use crate::job::look::Looked;
use crate::job::place::below;
use crate::job::services::Found;
use crate::path::RelPath;
use crate::reach::Why;
use crate::tree::{Folder, Node};

/// The reasons of one service. What is large in it is shared.
pub(super) struct Reasons {
    pub(super) service: String,
    dockerfile: Option<RelPath>,
    /// Where the sources stand, in their order.
    sources: Vec<(String, u32)>,
    /// The folders that are read, by their places in manifests.
    folders: Vec<(String, Looked)>,
    /// Kind, name and place of what is no file.
    notes: Vec<(&'static str, String, String)>,
    /// Where the Compose file says how it is built.
    compose: Option<String>,
    /// The services whose images it is built with, by the names that it knows them under.
    pub(super) own: Vec<Own>,
}

/// What becomes of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// It counts: why, and the line of the Dockerfile.
    Counts(String, Option<u32>),
    /// It is a folder: how many files and links in it count, and how many do not.
    Folder(usize, usize),
    /// A line of an ignore file leaves it out.
    Ignored(String, Option<u32>),
    /// The builder sees it, and no instruction reads it.
    NotRead,
    /// A socket, pipe or device, which no image can have.
    Special,
    /// It is in none of the folders that are read.
    Outside,
    /// It would be in a folder that is read, and is not there.
    Absent,
}

impl Reasons {
    /// The reasons of the service of a draft.
    pub(super) fn new(found: &Found<'_>, index: usize) -> Self {
        let draft = &found.drafts[index];
        let (file, reach) = (file(draft), &draft.reach);
        let sources = reach.sources.iter().map(|source| (why(draft, source.line), source.line)).collect();
        let looked = found.looked[index].iter().cloned();
        let folders = draft.folders.iter().map(|(_, folder)| folder.clone()).zip(looked).collect();
        let mut notes = args(file, &draft.text.bytes);
        for base in &reach.bases {
            let place = format!("{} at {file}:{}", draft.text.instruction(base.line), base.line);
            notes.push(("image", familiar(&base.reference), place.clone()));
            notes.push(("base", familiar(&base.reference), place));
        }
        let remotes = reach.remotes.iter().filter(|remote| remote.line > 0);
        notes.extend(remotes.map(|remote| ("remote", remote.address.clone(), format!("at {file}:{}", remote.line))));
        let compose = draft.service.build_place.as_ref().map(|place| format!("{}:{}", place.file, place.line));
        let dockerfile = found.dockerfiles[index].as_ref().map(|file| file.path.clone());
        Reasons { service: draft.service.name.clone(), dockerfile, sources, folders, notes, compose, own: draft.own.clone() }
    }

    /// What becomes of a path, as it stands in a manifest.
    pub(super) fn fate(&self, path: &RelPath) -> Fate {
        let mut fate = Fate::Outside;
        for (folder, looked) in &self.folders {
            let Some(inside) = inside(folder, path) else { continue };
            match self.fate_in(looked, &inside) {
                counts @ Fate::Counts(..) => return counts,
                // Folders can lie in each other: what says most wins.
                other if matches!(fate, Fate::Outside | Fate::Absent) => fate = other,
                _ => {}
            }
        }
        match (&self.dockerfile, fate) {
            (Some(dockerfile), _) if dockerfile == path => Fate::Counts("the Dockerfile".to_owned(), None),
            // It counts whether it is copied or not.
            (Some(dockerfile), Fate::Folder(counting, others)) if is_in(dockerfile, path) && !self.is_copied(dockerfile) => {
                Fate::Folder(counting + 1, others.saturating_sub(1))
            }
            (_, fate) => fate,
        }
    }

    fn is_copied(&self, path: &RelPath) -> bool {
        let is_in = |(folder, looked): &(String, Looked)| {
            inside(folder, path).is_some_and(|inside| looked.selection.picked.binary_search_by(|it| it.path.cmp(&inside)).is_ok())
        };
        self.folders.iter().any(is_in)
    }

    /// The same for `path`, below a folder that is read.
    fn fate_in(&self, looked: &Looked, path: &RelPath) -> Fate {
        let picked = &looked.selection.picked;
        if let Ok(index) = picked.binary_search_by(|it| it.path.cmp(path)) {
            let (why, line) = picked.get(index).and_then(|it| self.sources.get(it.source)).cloned().unwrap_or_default();
            return Fate::Counts(why, Some(line));
        }
        let left_out = looked.context.filtered.left_out.iter().find(|it| is_in(path, &it.path));
        if let Some(left_out) = left_out {
            return Fate::Ignored(looked.context.ignore_file.clone().unwrap_or_default(), left_out.line);
        }
        let kept = &looked.context.filtered.kept;
        let folder = match kept.get(path.as_bytes()) {
            Some(Node::File | Node::Link(_)) => return Fate::NotRead,
            Some(Node::Other) => return Fate::Special,
            Some(Node::Folder(folder)) => folder,
            None if path.as_bytes() == b"." => kept,
            None => return Fate::Absent,
        };
        let counting = picked.iter().filter(|it| is_in(&it.path, path)).count();
        let ignored = looked.context.filtered.left_out.iter().filter(|it| is_in(&it.path, path)).count();
        Fate::Folder(counting, (count(folder) + ignored).saturating_sub(counting))
    }

    /// Why a path counts, or does not any longer; empty where it is gone.
    pub(super) fn why_path(&self, path: &RelPath) -> String {
        match self.fate(path) {
            Fate::Counts(why, _) => why,
            Fate::Ignored(file, line) => ignored(&file, line),
            Fate::NotRead => "no instruction reads it any longer".to_owned(),
            Fate::Folder(..) | Fate::Special | Fate::Outside | Fate::Absent => String::new(),
        }
    }

    /// Where a difference that is no file comes from; empty where no line says it.
    pub(super) fn why_note(&self, note: &NoteDiff) -> String {
        if let Some(path) = note.path() {
            return self.why_path(path);
        }
        let name = note.name.to_string();
        let known = self.notes.iter().find(|(kind, of, _)| *kind == note.kind && *of == name);
        match (known, &self.compose) {
            (Some((.., place)), _) => place.clone(),
            (None, Some(place)) if matches!(note.kind.as_str(), "arg" | "build" | "context" | "dockerfile" | "platform" | "target") => {
                format!("build at {place}")
            }
            _ => String::new(),
        }
    }
}

/// `COPY at Dockerfile:12`: the instruction of a line that reads something, or why everything is read there.
pub(super) fn why(draft: &Draft<'_>, line: u32) -> String {
    let file = file(draft);
    match &draft.reach.whole {
        Some(Why::Syntax { image }) => format!("everything counts, since `{image}` reads {file}:{line}"),
        Some(Why::Variable { source: text, line: at }) if *at == line => {
            format!("everything counts, since the base image can set what `{text}` uses at {file}:{line}")
        }
        _ => format!("{} at {file}:{line}", draft.text.instruction(line)),
    }
}

/// `ignored by .dockerignore:3`.
pub(super) fn ignored(file: &str, line: Option<u32>) -> String {
    let line = line.map(|line| format!(":{line}")).unwrap_or_default();
    format!("ignored by {file}{line}")
}

const THROUGH: &str = "through ";

/// Says that something counts through another service: `` through `base`: COPY at base/Dockerfile:2 ``. `why` can name services itself, and
/// then this one comes before them: `` through `app`, `base`: ... ``.
pub(super) fn through(service: &str, why: &str) -> String {
    match why.strip_prefix(THROUGH) {
        Some(rest) => format!("{THROUGH}`{service}`, {rest}"),
        None => format!("{THROUGH}`{service}`: {why}"),
    }
}

fn file<'a>(draft: &'a Draft<'_>) -> &'a str {
    draft.text.path.as_deref().unwrap_or("dockerfile_inline")
}

/// The lines that declare arguments.
fn args(file: &str, dockerfile: &[u8]) -> Vec<(&'static str, String, String)> {
    let text = String::from_utf8_lossy(dockerfile);
    let mut args = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let mut words = line.split_whitespace();
        if words.next().is_some_and(|word| word.eq_ignore_ascii_case("ARG")) {
            let names = words.map(|word| word.split('=').next().unwrap_or_default().to_owned());
            args.extend(names.map(|name| ("arg", name, format!("ARG at {file}:{number}"))));
        }
    }
    args
}

/// A path below a folder, both as they stand in a manifest; `None` where it is not in there.
fn inside(folder: &str, path: &RelPath) -> Option<RelPath> {
    let bytes = path.as_bytes();
    match folder {
        "." if bytes.starts_with(b"/") || bytes.starts_with(b"../") || bytes == b".." => None,
        "." => Some(path.clone()),
        folder if bytes == folder.as_bytes() => Some(RelPath::new(*b".")),
        folder => {
            let rest = bytes.strip_prefix(folder.as_bytes())?.strip_prefix(b"/")?;
            Some(RelPath::new(rest)).filter(|rest| below(folder, rest) == *path)
        }
    }
}

/// Whether a path is in a folder, or is it; everything is in `.`.
fn is_in(path: &RelPath, folder: &RelPath) -> bool {
    folder.as_bytes() == b"."
        || path.as_bytes().strip_prefix(folder.as_bytes()).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}

/// How many files and links there are in a folder.
fn count(folder: &Folder) -> usize {
    let counts = folder.entries.iter().map(|entry| match &entry.node {
        Node::Folder(inner) => count(inner),
        Node::File | Node::Link(_) => 1,
        Node::Other => 0,
    });
    counts.sum()
}
