//! Merge keys, `!reset` and `!override`.
//!
//! Rules: compose-go `loader/reset.go`; the merge key is that of go.yaml.in/yaml/v4 `constructor.go`.

use crate::compose::node::{Map, Node, Tag, Value};
use crate::compose::yaml::MERGE;
use crate::error::Result;

/// The places that a document resets or overrides: what stood there before goes.
#[derive(Debug, Clone, Default)]
pub(super) struct Resets(Vec<Vec<String>>);

/// Applies merge keys, takes out what is tagged `!reset`, and notes where. `None` where the document itself is reset.
pub(super) fn settle(node: Node) -> Result<(Option<Node>, Resets)> {
    let mut resets = Resets::default();
    let node = walk(node, &mut Vec::new(), &mut Some(&mut resets))?;
    Ok((node, resets))
}

impl Resets {
    /// The members of sections that the noted places are in: section and name.
    pub(super) fn members(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(|path| Some((path.first()?.as_str(), path.get(1)?.as_str())))
    }

    /// Deletes in `target` what stands at the noted places.
    pub(super) fn apply(&self, target: &mut Map) {
        for path in &self.0 {
            delete(target, path);
        }
    }

    /// The same for one member of a section, which is not in the model.
    pub(super) fn apply_to(&self, section: &str, name: &str, target: &mut Node) {
        for path in &self.0 {
            let [first, second, rest @ ..] = path.as_slice() else { continue };
            if let (true, Some(map)) = (first == section && second == name, target.as_map_mut()) {
                delete(map, rest);
            }
        }
    }
}

fn delete(target: &mut Map, path: &[String]) {
    match path {
        [] => {}
        [last] => {
            target.remove(last);
        }
        [first, rest @ ..] => {
            if let Some(map) = target.get_mut(first).and_then(Node::as_map_mut) {
                delete(map, rest);
            }
        }
    }
}

/// `resets` is `None` below `!override`, where these tags mean nothing.
fn walk(mut node: Node, path: &mut Vec<String>, resets: &mut Option<&mut Resets>) -> Result<Option<Node>> {
    if let Some(resets) = resets {
        if node.tag != Tag::None {
            resets.0.push(path.clone());
        }
        match node.tag {
            Tag::Reset => return Ok(None),
            Tag::Override => return walk(Node { tag: Tag::None, ..node }, path, &mut None),
            Tag::None => {}
        }
    }
    match node.value {
        Value::List(list) => {
            let mut kept = Vec::with_capacity(list.len());
            for (index, item) in list.into_iter().enumerate() {
                path.push(index.to_string());
                kept.extend(walk(item, path, resets)?);
                path.pop();
            }
            node.value = Value::List(kept);
        }
        Value::Map(map) => {
            let mut own = Map::new();
            let mut merged = None;
            for (key, value) in map {
                // A merge key is no part of a path, except at the top.
                if key == MERGE && !path.is_empty() {
                    merged = walk(value, path, resets)?;
                    continue;
                }
                let is_merge = key == MERGE;
                path.push(key);
                let value = walk(value, path, resets)?;
                let key = path.pop().unwrap_or_default();
                if is_merge {
                    merged = value;
                } else if let Some(value) = value {
                    own.insert(key, value);
                }
            }
            if let Some(from) = merged {
                merge(&mut own, from)?;
            }
            node.value = Value::Map(own);
        }
        _ => {}
    }
    Ok(Some(node))
}

/// Adds the members of one mapping, or of several with the first going first, where there is none of that name.
fn merge(own: &mut Map, from: Node) -> Result<()> {
    let add = |own: &mut Map, from: Node| match from.value {
        Value::Map(map) => {
            for (key, value) in map {
                own.insert_new(key, value);
            }
            Ok(())
        }
        _ => Err(from.at.invalid("the merge key `<<` takes a mapping or a list of mappings")),
    };
    match from.value {
        Value::List(list) => list.into_iter().try_for_each(|item| add(own, item)),
        _ => add(own, from),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::compose::yaml;

    fn read(text: &str) -> (serde_json::Value, Resets) {
        let document = yaml::documents(text.as_bytes(), &"a".into()).unwrap().remove(0);
        let (node, resets) = settle(document).unwrap();
        (node.map_or(serde_json::Value::Null, |node| node.to_json()), resets)
    }

    #[test]
    fn own_members_win_over_merged_ones_and_the_first_over_the_next() {
        let text = "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2, <<: {d: 3, a: 3}}\nz: {c: 0, <<: [*x, *y]}\nl: &l [*x]\nm: {<<: *l}\n";
        let (json, _) = read(text);
        assert_eq!((&json["z"], &json["m"]), (&json!({"a": 1, "b": 1, "c": 0, "d": 3}), &json!({"a": 1, "b": 1})));
        for text in ["a: {<<: foo}", "a: {<<: [[{b: c}]]}"] {
            assert!(settle(yaml::documents(text.as_bytes(), &"a".into()).unwrap().remove(0)).is_err());
        }
    }

    #[test]
    fn tags_name_what_goes() {
        let text = "x: &x\n  k: !reset null\ns:\n  <<: *x\n  a: !override {b: !reset c}\n  l: [1, !reset 2]\n";
        let (json, resets) = read(text);
        assert_eq!(json, json!({"x": {}, "s": {"a": {"b": "c"}, "l": [1]}}));
        let (mut target, _) = {
            let document = yaml::documents(b"s: {k: 1, a: {z: 1}, l: [1], o: 2}", &"a".into()).unwrap().remove(0);
            settle(document).unwrap()
        };
        let map = target.as_mut().and_then(Node::as_map_mut).unwrap();
        resets.apply(map);
        assert_eq!(target.unwrap().to_json(), json!({"s": {"l": [1], "o": 2}}));
    }
}
