//! Items as the service answers them.

use serde_json::Value;
use squall_work_items::Record;

use super::address::AzureProject;
use super::draft::{DESCRIPTION, REPRO_STEPS, TAGS};
use super::types::TypeInfo;
use crate::html::html_to_text;
use crate::tracker::TrackedItem;

/// The ids in the answer to a query. None if it has another form.
pub(super) fn read_ids(answer: &Value) -> Option<Vec<u64>> {
    answer["workItems"].as_array()?.iter().map(|item| item["id"].as_u64()).collect()
}

/// An item. None if it has another form.
pub(super) fn read_item(native: Value, project: &AzureProject, info: &TypeInfo) -> Option<TrackedItem> {
    let id = native["id"].as_u64()?.to_string();
    let fields = native["fields"].as_object()?;
    let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let state_name = text("System.State");
    let body = text(body_field(&native));
    let plain = html_to_text(&body);
    Some(TrackedItem {
        url: project.item_page(&id),
        id,
        state: info.item_state(&state_name),
        state_name,
        title: text("System.Title"),
        record: Record::find(&plain),
        text: plain,
        body,
        tags: split_tags(&text(TAGS)),
        revision: native["rev"].as_u64().map(|revision| revision.to_string()),
        native,
    })
}

/// The field with our text: that with the record, or else by what is filled.
pub(super) fn body_field(native: &Value) -> &'static str {
    let text = |name: &str| native["fields"][name].as_str().unwrap_or_default();
    let has_record = |name: &&str| Record::find(&html_to_text(text(name))).is_some();
    let is_filled = |name: &&str| !text(name).is_empty();
    let fields = [REPRO_STEPS, DESCRIPTION];
    let found = fields.into_iter().find(has_record).or_else(|| fields.into_iter().find(is_filled));
    found.unwrap_or(DESCRIPTION)
}

pub(super) fn split_tags(tags: &str) -> Vec<String> {
    tags.split(';').map(|tag| tag.trim().to_owned()).filter(|tag| !tag.is_empty()).collect()
}
