//! The document of a kept run: as it was reported when it ended; of a run that was killed or merged, made of what was kept.

use std::time::{Duration, UNIX_EPOCH};

use squall_history::StoredRun;
use squall_history::format::RunEnd;
use squall_metrics::Totals;
use squall_plan::Policy;
use squall_report::{DataLine, Document, Ending, Machine, PlannedRun, RunFacts};

use crate::error::Error;
use crate::objectives::judge_objectives;
use crate::stored_objectives::stored_objectives;

/// The document of a kept run, of which those are the totals.
///
/// # Errors
/// If what was kept cannot be read.
pub fn kept_document(run: &StoredRun, totals: &Totals) -> Result<Document, Error> {
    let reported = run.summary()?.and_then(|text| Document::from_json(&text).ok());
    Ok(reported.unwrap_or_else(|| rebuilt(run, totals)))
}

fn rebuilt(run: &StoredRun, totals: &Totals) -> Document {
    let conclusions = |of: fn(&RunEnd) -> &Vec<(String, String)>| run.end.as_ref().map(of).cloned().unwrap_or_default();
    let mut document = Document::new(
        totals,
        &run.judged_thresholds(totals),
        &run.generator(),
        &data_lines(run),
        &planned(run),
        &facts(run, totals, conclusions(|end| &end.soak)),
    );
    let course = conclusions(|end| &end.course);
    document.tell_course(course.iter().map(|(about, text)| (about.as_str(), text.clone())).collect());
    document
}

/// How much of its data a kept run used.
pub fn data_lines(run: &StoredRun) -> Vec<DataLine<'_>> {
    let used = run.end.as_ref().map(|end| end.data.as_slice()).unwrap_or_default();
    let line = |used: &'_ squall_history::format::DataLine| -> Option<Policy> { used.policy.parse().ok() };
    used.iter()
        .filter_map(|used| {
            Some(DataLine {
                name: &used.name,
                rows: used.rows,
                policy: line(used)?,
                taken: used.taken,
                ended_the_run: used.ended_the_run,
            })
        })
        .collect()
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

fn facts(run: &StoredRun, totals: &Totals, conclusions: Vec<(String, String)>) -> RunFacts {
    let info = &run.info;
    let (wanted, watching) = stored_objectives(info);
    let machine = &info.environment;
    RunFacts {
        scenario: info.scenario.clone(),
        component: info.digest.clone(),
        began: UNIX_EPOCH + Duration::from_millis(info.began_ms),
        end: ending(run),
        machine: Machine {
            os: std::env::consts::OS.to_owned(),
            arch: std::env::consts::ARCH.to_owned(),
            cores: machine.cores,
        },
        squall: machine.squall.clone(),
        command: squall_report::shown_command(std::iter::once("squall".to_owned()).chain(info.command.iter().cloned())),
        objectives: judge_objectives(&wanted, &watching, totals),
        conclusions,
    }
}

fn ending(run: &StoredRun) -> Ending {
    match &run.end {
        Some(end) => Ending { as_planned: !end.result.ended_early(), text: end.result.to_string() },
        None => Ending { as_planned: false, text: "it was killed, or goes on".to_owned() },
    }
}
