//! Whatever the workers report when, each second has what happened in it.

use std::sync::Arc;

use proptest::prelude::*;
use squall_metrics::{FlowId, IterationEnd, Recorder, Registry, SecondGrid};

use super::*;

const SECOND: u64 = SecondGrid::SECOND.0;
const LOAD_BEGINS: Nanos = Nanos(3 * SECOND / 2);

/// A worker's samples and reports, by the milliseconds of the load at which they happen.
#[derive(Clone, Debug)]
struct Schedule {
    samples: Vec<u64>,
    reports: Vec<u64>,
    /// For how long the control thread does not see a report, in milliseconds.
    delays: Vec<u64>,
}

fn schedule() -> impl Strategy<Value = Schedule> {
    let times = |most| proptest::collection::vec(0u64..12_000, 0..most);
    (times(80), times(30), proptest::collection::vec(0u64..4_000, 30)).prop_map(|(mut samples, mut reports, delays)| {
        samples.sort_unstable();
        reports.sort_unstable();
        Schedule { samples, reports, delays }
    })
}

/// What the control thread gets to see: when, from which worker, and what.
fn reports_of(worker: usize, schedule: &Schedule, grid: SecondGrid, registry: &Arc<Registry>) -> Vec<Seen> {
    let mut recorder = Recorder::new(Arc::clone(registry));
    recorder.begin_seconds(grid);
    let mut samples = schedule.samples.iter().map(|millis| time(*millis)).peekable();
    let mut record_before = |recorder: &mut Recorder, end: Nanos| {
        while let Some(at) = samples.next_if(|at| *at < end) {
            recorder.advance_to(at);
            recorder.iteration(FlowId(0), IterationEnd::Completed, Nanos(1), Nanos::ZERO, "");
        }
    };
    let mut seen = Vec::new();
    let mut latest = 0;
    for (millis, delay) in schedule.reports.iter().zip(&schedule.delays) {
        record_before(&mut recorder, time(*millis));
        // Reports of one worker do not overtake one another.
        latest = latest.max(millis + delay);
        seen.push(Seen { at: latest, worker, taken: recorder.take_seconds(time(*millis)) });
    }
    record_before(&mut recorder, Nanos::MAX);
    seen.push(Seen { at: latest.max(20_000), worker, taken: recorder.take_last_seconds(time(12_000)) });
    seen
}

struct Seen {
    at: u64,
    worker: usize,
    taken: TakenSeconds,
}

fn time(millis: u64) -> Nanos {
    LOAD_BEGINS + Nanos(millis * 1_000_000)
}

fn iterations(recorded: &Interval) -> u64 {
    recorded.iterations.values().map(|cell| cell.count).sum()
}

/// Everything that is handed out, in order.
fn hand_out(seconds: &mut SecondsUnderWay) -> Vec<(u64, u64)> {
    std::iter::from_fn(|| seconds.pop()).map(|(number, second)| (number, iterations(&second.recorded))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn each_second_has_the_samples_of_its_time(
        schedules in proptest::collection::vec(schedule(), 1..4),
        warm_up in prop_oneof![Just(0u64), 0u64..3_000],
    ) {
        let grid = SecondGrid::new(LOAD_BEGINS, Nanos(warm_up * 1_000_000));
        let registry = Arc::new(Registry::new(10));
        let reports = schedules.iter().enumerate().map(|(worker, one)| reports_of(worker, one, grid, &registry));
        let mut seen: Vec<Seen> = reports.flatten().collect();
        seen.sort_by_key(|report| report.at);

        let mut seconds = SecondsUnderWay::new(schedules.len());
        let mut handed_out = Vec::new();
        for report in seen {
            seconds.add(report.worker, &report.taken);
            handed_out.extend(hand_out(&mut seconds));
        }

        for (place, (number, count)) in handed_out.iter().enumerate() {
            prop_assert_eq!(place as u64, *number, "in order, without a gap");
            let within = |at: &&u64| (grid.start_of(*number)..grid.end_of(*number)).contains(&time(**at));
            let expected = schedules.iter().flat_map(|one| &one.samples).filter(within).count();
            prop_assert_eq!(*count, expected as u64, "second {}", number);
        }
        let all: usize = schedules.iter().map(|one| one.samples.len()).sum();
        prop_assert_eq!(handed_out.iter().map(|(_, count)| count).sum::<u64>(), all as u64, "nothing is lost");
    }
}

fn taken(seconds: &[u64], complete_before: u64) -> TakenSeconds {
    let mut recorder = Recorder::new(Arc::new(Registry::new(10)));
    let mut one = || {
        recorder.iteration(FlowId(0), IterationEnd::Completed, Nanos(1), Nanos::ZERO, "");
        recorder.take()
    };
    let seconds = seconds.iter().map(|number| (*number, one())).collect();
    TakenSeconds { seconds, complete_before, ..TakenSeconds::default() }
}

#[test]
fn a_second_waits_for_the_slowest_worker() {
    let mut seconds = SecondsUnderWay::new(2);
    seconds.add(0, &taken(&[0, 1, 2], 3));
    assert_eq!(hand_out(&mut seconds), []);
    seconds.add(1, &taken(&[0], 2));
    assert_eq!(hand_out(&mut seconds), [(0, 2), (1, 1)]);
    seconds.add(1, &taken(&[2], u64::MAX));
    assert_eq!(hand_out(&mut seconds), [(2, 2)]);
    seconds.add(0, &taken(&[4], u64::MAX));
    assert_eq!(hand_out(&mut seconds), [(3, 0), (4, 1)]);
}

#[test]
fn a_worker_that_hangs_delays_the_others_for_a_minute_and_loses_nothing() {
    let mut seconds = SecondsUnderWay::new(2);
    for second in 0..SecondsUnderWay::MOST_WAITING {
        seconds.add(0, &taken(&[second], second + 1));
        assert_eq!(hand_out(&mut seconds), []);
    }
    seconds.add(0, &taken(&[60, 61], 62));
    assert_eq!(hand_out(&mut seconds), [(0, 1), (1, 1)]);
    seconds.add(1, &taken(&[0, 1, 2], 3));
    assert_eq!(hand_out(&mut seconds), [(2, 4)], "its own, and the two that came too late");
}
