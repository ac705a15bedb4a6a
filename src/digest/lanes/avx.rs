//! AVX2 and AVX-512 by the names of their instructions: of plain loops the compiler makes vectors in one build, and single numbers in the next.

use std::arch::x86_64::{
    __m256i, __m512i, _mm256_add_epi32, _mm256_and_si256, _mm256_andnot_si256, _mm256_loadu_si256, _mm256_or_si256,
    _mm256_permute2x128_si256, _mm256_set1_epi32, _mm256_setr_epi64x, _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_slli_epi32,
    _mm256_srli_epi32, _mm256_storeu_si256, _mm256_unpackhi_epi32, _mm256_unpackhi_epi64, _mm256_unpacklo_epi32, _mm256_unpacklo_epi64,
    _mm256_xor_si256, _mm512_add_epi32, _mm512_and_si512, _mm512_andnot_si512, _mm512_loadu_si512, _mm512_or_si512, _mm512_rol_epi32,
    _mm512_set1_epi32, _mm512_setzero_si512, _mm512_storeu_si512, _mm512_xor_si512,
};

use super::rounds::{SINES, Words, block, steps};

/// Takes the next block of 8 lanes for each of so many `GROUPS`.
#[target_feature(enable = "avx2")]
#[inline]
pub(super) fn rounds<const N: usize, const GROUPS: usize>(state: &mut [[u32; N]; 4], words: &Words<N>) {
    let mut all = [[_mm256_setzero_si256(); GROUPS]; 4];
    for (vectors, row) in all.iter_mut().zip(state.iter()) {
        for (vector, numbers) in vectors.iter_mut().zip(row.as_chunks().0) {
            *vector = load_words(numbers);
        }
    }
    let [mut a, mut b, mut c, mut d] = all;
    macro_rules! step {
        ($r:literal, $a:ident, $b:ident, $c:ident, $d:ident, $word:expr, $i:expr, $shift:literal) => {
            for (group, word) in words[$word].as_chunks().0.iter().enumerate().take(GROUPS) {
                let (x, y, z) = ($b[group], $c[group], $d[group]);
                let sum = _mm256_add_epi32(_mm256_add_epi32($a[group], load_words(word)), _mm256_set1_epi32(SINES[$i].cast_signed()));
                let mixed = match $r {
                    0 => _mm256_add_epi32(sum, _mm256_xor_si256(z, _mm256_and_si256(x, _mm256_xor_si256(y, z)))),
                    1 => _mm256_add_epi32(_mm256_add_epi32(sum, _mm256_andnot_si256(z, y)), _mm256_and_si256(x, z)),
                    2 => _mm256_add_epi32(sum, _mm256_xor_si256(_mm256_xor_si256(x, y), z)),
                    _ => _mm256_add_epi32(sum, _mm256_xor_si256(y, _mm256_or_si256(x, _mm256_xor_si256(z, _mm256_set1_epi32(-1))))),
                };
                let turned = _mm256_or_si256(_mm256_slli_epi32::<$shift>(mixed), _mm256_srli_epi32::<{ 32 - $shift }>(mixed));
                $a[group] = _mm256_add_epi32(x, turned);
            }
        };
    }
    steps!(step, a, b, c, d);
    for (row, vectors) in state.iter_mut().zip([a, b, c, d]) {
        for (numbers, vector) in row.as_chunks_mut().0.iter_mut().zip(vectors) {
            let sum = _mm256_add_epi32(load_words(numbers), vector);
            store(numbers, sum);
        }
    }
}

/// Takes the next block of 16 lanes for each of so many `GROUPS`.
#[target_feature(enable = "avx2,avx512f,avx512vl")]
#[inline]
pub(super) fn rounds512<const N: usize, const GROUPS: usize>(state: &mut [[u32; N]; 4], words: &Words<N>) {
    let mut all = [[_mm512_setzero_si512(); GROUPS]; 4];
    for (vectors, row) in all.iter_mut().zip(state.iter()) {
        for (vector, numbers) in vectors.iter_mut().zip(row.as_chunks().0) {
            *vector = load_words512(numbers);
        }
    }
    let [mut a, mut b, mut c, mut d] = all;
    macro_rules! step {
        ($r:literal, $a:ident, $b:ident, $c:ident, $d:ident, $word:expr, $i:expr, $shift:literal) => {
            for (group, word) in words[$word].as_chunks().0.iter().enumerate().take(GROUPS) {
                let (x, y, z) = ($b[group], $c[group], $d[group]);
                let sum = _mm512_add_epi32(_mm512_add_epi32($a[group], load_words512(word)), _mm512_set1_epi32(SINES[$i].cast_signed()));
                // The compiler makes one instruction of these.
                let mixed = match $r {
                    0 => _mm512_xor_si512(z, _mm512_and_si512(x, _mm512_xor_si512(y, z))),
                    1 => _mm512_or_si512(_mm512_andnot_si512(z, y), _mm512_and_si512(x, z)),
                    2 => _mm512_xor_si512(_mm512_xor_si512(x, y), z),
                    _ => _mm512_xor_si512(y, _mm512_or_si512(x, _mm512_xor_si512(z, _mm512_set1_epi32(-1)))),
                };
                $a[group] = _mm512_add_epi32(x, _mm512_rol_epi32::<$shift>(_mm512_add_epi32(sum, mixed)));
            }
        };
    }
    steps!(step, a, b, c, d);
    for (row, vectors) in state.iter_mut().zip([a, b, c, d]) {
        for (numbers, vector) in row.as_chunks_mut().0.iter_mut().zip(vectors) {
            let sum = _mm512_add_epi32(load_words512(numbers), vector);
            store512(numbers, sum);
        }
    }
}

/// Fetches the words of a block of every lane, whose bytes are turned round where `SWAP` is set; the number of lanes is a multiple of 8.
#[target_feature(enable = "avx2")]
#[inline(never)]
pub(super) fn gather<const SWAP: bool, const N: usize>(words: &mut Words<N>, inputs: &[&[u8]; N], number: usize) {
    for (group, inputs) in inputs.as_chunks::<8>().0.iter().enumerate() {
        for half in 0..2 {
            let mut rows = [_mm256_setzero_si256(); 8];
            for (row, input) in rows.iter_mut().zip(inputs) {
                let Some(block) = block(input, number) else { return };
                let vector = load(&block.as_chunks().0[half]);
                *row = if SWAP { swapped(vector) } else { vector };
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
fn swapped(words: __m256i) -> __m256i {
    const ORDER: [u64; 2] = [0x0405_0607_0001_0203, 0x0c0d_0e0f_0809_0a0b];
    let [low, high] = ORDER.map(u64::cast_signed);
    _mm256_shuffle_epi8(words, _mm256_setr_epi64x(low, high, low, high))
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
#[allow(unsafe_code, reason = "a vector is loaded through a pointer")]
pub(super) fn load_words(words: &[u32; 8]) -> __m256i {
    // SAFETY: the pointer is to 32 bytes, and need not be aligned.
    unsafe { _mm256_loadu_si256(words.as_ptr().cast()) }
}

#[target_feature(enable = "avx2")]
#[inline]
#[allow(unsafe_code, reason = "a vector is stored through a pointer")]
pub(super) fn store(words: &mut [u32; 8], vector: __m256i) {
    // SAFETY: the pointer is to 32 bytes, and need not be aligned.
    unsafe { _mm256_storeu_si256(words.as_mut_ptr().cast(), vector) }
}

#[target_feature(enable = "avx512f")]
#[inline]
#[allow(unsafe_code, reason = "a vector is loaded through a pointer")]
pub(super) fn load_words512(words: &[u32; 16]) -> __m512i {
    // SAFETY: the pointer is to 64 bytes, and need not be aligned.
    unsafe { _mm512_loadu_si512(words.as_ptr().cast()) }
}

#[target_feature(enable = "avx512f")]
#[inline]
#[allow(unsafe_code, reason = "a vector is stored through a pointer")]
pub(super) fn store512(words: &mut [u32; 16], vector: __m512i) {
    // SAFETY: the pointer is to 64 bytes, and need not be aligned.
    unsafe { _mm512_storeu_si512(words.as_mut_ptr().cast(), vector) }
}
