//! The Compose reader against what Compose itself made of each case.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test may fail loudly and use the machine"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use docktag::compose::project::{Project, to_json};
use docktag::compose::read::{Read, Request, read};
use docktag::error::{Code, Error};
use serde_json::Value;

const ROOT: &str = "/srv/src";
const DIR: &str = "/srv/src/proj";

fn texts(case: &Value, key: &str) -> Vec<String> {
    case[key].as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// Plays the host: what is asked for is in the case or does not exist.
fn run(case: &Value) -> Result<Box<Project>, Error> {
    let folder = match case["cwd"].as_str() {
        Some(below) => format!("{DIR}/{below}"),
        None => DIR.to_owned(),
    };
    let request = Request {
        files: texts(case, "f"),
        env_files: texts(case, "env_files"),
        profiles: texts(case, "profiles"),
        project_directory: case["project_directory"].as_str().map(str::to_owned),
        project_name: case["project_name"].as_str().map(str::to_owned),
        env: case["env"].as_object().unwrap().iter().map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect(),
        folder,
    };
    let there: BTreeMap<String, Vec<u8>> =
        case["files"].as_object().unwrap().iter().map(|(name, text)| (format!("{DIR}/{name}"), text.as_str().unwrap().into())).collect();
    let mut files = docktag::map::Map::new();
    for _ in 0..100 {
        match read(&request, &files)? {
            Read::Done(project) => return Ok(project),
            Read::Need(paths) => {
                for path in paths {
                    let content = there.get(&path).cloned();
                    assert!(files.insert(path.clone(), content).is_none(), "{path} is asked for twice");
                }
            }
        }
    }
    panic!("asks without end");
}

fn sorted(mut texts: Vec<String>) -> Vec<String> {
    texts.sort();
    texts
}

/// What is wrong with one case.
fn check(case: &Value) -> Option<String> {
    let expand = |text: String| text.replace("$DIR", DIR).replace("$ROOT", ROOT);
    let result = run(case);
    if let Some(error) = case["error"].as_str() {
        return match result {
            Err(error) if error.code != Code::ComposeNotCovered => None,
            Err(error) => Some(format!("not covered: {error}")),
            Ok(_) => Some(format!("is taken, expected: {error}")),
        };
    }
    let project = match result {
        Ok(project) => project,
        Err(error) => return Some(format!("is refused: {error}")),
    };
    let expected: Value = serde_json::from_str(&expand(case["model"].to_string())).unwrap();
    let mut found = to_json(&project);
    if expected.get("secrets").is_none() {
        found.as_object_mut().unwrap().remove("secrets");
    }
    if found != expected {
        return Some(format!("is another model\n  expected {expected}\n  found    {found}"));
    }
    let expected = sorted(texts(case, "warnings").into_iter().map(expand).collect());
    let found = sorted(project.warnings);
    (expected != found).then(|| format!("warns otherwise\n  expected {expected:?}\n  found    {found:?}"))
}

fn all(text: &str) {
    let corpus: Value = serde_json::from_str(text).unwrap();
    let cases = corpus["cases"].as_array().unwrap();
    let wrong: Vec<String> =
        cases.iter().filter_map(|case| Some(format!("{}: {}", case["name"].as_str().unwrap(), check(case)?))).collect();
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn own_cases() {
    all(include_str!("corpus/compose.json"));
}

#[test]
fn cases_of_other_projects() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/peers/compose.json");
    match fs::read_to_string(path) {
        Ok(text) => all(&text),
        Err(_) => println!("not run: corpus absent"),
    }
}
