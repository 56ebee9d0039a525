//! Searches and leak verdicts on simulated targets whose truth is known. All seeded: the same on every machine.

use std::time::Duration;

use squall_insight::search::{Goal, Limit, Search, Step, Trial, TrialResult};
use squall_insight::{LeakVerdict, leak_verdict};

#[path = "../../../tests/support/mmc.rs"]
mod mmc;

use mmc::{Queue, Random};

fn normal(random: &mut Random) -> f64 {
    (-2.0 * random.uniform().ln()).sqrt() * (std::f64::consts::TAU * random.uniform()).cos()
}

/// The p95 of a trial, after 5 s to settle.
fn trial(queue: &Queue, arrivals: f64, seconds: f64, random: &mut Random) -> f64 {
    let mut free_at = vec![0.0_f64; queue.workers];
    let mut times = Vec::new();
    let mut now = 0.0;
    while now < seconds + 5.0 {
        now += random.exponential(arrivals);
        let first = (0..queue.workers).min_by(|a, b| free_at[*a].total_cmp(&free_at[*b])).expect("servers");
        free_at[first] = free_at[first].max(now) + random.exponential(queue.service);
        if now >= 5.0 {
            times.push(free_at[first] - now);
        }
    }
    times.sort_unstable_by(f64::total_cmp);
    times[times.len() * 95 / 100]
}

#[test]
fn the_capacity_of_a_queue_is_found_ten_times_of_ten() {
    let queue = Queue { workers: 4, service: 100.0 };
    let limit = 0.05;
    let truth = queue.capacity(limit);
    assert!((queue.longer_than(limit, truth) - 0.05).abs() < 1e-9);
    for seed in 0..10 {
        let mut random = Random(seed);
        let goal = Goal::between(20.0, 2_000.0);
        // A ramp as fine as the answer: from the lowest rate in steps of the precision, each as long as the deciding
        // time.
        let mut ramp = 0.0;
        let mut step = goal.lowest;
        while step < truth {
            ramp += step * (goal.duration_sum.as_secs_f64() + 5.0);
            step += goal.precision * truth;
        }
        let mut search = Search::new(goal).expect("a goal");
        let mut requests = 0.0;
        let found = loop {
            match search.next() {
                Step::Done(found) => break found,
                Step::Try { load, duration } => {
                    requests += load * (duration.as_secs_f64() + 5.0);
                    let good = trial(&queue, load, duration.as_secs_f64(), &mut random) < limit;
                    let result = if good { TrialResult::Good } else { TrialResult::Bad };
                    search.take(Trial { load, duration, result });
                }
            }
        };
        let holds = found.holds.expect("found");
        println!(
            "seed {seed}: {holds:.1} to {:?}, truth {truth:.1}, {:.2} of the ramp, {} trials",
            found.fails,
            requests / ramp,
            search.trials().len()
        );
        assert_eq!(found.limit, Limit::Target);
        assert!((holds / truth - 1.0).abs() < 0.05, "seed {seed}: {holds} instead of {truth}");
        assert!(requests < ramp / 3.0, "seed {seed}: {requests} of {ramp}");
    }
}

#[test]
fn the_ends_of_a_search_are_distinguished() {
    let run = |fails_from: f64, invalid_from: f64| {
        let mut search = Search::new(Goal::between(10.0, 1_000.0)).expect("a goal");
        loop {
            match search.next() {
                Step::Done(found) => return found,
                Step::Try { load, duration } => {
                    let result = match load {
                        load if load >= invalid_from => TrialResult::Invalid,
                        load if load >= fails_from => TrialResult::Bad,
                        _ => TrialResult::Good,
                    };
                    search.take(Trial { load, duration, result });
                }
            }
        }
    };
    assert_eq!(run(9e9, 9e9).limit, Limit::Allowed);
    assert_eq!(run(9e9, 9e9).holds, Some(1_000.0));
    assert_eq!(run(1.0, 9e9).limit, Limit::Lowest);
    assert_eq!(run(1.0, 9e9).holds, None);
    let generator = run(900.0, 300.0);
    assert_eq!(generator.limit, Limit::Generator);
    assert!(generator.holds.is_some_and(|holds| (290.0..300.0).contains(&holds)), "{generator:?}");
    assert_eq!(run(300.0, 900.0).limit, Limit::Target);
    let slow = Goal { time_limit: Duration::from_secs(35), ..Goal::between(10.0, 1_000.0) };
    let mut search = Search::new(slow).expect("a goal");
    while let Step::Try { load, duration } = search.next() {
        search.take(Trial { load, duration, result: TrialResult::Good });
    }
    assert!(matches!(search.next(), Step::Done(found) if found.limit == Limit::Time && found.holds == Some(20.0)));
}

/// Four hours, a number a minute: 500 MiB and autocorrelated noise.
fn memory(leak_per_minute: f64, memory: f64, random: &mut Random) -> Vec<(Duration, f64)> {
    let mut noise = 0.0;
    let value = |minute: u64| {
        noise = memory * noise + normal(random) * 5.0 * (1.0 - memory * memory).sqrt();
        (Duration::from_secs(60 * minute), 500.0 + leak_per_minute * minute as f64 + noise)
    };
    (0..240).map(value).collect()
}

#[test]
fn a_leak_is_found_and_no_healthy_run_alarms() {
    let mut random = Random(7);
    for (correlation, at_least) in [(0.0, 100), (0.7, 100), (0.9, 95)] {
        let mut found = 0;
        for run in 0..100 {
            let healthy = leak_verdict(&memory(0.0, correlation, &mut random), Some(1_024.0));
            assert_eq!(healthy, LeakVerdict::Level, "run {run}, {correlation}");
            if let LeakVerdict::Leak(leak) = leak_verdict(&memory(0.15, correlation, &mut random), Some(1_024.0)) {
                assert!((0.05..0.10).contains(&leak.growth), "{leak:?}");
                let exhaustion = leak.exhaustion.expect("a limit");
                assert!(exhaustion.earliest <= exhaustion.after);
                found += 1;
            }
        }
        println!("correlation {correlation}: {found} of 100 leaks found");
        assert!(found >= at_least, "correlation {correlation}: {found} of 100");
    }
}

#[test]
fn time_to_exhaustion_is_the_remainder_divided_by_the_slope() {
    // 60 MiB an hour, from 500 MiB; after four hours 739 MiB, and 285 to go.
    let samples: Vec<(Duration, f64)> = (0..240).map(|n| (Duration::from_secs(60 * n), 500.0 + n as f64)).collect();
    let LeakVerdict::Leak(leak) = leak_verdict(&samples, Some(1_024.0)) else { panic!("a leak") };
    assert!((leak.per_hour.slope - 60.0).abs() < 1e-9);
    let after = leak.exhaustion.expect("a limit").after.as_secs_f64();
    assert!((after - 285.0 * 60.0).abs() < 1.0, "{after}");
    assert_eq!(leak_verdict(&samples[..60], None), LeakVerdict::TooShort { needed: Duration::from_secs(7_200) });
}
