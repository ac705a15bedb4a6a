//! The part of a model that a further file changes.
//!
//! Only that part is checked and brought into its long form again, so many files cost no more than their sizes.

use crate::compose::node::{Map, Node, Value};
use crate::compose::tags::Resets;

/// Takes out what a further file changes: the members of a section that the file or one of its resets names, and other keys as a whole.
pub(super) fn take(model: &mut Map, file: &Map, resets: &Resets) -> Map {
    let mut part = Map::new();
    for (key, node) in file {
        let names = node.as_map().into_iter().flat_map(Map::keys).map(String::as_str);
        take_members(model, key, names, &mut part);
    }
    for (section, name) in resets.members() {
        take_members(model, section, std::iter::once(name), &mut part);
    }
    part
}

fn take_members<'a>(model: &mut Map, key: &str, names: impl Iterator<Item = &'a str>, part: &mut Map) {
    let Some(node) = model.get_mut(key) else { return };
    let at = node.at.clone();
    let Some(from) = node.as_map_mut() else {
        part.extend(model.remove(key).map(|node| (key.to_owned(), node)));
        return;
    };
    part.insert_new(key.to_owned(), Node::new(Value::Map(Map::new()), &at));
    let Some(to) = part.get_mut(key).and_then(Node::as_map_mut) else { return };
    for name in names {
        if let Some(member) = from.remove(name) {
            to.insert(name.to_owned(), member);
        }
    }
}

/// Puts the part back.
pub(super) fn put_back(model: &mut Map, part: Map) {
    for (key, node) in part {
        match (model.get_mut(&key).map(|node| &mut node.value), node.value) {
            (Some(Value::Map(to)), Value::Map(from)) => to.extend(from),
            (_, value) => {
                model.insert(key, Node { value, at: node.at, tag: node.tag });
            }
        }
    }
}
