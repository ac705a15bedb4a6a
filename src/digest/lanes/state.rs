//! What a message has come to, in either algorithm.

use crate::digest::{Algorithm, Digest};

/// The words of a state; md5 has only the first four.
pub(super) type State = [u32; 8];

/// The state of a message that has seen nothing: RFC 1321, 3.3, and FIPS 180-4, 5.3.3.
pub(super) fn start(algorithm: Algorithm) -> State {
    match algorithm {
        Algorithm::Md5 => [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0, 0, 0, 0],
        Algorithm::Sha256 => [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19],
    }
}

/// The end of the last block: the length of the message in bits.
pub(super) fn length(algorithm: Algorithm, bytes: u64) -> [u8; 8] {
    let bits = bytes.wrapping_mul(8);
    match algorithm {
        Algorithm::Md5 => bits.to_le_bytes(),
        Algorithm::Sha256 => bits.to_be_bytes(),
    }
}

/// The digest of a message whose last block was taken.
pub(super) fn digest(algorithm: Algorithm, state: &State) -> Digest {
    let mut digest = [0; 32];
    for (bytes, word) in digest.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *bytes = match algorithm {
            Algorithm::Md5 => word.to_le_bytes(),
            Algorithm::Sha256 => word.to_be_bytes(),
        };
    }
    Digest::new(algorithm, &digest[..algorithm.len()])
}
