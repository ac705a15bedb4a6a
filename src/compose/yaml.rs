//! YAML as the value that JSON would give: as much as a Compose model needs.

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use serde_json::{Map, Value};

/// How deep mappings and lists may nest, as in `serde_json`: values are dropped by recursion.
const DEPTH: usize = 128;
/// How many nodes aliases may add: a small text could fill the memory otherwise ("billion laughs").
const COPIED: usize = 100_000;

/// Reads every document and gives the first.
pub(super) fn read(text: &str) -> Result<Value, String> {
    let mut reader = Reader { open: Vec::new(), anchors: Vec::new(), copied: 0, documents: Vec::new() };
    for event in Parser::new_from_str(text) {
        reader.take(event.map_err(|error| error.to_string())?.0)?;
    }
    Ok(reader.documents.into_iter().next().unwrap_or_default())
}

struct Reader {
    /// What has begun and not ended, with its anchor; the innermost is the last.
    open: Vec<(usize, Open)>,
    anchors: Vec<(usize, Value)>,
    copied: usize,
    documents: Vec<Value>,
}

enum Open {
    List(Vec<Value>),
    Map(Map<String, Value>, Key),
}

enum Key {
    /// A key comes next.
    Awaited,
    /// Its value comes next.
    Text(String),
    /// The value of a key that is no text comes next: JSON has no such members.
    Other,
}

impl Reader {
    fn take(&mut self, event: Event<'_>) -> Result<(), String> {
        match event {
            Event::Scalar(text, style, anchor, tag) => self.put(anchor, scalar(&text, style, tag.as_deref())),
            Event::Alias(anchor) => {
                let Some((_, value)) = self.anchors.iter().rev().find(|(of, _)| *of == anchor) else {
                    return Err("an alias stands inside of what it names".to_owned());
                };
                self.copied += nodes(value);
                if self.copied > COPIED {
                    return Err(format!("aliases make more than {COPIED} nodes"));
                }
                let value = value.clone();
                self.put(0, value)
            }
            Event::SequenceStart(anchor, _) => self.begin(anchor, Open::List(Vec::new())),
            Event::MappingStart(anchor, _) => self.begin(anchor, Open::Map(Map::new(), Key::Awaited)),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some((anchor, Open::List(list))) => self.put(anchor, Value::Array(list)),
                Some((anchor, Open::Map(map, _))) => self.put(anchor, Value::Object(map)),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn begin(&mut self, anchor: usize, open: Open) -> Result<(), String> {
        if self.open.len() == DEPTH {
            return Err(format!("nested deeper than {DEPTH}"));
        }
        self.open.push((anchor, open));
        Ok(())
    }

    /// A node that is complete goes into what is open around it.
    fn put(&mut self, anchor: usize, value: Value) -> Result<(), String> {
        // Anchors are numbered from 1.
        if anchor > 0 {
            self.anchors.push((anchor, value.clone()));
        }
        match self.open.last_mut() {
            None => self.documents.push(value),
            Some((_, Open::List(list))) => list.push(value),
            Some((_, Open::Map(map, key))) => match (std::mem::replace(key, Key::Awaited), value) {
                (Key::Awaited, Value::String(text)) => *key = Key::Text(text),
                (Key::Awaited, _) => *key = Key::Other,
                (Key::Text(name), _) if map.contains_key(&name) => {
                    return Err(format!("`{}` stands twice in a mapping", name.escape_debug()));
                }
                (Key::Text(name), value) => {
                    map.insert(name, value);
                }
                (Key::Other, _) => {}
            },
        }
        Ok(())
    }
}

/// A value and all that is in it.
fn nodes(value: &Value) -> usize {
    1 + match value {
        Value::Array(list) => list.iter().map(nodes).sum(),
        Value::Object(map) => map.values().map(nodes).sum(),
        _ => 0,
    }
}

/// What a scalar means (YAML 1.2.2, 10.3.2, "Core Schema"). Numbers with a fraction mean nothing to us and become null.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    if style != ScalarStyle::Plain || tag.is_some_and(|tag| tag.is_yaml_core_schema() && tag.suffix == "str") {
        return Value::String(text.to_owned());
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => match integer(text) {
            Some(number) => Value::from(number),
            None if is_float(text) => Value::Null,
            None => Value::String(text.to_owned()),
        },
    }
}

fn integer(text: &str) -> Option<i64> {
    match (text.strip_prefix("0x"), text.strip_prefix("0o")) {
        (Some(digits), _) => i64::from_str_radix(digits, 16).ok(),
        (_, Some(digits)) => i64::from_str_radix(digits, 8).ok(),
        _ => text.parse().ok(),
    }
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`, infinity, or not a number.
fn is_float(text: &str) -> bool {
    let unsigned = |text| str::strip_prefix(text, ['-', '+']).unwrap_or(text);
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = unsigned(text).split_once(['e', 'E']).unwrap_or((unsigned(text), "0"));
    let digits = mantissa.replacen('.', "", 1);
    (is_number(&digits) && is_number(unsigned(exponent)))
        || matches!(unsigned(text), ".inf" | ".Inf" | ".INF")
        || matches!(text, ".nan" | ".NaN" | ".NAN")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn scalars_are_those_of_the_core_schema() {
        let text = "{a: text, b: '1', c: !!str 1, d: 0x1f, e: -7, f: 1.5e-3, g: ~, h: True, i: 1.2.3, j: , k: !x 2, l: .inf, m: 0o17, n: 1e, o: .}";
        let expected = json!({
            "a": "text", "b": "1", "c": "1", "d": 31, "e": -7, "f": null, "g": null, "h": true, "i": "1.2.3", "j": null, "k": 2, "l": null,
            "m": 15, "n": "1e", "o": ".",
        });
        assert_eq!(read(text).unwrap(), expected);
    }

    #[test]
    fn keys_that_are_no_text_are_left_out() {
        assert_eq!(read("1: a\n[b]: c\n? {d: e}\n: f\ng: h\n").unwrap(), json!({"g": "h"}));
        assert!(read("a: 1\nb: 2\na: 3\n").unwrap_err().contains("`a` stands twice"));
    }

    #[test]
    fn aliases_are_followed_within_bounds() {
        assert_eq!(read("a: &x [1, {b: c}]\nd: *x\n").unwrap(), json!({"a": [1, {"b": "c"}], "d": [1, {"b": "c"}]}));
        assert_eq!(read("&k a: 1\nb: *k\n").unwrap(), json!({"a": 1, "b": "a"}));
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..20 {
            let inner = format!("*a{}, ", level - 1).repeat(10);
            bomb.push_str(&format!("a{level}: &a{level} [{inner}]\n"));
        }
        assert!(read(&bomb).unwrap_err().contains("more than 100000 nodes"));
        assert!(read("a: &a [*a]").unwrap_err().contains("inside of what it names"));
    }

    #[test]
    fn depth_has_an_end() {
        assert!(read(&"- ".repeat(100_000)).unwrap_err().contains("nested deeper than 128"));
        // The parser has a limit of its own for these.
        assert!(read(&"[".repeat(100_000)).is_err());
        assert!(read(&format!("{}{}", "[".repeat(128), "]".repeat(128))).is_ok());
    }

    #[test]
    fn the_first_document_counts_and_all_are_read() {
        assert_eq!(read("a: 1\n---\nb: 2\n").unwrap(), json!({"a": 1}));
        assert!(read("a: 1\n---\nb: [\n").is_err());
        assert_eq!(read("").unwrap(), Value::Null);
    }
}
