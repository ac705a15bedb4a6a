//! Patterns of ignore files and of `COPY`, and the paths that they are asked about.
#![no_main]

use docktag::glob::{Pattern, filepath_match};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], Vec<&[u8]>)| {
    let (pattern, paths) = input;
    let parsed = Pattern::new(pattern);
    for path in paths.iter().take(8).filter(|path| path.len() < 1000) {
        filepath_match(pattern, path).ok();
        let Ok(parsed) = &parsed else { continue };
        // A folder that nothing can match in is not entered: that must be so.
        if let (Ok(true), Some(end)) = (parsed.matches(path), path.iter().rposition(|&byte| byte == b'/')) {
            assert!(parsed.reaches_into(&path[..end]), "{parsed:?}");
        }
    }
});
