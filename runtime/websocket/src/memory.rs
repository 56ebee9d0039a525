//! The memory of a connection's buffers, which its user grants.

use thiserror::Error;

/// There is no room for a buffer, and why.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct NoRoom(pub String);

/// Grants memory before it is allocated. Whoever gets a buffer out of this crate has the memory of it, too.
pub trait Memory {
    /// Makes room for `more` bytes at the end of a buffer.
    ///
    /// # Errors
    /// If there is none; the buffer is then unchanged.
    fn make_room(&mut self, buffer: &mut Vec<u8>, more: usize) -> Result<(), NoRoom>;

    /// Takes back a buffer that is not needed any more.
    fn give_back(&mut self, buffer: Vec<u8>);
}
