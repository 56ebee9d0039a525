//! Helpers of all end-to-end tests: the program, servers with programmed responses, and small hostile components.

pub mod agents;
pub mod browser;
pub mod caged;
pub mod calls;
pub mod component;
pub mod control;
pub mod daemon;
pub mod event_server;
pub mod grpc_server;
pub mod imports;
pub mod mmc;
pub mod mmc_server;
pub mod nats;
pub mod one_hour_summary;
pub mod program;
pub mod proxy;
pub mod screen;
pub mod server;
pub mod slurm;
pub mod terminal;

use std::fs::OpenOptions;
use std::io::Write;

/// Reports that the rest of a test is skipped, and why. `cargo xtask test` lists these at its end.
#[expect(clippy::print_stdout, reason = "those who run the tests should know what was not tried")]
pub fn skip(test: &str, reason: &str) {
    println!("skipped: {test}: {reason}");
    if let Ok(path) = std::env::var("SQUALL_SKIPPED_TESTS") {
        let mut list = OpenOptions::new().create(true).append(true).open(path).expect("the list of skipped tests");
        writeln!(list, "{test}: {reason}").expect("the list of skipped tests");
    }
}
