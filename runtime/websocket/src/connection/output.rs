//! Bytes that are ready to be sent, and what ends in them.

use std::collections::VecDeque;

use crate::frame::FrameHead;
use crate::mask;
use crate::memory::{Memory, NoRoom};

/// A buffer larger than this is given back when it is empty, in bytes: connections are many, and most of them idle.
const KEPT: usize = 512;
/// The longest head of a frame with a mask, in bytes.
const LONGEST_HEAD: usize = 14;

/// What a frame is, for one whose departure matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Message,
    /// Our ping of that number.
    Ping(u64),
}

/// Bytes to be sent.
#[derive(Debug, Default)]
pub(super) struct Output {
    bytes: Vec<u8>,
    /// How many of them have left.
    start: usize,
    /// Bytes that have left since the beginning of the connection.
    left: u64,
    /// Frames of interest, with the position of their last byte in all that is ever sent.
    marks: VecDeque<(u64, Mark)>,
}

impl Output {
    /// The bytes that have not left.
    #[inline]
    pub(super) fn unsent(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    pub(super) fn held(&self) -> usize {
        self.bytes.capacity()
    }

    /// Makes room for a frame. Control frames are small and few, and are not asked for.
    #[inline]
    pub(super) fn make_room(&mut self, payload: usize, memory: &mut dyn Memory) -> Result<(), NoRoom> {
        if self.start > self.bytes.len() / 2 {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        memory.make_room(&mut self.bytes, LONGEST_HEAD + payload)
    }

    /// Queues a frame.
    #[inline]
    pub(super) fn frame(&mut self, head: &FrameHead, key: [u8; 4], payload: &[u8], mark: Option<Mark>) {
        head.write(&mut self.bytes, Some(key));
        let begin = self.bytes.len();
        self.bytes.extend_from_slice(payload);
        mask::apply(key, &mut self.bytes[begin..]);
        if let Some(mark) = mark {
            self.marks.push_back((self.left + self.unsent().len() as u64, mark));
        }
    }

    /// This many bytes have left.
    #[inline]
    pub(super) fn advance(&mut self, count: usize, memory: &mut dyn Memory) {
        self.start += count;
        self.left += count as u64;
        if self.start >= self.bytes.len() {
            self.start = 0;
            self.bytes.clear();
            if self.bytes.capacity() > KEPT {
                memory.give_back(std::mem::take(&mut self.bytes));
            }
        }
    }

    /// The next mark whose frame has left whole.
    #[inline]
    pub(super) fn next_mark(&mut self) -> Option<Mark> {
        let (_, mark) = self.marks.pop_front_if(|(end, _)| *end <= self.left)?;
        Some(mark)
    }
}
