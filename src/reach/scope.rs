//! The variables of a stage.

use std::rc::Rc;

use super::invalid;
use crate::error::Result;
use crate::expand::{Lookup, Variables};
use crate::map::Map;

/// Layers below one another, before they are put into one.
const LAYERS_MAX: u32 = 200;
/// The most that the values of one stage may take: values of values grow fast.
const BYTES_MAX: usize = 64 << 20;

/// A value, and whether it is sure.
#[derive(Debug, Clone)]
struct Value {
    text: Rc<str>,
    sure: bool,
}

/// A variable of one stage.
#[derive(Debug, Clone)]
struct Variable {
    /// What it is now.
    now: Value,
    /// What `ENV` said last: a stage that is built on this one begins with that again, whatever an `ARG` said since.
    env: Option<Value>,
}

/// The variables that a stage sees: its own, and those of the stages below it.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    own: Map<String, usize>,
    variables: Vec<Variable>,
    below: Option<Rc<Scope>>,
    layers: u32,
    bytes: usize,
    /// A base image may set variables that nobody knows of here.
    open: bool,
}

impl Scope {
    pub(super) fn new(open: bool) -> Self {
        Scope { open, ..Scope::default() }
    }

    /// The variables of a stage that is built on another one.
    pub(super) fn above(below: &Rc<Scope>) -> Self {
        let mut scope = Scope { open: below.open, bytes: below.bytes, ..Scope::default() };
        if below.layers < LAYERS_MAX {
            scope.layers = below.layers + 1;
            scope.below = Some(Rc::clone(below));
            return scope;
        }
        let mut layer = Some(below);
        while let Some(scope_below) = layer {
            for (name, &place) in &scope_below.own {
                if !scope.own.contains_key(name)
                    && let Some(variable) = scope_below.variables.get(place)
                {
                    scope.own.insert(name.clone(), scope.variables.len());
                    let now = Value { sure: variable.is_sure_above(scope.open), ..variable.above().clone() };
                    scope.variables.push(Variable { now, env: variable.env.clone() });
                }
            }
            layer = scope_below.below.as_ref();
        }
        scope
    }

    /// Sets a variable as `ARG` does.
    ///
    /// # Errors
    /// Where all values together become too long.
    pub(super) fn set(&mut self, name: &str, text: &str, sure: bool) -> Result<()> {
        let env = self.find(name).and_then(|(variable, _)| variable.env.clone());
        self.put(name, Variable { now: Value { text: text.into(), sure }, env })
    }

    /// Sets a variable as `ENV` does, so that it is in the image.
    ///
    /// # Errors
    /// Where all values together become too long.
    pub(super) fn set_env(&mut self, name: &str, text: &str, sure: bool) -> Result<()> {
        let now = Value { text: text.into(), sure };
        self.put(name, Variable { env: Some(now.clone()), now })
    }

    fn put(&mut self, name: &str, variable: Variable) -> Result<()> {
        self.bytes += name.len() + variable.now.text.len();
        match self.own.get(name).and_then(|&place| self.variables.get_mut(place)) {
            Some(there) => {
                self.bytes = self.bytes.saturating_sub(name.len() + there.now.text.len());
                *there = variable;
            }
            None => {
                self.own.insert(name.to_owned(), self.variables.len());
                self.variables.push(variable);
            }
        }
        match self.bytes > BYTES_MAX {
            true => Err(invalid(format!("the variables become longer than {BYTES_MAX} bytes"))),
            false => Ok(()),
        }
    }

    /// The variable, and whether it is this stage's own.
    fn find(&self, name: &str) -> Option<(&Variable, bool)> {
        let mut layer = Some(self);
        let mut is_own = true;
        while let Some(scope) = layer {
            if let Some(variable) = scope.own.get(name).and_then(|&place| scope.variables.get(place)) {
                return Some((variable, is_own));
            }
            layer = scope.below.as_deref();
            is_own = false;
        }
        None
    }
}

impl Variable {
    /// What a stage that is built on this one begins with.
    fn above(&self) -> &Value {
        self.env.as_ref().unwrap_or(&self.now)
    }

    /// An image that nobody looked at may have set it, which would come back.
    fn is_sure_above(&self, open: bool) -> bool {
        self.above().sure && (self.env.is_some() || !open)
    }
}

impl Variables for Scope {
    fn get(&self, name: &str) -> Lookup<'_> {
        match self.find(name) {
            None => Lookup { value: None, sure: !self.open },
            Some((variable, true)) => Lookup { value: Some(&variable.now.text), sure: variable.now.sure },
            Some((variable, false)) => Lookup { value: Some(&variable.above().text), sure: variable.is_sure_above(self.open) },
        }
    }
}
