//! Whether an issue is as it was written.

use serde_json::Value;

use super::Edition;
use super::draft::JiraDraft;
use crate::differences::{compare_labels, compare_text, compare_value};
use crate::tracker::TrackedItem;

/// The differences of an issue that was read from its draft.
pub(super) fn describe_differences(draft: &JiraDraft, item: &TrackedItem) -> Vec<String> {
    let fields = &item.native["fields"];
    let mut differences = Vec::new();
    differences.extend(compare_value("summary", &draft.title, &item.title));
    let written = squeezed(&draft.edition.read_text(&draft.description));
    differences.extend(compare_text("description", &written, &squeezed(&item.text)));
    differences.extend(compare_labels(&draft.labels, &item.tags));
    differences.extend(compare_value("type", &draft.type_name, text(&fields["issuetype"]["name"])));
    if let Some((field, points)) = &draft.points {
        let read = fields[field.as_str()].as_f64();
        if read != Some(*points) {
            let read = read.map_or_else(String::new, |read| read.to_string());
            differences.extend(compare_value("story points", &points.to_string(), &read));
        }
    }
    if let Some((field, key)) = &draft.parent {
        let read = fields[field.as_str()]["key"].as_str().unwrap_or(text(&fields[field.as_str()]));
        differences.extend(compare_value("parent", key, read));
    }
    if let Some((id, name)) = &draft.owner {
        let assignee = &fields["assignee"];
        let read = match draft.edition {
            Edition::Cloud => text(&assignee["accountId"]),
            Edition::Server => text(&assignee["name"]),
        };
        if read != id {
            differences.extend(compare_value("assignee", name, text(&assignee["displayName"])));
        }
    }
    if let Some((id, name)) = &draft.component {
        let components = || fields["components"].as_array().into_iter().flatten();
        if !components().any(|one| text(&one["id"]) == id) {
            let names: Vec<_> = components().map(|one| text(&one["name"])).collect();
            differences.extend(compare_value("components", name, &names.join(", ")));
        }
    }
    differences
}

/// Whether two texts are the same but for white space.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    squeezed(one) == squeezed(other)
}

/// Without empty lines, white space as single spaces: editors rewrite both.
fn squeezed(text: &str) -> String {
    let line = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    text.lines().map(line).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
