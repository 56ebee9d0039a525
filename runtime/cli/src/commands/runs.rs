//! `squall runs`: kept runs, listed, shown, exported, tagged, removed.

use std::time::{Duration, UNIX_EPOCH};

use serde_json::json;
use squall_history::{FIGURES, HistoryError, RunResult, Store, StoredRun, key_figures};
use squall_metrics::{History, Nanos, plain};
use squall_report::{Align, histogram_log, table};
use squall_session::time_of_day;

use crate::args::history::{ExportArgs, ExportFormat, ListArgs, PruneArgs, RunsAction, RunsArgs, ShowArgs, TagArgs};
use crate::error::CliError;
use crate::exit;
use crate::stderr::print_status;
use crate::stdout::print;

/// Does what the arguments say.
pub fn runs(arguments: &RunsArgs) -> Result<u8, CliError> {
    let text = match &arguments.action {
        RunsAction::List(arguments) => list(arguments)?,
        RunsAction::Show(arguments) => show(arguments)?,
        RunsAction::Export(arguments) => export(arguments)?,
        RunsAction::Tag(arguments) => tag(arguments)?,
        RunsAction::Prune(arguments) => prune(arguments)?,
    };
    print(&text)?;
    Ok(exit::PASSED)
}

fn list(arguments: &ListArgs) -> Result<String, HistoryError> {
    let store = arguments.store.open();
    let ids = store.ids()?;
    // One that is damaged is told of, and stands in the way of no other.
    let runs: Vec<StoredRun> =
        ids.iter().filter_map(|id| store.open(id).map_err(|error| leave_out(&error)).ok()).collect();
    if arguments.json {
        return Ok(runs.iter().map(|run| format!("{}\n", line_for_machines(&store, run))).collect());
    }
    if ids.is_empty() {
        return Ok(format!("no runs in {}\n", store.root().display()));
    }
    let row = |run: &StoredRun| {
        let p95 = p95(run).map_or_else(String::new, |p95| squall_report::duration(Nanos((p95 * 1e6) as u64)));
        let (info, tags) = (&run.info, store.tags(&run.id).join(","));
        let plan = plain(info.plan.as_deref().unwrap_or_default()).into_owned();
        [run.id.clone(), info.began.clone(), ended(run), p95, tags, plan, info.scenario.clone(), info.load.clone()]
    };
    Ok(table_of_runs(runs.iter().map(row).collect()))
}

const COLUMNS: [(&str, Align); 8] = [
    ("run", Align::Left),
    ("began", Align::Left),
    ("ended", Align::Left),
    ("p95", Align::Right),
    ("tags", Align::Left),
    (PLAN, Align::Left),
    ("scenario", Align::Left),
    ("load", Align::Left),
];
/// The column that only runs of plans fill.
const PLAN: &str = "plan";

fn table_of_runs(rows: Vec<[String; 8]>) -> String {
    let is_shown = |column: usize| COLUMNS[column].0 != PLAN || rows.iter().any(|row| !row[column].is_empty());
    let shown: Vec<usize> = (0..COLUMNS.len()).filter(|column| is_shown(*column)).collect();
    let head = shown.iter().map(|column| COLUMNS[*column].0.to_owned()).collect();
    let cells = rows.iter().map(|row| shown.iter().map(|column| row[*column].clone()).collect());
    let aligns: Vec<Align> = shown.iter().map(|column| COLUMNS[*column].1).collect();
    table(0, &aligns, &std::iter::once(head).chain(cells).collect::<Vec<Vec<String>>>())
}

fn p95(run: &StoredRun) -> Option<f64> {
    key_figures(run).ok()?[1]
}

fn line_for_machines(store: &Store, run: &StoredRun) -> serde_json::Value {
    let figures = key_figures(run).unwrap_or_default();
    let figures = FIGURES.iter().zip(figures).map(|(figure, value)| (figure.name.to_owned(), json!(value)));
    json!({
        "run": run.id, "tags": store.tags(&run.id), "info": run.info, "end": run.end,
        "figures": figures.collect::<serde_json::Map<_, _>>(),
    })
}

/// How a run ended, in a word or two.
fn ended(run: &StoredRun) -> String {
    match run.end.as_ref().map(|end| end.result) {
        None => "unfinished".to_owned(),
        Some(RunResult::Interrupted | RunResult::StoppedByApi) => "stopped".to_owned(),
        Some(result) => result.to_string(),
    }
}

/// Says that a run is damaged, and goes on without it.
fn leave_out(error: &HistoryError) {
    print_status(&plain(&format!("warning: left out: {error}")));
}

fn show(arguments: &ShowArgs) -> Result<String, HistoryError> {
    let store = arguments.store.open();
    let run = store.find(&arguments.run)?;
    let (info, machine) = (&run.info, &run.info.environment);
    let lines = [
        ("run", run.id.clone()),
        ("tags", store.tags(&run.id).join(", ")),
        ("began", info.began.clone()),
        ("ended", ended(&run)),
        ("plan", plain(info.plan.as_deref().unwrap_or_default()).into_owned()),
        ("scenario", format!("{} ({})", info.scenario, info.digest)),
        ("target", info.target.clone()),
        ("load", format!("{} on {} threads, seed {}", info.load, info.threads, info.seed)),
        (
            "machine",
            format!("{}, {} cores of {}, Linux {}", machine.host, machine.cores, machine.processor, machine.kernel),
        ),
        ("squall", machine.squall.clone()),
    ];
    let mut text: String = lines
        .iter()
        .filter(|(name, value)| *name != PLAN || !value.is_empty())
        .map(|(name, value)| format!("{name:>9}: {value}\n"))
        .collect();
    for line in run.end.iter().flat_map(|end| &end.thresholds) {
        let mark = if line.passed { '✓' } else { '✗' };
        text.push_str(&format!("{:>9}  {mark} {} {}\n", "", line.metric, line.expression));
    }
    if let Ok(figures) = key_figures(&run) {
        for (figure, value) in FIGURES.iter().zip(figures) {
            if let Some(value) = value {
                text.push_str(&format!("{:>9}  {}: {value:.3} {}\n", "", figure.name, figure.unit));
            }
        }
    }
    Ok(text)
}

fn export(arguments: &ExportArgs) -> Result<String, HistoryError> {
    let run = arguments.store.open().find(&arguments.run)?;
    let snapshot = run.snapshot()?;
    let seconds = run.seconds(Nanos(snapshot.counts_from))?;
    Ok(match arguments.format {
        ExportFormat::Json => {
            let document = json!({ "run": run.id, "info": run.info, "end": run.end, "totals": snapshot });
            format!("{document:#}\n")
        }
        ExportFormat::Hlog => {
            let mut history = History::new();
            seconds.into_iter().for_each(|second| history.push(second));
            histogram_log(&history, UNIX_EPOCH + Duration::from_millis(run.info.began_ms))
        }
        ExportFormat::Csv => {
            let header = "at_s,length_s,requests,failed,iterations,dropped,vus,p50_ms,p95_ms,p99_ms,max_ms\n";
            let line = |second: squall_metrics::Second| {
                let time = &second.response_time;
                let [p50, p95, p99] = [50.0, 95.0, 99.0].map(|percent| time.percentile(percent).as_millis_f64());
                let (at, length, max) =
                    (second.at.as_secs_f64(), second.length.as_secs_f64(), time.max().as_millis_f64());
                let counts = [second.requests, second.failed, second.iterations, second.dropped, second.vus];
                let counts = counts.map(|count| count.to_string()).join(",");
                format!("{at:.3},{length:.3},{counts},{p50:.3},{p95:.3},{p99:.3},{max:.3}\n")
            };
            header.to_owned() + &seconds.into_iter().map(line).collect::<String>()
        }
    })
}

fn tag(arguments: &TagArgs) -> Result<String, HistoryError> {
    let store = arguments.store.open();
    let run = store.find(&arguments.run)?;
    store.tag(&run.id, &arguments.tag, !arguments.delete)?;
    Ok(format!("{}: {}\n", run.id, store.tags(&run.id).join(", ")))
}

fn prune(arguments: &PruneArgs) -> Result<String, HistoryError> {
    let store = arguments.store.open();
    let going = store.to_prune(arguments.keep, arguments.older_than, time_of_day())?;
    let mut text = String::new();
    for id in &going {
        if !arguments.dry_run {
            store.remove(id)?;
        }
        text.push_str(&format!("{id}\n"));
    }
    let runs = if going.len() == 1 { "run" } else { "runs" };
    text.push_str(&format!("{} {runs} {}\n", going.len(), if arguments.dry_run { "would go" } else { "removed" }));
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_have_a_column_if_a_run_has_one() {
        let run = |plan: &str| ["1", "today", "passed", "1ms", "", plan, "shop.wasm", "1 VU"].map(str::to_owned);
        let without = table_of_runs(vec![run("")]);
        assert!(!without.contains("plan"), "{without}");
        let with = table_of_runs(vec![run(""), run("Nightly soak")]);
        let lines: Vec<&str> = with.lines().collect();
        assert_eq!(lines[0].find("plan"), lines[2].find("Nightly soak"), "{with}");
        assert!(lines[1].ends_with("shop.wasm  1 VU"), "{with}");
    }
}
