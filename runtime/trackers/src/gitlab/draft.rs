//! An item as the body of the request that creates an issue.

use serde_json::{Value, json};
use squall_work_items::{Block, WorkItem, markdown};

use crate::issue_text::{IssueText, labels_of};

/// Characters of a description.
const LONGEST_TEXT: usize = 1_048_576;
/// The largest weight.
const LARGEST_WEIGHT: f64 = 1_000.0;

/// An item, ready to be created.
#[derive(Clone, Debug, PartialEq)]
pub struct GitLabDraft {
    pub(super) title: String,
    pub(super) description: String,
    pub(super) labels: Vec<String>,
    pub(super) fingerprint: String,
    /// Only licensed instances keep it.
    pub(super) weight: Option<u64>,
    /// Title and id.
    pub(super) milestone: Option<(String, u64)>,
    /// Id and name.
    pub(super) owner: Option<(u64, String)>,
    pub(super) notes: Vec<String>,
}

impl GitLabDraft {
    /// The item.
    ///
    /// # Errors
    /// If its text is too long.
    pub(super) fn new(item: &WorkItem) -> Result<GitLabDraft, String> {
        let points = item.task.story_points;
        let further = [("Area", &item.assignment.area), ("Parent", &item.assignment.parent)];
        let further = further.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
        let mut notes = vec![
            "story points are GitLab's weight only where that is licensed: they are in the description".to_owned(),
        ];
        let mut paragraphs = vec![format!("Story points: {points}")];
        for (name, value) in further {
            notes.push(format!("GitLab's issues have no {}: it is in the description", name.to_lowercase()));
            paragraphs.push(format!("{name}: {value}"));
        }
        let mut text = IssueText::new(item, paragraphs);
        text.fit(LONGEST_TEXT, render)?;
        notes.append(&mut text.notes);
        let is_weight = points.fract() == 0.0 && (0.0..=LARGEST_WEIGHT).contains(&points);
        Ok(GitLabDraft {
            title: item.task.title.trim().to_owned(),
            description: render(&text.blocks),
            // A comma separates labels.
            labels: labels_of(item, Some("bug"), |letter| letter == ','),
            fingerprint: item.fingerprint.to_string(),
            weight: is_weight.then_some(points as u64),
            milestone: None,
            owner: None,
            notes,
        })
    }

    /// Sets the milestone, or notes that there is none with this title.
    pub(super) fn set_milestone(&mut self, title: &str, id: Option<u64>) {
        match id {
            Some(id) => self.milestone = Some((title.to_owned(), id)),
            None => self.notes.push(format!("the project has no milestone {title:?}: it is not set")),
        }
    }

    /// Sets the owner, or notes that there is no such user.
    pub(super) fn set_owner(&mut self, owner: &str, user: Option<(u64, String)>) {
        match user {
            Some(user) => self.owner = Some(user),
            None => self.notes.push(format!("GitLab shows no user {owner:?}: assign it by hand")),
        }
    }

    /// The body of the request.
    pub(super) fn json(&self) -> Value {
        let mut json = json!({
            "title": self.title,
            "description": self.description,
            "labels": self.labels.join(","),
            "issue_type": "issue",
        });
        if let Some(weight) = self.weight {
            json["weight"] = json!(weight);
        }
        if let Some((_, id)) = &self.milestone {
            json["milestone_id"] = json!(id);
        }
        if let Some((id, _)) = &self.owner {
            json["assignee_ids"] = json!([id]);
        }
        json
    }
}

/// Markdown in which no line is a command: `/close` at the beginning of a line would be carried out.
pub(super) fn render(blocks: &[Block]) -> String {
    let mut text = String::new();
    for line in markdown(blocks).split_inclusive('\n') {
        let words = line.trim_start_matches(' ');
        let indent = line.len() - words.len();
        // A line of code is indented by four, and there a backslash would be shown.
        if words.starts_with('/') && indent < 4 {
            text.push('\\');
            text.push_str(words);
        } else {
            text.push_str(line);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_a_command() {
        let blocks = [
            Block::Paragraph("/close".to_owned()),
            Block::Paragraph("  /assign @ada".to_owned()),
            Block::Bullets(vec!["/label ~x".to_owned()]),
            Block::Code("/reopen".to_owned()),
        ];
        assert_eq!(render(&blocks), "\\/close\n\n\\/assign @&#8203;ada\n\n- /label \\~x\n\n    /reopen\n");
    }
}
