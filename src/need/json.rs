//! Answers as they come in JSON; digests do not, there are too many of them. They are read from values by hand: derived code would be a tenth of the wasm.

use serde::Serialize;
use serde::ser::{SerializeSeq as _, Serializer};
use serde_json::Value;

use crate::bytes::{excerpt, from_base64, from_text};
use crate::need::{Answer, Exited, Failure, FailureKind, Listing};
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
        for_names(&item["names"], &mut |name| files.push(folder.join(name)))?;
    }
    Some(files)
}

/// Names one by one, or in one text with `/` between them, which is read far faster.
fn for_names(value: &Value, take: &mut dyn FnMut(&[u8])) -> Option<()> {
    match value {
        Value::String(names) => names.split('/').filter(|name| !name.is_empty()).for_each(|name| take(name.as_bytes())),
        names => {
            for name in names.as_array()? {
                take(&from_text(name)?);
            }
        }
    }
    Some(())
}

/// Writes files as they are read here: those of a folder together.
pub(super) fn write_files<S: Serializer>(files: &[RelPath], serializer: S) -> Result<S::Ok, S::Error> {
    let mut sequence = serializer.serialize_seq(None)?;
    let mut rest = files;
    while let Some(first) = rest.first() {
        let folder = folder_of(first);
        let count = rest.iter().take_while(|path| folder.is_some() && folder_of(path) == folder).count();
        let (together, others) = rest.split_at(count.max(1));
        rest = others;
        match (folder, names(together)) {
            (Some(folder), Some(names)) => sequence.serialize_element(&Together { folder, names })?,
            _ => together.iter().try_for_each(|path| sequence.serialize_element(path))?,
        }
    }
    sequence.end()
}

#[derive(Serialize)]
struct Together<'a> {
    folder: &'a str,
    names: String,
}

/// The folder of a file, where joining them again gives this very spelling.
fn folder_of(path: &RelPath) -> Option<&str> {
    let bytes = path.as_bytes();
    let slash = bytes.iter().rposition(|&byte| byte == b'/')?;
    std::str::from_utf8(&bytes[..slash]).ok().filter(|folder| !folder.is_empty() && !folder.ends_with('/'))
}

/// The last parts of paths, where all of them are texts.
fn names(paths: &[RelPath]) -> Option<String> {
    let mut names = String::new();
    for path in paths {
        let name = path.as_bytes().rsplit(|&byte| byte == b'/').next().filter(|name| !name.is_empty())?;
        if !names.is_empty() {
            names.push('/');
        }
        names.push_str(std::str::from_utf8(name).ok()?);
    }
    Some(names)
}

/// What is in a folder, by kind: most of it is files, which are names then and nothing else.
fn entries(value: &Value) -> Option<Vec<Entry>> {
    let mut entries = Vec::new();
    for (kind, node) in [("files", Node::File), ("folders", Node::Folder(Folder::default())), ("others", Node::Other)] {
        for_names(&value[kind], &mut |name| entries.push(Entry { name: name.into(), node: node.clone() }))?;
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

fn header(value: &Value) -> Option<(String, String)> {
    let [name, value] = value.as_array()?.as_slice() else { return None };
    Some((name.as_str()?.to_owned(), value.as_str()?.to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_answer_is_read() {
        let value = json!([
            [1, {"listing": {"files": ["a", [98, 255], {"folder": "d", "names": ["e", [255]]}, {"folder": "d/", "names": "f/g"}], "links": [], "emptyDirs": ["c"]}}],
            [2, {"bytes": "YWJj"}],
            [3, {"response": {"status": 200, "headers": [["a", "b"]], "body": "", "milliseconds": 7}}],
            [4, {"exited": {"code": null, "stdout": "YQ==", "stderr": "", "milliseconds": 8}}],
            [5, {"exited": {"code": -1, "stdout": "", "stderr": "", "milliseconds": 9}}],
            [6, {"failed": {"kind": "not-found", "message": "no"}}],
            [7, {"failed": {"kind": "tls", "path": "p", "message": "no"}}],
            [8, {"entries": [{"files": ["a", [255]], "folders": "b", "links": [["c", "../a"]], "others": ["d"]}]}],
        ]);
        let path = |bytes: &[u8]| RelPath::new(bytes);
        let exited =
            |code, stdout: &[u8], milliseconds| Answer::Exited(Exited { code, stdout: stdout.to_vec(), milliseconds, ..Exited::default() });
        let failed = |kind, path| Answer::Failed(Failure { kind, path, message: "no".to_owned() });
        let expected = [
            Answer::Listing(Listing {
                files: [&b"a"[..], b"b\xff", b"d/e", b"d/\xff", b"d/f", b"d/g"].map(path).to_vec(),
                links: Vec::new(),
                empty_dirs: vec![path(b"c")],
            }),
            Answer::Bytes(b"abc".to_vec()),
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
    fn files_are_written_by_folder_and_read_as_they_were() {
        let all = [&b"a"[..], b"./b", b"d/e", b"d/f/g", b"d/f/h", b"d/f/\xff", b"d/\xff/i", b"d//j", b"/k", b"d/l", b"d/"];
        let all = all.map(RelPath::new).to_vec();
        let mut text = Vec::new();
        write_files(&all, &mut serde_json::Serializer::new(&mut text)).unwrap();
        let value: Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(files(&value).unwrap(), all);
        let folder = write_files(&all[3..5], serde_json::value::Serializer).unwrap();
        assert_eq!(folder, json!([{"folder": "d/f", "names": "g/h"}]));
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for value in [
            json!({}),
            json!([[1, {}]]),
            json!([[1, "do"]]),
            json!([[-1, "done"]]),
            json!([[1, {"bytes": "YWJ"}]]),
            json!([[1, {"listing": {"files": [], "links": []}}]]),
            json!([[1, {"response": {"status": 70_000, "headers": [], "body": "", "milliseconds": 1}}]]),
            json!([[1, {"failed": {"kind": "no", "message": ""}}]]),
            json!([[1, {"entries": [{"files": [], "folders": [], "links": [["c"]], "others": []}]}]]),
        ] {
            assert!(answers(&value).is_err(), "{value}");
        }
    }
}
