//! Messages side by side have the digests that each has alone, whatever their lengths and however they come.
#![no_main]

use docktag::digest::{Algorithm, Kernel, Lanes, digest};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

#[derive(Debug, Arbitrary)]
struct Input<'a> {
    sha256: bool,
    kernel: u8,
    lanes: u8,
    room: u16,
    reads: &'a [u8],
    messages: Vec<&'a [u8]>,
}

fuzz_target!(|input: Input<'_>| {
    let kernel = Kernel::ALL[usize::from(input.kernel) % Kernel::ALL.len()];
    let algorithm = if input.sha256 { Algorithm::Sha256 } else { Algorithm::Md5 };
    let mut lanes = Lanes::new(algorithm, kernel, input.lanes.into(), input.room.into());
    let mut open: Vec<Option<(&[u8], &[u8])>> = vec![None; lanes.count()];
    let (mut messages, mut reads) = (input.messages.iter(), input.reads.iter().chain([&64]).cycle());
    loop {
        for (lane, open) in open.iter_mut().enumerate() {
            while !lanes.is_ready(lane) {
                let Some((message, rest)) = open else {
                    let Some(message) = messages.next() else { break };
                    *open = Some((message, message));
                    continue;
                };
                if let Some(found) = lanes.take(lane) {
                    assert_eq!(found, digest(algorithm, message));
                    *open = None;
                    continue;
                }
                let room = lanes.room(lane);
                let count = rest.len().min(room.len()).min(reads.next().map_or(64, |read| usize::from(*read)));
                room[..count].copy_from_slice(&rest[..count]);
                *rest = &rest[count..];
                let has_ended = rest.is_empty();
                lanes.fill(lane, count);
                if has_ended {
                    lanes.end(lane);
                }
            }
        }
        if !lanes.run() {
            break;
        }
    }
    assert!(open.iter().all(Option::is_none));
});
