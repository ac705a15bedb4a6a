//! A host that answers anything: the job ends, with a report or an error.
#![no_main]

use docktag::options::from_object;
use docktag::session::{Session, Step};

libfuzzer_sys::fuzz_target!(|input: (u8, Vec<&str>)| {
    let (kind, answers) = input;
    let options = match kind % 4 {
        0 => r#"{"command":"tag","path":["docker"]}"#,
        1 => r#"{"command":"tag","host":{"folder":"/p"}}"#,
        2 => r#"{"command":"build","path":["docker"],"image":"a.example/b"}"#,
        _ => r#"{"command":"pull","host":{"folder":"/p"},"platform":"linux/amd64"}"#,
    };
    let Ok(options) = from_object(options) else { return };
    let mut session = Session::new(options);
    let mut answers = answers.into_iter();
    let mut given = Vec::new();
    while let Step::Open { needs, .. } = session.step(std::mem::take(&mut given)) {
        for (id, _) in needs {
            let text = answers.next().unwrap_or(r#"{"failed":{"kind":"other","message":"no more"}}"#);
            let value = serde_json::from_str(&format!("[[{id},{text}]]"))
                .unwrap_or(serde_json::json!([[id, {"failed": {"kind": "not-found", "message": ""}}]]));
            match docktag::need::answers(&value) {
                Ok(answers) if answers.len() == 1 && answers[0].0 == id => given.extend(answers),
                _ => return,
            }
        }
        if given.is_empty() {
            return;
        }
    }
});
