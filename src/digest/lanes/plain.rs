//! MD5 for any machine: every value is an array with a number for each lane, and every step a loop over them, in which the compiler may see vectors.

use super::rounds::{SINES, block};
use super::scalar;
use super::state::State;

/// Takes so many blocks of each lane that is `active`, of which there are at most `width`.
pub(super) fn together(width: usize, states: &mut [State], active: &[usize], bytes: &[&[u8]], blocks: usize) {
    match width {
        4 => four(states, active, bytes, blocks),
        #[cfg(target_arch = "aarch64")]
        8 => eight(states, active, bytes, blocks),
        _ => {
            for (active, bytes) in active.chunks(2).zip(bytes.chunks(2)) {
                two(states, active, bytes, blocks);
            }
        }
    }
}

/// Takes blocks of a single message. Where this code is not optimized, crates still are.
pub(super) fn one(state: [u32; 4], blocks: &[[u8; 64]]) -> [u32; 4] {
    if cfg!(debug_assertions) {
        let mut state = state;
        md5::block_api::compress(&mut state, blocks);
        return state;
    }
    let mut only = [state];
    scalar::advance(&mut only, [blocks], blocks.len());
    only[0]
}

/// One or two messages.
fn two(states: &mut [State], active: &[usize], bytes: &[&[u8]], blocks: usize) {
    let state = |lane: usize| [0, 1, 2, 3].map(|word| states[lane][word]);
    match (active, bytes) {
        (&[lane], &[bytes]) => {
            let state = one(state(lane), bytes.as_chunks().0.get(..blocks).unwrap_or_default());
            states[lane][..4].copy_from_slice(&state);
        }
        (&[first, second], &[one, two]) => {
            let mut both = [state(first), state(second)];
            scalar::advance(&mut both, [one.as_chunks().0, two.as_chunks().0], blocks);
            for (lane, state) in [first, second].into_iter().zip(both) {
                states[lane][..4].copy_from_slice(&state);
            }
        }
        _ => {}
    }
}

/// The words of the next blocks, turned round: each of the 16 rows has a word of every lane.
pub(super) type Words<const N: usize> = [[u32; N]; 16];

/// Calls `$step!(round, a, b, c, d, word, index, shift)` for each of the 64 steps.
macro_rules! steps {
    ($step:ident, $a:ident, $b:ident, $c:ident, $d:ident) => {
        $crate::digest::lanes::plain::steps!(@round $step, $a, $b, $c, $d, 0, 1, 0, 7, 12, 17, 22);
        $crate::digest::lanes::plain::steps!(@round $step, $a, $b, $c, $d, 1, 5, 1, 5, 9, 14, 20);
        $crate::digest::lanes::plain::steps!(@round $step, $a, $b, $c, $d, 2, 3, 5, 4, 11, 16, 23);
        $crate::digest::lanes::plain::steps!(@round $step, $a, $b, $c, $d, 3, 7, 0, 6, 10, 15, 21);
    };
    (@round $step:ident, $a:ident, $b:ident, $c:ident, $d:ident, $r:literal, $factor:literal, $first:literal, $($shifts:literal),*) => {
        $crate::digest::lanes::plain::steps!(@four $step, $a, $b, $c, $d, $r, $factor, $first, 0, $($shifts),*);
        $crate::digest::lanes::plain::steps!(@four $step, $a, $b, $c, $d, $r, $factor, $first, 4, $($shifts),*);
        $crate::digest::lanes::plain::steps!(@four $step, $a, $b, $c, $d, $r, $factor, $first, 8, $($shifts),*);
        $crate::digest::lanes::plain::steps!(@four $step, $a, $b, $c, $d, $r, $factor, $first, 12, $($shifts),*);
    };
    (@four $step:ident, $a:ident, $b:ident, $c:ident, $d:ident, $r:literal, $factor:literal, $first:literal, $i:literal, $s:literal, $t:literal, $u:literal, $v:literal) => {
        $step!($r, $a, $b, $c, $d, ($i * $factor + $first) % 16, $r * 16 + $i, $s);
        $step!($r, $d, $a, $b, $c, (($i + 1) * $factor + $first) % 16, $r * 16 + $i + 1, $t);
        $step!($r, $c, $d, $a, $b, (($i + 2) * $factor + $first) % 16, $r * 16 + $i + 2, $u);
        $step!($r, $b, $c, $d, $a, (($i + 3) * $factor + $first) % 16, $r * 16 + $i + 3, $v);
    };
}
pub(super) use steps;

/// A function that takes blocks of so many lanes with `gather` and `rounds`.
macro_rules! kernel {
    ($(#[$attribute:meta])* $name:ident, $words:literal, $lanes:literal, $gather:path, $rounds:expr) => {
        $(#[$attribute])*
        fn $name(states: &mut [State], active: &[usize], bytes: &[&[u8]], blocks: usize) {
            let mut state = [[0; $lanes]; $words];
            let mut inputs: [&[u8]; $lanes] = [bytes.first().copied().unwrap_or_default(); $lanes];
            for (lane, (from, bytes)) in active.iter().zip(bytes).enumerate() {
                inputs[lane] = bytes;
                for (row, value) in state.iter_mut().zip(states[*from]) {
                    row[lane] = value;
                }
            }
            let mut words: Words<$lanes> = [[0; $lanes]; 16];
            for number in 0..blocks {
                $gather(&mut words, &inputs, number);
                $rounds(&mut state, &words);
            }
            for (lane, to) in active.iter().enumerate() {
                for (value, row) in states[*to].iter_mut().zip(&state) {
                    *value = row[lane];
                }
            }
        }
    };
}
#[cfg(target_arch = "x86_64")]
pub(super) use kernel;

kernel!(four, 4, 4, gather, rounds);
#[cfg(target_arch = "aarch64")]
kernel!(eight, 4, 8, gather, rounds);

/// Takes the next block of every lane. Always inlined: it is compiled with the features of the function that it ends up in.
#[inline(always)]
pub(super) fn rounds<const N: usize>(state: &mut [[u32; N]; 4], words: &Words<N>) {
    let [mut a, mut b, mut c, mut d] = *state;
    macro_rules! step {
        ($r:literal, $a:ident, $b:ident, $c:ident, $d:ident, $word:expr, $i:expr, $shift:literal) => {
            step::<N, $r>(&mut $a, &$b, &$c, &$d, &words[$word], SINES[$i], $shift)
        };
    }
    steps!(step, a, b, c, d);
    for lane in 0..N {
        for (sum, value) in state.iter_mut().zip([&a, &b, &c, &d]) {
            sum[lane] = sum[lane].wrapping_add(value[lane]);
        }
    }
}

#[inline(always)]
fn step<const N: usize, const ROUND: u8>(
    a: &mut [u32; N],
    b: &[u32; N],
    c: &[u32; N],
    d: &[u32; N],
    word: &[u32; N],
    sine: u32,
    shift: u32,
) {
    for lane in 0..N {
        let (x, y, z) = (b[lane], c[lane], d[lane]);
        let sum = a[lane].wrapping_add(word[lane]).wrapping_add(sine);
        let mixed = match ROUND {
            0 => sum.wrapping_add(z ^ (x & (y ^ z))),
            // The two have no bit in common, and so one can be added before the other is known.
            1 => sum.wrapping_add(y & !z).wrapping_add(x & z),
            2 => sum.wrapping_add(x ^ y ^ z),
            _ => sum.wrapping_add(y ^ (x | !z)),
        };
        a[lane] = x.wrapping_add(mixed.rotate_left(shift));
    }
}

/// Fetches the words of a block of every lane.
#[inline(never)]
pub(super) fn gather<const N: usize>(words: &mut Words<N>, inputs: &[&[u8]; N], number: usize) {
    for (lane, input) in inputs.iter().enumerate() {
        let Some(block) = block(input, number) else { return };
        for (row, word) in words.iter_mut().zip(block.as_chunks::<4>().0) {
            row[lane] = u32::from_le_bytes(*word);
        }
    }
}
