//! Hashers, fed where the bytes lie: in the memory of the module.

use js_sys::Uint8Array;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use super::{Result, bytes_of, named, unexpected};
use crate::digest;

/// There are no lanes for sha256 here.
const MD5: digest::Algorithm = digest::Algorithm::Md5;

/// A hasher that is fed piece by piece; after `finish` it starts anew.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Hasher {
    hasher: digest::Hasher,
    text: digest::Text,
    buffer: Vec<u8>,
}

#[wasm_bindgen]
impl Hasher {
    /// A hasher that has seen nothing; `buffer` bytes are set aside in the memory of the module for `absorb`.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_optional_param_type = "Algorithm")] algorithm: Option<String>,
        #[wasm_bindgen(unchecked_optional_param_type = "number")] buffer: Option<usize>,
    ) -> Result<Hasher> {
        Ok(Hasher {
            hasher: digest::Hasher::new(named(algorithm)?),
            text: digest::Text::default(),
            buffer: vec![0; buffer.unwrap_or_default()],
        })
    }

    /// Takes the next bytes; a string is taken as UTF-8.
    pub fn update(&mut self, #[wasm_bindgen(unchecked_param_type = "Bytes")] bytes: &JsValue) -> Result<()> {
        self.hasher.update(&bytes_of(bytes)?);
        Ok(())
    }

    /// Where the buffer lies in the memory of the module.
    pub fn pointer(&self) -> usize {
        self.buffer.as_ptr().addr()
    }

    /// Takes the first bytes of the buffer, which were written there. Throws if there are not as many.
    pub fn absorb(&mut self, count: usize) -> Result<()> {
        self.hasher.update(first(&self.buffer, count)?);
        Ok(())
    }

    /// The same, with every CR LF taken as LF.
    #[wasm_bindgen(js_name = absorbText)]
    pub fn absorb_text(&mut self, count: usize) -> Result<()> {
        self.text.update(&mut self.hasher, first(&self.buffer, count)?);
        Ok(())
    }

    /// The digest of everything taken, as hexadecimal digits.
    pub fn finish(&mut self) -> String {
        self.text.end(&mut self.hasher);
        self.hasher.finish().to_string()
    }
}

fn first(buffer: &[u8], count: usize) -> Result<&[u8]> {
    buffer.get(..count).ok_or_else(|| unexpected(&format!("at most {} bytes", buffer.len()), &format!("{count}")))
}

/// md5 of several files side by side, several times as fast as one after the other. A lane is free again as soon as its file has ended.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Lanes {
    lanes: digest::Lanes,
}

#[wasm_bindgen]
impl Lanes {
    /// At most so many lanes, each with a buffer of so many bytes in the memory of the module.
    #[wasm_bindgen(constructor)]
    pub fn new(lanes: usize, room: usize) -> Lanes {
        let kernel = digest::Kernel::best(MD5);
        Lanes { lanes: digest::Lanes::new(MD5, kernel, lanes.min(kernel.lanes(MD5)), room) }
    }

    /// How many there are.
    #[wasm_bindgen(getter)]
    pub fn count(&self) -> usize {
        self.lanes.count()
    }

    /// Where the next bytes of a lane are to be written in the memory of the module.
    pub fn pointer(&mut self, lane: usize) -> usize {
        self.lanes.room(lane).as_ptr().addr()
    }

    /// How many bytes may be written there. It is never 0 in a lane that is not ready.
    pub fn room(&mut self, lane: usize) -> usize {
        self.lanes.room(lane).len()
    }

    /// So many bytes were written; `end` says that they are the last of the file.
    pub fn fill(&mut self, lane: usize, count: usize, end: bool) {
        self.lanes.fill(lane, count);
        if end {
            self.lanes.end(lane);
        }
    }

    /// Whether a lane has something to be hashed; else its file has ended, or it wants more of it.
    #[wasm_bindgen(js_name = isReady)]
    pub fn is_ready(&self, lane: usize) -> bool {
        self.lanes.is_ready(lane)
    }

    /// Hashes until one of the lanes that are ready is not any more; `false` if none is.
    pub fn run(&mut self) -> bool {
        self.lanes.run()
    }

    /// The 16 bytes of the digest of a file that has ended and is hashed; its lane is free.
    pub fn take(&mut self, lane: usize) -> Option<Vec<u8>> {
        self.lanes.take(lane).map(|digest| digest.as_bytes().to_vec())
    }

    /// Forgets what a lane was given.
    pub fn reset(&mut self, lane: usize) {
        self.lanes.reset(lane);
    }
}

/// md5 of small files that lie one behind the other in the memory of the module, several at once.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Batch {
    buffer: Vec<u8>,
    /// Where in the buffer the first file begins.
    first: usize,
    room: usize,
    align: usize,
}

#[wasm_bindgen]
impl Batch {
    /// So many bytes are set aside for files. Each begins at a multiple of `align`, which is a power of two: a file that is read to a multiple of 64 is copied nearly twice as fast.
    #[wasm_bindgen(constructor)]
    pub fn new(room: usize, #[wasm_bindgen(unchecked_optional_param_type = "number")] align: Option<usize>) -> Batch {
        let align = align.filter(|align| align.is_power_of_two()).unwrap_or(1);
        let buffer = vec![0; room + align];
        let first = buffer.as_ptr().align_offset(align).min(align);
        Batch { buffer, first, room, align }
    }

    /// Where they lie in the memory of the module.
    pub fn pointer(&self) -> usize {
        self.buffer.as_ptr().addr() + self.first
    }

    /// Writes files there. Throws if they need more than the room.
    pub fn set(&mut self, bytes: &Uint8Array) -> Result<()> {
        let count = bytes.length() as usize;
        if !bytes.is_instance_of::<Uint8Array>() || count > self.room {
            return Err(unexpected(&format!("a Uint8Array of at most {} bytes", self.room), &format!("{count}")));
        }
        bytes.copy_to(&mut self.buffer[self.first..self.first + count]);
        Ok(())
    }

    /// The digests of files, 16 bytes each, by the places where each ends; the next one begins there, or at the multiple that follows.
    pub fn digests(&self, ends: &[usize]) -> Vec<u8> {
        let buffer = &self.buffer[self.first..];
        let mut start = 0;
        let files: Vec<&[u8]> = ends
            .iter()
            .map(|&end| {
                let file = buffer.get(start..end).unwrap_or_default();
                start = end.checked_next_multiple_of(self.align).unwrap_or(end);
                file
            })
            .collect();
        let mut bytes = Vec::with_capacity(16 * files.len());
        for digest in digest::digests(MD5, digest::Kernel::best(MD5), &files) {
            bytes.extend_from_slice(digest.as_bytes());
        }
        bytes
    }
}
