//! Where in the model a node stands, and the patterns that rules are given for.

use std::fmt;

/// A chain of keys, from the model to a node; an item of a list is `[]`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    key: &'a str,
}

impl<'a> Path<'a> {
    /// A member of the model itself.
    pub(super) fn top(key: &'a str) -> Path<'a> {
        Path { parent: None, key }
    }

    /// A member of what this names.
    pub(super) fn next(&'a self, key: &'a str) -> Path<'a> {
        Path { parent: Some(self), key }
    }

    /// Gives what these keys lead to from here.
    pub(super) fn within<T>(&self, keys: &mut std::str::Split<'_, char>, give: &mut dyn FnMut(&Path<'_>) -> T) -> T {
        match keys.next() {
            Some(key) => self.next(key).within(keys, give),
            None => give(self),
        }
    }

    /// Whether a pattern names this: keys with dots between them, `*` for any key, `@` for `services` or `jobs`.
    pub(super) fn matches(&self, pattern: &str) -> bool {
        self.matches_parts(&mut pattern.rsplit('.'))
    }

    /// The same for a pattern in two pieces.
    pub(super) fn matches_below(&self, prefix: &str, pattern: &str) -> bool {
        self.matches_parts(&mut pattern.rsplit('.').chain(prefix.rsplit('.')))
    }

    fn matches_parts(&self, parts: &mut dyn Iterator<Item = &str>) -> bool {
        let mut node = Some(self);
        loop {
            match (parts.next(), node) {
                (Some(part), Some(path)) => {
                    let same = part == "*" || part == path.key || part == "@" && matches!(path.key, "services" | "jobs");
                    if !same {
                        return false;
                    }
                    node = path.parent;
                }
                (None, None) => return true,
                _ => return false,
            }
        }
    }

    /// Whether the last key is this one.
    pub(super) fn matches_key(&self, key: &str) -> bool {
        self.key == key
    }

    /// What a table has for this.
    pub(super) fn find<T: Copy>(&self, table: &[(&str, T)]) -> Option<T> {
        table.iter().find(|(pattern, _)| self.matches(pattern)).map(|(_, entry)| *entry)
    }
}

/// For messages: `services.a.build`.
impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.parent {
            Some(parent) => write!(f, "{parent}.{}", self.key.escape_debug()),
            None => write!(f, "{}", self.key.escape_debug()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_name_paths_of_their_length() {
        let (a, b) = (Path::top("services"), Path::top("networks"));
        let (service, network) = (a.next("x.y"), b.next("x"));
        let build = service.next("build");
        for (path, pattern, expected) in [
            (&build, "@.*.build", true),
            (&build, "services.*.build", true),
            (&build, "jobs.*.build", false),
            (&service, "@.*.build", false),
            (&network, "@.*", false),
            (&network, "networks.*", true),
        ] {
            assert_eq!(path.matches(pattern), expected, "{path} {pattern}");
        }
        assert_eq!(build.to_string(), "services.x.y.build");
    }
}
