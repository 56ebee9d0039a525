//! What was read so far, within bounds: a run of days keeps as much as one of an hour, in longer intervals.

use std::collections::BTreeMap;
use std::time::Duration;

use squall_findings::database::{BlockedStatement, DatabaseInterval, DatabaseReport, SessionSample, StatementUse};

/// Intervals that are kept; half an hour of them in the beginning.
const MOST_INTERVALS: usize = 360;
/// Statements that are kept of an interval.
pub(crate) const MOST_STATEMENTS: usize = 100;
/// Samples of the sessions that are kept.
const MOST_SAMPLES: usize = 3_600;
/// Different waits for locks that are kept.
const MOST_WAITS: usize = 200;
/// Different reasons for missing readings.
const MOST_REASONS: usize = 20;
/// The longest sentence about what was not seen, in characters.
const LONGEST_SENTENCE: usize = 400;
/// The time of an interval in the beginning.
const FIRST_PERIOD: Duration = Duration::from_secs(5);

/// A report that grows.
#[derive(Debug)]
pub(crate) struct Record {
    report: DatabaseReport,
    /// The time of an interval: doubled each time that there are too many.
    period: Duration,
    /// Of how many samples one is kept: doubled each time that there are too many.
    every: u64,
    samples: u64,
    blocked: BTreeMap<WaitKey, BlockedStatement>,
    missing: BTreeMap<(&'static str, String), u64>,
}

/// Waits of the same statement for the same other one.
type WaitKey = (String, String, Option<String>);

impl Record {
    pub(crate) fn new(name: String, system: &str) -> Record {
        let report = DatabaseReport { name, system: system.to_owned(), ..DatabaseReport::default() };
        Record {
            report,
            period: FIRST_PERIOD,
            every: 1,
            samples: 0,
            blocked: BTreeMap::new(),
            missing: BTreeMap::new(),
        }
    }

    /// The time until the next interval is to be read.
    pub(crate) fn period(&self) -> Duration {
        self.period
    }

    pub(crate) fn report(&mut self) -> &mut DatabaseReport {
        &mut self.report
    }

    pub(crate) fn push_interval(&mut self, interval: DatabaseInterval) {
        self.report.intervals.push(interval);
        if self.report.intervals.len() >= MOST_INTERVALS {
            let pairs = std::mem::take(&mut self.report.intervals);
            self.report.intervals = pairs.chunks(2).map(join).collect();
            self.period *= 2;
        }
    }

    pub(crate) fn push_sample(&mut self, sample: SessionSample) {
        if self.samples.is_multiple_of(self.every) {
            self.report.sessions.push(sample);
        }
        self.samples += 1;
        if self.report.sessions.len() >= MOST_SAMPLES {
            let all = std::mem::take(&mut self.report.sessions);
            self.report.sessions = all.into_iter().step_by(2).collect();
            self.every *= 2;
        }
    }

    /// Adds the sessions that one sample saw waiting.
    pub(crate) fn push_waits(&mut self, waits: Vec<BlockedStatement>) {
        let mut at_once: BTreeMap<WaitKey, BlockedStatement> = BTreeMap::new();
        for wait in waits {
            let key = (wait.statement.clone(), wait.blocker.clone(), wait.table.clone());
            match at_once.get_mut(&key) {
                Some(known) => add_wait(known, &wait, known.most_at_once + wait.most_at_once),
                None => drop(at_once.insert(key, wait)),
            }
        }
        let has_room = self.blocked.len() < MOST_WAITS;
        for (key, wait) in at_once {
            match self.blocked.get_mut(&key) {
                Some(known) => add_wait(known, &wait, known.most_at_once.max(wait.most_at_once)),
                None if has_room => drop(self.blocked.insert(key, wait)),
                None => self.miss("waits for locks", &format!("more than {MOST_WAITS} different ones")),
            }
        }
    }

    /// Something that is not seen for the whole of the run, as a sentence.
    pub(crate) fn not_seen(&mut self, sentence: &str) {
        let sentence = harmless(sentence);
        if self.report.not_seen.len() < MOST_REASONS && !self.report.not_seen.contains(&sentence) {
            self.report.not_seen.push(sentence);
        }
    }

    /// One reading that is missing, with its reason.
    pub(crate) fn miss(&mut self, readings: &'static str, reason: &str) {
        let key = (readings, harmless(reason));
        if self.missing.len() < MOST_REASONS || self.missing.contains_key(&key) {
            *self.missing.entry(key).or_default() += 1;
        }
    }

    pub(crate) fn finish(mut self) -> DatabaseReport {
        for ((readings, reason), times) in std::mem::take(&mut self.missing) {
            let times = if times == 1 { "once".to_owned() } else { format!("{times} times") };
            self.not_seen(&format!("{readings}, {times}: {reason}"));
        }
        let mut blocked: Vec<BlockedStatement> = self.blocked.into_values().collect();
        blocked.sort_by_key(|wait| std::cmp::Reverse((wait.longest, wait.seen)));
        self.report.blocked = blocked;
        self.report
    }
}

/// A text of a server, as a part of a sentence: on one line and not too long.
fn harmless(text: &str) -> String {
    let text: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    match text.char_indices().nth(LONGEST_SENTENCE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn add_wait(known: &mut BlockedStatement, other: &BlockedStatement, most_at_once: u64) {
    known.seen += other.seen;
    known.longest = known.longest.max(other.longest);
    known.blocker_is_idle |= other.blocker_is_idle;
    known.most_at_once = most_at_once;
}

/// One interval of neighbours.
fn join(neighbours: &[DatabaseInterval]) -> DatabaseInterval {
    let mut all = neighbours.first().cloned().unwrap_or_default();
    for next in neighbours.iter().skip(1) {
        all.ended = next.ended;
        all.commits += next.commits;
        all.rollbacks += next.rollbacks;
        all.deadlocks += next.deadlocks;
        all.temporary_files += next.temporary_files;
        all.temporary_bytes += next.temporary_bytes;
        all.statements.extend(next.statements.iter().cloned());
    }
    all.statements = rank_statements(all.statements);
    all
}

/// Uses of the same statement as one, those that took most time first, at most [`MOST_STATEMENTS`].
pub(crate) fn rank_statements(uses: Vec<StatementUse>) -> Vec<StatementUse> {
    let mut by_statement: BTreeMap<String, StatementUse> = BTreeMap::new();
    for mut one in uses {
        let statement = std::mem::take(&mut one.statement);
        let sum = by_statement.entry(statement).or_default();
        sum.calls = sum.calls.saturating_add(one.calls);
        sum.total = sum.total.saturating_add(one.total);
        sum.rows = sum.rows.saturating_add(one.rows);
        sum.blocks_read = sum.blocks_read.saturating_add(one.blocks_read);
        sum.temporary_blocks = sum.temporary_blocks.saturating_add(one.temporary_blocks);
    }
    let named = by_statement.into_iter().map(|(statement, sum)| StatementUse { statement, ..sum });
    let mut ranked: Vec<StatementUse> = named.collect();
    ranked.sort_by_key(|one| std::cmp::Reverse((one.total, one.calls)));
    ranked.truncate(MOST_STATEMENTS);
    ranked
}

#[cfg(test)]
mod tests {
    use squall_findings::span::UnixNanos;

    use super::*;

    fn record() -> Record {
        Record::new("postgresql://h:5432/d".to_owned(), "postgresql")
    }

    #[test]
    fn a_long_run_keeps_all_of_its_time_in_longer_intervals() {
        let mut record = record();
        for number in 0..10_000 {
            let statement = StatementUse { statement: "SELECT ?".to_owned(), calls: 1, ..StatementUse::default() };
            let (began, ended) = (UnixNanos(number), UnixNanos(number + 1));
            let statements = vec![statement];
            record.push_interval(DatabaseInterval { began, ended, commits: 2, statements, ..Default::default() });
        }
        assert!(record.period() > FIRST_PERIOD);
        let report = record.finish();
        assert!(report.intervals.len() < MOST_INTERVALS);
        assert_eq!(report.intervals.iter().map(|interval| interval.commits).sum::<u64>(), 20_000);
        assert_eq!(report.intervals.iter().map(|interval| interval.statements[0].calls).sum::<u64>(), 10_000);
        assert!(report.intervals.windows(2).all(|pair| pair[0].ended == pair[1].began));
    }

    #[test]
    fn a_long_run_keeps_samples_of_all_of_its_time() {
        let mut record = record();
        for number in 0..100_000 {
            record.push_sample(SessionSample { at: UnixNanos(number), ..Default::default() });
        }
        let kept = record.finish().sessions;
        assert!(kept.len() < MOST_SAMPLES && kept.len() > MOST_SAMPLES / 4);
        let step = kept[1].at.0 - kept[0].at.0;
        assert!(kept.windows(2).all(|pair| pair[1].at.0 - pair[0].at.0 == step), "at the same distance");
    }

    #[test]
    fn waits_for_the_same_lock_are_one() {
        let mut record = record();
        let wait = |seconds| BlockedStatement {
            statement: "UPDATE a".to_owned(),
            blocker: "UPDATE b".to_owned(),
            seen: 1,
            most_at_once: 1,
            longest: Duration::from_secs(seconds),
            ..BlockedStatement::default()
        };
        record.push_waits(vec![wait(1), wait(3), wait(2)]);
        record.push_waits(vec![wait(1)]);
        let blocked = record.finish().blocked;
        assert_eq!(blocked.len(), 1);
        assert_eq!((blocked[0].seen, blocked[0].most_at_once, blocked[0].longest.as_secs()), (4, 3, 3));
    }

    #[test]
    fn missing_readings_are_counted_by_their_reason() {
        let mut record = record();
        for _ in 0..3 {
            record.miss("samples of the sessions", "the server\nis gone");
        }
        assert_eq!(record.finish().not_seen, ["samples of the sessions, 3 times: the server is gone"]);
    }
}
