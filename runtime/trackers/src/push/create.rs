//! Creating an item, at most once, and reading it back.

use squall_plain_http::pause;
use squall_work_items::{Fingerprint, WorkItem};

use super::{Pusher, duplicates, judge, result};
use crate::error::ErrorKind;
use crate::pushed::{Action, ItemLink, Pushed, Verification};
use crate::tracker::{TrackedItem, Tracker, Validation};

/// What came of the request that creates.
enum Creation {
    Done(String),
    NotFound(String),
    NotDone(String),
}

impl<T: Tracker> Pusher<'_, T> {
    /// Creates an item that no search has found. `known` are the items with its fingerprint, all closed.
    pub(super) async fn create(&mut self, item: &WorkItem, known: &[TrackedItem], action: Action) -> Pushed {
        let draft = match self.tracker.prepare(item).await {
            Ok(draft) => draft,
            Err(error) => return self.fail(item, &error),
        };
        let mut notes = self.tracker.preview(&draft).notes;
        match self.tracker.validate(&draft).await {
            Ok(Validation::Accepted) => {}
            Ok(Validation::NotOffered) => {
                notes.push("it was sent without a rehearsal, which is not offered".to_owned())
            }
            Err(error) => return self.fail(item, &error),
        }
        // Another pipeline may have been faster, or the index of the first search late.
        match self.tracker.find(&item.fingerprint).await {
            Ok(found) if found.iter().any(|item| is_new(item, known)) => return self.adopt(item, &found).await,
            Ok(_) => {}
            Err(error) => return self.fail(item, &error),
        }
        let mut pushed = match self.create_once(&draft, &item.fingerprint, known).await {
            Creation::Done(id) => {
                let (link, verification) = self.read_back(&draft, &id).await;
                let mut pushed = result(item, action, Some(link), verification);
                self.name_duplicates(&mut pushed).await;
                pushed
            }
            Creation::NotFound(reason) => {
                result(item, Action::MayExist, None, Verification::CreatedNotVerified(reason))
            }
            Creation::NotDone(reason) => super::not_created(item, &reason),
        };
        pushed.notes.splice(0..0, notes);
        pushed
    }

    /// Treats an item that has appeared meanwhile as if it had been there before.
    async fn adopt(&mut self, item: &WorkItem, found: &[TrackedItem]) -> Pushed {
        let own = found.iter().find(|found| found.names_run(&item.record.run)).or(found.last());
        match own {
            Some(own) if own.names_run(&item.record.run) => self.keep(item, own, found).await,
            Some(own) => self.update(item, own, found, Action::Updated).await,
            None => super::not_created(item, "the tracker's search contradicts itself: push again"),
        }
    }

    /// Sends the one request that creates. If its outcome is unclear, only searches follow.
    async fn create_once(&mut self, draft: &T::Draft, fingerprint: &Fingerprint, known: &[TrackedItem]) -> Creation {
        match self.tracker.create(draft).await {
            Ok(id) => Creation::Done(id),
            Err(error) if error.kind == ErrorKind::Unclear => match self.search_created(fingerprint, known).await {
                Some(id) => Creation::Done(id),
                None => Creation::NotFound(format!(
                    "{}; it may exist: not found within {} s; push again, which finds it or creates it",
                    error.message,
                    self.settings.patience.search_time().as_secs_f64()
                )),
            },
            Err(error) => {
                self.note(&error);
                Creation::NotDone(error.message)
            }
        }
    }

    /// Searches for an item whose creation is unclear, with growing pauses: its commit or the index may be late.
    async fn search_created(&mut self, fingerprint: &Fingerprint, known: &[TrackedItem]) -> Option<String> {
        for attempt in 0..self.settings.patience.searches {
            pause(self.settings.patience.pause_after(attempt)).await;
            match self.tracker.find(fingerprint).await {
                Ok(found) => {
                    if let Some(item) = found.iter().find(|item| is_new(item, known)) {
                        return Some(item.id.clone());
                    }
                }
                Err(error) => {
                    self.note(&error);
                    if error.kind == ErrorKind::TokenRefused {
                        return None;
                    }
                }
            }
        }
        None
    }

    /// Reads a created item until it is as it was written, or the tries are used up.
    async fn read_back(&mut self, draft: &T::Draft, id: &str) -> (ItemLink, Verification) {
        let mut link = ItemLink { id: id.to_owned(), url: self.tracker.url(id) };
        let mut verification = Verification::CreatedNotVerified("it was not read back".to_owned());
        for attempt in 0..self.settings.patience.read_backs.max(1) {
            if attempt > 0 {
                pause(self.settings.patience.pause_after(attempt - 1)).await;
            }
            match self.tracker.read(id).await {
                Ok(item) => {
                    link = item.link();
                    verification = judge(self.tracker.compare(draft, &item));
                    if verification == Verification::Verified {
                        break;
                    }
                }
                Err(error) => {
                    self.note(&error);
                    // Differences that were seen say more than a failed try after them.
                    if !matches!(verification, Verification::VerifiedWithDifferences(_)) {
                        verification = Verification::CreatedNotVerified(error.message);
                    }
                }
            }
        }
        (link, verification)
    }

    /// Looks for an item that a concurrent pipeline has created for the same finding.
    async fn name_duplicates(&mut self, pushed: &mut Pushed) {
        let Some(own) = pushed.item.clone() else { return };
        match self.tracker.find(&pushed.fingerprint).await {
            Ok(found) => add_differences(pushed, duplicates(&found, &own.id, &pushed.fingerprint)),
            Err(error) => {
                self.note(&error);
                pushed.notes.push(format!("it was not searched for duplicates: {error}"));
            }
        }
    }
}

fn is_new(item: &TrackedItem, known: &[TrackedItem]) -> bool {
    known.iter().all(|known| known.id != item.id)
}

fn add_differences(pushed: &mut Pushed, more: Vec<String>) {
    match &mut pushed.verification {
        Verification::Verified if !more.is_empty() => pushed.verification = Verification::VerifiedWithDifferences(more),
        Verification::VerifiedWithDifferences(differences) => differences.extend(more),
        Verification::CreatedNotVerified(_) => pushed.notes.extend(more),
        Verification::Verified | Verification::NotCreated(_) => {}
    }
}
