//! For tests: stateful fakes of work item trackers, which fail as the real ones do. What each assumes about the real
//! service stands beside it.

#![expect(clippy::panic, reason = "a fake is a part of tests, whose errors are panics")]

mod azure;
mod background;
mod contract;
mod faults;
mod github;
mod gitlab;
mod issue_store;
mod jira;
mod random;
mod server;
mod specification;

pub use azure::{AzureFake, AzureItem, Process};
pub use background::Background;
pub use contract::Contract;
pub use faults::{Fault, any_fault};
pub use github::GitHubFake;
pub use gitlab::GitLabFake;
pub use issue_store::{FakeIssue, IssueFake, IssueStore};
pub use jira::JiraFake;
pub use random::Random;
pub use server::{FakeAnswer, FakeRequest, FakeServer, FakeService, run_local};
