//! What a command line prints when a job has ended: results, for people and scripts.

use serde::Serialize;

use crate::ci::shell_lines;
use crate::error::Error;
use crate::manifest::Manifest;
use crate::options::Job;
use crate::report::{Note, Outcome, Report};
use crate::shell::is_obeyed;

/// Returns a count with its noun: `1 file`, `2 files`.
pub(crate) fn plural(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// `a, b and 3 more`.
pub(crate) fn some<T: AsRef<str>>(all: &[T], at_most: usize) -> String {
    let shown: Vec<&str> = all.iter().take(at_most).map(AsRef::as_ref).collect();
    match all.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// A report as plain text. What is read by people goes through [`crate::say::Voice::result`].
pub fn text(report: &Report) -> Vec<u8> {
    match report.job {
        Job::Tag if report.targets.is_empty() => format!("{}\n", report.image.as_ref().unwrap_or(&report.tag)).into_bytes(),
        Job::Tag => by_service(report).into_bytes(),
        Job::Model => printable_json(&String::from_utf8_lossy(document(report))).into_bytes(),
        Job::Inputs | Job::Explain | Job::Why | Job::Backtest | Job::Prune => document(report).to_vec(),
        Job::Manifest => report.manifest.clone(),
        Job::Env if report.planned.is_empty() => shell_lines(&report.variables).into_bytes(),
        Job::Plan => of_plan(report).into_bytes(),
        Job::Env | Job::Build | Job::Join | Job::Pull => {
            let planned = report.planned.iter().map(|it| format!("would {}: {}\n", it.because, it.action));
            // An image that is only planned is no result.
            let images =
                report.targets.iter().filter(|target| target.outcome != Outcome::Missing).map(|target| format!("{}\n", target.image));
            images.chain(planned).collect::<String>().into_bytes()
        }
    }
}

/// JSON in which a terminal finds nothing to obey.
fn printable_json(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        match is_obeyed(character) {
            true => text.push_str(&format!("\\u{:04x}", u32::from(character))),
            false => text.push(character),
        }
    }
    text
}

fn document(report: &Report) -> &[u8] {
    report.document.as_ref().map(|document| document.text.as_slice()).unwrap_or_default()
}

/// `service<TAB>image` for every service that is built, sorted by service.
fn by_service(report: &Report) -> String {
    let mut lines: Vec<String> = Vec::new();
    for target in &report.targets {
        for service in &target.services {
            let line = format!("{service}\t{}\n", target.image);
            // They are few, and a sort would be 4 kB more of the wasm.
            lines.insert(lines.partition_point(|other| *other <= line), line);
        }
    }
    lines.concat()
}

/// What there is and what is to be built, as columns for people; `--json` has the same for scripts.
fn of_plan(report: &Report) -> String {
    let mut rows = vec![["RESULT", "SERVICES", "PLATFORMS", "IMAGE"].map(str::to_owned)];
    for target in &report.targets {
        let result = match target.outcome {
            Outcome::Hit => "hit",
            Outcome::Unknown => "unknown",
            _ => "missing",
        };
        rows.push([result.to_owned(), target.services.join(" "), target.platforms.join(" "), target.image.clone()]);
    }
    let mut widths = [0; 3];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.len());
        }
    }
    let [result, services, platforms] = widths;
    let mut text = String::new();
    for [a, b, c, d] in &rows {
        text.push_str(&format!("{a:result$}  {b:services$}  {c:platforms$}  {d}\n"));
    }
    let jobs = report.matrix.as_ref().and_then(|matrix| matrix["include"].as_array());
    for (index, job) in jobs.into_iter().flatten().enumerate() {
        let space = if index == 0 { "\n" } else { "" };
        text.push_str(&format!("{space}job {}: {}\n", index + 1, job["name"].as_str().unwrap_or_default()));
    }
    text
}

/// A report or an error, and what was said on the way, as one JSON object on one line.
pub fn json(result: &Result<Report, Error>, notes: &[Note]) -> Vec<u8> {
    let (object, error) = match result {
        // A document is what was asked for; notes are on standard error.
        Ok(Report { document: Some(document), failure: None, .. }) => return format!("{}\n", document.json).into_bytes(),
        Ok(Report { document: Some(document), failure, .. }) => (document.json.clone(), failure.as_ref()),
        Ok(report) => (with(to_string(report), "files", &files(report)), report.failure.as_ref()),
        Err(error) => ("{}".to_owned(), Some(error)),
    };
    let error = error.map(|error| format!("{},\"exit\":{}", to_string(error), error.code.exit()));
    let object = with(object, "error", &error.unwrap_or_default());
    format!("{}\n", with(object, "notes", &to_string(notes))).into_bytes()
}

/// JSON without spaces, as `serde_json::to_string_pretty` would write it; that is written anew for each kind of output, and long.
pub fn indented(json: &str) -> String {
    let mut text = String::new();
    let (mut depth, mut is_quoted, mut is_escaped) = (0usize, false, false);
    let mut last = ' ';
    for character in json.chars() {
        let is_empty = matches!((last, character), ('{', '}') | ('[', ']'));
        let is_after_opening = matches!(last, '{' | '[');
        last = character;
        if is_quoted {
            is_quoted = is_escaped || character != '"';
            is_escaped = !is_escaped && character == '\\';
            // What stands in quotes opens nothing.
            last = ' ';
        } else {
            let is_closing = matches!(character, '}' | ']');
            depth = depth.saturating_sub(usize::from(is_closing));
            if (is_after_opening || is_closing) && !is_empty {
                line(&mut text, depth);
            }
            depth += usize::from(matches!(character, '{' | '['));
            is_quoted = character == '"';
        }
        text.push(character);
        match last {
            ',' => line(&mut text, depth),
            ':' => text.push(' '),
            _ => {}
        }
    }
    text
}

fn line(text: &mut String, depth: usize) {
    text.push('\n');
    text.push_str(&"  ".repeat(depth));
}

/// The same object with one member more, where there is one.
fn with(object: String, name: &str, value: &str) -> String {
    match object.strip_suffix('}') {
        Some("{") => format!("{{\"{name}\":{value}}}"),
        Some(open) if !value.is_empty() => format!("{open},\"{name}\":{value}}}"),
        _ => object,
    }
}

/// The files of a manifest that was asked for.
fn files(report: &Report) -> String {
    match Manifest::parse(report.algorithm, &report.manifest) {
        Ok(manifest) if report.job == Job::Manifest => to_string(&manifest.files),
        _ => String::new(),
    }
}

/// What is in reports and notes can always be written.
fn to_string<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indented_json_is_that_of_serde() {
        for json in [
            r#"{"a":[],"b":{},"c":[1,[2,{"d":"{,:\"[\\"}],"\\\\"],"e":{"f":{"g":null}},"h":-1.5}"#,
            "[]",
            "{}",
            "\"[\"",
            "[[[]],{\"\":[0]}]",
            "1",
        ] {
            let value: serde_json::Value = serde_json::from_str(json).unwrap();
            assert_eq!(indented(json), serde_json::to_string_pretty(&value).unwrap());
        }
    }
}
