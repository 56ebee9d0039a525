//! Work items in trackers: created, found again, updated, and read back to be believed.
//!
//! [`Tracker`] is what a tracker can do, one request or a few at a time. [`push()`] has the rules: which item is created,
//! which is updated, and what is believed. So the rules hold for each tracker alike. This crate must not know how items
//! come about, nor how results are printed.

mod answers;
mod api_base;
mod azure;
mod comments;
mod differences;
mod error;
mod github;
mod gitlab;
mod html;
mod issue_text;
mod jira;
mod pages;
mod patience;
mod push;
mod pushed;
mod resolve;
mod schema;
mod token;
mod tracker;
mod transport;
mod webhook;

pub use azure::{Attachment, AzureCredentials, AzureDevOps, AzureDraft, AzureProject, AzureSettings, Pipeline};
pub use error::{ErrorKind, TrackerError};
pub use github::{GitHub, GitHubDraft};
pub use gitlab::{GitLab, GitLabDraft};
pub use html::html_to_text;
pub use jira::{Jira, JiraDraft};
pub use patience::Patience;
pub use push::{ClosedItems, Planned, PushSettings, plan_push, push, push_each};
pub use pushed::{Action, ItemLink, Pushed, Verification};
pub use resolve::{FixedItem, resolve};
pub use schema::check_task;
pub use token::Token;
pub use tracker::{Change, ItemState, Preview, TrackedItem, Tracker, Validation, renew_record};
pub use transport::{HttpAnswer, HttpClient, HttpRequest, check_base, plain_message};
pub use webhook::{Message, MessageForm, MessageItem, Webhook};
