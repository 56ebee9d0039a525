//! Agents as commands: by a script in place of ssh, by a real sshd, and as pasted into a shell.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod print;
#[path = "../skip/mod.rs"]
mod skip;
mod ssh;
mod sshd;
