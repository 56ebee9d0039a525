//! Whether an issue is as it was written.

use serde_json::Value;

use super::draft::GitHubDraft;
use crate::differences::{compare_labels, compare_text, compare_value};
use crate::tracker::TrackedItem;

/// The differences of an issue that was read from its draft.
pub(super) fn describe_differences(draft: &GitHubDraft, item: &TrackedItem) -> Vec<String> {
    let native = &item.native;
    let mut differences = Vec::new();
    differences.extend(compare_value("title", &draft.title, &item.title));
    differences.extend(compare_text("body", &draft.body, &item.body));
    differences.extend(compare_labels(&draft.labels, &item.tags));
    if let Some(item_type) = &draft.item_type {
        differences.extend(compare_value("type", item_type, native["type"]["name"].as_str().unwrap_or_default()));
    }
    if let Some((title, _)) = &draft.milestone {
        differences.extend(compare_value(
            "milestone",
            title,
            native["milestone"]["title"].as_str().unwrap_or_default(),
        ));
    }
    if let Some(owner) = &draft.owner {
        differences.extend(compare_owner(owner, native));
    }
    if let Some(parent) = &draft.parent {
        let address = native["parent_issue_url"].as_str().unwrap_or_default();
        differences.extend(compare_value("parent", parent, address.rsplit('/').next().unwrap_or_default()));
    }
    differences
}

fn compare_owner(owner: &str, native: &Value) -> Option<String> {
    let logins = native["assignees"].as_array().into_iter().flatten().filter_map(|one| one["login"].as_str());
    let logins: Vec<&str> = logins.collect();
    let is_there = logins.iter().any(|login| login.eq_ignore_ascii_case(owner));
    if is_there { None } else { compare_value("assignees", owner, &logins.join(", ")) }
}
