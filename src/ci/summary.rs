//! The job summary: what became of which image, what counted, and how to check it by hand.

use std::fmt::Write as _;

use serde_json::Value;

use crate::error::Error;
use crate::options::Options;
use crate::report::{Moved, Outcome, Report, TargetReport};
use crate::shell::quote;

/// GitHub takes 1 MiB for a step; a list of more inputs than these is cut, and said to be.
const LINES: usize = 200;

/// What came of a job, as Markdown.
pub fn of_report(options: &Options, report: &Report) -> String {
    if let Some(document) = report.document.as_ref().filter(|document| !document.markdown.is_empty()) {
        return format!("### docktag {}\n\n{}", report.job.as_str(), document.markdown);
    }
    let mut text = format!("### docktag {}: {}\n\n", report.job.as_str(), headline(report));
    if let Some(reason) = &report.unpushed {
        writeln!(text, "Nothing was pushed, because this is {reason}. `push: true` would push all the same.\n").ok();
    }
    if report.targets.is_empty() {
        writeln!(text, "`{}`\n", report.image.as_ref().unwrap_or(&report.tag)).ok();
    } else {
        text.push_str("| image | services | result | seconds | bytes | digest |\n| --- | --- | --- | ---: | ---: | --- |\n");
        report.targets.iter().for_each(|target| text.push_str(&row(target)));
        text.push('\n');
    }
    let unknown = report.targets.iter().filter_map(|target| Some(format!("{}: {}\n", target.image, target.reason.as_ref()?)));
    let unknown: String = unknown.collect();
    if !unknown.is_empty() {
        writeln!(text, "Why it is not known whether they are there:\n\n{}", block(&unknown)).ok();
    }
    if let Some(error) = &report.failure {
        text.push_str(&failure(options, error));
        return text;
    }
    if !report.planned.is_empty() {
        let planned: String = report.planned.iter().map(|it| format!("would {}: {}\n", it.because, it.action)).collect();
        text.push_str(&block(&planned));
    }
    for target in report.targets.iter().filter(|target| !target.why.is_empty()) {
        writeln!(text, "Why `{}` was missing:\n\n{}", target.services.join(" "), block(&target.why.join("\n"))).ok();
    }
    match &report.matrix {
        // Of hundreds of images the inputs would be too much for a summary; the jobs that build them show theirs.
        Some(matrix) => text.push_str(&jobs(matrix)),
        None => text.push_str(&inputs(options, report)),
    }
    text
}

/// The jobs of a plan.
fn jobs(matrix: &Value) -> String {
    let jobs = matrix["include"].as_array().map(Vec::as_slice).unwrap_or_default();
    let names = jobs.iter().map(|job| format!("* {}\n", job["name"].as_str().unwrap_or_default()));
    match jobs.len() {
        0 => "Nothing is to be built.\n".to_owned(),
        count => format!("Built by {count} job{}:\n\n{}", if count == 1 { "" } else { "s" }, names.collect::<String>()),
    }
}

/// A job that failed, as Markdown.
pub fn of_error(options: &Options, error: &Error) -> String {
    format!("### docktag {}: failed\n\n{}", options.job.as_str(), failure(options, error))
}

fn failure(options: &Options, error: &Error) -> String {
    let error = options.host.spelling.of_error(error.clone());
    let said = |error: &Error| {
        let help = error.help.as_ref().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
        format!("{}{help}", error.headline())
    };
    let mut text = block(&error.all().map(said).collect::<Vec<_>>().join("\n"));
    if !error.output.is_empty() {
        text.push_str(&format!("The last lines of its output:\n\n{}", block(&error.output.join("\n"))));
    }
    text
}

fn headline(report: &Report) -> String {
    let count = |outcome| report.targets.iter().filter(|target| target.outcome == outcome).count();
    let said = [
        (count(Outcome::Hit), "hit"),
        (count(Outcome::Pushed), "built and pushed"),
        (count(Outcome::Built), "built"),
        (count(Outcome::Pulled), "pulled"),
        (count(Outcome::Joined), "joined"),
        (count(Outcome::Missing), "missing"),
        (count(Outcome::Unknown), "unknown"),
    ];
    let said: Vec<String> = said.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    match said.as_slice() {
        [] => report.tag.clone(),
        [one] if report.targets.len() == 1 => one.trim_start_matches("1 ").to_owned(),
        many => many.join(", "),
    }
}

fn row(target: &TargetReport) -> String {
    let result = match target.outcome {
        Outcome::Named => "named",
        Outcome::Hit => "hit",
        Outcome::Pushed => "built and pushed",
        Outcome::Built => "built here",
        Outcome::Pulled => "pulled",
        Outcome::Missing => "missing",
        Outcome::Unknown => "unknown",
        Outcome::Joined => "joined",
    };
    let moving = target.moving.as_ref().map(|moving| match moving.outcome {
        Moved::Already => format!("; `{}` is there", moving.image),
        Moved::Moved => format!("; `{}` points there now", moving.image),
        Moved::Failed => format!("; `{}` could not be moved", moving.image),
    });
    let seconds = target.milliseconds.map(|it| format!("{}.{}", it / 1000, it % 1000 / 100)).unwrap_or_default();
    let bytes = match (target.outcome, target.bytes) {
        (Outcome::Hit, _) => "none moved".to_owned(),
        (_, Some(bytes)) => grouped(bytes),
        (_, None) => String::new(),
    };
    let services = target.services.iter().map(|service| format!("`{service}`")).collect::<Vec<_>>().join(" ");
    let digest = target.digest.as_ref().map(|digest| format!("`{digest}`")).unwrap_or_default();
    format!("| `{}` | {services} | {result}{} | {seconds} | {bytes} | {digest} |\n", target.image, moving.unwrap_or_default())
}

/// Which inputs count, and the shell line that gives the same tag.
fn inputs(options: &Options, report: &Report) -> String {
    if options.is_plain() {
        return of_manifest(&report.manifest, &by_hand(options, report), "");
    }
    let program = report.algorithm.program();
    let targets = report.targets.iter().map(|target| {
        let service = target.services.first().map_or("", String::as_str);
        let line = format!("docktag manifest {} | {program}", quote(service));
        of_manifest(&target.manifest, "", &format!(" for `{service}`; the tag by hand is `{line}`"))
    });
    targets.collect()
}

fn by_hand(options: &Options, report: &Report) -> String {
    let program = report.algorithm.program();
    let paths: Vec<String> = options.paths.iter().map(|path| quote(&path.to_string())).collect();
    match (&options.reuse, paths.is_empty()) {
        (Some(file), _) => format!("The tag by hand:\n\n{}", block(&format!("{program} {}", quote(file)))),
        (None, true) => String::new(),
        (None, false) => format!(
            "The tag by hand, in the project folder:\n\n{}",
            block(&format!("find {} -type f -exec {program} {{}} \\; | LC_ALL=C sort -k 2 | {program}", paths.join(" ")))
        ),
    }
}

/// The beginning of a manifest, folded.
fn of_manifest(text: &[u8], before: &str, whose: &str) -> String {
    let (mut lines, mut notes) = (0, usize::from(text.starts_with(b"#")));
    for end in memchr::memchr_iter(b'\n', text) {
        lines += 1;
        notes += usize::from(text.get(end + 1) == Some(&b'#'));
    }
    let count = lines - notes;
    let said = beginning(text);
    let more = match lines > LINES {
        true => format!("The first {LINES} of {lines}; all are in the file that the output `manifest` names.\n\n"),
        false => String::new(),
    };
    let files = if count == 1 { "1 file counts".to_owned() } else { format!("{count} files count") };
    let what = if whose.is_empty() { ": names and contents" } else { whose };
    // The line that is folded is HTML in part, and holds the name of a service.
    format!("{before}<details><summary>{files}{what}</summary>\n\n{}{more}</details>\n", block(&said))
}

/// The first lines of a text.
pub(crate) fn beginning(text: &[u8]) -> String {
    text.split_inclusive(|&byte| byte == b'\n').take(LINES).map(String::from_utf8_lossy).collect()
}

/// A text in a cell of a table: as it is, whatever it holds. References to characters are never markup (CommonMark, "Entity references").
pub(crate) fn cell(text: &str) -> String {
    let mut cell = String::new();
    for character in text.chars() {
        match character {
            '/' | '-' | ',' | '(' | ')' => cell.push(character),
            character if character.is_ascii_punctuation() => cell.push_str(&format!("&#{};", u32::from(character))),
            character => cell.push(character),
        }
    }
    cell
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let chunks: Vec<&str> = digits.as_bytes().rchunks(3).rev().map(|chunk| std::str::from_utf8(chunk).unwrap_or_default()).collect();
    chunks.join("\u{202f}")
}

/// A block of code: its fence is longer than any that the text could end it with.
pub(crate) fn block(text: &str) -> String {
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}\n{}\n{fence}\n\n", text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_end_its_block() {
        assert_eq!(block("a\n"), "```\na\n```\n\n");
        assert_eq!(block("```\n# x"), "````\n```\n# x\n````\n\n");
    }

    #[test]
    fn a_cell_holds_no_markup() {
        assert_eq!(cell("a b/c-1"), "a b/c-1");
        assert_eq!(cell("|<b>`[x](www.y.z)*"), "&#124;&#60;b&#62;&#96;&#91;x&#93;(www&#46;y&#46;z)&#42;");
    }

    #[test]
    fn digits_are_grouped() {
        assert_eq!(grouped(1), "1");
        assert_eq!(grouped(12_345_678), "12\u{202f}345\u{202f}678");
    }
}
