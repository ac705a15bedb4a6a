//! Paths as texts with `/`, and the members of a model that are paths.
//!
//! Rules: compose-go `paths/*.go`; Go `path.Clean`. Symbolic links are not followed: the text decides.

use crate::compose::node::{Map, Node, Value};
use crate::compose::template::Notes;
use crate::compose::tree::Path;
use crate::error::Result;

/// The shortest spelling of a path: no `.`, no `//`, and no `..` behind a name.
///
/// ```text
/// ./a//b/../c/ -> a/c
/// ```
pub(crate) fn clean(path: &str) -> String {
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if absolute => {}
            _ => parts.push(part),
        }
    }
    match (absolute, parts.is_empty()) {
        (true, _) => format!("/{}", parts.join("/")),
        (false, true) => ".".to_owned(),
        (false, false) => parts.join("/"),
    }
}

/// `path` below `folder`, also where it is absolute (rule: Go `filepath.Join`).
pub(super) fn join(folder: &str, path: &str) -> String {
    match (folder, path) {
        ("", "") => String::new(),
        ("", path) => clean(path),
        (folder, "") => clean(folder),
        (folder, path) => clean(&format!("{folder}/{path}")),
    }
}

/// `path` as seen from `folder`: itself where it is absolute.
pub(crate) fn absolute(folder: &str, path: &str) -> String {
    if is_absolute(path) { clean(path) } else { join(folder, path) }
}

/// Whether a path begins at the root; a drive's letter counts too.
pub(super) fn is_absolute(path: &str) -> bool {
    path.starts_with('/') || is_windows(path)
}

/// The folder that a path is in.
pub(crate) fn parent(path: &str) -> String {
    match path.rfind('/') {
        Some(end) => clean(&path[..=end]),
        None => ".".to_owned(),
    }
}

/// The last part of a path.
pub(crate) fn base(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}

/// `path` as it is written from `folder`; both absolute (rule: Go `filepath.Rel`).
pub(super) fn relative(folder: &str, path: &str) -> String {
    crate::path::way(&clean(folder), &clean(path))
}

/// `C:\a` or `\\host\share`.
fn is_windows(path: &str) -> bool {
    match path.as_bytes() {
        [letter, b':', b'\\' | b'/', ..] => letter.is_ascii_alphabetic(),
        bytes => bytes.starts_with(b"\\\\"),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// A path, or a list of paths.
    Path,
    /// A build context: a URL stays.
    Context,
    /// A path that may be one of another system.
    AnySystem,
    /// A mount: its source, where that is a path.
    Mount,
    /// A volume of the local driver that is bound to a path.
    Driver,
}

const RULES: [(&str, Rule); 16] = [
    ("@.*.build.context", Rule::Context),
    ("@.*.build.additional_contexts.*", Rule::Context),
    ("@.*.build.ssh.*", Rule::AnySystem),
    ("@.*.env_file.*.path", Rule::Path),
    ("@.*.label_file.*", Rule::Path),
    ("@.*.extends.file", Rule::Path),
    ("services.*.develop.watch.*.path", Rule::Path),
    ("@.*.volumes.*", Rule::Mount),
    ("services.*.pre_start.*.env_file.*.path", Rule::Path),
    ("services.*.pre_start.*.label_file.*", Rule::Path),
    ("services.*.pre_start.*.volumes.*", Rule::Mount),
    ("configs.*.file", Rule::AnySystem),
    ("secrets.*.file", Rule::AnySystem),
    ("include.project_directory", Rule::Path),
    ("include.env_file", Rule::Path),
    ("volumes.*", Rule::Driver),
];

/// What paths are relative to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Base<'a> {
    /// The folder; it may itself be relative, to be resolved again by whoever included this.
    pub(super) folder: &'a str,
    /// What `~` stands for.
    pub(super) home: Option<&'a str>,
}

/// What Compose warns of where `~` stands for nothing.
const NO_HOME: &str = "cannot expand '~', because the environment lacks HOME";

/// Makes the paths of a whole model those that they are from `base`.
pub(super) fn resolve(model: &mut Map, base: Base<'_>, notes: &mut Notes) -> Result<()> {
    for (key, node) in model {
        walk(node, &Path::top(key), base, notes)?;
    }
    Ok(())
}

fn walk(node: &mut Node, path: &Path<'_>, base: Base<'_>, notes: &mut Notes) -> Result<()> {
    if let Some(rule) = path.find(&RULES) {
        return apply(rule, node, path, base, notes);
    }
    match &mut node.value {
        Value::Map(map) => map.iter_mut().try_for_each(|(key, member)| walk(member, &path.next(key), base, notes)),
        Value::List(list) => list.iter_mut().try_for_each(|item| walk(item, &path.next("[]"), base, notes)),
        _ => Ok(()),
    }
}

fn apply(rule: Rule, node: &mut Node, path: &Path<'_>, base: Base<'_>, notes: &mut Notes) -> Result<()> {
    let at = node.at.clone();
    match (rule, &mut node.value) {
        (Rule::Path, Value::List(list)) => list.iter_mut().try_for_each(|item| apply(rule, item, path, base, notes)),
        (Rule::Path, Value::Text(text)) => {
            *text = base.of(text, notes);
            Ok(())
        }
        (Rule::Context, Value::Text(text)) => {
            if !is_remote(text) {
                *text = base.of(text, notes);
            }
            Ok(())
        }
        (Rule::Path | Rule::Context, _) => Err(at.invalid(format!("{path} must be a text"))),
        (Rule::AnySystem, Value::Text(text)) => {
            *text = base.of_any_system(text, notes);
            Ok(())
        }
        (Rule::Mount, Value::Map(map)) => {
            if map.get("type").and_then(Node::as_text) != Some("bind") {
                return Ok(());
            }
            match map.get_mut("source").map(|source| &mut source.value) {
                Some(Value::Text(text)) => {
                    *text = base.of_any_system(text, notes);
                    Ok(())
                }
                _ => Err(at.invalid(format!("{path}: a mount of type `bind` needs a `source`"))),
            }
        }
        (Rule::Driver, Value::Map(map)) => driver(map, base, notes),
        _ => Ok(()),
    }
}

fn driver(volume: &mut Map, base: Base<'_>, notes: &mut Notes) -> Result<()> {
    if volume.get("driver").and_then(Node::as_text) != Some("local") {
        return Ok(());
    }
    let Some(options) = volume.get_mut("driver_opts").and_then(Node::as_map_mut) else { return Ok(()) };
    let is_bind = options.get("o").and_then(Node::as_text) == Some("bind");
    if let Some(Node { value: Value::Text(text), .. }) = options.get_mut("device").filter(|_| is_bind) {
        *text = base.of_any_system(text, notes);
    }
    Ok(())
}

impl Base<'_> {
    fn of(self, path: &str, notes: &mut Notes) -> String {
        let path = self.expand(path, notes);
        if path.is_empty() || path.starts_with('/') { path } else { join(self.folder, &path) }
    }

    fn of_any_system(self, path: &str, notes: &mut Notes) -> String {
        let path = self.expand(path, notes);
        if is_absolute(&path) { path } else { join(self.folder, &path) }
    }

    fn expand(self, path: &str, notes: &mut Notes) -> String {
        match (path.strip_prefix('~'), self.home) {
            (Some(rest), Some(home)) => join(home, rest),
            (Some(_), None) => {
                notes.warnings.push(NO_HOME.to_owned());
                path.to_owned()
            }
            (None, _) => path.to_owned(),
        }
    }
}

/// Whether a context is no folder (rule: compose-go `paths/context.go`).
pub(super) fn is_remote(context: &str) -> bool {
    is_fetched(context) || context.starts_with("service:")
}

/// Whether a context is fetched from elsewhere.
pub(crate) fn is_fetched(context: &str) -> bool {
    let prefixes = ["github.com/", "git@"];
    context.contains("://") || prefixes.iter().any(|prefix| context.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned_as_go_cleans_them() {
        for (path, expected) in [
            ("./a//b/../c/", "a/c"),
            ("", "."),
            ("..", ".."),
            ("../../a", "../../a"),
            ("a/../..", ".."),
            ("/../a", "/a"),
            ("/", "/"),
            ("a/.", "a"),
        ] {
            assert_eq!(clean(path), expected, "{path}");
        }
        assert_eq!((join("sub", "../x"), join("", "x"), join("/p", "")), ("x".to_owned(), "x".to_owned(), "/p".to_owned()));
        assert_eq!((parent("/a/b"), parent("/a"), parent("a"), parent("a/b")), ("/a".into(), "/".into(), ".".into(), "a".into()));
        assert_eq!((relative("/p", "/p/sub"), relative("/p/a", "/p/b"), relative("/p", "/p")), ("sub".into(), "../b".into(), ".".into()));
    }

    #[test]
    fn contexts_and_homes() {
        let base = Base { folder: "/p", home: Some("/home/u") };
        let notes = &mut Notes::default();
        for (path, expected) in [("~/x", "/home/u/x"), ("a", "/p/a"), ("", ""), ("/q/", "/q/")] {
            assert_eq!(base.of(path, notes), expected, "{path}");
        }
        assert_eq!((base.of_any_system("C:\\a", notes), base.of_any_system("", notes)), ("C:\\a".into(), "/p".into()));
        assert!(is_remote("docker-image://a") && is_remote("service:b") && is_remote("github.com/a/b") && !is_remote("./github.com/a"));
    }
}
