//! A run that is kept is read again as it was, and several add up as if they had been one.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use squall_history::format::{EndInfo, RunInfo};
use squall_history::{Store, key_figures, merge, snapshot};
use squall_metrics::{
    AgentLine, AgentsReport, FlowId, Health, Histogram, LostLoad, Method, Nanos, Protocol, Registry, RequestCell,
    RequestKey, Second, Totals,
};

/// Requests of one name, which took 1, 2, ... `most` milliseconds, in one second.
fn measured(name: &str, flow: &str, most: u64) -> Totals {
    let registry = Arc::new(Registry::new(10));
    let key = RequestKey {
        flow: FlowId(0),
        name: registry.intern(name),
        method: Method::Get,
        status: 200,
        failure: 0,
        expected: true,
        proto: Protocol::Http2,
    };
    let mut times = Histogram::new();
    (1..=most).for_each(|time| times.record(Nanos(time * 1_000_000 + 123)));
    let mut totals = Totals::new(registry, "default", vec![flow.to_owned()]);
    let cell = RequestCell {
        count: most,
        sent: 7,
        response_time: times.clone(),
        duration: times.clone(),
        ..RequestCell::default()
    };
    totals.recorded.requests.insert(key, cell);
    totals.elapsed = Nanos(1_000_000_000);
    totals.set_vus(Nanos(5), 3);
    let length = Nanos(1_000_000_000);
    totals.history.push(Second { length, requests: most, response_time: times, ..Second::default() });
    totals
}

fn info() -> RunInfo {
    RunInfo { format: 1, began_ms: 1_700_000_000_000, scenario: "a.wasm".to_owned(), ..RunInfo::default() }
}

fn keep(store: &Store, second: u64, totals: &Totals) -> String {
    let began = UNIX_EPOCH + Duration::from_secs(1_700_000_000 + second);
    let info = RunInfo { began_ms: (1_700_000_000 + second) * 1_000, ..info() };
    let mut keeper = store.begin(began, &info).expect("a folder");
    let id = keeper.id().to_owned();
    keeper.measured(totals).expect("written");
    keeper.end(totals, &EndInfo::default()).expect("written");
    id
}

#[test]
fn what_was_kept_is_what_was_measured() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::at(folder.path().join("runs"));
    let totals = measured("/a", "browse", 1000);
    let id = keep(&store, 0, &totals);
    assert!(id.starts_with("20231114-221320-"), "{id}");
    let run = store.find("last").expect("kept");
    let again = run.totals().expect("read");
    let text = |totals: &Totals| serde_json::to_string(&snapshot(totals)).expect("json");
    assert_eq!(text(&again), text(&totals), "to the last bit");
    assert_eq!(again.trend("response_time").percentile(95.0), totals.trend("response_time").percentile(95.0));
    assert_eq!(again.history.len(), 1);
    let [median, p95, p99, rate] = key_figures(&run).expect("figures");
    assert!(median.is_some_and(|median| (median - 500.0).abs() < 1.0), "{median:?}");
    assert!(p95.is_some_and(|p95| (p95 - 950.0).abs() < 2.0), "{p95:?}");
    assert_eq!(rate, Some(1000.0));
    assert!(p99.is_some_and(|p99| (p99 - 990.0).abs() < 2.0), "{p99:?}");
}

#[test]
fn the_agents_of_a_run_are_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::at(folder.path());
    let agent = |name: &str| AgentLine {
        name: name.to_owned(),
        host: "alpha".to_owned(),
        threads: 2,
        requests: 5,
        share: 0.5,
        clock_error_ms: 0.2,
        ..AgentLine::default()
    };
    let lost = AgentLine { health: Health::Suspect, lost_ms: Some(31_200.0), ..agent("agent-2") };
    let loss = LostLoad {
        agent: "agent-2".to_owned(),
        at_ms: 31_200.0,
        reason: "nothing was heard of it for 4s".to_owned(),
        arrivals: None,
        repeated: 0,
        iterations: 3,
        missing_from_ms: 27_000.0,
        missing_until_ms: 32_000.0,
        taken_over: true,
    };
    let agents = AgentsReport {
        agents: vec![AgentLine { joined_ms: Some(1_500.0), ..agent("agent-1") }, lost],
        start_error_ms: 0.4,
        lost: vec![LostLoad { arrivals: Some(118), ..loss.clone() }, loss],
        dropped: vec!["a message of agent-7 was dropped: it cannot be read".to_owned()],
    };
    let keeper = store.begin(UNIX_EPOCH, &info()).expect("a folder");
    let path = folder.path().join(keeper.id()).join("end.json");
    let end = EndInfo { agents: Some(agents), ..EndInfo::default() };
    keeper.end(&measured("/a", "browse", 10), &end).expect("written");
    assert_eq!(store.find("last").expect("kept").end, Some(end));
    // Of a run without agents, and of an earlier version.
    let written = std::fs::read_to_string(&path).expect("kept");
    let mut old: serde_json::Value = serde_json::from_str(&written).expect("json");
    old.as_object_mut().expect("an object").remove("agents").expect("agents");
    std::fs::write(&path, old.to_string()).expect("written");
    assert_eq!(store.find("last").expect("read").end, Some(EndInfo::default()));
    let without = serde_json::to_string(&EndInfo::default()).expect("json");
    assert!(!without.contains("agents"), "{without}");
}

#[test]
fn a_run_that_was_killed_in_the_middle_of_a_line_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::at(folder.path());
    let mut keeper = store.begin(UNIX_EPOCH, &info()).expect("a folder");
    let id = keeper.id().to_owned();
    keeper.measured(&measured("/a", "browse", 10)).expect("written");
    drop(keeper);
    let path = folder.path().join(&id).join("seconds.ndjson");
    let whole = std::fs::read_to_string(&path).expect("there");
    std::fs::write(&path, format!("{whole}{}", &whole[..whole.len() / 2])).expect("written");
    let run = store.find(&id).expect("kept");
    assert!(run.end.is_none());
    assert_eq!(run.totals().expect("read").history.len(), 1);
    // A damaged line in the middle is no accident of dying, and is told.
    std::fs::write(&path, format!("nonsense\n{whole}")).expect("written");
    let error = run.totals().expect_err("damaged").to_string();
    assert!(error.contains("seconds.ndjson: line 1"), "{error}");
}

#[test]
fn runs_add_up_exactly() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::at(folder.path());
    keep(&store, 0, &measured("/a", "browse", 100));
    keep(&store, 0, &measured("/b", "buy", 300));
    keep(&store, 60, &measured("/a", "browse", 50));
    let runs: Vec<_> = store.ids().expect("ids").iter().map(|id| store.open(id).expect("open")).collect();
    let merged = merge(&runs).expect("merged");
    assert_eq!(merged.totals.counter("http_reqs"), 450.0);
    assert_eq!(merged.totals.elapsed, Nanos(2_000_000_000), "two side by side, and one later");
    let mut all = Histogram::new();
    [100, 300, 50].iter().for_each(|most| (1..=*most).for_each(|time| all.record(Nanos(time * 1_000_000 + 123))));
    let together = merged.totals.trend("response_time");
    assert_eq!((together.count(), together.sum(), together.max()), (all.count(), all.sum(), all.max()));
    assert_eq!(together.percentile(99.0), all.percentile(99.0));
    let flows = &merged.totals.flows;
    assert!(flows.len() == 2 && flows.contains(&"buy".to_owned()), "{flows:?}");
    let id = merged.keep(&store, UNIX_EPOCH + Duration::from_secs(1_800_000_000)).expect("kept");
    assert_eq!(store.open(&id).expect("open").totals().expect("totals").counter("http_reqs"), 450.0);
}

#[test]
fn runs_are_found_tagged_and_pruned() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::at(folder.path());
    let totals = measured("/a", "browse", 10);
    let ids: Vec<String> = (0..4).map(|second| keep(&store, second, &totals)).collect();
    assert_eq!(store.find("last~1").expect("found").id, ids[2]);
    store.tag(&ids[0], "main", true).expect("tagged");
    store.tag(&ids[1], "main", true).expect("tagged");
    assert_eq!(store.find("main").expect("found").id, ids[1]);
    assert_eq!(store.find_all("main,last").expect("found").len(), 3);
    store.tag(&ids[1], "main", false).expect("untagged");
    assert_eq!(store.find("main").expect("found").id, ids[0]);
    for wrong in ["", "last", "a b", ids[3].as_str(), "-x"] {
        assert!(store.tag(&ids[0], wrong, true).is_err(), "{wrong:?}");
    }
    let beginning = store.find("2023").expect_err("ambiguous").to_string();
    assert!(beginning.contains("beginning of 4 runs"), "{beginning}");
    assert!(store.find("nothing").is_err());
    let now = UNIX_EPOCH + Duration::from_secs(1_700_086_400);
    let going = store.to_prune(1, Duration::from_secs(3_600), now).expect("listed");
    assert_eq!(going, ids[1..3], "not the latest, and not what has a tag");
    assert!(store.to_prune(0, Duration::from_secs(864_000), now).expect("listed").is_empty(), "too young");
    store.remove(&ids[1]).expect("removed");
    assert_eq!(store.ids().expect("ids").len(), 3);
}
