//! The files of random projects, and changes to one of them.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use crate::random::Random;

/// What a name stands for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Entry {
    File { content: String, executable: bool },
    Link(String),
    Folder,
}

/// Names and what they stand for; folders of files need no entry.
pub(crate) type Tree = BTreeMap<String, Entry>;

/// A content of as many bytes as the others that a file of this name has.
pub(crate) fn text(name: &str, number: u64) -> String {
    format!("{name} {number:03}")
}

/// Changes, renames, removes or adds one entry, and says what. New ones are put into one of the folders: `""`, or with a `/` in the end.
pub(crate) fn change(tree: &mut Tree, random: &mut Random, folders: &[&str]) -> String {
    let names: Vec<String> = tree.keys().cloned().collect();
    let name = random.pick(&names).clone();
    let number = random.below(1000);
    match random.below(9) {
        0..=2 => match tree.get_mut(&name) {
            Some(Entry::File { content, .. }) => *content = text(&name, number),
            Some(Entry::Link(target)) => *target = (*random.pick(&["b.md", "docs", "../src"])).to_owned(),
            _ => drop(tree.remove(&name)),
        },
        3 => match tree.get_mut(&name) {
            Some(Entry::File { executable, .. }) => *executable = !*executable,
            _ => drop(tree.remove(&name)),
        },
        4 => {
            let entry = tree.remove(&name).unwrap();
            let renamed = format!("{name}{}", random.pick(&["~", ".txt", "2"]));
            tree.insert(renamed.clone(), entry);
            return format!("renaming {name} to {renamed}");
        }
        5 => {
            tree.remove(&name);
            return format!("removing {name}");
        }
        6 => {
            let file = format!("{}n{number}{}", random.pick(folders), random.pick(&[".txt", ".go", ".md", ""]));
            tree.insert(file.clone(), Entry::File { content: String::new(), executable: false });
            return format!("adding {file}");
        }
        7 => {
            let folder = format!("{}hollow{number}", random.pick(folders));
            tree.insert(folder.clone(), Entry::Folder);
            return format!("adding the empty folder {folder}");
        }
        _ => {
            let link = format!("{}l{number}.txt", random.pick(folders));
            tree.insert(link.clone(), Entry::Link("a.txt".to_owned()));
            return format!("adding the link {link}");
        }
    }
    format!("changing {name}")
}

/// Makes the folder what the tree is, and nothing else. The same files have the same times: they are no input, but would show in an image.
pub(crate) fn write(tree: &Tree, folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.is_symlink() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
    }
    for (name, entry) in tree {
        match entry {
            Entry::File { content, executable } => put(&folder.join(name), content, *executable),
            Entry::Folder => drop(fs::create_dir_all(folder.join(name))),
            Entry::Link(target) => {
                drop(fs::create_dir_all(folder.join(name).parent().unwrap()));
                drop(symlink(target, folder.join(name)));
            }
        }
    }
}

/// Writes one file, with a time of its own for each content: BuildKit takes a file for the one that it has if name, size and time are the
/// same, and would not see that `a 1` became `a 2`.
pub(crate) fn put(path: &Path, content: &str, executable: bool) {
    // A file can have been renamed to where a folder of another entry is to be.
    if fs::create_dir_all(path.parent().unwrap()).is_err() || path.is_dir() {
        return;
    }
    fs::write(path, content).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(if executable { 0o755 } else { 0o644 })).unwrap();
    let number = content.bytes().fold(0_u64, |number, byte| (number * 31 + u64::from(byte)) % 99_999_989);
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000 + number);
    fs::File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
}

/// Gives folders and links a time that stays the same, when everything is written: a context that becomes an image as it is shows it.
pub(crate) fn settle(folder: &Path) {
    let find = ["(", "-type", "d", "-o", "-type", "l", ")", "-exec", "touch", "-h", "-t", "200109090146.40", "{}", "+"];
    assert!(Command::new("find").arg(folder).args(find).status().unwrap().success());
}

/// A program that does nothing but end, for the commonest processor.
pub(crate) fn program() -> String {
    // A byte less than there is, so that the size is ASCII; the kernel loads whole pages.
    String::from_utf8(elf(b"\x6a\x3c\x58\x6a\0\x5f\x0f\x05", 0x7f)).unwrap()
}

/// An ELF file of this code for the commonest processor, with its size in bytes.
fn elf(code: &[u8], size: u64) -> Vec<u8> {
    let mut bytes = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0\x01\0\0\0".to_vec();
    for number in [0x40_0078_u64, 0x40, 0] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend(b"\0\0\0\0\x40\0\x38\0\x01\0\0\0\0\0\0\0\x01\0\0\0\x05\0\0\0");
    for number in [0, 0x40_0000, 0x40_0000, size, size, 0x1000] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend(code);
    bytes
}

/// A program that writes the beginning of the file that its first argument names into the one that the second names, if there is the first; of
/// this assembly, `as -msyntax=intel -mnaked-reg`:
///
/// ```text
/// mov rdi,[rsp+16]; xor esi,esi; xor edx,edx; mov eax,2; syscall; test eax,eax; js end; mov rbx,[rsp+24]; sub rsp,65536
/// mov edi,eax; mov rsi,rsp; mov edx,65536; xor eax,eax; syscall; mov r12,rax
/// mov rdi,rbx; mov esi,0x241; mov edx,0644; mov eax,2; syscall
/// mov edi,eax; mov rsi,rsp; mov rdx,r12; mov eax,1; syscall
/// end: xor edi,edi; mov eax,60; syscall
/// ```
pub(crate) fn copier() -> Vec<u8> {
    let code = concat!(
        "488b7c241031f631d2b8020000000f0585c07840488b5c24184881ec00000100",
        "89c74889e6ba0000010031c00f054989c4",
        "4889dfbe41020000baa4010000b8020000000f05",
        "89c74889e64c89e2b8010000000f05",
        "31ffb83c0000000f05"
    );
    let code: Vec<u8> = (0..code.len()).step_by(2).map(|at| u8::from_str_radix(&code[at..at + 2], 16).unwrap()).collect();
    elf(&code, 120 + code.len() as u64)
}
