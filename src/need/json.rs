//! Answers as they come in JSON. They are read from values by hand: derived code would be a tenth of the wasm.

use serde_json::Value;

use crate::bytes::{excerpt, from_base64, from_text};
use crate::digest::Digest;
use crate::need::{Answer, Exited, Failure, FailureKind, Hashed, Listing};
use crate::path::RelPath;
use crate::registry::Response;
use crate::tree::{Entry, Folder, Node};

/// Reads answers with the numbers of their needs: `[[1, {"exist": [true]}], [2, "done"]]`.
///
/// ```
/// use docktag::need::{Answer, answers};
///
/// let value = serde_json::json!([[1, {"exist": [true]}], [2, "done"]]);
/// assert_eq!(answers(&value).unwrap(), [(1, Answer::Exist(vec![true])), (2, Answer::Done)]);
/// assert_eq!(answers(&serde_json::json!([[1, {"exist": [1]}]])), Err(r#"[1,{"exist":[1]}]"#.to_owned()));
/// ```
///
/// # Errors
/// What is no answer.
pub fn answers(value: &Value) -> Result<Vec<(u32, Answer)>, String> {
    let answers = value.as_array().ok_or_else(|| excerpt(value))?;
    answers.iter().map(|pair| numbered(pair).ok_or_else(|| excerpt(pair))).collect()
}

fn numbered(pair: &Value) -> Option<(u32, Answer)> {
    let [id, value] = pair.as_array()?.as_slice() else { return None };
    Some((u32::try_from(id.as_u64()?).ok()?, answer(value)?))
}

fn answer(value: &Value) -> Option<Answer> {
    if value == "done" {
        return Some(Answer::Done);
    }
    let (name, value) = value.as_object()?.iter().next()?;
    Some(match name.as_str() {
        "listing" => Answer::Listing(Listing {
            files: files(&value["files"])?,
            links: list(&value["links"], path)?,
            empty_dirs: list(&value["emptyDirs"], path)?,
        }),
        "entries" => Answer::Entries(list(value, entries)?),
        "bytes" => Answer::Bytes(from_base64(value)?),
        "hashed" => Answer::Hashed(list(value, hashed)?),
        "exist" => Answer::Exist(list(value, Value::as_bool)?),
        "response" => Answer::Response(Response {
            status: u16::try_from(value["status"].as_u64()?).ok()?,
            headers: list(&value["headers"], header)?,
            body: from_base64(&value["body"])?,
            milliseconds: value["milliseconds"].as_u64()?,
        }),
        "exited" => Answer::Exited(Exited {
            code: optional(&value["code"], |code| i32::try_from(code.as_i64()?).ok())?,
            stdout: from_base64(&value["stdout"])?,
            stderr: from_base64(&value["stderr"])?,
            milliseconds: value["milliseconds"].as_u64()?,
        }),
        "failed" => Answer::Failed(Failure {
            kind: FailureKind::named(value["kind"].as_str()?)?,
            path: optional(&value["path"], path)?,
            message: value["message"].as_str()?.to_owned(),
        }),
        _ => return None,
    })
}

fn list<T>(value: &Value, item: fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    let items = value.as_array()?;
    let mut list = Vec::with_capacity(items.len());
    for value in items {
        list.push(item(value)?);
    }
    Some(list)
}

/// Files by their paths, or those of a folder together, which takes a third of the text.
fn files(value: &Value) -> Option<Vec<RelPath>> {
    let mut files = Vec::new();
    for item in value.as_array()? {
        let Some(folder) = item.get("folder") else {
            files.push(path(item)?);
            continue;
        };
        let folder = path(folder)?;
        for name in item["names"].as_array()? {
            files.push(match name {
                Value::String(name) => folder.join(name.as_bytes()),
                name => folder.join(&from_text(name)?),
            });
        }
    }
    Some(files)
}

/// What is in a folder, by kind: most of it is files, which are names then and nothing else.
fn entries(value: &Value) -> Option<Vec<Entry>> {
    let mut entries = Vec::new();
    for (kind, node) in [("files", Node::File), ("folders", Node::Folder(Folder::default())), ("others", Node::Other)] {
        for name in value[kind].as_array()? {
            entries.push(Entry { name: from_text(name)?.into(), node: node.clone() });
        }
    }
    for link in value["links"].as_array()? {
        entries.push(Entry { name: from_text(&link[0])?.into(), node: Node::Link(from_text(&link[1])?.into()) });
    }
    Some(entries)
}

fn optional<T>(value: &Value, read: fn(&Value) -> Option<T>) -> Option<Option<T>> {
    match value {
        Value::Null => Some(None),
        value => read(value).map(Some),
    }
}

fn path(value: &Value) -> Option<RelPath> {
    Some(RelPath::new(from_text(value)?))
}

fn hashed(value: &Value) -> Option<Hashed> {
    let [digest, size, executable] = value.as_array()?.as_slice() else { return None };
    Some(Hashed { digest: Digest::from_text(digest.as_str()?)?, size: size.as_u64()?, executable: executable.as_bool()? })
}

fn header(value: &Value) -> Option<(String, String)> {
    let [name, value] = value.as_array()?.as_slice() else { return None };
    Some((name.as_str()?.to_owned(), value.as_str()?.to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::digest::{Algorithm, digest};

    #[test]
    fn every_answer_is_read() {
        let md5 = digest(Algorithm::Md5, b"");
        let value = json!([
            [1, {"listing": {"files": ["a", [98, 255], {"folder": "d", "names": ["e", [255]]}], "links": [], "emptyDirs": ["c"]}}],
            [2, {"bytes": "YWJj"}],
            [3, {"hashed": [[md5.to_string(), 5_000_000_000_u64, true]]}],
            [4, {"response": {"status": 200, "headers": [["a", "b"]], "body": "", "milliseconds": 7}}],
            [5, {"exited": {"code": null, "stdout": "YQ==", "stderr": "", "milliseconds": 8}}],
            [6, {"exited": {"code": -1, "stdout": "", "stderr": "", "milliseconds": 9}}],
            [7, {"failed": {"kind": "not-found", "message": "no"}}],
            [8, {"failed": {"kind": "tls", "path": "p", "message": "no"}}],
            [9, {"entries": [{"files": ["a", [255]], "folders": ["b"], "links": [["c", "../a"]], "others": ["d"]}]}],
        ]);
        let path = |bytes: &[u8]| RelPath::new(bytes);
        let exited =
            |code, stdout: &[u8], milliseconds| Answer::Exited(Exited { code, stdout: stdout.to_vec(), milliseconds, ..Exited::default() });
        let failed = |kind, path| Answer::Failed(Failure { kind, path, message: "no".to_owned() });
        let expected = [
            Answer::Listing(Listing {
                files: [&b"a"[..], b"b\xff", b"d/e", b"d/\xff"].map(path).to_vec(),
                links: Vec::new(),
                empty_dirs: vec![path(b"c")],
            }),
            Answer::Bytes(b"abc".to_vec()),
            Answer::Hashed(vec![Hashed { digest: md5, size: 5_000_000_000, executable: true }]),
            Answer::Response(Response { status: 200, headers: vec![("a".to_owned(), "b".to_owned())], body: Vec::new(), milliseconds: 7 }),
            exited(None, b"a", 8),
            exited(Some(-1), b"", 9),
            failed(FailureKind::NotFound, None),
            failed(FailureKind::Tls, Some(path(b"p"))),
            Answer::Entries(vec![
                [
                    (&b"a"[..], Node::File),
                    (b"\xff", Node::File),
                    (b"b", Node::Folder(Folder::default())),
                    (b"d", Node::Other),
                    (b"c", Node::Link((*b"../a").into())),
                ]
                .map(|(name, node)| Entry { name: name.into(), node })
                .to_vec(),
            ]),
        ];
        assert_eq!(answers(&value).unwrap(), (1..).zip(expected).collect::<Vec<_>>());
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for value in [
            json!({}),
            json!([[1, {}]]),
            json!([[1, "do"]]),
            json!([[-1, "done"]]),
            json!([[1, {"bytes": "YWJ"}]]),
            json!([[1, {"hashed": [["00", 1, true]]}]]),
            json!([[1, {"listing": {"files": [], "links": []}}]]),
            json!([[1, {"response": {"status": 70_000, "headers": [], "body": "", "milliseconds": 1}}]]),
            json!([[1, {"failed": {"kind": "no", "message": ""}}]]),
            json!([[1, {"entries": [{"files": [], "folders": [], "links": [["c"]], "others": []}]}]]),
        ] {
            assert!(answers(&value).is_err(), "{value}");
        }
    }
}
