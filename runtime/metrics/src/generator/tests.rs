use std::borrow::Cow;

use super::*;

const MILLISECOND: u64 = 1_000_000;

fn second() -> GeneratorSecond {
    let mut second = GeneratorSecond {
        length: Nanos(1_000_000_000),
        typical_response: Nanos(2 * MILLISECOND),
        processor_share: 0.3,
        busiest_worker: 0.4,
        guest_share: 0.2,
        ..GeneratorSecond::default()
    };
    for _ in 0..100 {
        second.pacing.due += 1;
        second.pacing.begun += 1;
        second.pacing.noticed_late.record(Nanos(50_000));
        second.pacing.runtime_delay.record(Nanos(100_000));
    }
    second
}

fn verdict(model: LoadModel, bad: u64, spoil: impl Fn(&mut GeneratorSecond)) -> (Health, Vec<&'static str>) {
    let mut judge = Judge::new(model);
    for number in 0..20 {
        let mut second = second();
        if number < bad {
            spoil(&mut second);
        }
        judge.see(&second);
    }
    let verdict = judge.verdict();
    let word = |finding: Finding| match finding.signal {
        Cow::Borrowed(word) => word,
        Cow::Owned(_) => "a signal of a file",
    };
    (verdict.health, verdict.findings.into_iter().map(word).collect())
}

#[test]
fn too_few_users_are_not_called_a_slow_machine() {
    let judged = |spoil: &dyn Fn(&mut GeneratorSecond)| {
        let mut judge = Judge::new(LoadModel::Open);
        for _ in 0..20 {
            let mut second = second();
            spoil(&mut second);
            judge.see(&second);
        }
        judge.verdict().invalidity()
    };
    let of_users = judged(&|second| second.dropped = 1);
    assert!(of_users.contains("were busy") && of_users.contains("--connections"), "{of_users}");
    let of_both = judged(&|second| (second.dropped, second.run_delay) = (1, 0.5));
    assert!(of_both.contains("the generator was the bottleneck"), "{of_both}");
}

#[test]
fn a_quiet_machine_is_ok() {
    assert_eq!(verdict(LoadModel::Open, 0, |_| ()), (Health::Ok, vec![]));
    assert_eq!(Judge::new(LoadModel::Open).verdict(), GeneratorVerdict::default());
}

#[test]
fn each_way_of_falling_short_is_named() {
    let late = |second: &mut GeneratorSecond, millis: u64| {
        for _ in 0..5 {
            second.pacing.noticed_late.record(Nanos(millis * MILLISECOND));
        }
    };
    let open = |spoil: &dyn Fn(&mut GeneratorSecond)| verdict(LoadModel::Open, 20, spoil);
    assert_eq!(open(&|s| s.throttled = 3), (Health::Bottleneck, vec!["throttled"]));
    assert_eq!(open(&|s| s.run_delay = 0.10), (Health::Suspect, vec!["kept waiting"]));
    assert_eq!(open(&|s| s.run_delay = 0.50), (Health::Bottleneck, vec!["kept waiting"]));
    assert_eq!(open(&|s| s.busiest_worker = 0.85), (Health::Suspect, vec!["processor"]));
    assert_eq!(open(&|s| s.busiest_worker = 1.0), (Health::Suspect, vec!["processor"]));
    assert_eq!(open(&|s| (s.busiest_worker, s.guest_share) = (0.95, 0.8)), (Health::Bottleneck, vec!["slow guest"]));
    assert_eq!(open(&|s| late(s, 5)), (Health::Suspect, vec!["late"]));
    assert_eq!(open(&|s| late(s, 50)), (Health::Bottleneck, vec!["late"]));
    assert_eq!(open(&|s| s.open_files = 0.9), (Health::Suspect, vec!["open files"]));
    assert_eq!(open(&|s| s.memory = 0.96), (Health::Bottleneck, vec!["memory"]));
    assert_eq!(open(&|s| s.ports = 1.0), (Health::Suspect, vec!["ports"]));
    assert_eq!(open(&|s| (s.ports, s.failed_connects) = (1.0, 1)), (Health::Bottleneck, vec!["ports"]));
    assert_eq!(open(&|s| s.dropped = 1), (Health::Bottleneck, vec!["too few VUs"]));
    assert_eq!(open(&|s| (s.backlog, s.all_users_busy) = (3, true)), (Health::Suspect, vec!["too few VUs"]));
    assert_eq!(open(&|s| s.backlog = 3), (Health::Ok, vec![]));
}

#[test]
fn a_delay_matters_relative_to_the_response_time() {
    let slow_target = |second: &mut GeneratorSecond| {
        second.typical_response = Nanos(1_000 * MILLISECOND);
        for _ in 0..5 {
            second.pacing.noticed_late.record(Nanos(40 * MILLISECOND));
        }
    };
    assert_eq!(verdict(LoadModel::Open, 20, slow_target), (Health::Ok, vec![]));
}

#[test]
fn a_neighbour_shows_even_where_the_system_does_not_measure_it() {
    let neighbour = |second: &mut GeneratorSecond| {
        for _ in 0..100 {
            second.pacing.runtime_delay.record(Nanos(6 * MILLISECOND));
        }
    };
    let busy_itself = |second: &mut GeneratorSecond| {
        neighbour(second);
        second.busiest_worker = 0.7;
    };
    let (health, signals) = verdict(LoadModel::Open, 20, neighbour);
    assert_eq!((health, signals), (Health::Bottleneck, vec!["kept waiting", "runtime delay"]));
    assert_eq!(verdict(LoadModel::Open, 20, busy_itself), (Health::Suspect, vec!["runtime delay"]));
}

#[test]
fn one_bad_second_proves_nothing_unless_iterations_were_dropped() {
    assert_eq!(verdict(LoadModel::Open, 1, |s| s.run_delay = 0.5), (Health::Ok, vec![]));
    assert_eq!(verdict(LoadModel::Open, 2, |s| s.run_delay = 0.5), (Health::Bottleneck, vec!["kept waiting"]));
    assert_eq!(verdict(LoadModel::Open, 1, |s| s.dropped = 1), (Health::Suspect, vec!["too few VUs"]));
}

#[test]
fn a_closed_load_may_use_all_processor_time() {
    assert_eq!(verdict(LoadModel::Closed, 20, |s| s.busiest_worker = 1.0), (Health::Suspect, vec!["processor"]));
    assert_eq!(verdict(LoadModel::Closed, 20, |s| s.throttled = 1), (Health::Bottleneck, vec!["throttled"]));
}

#[test]
fn causes_come_before_effects_and_the_worst_first() {
    let spoil = |second: &mut GeneratorSecond| {
        second.busiest_worker = 0.85;
        second.run_delay = 0.5;
        second.dropped = 5;
    };
    let (health, signals) = verdict(LoadModel::Open, 20, spoil);
    assert_eq!((health, signals), (Health::Bottleneck, vec!["kept waiting", "too few VUs", "processor"]));
}

#[test]
fn littles_law_compares_concurrency_with_durations() {
    let pacing = Pacing { under_way: 10_000, looks: 2_000, ..Pacing::default() };
    let law = |threads, in_iterations, elapsed| {
        littles_law(&pacing, threads, Duration::from_secs(in_iterations), Duration::from_secs(elapsed))
    };
    assert_eq!(law(1, 100, 20), Some(0.0));
    assert_eq!(law(1, 80, 20), Some(0.25));
    assert_eq!(law(2, 200, 20), Some(0.0), "two threads, each with five under way at its looks");
    assert_eq!(littles_law(&Pacing::default(), 1, Duration::from_secs(1), Duration::from_secs(1)), None);
}
