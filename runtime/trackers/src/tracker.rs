//! What a tracker can do. Rules about items are not here but in [`push`](crate::push()).

use serde_json::Value;
use squall_work_items::{Block, Fingerprint, Record, WorkItem};

use crate::error::TrackerError;
use crate::pushed::ItemLink;

/// A tracker: Azure DevOps, GitHub, GitLab or Jira.
///
/// Methods that read are repeated by the tracker itself when an answer is lost
/// ([`HttpClient::read`](crate::HttpClient::read)). Methods that write send each write once
/// ([`HttpClient::write`](crate::HttpClient::write)), and say by the kind of their error whether it may have been done.
#[expect(async_fn_in_trait, reason = "a push runs on one thread, so futures need not be sent between threads")]
pub trait Tracker {
    /// An item in the tracker's own form, ready to be sent.
    type Draft;

    /// The tracker and the project, for sentences: `Azure DevOps project shop (https://dev.azure.com/acme/shop)`.
    fn place(&self) -> String;

    /// An item's address for people.
    fn url(&self, id: &str) -> String;

    /// Puts an item into the tracker's form. Reads from the tracker at most (fields, states, names), writes nothing.
    ///
    /// # Errors
    /// If the item cannot be expressed, or the tracker's fields cannot be read.
    async fn prepare(&self, item: &WorkItem) -> Result<Self::Draft, TrackerError>;

    /// What would be sent, and what is worth knowing of it.
    fn preview(&self, draft: &Self::Draft) -> Preview;

    /// Asks the tracker whether it would accept the item, without saving it.
    ///
    /// # Errors
    /// If it would not, or cannot be asked.
    async fn validate(&self, draft: &Self::Draft) -> Result<Validation, TrackerError>;

    /// All items with exactly this fingerprint as a tag, open and closed, in the order of their creation.
    ///
    /// # Errors
    /// If the search failed.
    async fn find(&self, fingerprint: &Fingerprint) -> Result<Vec<TrackedItem>, TrackerError>;

    /// All items with the tag `squall`, open and closed.
    ///
    /// # Errors
    /// If the search failed.
    async fn list(&self) -> Result<Vec<TrackedItem>, TrackerError>;

    /// Creates an item, and returns its id. Sends at most one request that creates.
    ///
    /// # Errors
    /// [`ErrorKind::Unclear`](crate::ErrorKind::Unclear) if the item may exist nevertheless.
    async fn create(&self, draft: &Self::Draft) -> Result<String, TrackerError>;

    /// Reads an item with all its fields and links.
    ///
    /// # Errors
    /// If there is no such item, or it cannot be read.
    async fn read(&self, id: &str) -> Result<TrackedItem, TrackerError>;

    /// Changes an item that was read before: comment, record and state. When it is called again with the same change
    /// after an unclear answer, the comment must not come twice: by the item's revision where the tracker tests it
    /// ([`ErrorKind::Changed`](crate::ErrorKind::Changed)), else by looking for the run's comment first. Where it takes
    /// several requests, the record is written last, since an item whose record names the run counts as done.
    ///
    /// # Errors
    /// By kind.
    async fn update(&self, item: &TrackedItem, change: &Change) -> Result<(), TrackerError>;

    /// The differences of an item that was read from what the draft wrote, each as a phrase with both values. Empty if
    /// it is as it was meant to be. Numbers are compared as numbers, tags as sets, markup by its text.
    fn compare(&self, draft: &Self::Draft, item: &TrackedItem) -> Vec<String>;
}

/// An item in a tracker.
#[derive(Clone, Debug, PartialEq)]
pub struct TrackedItem {
    /// Its id, as the tracker writes it: `1234`, `SHOP-12`.
    pub id: String,
    /// Its address for people.
    pub url: String,
    /// Open or closed.
    pub state: ItemState,
    /// The tracker's word for its state.
    pub state_name: String,
    /// Its title.
    pub title: String,
    /// Its description in the tracker's markup.
    pub body: String,
    /// Its description without markup, a line for each paragraph.
    pub text: String,
    /// Its tags or labels.
    pub tags: Vec<String>,
    /// Its revision, where the tracker has such.
    pub revision: Option<String>,
    /// The record in its description.
    pub record: Option<Record>,
    /// The tracker's own JSON, for [`Tracker::compare`].
    pub native: Value,
}

/// Whether work on an item is still to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemState {
    /// To be done.
    Open,
    /// Done, or not to be done.
    Closed,
}

/// A change of an item. What it does not name stays as people have edited it.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The item's new record: replaces that in the description.
    pub record: Record,
    /// The comment.
    pub comment: Vec<Block>,
    /// The new state, if it is to change.
    pub state: Option<ItemState>,
}

/// What would be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The request that creates the item, for people: method, address and body, without credentials.
    pub request: String,
    /// Notes: `Task has no field Acceptance Criteria: it is in the description`.
    pub notes: Vec<String>,
}

/// A tracker's opinion on an item that was not saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validation {
    /// It would be accepted.
    Accepted,
    /// The tracker cannot be asked.
    NotOffered,
}

impl TrackedItem {
    /// Whether it has this tag, whatever its case (trackers differ in whether they keep it).
    pub fn has_tag(&self, tag: &str) -> bool {
        self.tags.iter().any(|have| have.trim().eq_ignore_ascii_case(tag))
    }

    /// Whether its record names this run.
    pub fn names_run(&self, run: &str) -> bool {
        self.record.as_ref().is_some_and(|record| record.run == run)
    }

    /// Its id and address.
    pub fn link(&self) -> ItemLink {
        ItemLink { id: self.id.clone(), url: self.url.clone() }
    }
}

impl Change {
    /// Whether an item that was read is as the change makes it.
    pub fn is_done(&self, item: &TrackedItem) -> bool {
        // By their lines, since those have the figures rounded.
        let has_record = item.record.as_ref().is_some_and(|record| record.line() == self.record.line());
        has_record && self.state.is_none_or(|state| state == item.state)
    }
}

/// A description with its record renewed and all else as it was, edits of people included. If its record is not there in
/// one piece, the new one is appended.
///
/// `render` writes blocks in the description's markup.
pub fn renew_record(body: &str, old: Option<&Record>, new: &Record, render: fn(&[Block]) -> String) -> String {
    let paragraph = |record: &Record| render(&[Block::Paragraph(record.line())]).trim().to_owned();
    let Some(old) = old else { return format!("{body}\n\n{}", paragraph(new)) };
    if body.contains(&old.line()) {
        return body.replace(&old.line(), &new.line());
    }
    // Some markup escapes parts of the line.
    if body.contains(&paragraph(old)) {
        return body.replace(&paragraph(old), &paragraph(new));
    }
    format!("{body}\n\n{}", paragraph(new))
}

#[cfg(test)]
mod tests {
    use squall_work_items::{html, markdown};

    use super::*;

    fn record(run: &str) -> Record {
        let fingerprint = Fingerprint::of(&["n-plus-one"]);
        Record {
            fingerprint,
            run: run.to_owned(),
            load: None,
            endpoint: None,
            first_p95_ms: Some(850.0),
            promised_p95_ms: None,
        }
    }

    #[test]
    fn a_record_is_renewed_among_the_edits_of_people() {
        let (old, new) = (record("a_1"), record("b_2"));
        for render in [html, markdown] {
            let written = render(&[Block::Paragraph("analysis".to_owned()), Block::Paragraph(old.line())]);
            let edited = format!("{written}\nOur own note.");
            let renewed = renew_record(&edited, Some(&old), &new, render);
            assert!(renewed.contains("analysis") && renewed.ends_with("Our own note."), "{renewed}");
            assert!(!renewed.contains("a_1") && !renewed.contains("a\\_1"), "{renewed}");
            assert_eq!(renew_record(&renewed, Some(&new), &old, render), edited);
        }
    }

    #[test]
    fn a_change_is_done_when_record_and_state_are_there() {
        let item = TrackedItem {
            id: "1".to_owned(),
            url: String::new(),
            state: ItemState::Open,
            state_name: "New".to_owned(),
            title: String::new(),
            body: String::new(),
            text: String::new(),
            tags: Vec::new(),
            revision: None,
            record: Some(record("a")),
            native: Value::Null,
        };
        let is_done = |run, state| Change { record: record(run), comment: Vec::new(), state }.is_done(&item);
        assert!(is_done("a", None) && is_done("a", Some(ItemState::Open)));
        assert!(!is_done("a", Some(ItemState::Closed)) && !is_done("b", None));
    }

    #[test]
    fn a_record_that_was_removed_is_appended() {
        let renewed = renew_record("Our own text.", None, &record("b"), html);
        assert_eq!(Record::find(&crate::html_to_text(&renewed)), Some(record("b")));
        let broken = renew_record("Squall record: half", Some(&record("a")), &record("b"), markdown);
        assert_eq!(Record::find(&broken), Some(record("b")));
    }
}
