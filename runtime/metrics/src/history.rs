//! The course of a run second by second, at any length in bounded memory.
//!
//! A second is stored in encoded form, about 1 KB a histogram instead of several. At [`History::MOST`] entries,
//! neighbours are merged in pairs. From then on an entry stands for two seconds, later for four, and so on. Histograms
//! merge exactly, so only resolution is lost.
//!
//! Merging all of two hours takes half a second, too long for one push. So each push merges one pair; readers get the
//! waiting pairs already merged.

use std::ops::RangeBounds;
use std::{iter, mem, vec};

use crate::clock::Nanos;
use crate::histogram::{Histogram, Packed};

/// The results of one second of a run, or, in a long run, of a few seconds.
#[derive(Clone, Debug, Default)]
pub struct Second {
    /// Its start, counted from the beginning of the load.
    pub at: Nanos,
    /// Its length, by which rates are divided.
    pub length: Nanos,
    /// Requests that ended.
    pub requests: u64,
    /// The failed ones among them.
    pub failed: u64,
    /// Iterations that ended.
    pub iterations: u64,
    /// Iterations that could not start because no virtual user was free.
    pub dropped: u64,
    /// Active virtual users; the most, where seconds were merged.
    pub vus: u64,
    /// Intended start to last byte.
    pub response_time: Histogram,
    /// `http_req_duration`: sending + waiting + receiving.
    pub service_time: Histogram,
}

impl Second {
    /// A load may end within a second. No rate is computed for a rest shorter than this: a few requests in a few
    /// microseconds would be a false peak.
    pub const LEAST_FOR_A_RATE: Nanos = Nanos(500_000_000);

    /// Adds the results of a later second.
    pub fn merge(&mut self, later: &Second) {
        self.length += later.length;
        self.requests += later.requests;
        self.failed += later.failed;
        self.iterations += later.iterations;
        self.dropped += later.dropped;
        self.vus = self.vus.max(later.vus);
        self.response_time.merge(&later.response_time);
        self.service_time.merge(&later.service_time);
    }

    /// Adds the results of the same time from another process.
    pub fn add_parallel(&mut self, other: &Second) {
        let (length, vus) = (self.length.max(other.length), self.vus + other.vus);
        self.merge(other);
        (self.length, self.vus) = (length, vus);
    }

    /// Requests that ended, per second.
    pub fn throughput(&self) -> f64 {
        if self.length == Nanos::ZERO {
            return 0.0;
        }
        self.requests as f64 / self.length.as_secs_f64()
    }
}

/// The seconds of a run, in order.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The oldest.
    entries: Vec<Entry>,
    /// Later ones, of half their length, that are yet to be merged in pairs and moved to `old`.
    waiting: vec::IntoIter<Entry>,
    /// Entries added since merging began.
    newer: Vec<Entry>,
    /// The seconds of the next entry so far, and their number.
    open: Option<(Second, u64)>,
    /// Number of pushed seconds in an entry: 2 to the power of this.
    doublings: u32,
    /// The last pushed second, unchanged.
    latest: Option<Second>,
}

impl History {
    /// The greatest number of entries: two hours of single seconds.
    pub const MOST: usize = 7_200;

    /// An empty history.
    pub fn new() -> History {
        History::default()
    }

    /// Appends the second that has just passed.
    pub fn push(&mut self, second: Second) {
        self.latest = Some(second.clone());
        // Entries double only at the boundary between two.
        if self.open.is_none() || !self.waiting.as_slice().is_empty() {
            self.merge_one_pair();
        }
        let (joined, seconds) = match self.open.take() {
            None => (second, 1),
            Some((mut open, seconds)) => {
                open.merge(&second);
                (open, seconds + 1)
            }
        };
        if seconds < self.seconds_per_entry() {
            self.open = Some((joined, seconds));
            return;
        }
        self.newer.push(Entry::new(&joined));
    }

    /// The last pushed second, whatever has been merged or dropped since.
    pub fn latest(&self) -> Option<&Second> {
        self.latest.as_ref()
    }

    /// The first entry's start; zero without entries.
    pub fn first_at(&self) -> Nanos {
        let first = self.groups().next().and_then(|group| group.first()).map(|entry| entry.at);
        first.or(self.open.as_ref().map(|(second, _)| second.at)).unwrap_or(Nanos::ZERO)
    }

    /// Drops the entries that began before `time`.
    pub fn forget_before(&mut self, time: Nanos) {
        self.entries.retain(|entry| entry.at >= time);
        self.newer.retain(|entry| entry.at >= time);
        let waiting: Vec<Entry> = mem::take(&mut self.waiting).filter(|entry| entry.at >= time).collect();
        self.waiting = waiting.into_iter();
    }

    /// Continues merging, or starts it if there are too many entries.
    fn merge_one_pair(&mut self) {
        if let Some(earlier) = self.waiting.next() {
            let pair: Vec<Entry> = iter::once(earlier).chain(self.waiting.next()).collect();
            self.entries.push(Entry::new(&joined(&pair)));
            return;
        }
        self.entries.append(&mut self.newer);
        if self.entries.len() >= History::MOST {
            self.waiting = mem::take(&mut self.entries).into_iter();
            self.doublings += 1;
        }
    }

    /// The groups of seconds that a reader sees as one entry each.
    fn groups(&self) -> impl Iterator<Item = &[Entry]> {
        self.entries.chunks(1).chain(self.waiting.as_slice().chunks(2)).chain(self.newer.chunks(1))
    }

    /// Number of pushed seconds in an entry: 1, 2, 4, ...
    pub fn seconds_per_entry(&self) -> u64 {
        1 << self.doublings.min(63)
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.groups().count() + usize::from(self.open.is_some())
    }

    /// Whether the history has no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entries, in order of time, each decoded on demand. The last one may be shorter than the others.
    pub fn seconds(&self) -> impl Iterator<Item = Second> {
        let open = self.open.iter().map(|(second, _)| second.clone());
        self.groups().map(joined).chain(open)
    }

    /// All entries that begin within `range`, merged; an empty one at zero if there are none.
    pub fn merged(&self, range: impl RangeBounds<Nanos>) -> Second {
        let starts_within = |group: &&[Entry]| group.first().is_some_and(|entry| range.contains(&entry.at));
        let within = self.groups().filter(starts_within).map(joined);
        let open = self.open.iter().map(|(second, _)| second).filter(|second| range.contains(&second.at)).cloned();
        merged(within.chain(open))
    }

    /// The entries in windows of about `length` each, merged. A shorter rest at the end is left out.
    pub fn windows(&self, length: Nanos) -> impl Iterator<Item = Second> {
        let mut seconds = self.seconds();
        iter::from_fn(move || {
            let mut window = seconds.next()?;
            // A second's length varies by a few microseconds; half a second less is long enough.
            while window.length + Nanos(500_000_000) < length {
                window.merge(&seconds.next()?);
            }
            Some(window)
        })
    }
}

/// All of these merged, starting with the first.
fn merged(seconds: impl IntoIterator<Item = Second>) -> Second {
    let mut seconds = seconds.into_iter();
    let mut merged = seconds.next().unwrap_or_default();
    seconds.for_each(|later| merged.merge(&later));
    merged
}

fn joined(group: &[Entry]) -> Second {
    merged(group.iter().map(Entry::second))
}

/// An encoded second.
#[derive(Clone, Debug)]
struct Entry {
    at: Nanos,
    length: Nanos,
    requests: u64,
    failed: u64,
    iterations: u64,
    dropped: u64,
    vus: u64,
    response_time: Packed,
    service_time: Packed,
}

impl Entry {
    fn new(second: &Second) -> Entry {
        Entry {
            at: second.at,
            length: second.length,
            requests: second.requests,
            failed: second.failed,
            iterations: second.iterations,
            dropped: second.dropped,
            vus: second.vus,
            response_time: Packed::new(&second.response_time),
            service_time: Packed::new(&second.service_time),
        }
    }

    fn second(&self) -> Second {
        Second {
            at: self.at,
            length: self.length,
            requests: self.requests,
            failed: self.failed,
            iterations: self.iterations,
            dropped: self.dropped,
            vus: self.vus,
            response_time: self.response_time.unpack(),
            service_time: self.service_time.unpack(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn second(number: u64) -> Second {
        let mut response_time = Histogram::new();
        response_time.record(Nanos(1_000_000 + number * 1_000));
        Second {
            at: Nanos(number * SECOND),
            length: Nanos(SECOND),
            requests: 1,
            failed: number % 2,
            iterations: 1,
            dropped: 0,
            vus: number,
            service_time: response_time.clone(),
            response_time,
        }
    }

    fn history(seconds: u64) -> History {
        let mut history = History::new();
        (0..seconds).for_each(|number| history.push(second(number)));
        history
    }

    #[test]
    fn seconds_come_back_as_they_were_pushed() {
        let history = history(5);
        let starts: Vec<u64> = history.seconds().map(|second| second.at.0 / SECOND).collect();
        assert_eq!(starts, [0, 1, 2, 3, 4]);
        let last = history.seconds().last().expect("five");
        assert_eq!(last.response_time.max(), Nanos(1_004_000));
        assert_eq!((last.requests, last.vus), (1, 4));
    }

    #[test]
    fn a_range_is_merged_into_one() {
        let merged = history(10).merged(Nanos(2 * SECOND)..Nanos(5 * SECOND));
        assert_eq!((merged.at, merged.length), (Nanos(2 * SECOND), Nanos(3 * SECOND)));
        assert_eq!((merged.requests, merged.failed, merged.vus), (3, 1, 4));
        assert_eq!(merged.service_time.min(), Nanos(1_002_000));
        assert_eq!(merged.throughput(), 1.0);
        assert_eq!(history(10).merged(Nanos(60 * SECOND)..).requests, 0);
    }

    #[test]
    fn a_beginning_can_be_forgotten() {
        let mut history = history(10);
        history.forget_before(Nanos(4 * SECOND));
        assert_eq!((history.len(), history.merged(..).at), (6, Nanos(4 * SECOND)));
    }

    #[test]
    fn windows_leave_out_a_short_rest() {
        let windows: Vec<u64> = history(65).windows(Nanos(30 * SECOND)).map(|window| window.requests).collect();
        assert_eq!(windows, [30, 30]);
    }

    #[test]
    fn a_second_that_is_a_little_short_does_not_add_another_to_its_window() {
        let mut history = History::new();
        (0..60).for_each(|number| history.push(Second { length: Nanos(SECOND - 5_000), ..second(number) }));
        assert_eq!(history.windows(Nanos(30 * SECOND)).count(), 2);
    }

    #[test]
    fn a_long_run_is_kept_in_bounded_memory_and_nothing_is_lost() {
        let most = History::MOST as u64;
        let mut history = History::new();
        let mut pushed = 0;
        // Before the first merge, within it, after it, within the second.
        for (seconds, per_entry) in [(most, 1), (most + 1_001, 2), (2 * most - 1, 2), (2 * most + 1_002, 4)] {
            (pushed..seconds).for_each(|number| history.push(second(number)));
            pushed = seconds;
            assert_eq!(history.seconds_per_entry(), per_entry, "after {seconds} s");
            let kept: Vec<&Entry> = history.groups().flatten().collect();
            assert!(kept.len() <= History::MOST, "{} entries after {seconds} s", kept.len());
            let size: usize = kept.iter().map(|entry| entry.response_time.size()).sum();
            assert!(size < History::MOST * 2_000, "{size} bytes");

            let all = history.merged(..);
            assert_eq!((all.requests, all.response_time.count()), (seconds, seconds));
            assert_eq!(all.length, Nanos(seconds * SECOND));
            assert_eq!(all.response_time.max(), Nanos(1_000_000 + (seconds - 1) * 1_000));
            let read: Vec<Second> = history.seconds().collect();
            assert_eq!(read.len(), history.len());
            let (last, whole) = read.split_last().expect("many");
            let mut next = Nanos::ZERO;
            for second in whole {
                assert_eq!((second.at, second.length), (next, Nanos(per_entry * SECOND)), "no gap, no overlap");
                next = second.at + second.length;
            }
            assert_eq!(last.at, next);
        }
    }

    proptest! {
        #[test]
        fn the_parts_of_a_history_add_up_to_the_whole(seconds in 0u64..100, cut in 0u64..100) {
            let history = history(seconds);
            let cut = Nanos(cut * SECOND);
            let mut parts = history.merged(..cut);
            parts.merge(&history.merged(cut..));
            let whole = history.merged(..);
            prop_assert_eq!((parts.requests, parts.failed, parts.length), (whole.requests, whole.failed, whole.length));
            prop_assert_eq!(parts.response_time.encode(), whole.response_time.encode());
        }
    }
}
