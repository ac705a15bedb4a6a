//! What `prune` found, for people, for scripts and for a job summary.

use std::fmt::Write as _;

use serde_json::json;

use crate::ci::summary::cell;
use crate::job::prune::Pruned;
use crate::job::prune::judge::{Judged, Verdict};
use crate::options::Options;
use crate::print::plural;
use crate::registry::about::Source;
use crate::shell::printable;

/// A line for each repository, and one for each tag.
pub(super) fn text(options: &Options, pruned: &[Pruned]) -> String {
    let mut text = String::new();
    for it in pruned {
        writeln!(text, "{}: {}", it.repository, counts(&it.tags)).ok();
        let cells: Vec<[String; 4]> = shown(&it.tags).map(cells).collect();
        let width = |column: usize| cells.iter().map(|cells| cells[column].chars().count()).max().unwrap_or_default();
        let [tag, built, commit] = [0, 1, 2].map(width);
        for [a, b, c, what] in &cells {
            writeln!(text, "  {a:tag$}  {b:built$}  {c:commit$}  {what}").ok();
        }
    }
    if !options.delete && any(pruned, Verdict::Unneeded) {
        text.push_str("nothing was deleted; `--delete` does\n");
    }
    text
}

/// The same as Markdown.
pub(super) fn markdown(options: &Options, pruned: &[Pruned]) -> String {
    let mut text = String::new();
    for it in pruned {
        writeln!(text, "**{}**: {}\n", cell(&it.repository.to_string()), counts(&it.tags)).ok();
        if shown(&it.tags).next().is_some() {
            text.push_str("| tag | built | commit | |\n| --- | --- | --- | --- |\n");
            for cells in shown(&it.tags).map(cells) {
                writeln!(text, "| {} |", cells.map(|text| cell(&text)).join(" | ")).ok();
            }
            text.push('\n');
        }
    }
    if !options.delete && any(pruned, Verdict::Unneeded) {
        text.push_str("Nothing was deleted; `delete: true` does.\n");
    }
    text
}

/// Every tag with its verdict.
pub(super) fn json(pruned: &[Pruned]) -> String {
    let tag = |it: &Judged| {
        json!({
            "tag": it.tag,
            "digest": it.digest,
            "verdict": name(it.verdict),
            "reason": it.reason,
            "created": it.created,
            "revision": it.source.as_ref().map(|source| &source.commit),
            "dirty": it.source.as_ref().and_then(|source| source.is_dirty),
        })
    };
    let repository = |it: &Pruned| json!({ "repository": it.repository.to_string(), "tags": it.tags.iter().map(tag).collect::<Vec<_>>() });
    json!({ "repositories": pruned.iter().map(repository).collect::<Vec<_>>() }).to_string()
}

fn any(pruned: &[Pruned], verdict: Verdict) -> bool {
    pruned.iter().any(|it| it.tags.iter().any(|tag| tag.verdict == verdict))
}

/// `12 tags, 7 needed, 2 not needed`.
fn counts(tags: &[Judged]) -> String {
    let mut said = vec![plural(tags.len(), "tag")];
    for (verdict, words) in [
        (Verdict::Needed, "needed"),
        (Verdict::Uncertain, "that may be needed"),
        (Verdict::Young, "too young"),
        (Verdict::Shared, "that share their image with one that is kept"),
        (Verdict::Foreign, "with a hash that docktag did not make, or made without keeping the manifest"),
        (Verdict::Other, "without a hash"),
        (Verdict::Unneeded, "not needed"),
        (Verdict::Deleted, "deleted"),
    ] {
        match tags.iter().filter(|tag| tag.verdict == verdict).count() {
            0 => {}
            count => said.push(format!("{count} {words}")),
        }
    }
    said.join(", ")
}

/// The images; a list of what is kept beside one is none.
fn shown(tags: &[Judged]) -> impl Iterator<Item = &Judged> {
    tags.iter().filter(|tag| !tag.tag.starts_with("sha256-"))
}

/// Tag, date, commit, and what becomes of it.
fn cells(tag: &Judged) -> [String; 4] {
    let date = tag.created.as_deref().and_then(|created| created.get(..10)).unwrap_or("-");
    let commit = tag.source.as_ref().map_or_else(|| "-".to_owned(), commit);
    let verdict = match tag.verdict {
        Verdict::Other | Verdict::Foreign => "left alone",
        Verdict::Needed => "needed",
        Verdict::Uncertain => "may be needed",
        Verdict::Young => "too young",
        Verdict::Shared => "kept",
        Verdict::Unneeded => "not needed",
        Verdict::Deleted => "deleted",
    };
    [tag.tag.clone(), printable(date), printable(&commit), printable(&format!("{verdict}: {}", tag.reason))]
}

fn commit(source: &Source) -> String {
    let dirty = if source.is_dirty == Some(true) { " (dirty)" } else { "" };
    format!("{}{dirty}", source.commit.get(..7).unwrap_or(&source.commit))
}

fn name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Other => "other",
        Verdict::Needed => "needed",
        Verdict::Uncertain => "uncertain",
        Verdict::Foreign => "foreign",
        Verdict::Young => "young",
        Verdict::Shared => "shared",
        Verdict::Unneeded => "unneeded",
        Verdict::Deleted => "deleted",
    }
}
