//! The search for the highest rate that holds (`squall breakpoint`, and plans of that type): the search of
//! `squall-insight`, with real runs as trials. Knows how trials are made and shown; what is tried next, and what follows
//! from it, is decided in `squall-insight`.

mod figures;
mod goal;
mod outputs;
mod scaling;
mod trial;

use std::time::SystemTime;

use squall_guest::CodeCache;
use squall_history::{RunResult, utc};
use squall_insight::search::{Found, Limit, Search, Step, Trial, TrialResult};
use squall_plan::SearchOptions;
use squall_report::{
    BreakpointReport, Cause, SearchAnswer, SearchEnd, SearchRange, TrialLine, TrialOutcome, trial_heading, trial_line,
};

use crate::console::Console;
use crate::error::Error;
use crate::facts::facts;
use crate::system::time_of_day;
use crate::test_run::TestRun;
pub use goal::{ONLY_OF_A_RUN, RefusedOption};
use outputs::Outputs;
use trial::{Ended, Trials};

/// Searches, shows each trial as it ends, and then what was found. Returns what the search came to.
///
/// # Errors
/// If it cannot begin, or its reports cannot be written.
pub fn search(test: TestRun, typed: SearchOptions, console: &dyn Console) -> Result<RunResult, Error> {
    goal::refuse_what_only_a_run_has(&test)?;
    let goal = goal::of(&test, typed)?;
    let mut search = Search::new(goal).map_err(|error| Error::option(error.to_string()))?;
    let outputs = Outputs::open(&test.output)?;
    let style = console.style();
    let mut trials = Trials::prepare(test, search.goal(), &CodeCache::of_user(), console)?;
    let began = time_of_day();
    console.print(&trial_heading())?;
    let mut lines = Vec::new();
    let (found, stopped) = loop {
        let (load, duration) = match search.next() {
            Step::Done(found) => break (found, None),
            Step::Try { load, duration } => (load, duration),
        };
        match trials.run(lines.len() + 1, load, duration, console)? {
            Ended::Judged(line) => {
                console.print(&trial_line(lines.len() + 1, &line, style))?;
                search.take(Trial { load, duration, result: result(line.outcome) });
                lines.push(line);
            }
            // What is known by then was not for nothing.
            Ended::Stopped => break (search.so_far(), Some(RunResult::Interrupted)),
            Ended::Failed(text, result) => {
                console.print_error(&text);
                return Ok(result);
            }
        }
    };
    let mut report = report(&trials, &search, &found, lines, began);
    if stopped.is_some() {
        report.answer.end = SearchEnd::Stopped;
    }
    console.print(&report.text(style))?;
    outputs.write(&report)?;
    Ok(stopped.unwrap_or_else(|| result_of_search(&found)))
}

fn result(outcome: TrialOutcome) -> TrialResult {
    match outcome {
        TrialOutcome::Good => TrialResult::Good,
        TrialOutcome::Bad => TrialResult::Bad,
        TrialOutcome::Invalid => TrialResult::Invalid,
    }
}

fn report(
    trials: &Trials,
    search: &Search,
    found: &Found,
    lines: Vec<TrialLine>,
    began: SystemTime,
) -> BreakpointReport {
    let goal = search.goal();
    let facts = facts(&trials.test, began);
    let millis = |time: std::time::Duration| time.as_secs_f64() * 1e3;
    let rates = figures::by_rate(&lines);
    BreakpointReport {
        format: BreakpointReport::FORMAT,
        version: BreakpointReport::VERSION,
        scenario: facts.scenario,
        component: facts.component,
        target: trials.heaviest.target.as_ref().map(|target| target.as_str().to_owned()),
        began: utc(began),
        squall: facts.squall,
        command: facts.command,
        thresholds: trials.demands(),
        search: SearchRange {
            lowest: goal.lowest,
            highest: goal.highest,
            precision: goal.precision,
            trial_ms: millis(goal.last_trial),
            settle_ms: millis(goal.settle),
            time_limit_ms: millis(goal.time_limit),
        },
        answer: answer(found, &lines),
        scaling: scaling::of(&lines, &rates),
        trials: lines,
        rates,
    }
}

/// What was found, with what the lowest rate that does not hold ran into.
fn answer(found: &Found, lines: &[TrialLine]) -> SearchAnswer {
    let end = match found.limit {
        Limit::Target => SearchEnd::Target,
        Limit::Generator => SearchEnd::Generator,
        Limit::Allowed => SearchEnd::Highest,
        Limit::Lowest => SearchEnd::Lowest,
        Limit::Time => SearchEnd::Time,
    };
    let there = lines.iter().filter(|line| Some(line.rate) == found.fails);
    let mut ran_into = there
        .filter(|line| line.cause.is_some_and(|cause| (cause == Cause::Generator) == (end == SearchEnd::Generator)));
    let last = ran_into.next_back();
    SearchAnswer {
        holds: found.holds,
        fails: found.fails,
        end,
        cause: last.and_then(|line| line.cause),
        reason: last.and_then(|line| line.reason.clone()),
    }
}

/// An answer is a rate that holds, and why it is not higher.
fn result_of_search(found: &Found) -> RunResult {
    match (found.limit, found.holds) {
        (Limit::Target | Limit::Allowed, _) | (Limit::Time, Some(_)) => RunResult::Passed,
        (Limit::Lowest, _) => RunResult::ThresholdsFailed,
        (Limit::Generator, _) | (Limit::Time, None) => RunResult::Invalid,
    }
}
