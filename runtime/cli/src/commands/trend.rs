//! `squall trend`: when, in the history of a load, its level changed, and how this week compares with the last.

use squall_history::{Acceptance, Store, utc};
use squall_report::{Align, Change, Trend, TrendFigure, table, trend_page};
use squall_session::{OpenFile, claim_standard_output, time_of_day, trend_of};

use crate::args::history::{TrendAction, TrendArgs, TrendFile};
use crate::error::CliError;
use crate::exit;
use crate::stderr::print_status;
use crate::stdout::{print, print_beside};

/// Shows the history, or changes what counts as normal.
pub fn trend(arguments: &TrendArgs) -> Result<u8, CliError> {
    match &arguments.action {
        None => show(arguments),
        Some(TrendAction::Accept(accept)) => {
            let store = accept.store.open();
            let run = store.find(&accept.run)?.id;
            note(&store, Some(run.clone()), &accept.reason)?;
            print(&format!("history counts from {run} on\n"))?;
            Ok(exit::PASSED)
        }
        Some(TrendAction::Reset(reset)) => {
            note(&reset.store.open(), None, &reset.reason)?;
            print("all history counts\n")?;
            Ok(exit::PASSED)
        }
    }
}

fn note(store: &Store, run: Option<String>, reason: &str) -> Result<(), CliError> {
    if reason.trim().is_empty() {
        return Err(CliError::options(vec!["--reason: say why, for those who look at this later".to_owned()]));
    }
    Ok(store.accept(&Acceptance { run, reason: reason.to_owned(), at: utc(time_of_day()) })?)
}

fn show(arguments: &TrendArgs) -> Result<u8, CliError> {
    let claimed = claim_standard_output(arguments.report.iter().map(|file| ("--report", file.path())))?;
    let store = arguments.store.open();
    let trend = trend_of(&store, &store.find(&arguments.run)?, &print_status)?;
    for file in &arguments.report {
        let text = match file {
            TrendFile::Html(_) => trend_page(&trend, env!("CARGO_PKG_VERSION")),
            TrendFile::Json(_) => trend.to_json(),
        };
        OpenFile::create("--report", file.path())?.write(text)?;
    }
    print_beside(claimed, &in_words(&trend))?;
    Ok(if arguments.gate && trend.regressed() { exit::THRESHOLDS_FAILED } else { exit::PASSED })
}

fn in_words(trend: &Trend) -> String {
    let mut rows = vec![["figure", "latest", "change", "since", "p", ""].map(str::to_owned).to_vec()];
    rows.extend(trend.figures.iter().map(|figure| latest_change(figure, trend)));
    let columns = [Align::Left, Align::Right, Align::Right, Align::Left, Align::Right, Align::Left];
    format!("{}\n\n{}{}", trend.heading(), table(2, &columns, &rows), week_over_week(trend))
}

/// A figure's latest change.
fn latest_change(figure: &TrendFigure, trend: &Trend) -> Vec<String> {
    let mut row = vec![figure.name.clone(), figure.latest().unwrap_or_default()];
    let Some(change) = figure.changes.last() else {
        row.extend(["-", "-", "-", "steady"].map(str::to_owned));
        return row;
    };
    row.extend([change.text(), trend.runs[change.run].id.clone(), format!("{:.4}", change.p), word(change, trend)]);
    row
}

/// What to think of a change, and whether the machine changed there, too.
fn word(change: &Change, trend: &Trend) -> String {
    let differences = &trend.runs[change.run].environment;
    if differences.is_empty() {
        return change.kind.name().to_owned();
    }
    format!("{} (with another environment: {})", change.kind.name(), differences.join("; "))
}

/// The medians of the last seven days against those of the seven before; nothing without runs in both.
fn week_over_week(trend: &Trend) -> String {
    if trend.weeks.is_empty() {
        return String::new();
    }
    let mut rows = vec![["week over week (medians)", "before", "now", "change"].map(str::to_owned).to_vec()];
    rows.extend(
        trend.weeks.iter().map(|week| {
            vec![week.figure.clone(), week.unit.text(week.before), week.unit.text(week.now), week.change()]
        }),
    );
    format!("\n{}", table(2, &[Align::Left, Align::Right, Align::Right, Align::Right], &rows))
}
