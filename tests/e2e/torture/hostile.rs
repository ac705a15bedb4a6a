//! What a stranger may write, in names, Dockerfiles, Compose files and commits, is shown and never obeyed.
//!
//! Random projects have hostile texts everywhere; each text holds the word PWN. Every job runs over them, and all that it says is read as the
//! runner, a terminal, Markdown and a shell would read it.

use std::fs;
use std::path::Path;

use libtest_mimic::Failed;
use serde_json::json;

use crate::Test;
use crate::engine::{Engine, Needs};
use crate::project::{Project, ended};
use crate::random::Random;
use crate::torture::hosts::{self, FILES, HOSTS, Host};
use crate::torture::obeyed::obeyed;
use crate::torture::{self, Figure, Rounds};

const ROUNDS: Rounds = Rounds { short: 6, minutes: 100, hours: 1_000 };
/// How many images are built whose steps print such texts.
const BUILDS: Rounds = Rounds { short: 3, minutes: 20, hours: 200 };

pub(crate) fn tests() -> Vec<Test> {
    vec![
        ("torture_what_a_stranger_writes_is_shown_and_never_obeyed", Needs::Any, hostile),
        ("torture_what_a_build_prints_is_shown_and_never_obeyed", Needs::Any, printing),
    ]
}

const TEXTS: [&str; 26] = [
    "::set-output name=tag::PWN",
    " \t::add-mask::PWN",
    "##[add-mask]PWN",
    "x ##[set-output name=image;]PWN",
    "a\n::error::PWN",
    "a\r::error::PWN",
    "a\u{85}::error::PWN",
    "%0A::debug::PWN",
    "\u{1b}[2JPWN",
    "\u{1b}]0;PWN\u{7}",
    "\u{9b}31mPWN",
    "\u{8}\u{8}PWN\u{7f}",
    "\u{202e}PWN\u{2066}",
    "\u{200f}PWN\u{2028}",
    "`PWN`",
    "```\n# PWN\n```",
    "<img src=x onerror=PWN>",
    "</details><h1>PWN",
    "<!-- PWN",
    "| PWN | b |",
    "[PWN](http://x.example)",
    "$(touch PWN)",
    "`touch PWN`",
    "; touch PWN;",
    "'; touch PWN; '",
    "a\nPWN=1",
];

/// Jobs, and what they take besides.
const JOBS: [(&str, &[(&str, &str)]); 9] = [
    ("tag", &[]),
    ("plan", &[]),
    ("build", &[("dry-run", "true")]),
    ("why", &[("against", "HEAD~1")]),
    ("backtest", &[("commits", "2")]),
    ("env", &[]),
    ("inputs", &[]),
    ("model", &[]),
    ("explain", &[]),
];
/// Those of the action.
const OF_ACTION: usize = 5;

fn hostile(engine: &Engine) -> Result<(), Failed> {
    let first = torture::seed();
    let rounds = ROUNDS.number();
    let (mut runs, mut good) = (0, 0);
    for seed in first..first + rounds {
        let mut random = Random::new(seed);
        let mut project = Project::empty(engine);
        write(&mut project, &mut random);
        for host in HOSTS {
            for (job, options) in JOBS.into_iter().take(if host == Host::Action { OF_ACTION } else { JOBS.len() }) {
                // The action costs more, so it does not do everything each time.
                if host == Host::Action && random.below(3) > 0 {
                    continue;
                }
                let is_github = host == Host::Action || random.below(2) == 0;
                let what = format!("seed {seed}: {job} of {host:?}{}", if is_github { " on GitHub" } else { "" });
                good += u64::from(try_job(&project, host, job, options, is_github).map_err(|wrong| format!("{what}: {wrong}"))?);
                runs += 1;
            }
        }
    }
    torture::record(&Figure {
        promise: "Secrets",
        what: "runs over projects full of hostile texts, after which the runner, a terminal, Markdown or a shell obeyed one",
        tried: runs,
        wrong: 0,
        also: format!("{rounds} projects; {good} of the runs ended well, the others with an error"),
    });
    assert!(good > runs / 5, "most projects are refused, which shows too little: {good} of {runs}");
    Ok(())
}

/// Whether the run ended well.
fn try_job(project: &Project, host: Host, job: &str, options: &[(&str, &str)], is_github: bool) -> Result<bool, String> {
    let mut options = options.to_vec();
    let file = fs::read_to_string(project.around().join("a-file")).unwrap();
    if host == Host::Action {
        options.push(("verbose", "true"));
    }
    let mut command = hosts::command(project, host, job, &options, None);
    if host == Host::Native {
        command.arg("-v").args((job == "explain").then_some(&file));
        if is_github {
            command.env("GITHUB_ACTIONS", "true");
        }
    }
    let ran = ended(command.output().unwrap());
    if ran.code.is_none_or(|code| code > 3) || ran.stderr.contains("panicked") {
        return Err(format!("exit code {:?}\n{}{}", ran.code, ran.stdout, ran.stderr));
    }
    let log = if host == Host::Action { &ran.stdout } else { &ran.stderr };
    if is_github {
        runner(log).map_err(|line| format!("the runner obeys {line:?}\n{log}"))?;
        if ["why", "inputs", "explain", "backtest"].contains(&job) {
            runner(&ran.stdout).map_err(|line| format!("the runner obeys {line:?}\n{}", ran.stdout))?;
        }
    }
    for text in [&ran.stdout, &ran.stderr] {
        if let Some(line) = text.lines().find(|line| line.chars().any(is_obeyed)) {
            return Err(format!("a terminal obeys {line:?}"));
        }
    }
    if let Some(line) =
        ran.stdout.lines().find(|line| host == Host::Native && job == "env" && line.contains("PWN") && !line.starts_with("export "))
    {
        return Err(format!("a shell obeys {line:?}"));
    }
    if host == Host::Action {
        let folder = Path::new(&project.env["TMPDIR"]).join("_runner_file_commands");
        for name in &FILES[..2] {
            let text = fs::read_to_string(folder.join(name)).unwrap();
            for variable in names(&text)? {
                let known = [
                    "image",
                    "tag",
                    "hit",
                    "digest",
                    "images",
                    "manifest",
                    "matrix",
                    "period",
                    "COMPOSE_FILE",
                    "DOCKER_IMAGE",
                    "DOCKER_IMAGE_MD5",
                    "DOCKER_IMAGE_CI",
                ];
                if !known.contains(&variable.as_str()) {
                    return Err(format!("{name} sets {variable:?}:\n{text}"));
                }
            }
        }
        let summary = fs::read_to_string(folder.join(FILES[2])).unwrap();
        markdown(&summary).map_err(|line| format!("the summary has {line:?}:\n{summary}"))?;
    }
    let obeyed = project.shell("find .. \"$TMPDIR\" -name PWN").stdout;
    if !obeyed.is_empty() {
        return Err(format!("a shell made {obeyed}"));
    }
    Ok(ran.code == Some(0))
}

/// Steps of builds print commands of all kinds, at the beginning of lines and in them, and end in the middle of one.
fn printing(engine: &Engine) -> Result<(), Failed> {
    let first = torture::seed();
    let (rounds, mut shown) = (BUILDS.number(), 0);
    for seed in first..first + rounds {
        let mut random = Random::new(seed);
        for host in HOSTS {
            let mut project = Project::empty(engine);
            // The older builder puts nothing before what a step prints, but BuildKit is what most have.
            let is_bare = random.below(2) == 0;
            project.env.insert("DOCKER_BUILDKIT".to_owned(), if is_bare { "0" } else { "1" }.to_owned());
            project.env.insert("BUILDKIT_PROGRESS".to_owned(), "plain".to_owned());
            let mut words = String::new();
            for _ in 0..8 {
                let (command, end): (&&str, &&str) = (random.pick(&COMMANDS), random.pick(&["\n", "\r", "\r\n", " ", ""]));
                words.push_str(command);
                words.push_str(end);
            }
            let fails = random.below(3) == 0;
            let run = if fails { "/bin/busybox cat /words; exit 1" } else { "/bin/busybox cat /words" };
            for (name, text) in [
                ("words", words.as_str()),
                (
                    "Dockerfile",
                    &format!("FROM scratch\nCOPY busybox /bin/\nCOPY words /\nRUN [\"/bin/busybox\", \"sh\", \"-c\", \"{run}\"]\n"),
                ),
                ("compose.yaml", "services: {app: {image: $DOCKER_IMAGE, build: .}}\n"),
            ] {
                fs::write(project.folder.join(name), text).unwrap();
            }
            fs::copy(engine.get("ENGINE_BUSYBOX"), project.folder.join("busybox")).unwrap();
            // Only plain folders can be built by that builder.
            let options = [("path", "."), ("image", project.image.as_str())];
            let mut command = hosts::command(&project, host, "build", &options, None);
            command.env("GITHUB_ACTIONS", "true");
            let ran = ended(command.output().unwrap());
            let log = if host == Host::Action { &ran.stdout } else { &ran.stderr };
            let (lines, obeys) = obeyed(log);
            let ours = ["::group::", "::endgroup::", "::error title=docktag::", "::warning title=docktag::"];
            // An annotation of ours shows the last lines of a build, as text of one command.
            let is_annotation = |line: &&str| fails && line.starts_with("::error title=docktag::");
            let is_ours = |line: &&str| ours.iter().any(|our| line.starts_with(our)) && !line.contains("PWN");
            let wrong = lines.iter().find(|line| !is_annotation(line) && !is_ours(line));
            if wrong.is_some() || !obeys || (ran.code == Some(0)) == fails {
                return Err(format!("seed {seed}, {host:?}: the runner obeys {wrong:?}; in the end: {obeys}; {:?}\n{log}", ran.code).into());
            }
            shown += u64::from(log.contains("PWN"));
        }
    }
    torture::record(&Figure {
        promise: "Secrets",
        what: "builds whose steps print commands of the runner, after which it obeyed one, or did not obey docktag any more",
        tried: rounds * HOSTS.len() as u64,
        wrong: 0,
        also: format!("what the steps print is in {shown} of the logs"),
    });
    assert!(shown > rounds, "most steps print nothing, which shows too little: {shown} of {}", rounds * 2);
    Ok(())
}

/// What the runner knows, what it does not, and guesses at what makes it go on.
const COMMANDS: [&str; 14] = [
    "::set-output name=tag::PWN",
    "::add-mask::PWN",
    "::error::PWN",
    "  ::warning file=PWN::PWN",
    "::stop-commands::PWN",
    "::stop-commands::",
    "::PWN::",
    "::docktag::PWN",
    "##[add-mask]PWN",
    "x ##[set-env name=PATH]PWN",
    "##[PWN",
    "##[PWN]",
    "::endgroup::",
    "PWN",
];

/// As the runner reads a log (actions/runner, `ActionCommand.cs`): `::name` begins a line, `##[name` may stand anywhere in it.
fn runner(log: &str) -> Result<(), &str> {
    let ours = ["::group::", "::endgroup::", "::error title=docktag::", "::error file=", "::warning title=docktag::"];
    let is_wrong = |line: &&str| match line.trim_start().starts_with("::") {
        true => !ours.iter().any(|our| line.starts_with(our)),
        false => line.contains("##["),
    };
    // .NET ends a line at a CR too.
    log.split(['\n', '\r']).find(is_wrong).map_or(Ok(()), Err)
}

/// What a terminal acts upon, or shows in another order than it stands there.
fn is_obeyed(character: char) -> bool {
    character.is_control() && !matches!(character, '\n' | '\t')
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The names that a file of the runner sets: `NAME=VALUE`, or `NAME<<END`, lines, `END`.
fn names(text: &str) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    let mut lines = text.split('\n').filter(|line| !line.is_empty());
    while let Some(line) = lines.next() {
        let (equals, heredoc) = (line.find('='), line.find("<<"));
        let end = match (equals, heredoc) {
            (Some(equals), None) => equals,
            (Some(equals), Some(heredoc)) if equals < heredoc => equals,
            (_, Some(heredoc)) => {
                let end = &line[heredoc + 2..];
                lines.by_ref().find(|line| *line == end).ok_or_else(|| format!("no end of {line:?}"))?;
                heredoc
            }
            _ => return Err(format!("not understood: {line:?}")),
        };
        names.push(line[..end].to_owned());
    }
    Ok(names)
}

/// Outside of code, what a stranger wrote has no character that means something.
fn markdown(text: &str) -> Result<(), String> {
    let mut fence: Option<&str> = None;
    for line in text.lines() {
        let ticks = &line[..line.len() - line.trim_start_matches('`').len()];
        match fence {
            Some(open) if ticks.len() >= open.len() && line.trim_end() == ticks => fence = None,
            Some(_) => {}
            None if ticks.len() >= 3 => fence = Some(ticks),
            None => {
                let outside: String = line.split('`').step_by(2).collect();
                if line.matches('`').count() % 2 != 0 || outside.contains("PWN") && outside.contains(['<', '[', '*', '|']) {
                    return Err(line.to_owned());
                }
            }
        }
    }
    if fence.is_some() { Err("an open fence".to_owned()) } else { Ok(()) }
}

/// A project with two commits. What may be anything is often hostile; of what has a grammar at most one thing is, so that many projects work.
fn write(project: &mut Project, random: &mut Random) {
    let mut soft: Vec<&str> = (0..24).map(|_| if random.below(2) == 0 { *random.pick(&TEXTS) } else { "" }).collect();
    let mut soft = |or: &str| soft.pop().filter(|text| !text.is_empty()).unwrap_or(or).to_owned();
    let (mut left, text) = (random.below(24), *random.pick(&TEXTS));
    let mut hard = |or: &str| {
        left = left.wrapping_sub(1);
        if left == 0 { text.to_owned() } else { or.to_owned() }
    };
    let file = |name: &str| name.replace('/', "_");
    let (a, b, folder) = (file(&soft("a.txt")), file(&soft("b.txt")), format!("in {}", file(&soft("folder"))));
    let dockerfile = file(&hard("Dockerfile"));
    let image = hard(&format!("{}/app", project.image));
    let service = json!({
        "image": image,
        "build": {
            "context": hard("."),
            "dockerfile": dockerfile,
            "args": { hard("VERSION"): soft("1"), "VALUE": soft("2"), soft("UNUSED"): soft("3") },
            "labels": { soft("l"): soft("m").replace('$', "$$") },
            "target": hard("last"),
        },
        "environment": { "X": soft("y").replace('$', "$$") },
    });
    let compose = json!({ "name": hard("project"), "services": { hard("app"): service } });
    let lines = [
        format!("# {}", soft("a comment").replace('\n', " ")),
        format!("FROM scratch AS {}", hard("first")),
        format!("COPY {} /", hard(".")),
        "FROM scratch AS last".to_owned(),
        "ARG VALUE".to_owned(),
        format!("LABEL a={}", hard("$VALUE")),
        format!("ENV B=\"{}\"", hard("b")),
        format!("COPY --from={} / /", hard("first")),
        hard("COPY . /"),
    ];
    let (ignored, branch) = (hard("nothing"), soft("main"));
    let (subject, head, repository) = (soft("a change"), soft("topic"), soft("stranger/app"));
    let put = |name: &str, content: &str| {
        let path = project.folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    };
    put(&a, "a");
    put(&format!("{folder}/{b}"), "b");
    put(&dockerfile, &lines.join("\n"));
    put(".dockerignore", &ignored);
    put("compose.yaml", &compose.to_string());
    fs::write(project.around().join("a-file"), &a).unwrap();
    let event = json!({ "pull_request": { "head": { "ref": head, "repo": { "fork": true, "full_name": repository } }, "base": { "repo": { "full_name": "acme/app" } } } });
    let event_file = project.around().join("event.json");
    fs::write(&event_file, event.to_string()).unwrap();
    project.env.insert("SUBJECT".to_owned(), subject);
    project
        .shell(
            "set -e
            git init -q -b main; git add -A
            git -c user.name=tests -c user.email=tests@example.com commit -q -m \"$SUBJECT\"
            echo more >more.txt; git add -A
            git -c user.name=tests -c user.email=tests@example.com commit -q -m \"$SUBJECT\"",
        )
        .ok();
    project.env.remove("SUBJECT");
    for (name, value) in [
        ("GITHUB_HEAD_REF", head.as_str()),
        ("GITHUB_REF_NAME", &branch),
        ("GITHUB_REF", &branch),
        ("GITHUB_EVENT_PATH", &event_file.to_string_lossy()),
    ] {
        project.env.insert(name.to_owned(), value.to_owned());
    }
}
