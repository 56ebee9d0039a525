//! The items that the rest of a component takes from the joined modules.

use std::collections::HashSet;

use wasm_encoder::Component;
use wasm_encoder::reencode::{self, Reencode, ReencodeComponent, component_utils};
use wasmparser::{Instance, Payload};

use crate::group::{Group, ImportSource, Taken};
use crate::kind::Kind;
use crate::shape::Shape;
use crate::unlinked::Unlinked;

type Result<T, E = reencode::Error<Unlinked>> = std::result::Result<T, E>;

/// Collects the items that the rest of the component takes from members, by a dry run of writing it.
pub(crate) struct Uses<'u, 'a> {
    shape: &'u Shape<'a>,
    group: &'u Group<'a>,
    dropped: &'u HashSet<u32>,
    /// Number of core instances so far.
    instance: u32,
    pub(crate) taken: Vec<Taken<'a>>,
}

impl<'u, 'a> Uses<'u, 'a> {
    pub(crate) fn new(shape: &'u Shape<'a>, group: &'u Group<'a>, dropped: &'u HashSet<u32>) -> Uses<'u, 'a> {
        Uses { shape, group, dropped, instance: 0, taken: Vec::new() }
    }
}

impl Uses<'_, '_> {
    fn uses(&mut self, kind: Kind, item: u32) -> Result<u32> {
        let source = self.group.source(self.shape, kind, item).map_err(reencode::Error::UserError)?;
        if let ImportSource::Member { member, name } = source {
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
                let Some(late) = self.group.late.get(&index) else { return Ok(()) };
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
