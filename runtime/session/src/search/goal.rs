//! What is to be searched for, from all that says so; and what does not go with a search.

use squall_insight::search::Goal;
use squall_plan::{HumanDuration, SearchOptions, TestType};

use crate::error::Error;
use crate::test_run::TestRun;

/// What is typed over what the plan says. `--max-rate` and `--max-duration` hold for every search.
pub(super) fn of(test: &TestRun, typed: SearchOptions) -> Result<Goal, Error> {
    let shape = test.plan_file.as_ref().map(|file| &file.shape);
    let of_plan = shape.map(|shape| shape.search).unwrap_or_default();
    let planned = shape.filter(|shape| shape.kind == Some(TestType::Breakpoint)).and_then(|shape| shape.duration);
    let asked = typed.over(of_plan);
    let highest = test.sandbox.max_rate.map_or(asked.highest(), |most| most.min(asked.highest()));
    let time_limit = test.typed.duration.or(planned).unwrap_or(TestType::Breakpoint.default_duration());
    let goal = Goal {
        lowest: asked.lowest().per_second(),
        highest: highest.per_second(),
        precision: asked.precision(),
        settle: asked.settle(),
        time_limit: test.sandbox.max_duration.map_or(time_limit, |most| most.min(time_limit)),
        ..Goal::of_trials(asked.trial())
    };
    let one_trial = goal.settle + goal.first_trial;
    if goal.time_limit < one_trial {
        let (limit, trial) = (HumanDuration(goal.time_limit), HumanDuration(one_trial));
        let text =
            format!("the search may take {limit}, and its first trial takes {trial}: see --duration and --trial");
        return Err(Error::Options(vec![text]));
    }
    let last_trial = goal.settle + goal.last_trial;
    if let Some(most) = test.sandbox.max_duration.filter(|most| *most < last_trial) {
        let (most, trial) = (HumanDuration(most), HumanDuration(last_trial));
        let text =
            format!("--max-duration allows {most}, and the last trials take {trial} each: shorten them with --trial");
        return Err(Error::Options(vec![text]));
    }
    Ok(goal)
}

/// An option that a search refuses: its flag, whether it was given, and why.
pub type RefusedOption = (&'static str, fn(&TestRun) -> bool, &'static str);

/// Outputs and controls that only make sense for one run.
pub const ONLY_OF_A_RUN: [RefusedOption; 9] = [
    ("--summary-export", |test| test.output.summary_export.is_some(), "there are many runs; see --summary-json"),
    ("--histogram-log", |test| test.output.histogram_log.is_some(), "there are many runs"),
    ("--save-as", |test| !test.output.keep.tags.is_empty(), "trials are not kept; see --summary-json"),
    ("--report-baseline", |test| test.output.reports.baseline.is_some(), "there are many runs"),
    ("--out", |test| !test.output.streams.outputs.is_empty(), "there are many runs; see --summary-json"),
    ("out, which the plan has,", plan_has_outputs, "there are many runs; see --summary-json"),
    ("--control", |test| test.control.api.is_some(), "each trial is a run of its own"),
    ("--dashboard", |test| test.control.dashboard.is_some(), "each trial is a run of its own"),
    ("--tui", |test| test.output.full_screen, "each trial is a run of its own"),
];

fn plan_has_outputs(test: &TestRun) -> bool {
    test.plan_file.as_ref().is_some_and(|file| file.out().next().is_some())
}

pub(super) fn refuse_what_only_a_run_has(test: &TestRun) -> Result<(), Error> {
    refuse(&ONLY_OF_A_RUN.map(|(flag, is_given, why)| (flag, is_given(test), why)))
}

/// Refuses options that were given: the flag, whether it was, and why not.
fn refuse(options: &[(&str, bool, &str)]) -> Result<(), Error> {
    let given = options.iter().filter(|(_, given, _)| *given);
    let texts: Vec<String> = given.map(|(flag, _, why)| format!("{flag} does not go with a search: {why}")).collect();
    if texts.is_empty() { Ok(()) } else { Err(Error::Options(texts)) }
}
