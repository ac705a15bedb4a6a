//! Dockerfiles to inputs: what BuildKit itself answered (`tests/corpus/dockerfile.json`).
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test may fail loudly and use the machine"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use docktag::dockerfile::Dockerfile;
use docktag::error::Result;
use docktag::ignore::{Ignore, filter};
use docktag::map::Map;
use docktag::reach::{Build, ImageConfig, Kind, NamedContext, PickedKind, Reach, Source, reach, select};
use docktag::tree::{Folder, Node};
use serde_json::Value;

/// Cases in which we deliberately answer otherwise than BuildKit, and why.
const DIFFERENT: [(&str, &str); 5] = [
    ("bk-testRuleCheckOption-5", "lint rules are not checked: a `# check=error=true` that fails takes no input away"),
    ("bk-testRuleCheckOption-8", "as above"),
    ("dockerfile-missing", "finding the Dockerfile is the caller's"),
    ("dockerfile-missing-other-name-no-fallback", "as above"),
    ("mount-bind-glob-literal", "a mount of a file that is not there fails in a real build; the recorded one ran nothing"),
];

/// Cases in which the recorded real build knows of an error that the recorded answer does not.
const REAL: [&str; 1] = ["copy-parents-missing"];

/// What is in `needed` is picked; these take more than that, and why.
const MORE: [(&str, &str); 0] = [];

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(|it| it.as_str().unwrap().to_owned()).collect()
}

fn text<'a>(case: &'a Value, key: &str) -> Option<&'a str> {
    case[key].as_str()
}

/// The context before any ignore file.
fn tree(case: &Value) -> Folder {
    let mut tree = Folder::default();
    for entry in texts(&case["tree"]) {
        if let Some((link, target)) = entry.split_once(" -> ") {
            tree.insert(link.as_bytes(), Node::Link(target.as_bytes().into()));
        } else if let Some(folder) = entry.strip_suffix('/') {
            if tree.get(folder.as_bytes()).is_none() {
                tree.insert(folder.as_bytes(), Node::Folder(Folder::default()));
            }
        } else {
            tree.insert(entry.as_bytes(), Node::File);
        }
    }
    let name = text(case, "write_as").or(text(case, "filename")).unwrap_or("Dockerfile");
    tree.insert(name.as_bytes(), Node::File);
    if case["dockerignore"].is_string() {
        tree.insert(b".dockerignore", Node::File);
    }
    if case["dockerfile_dockerignore"].is_string() || case["dockerfile_dockerignore_empty"] == true {
        tree.insert(format!("{name}.dockerignore").as_bytes(), Node::File);
    }
    tree
}

fn contexts(case: &Value) -> Map<String, NamedContext> {
    let parse = |text: &str| match text.split_once(':') {
        Some(("local", _)) => NamedContext::Local,
        Some(("docker-image", image)) => NamedContext::Image(image.trim_start_matches('/').to_owned()),
        _ => NamedContext::Remote(text.to_owned()),
    };
    case["contexts"].as_object().into_iter().flatten().map(|(name, text)| (name.clone(), parse(text.as_str().unwrap()))).collect()
}

fn image(config: &Value) -> ImageConfig {
    let env = texts(&config["Env"])
        .iter()
        .map(|it| it.split_once('=').unwrap())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    ImageConfig { env, onbuild: texts(&config["OnBuild"]), workdir: String::new() }
}

#[derive(Default, Debug)]
struct Answer {
    images: BTreeSet<(String, String)>,
    /// `None` is everything.
    follow: BTreeSet<String>,
    everything: bool,
    is_used: bool,
    picked: BTreeSet<String>,
}

/// One answer of ours, for all platforms together.
fn answer(case: &Value, looked_at: bool) -> Result<Answer> {
    let args: Map<String, String> =
        case["args"].as_object().into_iter().flatten().map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect();
    let file = Dockerfile::parse(text(case, "dockerfile").unwrap().as_bytes(), args.get("BUILDKIT_SYNTAX").map(String::as_str))?;
    let contexts = contexts(case);
    let mut images = Map::new();
    let configs = case["image_config"].as_object();
    let mut answer = Answer::default();
    for platform in text(case, "platform").unwrap_or("linux/amd64").split(',') {
        let mut found: Reach;
        loop {
            found = reach(&Build {
                dockerfile: &file,
                target: text(case, "target"),
                args: &args,
                platform: Some(platform),
                build_platform: "linux/amd64",
                contexts: &contexts,
                images: &images,
            })?;
            let before = images.len();
            for base in &found.bases {
                let short = base.reference.trim_start_matches("docker.io/library/").trim_end_matches(":latest");
                let config = configs.and_then(|configs| configs.get(short)).map(image).unwrap_or_default();
                images.insert(base.reference.clone(), config);
            }
            if !looked_at || images.len() == before {
                break;
            }
        }
        let bases = found.bases.iter().filter(|base| !base.syntax);
        answer.images.extend(bases.map(|base| (base.reference.clone(), base.platform.clone().unwrap_or_else(|| platform.to_owned()))));
        let ours: Vec<&Source> = found.sources.iter().filter(|source| source.context.is_none()).collect();
        answer.is_used |= ours.iter().any(|source| source.kind != Kind::Unread);
        answer.everything |= ours.iter().any(|source| source.path.is_empty());
        answer.follow.extend(ours.iter().map(|source| source.path.clone()));
        let ignore = match (text(case, "dockerfile_dockerignore"), case["dockerfile_dockerignore_empty"] == true) {
            (Some(text), _) => text,
            (None, true) => "",
            // A file of the tree holds its own path.
            (None, false) => text(case, "dockerignore").or(case["result"]["ignore_read"].as_str()).unwrap_or_default(),
        };
        // An ignore file is read even where nothing is copied.
        let context = filter(&tree(case), &Ignore::parse(ignore.as_bytes())?)?.kept;
        let selection = select(&context, None, &found.sources)?;
        answer.picked.extend(selection.picked.iter().filter(|it| it.kind != PickedKind::Folder).map(|it| it.path.to_string()));
    }
    Ok(answer)
}

fn check(case: &Value, differences: &mut Vec<String>, more: &mut Vec<String>) {
    let name = text(case, "name").unwrap();
    if DIFFERENT.iter().any(|(it, _)| *it == name) {
        return;
    }
    let result = &case["result"];
    let has_error = result["error"].is_string() || result["copies"].as_array().into_iter().flatten().any(|copy| copy["error"].is_string());
    let has_error = has_error || REAL.contains(&name);
    let exact = answer(case, true);
    if exact.is_err() != has_error {
        let recorded = (&result["error"], result["copies"].to_string());
        differences.push(format!("{name}: ours {:?}, recorded {recorded:?}", exact.err().map(|error| error.to_string())));
        return;
    }
    let Ok(exact) = exact else { return };
    let mut differ = |what: &str, ours: String, recorded: String| {
        if ours != recorded {
            differences.push(format!("{name}: {what}: ours {ours}, recorded {recorded}"));
        }
    };
    let images: BTreeSet<(String, String)> = result["images"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["ref"].as_str().unwrap().to_owned(), it["platform"].as_str().unwrap_or_default().to_owned()))
        .collect();
    let has_platforms = images.iter().all(|(_, platform)| !platform.is_empty());
    let ours: BTreeSet<_> = exact.images.iter().map(|(image, platform)| (image, has_platforms.then_some(platform))).collect();
    let recorded: BTreeSet<_> = images.iter().map(|(image, platform)| (image, has_platforms.then_some(platform))).collect();
    differ("images", format!("{ours:?}"), format!("{recorded:?}"));
    let follow = match (exact.is_used, exact.everything) {
        (false, _) => "\"none\"".to_owned(),
        (true, true) => "\"all\"".to_owned(),
        (true, false) => serde_json::to_string(&exact.follow).unwrap(),
    };
    differ("followpaths", follow, case["followpaths"].to_string());
    let needed: BTreeSet<String> = texts(&result["needed"]).into_iter().collect();
    let transferred: BTreeSet<String> = texts(&result["transferred"]).into_iter().collect();
    differ("not picked", format!("{:?}", needed.difference(&exact.picked).collect::<Vec<_>>()), "[]".to_owned());
    differ("picked, though not transferred", format!("{:?}", exact.picked.difference(&transferred).collect::<Vec<_>>()), "[]".to_owned());
    // Without a look at the base images we may take more, and never less.
    match answer(case, false) {
        Err(error) => differ("unknown bases", error.to_string(), String::new()),
        Ok(unknown) => differ("unknown bases", format!("{:?}", needed.difference(&unknown.picked).collect::<Vec<_>>()), "[]".to_owned()),
    }
    let links = |path: &&String| !matches!(tree(case).get(path.as_bytes()), Some(Node::Link(_)));
    let extra: Vec<&String> = exact.picked.difference(&needed).filter(links).collect();
    if !extra.is_empty() && !MORE.iter().any(|(it, _)| *it == name) {
        more.push(format!("{name}: {extra:?}"));
    }
}

fn run(path: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path);
    let Ok(json) = fs::read(&path) else {
        println!("not run: corpus absent");
        return;
    };
    let corpus: Value = serde_json::from_slice(&json).unwrap();
    let cases = corpus["cases"].as_array().unwrap();
    let (mut differences, mut more) = (Vec::new(), Vec::new());
    for case in cases {
        check(case, &mut differences, &mut more);
    }
    println!("{} cases, {} take more than needed", cases.len(), more.len());
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
    assert!(more.len() * 20 < cases.len(), "{} take more:\n{}", more.len(), more.join("\n"));
    println!("{}", more.join("\n"));
}

#[test]
fn own_cases() {
    run("tests/corpus/dockerfile.json");
}

#[test]
fn cases_of_the_builder() {
    run("../shared/corpus/peers/dockerfile.json");
}
