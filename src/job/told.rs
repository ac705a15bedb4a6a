//! What differs between two states, told: in a few lines, in full, and for scripts.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::bytes::to_value;
use crate::ci::summary::{beginning, block};
use crate::desk::Desk;
use crate::diff::NoteDiff;
use crate::job::branch;
use crate::job::why::Compared;
use crate::options::Options;
use crate::path::RelPath;
use crate::report::{Document, Note};

/// How many differences the short form shows.
const SHORT: usize = 3;
/// How many files are given to git at a time: a command line has its limits.
const MOST: usize = 500;

/// At most five lines: how many differences there are, and the first of them.
pub(super) fn short(compared: &Compared) -> Vec<String> {
    let Compared { now, old, diff, .. } = compared;
    let name = if now.services.is_empty() { now.image.clone() } else { now.services.join(", ") };
    let since = format!("since {} ({})", printable(&old.label), printable(old.tag.get(..12).unwrap_or(&old.tag)));
    if diff.is_empty() {
        return vec![format!("{name}: nothing that counts has changed {since}, but the image is gone from the registry")];
    }
    let mut lines = vec![format!("{name}: {} {since}", diff.counts())];
    let items = reasoned(compared);
    lines.extend(items.iter().take(SHORT).map(|(text, why)| format!("  {text}{why}")));
    if items.len() > SHORT {
        let service = now.services.first().map(|name| format!(" {name}")).unwrap_or_default();
        // The moving tag will be another image's soon.
        let before = now.image.replace(&now.tag, &printable(&old.tag));
        lines.push(format!("  and {} more: `docktag why{service} --against {before}` lists all", items.len() - SHORT));
    }
    lines
}

/// Everything: for people, and as JSON.
pub(super) async fn document(desk: &Desk, options: &Options, all: &[Compared]) -> Document {
    let mut text = String::new();
    let mut json = Vec::new();
    for (index, compared) in all.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        in_full(compared, &mut text);
        let lines = if options.diff { lines(desk, options, compared).await } else { String::new() };
        if !lines.is_empty() {
            writeln!(text, "\n{}", lines.trim_end()).ok();
        }
        json.push(value(compared, &lines));
    }
    let markdown = block(&beginning(text.as_bytes()));
    Document { text: text.into_bytes(), json: serde_json::to_string(&json!({"targets": json})).unwrap_or_default(), markdown }
}

fn in_full(compared: &Compared, text: &mut String) {
    let Compared { now, diff, .. } = compared;
    let name = if now.services.is_empty() { String::new() } else { format!("{}  ", now.services.join(", ")) };
    writeln!(text, "{name}{}\nsince {}", now.image, called(compared)).ok();
    let unknown = &compared.old.unknown;
    heading(text, "not known", unknown.len());
    for (path, why) in unknown {
        writeln!(text, "  {path}  ({why})").ok();
    }
    if diff.is_empty() {
        text.push_str(if unknown.is_empty() { "\nnothing that counts has changed\n" } else { "\nnothing else that counts has changed\n" });
        return;
    }
    for (paths, what) in [(&diff.changed, "changed"), (&diff.added, "added"), (&diff.removed, "removed")] {
        heading(text, what, paths.len());
        for path in paths {
            writeln!(text, "  {path}{}", why_path(compared, path)).ok();
        }
    }
    heading(text, "renamed", diff.renamed.len());
    for it in &diff.renamed {
        writeln!(text, "  {} -> {}{}", it.from, it.to, why_path(compared, &it.to)).ok();
    }
    heading(text, "not files", diff.notes.len());
    for note in &diff.notes {
        writeln!(text, "  {}{}", note.text, why_note(compared, note)).ok();
        for line in through(compared, note) {
            writeln!(text, "    {line}").ok();
        }
    }
    let same = now.manifest.files.len().saturating_sub(diff.changed.len() + diff.added.len() + diff.renamed.len());
    writeln!(text, "\n{}; files as before: {same}", diff.counts()).ok();
}

fn through<'a>(compared: &'a Compared, note: &NoteDiff) -> &'a [String] {
    compared.through.get(&note.name.to_string()).map_or(&[], Vec::as_slice)
}

fn heading(text: &mut String, what: &str, count: usize) {
    if count > 0 {
        writeln!(text, "\n{what}").ok();
    }
}

/// The earlier state: `ghcr.io/acme/app:ci (1b2c3d4e..., built 2026-11-24T08:00:00Z, commit 8eb97654)`.
fn called(compared: &Compared) -> String {
    let old = &compared.old;
    let mut about = vec![old.tag.clone()];
    about.extend(old.created.iter().map(|time| format!("built {time}")));
    let source = old.source.iter().filter(|source| source.commit != old.label);
    about.extend(source.map(|source| {
        let dirty = if source.is_dirty == Some(true) { " with uncommitted changes" } else { "" };
        format!("commit {}{dirty}", source.commit.get(..12).unwrap_or(&source.commit))
    }));
    format!("{} ({})", printable(&old.label), printable(&about.join(", ")))
}

/// What a registry or a file says can hold what a terminal would obey.
fn printable(text: &str) -> String {
    RelPath::new(text.as_bytes()).to_string()
}

/// Every difference with its reason.
pub(super) fn reasoned(compared: &Compared) -> Vec<(String, String)> {
    let diff = &compared.diff;
    let files = diff.items();
    let (files, notes) = files.split_at(files.len() - diff.notes.len());
    let files = files.iter().map(|(text, path)| (text.clone(), path.map(|path| why_path(compared, path)).unwrap_or_default()));
    files.chain(notes.iter().zip(&diff.notes).map(|((text, _), note)| (text.clone(), why_note(compared, note)))).collect()
}

/// `  (COPY at Dockerfile:3)`; empty where there is no reason to tell.
fn why_path(compared: &Compared, path: &RelPath) -> String {
    in_parentheses(compared.now.reasons.iter().map(|reasons| reasons.why_path(path)).find(|why| !why.is_empty()))
}

fn why_note(compared: &Compared, note: &NoteDiff) -> String {
    in_parentheses(compared.now.reasons.iter().map(|reasons| reasons.why_note(note)).find(|why| !why.is_empty()))
}

fn in_parentheses(why: Option<String>) -> String {
    why.map(|why| format!("  ({why})")).unwrap_or_default()
}

fn value(compared: &Compared, lines: &str) -> Value {
    let Compared { now, old, diff, .. } = compared;
    let bare = |why: String| why.trim_start_matches("  (").trim_end_matches(')').to_owned();
    let list = |paths: &[RelPath]| {
        let mut list = Vec::new();
        for path in paths {
            list.push(json!({"path": to_value(path.as_bytes()), "why": bare(why_path(compared, path))}));
        }
        list
    };
    let (mut renamed, mut notes) = (Vec::new(), Vec::new());
    for it in &diff.renamed {
        let [from, to] = [&it.from, &it.to].map(|path| to_value(path.as_bytes()));
        renamed.push(json!({"from": from, "to": to, "why": bare(why_path(compared, &it.to))}));
    }
    for note in &diff.notes {
        let why = bare(why_note(compared, note));
        let mut said = json!({"kind": note.kind, "name": to_value(note.name.as_bytes()), "text": note.text, "why": why});
        if !through(compared, note).is_empty() {
            said["through"] = through(compared, note).into();
        }
        notes.push(said);
    }
    let mut value = json!({
        "services": now.services,
        "image": now.image,
        "tag": now.tag,
        "against": {
            "name": old.label,
            "tag": old.tag,
            "commit": old.source.as_ref().map(|source| &source.commit),
            "dirty": old.source.as_ref().and_then(|source| source.is_dirty),
            "created": old.created,
        },
        "same": if diff.is_empty() && !old.unknown.is_empty() { None } else { Some(diff.is_empty()) },
        "unknown": old.unknown.iter().map(|(path, why)| json!({"path": to_value(path.as_bytes()), "why": why})).collect::<Vec<_>>(),
        "changed": list(&diff.changed),
        "added": list(&diff.added),
        "removed": list(&diff.removed),
        "renamed": renamed,
        "notes": notes,
    });
    if !lines.is_empty() {
        value["diff"] = lines.into();
    }
    value
}

/// The lines that differ, as git shows them; empty where there is nothing to show.
async fn lines(desk: &Desk, options: &Options, compared: &Compared) -> String {
    let Compared { now, old, diff, .. } = compared;
    let Some(source) = &old.source else {
        let message = format!("`--diff`: {} does not say which commit it was made of; name a revision with `--against`", old.label);
        desk.tell(Note::warning(message));
        return String::new();
    };
    let renamed = diff.renamed.iter().flat_map(|it| [&it.from, &it.to]);
    let unknown = old.unknown.iter().map(|(path, _)| path);
    let paths: Vec<&RelPath> = diff.changed.iter().chain(&diff.added).chain(&diff.removed).chain(renamed).chain(unknown).collect();
    if paths.len() > MOST {
        desk.tell(Note::warning(format!("`--diff`: the first {MOST} of {} files are shown", paths.len())));
    }
    let shown: Vec<String> = paths.iter().take(MOST).map(|path| now.host_path(path)).collect();
    match shown.is_empty() {
        true => String::new(),
        false => branch::lines(desk, options, &source.commit, &shown).await,
    }
}
