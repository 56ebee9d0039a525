//! Closing items whose findings are gone. Only on demand: nothing is closed by itself.

use squall_work_items::{Block, Fingerprint};

use crate::error::ErrorKind;
use crate::push::{Applied, PushSettings, apply_change, describe_differences};
use crate::pushed::{Action, Pushed, Verification};
use crate::tracker::{Change, ItemState, TrackedItem, Tracker};

/// A finding that is gone.
#[derive(Clone, Debug, PartialEq)]
pub struct FixedItem {
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// The run that no longer shows it.
    pub run: String,
    /// The comment with the figures that prove it.
    pub comment: Vec<Block>,
}

/// Closes the open items with these fingerprints, and returns a result for each item that was open.
pub async fn resolve<T: Tracker>(tracker: &T, fixed: &[FixedItem], settings: &PushSettings) -> Vec<Pushed> {
    let mut results = Vec::new();
    let mut refused: Option<String> = None;
    for fixed in fixed {
        let found = match &refused {
            Some(reason) => Err(format!("not tried, since the token was refused: {reason}")),
            None => tracker.find(&fixed.fingerprint).await.map_err(|error| {
                refused = (error.kind == ErrorKind::TokenRefused).then(|| error.message.clone());
                error.message
            }),
        };
        match found {
            Ok(found) => {
                for item in found.iter().filter(|item| item.state == ItemState::Open) {
                    results.push(close(tracker, item, fixed, settings).await);
                }
            }
            Err(reason) => results.push(Pushed {
                fingerprint: fixed.fingerprint.clone(),
                title: fixed.fingerprint.to_string(),
                action: Action::Nothing,
                item: None,
                verification: Verification::NotCreated(reason),
                notes: Vec::new(),
            }),
        }
    }
    results
}

async fn close<T: Tracker>(tracker: &T, item: &TrackedItem, fixed: &FixedItem, settings: &PushSettings) -> Pushed {
    let pushed = |action, verification| Pushed {
        fingerprint: fixed.fingerprint.clone(),
        title: item.title.clone(),
        action,
        item: Some(item.link()),
        verification,
        notes: Vec::new(),
    };
    let Some(mut record) = item.record.clone() else {
        let reason = "its record is gone from its description, so it is left to people: close it by hand";
        return pushed(Action::Nothing, Verification::NotCreated(reason.to_owned()));
    };
    record.run.clone_from(&fixed.run);
    let change = Change { record, comment: fixed.comment.clone(), state: Some(ItemState::Closed) };
    match apply_change(tracker, item, &change, &settings.patience).await {
        Ok(Applied::Seen(seen)) => match describe_differences(&change, &seen) {
            differences if differences.is_empty() => pushed(Action::Resolved, Verification::Verified),
            differences => pushed(Action::Resolved, Verification::VerifiedWithDifferences(differences)),
        },
        Ok(Applied::NotSeen(reason)) => pushed(Action::Resolved, Verification::CreatedNotVerified(reason)),
        Err(error) => pushed(Action::Nothing, Verification::NotCreated(error.message)),
    }
}
