//! What reaches a build without being in the Compose files: variables of the environment, and Docker's configuration.
//!
//! Such a value counts if the Dockerfile names it, or if the Dockerfile is not known. `docs/manifest.md`, "From outside", has the whole list.

use serde_json::Value;

use crate::compose::project::Build;
use crate::desk::Desk;
use crate::digest::Algorithm;
use crate::error::Result;
use crate::job::login;
use crate::map::Map;
use crate::note;
use crate::options::Options;

/// rule: Buildx `commands/bake.go` and `commands/build.go`: given to every build that does not set it.
const EPOCH: &str = "SOURCE_DATE_EPOCH";
/// rule: Buildx `build/build.go`, `loadSourcePolicy`: names a file that replaces sources of a build by others.
const POLICY: &str = "EXPERIMENTAL_BUILDKIT_SOURCE_POLICY";
/// The keys of a proxy in Docker's configuration, and the arguments that it becomes, in capitals and in small letters.
/// rule: docker/cli `cli/config/configfile/file.go`, `ParseProxyConfig`; Compose `pkg/compose/build.go`, `resolveAndMergeBuildArgs`.
const PROXIES: [(&str, &str); 5] = [
    ("httpProxy", "HTTP_PROXY"),
    ("httpsProxy", "HTTPS_PROXY"),
    ("noProxy", "NO_PROXY"),
    ("ftpProxy", "FTP_PROXY"),
    ("allProxy", "ALL_PROXY"),
];

/// What all names of proxies have in them. A step that has it can see each: `env | grep -i _proxy`, `${name}_proxy`.
const A_PROXY: &str = "_proxy";

/// What reaches every build from outside.
#[derive(Debug, Default)]
pub(super) struct Outside {
    /// Arguments: what a Dockerfile has to name to see them, their names, and their values.
    args: Vec<(&'static str, String, String)>,
    policy: Option<Vec<u8>>,
}

impl Outside {
    /// Finds what the Dockerfiles can see: their texts, and `None` for one that is not known.
    pub(super) async fn find(desk: &Desk, options: &Options, dockerfiles: &[Option<&[u8]>]) -> Result<Self> {
        let variable = |name: &str| options.host.env.get(name).filter(|value| !value.is_empty()).cloned();
        let mut found = Outside::default();
        found.args.extend(variable(EPOCH).map(|value| (EPOCH, EPOCH.to_owned(), value)));
        if let Some(file) = variable(POLICY) {
            found.policy = Some(desk.read_if_there(&file).await?.unwrap_or_default());
        }
        // Another program may read the Dockerfile (`# syntax=`), which is known later.
        let can_see = |text: &Option<&[u8]>| text.is_none_or(|text| [A_PROXY, "syntax"].iter().any(|word| names(text, word)));
        // Docker goes on without a configuration that it cannot read.
        if dockerfiles.iter().any(can_see)
            && let Ok(Some((_, text))) = login::config(desk, options).await
        {
            found.args.extend(proxies(options, &text).into_iter().map(|(name, value)| (A_PROXY, name, value)));
        }
        Ok(found)
    }

    /// The arguments of a build with those from outside that count: what a Compose file sets stays. `None`: nobody knows
    /// what the Dockerfile names.
    pub(super) fn with_args(&self, build: &Build, dockerfile: Option<&[u8]>) -> Map<String, String> {
        let mut args = build.args.clone();
        for (word, name, value) in &self.args {
            if !args.contains_key(name) && dockerfile.is_none_or(|text| names(text, word)) {
                args.insert(name.clone(), value.clone());
            }
        }
        args
    }

    /// Lines of every manifest.
    pub(super) fn notes(&self, algorithm: Algorithm) -> Vec<Vec<u8>> {
        self.policy.iter().map(|policy| note::build(algorithm, POLICY, &String::from_utf8_lossy(policy))).collect()
    }
}

/// Whether a Dockerfile has this name in it, whatever the case of its letters: `ARG`, `$NAME` in a command, a comment. A name can be
/// continued on the next line, behind blanks, empty lines and comments.
fn names(dockerfile: &[u8], name: &str) -> bool {
    let is_comment = |line: &&[u8]| line.trim_ascii_start().starts_with(b"#");
    let joins = |byte: &u8| matches!(byte, b'\\' | b'`') || byte.is_ascii_whitespace();
    let name = name.to_ascii_lowercase();
    let has_name = |lines: Vec<&[u8]>| {
        let mut text: Vec<u8> = lines.concat().into_iter().filter(|byte| !joins(byte)).collect();
        text.make_ascii_lowercase();
        text.windows(name.len()).any(|part| part == name.as_bytes())
    };
    let lines = || dockerfile.split(|byte| *byte == b'\n');
    has_name(lines().collect()) || has_name(lines().filter(|line| !is_comment(line)).collect())
}

/// The arguments that Docker's configuration gives every build: those for the engine in `$DOCKER_HOST`, or else the default ones.
fn proxies(options: &Options, config: &[u8]) -> Vec<(String, String)> {
    let config: Value = serde_json::from_slice(config).unwrap_or_default();
    let of_host = options.host.env.get("DOCKER_HOST").and_then(|host| config["proxies"].get(host));
    let proxies = of_host.unwrap_or(&config["proxies"]["default"]);
    let mut args = Vec::new();
    for (key, name) in PROXIES {
        if let Some(value) = proxies[key].as_str().filter(|value| !value.is_empty()) {
            args.push((name.to_owned(), value.to_owned()));
            args.push((name.to_ascii_lowercase(), value.to_owned()));
        }
    }
    args
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Job;

    #[test]
    fn a_dockerfile_names_what_it_can_see() {
        for (text, expected) in [
            ("ARG HTTP_PROXY", true),
            ("RUN echo $http_proxy", true),
            ("ARG HTTP_\\\nPROXY", true),
            ("ARG HTTP_\\ \t\r\n \n  # c\nPROXY", true),
            ("# HTTP_PROXY", true),
            ("ARG HTTPS_PROXY", false),
            ("FROM scratch", false),
        ] {
            assert_eq!(names(text.as_bytes(), "HTTP_PROXY"), expected, "{text}");
        }
    }

    #[test]
    fn proxies_are_those_of_the_engine_or_the_default_ones() {
        let config = br#"{"proxies":{"default":{"httpProxy":"http://a"},"tcp://b":{"noProxy":"b","ftpProxy":""}}}"#;
        let mut options = Options::new(Job::Tag);
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(proxies(&options, config), [pair("HTTP_PROXY", "http://a"), pair("http_proxy", "http://a")]);
        options.host.env.insert("DOCKER_HOST".to_owned(), "tcp://b".to_owned());
        assert_eq!(proxies(&options, config), [pair("NO_PROXY", "b"), pair("no_proxy", "b")]);
        assert_eq!(proxies(&options, b"{"), []);
    }
}
