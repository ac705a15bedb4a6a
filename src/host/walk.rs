//! Walking folders, on all cores where there are many.

use std::cmp::Ordering;
use std::fs;
use std::io;
use std::iter;
use std::thread;

use docktag::need::{Failure, FailureKind, Listing};
use docktag::path::RelPath;

use crate::host::fs::{failure, from_native, to_native};

/// As many folders take longer than starting threads for them.
const MANY: usize = 32;

/// Walks a folder without following links, as `find ROOT` does; a root that ends in `/` may be a link.
pub(super) fn list(root: &RelPath) -> Result<Listing, Failure> {
    let kind = fs::symlink_metadata(to_native(root)).map_err(|error| failure(&error, None))?.file_type();
    let unsuited = |kind| Err(Failure { kind, path: None, message: String::new() });
    if kind.is_symlink() {
        return unsuited(FailureKind::IsALink);
    }
    if !kind.is_dir() {
        return unsuited(FailureKind::IsAFile);
    }
    let mut listing = look_into(std::slice::from_ref(root))?;
    let mut level = std::mem::take(&mut listing.folders);
    // What is empty is a folder in another one.
    listing.empty.clear();
    while !level.is_empty() {
        for mut found in look_into_all(&level)? {
            listing.files.append(&mut found.files);
            listing.links.append(&mut found.links);
            listing.empty.append(&mut found.empty);
            listing.folders.append(&mut found.folders);
        }
        level = std::mem::take(&mut listing.folders);
    }
    Ok(Listing { files: listing.files, links: listing.links, empty_dirs: listing.empty })
}

/// What is in some folders.
#[derive(Default)]
struct Found {
    files: Vec<RelPath>,
    links: Vec<RelPath>,
    folders: Vec<RelPath>,
    /// Those of the folders themselves in which nothing is.
    empty: Vec<RelPath>,
}

fn look_into_all(folders: &[RelPath]) -> Result<Vec<Found>, Failure> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    if folders.len() < MANY || cores == 1 {
        return Ok(vec![look_into(folders)?]);
    }
    let (own, others) = folders.split_at(folders.len().div_ceil(cores));
    thread::scope(|scope| {
        let threads: Vec<_> = others.chunks(own.len()).map(|part| scope.spawn(|| look_into(part))).collect();
        let joined = threads.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        iter::once(look_into(own)).chain(joined).collect()
    })
}

fn look_into(folders: &[RelPath]) -> Result<Found, Failure> {
    let mut found = Found::default();
    for folder in folders {
        let (files, inner) = (found.files.len(), found.folders.len());
        let mut is_empty = true;
        let at = |error: io::Error| failure(&error, Some(folder));
        for entry in fs::read_dir(to_native(folder)).map_err(at)? {
            is_empty = false;
            let entry = entry.map_err(at)?;
            let kind = entry.file_type().map_err(at)?;
            let path = folder.join(&from_native(entry.file_name()));
            if kind.is_file() {
                found.files.push(path);
            } else if kind.is_dir() {
                found.folders.push(path);
            } else if kind.is_symlink() {
                found.links.push(path);
            }
        }
        // The core sorts all of them; here, on all cores and while they are near, most of that is done.
        found.files[files..].sort_unstable();
        found.folders[inner..].sort_unstable_by(by_content);
        if is_empty {
            found.empty.push(folder.clone());
        }
    }
    Ok(found)
}

/// The order of what is in two folders of one folder.
fn by_content(a: &RelPath, b: &RelPath) -> Ordering {
    a.as_bytes().iter().chain(b"/").cmp(b.as_bytes().iter().chain(b"/"))
}
