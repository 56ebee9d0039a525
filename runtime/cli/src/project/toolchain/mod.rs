//! One file for each language: which of its tools make a component, and how they are found or installed.

pub mod c;
pub mod go;
pub mod javascript;
pub mod python;
pub mod rust;
mod zig;

use std::env;
use std::path::PathBuf;

/// A checkout of Squall whose SDKs are to be used in place of the published ones: `SQUALL_SDK`.
pub fn checkout() -> Option<PathBuf> {
    let path = env::var_os("SQUALL_SDK").filter(|path| !path.is_empty()).map(PathBuf::from)?;
    // Tools are started in the project's folder.
    Some(path.canonicalize().unwrap_or(path))
}
