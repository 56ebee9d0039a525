//! `squall report`: the summary of a kept run, as it was when it ended; of one that was killed, as far as it came.

use squall_history::format::RunEnd;
use squall_metrics::evaluate_thresholds;
use squall_report::{DataLine, Detail, Summary, course};

use super::args::ReportArgs;
use super::wanted::wanted_of;
use crate::args::OutputArgs;
use crate::error::CliError;
use crate::run::print;
use crate::terminal::{say, summary_style};
use crate::{exit, plan};

/// Prints the summary.
pub fn report(arguments: &ReportArgs) -> Result<u8, CliError> {
    let run = arguments.store.open().find(&arguments.run)?;
    let totals = run.totals()?;
    if run.end.is_none() {
        say(&format!("run {} did not end, or goes on: this is what was measured in {}", run.id, span(&totals)));
    }
    let thresholds = evaluate_thresholds(&run.thresholds(), &totals);
    let generator = run.generator();
    let used = run.end.as_ref().map(|end| end.data.as_slice()).unwrap_or_default();
    let line = |used: &'_ squall_history::format::DataLine| -> Option<(String, squall_plan::Policy)> {
        Some((used.name.clone(), used.policy.parse().ok()?))
    };
    let policies: Vec<_> = used.iter().map(line).collect();
    let data: Vec<DataLine<'_>> = used
        .iter()
        .zip(&policies)
        .filter_map(|(used, known)| {
            let (name, policy) = known.as_ref()?;
            Some(DataLine {
                name,
                rows: used.rows,
                policy: *policy,
                taken: used.taken,
                ended_the_run: used.ended_the_run,
            })
        })
        .collect();
    let style = summary_style(&OutputArgs::default());
    let summary = Summary {
        totals: &totals,
        thresholds: &thresholds,
        generator: &generator,
        data: &data,
        planned_shares: &run.info.planned_shares,
        detail: if arguments.full { Detail::Full } else { Detail::Compact },
        style,
    };
    let (wanted, watching) = wanted_of(&run.info);
    let objectives = plan::judged(&wanted, &watching, &totals);
    let told = |of: fn(&RunEnd) -> &Vec<(String, String)>| run.end.as_ref().map(of).cloned().unwrap_or_default();
    let (soak, remarks) = (told(|end| &end.soak), told(|end| &end.course));
    let remarks: Vec<(&str, String)> = remarks.iter().map(|(about, text)| (about.as_str(), text.clone())).collect();
    let verdict = plan::verdict(&objectives, generator.health, style);
    print(&(summary.render() + &plan::soak_section(&soak, style) + &verdict + &course(&remarks, style)))?;
    Ok(exit::PASSED)
}

fn span(totals: &squall_metrics::Totals) -> String {
    squall_report::duration(totals.elapsed)
}
