//! `env`: the recipe's variables for later steps.

use crate::desk::Desk;
use crate::error::{Code, Error, Result};
use crate::image::Repository;
use crate::job::{inputs, report};
use crate::options::Options;
use crate::report::{Note, Planned, Report, Variable};
use crate::secret::Secret;
use crate::shell::quote;

/// Prints or stores `DOCKER_IMAGE`, `DOCKER_IMAGE_MD5` and `DOCKER_IMAGE_CI`.
pub(super) async fn run(desk: &Desk, options: &Options) -> Result<Report> {
    if options.image.is_none() {
        return Err(Error::new(Code::Usage, "`env` needs the repository of the image").help("give it with `--image example/app`"));
    }
    let destination = if options.ci { Some(destination(options)?) } else { None };
    let identity = inputs::identify(desk, options).await?;
    let mut report = report(options, identity)?;
    if let Some((file, lines)) = destination {
        if options.dry_run {
            report.planned.push(Planned {
                because: "keep the variables for later steps".to_owned(),
                action: format!("append to {file}:\n{}", lines(&report.variables)),
            });
        } else {
            // A last line without an end would swallow our first one.
            let is_open = desk.read(file.to_owned()).await.is_ok_and(|text| text.last().is_some_and(|&byte| byte != b'\n'));
            let text = format!("{}{}", if is_open { "\n" } else { "" }, lines(&report.variables));
            desk.write(file.to_owned(), Secret::new(text.into_bytes()), true).await.map_err(|failure| failure.of_writing(file))?;
            desk.tell(Note::info(format!("{file}: DOCKER_IMAGE, DOCKER_IMAGE_MD5 and DOCKER_IMAGE_CI appended for later steps")));
        }
    }
    Ok(report)
}

/// The recipe's three names and their values; without a moving tag, `DOCKER_IMAGE_CI` is empty.
pub(super) fn variables(repository: &Repository, tag: &str, moving_tag: Option<&str>) -> Result<Vec<Variable>> {
    let moving = moving_tag.map(|moving| repository.with_tag(moving)).transpose()?;
    let variable = |name: &str, value: String| Variable { name: name.to_owned(), value };
    Ok(vec![
        variable("DOCKER_IMAGE", repository.with_tag(tag)?.to_string()),
        variable("DOCKER_IMAGE_MD5", tag.to_owned()),
        variable("DOCKER_IMAGE_CI", moving.map(|image| image.to_string()).unwrap_or_default()),
    ])
}

/// `export` lines for a shell, and for the file that `$BASH_ENV` names (CircleCI docs, "Parameters and environment variables").
pub fn shell_lines(variables: &[Variable]) -> String {
    variables.iter().map(|it| format!("export {}={}\n", it.name, quote(&it.value))).collect()
}

/// Lines for the file that `$GITHUB_ENV` names (GitHub docs, "Workflow commands"). The values are image names and tags: one line each, always.
pub fn github_lines(variables: &[Variable]) -> String {
    variables.iter().map(|it| format!("{}={}\n", it.name, it.value)).collect()
}

/// Turns variables into the text of one of the two files.
type Lines = fn(&[Variable]) -> String;

fn destination(options: &Options) -> Result<(&str, Lines)> {
    let file = |name: &str| options.host.env.get(name).map(String::as_str).filter(|file| !file.is_empty());
    let github = file("GITHUB_ENV").map(|file| (file, github_lines as Lines));
    github.or_else(|| file("BASH_ENV").map(|file| (file, shell_lines as Lines))).ok_or_else(|| {
        Error::new(Code::Usage, "`--ci` finds neither GITHUB_ENV nor BASH_ENV, expected one of them to name the file for later steps")
            .help("outside of a CI use `eval \"$(docktag env ...)\"`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_formats() {
        let image = Repository::parse("127.0.0.1:5000/example/app").unwrap();
        let variables = variables(&image, "900150983cd24fb0d6963f7d28e17f72", None).unwrap();
        let expected = "export DOCKER_IMAGE=127.0.0.1:5000/example/app:900150983cd24fb0d6963f7d28e17f72\nexport DOCKER_IMAGE_MD5=900150983cd24fb0d6963f7d28e17f72\nexport DOCKER_IMAGE_CI=''\n";
        assert_eq!(shell_lines(&variables), expected);
        assert!(github_lines(&variables).ends_with("\nDOCKER_IMAGE_CI=\n"));
    }
}
