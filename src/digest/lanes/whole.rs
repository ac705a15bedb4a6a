//! Messages that are there whole: nothing of them is copied but their ends.

use super::kernel::{self, Kernel};
use super::{BLOCK, PADDING, rounds};
use crate::digest::{Algorithm, Digest};

/// The MD5 digests of messages, in their order, as many side by side as the kernel takes at its best.
///
/// ```
/// use docktag::digest::{Algorithm, Kernel, digest, digests};
///
/// let messages = [b"abc".as_slice(), b"a longer message"];
/// assert_eq!(digests(Kernel::best(), &messages), messages.map(|message| digest(Algorithm::Md5, message)));
/// ```
pub fn digests(kernel: Kernel, messages: &[&[u8]]) -> Vec<Digest> {
    let kernel = if kernel.is_available() { kernel } else { Kernel::Scalar };
    let lanes = kernel.lanes().min(messages.len());
    let mut digests = vec![Digest::new(Algorithm::Md5, &[0; 16]); messages.len()];
    let mut states = [rounds::START; kernel::MOST];
    let mut ends = [[0; PADDING]; kernel::MOST];
    let mut places: Vec<Place> = (0..lanes).filter_map(|lane| Place::new(lane, lane, messages, &mut ends)).collect();
    let mut next = places.len();
    while !places.is_empty() {
        let (mut active, mut bytes) = ([0; kernel::MOST], [[].as_slice(); kernel::MOST]);
        for ((place, active), bytes) in places.iter().zip(&mut active).zip(&mut bytes) {
            *active = place.lane;
            *bytes = place.bytes(messages, &ends);
        }
        let count = places.len();
        let blocks = bytes[..count].iter().map(|bytes| bytes.len() / BLOCK).min().unwrap_or_default();
        kernel::advance(kernel, &mut states, &active[..count], &bytes[..count], blocks);
        places.retain_mut(|place| {
            if !place.advance(blocks) {
                return true;
            }
            digests[place.message] = rounds::digest(std::mem::replace(&mut states[place.lane], rounds::START));
            let following = Place::new(place.lane, next, messages, &mut ends);
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
    fn new(lane: usize, message: usize, messages: &[&[u8]], ends: &mut [[u8; PADDING]]) -> Option<Self> {
        let text = *messages.get(message)?;
        let (blocks, rest) = text.as_chunks::<BLOCK>();
        let end = ends.get_mut(lane)?;
        // RFC 1321, 3.1 and 3.2.
        *end = [0; PADDING];
        end[..rest.len()].copy_from_slice(rest);
        end[rest.len()] = 0x80;
        let last = (rest.len() + 9).div_ceil(BLOCK);
        end[last * BLOCK - 8..last * BLOCK].copy_from_slice(&(text.len() as u64).wrapping_mul(8).to_le_bytes());
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
