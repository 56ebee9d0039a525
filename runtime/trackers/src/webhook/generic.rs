//! The form for programs: the published shape of work items, with facts about the run.

use serde_json::{Value, json};

use super::Message;

/// The message as JSON.
pub(super) fn describe(message: &Message) -> Value {
    let tasks: Vec<_> = message.items.iter().map(|item| &item.task).collect();
    let links: Vec<_> = message
        .items
        .iter()
        .map(|item| item.link.as_ref().map(|link| json!({ "id": link.id, "url": link.url })))
        .collect();
    json!({
        "source": "squall",
        "run": {
            "id": message.run,
            "title": message.title,
            "verdict": message.verdict,
            "report": message.report,
        },
        "performance_tasks": tasks,
        "tracker_items": links,
    })
}
