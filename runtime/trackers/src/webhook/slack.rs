//! The form for incoming webhooks of Slack: a text for notifications, and Block Kit.
//!
//! `&`, `<` and `>` are Slack's control characters, and `verbatim` keeps it from finding names in texts.
//! <https://docs.slack.dev/messaging/formatting-message-text>

use serde_json::{Value, json};

use crate::api_base::web_url;

use super::{Message, MessageItem, describe_changes, describe_count, describe_figures, describe_rest, one_line};

/// Blocks of a message.
const MOST_BLOCKS: usize = 50;
/// Characters of a text in a section.
const LONGEST_TEXT: usize = 3_000;
/// Characters of a header.
const LONGEST_HEADER: usize = 150;
/// Characters of all blocks. The documented limits allow more, but messages of about 13,000 have been refused.
const LONGEST_MESSAGE: usize = 12_000;
/// Changes that are listed of an item.
const MOST_CHANGES: usize = 3;

/// The message as JSON.
pub(super) fn describe(message: &Message) -> Value {
    let summary = escaped(&format!("{}: {} ({})", message.title, message.verdict, describe_count(message)));
    let mut blocks = vec![header(&message.title), section(&describe_run(message))];
    let mut length: usize = blocks.iter().map(length_of).sum();
    for (index, item) in message.items.iter().enumerate() {
        let block = section(&describe_item(item));
        length += length_of(&block);
        // The last place is for what is left out.
        if blocks.len() + 1 >= MOST_BLOCKS || length > LONGEST_MESSAGE {
            blocks.push(section(&describe_rest(message.items.len() - index)));
            break;
        }
        blocks.push(block);
    }
    json!({ "text": cut(&summary, LONGEST_TEXT), "blocks": blocks })
}

fn describe_run(message: &Message) -> String {
    let mut lines = vec![escaped(&message.verdict), escaped(&format!("Run {}", message.run))];
    lines.extend(message.report.as_deref().and_then(|url| link(url, "Report")));
    lines.join("\n")
}

fn describe_item(item: &MessageItem) -> String {
    let name = format!("{}: {}", item.task.item_type.name(), item.task.title);
    let linked = item.link.as_ref().and_then(|tracked| link(&tracked.url, &name));
    let mut lines = vec![linked.unwrap_or_else(|| escaped(&name)), escaped(&describe_figures(&item.task))];
    lines.extend(describe_changes(&item.task).take(MOST_CHANGES).map(|change| format!("• {}", escaped(&change))));
    lines.join("\n")
}

fn header(text: &str) -> Value {
    let text = cut(&escaped(text), LONGEST_HEADER);
    // Slack refuses empty texts.
    let text = if text.is_empty() { "Squall".to_owned() } else { text };
    json!({ "type": "header", "text": { "type": "plain_text", "text": text, "emoji": false } })
}

fn section(text: &str) -> Value {
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": cut(text, LONGEST_TEXT), "verbatim": true } })
}

fn length_of(block: &Value) -> usize {
    block["text"]["text"].as_str().unwrap_or_default().chars().count()
}

fn link(url: &str, text: &str) -> Option<String> {
    let url = web_url(url)?.replace('|', "%7C");
    Some(format!("<{}|{}>", escaped_entities(&url), escaped(text)))
}

/// One line in which nothing is markup of a mention or a link.
fn escaped(text: &str) -> String {
    let line = escaped_entities(&one_line(text));
    // `@channel` has no effect where names are not looked for; the gap holds where they are.
    line.replace('@', "@\u{200b}")
}

fn escaped_entities(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// At most so many characters, cut neither within an entity nor within a link.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut kept: String = text.chars().take(most.saturating_sub(1)).collect();
    let open = kept.rfind(['&', '<']).filter(|place| !kept[*place..].contains([';', '>']));
    kept.truncate(open.unwrap_or(kept.len()));
    kept.push('…');
    kept
}
