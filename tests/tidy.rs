//! Rules about the project itself: layers, purity, sizes, and documents that must agree with the code.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test may fail loudly and use the machine"
)]

use std::fs;
use std::path::{Path, PathBuf};

use docktag::error::Code;

/// The library's modules from the bottom up: each may use only those before it.
const LAYERS: [&str; 36] = [
    "error",
    "secret",
    "shell",
    "bytes",
    "map",
    "path",
    "tree",
    "digest",
    "image",
    "glob",
    "expand",
    "manifest",
    "naming",
    "note",
    "platform",
    "refresh",
    "share",
    "ignore",
    "dockerfile",
    "diff",
    "registry",
    "compose",
    "reach",
    "options",
    "report",
    "plan",
    "matrix",
    "need",
    "inputs",
    "ci",
    "print",
    "say",
    "desk",
    "job",
    "session",
    "wasm",
];
/// A file is one idea; a table may be longer.
const LINES: usize = 400;
const TABLES: [(&str, usize); 1] = [("src/image.rs", 450)];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a folder with one of these endings, by name relative to the project.
fn files(folder: &str, endings: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![root().join(folder)];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if !["node_modules", "__pycache__", "target"].contains(&path.file_name().unwrap().to_string_lossy().as_ref()) {
                    open.push(path);
                }
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

fn library() -> Vec<(String, String)> {
    files("src", &[".rs"]).into_iter().filter(|(name, _)| !name.starts_with("src/host") && name != "src/main.rs").collect()
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn modules_use_only_layers_below() {
    for (name, text) in library().iter().filter(|(name, _)| name != "src/lib.rs") {
        let module = name.trim_start_matches("src/").trim_end_matches(".rs").split('/').next().unwrap();
        let own = LAYERS.iter().position(|layer| *layer == module).unwrap_or_else(|| panic!("{name}: not in the list of layers"));
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            for used in line.split("crate::").skip(1) {
                let used = used.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
                let layer =
                    LAYERS.iter().position(|layer| *layer == used).unwrap_or_else(|| panic!("{name}:{}: `{used}` is no layer", number + 1));
                assert!(layer <= own, "{name}:{}: `{module}` uses `{used}`, which is above it", number + 1);
            }
        }
    }
}

#[test]
fn every_layer_is_a_module() {
    let lib = read("src/lib.rs");
    for layer in LAYERS {
        assert!(lib.contains(&format!("pub mod {layer};")), "{layer}");
    }
    assert_eq!(lib.matches("pub mod ").count(), LAYERS.len());
}

#[test]
fn the_library_does_no_io() {
    for (name, text) in library() {
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            for module in ["fs", "env", "net", "process", "time", "thread", "os", "io"] {
                assert!(!line.contains(&format!("std::{module}")), "{name}:{}: {line}", number + 1);
            }
        }
    }
}

/// `docs/adr/0022-git.md`.
#[test]
fn one_module_starts_git() {
    let starts = |text: &str| text.contains("\"git\".to_owned()") || text.contains("(\"git\")") || text.contains("[\"git\"");
    for (name, text) in library() {
        assert!(name == "src/job/git.rs" || !starts(&text.replace(".at(\"git\")", "")), "{name}: git is started by `job/git` only");
    }
    assert!(starts(&read("src/job/git.rs")));
}

#[test]
fn only_the_lanes_have_unsafe_code() {
    for (name, text) in files("src", &[".rs"]) {
        let has_some = text.contains("unsafe_code") || text.contains("unsafe {");
        assert!(!has_some || name.starts_with("src/digest/lanes/"), "{name}: `unsafe` is for src/digest/lanes only");
        assert_eq!(text.matches("unsafe {").count(), text.matches("// SAFETY: ").count(), "{name}: each `unsafe` says why it is none");
    }
}

#[test]
fn files_stay_small() {
    for (name, text) in files("src", &[".rs"]).into_iter().chain(files("tests", &[".rs", ".sh", ".py", ".mjs"])) {
        let limit = TABLES.iter().find(|(table, _)| *table == name).map_or(LINES, |(_, limit)| *limit);
        let lines = text.lines().count();
        assert!(lines <= limit, "{name} has {lines} lines, at most {limit}: split it by idea");
    }
}

#[test]
fn no_test_is_switched_off() {
    let mark = ["#[", "ignore"].concat();
    for (name, text) in files("src", &[".rs"]).into_iter().chain(files("tests", &[".rs"])) {
        assert!(!text.contains(&mark), "{name}");
    }
}

#[test]
fn every_error_is_documented_with_its_exit_code() {
    let errors = read("docs/errors.md");
    for code in Code::ALL {
        let row = format!("| `{}` | {} | ", code.as_str(), code.exit());
        assert!(errors.contains(&row), "docs/errors.md has no row that begins {row}");
    }
    assert_eq!(errors.matches("\n| `").count(), Code::ALL.len(), "docs/errors.md has rows of errors that do not exist");
}

#[test]
fn the_changelog_has_this_version_once() {
    assert_eq!(read("CHANGELOG.md").matches(&format!("## {} ", env!("CARGO_PKG_VERSION"))).count(), 1);
}

#[test]
fn links_between_documents_lead_somewhere() {
    for (name, text) in files("docs", &[".md"]).into_iter().chain([("README.md".to_owned(), read("README.md"))]) {
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let path = root().join(Path::new(&name).parent().unwrap()).join(target);
            assert!(path.exists(), "{name}: the link to `{target}` leads nowhere");
        }
    }
}

/// A name such as `v4` can be given to another commit; a commit cannot.
#[test]
fn workflows_name_actions_by_their_commit() {
    let workflows = files(".github/workflows", &[".yml", ".yaml"]);
    let mut count = 0;
    for (name, text) in workflows.into_iter().chain([("action.yml".to_owned(), read("action.yml"))]) {
        for (number, line) in text.lines().enumerate() {
            let line = line.trim_start().trim_start_matches("- ");
            assert!(!line.starts_with("image: ") || line.contains("@sha256:"), "{name}:{}: expected a digest: {line}", number + 1);
            let Some(used) = line.strip_prefix("uses: ") else { continue };
            let is_pinned = used.split_once('@').is_some_and(|(_, rest)| {
                let (commit, version) = rest.split_once(" # v").unwrap_or_default();
                commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()) && !version.is_empty()
            });
            assert!(is_pinned || used.starts_with("./"), "{name}:{}: expected a commit with its version behind it: {used}", number + 1);
            count += 1;
        }
    }
    assert!(count > 20, "only {count} were found");
}

/// What runs on a runner or is installed from npm is what stands here; what tests and builds it is locked with digests.
#[test]
fn packages_have_no_dependencies_but_locked_ones_for_development() {
    for name in ["action/package.json", "pkg/package.json", ".ci/pkg/npm/package.json", "tests/action/package.json", ".ci/pkg/package.json"]
    {
        let package: serde_json::Value = serde_json::from_str(&read(name)).unwrap();
        for kind in ["dependencies", "optionalDependencies", "peerDependencies", "bundleDependencies"] {
            assert!(package[kind].is_null(), "{name}: has {kind}");
        }
        for script in ["preinstall", "install", "postinstall", "prepare"] {
            assert!(package["scripts"][script].is_null(), "{name}: runs something while it is installed: {script}");
        }
    }
    for name in ["tests/action/package-lock.json", ".ci/pkg/package-lock.json"] {
        let lock: serde_json::Value = serde_json::from_str(&read(name)).unwrap();
        for (folder, package) in lock["packages"].as_object().unwrap().iter().filter(|(folder, _)| !folder.is_empty()) {
            let integrity = package["integrity"].as_str().unwrap_or_default();
            assert!(integrity.starts_with("sha512-"), "{name}: {folder} has no digest");
        }
    }
}
