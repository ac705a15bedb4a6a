//! What `prune` found, for people, for scripts and for a job summary.

use std::fmt::Write as _;

use serde_json::json;

use crate::ci::summary::cell;
use crate::job::prune::Pruned;
use crate::job::prune::judge::{Judged, Verdict};
use crate::options::Options;
use crate::print::plural;

/// A line for each repository, and one for each tag that is not needed.
pub(super) fn text(options: &Options, pruned: &[Pruned]) -> String {
    let mut text = String::new();
    for it in pruned {
        writeln!(text, "{}: {}", it.repository, counts(&it.tags)).ok();
        for tag in it.tags.iter().filter(|tag| is_of_concern(tag)) {
            writeln!(text, "  {}  {}  {}", tag.tag, date(tag), what(tag)).ok();
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
        if it.tags.iter().any(is_of_concern) {
            text.push_str("| tag | built | |\n| --- | --- | --- |\n");
            for tag in it.tags.iter().filter(|tag| is_of_concern(tag)) {
                writeln!(text, "| {} | {} | {} |", cell(&tag.tag), cell(date(tag)), what(tag)).ok();
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
    let tag = |it: &Judged| json!({ "tag": it.tag, "digest": it.digest, "verdict": name(it.verdict), "created": it.created, "revision": it.revision });
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

fn is_of_concern(tag: &Judged) -> bool {
    matches!(tag.verdict, Verdict::Unneeded | Verdict::Deleted)
}

fn date(tag: &Judged) -> &str {
    tag.created.as_deref().and_then(|created| created.get(..10)).unwrap_or("?")
}

fn what(tag: &Judged) -> String {
    let of = tag.revision.as_deref().and_then(|id| id.get(..7)).map(|id| format!(" (commit {id})")).unwrap_or_default();
    match tag.verdict {
        Verdict::Deleted => format!("deleted{of}"),
        _ => format!("not needed{of}"),
    }
}

fn name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Other => "other",
        Verdict::Needed => "needed",
        Verdict::Foreign => "foreign",
        Verdict::Young => "young",
        Verdict::Shared => "shared",
        Verdict::Unneeded => "unneeded",
        Verdict::Deleted => "deleted",
    }
}
