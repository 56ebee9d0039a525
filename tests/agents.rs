//! Runs that several agents carry: real processes, at pipes and over a real NATS server. What one process would have done is
//! done once, whatever happens to agents, coordinators and networks; what is missing is counted.
//!
//! Other tests run at the same time: an agent may be taken for lost here that is only slow. So wherever that could happen the
//! tests ask whether all that was planned is accounted for, not whether all went well.

mod attaching;
mod clocks;
mod counts;
mod elsewhere;
mod losses;
mod mistakes;
mod network;
mod orders;
mod platforms;
mod secrecy;
mod sharing;
mod strangers;
