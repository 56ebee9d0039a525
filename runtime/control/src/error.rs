//! Why a run cannot be controlled or watched.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use thiserror::Error;

/// Why a run cannot be controlled or watched; each is a sentence for the user.
#[derive(Debug, Error)]
pub enum ControlError {
    /// An address or a token that was given will not do.
    #[error("{0}")]
    Setting(String),
    /// The token's file cannot be read.
    #[error("{option} {}: {source}", path.display())]
    TokenFile {
        /// The option that names it.
        option: &'static str,
        /// Path of the token file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The run does not answer, or refuses.
    #[error("{0}")]
    Answer(String),
}

impl ControlError {
    /// An address that an option names and that cannot be listened on.
    pub(crate) fn of_address(option: &str, address: SocketAddr, error: &io::Error) -> ControlError {
        let ip = address.ip();
        ControlError::Setting(match error.kind() {
            io::ErrorKind::AddrInUse => format!(
                "{option} {address}: another program listens on port {}: name another port, or {ip}:0 for any that is free",
                address.port()
            ),
            io::ErrorKind::PermissionDenied => {
                format!("{option} {address}: port {} needs privileges: name one from 1024 on", address.port())
            }
            _ => format!("{option} {address}: {error}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_taken_is_told_with_a_remedy() {
        let address = SocketAddr::from(([127, 0, 0, 1], 5665));
        let told = |kind: io::ErrorKind| ControlError::of_address("--dashboard", address, &kind.into()).to_string();
        assert_eq!(
            told(io::ErrorKind::AddrInUse),
            "--dashboard 127.0.0.1:5665: another program listens on port 5665: name another port, or 127.0.0.1:0 for any \
             that is free"
        );
        assert!(told(io::ErrorKind::PermissionDenied).contains("name one from 1024 on"));
    }
}
