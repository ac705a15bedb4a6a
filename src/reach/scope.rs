//! The variables of a stage.

use std::cell::Cell;
use std::rc::Rc;

use super::invalid;
use crate::error::Result;
use crate::expand::{Expanded, Lex, Lookup, Variables};
use crate::map::Map;

/// Layers below one another, before they are put into one.
const LAYERS_MAX: u32 = 1000;
/// The most that the values of one stage may take: values of values grow fast.
const BYTES_MAX: usize = 64 << 20;
/// The most that all words of a Dockerfile may become together: a value that grows a little with each line takes time for all of it each time.
const SPENT_MAX: usize = 64 << 20;
/// What an entry of a scope that is copied counts as.
const ENTRY: usize = 256;

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
    /// What was expanded so far, in all scopes of a Dockerfile.
    spent: Rc<Cell<usize>>,
}

impl Scope {
    pub(super) fn new(open: bool) -> Self {
        Scope { open, ..Scope::default() }
    }

    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    /// Counts what is expanded with those of another scope.
    pub(super) fn count_with(&mut self, other: &Scope) {
        self.spent = Rc::clone(&other.spent);
    }

    /// Puts the values into a word.
    ///
    /// # Errors
    /// Those of [`Lex::expand`], and where all words together become too long.
    pub(super) fn expand(&self, lex: Lex, word: &str) -> Result<Expanded> {
        let expanded = lex.expand(word, self)?;
        // The longer of the two is what it took.
        self.spend(expanded.text.len().max(word.len()))?;
        Ok(expanded)
    }

    fn spend(&self, bytes: usize) -> Result<()> {
        self.spent.set(self.spent.get().saturating_add(bytes));
        match self.spent.get() > SPENT_MAX {
            true => Err(invalid(format!("with the values of their variables all words become longer than {SPENT_MAX} bytes"))),
            false => Ok(()),
        }
    }

    /// The variables of a stage that is built on another one.
    pub(super) fn above(below: &Rc<Scope>) -> Self {
        let mut scope = Scope { open: below.open, bytes: below.bytes, spent: Rc::clone(&below.spent), ..Scope::default() };
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
        // The next word says so, where it is too much.
        scope.spend(scope.variables.len() * ENTRY).ok();
        scope
    }

    /// The scope as stages that are built on this one have it below them: one without variables of its own is the one below it.
    pub(super) fn settle(self) -> Rc<Scope> {
        match &self.below {
            Some(below) if self.own.is_empty() => Rc::clone(below),
            _ => Rc::new(self),
        }
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
