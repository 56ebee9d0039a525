use proptest::prelude::*;

use super::*;

const POISSON: ArrivalProcess = ArrivalProcess::Poisson;
const CONSTANT: ArrivalProcess = ArrivalProcess::Constant;

fn rate(text: &str) -> Rate {
    text.parse().unwrap()
}

fn stage(seconds: u64, target: &str) -> RateStage {
    RateStage { duration: Duration::from_secs(seconds), target: rate(target) }
}

fn even(text: &str, seconds: u64) -> Arrivals {
    Arrivals::constant(rate(text), Some(Duration::from_secs(seconds)), CONSTANT, 0)
}

fn ramp(start: &str, stages: &[RateStage]) -> Arrivals {
    Arrivals::ramping(rate(start), stages, CONSTANT, 0)
}

fn millis(arrivals: &Arrivals) -> Vec<f64> {
    arrivals.of_worker(0, 1).map(|arrival| arrival.at.as_secs_f64() * 1e3).collect()
}

#[test]
fn a_constant_rate_makes_exactly_its_share() {
    let arrivals = even("4/s", 2);
    assert_eq!(millis(&arrivals), [0.0, 250.0, 500.0, 750.0, 1_000.0, 1_250.0, 1_500.0, 1_750.0]);
    assert_eq!(arrivals.planned(), Some(8));
    assert_eq!((arrivals.rate_at(Duration::ZERO), arrivals.rate_at(Duration::from_secs(2))), (4.0, 0.0));
    for (rate, seconds, planned) in
        [("5000/s", 3_600, 18_000_000), ("90/m", 60, 90), ("7/3h", 10_800, 7), ("0.5/s", 3, 2)]
    {
        assert_eq!(even(rate, seconds).planned(), Some(planned), "{rate} for {seconds}s");
    }
}

#[test]
fn a_constant_rate_does_not_drift() {
    // A third of a second is not a whole number of nanoseconds: each arrival is rounded up by itself.
    let mut late = even("3/s", 366 * 24 * 3600).of_worker(94_867_199, 94_867_200);
    assert_eq!(late.next().unwrap().at, Duration::new(31_622_399, 666_666_667));
    assert_eq!(late.next(), None);
    assert_eq!(late.next(), None);
}

#[test]
fn a_ramp_follows_the_integral_of_its_rate() {
    // From 0 to 10/s in 10s: 50 arrivals, number i at √(2i).
    let up = ramp("0/s", &[stage(10, "10/s")]);
    assert_eq!(up.planned(), Some(50));
    let times = millis(&up);
    assert_eq!((times[0], times[2], times[8], times[32]), (0.0, 2_000.0, 4_000.0, 8_000.0));
    assert_eq!(up.of_worker(1, 100).next().unwrap().at, Duration::new(1, 414_213_563));
    assert_eq!(up.rate_at(Duration::from_millis(2_500)), 2.5);
    // And the same backwards.
    let down = ramp("10/s", &[stage(10, "0/s")]);
    assert_eq!(down.planned(), Some(50));
    assert_eq!(down.of_worker(48, 100).next().unwrap().at, Duration::from_secs(8));
    assert_eq!(down.of_worker(49, 100).next().unwrap().at, Duration::new(8, 585_786_438));
}

#[test]
fn nothing_comes_while_the_rate_is_zero() {
    let pause = ramp("2/s", &[stage(1, "2/s"), stage(0, "0/s"), stage(3, "0/s"), stage(0, "2/s"), stage(1, "2/s")]);
    assert_eq!(millis(&pause), [0.0, 500.0, 4_000.0, 4_500.0]);
    let late = ramp("0/s", &[stage(3, "0/s"), stage(0, "2/s"), stage(1, "2/s"), stage(9, "0/s")]);
    assert_eq!(millis(&late)[..2], [3_000.0, 3_500.0]);
    assert_eq!(ramp("0/s", &[stage(3, "0/s")]).planned(), Some(0));
    assert_eq!(ramp("5/s", &[]).planned(), Some(0));
}

#[test]
fn an_endless_load_does_not_end() {
    let endless = Arrivals::constant(rate("10/s"), None, CONSTANT, 0);
    assert_eq!((endless.planned(), endless.duration()), (None, None));
    assert_eq!(endless.rate_at(Duration::from_secs(1_000_000_000)), 10.0);
    let far = endless.of_worker(10_000_000_000, 1).next().unwrap();
    assert_eq!(far.at, Duration::from_secs(1_000_000_000));
    assert_eq!(Arrivals::constant(Rate::ZERO, None, POISSON, 0).of_worker(0, 1).next(), None);
}

#[test]
fn the_absurd_does_not_panic() {
    let absurd = Rate::new(u64::MAX, Duration::from_nanos(1)).unwrap();
    let slow = Rate::new(1, crate::limits::MAX_DURATION).unwrap();
    let odd = Rate::new(3, Duration::from_nanos((1 << 54) - 33)).unwrap();
    let stages = [absurd, slow, Rate::ZERO, odd, absurd].map(|target| RateStage { duration: Duration::MAX, target });
    for process in [CONSTANT, POISSON] {
        let arrivals = Arrivals::ramping(slow, &stages, process, 1);
        assert_eq!(arrivals.of_worker(0, 0).take(100).count(), 100);
        arrivals.rate_at(Duration::MAX);
    }
    let mut last = Arrivals::constant(absurd, None, CONSTANT, 1).of_worker(u64::MAX, 2);
    assert!(last.next().is_some() && last.next().is_none());
}

#[test]
fn a_poisson_process_keeps_its_rate() {
    const COUNT: f64 = 100_000.0;
    for seed in [0, 1, 42, u64::MAX] {
        let arrivals = Arrivals::constant(rate("1000/s"), Some(Duration::from_secs(100)), POISSON, seed);
        let planned = arrivals.planned().unwrap();
        assert_eq!(arrivals.of_worker(0, 1).count() as u64, planned);
        // Four standard deviations: once in sixteen thousand seeds.
        assert!((planned as f64 - COUNT).abs() < 4.0 * COUNT.sqrt(), "{planned}");
        let again = Arrivals::constant(rate("1000/s"), Some(Duration::from_secs(100)), POISSON, seed);
        assert!(again.of_worker(0, 1).eq(arrivals.of_worker(0, 1)));
    }
    // On a ramp from nothing, a quarter comes in the first half.
    let ramp = Arrivals::ramping(Rate::ZERO, &[stage(100, "2000/s")], POISSON, 7);
    let half = Duration::from_secs(50);
    let early = ramp.of_worker(0, 1).take_while(|arrival| arrival.at < half).count() as f64;
    assert!((early - COUNT / 4.0).abs() < 4.0 * (COUNT / 4.0).sqrt(), "{early}");
}

/// Rates from one in minutes to thousands a second, in many units, and often nothing.
fn rates() -> impl Strategy<Value = Rate> {
    let nanos = prop_oneof![
        4 => Just(1_000_000_000_u64),
        1 => Just(60_000_000_000),
        1 => prop::sample::select(vec![100_000_000, 7_000_000_000, 333_000_000, 1_000_000_007]),
    ];
    prop_oneof![
        1 => Just(Rate::ZERO),
        5 => (0_u64..400, nanos).prop_map(|(count, per)| Rate::new(count, Duration::from_nanos(per)).unwrap()),
    ]
}

fn stages() -> impl Strategy<Value = Vec<RateStage>> {
    let duration = prop_oneof![
        1 => Just(Duration::ZERO),
        1 => (1_u64..2_000).prop_map(Duration::from_nanos),
        6 => (1_u64..5_000).prop_map(Duration::from_millis),
    ];
    let stage = (duration, rates()).prop_map(|(duration, target)| RateStage { duration, target });
    prop::collection::vec(stage, 0..8)
}

proptest! {
    #[test]
    fn each_arrival_comes_when_the_integral_reaches_it(start in rates(), stages in stages()) {
        let arrivals = Arrivals::ramping(start, &stages, CONSTANT, 0);
        let (curve, end) = (&arrivals.curve, arrivals.duration().unwrap());
        let peak = stages.iter().fold(start, |peak, stage| peak.max(stage.target)).per_second();
        let nanosecond = Duration::from_nanos(1);
        let tolerance = |index: f64| 1e-9 + 1e-12 * index;
        let mut count = 0;
        for arrival in arrivals.of_worker(0, 1) {
            prop_assert_eq!(arrival.index, count);
            prop_assert!(arrival.at < end);
            let index = arrival.index as f64;
            // Rounded up: as much has come then, and had not a nanosecond before (save in the last one of all).
            let reached = curve.arrivals_until(arrival.at);
            let last = arrival.at + nanosecond == end;
            prop_assert!(last || reached >= index - tolerance(index), "{reached} at number {index}");
            prop_assert!(reached <= index + peak * 1e-9 + tolerance(index), "{reached} at number {index}");
            count += 1;
        }
        prop_assert_eq!(arrivals.planned(), Some(count));
        let whole = curve.arrivals_until(end);
        let missing = whole - count as f64;
        prop_assert!(missing <= tolerance(whole) && missing > -1.0 - tolerance(whole), "{count} of {whole}");
    }

    #[test]
    fn workers_together_are_one_alone(
        start in rates(),
        stages in stages(),
        workers in 1_u64..9,
        seed in any::<u64>(),
        poisson in any::<bool>(),
    ) {
        let process = if poisson { POISSON } else { CONSTANT };
        let arrivals = Arrivals::ramping(start, &stages, process, seed);
        let alone: Vec<Arrival> = arrivals.of_worker(0, 1).collect();
        prop_assert!(alone.iter().enumerate().all(|(index, arrival)| arrival.index == index as u64));
        prop_assert!(alone.is_sorted_by_key(|arrival| arrival.at));
        prop_assert!(alone.iter().all(|arrival| Some(arrival.at) < arrivals.duration()));
        prop_assert_eq!(arrivals.planned(), Some(alone.len() as u64));
        let mut together: Vec<Arrival> = (0..workers).flat_map(|worker| arrivals.of_worker(worker, workers)).collect();
        together.sort_by_key(|arrival| arrival.index);
        prop_assert_eq!(together, alone);
    }

    #[test]
    fn a_constant_rate_is_exact(count in 1_u64..100_000, per in 1_u64..10_000_000_000, index in 0_u64..1_000_000_000) {
        let rate = Rate::new(count, Duration::from_nanos(per)).unwrap();
        let at = Arrivals::constant(rate, None, CONSTANT, 0).of_worker(index, 1).next().unwrap().at;
        let exact = (u128::from(index) * u128::from(per)).div_ceil(u128::from(count));
        prop_assert_eq!(at.as_nanos(), exact);
    }

    #[test]
    fn slopes_are_exact_to_the_nanosecond(
        from in 0_u64..10_000,
        to in 0_u64..10_000,
        seconds in 1_u64..100_000,
        place in 0.0_f64..1.0,
    ) {
        prop_assume!(from != to);
        let length = u128::from(seconds) * 1_000_000_000;
        let arrivals = Arrivals::ramping(
            Rate::every_second(from),
            &[RateStage { duration: Duration::from_secs(seconds), target: Rate::every_second(to) }],
            CONSTANT,
            0,
        );
        let planned = arrivals.planned().unwrap();
        prop_assert_eq!(planned, ((from + to) * seconds).div_ceil(2));
        let index = ((planned as f64 * place) as u64).min(planned - 1);
        let at = arrivals.of_worker(index, planned).next().unwrap().at.as_nanos() as i128;
        // Whether 2·length·index has come after t: 2·from·length·t + (to - from)·t², over 10^9.
        let (from, to, length) = (i128::from(from), i128::from(to), length as i128);
        let come = |t: i128| 2 * from * length * t + (to - from) * t * t >= 2 * length * i128::from(index) * 1_000_000_000;
        prop_assert!(come(at) || at + 1 == length);
        prop_assert!(at == 0 || !come(at - 1));
    }
}

proptest! {
    #[test]
    fn skipping_is_the_same_as_not_taking(
        seed: u64, poisson: bool, millis in 0_u64..7_000, (worker, workers) in (0_u64..5, 1_u64..5), start in 0_u64..90,
    ) {
        let process = if poisson { POISSON } else { CONSTANT };
        let stages = [stage(2, "50/s"), stage(1, "0/s"), stage(0, "40/s"), stage(3, "7/s")];
        let arrivals = Arrivals::ramping(Rate::every_second(start), &stages, process, seed);
        let time = Duration::from_millis(millis);
        let all: Vec<Arrival> = arrivals.of_worker(worker, workers).collect();
        let before = all.iter().filter(|arrival| arrival.at < time).count();
        let mut rest = arrivals.of_worker(worker, workers);
        prop_assert_eq!(rest.skip_before(time), before as u64);
        prop_assert_eq!(rest.skip_before(time), 0);
        prop_assert_eq!(rest.collect::<Vec<_>>(), &all[before..]);
    }
}

#[test]
fn hours_are_skipped_at_once() {
    let mut arrivals = even("1000000/s", 365 * 24 * 3600).of_worker(3, 8);
    assert_eq!(arrivals.skip_before(Duration::from_secs(364 * 24 * 3600)), 364 * 24 * 3600 * 1_000_000 / 8);
    assert_eq!(arrivals.next().unwrap().index, 364 * 24 * 3600 * 1_000_000 + 3);
}
