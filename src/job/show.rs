//! `inputs` and `model`: what was found out about a project, for people and for scripts.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::bytes;
use crate::compose::project::to_json;
use crate::desk::Desk;
use crate::error::Result;
use crate::job::draft::Draft;
use crate::job::look::Looked;
use crate::job::place::below;
use crate::job::reasons::{ignored, why};
use crate::job::services::{self, Found};
use crate::job::{advice, model};
use crate::options::Options;
use crate::path::RelPath;
use crate::plan::Target;
use crate::print::{self, plural};
use crate::reach::PickedKind;
use crate::report::{Document, Report};
use crate::tree::{Folder, Node};

/// `model`: the Compose files as Compose would print them, as far as images depend on them.
pub(super) async fn model(desk: &Desk, options: &Options) -> Result<Report> {
    let project = model::load(desk, options).await?;
    let value = to_json(&project);
    // rule: Compose, `cmd/compose/config.go`, `escapeDollarSign`: what is printed can be read again.
    let json = serde_json::to_string(&value).unwrap_or_default().replace('$', "$$");
    let text = format!("{}\n", print::indented(&json)).into_bytes();
    Ok(Report { document: Some(Box::new(Document { text, json, ..Document::default() })), ..services::report(options, &[])? })
}

/// `inputs`: what counts for one service, and why.
pub(super) async fn inputs(desk: &Desk, options: &Options) -> Result<Report> {
    let project = model::load(desk, options).await?;
    let options = &services::settled(options, &project);
    let found = services::find(desk, options, &project, None).await?;
    advice::tell(desk, options, &project, &found).await?;
    let target = services::one(options, &found.targets)?;
    let is_it = |draft: &Draft<'_>| target.built.contains(&draft.service.name);
    let index = found.drafts.iter().position(is_it).unwrap_or_default();
    let shown = Shown::new(&found, index, target);
    let json = serde_json::to_string(&shown.json()).unwrap_or_default();
    let document = Document { text: shown.text().into_bytes(), json, ..Document::default() };
    Ok(Report { document: Some(Box::new(document)), ..found.report(options, std::slice::from_ref(target))? })
}

/// One file of a service.
struct File {
    path: RelPath,
    digest: String,
    size: u64,
    exec: bool,
    why: String,
    /// The line of the Dockerfile that reads it.
    line: Option<u32>,
}

struct Shown<'a> {
    draft: &'a Draft<'a>,
    target: &'a Target,
    files: Vec<File>,
    links: Vec<(RelPath, Vec<u8>, String)>,
    dirs: Vec<RelPath>,
    ignored: Vec<Ignored>,
    /// Files and links that no instruction reads.
    not_read: Vec<RelPath>,
}

/// What an ignore file leaves out; a folder stands for all that is in it.
struct Ignored {
    path: RelPath,
    file: String,
    line: Option<u32>,
}

impl<'a> Shown<'a> {
    fn new(found: &'a Found<'a>, index: usize, target: &'a Target) -> Self {
        let draft = &found.drafts[index];
        let mut shown =
            Shown { draft, target, files: Vec::new(), links: Vec::new(), dirs: Vec::new(), ignored: Vec::new(), not_read: Vec::new() };
        if let Some(file) = &found.dockerfiles[index] {
            let (digest, size) = (file.digest.to_string(), draft.text.bytes.len() as u64);
            shown.files.push(File { path: file.path.clone(), digest, size, exec: false, why: "the Dockerfile".to_owned(), line: None });
        }
        for (looked, (_, folder)) in found.looked[index].iter().zip(&draft.folders) {
            shown.add(found, looked, folder);
        }
        shown.files.sort_by(|a, b| a.path.cmp(&b.path));
        shown.links.sort();
        // The Dockerfile counts whether it is copied or not, and folders that are read can overlap.
        let Shown { files, links, ignored, not_read, .. } = &mut shown;
        let is_input = |path: &RelPath| {
            files.binary_search_by(|file| file.path.cmp(path)).is_ok() || links.binary_search_by(|(link, ..)| link.cmp(path)).is_ok()
        };
        ignored.retain(|it| !is_input(&it.path));
        not_read.retain(|path| !is_input(path));
        shown
    }

    fn add(&mut self, found: &Found<'_>, looked: &Looked, folder: &str) {
        for picked in &looked.selection.picked {
            let path = below(folder, &picked.path);
            let line = self.draft.reach.sources.get(picked.source).map(|source| source.line);
            let why = line.map(|line| why(self.draft, line)).unwrap_or_default();
            match &picked.kind {
                PickedKind::File => {
                    let Some(hashed) = found.digests.get(&path) else { continue };
                    // The Dockerfile can be copied too.
                    self.files.retain(|file| file.path != path);
                    self.files.push(File {
                        path,
                        digest: hashed.digest.to_string(),
                        size: hashed.size,
                        exec: hashed.executable,
                        why,
                        line,
                    });
                }
                PickedKind::Link(target) => self.links.push((path, target.to_vec(), why)),
                PickedKind::Folder => self.dirs.push(path),
            }
        }
        for left_out in &looked.context.filtered.left_out {
            let file = looked.context.ignore_file.clone().unwrap_or_default();
            self.ignored.push(Ignored { path: below(folder, &left_out.path), file, line: left_out.line });
        }
        let mut picked: Vec<&RelPath> = looked.selection.picked.iter().map(|picked| &picked.path).collect();
        picked.sort_unstable();
        leaves(&looked.context.filtered.kept, &[], &mut |path| {
            if picked.binary_search(&&path).is_err() {
                self.not_read.push(below(folder, &path));
            }
        });
    }

    fn is_whole(&self) -> bool {
        self.draft.reach.whole.is_some() || self.draft.reach.sources.iter().any(|source| source.context.is_none() && source.path.is_empty())
    }

    fn json(&self) -> Value {
        let path = |path: &RelPath| bytes::to_value(path.as_bytes());
        let files: Vec<Value> = self
            .files
            .iter()
            .map(|file| json!({"path": path(&file.path), "digest": file.digest, "size": file.size, "exec": file.exec, "why": file.why, "line": file.line}))
            .collect();
        let links: Vec<Value> = self
            .links
            .iter()
            .map(|(link, target, why)| json!({"path": path(link), "target": bytes::to_value(target), "why": why}))
            .collect();
        let left_out = self.ignored.iter().map(|it| json!({"path": path(&it.path), "file": it.file, "line": it.line}));
        json!({
            "service": self.draft.service.name,
            "tag": self.target.tag,
            "image": self.target.image.to_string(),
            "dockerfile": self.draft.text.path,
            "whole_context": self.is_whole(),
            "files": files,
            "links": links,
            "dirs": self.dirs.iter().map(path).collect::<Vec<_>>(),
            "notes": self.notes(),
            "ignored": self.ignored.len(),
            "not_reached": self.not_read.len(),
            "left_out": left_out.collect::<Vec<_>>(),
            "not_read": self.not_read.iter().map(path).collect::<Vec<_>>(),
        })
    }

    /// The lines of the manifest that are no files, links or folders.
    fn notes(&self) -> Vec<String> {
        let lines = self.target.manifest.split(|&byte| byte == b'\n').filter_map(|line| line.strip_prefix(b"# "));
        let lines = lines.map(|line| String::from_utf8_lossy(line).into_owned());
        lines.filter(|line| !["exec ", "link ", "dir ", "docktag "].iter().any(|kind| line.starts_with(kind))).collect()
    }

    fn text(&self) -> String {
        let mut text = format!("{}\n", self.target.image);
        let total = self.files.iter().fold(0_u64, |sum, file| sum.saturating_add(file.size));
        let whole = if self.is_whole() { ", the whole context counts" } else { "" };
        let unit = if total == 1 { "byte" } else { "bytes" };
        writeln!(text, "\n{} in {total} {unit}{whole}", plural(self.files.len(), "file")).ok();
        for file in &self.files {
            let exec = if file.exec { ", executable" } else { "" };
            writeln!(text, "  {:>12}  {}  ({}{exec})", file.size, file.path, file.why).ok();
        }
        for (link, target, why) in &self.links {
            writeln!(text, "  {:>12}  {link} -> {}  ({why})", "link", RelPath::new(target.as_slice())).ok();
        }
        for dir in &self.dirs {
            writeln!(text, "  {:>12}  {dir}/  (empty)", "folder").ok();
        }
        let folders = self.by_folder();
        if folders.len() > 1 {
            text.push_str("\nbytes by folder\n");
            for (folder, files, size) in folders {
                writeln!(text, "  {size:>12}  {folder}  ({})", plural(files, "file")).ok();
            }
        }
        text.push_str("\nnot files\n");
        for note in self.notes() {
            writeln!(text, "  {note}").ok();
        }
        writeln!(text, "\nnot counted: {} that no instruction reads, {} ignored", plural(self.not_read.len(), "file"), self.ignored.len())
            .ok();
        for Ignored { path, file, line } in &self.ignored {
            writeln!(text, "  {path}  ({})", ignored(file, *line)).ok();
        }
        text
    }

    /// Files and bytes by the first part of their paths, largest first.
    fn by_folder(&self) -> Vec<(String, usize, u64)> {
        let mut folders: Vec<(String, usize, u64)> = Vec::new();
        for file in &self.files {
            let name = file.path.to_string();
            let folder = name.split_once('/').map_or(".", |(first, _)| first).to_owned();
            match folders.iter_mut().find(|(known, ..)| *known == folder) {
                Some((_, files, size)) => (*files, *size) = (*files + 1, size.saturating_add(file.size)),
                None => folders.push((folder, 1, file.size)),
            }
        }
        folders.sort_by_key(|(.., size)| std::cmp::Reverse(*size));
        folders
    }
}

/// Every file and link in a folder, with its path.
fn leaves(folder: &Folder, prefix: &[u8], each: &mut dyn FnMut(RelPath)) {
    for entry in &folder.entries {
        let path = [prefix, &entry.name].concat();
        match &entry.node {
            Node::Folder(inner) => leaves(inner, &[&path[..], b"/"].concat(), each),
            Node::File | Node::Link(_) => each(RelPath::new(path)),
            Node::Other => {}
        }
    }
}
