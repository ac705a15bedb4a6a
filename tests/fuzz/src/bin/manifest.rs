//! The text of a manifest: what is read is written as it was, but for the order.
#![no_main]

use docktag::digest::Algorithm;
use docktag::manifest::Manifest;

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    for algorithm in [Algorithm::Md5, Algorithm::Sha256] {
        if let Ok(manifest) = Manifest::parse(algorithm, text) {
            let again = Manifest::parse(algorithm, &manifest.render()).expect("what was written can be read");
            assert_eq!(again.render(), manifest.render());
        }
    }
});
