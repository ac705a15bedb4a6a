//! Pull requests whose jobs have no secrets, so that they cannot push.

use serde_json::Value;

use crate::shell::Env;

/// Why a job of this event cannot be expected to push; `None`: it can. `event` is the file that `$GITHUB_EVENT_PATH` names.
///
/// * GitHub docs, "Events that trigger workflows", `pull_request`: from a fork, secrets are not passed and the token can only read.
///   `pull_request_target` has secrets, but what a fork proposes is not to be pushed by itself either.
/// * GitHub docs, "Dependabot on GitHub Actions": its pull requests are treated like those from forks.
/// * CircleCI docs, "Built-in environment variables": `CIRCLE_PR_USERNAME` and `CIRCLE_PR_REPONAME` exist on forked pull requests only.
///
/// ```
/// use docktag::ci::fork::no_secrets;
///
/// let env = [("GITHUB_EVENT_NAME".to_owned(), "pull_request".to_owned())].into();
/// let event = br#"{"pull_request": {"head": {"repo": {"full_name": "you/app"}}, "base": {"repo": {"full_name": "acme/app"}}}}"#;
/// assert_eq!(no_secrets(&env, event).as_deref(), Some("a pull request from the fork you/app"));
/// assert_eq!(no_secrets(&env, b"{}"), None);
/// ```
pub fn no_secrets(env: &Env, event: &[u8]) -> Option<String> {
    let is_set = |name: &str| env.get(name).is_some_and(|value| !value.is_empty());
    if is_set("CIRCLE_PR_USERNAME") || is_set("CIRCLE_PR_REPONAME") {
        return Some("a pull request from a fork".to_owned());
    }
    let is_pull_request = env.get("GITHUB_EVENT_NAME").is_some_and(|name| name == "pull_request" || name == "pull_request_target");
    if !is_pull_request {
        return None;
    }
    let event: Value = serde_json::from_slice(event).unwrap_or_default();
    let name = |side: &str| event["pull_request"][side]["repo"]["full_name"].as_str();
    let base = name("base").or_else(|| env.get("GITHUB_REPOSITORY").map(String::as_str));
    match (name("head"), base) {
        (Some(head), Some(base)) if head != base => Some(format!("a pull request from the fork {}", head.escape_debug())),
        // The fork was deleted.
        (None, Some(_)) if event["pull_request"]["head"]["repo"].is_null() && event["pull_request"]["head"].is_object() => {
            Some("a pull request from a fork".to_owned())
        }
        _ if env.get("GITHUB_ACTOR").is_some_and(|actor| actor == "dependabot[bot]") => Some("a pull request of Dependabot".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(pairs: &[(&str, &str)], event: &str) -> Option<String> {
        let env = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        no_secrets(&env, event.as_bytes())
    }

    #[test]
    fn only_pull_requests_of_others_have_no_secrets() {
        let event = |head: &str| format!(r#"{{"pull_request":{{"head":{{"repo":{head}}},"base":{{"repo":{{"full_name":"acme/app"}}}}}}}}"#);
        let (own, fork, gone) = (event(r#"{"full_name":"acme/app"}"#), event(r#"{"full_name":"you/app"}"#), event("null"));
        for (pairs, event, expected) in [
            (&[][..], "", None),
            (&[("GITHUB_EVENT_NAME", "push")], fork.as_str(), None),
            (&[("GITHUB_EVENT_NAME", "pull_request")], &own, None),
            (&[("GITHUB_EVENT_NAME", "pull_request")], &fork, Some("a pull request from the fork you/app")),
            (&[("GITHUB_EVENT_NAME", "pull_request_target")], &fork, Some("a pull request from the fork you/app")),
            (&[("GITHUB_EVENT_NAME", "pull_request")], &gone, Some("a pull request from a fork")),
            (&[("GITHUB_EVENT_NAME", "pull_request"), ("GITHUB_ACTOR", "dependabot[bot]")], &own, Some("a pull request of Dependabot")),
            (&[("GITHUB_EVENT_NAME", "push"), ("GITHUB_ACTOR", "dependabot[bot]")], "", None),
            (&[("GITHUB_EVENT_NAME", "pull_request"), ("GITHUB_REPOSITORY", "acme/app")], "not JSON", None),
            (&[("CIRCLE_PR_USERNAME", "you")], "", Some("a pull request from a fork")),
            (&[("CIRCLE_PR_USERNAME", ""), ("CIRCLE_PR_REPONAME", "")], "", None),
        ] {
            assert_eq!(said(pairs, event).as_deref(), expected, "{pairs:?} {event}");
        }
    }
}
