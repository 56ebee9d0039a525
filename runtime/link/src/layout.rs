//! Positions of the members' items in the one module.

use std::collections::HashMap;

use wasmparser::{Import, TypeRef};

use crate::group::{Group, ImportSource};
use crate::kind::{Kind, PerKind};
use crate::member::{Member, kind_of};
use crate::shape::Shape;
use crate::unlinked::Unlinked;

/// The numbering of the one module: first its imports, then each member's own items, in the order of the members.
pub(crate) struct Layout {
    /// The imports of the one module.
    pub(crate) imports: Vec<Imported>,
    /// For each member: the new index of each old one.
    pub(crate) indices: Vec<PerKind<Vec<u32>>>,
    /// For each member: the offset of its types, elements and data.
    pub(crate) offsets: Vec<Offsets>,
}

/// Something that the one module imports.
pub(crate) struct Imported {
    pub(crate) kind: Kind,
    /// The component's index of it.
    pub(crate) item: u32,
    /// The member whose type describes it.
    pub(crate) member: usize,
    pub(crate) ty: TypeRef,
}

#[derive(Clone, Copy, Default)]
pub(crate) struct Offsets {
    pub(crate) types: u32,
    pub(crate) elements: u32,
    pub(crate) data: u32,
}

impl Layout {
    /// Numbers the items of all members.
    pub(crate) fn of<'a>(group: &Group<'a>, shape: &Shape<'a>) -> Result<Layout, Unlinked> {
        let sources = sources(group, shape)?;
        let (imports, places) = imports(group, &sources);
        let mut layout = Layout { imports, indices: Vec::new(), offsets: offsets(&group.members) };
        let mut next = PerKind::<u32>::default();
        for import in &layout.imports {
            next[import.kind] += 1;
        }
        for (member, sources) in group.members.iter().zip(&sources) {
            let mut indices = PerKind::<Vec<u32>>::default();
            for &(kind, source) in sources {
                let index = match source {
                    ImportSource::Outside(item) => *places.get(&(kind, item)).ok_or(Unlinked::NoSuchItem)?,
                    ImportSource::Member { member, name } => layout.export(group, member, kind, name)?,
                };
                indices[kind].push(index);
            }
            let defined = member.defined();
            for kind in Kind::ALL {
                indices[kind].extend(next[kind]..next[kind] + defined[kind]);
                next[kind] += defined[kind];
            }
            layout.indices.push(indices);
        }
        Ok(layout)
    }

    /// The new index of a member's export.
    pub(crate) fn export(&self, group: &Group<'_>, member: usize, kind: Kind, name: &str) -> Result<u32, Unlinked> {
        let of = group.members.get(member).zip(self.indices.get(member));
        let (member, indices) = of.ok_or(Unlinked::NoSuchItem)?;
        match member.exports.get(name) {
            Some(&(of, index)) if of == kind => indices[kind].get(index as usize).copied().ok_or(Unlinked::NoSuchItem),
            _ => Err(Unlinked::NoSuchItem),
        }
    }

    /// Number of imports of a kind in the one module.
    pub(crate) fn imported(&self, kind: Kind) -> u32 {
        self.imports.iter().filter(|import| import.kind == kind).count() as u32
    }
}

type Sources<'a> = Vec<Vec<(Kind, ImportSource<'a>)>>;

/// For each member, where its imports come from.
fn sources<'a>(group: &Group<'a>, shape: &Shape<'a>) -> Result<Sources<'a>, Unlinked> {
    let of_member = |(&instance, module): (&u32, &Member<'a>)| {
        let of_import = |import: &Import<'a>| Ok((kind_of(import.ty), group.import(shape, instance, import)?));
        module.imports.iter().map(of_import).collect()
    };
    group.instances.iter().zip(&group.members).map(of_member).collect()
}

/// The imports from outside, without duplicates, and their new indices.
fn imports(group: &Group<'_>, sources: &Sources<'_>) -> (Vec<Imported>, HashMap<(Kind, u32), u32>) {
    let (mut imports, mut places) = (Vec::new(), HashMap::new());
    let mut next = PerKind::<u32>::default();
    for (member, (module, sources)) in group.members.iter().zip(sources).enumerate() {
        for (import, &(kind, source)) in module.imports.iter().zip(sources) {
            let ImportSource::Outside(item) = source else { continue };
            places.entry((kind, item)).or_insert_with(|| {
                imports.push(Imported { kind, item, member, ty: import.ty });
                next[kind] += 1;
                next[kind] - 1
            });
        }
    }
    (imports, places)
}

fn offsets(members: &[Member<'_>]) -> Vec<Offsets> {
    let mut next = Offsets::default();
    members
        .iter()
        .map(|member| {
            let offsets = next;
            next.types += member.type_count;
            next.elements += member.elements.as_ref().map_or(0, |section| section.count());
            next.data += member.data.as_ref().map_or(0, |section| section.count());
            offsets
        })
        .collect()
}
