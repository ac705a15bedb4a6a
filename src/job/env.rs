//! `env`: the recipe's variables for later steps.

use crate::desk::Desk;
use crate::error::{Code, Error, Result};
use crate::image::{Reference, Repository};
use crate::job::{inputs, report};
use crate::options::Options;
use crate::report::{Report, Variable};

/// Finds `DOCKER_IMAGE`, `DOCKER_IMAGE_MD5` and `DOCKER_IMAGE_CI`.
pub(super) async fn run(desk: &Desk, options: &Options) -> Result<Report> {
    if options.image.is_none() {
        return Err(Error::new(Code::Usage, "`env` needs the repository of the image").help("give it with `--image example/app`"));
    }
    report(options, inputs::identify(desk, options).await?)
}

/// The one of the recipe's names that needs no image.
pub(super) fn tag_alone(tag: &str) -> Vec<Variable> {
    vec![Variable { name: "DOCKER_IMAGE_MD5".to_owned(), value: tag.to_owned() }]
}

/// The recipe's three names for an image that has its name already.
pub(super) fn of_image(image: &Reference, moving: Option<&Reference>, tag: &str) -> Vec<Variable> {
    let variable = |name: &str, value: String| Variable { name: name.to_owned(), value };
    vec![
        variable("DOCKER_IMAGE", image.to_string()),
        variable("DOCKER_IMAGE_MD5", tag.to_owned()),
        variable("DOCKER_IMAGE_CI", moving.map(ToString::to_string).unwrap_or_default()),
    ]
}

/// Lets later steps stay in the period in which the first one was.
pub(super) fn refresh(period: &str) -> Variable {
    Variable { name: "DOCKTAG_REFRESH".to_owned(), value: period.to_owned() }
}

/// The recipe's three names and their values; without a moving tag, `DOCKER_IMAGE_CI` is empty.
pub(super) fn variables(repository: &Repository, tag: &str, moving_tag: Option<&str>) -> Result<Vec<Variable>> {
    let moving = moving_tag.map(|moving| repository.with_tag(moving)).transpose()?;
    Ok(of_image(&repository.with_tag(tag)?, moving.as_ref(), tag))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ci::{github, shell_lines};

    #[test]
    fn both_formats() {
        let image = Repository::parse("127.0.0.1:5000/example/app").unwrap();
        let variables = variables(&image, "900150983cd24fb0d6963f7d28e17f72", None).unwrap();
        let expected = "export DOCKER_IMAGE=127.0.0.1:5000/example/app:900150983cd24fb0d6963f7d28e17f72\nexport DOCKER_IMAGE_MD5=900150983cd24fb0d6963f7d28e17f72\nexport DOCKER_IMAGE_CI=''\n";
        assert_eq!(shell_lines(&variables), expected);
        assert!(github::file_lines(&variables).ends_with("\nDOCKER_IMAGE_CI=\n"));
    }
}
