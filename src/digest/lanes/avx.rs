//! AVX2 and AVX-512 by the names of their instructions: of plain loops the compiler makes vectors in one build, and single numbers in the next.

use std::arch::x86_64::{
    __m256i, __m512i, _mm256_add_epi32, _mm256_and_si256, _mm256_andnot_si256, _mm256_loadu_si256, _mm256_or_si256,
    _mm256_permute2x128_si256, _mm256_set1_epi32, _mm256_setr_epi64x, _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_slli_epi32,
    _mm256_srli_epi32, _mm256_storeu_si256, _mm256_unpackhi_epi32, _mm256_unpackhi_epi64, _mm256_unpacklo_epi32, _mm256_unpacklo_epi64,
    _mm256_xor_si256, _mm512_add_epi32, _mm512_and_si512, _mm512_andnot_si512, _mm512_loadu_si512, _mm512_or_si512, _mm512_ror_epi32,
    _mm512_set1_epi32, _mm512_setzero_si512, _mm512_storeu_si512, _mm512_xor_si512,
};

use super::plain::{Words, steps};
use super::rounds::{SINES, block};

macro_rules! rounds {
    ($(#[$attribute:meta])* $name:ident, $zero:ident, $load:ident, $store:ident, $set:ident, $add:ident, $mixed:ident, $turn:ident) => {
        $(#[$attribute])*
        #[inline]
        pub(super) fn $name<const N: usize, const GROUPS: usize>(state: &mut [[u32; N]; 4], words: &Words<N>) {
            let mut all = [[$zero(); GROUPS]; 4];
            for (vectors, row) in all.iter_mut().zip(state.iter()) {
                for (vector, numbers) in vectors.iter_mut().zip(row.as_chunks().0) {
                    *vector = $load(numbers);
                }
            }
            let [mut a, mut b, mut c, mut d] = all;
            macro_rules! step {
                ($r:literal, $a:ident, $b:ident, $c:ident, $d:ident, $word:expr, $i:expr, $shift:literal) => {
                    for (group, word) in words[$word].as_chunks().0.iter().enumerate().take(GROUPS) {
                        let (x, y, z) = ($b[group], $c[group], $d[group]);
                        let sum = $add($add($a[group], $load(word)), $set(SINES[$i].cast_signed()));
                        $a[group] = $add(x, $turn::<{ 32 - $shift }, $shift>($mixed::<$r>(sum, x, y, z)));
                    }
                };
            }
            steps!(step, a, b, c, d);
            for (row, vectors) in state.iter_mut().zip([a, b, c, d]) {
                for (numbers, vector) in row.as_chunks_mut().0.iter_mut().zip(vectors) {
                    let sum = $add($load(numbers), vector);
                    $store(numbers, sum);
                }
            }
        }
    };
}

rounds!(
    /// Takes the next block of 8 lanes for each of so many `GROUPS`.
    #[target_feature(enable = "avx2")]
    rounds,
    _mm256_setzero_si256,
    load_words,
    store,
    _mm256_set1_epi32,
    _mm256_add_epi32,
    mixed,
    turn
);
rounds!(
    /// Takes the next block of 16 lanes for each of so many `GROUPS`.
    #[target_feature(enable = "avx2,avx512f,avx512vl")]
    rounds512,
    _mm512_setzero_si512,
    load_words512,
    store512,
    _mm512_set1_epi32,
    _mm512_add_epi32,
    mixed512,
    turn512
);

/// A sum, and the function of a round added to it.
#[target_feature(enable = "avx2")]
#[inline]
fn mixed<const ROUND: u8>(sum: __m256i, x: __m256i, y: __m256i, z: __m256i) -> __m256i {
    match ROUND {
        0 => _mm256_add_epi32(sum, _mm256_xor_si256(z, _mm256_and_si256(x, _mm256_xor_si256(y, z)))),
        // The two have no bit in common, and so one can be added before the other is known.
        1 => _mm256_add_epi32(_mm256_add_epi32(sum, _mm256_andnot_si256(z, y)), _mm256_and_si256(x, z)),
        2 => _mm256_add_epi32(sum, _mm256_xor_si256(_mm256_xor_si256(x, y), z)),
        _ => _mm256_add_epi32(sum, _mm256_xor_si256(y, _mm256_or_si256(x, _mm256_xor_si256(z, _mm256_set1_epi32(-1))))),
    }
}

/// The same; the compiler makes one instruction of each function.
#[target_feature(enable = "avx512f")]
#[inline]
fn mixed512<const ROUND: u8>(sum: __m512i, x: __m512i, y: __m512i, z: __m512i) -> __m512i {
    let mixed = match ROUND {
        0 => _mm512_xor_si512(z, _mm512_and_si512(x, _mm512_xor_si512(y, z))),
        1 => _mm512_or_si512(_mm512_andnot_si512(z, y), _mm512_and_si512(x, z)),
        2 => _mm512_xor_si512(_mm512_xor_si512(x, y), z),
        _ => _mm512_xor_si512(y, _mm512_or_si512(x, _mm512_xor_si512(z, _mm512_set1_epi32(-1)))),
    };
    _mm512_add_epi32(sum, mixed)
}

/// Turned to the right; both shifts are given, since one cannot be made of the other here.
#[target_feature(enable = "avx2")]
#[inline]
pub(super) fn turn<const RIGHT: i32, const LEFT: i32>(x: __m256i) -> __m256i {
    _mm256_or_si256(_mm256_srli_epi32::<RIGHT>(x), _mm256_slli_epi32::<LEFT>(x))
}

#[target_feature(enable = "avx512f")]
#[inline]
pub(super) fn turn512<const RIGHT: i32, const _LEFT: i32>(x: __m512i) -> __m512i {
    _mm512_ror_epi32::<RIGHT>(x)
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
