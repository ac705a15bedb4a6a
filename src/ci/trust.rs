//! Whose code a job builds, and of which branch, as the CI service tells it.
//!
//! Code is judged by who wrote it, not by the name of the event: what a stranger proposes is never pushed by itself.

use serde_json::Value;

use crate::shell::Env;

/// Events whose code only somebody with write access can have put there (GitHub docs, "Events that trigger workflows", `GITHUB_SHA`).
const OF_WRITERS: [&str; 9] =
    ["push", "schedule", "workflow_dispatch", "repository_dispatch", "merge_group", "release", "create", "deployment", "deployment_status"];
/// Events that are trusted if the pull request, or the run that caused them, is one of the repository itself.
const OF_PULL_REQUESTS: [&str; 4] = ["pull_request", "pull_request_target", "pull_request_review", "pull_request_review_comment"];
const DEPENDABOT: &str = "dependabot[bot]";

/// A branch and the default branch of its repository, as far as the CI service tells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Branch {
    /// The branch that is built; `None` if it is not one, such as a tag or a pull request.
    pub name: Option<String>,
    /// The default branch.
    pub default: Option<String>,
}

/// Returns why the code of this job is not trusted; `None` if it is. `event` is the file that `$GITHUB_EVENT_PATH` names.
///
/// * GitHub docs, "Events that trigger workflows": a fork's pull request has no secrets on `pull_request`, but it has on
///   `pull_request_target`, `workflow_run` and `issue_comment`, whose code may be the fork's all the same. An event that is not known here
///   is not trusted.
/// * GitHub docs, "Troubleshooting Dependabot on GitHub Actions": runs that Dependabot starts are treated like those from forks.
/// * CircleCI docs, "Built-in environment variables": `CIRCLE_PR_USERNAME` and `CIRCLE_PR_REPONAME` exist on forked pull requests only.
/// * GitLab docs, "Predefined variables", merge request pipelines; Buildkite docs, "Environment variables"; Azure Pipelines docs, "Predefined
///   variables", `System.PullRequest.IsFork`; Jenkins, Branch API plugin, `CHANGE_FORK`.
///
/// ```
/// use docktag::ci::trust::untrusted;
///
/// let env = [("GITHUB_EVENT_NAME".to_owned(), "pull_request".to_owned())].into();
/// let event = br#"{"pull_request": {"head": {"repo": {"full_name": "you/app"}}, "base": {"repo": {"full_name": "acme/app"}}}}"#;
/// assert_eq!(untrusted(&env, event).as_deref(), Some("a pull request from the fork you/app"));
/// assert_eq!(untrusted(&[("GITHUB_EVENT_NAME".to_owned(), "push".to_owned())].into(), b"{}"), None);
/// ```
pub fn untrusted(env: &Env, event: &[u8]) -> Option<String> {
    let get = |name: &str| env.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let differ = |one: &str, other: &str| matches!((get(one), get(other)), (Some(one), Some(other)) if project(one) != project(other));
    let is_fork = get("CIRCLE_PR_USERNAME").is_some()
        || get("CIRCLE_PR_REPONAME").is_some()
        || differ("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH", "CI_MERGE_REQUEST_PROJECT_PATH")
        || differ("BUILDKITE_PULL_REQUEST_REPO", "BUILDKITE_REPO")
        || get("SYSTEM_PULLREQUEST_ISFORK").is_some_and(|value| value.eq_ignore_ascii_case("true"))
        || get("CHANGE_FORK").is_some();
    if is_fork {
        return Some("a pull request from a fork".to_owned());
    }
    match (get("GITHUB_EVENT_NAME"), get("GITHUB_ACTIONS")) {
        (Some(name), _) => of_github(name, env, event),
        (None, Some("true")) => Some("an event without a name".to_owned()),
        (None, _) => None,
    }
}

/// `acme/app`, whatever the address of the repository looks like.
fn project(address: &str) -> Vec<&str> {
    address.trim_end_matches('/').trim_end_matches(".git").rsplit(['/', ':']).take(2).collect()
}

fn of_github(name: &str, env: &Env, event: &[u8]) -> Option<String> {
    let event: Value = serde_json::from_slice(event).unwrap_or_default();
    let is_pull_request = event["pull_request"].is_object() || OF_PULL_REQUESTS.contains(&name);
    let repository = event["repository"]["full_name"].as_str().or_else(|| env.get("GITHUB_REPOSITORY").map(String::as_str));
    if is_pull_request {
        let side = |side: &str| event["pull_request"][side]["repo"]["full_name"].as_str().filter(|name| name.contains('/'));
        match (side("head"), side("base").or(repository)) {
            (Some(head), Some(base)) if head == base => {}
            (Some(head), _) => return Some(format!("a pull request from the fork {}", head.escape_debug())),
            // The fork was deleted, or the event cannot be read.
            (None, _) => return Some("a pull request from a fork".to_owned()),
        }
    }
    let author = event["pull_request"]["user"]["login"].as_str();
    if author == Some(DEPENDABOT) || env.get("GITHUB_ACTOR").is_some_and(|actor| actor == DEPENDABOT) {
        return Some(if is_pull_request { "a pull request of Dependabot" } else { "a run that Dependabot started" }.to_owned());
    }
    if name == "workflow_run" {
        let head = event["workflow_run"]["head_repository"]["full_name"].as_str().filter(|name| name.contains('/'));
        return match (head, repository) {
            (Some(head), Some(own)) if head == own => None,
            (Some(head), _) => Some(format!("a workflow that the fork {} caused", head.escape_debug())),
            (None, _) => Some("a workflow that a fork may have caused".to_owned()),
        };
    }
    (!is_pull_request && !OF_WRITERS.contains(&name))
        .then(|| format!("the event `{}`, which anybody may be able to cause", name.escape_debug()))
}

/// Returns the branch that is built, as the CI service tells; `None` if no CI service is known here.
///
/// rule: GitHub docs, "Variables reference", `GITHUB_REF`; CircleCI, GitLab, Buildkite, Azure and Jenkins as for [`untrusted`].
pub fn branch(env: &Env, event: &[u8]) -> Option<Branch> {
    let get = |name: &str| env.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let owned = |name: Option<&str>| name.map(str::to_owned);
    let of_ref = |name: &str| owned(get(name).and_then(|text| text.strip_prefix("refs/heads/")));
    if get("GITHUB_EVENT_NAME").is_some() || get("GITHUB_ACTIONS") == Some("true") {
        let event: Value = serde_json::from_slice(event).unwrap_or_default();
        let name = match get("GITHUB_EVENT_NAME") {
            // Their reference is the branch that a pull request is for, or the default branch. What caused another workflow can be a tag.
            Some(name) if OF_PULL_REQUESTS.contains(&name) || name == "workflow_run" => None,
            _ => of_ref("GITHUB_REF"),
        };
        return Some(Branch { name, default: owned(event["repository"]["default_branch"].as_str()) });
    }
    if get("CIRCLECI").is_some() {
        // The branch of a fork's pull request is `pull/7`.
        return Some(Branch { name: owned(get("CIRCLE_BRANCH").filter(|name| !name.starts_with("pull/"))), default: None });
    }
    if get("GITLAB_CI").is_some() {
        return Some(Branch { name: owned(get("CI_COMMIT_BRANCH")), default: owned(get("CI_DEFAULT_BRANCH")) });
    }
    if get("BUILDKITE").is_some() {
        let is_branch = get("BUILDKITE_PULL_REQUEST").is_none_or(|number| number == "false");
        let name = owned(get("BUILDKITE_BRANCH").filter(|_| is_branch));
        return Some(Branch { name, default: owned(get("BUILDKITE_PIPELINE_DEFAULT_BRANCH")) });
    }
    if get("TF_BUILD").is_some() {
        return Some(Branch { name: of_ref("BUILD_SOURCEBRANCH"), default: None });
    }
    if get("JENKINS_URL").is_some() {
        let name = owned(get("BRANCH_NAME").filter(|_| get("CHANGE_ID").is_none()));
        let default = name.clone().filter(|_| get("BRANCH_IS_PRIMARY") == Some("true"));
        return Some(Branch { name, default });
    }
    // Some other service, which tells nothing that is known here.
    get("CI").filter(|value| *value != "false").map(|_| Branch::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> Env {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn code_is_judged_by_its_author() {
        let pull = |head: &str| {
            format!(
                r#"{{"pull_request":{{"head":{{"repo":{head}}},"base":{{"repo":{{"full_name":"acme/app"}}}},"user":{{"login":"you"}}}}}}"#
            )
        };
        let run = |head: &str| format!(r#"{{"workflow_run":{{"head_repository":{head}}},"repository":{{"full_name":"acme/app"}}}}"#);
        let (own, fork, gone) = (pull(r#"{"full_name":"acme/app"}"#), pull(r#"{"full_name":"you/app"}"#), pull("null"));
        let (own_run, fork_run) = (run(r#"{"full_name":"acme/app"}"#), run(r#"{"full_name":"you/app"}"#));
        let of_dependabot = own.replace("\"you\"", "\"dependabot[bot]\"");
        let from_fork = Some("a pull request from the fork you/app");
        let unknown = Some("a pull request from a fork");
        for (name, event, expected) in [
            ("push", "", None),
            ("schedule", "{}", None),
            ("workflow_dispatch", "{}", None),
            ("merge_group", "{}", None),
            // Whatever the event is called.
            ("push", fork.as_str(), from_fork),
            ("pull_request", &own, None),
            ("pull_request", &fork, from_fork),
            ("pull_request", &gone, unknown),
            ("pull_request", "not JSON", unknown),
            ("pull_request", &of_dependabot, Some("a pull request of Dependabot")),
            ("pull_request_target", &own, None),
            ("pull_request_target", &fork, from_fork),
            ("pull_request_review", &fork, from_fork),
            ("pull_request_review_comment", &fork, from_fork),
            ("workflow_run", &own_run, None),
            ("workflow_run", &fork_run, Some("a workflow that the fork you/app caused")),
            ("workflow_run", "{}", Some("a workflow that a fork may have caused")),
            ("issue_comment", "{}", Some("the event `issue_comment`, which anybody may be able to cause")),
            ("new_event", "{}", Some("the event `new_event`, which anybody may be able to cause")),
        ] {
            assert_eq!(untrusted(&env(&[("GITHUB_EVENT_NAME", name)]), event.as_bytes()).as_deref(), expected, "{name} {event}");
        }
    }

    #[test]
    fn every_service_tells_forks_apart() {
        let fork = Some("a pull request from a fork");
        for (pairs, expected) in [
            (&[][..], None),
            (&[("CI", "true")], None),
            (&[("GITHUB_ACTIONS", "true")], Some("an event without a name")),
            (&[("GITHUB_EVENT_NAME", "push"), ("GITHUB_ACTOR", "dependabot[bot]")], Some("a run that Dependabot started")),
            (&[("CIRCLE_PR_USERNAME", "you")], fork),
            (&[("CIRCLE_PR_REPONAME", "app")], fork),
            (&[("CIRCLE_PR_USERNAME", ""), ("CIRCLE_PR_REPONAME", "")], None),
            (&[("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH", "you/app"), ("CI_MERGE_REQUEST_PROJECT_PATH", "acme/app")], fork),
            (&[("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH", "acme/app"), ("CI_MERGE_REQUEST_PROJECT_PATH", "acme/app")], None),
            (&[("BUILDKITE_PULL_REQUEST_REPO", "git://github.com/you/app"), ("BUILDKITE_REPO", "git@github.com:acme/app")], fork),
            (&[("BUILDKITE_PULL_REQUEST_REPO", "git://github.com/acme/app.git"), ("BUILDKITE_REPO", "git@github.com:acme/app.git")], None),
            (&[("BUILDKITE_PULL_REQUEST_REPO", ""), ("BUILDKITE_REPO", "git@github.com:acme/app")], None),
            (&[("SYSTEM_PULLREQUEST_ISFORK", "True")], fork),
            (&[("SYSTEM_PULLREQUEST_ISFORK", "False")], None),
            (&[("CHANGE_FORK", "you")], fork),
        ] {
            assert_eq!(untrusted(&env(pairs), b"").as_deref(), expected, "{pairs:?}");
        }
    }

    #[test]
    fn every_service_tells_its_branch() {
        let event = r#"{"repository":{"default_branch":"main"},"workflow_run":{"head_branch":"topic"}}"#;
        for (pairs, name, default) in [
            (&[("GITHUB_EVENT_NAME", "push"), ("GITHUB_REF", "refs/heads/a/b")][..], Some("a/b"), Some("main")),
            (&[("GITHUB_EVENT_NAME", "push"), ("GITHUB_REF", "refs/tags/v1")], None, Some("main")),
            (&[("GITHUB_EVENT_NAME", "pull_request_target"), ("GITHUB_REF", "refs/heads/main")], None, Some("main")),
            (&[("GITHUB_EVENT_NAME", "workflow_run"), ("GITHUB_REF", "refs/heads/main")], None, Some("main")),
            (&[("CIRCLECI", "true"), ("CIRCLE_BRANCH", "topic")], Some("topic"), None),
            (&[("CIRCLECI", "true"), ("CIRCLE_BRANCH", "pull/7")], None, None),
            (&[("GITLAB_CI", "true"), ("CI_COMMIT_BRANCH", "main"), ("CI_DEFAULT_BRANCH", "main")], Some("main"), Some("main")),
            (&[("GITLAB_CI", "true"), ("CI_DEFAULT_BRANCH", "main")], None, Some("main")),
            (&[("BUILDKITE", "true"), ("BUILDKITE_BRANCH", "you:main"), ("BUILDKITE_PULL_REQUEST", "7")], None, None),
            (&[("TF_BUILD", "True"), ("BUILD_SOURCEBRANCH", "refs/heads/main")], Some("main"), None),
            (&[("JENKINS_URL", "x"), ("BRANCH_NAME", "PR-7"), ("CHANGE_ID", "7")], None, None),
            (&[("JENKINS_URL", "x"), ("BRANCH_NAME", "trunk"), ("BRANCH_IS_PRIMARY", "true")], Some("trunk"), Some("trunk")),
            (&[("CI", "true")], None, None),
        ] {
            let expected = Branch { name: name.map(str::to_owned), default: default.map(str::to_owned) };
            assert_eq!(branch(&env(pairs), event.as_bytes()), Some(expected), "{pairs:?}");
        }
        assert_eq!(branch(&env(&[("CI", "false")]), b""), None);
        assert_eq!(branch(&env(&[]), b""), None);
    }
}
