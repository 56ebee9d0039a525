//! Reasons for which a component stays unchanged.

use wasm_encoder::reencode;
use wasmparser::BinaryReaderError;

/// Why a component is not linked. It runs all the same: linking only makes it faster and smaller.
#[derive(Debug, thiserror::Error)]
pub enum Unlinked {
    /// It is not made of shared libraries.
    #[error("it is not made of shared libraries")]
    NoLibraries,
    /// It cannot be read.
    #[error("it is malformed: {0}")]
    Malformed(#[from] BinaryReaderError),
    /// A part goes beyond the end.
    #[error("it is cut off")]
    CutOff,
    /// A reference to a missing item.
    #[error("it refers to something that it does not have")]
    NoSuchItem,
    /// It has core modules from elsewhere, which are not known before it runs.
    #[error("it imports, exports or shares core modules")]
    ForeignModule,
    /// A part begins to run when it is made, so the order in which parts are made matters.
    #[error("a module has a start function")]
    Starts,
    /// Parts need one another in an order that one module cannot have.
    #[error("its modules depend on one another in a circle")]
    Circle,
    /// Something that cannot be written again.
    #[error("it has something that cannot be rewritten: {0}")]
    Rewrite(String),
}

impl From<reencode::Error<Unlinked>> for Unlinked {
    fn from(error: reencode::Error<Unlinked>) -> Unlinked {
        match error {
            reencode::Error::UserError(error) => error,
            other => Unlinked::Rewrite(other.to_string()),
        }
    }
}
