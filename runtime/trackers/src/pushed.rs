//! The result of a push, item by item.

use squall_work_items::Fingerprint;

/// The result for an item.
#[derive(Clone, Debug, PartialEq)]
pub struct Pushed {
    /// The item's fingerprint.
    pub fingerprint: Fingerprint,
    /// Its title.
    pub title: String,
    /// What was done.
    pub action: Action,
    /// The item in the tracker, if there is one.
    pub item: Option<ItemLink>,
    /// How far it is to be believed.
    pub verification: Verification,
    /// What is worth knowing but no failure: a field that the type lacks, a server that cannot validate.
    pub notes: Vec<String>,
}

/// An item's id and address for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemLink {
    /// Its id, as the tracker writes it.
    pub id: String,
    /// Its address for people.
    pub url: String,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// A new item.
    Created,
    /// A new item that refers to this closed one, since the finding has come back.
    RefersToClosed(ItemLink),
    /// The open item got a comment with the new figures.
    Updated,
    /// The item already knows of this run.
    Unchanged,
    /// The closed item is open again, with a comment.
    Reopened,
    /// The item was closed, with a comment.
    Resolved,
    /// Its creation is unclear: the answer was lost, and no search has found it.
    MayExist,
    /// Nothing.
    Nothing,
}

/// How far an item is to be believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verification {
    /// Read back, and as it was written.
    Verified,
    /// Read back, with these differences.
    VerifiedWithDifferences(Vec<String>),
    /// Written, or perhaps written, but not read back.
    CreatedNotVerified(String),
    /// Not written.
    NotCreated(String),
}

impl Pushed {
    /// Whether the item is in the tracker as it was meant to be: what a pipeline's success depends on.
    pub fn is_verified(&self) -> bool {
        self.verification == Verification::Verified
    }

    /// The word for a table: `verified`, `verified with differences`, `created, not verified`, `not created`, and where
    /// an item existed before, or may exist, what is true of it.
    pub fn status(&self) -> &'static str {
        match (&self.verification, &self.action) {
            (Verification::Verified, _) => "verified",
            (Verification::VerifiedWithDifferences(_), _) => "verified with differences",
            (Verification::CreatedNotVerified(_), Action::MayExist) => "may exist, not verified",
            (Verification::CreatedNotVerified(_), Action::Created | Action::RefersToClosed(_)) => {
                "created, not verified"
            }
            (Verification::CreatedNotVerified(_), _) => "updated, not verified",
            (Verification::NotCreated(_), _) if self.item.is_some() => "not updated",
            (Verification::NotCreated(_), _) => "not created",
        }
    }

    /// What is to be read beside the status: the differences or the reason.
    pub fn details(&self) -> Vec<String> {
        match &self.verification {
            Verification::Verified => Vec::new(),
            Verification::VerifiedWithDifferences(differences) => differences.clone(),
            Verification::CreatedNotVerified(reason) | Verification::NotCreated(reason) => vec![reason.clone()],
        }
    }
}
