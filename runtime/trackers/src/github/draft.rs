//! An item as the body of the request that creates an issue.

use serde_json::{Value, json};
use squall_work_items::{WorkItem, markdown};

use crate::issue_text::{IssueText, labels_of};

/// Characters of an issue's text.
const LONGEST_TEXT: usize = 65_536;
/// Characters of a label.
const LONGEST_LABEL: usize = 50;

/// An item, ready to be created.
#[derive(Clone, Debug, PartialEq)]
pub struct GitHubDraft {
    pub(super) title: String,
    pub(super) body: String,
    pub(super) labels: Vec<String>,
    pub(super) fingerprint: String,
    pub(super) item_type: Option<String>,
    /// Title and number.
    pub(super) milestone: Option<(String, u64)>,
    pub(super) owner: Option<String>,
    /// The number of the parent.
    pub(super) parent: Option<String>,
    pub(super) notes: Vec<String>,
}

impl GitHubDraft {
    /// The item, with one of these types.
    ///
    /// # Errors
    /// If its text is too long, or its parent is not a number.
    pub(super) fn new(item: &WorkItem, types: &[String]) -> Result<GitHubDraft, String> {
        let points = format!("Story points: {}", item.task.story_points);
        let area = item.assignment.area.as_ref().map(|area| format!("Area: {area}"));
        let mut notes = vec!["GitHub has no story points: they are in the description".to_owned()];
        notes.extend(area.as_ref().map(|_| "GitHub has no areas: it is in the description".to_owned()));
        let mut text = IssueText::new(item, [Some(points), area].into_iter().flatten().collect());
        text.fit(LONGEST_TEXT, markdown)?;
        notes.append(&mut text.notes);
        let kind = item.task.item_type.name();
        let mut labels = labels_of(item, Some("bug"), |letter| letter == ',');
        for label in &mut labels {
            if let Some((end, _)) = label.char_indices().nth(LONGEST_LABEL) {
                label.truncate(end);
            }
        }
        Ok(GitHubDraft {
            title: item.task.title.trim().to_owned(),
            body: markdown(&text.blocks),
            labels,
            fingerprint: item.fingerprint.to_string(),
            item_type: types.iter().find(|name| name.eq_ignore_ascii_case(kind)).cloned(),
            milestone: None,
            owner: None,
            parent: item.assignment.parent.as_deref().map(read_number).transpose()?,
            notes,
        })
    }

    /// Sets the milestone, or notes that there is none with this title.
    pub(super) fn set_milestone(&mut self, title: &str, number: Option<u64>) {
        match number {
            Some(number) => self.milestone = Some((title.to_owned(), number)),
            None => self.notes.push(format!("the repository has no milestone {title:?}: it is not set")),
        }
    }

    /// Sets the owner, or notes that issues cannot be assigned to them.
    pub(super) fn set_owner(&mut self, owner: &str, may_own: bool) {
        match may_own {
            true => self.owner = Some(owner.to_owned()),
            false => self.notes.push(format!("issues cannot be assigned to {owner:?}: assign it by hand")),
        }
    }

    /// The body of the request.
    pub(super) fn json(&self) -> Value {
        let mut json = json!({ "title": self.title, "body": self.body, "labels": self.labels });
        if let Some(item_type) = &self.item_type {
            json["type"] = json!(item_type);
        }
        if let Some((_, number)) = &self.milestone {
            json["milestone"] = json!(number);
        }
        if let Some(owner) = &self.owner {
            json["assignees"] = json!([owner]);
        }
        json
    }
}

fn read_number(text: &str) -> Result<String, String> {
    let number = text.trim().trim_start_matches('#').parse::<u64>();
    let number = number.map_err(|_| format!("the parent {text:?} is not the number of an issue: write a number"))?;
    Ok(number.to_string())
}
