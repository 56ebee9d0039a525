//! The document of a kept run: as it was reported when it ended; of a run that was killed or merged, made of what was kept.

use std::time::{Duration, UNIX_EPOCH};

use squall_history::StoredRun;
use squall_history::format::{AboutInfo, EndInfo, RunInfo};
use squall_metrics::Totals;
use squall_report::{Document, Ending, Machine, PlanRecord, PlannedRun, RunFacts, RunRecord};

use crate::error::Error;
use crate::stored_objectives::judge_stored;

/// The document of a kept run, of which those are the totals.
///
/// # Errors
/// If what was kept cannot be read.
pub fn kept_document(run: &StoredRun, totals: &Totals) -> Result<Document, Error> {
    let reported = run.summary()?.and_then(|text| Document::from_json(&text).ok());
    let rebuilt = rebuild(run, totals);
    Ok(match reported {
        // Earlier Squalls reported less than the terminal shows.
        Some(reported) => Document {
            expected_responses: reported.expected_responses.or(rebuilt.expected_responses),
            script_cost: reported.script_cost.or(rebuilt.script_cost),
            remarks: rebuilt.remarks,
            run: RunRecord { plan: reported.run.plan.or(rebuilt.run.plan), ..reported.run },
            ..reported
        },
        None => rebuilt,
    })
}

fn rebuild(run: &StoredRun, totals: &Totals) -> Document {
    let data = run.end.as_ref().map(|end| end.data.clone()).unwrap_or_default();
    Document::new(totals, &judge_stored(run, totals), data, &planned(run), &facts(run))
}

fn planned(run: &StoredRun) -> PlannedRun {
    let info = &run.info;
    PlannedRun {
        target: (!info.target.is_empty()).then(|| info.target.clone()),
        load: info.load.clone(),
        threads: info.threads,
        seed: info.seed,
        tags: info.tags.clone(),
        shares: info.planned_shares.clone(),
        offered_rate: None,
    }
}

fn facts(run: &StoredRun) -> RunFacts {
    let info = &run.info;
    let conclusions =
        |of: fn(&EndInfo) -> &Vec<(String, String)>| run.end.as_ref().map(of).cloned().unwrap_or_default();
    let machine = &info.environment;
    RunFacts {
        scenario: info.scenario.clone(),
        component: info.digest.clone(),
        plan: plan_record(info),
        began: UNIX_EPOCH + Duration::from_millis(info.began_ms),
        end: ending(run),
        machine: Machine {
            os: std::env::consts::OS.to_owned(),
            arch: std::env::consts::ARCH.to_owned(),
            cores: machine.cores,
        },
        squall: machine.squall.clone(),
        command: squall_report::shown_command(std::iter::once("squall".to_owned()).chain(info.command.iter().cloned())),
        soak: conclusions(|end| &end.soak),
        course: conclusions(|end| &end.course),
        findings: None,
        agents: run.end.as_ref().and_then(|end| end.agents.clone()),
    }
}

/// What the plan says of itself, if there was one that said anything.
fn plan_record(info: &RunInfo) -> Option<PlanRecord> {
    let AboutInfo { test_type, questions, environment } = info.about.clone();
    let record = PlanRecord { name: info.plan.clone(), test_type, questions, environment, ..PlanRecord::default() };
    (record != PlanRecord::default()).then_some(record)
}

fn ending(run: &StoredRun) -> Ending {
    match &run.end {
        Some(end) => Ending { as_planned: !end.result.ended_early(), text: end.result.to_string() },
        None => Ending { as_planned: false, text: "it was killed, or goes on".to_owned() },
    }
}
