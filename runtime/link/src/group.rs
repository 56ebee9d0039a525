//! Which instances become one, and what they take from each other and from outside.

use crate::kind::Kind;
use crate::member::{Member, kind_of};
use crate::shape::{CoreInstance, Origin, Shape};
use crate::unlinked::Unlinked;

/// The instances of a component that become one: all but those that need something of these to be made.
///
/// A function of the host that reads the guest's memory exists only once that memory does. Toolchains therefore give their
/// modules stand-ins, and a last module puts the real functions in their place: that one stays by itself.
pub(crate) struct Group<'a> {
    /// The modules, in the order in which they are instantiated.
    pub(crate) members: Vec<Member<'a>>,
    /// The index of each member's instance.
    pub(crate) instances: Vec<u32>,
    /// The instances that stay by themselves.
    pub(crate) late: Vec<Late<'a>>,
}

/// An instance that needs the members to be made.
pub(crate) struct Late<'a> {
    pub(crate) instance: u32,
    pub(crate) module: Member<'a>,
}

/// Where something that a member imports comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Source<'a> {
    /// An export of a member.
    Member { member: usize, name: &'a str },
    /// A core item of the component.
    Outside(u32),
}

impl<'a> Group<'a> {
    /// Finds the group.
    pub(crate) fn of(shape: &Shape<'a>) -> Result<Group<'a>, Unlinked> {
        let late = late_instances(shape)?;
        let mut group = Group { members: Vec::new(), instances: Vec::new(), late: Vec::new() };
        for (instance, &is_late) in (0..).zip(&late) {
            let CoreInstance::Made { module, .. } = shape.instance(instance)? else { continue };
            let module = Member::of(shape.modules.get(*module as usize).ok_or(Unlinked::NoSuchItem)?)?;
            if is_late {
                group.late.push(Late { instance, module });
            } else {
                group.members.push(module);
                group.instances.push(instance);
            }
        }
        if !group.members.iter().any(|member| member.is_library) {
            return Err(Unlinked::NoLibraries);
        }
        if group.members.iter().chain(group.late.iter().map(|late| &late.module)).any(|module| module.starts) {
            return Err(Unlinked::Starts);
        }
        group.owns_its_place(shape)?;
        Ok(group)
    }

    /// The one module takes the place of a member's, so nobody else may need that.
    fn owns_its_place(&self, shape: &Shape<'a>) -> Result<(), Unlinked> {
        let place = self.place(shape)?;
        let taken = self.late.iter().any(|late| matches!(shape.instance(late.instance), Ok(CoreInstance::Made { module, .. }) if *module == place));
        if taken { Err(Unlinked::Circle) } else { Ok(()) }
    }

    /// The instance in whose place the one instance is made: the last member before the first late instance. Members that
    /// come after it are made earlier than they were, which nobody notices: nothing runs when they are made.
    pub(crate) fn place_of_instance(&self) -> u32 {
        let first_late = self.late.first().map_or(u32::MAX, |late| late.instance);
        self.instances.iter().copied().take_while(|&instance| instance < first_late).last().unwrap_or(0)
    }

    /// The module in whose place the one module stands.
    pub(crate) fn place(&self, shape: &Shape<'a>) -> Result<u32, Unlinked> {
        match shape.instance(self.place_of_instance())? {
            CoreInstance::Made { module, .. } => Ok(*module),
            CoreInstance::Gathered(_) => Err(Unlinked::NoSuchItem),
        }
    }

    /// Which member an instance is.
    pub(crate) fn member_of(&self, instance: u32) -> Option<usize> {
        self.instances.iter().position(|&member| member == instance)
    }

    /// Where an item of the component comes from.
    pub(crate) fn source(&self, shape: &Shape<'a>, kind: Kind, item: u32) -> Result<Source<'a>, Unlinked> {
        match shape.origin(kind, item)? {
            Origin::Canonical { .. } => Ok(Source::Outside(item)),
            Origin::Export { instance, name } => Ok(match self.export(shape, instance, kind, name)? {
                // An export of an instance that is no member: the component's own name for it is as good.
                Export::OfOther => Source::Outside(item),
                Export::Is(source) => source,
            }),
        }
    }

    /// Where something that a member imports comes from.
    pub(crate) fn import(
        &self,
        shape: &Shape<'a>,
        member: usize,
        (module, kind, name): (&str, Kind, &'a str),
    ) -> Result<Source<'a>, Unlinked> {
        let CoreInstance::Made { arguments, .. } = shape.instance(self.instances[member])? else {
            return Err(Unlinked::NoSuchItem);
        };
        let (_, instance) = arguments.iter().find(|(name, _)| *name == module).ok_or(Unlinked::NoSuchItem)?;
        match self.export(shape, *instance, kind, name)? {
            Export::Is(source) => Ok(source),
            Export::OfOther => Err(Unlinked::Circle),
        }
    }

    /// What a late instance takes from a member that it is given as a whole, by the name that it knows it under.
    pub(crate) fn taken_whole(&self, late: &Late<'a>, argument: &str, member: usize) -> Vec<Taken<'a>> {
        let by_it = late.module.imports.iter().filter(|import| import.module == argument);
        by_it.map(|import| Taken { kind: kind_of(import.ty), member, name: import.name }).collect()
    }

    fn export(&self, shape: &Shape<'a>, instance: u32, kind: Kind, name: &'a str) -> Result<Export<'a>, Unlinked> {
        match shape.instance(instance)? {
            CoreInstance::Made { .. } => Ok(match self.member_of(instance) {
                Some(member) => Export::Is(Source::Member { member, name }),
                None => Export::OfOther,
            }),
            CoreInstance::Gathered(items) => {
                let (_, _, item) = items
                    .iter()
                    .find(|(other, of, _)| *other == name && *of == kind)
                    .ok_or(Unlinked::NoSuchItem)?;
                // Instances refer to earlier items only, so this ends.
                self.source(shape, kind, *item).map(Export::Is)
            }
        }
    }
}

/// An export of a member that something outside the group takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Taken<'a> {
    pub(crate) kind: Kind,
    pub(crate) member: usize,
    pub(crate) name: &'a str,
}

enum Export<'a> {
    Is(Source<'a>),
    OfOther,
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
                for &(_, kind, item) in items {
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
