//! Long Dockerfiles and large contexts take a moment, and not minutes.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may fail loudly and look at the clock")]

use docktag::map::Map;
use std::time::Instant;

use docktag::dockerfile::Dockerfile;
use docktag::error::Result;
use docktag::reach::{Build, Reach, reach, select};
use docktag::tree::{Folder, Node};

fn found(text: &str) -> Result<Reach> {
    reach(&Build {
        dockerfile: &Dockerfile::parse(text.as_bytes(), None)?,
        target: None,
        args: &Map::new(),
        platform: None,
        build_platform: "linux/amd64",
        contexts: &Map::new(),
        images: &Map::new(),
    })
}

/// Generous, since tests run unoptimised and beside others.
fn in_a_moment(run: impl FnOnce()) {
    let start = Instant::now();
    run();
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

#[test]
fn sources_in_twenty_thousand_files() {
    let mut tree = Folder::default();
    for number in 0..20_000 {
        tree.insert(format!("d{}/e{}/f{number}.go", number % 100, number % 7).as_bytes(), Node::File);
    }
    let folders: String = (0..100).map(|number| format!("COPY d{number} /\nCOPY d{number}/* /\n")).collect();
    let patterns: String = (0..100).map(|number| format!("COPY --parents d{number}/**/*.go /\n")).collect();
    for sources in ["COPY . .", &folders, &patterns] {
        let sources = found(&format!("FROM scratch\n{sources}")).unwrap().sources;
        in_a_moment(|| assert_eq!(select(&tree, None, &sources).unwrap().picked.len(), 20_000));
    }
}

#[test]
fn twenty_thousand_stages() {
    let chain: String =
        (0..20_000).map(|number| format!("FROM s{number} AS s{}\nENV A{number}=1\nCOPY $A{number} /\n", number + 1)).collect();
    in_a_moment(|| assert_eq!(found(&format!("FROM scratch AS s0\n{chain}")).unwrap().stages.len(), 20_001));
}

#[test]
fn a_hundred_thousand_arguments() {
    in_a_moment(|| assert!(found(&format!("FROM scratch\n{}", "ARG A=$A\n".repeat(100_000))).is_ok()));
    in_a_moment(|| assert!(found(&format!("{}FROM scratch\n", "ARG A=$A\n".repeat(100_000))).is_ok()));
}

#[test]
fn thirty_thousand_mounts_and_triggers() {
    in_a_moment(|| assert!(found(&format!("FROM scratch\n{}", "RUN --mount=target=/x,source=a y\n".repeat(30_000))).is_ok()));
    let triggers = "ONBUILD RUN x\n".repeat(30_000);
    let children = "FROM a AS b\nFROM b AS a\n".repeat(100);
    in_a_moment(|| assert!(found(&format!("FROM scratch AS a\n{triggers}{children}")).is_ok()));
}

#[test]
fn variables_that_double() {
    let doubled: String = (0..60).map(|number| format!("ENV A{}=$A{number}$A{number}\n", number + 1)).collect();
    in_a_moment(|| assert!(found(&format!("FROM scratch\nENV A0=xx\n{doubled}")).is_err()));
}
