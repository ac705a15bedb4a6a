//! The ignore file against what the engine's own code answered.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stdout,
    reason = "a test may fail loudly and read files"
)]

use std::fs;
use std::path::PathBuf;

use docktag::error::Result;
use docktag::ignore::{Ignore, filter, read};
use docktag::tree::{Folder, Node};
use serde_json::Value;

/// A corpus from the project's tests, or one from beside the project, where it is there.
fn corpus(name: &str) -> Option<Value> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name);
    let Ok(text) = fs::read(&path) else {
        assert!(name.starts_with(".."), "{name}");
        println!("not run: corpus absent");
        return None;
    };
    Some(serde_json::from_slice(&text).unwrap())
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().map(|list| list.iter().map(|text| text.as_str().unwrap()).collect()).unwrap_or_default()
}

fn tree(entries: &Value) -> Folder {
    let mut root = Folder::default();
    for entry in texts(entries) {
        match (entry.split_once(" -> "), entry.strip_suffix('/')) {
            (Some((path, target)), _) => root.insert(path.as_bytes(), Node::Link(target.as_bytes().into())),
            (None, Some(folder)) => root.insert(folder.as_bytes(), Node::Folder(Folder::default())),
            (None, None) => root.insert(entry.as_bytes(), Node::File),
        }
    }
    root
}

/// The paths of folders, or of all else.
fn paths(tree: &Folder, folders: bool) -> Vec<String> {
    let mut paths = Vec::new();
    tree.walk(&mut |path, node| {
        if matches!(node, Node::Folder(_)) == folders {
            paths.push(String::from_utf8_lossy(path.as_bytes()).into_owned());
        }
    });
    paths.sort();
    paths
}

fn patterns(text: &str) -> Result<Vec<String>> {
    Ok(read(text.as_bytes())?.into_iter().map(|line| String::from_utf8_lossy(&line.pattern).into_owned()).collect())
}

fn run_cases(corpus: &Value) {
    for case in corpus["cases"].as_array().unwrap() {
        let (name, text) = (&case["name"], case["dockerignore"].as_str().unwrap());
        assert_eq!(patterns(text).unwrap(), texts(&case["patterns"]), "{name}: {text}");
        let tree = tree(&case["tree"]);
        match Ignore::parse(text.as_bytes()).and_then(|ignore| filter(&tree, &ignore)) {
            Err(error) => assert!(case.get("error").is_some_and(|error| !error.is_null()), "{name}: {error}: {text}"),
            Ok(filtered) => {
                assert!(case["error"].is_null(), "{name}: {}: {text}", case["error"]);
                assert_eq!(paths(&filtered.kept, false), texts(&case["kept"]), "{name}: {text}");
                assert_eq!(paths(&filtered.kept, true), texts(&case["kept_dirs"]), "{name}: {text}");
                let mut all = paths(&filtered.kept, false);
                for left in &filtered.left_out {
                    assert!(left.line.is_some(), "{name}: {}", left.path);
                    match tree.get(left.path.as_bytes()) {
                        Some(Node::Folder(inner)) => all.extend(paths(inner, false).iter().map(|inside| format!("{}/{inside}", left.path))),
                        _ => all.push(left.path.to_string()),
                    }
                }
                all.sort();
                assert_eq!(all, paths(&tree, false), "{name}: kept or left out, each once");
            }
        }
    }
}

#[test]
fn the_builder_sees_what_the_engine_would_send() {
    run_cases(&corpus("tests/corpus/dockerignore.json").unwrap());
}

#[test]
fn the_reader_reads_as_the_engines() {
    for case in corpus("tests/corpus/dockerignore.json").unwrap()["readers"].as_array().unwrap() {
        let text = match case["text"].as_str().unwrap() {
            "(70000 x)\n" => format!("{}\n", "x".repeat(70000)),
            text => text.to_owned(),
        };
        match patterns(&text) {
            Ok(patterns) => assert_eq!(
                (patterns.iter().map(String::as_str).collect(), true),
                (texts(&case["patterns"]), case["error"].is_null()),
                "{case}"
            ),
            Err(error) => assert!(case["error"].is_string(), "{error}: {case}"),
        }
    }
}

#[test]
fn peers_agree() {
    let Some(corpus) = corpus("../shared/corpus/peers/dockerignore.json") else { return };
    run_cases(&corpus);
    for case in corpus["matches"].as_array().unwrap() {
        let path = case["path"].as_str().unwrap();
        let patterns: Vec<&[u8]> = texts(&case["patterns"]).into_iter().map(str::as_bytes).collect();
        let decided = Ignore::from_patterns(&patterns).and_then(|ignore| {
            let mut parent = ignore.root();
            for (end, _) in path.match_indices('/') {
                parent = ignore.decide(&path.as_bytes()[..end], true, &parent)?.inherited;
            }
            let walked = ignore.decide(path.as_bytes(), false, &parent)?.excluded;
            Ok((ignore.decide(path.as_bytes(), false, &ignore.root())?.excluded, walked))
        });
        match decided {
            Err(error) => assert!(case["error"].is_string(), "{error}: {case}"),
            Ok((alone, walked)) => {
                assert!(case["error"].is_null(), "{case}");
                // The third matcher of the corpus, `matches`, is the classic one, which the engine does not use.
                assert_eq!(
                    (Some(alone), Some(walked)),
                    (case["matches_or_parent"].as_bool(), case["matches_using_parents"].as_bool()),
                    "{case}"
                );
            }
        }
    }
}
