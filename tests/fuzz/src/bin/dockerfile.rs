//! Dockerfiles: parsed, followed, and the files of a small context selected.
#![no_main]

use docktag::dockerfile::Dockerfile;
use docktag::map::Map;
use docktag::reach::{Build, reach, select};
use docktag::tree::{Folder, Node};

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    let Ok(dockerfile) = Dockerfile::parse(text, None) else { return };
    let args = Map::from([("A".to_owned(), "src".to_owned())]);
    let build = Build {
        dockerfile: &dockerfile,
        target: None,
        args: &args,
        platform: Some("linux/arm64"),
        build_platform: "linux/amd64",
        contexts: &Map::new(),
        images: &Map::new(),
    };
    let Ok(found) = reach(&build) else { return };
    let mut context = Folder::default();
    for (path, node) in [
        ("a.txt", Node::File),
        ("src/main.go", Node::File),
        ("src/lib/x", Node::File),
        ("link", Node::Link((*b"src").into())),
        ("loop", Node::Link((*b"loop").into())),
    ] {
        context.insert(path.as_bytes(), node);
    }
    if let Ok(selection) = select(&context, None, &found.sources) {
        for picked in selection.picked {
            assert!(context.get(picked.path.as_bytes()).is_some(), "{}", picked.path);
        }
    }
});
