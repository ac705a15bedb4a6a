//! Hashing files on all cores, several on each at once.

use std::fs::File;
use std::io::{self, Seek};
use std::iter::Zip;
use std::mem;
use std::slice::{Chunks, ChunksMut, Iter, IterMut};
use std::sync::Mutex;
use std::thread;
use std::time::SystemTime;

use docktag::digest::{Algorithm, Digest, Hasher, Kernel, Lanes, Text};
use docktag::error::{Code, Error};
use docktag::need::{Failure, FailureKind, Hashed};
use docktag::path::RelPath;

use crate::host::fs::failure;
use crate::host::lock;
use crate::host::log::Log;
use crate::host::look::Look;
use crate::host::open::Opener;
use crate::host::progress::{Progress, Tally};

/// Large enough that reading costs little, small enough to stay in the cache of a core.
const BUFFER: usize = 64 * 1024;
/// The same for each of many lanes.
const ROOM: usize = 32 * 1024;
/// Files that a worker takes at a time, where there are many: neighbours on disk, yet little is left to wait for at the end.
const BATCH: usize = 16;

/// So many files are open at most: some systems let a program have 256.
const OPEN: usize = 200;

/// Where the answer for a file goes; of one that failed there is none.
type Slot = Option<Hashed>;

/// What hashes several files at once, from `DOCKTAG_LANES`: the one of that name, if one is named; `scalar` hashes one after the other.
pub(super) fn kernel() -> Result<Option<Kernel>, Error> {
    const VARIABLE: &str = "DOCKTAG_LANES";
    let Some(name) = std::env::var_os(VARIABLE).filter(|name| !name.is_empty()) else { return Ok(None) };
    let known = || Kernel::ALL.into_iter().filter(|kernel| kernel.is_available());
    known().find(|kernel| name == kernel.name()).map(Some).ok_or_else(|| {
        let names: Vec<&str> = known().map(Kernel::name).collect();
        let message = format!("`{}` is nothing that this machine can hash with", name.display());
        Error::new(Code::Usage, message).at(VARIABLE).help(format!("give one of {}, or leave it away", names.join(", ")))
    })
}

/// Hashes files; the answer has their order. The first failure, by that order, is the one that is told.
///
/// Where no kernel is named, it is the fastest that this machine has.
pub(super) fn hash(log: &Log, kernel: Option<Kernel>, paths: &[RelPath], algorithm: Algorithm, text: bool) -> Result<Vec<Hashed>, Failure> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let workers = cores.min(paths.len()).max(1);
    let progress = Progress::new(log, paths.len());
    let batch = BATCH.min(paths.len() / (workers * 4)).max(1);
    let mut slots: Vec<Slot> = vec![None; paths.len()];
    let rest = Mutex::new(paths.chunks(batch).zip(slots.chunks_mut(batch)));
    let queue = Queue { rest, failures: Mutex::default(), begun: SystemTime::now(), progress: &progress };
    let work = || match (algorithm, text, kernel.unwrap_or_else(|| Kernel::best(algorithm))) {
        (_, true, _) | (_, _, Kernel::Scalar) => queue.one_by_one(algorithm, text),
        (algorithm, false, kernel) => {
            // Few large files are shared evenly.
            let lanes = kernel.lanes(algorithm).min(paths.len().div_ceil(workers)).min(OPEN / workers);
            queue.side_by_side(Lanes::new(algorithm, kernel, lanes, ROOM));
        }
    };
    progress.watch(workers, work);
    let mut failures = mem::take(&mut *lock(&queue.failures));
    let of = |path: &RelPath| failures.iter().position(|failure| failure.path.as_ref() == Some(path));
    match failures.is_empty() {
        true => Ok(slots.into_iter().map_while(|slot| slot).collect()),
        false => Err(failures.swap_remove(paths.iter().find_map(of).unwrap_or_default())),
    }
}

/// What is to be done, and for whom.
struct Queue<'a> {
    /// The files that nobody has taken yet, some at a time.
    rest: Mutex<Zip<Chunks<'a, RelPath>, ChunksMut<'a, Slot>>>,
    /// Of those that were taken; each names its file.
    failures: Mutex<Vec<Failure>>,
    /// Before anything was read.
    begun: SystemTime,
    progress: &'a Progress<'a>,
}

impl<'a> Queue<'a> {
    /// Some files; none are left where there are none.
    fn take(&self) -> Zip<Iter<'a, RelPath>, IterMut<'a, Slot>> {
        let (paths, slots) = lock(&self.rest).next().unwrap_or_default();
        paths.iter().zip(slots)
    }

    /// A file failed. All stop at their next batch: nothing can come of it.
    fn fail(&self, failure: Failure) {
        lock(&self.failures).push(failure);
        *lock(&self.rest) = [].chunks(1).zip([].chunks_mut(1));
    }

    fn one_by_one(&self, algorithm: Algorithm, text: bool) {
        let mut hasher = Hasher::new(algorithm);
        let (mut buffer, mut opener, mut tally) = (vec![0; BUFFER], Opener::default(), self.progress.tally());
        loop {
            let batch = self.take();
            if batch.len() == 0 {
                return;
            }
            for (path, slot) in batch {
                match self.hash_file(path, &mut opener, &mut tally, text, &mut hasher, &mut buffer) {
                    Ok(hashed) => *slot = Some(hashed),
                    Err(failure) => self.fail(failure),
                }
            }
        }
    }

    /// Hashes one file from its start to its end.
    fn hash_file(
        &self,
        path: &'a RelPath,
        opener: &mut Opener,
        tally: &mut Tally<'_>,
        text: bool,
        hasher: &mut Hasher,
        buffer: &mut [u8],
    ) -> Result<Hashed, Failure> {
        let mut file = Reading::open(path, opener)?;
        let mut text = text.then(Text::default);
        while !file.has_ended() {
            let count = match file.read(buffer, self.begun, tally) {
                Ok(count) => count,
                Err(failure) => {
                    hasher.finish();
                    return Err(failure);
                }
            };
            match &mut text {
                Some(text) => text.update(hasher, &buffer[..count]),
                None => hasher.update(&buffer[..count]),
            }
        }
        if let Some(text) = &mut text {
            text.end(hasher);
        }
        Ok(file.hashed(hasher.finish(), tally))
    }

    /// Keeps every lane busy: a large file stays in its lane while small ones pass in the others.
    fn side_by_side(&self, mut lanes: Lanes) {
        let mut open: Vec<Option<(Reading<'a>, &mut Slot)>> = (0..lanes.count()).map(|_| None).collect();
        let (mut batch, mut opener, mut tally) = (self.take(), Opener::default(), self.progress.tally());
        loop {
            for (lane, place) in open.iter_mut().enumerate() {
                while !lanes.is_ready(lane) {
                    let (file, slot) = match place {
                        Some(open) => open,
                        None => {
                            if batch.len() == 0 {
                                batch = self.take();
                            }
                            let Some((path, slot)) = batch.next() else { break };
                            match Reading::open(path, &mut opener) {
                                Ok(file) => place.insert((file, slot)),
                                Err(failure) => {
                                    self.fail(failure);
                                    continue;
                                }
                            }
                        }
                    };
                    if let Some(digest) = lanes.take(lane) {
                        **slot = Some(file.hashed(digest, &mut tally));
                        *place = None;
                        continue;
                    }
                    match file.read(lanes.room(lane), self.begun, &mut tally) {
                        Ok(count) => lanes.fill(lane, count),
                        Err(failure) => {
                            self.fail(failure);
                            lanes.reset(lane);
                            *place = None;
                            continue;
                        }
                    }
                    if file.has_ended() {
                        lanes.end(lane);
                    }
                }
            }
            if !lanes.run() {
                return;
            }
        }
    }
}

/// A file that is being read from its start to its end.
struct Reading<'a> {
    path: &'a RelPath,
    /// Closed at its end, so that only large files are open for longer.
    file: Option<File>,
    /// What the file was before that of it was read which counts.
    before: Option<Look>,
    size: u64,
}

impl<'a> Reading<'a> {
    fn open(path: &'a RelPath, opener: &mut Opener) -> Result<Self, Failure> {
        let file = opener.open(path).map_err(|error| failure(&error, Some(path)))?;
        Ok(Reading { path, file: Some(file), before: None, size: 0 })
    }

    fn has_ended(&self) -> bool {
        self.file.is_none()
    }

    /// The next bytes; at the end it makes sure that the file stayed the same meanwhile.
    fn read(&mut self, buffer: &mut [u8], begun: SystemTime, tally: &mut Tally<'_>) -> Result<usize, Failure> {
        let path = self.path;
        self.try_read(buffer, begun, tally).map_err(|error| failure(&error, Some(path)))?.ok_or_else(|| Failure {
            kind: FailureKind::Changed,
            path: Some(path.clone()),
            message: String::new(),
        })
    }

    /// `None` where the file has changed.
    fn try_read(&mut self, buffer: &mut [u8], begun: SystemTime, tally: &mut Tally<'_>) -> io::Result<Option<usize>> {
        let Some(file) = &mut self.file else { return Ok(Some(0)) };
        let mut count = read(file, buffer)?;
        let mut latest = None;
        if self.before.is_none() {
            let found = Look::at(file)?;
            if !found.is_regular {
                return Err(io::Error::other("is no regular file"));
            }
            match found.is_settled(begun) {
                // One look is enough for a small file: what is true now was true before.
                true => latest = Some(found),
                false => {
                    file.rewind()?;
                    count = read(file, buffer)?;
                }
            }
            self.before = Some(found);
        }
        self.size += count as u64;
        tally.add(0, count as u64);
        let Some(before) = &self.before else { return Ok(None) };
        // One that grows while it is read might never end.
        if self.size > before.size {
            return Ok(None);
        }
        // A small file is read whole at once; whether it has grown is seen here, without reading its end.
        if count == 0 || (self.size == before.size && count < buffer.len()) {
            let after = latest.map_or_else(|| Look::at(file), Ok)?;
            if self.size != before.size || !after.is_same(before) {
                return Ok(None);
            }
            self.file = None;
        }
        Ok(Some(count))
    }

    fn hashed(&self, digest: Digest, tally: &mut Tally<'_>) -> Hashed {
        tally.add(1, 0);
        Hashed { digest, size: self.size, executable: self.before.is_some_and(|before| before.executable) }
    }
}

/// Asks the system itself: the C library would prepare for the end of the thread each time.
#[cfg(target_os = "linux")]
fn read(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    Ok(rustix::io::retry_on_intr(|| rustix::io::read(&mut *file, &mut *buffer))?)
}

#[cfg(not(target_os = "linux"))]
fn read(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    use std::io::Read as _;

    loop {
        match file.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}
