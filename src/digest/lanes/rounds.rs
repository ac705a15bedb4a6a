//! The compression function of MD5 (RFC 1321, 3.4) on several blocks side by side.
//!
//! Here for any machine: every value is an array with a number for each lane, and every step a loop over them, in which the compiler may see vectors.

/// The whole part of 2^32 * |sin(i + 1)|.
#[rustfmt::skip]
#[allow(clippy::unreadable_literal, reason = "a table is read by columns")]
pub(super) const SINES: [u32; 64] = [
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
];

/// The words of the next blocks, turned round: each of the 16 rows has a word of every lane.
pub(super) type Words<const N: usize> = [[u32; N]; 16];

/// Calls `$step!(round, a, b, c, d, word, index, shift)` for each of the 64 steps.
macro_rules! steps {
    ($step:ident, $a:ident, $b:ident, $c:ident, $d:ident) => {
        $crate::digest::lanes::rounds::steps!(@round $step, $a, $b, $c, $d, 0, 1, 0, 7, 12, 17, 22);
        $crate::digest::lanes::rounds::steps!(@round $step, $a, $b, $c, $d, 1, 5, 1, 5, 9, 14, 20);
        $crate::digest::lanes::rounds::steps!(@round $step, $a, $b, $c, $d, 2, 3, 5, 4, 11, 16, 23);
        $crate::digest::lanes::rounds::steps!(@round $step, $a, $b, $c, $d, 3, 7, 0, 6, 10, 15, 21);
    };
    (@round $step:ident, $a:ident, $b:ident, $c:ident, $d:ident, $r:literal, $factor:literal, $first:literal, $($shifts:literal),*) => {
        $crate::digest::lanes::rounds::steps!(@four $step, $a, $b, $c, $d, $r, $factor, $first, 0, $($shifts),*);
        $crate::digest::lanes::rounds::steps!(@four $step, $a, $b, $c, $d, $r, $factor, $first, 4, $($shifts),*);
        $crate::digest::lanes::rounds::steps!(@four $step, $a, $b, $c, $d, $r, $factor, $first, 8, $($shifts),*);
        $crate::digest::lanes::rounds::steps!(@four $step, $a, $b, $c, $d, $r, $factor, $first, 12, $($shifts),*);
    };
    (@four $step:ident, $a:ident, $b:ident, $c:ident, $d:ident, $r:literal, $factor:literal, $first:literal, $i:literal, $s:literal, $t:literal, $u:literal, $v:literal) => {
        $step!($r, $a, $b, $c, $d, ($i * $factor + $first) % 16, $r * 16 + $i, $s);
        $step!($r, $d, $a, $b, $c, (($i + 1) * $factor + $first) % 16, $r * 16 + $i + 1, $t);
        $step!($r, $c, $d, $a, $b, (($i + 2) * $factor + $first) % 16, $r * 16 + $i + 2, $u);
        $step!($r, $b, $c, $d, $a, (($i + 3) * $factor + $first) % 16, $r * 16 + $i + 3, $v);
    };
}
pub(super) use steps;

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

/// A block of an input; callers make sure that there is one.
#[inline(always)]
pub(super) fn block(input: &[u8], number: usize) -> Option<&[u8; 64]> {
    input.as_chunks().0.get(number)
}
