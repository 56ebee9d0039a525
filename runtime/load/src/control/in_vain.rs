//! When a load makes no sense any more: nearly all iterations trap, no virtual user starts, or no request can be made.

use squall_guest::RunContext;
use squall_metrics::{FlowId, Interval, Nanos, Problem};
use squall_plan::Executor;

use super::Control;

/// After this many iterations (or starts), if nearly all of them were in vain, so would be the rest.
const ENOUGH_TO_JUDGE: u64 = 50;
/// "Nearly all".
const IN_VAIN: f64 = 0.95;
/// For how long a target that takes no connection may yet come up.
const TARGET_GRACE: Nanos = Nanos(10_000_000_000);

impl Control<'_> {
    /// Why going on makes no sense, if it makes none.
    pub(super) fn hopeless(&self) -> Option<String> {
        let recorded = &self.totals.recorded;
        let iterations: u64 = recorded.iterations.values().map(|cell| cell.count).sum();
        let trapped: u64 = recorded.iterations.values().map(|cell| cell.trapped).sum();
        if iterations >= ENOUGH_TO_JUDGE && trapped as f64 >= IN_VAIN * iterations as f64 {
            let cause = self.example(|problem| matches!(problem, Problem::Trapped(_)));
            return Some(format!("{trapped} of {iterations} iterations trapped: {cause}"));
        }
        let not_started = recorded.problems.get(&Problem::Start).map_or(0, |cell| cell.count);
        if iterations == 0 && not_started >= ENOUGH_TO_JUDGE {
            let cause = self.example(|problem| *problem == Problem::Start);
            return Some(format!("no virtual user could start, {not_started} times: {cause}"));
        }
        None
    }

    /// Why no iteration began, if a load is over in which all virtual users should have run some.
    pub(super) fn nothing_began(&self) -> Option<String> {
        let recorded = &self.totals.recorded;
        let of_load = recorded.iterations.iter().filter(|(flow, _)| is_of_load(**flow));
        let begun: u64 = of_load.map(|(_, cell)| cell.count + cell.interrupted).sum();
        let should_begin = |executor: &Executor| {
            let is_led = executor.is_open() || executor.first_level().is_some();
            !is_led && executor.max_vus() > 0
        };
        // Iterations of a warm-up are not in the totals.
        let has_warm_up = self.measured_from > Nanos::ZERO;
        if begun > 0 || has_warm_up || !self.plan.scenarios.iter().all(|scenario| should_begin(&scenario.executor)) {
            return None;
        }
        let failed = recorded.problems.get(&Problem::Start).map_or(0, |cell| cell.count);
        Some(match failed {
            0 => "no iteration began: the load was over before a virtual user had started".to_owned(),
            failed => {
                let cause = self.example(|problem| *problem == Problem::Start);
                format!("no virtual user could start, {failed} times: {cause}")
            }
        })
    }

    /// Why no request could be made, if requests were asked for and not one got as far as a server.
    pub(super) fn no_request(&self) -> Option<String> {
        let all = Attempts::of(&self.totals.recorded, |_| true);
        let of_load = Attempts::of(&self.totals.recorded, is_of_load);
        let in_vain = |attempts: &Attempts| attempts.in_vain > 0 && attempts.made == 0;
        [of_load, all].iter().find(|attempts| in_vain(attempts)).map(|attempts| self.in_vain(attempts.in_vain))
    }

    /// The same, where going on would change nothing: at once, if the requests themselves make no sense or are not allowed;
    /// after a while, if no server takes them.
    pub(super) fn no_request_to_come(&self) -> Option<String> {
        let attempts = Attempts::of(&self.totals.recorded, is_of_load);
        let is_final = attempts.in_vain == attempts.unsent || self.totals.elapsed >= TARGET_GRACE;
        let in_vain = attempts.made == 0 && attempts.in_vain >= ENOUGH_TO_JUDGE;
        (in_vain && is_final).then(|| self.in_vain(attempts.in_vain))
    }

    fn in_vain(&self, count: u64) -> String {
        let cause = self.example(|problem| matches!(problem, Problem::Request(..)));
        match count {
            1 => format!("the only request could not be made: {cause}"),
            count => format!("not one of {count} requests could be made: {cause}"),
        }
    }

    fn example(&self, kind: impl Fn(&Problem) -> bool) -> &str {
        let mut problems = self.totals.recorded.problems.iter();
        let cell = problems.find(|(problem, _)| kind(problem)).map(|(_, cell)| cell);
        cell.and_then(|cell| cell.examples.first()).map_or("no reason given", |(text, _)| text)
    }
}

/// Why requests that are only a path cannot be made, if there was one, and the run has no target.
pub(super) fn without_target(run: &RunContext) -> Option<String> {
    run.missing_target.problem().map(|problem| format!("a request cannot be made: {problem}"))
}

/// Whether a flow is one of the load: not `setup`, for one.
fn is_of_load(flow: FlowId) -> bool {
    flow.index().is_some()
}

/// How many requests got as far as a server, and how many did not.
#[derive(Default)]
struct Attempts {
    made: u64,
    in_vain: u64,
    /// Those of the latter that were never sent: invalid, refused by the policy, or without room.
    unsent: u64,
}

impl Attempts {
    fn of(recorded: &Interval, counts: impl Fn(FlowId) -> bool) -> Attempts {
        let mut attempts = Attempts::default();
        // What was never sent is counted below.
        for (key, cell) in recorded.requests.iter().filter(|(key, _)| key.was_sent() && counts(key.flow)) {
            match key.reached_a_server() {
                true => attempts.made += cell.count,
                false => attempts.in_vain += cell.count,
            }
        }
        for (_, cell) in recorded.websockets.iter().filter(|(key, _)| counts(key.flow)) {
            attempts.made += cell.sessions - cell.failed;
        }
        for (problem, cell) in &recorded.problems {
            if let Problem::Request(flow, class) = problem
                && class.is_unsent()
                && counts(*flow)
            {
                attempts.unsent += cell.count;
            }
        }
        attempts.in_vain += attempts.unsent;
        attempts
    }
}
