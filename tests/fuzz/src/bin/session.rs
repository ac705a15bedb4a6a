//! A host that answers anything: of the kind that is asked for, with texts that make sense, are cut, or are none; of another kind; late; twice.
//! Every job ends, with a report or an error, and soon. The first answers of a run make sense, so that jobs come to the questions behind them.
#![no_main]

use docktag::digest::{Algorithm, digest};
use docktag::need::{Answer, Exited, Failure, FailureKind, Hashed, Listing, Need};
use docktag::options::from_object;
use docktag::registry::Response;
use docktag::session::{Session, Step};
use docktag::tree::{Entry, Folder, Node};
use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;

const HOST: &str = r#""host":{"folder":"/p","scratch":"/s","architecture":"x64","now":1764000000,"dockerConfig":"/d","env":{"GITHUB_ENV":"/e","GITHUB_OUTPUT":"/o","GITHUB_STEP_SUMMARY":"/m","RUNNER_TEMP":"/t"}}"#;
const JOBS: [&str; 20] = [
    r#""command":"tag","path":["docker"]"#,
    r#""command":"tag""#,
    r#""command":"manifest""#,
    r#""command":"inputs""#,
    r#""command":"model""#,
    r#""command":"env","path":["docker"],"image":"a.example/b""#,
    r#""command":"explain","input":["a"]"#,
    r#""command":"why""#,
    r#""command":"why","against":"HEAD","diff":true"#,
    r#""command":"why","against":"a.example/b:ci""#,
    r#""command":"backtest","commits":"3""#,
    r#""command":"plan","push":"false","split-platforms":true"#,
    r#""command":"plan","ci":true"#,
    r#""command":"build","path":["docker"],"image":"a.example/b","ci":true"#,
    r#""command":"build","username":"u","password":"p""#,
    r#""command":"build","builder":"x","pin-bases":true"#,
    r#""command":"build","strict":true,"reuse":"m.md5""#,
    r#""command":"pull","or-build":true"#,
    r#""command":"join""#,
    r#""command":"prune","keep-branches":true,"keep-tags":true,"delete":true"#,
];

/// What files, programs and registries say.
const TEXTS: [&str; 34] = [
    "",
    "services: {app: {image: 'a.example/b:${V:-1}', build: {context: ., args: {A: 1}, platforms: [linux/amd64, linux/arm64]}}, web: {image: a.example/w, build: {context: web, additional_contexts: {base: 'service:app'}}}}\n",
    "services:\n  app:\n    build: docker\n    image: ${DOCKER_IMAGE}\n    secrets: [s]\nsecrets: {s: {environment: S}}\ninclude: [a]\n",
    "x: &a [1, 2]\ny: {<<: *a}\nservices: {app: {extends: {file: a, service: b}, build: .}}\n",
    "# syntax=docker/dockerfile:1\nFROM php:8 AS base\nARG A=1\nCOPY . /\nCOPY --from=base a* b/ /c/\nRUN --mount=type=bind,source=a,target=/x true\n",
    "FROM base\nCOPY <<E a\nx\nE\nADD https://a.example/b /\nONBUILD COPY a b\n",
    "*\n!a\n**/b\n!docker\n",
    "V=1\nA=\"b\nc\"\n",
    "900150983cd24fb0d6963f7d28e17f72  a\n",
    "# docktag 1\n# platform linux/amd64\n# arg A 0cc175b9c0f1b6a831c399e269772661\n900150983cd24fb0d6963f7d28e17f72  a\n",
    "false\n\n",
    "true\nsub/\n",
    "8eb9765400000000000000000000000000000000\n",
    "8eb9765400000000000000000000000000000000 refs/heads/main\n",
    "100644 blob 8eb9765400000000000000000000000000000000\ta\0100755 blob 8eb9765400000000000000000000000000000001\tdocker/Dockerfile\0120000 blob 8eb9765400000000000000000000000000000002\tcompose.yaml\0",
    "100644 blob 8eb9765400000000000000000000000000000000\tcompose.yaml\0100644 blob 8eb9765400000000000000000000000000000000\tDockerfile\0",
    "8eb9765400000000000000000000000000000000 blob 3\nabc\n8eb9765400000000000000000000000000000001 blob 7\nFROM a\n\n",
    "8eb9765400000000000000000000000000000000 blob 38\nservices: {app: {build: ., image: a}}\n\n\n",
    "8eb9765400000000000000000000000000000000 missing\n",
    "H 100644 8eb9765400000000000000000000000000000000 0\ta\0",
    "28.5.2 linux/amd64\n",
    "2.40.3\n",
    r#"{"name":"p","services":{"app":{"build":{"context":"/p"},"image":"a.example/b"}}}"#,
    r#"{"target":{"app":{"context":"/p","tags":["a.example/b:1"],"secret":["id=s,type=env,env=S"]}}}"#,
    r#"{"app":{"containerimage.digest":"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}}"#,
    r#"{"auths":{"a.example":{"auth":"YTpi"}},"credsStore":"x","credHelpers":{"b.example":"y"}}"#,
    r#"{"ServerURL":"a.example","Username":"<token>","Secret":"s"}"#,
    r#"{"token":"t","access_token":"t"}"#,
    r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"digest":"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","size":1,"platform":{"os":"linux","architecture":"amd64"}}]}"#,
    r#"{"manifests":[{"artifactType":"application/vnd.docktag.manifest.v1","digest":"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","annotations":{"vnd.docktag.tag":"900150983cd24fb0d6963f7d28e17f72","vnd.docktag.manifest":"x"}}]}"#,
    r#"{"schemaVersion":2,"config":{"digest":"sha256:ba78","size":9},"layers":[{"size":18446744073709551615},{"size":1}]}"#,
    r#"{"name":"b","tags":["ci","900150983cd24fb0d6963f7d28e17f72","sha256-0"]}"#,
    r#"{"errors":[{"code":"DENIED","message":"no"}]}"#,
    "yes 8eb9765400000000000000000000000000000000\nauthor a <b> 1764000000 +0000\n",
];
const NAMES: [&str; 12] = ["a", "b", "docker", "web", "Dockerfile", "compose.yaml", ".dockerignore", ".env", "src", "..", "a\nb", "\u{e9}"];
const HEADERS: [(&str, &str); 12] = [
    ("content-type", "application/vnd.oci.image.index.v1+json"),
    ("content-type", "application/vnd.docker.distribution.manifest.v2+json"),
    ("content-type", "application/json"),
    ("content-type", "text/html"),
    ("docker-content-digest", "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ("docker-distribution-api-version", "registry/2.0"),
    ("www-authenticate", "Bearer realm=\"https://a.example/token\",service=\"x\",scope=\"y\""),
    ("www-authenticate", "Basic realm=x"),
    ("retry-after", "1"),
    ("location", "/v2/b/blobs/uploads/1?x=y"),
    ("link", "</v2/b/tags/list?last=x&n=1>; rel=\"next\""),
    ("oci-subject", "sha256:0"),
];
const STATUSES: [u16; 18] = [200, 201, 202, 204, 301, 307, 400, 401, 403, 404, 405, 408, 416, 429, 500, 502, 503, 0];
const KINDS: [FailureKind; 10] = [
    FailureKind::NotFound,
    FailureKind::IsAFile,
    FailureKind::IsALink,
    FailureKind::Changed,
    FailureKind::Dns,
    FailureKind::Connect,
    FailureKind::Tls,
    FailureKind::Timeout,
    FailureKind::Garbled,
    FailureKind::Other,
];
/// What is asked, and what most answers to it have in them: so jobs come far.
const LIKELY: [(&str, &str); 20] = [
    ("ls-tree", " blob 8eb"),
    ("ls-files", "H 100644"),
    ("cat-file", " blob 3"),
    ("rev-parse", "00\n"),
    ("merge-base", "00\n"),
    ("for-each-ref", "refs/heads"),
    ("ls-remote", "refs/heads"),
    ("log", "yes "),
    ("bake", "target"),
    ("config --format", "\"services\""),
    ("compose version", "2.40"),
    ("docker version", "28.5"),
    ("ockerfile", "FROM"),
    ("compose", "services"),
    ("ignore", "!a"),
    (".env", "V=1"),
    ("config.json", "auths"),
    ("/tags/list", "\"tags\""),
    ("/token", "access_token"),
    ("/manifests/", "schemaVersion"),
];
/// More needs than any job has with answers of a few kB.
const MOST: usize = 20_000;

fuzz_target!(|bytes: &[u8]| {
    let mut data = Unstructured::new(bytes);
    let job = data.choose(&JOBS).copied().unwrap_or(JOBS[0]);
    let options = from_object(&format!("{{{job},{HOST}}}")).unwrap();
    let mut session = Session::new(options);
    let (mut given, mut late) = (Vec::new(), Vec::new());
    // How many answers make sense.
    let mut calm = data.int_in_range(0..=24).unwrap_or(0);
    let mut count = 0;
    while let Step::Open { needs, .. } = session.step(std::mem::take(&mut given)) {
        count += needs.len() + 1;
        assert!(count < MOST, "the job does not end");
        for (id, need) in needs {
            if calm > 0 {
                calm -= 1;
                given.push((id, sensible(&need, &mut data).unwrap_or(Answer::Done)));
                continue;
            }
            let answer = answer(&need, &mut data).unwrap_or(Answer::Done);
            if data.ratio(1, 64).unwrap_or(false) {
                given.push((id, Answer::Done));
            }
            let to = if data.ratio(1, 8).unwrap_or(false) { &mut late } else { &mut given };
            to.push((id, answer));
        }
        if given.is_empty() {
            given.append(&mut late);
        }
    }
});

/// What a host says with which nothing is wrong, but for a few bytes now and then.
fn sensible(need: &Need, data: &mut Unstructured<'_>) -> Result<Answer> {
    Ok(match need {
        Need::Read { path, .. } if path.ends_with("ignore") || path.contains(".env") || path.contains("override") => {
            return failed(FailureKind::NotFound);
        }
        Need::Read { path, .. } => Answer::Bytes(sensible_text(path, data)?),
        Need::Exist { paths } => Answer::Exist(vec![true; paths.len()]),
        Need::Run(command) => {
            let stdout = sensible_text(&command.argv.join(" "), data)?;
            Answer::Exited(Exited { code: Some(0), stdout, stderr: Vec::new(), milliseconds: 1 })
        }
        _ => return answer(need, data),
    })
}

fn answer(need: &Need, data: &mut Unstructured<'_>) -> Result<Answer> {
    // Without data every answer is a failure that no job takes for a reason to ask again and again.
    if data.is_empty() {
        return failed(KINDS[9]);
    }
    if data.ratio(1, 24)? {
        return failed(*data.choose(&KINDS)?);
    }
    Ok(match need {
        Need::List { root } => {
            let files = some(data, |data| Ok(root.join(&name(data)?)))?;
            let links = some(data, |data| Ok(root.join(&name(data)?)))?;
            Answer::Listing(Listing { files, links, empty_dirs: Vec::new() })
        }
        Need::Entries { folders } => {
            let mut all = Vec::new();
            for _ in folders {
                all.push(some(data, entry)?);
            }
            if data.ratio(1, 32)? {
                all.pop();
            }
            Answer::Entries(all)
        }
        Need::Read { .. } if data.ratio(1, 4)? => return failed(FailureKind::NotFound),
        Need::Read { path, .. } => Answer::Bytes(text(data, path)?),
        Need::Hash { paths, algorithm, .. } => Answer::Hashed(hashes(data, paths.len(), *algorithm)?),
        Need::Objects { command, algorithm } => {
            Answer::Hashed(hashes(data, command.stdin.as_ref().map_or(0, |text| text.lines().count()), *algorithm)?)
        }
        Need::Exist { paths } => Answer::Exist((0..paths.len()).map(|_| data.arbitrary()).collect::<Result<_>>()?),
        Need::Http { request, .. } => {
            let status = *data.choose(&STATUSES)?;
            let headers = some(data, |data| {
                let (name, value) = data.choose(&HEADERS)?;
                let mut value = value.as_bytes().to_vec();
                change(data, &mut value)?;
                Ok(((*name).to_owned(), String::from_utf8_lossy(&value).into_owned()))
            })?;
            Answer::Response(Response { status, headers, body: text(data, &request.url)?, milliseconds: 1 })
        }
        Need::Run(command) => {
            let asked = command.argv.join(" ");
            let code = *data.choose(&[Some(0), Some(0), Some(0), Some(0), Some(1), Some(128), None])?;
            Answer::Exited(Exited { code, stdout: text(data, &asked)?, stderr: text(data, "")?, milliseconds: 1 })
        }
        Need::Write { .. } | Need::Stage { .. } | Need::Mirror { .. } | Need::Wait { .. } => Answer::Done,
    })
}

fn failed(kind: FailureKind) -> Result<Answer> {
    Ok(Answer::Failed(Failure { kind, path: None, message: "no".to_owned() }))
}

/// At most a few.
fn some<T>(data: &mut Unstructured<'_>, mut make: impl FnMut(&mut Unstructured<'_>) -> Result<T>) -> Result<Vec<T>> {
    (0..data.int_in_range(0..=6)?).map(|_| make(data)).collect()
}

fn name(data: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    match data.ratio(1, 16)? {
        true => Ok(data.arbitrary::<&[u8]>()?.iter().copied().filter(|&byte| byte != 0).take(40).collect()),
        false => Ok(data.choose(&NAMES)?.as_bytes().to_vec()),
    }
}

fn entry(data: &mut Unstructured<'_>) -> Result<Entry> {
    let node = match data.int_in_range(0..=7)? {
        0 | 1 => Node::Folder(Folder::default()),
        2 => Node::Link(name(data)?.into()),
        3 => Node::Other,
        _ => Node::File,
    };
    Ok(Entry { name: name(data)?.into(), node })
}

fn hashes(data: &mut Unstructured<'_>, count: usize, algorithm: Algorithm) -> Result<Vec<Hashed>> {
    let count = if data.ratio(1, 32)? { data.int_in_range(0..=3)? } else { count };
    (0..count)
        .map(|_| {
            let digest = digest(algorithm, &[data.int_in_range(0..=3)?]);
            Ok(Hashed { digest, size: data.arbitrary()?, executable: data.arbitrary()? })
        })
        .collect()
}

fn sensible_text(asked: &str, data: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut text = data.choose(&likely(asked))?.as_bytes().to_vec();
    if data.ratio(1, 8)? {
        change(data, &mut text)?;
    }
    Ok(text)
}

/// The texts that make sense as an answer.
fn likely(asked: &str) -> Vec<&'static str> {
    let has = LIKELY.iter().find(|(what, _)| asked.contains(what)).map_or("", |(_, has)| has);
    TEXTS.iter().copied().filter(|text| text.contains(has)).collect()
}

/// A text of the list, mostly a likely one: whole, cut and gone on with another one, changed somewhere, or anything.
fn text(data: &mut Unstructured<'_>, asked: &str) -> Result<Vec<u8>> {
    let texts = if data.ratio(1, 4)? { TEXTS.to_vec() } else { likely(asked) };
    let mut text = data.choose(&texts)?.as_bytes().to_vec();
    match data.int_in_range(0..=11)? {
        0 => text = data.arbitrary::<&[u8]>()?.to_vec(),
        1 => {
            text.truncate(data.int_in_range(0..=text.len())?);
            text.extend(data.choose(&TEXTS)?.bytes());
        }
        2 => {
            text.truncate(data.int_in_range(0..=text.len())?);
            text.extend(data.arbitrary::<&[u8]>()?.iter().take(64));
        }
        _ => change(data, &mut text)?,
    }
    Ok(text)
}

/// In one of three texts some bytes are others, gone, or more.
fn change(data: &mut Unstructured<'_>, text: &mut Vec<u8>) -> Result<()> {
    if !data.ratio(1, 3)? {
        return Ok(());
    }
    for _ in 0..data.int_in_range(1..=4)? {
        let mut end = data.int_in_range(0..=text.len())?;
        // Often they are the end of a word: formats have words of which so much is expected.
        if data.arbitrary()? {
            end += text[end..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        }
        let start = end - data.int_in_range(0..=5)?.min(end);
        let bytes: [u8; 3] = data.arbitrary()?;
        text.splice(start..end, bytes.into_iter().take(data.int_in_range(0..=3)?));
    }
    Ok(())
}
