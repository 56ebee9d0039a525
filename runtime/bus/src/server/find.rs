//! The program `nats-server`.

use std::env;
use std::path::{Path, PathBuf};

use crate::error::BusError;

const PROGRAM: &str = "nats-server";

/// The given program, or the one on PATH.
pub(crate) fn find(given: Option<&Path>) -> Result<PathBuf, BusError> {
    if let Some(given) = given {
        return if given.is_file() { Ok(given.to_owned()) } else { Err(BusError::NoServer) };
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).map(|folder| folder.join(PROGRAM)).find(|program| program.is_file());
    found.ok_or(BusError::NoServer)
}
