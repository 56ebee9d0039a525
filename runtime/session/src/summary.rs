//! What is shown and reported of a run, while it goes on and at its end: the summary with what a plan demanded, and the
//! document that all reports are printed from.

use std::time::SystemTime;

use squall_history::RunResult;
use squall_load::Outcome;
use squall_metrics::{GeneratorVerdict, Nanos, ThresholdResult, Totals, evaluate_thresholds};
use squall_plan::Plan;
use squall_report::{
    DataLine, Detail, Document, Ending, ObjectiveLine, RunFacts, Status, Summary, course, duration, histogram_log,
    summary_export, verdict,
};

use crate::console::{Console, Notifier};
use crate::data_use::data_lines;
use crate::error::Error;
use crate::facts::{ending, facts};
use crate::files::Files;
use crate::keep::Conclusions;
use crate::objectives::{judge_objectives, missed_limits, objectives_in_force};
use crate::reports::{Interim, Reports, document, every};
use crate::result::{complaints, result_of};
use crate::settings::SummaryMode;
use crate::soak::{conclude_soak, soak_section};
use crate::stress::phases::Conclusion;
use crate::test_run::TestRun;

/// Summarizes a run: all that is known of it before it begins.
#[derive(Clone, Copy)]
pub(crate) struct Summarizer<'a> {
    test: &'a TestRun,
    began: SystemTime,
    console: &'a dyn Console,
}

/// Measurements so far.
struct SoFar<'a> {
    totals: &'a Totals,
    thresholds: &'a [ThresholdResult],
    generator: &'a GeneratorVerdict,
    data: &'a [DataLine<'a>],
    plan: &'a Plan,
}

/// What the plan makes of them.
#[derive(Clone, Default)]
struct Judged {
    objectives: Vec<ObjectiveLine>,
    /// What else can be concluded: about what, and a sentence.
    soak: Vec<(String, String)>,
}

/// What is reported of a run that is over.
pub(crate) struct Reported {
    pub(crate) result: RunResult,
    pub(crate) document: Document,
    pub(crate) conclusions: Conclusions,
    /// What could not be written, and why.
    pub(crate) unwritten: Vec<Error>,
}

impl<'a> Summarizer<'a> {
    pub(crate) fn of(test: &'a TestRun, began: SystemTime, console: &'a dyn Console) -> Summarizer<'a> {
        Summarizer { test, began, console }
    }

    /// Shows what the run came to, and puts together what is reported and kept of it. What cannot be written is told when
    /// all else is done.
    pub(crate) fn report(&self, outcome: &Outcome, course: Vec<Conclusion>, files: &mut Files) -> Reported {
        let mut unwritten = self.write_exports(outcome, files);
        let data = data_lines(outcome);
        let so_far = SoFar {
            totals: &outcome.totals,
            thresholds: &outcome.thresholds,
            generator: &outcome.generator,
            data: &data,
            plan: &outcome.plan,
        };
        let judged = self.judge(&so_far);
        let document = document(outcome, &data, &self.facts(ending(outcome), judged.clone()), course.clone());
        unwritten.extend(self.print_summary(&so_far, &judged, document.verdict.status, &course).err());
        let missed: Vec<&str> = missed_limits(&judged.objectives).collect();
        complaints(self.test.name(), outcome, &missed).iter().for_each(|text| self.console.print_error(text));
        let result = result_of(outcome, &missed);
        let course = course.into_iter().map(|(about, text)| (about.to_owned(), text)).collect();
        Reported { result, document, conclusions: Conclusions { course, soak: judged.soak }, unwritten }
    }

    /// Reports while a run of that plan goes on, as often as is asked for.
    pub(crate) fn interim<'r>(
        self,
        plan: &Plan,
        reports: &'r mut Reports,
        notifier: &'r dyn Notifier,
    ) -> Interim<impl FnMut(Nanos, &Totals, &GeneratorVerdict) + 'r>
    where
        'a: 'r,
    {
        let plan = plan.clone();
        let every = every(self.test.output.reports.every, self.test.plan_file.as_ref());
        Interim::new(every, move |elapsed, totals, generator| {
            let thresholds = evaluate_thresholds(&plan.thresholds, totals);
            let so_far = SoFar { totals, thresholds: &thresholds, generator, data: &[], plan: &plan };
            let mut reported = Ok(());
            let may_print = notifier.leaves_output_free();
            notifier.suspend(&mut || reported = self.report_so_far(&so_far, elapsed, reports, may_print));
            // The run is worth more than a report of half of it.
            if let Err(error) = reported {
                notifier.notify(&format!("warning: {error}"));
            }
        })
    }

    fn report_so_far(
        &self,
        so_far: &SoFar<'_>,
        elapsed: Nanos,
        reports: &mut Reports,
        may_print: bool,
    ) -> Result<(), Error> {
        let judged = self.judge(so_far);
        let facts = self.facts(Ending { as_planned: true, text: "not yet".to_owned() }, judged.clone());
        let SoFar { totals, thresholds, generator, data, plan } = so_far;
        let document = Document::new(totals, thresholds, generator, data, &(*plan).into(), &facts);
        if may_print && self.test.output.summary != SummaryMode::Disabled {
            let summary = self.summary(so_far, &judged, document.verdict.status);
            self.console.print(&format!("\n  after {}:\n{summary}", duration(elapsed)))?;
        }
        if reports.has_files() { reports.write_files(&document) } else { Ok(()) }
    }

    fn write_exports(&self, outcome: &Outcome, files: &mut Files) -> Vec<Error> {
        let export = files.summary_export.take().map(|file| {
            let export = summary_export(&outcome.totals, &outcome.thresholds);
            file.write(&format!("{export:#}\n"))
        });
        let log =
            files.histogram_log.take().map(|file| file.write(&histogram_log(&outcome.totals.history, self.began)));
        [export, log].into_iter().flatten().filter_map(Result::err).collect()
    }

    /// What the plan makes of it; nothing without one.
    fn judge(&self, so_far: &SoFar<'_>) -> Judged {
        let Some(file) = &self.test.plan_file else {
            return Judged::default();
        };
        let objectives = objectives_in_force(&file.objectives, &so_far.plan.thresholds);
        let objectives = judge_objectives(&objectives, &file.watching, so_far.totals);
        // A soak test has one load.
        let load = so_far.plan.scenarios.first().map(|scenario| &scenario.executor);
        let soak = load.map(|load| conclude_soak(file, load, so_far.totals)).unwrap_or_default();
        Judged { objectives, soak }
    }

    fn facts(&self, end: Ending, judged: Judged) -> RunFacts {
        let Judged { objectives, soak } = judged;
        RunFacts { end, objectives, conclusions: soak, ..facts(&self.test.component, self.began) }
    }

    fn print_summary(
        &self,
        so_far: &SoFar<'_>,
        judged: &Judged,
        status: Status,
        conclusions: &[Conclusion],
    ) -> Result<(), Error> {
        if self.test.output.summary == SummaryMode::Disabled {
            return Ok(());
        }
        let course = course(conclusions, self.console.style());
        self.console.print(&(self.summary(so_far, judged, status) + &course))
    }

    fn summary(&self, so_far: &SoFar<'_>, judged: &Judged, status: Status) -> String {
        let style = self.console.style();
        let summary = Summary {
            totals: so_far.totals,
            thresholds: so_far.thresholds,
            generator: so_far.generator,
            data: so_far.data,
            planned_shares: &so_far.plan.shares(),
            detail: if self.test.output.summary == SummaryMode::Full { Detail::Full } else { Detail::Compact },
            style,
        };
        summary.render() + &soak_section(&judged.soak, style) + &verdict(&judged.objectives, status, style)
    }
}
