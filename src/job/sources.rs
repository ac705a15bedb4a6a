//! Where build secrets and SSH keys come from. Their values are no inputs: they may be other ones on every machine. Their sources are: a branch
//! that names another file builds another image.

use serde_json::Value as Json;

use crate::compose::project::{Build, Project, Service};
use crate::error::{Code, Error, Result};
use crate::job::place::Places;
use crate::note;
use crate::options::{Options, SECRET_VARIABLES};

/// Checks that no secret of a build is one of our own: programs do not see those variables, so the build would get an empty secret.
///
/// # Errors
/// [`Code::Usage`] with the service, the secret and the variable.
pub(super) fn check(project: &Project, service: &Service) -> Result<()> {
    let secrets = service.build.iter().flat_map(|build| secrets(project, build));
    let variables = secrets.filter_map(|(name, given)| Some((name, given["environment"].as_str()?)));
    match variables.into_iter().find(|(_, variable)| SECRET_VARIABLES.contains(variable)) {
        Some((name, variable)) => Err(Error::new(
            Code::Usage,
            format!("secrets: `{}` is read from {variable}, which docktag passes to no other program", name.escape_debug()),
        )
        .at(format!("service `{}`", service.name))
        .help("give the build its secret in a variable of another name")),
        None => Ok(()),
    }
}

/// The items of a list that is a key of `build:`.
pub(super) fn list<'a>(build: &'a Build, key: &str) -> impl Iterator<Item = &'a Json> {
    build.other.get(key).and_then(Json::as_array).into_iter().flatten()
}

/// A build's secrets: names and what the Compose files say of each.
pub(super) fn secrets<'a>(project: &'a Project, build: &'a Build) -> impl Iterator<Item = (&'a str, &'a Json)> {
    list(build, "secrets").filter_map(|secret| {
        let name = secret["source"].as_str()?;
        Some((name, project.secrets.get(name)?))
    })
}

/// Entries for the sources of a build's secrets and SSH keys.
pub(super) fn notes(options: &Options, places: &Places, project: &Project, build: &Build) -> Vec<Vec<u8>> {
    let algorithm = options.algorithm;
    let secrets = secrets(project, build).map(|(name, given)| {
        let source = match (given["environment"].as_str(), given["file"].as_str()) {
            (Some(variable), _) => format!("environment:{variable}"),
            (None, Some(file)) => format!("file:{}", portable(options, places, file)),
            (None, None) => String::new(),
        };
        note::secret(algorithm, name, &source)
    });
    let keys = list(build, "ssh").filter_map(|key| {
        let path = key["path"].as_str().filter(|path| !path.is_empty());
        let source = path.map(|path| portable(options, places, path)).unwrap_or_default();
        Some(note::ssh(algorithm, key["id"].as_str()?, &source))
    });
    secrets.chain(keys).collect()
}

/// A path as it is on every machine: from the project folder on, or from the home folder (`~/.npmrc`), or absolute if it has nothing but the root in
/// common with the project folder (`/run/secrets/token`).
fn portable(options: &Options, places: &Places, path: &str) -> String {
    let variable = |name: &str| options.host.env.get(name).map(|value| value.replace('\\', "/")).filter(|value| value.len() > 1);
    let home = variable("HOME").or_else(|| variable("USERPROFILE"));
    let in_home = home.as_deref().and_then(|home| path.strip_prefix(home.trim_end_matches('/'))?.strip_prefix('/'));
    if let Some(rest) = in_home.filter(|rest| rest.starts_with('.')) {
        return format!("~/{rest}");
    }
    let relative = places.in_manifest(path);
    let mut below = relative.as_str();
    let mut ups = 0;
    while let Some(rest) = below.strip_prefix("../") {
        below = rest;
        ups += 1;
    }
    if ups > 0 && ups >= places.depth() { path.to_owned() } else { relative }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Job;

    #[test]
    fn a_source_is_the_same_on_every_machine() {
        let mut options = Options::new(Job::Tag);
        for (home, folder) in [("/root", "/root/project"), ("/home/runner", "/home/runner/work/app/app"), ("/home/u", "/srv/app")] {
            options.host.env.insert("HOME".to_owned(), home.to_owned());
            options.host.folder = folder.to_owned();
            let project = Project { folder: folder.to_owned(), ..Project::default() };
            let portable = |path: &str| portable(&options, &Places::new(&options, &project), path);
            assert_eq!(portable(&format!("{folder}/a/token")), "a/token");
            assert_eq!(portable("/run/secrets/token"), "/run/secrets/token");
            assert_eq!(portable(&format!("{home}/.npmrc")), "~/.npmrc");
            assert_eq!(portable(&format!("{}/lib/token", folder.rsplit_once('/').unwrap().0)), "../lib/token");
        }
    }
}
