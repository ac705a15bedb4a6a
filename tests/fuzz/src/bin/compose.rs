//! Compose files, with a second one to extend and include.
#![no_main]

use docktag::compose::project::to_json;
use docktag::compose::read::{Read, Request, read};
use docktag::map::Map;

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    let request = Request { folder: "/p".to_owned(), files: vec!["compose.yaml".to_owned()], ..Request::default() };
    let mut files = Map::new();
    // Every answer is new, so this ends; it must do so soon.
    for _ in 0..200 {
        match read(&request, &files) {
            Ok(Read::Need(paths)) => {
                let of = |path: &str| match path {
                    "/p/compose.yaml" => Some(text.to_vec()),
                    "/p/other.yaml" => Some(b"services: {base: {image: x, build: {context: ., args: [A=1]}}}\n".to_vec()),
                    "/p/.env" => Some(b"V=1\n".to_vec()),
                    _ => None,
                };
                files.extend(paths.into_iter().map(|path| {
                    let content = of(&path);
                    (path, content)
                }));
            }
            Ok(Read::Done(project)) => return drop(to_json(&project)),
            Err(_) => return,
        }
    }
    panic!("it asks for more and more files");
});
