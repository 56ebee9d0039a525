//! Byte buffers that are used again: a request or a response in the steady state allocates nothing.

use std::cell::RefCell;

/// Limits of a thread's spare buffers: their number, and the capacity of each in bytes.
const MOST_KEPT: usize = 64;
const LARGEST_KEPT: usize = 16 * 1024;

/// The spare buffers of one thread.
#[derive(Debug, Default)]
pub(crate) struct Buffers(RefCell<Vec<Vec<u8>>>);

impl Buffers {
    /// An empty buffer, with room if there is a used one.
    #[inline]
    pub(crate) fn take(&self) -> Vec<u8> {
        self.0.borrow_mut().pop().unwrap_or_default()
    }

    /// Takes back a buffer whose content is no longer needed.
    #[inline]
    pub(crate) fn give(&self, mut buffer: Vec<u8>) {
        if buffer.capacity() == 0 || buffer.capacity() > LARGEST_KEPT {
            return;
        }
        let mut kept = self.0.borrow_mut();
        if kept.len() < MOST_KEPT {
            buffer.clear();
            kept.push(buffer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_come_back_empty_and_large_ones_do_not() {
        let buffers = Buffers::default();
        buffers.give(b"used".to_vec());
        buffers.give(vec![0; LARGEST_KEPT + 1]);
        let buffer = buffers.take();
        assert!(buffer.is_empty() && buffer.capacity() >= 4);
        assert_eq!(buffers.take().capacity(), 0);
    }
}
