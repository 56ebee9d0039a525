//! From the runs of a store to the trend of a load.

use squall_history::change_points::{ChangePoint, Settings, change_points};
use squall_history::compare::median;
use squall_history::{Acceptance, FIGURES, Figure, HistoryError, RunResult, Store, StoredRun, key_figures};
use squall_metrics::{Health, plain};
use squall_report::{Accepted, Change, ChangeKind, Level, Trend, TrendFigure, TrendRun, Unit, Week};

const WEEK_MS: u64 = 7 * 24 * 3_600 * 1_000;
/// A run's own report looks back on so many runs: each of them has to be read.
const IN_A_REPORT: usize = 200;

type Figures = [Option<f64>; FIGURES.len()];

/// All runs like that one, and what can be said of them. `warn` hears of runs that are left out because they are damaged.
///
/// # Errors
/// If the store cannot be read.
pub fn trend_of(store: &Store, like: &StoredRun, warn: &dyn Fn(&str)) -> Result<Trend, HistoryError> {
    let since = accepted_since(store, like)?;
    let history = history(store, like, since.as_ref().and_then(|since| since.run.as_deref()), warn)?;
    Ok(trend(like, since, &history))
}

/// The runs like that one up to it. None where it has no predecessor, or is no part of its history.
pub fn trend_to(store: &Store, id: &str, warn: &dyn Fn(&str)) -> Option<Trend> {
    let like = store.open(id).ok()?;
    let since = accepted_since(store, &like).ok()?;
    let mut history = history(store, &like, since.as_ref().and_then(|since| since.run.as_deref()), warn).ok()?;
    history.retain(|(run, _)| run.id.as_str() <= id);
    history.drain(..history.len().saturating_sub(IN_A_REPORT));
    let is_part = history.len() > 1 && history.last().is_some_and(|(run, _)| run.id == id);
    is_part.then(|| trend(&like, since, &history))
}

fn trend(like: &StoredRun, since: Option<Acceptance>, history: &[(StoredRun, Figures)]) -> Trend {
    let (runs, figures): (Vec<&StoredRun>, Vec<Figures>) = history.iter().map(|(run, figures)| (run, *figures)).unzip();
    let before = std::iter::once(None).chain(runs.iter().copied().map(Some));
    let entry = |(run, before): (&StoredRun, Option<&StoredRun>)| TrendRun {
        id: run.id.clone(),
        began: run.info.began.clone(),
        environment: before
            .map(|before| before.info.environment.differences(&run.info.environment))
            .unwrap_or_default(),
    };
    Trend {
        scenario: like.info.scenario.clone(),
        load: like.info.load.clone(),
        target: like.info.target.clone(),
        since: since.map(|since| Accepted { run: since.run.unwrap_or_default(), reason: since.reason }),
        runs: runs.iter().copied().zip(before).map(entry).collect(),
        figures: FIGURES.iter().enumerate().filter_map(|(place, figure)| course(figure, place, &figures)).collect(),
        weeks: week_over_week(&runs, &figures),
    }
}

/// The latest acceptance of a run of this history.
fn accepted_since(store: &Store, like: &StoredRun) -> Result<Option<Acceptance>, HistoryError> {
    let of_this = |acceptance: &Acceptance| {
        let run = acceptance.run.as_deref().and_then(|id| store.open(id).ok());
        run.is_some_and(|run| alike(&run, like))
    };
    Ok(store.acceptances()?.into_iter().rfind(of_this))
}

/// The runs of the same kind that say something about the target, the oldest first, with their figures. One that is damaged
/// is told of and left out.
fn history(
    store: &Store,
    like: &StoredRun,
    since: Option<&str>,
    warn: &dyn Fn(&str),
) -> Result<Vec<(StoredRun, Figures)>, HistoryError> {
    let leave_out = |error: &HistoryError| warn(&plain(&format!("warning: left out: {error}")));
    let mut history = Vec::new();
    for id in store.ids()?.into_iter().filter(|id| since.is_none_or(|since| id.as_str() >= since)) {
        let Ok(run) = store.open(&id).inspect_err(leave_out) else { continue };
        let ended =
            run.end.as_ref().is_some_and(|end| matches!(end.result, RunResult::Passed | RunResult::ThresholdsFailed));
        if ended && alike(&run, like) && run.generator().health != Health::Bottleneck {
            let figures = key_figures(&run).inspect_err(leave_out);
            history.extend(figures.ok().map(|figures| (run, figures)));
        }
    }
    Ok(history)
}

/// Whether two runs are of the same scenario, target and load.
pub(crate) fn alike(run: &StoredRun, other: &StoredRun) -> bool {
    let key = |run: &StoredRun| (run.info.scenario.clone(), run.info.target.clone(), run.info.load.clone());
    key(run) == key(other)
}

/// One figure over the runs; none if no run has it.
fn course(figure: &Figure, place: usize, figures: &[Figures]) -> Option<TrendFigure> {
    let values: Vec<Option<f64>> = figures.iter().map(|figures| figures[place]).collect();
    // Runs without the figure are no part of its series.
    let (at, series): (Vec<usize>, Vec<f64>) =
        values.iter().enumerate().filter_map(|(run, value)| Some((run, (*value)?))).unzip();
    if series.is_empty() {
        return None;
    }
    let found = change_points(&series, Settings::default());
    let worse = |point: &ChangePoint| (point.change() > 0.0) == figure.less_is_better;
    let change = |point: &ChangePoint, kind| Change {
        run: at[point.index],
        before: point.before,
        after: point.after,
        change: point.change(),
        p: point.p,
        kind,
    };
    let certain = found.certain.iter();
    let mut changes: Vec<Change> = certain
        .map(|point| change(point, if worse(point) { ChangeKind::Regression } else { ChangeKind::Improved }))
        .collect();
    let weak = found.weak.iter().rfind(|point| worse(point));
    let early = weak.filter(|weak| found.certain.last().is_none_or(|certain| weak.index > certain.index));
    changes.extend(early.map(|point| change(point, ChangeKind::EarlyWarning)));
    let levels = levels(&found.certain, &at, &series);
    Some(TrendFigure { name: figure.name.to_owned(), unit: unit(figure), values, levels, changes })
}

fn unit(figure: &Figure) -> Unit {
    if figure.unit == "ms" { Unit::Ms } else { Unit::PerSecond }
}

fn levels(certain: &[ChangePoint], at: &[usize], series: &[f64]) -> Vec<Level> {
    let starts = std::iter::once(0).chain(certain.iter().map(|point| point.index));
    let ends = certain.iter().map(|point| point.index).chain([series.len()]);
    let level = |(start, end): (usize, usize)| Level {
        first: at[start],
        last: at[end - 1],
        mean: series[start..end].iter().sum::<f64>() / (end - start) as f64,
    };
    starts.zip(ends).map(level).collect()
}

/// The medians of the last seven days against those of the seven before; nothing without runs in both.
fn week_over_week(runs: &[&StoredRun], figures: &[Figures]) -> Vec<Week> {
    let Some(last) = runs.last().map(|run| run.info.began_ms) else {
        return Vec::new();
    };
    let within = |place: usize, weeks_ago: u64| {
        let values =
            runs.iter().zip(figures).filter(|(run, _)| (last - run.info.began_ms.min(last)) / WEEK_MS == weeks_ago);
        median(&values.filter_map(|(_, values)| values[place]).collect::<Vec<_>>())
    };
    let week = |(place, figure): (usize, &Figure)| {
        let (before, now) = (within(place, 1)?, within(place, 0)?);
        Some(Week { figure: figure.name.to_owned(), unit: unit(figure), before, now })
    };
    FIGURES.iter().enumerate().filter_map(week).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A figure over 60 runs, of which the fifth carries none: 100 with a little noise, from run 40 on 150.
    fn figures() -> Vec<Figures> {
        let value = |run: usize| {
            let noise = 1.0 + 0.02 * ((run * 7_919 % 13) as f64 - 6.0) / 6.0;
            (run != 5).then_some(if run < 40 { 100.0 } else { 150.0 } * noise)
        };
        (0..60).map(|run| [value(run), None, None, value(run)]).collect()
    }

    #[test]
    fn changes_and_levels_are_told_by_runs_not_by_values() {
        let times = course(&FIGURES[0], 0, &figures()).unwrap();
        assert_eq!((times.unit, times.values.len(), times.values[5]), (Unit::Ms, 60, None));
        let changes: Vec<_> = times.changes.iter().map(|change| (change.run, change.kind)).collect();
        assert_eq!(changes, [(40, ChangeKind::Regression)]);
        assert!((times.changes[0].change - 0.5).abs() < 0.02, "{:?}", times.changes);
        let levels: Vec<_> = times.levels.iter().map(|level| (level.first, level.last)).collect();
        assert_eq!(levels, [(0, 39), (40, 59)]);
        assert!((times.levels[1].mean - 150.0).abs() < 2.0, "{:?}", times.levels);
        // More requests a second are no regression.
        assert_eq!(course(&FIGURES[3], 3, &figures()).unwrap().changes[0].kind, ChangeKind::Improved);
        assert_eq!(course(&FIGURES[1], 1, &figures()), None, "a figure that no run has");
    }
}
