//! A registry that takes a connection and never answers. In a file of its own, since nothing but time ends it.

use std::time::{Duration, Instant};

use crate::support::{Project, Reply};

#[test]
fn a_registry_that_never_answers_is_given_up_within_a_minute() {
    let project = Project::with(|_, _| Some(Reply::Silence));
    let start = Instant::now();
    project.is_unknown(&[&project.registry.address, "no answer in time", "nothing was built"]);
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}
