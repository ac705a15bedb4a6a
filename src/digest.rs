//! md5 and sha256 as streaming hashers and as values.

mod lanes;

use std::fmt;

use md5::Digest as _;
use serde::Serialize;

pub use lanes::{Kernel, Lanes, digests};

/// The hash function of manifest and tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Algorithm {
    /// What the recipe uses; good against accidents, not against someone who crafts files.
    #[default]
    Md5,
    /// As `sha256sum`.
    Sha256,
}

impl Algorithm {
    /// The length of a digest in hexadecimal digits.
    pub fn hex_len(self) -> usize {
        self.len() * 2
    }

    /// The coreutils program that checks a manifest made with this algorithm.
    pub fn program(self) -> &'static str {
        match self {
            Algorithm::Md5 => "md5sum",
            Algorithm::Sha256 => "sha256sum",
        }
    }

    fn len(self) -> usize {
        match self {
            Algorithm::Md5 => 16,
            Algorithm::Sha256 => 32,
        }
    }
}

/// A hasher that is fed piece by piece.
///
/// ```
/// use docktag::digest::{Algorithm, Hasher};
///
/// let mut hasher = Hasher::new(Algorithm::Md5);
/// hasher.update(b"a");
/// hasher.update(b"bc");
/// assert_eq!(hasher.finish().to_string(), "900150983cd24fb0d6963f7d28e17f72");
/// ```
#[derive(Debug, Clone)]
pub enum Hasher {
    /// md5, from the crate `md-5`.
    Md5(md5::Md5),
    /// sha256, from the crate `sha2`.
    Sha256(sha2::Sha256),
}

impl Hasher {
    /// A hasher that has seen nothing.
    pub fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Md5 => Hasher::Md5(md5::Md5::new()),
            Algorithm::Sha256 => Hasher::Sha256(sha2::Sha256::new()),
        }
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Hasher::Md5(hasher) => hasher.update(bytes),
            Hasher::Sha256(hasher) => hasher.update(bytes),
        }
    }

    /// The digest of everything taken so far; the hasher starts anew.
    pub fn finish(&mut self) -> Digest {
        match self {
            Hasher::Md5(hasher) => Digest::new(Algorithm::Md5, &hasher.finalize_reset()),
            Hasher::Sha256(hasher) => Digest::new(Algorithm::Sha256, &hasher.finalize_reset()),
        }
    }
}

/// Feeds a hasher a text as git has it: every CR LF is taken as LF.
///
/// ```
/// use docktag::digest::{Algorithm, Hasher, Text, digest};
///
/// let (mut hasher, mut text) = (Hasher::new(Algorithm::Md5), Text::default());
/// text.update(&mut hasher, b"a\r");
/// text.update(&mut hasher, b"\nb\rc");
/// text.end(&mut hasher);
/// assert_eq!(hasher.finish(), digest(Algorithm::Md5, b"a\nb\rc"));
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Text {
    /// The last byte was a CR, which counts unless an LF follows.
    pending: bool,
}

impl Text {
    /// Takes the next bytes.
    pub fn update(&mut self, hasher: &mut Hasher, bytes: &[u8]) {
        for part in bytes.split_inclusive(|&byte| byte == b'\r') {
            if self.pending && part.first() != Some(&b'\n') {
                hasher.update(b"\r");
            }
            self.pending = part.last() == Some(&b'\r');
            hasher.update(&part[..part.len() - usize::from(self.pending)]);
        }
    }

    /// The end of the text; the next one can begin.
    pub fn end(&mut self, hasher: &mut Hasher) {
        if std::mem::take(&mut self.pending) {
            hasher.update(b"\r");
        }
    }
}

/// The digest of `bytes`.
pub fn digest(algorithm: Algorithm, bytes: &[u8]) -> Digest {
    let mut hasher = Hasher::new(algorithm);
    hasher.update(bytes);
    hasher.finish()
}

/// A digest; `Display` and JSON are lower-case hexadecimal digits, as coreutils prints them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct Digest {
    bytes: [u8; 32],
    len: u8,
}

impl Digest {
    /// Reads lower-case hexadecimal digits of the algorithm's length; `None` for anything else.
    pub fn from_hex(algorithm: Algorithm, hex: &[u8]) -> Option<Self> {
        if hex.len() != algorithm.hex_len() {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(hex.chunks_exact(2)) {
            *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
        }
        Some(Digest { bytes, len: algorithm.len() as u8 })
    }

    /// Reads lower-case hexadecimal digits of either length.
    pub fn from_text(hex: &str) -> Option<Self> {
        [Algorithm::Md5, Algorithm::Sha256].into_iter().find_map(|algorithm| Digest::from_hex(algorithm, hex.as_bytes()))
    }

    /// The digest of these bytes, which are as many as one of the algorithms gives; `None` for any other number.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let algorithm = [Algorithm::Md5, Algorithm::Sha256].into_iter().find(|algorithm| algorithm.len() == bytes.len())?;
        Some(Digest::new(algorithm, bytes))
    }

    /// What it was made with.
    pub fn algorithm(&self) -> Algorithm {
        if usize::from(self.len) == Algorithm::Md5.len() { Algorithm::Md5 } else { Algorithm::Sha256 }
    }

    /// The digest's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// Appends the hexadecimal digits to a text that is being written.
    pub fn write_hex(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.digits(&mut [0; 64]));
    }

    /// The hexadecimal digits, in the space that is given for them.
    fn digits<'a>(&self, space: &'a mut [u8; 64]) -> &'a [u8] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let bytes = self.as_bytes();
        for (pair, &byte) in space.as_chunks_mut::<2>().0.iter_mut().zip(bytes) {
            *pair = [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
        }
        &space[..2 * bytes.len()]
    }

    fn new(algorithm: Algorithm, output: &[u8]) -> Self {
        let mut bytes = [0; 32];
        bytes[..output.len()].copy_from_slice(output);
        Digest { bytes, len: algorithm.len() as u8 }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(self.digits(&mut [0; 64])).unwrap_or_default())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> String {
        digest.to_string()
    }
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers() {
        // RFC 1321, A.5, and FIPS 180-2, B.1.
        assert_eq!(digest(Algorithm::Md5, b"").to_string(), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(digest(Algorithm::Sha256, b"abc").to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn a_finished_hasher_starts_anew() {
        let mut hasher = Hasher::new(Algorithm::Sha256);
        hasher.update(b"left over");
        hasher.finish();
        assert_eq!(hasher.finish(), digest(Algorithm::Sha256, b""));
    }

    #[test]
    fn hex_is_read_strictly() {
        let hex = "900150983cd24fb0d6963f7d28e17f72";
        assert_eq!(Digest::from_hex(Algorithm::Md5, hex.as_bytes()).unwrap().to_string(), hex);
        for wrong in ["", "900150983cd24fb0d6963f7d28e17f7", "900150983CD24FB0D6963F7D28E17F72", "g00150983cd24fb0d6963f7d28e17f72"] {
            assert!(Digest::from_hex(Algorithm::Md5, wrong.as_bytes()).is_none(), "{wrong}");
        }
        assert!(Digest::from_hex(Algorithm::Sha256, hex.as_bytes()).is_none());
    }
}
