//! The ids of elements on a page.

/// The ids of a run's elements. Where a page has several runs, each has a prefix of its own.
#[derive(Clone, Copy)]
pub(super) struct Ids<'a>(&'a str);

impl<'a> Ids<'a> {
    /// Those of a page about one thing.
    pub(super) const ONLY: Ids<'static> = Ids("");

    /// Those with this prefix.
    pub(super) fn with(prefix: &'a str) -> Ids<'a> {
        Ids(prefix)
    }

    /// The id of the element that is called so.
    pub(super) fn of(self, name: &str) -> String {
        format!("{}{name}", self.0)
    }

    /// Their common prefix.
    pub(super) fn prefix(self) -> &'a str {
        self.0
    }
}
