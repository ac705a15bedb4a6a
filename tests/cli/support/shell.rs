//! GNU tools and the shell, to compare with.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::thread;

use crate::support::Dir;

/// Runs a shell script in the project folder and gives back what it printed; it must end well.
#[track_caller]
pub(crate) fn sh(dir: &Dir, script: &str, args: &[&str]) -> Vec<u8> {
    sh_with(dir, script, args, b"")
}

/// The same with something on standard input.
#[track_caller]
pub(crate) fn sh_with(dir: &Dir, script: &str, args: &[&str], stdin: &[u8]) -> Vec<u8> {
    let mut child = Command::new("sh")
        .args(["-c", script, "sh"])
        .args(args)
        .current_dir(dir.path(""))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let stdin = stdin.to_vec();
    // From a thread: neither side is to wait for the other with a full pipe.
    let writer = thread::spawn(move || drop(pipe.write_all(&stdin)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// The recipe's manifest of these folders, by real tools. `program` is `md5sum` or `sha256sum`.
#[track_caller]
pub(crate) fn recipe(dir: &Dir, program: &str, folders: &[&str]) -> Vec<u8> {
    sh(dir, &format!("set -e; find \"$@\" -type f -exec {program} {{}} \\; | LC_ALL=C sort -k 2"), folders)
}

/// The tag of a manifest, by real tools.
#[track_caller]
pub(crate) fn tag_of(dir: &Dir, program: &str, manifest: &[u8]) -> String {
    let text = sh_with(dir, &format!("{program} | cut -f1 -d' '"), &[], manifest);
    String::from_utf8(text).unwrap().trim().to_owned()
}
