//! The form for Workflows (Power Automate) in Microsoft Teams: a message with an Adaptive Card.
//!
//! All texts are runs of a `RichTextBlock`, which have no Markdown, no mentions and no functions, unlike a `TextBlock`.
//! <https://adaptivecards.io/explorer/TextRun.html>

use serde_json::{Value, json};

use crate::api_base::web_url;

use super::{
    Message, MessageItem, describe_changes, describe_count, describe_figures, describe_rest, one_line, shortened,
};

/// Bytes of a message. The limit is "about 28 KB", with what Teams adds.
const LARGEST_MESSAGE: usize = 26_000;
/// Characters of a text, so that a single item cannot fill the message.
const LONGEST_TEXT: usize = 1_000;
/// Changes that are listed of an item.
const MOST_CHANGES: usize = 3;

/// The message as JSON.
pub(super) fn describe(message: &Message) -> Value {
    let mut body = vec![
        paragraph(vec![run(&message.title, Some("Bolder"))]),
        paragraph(vec![run(&format!("{} ({})", message.verdict, describe_count(message)), None)]),
        paragraph(vec![run(&format!("Run {}", message.run), None)]),
    ];
    let mut size = envelope(message, &body).to_string().len();
    for (index, item) in message.items.iter().enumerate() {
        let block = describe_item(item);
        size += block.to_string().len() + 1;
        if size > LARGEST_MESSAGE {
            body.push(paragraph(vec![run(&describe_rest(message.items.len() - index), None)]));
            break;
        }
        body.push(block);
    }
    envelope(message, &body)
}

fn envelope(message: &Message, body: &[Value]) -> Value {
    let report = message.report.as_deref().and_then(web_url);
    let actions: Vec<_> =
        report.map(|url| json!({ "type": "Action.OpenUrl", "title": "Report", "url": url })).into_iter().collect();
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "msteams": { "width": "Full" },
                "body": body,
                "actions": actions,
            },
        }],
    })
}

fn describe_item(item: &MessageItem) -> Value {
    let name = format!("{}: {}", item.task.item_type.name(), item.task.title);
    let mut title = run(&name, Some("Bolder"));
    if let Some(url) = item.link.as_ref().and_then(|link| web_url(&link.url)) {
        title["selectAction"] = json!({ "type": "Action.OpenUrl", "url": url });
    }
    let mut lines = vec![paragraph(vec![title]), paragraph(vec![run(&describe_figures(&item.task), None)])];
    let changes = describe_changes(&item.task).take(MOST_CHANGES);
    lines.extend(changes.map(|change| paragraph(vec![run(&format!("• {change}"), None)])));
    json!({ "type": "Container", "separator": true, "items": lines })
}

fn paragraph(inlines: Vec<Value>) -> Value {
    json!({ "type": "RichTextBlock", "inlines": inlines })
}

fn run(text: &str, weight: Option<&str>) -> Value {
    let mut run = json!({ "type": "TextRun", "text": shortened(&one_line(text), LONGEST_TEXT) });
    if let Some(weight) = weight {
        run["weight"] = json!(weight);
    }
    run
}
