//! A greeter by gRPC: grpcio from PyPI, which `cargo xtask test` puts into `target/tools`.

use std::process::Command;

use tempfile::TempDir;

use super::daemon::{Daemon, free_address, is_listening};
use super::program::root;
use super::skip;

/// The greeter of `guest-examples/greeter/greeter.proto`, with reflection and health. `None`, and a message, if grpcio is not
/// installed.
pub fn greeter(tls: Option<(&str, &str)>) -> Option<Daemon> {
    let python = root().join("target/tools/grpc/bin/python");
    if !python.is_file() {
        skip("grpc", "grpcio is not installed (cargo xtask test does that)");
        return None;
    }
    let address = free_address();
    let mut command = Command::new(python);
    command.arg(root().join("tests/support/grpc_server.py")).arg(address.split_once(':').unwrap().1);
    command.args(tls.into_iter().flat_map(|(certificate, key)| [certificate, key]));
    let server = Daemon::spawn(&mut command, address, TempDir::new().unwrap())?;
    server.until(|| is_listening(server.address()));
    Some(server)
}

/// The greeter's `.proto` file.
pub fn proto() -> String {
    root().join("guest-examples/greeter/greeter.proto").display().to_string()
}
