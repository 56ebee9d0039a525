//! The transport through the standard streams of child processes.

mod agent;
mod child;
mod coordinator;
mod frame;

pub use agent::{agent_on, agent_on_stdio};
pub use coordinator::{AgentCommand, Pipes, StandardError};
