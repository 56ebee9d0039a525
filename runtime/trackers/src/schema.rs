//! A check of the published shape before anything is sent: mistakes of ours are found here, not by the tracker.

use squall_work_items::{PerformanceTask, WorkItem};

/// The longest title that trackers take, in characters (Azure DevOps; Jira takes 255, GitHub 256).
const LONGEST_TITLE: usize = 255;

/// Checks a task against what trackers need and what the published schema promises.
///
/// # Errors
/// With the first breach.
pub fn check_task(item: &WorkItem) -> Result<(), String> {
    let task = &item.task;
    let length = task.title.chars().count();
    if task.title.trim().is_empty() || task.title.chars().any(char::is_control) {
        return Err("its title is empty or has control characters".to_owned());
    }
    if length > LONGEST_TITLE {
        return Err(format!("its title has {length} characters, and at most {LONGEST_TITLE} are taken"));
    }
    if !task.story_points.is_finite() || task.story_points < 0.0 {
        return Err(format!("its story points ({}) are not a number that trackers take", task.story_points));
    }
    if item.record.fingerprint != item.fingerprint {
        return Err("its record has another fingerprint".to_owned());
    }
    check_shape(task)
}

/// The task as the schema has it: written and read again, it is the same.
fn check_shape(task: &PerformanceTask) -> Result<(), String> {
    let written = serde_json::to_string(task).map_err(|error| format!("it cannot be written as JSON: {error}"))?;
    let read: PerformanceTask = serde_json::from_str(&written).map_err(|error| format!("not the schema: {error}"))?;
    if read == *task { Ok(()) } else { Err("it does not read back as it was written".to_owned()) }
}
