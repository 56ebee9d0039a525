//! The structure of a component: its core modules, their instances, and the origin of each core item.

use std::collections::HashMap;

use wasmparser::{
    CanonicalFunction, CanonicalOption, ComponentAlias, ComponentExternalKind, ComponentOuterAliasKind,
    ComponentTypeRef, Instance, Parser, Payload,
};

use crate::kind::{Kind, PerKind};
use crate::unlinked::Unlinked;

/// The core level of one component; components inside it are not looked at.
#[derive(Default)]
pub(crate) struct Shape<'a> {
    /// The core modules' bytes, by index.
    pub(crate) modules: Vec<&'a [u8]>,
    /// The core instances, by index.
    pub(crate) instances: Vec<CoreInstance<'a>>,
    /// Origins of core items, by index.
    pub(crate) items: PerKind<Vec<Origin<'a>>>,
    /// Whether there are components inside.
    pub(crate) has_components: bool,
}

/// One core instance.
pub(crate) enum CoreInstance<'a> {
    /// A module, given instances by name.
    Made { module: u32, arguments: Vec<(&'a str, u32)> },
    /// Items that were gathered under names.
    Gathered(HashMap<(&'a str, Kind), u32>),
}

/// The origin of a core item.
#[derive(Clone, Copy)]
pub(crate) enum Origin<'a> {
    /// An instance's export.
    Export { instance: u32, name: &'a str },
    /// The host or another component. `needs_instance`: it works on some instance's memory, so it exists only after that.
    Canonical { needs_instance: bool },
}

impl<'a> Shape<'a> {
    /// Reads a component.
    pub(crate) fn of(component: &'a [u8]) -> Result<Shape<'a>, Unlinked> {
        let mut shape = Shape::default();
        let mut depth = 0;
        for payload in Parser::new(0).parse_all(component) {
            let payload = payload?;
            match payload {
                Payload::ModuleSection { ref unchecked_range, .. } if depth == 0 => {
                    let bytes = component.get(unchecked_range.clone()).ok_or(Unlinked::CutOff)?;
                    shape.modules.push(bytes);
                    depth += 1;
                }
                Payload::ModuleSection { .. } => depth += 1,
                Payload::ComponentSection { .. } => {
                    shape.has_components = true;
                    depth += 1;
                }
                Payload::End(_) if depth > 0 => depth -= 1,
                payload if depth == 0 => shape.read(payload)?,
                _ => {}
            }
        }
        Ok(shape)
    }

    fn read(&mut self, payload: Payload<'a>) -> Result<(), Unlinked> {
        match payload {
            Payload::InstanceSection(instances) => {
                for instance in instances {
                    let instance = core_instance(instance?);
                    self.refers_to_earlier(&instance)?;
                    self.instances.push(instance);
                }
            }
            Payload::ComponentAliasSection(aliases) => {
                for alias in aliases {
                    self.read_alias(alias?)?;
                }
            }
            Payload::ComponentCanonicalSection(functions) => {
                for function in functions {
                    let function = function?;
                    if !matches!(function, CanonicalFunction::Lift { .. }) {
                        let needs_instance = needs_instance(&function);
                        self.items[Kind::Function].push(Origin::Canonical { needs_instance });
                    }
                }
            }
            Payload::ComponentImportSection(imports) => {
                for import in imports {
                    if matches!(import?.ty, ComponentTypeRef::Module(_)) {
                        return Err(Unlinked::ForeignModule);
                    }
                }
            }
            Payload::ComponentExportSection(exports) => {
                for export in exports {
                    if export?.kind == ComponentExternalKind::Module {
                        return Err(Unlinked::ForeignModule);
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn read_alias(&mut self, alias: ComponentAlias<'a>) -> Result<(), Unlinked> {
        match alias {
            ComponentAlias::CoreInstanceExport { kind, instance_index, name } => {
                self.instance(instance_index)?;
                self.items[kind.into()].push(Origin::Export { instance: instance_index, name });
                Ok(())
            }
            ComponentAlias::InstanceExport { kind: ComponentExternalKind::Module, .. }
            | ComponentAlias::Outer { kind: ComponentOuterAliasKind::CoreModule, .. } => Err(Unlinked::ForeignModule),
            _ => Ok(()),
        }
    }

    /// Everything in a component refers to earlier items, so following references ends.
    fn refers_to_earlier(&self, instance: &CoreInstance<'_>) -> Result<(), Unlinked> {
        match instance {
            CoreInstance::Made { arguments, .. } => {
                arguments.iter().try_for_each(|&(_, instance)| self.instance(instance).map(drop))
            }
            CoreInstance::Gathered(items) => {
                items.iter().try_for_each(|(&(_, kind), &item)| self.origin(kind, item).map(drop))
            }
        }
    }

    pub(crate) fn origin(&self, kind: Kind, item: u32) -> Result<Origin<'a>, Unlinked> {
        self.items[kind].get(item as usize).copied().ok_or(Unlinked::NoSuchItem)
    }

    pub(crate) fn instance(&self, instance: u32) -> Result<&CoreInstance<'a>, Unlinked> {
        self.instances.get(instance as usize).ok_or(Unlinked::NoSuchItem)
    }
}

fn core_instance(instance: Instance<'_>) -> CoreInstance<'_> {
    match instance {
        Instance::Instantiate { module_index, args } => CoreInstance::Made {
            module: module_index,
            arguments: args.iter().map(|argument| (argument.name, argument.index)).collect(),
        },
        Instance::FromExports(exports) => CoreInstance::Gathered(
            exports.iter().map(|export| ((export.name, export.kind.into()), export.index)).collect(),
        ),
    }
}

/// Whether a function that the component makes of an imported one refers to an instance; true for unknown ones.
fn needs_instance(function: &CanonicalFunction) -> bool {
    match function {
        CanonicalFunction::Lower { options, .. } => options.iter().any(|option| {
            !matches!(
                option,
                CanonicalOption::UTF8 | CanonicalOption::UTF16 | CanonicalOption::CompactUTF16 | CanonicalOption::Async
            )
        }),
        CanonicalFunction::ResourceNew { .. }
        | CanonicalFunction::ResourceDrop { .. }
        | CanonicalFunction::ResourceRep { .. } => false,
        _ => true,
    }
}
