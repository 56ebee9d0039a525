//! Pushes to a fake of Azure DevOps, which keeps items, rewrites them, and fails.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic, too")]

mod failures;
mod flows;
mod garbage;
mod random;
mod support;
