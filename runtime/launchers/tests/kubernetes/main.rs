//! Launches on Kubernetes: the rendered objects, the API as a pod sees it, and `kubectl`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod api;
mod fake_cluster;
mod kubectl;
mod manifests;
#[path = "../skip/mod.rs"]
mod skip;
mod states;
mod support;
