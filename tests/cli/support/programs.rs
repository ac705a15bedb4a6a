//! Fake programs on PATH: small shell rules for what they do, and a record of how they were called.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;

use serde_json::Value;

use crate::support::Dir;

const FAKE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/support/fake.sh");

/// What a program does for some arguments: a `case` pattern over the arguments (joined by spaces), and shell commands.
pub(crate) type Rule<'a> = (&'a str, &'a str);

/// Puts a program on the PATH of runs in this tree, or gives it other rules. The first rule that fits is taken; a call that none fits fails.
///
/// A program is a link to one script that reads its rules from a file: a script that was just written could not be run while
/// another thread forks (`ETXTBSY`).
pub(crate) fn install(dir: &Dir, name: &str, rules: &[Rule<'_>]) {
    let bin = dir.beside("bin");
    let cases: String = rules.iter().map(|(pattern, body)| format!("{pattern}) {body}\n;;\n")).collect();
    let text = format!("case \"$*\" in\n{cases}*) echo \"{name}: unexpected: $*\" >&2; exit 97 ;;\nesac\n");
    fs::write(bin.join(format!("{name}.rules")), text).unwrap();
    if !bin.join(name).exists() {
        symlink(FAKE, bin.join(name)).unwrap();
    }
}

/// One call of a fake program.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) argv: Vec<String>,
    pub(crate) env: BTreeMap<String, String>,
    /// The Compose file that docktag added, where it is nothing but JSON, and its text.
    pub(crate) added: Option<Value>,
    pub(crate) added_text: String,
    /// `config.json` in the `DOCKER_CONFIG` it was given, the modes of that file and of the folder of the run, and the files there.
    pub(crate) config: Option<Value>,
    pub(crate) modes: Vec<String>,
    pub(crate) configuration: Vec<String>,
}

impl Call {
    /// The command line, with the folder of the run named `RUN`.
    pub(crate) fn line(&self) -> String {
        let words: Vec<&str> =
            self.argv.iter().map(|word| if word.ends_with("/docktag.override.yml") { "RUN/docktag.override.yml" } else { word }).collect();
        words.join(" ")
    }
}

/// The calls of all fake programs so far, in order.
pub(crate) fn calls(dir: &Dir) -> Vec<Call> {
    let folder = dir.beside("calls");
    let order = fs::read_to_string(folder.join("order")).unwrap_or_default();
    let strings = |bytes: Vec<u8>| -> Vec<String> {
        let text = String::from_utf8(bytes).unwrap();
        text.split_terminator('\0').map(str::to_owned).collect()
    };
    let call = |id: &str| {
        let read = |name: &str| fs::read(folder.join(id).join(name));
        let json = |name: &str| read(name).ok().map(|text| serde_json::from_slice(&text).unwrap());
        let lines = |name: &str| String::from_utf8(read(name).unwrap_or_default()).unwrap().lines().map(str::to_owned).collect();
        Call {
            argv: strings(read("argv").unwrap()),
            env: strings(read("env").unwrap())
                .iter()
                .filter_map(|it| it.split_once('='))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            added: read("override").ok().and_then(|text| serde_json::from_slice(&text).ok()),
            added_text: String::from_utf8(read("override").unwrap_or_default()).unwrap(),
            config: json("config.json"),
            modes: lines("modes"),
            configuration: lines("configuration"),
        }
    };
    order.lines().map(call).collect()
}
