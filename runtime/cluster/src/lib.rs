//! One run on many machines. A coordinator holds the run: setup, thresholds, reports. Its agents carry the load, each a
//! part of it, and send what they recorded once a second; the coordinator adds it up as if it came from its own threads.
//!
//! | file | idea |
//! | --- | --- |
//! | `message.rs`, `frame.rs` | the words of both sides |
//! | `manifest.rs` | all that an agent needs to know of a run |
//! | `clock.rs` | how far the clocks of two machines are apart |
//! | `assignment.rs` | who carries which part of the load, and what is lost with an agent; pure |
//! | `coordinator.rs` | the coordinator's side |
//! | `agent.rs` | an agent's side |
//!
//! Must not know how messages travel (`squall-bus`), how agents are started, nor what is done with results.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod agent;
mod assignment;
mod clock;
mod coordinator;
mod error;
mod frame;
mod manifest;
mod message;
mod wait;

pub use agent::{AgentIdentity, AgentLog, serve_agent};
pub use assignment::LossPolicy;
pub use coordinator::{ClusterHandle, ClusterSettings, Gathered, Listener, Stored, attach, gather};
pub use error::ClusterError;
pub use manifest::{Manifest, ManifestFiles, SharedComponent, egress_as_texts};
