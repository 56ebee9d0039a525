//! Judges a run by its thresholds, a plan's objectives, and the limits of the target's resources. This is the only
//! place that judges them: during the run, at its end, and for stored runs.
//!
//! A measurement that the generator spoiled can neither meet nor miss anything.

use serde::{Deserialize, Serialize};
use squall_metrics::statistics::quantile_intervals;
use squall_metrics::{
    GeneratorVerdict, Nanos, ResourceUnit, ThresholdResult, Totals, WatchedSeries, evaluate_thresholds, resource_names,
};
use squall_plan::{Aggregation, Comparison, Importance, Objective as PlannedObjective, TargetMonitoring, Threshold};

use crate::objective::{Interval, JudgedObjective, Objective, ObjectiveStatus, Quantity, judge_objective};

/// A fixed seed: the same run has the same intervals each time.
const SEED: u64 = 1;

const FAILED_REQUESTS: &str = "http_req_failed";

/// What a run is held to.
#[derive(Clone, Debug, Default)]
pub struct Demands {
    /// The thresholds of all sources.
    pub thresholds: Vec<Threshold>,
    /// The plan's objectives that are in force.
    pub objectives: Vec<PlannedObjective>,
    /// The limits of the target's resources.
    pub limits: TargetMonitoring,
}

/// The result of a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThresholdOutcome {
    /// It was met.
    Passed,
    /// It was not met.
    Failed,
    /// The measurement is invalid.
    NotJudged,
}

/// The results of all of a run's criteria.
#[derive(Clone, Debug, Default)]
pub struct Judgement {
    /// Whether the generator can be believed.
    pub generator: GeneratorVerdict,
    /// The thresholds, evaluated.
    pub thresholds: Vec<ThresholdResult>,
    /// The objectives, then the limits of the target's resources.
    pub objectives: Vec<JudgedObjective>,
    /// How many requests there were, if every one of them failed and neither a threshold nor a check
    /// shows that this is meant.
    pub all_failed: Option<u64>,
}

impl Demands {
    /// The criteria of these thresholds, and of the plan's objectives that remain in force: a threshold of a stronger
    /// source replaces an objective that bounds the same value.
    pub fn new(thresholds: &[Threshold], objectives: &[PlannedObjective], limits: &TargetMonitoring) -> Demands {
        let holds = |objective: &&PlannedObjective| {
            objective.importance == Importance::Desired
                || thresholds.iter().any(|threshold| is_same(threshold, &objective.threshold))
        };
        Demands {
            thresholds: thresholds.to_vec(),
            objectives: objectives.iter().filter(holds).cloned().collect(),
            limits: limits.clone(),
        }
    }

    /// Criteria of thresholds alone.
    pub fn of_thresholds(thresholds: &[Threshold]) -> Demands {
        Demands { thresholds: thresholds.to_vec(), ..Demands::default() }
    }

    /// Judges measurements, at the end of a run or during it.
    pub fn judge(&self, totals: &Totals, generator: &GeneratorVerdict) -> Judgement {
        self.judge_evaluated(evaluate_thresholds(&self.thresholds, totals), totals, generator)
    }

    /// The same with thresholds that were evaluated before: a stored run no longer has all of its samples.
    pub fn judge_evaluated(
        &self,
        thresholds: Vec<ThresholdResult>,
        totals: &Totals,
        generator: &GeneratorVerdict,
    ) -> Judgement {
        let of_plan = self.objectives.iter().map(|objective| {
            let known = thresholds.iter().find(|result| is_same(&result.threshold, &objective.threshold));
            match known {
                Some(result) => judge_planned(objective, result, totals),
                None => judge_planned(objective, &evaluate(&objective.threshold, totals), totals),
            }
        });
        let mut objectives: Vec<JudgedObjective> = of_plan.chain(judge_limits(&self.limits, totals)).collect();
        if generator.is_invalid() {
            objectives.iter_mut().for_each(|judged| judged.status = ObjectiveStatus::NotJudged);
        }
        let is_meant = checks_hold(totals) || thresholds.iter().any(|result| speaks_of_failures(&result.threshold));
        let all_failed = all_failed(totals).filter(|_| !is_meant);
        Judgement { generator: generator.clone(), thresholds, objectives, all_failed }
    }
}

impl Judgement {
    /// Whether the measurement describes the target.
    pub fn is_valid(&self) -> bool {
        !self.generator.is_invalid()
    }

    /// The result of one of the thresholds.
    pub fn outcome_of(&self, result: &ThresholdResult) -> ThresholdOutcome {
        match result.passed {
            _ if !self.is_valid() => ThresholdOutcome::NotJudged,
            true => ThresholdOutcome::Passed,
            false => ThresholdOutcome::Failed,
        }
    }

    /// Whether this threshold is one of the objectives.
    pub fn is_objective(&self, result: &ThresholdResult) -> bool {
        let objectives = self.objectives.iter().map(|judged| &judged.objective);
        let required = objectives.filter(|objective| objective.importance == Importance::Required);
        required
            .filter_map(|objective| objective.threshold.as_ref())
            .any(|threshold| is_same(threshold, &result.threshold))
    }

    /// Number of thresholds that were not met.
    pub fn failed_thresholds(&self) -> usize {
        self.thresholds.iter().filter(|result| self.outcome_of(result) == ThresholdOutcome::Failed).count()
    }

    /// The limits of the target's resources that were exceeded, by the keys of the plan.
    pub fn missed_limits(&self) -> impl Iterator<Item = &'static str> {
        let missed = self.objectives.iter().filter(|judged| judged.status == ObjectiveStatus::Missed);
        missed.filter_map(|judged| judged.objective.resource)
    }

    /// Whether anything required does not hold.
    pub fn has_failed(&self) -> bool {
        self.failed_thresholds() > 0 || self.missed_limits().next().is_some()
    }
}

/// How many requests there were, if every one of them failed.
fn all_failed(totals: &Totals) -> Option<u64> {
    let failed = totals.rate(FAILED_REQUESTS);
    (failed.passes > 0 && failed.fails == 0).then_some(failed.passes)
}

/// Whether a threshold shows that its author knows of requests that fail.
fn speaks_of_failures(threshold: &Threshold) -> bool {
    let tells = |tag: &str| ["status", "error", "expected_response"].contains(&tag);
    threshold.metric == FAILED_REQUESTS || threshold.tags.iter().any(|(tag, _)| tells(tag))
}

/// Whether the scenario checked its responses, and found each as it should be.
fn checks_hold(totals: &Totals) -> bool {
    let checks = totals.rate("checks");
    checks.passes > 0 && checks.fails == 0
}

fn is_same(one: &Threshold, other: &Threshold) -> bool {
    one.selector() == other.selector() && one.source == other.source
}

fn evaluate(threshold: &Threshold, totals: &Totals) -> ThresholdResult {
    let results = evaluate_thresholds(std::slice::from_ref(threshold), totals);
    let nothing = || ThresholdResult { threshold: threshold.clone(), actual: None, passed: false };
    results.into_iter().next().unwrap_or_else(nothing)
}

fn judge_planned(planned: &PlannedObjective, result: &ThresholdResult, totals: &Totals) -> JudgedObjective {
    let threshold = &planned.threshold;
    let objective = Objective {
        title: planned.title.clone(),
        target: planned.target.clone(),
        quantity: match threshold.metric.as_str() {
            "response_time" => Quantity::Time,
            "http_reqs" => Quantity::Rate,
            _ => Quantity::Share,
        },
        comparison: threshold.comparison,
        limit: threshold.limit,
        importance: planned.importance,
        resource: None,
        threshold: Some(threshold.clone()),
    };
    let mut judged = judge_objective(objective, result.actual, interval(threshold, totals));
    if result.actual.is_none() {
        // A threshold defines whether no samples are enough: for no failed requests, they are.
        judged.status = match (result.passed, planned.importance) {
            (true, _) => ObjectiveStatus::Met,
            (false, Importance::Required) => ObjectiveStatus::Missed,
            (false, Importance::Desired) => ObjectiveStatus::NotMeasured,
        };
    }
    judged
}

/// The interval of a percentile of response times, if the run was long enough.
fn interval(threshold: &Threshold, totals: &Totals) -> Option<Interval> {
    let percent = match threshold.aggregation {
        Aggregation::Percentile(percent) => percent,
        Aggregation::Med => 50.0,
        _ => return None,
    };
    if threshold.metric != "response_time" || !threshold.tags.is_empty() {
        return None;
    }
    let step = Nanos(1_000_000_000 * totals.history.seconds_per_entry());
    let seconds = totals.history.seconds().map(|second| second.response_time);
    let interval = quantile_intervals(seconds, step, &[percent], SEED).ok()?.into_iter().next()?;
    Some(Interval { low: interval.low.as_millis_f64(), high: interval.high.as_millis_f64() })
}

/// A limit of a resource: its key in the plan, the figure of the series, the limit, the measured value.
type ResourceLimit = (&'static str, &'static str, Quantity, Option<f64>, Option<f64>);

/// The limits of resources, each judged on the source that uses the most of it. Without a source that knows a resource,
/// it is not measured.
fn judge_limits(watching: &TargetMonitoring, totals: &Totals) -> Vec<JudgedObjective> {
    let most = |name: &'static str, figure: fn(&WatchedSeries) -> Option<f64>| {
        totals.watched.named(name).filter_map(|(_, series)| figure(series)).reduce(f64::max)
    };
    // A limit on the processor is not about one busy second; a limit on memory is.
    let limits: [ResourceLimit; 3] = [
        ("cpu_max", "p95", Quantity::Share, watching.cpu_max, most(resource_names::CPU, busy)),
        ("memory_max", "most", Quantity::Share, watching.memory_max, most(resource_names::MEMORY, used)),
        (
            "connection_pool",
            "most",
            Quantity::Number,
            watching.connection_pool.map(|most| most as f64),
            most(resource_names::CONNECTIONS, WatchedSeries::max),
        ),
    ];
    let texts = watching.limits();
    let text = |name: &str| texts.iter().find(|(of, _)| *of == name).map(|(_, text)| text.clone()).unwrap_or_default();
    let judge = |(name, figure, quantity, limit, actual): ResourceLimit| {
        let objective = Objective {
            title: format!("{name} ({figure})"),
            target: format!("<={}", text(name)),
            quantity,
            comparison: Comparison::LessOrEqual,
            limit: limit?,
            importance: Importance::Required,
            resource: Some(name),
            threshold: None,
        };
        Some(judge_objective(objective, actual, None))
    };
    limits.into_iter().filter_map(judge).collect()
}

fn busy(series: &WatchedSeries) -> Option<f64> {
    series.percentile(95.0).filter(|_| series.unit == ResourceUnit::Share)
}

/// The highest use, as a share of the whole.
fn used(series: &WatchedSeries) -> Option<f64> {
    let limit = series.limit.filter(|limit| *limit > 0.0)?;
    series.max().map(|most| most / limit)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use squall_metrics::{Health, Reading, Registry, ResourceValue};
    use squall_plan::ThresholdSpec;

    use super::*;

    fn totals(values: &[(&'static str, ResourceUnit, f64, Option<f64>)]) -> Totals {
        let mut totals = Totals::new(Arc::new(Registry::new(1)), "default", Vec::new());
        for (second, (name, unit, value, limit)) in values.iter().enumerate() {
            let value = ResourceValue { name: (*name).into(), unit: *unit, value: *value, limit: *limit };
            let at = Nanos(second as u64 * 1_000_000_000);
            totals.watched.take(vec![Reading { at, source: "it".into(), said: Ok(vec![value]) }]);
        }
        totals
    }

    fn limits() -> Demands {
        let limits = TargetMonitoring {
            cpu_max: Some(0.7),
            memory_max: Some(0.8),
            connection_pool: Some(100),
            ..TargetMonitoring::default()
        };
        Demands { limits, ..Demands::default() }
    }

    fn statuses(totals: &Totals) -> Vec<(String, Option<f64>, ObjectiveStatus)> {
        let judgement = limits().judge(totals, &GeneratorVerdict::default());
        let line = |judged: JudgedObjective| (judged.objective.target, judged.actual, judged.status);
        judgement.objectives.into_iter().map(line).collect()
    }

    #[test]
    fn a_resource_that_no_source_knows_is_not_measured() {
        let nothing = statuses(&totals(&[]));
        let is_unknown = |(_, actual, status): &(String, Option<f64>, ObjectiveStatus)| {
            actual.is_none() && *status == ObjectiveStatus::NotMeasured
        };
        assert!(nothing.len() == 3 && nothing.iter().all(is_unknown), "{nothing:?}");
        // Cores without a number of processors, and bytes without a size of memory, are not shares.
        let useless = [("cpu_cores", ResourceUnit::Number, 9.0, None), ("memory", ResourceUnit::Bytes, 5e9, None)];
        assert!(statuses(&totals(&useless)).iter().all(|(.., status)| *status == ObjectiveStatus::NotMeasured));
    }

    #[test]
    fn limits_are_judged_by_the_measured_resources() {
        let mut seen = vec![("cpu", ResourceUnit::Share, 0.5, None); 98];
        seen.push(("cpu", ResourceUnit::Share, 1.0, None));
        seen.push(("memory", ResourceUnit::Bytes, 700.0, Some(1_000.0)));
        seen.push(("connections", ResourceUnit::Number, 101.0, None));
        let totals = totals(&seen);
        let expected = [
            ("<=70%", 0.5, ObjectiveStatus::Met),
            ("<=80%", 0.7, ObjectiveStatus::Met),
            ("<=100", 101.0, ObjectiveStatus::Missed),
        ];
        let expected = expected.map(|(target, actual, status)| (target.to_owned(), Some(actual), status));
        assert_eq!(statuses(&totals), expected);
        let judgement = limits().judge(&totals, &GeneratorVerdict::default());
        assert_eq!(judgement.missed_limits().collect::<Vec<_>>(), ["connection_pool"]);
        assert!(judgement.has_failed());
    }

    fn threshold(selector: &str, expression: &str) -> Threshold {
        Threshold::parse(selector, &ThresholdSpec::from(expression)).unwrap()
    }

    #[test]
    fn an_invalid_measurement_meets_and_misses_nothing() {
        let demands = Demands { thresholds: vec![threshold("http_reqs", "count>0")], ..limits() };
        let seen = totals(&[("connections", ResourceUnit::Number, 101.0, None)]);
        let judge = |health| demands.judge(&seen, &GeneratorVerdict { health, ..GeneratorVerdict::default() });
        assert_eq!((judge(Health::Suspect).failed_thresholds(), judge(Health::Suspect).has_failed()), (1, true));
        let bottleneck = GeneratorVerdict { health: Health::Bottleneck, ..GeneratorVerdict::default() };
        let accepted = demands.judge(&seen, &bottleneck.accepting(true));
        assert_eq!((accepted.is_valid(), accepted.failed_thresholds(), accepted.has_failed()), (true, 1, true));
        let invalid = judge(Health::Bottleneck);
        assert!(!invalid.has_failed());
        assert_eq!(invalid.outcome_of(&invalid.thresholds[0]), ThresholdOutcome::NotJudged);
        assert!(invalid.objectives.iter().all(|judged| judged.status == ObjectiveStatus::NotJudged));
    }

    #[test]
    fn a_threshold_of_a_stronger_source_replaces_an_objective() {
        let objective = |expression: &str, importance| PlannedObjective {
            title: "response time p95".to_owned(),
            target: "<500ms".to_owned(),
            threshold: threshold("response_time", expression),
            importance,
        };
        let planned = [
            objective("p(95)<500", Importance::Required),
            objective("p(95)<100", Importance::Required),
            objective("p(95)<50", Importance::Desired),
        ];
        let demands = Demands::new(&[threshold("response_time", "p(95)<100")], &planned, &TargetMonitoring::default());
        assert_eq!(demands.objectives, planned[1..]);
    }

    /// A stored run has no samples of a tag that only a threshold asked for.
    #[test]
    fn an_objective_shares_the_result_of_its_threshold() {
        let demanded = threshold("response_time", "p(95)<500");
        let planned = PlannedObjective {
            title: "response time p95".to_owned(),
            target: "<500ms".to_owned(),
            threshold: demanded.clone(),
            importance: Importance::Required,
        };
        let demands = Demands::new(std::slice::from_ref(&demanded), &[planned], &TargetMonitoring::default());
        let kept = ThresholdResult { threshold: demanded, actual: Some(400.0), passed: true };
        let judgement = demands.judge_evaluated(vec![kept], &totals(&[]), &GeneratorVerdict::default());
        assert_eq!(judgement.objectives[0].actual, Some(400.0));
        assert!(judgement.is_objective(&judgement.thresholds[0]));
        let other = ThresholdResult { threshold: threshold("http_reqs", "count>0"), actual: None, passed: false };
        assert!(!judgement.is_objective(&other));
        assert_eq!(judgement.objectives[0].status, ObjectiveStatus::Met);
    }
}
