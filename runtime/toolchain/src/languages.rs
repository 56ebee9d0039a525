//! One file for each language: which of its tools make a component, and how they are found or installed.

pub(crate) mod c;
pub(crate) mod go;
pub(crate) mod javascript;
pub(crate) mod python;
pub(crate) mod rust;
mod zig;

use std::env;
use std::path::PathBuf;

/// A checkout of Squall whose SDKs are to be used in place of the published ones: `SQUALL_SDK`.
fn checkout() -> Option<PathBuf> {
    let path = env::var_os("SQUALL_SDK").filter(|path| !path.is_empty()).map(PathBuf::from)?;
    // Tools are started in the project's folder.
    Some(path.canonicalize().unwrap_or(path))
}
