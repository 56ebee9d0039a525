//! The screen for its reader: known events, drawn on a screen of text.

use std::sync::Arc;
use std::time::Duration;

use ratatui_core::backend::TestBackend;
use ratatui_core::terminal::Terminal;
use squall_control::Controls;
use squall_load::{Progress, Steering};
use squall_metrics::{
    FlowId, GeneratorVerdict, IterationEnd, Method, Nanos, Phases, Protocol, Recorder, Registry, RequestSample, Totals,
};
use squall_plan::{Defaults, MAX_RATE, Options, Plan};

use crate::draw::{Look, Steered, draw};
use crate::keys::{Action, actions, perform};
use crate::model::{Message, Model, Phase, Tab};

const MILLI: u64 = 1_000_000;

fn plan(options: &str) -> Plan {
    let flows = [("browse".to_owned(), 3), ("checkout".to_owned(), 1)];
    Plan::resolve(Options::from_json(options).unwrap(), &flows, Defaults { threads: 1, seed: 1 }).unwrap()
}

fn fixed() -> Plan {
    let thresholds = r#""http_req_duration": ["p(95)<80"], "http_req_failed": ["rate<0.05"]"#;
    plan(&format!(r#"{{"vus": 10, "duration": "1m", "thresholds": {{{thresholds}}}}}"#))
}

fn controls(options: &str) -> Controls {
    Controls::new(plan(options), MAX_RATE, Steering::default())
}

/// 100 requests that take 1 to 100 ms, the last two of them failures.
fn measured() -> Totals {
    let mut recorder = Recorder::new(Arc::new(Registry::new(100)));
    let registry = Arc::clone(recorder.registry());
    let (home, order) = (recorder.name("home"), recorder.name("order"));
    for index in 1..=100_u64 {
        let (flow, name, method) =
            if index <= 75 { (FlowId(0), home, Method::Get) } else { (FlowId(1), order, Method::Post) };
        recorder.request(&RequestSample {
            tags: squall_metrics::TagSetId::NONE,
            flow,
            name,
            method,
            status: if index > 98 { 503 } else { 200 },
            failure: None,
            expected: index <= 98,
            proto: Protocol::Http1,
            phases: Phases { waiting: Nanos(index * MILLI), ..Phases::default() },
            response_time: Nanos(index * MILLI),
            sent: 100,
            received: 1_000,
        });
        recorder.iteration(flow, IterationEnd::Completed, Nanos(20 * MILLI), Nanos(5_000), "");
    }
    let check = recorder.name("status is 200");
    (0..100).for_each(|index| recorder.check(FlowId(0), check, index < 97));
    let mut totals = Totals::new(registry, "default", vec!["browse".to_owned(), "checkout".to_owned()]);
    totals.recorded = recorder.take();
    totals.elapsed = Nanos(2_000 * MILLI);
    totals
}

fn progress(second: u64) -> Progress {
    Progress {
        elapsed: Nanos(second * 1_000 * MILLI),
        done: Some(second as f64 / 60.0),
        left: Some(Duration::from_secs(60 - second)),
        vus: 5 * second,
        vus_max: 10,
        iterations: 50 * second,
        iteration_rate: 50.0,
        dropped_iterations: 0,
        requests: 50 * second,
        request_rate: 25.0 * second as f64,
        p95: Some(Nanos(12 * MILLI * second)),
        failed_requests: second - 1,
        failed_iterations: 0,
        generator: GeneratorVerdict::default(),
        scenarios: Vec::new(),
    }
}

/// A run of two seconds.
fn known() -> Model {
    let plan = fixed();
    let mut model = Model::new("shop.wasm".to_owned(), &plan);
    let lines = ["\u{1b}[33mwarning:\u{1b}[0m the clock is odd", "dashboard: http://127.0.0.1:5665/x/"];
    let messages = [Message::Phase(Phase::Load)]
        .into_iter()
        .chain(lines.map(|line| Message::Line(line.to_owned())))
        .chain([1, 2].map(|second| Message::Progress(Box::new(progress(second)))))
        .chain([Message::Measured(Box::new(measured()))]);
    messages.for_each(|message| model.take(message, &plan));
    model
}

fn drawn(model: &mut Model, steered: Steered, (width, height): (u16, u16)) -> Vec<String> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, model, &steered, Look::Plain)).unwrap();
    let buffer = terminal.backend().buffer();
    let line = |row| (0..width).map(|column| buffer[(column, row)].symbol()).collect::<String>().trim_end().to_owned();
    (0..height).map(line).collect()
}

fn page(tab: Tab, size: (u16, u16)) -> Vec<String> {
    let mut model = known();
    model.turn_to(tab);
    drawn(&mut model, Steered::default(), size)
}

#[test]
fn the_overview_has_charts_thresholds_and_the_generator() {
    let lines = page(Tab::Overview, (80, 20));
    assert_eq!(lines[0], "running  shop.wasm  10 VUs for 1m");
    assert!(lines[1].starts_with("2s, 58s left  100 iterations ━"), "{lines:#?}");
    assert_eq!(lines[2], " 1 Overview  2 Requests  3 Flows  4 Transactions  5 Checks  6 Errors  7 Log");
    assert_eq!(lines[3], "requests 50/s (at most 50/s)             p95 24ms (at most 24ms)");
    // Half as much in the first second as in the second: the bars show it.
    assert_eq!(lines[6].chars().take(2).collect::<String>(), "██");
    assert_eq!(lines[5].chars().take(2).collect::<String>(), "▄█");
    assert_eq!(lines[8], "errors 1/s (at most 1/s)                 users 10/10");
    let text = lines.join("\n");
    for part in [
        "generator ok",
        "failed requests: 1",
        "✗ http_req_duration p(95) < 80ms: 95",
        "✓ http_req_failed rate < 5.00%: 2.00%",
        "q stop  Tab page  ? keys",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

#[test]
fn charts_have_a_time_axis() {
    // A minute on 39 columns: the latest seconds, one in each.
    let lines = page(Tab::Overview, (80, 24));
    let axis = lines.iter().find(|line| line.starts_with('╵')).unwrap();
    assert_eq!(axis, "╵0:00     ╵0:10     ╵0:20     ╵0:30      ╵0:00     ╵0:10     ╵0:20     ╵0:30");
    // On 99 columns a minute fits: labels go to its end and beyond.
    let lines = page(Tab::Overview, (200, 50));
    let axis = lines.iter().find(|line| line.starts_with('╵')).unwrap();
    assert!(axis.starts_with("╵0:00     ╵0:10") && axis.contains("╵1:30      ╵0:00"), "{axis}");
    // A run that is shorter than the chart is wide fills it.
    let mut model = known();
    model.progress.as_mut().unwrap().left = Some(Duration::from_secs(28));
    let lines = drawn(&mut model, Steered::default(), (200, 50));
    let bars = lines.iter().find(|line| line.starts_with('█')).unwrap();
    assert!(lines.iter().any(|line| line.starts_with("╵0:00          ╵0:05")), "{lines:#?}");
    assert!(bars.starts_with("███") && lines.iter().any(|line| line.starts_with("   ███ ")), "{lines:#?}");
}

#[test]
fn a_large_screen_is_filled() {
    let lines = page(Tab::Overview, (200, 50));
    // Half the screen is charts; requests stand beside the thresholds.
    let below = lines.iter().position(|line| line.starts_with("generator ok")).unwrap();
    assert!((25..=32).contains(&below), "{lines:#?}");
    assert!(lines[below].contains("request") && lines[below].contains("p95"), "{}", lines[below]);
    assert!(lines[below + 1].contains("GET home"), "{}", lines[below + 1]);
    assert!(lines.iter().all(|line| line.chars().count() <= 200));
    // A narrower one has them on their page alone.
    let lines = page(Tab::Overview, (120, 40));
    assert!(!lines.join("\n").contains("GET home"), "{lines:#?}");
}

#[test]
fn only_keys_that_work_are_offered() {
    let shown = |steered| {
        let mut model = known();
        model.help = true;
        drawn(&mut model, steered, (80, 24))
    };
    let changeable = Steered { changeable: true, ..Steered::default() };
    for (steered, footer) in [
        (Steered::default(), "q stop  Tab page  ? keys"),
        (changeable, "q stop  p pause  + - scale  Tab page  ? keys"),
        (Steered { paused: true, ..changeable }, "q stop  p go on  + - scale  Tab page  ? keys"),
        (Steered { stopping: true, ..Steered::default() }, "q stop at once  Tab page  ? keys"),
    ] {
        let lines = shown(steered);
        assert_eq!(lines[23], footer);
        assert_eq!(lines.join("\n").contains("p, space  pause, go on"), steered.changeable, "{lines:#?}");
    }
    let fixed = controls(r#"{"vus": 1, "duration": "1m"}"#);
    let users = controls(r#"{"executor": "externally-controlled", "vus": 20, "max_vus": 23}"#);
    assert!(!Steered::of(&fixed).changeable && Steered::of(&users).changeable);
    answer(b"q", &users);
    assert!(!Steered::of(&users).changeable);
}

#[test]
fn tables_have_the_figures_of_the_reports() {
    let text = page(Tab::Requests, (100, 20)).join("\n");
    assert!(text.contains("request     count    rate  failed   median      p95  p99    max"), "{text}");
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(squeezed(&text).contains("GET home 75 37.5/s 0.00% 38"), "{text}");
    assert!(squeezed(&text).contains("POST order 25 12.5/s 8.00% 88"), "{text}");
    let text = squeezed(&page(Tab::Flows, (100, 20)).join("\n"));
    assert!(text.contains("browse 75 75.00% 75.00% 0 20ms"), "{text}");
    let text = squeezed(&page(Tab::Checks, (100, 20)).join("\n"));
    assert!(text.contains("status is 200 97.00% 97 3"), "{text}");
    let text = squeezed(&page(Tab::Errors, (100, 20)).join("\n"));
    assert!(text.contains("status 503 2"), "{text}");
    assert!(page(Tab::Transactions, (100, 20)).join("\n").contains("has no transactions"));
}

#[test]
fn messages_are_shown_without_their_colours() {
    let text = page(Tab::Log, (80, 20)).join("\n");
    assert!(text.contains("\nwarning: the clock is odd\ndashboard: http://127.0.0.1:5665/x/\n"), "{text}");
}

#[test]
fn every_size_of_screen_shows_something() {
    for tab in Tab::ALL {
        for size in [(1, 1), (10, 3), (40, 10), (80, 24), (300, 80)] {
            let mut model = known();
            model.turn_to(tab);
            model.scroll = 1_000;
            drawn(&mut model, Steered::default(), size);
            (model.help, model.answer) = (true, Some("one word and another ".repeat(20)));
            drawn(&mut model, Steered::default(), size);
        }
    }
    let small = page(Tab::Overview, (40, 10));
    assert_eq!(small[2], " 1 Overview of 7");
    assert!(small[3].starts_with("requests          50/s"), "{small:#?}");
    assert!(small[7].starts_with("generator ok"), "{small:#?}");
    // The most important figures remain: the number of requests, and their times.
    let small = page(Tab::Requests, (40, 10));
    assert!(small[3].contains("request") && small[3].contains("count") && small[3].contains("p95"), "{small:#?}");
    assert!(!small[3].contains("max"), "{small:#?}");
}

#[test]
fn a_paused_or_stopping_run_is_marked() {
    let first = |steered| drawn(&mut known(), steered, (80, 24))[0].clone();
    let paused = Steered { paused: true, ..Steered::default() };
    assert!(first(paused).starts_with("paused"));
    assert!(first(Steered { stopping: true, ..paused }).starts_with("stopping"));
}

#[test]
fn keys_are_read_as_terminals_send_them() {
    let turn_back = Action::Turn(Tab::ALL.len() - 1);
    for (bytes, wanted) in [
        (&b"q"[..], vec![Action::Stop]),
        (b"+-p", vec![Action::More, Action::Fewer, Action::PauseOrResume]),
        (b"\t\x1b[Z", vec![Action::Turn(1), turn_back]),
        (b"\x1b[A\x1b[B", vec![Action::Up(1), Action::Down(1)]),
        (b"\x1b", vec![Action::Close]),
        (b"7?", vec![Action::TurnTo(Tab::Log), Action::Help]),
        (b"\xff\x00zz", vec![]),
    ] {
        assert_eq!(actions(bytes), wanted, "{bytes:?}");
    }
}

fn answer(keys: &[u8], controls: &Controls) -> String {
    let mut model = Model::default();
    actions(keys).into_iter().for_each(|action| perform(action, &mut model, controls));
    model.answer.unwrap_or_default()
}

#[test]
fn keys_change_a_load_that_may_be_changed() {
    let users = controls(r#"{"executor": "externally-controlled", "vus": 20, "max_vus": 23}"#);
    assert_eq!(answer(b"+", &users), "22 virtual users from now on");
    assert_eq!(answer(b"+", &users), "23 virtual users from now on");
    assert!(answer(b"+", &users).starts_with("at most 23 virtual users"));
    assert_eq!(answer(b"--", &users), "19 virtual users from now on");
    assert_eq!(
        (users.steering().vus(), answer(b"p", &users)),
        (Some(19), "paused: no more iterations begin".to_owned())
    );
    assert_eq!((users.steering().is_paused(), answer(b" ", &users)), (true, "resumed".to_owned()));
    let rate = controls(r#"{"executor": "externally-controlled", "vus": 5, "max_vus": 9, "rate": "50/s"}"#);
    assert_eq!(answer(b"+", &rate), "55/s from now on");
}

#[test]
fn a_load_that_follows_its_plan_can_only_be_stopped() {
    let fixed = controls(r#"{"vus": 1, "duration": "1m"}"#);
    for key in [b"+", b"-", b"p"] {
        assert!(answer(key, &fixed).starts_with("this load is constant-vus and follows its plan"));
    }
    assert!(answer(b"q", &fixed).starts_with("stopping: iterations under way may end"));
    assert!(fixed.steering().is_stopping());
    assert_eq!(answer(b"q", &fixed), "stopping at once");
}
