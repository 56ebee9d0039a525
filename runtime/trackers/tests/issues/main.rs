//! Pushes to fakes of GitHub, GitLab and Jira: what they do, how they fail, and that they never lie.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic, too")]

mod benches;
mod failures;
mod flows;
mod garbage;
mod items;
mod random;
mod sentences;
