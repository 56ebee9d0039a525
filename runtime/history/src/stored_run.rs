//! A run that was kept, read again.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use squall_metrics::{
    Finding, GeneratorVerdict, Histogram, Nanos, Reading, Registry, Second, TargetResources, ThresholdFigures,
    ThresholdResult, Totals, evaluate_thresholds,
};
use squall_plan::{MAX_SCENARIO_FLOWS, MAX_SCENARIOS, Threshold, ThresholdSpec};

use crate::error::HistoryError;
use crate::flows::Flows;
use crate::format::{EndInfo, RunInfo, SecondLine, Snapshot, TargetLine, VERSION};
use crate::reading::{damaged, from_json, harmless, read_json, read_text};
use crate::restore::{Names, gauge, restore, second, warm_up};
use crate::target::reading;

/// A run that was kept. What can be long is read when it is asked for.
#[derive(Clone, Debug)]
pub struct StoredRun {
    /// Its name.
    pub id: String,
    /// What was known when it began.
    pub info: RunInfo,
    /// How it ended; none if it was killed, or goes on.
    pub end: Option<EndInfo>,
    folder: PathBuf,
}

impl StoredRun {
    pub(crate) fn open(folder: &Path, id: &str) -> Result<StoredRun, HistoryError> {
        let path = folder.join("run.json");
        let info: RunInfo = read_json(&path)?.ok_or_else(|| HistoryError::Unknown(id.to_owned()))?;
        if info.format > VERSION {
            let reason = format!("format {} is newer than this Squall, which reads up to {VERSION}", info.format);
            return Err(HistoryError::Damaged { path, reason });
        }
        let end = read_json(&folder.join("end.json"))?;
        Ok(StoredRun { id: id.to_owned(), info, end, folder: folder.to_owned() })
    }

    /// What was measured, series by series, as it was last written.
    pub fn snapshot(&self) -> Result<Snapshot, HistoryError> {
        let path = self.folder.join("totals.json");
        let snapshot = read_json(&path)?.ok_or_else(|| HistoryError::Empty(self.id.clone()))?;
        check_size(&snapshot).map_err(|reason| damaged(&path, reason))?;
        Ok(snapshot)
    }

    /// What was reported of it, as JSON; none of a run that was killed, merged, or kept by an older Squall.
    pub fn summary(&self) -> Result<Option<String>, HistoryError> {
        let path = self.folder.join("summary.json");
        let harmless = |text: String| match harmless(&text) {
            Ok(text) => Ok(text.into_owned()),
            Err(error) => Err(damaged(&path, error.to_string())),
        };
        read_text(&path)?.map(harmless).transpose()
    }

    /// The seconds that count, in order.
    pub fn seconds(&self, counts_from: Nanos) -> Result<Vec<Second>, HistoryError> {
        let lines: Vec<SecondLine> = self.lines("seconds.ndjson")?;
        let mut seconds: Vec<Second> = lines.into_iter().map(second).collect();
        seconds.retain(|second| second.at >= counts_from);
        Ok(seconds)
    }

    /// What was seen of the target, as far as it counts.
    pub fn watched(&self, counts_from: Nanos) -> Result<TargetResources, HistoryError> {
        let mut watched = TargetResources::default();
        let readings = self.readings(counts_from)?;
        if !readings.is_empty() {
            watched.take(readings);
        }
        Ok(watched)
    }

    /// The same, reading by reading.
    pub(crate) fn readings(&self, counts_from: Nanos) -> Result<Vec<Reading>, HistoryError> {
        if !self.folder.join("target.ndjson").exists() {
            return Ok(Vec::new());
        }
        let lines: Vec<TargetLine> = self.lines("target.ndjson")?;
        Ok(lines.into_iter().map(reading).filter(|reading| reading.at >= counts_from).collect())
    }

    /// A file of lines. The last line of a run that was killed may be cut off: it is passed over.
    fn lines<Line: DeserializeOwned>(&self, name: &str) -> Result<Vec<Line>, HistoryError> {
        let path = self.folder.join(name);
        let missing = || HistoryError::File { path: path.clone(), source: ErrorKind::NotFound.into() };
        let text = read_text(&path)?.ok_or_else(missing)?;
        let mut texts = text.lines().peekable();
        let mut lines = Vec::new();
        while let Some(text) = texts.next() {
            match from_json(text) {
                Ok(line) => lines.push(line),
                Err(_) if texts.peek().is_none() => {}
                Err(error) => return Err(damaged(&path, format!("line {}: {error}", lines.len() + 1))),
            }
        }
        Ok(lines)
    }

    /// Everything that was measured, as it was when the run ended or when it was last written.
    pub fn totals(&self) -> Result<Totals, HistoryError> {
        let snapshot = self.snapshot()?;
        let mut totals = totals_of(&snapshot).map_err(HistoryError::Clash)?;
        for second in self.seconds(Nanos(snapshot.counts_from))? {
            totals.history.push(second);
        }
        totals.watched = self.watched(Nanos(snapshot.counts_from))?;
        Ok(totals)
    }

    /// What had to hold.
    pub fn thresholds(&self) -> Vec<Threshold> {
        let parse = |(metric, expression): &(String, String)| {
            Threshold::parse(metric, &ThresholdSpec::new(expression.as_str())).ok()
        };
        self.info.thresholds.iter().filter_map(parse).collect()
    }

    /// What became of the thresholds when the run ended; of a run that was killed, what they come to.
    pub fn judged_thresholds(&self, totals: &Totals) -> Vec<ThresholdResult> {
        let lines = self.end.as_ref().map(|end| end.thresholds.as_slice()).unwrap_or_default();
        let judged = |mut result: ThresholdResult| {
            let of_it = |line: &&ThresholdFigures| {
                line.metric == result.threshold.selector() && line.expression == result.threshold.source
            };
            // Tags that only thresholds asked for are not kept, nor metrics of which nothing was recorded.
            if let Some(line) = lines.iter().find(of_it) {
                (result.actual, result.passed) = (line.actual, line.passed);
            }
            result
        };
        evaluate_thresholds(&self.thresholds(), totals).into_iter().map(judged).collect()
    }

    /// The verdict on the generator; nothing bad of a run that was killed.
    pub fn generator(&self) -> GeneratorVerdict {
        let Some(end) = &self.end else {
            return GeneratorVerdict::default();
        };
        // Earlier Squalls kept no remedies.
        let findings = end.findings.iter().cloned().map(Finding::with_remedy).collect();
        GeneratorVerdict { health: end.generator, findings, accepted: end.accepted }
    }

    /// All response times of the run, as one distribution.
    pub fn response_times(&self) -> Result<Histogram, HistoryError> {
        Ok(totals_of(&self.snapshot()?).map_err(HistoryError::Clash)?.trend("response_time"))
    }
}

/// Refuses more flows and scenarios than any run has: each is looked up among all of them.
pub(crate) fn check_size(snapshot: &Snapshot) -> Result<(), String> {
    for (number, most, what) in
        [(snapshot.flows.len(), MAX_SCENARIO_FLOWS, "flows"), (snapshot.scenarios.len(), MAX_SCENARIOS, "scenarios")]
    {
        if number as u64 > most {
            return Err(format!("it has {number} {what}: a run has at most {most}"));
        }
    }
    Ok(())
}

/// The totals without what happened second by second.
pub(crate) fn totals_of(snapshot: &Snapshot) -> Result<Totals, String> {
    let registry = Arc::new(Registry::new(usize::MAX));
    let mut flows = Flows::default();
    flows.learn(snapshot);
    let names = Names { registry: &registry, flows: &flows };
    let recorded = restore(snapshot, &names).map_err(|error| error.to_string())?;
    let (scenarios, flows) = flows.into_totals();
    let mut totals = Totals::of_scenarios(registry, scenarios, flows);
    totals.recorded = recorded;
    totals.vus = snapshot.vus.as_ref().map(gauge);
    totals.vus_max = snapshot.vus_max;
    totals.elapsed = Nanos(snapshot.elapsed);
    totals.warm_up = warm_up(&snapshot.warm_up);
    Ok(totals)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_flows_than_any_run_has_are_damage() {
        let folder = tempfile::tempdir().unwrap();
        let run = |flows: usize| {
            let snapshot = Snapshot { flows: vec![String::new(); flows], ..Snapshot::default() };
            std::fs::write(folder.path().join("run.json"), "{}").unwrap();
            std::fs::write(folder.path().join("totals.json"), serde_json::to_string(&snapshot).unwrap()).unwrap();
            StoredRun::open(folder.path(), "a").unwrap().snapshot().map_err(|error| error.to_string())
        };
        assert_eq!(run(50_000).unwrap().flows.len(), 50_000);
        let reason = run(50_001).unwrap_err();
        assert!(reason.contains("totals.json") && reason.contains("50001 flows: a run has at most 50000"), "{reason}");
    }
}
