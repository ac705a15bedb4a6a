//! Ignore files, and what they say of paths.
#![no_main]

use docktag::ignore::{Ignore, filter};
use docktag::tree::{Folder, Node};

libfuzzer_sys::fuzz_target!(|input: (&[u8], Vec<&[u8]>)| {
    let (text, paths) = input;
    let Ok(ignore) = Ignore::parse(text) else { return };
    let mut tree = Folder::default();
    // Names as a file system has them.
    let is_name = |name: &[u8]| !name.is_empty() && name != b"." && name != b"..";
    for path in paths.iter().filter(|path| path.len() < 200 && path.split(|&byte| byte == b'/').all(is_name)) {
        tree.insert(path, Node::File);
    }
    if let Ok(filtered) = filter(&tree, &ignore) {
        // What is kept was there.
        filtered.kept.walk(&mut |path, _| assert!(tree.get(path.as_bytes()).is_some()));
    }
});
