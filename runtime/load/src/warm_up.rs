//! What of a load's beginning does not count: planned, or found when the load is over.

use squall_metrics::statistics::{WarmUp, percentile_series, throughput_series, warm_up};
use squall_metrics::{Interval, LeftOut, Nanos, Second, Stretches, Totals};
use squall_plan::{Plan, Warmup};

/// How long what is measured does not count, as planned.
pub(crate) fn planned_warm_up(plan: &Plan) -> Nanos {
    match plan.warmup {
        Warmup::For(time) => time.into(),
        Warmup::None | Warmup::Auto => Nanos::ZERO,
    }
}

/// A warm-up whose end is looked for in the measurements.
#[derive(Debug, Default)]
pub(crate) struct OpenWarmUp {
    load: Stretches,
    /// Setup and teardown, which always count.
    outside: Interval,
}

impl OpenWarmUp {
    /// If the plan wants the end to be found.
    pub(crate) fn of(plan: &Plan) -> Option<OpenWarmUp> {
        (plan.warmup == Warmup::Auto).then(OpenWarmUp::default)
    }

    /// Takes note of what was recorded in the second that began at that time of the load.
    pub(crate) fn add(&mut self, at: Nanos, recorded: &Interval) {
        self.load.add(at, recorded);
    }

    pub(crate) fn outside_of_load(&mut self, recorded: &Interval) {
        self.outside.merge(recorded);
    }

    /// Finds the end, and leaves out of the totals what was before it.
    pub(crate) fn leave_out_of(self, totals: &mut Totals) {
        let whole = || totals.history.seconds().filter(|second| second.length >= Second::LEAST_FOR_A_RATE);
        let (response_time, throughput) = (percentile_series(whole(), 95.0), throughput_series(whole()));
        totals.warm_up = match warm_up(&response_time, &throughput) {
            WarmUp::TooShort => LeftOut::TooShort,
            WarmUp::NoSteadyState => LeftOut::NeverSettled,
            WarmUp::EndsAfter(entries) => LeftOut::Found(self.leave_out(entries, totals)),
        };
    }

    fn leave_out(self, entries: usize, totals: &mut Totals) -> Nanos {
        let end = totals.history.seconds().nth(entries).map_or(Nanos::ZERO, |second| second.at);
        let (cut, rest) = self.load.from(end);
        if cut == Nanos::ZERO {
            return cut;
        }
        totals.recorded = self.outside;
        totals.recorded.merge(&rest);
        totals.elapsed = totals.elapsed.since(cut);
        totals.history.forget_before(cut);
        totals.watched.forget_before(cut);
        cut
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use squall_metrics::{FlowId, Histogram, IterationEnd, Recorder, Registry};

    use super::*;

    const SECOND: u64 = 1_000_000_000;

    /// A load with an iteration a second, whose response times fall for `settling` seconds to what they stay at.
    fn run(seconds: u64, settling: u64) -> Totals {
        let registry = Arc::new(Registry::new(10));
        let mut recorder = Recorder::new(Arc::clone(&registry));
        let mut totals = Totals::new(registry, "default", vec!["home".to_owned()]);
        let mut open = OpenWarmUp::default();
        recorder.iteration(FlowId::SETUP, IterationEnd::Completed, Nanos(SECOND), Nanos(0), "");
        let setup = recorder.take();
        totals.recorded.merge(&setup);
        open.outside_of_load(&setup);
        for second in 0..seconds {
            recorder.iteration(FlowId(0), IterationEnd::Completed, Nanos(SECOND), Nanos(0), "");
            let recorded = recorder.take();
            totals.recorded.merge(&recorded);
            open.add(Nanos(second * SECOND), &recorded);
            let mut response_time = Histogram::new();
            let warming = settling.saturating_sub(second) * 10;
            response_time.record(Nanos((100 + warming + second % 3) * 1_000_000));
            let (at, length) = (Nanos(second * SECOND), Nanos(SECOND));
            totals.history.push(Second { at, length, requests: 1, response_time, ..Second::default() });
        }
        totals.elapsed = Nanos(seconds * SECOND);
        open.leave_out_of(&mut totals);
        totals
    }

    fn iterations(totals: &Totals) -> u64 {
        totals.recorded.iterations.values().map(|cell| cell.count).sum()
    }

    #[test]
    fn what_came_before_the_load_settled_does_not_count() {
        let totals = run(140, 20);
        assert_eq!(totals.warm_up, LeftOut::Found(Nanos(20 * SECOND)));
        assert_eq!(iterations(&totals), 1 + 120, "setup, and what came after the warm-up");
        assert_eq!((totals.elapsed, totals.history.len()), (Nanos(120 * SECOND), 120));
    }

    #[test]
    fn what_settles_never_or_at_once_counts_whole() {
        assert_eq!((run(140, 0).warm_up, iterations(&run(140, 0))), (LeftOut::Found(Nanos::ZERO), 141));
        assert_eq!((run(140, 140).warm_up, iterations(&run(140, 140))), (LeftOut::NeverSettled, 141));
        assert_eq!((run(60, 20).warm_up, iterations(&run(60, 20))), (LeftOut::TooShort, 61));
    }
}
