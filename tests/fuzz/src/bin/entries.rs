//! Two sets of inputs that have the same manifest: there are none.
#![no_main]

use docktag::note::{Entry, Kind, Shape};
use libfuzzer_sys::arbitrary::{Arbitrary, Unstructured};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut source = Unstructured::new(bytes);
    let [mut one, mut other] = [entries(&mut source), entries(&mut source)];
    let [mut text, mut other_text] = [&one, &other].map(|entries| entries.iter().map(Entry::render).collect::<Vec<_>>());
    for (entry, line) in one.iter().zip(&text) {
        assert_eq!(Entry::parse(line).as_ref(), Some(entry), "what was written is read back");
    }
    text.sort();
    other_text.sort();
    one.sort();
    other.sort();
    assert!(one == other || text.join(&b'\n') != other_text.join(&b'\n'), "{one:?} and {other:?} have one text");
});

/// Up to four entries.
fn entries(source: &mut Unstructured<'_>) -> Vec<Entry> {
    (0..4).map_while(|_| entry(source)).collect()
}

fn entry(source: &mut Unstructured<'_>) -> Option<Entry> {
    if source.is_empty() {
        return None;
    }
    let kind = *source.choose(Kind::ALL).ok()?;
    let mut text = || Vec::<u8>::arbitrary(source).unwrap_or_default();
    let (name, value) = (text(), text());
    Some(match kind.shape() {
        Shape::Name => Entry { kind, name, value: Vec::new() },
        Shape::Value => Entry { kind, name: Vec::new(), value },
        Shape::Pair => Entry { kind, name, value: value.into_iter().filter(|&byte| byte != b' ').collect() },
        Shape::Arrow => Entry { kind, name, value },
    })
}
