//! Trouble that may pass is waited out, within bounds.

use std::time::Duration;

use crate::support::{Project, Reply};

/// A registry that answers the first `times` questions for the image so, and then honestly.
fn at_first(times: usize, reply: Reply) -> Project {
    let project = Project::with(move |request, before| (request.method == "HEAD" && before < times).then(|| reply.clone()));
    project.is_there();
    project
}

impl Project {
    /// When the image was asked for.
    fn questions(&self) -> Vec<std::time::Instant> {
        let asked = format!("HEAD /v2/example/app/manifests/{}", self.tag);
        self.registry.requests().iter().filter(|request| request.line() == asked).map(|request| request.at).collect()
    }
}

#[test]
fn a_failure_that_passes_is_no_failure() {
    for status in [408, 500, 502, 503, 504] {
        let project = at_first(1, Reply::page(status));
        project.build(&["--moving-tag="]).says(&[": hit, sha256:"]).ok();
        project.only_read();
    }
}

#[test]
fn a_failure_that_stays_is_not_a_miss() {
    let project = at_first(usize::MAX, Reply::status(500));
    let ran = project.is_unknown(&[&project.image, "answers with status 500", "nothing was built", "try again"]);
    ran.says(&["answers with status 500; asking again in 0.5 s (attempt 2 of 3)"]);
}

#[test]
fn a_question_is_asked_three_times_at_most() {
    let project = at_first(usize::MAX, Reply::status(503));
    project.build(&["--moving-tag="]).fails(1, &["status 503"]);
    assert_eq!(project.questions().len(), 3);
}

#[test]
fn a_registry_that_asks_to_wait_is_given_the_time() {
    let project = at_first(1, Reply::status(429).header("retry-after", "1"));
    project.build(&["--moving-tag="]).says(&[": hit, sha256:"]).ok();
    let asked = project.questions();
    assert_eq!(asked.len(), 2);
    let pause = asked[1] - asked[0];
    assert!(pause >= Duration::from_millis(990), "asked again after {pause:?}");
}

#[test]
fn a_registry_that_asks_to_wait_for_an_hour_is_given_up_at_once() {
    let project = at_first(usize::MAX, Reply::status(429).header("retry-after", "3600"));
    let ran = project.is_unknown(&[&project.image, "too many requests", "asks to wait (3600)", "log in: limits are higher"]);
    ran.is_silent_on(&["asking again"]);
    assert_eq!(project.questions().len(), 1);
}
