//! `docktag-pkg WASM FOLDER`: writes what `wasm-bindgen --target web` would write, with the wasm split in two, and with the names of functions, by which they are sorted after it.

mod choose;
mod split;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use choose::Border;

/// The modules of the crate whose functions are in the first wasm; new ones are in the second until they stand here.
const FIRST: &[&str] = &[
    "bytes",
    "ci",
    "desk",
    "diff",
    "digest",
    "error",
    "image",
    "job::check_login",
    "job::checkout",
    "job::decide_push",
    "job::login",
    "job::moving",
    "job::place",
    "job::publish",
    "job::registry",
    "manifest",
    "map",
    "naming",
    "need",
    "note",
    "options",
    "path",
    "plan",
    "platform",
    "print",
    "refresh",
    "registry",
    "report",
    "say",
    "secret",
    "session",
    "shell",
    "wasm",
];

/// Those of them that are in the second all the same.
const SECOND: &[&str] = &["job::registry::insecure", "job::registry::trust", "registry::trust"];

/// What works without the second.
const ALONE: &[&str] = &["diff", "digest", "manifest"];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, wasm, folder] = arguments.as_slice() else {
        eprintln!("usage: docktag-pkg WASM FOLDER");
        return ExitCode::from(2);
    };
    match make(wasm, Path::new(folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("docktag-pkg: {wasm}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn make(wasm: &str, folder: &Path) -> Result<()> {
    let mut bindgen = wasm_bindgen_cli_support::Bindgen::new();
    let bindgen = bindgen.input_path(wasm).web(true)?.out_name("docktag").typescript(true);
    bindgen.remove_name_section(false).remove_producers_section(true).omit_default_module_path(false).generate(folder)?;
    let file = folder.join("docktag_bg.wasm");
    let (first, rest) =
        split::split(&std::fs::read(&file)?, &Border { is_alone: &is_alone, is_part_of_it: &is_part_of_it, is_later: &is_later })?;
    std::fs::write(&file, first)?;
    std::fs::write(folder.join("docktag_rest.wasm"), rest)?;
    Ok(())
}

/// Whether an export works without the second wasm: hashing, and all about manifests.
fn is_alone(name: &str) -> bool {
    !name.contains("session")
}

/// Whether all that a name mentions of the crate works without the second wasm.
fn is_part_of_it(name: &str) -> bool {
    let mut paths = paths(name).peekable();
    paths.peek().is_some() && paths.all(|path| is_in(path, ALONE))
}

/// Whether a name mentions a module of the crate, or a crate, that is not for the first wasm.
fn is_later(name: &str) -> bool {
    name.contains("saphyr_parser[") || paths(name).any(|path| !is_in(path, FIRST) || is_in(path, SECOND))
}

/// The paths in this crate that a name mentions. Crates have a hash in brackets: docktag[0123456789abcdef]::path::Path.
fn paths(name: &str) -> impl Iterator<Item = &str> {
    name.split("docktag[").skip(1).map(|rest| rest.split_once("]::").map_or("", |(_, path)| path))
}

fn is_in(path: &str, modules: &[&str]) -> bool {
    let is_name = |next: char| next.is_alphanumeric() || next == '_';
    modules.iter().any(|module| path.strip_prefix(module).is_some_and(|rest| !rest.starts_with(is_name)))
}
