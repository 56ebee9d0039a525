//! What the target used of its machine, on the time axis of the run.

use serde::{Deserialize, Serialize};
use squall_metrics::{Nanos, ResourceUnit, TargetResources, WatchedSeries, WatchedSource};

use super::Unit;
use super::over_time::{Timeline, rounded};

/// What one source said of the target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetSource {
    /// Who was asked.
    pub source: String,
    /// How often.
    pub asked: u64,
    /// How often it answered.
    pub answered: u64,
    /// Why it did not the last time that it did not.
    pub problem: Option<String>,
    /// What it said.
    pub series: Vec<TargetSeries>,
}

/// One thing that the target uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetSeries {
    /// What: `cpu`, `memory`.
    pub name: String,
    /// The unit of all that follows.
    pub unit: Unit,
    /// The mean.
    pub avg: f64,
    /// The 95th percentile of the seconds.
    pub p95: f64,
    /// The most.
    pub max: f64,
    /// What there is of it in all, if that is known.
    pub limit: Option<f64>,
    /// For each point of the timeline the mean; none where nothing was said.
    pub over_time: Vec<Option<f64>>,
}

impl TargetSeries {
    /// The most, as a share of what there is: `12.50% of 8.0 GB`. Nothing where that is not known, or is the unit itself.
    pub fn share_text(&self) -> Option<String> {
        let limit = self.limit.filter(|limit| *limit > 0.0 && self.unit != Unit::Share)?;
        Some(format!("{} of {}", Unit::Share.text(self.max / limit), self.unit.text(limit)))
    }
}

impl From<ResourceUnit> for Unit {
    fn from(unit: ResourceUnit) -> Unit {
        match unit {
            ResourceUnit::Share => Unit::Share,
            ResourceUnit::Bytes => Unit::Bytes,
            ResourceUnit::BytesPerSecond => Unit::BytesPerSecond,
            ResourceUnit::Number => Unit::Number,
        }
    }
}

/// Everything that was said; `timeline` gives the points in time.
pub(super) fn target(watched: &TargetResources, timeline: &Timeline) -> Vec<TargetSource> {
    let source = |source: &WatchedSource| TargetSource {
        source: source.name.to_string(),
        asked: source.asked,
        answered: source.answered,
        problem: source.problem.clone(),
        series: source.series.iter().filter_map(|said| series(said, &timeline.at_s)).collect(),
    };
    watched.sources().iter().map(source).collect()
}

fn series(series: &WatchedSeries, at_s: &[f64]) -> Option<TargetSeries> {
    let seconds = |at: f64| Nanos((at * 1e9) as u64);
    let ends = at_s.iter().skip(1).map(|at| seconds(*at)).chain([Nanos::MAX]);
    let points = at_s.iter().zip(ends).map(|(at, end)| series.mean_between(seconds(*at), end).map(rounded));
    Some(TargetSeries {
        name: series.name.clone().into_owned(),
        unit: series.unit.into(),
        avg: series.mean()?,
        p95: series.percentile(95.0)?,
        max: series.max()?,
        limit: series.limit,
        over_time: points.collect(),
    })
}

#[cfg(test)]
mod tests {
    use squall_metrics::{Reading, ResourceValue};

    use super::*;

    #[test]
    fn values_stand_at_the_points_of_the_timeline_and_gaps_stay_gaps() {
        let mut watched = TargetResources::default();
        for (second, value) in [(0, 100.0), (1, 300.0), (5, 200.0)] {
            let unit = ResourceUnit::Bytes;
            let said = Ok(vec![ResourceValue { name: "memory".into(), unit, value, limit: Some(1_000.0) }]);
            watched.take(vec![Reading { at: Nanos(second * 1_000_000_000), source: "process 7".into(), said }]);
        }
        let said = Err("gone".to_owned());
        watched.take(vec![Reading { at: Nanos(6_000_000_000), source: "process 7".into(), said }]);
        let timeline = Timeline { at_s: vec![0.0, 2.0, 4.0], ..Timeline::default() };
        let sources = target(&watched, &timeline);
        assert_eq!((sources[0].asked, sources[0].answered, sources[0].problem.as_deref()), (4, 3, Some("gone")));
        let series = &sources[0].series[0];
        assert_eq!((series.avg, series.p95, series.max), (200.0, 300.0, 300.0));
        assert_eq!(series.over_time, [Some(200.0), None, Some(200.0)]);
        assert_eq!(series.share_text().unwrap(), "30.00% of 1.0 kB");
    }
}
