//! From what was measured to what is reported.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use squall_findings::Findings;
use squall_insight::Judgement;
use squall_metrics::{AgentsReport, DataUse, Totals};
use squall_plan::{OfferedRate, Plan};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::breakdown::Breakdown;
use super::{Document, PlanRecord, Remark, RunRecord, ThresholdLine, issues, over_time, remarks, target, values};
use crate::ObjectiveRecord;

/// What only the program knows of a run: everything that is neither plan nor measurement.
#[derive(Clone, Debug)]
pub struct RunFacts {
    /// The scenario, as the user named it.
    pub scenario: String,
    /// The component's digest.
    pub component: String,
    /// What its plan says of itself, if it has one.
    pub plan: Option<PlanRecord>,
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
    /// What hours of steady load show: subjects, and sentences.
    pub soak: Vec<(String, String)>,
    /// What the course of the run says of the target, where the type of test asks for it: subjects, and sentences.
    pub course: Vec<(String, String)>,
    /// The causes of slow responses, if the target was looked into.
    pub findings: Option<Findings>,
    /// The agents that carried the load, where several did.
    pub agents: Option<AgentsReport>,
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
    /// Puts together what is reported of a run: of one that goes on, the measurements so far.
    pub fn new(
        totals: &Totals,
        judgement: &Judgement,
        data: Vec<DataUse>,
        planned: &PlannedRun,
        facts: &RunFacts,
    ) -> Document {
        let curves = ["response_time", "http_req_duration"].into_iter().map(|name| {
            let histogram = totals.trend(name);
            (name.to_owned(), over_time::percentile_curve(&histogram))
        });
        let Breakdown { scenarios, flows, requests, transactions, server_timings, checks, statuses, protocols, errors } =
            Breakdown::of(totals, &planned.shares);
        let timeline = over_time::timeline(&totals.history, planned.offered_rate.as_ref());
        let mut document = Document {
            format: Document::FORMAT.to_owned(),
            version: Document::VERSION,
            run: run_record(totals, planned, facts),
            verdict: issues::Verdict::default(),
            generator: judgement.generator.clone(),
            thresholds: ThresholdLine::all(judgement, totals),
            objectives: judgement.objectives.iter().map(ObjectiveRecord::of).collect(),
            metrics: values::metrics(totals),
            expected_responses: values::expected_responses(totals),
            script_cost: values::script_cost(totals),
            flows,
            scenarios,
            requests,
            transactions,
            server_timings,
            checks,
            statuses,
            protocols,
            errors,
            data,
            course: Remark::all(&facts.course).collect(),
            remarks: Remark::all(&remarks::lines(totals))
                .chain(Remark::all(&facts.soak).map(|remark| Remark { is_of_soak: true, ..remark }))
                .collect(),
            target: target::target(&totals.watched, &timeline),
            findings: facts.findings.clone(),
            timeline,
            heat_map: over_time::heat_map(&totals.history),
            percentile_curves: curves.filter(|(_, curve)| !curve.is_empty()).collect::<BTreeMap<_, _>>(),
            trend: None,
            agents: facts.agents.clone(),
            implemented: Vec::new(),
        };
        document.verdict = issues::judge(&document, judgement);
        document
    }
}

fn run_record(totals: &Totals, planned: &PlannedRun, facts: &RunFacts) -> RunRecord {
    RunRecord {
        scenario: facts.scenario.clone(),
        component: facts.component.clone(),
        target: planned.target.clone(),
        load: planned.load.clone(),
        plan: facts.plan.clone(),
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

/// A time of day in UTC, to the second.
fn rfc3339(time: SystemTime) -> String {
    let time = OffsetDateTime::from(time);
    let whole = time.replace_nanosecond(0).unwrap_or(time);
    whole.format(&Rfc3339).unwrap_or_default()
}
