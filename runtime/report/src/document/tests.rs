use squall_insight::{RunStatus, ThresholdOutcome};
use squall_metrics::{RequestCell, RequestKey};

use super::*;
use crate::fixture::{hostile_agents, known_agents, known_document, known_document_of_agents};
use crate::{
    Change, ChangeKind, Detail, Level, Style, Summary, TrendFigure, TrendRun, Week, ctrf_report, github_annotations,
    html_report, junit_report, markdown_report, openmetrics, trend_page,
};

fn terminal(document: &Document) -> String {
    Summary { document, detail: Detail::Full, style: Style::Plain }.render()
}

#[test]
fn every_form_has_the_same_figures() {
    let document = known_document("browse");
    let json: Document = Document::from_json(&document.to_json()).unwrap();
    let times = json.distribution("response_time").unwrap();
    let (failed, ..) = json.rate("http_req_failed").unwrap();
    let (_, rate) = json.counter("http_reqs").unwrap();
    let threshold = &json.thresholds[0];
    let figures = [
        Unit::Ms.text(times.p50.unwrap()),
        Unit::Ms.text(times.p95.unwrap()),
        Unit::Share.text(failed),
        Unit::PerSecond.text(rate),
    ];
    assert_eq!(figures, ["50ms", "95.01ms", "2.00%", "50/s"]);
    for form in [terminal(&document), html_report(&document), markdown_report(&document, None), junit_report(&document)]
    {
        for figure in &figures {
            assert!(form.contains(figure.as_str()), "{figure} is not in {form}");
        }
    }
    // The p95 of http_req_duration, which the first threshold looks at, is met; that of failures is not.
    assert_eq!((threshold.measured().as_str(), threshold.outcome), ("95.01ms", ThresholdOutcome::Passed));
    assert_eq!(
        (document.thresholds[1].measured().as_str(), document.thresholds[1].outcome),
        ("2.00%", ThresholdOutcome::Failed)
    );
}

#[test]
fn protocols_are_told_unless_all_responses_were_of_http_1() {
    let of = |counts: &[(&str, u64)]| {
        let protocols = counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
        Document { protocols, ..known_document("browse") }
    };
    assert_eq!(known_document("browse").protocols, of(&[("HTTP/1.1", 100)]).protocols);
    for document in [of(&[]), of(&[("HTTP/1.1", 100)])] {
        for form in [terminal(&document), html_report(&document), markdown_report(&document, None)] {
            assert!(!form.contains("protocols"), "{form}");
        }
    }
    for (counts, text) in [
        (&[("HTTP/2.0", 12_345), ("HTTP/1.1", 3)][..], "HTTP/2.0 12,345 · HTTP/1.1 3"),
        (&[("HTTP/2.0", 3), ("HTTP/1.1", 12_345)][..], "HTTP/1.1 12,345 · HTTP/2.0 3"),
        (&[("HTTP/2.0", 7)][..], "HTTP/2.0 7"),
    ] {
        let mut document = of(counts);
        assert!(terminal(&document).contains(&format!("\n    protocols.........................: {text}\n")));
        assert!(markdown_report(&document, None).contains(&format!("| protocols | – | {text} | – |\n")));
        assert!(html_report(&document).contains(&format!("<div class=\"more\">{text}</div>")));
        assert_eq!(Document::from_json(&document.to_json()).unwrap().protocols, document.protocols);
        document.run.scenario = "http://127.0.0.1:8080/".to_owned();
        let screen = Summary { document: &document, detail: Detail::Compact, style: Style::Plain }.render();
        assert!(screen.contains(&format!("    protocols      {text}\n")), "{screen}");
    }
}

#[test]
fn names_are_one_line_whatever_their_protocols() {
    let mut totals = crate::fixture::known_run();
    let recorded = std::mem::take(&mut totals.recorded.requests);
    let of_http2 =
        |(key, cell): (&RequestKey, &RequestCell)| (RequestKey { proto: Protocol::Http2, ..*key }, cell.clone());
    totals.recorded.requests = recorded.iter().map(of_http2).chain(recorded.clone()).collect();
    let breakdown = Breakdown::of(&totals, &[]);
    let lines: Vec<_> = breakdown.requests.iter().map(|line| (line.name.as_str(), line.count)).collect();
    assert_eq!(lines, [("home", 150), ("order", 50)]);
    let protocols = [("HTTP/1.1".to_owned(), 100), ("HTTP/2.0".to_owned(), 100)];
    assert_eq!(breakdown.protocols, BTreeMap::from(protocols));
}

#[test]
fn the_document_survives_json() {
    let document = known_document("browse");
    let read = Document::from_json(&document.to_json()).unwrap();
    assert_eq!((&read.run, &read.verdict, &read.thresholds), (&document.run, &document.verdict, &document.thresholds));
    assert_eq!(markdown_report(&read, None), markdown_report(&document, None));
    assert_eq!(ctrf_report(&read), ctrf_report(&document));
    assert!(Document::from_json("{}").unwrap_err().contains("--summary-json"));
    let later = document.to_json().replace("\"version\": 1", "\"version\": 2");
    assert_eq!(
        Document::from_json(&later).unwrap_err(),
        "version 2 of the summary is not known: this Squall reads version 1"
    );
}

#[test]
fn a_verdict_says_what_is_wrong_and_what_would_help() {
    let document = known_document("browse");
    assert_eq!(document.verdict.status, RunStatus::Critical);
    assert_eq!(document.verdict.sentence, "2 of 3 thresholds not met.");
    let issue = &document.verdict.issues[0];
    assert_eq!(issue.title, "rate of http_req_failed is 2.00%, target rate < 1.00%");
    assert_eq!(issue.impact.as_deref(), Some("2.00% of all requests failed: 2 of 100."));
    assert_eq!(
        issue.expected.as_deref(),
        Some("The threshold is met once rate is down by 50.00%, from 2.00% to 1.00%.")
    );
}

#[test]
fn no_text_of_a_stranger_becomes_markup_or_a_command() {
    let document = known_document("</script><img src=x onerror=alert(1)>|\n::error::x %");
    let page = html_report(&document);
    assert!(!page.contains("<img") && page.contains("&lt;img"), "a name broke out of the page");
    assert_eq!(page.matches("</script>").count(), 3, "a name ended a script");
    let markdown = markdown_report(&document, None);
    // Within the fence of the command line it is text.
    let before_command = markdown.split("## How to run it again").next().unwrap();
    assert!(!before_command.contains("<img") && before_command.contains("&lt;img"), "{before_command}");
    let junit = junit_report(&document);
    assert!(!junit.contains("<img") && junit.contains("&lt;img"));
    assert!(
        github_annotations(&document)
            .lines()
            .all(|line| line.starts_with("::error title=") || line.starts_with("::warning title="))
    );
}

#[test]
fn test_frameworks_see_a_case_for_each_threshold() {
    let document = known_document("browse");
    assert!(
        junit_report(&document)
            .contains("<testsuites name=\"squall\" tests=\"5\" failures=\"2\" errors=\"0\" time=\"2.000\">")
    );
    let ctrf: serde_json::Value = serde_json::from_str(&ctrf_report(&document)).unwrap();
    assert_eq!(ctrf["results"]["summary"]["failed"], 2);
    assert_eq!(ctrf["results"]["summary"]["stop"], 2_000);
    assert_eq!(ctrf["results"]["tests"][1]["message"], "rate is 2.00%, target rate < 1.00%");
}

#[test]
fn trends_need_an_earlier_run() {
    let document = known_document("browse");
    assert!(!markdown_report(&document, None).contains("## Trends"));
    let with = markdown_report(&document, Some(&document));
    assert!(with.contains("| response_time p(95) | 95.01ms | 95.01ms | +0.0% |"), "{with}");
}

/// 41 runs, a day apart: slower by a half in the last one, which ran on another kernel.
fn trend() -> Trend {
    let run = |number: usize| TrendRun {
        id: format!("run-{number}"),
        began: format!("2026-{:02}-{:02}T06:00:00Z", 1 + number / 28, 1 + number % 28),
        environment: if number == 40 { vec!["kernel \"<6>\", then \"7\"".to_owned()] } else { Vec::new() },
    };
    let change = Change { run: 40, before: 20.0, after: 30.0, change: 0.5, p: 0.00042, kind: ChangeKind::Regression };
    let value = |number| Some(if number < 40 { 20.0 } else { 30.0 });
    Trend {
        scenario: "browse".to_owned(),
        load: "10 VUs for 1m".to_owned(),
        target: String::new(),
        since: None,
        runs: (0..41).map(run).collect(),
        figures: vec![TrendFigure {
            name: "response_time p(95)".to_owned(),
            unit: Unit::Ms,
            values: (0..41).map(value).collect(),
            levels: vec![Level { first: 0, last: 39, mean: 20.0 }, Level { first: 40, last: 40, mean: 30.0 }],
            changes: vec![change],
        }],
        weeks: vec![Week { figure: "response_time p(95)".to_owned(), unit: Unit::Ms, before: 20.0, now: 20.5 }],
    }
}

#[test]
fn the_history_of_kept_runs_is_told_in_all_forms_alike() {
    let document = Document { trend: Some(trend()), ..known_document("browse") };
    let markdown = markdown_report(&document, None);
    assert!(markdown.contains("| response_time p(95) | 20ms | 20.5ms | +2.5% |"), "{markdown}");
    let change = "response_time p(95): +50.0% since the run of 2026-02-13T06:00:00Z (regression, p 0.0004).";
    assert!(markdown.contains(change), "{markdown}");
    for page in [html_report(&document), trend_page(&trend(), "0.1.0")] {
        for text in [
            "+50.0%",
            "+2.5%",
            ">20.5ms<",
            "run-40",
            "kernel &quot;&lt;6&gt;&quot;, then &quot;7&quot;",
            "41 runs of browse (10 VUs for 1m)",
        ] {
            assert!(page.contains(text), "{text} is not in {page}");
        }
    }
    assert!(trend().regressed());
    let read = Document::from_json(&document.to_json()).unwrap();
    assert_eq!(read.trend, document.trend);
    assert!(!known_document("browse").to_json().contains("\"trend\":"), "what is not kept has none");
}

#[test]
fn openmetrics_are_in_base_units() {
    let text = openmetrics(&known_document("browse"));
    assert!(text.contains("# TYPE squall_http_req_failed_ratio gauge\nsquall_http_req_failed_ratio 0.02\n"), "{text}");
    assert!(text.contains("squall_response_time_seconds{quantile=\"0.9\"} 0.09"), "{text}");
    assert!(text.ends_with("# EOF\n"));
}

#[test]
fn agents_are_in_the_json_as_the_schema_has_them() {
    let document = known_document_of_agents(known_agents());
    let json = document.to_json();
    let agents = Document::from_json(&json).unwrap().agents;
    assert_eq!(agents, Some(known_agents()));
    assert!(!known_document("browse").to_json().contains("\"agents\""), "a run without agents");
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../../../../docs/summary.schema.json")).expect("the schema");
    let written: serde_json::Value = serde_json::from_str(&json).expect("json");
    assert_eq!(undescribed(&written["agents"], &schema["properties"]["agents"]), Vec::<String>::new());
}

/// Fields that the schema does not have, and fields that it requires in vain.
fn undescribed(value: &serde_json::Value, schema: &serde_json::Value) -> Vec<String> {
    if let Some(items) = value.as_array() {
        return items.iter().flat_map(|item| undescribed(item, &schema["items"])).collect();
    }
    let Some(fields) = value.as_object() else { return Vec::new() };
    let required = schema["required"].as_array().into_iter().flatten().filter_map(|name| name.as_str());
    let missing = required.filter(|name| !fields.contains_key(*name)).map(|name| format!("{name} is missing"));
    let inner = fields.iter().flat_map(|(name, value)| match &schema["properties"][name] {
        serde_json::Value::Null => vec![format!("{name} is not described")],
        described => undescribed(value, described),
    });
    missing.chain(inner).collect()
}

/// Of a load that did not reach the target as planned, no report may look complete.
#[test]
fn lost_load_is_an_issue_in_every_form() {
    let document = known_document_of_agents(known_agents());
    let is_of_load = |issue: &&Issue| issue.title.starts_with("Part of the load is missing");
    let issue = document.verdict.issues.iter().find(is_of_load).expect("an issue");
    assert_eq!(
        (issue.status, issue.title.as_str()),
        (RunStatus::Warning, "Part of the load is missing: agent-2 was lost")
    );
    assert!(
        github_annotations(&document).contains("::warning title=Part of the load is missing%3A agent-2 was lost::118 ")
    );
    for form in [terminal(&document), html_report(&document), markdown_report(&document, None)] {
        assert!(form.contains("118 planned arrivals were never begun"), "{form}");
    }
    let steering = |letter: char| letter.is_control();
    let hostile = known_document_of_agents(hostile_agents());
    let texts = hostile.verdict.issues.iter().flat_map(|issue| [Some(&issue.title), issue.impact.as_ref()]);
    assert!(texts.flatten().all(|text| !text.contains(steering)));
    assert!(
        github_annotations(&hostile)
            .lines()
            .all(|line| line.starts_with("::error title=") || line.starts_with("::warning title="))
    );
    assert_eq!(html_report(&hostile).matches("</script>").count(), 3);
}
