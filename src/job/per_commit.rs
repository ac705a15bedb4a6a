//! Values that are different for every commit or run. In an argument or a tag, each of them makes every build a miss.

use crate::refresh::rfc3339;
use crate::shell::Env;

/// Variables of CI services that name a commit.
const COMMITS: [&str; 10] = [
    "GITHUB_SHA",
    "CIRCLE_SHA1",
    "CI_COMMIT_SHA",
    "BUILDKITE_COMMIT",
    "GIT_COMMIT",
    "BUILD_SOURCEVERSION",
    "BITBUCKET_COMMIT",
    "TRAVIS_COMMIT",
    "DRONE_COMMIT",
    "SOURCE_COMMIT",
];
/// Variables of CI services that name a run.
const RUNS: [&str; 14] = [
    "GITHUB_RUN_ID",
    "GITHUB_RUN_NUMBER",
    "CIRCLE_BUILD_NUM",
    "CIRCLE_WORKFLOW_ID",
    "CI_PIPELINE_ID",
    "CI_PIPELINE_IID",
    "CI_JOB_ID",
    "BUILDKITE_BUILD_ID",
    "BUILDKITE_BUILD_NUMBER",
    "BUILD_BUILDID",
    "BUILD_BUILDNUMBER",
    "BUILD_NUMBER",
    "BITBUCKET_BUILD_NUMBER",
    "TRAVIS_BUILD_NUMBER",
];
/// A commit id is known by so many of its digits.
const COMMIT_DIGITS: usize = 7;
/// A shorter number in a tag can be part of a version.
const RUN_DIGITS: usize = 4;
const DAY: u64 = 24 * 60 * 60;

/// Returns the variable whose value an argument has.
pub(super) fn variable_of(env: &Env, value: &str) -> Option<&'static str> {
    let is_of = |name: &&&str| env.get(name).is_some_and(|it| !it.is_empty() && (it == value || is_short(it, value)));
    COMMITS.iter().chain(&RUNS).find(is_of).copied()
}

/// Returns what is in a tag that no other commit, run or day has.
pub(super) fn in_tag(env: &Env, now: u64, tag: &str) -> Option<String> {
    let parts = || tag.split(['-', '.', '_']);
    let of_commit = |name: &&&str| env.get(name).is_some_and(|it| parts().any(|part| it == part || is_short(it, part)));
    if let Some(name) = COMMITS.iter().find(of_commit) {
        return Some(format!("the value of {name}"));
    }
    if parts().any(|part| part.len() == 40 && part.bytes().all(|byte| byte.is_ascii_hexdigit())) {
        return Some("a commit id".to_owned());
    }
    // A number alone, or behind a word: `7` and `build-7`, but not `1.7`.
    let is_number = |it: &str| tag == it || tag.strip_suffix(it).is_some_and(|rest| rest.ends_with(['-', '_']));
    let of_run = |name: &&&str| {
        env.get(name).is_some_and(|it| !it.is_empty() && (is_number(it) || (it.len() >= RUN_DIGITS && tag.contains(it.as_str()))))
    };
    if let Some(name) = RUNS.iter().find(of_run) {
        return Some(format!("the value of {name}"));
    }
    // The clock of the machine can be in any time zone.
    let days = [now.saturating_sub(DAY), now, now + DAY].map(|day| rfc3339(day)[..10].to_owned());
    let is_today = |day: &String| ["-", "", ".", "_"].iter().any(|between| tag.contains(&day.replace('-', between)));
    days.iter().any(is_today).then(|| "a date".to_owned())
}

fn is_short(commit: &str, text: &str) -> bool {
    text.len() >= COMMIT_DIGITS && commit.len() == 40 && commit.starts_with(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_with_every_commit_run_or_day_is_found_in_a_tag() {
        let sha = "0123456789abcdef0123456789abcdef01234567";
        let env: Env = [("GITHUB_SHA", sha), ("GITHUB_RUN_NUMBER", "7"), ("GITHUB_RUN_ID", "123456"), ("BUILD_NUMBER", "")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into_iter()
            .collect();
        // 2026-11-24.
        let now = 1_795_507_200;
        for (tag, expected) in [
            (sha, Some("the value of GITHUB_SHA")),
            ("sha-0123456", Some("the value of GITHUB_SHA")),
            ("main-01234567", Some("the value of GITHUB_SHA")),
            ("7", Some("the value of GITHUB_RUN_NUMBER")),
            ("build-7", Some("the value of GITHUB_RUN_NUMBER")),
            ("v123456", Some("the value of GITHUB_RUN_ID")),
            ("ffffffffffffffffffffffffffffffffffffffff", Some("a commit id")),
            ("nightly-20261124", Some("a date")),
            ("2026.11.25", Some("a date")),
            ("1.7", None),
            ("17", None),
            ("main", None),
            ("sha-012345", None),
            ("2026-10-01", None),
        ] {
            assert_eq!(in_tag(&env, now, tag).as_deref(), expected, "{tag}");
        }
        assert_eq!(variable_of(&env, "0123456"), Some("GITHUB_SHA"));
        assert_eq!((variable_of(&env, "7"), variable_of(&env, ""), variable_of(&env, "8")), (Some("GITHUB_RUN_NUMBER"), None, None));
    }
}
