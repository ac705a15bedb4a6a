//! Several messages side by side have the digests that each has alone, whatever hashes them and whenever each of them ends.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use docktag::digest::{Algorithm, Digest, Kernel, Lanes, digest, digests};
use proptest::prelude::{Strategy, prop_assert_eq, proptest};

/// What this machine can run.
fn kernels() -> impl Iterator<Item = Kernel> {
    Kernel::ALL.into_iter().filter(|kernel| kernel.is_available())
}

/// Bytes that are nowhere alike.
fn message(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// Hashes messages in turn, in whichever lane is free; each read gives at most so many bytes as `reads` says, over and over.
fn side_by_side(lanes: &mut Lanes, messages: &[Vec<u8>], reads: &[usize]) -> Vec<Digest> {
    let mut digests = vec![None; messages.len()];
    let mut open: Vec<Option<(usize, &[u8])>> = vec![None; lanes.count()];
    let (mut next, mut reads) = (messages.iter().enumerate(), reads.iter().cycle());
    loop {
        for (lane, open) in open.iter_mut().enumerate() {
            while !lanes.is_ready(lane) {
                match open {
                    None => match next.next() {
                        None => break,
                        Some((index, message)) => *open = Some((index, message)),
                    },
                    Some((index, rest)) => {
                        if let Some(digest) = lanes.take(lane) {
                            digests[*index] = Some(digest);
                            *open = None;
                            continue;
                        }
                        let room = lanes.room(lane);
                        let count = rest.len().min(room.len()).min(*reads.next().unwrap());
                        room[..count].copy_from_slice(&rest[..count]);
                        *rest = &rest[count..];
                        lanes.fill(lane, count);
                        if rest.is_empty() {
                            lanes.end(lane);
                        }
                    }
                }
            }
        }
        if !lanes.run() {
            return digests.into_iter().map(Option::unwrap).collect();
        }
    }
}

fn whole(algorithm: Algorithm, kernel: Kernel, messages: &[Vec<u8>]) -> Vec<Digest> {
    digests(algorithm, kernel, &messages.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

fn alone(algorithm: Algorithm, messages: &[Vec<u8>]) -> Vec<Digest> {
    messages.iter().map(|message| digest(algorithm, message)).collect()
}

const BOTH: [Algorithm; 2] = [Algorithm::Md5, Algorithm::Sha256];

#[test]
fn all_lengths_around_the_borders_of_blocks() {
    let near = (5..40).flat_map(|blocks: usize| (0..19).map(move |more| blocks * 64 + more - 9));
    let messages: Vec<_> = (0..=300).chain(near).map(|length| message(length as u64, length)).collect();
    for algorithm in BOTH {
        let expected = alone(algorithm, &messages);
        for kernel in kernels() {
            let name = format!("{algorithm:?} with {}", kernel.name());
            assert_eq!(whole(algorithm, kernel, &messages), expected, "{name} and whole messages");
            for count in [1, 2, 3, 7, 8, 9, 10, 16, 17, 24, 31, 32] {
                let mut lanes = Lanes::new(algorithm, kernel, count, 256);
                assert_eq!(lanes.count(), count);
                assert_eq!(side_by_side(&mut lanes, &messages, &[1000]), expected, "{name} and {count} lanes");
            }
        }
    }
}

#[test]
fn a_lane_that_is_reset_forgets_its_message() {
    for algorithm in BOTH {
        let mut lanes = Lanes::new(algorithm, Kernel::best(algorithm), 2, 64);
        lanes.fill(0, 64);
        lanes.fill(1, 10);
        assert!(lanes.run());
        lanes.fill(0, 3);
        lanes.end(1);
        lanes.reset(0);
        lanes.reset(1);
        assert!(!lanes.run());
        assert_eq!((lanes.take(0), lanes.take(1)), (None, None));
        let messages = [vec![], b"abc".to_vec()];
        assert_eq!(side_by_side(&mut lanes, &messages, &[9]), alone(algorithm, &messages));
    }
}

#[test]
fn nothing_is_too_much() {
    let mut lanes = Lanes::new(Algorithm::Md5, Kernel::best(Algorithm::Md5), 1000, 0);
    assert_eq!((lanes.count(), lanes.room(0).len(), lanes.room(1000).len()), (32, 64, 0));
    lanes.fill(0, 1000);
    lanes.fill(1000, 1);
    lanes.end(1000);
    lanes.end(0);
    lanes.end(0);
    assert!(lanes.run() && !lanes.is_ready(1000) && lanes.take(1000).is_none());
    assert_eq!(lanes.take(0), Some(digest(Algorithm::Md5, &[0; 64])));
}

proptest! {
    #[test]
    fn messages_that_end_at_different_times(
        lengths in proptest::collection::vec((0_usize..=2000).prop_map(|length| length * length / 1000), 0..80),
        reads in proptest::collection::vec(0_usize..700, 1..20).prop_map(|mut reads| { reads.push(64); reads }),
        count in 1_usize..=32,
        room in 0_usize..600,
        algorithm in proptest::sample::select(BOTH.as_slice()),
    ) {
        let messages: Vec<_> = lengths.iter().enumerate().map(|(seed, length)| message(seed as u64, *length)).collect();
        let expected = alone(algorithm, &messages);
        for kernel in kernels() {
            prop_assert_eq!(&whole(algorithm, kernel, &messages), &expected, "{} with whole messages", kernel.name());
            let mut lanes = Lanes::new(algorithm, kernel, count, room);
            prop_assert_eq!(&side_by_side(&mut lanes, &messages, &reads), &expected, "{}", kernel.name());
        }
    }
}
