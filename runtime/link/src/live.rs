//! Finds the functions that can be reached, and the globals that never change.

use std::collections::HashSet;

use wasmparser::{ElementItems, FunctionBody, Operator};

use crate::group::Group;
use crate::kind::{Kind, PerKind};
use crate::layout::Layout;
use crate::unlinked::Unlinked;

/// The reachable parts of the one module, in its numbering.
#[derive(Default)]
pub(crate) struct Live {
    /// The functions that can be called.
    pub(crate) functions: HashSet<u32>,
    /// The globals that may be set.
    pub(crate) set: HashSet<u32>,
    /// The functions that are referred to by name in code.
    pub(crate) referenced: Vec<u32>,
}

impl Live {
    /// Follows calls, beginning at exports and at entries of tables.
    pub(crate) fn of(group: &Group<'_>, layout: &Layout, exports: &[(Kind, u32)]) -> Result<Live, Unlinked> {
        let bodies = bodies(group);
        let first = layout.imported(Kind::Function);
        let mut live = Live::default();
        let mut open: Vec<u32> = roots(group, layout)?;
        for &(kind, index) in exports {
            match kind {
                Kind::Function => open.push(index),
                // Its importer may set it.
                Kind::Global => drop(live.set.insert(index)),
                _ => {}
            }
        }
        while let Some(function) = open.pop() {
            if !live.functions.insert(function) {
                continue;
            }
            let Some(index) = function.checked_sub(first) else { continue };
            let (member, body) = bodies.get(index as usize).ok_or(Unlinked::NoSuchItem)?;
            live.follow(&layout.indices[*member], body, &mut open)?;
        }
        live.referenced.sort_unstable();
        live.referenced.dedup();
        Ok(live)
    }

    fn follow(
        &mut self,
        indices: &PerKind<Vec<u32>>,
        body: &FunctionBody<'_>,
        open: &mut Vec<u32>,
    ) -> Result<(), Unlinked> {
        let new = |kind: Kind, index: u32| indices[kind].get(index as usize).copied().ok_or(Unlinked::NoSuchItem);
        for operator in body.get_operators_reader()? {
            match operator? {
                Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                    open.push(new(Kind::Function, function_index)?);
                }
                Operator::RefFunc { function_index } => {
                    let function = new(Kind::Function, function_index)?;
                    open.push(function);
                    self.referenced.push(function);
                }
                Operator::GlobalSet { global_index }
                | Operator::GlobalAtomicSet { global_index, .. }
                | Operator::GlobalAtomicRmwAdd { global_index, .. }
                | Operator::GlobalAtomicRmwSub { global_index, .. }
                | Operator::GlobalAtomicRmwAnd { global_index, .. }
                | Operator::GlobalAtomicRmwOr { global_index, .. }
                | Operator::GlobalAtomicRmwXor { global_index, .. }
                | Operator::GlobalAtomicRmwXchg { global_index, .. }
                | Operator::GlobalAtomicRmwCmpxchg { global_index, .. } => {
                    self.set.insert(new(Kind::Global, global_index)?);
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// The bodies of all functions in the one module's order, with their members.
pub(crate) fn bodies<'g, 'a>(group: &'g Group<'a>) -> Vec<(usize, &'g FunctionBody<'a>)> {
    let of_member = |(member, module): (usize, &'g crate::member::Member<'a>)| {
        module.bodies.iter().map(move |body| (member, body)).collect::<Vec<_>>()
    };
    group.members.iter().enumerate().flat_map(of_member).collect()
}

/// The functions that stand in tables and globals.
fn roots(group: &Group<'_>, layout: &Layout) -> Result<Vec<u32>, Unlinked> {
    let mut roots = Vec::new();
    for (member, indices) in group.members.iter().zip(&layout.indices) {
        let functions = &indices[Kind::Function];
        let new = |index: u32| functions.get(index as usize).copied().ok_or(Unlinked::NoSuchItem);
        let referred = |expression: wasmparser::ConstExpr<'_>, roots: &mut Vec<u32>| -> Result<(), Unlinked> {
            for operator in expression.get_operators_reader() {
                if let Operator::RefFunc { function_index } = operator? {
                    roots.push(new(function_index)?);
                }
            }
            Ok(())
        };
        for element in member.elements.clone().into_iter().flatten() {
            match element?.items {
                ElementItems::Functions(functions) => {
                    for function in functions {
                        roots.push(new(function?)?);
                    }
                }
                ElementItems::Expressions(_, expressions) => {
                    for expression in expressions {
                        referred(expression?, &mut roots)?;
                    }
                }
            }
        }
        for global in &member.globals {
            referred(global.init_expr.clone(), &mut roots)?;
        }
        for table in member.tables.clone().into_iter().flatten() {
            if let wasmparser::TableInit::Expr(expression) = table?.init {
                referred(expression, &mut roots)?;
            }
        }
    }
    Ok(roots)
}
