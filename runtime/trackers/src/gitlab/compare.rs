//! Whether an issue is as it was written.

use super::draft::GitLabDraft;
use crate::differences::{compare_labels, compare_text, compare_value};
use crate::tracker::TrackedItem;

/// The differences of an issue that was read from its draft.
pub(super) fn describe_differences(draft: &GitLabDraft, item: &TrackedItem) -> Vec<String> {
    let native = &item.native;
    let mut differences = Vec::new();
    differences.extend(compare_value("title", &draft.title, &item.title));
    differences.extend(compare_text("description", &draft.description, &item.body));
    differences.extend(compare_labels(&draft.labels, &item.tags));
    // Without a licence there is none, as the notes say.
    if let (Some(written), Some(read)) = (draft.weight, native["weight"].as_u64()) {
        differences.extend(compare_value("weight", &written.to_string(), &read.to_string()));
    }
    if let Some((title, _)) = &draft.milestone {
        differences.extend(compare_value(
            "milestone",
            title,
            native["milestone"]["title"].as_str().unwrap_or_default(),
        ));
    }
    if let Some((id, name)) = &draft.owner {
        let assignees: Vec<_> = native["assignees"].as_array().into_iter().flatten().collect();
        if !assignees.iter().any(|one| one["id"].as_u64() == Some(*id)) {
            let names: Vec<_> = assignees.iter().filter_map(|one| one["username"].as_str()).collect();
            differences.extend(compare_value("assignees", name, &names.join(", ")));
        }
    }
    differences
}
