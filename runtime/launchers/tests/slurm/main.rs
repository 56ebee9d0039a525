//! Launches on Slurm: a real one on this machine, and scripts in its place for what it seldom does.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod cluster;
mod fakes;
mod real;
#[path = "../skip/mod.rs"]
mod skip;
mod support;
