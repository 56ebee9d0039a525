//! Tags that guests give to samples. Only tags that a threshold asks for are kept, as k6 keeps a submetric for each
//! tagged threshold. So they cost nothing without such a threshold, and a script cannot make an unlimited number of
//! series.
//!
//! A sample with such tags is recorded twice: among all samples, and separately under its set of tags.

use std::collections::BTreeSet;

/// A tag's name and value.
pub type Tag = (String, String);

/// The tags of a sample that thresholds ask for: a number in the run's [`TagSets`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TagSetId(u16);

impl TagSetId {
    /// The set without tags.
    pub const NONE: TagSetId = TagSetId(0);

    /// Whether the set is empty.
    #[inline]
    pub fn is_none(self) -> bool {
        self == TagSetId::NONE
    }
}

/// The tags that thresholds ask for. Never changes during a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AskedTags(BTreeSet<Tag>);

impl AskedTags {
    /// Keeps these tags.
    pub fn new(tags: impl IntoIterator<Item = Tag>) -> AskedTags {
        AskedTags(tags.into_iter().collect())
    }

    /// Whether this tag with this value is asked for.
    pub fn contains(&self, tag: &Tag) -> bool {
        self.0.contains(tag)
    }

    /// The names of these tags, each once.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.0.iter().map(|(name, _)| name.clone()).collect();
        names.dedup();
        names
    }
}

/// The sets of asked tags that samples have had.
#[derive(Debug, Default)]
pub(crate) struct TagSets(Vec<BTreeSet<Tag>>);

impl TagSets {
    /// The number of a set of tags, which are all asked for.
    pub(crate) fn number(&mut self, tags: BTreeSet<Tag>) -> TagSetId {
        if tags.is_empty() {
            return TagSetId::NONE;
        }
        let known = self.0.iter().position(|known| *known == tags);
        let index = known.unwrap_or_else(|| {
            self.0.push(tags);
            self.0.len() - 1
        });
        // More sets than numbers would take more tagged thresholds than any plan has.
        u16::try_from(index + 1).map_or(TagSetId::NONE, TagSetId)
    }

    /// The set with that number.
    pub(crate) fn get(&self, id: TagSetId) -> Option<&BTreeSet<Tag>> {
        self.0.get(usize::from(id.0).checked_sub(1)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(name: &str, value: &str) -> Tag {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn a_set_keeps_its_number() {
        let mut sets = TagSets::default();
        let one = BTreeSet::from([tag("kind", "x")]);
        let both = BTreeSet::from([tag("kind", "x"), tag("group", "::main")]);
        let ids = [BTreeSet::new(), one.clone(), both.clone(), one.clone()].map(|set| sets.number(set));
        assert_eq!((ids[0], ids[1]), (TagSetId::NONE, ids[3]));
        assert_ne!(ids[1], ids[2]);
        assert_eq!((sets.get(ids[2]), sets.get(TagSetId::NONE)), (Some(&both), None));
    }

    #[test]
    fn each_name_is_returned_once() {
        let asked = AskedTags::new([tag("kind", "x"), tag("group", "::a"), tag("kind", "y")]);
        assert_eq!(asked.names(), ["group", "kind"]);
        assert!(asked.contains(&tag("kind", "y")) && !asked.contains(&tag("kind", "z")));
    }
}
