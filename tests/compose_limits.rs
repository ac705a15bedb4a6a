//! The Compose reader on anything at all: it ends soon, and without a panic.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test may fail loudly and use the machine"
)]

use docktag::map::Map;
use std::time::{Duration, Instant};

use docktag::compose::read::{Read, Request, read};
use docktag::error::{Code, Result};
use docktag::shell::Env;
use proptest::prelude::{ProptestConfig, Strategy, any, prop, proptest};

fn load(compose: &str, dotenv: Option<&[u8]>) -> Result<()> {
    let env = Env::from([("V".to_owned(), "x".to_owned()), ("HOME".to_owned(), "/h".to_owned())]);
    let request = Request { folder: "/p".to_owned(), env, ..Request::default() };
    let mut files = Map::new();
    for _ in 0..50 {
        match read(&request, &files)? {
            Read::Done(_) => return Ok(()),
            Read::Need(paths) => {
                for path in paths {
                    let content = match path.as_str() {
                        "/p/compose.yaml" | "/p/b.yaml" => Some(compose.as_bytes().to_vec()),
                        "/p/.env" => dotenv.map(<[u8]>::to_vec),
                        _ => None,
                    };
                    files.insert(path, content);
                }
            }
        }
    }
    Ok(())
}

/// Pieces that files are made of: text made of them comes far.
fn pieces() -> impl Strategy<Value = String> {
    let words = [
        "services:\n",
        "  a:\n",
        "  b:\n",
        "    image: ",
        "    build: ",
        "    build:\n      ",
        "context: ",
        "args: ",
        "x\n",
        "${V}\n",
        "${U:-",
        "}\n",
        "[a, b]\n",
        "{A: 1}\n",
        "&a ",
        "*a\n",
        "<<: ",
        "!reset ",
        "!override ",
        "|\n",
        "'",
        "\"",
        "\n",
        "    ",
        "\t",
        "- ",
        "é",
        "\u{2028}",
        "\r\n",
        "---\n",
        "    extends: ",
        "{file: b.yaml, service: a}\n",
        "include: [b.yaml]\n",
        "2024-01-02\n",
        "null\n",
        "    ports: [\"80:80\"]\n",
        "    volumes: [\"v:/a\"]\n",
        "$",
        ":",
        "\\",
        "%",
        "~",
        "    ulimits: {nofile: ",
        "    depends_on: [b]\n",
        "]\n",
        "[\n",
        "    ]\n",
    ];
    prop::collection::vec(prop::sample::select(words.to_vec()), 0..40).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_makes_it_panic(text in pieces(), dotenv in any::<Option<Vec<u8>>>()) {
        let _ = load(&text, dotenv.as_deref());
    }

    #[test]
    fn no_text_makes_it_panic(text in any::<String>(), value in any::<String>()) {
        let _ = load(&text, None);
        let _ = load(&format!("services: {{a: {{image: {value:?}}}}}"), Some(format!("A={value}\nB=\"{value}\"\n").as_bytes()));
    }
}

#[test]
fn a_megabyte_of_anything_ends_soon() {
    let repeated = |piece: &str| piece.repeat((1 << 20) / piece.len());
    let within = |prefix: &str, piece: &str| format!("{prefix}{}", repeated(piece));
    let mut numbered = "services:\n".to_owned();
    for index in 0..30_000 {
        numbered.push_str(&format!("  s{index}: {{image: x, extends: s{}}}\n", index + 1));
    }
    let bomb = (1..30).fold("x-0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned(), |text, level| {
        format!("{text}x-{level}: &a{level} [{}]\n", format!("*a{}, ", level - 1).repeat(9))
    });
    let texts = [
        repeated("- "),
        repeated("["),
        repeated("{a: "),
        repeated("a: b\n"),
        repeated("- a\n"),
        repeated("? "),
        repeated("&a "),
        repeated("!t "),
        repeated("\t\n"),
        repeated("x"),
        within("services: {a: {image: \"", "${U:-"),
        within("services: {a: {image: \"", "$V"),
        within("services: {a: {image: x, command: [\n", "\"a\",\n]"),
        within("services: {a: {image: x, labels: [", "\"a=b\", "),
        within("services:\n  a:\n    image: x\n    command: [\n", "\n]\n    x: [\n"),
        format!("services: {{a: {{image: \"{}\"}}}}", repeated("${V-a}")),
        numbered,
        bomb,
    ];
    for text in texts {
        let start = Instant::now();
        let result = load(&text, None);
        let shown: String = text.chars().take(60).collect();
        assert!(start.elapsed() < Duration::from_secs(120), "{shown} takes {:?}", start.elapsed());
        if let Err(error) = result {
            assert!([Code::ComposeFileInvalid, Code::ComposeNotCovered].contains(&error.code), "{shown}: {error}");
        }
    }
    for (dotenv, _) in [(repeated("A=1\n"), 0), (repeated("A=$A$A\n"), 0), (repeated("# c\n"), 0), (repeated("\""), 0), (repeated("A="), 0)]
    {
        let start = Instant::now();
        let _ = load("services: {a: {image: x}}", Some(dotenv.as_bytes()));
        assert!(start.elapsed() < Duration::from_secs(120), "{:?}", start.elapsed());
    }
}
