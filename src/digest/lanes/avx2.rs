//! Turns eight blocks round at a time: 64 loads and stores of single words become 8 loads, 24 shuffles and 8 stores of vectors.

use std::arch::x86_64::{
    __m256i, _mm256_loadu_si256, _mm256_permute2x128_si256, _mm256_setzero_si256, _mm256_storeu_si256, _mm256_unpackhi_epi32,
    _mm256_unpackhi_epi64, _mm256_unpacklo_epi32, _mm256_unpacklo_epi64,
};

use super::rounds::{Words, block};

/// Fetches the words of a block of every lane; the number of lanes is a multiple of 8.
#[target_feature(enable = "avx2")]
#[inline(never)]
pub(super) fn gather<const N: usize>(words: &mut Words<N>, inputs: &[&[u8]; N], number: usize) {
    for (group, inputs) in inputs.as_chunks::<8>().0.iter().enumerate() {
        for half in 0..2 {
            let mut rows = [_mm256_setzero_si256(); 8];
            for (row, input) in rows.iter_mut().zip(inputs) {
                let Some(block) = block(input, number) else { return };
                *row = load(&block.as_chunks().0[half]);
            }
            let columns = transposed(rows);
            for (row, column) in words[half * 8..].iter_mut().zip(columns) {
                store(&mut row.as_chunks_mut().0[group], column);
            }
        }
    }
}

#[target_feature(enable = "avx2")]
#[inline]
fn transposed(r: [__m256i; 8]) -> [__m256i; 8] {
    let pairs = |a, b| (_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b));
    let fours = |a, b| (_mm256_unpacklo_epi64(a, b), _mm256_unpackhi_epi64(a, b));
    let ((a, b), (c, d), (e, f), (g, h)) = (pairs(r[0], r[1]), pairs(r[2], r[3]), pairs(r[4], r[5]), pairs(r[6], r[7]));
    let ((a, b), (c, d), (e, f), (g, h)) = (fours(a, c), fours(b, d), fours(e, g), fours(f, h));
    let low = |a, b| _mm256_permute2x128_si256::<0x20>(a, b);
    let high = |a, b| _mm256_permute2x128_si256::<0x31>(a, b);
    [low(a, e), low(b, f), low(c, g), low(d, h), high(a, e), high(b, f), high(c, g), high(d, h)]
}

#[target_feature(enable = "avx2")]
#[inline]
#[allow(unsafe_code, reason = "a vector is loaded through a pointer")]
fn load(bytes: &[u8; 32]) -> __m256i {
    // SAFETY: the pointer is to 32 bytes, and need not be aligned.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
}

#[target_feature(enable = "avx2")]
#[inline]
#[allow(unsafe_code, reason = "a vector is stored through a pointer")]
fn store(words: &mut [u32; 8], vector: __m256i) {
    // SAFETY: the pointer is to 32 bytes, and need not be aligned.
    unsafe { _mm256_storeu_si256(words.as_mut_ptr().cast(), vector) }
}
