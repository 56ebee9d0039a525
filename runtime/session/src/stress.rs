//! Tests whose load changes: a stress test goes up step by step until the target gives way; a spike is a burst between
//! two phases of normal load.

pub(crate) mod parts;
pub(crate) mod phases;
