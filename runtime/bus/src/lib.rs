//! Messages and files between a coordinator and its agents on other machines.
//!
//! Two transports have the same ends. With [`Pipes`] the agents are child processes of the coordinator, also through
//! ssh. With NATS ([`NatsSettings`]) all sides dial out to a server, which also stores what must not be lost;
//! [`NatsServer`] runs one.
//!
//! | sent | pipes | NATS |
//! | --- | --- | --- |
//! | [`Delivery::Kept`] | in order, once, while the process lives | stored; in order, once, also for a coordinator that attaches later |
//! | [`Delivery::Passing`] | in order, while the process lives | at most once; never late: dropped while disconnected |
//! | files | through the pipe, on request | stored with the run's messages |
//!
//! Everything on NATS is sealed with the run's key ([`RunKey`]). Others on the same server can neither read nor forge
//! it, and repeats and gaps are found by sequence numbers. Two things remain possible for them: to delete what is
//! stored, if their login has the rights, and to repeat a recorded passing message to an end that has not yet heard a
//! newer one of that sender. So commands belong into kept messages.
//!
//! Each transport works on a thread of its own. The ends are bounded channels, so their users never wait for a network,
//! but for room in a full channel. This crate must not know load tests: bytes go in, and the same bytes come out.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod agent;
mod channel;
mod coordinator;
mod error;
mod id;
mod key;
mod message;
mod nats;
mod outgoing;
mod pack;
mod pipes;
mod seal;
mod sequence;
mod server;
mod transport;
mod wait;

pub use agent::{AgentEnd, AgentSender};
pub use coordinator::{CoordinatorEnd, CoordinatorSender};
pub use error::BusError;
pub use id::{AgentName, IdError, RunId};
pub use key::{KeyError, RunKey};
pub use message::{AgentHeard, Delivery, Heard, LARGEST_FILE, LARGEST_MESSAGE, LARGEST_PASSING, Recipient};
pub use nats::{Login, NatsSettings};
pub use pipes::{AgentCommand, Pipes, StandardError, agent_on, agent_on_stdio};
pub use server::{ConfiguredRuns, NatsServer, ServerSettings, nats_configuration};
