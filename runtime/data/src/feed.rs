//! A feed: a table, and the run's position in it for each policy in use.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};
use squall_plan::{AgentPlace, AtEnd, Policy};

use crate::cursor::{Cursor, Step};
use crate::error::{OpenError, TakeError};
use crate::table::Table;

/// Rows for virtual users, by a policy.
#[derive(Debug)]
pub struct Feed {
    name: String,
    table: Table,
    /// The user's choice, if any.
    policy: Option<Policy>,
    at_end: Option<AtEnd>,
    vus: u64,
    seed: u64,
    place: AgentPlace,
    /// By policy; made when the first one opens the feed so.
    cursors: [OnceLock<Cursor>; Policy::ALL.len()],
}

/// The settings of an open feed. The user's choice precedes the scenario's, and that precedes the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// Order of the rows.
    pub policy: Policy,
    /// Behaviour after the last row.
    pub at_end: AtEnd,
}

/// A run's use of a feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedUse {
    /// The feed's name.
    pub name: String,
    /// Number of its rows.
    pub rows: u64,
    /// The policy by which rows were taken.
    pub policy: Policy,
    /// Number of rows taken.
    pub taken: u64,
}

impl Feed {
    pub(crate) fn new(
        name: &str,
        table: Table,
        (policy, at_end): (Option<Policy>, Option<AtEnd>),
        vus: u64,
        seed: u64,
    ) -> Feed {
        let place = AgentPlace::ONLY;
        Feed { name: name.to_owned(), table, policy, at_end, vus, seed, place, cursors: Default::default() }
    }

    /// The same feed, of which this process takes only its agent's rows.
    pub(crate) fn of_agent(self, place: AgentPlace) -> Feed {
        Feed { place, ..self }
    }

    /// The scenario's name for it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The feed's rows.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Opens it the way that a scenario suggests.
    ///
    /// # Errors
    /// If policy and end do not fit each other, or there are too few rows.
    pub fn open(&self, policy: Option<Policy>, at_end: Option<AtEnd>) -> Result<Way, OpenError> {
        let policy = self.policy.or(policy).unwrap_or_default();
        // An end that the scenario suggests for its own policy means nothing to the user's.
        let suggested = at_end.filter(|at_end| self.policy.is_none() || policy.check_end(*at_end).is_ok());
        let at_end = self.at_end.or(suggested).unwrap_or(policy.usual_end());
        policy.check_end(at_end).map_err(|source| OpenError::Contradiction { name: self.name.clone(), source })?;
        let rows = self.table.length();
        if policy == Policy::UniquePerVu && rows < self.vus {
            return Err(OpenError::TooFewRows { name: self.name.clone(), rows, vus: self.vus });
        }
        Ok(Way { policy, at_end })
    }

    /// Takes the next row for a virtual user (from 1; 0 is `setup` and `teardown`). Returns `None` if none is left and
    /// the run is to stop.
    ///
    /// # Errors
    /// If none is left and the feed's end is an error, or if this user has no rows.
    pub fn next(&self, way: Way, vu: u32) -> Result<Option<u64>, TakeError> {
        let cursor = self.cursors[way.policy as usize]
            .get_or_init(|| Cursor::new(way.policy, self.table.length(), self.vus, self.seed, self.place));
        match (cursor.next(vu, way.at_end == AtEnd::Recycle), way.at_end) {
            (Step::Row(row), _) => Ok(Some(row)),
            (Step::End, AtEnd::Error) => Err(TakeError::Exhausted(self.name.clone())),
            (Step::End, _) => Ok(None),
            (Step::NotAUser, _) => Err(TakeError::NotAUser(self.name.clone())),
        }
    }

    pub(crate) fn usage(&self) -> impl Iterator<Item = FeedUse> {
        Policy::ALL.into_iter().zip(&self.cursors).filter_map(|(policy, cursor)| {
            let taken = cursor.get()?.taken();
            Some(FeedUse { name: self.name.clone(), rows: self.table.length(), policy, taken })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::TableBuilder;

    fn feed(rows: u64, policy: Option<Policy>, at_end: Option<AtEnd>) -> Feed {
        let mut table = TableBuilder::new(vec!["id".into()], 0);
        (0..rows).for_each(|row| table.push_texts([row.to_string().as_str()].into_iter()).unwrap());
        Feed::new("users", table.finish(), (policy, at_end), 4, 1)
    }

    #[test]
    fn the_user_goes_before_the_scenario() {
        let way = |feed: Feed, policy, at_end| feed.open(policy, at_end).map(|way| (way.policy, way.at_end));
        let usual = (Policy::Sequential, AtEnd::Recycle);
        assert_eq!(way(feed(9, None, None), None, None), Ok(usual));
        assert_eq!(way(feed(9, None, None), Some(Policy::OnceEach), None), Ok((Policy::OnceEach, AtEnd::Stop)));
        assert_eq!(
            way(feed(9, Some(Policy::Shuffle), None), Some(Policy::OnceEach), Some(AtEnd::Error)),
            Ok((Policy::Shuffle, AtEnd::Error))
        );
        assert_eq!(
            way(feed(9, Some(Policy::Random), None), Some(Policy::OnceEach), Some(AtEnd::Error)),
            Ok((Policy::Random, AtEnd::Recycle))
        );
    }

    #[test]
    fn impossible_promises_are_refused() {
        let error = feed(9, None, Some(AtEnd::Recycle)).open(Some(Policy::OnceEach), None).unwrap_err();
        assert!(error.to_string().starts_with("data \"users\": at-end=recycle does not go with policy=once-each"));
        let error = feed(3, None, None).open(Some(Policy::UniquePerVu), None).unwrap_err();
        assert_eq!(
            error.to_string(),
            "data \"users\" has 3 rows, and unique-per-vu needs one for each of up to 4 virtual users: give more rows, \
             or fewer virtual users"
        );
    }

    #[test]
    fn the_end_is_what_was_asked_for() {
        let feed = feed(1, None, None);
        let next = |at_end| {
            let way = feed.open(Some(Policy::OnceEach), Some(at_end)).unwrap();
            feed.next(way, 1)
        };
        assert_eq!(next(AtEnd::Stop), Ok(Some(0)));
        assert_eq!(next(AtEnd::Stop), Ok(None));
        assert_eq!(next(AtEnd::Error), Err(TakeError::Exhausted("users".to_owned())));
        let used: Vec<_> = feed.usage().map(|used| (used.policy, used.taken)).collect();
        assert_eq!(used, [(Policy::OnceEach, 1)]);
    }
}
