//! `tests/vectors.json`: trees and options with the manifest and the tag that they have, for every host to agree on.
//!
//! The trees are written by hand. What they give comes from GNU `find`, `md5sum`, `sha256sum` and `sort`, never from docktag:
//! `UPDATE=1 cargo test --test cli vectors_are` asks them, and writes the file anew.

use std::collections::BTreeSet;
use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::support::shell::{recipe, tag_of};
use crate::support::{Dir, Run};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors.json");

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    /// What the vector shows.
    name: String,
    options: Options,
    tree: Vec<Entry>,
    manifest: Text,
    tag: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    path: Vec<String>,
    algorithm: String,
}

/// A file, unless it is said to be a link or a folder.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    path: Name,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content: Option<Content>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    executable: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dir: Option<bool>,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Name {
    Text(String),
    Bytes(Vec<u8>),
}

#[derive(Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Content {
    Text(String),
    Base64 { base64: String },
    Repeat { repeat: (u8, usize) },
}

/// Text, or bytes where it is not UTF-8.
#[derive(Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Text {
    Utf8(String),
    Other { base64: String },
}

impl Vector {
    /// The tree on disk.
    fn lay_out(&self) -> Dir {
        let dir = Dir::new();
        for entry in &self.tree {
            let path = match &entry.path {
                Name::Text(text) => text.as_bytes(),
                Name::Bytes(bytes) => bytes,
            };
            match (&entry.content, &entry.link, entry.dir) {
                (Some(content), None, None) => dir.file(path, content.bytes()),
                (None, Some(target), None) => dir.link(path, target),
                (None, None, Some(true)) => dir.folder(path),
                _ => panic!("{}: an entry is a file, a link or a folder", self.name),
            };
            if entry.executable == Some(true) {
                dir.mode(path, 0o755);
            }
        }
        dir
    }

    fn program(&self) -> &'static str {
        match self.options.algorithm.as_str() {
            "md5" => "md5sum",
            "sha256" => "sha256sum",
            other => panic!("{}: {other}", self.name),
        }
    }

    /// Manifest and tag as GNU tools print them.
    fn recipe(&self, dir: &Dir) -> (Vec<u8>, String) {
        let folders: Vec<&str> = self.options.path.iter().map(String::as_str).collect();
        let manifest = recipe(dir, self.program(), &folders);
        let tag = tag_of(dir, self.program(), &manifest);
        (manifest, tag)
    }

    #[track_caller]
    fn check(&self, who: &str, manifest: &[u8], tag: &str) {
        let expected = self.manifest.bytes();
        let (theirs, ours) = (manifest.escape_ascii(), expected.escape_ascii());
        assert!(manifest == expected, "{}:\n{who}:\n{theirs}\ntests/vectors.json:\n{ours}", self.name);
        assert_eq!(tag, self.tag, "{}: {who}", self.name);
    }
}

impl Content {
    fn bytes(&self) -> Vec<u8> {
        match self {
            Content::Text(text) => text.clone().into_bytes(),
            Content::Base64 { base64 } => STANDARD.decode(base64).unwrap(),
            Content::Repeat { repeat: (byte, count) } => vec![*byte; *count],
        }
    }
}

impl Text {
    fn of(bytes: Vec<u8>) -> Self {
        String::from_utf8(bytes).map_or_else(|error| Text::Other { base64: STANDARD.encode(error.as_bytes()) }, Text::Utf8)
    }

    fn bytes(&self) -> Vec<u8> {
        match self {
            Text::Utf8(text) => text.clone().into_bytes(),
            Text::Other { base64 } => STANDARD.decode(base64).unwrap(),
        }
    }
}

fn vectors() -> Vec<Vector> {
    let vectors: Vec<Vector> = serde_json::from_str(&fs::read_to_string(FILE).unwrap()).unwrap();
    let names: BTreeSet<&str> = vectors.iter().map(|vector| vector.name.as_str()).collect();
    assert!(names.len() == vectors.len() && names.len() >= 40, "{} names of {} vectors", names.len(), vectors.len());
    vectors
}

/// The file: an entry of a tree on each line, nothing but ASCII, since the eye cannot tell one way to write `\u{e9}` from the other.
fn render(vectors: &[Vector]) -> String {
    let one = |vector: &Vector| {
        let tree: Vec<String> = vector.tree.iter().map(|entry| format!("      {}", json(entry))).collect();
        format!(
            "  {{\n    \"name\": {},\n    \"options\": {},\n    \"tree\": [\n{}\n    ],\n    \"manifest\": {},\n    \"tag\": {}\n  }}",
            json(&vector.name),
            json(&vector.options),
            tree.join(",\n"),
            json(&vector.manifest),
            json(&vector.tag)
        )
    };
    format!("[\n{}\n]\n", vectors.iter().map(one).collect::<Vec<_>>().join(",\n"))
}

fn json(value: &impl Serialize) -> String {
    let text = serde_json::to_string(value).unwrap();
    let escape = |c: char| -> String {
        match c {
            ' '..='~' => c.to_string(),
            _ => c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
        }
    };
    text.chars().map(escape).collect()
}

#[test]
fn the_vectors_are_what_coreutils_print() {
    let mut vectors = vectors();
    let update = std::env::var_os("UPDATE").is_some();
    for vector in &mut vectors {
        let (manifest, tag) = vector.recipe(&vector.lay_out());
        if update {
            (vector.manifest, vector.tag) = (Text::of(manifest), tag);
        } else {
            vector.check(vector.program(), &manifest, &tag);
        }
    }
    let text = render(&vectors);
    if update {
        fs::write(FILE, &text).unwrap();
    }
    assert!(text == fs::read_to_string(FILE).unwrap(), "tests/vectors.json is not written as UPDATE=1 writes it");
}

#[test]
fn the_program_has_the_manifest_and_the_tag_of_every_vector() {
    for vector in vectors() {
        let dir = vector.lay_out();
        let folders = vector.options.path.iter().flat_map(|path| ["--path", path]);
        let options: Vec<&str> = folders.chain(["--algorithm", &vector.options.algorithm]).collect();
        let manifest = Run::new(&dir, [&["manifest"], &options[..]].concat()).run();
        manifest.ok();
        let tag = Run::new(&dir, [&["tag"], &options[..]].concat()).run().ok();
        vector.check("docktag", &manifest.stdout, tag.trim_end());
    }
}
