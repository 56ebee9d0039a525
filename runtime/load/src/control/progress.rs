//! How far the run is, after each second.

use squall_metrics::{FlowId, Histogram, Interval, IterationCell, Nanos};
use squall_plan::Scenario;

use super::Control;
use crate::event::{Progress, ScenarioProgress, Stage};

impl Control<'_> {
    pub(super) fn progress(&self, elapsed: Nanos, recent: &Interval, since_last: Nanos) -> Progress {
        let a_second = |count: u64| count as f64 / since_last.as_secs_f64().max(1e-9);
        let iterations = self.totals.recorded.iterations.values();
        let iterations = iterations.fold(IterationCell::default(), |mut sum, cell| {
            sum.count += cell.count;
            sum.failed += cell.failed + cell.trapped;
            sum
        });
        let requests: u64 = recent.requests.values().map(|cell| cell.count).sum();
        let mut response_times = Histogram::new();
        for cell in recent.requests.values() {
            response_times.merge(&cell.response_time);
        }
        let planned = self.planned_duration();
        let by_time = planned.map(|planned| elapsed.as_secs_f64() / planned.as_secs_f64().max(1e-9));
        let by_count = self.plan.planned_iterations().filter(|_| planned.is_none());
        let by_count = by_count.map(|planned| iterations.count as f64 / planned.max(1) as f64);
        Progress {
            elapsed,
            done: by_count.or(by_time).map(|done| done.min(1.0)),
            left: self.time_left(elapsed),
            vus: self.active_vus.now(),
            vus_max: self.totals.vus_max,
            iterations: iterations.count,
            iteration_rate: a_second(recent.iterations.values().map(|cell| cell.count).sum()),
            dropped_iterations: self.totals.counter("dropped_iterations") as u64,
            requests: (self.totals.counter("http_reqs") + self.totals.counter("grpc_reqs")) as u64,
            request_rate: a_second(requests),
            p95: (!response_times.is_empty()).then(|| response_times.percentile(95.0)),
            failed_requests: ["http_req_failed", "grpc_req_failed"]
                .map(|rate| self.totals.rate(rate).passes)
                .iter()
                .sum(),
            failed_iterations: iterations.failed,
            generator: self.generator.verdict(),
            scenarios: self.scenario_progress(elapsed, recent, since_last),
        }
    }

    /// How far each of several scenarios is.
    fn scenario_progress(&self, elapsed: Nanos, recent: &Interval, since_last: Nanos) -> Vec<ScenarioProgress> {
        let of_one = |(index, scenario): (usize, &Scenario)| {
            let flows = self.totals.flows_of(index);
            let is_own = |flow: &FlowId| flow.index().is_some_and(|flow| flows.contains(&flow));
            let count = |recorded: &Interval| -> u64 {
                let cells = recorded.iterations.iter().filter(|(flow, _)| is_own(flow));
                cells.map(|(_, cell)| cell.count).sum()
            };
            let vus = self.vus_of_scenarios.iter().filter_map(|of_worker| of_worker.get(index)).sum();
            ScenarioProgress {
                name: scenario.name.clone(),
                vus,
                vus_max: scenario.executor.max_vus(),
                iterations: count(&self.totals.recorded),
                iteration_rate: count(recent) as f64 / since_last.as_secs_f64().max(1e-9),
                stage: match elapsed {
                    before if before < scenario.start_time.into() => {
                        Stage::Waiting(scenario.start_time.saturating_sub(elapsed.into()))
                    }
                    after if after >= scenario.ends().into() && vus == 0 => Stage::Over,
                    _ => Stage::Running,
                },
            }
        };
        let several = self.plan.scenarios.len() > 1;
        self.plan.scenarios.iter().enumerate().filter(|_| several).map(of_one).collect()
    }
}
