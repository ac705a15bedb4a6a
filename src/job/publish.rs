//! What later steps of a CI job need: variables, outputs, the manifest's file and the summary, each where the CI looks for it.

use crate::ci::{github, shell_lines, summary};
use crate::desk::Desk;
use crate::error::{Code, Error, Result};
use crate::need::Writing;
use crate::options::Options;
use crate::report::{Note, Planned, Report, Variable};
use crate::secret::Secret;
use crate::shell::printable;

/// How much of a manifest is written at a time: what crosses to a host in JSON takes several times its size.
const PART: usize = 256 * 1024;

/// Turns variables into the text of one of the two files.
type Lines = fn(&[Variable]) -> String;

/// Whether there is a CI, before much is done.
pub(super) fn check(options: &Options) -> Result<()> {
    destination(options).map(|_| ())
}

/// Keeps what came of a job. A failure gets a summary too.
pub(super) async fn publish(desk: &Desk, options: &Options, result: Result<Report>) -> Result<Report> {
    let mut report = match result {
        Ok(report) => report,
        Err(error) => {
            if let Some(file) = file(options, "GITHUB_STEP_SUMMARY") {
                // The job's own failure matters more than one to tell it here.
                append(desk, file, &printable(&summary::of_error(options, &error))).await.ok();
            }
            return Err(error);
        }
    };
    let (destination, lines) = destination(options)?;
    if options.dry_run {
        if !report.variables.is_empty() {
            report.planned.push(Planned {
                because: "keep the variables for later steps".to_owned(),
                action: format!("append to {destination}:\n{}", lines(&report.variables)),
            });
        }
    } else if !report.variables.is_empty() && report.failure.is_none() {
        append(desk, destination, &lines(&report.variables)).await?;
        let names: Vec<&str> = report.variables.iter().map(|it| it.name.as_str()).collect();
        desk.tell(Note::info(format!("{destination}: {} appended for later steps", names.join(", "))));
    }
    if let Some(file) = file(options, "GITHUB_OUTPUT") {
        let manifest = keep_manifests(desk, options, &report).await?;
        append(desk, file, &github::file_lines(&github::outputs(&report, &manifest))).await?;
    }
    if let Some(file) = file(options, "GITHUB_STEP_SUMMARY") {
        append(desk, file, &printable(&summary::of_report(options, &report))).await?;
    }
    Ok(report)
}

/// Writes the manifests beside the runner's other files; gives their paths back, one a line, and nothing where the runner has no place for them.
async fn keep_manifests(desk: &Desk, options: &Options, report: &Report) -> Result<String> {
    let Some(folder) = file(options, "RUNNER_TEMP") else { return Ok(String::new()) };
    let own = [(&report.tag, report.manifest.as_slice())];
    let others = report.targets.iter().map(|target| (&target.tag, &*target.manifest));
    let mut paths: Vec<String> = Vec::new();
    for (tag, manifest) in own.into_iter().chain(others).filter(|(_, manifest)| !manifest.is_empty()) {
        let path = format!("{folder}/docktag-{tag}.{}", report.algorithm.program());
        if paths.contains(&path) {
            continue;
        }
        for (index, part) in manifest.chunks(PART).enumerate() {
            let how = if index == 0 { Writing::Private } else { Writing::Append };
            desk.write(path.clone(), Secret::new(part), how).await.map_err(|failure| failure.of_writing(&path))?;
        }
        paths.push(path);
    }
    Ok(paths.join("\n"))
}

async fn append(desk: &Desk, file: &str, text: &str) -> Result<()> {
    // A last line without an end would swallow our first one.
    let is_open = desk.read(file.to_owned()).await.is_ok_and(|text| text.last().is_some_and(|&byte| byte != b'\n'));
    let text = format!("{}{text}", if is_open { "\n" } else { "" });
    desk.write(file.to_owned(), Secret::new(text.into_bytes()), Writing::Append).await.map_err(|failure| failure.of_writing(file))
}

/// Where variables for later steps go, and in which format.
fn destination(options: &Options) -> Result<(&str, Lines)> {
    let github = file(options, "GITHUB_ENV").map(|file| (file, github::file_lines as Lines));
    github.or_else(|| file(options, "BASH_ENV").map(|file| (file, shell_lines as Lines))).ok_or_else(|| {
        Error::new(Code::Usage, "`--ci` finds neither GITHUB_ENV nor BASH_ENV, expected one of them to name the file for later steps")
            .help("outside of a CI use `eval \"$(docktag env ...)\"`")
    })
}

fn file<'a>(options: &'a Options, name: &str) -> Option<&'a str> {
    options.host.env.get(name).map(String::as_str).filter(|file| !file.is_empty())
}
