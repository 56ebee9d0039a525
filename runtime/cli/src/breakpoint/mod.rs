//! `squall breakpoint`, and `squall run` of a plan of that type: the search of `squall-insight`, with real runs as trials.
//! Knows how trials are made and told; what is tried next, and what follows from it, is decided in `squall-insight`.

pub mod args;
mod figures;
mod goal;
mod outputs;
mod scaling;
mod trial;

use std::time::SystemTime;

use squall_guest::CodeCache;
use squall_history::utc;
use squall_insight::search::{Found, Limit, Search, Step, Trial, TrialResult};
use squall_plan::SearchOptions;
use squall_report::{
    Answer, BreakpointReport, Cause, SearchEnd, SearchRange, TrialLine, TrialOutcome, trial_heading, trial_line,
};

use crate::error::CliError;
use crate::reporting::facts;
use crate::run::{Order, prepare};
use crate::stderr::print_error;
use crate::stdout::print;
use crate::style::summary_style;
use crate::system::time_of_day;
use crate::{exit, one_request};
use args::BreakpointArgs;
use outputs::Outputs;
use trial::{Ended, Trials};

/// `squall breakpoint`.
pub fn breakpoint(arguments: &BreakpointArgs) -> Result<u8, CliError> {
    goal::refuse_a_load_of_its_own(&arguments.run)?;
    let mut order = prepare(&arguments.run)?;
    if order.url.is_some() {
        order.typed = one_request::for_a_search(order.typed, &arguments.run.request, &arguments.run.load);
    }
    search(order, arguments.search())
}

/// Searches, tells each trial as it ends, and what was found.
pub fn search(order: Order<'_>, typed: SearchOptions) -> Result<u8, CliError> {
    goal::refuse_what_only_a_run_has(&order)?;
    let goal = goal::of(&order, typed)?;
    let mut search = Search::new(goal).map_err(|error| CliError::Options(vec![error.to_string()]))?;
    let outputs = Outputs::open(order.output)?;
    let style = summary_style(order.output);
    let mut trials = Trials::prepare(order, search.goal(), &CodeCache::of_user())?;
    let began = time_of_day();
    print(&trial_heading())?;
    let mut lines = Vec::new();
    let (found, stopped) = loop {
        let (load, duration) = match search.next() {
            Step::Done(found) => break (found, None),
            Step::Try { load, duration } => (load, duration),
        };
        match trials.run(lines.len() + 1, load, duration)? {
            Ended::Judged(line) => {
                print(&trial_line(lines.len() + 1, &line, style))?;
                search.take(Trial { load, duration, result: result(line.outcome) });
                lines.push(line);
            }
            // What is known by then was not for nothing.
            Ended::Stopped => break (search.so_far(), Some(exit::INTERRUPTED)),
            Ended::Failed(text, code) => {
                print_error(&text);
                return Ok(code);
            }
        }
    };
    let mut report = report(&trials, &search, &found, lines, began);
    if stopped.is_some() {
        report.answer.end = SearchEnd::Stopped;
    }
    print(&report.text(style))?;
    outputs.write(&report)?;
    Ok(stopped.unwrap_or_else(|| code(&found)))
}

fn result(outcome: TrialOutcome) -> TrialResult {
    match outcome {
        TrialOutcome::Good => TrialResult::Good,
        TrialOutcome::Bad => TrialResult::Bad,
        TrialOutcome::Invalid => TrialResult::Invalid,
    }
}

fn report(
    trials: &Trials<'_>,
    search: &Search,
    found: &Found,
    lines: Vec<TrialLine>,
    began: SystemTime,
) -> BreakpointReport {
    let goal = search.goal();
    let facts = facts(&trials.order.name, &trials.order.artifact, began);
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
fn answer(found: &Found, lines: &[TrialLine]) -> Answer {
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
    Answer {
        holds: found.holds,
        fails: found.fails,
        end,
        cause: last.and_then(|line| line.cause),
        reason: last.and_then(|line| line.reason.clone()),
    }
}

/// An answer is a rate that holds, and why it is not higher.
fn code(found: &Found) -> u8 {
    match (found.limit, found.holds) {
        (Limit::Target | Limit::Allowed, _) | (Limit::Time, Some(_)) => exit::PASSED,
        (Limit::Lowest, _) => exit::THRESHOLDS_FAILED,
        (Limit::Generator, _) | (Limit::Time, None) => exit::MEASUREMENT_INVALID,
    }
}
