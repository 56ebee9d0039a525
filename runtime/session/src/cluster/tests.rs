//! Agents together are one process: on a target that always answers the same, what they record adds up to the same numbers,
//! bucket for bucket, whatever their number.

use std::sync::Arc;

use squall_data::{DataSet, FeedUse};
use squall_http::StubAnswer;
use squall_load::{AgentRun, AgentSays, LoadPart, Observer, Steering};
use squall_metrics::{Interval, IterationCell, Nanos, Registry};
use squall_plan::{AgentPlace, Defaults};
use tokio::sync::{mpsc, watch};

use super::*;
use crate::test_run::ready_run;

const SHOP: &[u8] = include_bytes!("../../../cli/assets/shop.wasm");
const FLOWS: [&str; 3] = ["browse", "search", "checkout"];

/// What is compared of an iteration: all but the processor time.
type Iterations = Vec<(u16, u64, u64, u64, u64, squall_metrics::Histogram)>;

/// The same names, with the same numbers, for all.
struct Prepared {
    plan: Plan,
    guests: Vec<Arc<squall_guest::Guest>>,
}

fn answer() -> StubAnswer {
    StubAnswer { status: 200, body: Bytes::from_static(b"{\"id\":1}"), latency: Duration::from_micros(7_300) }
}

fn ready(json: &str) -> Prepared {
    let limits = squall_plan::Limits::default();
    let artifact = Artifact::from_bytes(SHOP.to_vec()).unwrap();
    let options = Options::from_json(json).unwrap();
    let flows = FLOWS.map(|flow| (flow.to_owned(), 1));
    let plan = Plan::resolve(options, &flows, Defaults { threads: 1, seed: 42 }).unwrap();
    let capacity = squall_guest::Capacity { vus: plan.max_vus() };
    let cache = squall_guest::CodeCache::of_user();
    let guest = squall_guest::Guest::for_run(&artifact, &limits, capacity, &cache).unwrap();
    Prepared { plan, guests: vec![Arc::new(guest)] }
}

impl Prepared {
    fn run(&self) -> Run {
        let egress = squall_http::EgressPolicy::Everywhere;
        ready_run(self.plan.clone(), self.guests.clone(), egress, squall_guest::Secrets::default()).unwrap()
    }

    /// Everything that one process records, and the rows that it takes.
    fn in_one_process(&self) -> (Interval, Vec<FeedUse>) {
        struct Deaf;
        impl Observer for Deaf {
            fn on(&mut self, _: &squall_load::Event<'_>) {}
        }
        let outcome = self.run().rehearse(answer(), &mut Deaf).unwrap();
        (outcome.totals.recorded, outcome.data)
    }

    /// The same of agents, whose records travel as bytes and are merged.
    fn by_agents(&self, agents: u32) -> (Interval, Vec<FeedUse>) {
        let registry = Registry::new(1_000);
        let (mut recorded, mut taken) = (Interval::default(), Vec::new());
        for (index, part) in (0..agents).zip(LoadPart::WHOLE.split(agents)) {
            let (begin, begins) = watch::channel(Some(Nanos(1)));
            let (says, mut said) = mpsc::channel(100_000);
            let place = AgentPlace::new(index, agents, 0).unwrap();
            let run = self.run();
            let data = DataSet::load(&self.plan.data, self.plan.last_vu(), self.plan.seed).unwrap().of_agent(place);
            let run = Run { data, steering: Steering::default(), ..run };
            AgentRun { run, place, part: Some(part), setup_data: vec![Arc::from([])], begin: begins, says }
                .rehearse(answer())
                .unwrap();
            drop(begin);
            let mut of_agent = None;
            while let Ok(said) = said.try_recv() {
                match said {
                    AgentSays::Ready(registry) => of_agent = Some(registry),
                    AgentSays::Recorded(record) => {
                        let bytes = record.recorded.encode(of_agent.as_ref().unwrap());
                        recorded.merge(&Interval::decode(&bytes, &registry).unwrap());
                    }
                    AgentSays::Ended(_, used) => taken.extend(used),
                    _ => {}
                }
            }
        }
        (recorded, taken)
    }
}

fn iterations(recorded: &Interval) -> Iterations {
    let line = |(flow, cell): (&squall_metrics::FlowId, &IterationCell)| {
        (flow.0, cell.count, cell.failed, cell.trapped, cell.interrupted, cell.duration.clone())
    };
    let mut lines: Iterations = recorded.iterations.iter().map(line).collect();
    lines.sort_by_key(|line| line.0);
    lines
}

/// All histograms and counters of requests; names by what they are, for each side numbers them itself.
fn requests(recorded: &Interval) -> Vec<String> {
    let mut lines: Vec<String> = recorded
        .requests
        .iter()
        .map(|(key, cell)| {
            let of = |histogram: &squall_metrics::Histogram| histogram.buckets().collect::<Vec<_>>();
            format!(
                "{} {:?} {} {}: {} {} {:?} {:?} {:?} {:?}",
                key.flow.0,
                key.method,
                key.status,
                key.expected,
                cell.count,
                cell.received,
                of(&cell.response_time),
                of(&cell.duration),
                of(&cell.waiting),
                of(&cell.receiving),
            )
        })
        .collect();
    lines.sort();
    lines
}

fn compare(json: &str) {
    let run = ready(json);
    let (one, used) = run.in_one_process();
    assert!(one.iterations.values().map(|cell| cell.count).sum::<u64>() > 100, "{json}");
    for agents in [1, 2, 3, 7] {
        let (several, taken) = run.by_agents(agents);
        assert!(iterations(&several) == iterations(&one), "{agents} agents: {json}");
        assert!(requests(&several) == requests(&one), "{agents} agents: {json}");
        assert_eq!((several.pacing.due, several.pacing.begun), (one.pacing.due, one.pacing.begun), "{json}");
        let rows = |used: &[FeedUse]| used.iter().map(|used| used.taken).sum::<u64>();
        assert_eq!(rows(&taken), rows(&used), "{json}");
    }
}

/// Without the flow whose guest draws its own pauses: a user has its own random numbers, and which user an arrival meets
/// depends on the number of threads already.
#[test]
fn open_loads_are_the_same_bucket_for_bucket() {
    for arrival in ["constant", "poisson"] {
        compare(&format!(
            r#"{{"rate": "97/s", "duration": "9s", "arrival": "{arrival}", "max_vus": 60, "pre_allocated_vus": 60,
                "weights": {{"browse": 0, "search": 3, "checkout": 1}}, "target": "http://shop.test"}}"#
        ));
        compare(&format!(
            r#"{{"stages": ["3s:50/s", "2s:50/s", "3s:0/s"], "start_rate": "5/s", "arrival": "{arrival}", "max_vus": 60,
                "pre_allocated_vus": 60, "flow": "search", "target": "http://shop.test"}}"#
        ));
    }
}

#[test]
fn closed_loads_are_the_same_bucket_for_bucket() {
    compare(
        r#"{"scenarios": {
            "each": {"executor": "per-vu-iterations", "vus": 11, "iterations": 20, "flow": "browse"},
            "several": {"vus": 5, "duration": "4s", "flow": "search"},
            "ramp": {"start_vus": 1, "stages": ["2s:9", "2s:2"], "flow": "browse", "graceful_ramp_down": "0s"}},
            "target": "http://shop.test"}"#,
    );
}
