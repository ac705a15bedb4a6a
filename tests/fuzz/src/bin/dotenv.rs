//! `.env` files, by way of a project that uses one.
#![no_main]

use docktag::compose::read::{Request, read};
use docktag::map::Map;

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    let request = Request { folder: "/p".to_owned(), files: vec!["compose.yaml".to_owned()], ..Request::default() };
    let compose = b"services: {app: {image: 'a:${V:-${W-x}}', build: .}}\n".to_vec();
    let files = Map::from([("/p/compose.yaml".to_owned(), Some(compose)), ("/p/.env".to_owned(), Some(text.to_vec()))]);
    drop(read(&request, &files));
});
