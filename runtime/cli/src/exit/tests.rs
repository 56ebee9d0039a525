//! The terminal, the page, Markdown, JUnit, CTRF, JSON and the exit code say the same of a run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use squall_insight::{Demands, ObjectiveStatus, RunStatus};
use squall_load::{RunEnd, RunOutcome, StepsTaken, StoppedBy, TeardownProblem};
use squall_metrics::{
    Finding, FlowId, GeneratorVerdict, Health, IterationEnd, Method, Nanos, Phases, Protocol, Reading, Recorder,
    Registry, RequestSample, ResourceUnit, ResourceValue, TagSetId, Totals,
};
use squall_plan::{Defaults, Importance, Objective, Options, Plan, TargetMonitoring, Threshold, ThresholdSpec};
use squall_report::{
    Detail, Document, Ending, Machine, RunFacts, Style, Summary, ctrf_report, html_report, junit_report,
    markdown_report,
};
use squall_session::{complaints, data_use, ending, result_of};

use super::*;

/// A run of ten seconds, as it is unless a row says otherwise: ten requests of 10 to 100 ms, and nothing wrong.
struct Run {
    end: RunEnd,
    teardown: Option<TeardownProblem>,
    generator: GeneratorVerdict,
    thresholds: Vec<(&'static str, &'static str)>,
    /// A p95 of response times below so many milliseconds.
    p95_below: Option<(&'static str, Importance)>,
    cpu_max: Option<f64>,
    cpu: Option<f64>,
    requests: u64,
    failed_requests: u64,
    failed_checks: u64,
}

impl Default for Run {
    fn default() -> Run {
        Run {
            end: RunEnd::Completed,
            teardown: None,
            generator: GeneratorVerdict::default(),
            thresholds: Vec::new(),
            p95_below: None,
            cpu_max: None,
            cpu: None,
            requests: 10,
            failed_requests: 0,
            failed_checks: 0,
        }
    }
}

const MILLI: u64 = 1_000_000;

impl Run {
    fn totals(&self) -> Totals {
        let registry = Arc::new(Registry::new(10));
        let mut recorder = Recorder::new(Arc::clone(&registry));
        let (home, check, flow) = (recorder.name("home"), recorder.name("is ok"), FlowId(0));
        for index in 0..self.requests {
            let response_time = Nanos((index + 1) * 10 * MILLI);
            let is_bad = index < self.failed_requests;
            recorder.request(&RequestSample {
                tags: TagSetId::NONE,
                flow,
                name: home,
                method: Method::Get,
                status: if is_bad { 503 } else { 200 },
                failure: None,
                expected: !is_bad,
                proto: Protocol::Http1,
                phases: Phases { waiting: response_time, ..Phases::default() },
                response_time,
                sent: 100,
                received: 1_000,
            });
            recorder.check(flow, check, index >= self.failed_checks);
            recorder.iteration(flow, IterationEnd::Completed, response_time, Nanos(1_000), "");
        }
        let mut totals = Totals::new(registry, "default", vec!["home".to_owned()]);
        totals.recorded = recorder.take();
        totals.elapsed = Nanos(10_000 * MILLI);
        if let Some(value) = self.cpu {
            let cpu = ResourceValue { name: "cpu".into(), unit: ResourceUnit::Share, value, limit: Some(1.0) };
            totals.watched.take(vec![Reading { at: Nanos::ZERO, source: "shop".into(), said: Ok(vec![cpu]) }]);
        }
        totals
    }

    fn demands(&self) -> Demands {
        let threshold = |(metric, expression): &(&str, &str)| {
            Threshold::parse(metric, &ThresholdSpec::from(*expression)).expect("a threshold")
        };
        let mut thresholds: Vec<Threshold> = self.thresholds.iter().map(threshold).collect();
        let objective = self.p95_below.map(|(millis, importance)| {
            let expression = format!("p(95)<{millis}");
            let threshold = threshold(&("response_time", expression.as_str()));
            if importance == Importance::Required {
                thresholds.push(threshold.clone());
            }
            let (title, target) = ("response time p95".to_owned(), format!("<{millis}ms"));
            Objective { title, target, threshold, importance }
        });
        let limits = TargetMonitoring { cpu_max: self.cpu_max, ..TargetMonitoring::default() };
        Demands::new(&thresholds, objective.as_slice(), &limits)
    }

    fn outcome(&self) -> RunOutcome {
        let flows = [("home".to_owned(), 1)];
        let plan = Plan::resolve(Options::default(), &flows, Defaults { threads: 1, seed: 7 }).expect("a plan");
        RunOutcome {
            end: self.end.clone(),
            teardown: self.teardown.clone(),
            totals: self.totals(),
            generator: self.generator.clone(),
            data: Vec::new(),
            plan: Arc::new(plan),
            steps: StepsTaken::default(),
        }
    }
}

fn facts(end: Ending) -> RunFacts {
    RunFacts {
        scenario: "shop.wasm".to_owned(),
        component: "sha256:0".to_owned(),
        plan: None,
        began: SystemTime::UNIX_EPOCH,
        end,
        machine: Machine { os: "linux".to_owned(), arch: "x86_64".to_owned(), cores: 2 },
        squall: "0.1.0".to_owned(),
        command: "squall run shop.wasm".to_owned(),
        soak: Vec::new(),
        course: Vec::new(),
        findings: None,
        agents: None,
    }
}

/// What a form of output printed, and the words that it has for a verdict.
type PrintedForm = (String, fn(RunStatus) -> String);

/// Each form of output, by its name.
fn forms(document: &Document, terminal: &str) -> BTreeMap<&'static str, PrintedForm> {
    let word: fn(RunStatus) -> String = |status| format!("verdict: {}\n", status.name());
    BTreeMap::from([
        ("terminal", (terminal.to_owned(), word)),
        ("page", (html_report(document), |status| format!("<p class=\"word\">{}</p>", status.name()))),
        ("markdown", (markdown_report(document, None), |status| format!("**Overall status: {}.**", status.name()))),
        ("junit", (junit_report(document), |status| format!("name=\"status\" value=\"{}\"", status.name()))),
        ("ctrf", (ctrf_report(document), |status| format!("\"status\": \"{}\"", status.name()))),
        ("json", (document.to_json(), |status| format!("\"status\": \"{}\"", status.name().to_lowercase()))),
    ])
}

/// Fails unless all forms of output agree on the run, and on a sentence of it.
fn expect(what: &str, run: &Run, code: u8, status: RunStatus, sentence: &str) {
    let outcome = run.outcome();
    let judgement = run.demands().judge(&outcome.totals, &outcome.generator);
    let planned = (&*outcome.plan).into();
    let facts = facts(ending(&outcome));
    let document = Document::new(&outcome.totals, &judgement, data_use(&outcome), &planned, &facts);
    let print = |document: &Document| Summary { document, detail: Detail::Full, style: Style::Plain }.render();
    let terminal = print(&document);
    assert_eq!(code_of_result(result_of(&outcome, &judgement)), code, "exit code: {what}\n{terminal}");
    for (form, (text, word)) in forms(&document, &terminal) {
        assert!(text.contains(&word(status)), "{form} does not say {}: {what}\n{text}", status.name());
    }
    assert_eq!(code == 0, status < RunStatus::Critical, "the row contradicts itself: {what}");
    assert_eq!(document.verdict.sentence, sentence, "{what}");
    for form in [html_report(&document), markdown_report(&document, None).replace('\\', "")] {
        let form = form.replace("&lt;", "<");
        assert!(form.contains(sentence), "{sentence} is missing: {what}\n{form}");
    }
    // The terminal has the sentence on standard error, where it is a complaint.
    let complaints = complaints("shop.wasm", &outcome, &judgement, &document).join("\n");
    assert_eq!(
        complaints.is_empty(),
        code == 0 || code == INTERRUPTED || code == STOPPED_BY_API,
        "{what}: {complaints}"
    );
    let failed =
        if judgement.is_valid() { judgement.thresholds.iter().filter(|result| !result.passed).count() } else { 0 };
    let marks = terminal.lines().filter(|line| line.starts_with("    ✗ '") || line.ends_with("✗ not met")).count();
    let limits = document.objectives.iter().filter(|line| line.is_limit && line.status == ObjectiveStatus::Missed);
    assert_eq!(marks, failed + limits.count(), "thresholds and limits that the terminal marks: {what}\n{terminal}");
    assert_eq!(complaints.contains("thresholds not met"), failed > 0, "{what}: {complaints}");
    let read = Document::from_json(&document.to_json()).expect("what was written can be read");
    assert_eq!(print(&read), terminal, "a kept run prints the same: {what}");
}

fn generator(health: Health, signal: &'static str) -> GeneratorVerdict {
    let finding =
        Finding { health, signal: signal.into(), reason: "it was, in 9 of 10 s".to_owned(), ..Finding::default() };
    GeneratorVerdict { health, findings: vec![finding.with_remedy()], accepted: false }
}

const MET: (&str, &str) = ("response_time", "p(95)<500");
const MISSED: (&str, &str) = ("response_time", "p(95)<50");
const NONE_SET: &str = "No thresholds were set, so none was missed.";
const OBJECTIVE_MET: &str = "The one objective was met.";
const ONE_MET: &str = "The one threshold was met.";
const ONE_MISSED: &str = "1 of 1 thresholds not met.";

#[test]
fn a_run_that_came_to_its_end() {
    use RunStatus::{Critical, Good, Warning};
    let run = Run::default;
    expect("nothing was demanded", &run(), 0, Good, NONE_SET);
    expect("a threshold was met", &Run { thresholds: vec![MET], ..run() }, 0, Good, ONE_MET);
    expect("a threshold was missed", &Run { thresholds: vec![MISSED], ..run() }, 99, Critical, ONE_MISSED);
    let mixed = Run { thresholds: vec![MET, MISSED], ..run() };
    expect("one of two was missed", &mixed, 99, Critical, "1 of 2 thresholds not met.");
    let few = Run { requests: 3, thresholds: vec![("response_time", "p(99)<500")], ..run() };
    expect("too few samples for the percentile", &few, 0, Good, ONE_MET);
    let nothing = Run { requests: 0, thresholds: vec![MET], ..run() };
    expect("nothing was measured", &nothing, 99, Critical, ONE_MISSED);
    let required = |millis| Run { p95_below: Some((millis, Importance::Required)), ..run() };
    expect("an objective was met", &required("500"), 0, Good, OBJECTIVE_MET);
    expect("an objective was met closely", &required("105"), 0, Warning, OBJECTIVE_MET);
    let missed = "1 of 1 objectives not met: response time p95 is 100ms, target <50ms.";
    expect("an objective was missed", &required("50"), 99, Critical, missed);
    let check_failed = Run { failed_checks: 1, ..required("500") };
    expect("objectives were met, and a check failed", &check_failed, 0, Warning, OBJECTIVE_MET);
    let desired = Run { p95_below: Some(("50", Importance::Desired)), ..run() };
    let below = "0 of 1 objectives were met: response time p95 is 100ms, target <50ms.";
    expect("a desired objective was missed", &desired, 0, Warning, below);
    expect("requests failed", &Run { failed_requests: 1, ..run() }, 0, Warning, NONE_SET);
    let limit = |cpu| Run { cpu_max: Some(0.7), cpu, ..run() };
    expect("a limit was kept", &limit(Some(0.5)), 0, Good, OBJECTIVE_MET);
    let unknown = "0 of 1 objectives were met: cpu_max (p95) was not measured, target <=70%.";
    expect("a limit was not measured", &limit(None), 0, Warning, unknown);
    let ended = Run { end: RunEnd::DataEnded("users".to_owned()), thresholds: vec![MET], ..run() };
    expect("the data came to its end", &ended, 0, Good, ONE_MET);
}

#[test]
fn a_run_without_a_request_that_succeeded() {
    let run = |thresholds| Run { requests: 9, failed_requests: 9, failed_checks: 1, thresholds, ..Run::default() };
    let none = "Not one of 9 requests succeeded.";
    expect("nothing was demanded", &run(Vec::new()), 97, RunStatus::Critical, none);
    expect("a threshold on something else was met", &run(vec![MET]), 97, RunStatus::Critical, none);
    let both = format!("{ONE_MISSED} {none}");
    expect("a threshold was missed, too", &run(vec![MISSED]), 99, RunStatus::Critical, &both);
    expect("a threshold allows it", &run(vec![("http_req_failed", "rate<=1")]), 0, RunStatus::Warning, ONE_MET);
    let checked = Run { failed_checks: 0, ..run(Vec::new()) };
    expect("every check of a response held", &checked, 0, RunStatus::Warning, NONE_SET);
    let one = Run { requests: 1, failed_requests: 1, failed_checks: 1, ..Run::default() };
    expect("there was one", &one, 97, RunStatus::Critical, "The only request failed.");
    let teardown = Some(TeardownProblem::Failed("trapped".to_owned()));
    let sentence = "The run ended with a teardown that failed: trapped.";
    expect("teardown failed, too", &Run { teardown, ..run(Vec::new()) }, 97, RunStatus::Critical, sentence);
}

#[test]
fn a_limit_that_was_not_kept_is_worse_than_the_thresholds_say() {
    let run = |threshold| Run { cpu_max: Some(0.7), cpu: Some(0.9), thresholds: vec![threshold], ..Run::default() };
    let sentence = "1 of 1 objectives not met: cpu_max (p95) is 90.00%, target <=70%.";
    expect("a limit was not kept", &run(MET), 99, RunStatus::Critical, sentence);
    let both = format!("{sentence} {ONE_MISSED}");
    expect("a threshold was missed, too", &run(MISSED), 99, RunStatus::Critical, &both);
}

#[test]
fn a_run_that_did_not_come_to_its_end() {
    let early = |text: &str| format!("The run ended {text}.");
    let met = |end| Run { end, thresholds: vec![MET], ..Run::default() };
    let text = || "p(95) failed".to_owned();
    let rows = [
        ("it was interrupted", met(RunEnd::Stopped(StoppedBy::Signal)), 105, "early: interrupted"),
        ("it was stopped by the API", met(RunEnd::Stopped(StoppedBy::Api)), 103, "early: stopped by the API"),
        ("a threshold ended it", met(RunEnd::ThresholdFailed(text())), 99, "early: p(95) failed"),
        ("the scenario ended it", met(RunEnd::Aborted(text())), 108, "because the scenario asked for it: p(95) failed"),
        ("it was hopeless", met(RunEnd::Hopeless(text())), 107, "early: p(95) failed"),
        ("no request could be made", met(RunEnd::NoRequest(text())), 97, "without a request: p(95) failed"),
        ("setup failed", met(RunEnd::SetupFailed(text())), 107, "before the load, because setup failed: p(95) failed"),
        ("setup timed out", met(RunEnd::SetupTimedOut), 100, "before the load, because setup took too long"),
    ];
    for (what, run, code, sentence) in rows {
        expect(what, &run, code, RunStatus::Critical, &early(sentence));
    }
    let missed = Run { thresholds: vec![MISSED], ..met(RunEnd::NoRequest(text())) };
    expect("nor was a threshold met", &missed, 99, RunStatus::Critical, &early("without a request: p(95) failed"));
}

#[test]
fn a_teardown_that_went_wrong_hides_no_threshold() {
    let failed = |thresholds| {
        let teardown = Some(TeardownProblem::Failed("trapped".to_owned()));
        Run { teardown, thresholds, ..Run::default() }
    };
    let sentence = "The run ended with a teardown that failed: trapped.";
    expect("teardown failed", &failed(vec![MET]), 107, RunStatus::Critical, sentence);
    expect("a threshold, too", &failed(vec![MISSED]), 99, RunStatus::Critical, sentence);
    let late = Run { teardown: Some(TeardownProblem::TimedOut), ..Run::default() };
    let sentence = "The run ended with a teardown that took too long.";
    expect("teardown timed out", &late, 101, RunStatus::Critical, sentence);
}

#[test]
fn a_generator_that_did_not_keep_up() {
    let run = |generator, thresholds| Run { generator, thresholds, ..Run::default() };
    let suspect = run(generator(Health::Suspect, "kept waiting"), vec![MET]);
    let doubted = |name: &str| format!("{ONE_MET} The generator was {name}: it was, in 9 of 10 s.");
    expect("it was suspect", &suspect, 0, RunStatus::Warning, &doubted("suspect"));
    let sentence = "The measurement is invalid: the generator was the bottleneck, not the target.";
    for threshold in [MET, MISSED] {
        let invalid = run(generator(Health::Bottleneck, "kept waiting"), vec![threshold]);
        expect("it was the bottleneck", &invalid, 98, RunStatus::Invalid, sentence);
    }
    let accepted = |threshold| run(generator(Health::Bottleneck, "kept waiting").accepting(true), vec![threshold]);
    expect("its bottleneck was accepted", &accepted(MET), 0, RunStatus::Warning, &doubted("bottleneck (accepted)"));
    let missed = "1 of 1 thresholds not met.";
    expect("accepted, and a threshold", &accepted(MISSED), 99, RunStatus::Critical, missed);
    let without_findings = GeneratorVerdict { health: Health::Bottleneck, ..GeneratorVerdict::default() };
    expect("its findings are not known", &run(without_findings, vec![MET]), 98, RunStatus::Invalid, sentence);
    let interrupted = Run {
        end: RunEnd::Stopped(StoppedBy::Signal),
        ..run(generator(Health::Bottleneck, "kept waiting"), vec![MISSED])
    };
    expect("it was interrupted, too", &interrupted, 98, RunStatus::Invalid, sentence);
}
