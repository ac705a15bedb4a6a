//! Which instructions hash the lanes, and the only place that calls functions compiled for more than every machine has.

use super::rounds::{Words, gather, rounds};
use super::scalar;

/// The instructions that hash several messages side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kernel {
    /// Plain numbers, two messages at a time: what is independent runs at the same time anyway.
    Scalar,
    /// 128 bits: every x86-64.
    Sse2,
    /// 128 bits: every aarch64.
    Neon,
    /// 256 bits.
    Avx2,
    /// 512 bits.
    Avx512,
    /// 128 bits of wasm.
    Simd128,
}

/// More lanes than this no kernel has.
pub(super) const MOST: usize = 32;

impl Kernel {
    /// All of them, the fastest last.
    pub const ALL: [Kernel; 6] = [Kernel::Scalar, Kernel::Sse2, Kernel::Neon, Kernel::Simd128, Kernel::Avx2, Kernel::Avx512];

    /// The fastest that this machine has.
    pub fn best() -> Kernel {
        Kernel::ALL.into_iter().rev().find(|kernel| kernel.is_available()).unwrap_or(Kernel::Scalar)
    }

    /// Its name in lower case, as `avx2`.
    pub fn name(self) -> &'static str {
        match self {
            Kernel::Scalar => "scalar",
            Kernel::Sse2 => "sse2",
            Kernel::Neon => "neon",
            Kernel::Avx2 => "avx2",
            Kernel::Avx512 => "avx512",
            Kernel::Simd128 => "simd128",
        }
    }

    /// Whether this machine has it.
    pub fn is_available(self) -> bool {
        match self {
            Kernel::Scalar => true,
            Kernel::Sse2 => cfg!(target_arch = "x86_64"),
            Kernel::Neon => cfg!(target_arch = "aarch64"),
            Kernel::Simd128 => cfg!(all(target_arch = "wasm32", target_feature = "simd128")),
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx2 => has_avx2(),
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx512 => has_avx512(),
            #[cfg(not(target_arch = "x86_64"))]
            Kernel::Avx2 | Kernel::Avx512 => false,
        }
    }

    /// With how many messages it is at its best.
    ///
    /// Measured in GB/s on a core: AVX2 (Zen 3) 8 lanes 3.8, 16 lanes 4.5, 24 lanes 6.6, 32 lanes 3.5; AVX-512 (Zen 4) 16 lanes 6.9, 32 lanes 9.5, since the five instructions of
    /// a step wait for each other, however wide they are. With SSE2, 8 lanes do not fit into the registers.
    pub fn lanes(self) -> usize {
        match self {
            Kernel::Scalar => 2,
            Kernel::Sse2 => 4,
            Kernel::Neon | Kernel::Simd128 => 8,
            Kernel::Avx2 => 24,
            Kernel::Avx512 => MOST,
        }
    }
}

/// Takes so many blocks of each lane that is `active`; every slice has at least those.
pub(super) fn advance(kernel: Kernel, states: &mut [[u32; 4]], active: &[usize], bytes: &[&[u8]], blocks: usize) {
    let width = match (kernel, active.len()) {
        (_, ..=1) => 1,
        (Kernel::Simd128, _) => kernel.lanes(),
        (_, 2) => 2,
        // A lane of these takes a third longer than plain numbers do, of which two together are as fast as one.
        (Kernel::Avx2 | Kernel::Avx512, ..=8) => 8,
        (Kernel::Avx512, ..=16) => 16,
        (kernel, _) => kernel.lanes(),
    };
    for (active, bytes) in active.chunks(width).zip(bytes.chunks(width)) {
        take(kernel, width, states, active, bytes, blocks);
    }
}

fn take(kernel: Kernel, width: usize, states: &mut [[u32; 4]], active: &[usize], bytes: &[&[u8]], blocks: usize) {
    #[cfg(target_arch = "x86_64")]
    #[allow(unsafe_code, reason = "a function compiled for more than every machine has can only be called so")]
    match (kernel, width) {
        // SAFETY: the machine has just been asked.
        (Kernel::Avx2, 24) if has_avx2() => return unsafe { avx2(states, active, bytes, blocks) },
        // SAFETY: the same.
        (Kernel::Avx2 | Kernel::Avx512, 8) if has_avx2() => return unsafe { avx2_few(states, active, bytes, blocks) },
        // SAFETY: the same.
        (Kernel::Avx512, 16) if has_avx512() => return unsafe { avx512_few(states, active, bytes, blocks) },
        // SAFETY: the same.
        (Kernel::Avx512, 32) if has_avx512() => return unsafe { avx512(states, active, bytes, blocks) },
        _ => {}
    }
    match (kernel, width) {
        (Kernel::Sse2, 4) => four(states, active, bytes, blocks),
        #[cfg(target_arch = "aarch64")]
        (Kernel::Neon, 8) => eight(states, active, bytes, blocks),
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        (Kernel::Simd128, 8) => super::simd128::eight(states, active, bytes, blocks),
        (_, 1) => {
            for (lane, bytes) in active.iter().zip(bytes) {
                one(&mut states[*lane], bytes, blocks);
            }
        }
        _ => {
            for (active, bytes) in active.chunks(2).zip(bytes.chunks(2)) {
                match active {
                    [lane] => one(&mut states[*lane], bytes[0], blocks),
                    _ => two(states, active, bytes, blocks),
                }
            }
        }
    }
}

/// A single message. In wasm the crate `md-5` is as fast, and there anyway.
fn one(state: &mut [u32; 4], bytes: &[u8], blocks: usize) {
    if cfg!(target_arch = "wasm32") {
        md5::block_api::compress(state, bytes.as_chunks().0.get(..blocks).unwrap_or_default());
    } else {
        let mut only = [*state];
        scalar::advance(&mut only, [bytes.as_chunks().0], blocks);
        [*state] = only;
    }
}

/// Two messages.
fn two(states: &mut [[u32; 4]], active: &[usize], bytes: &[&[u8]], blocks: usize) {
    let (&[first, second], &[one, two]) = (active, bytes) else { return };
    let mut both = [states[first], states[second]];
    scalar::advance(&mut both, [one.as_chunks().0, two.as_chunks().0], blocks);
    [states[first], states[second]] = both;
}

macro_rules! kernel {
    ($(#[$attribute:meta])* $name:ident, $lanes:literal, $gather:path, $rounds:expr) => {
        $(#[$attribute])*
        fn $name(states: &mut [[u32; 4]], active: &[usize], bytes: &[&[u8]], blocks: usize) {
            let mut state = [[0; $lanes]; 4];
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
                states[*to] = [state[0][lane], state[1][lane], state[2][lane], state[3][lane]];
            }
        }
    };
}

kernel!(four, 4, gather, rounds);
#[cfg(target_arch = "aarch64")]
kernel!(eight, 8, gather, rounds);
#[cfg(target_arch = "x86_64")]
kernel!(
    #[target_feature(enable = "avx2")]
    avx2_few,
    8,
    super::avx::gather,
    super::avx::rounds::<8, 1>
);
#[cfg(target_arch = "x86_64")]
kernel!(
    #[target_feature(enable = "avx2")]
    avx2,
    24,
    super::avx::gather,
    super::avx::rounds::<24, 3>
);
#[cfg(target_arch = "x86_64")]
kernel!(
    #[target_feature(enable = "avx2,avx512f,avx512vl")]
    avx512_few,
    16,
    super::avx::gather,
    super::avx::rounds512::<16, 1>
);
#[cfg(target_arch = "x86_64")]
kernel!(
    #[target_feature(enable = "avx2,avx512f,avx512vl")]
    avx512,
    32,
    super::avx::gather,
    super::avx::rounds512::<32, 2>
);

#[cfg(target_arch = "x86_64")]
fn has_avx2() -> bool {
    std::arch::is_x86_feature_detected!("avx2")
}

#[cfg(target_arch = "x86_64")]
fn has_avx512() -> bool {
    has_avx2() && std::arch::is_x86_feature_detected!("avx512f") && std::arch::is_x86_feature_detected!("avx512vl")
}
