//! A run's figures are the same in all of its reports: each is read back, and compared with the JSON.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::support::program::{Ended, Squall, guest};
use crate::support::server::{Reply, Server};

/// A figure's name, and its text.
type Figures = BTreeMap<String, String>;

const THRESHOLDS: [&str; 3] = ["http_req_duration=p(95)<60000", "http_req_failed=rate<0.05", "checks=rate>0.5"];

/// 200 requests, every tenth of which fails.
fn reported() -> Ended {
    let asked = AtomicUsize::new(0);
    let server = Server::start(move |_| {
        let fails = asked.fetch_add(1, Ordering::Relaxed) % 10 == 9;
        Reply::status(if fails { 503 } else { 200 }, "hello").after(Duration::from_millis(5))
    });
    let (minimal, url) = (guest("minimal"), server.url());
    let mut arguments = vec!["run", &minimal, "--target", &url, "-i", "200", "--no-save", "--summary-json", "r.json"];
    arguments.extend(THRESHOLDS.iter().flat_map(|threshold| ["--threshold", threshold]));
    arguments.extend(["r.html", "r.md", "r.xml", "r.ctrf.json"].iter().flat_map(|file| ["--report", file]));
    Squall::new(&arguments).run().expect_code_or_busy(99)
}

fn read(ended: &Ended, name: &str) -> String {
    let text = std::fs::read_to_string(ended.folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    // As printed for people.
    [("\\_", "_"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\"")]
        .iter()
        .fold(text, |text, (from, to)| text.replace(from, to))
}

#[test]
fn figures_of_a_run_are_the_same_in_every_report() {
    let ended = reported();
    let json = of_json(&serde_json::from_str(&read(&ended, "r.json")).unwrap());
    assert_eq!((json["requests"].as_str(), json["failed"].as_str()), ("200", "10.00%"));
    assert_eq!((json["checks"].as_str(), json["checks held"].as_str()), ("90.00%", "180"));
    let key = ["rate", "failed", "iterations", "checks", "p50", "p90", "p95"];
    let outcomes = ["http_req_duration p(95)<60000", "http_req_failed rate<0.05", "checks rate>0.5"];
    let actuals = outcomes.map(|name| format!("{name} actual"));
    let actuals: Vec<&str> = actuals.iter().map(String::as_str).collect();
    let counts = ["requests", "failed requests", "checks held"];
    let everything = [&key[..], &outcomes, &actuals, &counts].concat();
    for (form, figures, wanted) in [
        ("the terminal", of_terminal(&ended.out), everything.clone()),
        ("HTML", of_html(&read(&ended, "r.html")), [&key[..], &actuals, &outcomes, &counts[..2]].concat()),
        ("Markdown", of_markdown(&read(&ended, "r.md")), [&key[..], &actuals, &outcomes, &["requests"]].concat()),
        ("JUnit", of_junit(&read(&ended, "r.xml")), [&key[..], &outcomes].concat()),
        ("CTRF", of_ctrf(&serde_json::from_str(&read(&ended, "r.ctrf.json")).unwrap()), [&key[..], &outcomes].concat()),
    ] {
        for name in wanted {
            let figure = figures.get(name).unwrap_or_else(|| panic!("{form} has no {name}: {figures:#?}"));
            assert_eq!(figure, &json[name], "{name} in {form}");
        }
    }
}

/// `met`, or `not met`; an invalid measurement has no results, in any form.
fn outcome(met: bool) -> String {
    if met { "met" } else { "not met" }.to_owned()
}

/// Numbers, as printed for people: two decimals, no zeros at the end.
fn of_json(document: &Value) -> Figures {
    let metric = |name: &str| {
        let metrics = document["metrics"].as_array().unwrap();
        metrics.iter().find(|metric| metric["name"] == name).unwrap_or_else(|| panic!("no {name}"))
    };
    let number =
        |name: &str, field: &str| metric(name)[field].as_f64().unwrap_or_else(|| panic!("no {field} of {name}"));
    let share = |value: f64| format!("{:.2}%", value * 100.0);
    let rate = |value: f64| format!("{}/s", decimals(value));
    let time = |value: f64| match value {
        1_000.0.. => format!("{}s", decimals(value / 1_000.0)),
        _ => format!("{}ms", decimals(value)),
    };
    let mut figures = Figures::new();
    let mut note = |name: &str, text: String| drop(figures.insert(name.to_owned(), text));
    note("requests", number("http_reqs", "sum").to_string());
    note("rate", rate(number("http_reqs", "rate")));
    note("failed", share(number("http_req_failed", "share")));
    note("failed requests", number("http_req_failed", "passes").to_string());
    note("iterations", rate(number("iterations", "rate")));
    note("checks", share(number("checks", "share")));
    note("checks held", number("checks", "passes").to_string());
    for percentile in ["p50", "p90", "p95"] {
        note(percentile, time(number("response_time", percentile)));
    }
    for threshold in document["thresholds"].as_array().unwrap() {
        let name = format!("{} {}", threshold["metric"].as_str().unwrap(), threshold["expression"].as_str().unwrap());
        let actual = threshold["actual"].as_f64().unwrap();
        note(&format!("{name} actual"), if threshold["unit"] == "ms" { time(actual) } else { share(actual) });
        assert_ne!(threshold["outcome"], "not_judged", "the generator was the bottleneck: nothing to compare");
        note(&name, outcome(threshold["outcome"] == "passed"));
    }
    figures
}

fn decimals(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// `http_req_failed...: 10.00%  20 out of 200`, and thresholds below the name of their metric.
fn of_terminal(text: &str) -> Figures {
    let mut figures = Figures::new();
    let mut metric = String::new();
    for line in text.lines().map(str::trim) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            [only] if !only.contains(':') => metric = only.to_owned(),
            [mark @ ("✓" | "✗"), expression, actual] if expression.starts_with('\'') => {
                let name = format!("{metric} {}", expression.trim_matches('\''));
                figures.insert(format!("{name} actual"), actual.split_once('=').unwrap().1.to_owned());
                figures.insert(name, outcome(mark == "✓"));
            }
            _ => {}
        }
        let Some((name, values)) = line.split_once(": ") else { continue };
        let values: Vec<&str> = values.split_whitespace().collect();
        let mut note = |name: &str, text: &str| drop(figures.insert(name.to_owned(), text.to_owned()));
        match name.trim_end_matches('.') {
            "http_reqs" => (note("requests", values[0]), note("rate", values[1])).0,
            "iterations" => note("iterations", values[1]),
            "http_req_failed" => (note("failed", values[0]), note("failed requests", values[1])).0,
            "checks_succeeded" => (note("checks", values[0]), note("checks held", values[1])).0,
            "response_time" => {
                for (key, written) in [("p50", "med="), ("p90", "p(90)="), ("p95", "p(95)=")] {
                    note(key, values.iter().find_map(|value| value.strip_prefix(written)).unwrap());
                }
            }
            _ => {}
        }
    }
    figures
}

/// The tiles, and the table of thresholds.
fn of_html(text: &str) -> Figures {
    let text_of = |part: &str| part.split_once('>').unwrap().1.split('<').next().unwrap().to_owned();
    let mut figures = Figures::new();
    for tile in text.split("<div class=\"tile\">").skip(1) {
        let parts: Vec<String> = tile.split("<div class=").skip(1).take(3).map(text_of).collect();
        let in_all = parts[2].strip_suffix(" in all");
        let (name, count) = match parts[0].as_str() {
            "response time p50" => ("p50", None),
            "requests" => ("rate", in_all.map(|count| ("requests", count))),
            "failed requests" => ("failed", in_all.map(|count| ("failed requests", count))),
            other => (other, None),
        };
        figures.insert(name.to_owned(), parts[1].clone());
        figures.extend(count.map(|(name, count)| (name.to_owned(), count.to_owned())));
    }
    let cells = |row: &str| row.split("<td").skip(1).map(text_of).collect::<Vec<_>>();
    // The tiles have no 90th percentile. All requests have one name, so the table of names has it.
    let p90 = text.split("id=\"requests\"").nth(1).and_then(|table| table.split("<tr").nth(2)).map(cells).unwrap();
    figures.insert("p90".to_owned(), p90[6].clone());
    let section = text.split("id=\"thresholds\">").nth(1).unwrap().split("</section>").next().unwrap();
    for row in section.split("<tr class=").skip(1) {
        let metric = row.split("<code>").nth(1).unwrap().split('<').next().unwrap();
        let (cells, state) = (cells(row), row.split("class=\"state\">").nth(1).unwrap());
        let name = threshold_of(metric);
        figures.insert(format!("{name} actual"), cells[2].clone());
        figures.insert(name, outcome(state.starts_with('✓')));
    }
    figures
}

/// The table of metrics: thresholds have a target, and what they bound has no row besides.
fn of_markdown(text: &str) -> Figures {
    let mut figures = Figures::new();
    for line in text.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        match cells[..] {
            [name, "–", actual, "–"] => drop(figures.insert(key_figure(name), actual.to_owned())),
            [metric, _, actual, status] if metric != "Metric" && metric != "---" => {
                let name = threshold_of(metric);
                figures.insert(key_figure(metric), actual.to_owned());
                figures.insert(format!("{name} actual"), actual.to_owned());
                figures.insert(name, outcome(status.starts_with('✅')));
            }
            _ => {}
        }
    }
    let answered = text.split("The target answered ").nth(1).unwrap();
    figures.insert("requests".to_owned(), answered.split(' ').next().unwrap().to_owned());
    figures
}

fn of_junit(text: &str) -> Figures {
    let value =
        |element: &str, name: &str| Some(element.split_once(&format!(" {name}=\""))?.1.split_once('"')?.0.to_owned());
    let properties = text.split("<property").skip(1);
    let figures =
        properties.filter_map(|element| Some((key_figure(&value(element, "name")?), value(element, "value")?)));
    let cases = text
        .split("<testcase")
        .skip(1)
        .map(|element| (value(element, "name").unwrap(), outcome(!element.contains("<failure"))));
    figures.chain(cases).collect()
}

fn of_ctrf(report: &Value) -> Figures {
    let figures = report["results"]["extra"]["figures"].as_object().unwrap();
    let figures = figures.iter().map(|(name, text)| (key_figure(name), text.as_str().unwrap().to_owned()));
    let tests = report["results"]["tests"].as_array().unwrap().iter();
    let tests = tests.map(|test| (test["name"].as_str().unwrap().to_owned(), outcome(test["status"] == "passed")));
    figures.chain(tests).collect()
}

/// The reports' words for a key figure, by its name here.
fn key_figure(name: &str) -> String {
    match name {
        "response_time p(50)" => "p50",
        "response_time p(90)" => "p90",
        "response_time p(95)" => "p95",
        "http_reqs" => "rate",
        "http_req_failed" => "failed",
        other => other,
    }
    .to_owned()
}

/// The only threshold on that metric.
fn threshold_of(metric: &str) -> String {
    let typed = THRESHOLDS.iter().find(|typed| typed.starts_with(&format!("{metric}="))).unwrap();
    typed.replacen('=', " ", 1)
}
