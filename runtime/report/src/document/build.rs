//! From what was measured to what is reported.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use squall_metrics::{GeneratorVerdict, Health, Kind, ThresholdResult, Totals};
use squall_plan::{Aggregation, OfferedRate, Plan};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{
    DataUse, Document, Generator, GeneratorFinding, Outcome, Remark, RunRecord, ThresholdLine, Unit,
    breakdown::Breakdown, issues, over_time, target, values,
};
use crate::DataLine;
use crate::ObjectiveLine;
use crate::export::selector_name;
use crate::summary::over_time as remarks;

/// What only the program knows of a run: everything that is neither plan nor measurement.
#[derive(Clone, Debug)]
pub struct RunFacts {
    /// The scenario, as the user named it.
    pub scenario: String,
    /// The component's digest.
    pub component: String,
    /// When the run began.
    pub began: SystemTime,
    /// How it ended.
    pub end: Ending,
    /// The machine that made the load.
    pub machine: Machine,
    /// Squall's version.
    pub squall: String,
    /// The command line, fit to be shown: see [`crate::shown_command`].
    pub command: String,
    /// What a plan wanted, judged.
    pub objectives: Vec<ObjectiveLine>,
    /// What else can be concluded: about what, and a sentence.
    pub conclusions: Vec<(String, String)>,
}

/// What was planned, as far as it is reported.
#[derive(Clone, Debug, Default)]
pub struct PlannedRun {
    /// The base URL, if there is one.
    pub target: Option<String>,
    /// The shape of the load, in words.
    pub load: String,
    /// Worker threads.
    pub threads: usize,
    /// The origin of its random numbers.
    pub seed: u64,
    /// Tags of the whole run.
    pub tags: BTreeMap<String, String>,
    /// The share of each flow.
    pub shares: Vec<f64>,
    /// The rate at which iterations were to start, where the plan decides that.
    pub offered_rate: Option<OfferedRate>,
}

impl From<&Plan> for PlannedRun {
    fn from(plan: &Plan) -> PlannedRun {
        PlannedRun {
            target: plan.target.as_ref().map(|target| target.as_str().to_owned()),
            load: plan.load(),
            threads: plan.threads,
            seed: plan.seed,
            tags: plan.tags.clone(),
            shares: plan.shares(),
            offered_rate: plan.offered_rate(),
        }
    }
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// Whether it ended as planned.
    pub as_planned: bool,
    /// How, in words.
    pub text: String,
}

/// The machine that made the load.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The operating system.
    pub os: String,
    /// The processor's architecture.
    pub arch: String,
    /// Processor cores that may be used.
    pub cores: usize,
}

impl Document {
    /// Puts together what is reported of a run, or of a run that goes on: then of what was measured up to now.
    pub fn new(
        totals: &Totals,
        thresholds: &[ThresholdResult],
        generator: &GeneratorVerdict,
        data: &[DataLine<'_>],
        planned: &PlannedRun,
        facts: &RunFacts,
    ) -> Document {
        let curves = ["response_time", "http_req_duration"].into_iter().map(|name| {
            let histogram = totals.trend(name);
            (name.to_owned(), over_time::percentile_curve(&histogram))
        });
        let Breakdown { scenarios, flows, requests, transactions, server_timings, checks, errors } =
            Breakdown::of(totals, &planned.shares);
        let timeline = over_time::timeline(&totals.history, planned.offered_rate.as_ref());
        let mut document = Document {
            format: Document::FORMAT.to_owned(),
            version: Document::VERSION,
            run: run_record(totals, planned, facts),
            verdict: issues::Verdict::default(),
            generator: generator_record(generator),
            thresholds: thresholds.iter().map(|result| ThresholdLine::of(result, totals, generator.health)).collect(),
            objectives: facts
                .objectives
                .iter()
                .map(|line| line.record(generator.health != Health::Bottleneck))
                .collect(),
            metrics: values::metrics(totals),
            flows,
            scenarios,
            requests,
            transactions,
            server_timings,
            checks,
            errors,
            data: data.iter().map(data_use).collect(),
            course: Vec::new(),
            remarks: remarks::lines(totals)
                .into_iter()
                .chain(facts.conclusions.iter().cloned())
                .map(|(about, text)| Remark { about, text })
                .collect(),
            target: target::target(&totals.watched, &timeline),
            timeline,
            heat_map: over_time::heat_map(&totals.history),
            percentile_curves: curves.filter(|(_, curve)| !curve.is_empty()).collect::<BTreeMap<_, _>>(),
            trend: None,
        };
        document.verdict = issues::judge(&document);
        document
    }
}

fn run_record(totals: &Totals, planned: &PlannedRun, facts: &RunFacts) -> RunRecord {
    RunRecord {
        scenario: facts.scenario.clone(),
        component: facts.component.clone(),
        target: planned.target.clone(),
        load: planned.load.clone(),
        began: rfc3339(facts.began),
        began_unix_ms: (OffsetDateTime::from(facts.began).unix_timestamp_nanos() / 1_000_000) as i64,
        duration_ms: totals.elapsed.as_millis_f64(),
        end: facts.end.clone(),
        threads: planned.threads,
        seed: planned.seed.to_string(),
        squall: facts.squall.clone(),
        machine: facts.machine.clone(),
        command: facts.command.clone(),
        tags: planned.tags.clone(),
    }
}

fn generator_record(generator: &GeneratorVerdict) -> Generator {
    let findings = generator.findings.iter().map(|finding| GeneratorFinding {
        signal: finding.signal.to_owned(),
        reason: finding.reason.clone(),
        remedy: finding.remedy.to_owned(),
    });
    Generator { health: generator.health.name().to_owned(), findings: findings.collect() }
}

impl ThresholdLine {
    /// What became of a threshold, measured by a generator in that health.
    pub fn of(result: &ThresholdResult, totals: &Totals, generator: Health) -> ThresholdLine {
        let threshold = &result.threshold;
        ThresholdLine {
            metric: selector_name(&threshold.metric, &threshold.tags),
            expression: threshold.source.clone(),
            aggregation: threshold.aggregation.to_string(),
            comparison: threshold.comparison.to_string(),
            limit: threshold.limit,
            actual: result.actual,
            unit: unit_of(result, totals),
            outcome: match result.passed {
                _ if generator == Health::Bottleneck => Outcome::NotJudged,
                true => Outcome::Passed,
                false => Outcome::Failed,
            },
        }
    }
}

/// The unit of what a threshold compares.
fn unit_of(result: &ThresholdResult, totals: &Totals) -> Unit {
    match (totals.describe(&result.threshold.metric), result.threshold.aggregation) {
        (Some((Kind::Rate, _)), _) => Unit::Share,
        (Some((Kind::Counter, _)), Aggregation::Rate) => Unit::PerSecond,
        (Some((Kind::Trend, _)), Aggregation::Count) | (None, _) => Unit::Number,
        (Some((_, unit)), _) => unit.into(),
    }
}

fn data_use(line: &DataLine<'_>) -> DataUse {
    DataUse {
        name: line.name.to_owned(),
        rows: line.rows,
        policy: line.policy.to_string(),
        taken: line.taken,
        ended_the_run: line.ended_the_run,
    }
}

/// A time of day in UTC, to the second.
fn rfc3339(time: SystemTime) -> String {
    let time = OffsetDateTime::from(time);
    let whole = time.replace_nanosecond(0).unwrap_or(time);
    whole.format(&Rfc3339).unwrap_or_default()
}
