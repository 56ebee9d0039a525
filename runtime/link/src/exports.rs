//! What the rest of a component takes from the one module.

use std::collections::HashMap;

use crate::group::{Group, Taken};
use crate::kind::Kind;
use crate::layout::Layout;
use crate::merge::Export;
use crate::unlinked::Unlinked;

/// What the one module exports, each thing once.
#[derive(Default)]
pub(crate) struct Exports<'a> {
    /// What the one module exports.
    pub(crate) exported: Vec<Export>,
    /// Under which of the exports others find what they took from members.
    places: HashMap<Taken<'a>, usize>,
}

impl<'a> Exports<'a> {
    /// Exports what is taken.
    pub(crate) fn of(group: &Group<'a>, layout: &Layout, taken: &[Taken<'a>]) -> Result<Exports<'a>, Unlinked> {
        let mut exports = Exports::default();
        for &taken in taken {
            let index = layout.export(group, taken.member, taken.kind, taken.name)?;
            let place = exports.place(taken.kind, index);
            exports.places.insert(taken, place);
        }
        Ok(exports)
    }

    fn place(&mut self, kind: Kind, index: u32) -> usize {
        let known = self.exported.iter().position(|&(_, of, other)| (of, other) == (kind, index));
        known.unwrap_or_else(|| {
            self.exported.push((self.exported.len().to_string(), kind, index));
            self.exported.len() - 1
        })
    }

    /// The number of the export that something is found under.
    pub(crate) fn number(&self, taken: Taken<'_>) -> Option<usize> {
        self.places.get(&taken).copied()
    }
}
