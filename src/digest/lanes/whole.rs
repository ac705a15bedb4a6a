//! Messages that are there whole: nothing of them is copied but their ends.

use super::kernel::{self, Kernel};
use super::{BLOCK, PADDING, state};
use crate::digest::{Algorithm, Digest};

/// The digests of messages, in their order, as many side by side as the kernel takes at its best.
///
/// ```
/// use docktag::digest::{Algorithm, Kernel, digest, digests};
///
/// let (algorithm, messages) = (Algorithm::Sha256, [b"abc".as_slice(), b"a longer message"]);
/// assert_eq!(digests(algorithm, Kernel::best(algorithm), &messages), messages.map(|message| digest(algorithm, message)));
/// ```
pub fn digests(algorithm: Algorithm, kernel: Kernel, messages: &[&[u8]]) -> Vec<Digest> {
    let kernel = if kernel.is_available() { kernel } else { Kernel::Scalar };
    let lanes = kernel.lanes(algorithm).min(messages.len());
    let mut digests = vec![Digest::new(algorithm, &[]); messages.len()];
    let mut states = [state::start(algorithm); kernel::MOST];
    let mut ends = [[0; PADDING]; kernel::MOST];
    let mut places: Vec<Place> = (0..lanes).filter_map(|lane| Place::new(algorithm, lane, lane, messages, &mut ends)).collect();
    let mut next = places.len();
    while !places.is_empty() {
        let (mut active, mut bytes) = ([0; kernel::MOST], [[].as_slice(); kernel::MOST]);
        for ((place, active), bytes) in places.iter().zip(&mut active).zip(&mut bytes) {
            *active = place.lane;
            *bytes = place.bytes(messages, &ends);
        }
        let count = places.len();
        let blocks = bytes[..count].iter().map(|bytes| bytes.len() / BLOCK).min().unwrap_or_default();
        kernel::advance(algorithm, kernel, &mut states, &active[..count], &bytes[..count], blocks);
        places.retain_mut(|place| {
            if !place.advance(blocks) {
                return true;
            }
            let state = std::mem::replace(&mut states[place.lane], state::start(algorithm));
            digests[place.message] = state::digest(algorithm, &state);
            let following = Place::new(algorithm, place.lane, next, messages, &mut ends);
            next += 1;
            match following {
                Some(following) => *place = following,
                None => return false,
            }
            true
        });
    }
    digests
}

/// Where a lane stands.
struct Place {
    lane: usize,
    message: usize,
    /// Whole blocks of the message that are hashed.
    done: usize,
    /// Those that it has.
    whole: usize,
    /// Blocks of its end.
    last: usize,
}

impl Place {
    /// The beginning of a message; its end is made ready.
    fn new(algorithm: Algorithm, lane: usize, message: usize, messages: &[&[u8]], ends: &mut [[u8; PADDING]]) -> Option<Self> {
        let text = *messages.get(message)?;
        let (blocks, rest) = text.as_chunks::<BLOCK>();
        let end = ends.get_mut(lane)?;
        // RFC 1321, 3.1 and 3.2; FIPS 180-4, 5.1.1.
        *end = [0; PADDING];
        end[..rest.len()].copy_from_slice(rest);
        end[rest.len()] = 0x80;
        let last = (rest.len() + 9).div_ceil(BLOCK);
        end[last * BLOCK - 8..last * BLOCK].copy_from_slice(&state::length(algorithm, text.len() as u64));
        Some(Place { lane, message, done: 0, whole: blocks.len(), last })
    }

    /// What is to be hashed next.
    fn bytes<'a>(&self, messages: &[&'a [u8]], ends: &'a [[u8; PADDING]]) -> &'a [u8] {
        match self.done < self.whole {
            true => &messages[self.message][self.done * BLOCK..self.whole * BLOCK],
            false => &ends[self.lane][(self.done - self.whole) * BLOCK..self.last * BLOCK],
        }
    }

    /// Takes blocks as hashed; whether these were the last.
    fn advance(&mut self, blocks: usize) -> bool {
        self.done += blocks;
        self.done == self.whole + self.last
    }
}
