//! Hashing files on all cores.

use std::fs::File;
use std::io::{self, Read};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use docktag::digest::{Algorithm, Hasher, Text};
use docktag::need::{Failure, FailureKind, Hashed};
use docktag::path::RelPath;

use crate::host::fs::{failure, to_native};
use crate::host::log::Log;
use crate::host::progress::Progress;

/// Large enough that reading costs little, small enough to stay in the cache of a core.
const BUFFER: usize = 64 * 1024;
/// Files that a worker takes at a time, where there are many: neighbours on disk, yet little is left to wait for at the end.
const BATCH: usize = 16;

/// Hashes files; the answer has their order. The first failure, by that order, is the one that is told.
pub(super) fn hash(log: &Log, paths: &[RelPath], algorithm: Algorithm, text: bool) -> Result<Vec<Hashed>, Failure> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let workers = cores.min(paths.len()).max(1);
    let batch = BATCH.min(paths.len() / (workers * 4)).max(1);
    let next = AtomicUsize::new(0);
    let progress = Progress::new(log, paths.len());
    let work = || {
        let mut hasher = Hasher::new(algorithm);
        let mut buffer = vec![0; BUFFER];
        let mut done = Vec::new();
        loop {
            let start = next.fetch_add(batch, Ordering::Relaxed);
            for (index, path) in paths.iter().enumerate().skip(start).take(batch) {
                let hashed = hash_file(path, text, &mut hasher, &mut buffer, &progress);
                let failed = hashed.is_err();
                done.push((index, hashed));
                if failed {
                    // The others stop at their next batch: nothing can come of it.
                    next.store(paths.len(), Ordering::Relaxed);
                }
            }
            if start >= paths.len() {
                return done;
            }
        }
    };
    let parts = progress.watch(|| match workers {
        1 => vec![work()],
        _ => thread::scope(|scope| {
            let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
            threads.into_iter().flat_map(|thread| thread.join().ok()).collect()
        }),
    });
    let mut all: Vec<(usize, Result<Hashed, Failure>)> = parts.into_iter().flatten().collect();
    all.sort_unstable_by_key(|(index, _)| *index);
    all.into_iter().map(|(_, hashed)| hashed).collect()
}

/// Hashes one file from its start to its end, and makes sure that it stayed the same meanwhile.
fn hash_file(path: &RelPath, text: bool, hasher: &mut Hasher, buffer: &mut [u8], progress: &Progress<'_>) -> Result<Hashed, Failure> {
    let told = |error: io::Error| failure(&error, Some(path));
    let mut file = File::open(to_native(path)).map_err(told)?;
    let before = file.metadata().map_err(told)?;
    let mut text = text.then(Text::default);
    let mut size = 0;
    loop {
        match file.read(buffer) {
            Ok(0) => break,
            Ok(count) => {
                match &mut text {
                    Some(text) => text.update(hasher, &buffer[..count]),
                    None => hasher.update(&buffer[..count]),
                }
                size += count as u64;
                progress.bytes(count);
                // A small file is read whole at once; whether it has grown is seen below, without reading its end.
                if size == before.len() && count < buffer.len() {
                    break;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                hasher.finish();
                return Err(told(error));
            }
        }
    }
    if let Some(text) = &mut text {
        text.end(hasher);
    }
    let digest = hasher.finish();
    let after = file.metadata().map_err(told)?;
    if size != before.len() || after.len() != before.len() || after.modified().ok() != before.modified().ok() {
        return Err(Failure { kind: FailureKind::Changed, path: Some(path.clone()), message: String::new() });
    }
    progress.file();
    Ok(Hashed { digest, size, executable: is_executable(&before) })
}

#[cfg(unix)]
pub(super) fn is_executable(metadata: &std::fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::mode(metadata) & 0o100 != 0
}

#[cfg(not(unix))]
pub(super) fn is_executable(_: &std::fs::Metadata) -> bool {
    false
}
