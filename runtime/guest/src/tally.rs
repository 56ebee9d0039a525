//! What a component comes to once its parts are instantiated, counted without doing so.
//!
//! A part is a component or a core module inside of a component. It can be instantiated again and again, by parts that are
//! themselves instantiated again and again: a few bytes more double what there is to compile and to hold. So each part is counted
//! once, and its count is multiplied. That takes as long as reading the file.

use squall_plan::Limits;
use wasmparser::{
    CanonicalFunction, ComponentAlias, ComponentExternalKind, ComponentInstance, ComponentOuterAliasKind,
    ComponentTypeRef, Instance, Parser, Payload,
};

use crate::needs::Extent;

/// The size of a page of linear memory unless it says otherwise, in bytes.
pub(crate) const PAGE: u64 = 64 << 10;
/// Of what there is more than this, only the number matters.
const MOST_EXTENTS: usize = 100;

/// What one instance of a part comes to. Numbers too large to matter stay the largest there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) memories: Extents,
    pub(crate) tables: Extents,
    pub(crate) core_instances: u64,
    pub(crate) component_instances: u64,
    /// How many parts there are, instantiated or not.
    pub(crate) parts: u64,
    /// What has to be gone through to put the parts together.
    pub(crate) definitions: u64,
    /// Functions that are lifted and lowered: there is code to compile for each.
    pub(crate) adapted: u64,
    /// Whether there are parts that come from elsewhere, so that what they come to is not known.
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
    /// Reads a component, or a core module. What does not parse is the compiler's to refuse: it counts up to there.
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
        self.adapted = self.adapted.saturating_add(other.adapted);
        self.has_foreign_parts |= other.has_foreign_parts;
    }

    /// Whether reading and compiling it stays within what is bearable. Asked before anything is done with it.
    ///
    /// # Errors
    /// What there is too much of.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.has_foreign_parts {
            return Err(
                "it hands components or core modules to its parts, so that what they come to cannot be counted: \
                        let each part define what it instantiates"
                    .to_owned(),
            );
        }
        let counted = [
            ("parts", self.parts, Limits::PARTS),
            ("instances of its parts", self.component_instances, Limits::COMPONENT_INSTANCES as u64),
            (
                "definitions, those of its parts counted as often as they are instantiated",
                self.definitions,
                Limits::DEFINITIONS,
            ),
            ("functions that are lifted or lowered", self.adapted, Limits::ADAPTED_FUNCTIONS),
        ];
        match counted.into_iter().find(|(_, needed, most)| needed > most) {
            Some((what, needed, most)) => Err(format!("it comes to {needed} {what}: at most {most} are allowed")),
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
    tally: Tally,
}

/// What was read so far.
struct Reading {
    /// The parts that have been read.
    parts: Vec<Tally>,
    /// The whole, and in it what is being read.
    around: Vec<Scope>,
}

impl Reading {
    /// Takes the next of what the parser finds. An error says that it makes no sense, or that it is enough.
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
                    let kind = import?.ty;
                    let scope = self.scope()?;
                    scope.define(1);
                    match kind {
                        ComponentTypeRef::Module(_) => scope.modules.push(None),
                        ComponentTypeRef::Component(_) => scope.components.push(None),
                        _ => {}
                    }
                }
            }
            Payload::ComponentExportSection(exports) => {
                for export in exports {
                    let export = export?;
                    let scope = self.scope()?;
                    scope.define(1);
                    // What is exported has a second index from here on.
                    match export.kind {
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
            Payload::ComponentTypeSection(types) => self.scope()?.define(types.count().into()),
            Payload::CoreTypeSection(types) => self.scope()?.define(types.count().into()),
            _ => {}
        }
        Ok(())
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
        self.parts.push(scope.tally);
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
            ComponentInstance::FromExports(exports) => self.scope()?.define(exports.len() as u64),
            ComponentInstance::Instantiate { component_index, args } => {
                let part = part(&self.scope()?.components, *component_index)?;
                self.instantiate(part, args.len())?;
                let count = &mut self.scope()?.tally.component_instances;
                *count = count.saturating_add(1);
            }
        }
        Ok(())
    }

    fn instantiate(&mut self, part: Part, arguments: usize) -> Result<(), Stop> {
        let scope = self.around.last_mut().ok_or(Stop)?;
        scope.define(1 + arguments as u64);
        match part.and_then(|number| self.parts.get(number)) {
            Some(part) => scope.tally.add(part),
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
    fn define(&mut self, definitions: u64) {
        self.tally.definitions = self.tally.definitions.saturating_add(definitions);
    }
}

fn part(parts: &[Part], index: u32) -> Result<Part, Stop> {
    parts.get(index as usize).copied().ok_or(Stop)
}

/// There is no sense in reading on.
struct Stop;

impl From<wasmparser::BinaryReaderError> for Stop {
    fn from(_: wasmparser::BinaryReaderError) -> Stop {
        Stop
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(text: &str) -> Tally {
        Tally::of(&wat::parse_str(text).expect("it is well-formed"))
    }

    /// As many components as `depth`, each of which instantiates the one before twice.
    fn doubling(depth: usize) -> String {
        let inner = "(component $c0 (core module $m (memory 1) (table 5 funcref)) (core instance (instantiate $m)))";
        let more = (1..=depth).map(|level| {
            let before = level - 1;
            format!(
                "(component $c{level} (alias outer 1 $c{before} (component $b)) (instance (instantiate $b)) (instance (instantiate $b)))"
            )
        });
        format!("(component {inner} {} (instance (instantiate $c{depth})))", more.collect::<String>())
    }

    #[test]
    fn a_part_counts_as_often_as_it_is_instantiated() {
        let three = tally(&doubling(3));
        assert_eq!((three.memories.count, three.memories.initial), (8, 8 * PAGE));
        assert_eq!((three.tables.count, three.core_instances, three.component_instances), (8, 8, 15));
        assert_eq!(three.check(), Ok(()));
        let defined_only =
            tally("(component (component (core module $m (memory 1)) (core instance (instantiate $m))))");
        assert_eq!((defined_only.memories.count, defined_only.parts), (0, 2));
    }

    #[test]
    fn what_doubles_again_and_again_is_refused_at_once() {
        for depth in [40, 100, 4_000] {
            let error = tally(&doubling(depth)).check().expect_err("far too many");
            assert!(error.contains("instances of its parts: at most 1000 are allowed"), "{error}");
        }
    }

    #[test]
    fn an_export_has_an_index_of_its_own() {
        let text = "(component
            (component $a (core module $m (memory 7)) (core instance (instantiate $m)))
            (export $b \"b\" (component $a))
            (component $c)
            (instance (instantiate $b)) (instance (instantiate 2)))";
        let tally = tally(text);
        assert_eq!((tally.memories.initial, tally.component_instances), (7 * PAGE, 2));
    }

    #[test]
    fn a_part_from_elsewhere_is_refused() {
        for text in [
            "(component (component $a (import \"m\" (core module $m)) (core instance (instantiate $m)))
                (core module $n) (instance (instantiate $a (with \"m\" (core module $n)))))",
            "(component (component $a (core module $m) (export \"m\" (core module $m))) (instance $i (instantiate $a))
                (alias export $i \"m\" (core module $m)) (core instance (instantiate $m)))",
        ] {
            let error = tally(text).check().expect_err("nobody knows what it comes to");
            assert!(error.starts_with("it hands components or core modules to its parts"), "{error}");
        }
    }

    #[test]
    fn a_million_parts_are_not_remembered() {
        let mut wasm = b"\0asm\x0d\0\x01\0".to_vec();
        wasm.extend(b"\x01\x08\0asm\x01\0\0\0".repeat(1_000_000));
        let error = Tally::of(&wasm).check().expect_err("too many");
        assert_eq!(error, "it comes to 10001 parts: at most 10000 are allowed");
    }
}
