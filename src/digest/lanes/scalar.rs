//! Blocks by plain numbers, read where they lie: for one and for two messages, which are too few for vectors.

use super::plain::steps;
use super::rounds::SINES;

/// Takes so many blocks of each message.
///
/// As fast as the steps wait for each other, a quarter faster than what the compiler makes of sums in the order that it likes: what is known last has to be added last, behind all
/// that was known earlier. So it is not told the numbers of [`SINES`], which it would move behind everything else, nor how sums are made that are [`settled`].
#[inline(never)]
pub(super) fn advance<const N: usize>(states: &mut [[u32; 4]; N], inputs: [&[[u8; 64]]; N], blocks: usize) {
    let sines = std::hint::black_box(&SINES);
    let [mut a, mut b, mut c, mut d] = [0, 1, 2, 3].map(|row| states.map(|state| state[row]));
    for number in 0..blocks {
        let Some(texts) = each(inputs.map(|input| input.get(number))) else { return };
        let before = [a, b, c, d];
        macro_rules! step {
            ($r:literal, $a:ident, $b:ident, $c:ident, $d:ident, $word:expr, $i:expr, $shift:literal) => {
                for lane in 0..N {
                    let (x, y, z) = ($b[lane], $c[lane], $d[lane]);
                    let sum = $a[lane].wrapping_add(word(texts[lane], $word)).wrapping_add(sines[$i]);
                    let mixed = match $r {
                        0 => settled(sum).wrapping_add(z ^ (x & (y ^ z))),
                        // The two have no bit in common, and so one can be added before the other is known.
                        1 => settled(sum.wrapping_add(y & !z)).wrapping_add(x & z),
                        2 => settled(sum).wrapping_add(x ^ settled(y ^ z)),
                        _ => settled(sum).wrapping_add(y ^ (x | !z)),
                    };
                    $a[lane] = x.wrapping_add(mixed.rotate_left($shift));
                }
            };
        }
        steps!(step, a, b, c, d);
        for lane in 0..N {
            a[lane] = a[lane].wrapping_add(before[0][lane]);
            b[lane] = b[lane].wrapping_add(before[1][lane]);
            c[lane] = c[lane].wrapping_add(before[2][lane]);
            d[lane] = d[lane].wrapping_add(before[3][lane]);
        }
    }
    for (lane, state) in states.iter_mut().enumerate() {
        *state = [a[lane], b[lane], c[lane], d[lane]];
    }
}

/// The value, made before anything is made of it: no instruction, but the compiler cannot look behind it.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[inline(always)]
#[allow(unsafe_code, reason = "only assembly is never looked into")]
fn settled(mut value: u32) -> u32 {
    // SAFETY: there is nothing in it but a comment.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        std::arch::asm!("/* {0:e} */", inout(reg) value, options(pure, nomem, nostack, preserves_flags));
    }
    // SAFETY: the same.
    #[cfg(target_arch = "aarch64")]
    unsafe {
        std::arch::asm!("/* {0:w} */", inout(reg) value, options(pure, nomem, nostack, preserves_flags));
    }
    value
}

/// Elsewhere the compiler may do as it likes.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
#[inline(always)]
fn settled(value: u32) -> u32 {
    value
}

#[inline(always)]
fn word(text: &[u8; 64], number: usize) -> u32 {
    text.as_chunks().0.get(number).map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

/// All of them, if all are there.
#[inline(always)]
fn each<const N: usize>(texts: [Option<&[u8; 64]>; N]) -> Option<[&[u8; 64]; N]> {
    texts.iter().all(Option::is_some).then(|| texts.map(|text| text.unwrap_or(&[0; 64])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Algorithm;
    use crate::digest::lanes::state::start;

    #[test]
    fn one_and_two_messages_come_to_what_the_crate_comes_to() {
        let text = |salt: usize| -> Vec<[u8; 64]> {
            (0..9).map(|block| std::array::from_fn(|at| (at * 31 + block * 7 + salt * 13) as u8)).collect()
        };
        let (first, second) = (text(1), text(2));
        let [a, b, c, d, ..] = start(Algorithm::Md5);
        let start = [a, b, c, d];
        for blocks in [0, 1, 9] {
            let expected = [&first, &second].map(|text| {
                let mut state = start;
                md5::block_api::compress(&mut state, &text[..blocks]);
                state
            });
            let mut one = [start];
            advance(&mut one, [first.as_slice()], blocks);
            assert_eq!(one[0], expected[0]);
            let mut two = [start; 2];
            advance(&mut two, [first.as_slice(), second.as_slice()], blocks);
            assert_eq!(two, expected);
        }
    }
}
