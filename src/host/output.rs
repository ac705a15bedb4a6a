//! Results, on standard output and nothing else there.

use std::io::{self, Write as _};

use docktag::digest::Algorithm;
use docktag::error::Error;
use docktag::job::shell_lines;
use docktag::manifest::Manifest;
use docktag::options::Job;
use docktag::report::{Note, Outcome, Report};
use serde_json::{Value, json};

/// What a job prints for people and scripts.
pub(crate) fn print(report: &Report) -> io::Result<()> {
    let text = match report.job {
        Job::Tag => format!("{}\n", report.image.as_ref().unwrap_or(&report.tag)).into_bytes(),
        Job::Manifest => report.manifest.clone(),
        Job::Env if report.planned.is_empty() => shell_lines(&report.variables).into_bytes(),
        Job::Env | Job::Build | Job::Pull => {
            let planned = report.planned.iter().map(|it| format!("would {}: {}\n", it.because, it.action));
            // An image that is only planned is no result.
            let images =
                report.targets.iter().filter(|target| target.outcome != Outcome::Missing).map(|target| format!("{}\n", target.image));
            images.chain(planned).collect::<String>().into_bytes()
        }
    };
    write(&text)
}

/// The same as JSON, one object on one line.
pub(crate) fn print_json(result: &Result<Report, Error>, notes: &[Note]) -> io::Result<()> {
    let mut value = match result {
        Ok(report) => to_json(report)?,
        Err(error) => json!({ "error": error, "exit": error.code.exit() }),
    };
    if let Value::Object(object) = &mut value {
        object.insert("notes".to_owned(), serde_json::to_value(notes)?);
    }
    write(format!("{value}\n").as_bytes())
}

fn to_json(report: &Report) -> io::Result<Value> {
    let mut value = serde_json::to_value(report)?;
    if report.job == Job::Manifest
        && let Value::Object(object) = &mut value
    {
        object.insert("files".to_owned(), files(report.algorithm, &report.manifest));
    }
    Ok(value)
}

fn files(algorithm: Algorithm, manifest: &[u8]) -> Value {
    let files = Manifest::parse(algorithm, manifest).map(|manifest| manifest.files).unwrap_or_default();
    files.iter().map(|file| json!({ "path": file.path, "digest": file.digest })).collect()
}

/// Who closes the pipe early has seen enough.
pub(crate) fn write(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
