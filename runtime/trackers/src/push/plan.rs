//! A push without its writes: what would be done and sent.

use squall_work_items::{Fingerprint, WorkItem};

use super::{Decision, PushSettings, decide, describe_update, referring_to};
use crate::error::TrackerError;
use crate::pushed::{Action, ItemLink};
use crate::schema::check_task;
use crate::tracker::{Change, Preview, Tracker, Validation};

/// What a push would do for an item.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// The item's fingerprint.
    pub fingerprint: Fingerprint,
    /// Its title.
    pub title: String,
    /// What would be done; [`Action::Nothing`] if it would fail.
    pub action: Action,
    /// The item that exists.
    pub item: Option<ItemLink>,
    /// The request that would create it.
    pub preview: Option<Preview>,
    /// The change that would be made to the item that exists.
    pub change: Option<Change>,
    /// The tracker's opinion on what would be created, or the problem.
    pub validation: Result<Validation, String>,
}

/// What a push of these items would do. Writes nothing.
pub async fn plan_push<T: Tracker>(tracker: &T, items: &[WorkItem], settings: &PushSettings) -> Vec<Planned> {
    let mut planned = Vec::with_capacity(items.len());
    for item in items {
        let (fingerprint, title) = (item.fingerprint.clone(), item.task.title.clone());
        let nothing = Planned {
            fingerprint,
            title,
            action: Action::Nothing,
            item: None,
            preview: None,
            change: None,
            validation: Ok(Validation::NotOffered),
        };
        planned.push(match plan_item(tracker, item, settings, nothing.clone()).await {
            Ok(planned) => planned,
            Err(error) => Planned { validation: Err(error.message), ..nothing },
        });
    }
    planned
}

async fn plan_item<T: Tracker>(
    tracker: &T,
    item: &WorkItem,
    settings: &PushSettings,
    nothing: Planned,
) -> Result<Planned, TrackerError> {
    check_task(item).map_err(TrackerError::refused)?;
    let found = tracker.find(&item.fingerprint).await?;
    let (action, existing) = match decide(&found, &item.record.run, settings.closed) {
        Decision::Create => return plan_creation(tracker, item, Action::Created, nothing).await,
        Decision::Refer(closed) => {
            let action = Action::RefersToClosed(closed.link());
            return plan_creation(tracker, &referring_to(item, closed), action, nothing).await;
        }
        Decision::Keep(kept) => return Ok(Planned { action: Action::Unchanged, item: Some(kept.link()), ..nothing }),
        Decision::Update(open) => (Action::Updated, open),
        Decision::Reopen(closed) => (Action::Reopened, closed),
    };
    let change = Some(describe_update(item, existing));
    Ok(Planned { action, item: Some(existing.link()), change, ..nothing })
}

async fn plan_creation<T: Tracker>(
    tracker: &T,
    item: &WorkItem,
    action: Action,
    nothing: Planned,
) -> Result<Planned, TrackerError> {
    let draft = tracker.prepare(item).await?;
    let preview = Some(tracker.preview(&draft));
    match tracker.validate(&draft).await {
        Ok(validation) => Ok(Planned { action, preview, validation: Ok(validation), ..nothing }),
        Err(error) => Ok(Planned { preview, validation: Err(error.message), ..nothing }),
    }
}
