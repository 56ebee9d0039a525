//! One file for each language: which of its tools make a component, how they are found or installed, and which files they read.

pub(crate) mod c;
pub(crate) mod go;
pub(crate) mod javascript;
pub(crate) mod python;
pub(crate) mod rust;
mod zig;
