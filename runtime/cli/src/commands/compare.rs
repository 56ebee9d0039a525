//! `squall compare`: what changed between two groups of kept runs, and whether that is more than chance.

mod repeat;

use serde_json::json;
use squall_history::compare::{Comparison, ENOUGH_RUNS, Groups, Judgement, compare as judge, compare_shares};
use squall_history::{FIGURES, StoredRun, key_figures};
use squall_metrics::Health;
use squall_report::{Align, table};

use crate::args::history::CompareArgs;
use crate::error::CliError;
use crate::exit;
use crate::stderr::print_status;
use crate::stdout::print;
use repeat::repeat;

/// Compares, prints, and exits with 99 on a regression.
pub fn compare(arguments: &CompareArgs) -> Result<u8, CliError> {
    let store = arguments.store.open();
    let (before, after) = sides(arguments)?;
    let (mut before, mut after) = (store.find_all(&before)?, store.find_all(&after)?);
    if let Some(times) = arguments.repeat {
        (before, after) = repeat(&store, &before, &after, times, arguments.interleave)?;
    }
    let (before, after) = (sound(before), sound(after));
    if before.is_empty() || after.is_empty() {
        return Err(CliError::options(vec!["no run is left to compare on one of the sides".to_owned()]));
    }
    warn_of_differences(&before, &after);
    let values = (values(&before)?, values(&after)?);
    let groups: Vec<Groups<'_>> = FIGURES
        .iter()
        .enumerate()
        .map(|(place, figure)| Groups {
            before: &values.0[place],
            after: &values.1[place],
            less_is_better: figure.less_is_better,
        })
        .collect();
    let comparisons = judge(&groups, arguments.min_effect);
    let text = if arguments.json {
        for_machines(&before, &after, &comparisons)
    } else {
        for_people(&before, &after, &comparisons)? + &failures(&before, &after)?
    };
    print(&text)?;
    let worst = comparisons.iter().flatten().map(|one| one.judgement).max();
    Ok(if worst == Some(Judgement::Regressed) { exit::THRESHOLDS_FAILED } else { exit::PASSED })
}

fn sides(arguments: &CompareArgs) -> Result<(String, String), CliError> {
    let wrong = |text: &str| Err(CliError::options(vec![text.to_owned()]));
    match (&arguments.baseline, arguments.runs.as_slice()) {
        (Some(baseline), []) => Ok((baseline.clone(), "last".to_owned())),
        (Some(baseline), [after]) => Ok((baseline.clone(), after.clone())),
        (None, [before, after]) => Ok((before.clone(), after.clone())),
        (Some(_), _) => wrong("with --baseline, name one run or tag to compare with it"),
        (None, _) => wrong("name two runs or tags, or one and --baseline: squall compare main last"),
    }
}

/// Without the runs that say nothing about the target.
fn sound(runs: Vec<StoredRun>) -> Vec<StoredRun> {
    let (sound, invalid): (Vec<_>, Vec<_>) =
        runs.into_iter().partition(|run| run.generator().health != Health::Bottleneck);
    for run in invalid {
        print_status(&format!("warning: run {} is left out: its generator was the bottleneck", run.id));
    }
    sound
}

fn warn_of_differences(before: &[StoredRun], after: &[StoredRun]) {
    let (Some(first), Some(last)) = (before.first(), after.last()) else {
        return;
    };
    for difference in first.info.environment.differences(&last.info.environment) {
        print_status(&format!("warning: the sides were not made alike: {difference}"));
    }
    if first.info.load != last.info.load {
        print_status(&format!("warning: the sides had different loads: {}, then {}", first.info.load, last.info.load));
    }
}

/// The values of each figure over the runs.
fn values(runs: &[StoredRun]) -> Result<[Vec<f64>; FIGURES.len()], CliError> {
    let mut values: [Vec<f64>; FIGURES.len()] = Default::default();
    for run in runs {
        for (list, value) in values.iter_mut().zip(key_figures(run)?) {
            list.extend(value);
        }
    }
    Ok(values)
}

fn for_people(
    before: &[StoredRun],
    after: &[StoredRun],
    comparisons: &[Option<Comparison>],
) -> Result<String, CliError> {
    let mut rows = vec![
        ["figure", "before", "after", "change", "95 % interval", "p", "visible from", ""].map(str::to_owned).to_vec(),
    ];
    for (figure, comparison) in FIGURES.iter().zip(comparisons) {
        let Some(one) = comparison else {
            continue;
        };
        rows.push(vec![
            figure.name.to_owned(),
            format!("{:.3} {}", one.before, figure.unit),
            format!("{:.3} {}", one.after, figure.unit),
            change(one.ratio),
            one.interval.map_or_else(|| "-".to_owned(), |(low, high)| format!("{} to {}", change(low), change(high))),
            one.p.map_or_else(|| "-".to_owned(), |p| format!("{p:.4}")),
            one.detectable.map_or_else(|| "-".to_owned(), |share| format!("{:.1}%", share * 100.0)),
            one.judgement.name().to_owned(),
        ]);
    }
    let columns =
        [Align::Left, Align::Right, Align::Right, Align::Right, Align::Right, Align::Right, Align::Right, Align::Left];
    let mut text = format!("{} runs before, {} after\n\n{}", before.len(), after.len(), table(2, &columns, &rows));
    if before.len().min(after.len()) < ENOUGH_RUNS {
        text.push_str(&format!(
            "\n  Fewer than {ENOUGH_RUNS} runs a side prove nothing: a change can only be suspected. \
             squall compare --repeat 5 --interleave makes more.\n"
        ));
    }
    Ok(text)
}

/// A ratio as a change: `+12.3%`.
fn change(ratio: f64) -> String {
    format!("{:+.1}%", (ratio - 1.0) * 100.0)
}

/// How the shares of failed requests differ. It is told, not judged: within a run failures hang together.
fn failures(before: &[StoredRun], after: &[StoredRun]) -> Result<String, CliError> {
    let count = |runs: &[StoredRun]| -> Result<(u64, u64), CliError> {
        let mut sum = (0, 0);
        for run in runs {
            for series in run.snapshot()?.requests {
                sum.0 += if series.expected_response { 0 } else { series.cell.0.count };
                sum.1 += series.cell.0.count;
            }
        }
        Ok(sum)
    };
    let Some(shares) = compare_shares(count(before)?, count(after)?) else {
        return Ok(String::new());
    };
    let points = |share: f64| format!("{:+.3}", share * 100.0);
    Ok(format!(
        "\n  failed requests: {:.3}% before, {:.3}% after; difference {} to {} percentage points (95 %)\n",
        shares.before * 100.0,
        shares.after * 100.0,
        points(shares.interval.0),
        points(shares.interval.1),
    ))
}

fn for_machines(before: &[StoredRun], after: &[StoredRun], comparisons: &[Option<Comparison>]) -> String {
    let ids = |runs: &[StoredRun]| runs.iter().map(|run| run.id.clone()).collect::<Vec<_>>();
    let figure = |(figure, one): (&squall_history::Figure, &Option<Comparison>)| {
        let one = one.as_ref()?;
        Some(json!({
            "figure": figure.name, "unit": figure.unit, "before": one.before, "after": one.after, "ratio": one.ratio,
            "interval": one.interval, "p": one.p, "detectable": one.detectable, "judgement": one.judgement.name(),
        }))
    };
    let figures: Vec<_> = FIGURES.iter().zip(comparisons).filter_map(figure).collect();
    format!("{:#}\n", json!({ "before": ids(before), "after": ids(after), "figures": figures }))
}
