//! A run's position in a table: an atomic counter that all threads share, or one for each virtual user. The row follows
//! by arithmetic, without a lock and without memory except the counters.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use squall_plan::random::scale;
use squall_plan::{AgentPlace, Policy};

use crate::chance::key;
use crate::permutation::Permutation;

/// A way through the rows of one table by one policy.
#[derive(Debug)]
pub(crate) struct Cursor {
    policy: Policy,
    rows: u64,
    seed: u64,
    /// Number of rows taken: by all together, or, for policies per virtual user, by each.
    taken: Box<[AtomicU64]>,
    /// Which rows are this process's, where several go through the same rows.
    place: AgentPlace,
}

/// The next step of a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// This row.
    Row(u64),
    /// No row is left.
    End,
    /// The policy is per virtual user, and the number is not one of the run's users.
    NotAUser,
}

impl Cursor {
    /// Over `rows` rows (at least one), for virtual users 1 to `vus`.
    pub(crate) fn new(policy: Policy, rows: u64, vus: u64, seed: u64, place: AgentPlace) -> Cursor {
        let counters = match policy {
            // 0 is `setup` and `teardown`.
            Policy::Random | Policy::UniquePerVu => vus + 1,
            Policy::Sequential | Policy::Shuffle | Policy::OnceEach => 1,
        };
        Cursor { policy, rows, seed, taken: (0..counters).map(|_| AtomicU64::new(0)).collect(), place }
    }

    /// The next row for a virtual user. With `recycle` the first follows the last.
    pub(crate) fn next(&self, vu: u32, recycle: bool) -> Step {
        match self.policy {
            Policy::Sequential | Policy::OnceEach => match self.take_shared(recycle) {
                Some(taken) => Step::Row(taken % self.rows),
                None => Step::End,
            },
            Policy::Shuffle => match self.take_shared(recycle) {
                Some(taken) => Step::Row(self.shuffle(taken)),
                None => Step::End,
            },
            Policy::Random => match self.take(u64::from(vu), u64::MAX, true) {
                Some(taken) => Step::Row(scale(key([self.seed, u64::from(vu), taken]), self.rows)),
                None => Step::NotAUser,
            },
            Policy::UniquePerVu => self.next_own(u64::from(vu), recycle),
        }
    }

    /// Number of rows taken so far.
    pub(crate) fn taken(&self) -> u64 {
        self.taken.iter().map(|counter| counter.load(Relaxed)).sum()
    }

    /// A number that all agents together take only once.
    fn take_shared(&self, recycle: bool) -> Option<u64> {
        let nth = self.take(0, self.place.numbers_below(self.rows), recycle)?;
        Some(self.place.number(nth))
    }

    /// A number that this counter returns only once: below the limit, or, if it recycles, any.
    fn take(&self, counter: u64, limit: u64, recycle: bool) -> Option<u64> {
        let counter = self.taken.get(usize::try_from(counter).ok()?)?;
        if recycle {
            return Some(counter.fetch_add(1, Relaxed));
        }
        counter.fetch_update(Relaxed, Relaxed, |taken| (taken < limit).then_some(taken + 1)).ok()
    }

    /// Each pass through the rows has an order of its own.
    fn shuffle(&self, taken: u64) -> u64 {
        Permutation::new(self.rows, key([self.seed, taken / self.rows])).at(taken % self.rows)
    }

    /// Users take turns over the rows, so that each has as many as the others, or one more.
    fn next_own(&self, vu: u64, recycle: bool) -> Step {
        let users = self.taken.len() as u64 - 1;
        if vu == 0 || vu > users || vu > self.rows {
            return Step::NotAUser;
        }
        let first = vu - 1;
        let share = (self.rows - first).div_ceil(users);
        match self.take(vu, share, recycle) {
            Some(taken) => Step::Row(first + taken % share * users),
            None => Step::End,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// The rows that `threads` take until none is left.
    fn taken_by(threads: u32, cursor: &Cursor) -> Vec<u64> {
        std::thread::scope(|scope| {
            let takers: Vec<_> = (1..=threads)
                .map(|vu| {
                    let rows = move || match cursor.next(vu, false) {
                        Step::Row(row) => Some(row),
                        _ => None,
                    };
                    scope.spawn(move || std::iter::from_fn(rows).collect::<Vec<_>>())
                })
                .collect();
            takers.into_iter().flat_map(|taker| taker.join().unwrap()).collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn once_each_gives_every_row_once_to_any_number_of_threads(rows in 1u64..3_000, threads in 1u32..8, seed: u64) {
            for policy in [Policy::OnceEach, Policy::Sequential, Policy::Shuffle] {
                let cursor = Cursor::new(policy, rows, u64::from(threads), seed, AgentPlace::ONLY);
                let mut taken = taken_by(threads, &cursor);
                taken.sort_unstable();
                prop_assert_eq!(taken, (0..rows).collect::<Vec<_>>(), "{}", policy);
                prop_assert_eq!(cursor.next(1, false), Step::End);
                prop_assert_eq!(cursor.taken(), rows);
            }
        }

        #[test]
        fn rows_of_users_are_their_own_and_all_are_somebodys(rows in 1u64..500, users in 1u32..40) {
            prop_assume!(u64::from(users) <= rows);
            let cursor = Cursor::new(Policy::UniquePerVu, rows, u64::from(users), 1, AgentPlace::ONLY);
            let mut all = BTreeSet::new();
            for vu in 1..=users {
                let mut own = Vec::new();
                while let Step::Row(row) = cursor.next(vu, false) {
                    prop_assert!(all.insert(row), "row {} was taken twice", row);
                    own.push(row);
                }
                let fair = rows / u64::from(users);
                prop_assert!((fair..=fair + 1).contains(&(own.len() as u64)));
            }
            prop_assert_eq!(all.len() as u64, rows);
        }

        #[test]
        fn every_pass_of_a_shuffle_has_every_row(rows in 1u64..200, seed: u64) {
            let cursor = Cursor::new(Policy::Shuffle, rows, 1, seed, AgentPlace::ONLY);
            for _ in 0..3 {
                let pass: BTreeSet<_> = (0..rows).map(|_| cursor.next(1, true)).map(row).collect();
                prop_assert_eq!(pass.len() as u64, rows);
            }
        }
    }

    fn row(step: Step) -> u64 {
        match step {
            Step::Row(row) => row,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn agents_share_the_rows() {
        for policy in [Policy::OnceEach, Policy::Sequential, Policy::Shuffle] {
            let of_agent = |index| {
                let cursor = Cursor::new(policy, 10, 4, 7, AgentPlace::new(index, 3, 0).unwrap());
                std::iter::from_fn(move || match cursor.next(1, false) {
                    Step::Row(row) => Some(row),
                    _ => None,
                })
            };
            let mut all: Vec<u64> = (0..3).flat_map(of_agent).collect();
            all.sort_unstable();
            assert_eq!(all, (0..10).collect::<Vec<_>>(), "{policy}");
        }
    }

    #[test]
    fn passes_of_a_shuffle_differ() {
        let cursor = Cursor::new(Policy::Shuffle, 50, 1, 7, AgentPlace::ONLY);
        let pass = || (0..50).map(|_| row(cursor.next(1, true))).collect::<Vec<_>>();
        assert_ne!(pass(), pass());
    }

    #[test]
    fn the_first_row_follows_the_last() {
        let cursor = Cursor::new(Policy::Sequential, 3, 1, 7, AgentPlace::ONLY);
        assert_eq!((0..7).map(|_| row(cursor.next(1, true))).collect::<Vec<_>>(), [0, 1, 2, 0, 1, 2, 0]);
        let own = Cursor::new(Policy::UniquePerVu, 5, 2, 7, AgentPlace::ONLY);
        assert_eq!((0..4).map(|_| row(own.next(1, true))).collect::<Vec<_>>(), [0, 2, 4, 0]);
        assert_eq!((0..4).map(|_| row(own.next(2, true))).collect::<Vec<_>>(), [1, 3, 1, 3]);
    }

    #[test]
    fn chance_depends_on_seed_and_user_alone() {
        let draws = |seed, vu| {
            let cursor = Cursor::new(Policy::Random, 1_000, 2, seed, AgentPlace::ONLY);
            // The other user's rows do not matter.
            (0..20).map(|_| (cursor.next(3 - vu, true), row(cursor.next(vu, true))).1).collect::<Vec<_>>()
        };
        assert_eq!(draws(1, 1), draws(1, 1));
        assert_ne!(draws(1, 1), draws(1, 2));
        assert_ne!(draws(1, 1), draws(2, 1));
    }

    #[test]
    fn setup_has_no_rows_of_its_own() {
        assert_eq!(Cursor::new(Policy::UniquePerVu, 5, 2, 7, AgentPlace::ONLY).next(0, true), Step::NotAUser);
        assert!(matches!(Cursor::new(Policy::Random, 5, 2, 7, AgentPlace::ONLY).next(0, true), Step::Row(_)));
    }
}
