//! The compression function of SHA-256 (FIPS 180-4, 6.2.2) on several blocks side by side: most machines have instructions for one message, the others gain what they lack.

use std::arch::x86_64::{
    __m256i, __m512i, _mm256_add_epi32, _mm256_and_si256, _mm256_or_si256, _mm256_set1_epi32, _mm256_srli_epi32, _mm256_xor_si256,
    _mm512_add_epi32, _mm512_and_si512, _mm512_or_si512, _mm512_set1_epi32, _mm512_srli_epi32, _mm512_xor_si512,
};

use super::avx::{load_words, load_words512, store, store512, turn, turn512};
use super::plain::Words;

/// The first 32 bits of the fractional parts of the cube roots of the first 64 primes (4.2.2).
#[rustfmt::skip]
#[allow(clippy::unreadable_literal, reason = "a table is read by columns")]
const ROOTS: [u32; 64] = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];

macro_rules! rounds {
    ($(#[$attribute:meta])* $name:ident, $lanes:literal, $vector:ty, $load:ident, $store:ident, $set:ident, $add:ident, $xor:ident, $and:ident, $or:ident, $right:ident, $turn:ident) => {
        $(#[$attribute])*
        #[inline]
        pub(super) fn $name(state: &mut [[u32; $lanes]; 8], words: &Words<$lanes>) {
            let mut w: [$vector; 16] = [$set(0); 16];
            for (vector, row) in w.iter_mut().zip(words) {
                *vector = $load(row);
            }
            let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] =
                [$load(&state[0]), $load(&state[1]), $load(&state[2]), $load(&state[3]), $load(&state[4]), $load(&state[5]), $load(&state[6]), $load(&state[7])];
            macro_rules! step {
                ($a:ident, $b:ident, $c:ident, $d:ident, $e:ident, $f:ident, $g:ident, $h:ident, $at:expr) => {
                    let mixed = $xor($xor($turn::<6, 26>($e), $turn::<11, 21>($e)), $turn::<25, 7>($e));
                    let chosen = $xor($g, $and($e, $xor($f, $g)));
                    let known = $add($h, $add(w[$at % 16], $set(ROOTS[$at].cast_signed())));
                    let sum = $add($add(known, chosen), mixed);
                    let most = $or($and($a, $b), $and($c, $or($a, $b)));
                    let other = $xor($xor($turn::<2, 30>($a), $turn::<13, 19>($a)), $turn::<22, 10>($a));
                    $d = $add($d, sum);
                    $h = $add(sum, $add(other, most));
                };
            }
            for at in (0..64).step_by(8) {
                if at >= 16 {
                    for t in at..at + 8 {
                        let (x, y) = (w[(t + 1) % 16], w[(t + 14) % 16]);
                        let first = $xor($xor($turn::<7, 25>(x), $turn::<18, 14>(x)), $right::<3>(x));
                        let second = $xor($xor($turn::<17, 15>(y), $turn::<19, 13>(y)), $right::<10>(y));
                        w[t % 16] = $add($add(w[t % 16], first), $add(w[(t + 9) % 16], second));
                    }
                }
                step!(a, b, c, d, e, f, g, h, at);
                step!(h, a, b, c, d, e, f, g, at + 1);
                step!(g, h, a, b, c, d, e, f, at + 2);
                step!(f, g, h, a, b, c, d, e, at + 3);
                step!(e, f, g, h, a, b, c, d, at + 4);
                step!(d, e, f, g, h, a, b, c, at + 5);
                step!(c, d, e, f, g, h, a, b, at + 6);
                step!(b, c, d, e, f, g, h, a, at + 7);
            }
            for (row, vector) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
                $store(row, $add($load(row), vector));
            }
        }
    };
}

rounds!(
    #[target_feature(enable = "avx2")]
    rounds,
    8,
    __m256i,
    load_words,
    store,
    _mm256_set1_epi32,
    _mm256_add_epi32,
    _mm256_xor_si256,
    _mm256_and_si256,
    _mm256_or_si256,
    _mm256_srli_epi32,
    turn
);
rounds!(
    #[target_feature(enable = "avx2,avx512f,avx512vl")]
    rounds512,
    16,
    __m512i,
    load_words512,
    store512,
    _mm512_set1_epi32,
    _mm512_add_epi32,
    _mm512_xor_si512,
    _mm512_and_si512,
    _mm512_or_si512,
    _mm512_srli_epi32,
    turn512
);
