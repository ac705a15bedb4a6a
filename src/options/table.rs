//! The one definition of every option: the command line, the action's inputs, the package's types and the tables in README come from it.

use serde::Serialize;

use crate::options::Job::{self, Backtest, Build, Env, Explain, Inputs, Join, Manifest, Model, Plan, Prune, Pull, Tag, Why};

/// One option.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Definition {
    /// Its name: `--name` on a command line, `DOCKTAG_NAME` as a variable.
    pub name: &'static str,
    /// Its letter on a command line.
    pub short: Option<char>,
    /// Its name as an input of the action; `None`: it makes no sense there.
    pub input: Option<&'static str>,
    /// Whether a command line has it: a password must not stand in one.
    pub command_line: bool,
    /// What it takes.
    pub takes: Takes,
    /// The value where none is given.
    pub default: Option<&'static str>,
    /// The jobs that have it.
    pub jobs: &'static [Job],
    /// One line.
    pub help: &'static str,
}

/// What an option takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Takes {
    /// Nothing: it is there or not. As a variable or input: `true` or `false`.
    Flag,
    /// One value; the word stands for it in help.
    One(&'static str),
    /// Any number of values.
    Many(&'static str),
    /// One of these.
    Choice(&'static [&'static str]),
}

impl Definition {
    /// The variable that gives it.
    pub fn variable(&self) -> String {
        format!("DOCKTAG_{}", self.name.to_ascii_uppercase().replace('-', "_"))
    }

    /// The definition of an option, by its name or by its name as an input.
    pub fn find(name: &str) -> Option<&'static Definition> {
        OPTIONS.iter().find(|it| it.name == name || it.input == Some(name))
    }
}

const ALL: &[Job] = &[Tag, Manifest, Inputs, Explain, Why, Model, Backtest, Env, Plan, Build, Join, Pull, Prune];
const WITH_INPUTS: &[Job] = &[Tag, Manifest, Inputs, Explain, Why, Backtest, Env, Plan, Build, Join, Pull, Prune];
/// With inputs that plain folders can have too.
const WITH_FOLDERS: &[Job] = &[Tag, Manifest, Explain, Why, Backtest, Env, Plan, Build, Pull, Prune];
const WITH_REUSE: &[Job] = &[Tag, Manifest, Env, Plan, Build, Pull];
const WITH_NAMES: &[Job] = &[Tag, Why, Env, Plan, Build, Join, Pull, Prune];
/// With something for later steps or the summary.
const WITH_OUTPUTS: &[Job] = &[Tag, Why, Backtest, Env, Plan, Build, Join, Pull, Prune];
const WITH_COMPOSE: &[Job] = &[Build, Pull];
const WITH_REGISTRY: &[Job] = &[Why, Env, Plan, Build, Join, Pull, Prune];
/// Those that do something, or keep something for later steps.
const WITH_EFFECT: &[Job] = &[Tag, Env, Build, Join, Pull];

/// What most options are: one with a value, on the command line and as an input of the same name.
const PLAIN: Definition =
    Definition { name: "", short: None, input: None, command_line: true, takes: Takes::Flag, default: None, jobs: ALL, help: "" };

const fn both(name: &'static str, takes: Takes, jobs: &'static [Job], help: &'static str) -> Definition {
    Definition { name, input: Some(name), takes, jobs, help, ..PLAIN }
}

/// Every option, in the order of help and tables.
pub const OPTIONS: &[Definition] = &[
    both(
        "path",
        Takes::Many("FOLDER"),
        WITH_FOLDERS,
        "A folder whose files are the inputs, relative to the project folder; without one, the Compose files tell what counts",
    ),
    both("image", Takes::One("REPOSITORY"), WITH_NAMES, "The image's repository, without a tag, such as example/app or ghcr.io/acme/app"),
    both(
        "repository-prefix",
        Takes::One("PREFIX"),
        WITH_NAMES,
        "Where images without registry and owner go: with ghcr.io/acme/, `web` to ghcr.io/acme/web, none to ghcr.io/acme/PROJECT-SERVICE",
    ),
    Definition {
        default: Some("auto"),
        ..both(
            "algorithm",
            Takes::Choice(&["auto", "md5", "sha256"]),
            WITH_INPUTS,
            "The hash of manifest and tag; auto: that of `x-docktag` in the Compose files, else md5",
        )
    },
    Definition {
        default: Some("auto"),
        ..both(
            "checkout",
            Takes::Choice(&["auto", "as-is", "as-in-git"]),
            WITH_INPUTS,
            "What counts of a checkout: what is on disk, or links and line ends as git has them; auto: as in git on Windows",
        )
    },
    both("reuse", Takes::One("FILE"), WITH_REUSE, "Take this manifest as it is where it exists, and write it where it does not"),
    Definition {
        default: Some(crate::options::MOVING_TAG),
        ..both(
            "moving-tag",
            Takes::One("TAG"),
            WITH_NAMES,
            "The tag that follows the last build and gives the next one its cache; empty: none",
        )
    },
    both(
        "trusted-branch",
        Takes::Many("NAME"),
        &[Build, Join],
        "A branch whose builds move the moving tag, and so are the cache of others, `*` for any part of a name; without one, the default branch",
    ),
    Definition {
        short: Some('f'),
        input: Some("compose-file"),
        ..both("file", Takes::Many("FILE"), ALL, "A Compose file, relative to the project folder; without one, those that Compose finds")
    },
    both("env-file", Takes::Many("FILE"), ALL, "A file with variables for the Compose files, instead of .env"),
    both("profile", Takes::Many("NAME"), ALL, "A profile of the Compose files to have active"),
    both(
        "project-directory",
        Takes::One("DIR"),
        ALL,
        "The folder that paths in the Compose files are relative to; without it, that of the first one",
    ),
    Definition {
        short: Some('p'),
        ..both("project-name", Takes::One("NAME"), ALL, "The name of the Compose project; without it, as Compose finds it")
    },
    Definition {
        input: Some("services"),
        ..both("service", Takes::Many("NAME"), ALL, "A Compose service to work for; without one, all of them")
    },
    both(
        "platform",
        Takes::One("OS/ARCH"),
        WITH_INPUTS,
        "The platform of services that name none, such as linux/arm64; without it, that of DOCKER_DEFAULT_PLATFORM, else of this machine",
    ),
    both("ignore-arg", Takes::Many("NAME"), WITH_INPUTS, "A build argument that does not count, such as a commit id or a date"),
    both("salt", Takes::One("TEXT"), WITH_INPUTS, "A text that counts as input: with another one everything is built anew"),
    both("pin-bases", Takes::Flag, WITH_INPUTS, "Count what the registry has under the names of base images now, and build from that"),
    both(
        "refresh",
        Takes::One("WHEN"),
        WITH_INPUTS,
        "Build everything anew when a day, week or month (UTC) has ended: daily, weekly, monthly, or the period that an earlier job found",
    ),
    Definition { input: None, ..both("input", Takes::Many("FILE"), &[Explain], "A file or folder to explain") },
    both(
        "against",
        Takes::One("WHAT"),
        &[Why],
        "What to compare with: a manifest's file, a git revision or an image; without it, the last build, else where this branch began",
    ),
    Definition { input: None, ..both("diff", Takes::Flag, &[Why], "Show the lines that differ too, where git knows the files") },
    both("compose", Takes::One("COMMAND"), ALL, "How Compose is started; without it, `docker compose`, else `docker-compose`"),
    Definition {
        default: Some("auto"),
        ..both(
            "push",
            Takes::Choice(&["auto", "true", "false"]),
            &[Plan, Build],
            "Whether to push what was built; auto: not on a pull request that has no secrets, from a fork or from Dependabot",
        )
    },
    Definition {
        input: None,
        ..both(
            "no-push",
            Takes::Flag,
            &[Plan, Build],
            "As --push=false: build what is missing; what the registry cannot say is taken as missing",
        )
    },
    both("or-build", Takes::Flag, &[Pull], "Build here what the registry lacks, and push nothing"),
    both(
        "strict",
        Takes::Flag,
        WITH_COMPOSE,
        "Build from copies of exactly the files that count: an input that was not counted is an error of the build",
    ),
    Definition {
        default: Some("true"),
        ..both(
            "keep-manifest",
            Takes::Choice(&["true", "false"]),
            &[Build, Join],
            "Whether to keep the manifest beside the image in the registry, so that a later run can say what has changed since",
        )
    },
    both(
        "verify",
        Takes::Flag,
        &[Plan, Build, Pull],
        "Believe a hit only where the manifest that is kept beside the image makes its tag; anything else is unknown",
    ),
    both("force", Takes::Flag, &[Build], "Build and push even on a hit"),
    both(
        "builder",
        Takes::One("NAME"),
        WITH_COMPOSE,
        "The builder of buildx that builds, such as a remote one; what is pushed is pushed from there, and needs no engine here",
    ),
    both(
        "split-platforms",
        Takes::Flag,
        &[Plan, Build],
        "Give each platform of images that are for several a job of its own; `join` puts them together then",
    ),
    both(
        "part",
        Takes::One("OS/ARCH"),
        &[Build],
        "Build only this platform of images that are for several, and push it under a name of its own, for `join`",
    ),
    both(
        "share",
        Takes::One("SHARE"),
        &[Build],
        "Build one share of what a plan found missing: docktag_missing of its parameters, then :INDEX/COUNT, counted from 0",
    ),
    Definition {
        // GitHub docs, "Usage limits": so many jobs of one matrix run at most.
        default: Some("256"),
        ..both("max-jobs", Takes::One("NUMBER"), &[Plan], "How many jobs build at most; beyond that a job has several groups of images")
    },
    both("continuation", Takes::One("FILE"), &[Plan], "Write the parameters for a CircleCI continuation to this file"),
    Definition {
        default: Some("inline"),
        ..both(
            "cache",
            Takes::Choice(&["inline", "registry", "none"]),
            WITH_COMPOSE,
            "Where the layer cache of a build is kept: in the image itself, beside it in the registry, or nowhere",
        )
    },
    both(
        "cache-from",
        Takes::Many("REFERENCE"),
        WITH_COMPOSE,
        "An image or BuildKit cache source to start a build from, instead of the moving tag",
    ),
    both("registry", Takes::One("HOST[:PORT]"), WITH_REGISTRY, "The registry that the login is for; without it, that of the image"),
    both("username", Takes::One("NAME"), WITH_REGISTRY, "The user for that registry; without one, what `docker login` stored"),
    Definition {
        command_line: false,
        ..both(
            "password",
            Takes::One("SECRET"),
            WITH_REGISTRY,
            "The password or access token of the user; without it, that in DOCKER_PASSWORD",
        )
    },
    Definition {
        input: None,
        ..both(
            "password-stdin",
            Takes::Flag,
            WITH_REGISTRY,
            "Read the password from standard input; without it, it is taken from DOCKER_PASSWORD",
        )
    },
    both(
        "insecure-registry",
        Takes::Many("HOST[:PORT]|NETWORK"),
        WITH_REGISTRY,
        "A registry that may have any TLS certificate, or no TLS; those on the loopback interface always may",
    ),
    Definition {
        default: Some("10"),
        ..both(
            "registry-timeout",
            Takes::One("SECONDS"),
            WITH_REGISTRY,
            "How long one request to a registry may take; what may pass is asked three times, but not for longer than a minute",
        )
    },
    Definition {
        short: Some('n'),
        default: Some("100"),
        ..both(
            "commits",
            Takes::One("NUMBER"),
            &[Backtest],
            "How many of the last commits of this branch to look at, merged ones not counted",
        )
    },
    both(
        "keep-branches",
        Takes::Flag,
        &[Prune],
        "Keep the images of all branches, here and at the remote; without it, only the branch that is checked out counts",
    ),
    both("keep-tags", Takes::Flag, &[Prune], "Keep the images of all commits that git tags point at, here and at the remote"),
    both(
        "keep-commits",
        Takes::One("NUMBER"),
        &[Prune],
        "Of how many of the last commits of each branch to keep the images; without it, of the last one",
    ),
    Definition {
        default: Some("1"),
        ..both(
            "keep-days",
            Takes::One("NUMBER"),
            &[Prune],
            "Of how many days to keep everything: what a job is about to use may be on no branch yet",
        )
    },
    both(
        "ignore-commit",
        Takes::Many("COMMIT"),
        &[Prune],
        "A commit whose images cannot be computed; those that were built from it, or may be its images, are kept",
    ),
    both("delete", Takes::Flag, &[Prune], "Delete what nothing needs; without it, it is only listed"),
    both("plot", Takes::One("FILE"), &[Backtest], "Write a plot (SVG) of the builds to this file"),
    both("dry-run", Takes::Flag, WITH_EFFECT, "Say what would be done, and do nothing"),
    Definition {
        input: None,
        ..both(
            "ci",
            Takes::Flag,
            WITH_OUTPUTS,
            "Keep the variables for later steps ($GITHUB_ENV, else $BASH_ENV), and on GitHub outputs and job summary too",
        )
    },
    Definition {
        short: Some('C'),
        input: Some("working-directory"),
        ..both("directory", Takes::One("DIR"), ALL, "The project folder; without it, the current folder")
    },
    Definition { input: None, ..both("json", Takes::Flag, ALL, "Print the result as JSON") },
    Definition {
        input: None,
        default: Some("auto"),
        ..both("color", Takes::Choice(&["auto", "always", "never"]), ALL, "When to use colours")
    },
    Definition { short: Some('v'), ..both("verbose", Takes::Flag, ALL, "Say more: requests, programs, how long they took") },
];

/// The input of the action that names the job, and its values.
pub const COMMAND: (&str, &[Job]) = ("command", &[Build, Pull, Tag, Plan, Join, Why, Backtest, Prune]);
