//! One module made two: the first has what every use needs, the second the rest, and shares the memory, the table and the stack of the first.
//!
//! The first calls into the second through the table of function pointers, where the second puts its functions when it is instantiated. The second calls the first through the table as well,
//! or by an import what it calls often: an import is long, but calls of it are short. Until the second is there, its places in the table hold a function that is a trap.
//! The idea is Binaryen's wasm-split; here a function is chosen by the module of the crate that it belongs to.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use walrus::ir::{Call, CallIndirect, Const, Instr, InstrSeq, InstrSeqId, Value, Visitor, dfs_in_order};
use walrus::{
    ConstExpr, ElementItems, ElementKind, FunctionBuilder, FunctionId, FunctionKind, GlobalId, GlobalKind, ImportedFunction, LocalFunction,
    Module, TableId, TypeId,
};

use crate::choose::{self, Border};

/// The name by which the second module imports from the first.
const FIRST: &str = "first";
/// A function of the first module is imported by the second if it is called more often than this.
const FEW: usize = 5;

/// What is called across the border, by the index of the function.
struct Crossing {
    /// The functions of the second module.
    later: BTreeSet<usize>,
    /// The slots in the table of those that are called through it.
    slots: BTreeMap<usize, u32>,
    /// The names of those that are imported.
    imports: BTreeMap<usize, String>,
    /// How many slots the table has.
    size: u32,
}

/// Splits a module in two.
pub fn split(wasm: &[u8], border: &Border<'_>) -> Result<(Vec<u8>, Vec<u8>)> {
    // Parsed twice, the same functions have the same index.
    let (mut first, mut second) = (Module::from_buffer(wasm)?, Module::from_buffer(wasm)?);
    let table = table(&first)?;
    let crossing = crossing(&first, table, choose::later(&first, border))?;
    let globals = globals(&second, &crossing.later);
    make_first(&mut first, &crossing, &globals)?;
    make_second(&mut second, &crossing, &globals)?;
    Ok((first.emit_wasm(), second.emit_wasm()))
}

/// Decides how each function is called from the other side.
fn crossing(module: &Module, table: TableId, later: BTreeSet<usize>) -> Result<Crossing> {
    let mut from_first = BTreeSet::new();
    let mut from_second: BTreeMap<usize, usize> = BTreeMap::new();
    for (caller, function) in module.funcs.iter_local() {
        let is_later = later.contains(&caller.index());
        for called in calls(function).into_iter().map(|id| id.index()).filter(|called| later.contains(called) != is_later) {
            if is_later {
                *from_second.entry(called).or_default() += 1;
            } else {
                from_first.insert(called);
            }
        }
    }
    let (often, seldom): (Vec<_>, Vec<_>) = from_second.into_iter().partition(|(_, count)| *count > FEW);
    let mut slots: BTreeMap<usize, u32> = BTreeMap::new();
    for (slot, id) in pointers(module) {
        slots.entry(id.index()).or_insert(slot);
    }
    let mut size = u32::try_from(module.tables.get(table).initial)?;
    for called in from_first.into_iter().chain(seldom.into_iter().map(|(called, _)| called)) {
        slots.entry(called).or_insert_with(|| {
            size += 1;
            size - 1
        });
    }
    // No name of an export that is there begins with a digit.
    let imports = often.into_iter().enumerate().map(|(number, (called, _))| (called, number.to_string())).collect();
    Ok(Crossing { later, slots, imports, size })
}

fn make_first(module: &mut Module, crossing: &Crossing, globals: &[usize]) -> Result<()> {
    let table = table(module)?;
    let ids = ids(module);
    call_through_table(module, table, crossing, |id| !crossing.later.contains(&id));
    let mut body = FunctionBuilder::new(&mut module.types, &[], &[]);
    body.func_body().unreachable();
    let trap = body.finish(Vec::new(), &mut module.funcs);
    let of_first = |id: FunctionId| if crossing.later.contains(&id.index()) { trap } else { id };
    let mut all: BTreeMap<u32, FunctionId> = crossing.slots.iter().map(|(id, slot)| (*slot, of_first(ids[id]))).collect();
    all.extend(pointers(module).into_iter().map(|(slot, id)| (slot, of_first(id))));
    fill(module, table, crossing.size, all);
    for (id, name) in &crossing.imports {
        module.exports.add(name, ids[id]);
    }
    module.exports.add("table", table);
    for (number, id) in global_ids(module, globals).into_iter().enumerate() {
        module.exports.add(&format!("global{number}"), id);
    }
    walrus::passes::gc::run(module);
    Ok(())
}

fn make_second(module: &mut Module, crossing: &Crossing, globals: &[usize]) -> Result<()> {
    let table = table(module)?;
    let ids = ids(module);
    let is_later = |id: &usize| crossing.later.contains(id);
    call_through_table(module, table, crossing, |id| is_later(&id));
    let mut all: BTreeMap<u32, FunctionId> = pointers(module).into_iter().filter(|(_, id)| is_later(&id.index())).collect();
    all.extend(crossing.slots.iter().filter(|(id, _)| is_later(id)).map(|(id, slot)| (*slot, ids[id])));
    fill(module, table, crossing.size, all);
    module.start = None;
    for id in module.exports.iter().map(|export| export.id()).collect::<Vec<_>>() {
        module.exports.delete(id);
    }
    for id in module.data.iter().map(|data| data.id()).collect::<Vec<_>>() {
        module.data.delete(id);
    }
    let memory = module.memories.iter().map(|memory| memory.id()).next().context("there is no memory")?;
    module.memories.get_mut(memory).data_segments.clear();
    module.memories.get_mut(memory).import = Some(module.imports.add(FIRST, "memory", memory));
    module.tables.get_mut(table).import = Some(module.imports.add(FIRST, "table", table));
    for (number, id) in global_ids(module, globals).into_iter().enumerate() {
        module.globals.get_mut(id).kind = GlobalKind::Import(module.imports.add(FIRST, &format!("global{number}"), id));
    }
    for (id, name) in &crossing.imports {
        let ty = module.funcs.get(ids[id]).ty();
        let import = module.imports.add(FIRST, name, ids[id]);
        module.funcs.get_mut(ids[id]).kind = FunctionKind::Import(ImportedFunction { import, ty });
    }
    walrus::passes::gc::run(module);
    Ok(())
}

/// Makes calls across the border that are not imports go through the table, in the functions that stay.
fn call_through_table(module: &mut Module, table: TableId, crossing: &Crossing, stays: impl Fn(usize) -> bool) {
    let types: BTreeMap<usize, TypeId> = module.funcs.iter().map(|function| (function.id().index(), function.ty())).collect();
    for (_, function) in module.funcs.iter_local_mut().filter(|(id, _)| stays(id.index())) {
        for sequence in sequences(function) {
            let instructions = &mut function.block_mut(sequence).instrs;
            for (instruction, place) in std::mem::take(instructions) {
                match instruction {
                    Instr::Call(Call { func }) if !stays(func.index()) && !crossing.imports.contains_key(&func.index()) => {
                        let slot = Value::I32(crossing.slots[&func.index()].cast_signed());
                        instructions.push((Instr::Const(Const { value: slot }), place));
                        instructions.push((Instr::CallIndirect(CallIndirect { ty: types[&func.index()], table }), place));
                    }
                    other => instructions.push((other, place)),
                }
            }
        }
    }
}

/// Makes the table hold just these.
fn fill(module: &mut Module, table: TableId, size: u32, functions: BTreeMap<u32, FunctionId>) {
    for id in module.elements.iter().map(|element| element.id()).collect::<Vec<_>>() {
        module.elements.delete(id);
    }
    let of_functions = module.tables.get_mut(table);
    (of_functions.initial, of_functions.maximum) = (size.into(), Some(size.into()));
    of_functions.elem_segments.clear();
    let mut runs: Vec<(u32, Vec<FunctionId>)> = Vec::new();
    let mut next = None;
    for (slot, id) in functions {
        match runs.last_mut() {
            Some((_, run)) if next == Some(slot) => run.push(id),
            _ => runs.push((slot, vec![id])),
        }
        next = Some(slot + 1);
    }
    for (start, run) in runs {
        let offset = ConstExpr::Value(Value::I32(start.cast_signed()));
        let id = module.elements.add(ElementKind::Active { table, offset }, ElementItems::Functions(run));
        module.tables.get_mut(table).elem_segments.insert(id);
    }
}

fn table(module: &Module) -> Result<TableId> {
    module.tables.main_function_table()?.context("there is no table of functions")
}

fn ids(module: &Module) -> BTreeMap<usize, FunctionId> {
    module.funcs.iter().map(|function| (function.id().index(), function.id())).collect()
}

/// Every function in the table, by its slot.
pub fn pointers(module: &Module) -> BTreeMap<u32, FunctionId> {
    let mut found = BTreeMap::new();
    for element in module.elements.iter() {
        if let (ElementKind::Active { offset: ConstExpr::Value(Value::I32(start)), .. }, ElementItems::Functions(items)) =
            (&element.kind, &element.items)
        {
            found.extend((start.cast_unsigned()..).zip(items.iter().copied()));
        }
    }
    found
}

/// The functions that one calls, once for each call.
pub fn calls(function: &LocalFunction) -> Vec<FunctionId> {
    struct Calls(Vec<FunctionId>);
    impl Visitor<'_> for Calls {
        fn visit_call(&mut self, call: &Call) {
            self.0.push(call.func);
        }
    }
    let mut calls = Calls(Vec::new());
    dfs_in_order(&mut calls, function, function.entry_block());
    calls.0
}

/// The blocks of a function.
fn sequences(function: &LocalFunction) -> Vec<InstrSeqId> {
    struct Sequences(Vec<InstrSeqId>);
    impl<'instr> Visitor<'instr> for Sequences {
        fn start_instr_seq(&mut self, sequence: &'instr InstrSeq) {
            self.0.push(sequence.id());
        }
    }
    let mut sequences = Sequences(Vec::new());
    dfs_in_order(&mut sequences, function, function.entry_block());
    sequences.0
}

/// The globals that some functions use, by index.
fn globals(module: &Module, of: &BTreeSet<usize>) -> Vec<usize> {
    struct Globals(BTreeSet<usize>);
    impl Visitor<'_> for Globals {
        fn visit_global_id(&mut self, id: &GlobalId) {
            self.0.insert(id.index());
        }
    }
    let mut globals = Globals(BTreeSet::new());
    for (_, function) in module.funcs.iter_local().filter(|(id, _)| of.contains(&id.index())) {
        dfs_in_order(&mut globals, function, function.entry_block());
    }
    globals.0.into_iter().collect()
}

fn global_ids(module: &Module, indexes: &[usize]) -> Vec<GlobalId> {
    module.globals.iter().map(|global| global.id()).filter(|id| indexes.contains(&id.index())).collect()
}
