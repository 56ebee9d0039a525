//! The target's own resources during the load: processor, memory, connections, on the time axis of the run. Must not
//! know the sources, nor how they are asked.
//!
//! A source without an answer leaves a gap; values are never carried forward or invented. A series keeps at most
//! [`WatchedSeries::MOST`] points. Then neighbours are merged in pairs, as in [`crate::History`], with their mean,
//! least and greatest value.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::clock::Nanos;

/// A value's unit. Unknown units make plain numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResourceUnit {
    /// A share of the whole, 0 to 1.
    Share,
    /// Bytes.
    Bytes,
    /// Bytes a second.
    BytesPerSecond,
    /// A plain number.
    #[default]
    #[serde(other)]
    Number,
}

/// One value from a source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResourceValue {
    /// The resource: `cpu`, `memory`.
    pub name: Cow<'static, str>,
    /// Its unit.
    pub unit: ResourceUnit,
    /// The value.
    pub value: f64,
    /// The resource's limit, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<f64>,
}

/// A source's answer at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The moment of the question: on the system's clock ([`crate::Clock::of_system`]) until it is taken in, then from
    /// the beginning of the load.
    pub at: Nanos,
    /// The source.
    pub source: Arc<str>,
    /// The values, or the reason why there are none.
    pub said: Result<Vec<ResourceValue>, String>,
}

/// The answers of all sources.
#[derive(Clone, Debug, Default)]
pub struct TargetResources {
    sources: Vec<WatchedSource>,
    latest: Vec<Reading>,
    taken: u64,
}

/// One source's answers.
#[derive(Clone, Debug)]
pub struct WatchedSource {
    /// Its name.
    pub name: Arc<str>,
    /// Number of questions.
    pub asked: u64,
    /// Number of answers.
    pub answered: u64,
    /// The reason for the last missing answer.
    pub problem: Option<String>,
    /// The series that it reports.
    pub series: Vec<WatchedSeries>,
    silent: bool,
}

/// The values of one name from one source, in order of time.
#[derive(Clone, Debug)]
pub struct WatchedSeries {
    /// The resource.
    pub name: Cow<'static, str>,
    /// The unit of all its values.
    pub unit: ResourceUnit,
    /// The resource's limit, if known.
    pub limit: Option<f64>,
    points: Vec<WatchedPoint>,
    /// Number of readings per point: 1, 2, 4, ...
    per_point: u64,
}

/// A value, or several merged values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WatchedPoint {
    /// The time of the first one, from the beginning of the load.
    pub at: Nanos,
    /// Number of values.
    pub count: u64,
    /// Their mean.
    pub mean: f64,
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
}

impl TargetResources {
    /// Takes in new readings. Returns messages for the user: sources that stopped answering, or answer again.
    pub fn take(&mut self, readings: Vec<Reading>) -> Vec<String> {
        let news = readings.iter().filter_map(|reading| self.add(reading)).collect();
        self.taken += readings.len() as u64;
        self.latest = readings;
        news
    }

    /// The latest readings, unmerged.
    pub fn latest(&self) -> &[Reading] {
        &self.latest
    }

    /// Number of readings that were taken in.
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// The sources, in the order of their first answers.
    pub fn sources(&self) -> &[WatchedSource] {
        &self.sources
    }

    /// Whether there are no sources.
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// The series with that name, of all sources.
    pub fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a WatchedSource, &'a WatchedSeries)> {
        self.sources.iter().flat_map(move |source| {
            source.series.iter().filter(move |series| series.name == name).map(move |series| (source, series))
        })
    }

    /// Drops readings from before `time`.
    pub fn forget_before(&mut self, time: Nanos) {
        for series in self.sources.iter_mut().flat_map(|source| &mut source.series) {
            series.points.retain(|point| point.at >= time);
        }
        for source in &mut self.sources {
            source.series.retain(|series| !series.points.is_empty());
        }
    }

    fn add(&mut self, reading: &Reading) -> Option<String> {
        let source = match self.sources.iter().position(|source| source.name == reading.source) {
            Some(place) => &mut self.sources[place],
            None => {
                self.sources.push(WatchedSource {
                    name: Arc::clone(&reading.source),
                    asked: 0,
                    answered: 0,
                    problem: None,
                    series: Vec::new(),
                    silent: false,
                });
                self.sources.last_mut()?
            }
        };
        source.asked += 1;
        match &reading.said {
            Ok(values) => {
                source.answered += 1;
                values.iter().filter(|value| value.value.is_finite()).for_each(|value| source.push(reading.at, value));
                std::mem::take(&mut source.silent).then(|| format!("{} answers again", source.name))
            }
            Err(problem) => {
                source.problem = Some(problem.clone());
                let fell_silent = !std::mem::replace(&mut source.silent, true);
                fell_silent.then(|| format!("{} cannot be monitored: {problem}", source.name))
            }
        }
    }
}

impl WatchedSource {
    fn push(&mut self, at: Nanos, value: &ResourceValue) {
        let known = self.series.iter().position(|series| series.name == value.name && series.unit == value.unit);
        let series = match known {
            Some(place) => &mut self.series[place],
            None => {
                let (name, unit) = (value.name.clone(), value.unit);
                self.series.push(WatchedSeries { name, unit, limit: None, points: Vec::new(), per_point: 1 });
                let Some(series) = self.series.last_mut() else { return };
                series
            }
        };
        series.limit = value.limit.or(series.limit);
        series.push(WatchedPoint { at, count: 1, mean: value.value, min: value.value, max: value.value });
    }
}

impl WatchedSeries {
    /// The greatest number of points: two hours of seconds.
    pub const MOST: usize = 7_200;

    /// The points, in order of time.
    pub fn points(&self) -> &[WatchedPoint] {
        &self.points
    }

    /// The mean of all values; `None` without values.
    pub fn mean(&self) -> Option<f64> {
        mean(&self.points)
    }

    /// The greatest value.
    pub fn max(&self) -> Option<f64> {
        self.points.iter().map(|point| point.max).reduce(f64::max)
    }

    /// The percentile (0 to 100) by nearest rank; points of several values count with their means.
    pub fn percentile(&self, percent: f64) -> Option<f64> {
        let mut sorted: Vec<&WatchedPoint> = self.points.iter().collect();
        sorted.sort_by(|one, other| one.mean.total_cmp(&other.mean));
        let all: u64 = sorted.iter().map(|point| point.count).sum();
        let rank = ((percent / 100.0 * all as f64).ceil() as u64).max(1);
        let mut seen = 0;
        let reached = sorted.iter().find(|point| {
            seen += point.count;
            seen >= rank
        });
        reached.map(|point| point.mean)
    }

    /// The mean of the values from `from` on and before `until`; `None` for a gap.
    pub fn mean_between(&self, from: Nanos, until: Nanos) -> Option<f64> {
        let first = self.points.partition_point(|point| point.at < from);
        let beyond = self.points.partition_point(|point| point.at < until);
        mean(self.points.get(first..beyond)?)
    }

    fn push(&mut self, point: WatchedPoint) {
        match self.points.last_mut() {
            Some(last) if last.count < self.per_point => last.join(&point),
            _ => self.points.push(point),
        }
        if self.points.len() > WatchedSeries::MOST {
            let pairs = self.points.chunks(2).map(|pair| {
                let mut joined = pair[0];
                pair[1..].iter().for_each(|later| joined.join(later));
                joined
            });
            self.points = pairs.collect();
            self.per_point *= 2;
        }
    }
}

impl WatchedPoint {
    fn join(&mut self, later: &WatchedPoint) {
        let count = self.count + later.count;
        self.mean = (self.mean * self.count as f64 + later.mean * later.count as f64) / count as f64;
        (self.count, self.min, self.max) = (count, self.min.min(later.min), self.max.max(later.max));
    }
}

fn mean(points: &[WatchedPoint]) -> Option<f64> {
    let count: u64 = points.iter().map(|point| point.count).sum();
    let sum: f64 = points.iter().map(|point| point.mean * point.count as f64).sum();
    (count > 0).then(|| sum / count as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn reading(second: u64, said: Result<f64, &str>) -> Reading {
        let value = |value| ResourceValue { name: "cpu".into(), unit: ResourceUnit::Share, value, limit: Some(1.0) };
        let said = said.map(|said| vec![value(said)]).map_err(str::to_owned);
        Reading { at: Nanos(second * SECOND), source: "process 7".into(), said }
    }

    fn watched(seconds: u64, value: impl Fn(u64) -> f64) -> TargetResources {
        let mut watched = TargetResources::default();
        (0..seconds).for_each(|second| drop(watched.take(vec![reading(second, Ok(value(second)))])));
        watched
    }

    #[test]
    fn a_series_has_its_mean_percentiles_and_maximum() {
        let watched = watched(100, |second| (second + 1) as f64 / 100.0);
        let (_, series) = watched.named("cpu").next().unwrap();
        assert_eq!((series.percentile(95.0), series.percentile(50.0)), (Some(0.95), Some(0.5)));
        assert_eq!(series.max(), Some(1.0));
        assert!((series.mean().unwrap() - 0.505).abs() < 1e-12);
        assert_eq!(series.mean_between(Nanos(0), Nanos(2 * SECOND)), Some(0.015));
        assert_eq!(series.mean_between(Nanos(200 * SECOND), Nanos(300 * SECOND)), None);
    }

    #[test]
    fn a_long_series_is_bounded_and_keeps_mean_and_extremes() {
        let watched = watched(50_000, |second| if second == 31_234 { 1.0 } else { (second % 2) as f64 / 2.0 });
        let (_, series) = watched.named("cpu").next().unwrap();
        assert!(series.points().len() <= WatchedSeries::MOST, "{}", series.points().len());
        assert_eq!(series.points().iter().map(|point| point.count).sum::<u64>(), 50_000);
        assert_eq!(series.max(), Some(1.0));
        assert!((series.mean().unwrap() - 0.25).abs() < 1e-4);
    }

    #[test]
    fn a_silent_source_is_reported_once_and_leaves_a_gap() {
        let mut watched = TargetResources::default();
        assert!(watched.take(vec![reading(0, Ok(0.5))]).is_empty());
        let news = watched.take(vec![reading(1, Err("it is gone"))]);
        assert_eq!(news, ["process 7 cannot be monitored: it is gone"]);
        assert!(watched.take(vec![reading(2, Err("it is gone"))]).is_empty());
        assert_eq!(watched.take(vec![reading(3, Ok(0.7))]), ["process 7 answers again"]);
        let source = &watched.sources()[0];
        assert_eq!((source.asked, source.answered, source.series[0].points().len()), (4, 2, 2));
        assert_eq!(source.series[0].mean_between(Nanos(SECOND), Nanos(3 * SECOND)), None);
    }

    #[test]
    fn a_warm_up_can_be_forgotten() {
        let mut watched = watched(10, |second| second as f64 / 10.0);
        watched.forget_before(Nanos(5 * SECOND));
        assert_eq!(watched.sources()[0].series[0].percentile(1.0), Some(0.5));
    }
}
