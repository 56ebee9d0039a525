//! Counts the contents of a component after instantiation, without instantiating it.
//!
//! A part is a component or a core module inside of a component. It can be instantiated repeatedly, by parts that are
//! themselves instantiated repeatedly: a few more bytes double the amount to compile and to hold. So each part is
//! counted once, and its count is multiplied. That takes as long as reading the file.

use squall_plan::Limits;
use wasmparser::{
    CanonicalFunction, ComponentAlias, ComponentExternalKind, ComponentInstance, ComponentOuterAliasKind,
    ComponentType, ComponentTypeDeclaration, ComponentTypeRef, Instance, InstanceTypeDeclaration, Parser, Payload,
    TypeBounds,
};

use crate::requirements::Extent;

/// The default size of a page of linear memory, in bytes.
pub(crate) const PAGE: u64 = 64 << 10;
/// Maximum expanded number of types of instances. Each takes some kilobytes of memory.
const MOST_TYPES: u64 = 10_000;
/// Maximum nesting of instances. (Wasmparser panics at 128, in which types of values have 100.)
const MOST_DEPTH: u64 = 10;
/// Maximum number of extents to list; further ones are only counted.
const MOST_EXTENTS: usize = 100;

/// The contents of one instance of a part. Numbers saturate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) memories: Extents,
    pub(crate) tables: Extents,
    pub(crate) core_instances: u64,
    pub(crate) component_instances: u64,
    /// Number of parts, instantiated or not.
    pub(crate) parts: u64,
    /// Number of definitions to process for putting the parts together.
    pub(crate) definitions: u64,
    /// Expanded number of types of its instances, those in them counted as often as they are exported: with resources,
    /// each is a separate copy for every reader of the component.
    pub(crate) types: u64,
    /// Maximum nesting of types of instances, and of instances.
    pub(crate) depth: u64,
    /// Functions that are lifted and lowered: there is code to compile for each.
    pub(crate) adapted: u64,
    /// Whether parts come from elsewhere, so that their contents are unknown.
    pub(crate) has_foreign_parts: bool,
}

/// Memories, or tables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extents {
    pub(crate) count: u64,
    /// Of all together, in the beginning.
    pub(crate) initial: u64,
    /// The first of them.
    pub(crate) first: Vec<Extent>,
}

impl Extents {
    fn push(&mut self, extent: Extent) {
        self.count = self.count.saturating_add(1);
        self.initial = self.initial.saturating_add(extent.initial);
        if self.first.len() < MOST_EXTENTS {
            self.first.push(extent);
        }
    }

    fn add(&mut self, other: &Extents) {
        self.count = self.count.saturating_add(other.count);
        self.initial = self.initial.saturating_add(other.initial);
        let room = MOST_EXTENTS - self.first.len();
        self.first.extend(other.first.iter().take(room));
    }
}

impl Tally {
    /// Reads a component, or a core module. The compiler refuses anything that does not parse: it is counted up to
    /// there.
    pub(crate) fn of(wasm: &[u8]) -> Tally {
        let mut reading = Reading { parts: Vec::new(), around: vec![Scope::default()] };
        for payload in Parser::new(0).parse_all(wasm) {
            let Ok(payload) = payload else { break };
            if reading.take(payload).is_err() {
                break;
            }
        }
        let whole = reading.around.into_iter().next();
        Tally { parts: reading.parts.len() as u64, ..whole.map(|scope| scope.tally).unwrap_or_default() }
    }

    fn add(&mut self, other: &Tally) {
        self.memories.add(&other.memories);
        self.tables.add(&other.tables);
        self.core_instances = self.core_instances.saturating_add(other.core_instances);
        self.component_instances = self.component_instances.saturating_add(other.component_instances);
        self.definitions = self.definitions.saturating_add(other.definitions);
        self.types = self.types.saturating_add(other.types);
        self.depth = self.depth.max(other.depth);
        self.adapted = self.adapted.saturating_add(other.adapted);
        self.has_foreign_parts |= other.has_foreign_parts;
    }

    /// Whether reading and compiling it stays within limits. Checked before anything else is done with it.
    ///
    /// # Errors
    /// The number that exceeds its limit.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.has_foreign_parts {
            return Err("it hands components or core modules to its parts, so their contents cannot be counted: \
                        let each part define what it instantiates"
                .to_owned());
        }
        let counted = [
            ("parts", self.parts, Limits::PARTS),
            ("instances of its parts", self.component_instances, Limits::COMPONENT_INSTANCES as u64),
            (
                "definitions, those of its parts counted as often as they are instantiated",
                self.definitions,
                Limits::DEFINITIONS,
            ),
            ("types in the types of its instances", self.types, MOST_TYPES),
            ("instances in each other", self.depth, MOST_DEPTH),
            ("functions that are lifted or lowered", self.adapted, Limits::ADAPTED_FUNCTIONS),
        ];
        match counted.into_iter().find(|(_, needed, most)| needed > most) {
            Some((what, needed, most)) => Err(format!("it expands to {needed} {what}: at most {most} are allowed")),
            None => Ok(()),
        }
    }
}

/// A part that can be instantiated, by its number; none if it comes from elsewhere.
type Part = Option<usize>;

/// A component or core module that is being read.
#[derive(Default)]
struct Scope {
    is_module: bool,
    /// Its core modules and components, by index.
    modules: Vec<Part>,
    components: Vec<Part>,
    /// Expanded sizes of its types, and of its instances, by index.
    types: Vec<Size>,
    instances: Vec<Size>,
    /// Expanded size of its exports.
    exports: Size,
    tally: Tally,
}

/// The state of reading.
struct Reading {
    /// The parts read so far, with the expanded size of the exports of each.
    parts: Vec<(Tally, Size)>,
    /// The part being read, last, and those around it, outermost first.
    around: Vec<Scope>,
}

impl Reading {
    /// Takes the next item of the parser. An error means that it is malformed, or that a limit is exceeded.
    fn take(&mut self, payload: Payload<'_>) -> Result<(), Stop> {
        match payload {
            Payload::ModuleSection { .. } => self.open(true)?,
            Payload::ComponentSection { .. } => self.open(false)?,
            Payload::End(_) if self.around.len() > 1 => self.close(),
            Payload::MemorySection(memories) => {
                for memory in memories {
                    let memory = memory?;
                    let page = memory.page_size_log2.map_or(PAGE, |log2| 1_u64.checked_shl(log2).unwrap_or(PAGE));
                    let bytes = |pages: u64| pages.saturating_mul(page);
                    let extent = Extent { initial: bytes(memory.initial), maximum: memory.maximum.map(bytes) };
                    self.scope()?.tally.memories.push(extent);
                }
            }
            Payload::TableSection(tables) => {
                for table in tables {
                    let kind = table?.ty;
                    let extent = Extent { initial: kind.initial, maximum: kind.maximum };
                    self.scope()?.tally.tables.push(extent);
                }
            }
            Payload::InstanceSection(instances) => {
                for instance in instances {
                    self.take_core_instance(&instance?)?;
                }
            }
            Payload::ComponentInstanceSection(instances) => {
                for instance in instances {
                    self.take_component_instance(&instance?)?;
                }
            }
            Payload::ComponentAliasSection(aliases) => {
                for alias in aliases {
                    self.take_alias(&alias?)?;
                }
            }
            Payload::ComponentImportSection(imports) => {
                for import in imports {
                    self.take_import(import?.ty)?;
                }
            }
            Payload::ComponentExportSection(exports) => {
                for export in exports {
                    let export = export?;
                    let scope = self.scope()?;
                    scope.define(1);
                    let size = match export.kind {
                        ComponentExternalKind::Instance => size_at(&scope.instances, export.index),
                        _ => Size::ONE,
                    };
                    scope.exports = scope.exports.with(size);
                    scope.count_types(size);
                    // An exported item has a second index from here on.
                    match export.kind {
                        ComponentExternalKind::Instance => scope.instances.push(size),
                        ComponentExternalKind::Type => scope.types.push(size_at(&scope.types, export.index)),
                        ComponentExternalKind::Module => scope.modules.push(part(&scope.modules, export.index)?),
                        ComponentExternalKind::Component => {
                            scope.components.push(part(&scope.components, export.index)?);
                        }
                        _ => {}
                    }
                }
            }
            Payload::ComponentCanonicalSection(functions) => {
                for function in functions {
                    let adapts = matches!(function?, CanonicalFunction::Lift { .. } | CanonicalFunction::Lower { .. });
                    let scope = self.scope()?;
                    scope.define(1);
                    scope.tally.adapted = scope.tally.adapted.saturating_add(u64::from(adapts));
                }
            }
            Payload::ComponentTypeSection(types) => {
                for kind in types {
                    let size = self.size_of_type(&kind?, &mut Vec::new())?;
                    let scope = self.scope()?;
                    scope.define(1);
                    scope.types.push(size);
                }
            }
            Payload::CoreTypeSection(types) => self.scope()?.define(types.count().into()),
            _ => {}
        }
        Ok(())
    }

    fn take_import(&mut self, kind: ComponentTypeRef) -> Result<(), Stop> {
        let scope = self.scope()?;
        scope.define(1);
        match kind {
            ComponentTypeRef::Module(_) => scope.modules.push(None),
            ComponentTypeRef::Component(_) => scope.components.push(None),
            ComponentTypeRef::Type(bounds) => scope.types.push(size_of_bounds(bounds, &scope.types)),
            ComponentTypeRef::Instance(index) => {
                let size = size_at(&scope.types, index);
                scope.instances.push(size);
                scope.count_types(size);
            }
            _ => {}
        }
        Ok(())
    }

    /// The expanded size of a type. `around` has the types of the types around it, outermost first.
    fn size_of_type(&self, kind: &ComponentType<'_>, around: &mut Vec<Vec<Size>>) -> Result<Size, Stop> {
        around.push(Vec::new());
        let mut size = Size::ONE;
        match kind {
            ComponentType::Instance(declarations) => {
                for declaration in declarations {
                    let more = match declaration {
                        InstanceTypeDeclaration::CoreType(_) => Size::ONE,
                        InstanceTypeDeclaration::Type(kind) => self.define_type(kind, around)?,
                        InstanceTypeDeclaration::Alias(alias) => self.alias_type(alias, around)?,
                        InstanceTypeDeclaration::Export { ty, .. } => declare(*ty, around),
                    };
                    size = size.with(more);
                }
            }
            ComponentType::Component(declarations) => {
                for declaration in declarations {
                    let more = match declaration {
                        ComponentTypeDeclaration::CoreType(_) => Size::ONE,
                        ComponentTypeDeclaration::Type(kind) => self.define_type(kind, around)?,
                        ComponentTypeDeclaration::Alias(alias) => self.alias_type(alias, around)?,
                        ComponentTypeDeclaration::Export { ty, .. } => declare(*ty, around),
                        ComponentTypeDeclaration::Import(import) => declare(import.ty, around),
                    };
                    size = size.with(more);
                }
            }
            _ => {}
        }
        around.pop();
        Ok(size)
    }

    fn define_type(&self, kind: &ComponentType<'_>, around: &mut Vec<Vec<Size>>) -> Result<Size, Stop> {
        let size = self.size_of_type(kind, around)?;
        around.last_mut().ok_or(Stop)?.push(size);
        Ok(Size::ONE)
    }

    fn alias_type(&self, alias: &ComponentAlias<'_>, around: &mut [Vec<Size>]) -> Result<Size, Stop> {
        let size = match *alias {
            ComponentAlias::Outer { kind: ComponentOuterAliasKind::Type, count, index } => {
                let count = count as usize;
                match around.iter().rev().nth(count) {
                    Some(types) => size_at(types, index),
                    None => size_at(&self.outer((count - around.len()) as u32)?.types, index),
                }
            }
            ComponentAlias::InstanceExport { kind: ComponentExternalKind::Type, .. } => Size::ONE,
            _ => return Ok(Size::ONE),
        };
        around.last_mut().ok_or(Stop)?.push(size);
        Ok(Size::ONE)
    }

    fn scope(&mut self) -> Result<&mut Scope, Stop> {
        self.around.last_mut().ok_or(Stop)
    }

    fn open(&mut self, is_module: bool) -> Result<(), Stop> {
        if self.parts.len() as u64 > Limits::PARTS {
            return Err(Stop);
        }
        self.around.push(Scope { is_module, ..Scope::default() });
        Ok(())
    }

    fn close(&mut self) {
        let (Some(scope), number) = (self.around.pop(), self.parts.len()) else { return };
        self.parts.push((scope.tally, scope.exports));
        if let Some(around) = self.around.last_mut() {
            let parts = if scope.is_module { &mut around.modules } else { &mut around.components };
            parts.push(Some(number));
        }
    }

    fn take_core_instance(&mut self, instance: &Instance<'_>) -> Result<(), Stop> {
        match instance {
            Instance::FromExports(exports) => self.scope()?.define(exports.len() as u64),
            Instance::Instantiate { module_index, args } => {
                let part = part(&self.scope()?.modules, *module_index)?;
                self.instantiate(part, args.len())?;
                let count = &mut self.scope()?.tally.core_instances;
                *count = count.saturating_add(1);
            }
        }
        Ok(())
    }

    fn take_component_instance(&mut self, instance: &ComponentInstance<'_>) -> Result<(), Stop> {
        match instance {
            ComponentInstance::FromExports(exports) => {
                let scope = self.scope()?;
                scope.define(exports.len() as u64);
                let size = exports.iter().fold(Size::ONE, |size, export| match export.kind {
                    ComponentExternalKind::Instance => size.with(size_at(&scope.instances, export.index)),
                    _ => size.with(Size::ONE),
                });
                scope.instances.push(size);
                scope.count_types(size);
            }
            ComponentInstance::Instantiate { component_index, args } => {
                let part = part(&self.scope()?.components, *component_index)?;
                self.instantiate(part, args.len())?;
                let size = part.and_then(|number| self.parts.get(number)).map_or(Size::ONE, |(_, exports)| *exports);
                let scope = self.scope()?;
                scope.tally.component_instances = scope.tally.component_instances.saturating_add(1);
                scope.instances.push(size);
                scope.count_types(size);
            }
        }
        Ok(())
    }

    fn instantiate(&mut self, part: Part, arguments: usize) -> Result<(), Stop> {
        let scope = self.around.last_mut().ok_or(Stop)?;
        scope.define(1 + arguments as u64);
        match part.and_then(|number| self.parts.get(number)) {
            Some((part, _)) => scope.tally.add(part),
            None => scope.tally.has_foreign_parts = true,
        }
        Ok(())
    }

    fn take_alias(&mut self, alias: &ComponentAlias<'_>) -> Result<(), Stop> {
        self.scope()?.define(1);
        match *alias {
            ComponentAlias::InstanceExport { kind: ComponentExternalKind::Module, .. } => {
                self.scope()?.modules.push(None);
            }
            ComponentAlias::InstanceExport { kind: ComponentExternalKind::Component, .. } => {
                self.scope()?.components.push(None);
            }
            // An item of an instance is no larger than the instance.
            ComponentAlias::InstanceExport { kind: ComponentExternalKind::Instance, instance_index, .. } => {
                let scope = self.scope()?;
                scope.instances.push(size_at(&scope.instances, instance_index));
            }
            ComponentAlias::InstanceExport { kind: ComponentExternalKind::Type, instance_index, .. } => {
                let scope = self.scope()?;
                scope.types.push(size_at(&scope.instances, instance_index));
            }
            ComponentAlias::Outer { kind: ComponentOuterAliasKind::Type, count, index } => {
                let size = size_at(&self.outer(count)?.types, index);
                self.scope()?.types.push(size);
            }
            ComponentAlias::Outer { kind: ComponentOuterAliasKind::CoreModule, count, index } => {
                let part = part(&self.outer(count)?.modules, index)?;
                self.scope()?.modules.push(part);
            }
            ComponentAlias::Outer { kind: ComponentOuterAliasKind::Component, count, index } => {
                let part = part(&self.outer(count)?.components, index)?;
                self.scope()?.components.push(part);
            }
            _ => {}
        }
        Ok(())
    }

    fn outer(&self, count: u32) -> Result<&Scope, Stop> {
        self.around.iter().rev().nth(count as usize).ok_or(Stop)
    }
}

impl Scope {
    fn count_types(&mut self, size: Size) {
        self.tally.types = self.tally.types.saturating_add(size.types);
        self.tally.depth = self.tally.depth.max(size.depth);
    }

    fn define(&mut self, definitions: u64) {
        self.tally.definitions = self.tally.definitions.saturating_add(definitions);
    }
}

/// The expanded size of a type, or of an instance.
#[derive(Clone, Copy, Debug, Default)]
struct Size {
    types: u64,
    depth: u64,
}

impl Size {
    const ONE: Size = Size { types: 1, depth: 0 };

    /// With another one in it.
    fn with(self, inner: Size) -> Size {
        Size { types: self.types.saturating_add(inner.types), depth: self.depth.max(inner.depth.saturating_add(1)) }
    }
}

/// The size at an index; the compiler refuses indices that do not exist.
fn size_at(sizes: &[Size], index: u32) -> Size {
    sizes.get(index as usize).copied().unwrap_or(Size::ONE)
}

fn size_of_bounds(bounds: TypeBounds, types: &[Size]) -> Size {
    match bounds {
        TypeBounds::Eq(index) => size_at(types, index),
        TypeBounds::SubResource => Size::ONE,
    }
}

/// The size of something that a type imports or exports. A type gets an index by it.
fn declare(kind: ComponentTypeRef, around: &mut [Vec<Size>]) -> Size {
    let Some(types) = around.last_mut() else { return Size::ONE };
    match kind {
        ComponentTypeRef::Instance(index) | ComponentTypeRef::Component(index) => size_at(types, index),
        ComponentTypeRef::Type(bounds) => {
            let size = size_of_bounds(bounds, types);
            types.push(size);
            Size::ONE
        }
        _ => Size::ONE,
    }
}

fn part(parts: &[Part], index: u32) -> Result<Part, Stop> {
    parts.get(index as usize).copied().ok_or(Stop)
}

/// Reading on is useless.
struct Stop;

impl From<wasmparser::BinaryReaderError> for Stop {
    fn from(_: wasmparser::BinaryReaderError) -> Stop {
        Stop
    }
}

#[cfg(test)]
mod tests;
