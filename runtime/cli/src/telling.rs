//! What is said of a run, while it goes on and when it is over: the summary with what a plan wanted, and reports.

use std::time::SystemTime;

use squall_guest::Artifact;
use squall_metrics::{GeneratorVerdict, Nanos, ThresholdResult, Totals, evaluate_thresholds};
use squall_plan::{Plan, PlanFile};
use squall_report::{DataLine, Detail, Document, Ending, ObjectiveLine, RunFacts, Status, Summary, duration, verdict};

use crate::args::{OutputArgs, SummaryMode};
use crate::error::CliError;
use crate::plan;
use crate::reporting::{Interim, Reports, every, facts};
use crate::stdout::print;
use crate::style::summary_style;
use crate::terminal::Voice;

/// Who says it: all that is known of a run before it begins.
pub struct Teller<'a> {
    /// What the user calls the scenario.
    pub name: &'a str,
    /// The component.
    pub artifact: &'a Artifact,
    /// What is to be shown.
    pub output: &'a OutputArgs,
    /// The plan that was named, if one was.
    pub plan_file: Option<&'a PlanFile>,
    /// When the run began.
    pub began: SystemTime,
}

/// What was measured up to now, and what is thought of it.
pub struct SoFar<'a> {
    pub totals: &'a Totals,
    pub thresholds: &'a [ThresholdResult],
    pub generator: &'a GeneratorVerdict,
    pub data: &'a [DataLine<'a>],
    pub plan: &'a Plan,
}

/// What a plan makes of it.
#[derive(Clone, Default)]
pub struct Concluded {
    /// Its objectives, judged.
    pub objectives: Vec<ObjectiveLine>,
    /// What else can be concluded: about what, and a sentence.
    pub others: Vec<(String, String)>,
}

impl Teller<'_> {
    /// What the plan makes of it; nothing without one.
    pub fn conclude(&self, so_far: &SoFar<'_>) -> Concluded {
        let Some(file) = self.plan_file else {
            return Concluded::default();
        };
        let objectives = plan::in_force(&file.objectives, &so_far.plan.thresholds);
        let objectives = plan::judged(&objectives, &file.watching, so_far.totals);
        // A soak test has one load.
        let load = so_far.plan.scenarios.first().map(|scenario| &scenario.executor);
        let others = load.map(|load| plan::conclusions(file, load, so_far.totals)).unwrap_or_default();
        Concluded { objectives, others }
    }

    /// The summary, with what the course of the run says, if one is wanted.
    pub fn print_summary(
        &self,
        so_far: &SoFar<'_>,
        concluded: &Concluded,
        status: Status,
        course: &[plan::Remark],
    ) -> Result<(), CliError> {
        if self.output.summary_mode == SummaryMode::Disabled {
            return Ok(());
        }
        print(&(self.summary(so_far, concluded, status) + &squall_report::course(course, summary_style(self.output))))
    }

    /// What only the program knows.
    pub fn facts(&self, end: Ending, concluded: Concluded) -> RunFacts {
        let Concluded { objectives, others } = concluded;
        RunFacts { end, objectives, conclusions: others, ..facts(self.name, self.artifact, self.began) }
    }

    /// Reports while a run of that plan goes on, as often as is wanted.
    pub fn interim<'t>(
        &'t self,
        plan: &Plan,
        reports: &'t mut Reports,
        voice: Voice,
    ) -> Interim<impl FnMut(Nanos, &Totals, &GeneratorVerdict) + 't> {
        let plan = plan.clone();
        Interim::new(every(self.output.reports.report_every, self.plan_file), move |elapsed, totals, generator| {
            let thresholds = evaluate_thresholds(&plan.thresholds, totals);
            let so_far = SoFar { totals, thresholds: &thresholds, generator, data: &[], plan: &plan };
            let mut reported = Ok(());
            let aloud = voice.leaves_output_free();
            voice.beside(|| reported = self.report(&so_far, elapsed, reports, aloud));
            // The run is worth more than a report of half of it.
            if let Err(error) = reported {
                voice.say(&format!("warning: {error}"));
            }
        })
    }

    fn report(&self, so_far: &SoFar<'_>, elapsed: Nanos, reports: &mut Reports, aloud: bool) -> Result<(), CliError> {
        let concluded = self.conclude(so_far);
        let facts = self.facts(Ending { as_planned: true, text: "not yet".to_owned() }, concluded.clone());
        let SoFar { totals, thresholds, generator, data, plan } = so_far;
        let document = Document::new(totals, thresholds, generator, data, plan, &facts);
        if aloud && self.output.summary_mode != SummaryMode::Disabled {
            let summary = self.summary(so_far, &concluded, document.verdict.status);
            print(&format!("\n  after {}:\n{summary}", duration(elapsed)))?;
        }
        if reports.has_files() { reports.write_files(&document) } else { Ok(()) }
    }

    fn summary(&self, so_far: &SoFar<'_>, concluded: &Concluded, status: Status) -> String {
        let style = summary_style(self.output);
        let summary = Summary {
            totals: so_far.totals,
            thresholds: so_far.thresholds,
            generator: so_far.generator,
            data: so_far.data,
            planned_shares: &so_far.plan.shares(),
            detail: if self.output.summary_mode == SummaryMode::Full { Detail::Full } else { Detail::Compact },
            style,
        };
        let soak = plan::soak_section(&concluded.others, style);
        summary.render() + &soak + &verdict(&concluded.objectives, status, style)
    }
}
