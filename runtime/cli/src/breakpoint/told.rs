//! What a search tells: a line for each trial, and what was found.

use std::time::Duration;

use squall_insight::search::{Found, Limit, Trial, TrialResult};
use squall_report::{count, duration, per_second};

use super::trial::Judged;

pub fn heading() -> String {
    "breakpoint: searching for the highest rate at which every threshold holds\n\n  trial        rate   time  result   requests/s       p(95)\n"
        .to_owned()
}

pub fn line(number: usize, load: f64, time: Duration, judged: &Judged) -> String {
    let p95 = judged.p95.map_or("-".to_owned(), duration);
    let result = match judged.result {
        TrialResult::Good => "good",
        TrialResult::Bad => "bad",
        TrialResult::Invalid => "invalid",
    };
    let reason = judged.reason.as_deref().map(|reason| format!("  {reason}")).unwrap_or_default();
    let (rate, time) = (per_second(load), duration(time.into()));
    format!("  {number:>5}  {rate:>10}  {time:>5}  {result:<7}  {:>10.1}  {p95:>10}{reason}\n", judged.throughput)
}

pub fn conclusion(found: &Found, trials: &[Trial]) -> String {
    let started: f64 = trials.iter().map(|trial| trial.load * trial.duration.as_secs_f64()).sum();
    let time: Duration = trials.iter().map(|trial| trial.duration).sum();
    let cost = format!("{} trials, {} of them, {} iterations", trials.len(), duration(time.into()), count(started));
    let rate = |load: Option<f64>| load.map_or("-".to_owned(), per_second);
    let answer = match (found.limit, found.holds) {
        (Limit::Target, _) => format!("holds at {}, fails at {}", rate(found.holds), rate(found.fails)),
        (Limit::Allowed, _) => format!("holds at {}, the highest rate allowed (--max-rate)", rate(found.holds)),
        (Limit::Lowest, _) => format!("fails at {}, the lowest rate allowed (--min-rate)", rate(found.fails)),
        (Limit::Generator, Some(_)) => format!(
            "holds at {}; this machine cannot offer {}, so the target's limit is not known: use a larger one",
            rate(found.holds),
            rate(found.fails)
        ),
        (Limit::Generator, None) => "this machine cannot offer even the lowest rate".to_owned(),
        (Limit::Time, _) => format!(
            "out of time (--time-limit): held at {}, failed at {}, not as sure or exact as was asked for",
            rate(found.holds),
            rate(found.fails)
        ),
    };
    format!("\n  highest rate: {answer}\n          cost: {cost}\n")
}
