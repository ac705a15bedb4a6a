//! Patterns and ignore files made of anything at all.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use docktag::glob::{Pattern, clean, filepath_match};
use docktag::ignore::{Ignore, filter};
use docktag::tree::{Folder, Node};
use proptest::collection::vec;
use proptest::prelude::*;

/// Bytes that mean something more often than not.
fn text(most: usize) -> impl Strategy<Value = Vec<u8>> {
    let sign = prop_oneof![
        4 => any::<u8>(),
        8 => proptest::sample::select(b"ab/*?[]\\^-!{}|.,2dwbQEpLx\n".as_slice()),
    ];
    vec(sign, 0..most)
}

proptest! {
    #[test]
    fn matching_never_panics(pattern in text(24), path in text(24)) {
        let _ = filepath_match(&pattern, &path);
        if let Ok(pattern) = Pattern::new(&pattern) {
            let matched = pattern.matches(&path);
            prop_assert_eq!(matched.is_err(), pattern.is_bad());
            // What cannot reach into a folder matches nothing in it.
            for (at, _) in path.iter().enumerate().filter(|(_, byte)| **byte == b'/') {
                prop_assert!(matched != Ok(true) || pattern.reaches_into(&path[..at]));
            }
        }
    }

    #[test]
    fn cleaning_twice_changes_nothing(path in text(24)) {
        prop_assert_eq!(clean(&clean(&path)), clean(&path));
    }

    #[test]
    fn a_tree_is_kept_or_left_out(lines in text(60), paths in vec(text(10), 0..8)) {
        let mut tree = Folder::default();
        for path in &paths {
            let parts: Vec<&[u8]> = path.split(|&byte| byte == b'/').filter(|part| !part.is_empty()).collect();
            if !parts.is_empty() {
                tree.insert(&parts.join(&b'/'), Node::File);
            }
        }
        if let Ok(filtered) = Ignore::parse(&lines).and_then(|ignore| filter(&tree, &ignore)) {
            let count = |tree: &Folder| { let mut count = 0; tree.walk(&mut |_, node| count += usize::from(*node == Node::File)); count };
            let left: usize = filtered.left_out.iter().map(|left| match tree.get(left.path.as_bytes()) {
                Some(Node::Folder(folder)) => count(folder),
                _ => 1,
            }).sum();
            prop_assert_eq!(count(&filtered.kept) + left, count(&tree));
        }
    }
}
