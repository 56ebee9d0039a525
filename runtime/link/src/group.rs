//! Selects the instances to join, and finds the sources of their imports.

use std::collections::{BTreeMap, HashMap};

use wasmparser::Import;

use crate::kind::Kind;
use crate::member::{Member, kind_of};
use crate::shape::{CoreInstance, Origin, Shape};
use crate::unlinked::Unlinked;

/// The instances of a component to join: all except those that need something of these when they are made.
///
/// A function of the host that reads the guest's memory exists only once that memory does. Toolchains therefore give
/// their modules stand-ins, and a last module installs the real functions: that one stays separate.
#[derive(Default)]
pub(crate) struct Group<'a> {
    /// The modules, in the order in which they are instantiated.
    pub(crate) members: Vec<Member<'a>>,
    /// The index of each member's instance.
    pub(crate) instances: Vec<u32>,
    /// Member number of each instance that is a member.
    numbers: HashMap<u32, usize>,
    /// The instances that stay separate, by index.
    pub(crate) late: BTreeMap<u32, Late<'a>>,
}

/// An instance that needs the members to be made.
pub(crate) struct Late<'a> {
    /// The index of its module.
    index: u32,
    pub(crate) module: Member<'a>,
}

/// The source of an import of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ImportSource<'a> {
    /// An export of a member.
    Member { member: usize, name: &'a str },
    /// A core item of the component.
    Outside(u32),
}

impl<'a> Group<'a> {
    /// Finds the group.
    pub(crate) fn of(shape: &Shape<'a>) -> Result<Group<'a>, Unlinked> {
        let late = late_instances(shape)?;
        let mut group = Group::default();
        for (instance, &is_late) in (0..).zip(&late) {
            let &CoreInstance::Made { module: index, .. } = shape.instance(instance)? else { continue };
            let module = Member::of(shape.modules.get(index as usize).ok_or(Unlinked::NoSuchItem)?)?;
            if is_late {
                group.late.insert(instance, Late { index, module });
            } else {
                group.numbers.insert(instance, group.members.len());
                group.members.push(module);
                group.instances.push(instance);
            }
        }
        if !group.members.iter().any(|member| member.is_library) {
            return Err(Unlinked::NoLibraries);
        }
        if group.members.iter().chain(group.late.values().map(|late| &late.module)).any(|module| module.starts) {
            return Err(Unlinked::Starts);
        }
        group.owns_its_place(shape)?;
        Ok(group)
    }

    /// The one module replaces a member's module, so no other instance may need that.
    fn owns_its_place(&self, shape: &Shape<'a>) -> Result<(), Unlinked> {
        let place = self.place(shape)?;
        let taken = self.late.values().any(|late| late.index == place);
        if taken { Err(Unlinked::Circle) } else { Ok(()) }
    }

    /// The instance that the one instance replaces: the last member before the first late instance. Members after it
    /// are made earlier than before, which has no effect: nothing runs when they are made.
    pub(crate) fn place_of_instance(&self) -> u32 {
        let first_late = self.late.keys().next().copied().unwrap_or(u32::MAX);
        self.instances.iter().copied().take_while(|&instance| instance < first_late).last().unwrap_or(0)
    }

    /// The module that the one module replaces.
    pub(crate) fn place(&self, shape: &Shape<'a>) -> Result<u32, Unlinked> {
        match shape.instance(self.place_of_instance())? {
            CoreInstance::Made { module, .. } => Ok(*module),
            CoreInstance::Gathered(_) => Err(Unlinked::NoSuchItem),
        }
    }

    /// The member number of an instance.
    pub(crate) fn member_of(&self, instance: u32) -> Option<usize> {
        self.numbers.get(&instance).copied()
    }

    /// The source of an item of the component.
    pub(crate) fn source(&self, shape: &Shape<'a>, kind: Kind, item: u32) -> Result<ImportSource<'a>, Unlinked> {
        let mut item = item;
        loop {
            let Origin::Export { instance, name } = shape.origin(kind, item)? else {
                return Ok(ImportSource::Outside(item));
            };
            match (self.member_of(instance), shape.instance(instance)?) {
                (Some(member), _) => return Ok(ImportSource::Member { member, name }),
                (None, CoreInstance::Made { .. }) => return Ok(ImportSource::Outside(item)),
                // Items refer to earlier ones, so this ends.
                (None, CoreInstance::Gathered(items)) => {
                    item = *items.get(&(name, kind)).ok_or(Unlinked::NoSuchItem)?
                }
            }
        }
    }

    /// The source of an import of an instance.
    pub(crate) fn import(
        &self,
        shape: &Shape<'a>,
        instance: u32,
        import: &Import<'a>,
    ) -> Result<ImportSource<'a>, Unlinked> {
        let CoreInstance::Made { arguments, .. } = shape.instance(instance)? else { return Err(Unlinked::NoSuchItem) };
        let Import { module, name, ty } = *import;
        let kind = kind_of(ty);
        let (_, instance) = arguments.iter().find(|(name, _)| *name == module).ok_or(Unlinked::NoSuchItem)?;
        match (self.member_of(*instance), shape.instance(*instance)?) {
            (Some(member), _) => Ok(ImportSource::Member { member, name }),
            (None, CoreInstance::Made { .. }) => Err(Unlinked::Circle),
            (None, CoreInstance::Gathered(items)) => {
                self.source(shape, kind, *items.get(&(name, kind)).ok_or(Unlinked::NoSuchItem)?)
            }
        }
    }

    /// Items that a late instance takes from a member which it receives as a whole, as its argument `argument`.
    pub(crate) fn taken_whole(&self, late: &Late<'a>, argument: &str, member: usize) -> Vec<Taken<'a>> {
        let by_it = late.module.imports.iter().filter(|import| import.module == argument);
        by_it.map(|import| Taken { kind: kind_of(import.ty), member, name: import.name }).collect()
    }
}

/// An export of a member that something outside the group takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Taken<'a> {
    pub(crate) kind: Kind,
    pub(crate) member: usize,
    pub(crate) name: &'a str,
}

/// For each instance, whether it takes something that exists only after another instance.
fn late_instances(shape: &Shape<'_>) -> Result<Vec<bool>, Unlinked> {
    let mut late: Vec<bool> = Vec::with_capacity(shape.instances.len());
    for instance in &shape.instances {
        let is_late = match instance {
            CoreInstance::Made { arguments, .. } => {
                let is_late = |(_, argument): &(&str, u32)| late.get(*argument as usize).copied().unwrap_or(true);
                arguments.iter().any(is_late)
            }
            CoreInstance::Gathered(items) => {
                let mut any = false;
                for (&(_, kind), &item) in items {
                    any |= match shape.origin(kind, item)? {
                        Origin::Canonical { needs_instance } => needs_instance,
                        Origin::Export { instance, .. } => late.get(instance as usize).copied().unwrap_or(true),
                    };
                }
                any
            }
        };
        late.push(is_late);
    }
    Ok(late)
}
