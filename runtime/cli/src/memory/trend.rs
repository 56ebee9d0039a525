//! `squall trend`: when, in the history of a load, its level changed, and how this week compares with the last.

use squall_history::change_points::{ChangePoint, Settings, change_points};
use squall_history::compare::median;
use squall_history::{Acceptance, FIGURES, Figure, HistoryError, Store, StoredRun, key_figures, utc};
use squall_metrics::Health;
use squall_report::{Align, table};

use super::args::{TrendAction, TrendArgs};
use crate::error::CliError;
use crate::exit;
use crate::run::{print, time_of_day};

const WEEK_MS: u64 = 7 * 24 * 3_600 * 1_000;

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
        return Err(CliError::Options(vec!["--reason: say why, for those who look at this later".to_owned()]));
    }
    Ok(store.accept(&Acceptance { run, reason: reason.to_owned(), at: utc(time_of_day()) })?)
}

fn show(arguments: &TrendArgs) -> Result<u8, CliError> {
    let store = arguments.store.open();
    let like = store.find(&arguments.run)?;
    let since = accepted_since(&store, &like)?;
    let runs = history(&store, &like, since.as_ref().and_then(|since| since.run.as_deref()))?;
    let mut figures = Vec::new();
    for run in &runs {
        figures.push(key_figures(run)?);
    }
    let info = &like.info;
    let mut text = format!("{} runs of {} ({})", runs.len(), info.scenario, info.load);
    if let Some(since) = since {
        text.push_str(&format!(", since {} ({})", since.run.unwrap_or_default(), since.reason));
    }
    text.push_str("\n\n");
    let mut regressed = false;
    let mut rows = vec![["figure", "latest", "change", "since", "p", ""].map(str::to_owned).to_vec()];
    for (place, figure) in FIGURES.iter().enumerate() {
        let (at, series): (Vec<&StoredRun>, Vec<f64>) =
            runs.iter().zip(&figures).filter_map(|(run, values)| Some((run, values[place]?))).unzip();
        let (row, is_regression) = line(figure, &at, &series);
        rows.extend(row);
        regressed |= is_regression;
    }
    let columns = [Align::Left, Align::Right, Align::Right, Align::Left, Align::Right, Align::Left];
    text.push_str(&table(2, &columns, &rows));
    text.push_str(&week_over_week(&runs, &figures));
    print(&text)?;
    Ok(if arguments.gate && regressed { exit::THRESHOLDS_FAILED } else { exit::PASSED })
}

/// The latest acceptance of a run of this history.
fn accepted_since(store: &Store, like: &StoredRun) -> Result<Option<Acceptance>, HistoryError> {
    let of_this = |acceptance: &Acceptance| {
        let run = acceptance.run.as_deref().and_then(|id| store.open(id).ok());
        run.is_some_and(|run| alike(&run, like))
    };
    Ok(store.acceptances()?.into_iter().rfind(of_this))
}

/// The runs of the same kind that say something about the target, the oldest first.
fn history(store: &Store, like: &StoredRun, since: Option<&str>) -> Result<Vec<StoredRun>, HistoryError> {
    let mut runs = Vec::new();
    for id in store.ids()?.into_iter().filter(|id| since.is_none_or(|since| id.as_str() >= since)) {
        let run = store.open(&id)?;
        let ended = run.end.as_ref().is_some_and(|end| matches!(end.exit_code, exit::PASSED | exit::THRESHOLDS_FAILED));
        if ended && alike(&run, like) && run.generator().health != Health::Bottleneck {
            runs.push(run);
        }
    }
    Ok(runs)
}

fn alike(run: &StoredRun, other: &StoredRun) -> bool {
    let key = |run: &StoredRun| (run.info.scenario.clone(), run.info.target.clone(), run.info.load.clone());
    key(run) == key(other)
}

/// A figure's latest change, and whether it is for the worse.
fn line(figure: &Figure, runs: &[&StoredRun], series: &[f64]) -> (Option<Vec<String>>, bool) {
    let Some(latest) = series.last() else {
        return (None, false);
    };
    let changes = change_points(series, Settings::default());
    let worse = |point: &ChangePoint| (point.change() > 0.0) == figure.less_is_better;
    let weak = changes.weak.iter().rfind(|point| worse(point));
    let early = weak.filter(|weak| changes.certain.last().is_none_or(|certain| weak.index > certain.index));
    let (point, word) = match (early, changes.certain.last()) {
        (Some(early), _) => (Some(early), "early warning"),
        (None, Some(certain)) if worse(certain) => (Some(certain), "regression"),
        (None, Some(certain)) => (Some(certain), "improved"),
        (None, None) => (None, "steady"),
    };
    let mut row = vec![figure.name.to_owned(), format!("{latest:.3} {}", figure.unit)];
    match point {
        None => row.extend(["-", "-", "-"].map(str::to_owned)),
        Some(point) => row.extend([
            format!("{:+.1}%", point.change() * 100.0),
            runs[point.index].id.clone(),
            format!("{:.4}", point.p),
        ]),
    }
    let mut word = word.to_owned();
    if let Some((here, before)) = point.and_then(|point| Some((runs[point.index], runs[point.index.checked_sub(1)?]))) {
        let differences = before.info.environment.differences(&here.info.environment);
        if !differences.is_empty() {
            word.push_str(&format!(" (with another environment: {})", differences.join("; ")));
        }
    }
    let regressed = changes.certain.last().is_some_and(worse);
    row.push(word);
    (Some(row), regressed)
}

/// The medians of the last seven days against those of the seven before; nothing without runs in both.
fn week_over_week(runs: &[StoredRun], figures: &[[Option<f64>; FIGURES.len()]]) -> String {
    let Some(last) = runs.last().map(|run| run.info.began_ms) else {
        return String::new();
    };
    let within = |place: usize, weeks_ago: u64| {
        let values =
            runs.iter().zip(figures).filter(|(run, _)| (last - run.info.began_ms.min(last)) / WEEK_MS == weeks_ago);
        median(&values.filter_map(|(_, values)| values[place]).collect::<Vec<_>>())
    };
    let mut rows = vec![["week over week (medians)", "before", "now", "change"].map(str::to_owned).to_vec()];
    for (place, figure) in FIGURES.iter().enumerate() {
        let (Some(before), Some(now)) = (within(place, 1), within(place, 0)) else {
            continue;
        };
        rows.push(vec![
            figure.name.to_owned(),
            format!("{before:.3} {}", figure.unit),
            format!("{now:.3} {}", figure.unit),
            format!("{:+.1}%", (now / before - 1.0) * 100.0),
        ]);
    }
    if rows.len() == 1 {
        return String::new();
    }
    format!("\n{}", table(2, &[Align::Left, Align::Right, Align::Right, Align::Right], &rows))
}
