//! The record of a run, while it goes on and at its end: the totals are judged once, one document is made of both, and the
//! summary, all reports and the exit code come from these two.

use std::time::SystemTime;

use squall_findings::Findings;
use squall_history::format::EndInfo;
use squall_insight::Demands;
use squall_load::RunOutcome;
use squall_metrics::{AgentsReport, GeneratorVerdict, Nanos, ThresholdFigures, Totals};
use squall_plan::Plan;
use squall_report::{Detail, Document, Ending, RunFacts, Summary, duration, histogram_log, summary_export};

use crate::console::{Console, Notifier};
use crate::data_use::data_use;
use crate::error::Error;
use crate::facts::{ending, facts, planned};
use crate::files::Files;
use crate::reports::{Interim, Reports, every};
use crate::result::{complaints, result_of};
use crate::settings::SummaryMode;
use crate::soak::conclude_soak;
use crate::stress::phases::Conclusion;
use crate::test_run::TestRun;

/// Summarizes a run: all that is known of it before it begins.
#[derive(Clone, Copy)]
pub(crate) struct Summarizer<'a> {
    test: &'a TestRun,
    began: SystemTime,
    console: &'a dyn Console,
}

/// What is reported and kept of a run that is over.
pub(crate) struct Reported {
    pub(crate) end: EndInfo,
    pub(crate) document: Document,
    /// k6's summary.
    pub(crate) export: String,
    /// What could not be written, and why.
    pub(crate) unwritten: Vec<Error>,
}

impl<'a> Summarizer<'a> {
    pub(crate) fn of(test: &'a TestRun, began: SystemTime, console: &'a dyn Console) -> Summarizer<'a> {
        Summarizer { test, began, console }
    }

    /// Shows what the run came to, and puts together what is reported and kept of it. What cannot be written is told when
    /// all else is done.
    pub(crate) fn report(
        &self,
        outcome: &RunOutcome,
        course: Vec<Conclusion>,
        findings: Option<Findings>,
        agents: Option<AgentsReport>,
        files: &mut Files,
    ) -> Reported {
        let RunOutcome { totals, plan, generator, .. } = outcome;
        let judgement = self.test.demands(plan).judge(totals, generator);
        let facts = RunFacts { course, findings, agents, ..self.facts(ending(outcome), plan, totals) };
        let document = Document::new(totals, &judgement, data_use(outcome), &planned(outcome), &facts);
        let export = format!("{:#}\n", summary_export(totals, &judgement.thresholds));
        let mut unwritten = self.write_exports(totals, &export, files);
        unwritten.extend(self.print_summary(&document).err());
        complaints(self.test.name(), outcome, &judgement, &document)
            .iter()
            .for_each(|text| self.console.print_error(text));
        let end = EndInfo {
            result: result_of(outcome, &judgement),
            generator: generator.health,
            findings: generator.findings.clone(),
            accepted: generator.accepted,
            thresholds: judgement.thresholds.iter().map(ThresholdFigures::from).collect(),
            data: document.data.clone(),
            course: facts.course,
            soak: facts.soak,
            agents: facts.agents,
        };
        Reported { end, document, export, unwritten }
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
        let (plan, demands) = (plan.clone(), self.test.demands(plan));
        let every = every(self.test.output.reports.every, self.test.plan_file.as_ref());
        Interim::new(every, move |elapsed, totals, generator| {
            let document = self.document_so_far(&plan, &demands, totals, generator);
            let mut reported = Ok(());
            let may_print = notifier.leaves_output_free();
            notifier.suspend(&mut || reported = self.report_so_far(&document, elapsed, reports, may_print));
            // The run is worth more than a report of half of it.
            if let Err(error) = reported {
                notifier.notify(&format!("warning: {error}"));
            }
        })
    }

    fn document_so_far(
        &self,
        plan: &Plan,
        demands: &Demands,
        totals: &Totals,
        generator: &GeneratorVerdict,
    ) -> Document {
        let end = Ending { as_planned: true, text: "not yet".to_owned() };
        let facts = self.facts(end, plan, totals);
        Document::new(totals, &demands.judge(totals, generator), Vec::new(), &plan.into(), &facts)
    }

    fn report_so_far(
        &self,
        document: &Document,
        elapsed: Nanos,
        reports: &mut Reports,
        may_print: bool,
    ) -> Result<(), Error> {
        if may_print && self.test.output.summary != SummaryMode::Disabled {
            let summary = self.summary(document).render();
            self.console.print(&format!("\n  after {}:\n{summary}", duration(elapsed)))?;
        }
        if reports.has_files() { reports.write_so_far(document) } else { Ok(()) }
    }

    fn write_exports(&self, totals: &Totals, export: &str, files: &mut Files) -> Vec<Error> {
        let export = files.summary_export.take().map(|file| file.write(export));
        let log = files.histogram_log.take().map(|file| file.write(histogram_log(&totals.history, self.began)));
        [export, log].into_iter().flatten().filter_map(Result::err).collect()
    }

    fn facts(&self, end: Ending, plan: &Plan, totals: &Totals) -> RunFacts {
        // A soak test has one load.
        let load = plan.scenarios.first().map(|scenario| &scenario.executor);
        let soak = self.test.plan_file.as_ref().zip(load).map(|(file, load)| conclude_soak(file, load, totals));
        RunFacts { end, soak: soak.unwrap_or_default(), ..facts(self.test, self.began) }
    }

    fn print_summary(&self, document: &Document) -> Result<(), Error> {
        if self.test.output.summary == SummaryMode::Disabled {
            return Ok(());
        }
        self.console.print(&self.summary(document).render())
    }

    fn summary<'d>(&self, document: &'d Document) -> Summary<'d> {
        let detail = if self.test.output.summary == SummaryMode::Full { Detail::Full } else { Detail::Compact };
        Summary { document, detail, style: self.console.style() }
    }
}
