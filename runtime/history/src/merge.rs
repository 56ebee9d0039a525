//! Several runs as one: what several machines measured, or the same machine several times. Histograms add up exactly.

use std::collections::BTreeMap;
use std::sync::Arc;

use squall_metrics::{Health, Nanos, Reading, Registry, Second, Totals};

use crate::error::HistoryError;
use crate::flows::Flows;
use crate::format::{EndInfo, RunInfo, Snapshot};
use crate::restore::{Names, gauge, restore};
use crate::snapshot::{second_line, snapshot};
use crate::store::Store;
use crate::stored_run::StoredRun;

/// What several runs add up to.
#[derive(Debug)]
pub struct Merged {
    /// What the runs have in common; where they differ, what the first says.
    pub info: RunInfo,
    /// The worst of their ends.
    pub end: EndInfo,
    /// What was measured.
    pub totals: Totals,
    seconds: Vec<Second>,
}

const SECOND: u64 = 1_000_000_000;

/// Adds the runs up. Time counts once: what ran side by side took as long as the longest, what ran in turn as long as
/// all together, without the pauses between them.
pub fn merge(runs: &[StoredRun]) -> Result<Merged, HistoryError> {
    let first = runs.first().ok_or(HistoryError::NothingToMerge)?;
    let registry = Arc::new(Registry::new(usize::MAX));
    let mut flows = Flows::default();
    for run in runs {
        flows.learn(&run.snapshot()?);
    }
    let mut totals = Totals::new(registry.clone(), "", Vec::new());
    let mut spans = Vec::new();
    let mut placed: BTreeMap<u64, Second> = BTreeMap::new();
    let mut readings: Vec<Reading> = Vec::new();
    let began = runs.iter().map(|run| run.info.began_ms).min().unwrap_or_default();
    for run in runs {
        let snapshot = run.snapshot()?;
        let names = Names { registry: &registry, flows: &flows };
        let recorded = restore(&snapshot, &names).map_err(|error| HistoryError::Clash(error.to_string()))?;
        totals.recorded.merge(&recorded);
        let offset = (run.info.began_ms - began).saturating_mul(1_000_000);
        spans.push((offset, offset.saturating_add(snapshot.elapsed)));
        add_users(&mut totals, &snapshot);
        for second in run.seconds(Nanos(snapshot.counts_from))? {
            place(&mut placed, second, offset);
        }
        let of_run = run.readings(Nanos(snapshot.counts_from))?.into_iter();
        readings.extend(of_run.map(|reading| Reading { at: reading.at + Nanos(offset), ..reading }));
    }
    (totals.scenarios, totals.flows) = flows.into_totals();
    totals.elapsed = Nanos(union(spans));
    let seconds: Vec<Second> = placed.into_values().collect();
    seconds.iter().cloned().for_each(|second| totals.history.push(second));
    readings.sort_by_key(|reading| reading.at);
    if !readings.is_empty() {
        totals.watched.take(readings);
    }
    Ok(Merged { info: info(runs, first), end: end(runs), totals, seconds })
}

impl Merged {
    /// Keeps it as a run of its own. Returns its name.
    pub fn keep(&self, store: &Store, began: std::time::SystemTime) -> Result<String, HistoryError> {
        let mut keeper = store.begin(began, &self.info)?;
        let id = keeper.id().to_owned();
        for second in &self.seconds {
            keeper.append(&second_line(second))?;
        }
        keeper.append_target(&self.totals)?;
        let totals = Snapshot { counts_from: 0, ..snapshot(&self.totals) };
        keeper.write_end(&totals, &self.end)?;
        Ok(id)
    }
}

fn add_users(totals: &mut Totals, snapshot: &Snapshot) {
    totals.vus_max = totals.vus_max.saturating_add(snapshot.vus_max);
    let Some(theirs) = snapshot.vus.as_ref().map(gauge) else {
        return;
    };
    match &mut totals.vus {
        None => totals.vus = Some(theirs),
        Some(ours) => {
            ours.value = theirs.value;
            ours.min = ours.min.min(theirs.min);
            ours.max = ours.max.max(theirs.max);
        }
    }
}

/// Puts a second where it belongs on the common time, together with those that other runs have there.
fn place(placed: &mut BTreeMap<u64, Second>, mut second: Second, offset: u64) {
    second.at = Nanos(second.at.0.saturating_add(offset));
    let slot = second.at.0.saturating_add(SECOND / 2) / SECOND;
    match placed.get_mut(&slot) {
        None => drop(placed.insert(slot, second)),
        Some(there) => there.add_parallel(&second),
    }
}

/// How much time the spans cover.
fn union(mut spans: Vec<(u64, u64)>) -> u64 {
    spans.sort_unstable();
    let (mut covered, mut until) = (0, 0);
    for (from, to) in spans {
        covered += to.saturating_sub(from.max(until));
        until = until.max(to);
    }
    covered
}

fn info(runs: &[StoredRun], first: &StoredRun) -> RunInfo {
    let mut info = first.info.clone();
    if let Some(earliest) = runs.iter().min_by_key(|run| run.info.began_ms) {
        info.began_ms = earliest.info.began_ms;
        info.began.clone_from(&earliest.info.began);
    }
    info.threads = runs.iter().map(|run| run.info.threads).sum();
    let names: Vec<&str> = runs.iter().map(|run| run.id.as_str()).collect();
    info.command = ["merge".to_owned()].into_iter().chain(names.iter().map(|name| (*name).to_owned())).collect();
    if runs.iter().any(|run| run.info.about.test_type != first.info.about.test_type) {
        info.about.test_type = None;
    }
    if runs.iter().any(|run| run.info.load != first.info.load) {
        info.load = format!("{} runs", runs.len());
    }
    info
}

fn end(runs: &[StoredRun]) -> EndInfo {
    let ends = || runs.iter().filter_map(|run| run.end.as_ref());
    let worst = runs.iter().map(|run| run.generator().health).max().unwrap_or(Health::Ok);
    EndInfo {
        result: ends().map(|end| end.result).max().unwrap_or_default(),
        generator: worst,
        findings: ends().flat_map(|end| end.findings.clone()).collect(),
        accepted: worst == Health::Bottleneck
            && ends().filter(|end| end.generator == Health::Bottleneck).all(|end| end.accepted),
        ..EndInfo::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_counts_once() {
        assert_eq!(union(vec![(0, 10), (0, 8)]), 10, "side by side");
        assert_eq!(union(vec![(20, 30), (0, 10)]), 20, "in turn");
        assert_eq!(union(vec![(0, 10), (5, 12)]), 12, "overlapping");
    }
}
