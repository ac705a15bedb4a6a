//! Several messages side by side: inside one message each step waits for the one before, so a core has most of its units idle.

mod kernel;
mod rounds;
mod state;
mod whole;

// Where every engine has vectors, nothing else is compiled.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod plain;
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod scalar;

#[cfg(target_arch = "x86_64")]
mod avx;
#[cfg(target_arch = "x86_64")]
mod sha256;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd128;

use super::{Algorithm, Digest};
pub use kernel::Kernel;
use state::State;
pub use whole::digests;

/// A block of either algorithm, in bytes.
const BLOCK: usize = 64;
/// What may follow the last byte of a message: a bit, zeros, and eight bytes of its length, to the end of a block.
const PADDING: usize = 2 * BLOCK;
/// A kernel copies what it has read nearly twice as fast to where a line of the cache begins (measured on Zen 3).
const ALIGN: usize = 64;

/// Hashers side by side, each with a buffer of its own. A lane is free again as soon as its message has ended; the others go on.
///
/// ```
/// use docktag::digest::{Algorithm, Kernel, Lanes, digest};
///
/// let mut lanes = Lanes::new(Algorithm::Md5, Kernel::best(Algorithm::Md5), 2, 4096);
/// for (lane, text) in [b"abc".as_slice(), b"a longer message"].into_iter().enumerate() {
///     lanes.room(lane)[..text.len()].copy_from_slice(text);
///     lanes.fill(lane, text.len());
///     lanes.end(lane);
/// }
/// while lanes.run() {}
/// assert_eq!(lanes.take(0), Some(digest(Algorithm::Md5, b"abc")));
/// assert_eq!(lanes.take(1), Some(digest(Algorithm::Md5, b"a longer message")));
/// ```
#[derive(Debug, Clone)]
pub struct Lanes {
    algorithm: Algorithm,
    kernel: Kernel,
    /// From the start of a lane's buffer to that of the next.
    stride: usize,
    /// Where in the buffer the first one starts.
    first: usize,
    buffer: Vec<u8>,
    states: Vec<State>,
    lanes: Vec<Lane>,
}

/// What lies in the buffer of a lane, and is not hashed yet.
#[derive(Debug, Clone, Copy, Default)]
struct Lane {
    start: usize,
    end: usize,
    /// The length of the message so far.
    length: u64,
    has_ended: bool,
}

impl Lane {
    fn blocks(&self) -> usize {
        (self.end - self.start) / BLOCK
    }
}

impl Lanes {
    /// So many lanes, at least one, with room for so many bytes each, at least a block. A kernel that this machine lacks is not used.
    pub fn new(algorithm: Algorithm, kernel: Kernel, lanes: usize, room: usize) -> Self {
        let kernel = if kernel.is_available() { kernel } else { Kernel::Scalar };
        let lanes = lanes.clamp(1, kernel::MOST);
        // Were it a power of two, the lanes would fight for the same places in the cache.
        let stride = room.max(BLOCK).next_multiple_of(BLOCK) + PADDING;
        let buffer = vec![0; ALIGN + stride * lanes];
        let first = buffer.as_ptr().align_offset(ALIGN).min(ALIGN);
        let states = vec![state::start(algorithm); lanes];
        Lanes { algorithm, kernel, stride, first, buffer, states, lanes: vec![Lane::default(); lanes] }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.lanes.len()
    }

    /// Where the next bytes of a lane's message are to be written. It is never empty in a lane that is not ready.
    pub fn room(&mut self, lane: usize) -> &mut [u8] {
        let Some(at) = self.lanes.get_mut(lane).filter(|lane| !lane.has_ended) else { return &mut [] };
        let buffer = &mut self.buffer[self.first + lane * self.stride..][..self.stride - PADDING];
        buffer.copy_within(at.start..at.end, 0);
        (at.start, at.end) = (0, at.end - at.start);
        &mut buffer[at.end..]
    }

    /// So many bytes have been written to the beginning of the room.
    pub fn fill(&mut self, lane: usize, count: usize) {
        let room = self.stride - PADDING;
        if let Some(lane) = self.lanes.get_mut(lane).filter(|lane| !lane.has_ended) {
            let count = count.min(room - lane.end);
            lane.end += count;
            lane.length += count as u64;
        }
    }

    /// The message of a lane ends here.
    pub fn end(&mut self, lane: usize) {
        let Some(at) = self.lanes.get_mut(lane).filter(|lane| !lane.has_ended) else { return };
        let buffer = &mut self.buffer[self.first + lane * self.stride..][..self.stride];
        // RFC 1321, 3.1 and 3.2; FIPS 180-4, 5.1.1.
        let end = at.start + (at.end - at.start + 9).next_multiple_of(BLOCK);
        buffer[at.end] = 0x80;
        buffer[at.end + 1..end - 8].fill(0);
        buffer[end - 8..end].copy_from_slice(&state::length(self.algorithm, at.length));
        (at.end, at.has_ended) = (end, true);
    }

    /// Whether a lane has something to be hashed; else its message has ended, or it wants more of it.
    pub fn is_ready(&self, lane: usize) -> bool {
        self.lanes.get(lane).is_some_and(|lane| lane.blocks() > 0)
    }

    /// Hashes until one of the lanes that are ready is not any more; `false` if none is.
    pub fn run(&mut self) -> bool {
        let (mut active, mut bytes, mut count) = ([0; kernel::MOST], [[].as_slice(); kernel::MOST], 0);
        let mut blocks = usize::MAX;
        for (number, lane) in self.lanes.iter().enumerate().filter(|(_, lane)| lane.blocks() > 0) {
            active[count] = number;
            bytes[count] = &self.buffer[self.first + number * self.stride..][lane.start..lane.end];
            blocks = blocks.min(lane.blocks());
            count += 1;
        }
        if count == 0 {
            return false;
        }
        kernel::advance(self.algorithm, self.kernel, &mut self.states, &active[..count], &bytes[..count], blocks);
        for number in &active[..count] {
            self.lanes[*number].start += blocks * BLOCK;
        }
        true
    }

    /// The digest of a message that has ended and is hashed; the lane is free for the next one.
    pub fn take(&mut self, lane: usize) -> Option<Digest> {
        if self.is_ready(lane) || !self.lanes.get(lane)?.has_ended {
            return None;
        }
        let digest = state::digest(self.algorithm, &self.states[lane]);
        self.reset(lane);
        Some(digest)
    }

    /// Forgets the message of a lane.
    pub fn reset(&mut self, lane: usize) {
        if let Some(at) = self.lanes.get_mut(lane) {
            *at = Lane::default();
            self.states[lane] = state::start(self.algorithm);
        }
    }
}
