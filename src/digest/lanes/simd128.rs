//! Eight lanes in wasm, with its vector instructions by name: this crate is compiled for size there, and loops over lanes would stay loops.

use std::arch::wasm32::{
    u32x4, u32x4_add, u32x4_extract_lane, u32x4_shl, u32x4_shr, u32x4_shuffle, u32x4_splat, v128, v128_and, v128_andnot, v128_not, v128_or,
    v128_xor,
};

use std::hint::black_box;

use super::rounds::{SINES, block};
use super::state::State;

/// Two vectors of four lanes each: while one waits, the other goes on.
type Pair = (v128, v128);

/// Takes so many blocks of each lane that is `active`, of which there are at most eight.
pub(super) fn together(_width: usize, states: &mut [State], active: &[usize], bytes: &[&[u8]], blocks: usize) {
    let mut inputs: [&[u8]; 8] = [bytes.first().copied().unwrap_or_default(); 8];
    let mut rows = [[0; 4]; 8];
    for ((input, row), (from, bytes)) in inputs.iter_mut().zip(&mut rows).zip(active.iter().zip(bytes)) {
        *input = bytes;
        let [a, b, c, d, ..] = states[*from];
        *row = [a, b, c, d];
    }
    let vector = |row: [u32; 4]| u32x4(row[0], row[1], row[2], row[3]);
    let [r, s, t, u, v, w, x, y] = rows.map(vector);
    let (low, high) = (transposed(r, s, t, u), transposed(v, w, x, y));
    let mut state = [(low[0], high[0]), (low[1], high[1]), (low[2], high[2]), (low[3], high[3])];
    let mut words = [(u32x4_splat(0), u32x4_splat(0)); 16];
    let sines = black_box(&SINES);
    for number in 0..blocks {
        gather(&mut words, &inputs, number);
        rounds(&mut state, &words, sines);
    }
    let [a, b, c, d] = state;
    let columns = [transposed(a.0, b.0, c.0, d.0), transposed(a.1, b.1, c.1, d.1)];
    for (to, column) in active.iter().zip(columns.as_flattened()) {
        let [a, b, c, d, ..] = &mut states[*to];
        [*a, *b, *c, *d] = numbers(*column);
    }
}

/// Takes blocks of a single message. The crate is as fast as our own code here, and there anyway.
pub(super) fn one(mut state: [u32; 4], blocks: &[[u8; 64]]) -> [u32; 4] {
    md5::block_api::compress(&mut state, blocks);
    state
}

fn numbers(v: v128) -> [u32; 4] {
    [u32x4_extract_lane::<0>(v), u32x4_extract_lane::<1>(v), u32x4_extract_lane::<2>(v), u32x4_extract_lane::<3>(v)]
}

/// Fetches the words of a block of every lane.
#[inline(never)]
fn gather(words: &mut [Pair; 16], inputs: &[&[u8]; 8], number: usize) {
    let [a, b, c, d, e, f, g, h] = inputs;
    let (Some(a), Some(b), Some(c), Some(d)) = (block(a, number), block(b, number), block(c, number), block(d, number)) else { return };
    let (Some(e), Some(f), Some(g), Some(h)) = (block(e, number), block(f, number), block(g, number), block(h, number)) else { return };
    for (quarter, rows) in words.as_chunks_mut::<4>().0.iter_mut().enumerate() {
        let low = transposed(load(a, quarter), load(b, quarter), load(c, quarter), load(d, quarter));
        let high = transposed(load(e, quarter), load(f, quarter), load(g, quarter), load(h, quarter));
        *rows = [(low[0], high[0]), (low[1], high[1]), (low[2], high[2]), (low[3], high[3])];
    }
}

#[inline(always)]
#[allow(unsafe_code, reason = "a vector is loaded through a pointer")]
fn load(block: &[u8; 64], quarter: usize) -> v128 {
    let bytes: &[u8; 16] = &block.as_chunks().0[quarter];
    // SAFETY: the pointer is to 16 bytes, and need not be aligned.
    unsafe { std::arch::wasm32::v128_load(bytes.as_ptr().cast()) }
}

#[inline(always)]
fn transposed(a: v128, b: v128, c: v128, d: v128) -> [v128; 4] {
    let (e, f) = (u32x4_shuffle::<0, 4, 1, 5>(a, b), u32x4_shuffle::<2, 6, 3, 7>(a, b));
    let (g, h) = (u32x4_shuffle::<0, 4, 1, 5>(c, d), u32x4_shuffle::<2, 6, 3, 7>(c, d));
    [
        u32x4_shuffle::<0, 1, 4, 5>(e, g),
        u32x4_shuffle::<2, 3, 6, 7>(e, g),
        u32x4_shuffle::<0, 1, 4, 5>(f, h),
        u32x4_shuffle::<2, 3, 6, 7>(f, h),
    ]
}

/// A loop of four steps for each round: in one long piece of code, all that is read is read at its beginning, and no engine has registers for so much.
/// The table comes from outside, since engines need several instructions for a constant vector, and one for this load.
#[inline(never)]
fn rounds(state: &mut [Pair; 4], words: &[Pair; 16], sines: &[u32; 64]) {
    let [mut a, mut b, mut c, mut d] = *state;
    macro_rules! step {
        ($round:literal, $i:expr, $factor:literal, $first:literal, $a:ident, $b:ident, $c:ident, $d:ident, $shift:literal) => {
            let sine = splat(&sines[($round * 16 + $i) % 64]);
            let word = &words[($i * $factor + $first) % 16];
            $a.0 = step::<$round, $shift>($a.0, $b.0, $c.0, $d.0, word.0, sine);
            $a.1 = step::<$round, $shift>($a.1, $b.1, $c.1, $d.1, word.1, sine);
        };
    }
    macro_rules! round {
        ($round:literal, $factor:literal, $first:literal, $s:literal, $t:literal, $u:literal, $v:literal) => {
            for i in (0..16).step_by(4) {
                step!($round, i, $factor, $first, a, b, c, d, $s);
                step!($round, (i + 1), $factor, $first, d, a, b, c, $t);
                step!($round, (i + 2), $factor, $first, c, d, a, b, $u);
                step!($round, (i + 3), $factor, $first, b, c, d, a, $v);
            }
        };
    }
    // RFC 1321, 3.4.
    round!(0, 1, 0, 7, 12, 17, 22);
    round!(1, 5, 1, 5, 9, 14, 20);
    round!(2, 3, 5, 4, 11, 16, 23);
    round!(3, 7, 0, 6, 10, 15, 21);
    for (sum, value) in state.iter_mut().zip([a, b, c, d]) {
        *sum = (u32x4_add(sum.0, value.0), u32x4_add(sum.1, value.1));
    }
}

#[inline(always)]
#[allow(unsafe_code, reason = "a number is loaded into all lanes through a pointer")]
fn splat(number: &u32) -> v128 {
    // SAFETY: the pointer is to four bytes.
    unsafe { std::arch::wasm32::v128_load32_splat(number) }
}

/// `x` is the value that the step before has made: what does not need it is done first.
#[inline(always)]
fn step<const ROUND: u8, const SHIFT: u32>(a: v128, x: v128, y: v128, z: v128, word: v128, sine: v128) -> v128 {
    let sum = u32x4_add(u32x4_add(a, word), sine);
    let mixed = match ROUND {
        0 => u32x4_add(sum, v128_xor(z, v128_and(x, v128_xor(y, z)))),
        1 => u32x4_add(u32x4_add(sum, v128_andnot(y, z)), v128_and(x, z)),
        2 => u32x4_add(sum, v128_xor(x, v128_xor(y, z))),
        _ => u32x4_add(sum, v128_xor(y, v128_or(x, v128_not(z)))),
    };
    u32x4_add(x, v128_or(u32x4_shl(mixed, SHIFT), u32x4_shr(mixed, 32 - SHIFT)))
}
