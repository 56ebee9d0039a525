//! Exports of the one module for the rest of the component.

use std::collections::HashMap;

use crate::group::{Group, Taken};
use crate::kind::Kind;
use crate::layout::Layout;
use crate::merge::Export;
use crate::unlinked::Unlinked;

/// The exports of the one module, without duplicates.
#[derive(Default)]
pub(crate) struct Exports<'a> {
    /// The exports in order.
    pub(crate) exported: Vec<Export>,
    /// Index of each item's export.
    numbers: HashMap<(Kind, u32), usize>,
    /// Index of the export that replaces an item taken from a member.
    taken: HashMap<Taken<'a>, usize>,
}

impl<'a> Exports<'a> {
    /// Exports the taken items.
    pub(crate) fn of(group: &Group<'a>, layout: &Layout, taken: &[Taken<'a>]) -> Result<Exports<'a>, Unlinked> {
        let mut exports = Exports::default();
        for &taken in taken {
            let index = layout.export(group, taken.member, taken.kind, taken.name)?;
            let number = exports.export(taken.kind, index);
            exports.taken.insert(taken, number);
        }
        Ok(exports)
    }

    fn export(&mut self, kind: Kind, index: u32) -> usize {
        let Exports { exported, numbers, .. } = self;
        *numbers.entry((kind, index)).or_insert_with(|| {
            exported.push((exported.len().to_string(), kind, index));
            exported.len() - 1
        })
    }

    /// The number of the export that something is found under.
    pub(crate) fn number(&self, taken: Taken<'_>) -> Option<usize> {
        self.taken.get(&taken).copied()
    }
}
