//! The component, written again with one module in place of several.

use std::collections::{HashMap, HashSet};

use wasm_encoder::reencode::{self, Reencode, ReencodeComponent, component_utils};
use wasm_encoder::{
    Alias, CanonicalFunctionSection, Component, ComponentAliasSection, InstanceSection, Module, ModuleArg,
    RawSection,
};
use wasmparser::{CanonicalFunction, ComponentAlias, Export, Instance, InstantiationArg, KnownCustom, Parser, Payload};

use crate::exports::Exports;
use crate::group::{Group, Late, Source, Taken};
use crate::kind::{Kind, PerKind};
use crate::layout::Layout;
use crate::merge::{OUTSIDE, merge};
use crate::shape::{CoreInstance, Origin, Shape};
use crate::unlinked::Unlinked;

type Result<T, E = reencode::Error<Unlinked>> = std::result::Result<T, E>;

/// The number of a nested component's section.
const COMPONENT_SECTION: u8 = 4;
/// The number of a core module's section.
const MODULE_SECTION: u8 = 1;

/// Writes a component again, with what is made of shared libraries in one module; so with the components inside it.
pub(crate) fn rewrite(component: &[u8]) -> Result<Vec<u8>, Unlinked> {
    let shape = Shape::of(component)?;
    let group = match Group::of(&shape) {
        Err(Unlinked::NoLibraries) if shape.has_components => return inside(component),
        group => group?,
    };
    let dropped = gathered_for_members(&shape, &group);
    let layout = Layout::of(&group, &shape)?;
    let mut uses = Uses { shape: &shape, group: &group, dropped: &dropped, instance: 0, taken: Vec::new() };
    written(&mut uses, component)?;
    let exports = Exports::of(&group, &layout, &uses.taken)?;
    let mut linked = Linked {
        module: merge(&group, &layout, &exports.exported)?,
        place: group.place(&shape)?,
        emptied: emptied(&shape, &group),
        dropped: &dropped,
        shape: &shape,
        group: &group,
        layout: &layout,
        exports: &exports,
        modules: 0,
        read: Numbers::default(),
        written: Numbers::default(),
        instances: HashMap::new(),
        items: PerKind::default(),
        exported: Vec::new(),
    };
    Ok(written(&mut linked, component)?)
}

fn written<R: ReencodeComponent<Error = Unlinked>>(reencoder: &mut R, component: &[u8]) -> Result<Vec<u8>> {
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

/// The modules that nobody needs any more.
fn emptied(shape: &Shape<'_>, group: &Group<'_>) -> HashSet<u32> {
    let (mut theirs, mut others) = (HashSet::new(), HashSet::new());
    for (index, instance) in (0..).zip(&shape.instances) {
        if let CoreInstance::Made { module, .. } = instance {
            if group.member_of(index).is_some() { theirs.insert(*module) } else { others.insert(*module) };
        }
    }
    theirs.difference(&others).copied().collect()
}

/// The component as it is, with the components inside it linked.
fn inside(component: &[u8]) -> Result<Vec<u8>, Unlinked> {
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
            payload if depth == 0 => match payload.as_section() {
                Some((id, range)) => copy(&mut new, id, component, range)?,
                None => {}
            },
            _ => {}
        }
        if let Some(range) = nested.take() {
            let bytes = component.get(range).ok_or(Unlinked::CutOff)?;
            let linked = rewrite(bytes);
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

/// Finds out what the rest of the component takes from members, by writing it for nothing.
struct Uses<'u, 'a> {
    shape: &'u Shape<'a>,
    group: &'u Group<'a>,
    dropped: &'u HashSet<u32>,
    instance: u32,
    taken: Vec<Taken<'a>>,
}

impl Uses<'_, '_> {
    fn uses(&mut self, kind: Kind, item: u32) -> Result<u32> {
        let source = self.group.source(self.shape, kind, item).map_err(reencode::Error::UserError)?;
        if let Source::Member { member, name } = source {
            self.taken.push(Taken { kind, member, name });
        }
        Ok(item)
    }

    fn instance(&mut self, instance: &Instance<'_>) -> Result<()> {
        let index = self.instance;
        self.instance += 1;
        match instance {
            Instance::FromExports(exports) if !self.dropped.contains(&index) => {
                for export in exports {
                    self.uses(export.kind.into(), export.index)?;
                }
            }
            Instance::FromExports(_) => {}
            Instance::Instantiate { args, .. } => {
                let Some(late) = self.group.late.iter().find(|late| late.instance == index) else { return Ok(()) };
                for argument in args {
                    if let Some(member) = self.group.member_of(argument.index) {
                        self.taken.extend(self.group.taken_whole(late, argument.name, member));
                    }
                }
            }
        }
        Ok(())
    }
}

impl Reencode for Uses<'_, '_> {
    type Error = Unlinked;

    fn function_index(&mut self, function: u32) -> Result<u32> {
        self.uses(Kind::Function, function)
    }

    fn table_index(&mut self, table: u32) -> Result<u32> {
        self.uses(Kind::Table, table)
    }

    fn memory_index(&mut self, memory: u32) -> Result<u32> {
        self.uses(Kind::Memory, memory)
    }

    fn global_index(&mut self, global: u32) -> Result<u32> {
        self.uses(Kind::Global, global)
    }

    fn tag_index(&mut self, tag: u32) -> Result<u32> {
        self.uses(Kind::Tag, tag)
    }
}

impl ReencodeComponent for Uses<'_, '_> {
    fn parse_component_payload(&mut self, new: &mut Component, payload: Payload<'_>, whole: &[u8]) -> Result<()> {
        match payload {
            Payload::ModuleSection { .. }
            | Payload::ComponentSection { .. }
            | Payload::ComponentAliasSection(_)
            | Payload::CustomSection(_) => Ok(()),
            Payload::InstanceSection(instances) => {
                for instance in instances {
                    self.instance(&instance?)?;
                }
                Ok(())
            }
            payload => component_utils::parse_component_payload(self, new, payload, whole),
        }
    }
}

/// How many core instances and items there have been.
#[derive(Default)]
struct Numbers {
    instances: u32,
    items: PerKind<u32>,
}

/// Writes the component with the one module.
struct Linked<'l, 'a> {
    module: Vec<u8>,
    /// The module whose place it takes.
    place: u32,
    emptied: HashSet<u32>,
    dropped: &'l HashSet<u32>,
    shape: &'l Shape<'a>,
    group: &'l Group<'a>,
    layout: &'l Layout,
    exports: &'l Exports<'a>,
    modules: u32,
    read: Numbers,
    written: Numbers,
    /// New indices of instances, by old ones.
    instances: HashMap<u32, u32>,
    /// New indices of items that others than members have made, by old ones.
    items: PerKind<HashMap<u32, u32>>,
    /// New indices of what the one module exports, once it is there.
    exported: Vec<u32>,
}

impl Linked<'_, '_> {
    /// The new index of an item.
    fn item(&self, kind: Kind, old: u32) -> Result<u32> {
        match self.group.source(self.shape, kind, old).map_err(reencode::Error::UserError)? {
            Source::Member { member, name } => self.taken(Taken { kind, member, name }),
            Source::Outside(_) => self.items[kind].get(&old).copied().ok_or(reencode::Error::UserError(Unlinked::Circle)),
        }
    }

    /// The index of something that was a member's. It may be asked for before there is the one module.
    fn taken(&self, taken: Taken<'_>) -> Result<u32> {
        let index = self.exports.number(taken).and_then(|number| self.exported.get(number).copied());
        index.ok_or(reencode::Error::UserError(Unlinked::Circle))
    }

    fn read_item(&mut self, kind: Kind) -> u32 {
        self.read.items[kind] += 1;
        self.read.items[kind] - 1
    }

    fn write_item(&mut self, kind: Kind) -> u32 {
        self.written.items[kind] += 1;
        self.written.items[kind] - 1
    }

    fn write_instance(&mut self) -> u32 {
        self.written.instances += 1;
        self.written.instances - 1
    }

    fn module(&mut self, new: &mut Component, bytes: &[u8]) {
        let index = self.modules;
        self.modules += 1;
        let empty = || Module::new().finish();
        if index == self.place {
            new.section(&RawSection { id: MODULE_SECTION, data: &self.module });
        } else if self.emptied.contains(&index) {
            // Still there, so that the others keep their numbers.
            new.section(&RawSection { id: MODULE_SECTION, data: &empty() });
        } else {
            new.section(&RawSection { id: MODULE_SECTION, data: bytes });
        }
    }

    fn instance(&mut self, new: &mut Component, instance: Instance<'_>) -> Result<()> {
        let old = self.read.instances;
        self.read.instances += 1;
        if old == self.group.place_of_instance() {
            return self.one_instance(new);
        }
        if self.group.member_of(old).is_some() || self.dropped.contains(&old) {
            return Ok(());
        }
        let mut section = InstanceSection::new();
        match instance {
            Instance::Instantiate { module_index, args } => {
                let late = self.group.late.iter().find(|late| late.instance == old);
                let mut arguments = Vec::new();
                for argument in &args {
                    arguments.push(self.argument(late, argument, &mut section)?);
                }
                section.instantiate(module_index, arguments);
            }
            Instance::FromExports(exports) => {
                let items = exports.iter().map(|export| self.gathered(export)).collect::<Result<Vec<_>>>()?;
                section.export_items(items);
            }
        }
        new.section(&section);
        let index = self.write_instance();
        self.instances.insert(old, index);
        Ok(())
    }

    /// An instance under its new index. A member is none any more: what is taken from it is gathered first.
    fn argument<'e>(
        &mut self,
        late: Option<&Late<'_>>,
        argument: &InstantiationArg<'e>,
        section: &mut InstanceSection,
    ) -> Result<(&'e str, ModuleArg)> {
        let instance = match self.group.member_of(argument.index).zip(late) {
            Some((member, late)) => {
                let mut items = Vec::new();
                for taken in self.group.taken_whole(late, argument.name, member) {
                    items.push((taken.name, taken.kind.into(), self.taken(taken)?));
                }
                section.export_items(items);
                self.write_instance()
            }
            None => self.known_instance(argument.index)?,
        };
        Ok((argument.name, ModuleArg::Instance(instance)))
    }

    fn known_instance(&self, old: u32) -> Result<u32> {
        self.instances.get(&old).copied().ok_or(reencode::Error::UserError(Unlinked::Circle))
    }

    fn gathered<'e>(&self, export: &Export<'e>) -> Result<(&'e str, wasm_encoder::ExportKind, u32)> {
        let kind = Kind::from(export.kind);
        Ok((export.name, kind.into(), self.item(kind, export.index)?))
    }

    /// The one module's instance, and what the rest of the component takes from it.
    fn one_instance(&mut self, new: &mut Component) -> Result<()> {
        let mut section = InstanceSection::new();
        let mut taken = Vec::new();
        for (number, import) in self.layout.imports.iter().enumerate() {
            taken.push((number.to_string(), import.kind.into(), self.item(import.kind, import.item)?));
        }
        section.export_items(taken);
        let outside = self.write_instance();
        section.instantiate(self.place, [(OUTSIDE, ModuleArg::Instance(outside))]);
        let instance = self.write_instance();
        new.section(&section);
        let mut aliases = ComponentAliasSection::new();
        for (name, kind, _) in &self.exports.exported {
            aliases.alias(Alias::CoreInstanceExport { instance, kind: (*kind).into(), name });
            let index = self.write_item(*kind);
            self.exported.push(index);
        }
        new.section(&aliases);
        Ok(())
    }

    fn alias(&mut self, section: &mut ComponentAliasSection, alias: ComponentAlias<'_>) -> Result<()> {
        let ComponentAlias::CoreInstanceExport { kind, instance_index, name } = alias else {
            section.alias(self.component_alias(alias)?);
            return Ok(());
        };
        let kind = Kind::from(kind);
        let old = self.read_item(kind);
        if let Source::Member { .. } = self.group.source(self.shape, kind, old).map_err(reencode::Error::UserError)? {
            return Ok(());
        }
        let instance = self.known_instance(instance_index)?;
        section.alias(Alias::CoreInstanceExport { instance, kind: kind.into(), name });
        let index = self.write_item(kind);
        self.items[kind].insert(old, index);
        Ok(())
    }

    fn nested(&self, new: &mut Component, bytes: &[u8]) {
        let linked = rewrite(bytes);
        new.section(&RawSection { id: COMPONENT_SECTION, data: linked.as_deref().unwrap_or(bytes) });
    }
}

impl Reencode for Linked<'_, '_> {
    type Error = Unlinked;

    fn function_index(&mut self, function: u32) -> Result<u32> {
        self.item(Kind::Function, function)
    }

    fn table_index(&mut self, table: u32) -> Result<u32> {
        self.item(Kind::Table, table)
    }

    fn memory_index(&mut self, memory: u32) -> Result<u32> {
        self.item(Kind::Memory, memory)
    }

    fn global_index(&mut self, global: u32) -> Result<u32> {
        self.item(Kind::Global, global)
    }

    fn tag_index(&mut self, tag: u32) -> Result<u32> {
        self.item(Kind::Tag, tag)
    }
}

impl ReencodeComponent for Linked<'_, '_> {
    fn parse_component_payload(&mut self, new: &mut Component, payload: Payload<'_>, whole: &[u8]) -> Result<()> {
        match payload {
            Payload::ModuleSection { unchecked_range, .. } => {
                let bytes = whole.get(unchecked_range).ok_or(reencode::Error::UserError(Unlinked::CutOff))?;
                self.module(new, bytes);
            }
            Payload::ComponentSection { unchecked_range, .. } => {
                let bytes = whole.get(unchecked_range).ok_or(reencode::Error::UserError(Unlinked::CutOff))?;
                self.nested(new, bytes);
            }
            Payload::InstanceSection(instances) => {
                for instance in instances {
                    self.instance(new, instance?)?;
                }
            }
            Payload::ComponentAliasSection(aliases) => {
                let mut section = ComponentAliasSection::new();
                for alias in aliases {
                    self.alias(&mut section, alias?)?;
                }
                new.section(&section);
            }
            // The items that it names have other numbers now.
            Payload::CustomSection(section) if matches!(section.as_known(), KnownCustom::ComponentName(_)) => {}
            payload => component_utils::parse_component_payload(self, new, payload, whole)?,
        }
        Ok(())
    }

    fn parse_component_canonical(&mut self, section: &mut CanonicalFunctionSection, function: CanonicalFunction) -> Result<()> {
        let makes_item = !matches!(function, CanonicalFunction::Lift { .. });
        component_utils::parse_component_canonical(self, section, function)?;
        if makes_item {
            let (old, index) = (self.read_item(Kind::Function), self.write_item(Kind::Function));
            self.items[Kind::Function].insert(old, index);
        }
        Ok(())
    }
}
