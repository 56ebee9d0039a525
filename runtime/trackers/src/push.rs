//! The rules of a push: what is created, what is updated, and what is believed. The same for each tracker.
//!
//! A creation is sent at most once for an item in a push. If its outcome is unclear, the item is searched for, and named
//! if it is not found: the next push finds it.

mod create;
mod news;
mod plan;
mod update;

pub use plan::{Planned, plan_push};
use update::describe_update;
pub(crate) use update::{Applied, apply_change, describe_differences};

use std::collections::HashSet;

use squall_work_items::{Fingerprint, Link, WorkItem};

use crate::error::{ErrorKind, TrackerError};
use crate::patience::Patience;
use crate::pushed::{Action, ItemLink, Pushed, Verification};
use crate::schema::check_task;
use crate::tracker::{ItemState, TrackedItem, Tracker};

/// What a push may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PushSettings {
    /// What becomes of a closed item whose finding has come back.
    pub closed: ClosedItems,
    /// How long the tracker is waited for.
    pub patience: Patience,
}

/// What becomes of a closed item whose finding has come back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClosedItems {
    /// It is opened again.
    #[default]
    Reopen,
    /// It stays closed, and a new item refers to it.
    Refer,
}

/// Brings items into a tracker, and returns a result for each, in their order. A failure of one does not stop the
/// others, except for a refused token.
pub async fn push<T: Tracker>(tracker: &T, items: &[WorkItem], settings: &PushSettings) -> Vec<Pushed> {
    push_each(tracker, items, settings, |_| {}).await
}

/// The same, with a report of each result as soon as it is known: a push that is killed has named what it did.
pub async fn push_each<T: Tracker>(
    tracker: &T,
    items: &[WorkItem],
    settings: &PushSettings,
    mut report: impl FnMut(&Pushed),
) -> Vec<Pushed> {
    let mut pusher = Pusher { tracker, settings, refused: None };
    let mut seen = HashSet::new();
    let mut results = Vec::with_capacity(items.len());
    for item in items {
        let result = if seen.insert(&item.fingerprint) {
            pusher.push(item).await
        } else {
            not_created(item, "another item of this push has the same fingerprint: only the first was pushed")
        };
        report(&result);
        results.push(result);
    }
    results
}

/// A push under way.
struct Pusher<'a, T> {
    tracker: &'a T,
    settings: &'a PushSettings,
    /// Why the token was refused.
    refused: Option<String>,
}

/// What is to be done about an item.
enum Decision<'f> {
    Create,
    Update(&'f TrackedItem),
    Reopen(&'f TrackedItem),
    Refer(&'f TrackedItem),
    Keep(&'f TrackedItem),
}

/// Decides by what the tracker has. Of several open items the oldest is updated.
fn decide<'f>(found: &'f [TrackedItem], run: &str, closed: ClosedItems) -> Decision<'f> {
    let open = found.iter().find(|item| item.state == ItemState::Open);
    match (open, found.last()) {
        (Some(open), _) if open.names_run(run) => Decision::Keep(open),
        (Some(open), _) => Decision::Update(open),
        // Closed after this very run: people have seen its figures.
        (None, Some(last)) if last.names_run(run) => Decision::Keep(last),
        (None, Some(last)) if closed == ClosedItems::Reopen => Decision::Reopen(last),
        (None, Some(last)) => Decision::Refer(last),
        (None, None) => Decision::Create,
    }
}

impl<T: Tracker> Pusher<'_, T> {
    async fn push(&mut self, item: &WorkItem) -> Pushed {
        if let Some(reason) = &self.refused {
            return not_created(item, &format!("not tried, since the token was refused: {reason}"));
        }
        if let Err(problem) = check_task(item) {
            return not_created(item, &format!("nothing was sent: {problem}"));
        }
        match self.tracker.find(&item.fingerprint).await {
            Ok(found) => self.carry_out(item, &found).await,
            Err(error) => self.fail(item, &error),
        }
    }

    async fn carry_out(&mut self, item: &WorkItem, found: &[TrackedItem]) -> Pushed {
        match decide(found, &item.record.run, self.settings.closed) {
            Decision::Create => self.create(item, found, Action::Created).await,
            Decision::Refer(closed) => {
                let referring = referring_to(item, closed);
                self.create(&referring, found, Action::RefersToClosed(closed.link())).await
            }
            Decision::Update(open) => self.update(item, open, found, Action::Updated).await,
            Decision::Reopen(closed) => self.update(item, closed, found, Action::Reopened).await,
            Decision::Keep(kept) => self.keep(item, kept, found).await,
        }
    }

    /// The result for an item for which surely nothing was done.
    fn fail(&mut self, item: &WorkItem, error: &TrackerError) -> Pushed {
        self.note(error);
        not_created(item, &error.message)
    }

    /// Remembers that the token is refused.
    fn note(&mut self, error: &TrackerError) {
        if error.kind == ErrorKind::TokenRefused {
            self.refused = Some(error.message.clone());
        }
    }
}

/// The item with a link to the closed one that it follows.
fn referring_to(item: &WorkItem, closed: &TrackedItem) -> WorkItem {
    let mut item = item.clone();
    item.links.push(Link { title: format!("Came back: {} was closed before", closed.id), url: closed.url.clone() });
    item
}

fn not_created(item: &WorkItem, reason: &str) -> Pushed {
    result(item, Action::Nothing, None, Verification::NotCreated(reason.to_owned()))
}

fn result(item: &WorkItem, action: Action, link: Option<ItemLink>, verification: Verification) -> Pushed {
    let (fingerprint, title) = (item.fingerprint.clone(), item.task.title.clone());
    Pushed { fingerprint, title, action, item: link, verification, notes: Vec::new() }
}

/// A difference for each further open item with the same fingerprint.
fn duplicates(found: &[TrackedItem], own: &str, fingerprint: &Fingerprint) -> Vec<String> {
    let others = found.iter().filter(|other| other.id != own && other.state == ItemState::Open);
    let name = |other: &TrackedItem| {
        format!("{} ({}) is open, too, with the same tag {fingerprint}: close one of them", other.id, other.url)
    };
    others.map(name).collect()
}

/// Verified, unless there are differences.
fn judge(differences: Vec<String>) -> Verification {
    match differences.is_empty() {
        true => Verification::Verified,
        false => Verification::VerifiedWithDifferences(differences),
    }
}
