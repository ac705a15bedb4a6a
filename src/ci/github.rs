//! What the GitHub runner understands (GitHub docs, "Workflow commands for GitHub Actions").

use crate::compose::paths::clean;
use crate::digest::{Algorithm, digest};
use crate::error::Error;
use crate::report::{Report, Variable};

/// A workflow command with its annotation's place, on one line.
///
/// ```
/// use docktag::ci::github::command;
///
/// assert_eq!(command("warning", &[("title", "docktag")], "100% done"), "::warning title=docktag::100%25 done");
/// ```
pub fn command(name: &str, properties: &[(&str, &str)], text: &str) -> String {
    let properties: Vec<String> = properties.iter().map(|(name, value)| format!("{name}={}", escape_property(value))).collect();
    let space = if properties.is_empty() { "" } else { " " };
    format!("::{name}{space}{}::{}", properties.join(","), escape_data(text))
}

/// An error as an annotation, of a line where it has one. `folder` is the project folder below the checkout: there the file is.
pub fn annotation(error: &Error, text: &str, folder: &str) -> String {
    let number = |number: Option<u32>| number.map(|number| number.to_string());
    let (line, column) = (number(error.line), number(error.column));
    let file = error.place.as_ref().filter(|_| line.is_some()).map(|place| below(folder, place));
    let properties = [("file", file), ("line", line), ("col", column), ("title", Some("docktag".to_owned()))];
    let properties: Vec<(&str, &str)> = properties.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?))).collect();
    command("error", &properties, text)
}

/// Lines for the files that `$GITHUB_OUTPUT` and `$GITHUB_ENV` name.
///
/// A value of several lines stands between delimiters; the delimiter is made of the value's digest, which the value cannot hold.
pub fn file_lines(variables: &[Variable]) -> String {
    let lines = variables.iter().map(|Variable { name, value }| match value.contains(['\n', '\r']) {
        false => format!("{name}={value}\n"),
        true => {
            let end = format!("end-{}", digest(Algorithm::Sha256, value.as_bytes()));
            format!("{name}<<{end}\n{value}\n{end}\n")
        }
    });
    lines.collect()
}

/// The outputs of a job; `manifest` names the files that have the manifests, one a line.
pub fn outputs(report: &Report, manifest: &str) -> Vec<Variable> {
    let digest = report.targets.first().and_then(|target| target.digest.clone());
    let has_images = report.job.asks_registry() || !report.targets.is_empty();
    let images = if has_images { serde_json::to_string(&report.targets).unwrap_or_default() } else { String::new() };
    let output = |name: &str, value: String| Variable { name: name.to_owned(), value };
    vec![
        output("image", report.image.clone().unwrap_or_default()),
        output("tag", report.tag.clone()),
        output("hit", report.hit.map(|hit| hit.to_string()).unwrap_or_default()),
        output("digest", digest.unwrap_or_default()),
        output("images", images),
        output("manifest", manifest.to_owned()),
        output("matrix", report.matrix.as_ref().map(ToString::to_string).unwrap_or_default()),
        output("period", report.period.clone().unwrap_or_default()),
    ]
}

fn below(folder: &str, place: &str) -> String {
    match (place.starts_with('/'), folder) {
        (true, _) => place.to_owned(),
        // GitHub knows neither `.` nor `..`.
        (_, "") => clean(place),
        (_, folder) => clean(&format!("{folder}/{place}")),
    }
}

/// So that a text cannot end the command or begin another (actions/toolkit, `command.ts`).
fn escape_data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn escape_property(text: &str) -> String {
    escape_data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    #[test]
    fn a_text_cannot_begin_a_workflow_command() {
        assert_eq!(command("group", &[], "100%\n::set-env name=x::y"), "::group::100%25%0A::set-env name=x::y");
        assert_eq!(command("error", &[("file", "a,b:c")], "x"), "::error file=a%2Cb%3Ac::x");
    }

    #[test]
    fn an_annotation_is_of_the_file_in_the_checkout() {
        let error = Error::new(Code::ManifestInvalid, "no").at("a.md5").line(3).column(7);
        assert_eq!(annotation(&error, "text", "apps/web"), "::error file=apps/web/a.md5,line=3,col=7,title=docktag::text");
        assert_eq!(annotation(&error.at("/etc/x"), "text", "apps/web"), "::error file=/etc/x,line=3,col=7,title=docktag::text");
        let error = Error::new(Code::Miss, "no").at("example/app:1");
        assert_eq!(annotation(&error, "text", ""), "::error title=docktag::text");
    }

    #[test]
    fn a_value_of_several_lines_cannot_set_another_variable() {
        let variable = |value: &str| Variable { name: "A".to_owned(), value: value.to_owned() };
        assert_eq!(file_lines(&[variable("b c"), variable("")]), "A=b c\nA=\n");
        let lines = file_lines(&[variable("x\nPATH=/evil")]);
        let end = lines.lines().next().unwrap().strip_prefix("A<<").unwrap();
        assert_eq!(lines, format!("A<<{end}\nx\nPATH=/evil\n{end}\n"));
        assert_eq!(end.len(), 68);
    }
}
