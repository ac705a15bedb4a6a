//! Which Compose files a project has, as Compose finds them.
//!
//! Needed on a miss only: our override has to stand behind the project's own files, and naming one file with `-f` makes
//! Compose forget the ones that it finds by itself. Rules: compose-go `cli/options.go` (v2), `compose/config/config.py` (v1).

use crate::compose::Flavor;
use crate::shell::Env;

const NAMES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
const NAMES_V1: [&str; 4] = ["docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml"];
const OVERRIDES: [&str; 4] =
    ["compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml"];

/// The Compose file that is read from standard input (rule: compose-go `types.ConfigFile.IsStdin`).
pub const STDIN: &str = "-";

/// The names that a folder is searched for, most wanted first, and their overrides.
pub fn names(flavor: Flavor) -> (&'static [&'static str], &'static [&'static str]) {
    match flavor {
        Flavor::V1 => (&NAMES_V1, &OVERRIDES),
        Flavor::V2 => (&NAMES, &OVERRIDES),
    }
}

/// The files that `COMPOSE_FILE` names, from the environment or else from the text of `.env`.
///
/// ```
/// use docktag::compose::files::from_variable;
/// use docktag::shell::Env;
///
/// let files = from_variable(&Env::default(), "COMPOSE_FILE=a.yml:ci/b.yml\n", ':');
/// assert_eq!(files.unwrap(), ["a.yml", "ci/b.yml"]);
/// ```
pub fn from_variable(env: &Env, dotenv: &str, list_separator: char) -> Option<Vec<String>> {
    let get = |name: &str| env.get(name).cloned().or_else(|| dotenv_value(dotenv, name)).filter(|value| !value.is_empty());
    let separator = get("COMPOSE_PATH_SEPARATOR").unwrap_or_else(|| list_separator.to_string());
    let files: Vec<String> = get("COMPOSE_FILE")?.split(&separator).filter(|file| !file.is_empty()).map(str::to_owned).collect();
    (!files.is_empty()).then_some(files)
}

/// The names to look for in `folder` (`""`, `"../"`, `"../../"` ...), files before overrides.
pub fn candidates(flavor: Flavor, folder: &str) -> Vec<String> {
    let (files, overrides) = names(flavor);
    files.iter().chain(overrides).map(|name| format!("{folder}{name}")).collect()
}

/// The project's files among the candidates that exist in one folder; empty where there is none.
pub fn choose(flavor: Flavor, candidates: &[String], exists: &[bool]) -> Vec<String> {
    let file_count = names(flavor).0.len();
    let first = |range: std::ops::Range<usize>| {
        range.into_iter().find(|&index| exists.get(index) == Some(&true)).map(|index| candidates[index].clone())
    };
    match first(0..file_count) {
        None => Vec::new(),
        Some(file) => std::iter::once(file).chain(first(file_count..candidates.len())).collect(),
    }
}

/// One value of a `.env` file, good enough for a list of file names; what Compose then makes of it is compared with what it found by itself.
fn dotenv_value(text: &str, name: &str) -> Option<String> {
    text.lines().rev().find_map(|line| {
        let line = line.trim().trim_start_matches("export ").trim_start();
        let value = line.strip_prefix(name)?.trim_start().strip_prefix('=')?.trim();
        let unquoted = ['"', '\''].iter().find_map(|&quote| value.strip_prefix(quote)?.split(quote).next());
        Some(unquoted.unwrap_or_else(|| value.split(" #").next().unwrap_or_default().trim_end()).to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compose_file_is_read_from_the_environment_before_dotenv() {
        let env = Env::from([("COMPOSE_FILE".to_owned(), "x.yml;y.yml".to_owned()), ("COMPOSE_PATH_SEPARATOR".to_owned(), ";".to_owned())]);
        assert_eq!(from_variable(&env, "COMPOSE_FILE=z.yml", ':').unwrap(), ["x.yml", "y.yml"]);
        let none = Env::default();
        assert_eq!(from_variable(&none, "A=1\nexport COMPOSE_FILE = \"a.yml:b.yml\" # both\r\n", ':').unwrap(), ["a.yml", "b.yml"]);
        assert_eq!(from_variable(&none, "COMPOSE_FILE=a.yml # one\n", ':').unwrap(), ["a.yml"]);
        assert_eq!(from_variable(&none, "COMPOSE_FILES=a.yml\n#COMPOSE_FILE=b.yml\nCOMPOSE_FILE=\n", ':'), None);
    }

    #[test]
    fn one_file_and_one_override_are_chosen() {
        let candidates = candidates(Flavor::V2, "../");
        let exists = |names: &[&str]| candidates.iter().map(|candidate| names.contains(&&candidate[3..])).collect::<Vec<_>>();
        let both = exists(&["docker-compose.yml", "compose.yaml", "docker-compose.override.yml"]);
        assert_eq!(choose(Flavor::V2, &candidates, &both), ["../compose.yaml", "../docker-compose.override.yml"]);
        assert_eq!(choose(Flavor::V2, &candidates, &exists(&["compose.override.yml"])), Vec::<String>::new());
        assert_eq!(names(Flavor::V1).0[0], "docker-compose.yml");
    }
}
