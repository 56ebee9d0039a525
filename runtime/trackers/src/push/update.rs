//! Updating an item that exists: a comment, its record and its state. All else stays as people have edited it.

use squall_plain_http::pause;
use squall_work_items::{Record, WorkItem};

use super::news::describe_news;
use super::{Pusher, duplicates, judge, referring_to, result};
use crate::error::{ErrorKind, TrackerError};
use crate::patience::Patience;
use crate::pushed::{Action, Pushed, Verification};
use crate::tracker::{Change, ItemState, TrackedItem, Tracker};

impl<T: Tracker> Pusher<'_, T> {
    /// Adds the figures of this run to an item, and opens it if it was closed.
    pub(super) async fn update(
        &mut self,
        item: &WorkItem,
        current: &TrackedItem,
        found: &[TrackedItem],
        action: Action,
    ) -> Pushed {
        let change = describe_update(item, current);
        let (mut action, verification) =
            match apply_change(self.tracker, current, &change, &self.settings.patience).await {
                Ok(Applied::Seen(seen)) => (action, judge_update(&change, &seen, item, found)),
                Ok(Applied::NotSeen(reason)) => (action, Verification::CreatedNotVerified(reason)),
                Err(error) => {
                    self.note(&error);
                    (Action::Nothing, Verification::NotCreated(error.message))
                }
            };
        if action == Action::Reopened && current.state == ItemState::Open {
            action = Action::Updated;
        }
        result(item, action, Some(current.link()), verification)
    }

    /// Checks an item that knows of this run already.
    pub(super) async fn keep(&mut self, item: &WorkItem, kept: &TrackedItem, found: &[TrackedItem]) -> Pushed {
        let is_own = kept.record.as_ref().is_some_and(|record| record.line() == item.record.line());
        let compared = match is_own {
            true => self.compare_own(item, kept, found).await,
            false => Ok((missing_tags(item, kept), Vec::new())),
        };
        let (mut differences, notes) = match compared {
            Ok(compared) => compared,
            Err(error) => {
                self.note(&error);
                let verification = Verification::CreatedNotVerified(error.message);
                return result(item, Action::Unchanged, Some(kept.link()), verification);
            }
        };
        differences.extend(duplicates(found, &kept.id, &item.fingerprint));
        let mut pushed = result(item, Action::Unchanged, Some(kept.link()), judge(differences));
        pushed.notes = notes;
        pushed
    }

    /// An item that this run has created is to be as it would be created now: differences, and notes.
    async fn compare_own(
        &self,
        item: &WorkItem,
        kept: &TrackedItem,
        found: &[TrackedItem],
    ) -> Result<(Vec<String>, Vec<String>), TrackerError> {
        let draft = self.tracker.prepare(item).await?;
        let differences = self.tracker.compare(&draft, kept);
        // It may have been created with a link to a closed one.
        let closed = found.iter().rev().find(|other| other.id != kept.id && other.state == ItemState::Closed);
        if let Some(closed) = closed.filter(|_| !differences.is_empty()) {
            let referring = self.tracker.prepare(&referring_to(item, closed)).await?;
            if self.tracker.compare(&referring, kept).is_empty() {
                return Ok((Vec::new(), self.tracker.preview(&referring).notes));
            }
        }
        Ok((differences, self.tracker.preview(&draft).notes))
    }
}

/// What a further run changes in an item: the first figures of its record stay.
pub(crate) fn describe_update(item: &WorkItem, current: &TrackedItem) -> Change {
    let mut record = item.record.clone();
    if let Some(first) = &current.record {
        record = Record { run: record.run, ..first.clone() };
    }
    let state = (current.state == ItemState::Closed).then_some(ItemState::Open);
    Change { record, comment: describe_news(item, current.record.as_ref(), state), state }
}

/// A change that was carried out.
pub(crate) enum Applied {
    /// The item as it was read afterwards.
    Seen(Box<TrackedItem>),
    /// It could not be read afterwards.
    NotSeen(String),
}

/// Carries out a change until the item is seen to have it. After an unclear answer the item is read before the change is
/// sent again, so that its comment does not come twice.
pub(crate) async fn apply_change<T: Tracker>(
    tracker: &T,
    item: &TrackedItem,
    change: &Change,
    patience: &Patience,
) -> Result<Applied, TrackerError> {
    let mut current = item.clone();
    let mut last = TrackerError::refused("it was not tried");
    for attempt in 0..patience.tries.max(1) {
        match tracker.update(&current, change).await {
            Ok(()) => return Ok(read_changed(tracker, &item.id, change, patience).await),
            Err(error) if matches!(error.kind, ErrorKind::Unclear | ErrorKind::Changed) => last = error,
            Err(error) => return Err(error),
        }
        pause(patience.pause_after(attempt)).await;
        match tracker.read(&item.id).await {
            Ok(read) if change.is_done(&read) => return Ok(Applied::Seen(Box::new(read))),
            Ok(read) => current = read,
            // Nothing is known of the item: sending the change again might repeat its comment.
            Err(error) if last.kind == ErrorKind::Unclear => {
                let reason = format!("{last}; then: {error}; it may be updated: push again");
                return Ok(Applied::NotSeen(reason));
            }
            Err(error) => return Err(error),
        }
    }
    if last.kind == ErrorKind::Unclear {
        // The last one may be carried out late.
        return Ok(Applied::NotSeen(format!("{last}; it may be updated: push again")));
    }
    Err(TrackerError::refused(format!("{last}; it was not done: push again")))
}

/// Reads an item until it shows the change, or the tries are used up.
async fn read_changed<T: Tracker>(tracker: &T, id: &str, change: &Change, patience: &Patience) -> Applied {
    let mut last = Applied::NotSeen("it was not read back".to_owned());
    for attempt in 0..patience.read_backs.max(1) {
        if attempt > 0 {
            pause(patience.pause_after(attempt - 1)).await;
        }
        match tracker.read(id).await {
            Ok(read) if change.is_done(&read) => return Applied::Seen(Box::new(read)),
            Ok(read) => last = Applied::Seen(Box::new(read)),
            Err(error) if matches!(last, Applied::NotSeen(_)) => last = Applied::NotSeen(error.message),
            Err(_) => {}
        }
    }
    last
}

fn judge_update(change: &Change, seen: &TrackedItem, item: &WorkItem, found: &[TrackedItem]) -> Verification {
    let mut differences = describe_differences(change, seen);
    differences.extend(missing_tags(item, seen));
    differences.extend(duplicates(found, &seen.id, &item.fingerprint));
    judge(differences)
}

/// What an item that was read lacks of a change.
pub(crate) fn describe_differences(change: &Change, seen: &TrackedItem) -> Vec<String> {
    let mut differences = Vec::new();
    if seen.record.as_ref().map(Record::line) != Some(change.record.line()) {
        let have = seen.record.as_ref().map_or_else(|| "none".to_owned(), Record::line);
        differences.push(format!("its record is {have:?}, not {:?}", change.record.line()));
    }
    if change.state.is_some_and(|state| state != seen.state) {
        let wanted = if change.state == Some(ItemState::Open) { "open" } else { "closed" };
        differences.push(format!("its state is {}, not {wanted}", seen.state_name));
    }
    differences
}

fn missing_tags(item: &WorkItem, seen: &TrackedItem) -> Vec<String> {
    let fingerprint = item.fingerprint.as_str();
    if seen.has_tag(fingerprint) { Vec::new() } else { vec![format!("its tag {fingerprint} is missing")] }
}
