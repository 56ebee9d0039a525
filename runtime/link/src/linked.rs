//! Writes the component again, with one module instead of several.

use std::collections::{HashMap, HashSet};

use wasm_encoder::reencode::{self, Reencode, ReencodeComponent, component_utils};
use wasm_encoder::{
    Alias, CanonicalFunctionSection, Component, ComponentAliasSection, InstanceSection, ModuleArg, RawSection,
};
use wasmparser::{CanonicalFunction, ComponentAlias, Export, Instance, InstantiationArg, KnownCustom, Payload};

use crate::exports::Exports;
use crate::group::{Group, ImportSource, Late, Taken};
use crate::kind::{Kind, PerKind};
use crate::layout::Layout;
use crate::merge::OUTSIDE;
use crate::rewrite::rewrite_at;
use crate::shape::Shape;
use crate::unlinked::Unlinked;

type Result<T, E = reencode::Error<Unlinked>> = std::result::Result<T, E>;

/// The number of a core module's section.
pub(crate) const MODULE_SECTION: u8 = 1;
/// The number of a nested component's section.
pub(crate) const COMPONENT_SECTION: u8 = 4;
/// Replaces a module without further use, so that the others keep their indices.
const EMPTY_MODULE: &[u8] = b"\0asm\x01\0\0\0";

/// Number of core instances and items written so far.
#[derive(Default)]
struct Numbers {
    instances: u32,
    items: PerKind<u32>,
}

/// The analysis that precedes the writing of the component.
pub(crate) struct Findings<'f, 'a> {
    pub(crate) shape: &'f Shape<'a>,
    pub(crate) group: &'f Group<'a>,
    pub(crate) layout: &'f Layout,
    pub(crate) exports: &'f Exports<'a>,
    /// Instances of gathered items that go.
    pub(crate) dropped: &'f HashSet<u32>,
    /// Modules that go.
    pub(crate) emptied: HashSet<u32>,
    /// The one module, and the index of the module that it replaces.
    pub(crate) module: Vec<u8>,
    pub(crate) place: u32,
    /// Number of components around this one.
    pub(crate) depth: u32,
}

/// Writes the component with the one module.
pub(crate) struct Linked<'f, 'a> {
    found: Findings<'f, 'a>,
    modules: u32,
    read: Numbers,
    written: Numbers,
    /// New indices of instances, by old ones.
    instances: HashMap<u32, u32>,
    /// New indices of items that others than members have made, by old ones.
    items: PerKind<HashMap<u32, u32>>,
    /// New indices of the one module's exports, once its instance is written.
    exported: Vec<u32>,
}

impl<'f, 'a> Linked<'f, 'a> {
    pub(crate) fn new(found: Findings<'f, 'a>) -> Linked<'f, 'a> {
        Linked {
            found,
            modules: 0,
            read: Numbers::default(),
            written: Numbers::default(),
            instances: HashMap::new(),
            items: PerKind::default(),
            exported: Vec::new(),
        }
    }
}

impl Linked<'_, '_> {
    /// The new index of an item.
    fn item(&self, kind: Kind, old: u32) -> Result<u32> {
        match self.found.group.source(self.found.shape, kind, old).map_err(reencode::Error::UserError)? {
            ImportSource::Member { member, name } => self.taken(Taken { kind, member, name }),
            ImportSource::Outside(_) => {
                self.items[kind].get(&old).copied().ok_or(reencode::Error::UserError(Unlinked::Circle))
            }
        }
    }

    /// The index of something that was a member's. It may be asked for before there is the one module.
    fn taken(&self, taken: Taken<'_>) -> Result<u32> {
        let index = self.found.exports.number(taken).and_then(|number| self.exported.get(number).copied());
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
        let data = if index == self.found.place {
            &self.found.module
        } else if self.found.emptied.contains(&index) {
            EMPTY_MODULE
        } else {
            bytes
        };
        new.section(&RawSection { id: MODULE_SECTION, data });
    }

    fn instance(&mut self, new: &mut Component, instance: Instance<'_>) -> Result<()> {
        let old = self.read.instances;
        self.read.instances += 1;
        if old == self.found.group.place_of_instance() {
            return self.one_instance(new);
        }
        if self.found.group.member_of(old).is_some() || self.found.dropped.contains(&old) {
            return Ok(());
        }
        let mut section = InstanceSection::new();
        match instance {
            Instance::Instantiate { module_index, args } => {
                let late = self.found.group.late.get(&old);
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

    /// An instance under its new index. A member no longer exists: the items taken from it are gathered first.
    fn argument<'e>(
        &mut self,
        late: Option<&Late<'_>>,
        argument: &InstantiationArg<'e>,
        section: &mut InstanceSection,
    ) -> Result<(&'e str, ModuleArg)> {
        let instance = match self.found.group.member_of(argument.index).zip(late) {
            Some((member, late)) => {
                let mut items = Vec::new();
                for taken in self.found.group.taken_whole(late, argument.name, member) {
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

    /// The one module's instance, and its exports for the rest of the component.
    fn one_instance(&mut self, new: &mut Component) -> Result<()> {
        let mut section = InstanceSection::new();
        let mut taken = Vec::new();
        for (number, import) in self.found.layout.imports.iter().enumerate() {
            taken.push((number.to_string(), import.kind.into(), self.item(import.kind, import.item)?));
        }
        section.export_items(taken);
        let outside = self.write_instance();
        section.instantiate(self.found.place, [(OUTSIDE, ModuleArg::Instance(outside))]);
        let instance = self.write_instance();
        new.section(&section);
        let mut aliases = ComponentAliasSection::new();
        for (name, kind, _) in &self.found.exports.exported {
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
        if let ImportSource::Member { .. } =
            self.found.group.source(self.found.shape, kind, old).map_err(reencode::Error::UserError)?
        {
            return Ok(());
        }
        let instance = self.known_instance(instance_index)?;
        section.alias(Alias::CoreInstanceExport { instance, kind: kind.into(), name });
        let index = self.write_item(kind);
        self.items[kind].insert(old, index);
        Ok(())
    }

    fn nested(&self, new: &mut Component, bytes: &[u8]) {
        let linked = rewrite_at(bytes, self.found.depth + 1);
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

    fn parse_component_canonical(
        &mut self,
        section: &mut CanonicalFunctionSection,
        function: CanonicalFunction,
    ) -> Result<()> {
        let makes_item = !matches!(function, CanonicalFunction::Lift { .. });
        component_utils::parse_component_canonical(self, section, function)?;
        if makes_item {
            let (old, index) = (self.read_item(Kind::Function), self.write_item(Kind::Function));
            self.items[Kind::Function].insert(old, index);
        }
        Ok(())
    }
}
