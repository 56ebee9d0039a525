//! What every end-to-end test needs: the program, servers with programmed answers, and small hostile components.

pub mod browser;
pub mod calls;
pub mod component;
pub mod control;
pub mod daemon;
pub mod erlang;
pub mod hour;
pub mod program;
pub mod queue;
pub mod screen;
pub mod server;
pub mod terminal;
