//! Receives the target's OpenTelemetry traces during a load, on a thread of its own, and keeps what rules ask for as
//! [`squall_findings::span::Span`]s. Must not know the load, guests, or the readers of spans.
//!
//! ```no_run
//! use squall_traces::{Receiver, RunPrefix, Settings};
//!
//! # fn main() -> Result<(), squall_traces::ReceiverError> {
//! // The trace ids of this run's requests begin with these 8 bytes. All other traces are counted, and left out.
//! let settings = Settings::new(RunPrefix(0x5155_414c_4c00_0001));
//! let receiver = Receiver::bind(settings)?; // an error with a sentence, if a port is in use
//! println!("send traces to http://{}", receiver.addresses()[0]);
//! let handle = receiver.begin()?;
//! // The load runs; the spans that came so far:
//! let so_far = handle.spans_so_far();
//! let received = handle.finish();
//! assert!(received.counts.kept >= so_far || received.counts.share_kept < 1.0);
//! # Ok(())
//! # }
//! ```
//!
//! Each address speaks all of OTLP: protobuf and JSON over HTTP/1.1 and HTTP/2, and gRPC. Metrics and logs get the answer of success, and are left out. All
//! requests can be passed on to the user's own collector ([`forward`]).
//! Memory has a bound: when it is reached, half of the traces are dropped, as whole traces, by a hash of their id.
//! The parts: connections ([`server`]), requests and answers ([`http`], [`grpc`]), bodies ([`body`]), wire formats
//! ([`otlp_protobuf`] over [`protobuf`], [`otlp_json`]), the reduction to spans ([`intake`], [`attributes`], [`work`]), and the kept
//! spans ([`store`]).
#![deny(missing_docs)]
#![forbid(unsafe_code)]
#![allow(rustdoc::private_intra_doc_links, reason = "the overview is for readers of the source")]

mod answer;
mod attributes;
mod body;
mod collector;
mod forward;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod grpc;
mod http;
mod intake;
#[cfg(test)]
mod known_answers;
mod otlp_json;
mod otlp_protobuf;
mod protobuf;
mod received;
mod receiver;
mod refusal;
mod server;
mod store;
mod strings;
mod work;

pub use received::{Counts, Received, ServiceSpans};
pub use receiver::{Receiver, ReceiverError, ReceiverHandle, RunPrefix, Settings};
