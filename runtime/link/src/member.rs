//! One core module of those that become one.

use std::collections::HashMap;

use wasmparser::{
    DataSectionReader, ElementSectionReader, FromReader, FunctionBody, Global, Import, KnownCustom,
    MemorySectionReader, Name, Parser, Payload, SectionLimited, TableSectionReader, TagSectionReader, TypeRef,
    TypeSectionReader,
};

use crate::kind::{Kind, PerKind};
use crate::unlinked::Unlinked;

/// A module, read as far as linking needs.
#[derive(Default)]
pub(crate) struct Member<'a> {
    pub(crate) types: Option<TypeSectionReader<'a>>,
    pub(crate) type_count: u32,
    pub(crate) imports: Vec<Import<'a>>,
    /// The types of the functions that it defines.
    pub(crate) functions: Vec<u32>,
    pub(crate) tables: Option<TableSectionReader<'a>>,
    pub(crate) memories: Option<MemorySectionReader<'a>>,
    pub(crate) globals: Vec<Global<'a>>,
    pub(crate) tags: Option<TagSectionReader<'a>>,
    pub(crate) exports: HashMap<&'a str, (Kind, u32)>,
    pub(crate) elements: Option<ElementSectionReader<'a>>,
    pub(crate) data: Option<DataSectionReader<'a>>,
    pub(crate) bodies: Vec<FunctionBody<'a>>,
    /// Names of functions, for the stacks of traps.
    pub(crate) names: Vec<(u32, &'a str)>,
    /// Whether it is a shared library.
    pub(crate) is_library: bool,
    /// Whether something runs when an instance is made.
    pub(crate) starts: bool,
}

impl<'a> Member<'a> {
    /// Reads a module.
    pub(crate) fn of(module: &'a [u8]) -> Result<Member<'a>, Unlinked> {
        let mut member = Member::default();
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::TypeSection(types) => {
                    for group in types.clone() {
                        member.type_count += group?.types().len() as u32;
                    }
                    member.types = Some(types);
                }
                Payload::ImportSection(imports) => {
                    member.imports = imports.into_imports().collect::<Result<_, _>>()?;
                }
                Payload::FunctionSection(functions) => {
                    member.functions = functions.into_iter().collect::<Result<_, _>>()?
                }
                Payload::TableSection(tables) => member.tables = Some(whole(tables)?),
                Payload::MemorySection(memories) => member.memories = Some(whole(memories)?),
                Payload::TagSection(tags) => member.tags = Some(whole(tags)?),
                Payload::GlobalSection(globals) => member.globals = globals.into_iter().collect::<Result<_, _>>()?,
                Payload::ExportSection(exports) => {
                    for export in exports {
                        let export = export?;
                        member.exports.insert(export.name, (export.kind.into(), export.index));
                    }
                }
                Payload::StartSection { .. } => member.starts = true,
                Payload::ElementSection(elements) => member.elements = Some(whole(elements)?),
                Payload::DataSection(data) => member.data = Some(whole(data)?),
                Payload::CodeSectionEntry(body) => member.bodies.push(body),
                Payload::CustomSection(section) => match section.as_known() {
                    KnownCustom::Dylink0(_) => member.is_library = true,
                    // Names are a courtesy: unreadable ones are left out.
                    KnownCustom::Name(names) => {
                        for name in names.into_iter().flatten() {
                            if let Name::Function(functions) = name {
                                member.names =
                                    functions.into_iter().flatten().map(|naming| (naming.index, naming.name)).collect();
                            }
                        }
                    }
                    _ => {}
                },
                _ => {}
            }
        }
        if member.bodies.len() == member.functions.len() { Ok(member) } else { Err(Unlinked::CutOff) }
    }

    /// Number of imports of a kind.
    pub(crate) fn imported(&self, kind: Kind) -> u32 {
        self.imports.iter().filter(|import| kind_of(import.ty) == kind).count() as u32
    }

    /// Number of definitions of each kind.
    pub(crate) fn defined(&self) -> PerKind<u32> {
        let mut counts = PerKind::default();
        counts[Kind::Function] = self.functions.len() as u32;
        counts[Kind::Table] = self.tables.as_ref().map_or(0, |section| section.count());
        counts[Kind::Memory] = self.memories.as_ref().map_or(0, |section| section.count());
        counts[Kind::Global] = self.globals.len() as u32;
        counts[Kind::Tag] = self.tags.as_ref().map_or(0, |section| section.count());
        counts
    }
}

/// Reads a section to its end once: then it has as many items as its header states.
fn whole<'a, T: FromReader<'a>>(section: SectionLimited<'a, T>) -> Result<SectionLimited<'a, T>, Unlinked> {
    for item in section.clone() {
        item?;
    }
    Ok(section)
}

/// The kind of an import.
pub(crate) fn kind_of(ty: TypeRef) -> Kind {
    match ty {
        TypeRef::Func(_) | TypeRef::FuncExact(_) => Kind::Function,
        TypeRef::Table(_) => Kind::Table,
        TypeRef::Memory(_) => Kind::Memory,
        TypeRef::Global(_) => Kind::Global,
        TypeRef::Tag(_) => Kind::Tag,
    }
}
