//! A backtest for people, for scripts and for a job summary.

use std::fmt::Write as _;

use serde_json::json;

use crate::job::backtest::count::{Counts, Row, Run};
use crate::job::backtest::plot::{Sums, sums};
use crate::job::history::Commit;
use crate::print::{plural, some};
use crate::refresh::rfc3339;

/// So many causes are named.
const CAUSES: usize = 3;
/// So wide is the picture of a row.
const WIDTH: usize = 100;

/// A table, and a picture of when was built.
pub(super) fn text(counts: &Counts) -> String {
    let mut text = format!("{}\n\n", heading(counts));
    let names: Vec<String> = counts.rows.iter().map(Row::name).chain(["in all".to_owned()]).collect();
    let wide = names.iter().map(|name| name.chars().count()).max().unwrap_or_default().max("image".len());
    writeln!(text, "{:wide$}  always  whole folders  docktag  built because of", "image").ok();
    for (name, (sums, causes)) in names.iter().zip(lines(counts)) {
        let line = format!("{name:wide$}  {:>6}  {:>13}  {:>7}  {causes}", sums.always, sums.whole, sums.docktag);
        writeln!(text, "{}", line.trim_end()).ok();
    }
    text.push('\n');
    for (row, name) in counts.rows.iter().zip(&names) {
        writeln!(text, "{name:wide$}  {}", picture(row)).ok();
    }
    let is_any_unknown = counts.rows.iter().any(|row| !row.unknown().is_empty());
    let unknown = if is_any_unknown { ", ? not known" } else { "" };
    writeln!(text, "{:wide$}  oldest commit first; # built, . hit, - no such image{unknown}", "").ok();
    text.push_str(&not_known(counts));
    for (commit, error) in counts.unknown.iter().take(1) {
        writeln!(text, "\n{} left out, the first is {}: {}", plural(counts.unknown.len(), "commit"), short(commit), error.headline()).ok();
    }
    text
}

/// The same as Markdown, with a chart that GitHub draws (GitHub docs, "Creating diagrams").
pub(super) fn markdown(counts: &Counts) -> String {
    let mut text = format!(
        "{}\n\n| image | always | whole folders | docktag | built because of |\n| --- | ---: | ---: | ---: | --- |\n",
        heading(counts)
    );
    let names = counts.rows.iter().map(Row::name).chain(["in all".to_owned()]);
    for (name, (sums, causes)) in names.zip(lines(counts)) {
        let cell = |text: &str| crate::ci::summary::cell(text);
        writeln!(text, "| {} | {} | {} | {} | {} |", cell(&name), sums.always, sums.whole, sums.docktag, cell(&causes)).ok();
    }
    let sums = sums(counts);
    let line = |of: fn(&Sums) -> usize| {
        let values: Vec<String> = sums.iter().map(|sums| of(sums).to_string()).collect();
        format!("  line [{}]\n", values.join(", "))
    };
    let top = sums.last().map_or(1, |sums| sums.always.max(1));
    writeln!(text, "\nBuilds so far: always (first line), by whole folders, with docktag (last line).\n\n```mermaid\nxychart-beta\n  x-axis \"commits\" 1 --> {}\n  y-axis \"builds\" 0 --> {top}", counts.commits.len().max(2)).ok();
    for of in [|sums: &Sums| sums.always, |sums: &Sums| sums.whole, |sums: &Sums| sums.docktag] {
        text.push_str(&line(of));
    }
    text.push_str("```\n");
    text.push_str(&not_known(counts));
    text
}

/// The images whose inputs nobody can know in some commits, and why.
fn not_known(counts: &Counts) -> String {
    let mut text = String::new();
    for row in &counts.rows {
        let unknown = row.unknown();
        let Some((commit, error)) = unknown.first().and_then(|(index, error)| Some((counts.commits.get(*index)?, error))) else { continue };
        let help = error.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
        let commits = plural(unknown.len(), "commit");
        writeln!(text, "\n{}: not known in {commits}, the first is {}: {}{help}", row.name(), short(commit), error.headline()).ok();
    }
    text
}

/// The numbers, and each commit with what was built.
pub(super) fn json(counts: &Counts) -> String {
    let commit = |commit: &Commit| json!({ "id": commit.id, "time": commit.time, "subject": commit.subject });
    let images: Vec<_> = counts.rows.iter().map(|row| {
        let because: Vec<_> = row.causes().into_iter().map(|(input, builds)| json!({ "input": input, "builds": builds })).collect();
        json!({ "services": row.services, "always": row.always(), "wholeFolders": row.whole(), "docktag": row.built(), "because": because })
    }).collect();
    let history: Vec<_> = counts
        .commits
        .iter()
        .enumerate()
        .map(|(index, it)| {
            let mut images = Vec::new();
            for row in &counts.rows {
                match row.runs.get(index) {
                    Some(Run::Hit { tag, .. }) => images.push(json!({ "services": row.services, "tag": tag, "hit": true })),
                    Some(Run::Built { tag, because, .. }) => {
                        images.push(json!({ "services": row.services, "tag": tag, "hit": false, "because": because }));
                    }
                    Some(Run::Unknown(error)) => images.push(json!({ "services": row.services, "unknown": error.headline() })),
                    Some(Run::None) | None => {}
                }
            }
            let mut entry = commit(it);
            entry["images"] = images.into();
            entry
        })
        .collect();
    let unknown: Vec<_> = counts.unknown.iter().map(|(it, error)| json!({ "commit": commit(it), "error": error.headline() })).collect();
    json!({ "images": images, "commits": history, "unknown": unknown }).to_string()
}

fn heading(counts: &Counts) -> String {
    let sums = total(counts);
    let saved = (100 * (sums.always - sums.docktag)).checked_div(sums.always).unwrap_or_default();
    let (Some(first), Some(last)) = (counts.commits.first(), counts.commits.last()) else { return String::new() };
    format!(
        "{}, {} to {}: {} instead of {}, {saved} % saved",
        plural(counts.commits.len(), "commit"),
        short(first),
        short(last),
        plural(sums.docktag, "build"),
        sums.always
    )
}

/// `1a2b3c4 (2026-03-01)`.
fn short(commit: &Commit) -> String {
    format!("{} ({})", commit.id.get(..7).unwrap_or(&commit.id), &rfc3339(commit.time)[..10])
}

fn total(counts: &Counts) -> Sums {
    sums(counts).pop().unwrap_or_default()
}

/// The numbers of each row, and of all together, with what caused the builds.
fn lines(counts: &Counts) -> Vec<(Sums, String)> {
    let mut lines: Vec<(Sums, String)> =
        counts.rows.iter().map(|row| (Sums { always: row.always(), whole: row.whole(), docktag: row.built() }, causes(row))).collect();
    lines.push((total(counts), String::new()));
    lines
}

fn causes(row: &Row) -> String {
    let causes = row.causes();
    let named: Vec<String> = causes.iter().map(|(cause, count)| format!("{} ({count})", cause.escape_debug())).collect();
    some(&named, CAUSES)
}

/// One character for each commit, or for several where they are many.
fn picture(row: &Row) -> String {
    let each = row.runs.len().div_ceil(WIDTH).max(1);
    let mut picture = String::new();
    for part in row.runs.chunks(each) {
        let is_built = part.iter().any(|run| matches!(run, Run::Built { .. }));
        let is_unknown = part.iter().any(|run| matches!(run, Run::Unknown(_)));
        let is_there = part.iter().any(|run| *run != Run::None);
        picture.push(match (is_built, is_unknown, is_there) {
            (true, ..) => '#',
            (_, true, _) => '?',
            (.., true) => '.',
            _ => '-',
        });
    }
    picture
}
