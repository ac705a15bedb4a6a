//! Errors of programs that failed, with the last lines of their output and, for a build, the step and its line in the Dockerfile.

use crate::error::{Code, Error, after_output};
use crate::need::Exited;
use crate::options::Options;
use crate::plan::Target;

/// So many lines are kept.
const LINES: usize = 20;

/// An error with the last lines that a program printed.
pub(super) fn error(options: &Options, code: Code, message: String, exited: &Exited, help: Option<&str>) -> Error {
    with_lines(&lines(options, exited), code, message, help)
}

fn with_lines(lines: &[String], code: Code, message: String, help: Option<&str>) -> Error {
    let mut error = Error::new(code, message);
    error.help = help.map(str::to_owned);
    if lines.is_empty() {
        error.help = Some(after_output(error.help.as_deref()));
    }
    error.output = lines[lines.len().saturating_sub(LINES)..].to_vec();
    error
}

/// The error of a build, at the step that BuildKit names. `targets` are the images of that build.
pub(super) fn build(options: &Options, message: String, exited: &Exited, help: Option<&str>, targets: &[&Target]) -> Error {
    let lines = lines(options, exited);
    let error = with_lines(&lines, Code::BuildFailed, message, help);
    let Some(step) = step(&lines) else { return error };
    let error = error.of(&format!("the step `{}` failed", step.text));
    let of_service = |target: &&&Target| target.built.iter().any(|name| Some(name.replace('.', "_")) == step.service);
    let target = targets.iter().find(of_service).or(targets.first().filter(|_| targets.len() == 1));
    let dockerfile = target.and_then(|target| target.dockerfile.as_ref());
    match (dockerfile, step.place) {
        (Some(path), Some((file, line))) if path.rsplit('/').next() == file.rsplit('/').next() => error.at(path).line(line),
        _ => error,
    }
}

/// The step of a build that failed.
#[derive(Debug, PartialEq, Eq)]
struct Step {
    text: String,
    /// The target of bake, if there are several.
    service: Option<String>,
    /// File and line.
    place: Option<(String, u32)>,
}

/// Finds ` > [app 2/3] RUN make:` and the `Dockerfile:3` behind it.
///
/// rule: buildkit `util/progress/progressui/printer.go` and `solver/errdefs/source.go`.
fn step(lines: &[String]) -> Option<Step> {
    let at = lines.iter().rposition(|line| line.starts_with(" > ["))?;
    let (stage, text) = lines[at].strip_prefix(" > [")?.split_once("] ")?;
    let service = stage.split_once(' ').map(|(service, _)| service.to_owned()).filter(|service| service != "internal");
    let place = lines[at..].iter().find_map(|line| {
        let (file, line) = line.rsplit_once(':')?;
        Some((file.to_owned(), line.parse().ok()?)).filter(|_| !file.is_empty() && !file.contains(' '))
    });
    Some(Step { text: text.trim_end_matches(':').to_owned(), service, place })
}

/// The lines with something in them, without control characters and without the password.
fn lines(options: &Options, exited: &Exited) -> Vec<String> {
    let text = String::from_utf8_lossy(&exited.stderr);
    let password = options.given_login().map(|(.., password)| password.expose().as_str()).filter(|password| !password.is_empty());
    let clean = |line: &str| {
        let line: String = line.chars().filter(|character| *character == '\t' || !character.is_control()).collect();
        password.map_or(line.clone(), |password| line.replace(password, "***"))
    };
    text.lines().map(clean).filter(|line| !line.trim().is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Job;

    const TEXT: &str = "#6 [app 2/3] RUN make\n#6 0.2 \u{1b}[31mno rule\u{1b}[0m\n#6 ERROR: process \"make\" did not complete\n------\n > [app 2/3] RUN make:\n0.2 no rule\n------\nDockerfile:3\n\n--------------------\n\n   3 | >>> RUN make\n\nfailed to solve: exit code: 2\n";

    #[test]
    fn the_step_and_its_line_are_found() {
        let exited = Exited { stderr: TEXT.into(), code: Some(17), ..Exited::default() };
        let options = Options::new(Job::Build);
        let lines = lines(&options, &exited);
        assert_eq!((lines.len(), lines[1].as_str()), (11, "#6 0.2 [31mno rule[0m"));
        let expected = Step { text: "RUN make".to_owned(), service: Some("app".to_owned()), place: Some(("Dockerfile".to_owned(), 3)) };
        assert_eq!(step(&lines), Some(expected));
        let alone = TEXT.replace("[app 2/3]", "[2/3]");
        let exited = Exited { stderr: alone.into_bytes(), ..exited };
        assert_eq!(step(&super::lines(&options, &exited)).unwrap().service, None);
        let error = error(&options, Code::PushFailed, "failed".to_owned(), &Exited { stderr: b"x\n".repeat(30), ..exited }, None);
        assert_eq!(error.output.len(), LINES);
        assert_eq!(step(&["no step".to_owned()]), None);
    }
}
