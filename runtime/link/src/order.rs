//! Whether it makes no difference when members are made earlier than they were.

use std::collections::HashSet;

use wasmparser::{DataKind, ElementKind};

use crate::group::{Group, ImportSource};
use crate::kind::Kind;
use crate::layout::Layout;
use crate::member::{Member, kind_of};
use crate::shape::Shape;
use crate::unlinked::Unlinked;

/// A table or a memory, by its index in the one module.
type Places = HashSet<(Kind, u32)>;

/// Fails if members that came after a late instance, and now come before it, write into tables or memories that it
/// writes into: of two values for one place the later stays. Making an instance has no other effects, because none has
/// a start function.
pub(crate) fn check(shape: &Shape<'_>, group: &Group<'_>, layout: &Layout) -> Result<(), Unlinked> {
    let mut late = Places::new();
    for (&instance, one) in &group.late {
        late.extend(written_late(shape, group, layout, instance, &one.module)?);
    }
    let Some((&first_late, _)) = group.late.first_key_value() else { return Ok(()) };
    for ((&instance, member), indices) in group.instances.iter().zip(&group.members).zip(&layout.indices) {
        if instance < first_late {
            continue;
        }
        for (kind, index) in written(member)? {
            let index = indices[kind].get(index as usize).ok_or(Unlinked::NoSuchItem)?;
            if late.contains(&(kind, *index)) {
                return Err(Unlinked::Circle);
            }
        }
    }
    Ok(())
}

/// The places that a late instance writes, if they are a member's.
fn written_late(
    shape: &Shape<'_>,
    group: &Group<'_>,
    layout: &Layout,
    instance: u32,
    module: &Member<'_>,
) -> Result<Places, Unlinked> {
    let written = written(module)?;
    let mut places = Places::new();
    for kind in [Kind::Table, Kind::Memory] {
        for (number, import) in (0..).zip(module.imports.iter().filter(|import| kind_of(import.ty) == kind)) {
            if !written.contains(&(kind, number)) {
                continue;
            }
            if let ImportSource::Member { member, name } = group.import(shape, instance, import)? {
                places.insert((kind, layout.export(group, member, kind, name)?));
            }
        }
    }
    Ok(places)
}

/// The places that a module writes when an instance is made, in its own indices.
fn written(module: &Member<'_>) -> Result<Places, Unlinked> {
    let mut places = Places::new();
    for element in module.elements.clone().into_iter().flatten() {
        if let ElementKind::Active { table_index, .. } = element?.kind {
            places.insert((Kind::Table, table_index.unwrap_or(0)));
        }
    }
    for data in module.data.clone().into_iter().flatten() {
        if let DataKind::Active { memory_index, .. } = data?.kind {
            places.insert((Kind::Memory, memory_index));
        }
    }
    Ok(places)
}
