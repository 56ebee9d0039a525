//! Bytes that are ready to be sent, and which requests they end.

use std::collections::VecDeque;

/// A buffer larger than this is given back when it is empty, in bytes: connections are many.
const KEPT: usize = 4 * 1024;

/// Bytes to be sent.
#[derive(Debug, Default)]
pub(super) struct Output {
    pub bytes: Vec<u8>,
    /// How many of them have left.
    start: usize,
    /// Bytes that have left, since the beginning of the connection.
    left: u64,
    /// The streams whose requests are queued whole, with the position of their last byte in all that is ever sent.
    ends: VecDeque<(u64, u32)>,
}

impl Output {
    /// The bytes that have not left.
    #[inline]
    pub(super) fn unsent(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// The request of this stream ends with the last byte.
    #[inline]
    pub(super) fn mark_end(&mut self, stream: u32) {
        self.ends.push_back((self.left + self.unsent().len() as u64, stream));
    }

    /// This many bytes have left.
    #[inline]
    pub(super) fn advance(&mut self, count: usize) {
        self.start += count;
        self.left += count as u64;
        if self.start >= self.bytes.len() {
            self.start = 0;
            self.bytes.clear();
            if self.bytes.capacity() > KEPT {
                self.bytes = Vec::new();
            }
        }
    }

    /// The next stream whose request has left whole.
    #[inline]
    pub(super) fn next_end(&mut self) -> Option<u32> {
        let (_, stream) = self.ends.pop_front_if(|(end, _)| *end <= self.left)?;
        Some(stream)
    }
}
