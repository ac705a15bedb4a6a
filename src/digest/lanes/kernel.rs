//! Which instructions hash the lanes, and the only place that calls functions compiled for more than every machine has.

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
use super::plain as machine;
#[cfg(target_arch = "x86_64")]
use super::plain::{Words, kernel};
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
use super::simd128 as machine;
use super::state::State;
use crate::digest::Algorithm;

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

    /// The fastest that this machine has for an algorithm.
    pub fn best(algorithm: Algorithm) -> Kernel {
        let available = || Kernel::ALL.into_iter().rev().filter(|kernel| kernel.is_available());
        let fastest = match algorithm {
            Algorithm::Md5 => available().next(),
            // Instructions for sha256 are as fast with one message as AVX2 is with eight.
            Algorithm::Sha256 if has_sha() => available().find(|kernel| *kernel == Kernel::Avx512),
            Algorithm::Sha256 => available().find(|kernel| kernel.lanes(algorithm) > 1),
        };
        fastest.unwrap_or(Kernel::Scalar)
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
    /// Measured in GB/s on a core, md5: AVX2 (Zen 3) 8 lanes 3.8, 16 lanes 4.5, 24 lanes 6.6, 32 lanes 3.5; AVX-512 (Zen 4) 16 lanes 6.9, 32 lanes 9.5, since the five instructions
    /// of a step wait for each other, however wide they are. With SSE2, 8 lanes do not fit into the registers. sha256 (Zen 4): AVX2 1.7, AVX-512 3.2, the machine's instructions for it 1.8.
    pub fn lanes(self, algorithm: Algorithm) -> usize {
        match (algorithm, self) {
            (Algorithm::Md5, Kernel::Scalar) => 2,
            (Algorithm::Md5, Kernel::Sse2) => 4,
            (Algorithm::Md5, Kernel::Neon | Kernel::Simd128) | (Algorithm::Sha256, Kernel::Avx2) => 8,
            (Algorithm::Md5, Kernel::Avx2) => 24,
            (Algorithm::Md5, Kernel::Avx512) => MOST,
            (Algorithm::Sha256, Kernel::Avx512) => 16,
            (Algorithm::Sha256, _) => 1,
        }
    }
}

/// Takes so many blocks of each lane that is `active`; every slice has at least those.
pub(super) fn advance(algorithm: Algorithm, kernel: Kernel, states: &mut [State], active: &[usize], bytes: &[&[u8]], blocks: usize) {
    let width = width(algorithm, kernel, active.len());
    for (active, bytes) in active.chunks(width).zip(bytes.chunks(width)) {
        take(algorithm, width, states, active, bytes, blocks);
    }
}

/// How many of so many lanes are best hashed together.
fn width(algorithm: Algorithm, kernel: Kernel, active: usize) -> usize {
    match (algorithm, kernel, active) {
        (_, _, ..=1) => 1,
        (Algorithm::Sha256, Kernel::Avx512, ..=9) if has_sha() => 1,
        (Algorithm::Sha256, Kernel::Avx512, ..=8) => 8,
        (Algorithm::Sha256, _, _) | (_, Kernel::Simd128, _) => kernel.lanes(algorithm),
        (_, _, 2) => 2,
        // A lane of these takes a third longer than plain numbers do, of which two together are as fast as one.
        (_, Kernel::Avx2 | Kernel::Avx512, ..=8) => 8,
        (_, Kernel::Avx512, ..=16) => 16,
        _ => kernel.lanes(algorithm),
    }
}

/// Who asks for more lanes than the machine has registers for has asked for its kernel before.
fn take(algorithm: Algorithm, width: usize, states: &mut [State], active: &[usize], bytes: &[&[u8]], blocks: usize) {
    #[cfg(target_arch = "x86_64")]
    #[allow(unsafe_code, reason = "a function compiled for more than every machine has can only be called so")]
    match (algorithm, width) {
        // SAFETY: the machine has just been asked.
        (Algorithm::Md5, 8) if has_avx2() => return unsafe { avx2_few(states, active, bytes, blocks) },
        // SAFETY: the same.
        (Algorithm::Md5, 24) if has_avx2() => return unsafe { avx2(states, active, bytes, blocks) },
        // SAFETY: the same.
        (Algorithm::Md5, 16) if has_avx512() => return unsafe { avx512_few(states, active, bytes, blocks) },
        // SAFETY: the same.
        (Algorithm::Md5, 32) if has_avx512() => return unsafe { avx512(states, active, bytes, blocks) },
        // SAFETY: the same.
        (Algorithm::Sha256, 8) if has_avx2() => return unsafe { sha256_avx2(states, active, bytes, blocks) },
        // SAFETY: the same.
        (Algorithm::Sha256, 16) if has_avx512() => return unsafe { sha256_avx512(states, active, bytes, blocks) },
        _ => {}
    }
    match (algorithm, width) {
        (Algorithm::Md5, 2..) => machine::together(width, states, active, bytes, blocks),
        _ => {
            for (lane, bytes) in active.iter().zip(bytes) {
                one(algorithm, &mut states[*lane], bytes, blocks);
            }
        }
    }
}

/// A single message.
fn one(algorithm: Algorithm, state: &mut State, bytes: &[u8], blocks: usize) {
    let all = bytes.as_chunks().0.get(..blocks).unwrap_or_default();
    match algorithm {
        Algorithm::Sha256 => sha2::block_api::compress256(state, all),
        Algorithm::Md5 => {
            let [a, b, c, d, ..] = *state;
            state[..4].copy_from_slice(&machine::one([a, b, c, d], all));
        }
    }
}

#[cfg(target_arch = "x86_64")]
kernel!(
    #[target_feature(enable = "avx2")]
    avx2_few,
    4,
    8,
    super::avx::gather::<false, 8>,
    super::avx::rounds::<8, 1>
);
#[cfg(target_arch = "x86_64")]
kernel!(
    #[target_feature(enable = "avx2")]
    avx2,
    4,
    24,
    super::avx::gather::<false, 24>,
    super::avx::rounds::<24, 3>
);
#[cfg(target_arch = "x86_64")]
kernel!(
    #[target_feature(enable = "avx2,avx512f,avx512vl")]
    avx512_few,
    4,
    16,
    super::avx::gather::<false, 16>,
    super::avx::rounds512::<16, 1>
);
#[cfg(target_arch = "x86_64")]
kernel!(
    #[target_feature(enable = "avx2,avx512f,avx512vl")]
    avx512,
    4,
    32,
    super::avx::gather::<false, 32>,
    super::avx::rounds512::<32, 2>
);
#[cfg(target_arch = "x86_64")]
kernel!(
    #[target_feature(enable = "avx2")]
    sha256_avx2,
    8,
    8,
    super::avx::gather::<true, 8>,
    super::sha256::rounds
);
#[cfg(target_arch = "x86_64")]
kernel!(
    #[target_feature(enable = "avx2,avx512f,avx512vl")]
    sha256_avx512,
    8,
    16,
    super::avx::gather::<true, 16>,
    super::sha256::rounds512
);

#[cfg(target_arch = "x86_64")]
fn has_avx2() -> bool {
    std::arch::is_x86_feature_detected!("avx2")
}

#[cfg(target_arch = "x86_64")]
fn has_avx512() -> bool {
    has_avx2() && std::arch::is_x86_feature_detected!("avx512f") && std::arch::is_x86_feature_detected!("avx512vl")
}

/// Whether the crate `sha2` finds instructions for sha256; aarch64 machines without them are few.
fn has_sha() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("sha") && std::arch::is_x86_feature_detected!("sse4.1");
    #[cfg(not(target_arch = "x86_64"))]
    return cfg!(target_arch = "aarch64");
}
