use serde_json::json;
use squall_work_items::{ItemType, Optimization, TaskMetrics};

use super::*;

fn task(title: &str) -> PerformanceTask {
    PerformanceTask {
        title: title.to_owned(),
        item_type: ItemType::Task,
        description: "analysis".to_owned(),
        story_points: 3.0,
        metrics: TaskMetrics {
            current_p95: "850ms".to_owned(),
            target_p95: "200ms".to_owned(),
            improvement: "76%".to_owned(),
        },
        bottlenecks_identified: vec!["41 queries a request".to_owned()],
        optimizations: vec![Optimization {
            change: "load the products with one query".to_owned(),
            expected_improvement: "40%".to_owned(),
        }],
        acceptance_criteria: vec!["p95 below 200 ms".to_owned()],
    }
}

fn message(title: &str, items: usize) -> Message {
    let link = ItemLink { id: "7".to_owned(), url: "https://tracker.example/7?a=1&b=2".to_owned() };
    Message {
        run: "20261130T061539Z-1a2b".to_owned(),
        title: "Shop at 500 VUs".to_owned(),
        verdict: "Two objectives were missed.".to_owned(),
        report: Some("https://ci.example/report.html".to_owned()),
        items: (0..items).map(|_| MessageItem { task: task(title), link: Some(link.clone()) }).collect(),
    }
}

fn webhook(url: &str) -> Webhook {
    Webhook::new(url, None, Patience::default()).unwrap()
}

const SLACK: &str = "https://hooks.slack.com/services/T000/B000/s3cret";
const TEAMS: &str = "https://prod-23.westeurope.logic.azure.com/workflows/ab12/triggers/manual/paths/invoke?sig=s3cret";

#[test]
fn the_form_is_that_of_the_host() {
    for (url, form) in [
        (SLACK, MessageForm::Slack),
        (TEAMS, MessageForm::Teams),
        ("https://acme.webhook.office.com/webhookb2/x", MessageForm::Teams),
        ("https://default0a.1b.environment.api.powerplatform.com:443/powerautomate/x?sig=y", MessageForm::Teams),
        ("https://hooks.slack.com.evil.example/services/x", MessageForm::Generic),
        ("https://evillogic.azure.com/x", MessageForm::Generic),
        ("http://127.0.0.1:8080/x", MessageForm::Generic),
    ] {
        assert_eq!(webhook(url).form(), form, "{url}");
    }
    let chosen = Webhook::new("https://chat.example/hook", Some("slack".parse().unwrap()), Patience::default());
    assert_eq!(chosen.unwrap().form(), MessageForm::Slack);
    assert!("discord".parse::<MessageForm>().is_err());
}

#[test]
fn an_address_is_a_secret() {
    assert_eq!(format!("{:?}", webhook(SLACK)), r#"Webhook { url: "https://hooks.slack.com", form: Slack }"#);
    for refused in [SLACK.replace("https", "http"), SLACK.replace("//", "//ada:s3cret@"), "s3cret/".to_owned()] {
        let error = Webhook::new(&refused, None, Patience::default()).unwrap_err();
        assert!(error.message.contains("--webhook") && !error.message.contains("s3cret"), "{error}");
    }
}

#[test]
fn the_generic_form_has_the_published_shape() {
    let sent = webhook("https://example.com/hook").preview(&message("Perf: fewer queries", 1));
    let mut expected = json!({
        "source": "squall",
        "run": {
            "id": "20261130T061539Z-1a2b",
            "title": "Shop at 500 VUs",
            "verdict": "Two objectives were missed.",
            "report": "https://ci.example/report.html"
        },
        "performance_tasks": [{
            "title": "Perf: fewer queries",
            "type": "Task",
            "description": "analysis",
            "story_points": 3,
            "metrics": { "current_p95": "850ms", "target_p95": "200ms", "improvement": "76%" },
            "bottlenecks_identified": ["41 queries a request"],
            "optimizations": [{ "change": "load the products with one query", "expected_improvement": "40%" }],
            "acceptance_criteria": ["p95 below 200 ms"]
        }],
        "tracker_items": [{ "id": "7", "url": "https://tracker.example/7?a=1&b=2" }]
    });
    assert_eq!(sent, expected);
    let shape = json!({ "performance_tasks": expected["performance_tasks"].take() });
    assert!(serde_json::from_value::<squall_work_items::PerformanceTasks>(shape).is_ok());
}

#[test]
fn the_form_of_slack() {
    let sent = webhook(SLACK).preview(&message("Perf: fewer queries", 1));
    let section =
        |text: &str| json!({ "type": "section", "text": { "type": "mrkdwn", "text": text, "verbatim": true } });
    let item = "<https://tracker.example/7?a=1&amp;b=2|Task: Perf: fewer queries>\n\
                p95 now 850ms, to reach 200ms, improvement 76%\n\
                • load the products with one query (expected improvement: 40%)";
    let run = "Two objectives were missed.\nRun 20261130T061539Z-1a2b\n<https://ci.example/report.html|Report>";
    let header = json!({ "type": "plain_text", "text": "Shop at 500 VUs", "emoji": false });
    let expected = json!({
        "text": "Shop at 500 VUs: Two objectives were missed. (1 work item)",
        "blocks": [{ "type": "header", "text": header }, section(run), section(item)]
    });
    assert_eq!(sent, expected);
}

#[test]
fn the_form_of_teams() {
    let sent = webhook(TEAMS).preview(&message("Perf: fewer queries", 1));
    let paragraph = |run: Value| json!({ "type": "RichTextBlock", "inlines": [run] });
    let plain = |text: &str| paragraph(json!({ "type": "TextRun", "text": text }));
    let open = json!({ "type": "Action.OpenUrl", "url": "https://tracker.example/7?a=1&b=2" });
    let title = json!({
        "type": "TextRun", "text": "Task: Perf: fewer queries", "weight": "Bolder", "selectAction": open
    });
    let lines = [
        paragraph(title),
        plain("p95 now 850ms, to reach 200ms, improvement 76%"),
        plain("• load the products with one query (expected improvement: 40%)"),
    ];
    let card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": { "width": "Full" },
        "body": [
            paragraph(json!({ "type": "TextRun", "text": "Shop at 500 VUs", "weight": "Bolder" })),
            plain("Two objectives were missed. (1 work item)"),
            plain("Run 20261130T061539Z-1a2b"),
            { "type": "Container", "separator": true, "items": lines }
        ],
        "actions": [{ "type": "Action.OpenUrl", "title": "Report", "url": "https://ci.example/report.html" }]
    });
    let kind = "application/vnd.microsoft.card.adaptive";
    let attachment = json!({ "contentType": kind, "contentUrl": null, "content": card });
    assert_eq!(sent, json!({ "type": "message", "attachments": [attachment] }));
}

#[test]
fn texts_are_no_mentions_and_no_links() {
    let mut hostile = message("<!channel> @here <@U1> <https://evil|x>\n<at>all</at> {{DATE(1)}} [a](https://evil)", 1);
    hostile.report = Some("javascript:alert(1)".to_owned());
    let slack = webhook(SLACK).preview(&hostile).to_string();
    for mention in ["<!", "<@", "@here", "<https://evil"] {
        assert!(!slack.contains(mention), "{mention} in {slack}");
    }
    assert!(slack.contains("&lt;!channel&gt; @\u{200b}here"), "{slack}");
    let teams = webhook(TEAMS).preview(&hostile).to_string();
    // Names are mentions only with an entity, and Markdown is read in a TextBlock or a Fact only.
    for markup in ["entities", "\"TextBlock\"", "FactSet", "javascript"] {
        assert!(!teams.contains(markup), "{markup} in {teams}");
    }
}

#[test]
fn limits_are_kept_and_what_is_left_out_is_counted() {
    let small = webhook(SLACK).preview(&message("t", 80));
    let blocks = small["blocks"].as_array().unwrap();
    assert_eq!(blocks.len(), 50);
    assert_eq!(blocks[49]["text"]["text"], "and 33 more items");
    let large = webhook(SLACK).preview(&message(&"<&>".repeat(2_000), 80));
    let lengths = large["blocks"].as_array().unwrap().iter();
    let lengths: Vec<_> = lengths.map(|block| block["text"]["text"].as_str().unwrap().chars().count()).collect();
    assert!(lengths.iter().all(|length| *length <= 3_000) && lengths.iter().sum::<usize>() <= 12_100, "{lengths:?}");
    for items in [1, 80, 500] {
        let teams = webhook(TEAMS).preview(&message(&"ü".repeat(5_000), items)).to_string();
        assert!(teams.len() <= 28_000, "{} bytes", teams.len());
    }
}
