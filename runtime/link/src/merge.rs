//! The one module, written from its members.

use std::collections::HashMap;

use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{
    CodeSection, ConstExpr, DataCountSection, DataSection, ElementSection, Elements, ExportSection, Function,
    FunctionSection, GlobalSection, ImportSection, Instruction, MemorySection, Module, NameMap, NameSection,
    TableSection, TagSection, TypeSection,
};
use wasmparser::Operator;

use crate::group::Group;
use crate::kind::{Kind, PerKind};
use crate::layout::{Layout, Offsets};
use crate::live::{Live, bodies};
use crate::unlinked::Unlinked;

/// An export of the one module: name, kind and index.
pub(crate) type Export = (String, Kind, u32);

/// The module that the one module's imports come from.
pub(crate) const OUTSIDE: &str = "outside";

type Result<T, E = reencode::Error<Unlinked>> = std::result::Result<T, E>;

/// Writes the one module.
pub(crate) fn merge(group: &Group<'_>, layout: &Layout, exports: &[Export]) -> Result<Vec<u8>, Unlinked> {
    let exported: Vec<(Kind, u32)> = exports.iter().map(|&(_, kind, index)| (kind, index)).collect();
    let live = Live::of(group, layout, &exported)?;
    let constants = constants(group, layout, &live);
    Ok(Merge { group, layout, live, constants }.module(exports)?)
}

struct Merge<'m, 'a> {
    group: &'m Group<'a>,
    layout: &'m Layout,
    live: Live,
    /// The values of globals that never change.
    constants: HashMap<u32, Constant>,
}

/// A value that is known before anything runs.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Constant {
    I32(i32),
    I64(i64),
}

impl Merge<'_, '_> {
    fn module(&self, exports: &[Export]) -> Result<Vec<u8>> {
        let mut module = Module::new();
        module.section(&self.types()?);
        module.section(&self.imports()?);
        module.section(&self.functions());
        module.section(&self.each(TableSection::new(), |renumber, tables, member| {
            member.tables.clone().map_or(Ok(()), |section| renumber.parse_table_section(tables, section))
        })?);
        module.section(&self.each(MemorySection::new(), |renumber, memories, member| {
            member.memories.clone().map_or(Ok(()), |section| renumber.parse_memory_section(memories, section))
        })?);
        let tags = self.each(TagSection::new(), |renumber, tags, member| {
            member.tags.clone().map_or(Ok(()), |section| renumber.parse_tag_section(tags, section))
        })?;
        if !tags.is_empty() {
            module.section(&tags);
        }
        module.section(&self.globals()?);
        let mut section = ExportSection::new();
        for (name, kind, index) in exports {
            section.export(name, (*kind).into(), *index);
        }
        module.section(&section);
        module.section(&self.elements()?);
        let data = self.each(DataSection::new(), |renumber, data, member| {
            member.data.clone().map_or(Ok(()), |section| renumber.parse_data_section(data, section))
        })?;
        module.section(&DataCountSection { count: data.len() });
        module.section(&self.code()?);
        module.section(&data);
        module.section(&self.names());
        Ok(module.finish())
    }

    /// One section of all members.
    fn each<Section>(
        &self,
        mut section: Section,
        add: impl Fn(&mut Renumber<'_>, &mut Section, &crate::member::Member<'_>) -> Result<()>,
    ) -> Result<Section> {
        for (index, member) in self.group.members.iter().enumerate() {
            add(&mut self.renumber(index), &mut section, member)?;
        }
        Ok(section)
    }

    fn renumber(&self, member: usize) -> Renumber<'_> {
        Renumber {
            indices: &self.layout.indices[member],
            offsets: self.layout.offsets[member],
            constants: &self.constants,
        }
    }

    fn types(&self) -> Result<TypeSection> {
        self.each(TypeSection::new(), |renumber, types, member| {
            member.types.clone().map_or(Ok(()), |section| renumber.parse_type_section(types, section))
        })
    }

    fn imports(&self) -> Result<ImportSection> {
        let mut imports = ImportSection::new();
        for (number, import) in self.layout.imports.iter().enumerate() {
            let ty = self.renumber(import.member).entity_type(import.ty)?;
            imports.import(OUTSIDE, &number.to_string(), ty);
        }
        Ok(imports)
    }

    fn functions(&self) -> FunctionSection {
        let mut functions = FunctionSection::new();
        for (member, offsets) in self.group.members.iter().zip(&self.layout.offsets) {
            for ty in &member.functions {
                functions.function(offsets.types.saturating_add(*ty));
            }
        }
        functions
    }

    /// Globals that never change become immutable: then the compiler writes their values into the code.
    fn globals(&self) -> Result<GlobalSection> {
        let mut section = GlobalSection::new();
        let mut index = self.layout.imported(Kind::Global);
        for (number, member) in self.group.members.iter().enumerate() {
            let mut renumber = self.renumber(number);
            for global in &member.globals {
                let mut ty = renumber.global_type(global.ty)?;
                ty.mutable &= !self.constants.contains_key(&index);
                section.global(ty, &renumber.const_expr(global.init_expr.clone())?);
                index += 1;
            }
        }
        Ok(section)
    }

    fn elements(&self) -> Result<ElementSection> {
        let mut elements = self.each(ElementSection::new(), |renumber, elements, member| {
            member.elements.clone().map_or(Ok(()), |section| renumber.parse_element_section(elements, section))
        })?;
        // Functions that code refers to have to be declared, and the exports that declared them may be gone.
        if !self.live.referenced.is_empty() {
            elements.declared(Elements::Functions(self.live.referenced.as_slice().into()));
        }
        Ok(elements)
    }

    /// Functions that cannot be called get an empty body: that spares the compiler work.
    fn code(&self) -> Result<CodeSection> {
        let mut code = CodeSection::new();
        let first = self.layout.imported(Kind::Function);
        for (index, (member, body)) in (first..).zip(bodies(self.group)) {
            if self.live.functions.contains(&index) {
                self.renumber(member).parse_function_body(&mut code, body.clone())?;
            } else {
                let mut function = Function::new([]);
                function.instruction(&Instruction::Unreachable).instruction(&Instruction::End);
                code.function(&function);
            }
        }
        Ok(code)
    }

    fn names(&self) -> NameSection {
        let mut functions = NameMap::new();
        for (member, indices) in self.group.members.iter().zip(&self.layout.indices) {
            let imported = member.imported(Kind::Function);
            for (index, name) in member.names.iter().filter(|(index, _)| *index >= imported) {
                if let Some(index) = indices[Kind::Function].get(*index as usize) {
                    functions.append(*index, name);
                }
            }
        }
        let mut names = NameSection::new();
        names.functions(&functions);
        names
    }
}

/// Globals that begin with a known value and are never set.
fn constants(group: &Group<'_>, layout: &Layout, live: &Live) -> HashMap<u32, Constant> {
    let mut constants = HashMap::new();
    let mut index = layout.imported(Kind::Global);
    for (number, member) in group.members.iter().enumerate() {
        for global in &member.globals {
            let renumber =
                Renumber { indices: &layout.indices[number], offsets: layout.offsets[number], constants: &constants };
            let value = renumber.evaluate(&global.init_expr);
            if let Some(value) = value.filter(|_| !live.set.contains(&index)) {
                constants.insert(index, value);
            }
            index += 1;
        }
    }
    constants
}

/// Writes a member's code in the one module's numbering.
struct Renumber<'m> {
    indices: &'m PerKind<Vec<u32>>,
    offsets: Offsets,
    constants: &'m HashMap<u32, Constant>,
}

impl Renumber<'_> {
    fn new_index(&self, kind: Kind, index: u32) -> Result<u32> {
        let new = self.indices[kind].get(index as usize).copied();
        new.ok_or(reencode::Error::UserError(Unlinked::NoSuchItem))
    }

    /// The value of an expression, if it is known already: a constant, or a sum of constants.
    fn evaluate(&self, expression: &wasmparser::ConstExpr<'_>) -> Option<Constant> {
        let mut stack = Vec::new();
        for operator in expression.get_operators_reader() {
            let value = match operator.ok()? {
                Operator::I32Const { value } => Constant::I32(value),
                Operator::I64Const { value } => Constant::I64(value),
                Operator::GlobalGet { global_index } => {
                    *self.constants.get(&self.new_index(Kind::Global, global_index).ok()?)?
                }
                Operator::I32Add => match (stack.pop()?, stack.pop()?) {
                    (Constant::I32(b), Constant::I32(a)) => Constant::I32(a.wrapping_add(b)),
                    _ => return None,
                },
                Operator::I64Add => match (stack.pop()?, stack.pop()?) {
                    (Constant::I64(b), Constant::I64(a)) => Constant::I64(a.wrapping_add(b)),
                    _ => return None,
                },
                Operator::End => break,
                _ => return None,
            };
            stack.push(value);
        }
        stack.pop()
    }
}

impl Reencode for Renumber<'_> {
    type Error = Unlinked;

    fn function_index(&mut self, function: u32) -> Result<u32> {
        self.new_index(Kind::Function, function)
    }

    fn table_index(&mut self, table: u32) -> Result<u32> {
        self.new_index(Kind::Table, table)
    }

    fn memory_index(&mut self, memory: u32) -> Result<u32> {
        self.new_index(Kind::Memory, memory)
    }

    fn global_index(&mut self, global: u32) -> Result<u32> {
        self.new_index(Kind::Global, global)
    }

    fn tag_index(&mut self, tag: u32) -> Result<u32> {
        self.new_index(Kind::Tag, tag)
    }

    fn type_index(&mut self, ty: u32) -> Result<u32> {
        Ok(self.offsets.types.saturating_add(ty))
    }

    fn element_index(&mut self, element: u32) -> Result<u32> {
        Ok(self.offsets.elements.saturating_add(element))
    }

    fn data_index(&mut self, data: u32) -> Result<u32> {
        Ok(self.offsets.data.saturating_add(data))
    }

    /// Offsets of segments are written as numbers: then wasmtime lays out tables and memories once, not for each
    /// instance.
    fn const_expr(&mut self, expression: wasmparser::ConstExpr<'_>) -> Result<ConstExpr> {
        match self.evaluate(&expression) {
            Some(Constant::I32(value)) => Ok(ConstExpr::i32_const(value)),
            Some(Constant::I64(value)) => Ok(ConstExpr::i64_const(value)),
            None => reencode::utils::const_expr(self, expression),
        }
    }
}
