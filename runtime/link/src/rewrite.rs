//! Rewrites a component with one module instead of several.

use std::collections::HashSet;

use wasm_encoder::reencode::ReencodeComponent;
use wasm_encoder::{Component, RawSection};
use wasmparser::{Parser, Payload};

use crate::exports::Exports;
use crate::group::Group;
use crate::kind::Kind;
use crate::layout::Layout;
use crate::linked::{COMPONENT_SECTION, Findings, Linked, MODULE_SECTION};
use crate::merge::merge;
use crate::order;
use crate::shape::{CoreInstance, Origin, Shape};
use crate::unlinked::Unlinked;
use crate::uses::Uses;

/// Maximum nesting of components. Toolchains nest one in another.
const DEPTH: u32 = 4;

/// Writes a component again, with its shared libraries in one module; likewise the components inside it.
pub(crate) fn rewrite(component: &[u8]) -> Result<Vec<u8>, Unlinked> {
    rewrite_at(component, 0)
}

/// Rewrites a component with `depth` components around it.
pub(crate) fn rewrite_at(component: &[u8], depth: u32) -> Result<Vec<u8>, Unlinked> {
    if depth > DEPTH {
        return Err(Unlinked::NoLibraries);
    }
    let shape = Shape::of(component)?;
    let group = match Group::of(&shape) {
        Err(Unlinked::NoLibraries) if shape.has_components => return inside(component, depth),
        group => group?,
    };
    let dropped = gathered_for_members(&shape, &group);
    let layout = Layout::of(&group, &shape)?;
    order::check(&shape, &group, &layout)?;
    let mut uses = Uses::new(&shape, &group, &dropped);
    written(&mut uses, component)?;
    let exports = Exports::of(&group, &layout, &uses.taken)?;
    let mut linked = Linked::new(Findings {
        shape: &shape,
        group: &group,
        layout: &layout,
        exports: &exports,
        dropped: &dropped,
        emptied: emptied(&shape, &group),
        module: merge(&group, &layout, &exports.exported)?,
        place: group.place(&shape)?,
        depth,
    });
    written(&mut linked, component)
}

fn written<R: ReencodeComponent<Error = Unlinked>>(reencoder: &mut R, component: &[u8]) -> Result<Vec<u8>, Unlinked> {
    let mut new = Component::new();
    reencoder.parse_component(&mut new, Parser::new(0), component)?;
    Ok(new.finish())
}

/// Gathered items that only members take: they go.
fn gathered_for_members(shape: &Shape<'_>, group: &Group<'_>) -> HashSet<u32> {
    let mut kept = HashSet::new();
    let mut taken = HashSet::new();
    for (index, instance) in (0..).zip(&shape.instances) {
        let CoreInstance::Made { arguments, .. } = instance else { continue };
        let by = if group.member_of(index).is_some() { &mut taken } else { &mut kept };
        by.extend(arguments.iter().map(|&(_, argument)| argument));
    }
    for kind in Kind::ALL {
        kept.extend(shape.items[kind].iter().filter_map(|origin| match origin {
            Origin::Export { instance, .. } => Some(*instance),
            Origin::Canonical { .. } => None,
        }));
    }
    let is_gathered = |instance: &u32| matches!(shape.instance(*instance), Ok(CoreInstance::Gathered(_)));
    taken.difference(&kept).copied().filter(is_gathered).collect()
}

/// The modules without further use.
fn emptied(shape: &Shape<'_>, group: &Group<'_>) -> HashSet<u32> {
    let (mut theirs, mut others) = (HashSet::new(), HashSet::new());
    for (index, instance) in (0..).zip(&shape.instances) {
        if let CoreInstance::Made { module, .. } = instance {
            if group.member_of(index).is_some() {
                theirs.insert(*module)
            } else {
                others.insert(*module)
            };
        }
    }
    theirs.difference(&others).copied().collect()
}

/// The component unchanged, with the components inside it linked.
fn inside(component: &[u8], at: u32) -> Result<Vec<u8>, Unlinked> {
    let mut new = Component::new();
    let mut is_linked = false;
    let (mut depth, mut nested) = (0, None);
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload?;
        match payload {
            Payload::ModuleSection { unchecked_range, .. } => {
                if depth == 0 {
                    copy(&mut new, MODULE_SECTION, component, unchecked_range)?;
                }
                depth += 1;
            }
            Payload::ComponentSection { unchecked_range, .. } => {
                if depth == 0 {
                    nested = Some(unchecked_range);
                }
                depth += 1;
            }
            Payload::End(_) if depth > 0 => depth -= 1,
            payload if depth == 0 => {
                if let Some((id, range)) = payload.as_section() {
                    copy(&mut new, id, component, range)?;
                }
            }
            _ => {}
        }
        if let Some(range) = nested.take() {
            let bytes = component.get(range).ok_or(Unlinked::CutOff)?;
            let linked = rewrite_at(bytes, at + 1);
            is_linked |= linked.is_ok();
            new.section(&RawSection { id: COMPONENT_SECTION, data: linked.as_deref().unwrap_or(bytes) });
        }
    }
    if is_linked { Ok(new.finish()) } else { Err(Unlinked::NoLibraries) }
}

fn copy(new: &mut Component, id: u8, from: &[u8], range: std::ops::Range<usize>) -> Result<(), Unlinked> {
    let data = from.get(range).ok_or(Unlinked::CutOff)?;
    new.section(&RawSection { id, data });
    Ok(())
}
