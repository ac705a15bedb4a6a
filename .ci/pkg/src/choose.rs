//! Which functions go to the second module.

use std::collections::{BTreeMap, BTreeSet};

use walrus::{ExportItem, Module};

use crate::split::{calls, pointers};

/// What is in the first module, and what is not.
pub struct Border<'a> {
    /// Whether an export, by its name, works without the second module.
    pub is_alone: &'a dyn Fn(&str) -> bool,
    /// Whether a function, by its name, is a part of that: a closure may be called by nothing but its address.
    pub is_part_of_it: &'a dyn Fn(&str) -> bool,
    /// Whether a function, by its name, is for the second module.
    pub is_later: &'a dyn Fn(&str) -> bool,
}

/// The functions, by index, whose name says so, and those that only functions of the second module call. What is reached from outside stays.
pub fn later(module: &Module, border: &Border<'_>) -> BTreeSet<usize> {
    let called: BTreeMap<usize, Vec<usize>> =
        module.funcs.iter_local().map(|(id, function)| (id.index(), calls(function).into_iter().map(|id| id.index()).collect())).collect();
    let mut callers: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (caller, called) in &called {
        for called in called {
            callers.entry(*called).or_default().push(*caller);
        }
    }
    let fixed = fixed(module, &called, border);
    let named: BTreeSet<usize> = named(module, border.is_later).filter(|id| !fixed.contains(id)).collect();
    // Whose address is known may be called from anywhere.
    let known: BTreeSet<usize> = pointers(module).into_values().map(|id| id.index()).collect();
    // At first all go that can, then those are taken back that somebody calls who stays, until nothing changes.
    let mut later: BTreeSet<usize> =
        called.keys().copied().filter(|id| named.contains(id) || !fixed.contains(id) && !known.contains(id)).collect();
    loop {
        let before = later.clone();
        later
            .retain(|id| named.contains(id) || callers.get(id).is_some_and(|callers| callers.iter().all(|caller| before.contains(caller))));
        if later.len() == before.len() {
            return later;
        }
    }
}

/// What is reached from outside, with all that is called by what has to work alone: functions that compile to the same code have the name of one of them.
fn fixed(module: &Module, called: &BTreeMap<usize, Vec<usize>>, border: &Border<'_>) -> BTreeSet<usize> {
    let mut fixed: BTreeSet<usize> = module.start.iter().map(|id| id.index()).collect();
    let mut open: Vec<usize> = fixed.iter().copied().collect();
    for export in module.exports.iter() {
        if let ExportItem::Function(id) = export.item {
            fixed.insert(id.index());
            if (border.is_alone)(&export.name) {
                open.push(id.index());
            }
        }
    }
    for id in named(module, border.is_part_of_it) {
        fixed.insert(id);
        open.push(id);
    }
    while let Some(id) = open.pop() {
        for id in called.get(&id).into_iter().flatten() {
            if fixed.insert(*id) {
                open.push(*id);
            }
        }
    }
    fixed
}

/// The functions whose name says so.
fn named<'a>(module: &'a Module, says: &'a dyn Fn(&str) -> bool) -> impl Iterator<Item = usize> + 'a {
    module
        .funcs
        .iter_local()
        .map(|(id, _)| id)
        .filter(move |id| module.funcs.get(*id).name.as_deref().is_some_and(says))
        .map(|id| id.index())
}
