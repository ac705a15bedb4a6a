//! The variables that a project is read with, and those that an included one adds.

use std::rc::Rc;

use crate::compose::dotenv::Variables;

/// Variables over those of the project that includes this one, which come first.
///
/// An included project shares the outer variables, so its cost does not depend on their number.
#[derive(Debug, Default)]
pub(super) struct Scope {
    outer: Option<Rc<Scope>>,
    own: Variables,
}

impl Scope {
    /// The outermost variables.
    pub(super) fn new(own: Variables) -> Rc<Scope> {
        Rc::new(Scope { outer: None, own })
    }

    /// Adds the variables that are not set yet; without any, this is the outer scope itself.
    pub(super) fn within(outer: &Rc<Scope>, mut own: Variables) -> Rc<Scope> {
        own.retain(|name, _| outer.get(name).is_none());
        match own.is_empty() {
            true => Rc::clone(outer),
            false => Rc::new(Scope { outer: Some(Rc::clone(outer)), own }),
        }
    }

    /// The value of a variable.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let mut scope = self;
        loop {
            match (scope.own.get(name), &scope.outer) {
                (Some(value), _) => return Some(value),
                (None, Some(outer)) => scope = outer,
                (None, None) => return None,
            }
        }
    }

    /// Whether two scopes have the same variables because they are one scope, or add the same to one.
    pub(super) fn is_same(&self, other: &Scope) -> bool {
        let same_outer = match (&self.outer, &other.outer) {
            (Some(outer), Some(other)) => Rc::ptr_eq(outer, other) || outer.is_same(other),
            (None, None) => true,
            _ => false,
        };
        std::ptr::eq(self, other) || same_outer && self.own == other.own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(list: &[(&str, &str)]) -> Variables {
        list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn outer_variables_win_and_are_shared() {
        let outer = Scope::new(variables(&[("A", "1")]));
        let inner = Scope::within(&outer, variables(&[("A", "2"), ("B", "2")]));
        assert_eq!((inner.get("A"), inner.get("B"), inner.get("C"), outer.get("B")), (Some("1"), Some("2"), None, None));
        assert!(Rc::ptr_eq(&outer, &Scope::within(&outer, variables(&[("A", "3")]))));
        let same = Scope::within(&outer, variables(&[("B", "2")]));
        assert!(inner.is_same(&same) && !inner.is_same(&outer) && !inner.is_same(&Scope::within(&outer, variables(&[("B", "3")]))));
    }
}
