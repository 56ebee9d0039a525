//! Tables of a guest's handles of one kind. Their number is limited, and their memory is booked before it is allocated.

use std::rc::Rc;

use slab::Slab;
use squall_http::{Booked, MemoryAccount, OverLimit};
use squall_plan::Limits;

/// Maximum memory that the library keeps per handle, in bytes.
const BESIDE: usize = 32;
/// Initial capacity.
const FIRST: usize = 4;

/// A table of a guest's values. A value books its other memory itself.
pub(crate) struct Handles<T> {
    kind: &'static str,
    slab: Slab<T>,
    /// The room of all, used or not: it does not shrink.
    booked: Booked,
}

impl<T> Handles<T> {
    /// An empty table, without memory.
    pub(crate) fn new(kind: &'static str, account: &Rc<MemoryAccount>) -> Handles<T> {
        Handles { kind, slab: Slab::new(), booked: account.receipt() }
    }

    /// Keeps a value, and returns its number.
    ///
    /// # Errors
    /// If the guest holds too many, or there is no room.
    #[inline]
    pub(crate) fn hold(&mut self, thing: T) -> wasmtime::Result<u32> {
        if self.slab.len() == self.slab.capacity() {
            self.make_room()?;
        }
        Ok(self.slab.insert(thing) as u32)
    }

    #[cold]
    fn make_room(&mut self) -> wasmtime::Result<()> {
        let held = self.slab.len();
        if held >= Limits::HANDLES {
            wasmtime::bail!("too many open handles: {held} of {} are open, and no more are allowed", self.kind);
        }
        let more = held.max(FIRST).min(Limits::HANDLES - held);
        self.book(more)?;
        self.slab.reserve_exact(more);
        Ok(())
    }

    fn book(&mut self, more: usize) -> Result<(), OverLimit> {
        self.booked.add(more * (size_of::<T>() + size_of::<usize>() + BESIDE))
    }

    #[inline]
    pub(crate) fn get(&self, number: u32) -> Option<&T> {
        self.slab.get(number as usize)
    }

    pub(crate) fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        self.slab.get_mut(number as usize)
    }

    /// Lets go of one, if it is still there.
    #[inline]
    pub(crate) fn remove(&mut self, number: u32) -> Option<T> {
        self.slab.try_remove(number as usize)
    }

    /// Lets go of all.
    pub(crate) fn take_all(&mut self) -> Vec<T> {
        self.slab.drain().collect()
    }
}

#[cfg(test)]
mod tests {
    use squall_http::MemoryLimits;

    use super::*;

    fn held_with(room: u64) -> (usize, String) {
        let account = MemoryAccount::new(&MemoryLimits { own: room, shared: None });
        let mut handles = Handles::new("thing", &account);
        let mut held = 0;
        loop {
            match handles.hold([0_u8; 100]) {
                Ok(_) => held += 1,
                Err(error) => return (held, error.to_string()),
            }
        }
    }

    #[test]
    fn there_are_so_many_and_no_more() {
        let (held, error) = held_with(u64::MAX);
        assert_eq!(held, Limits::HANDLES);
        assert_eq!(error, "too many open handles: 10000 of thing are open, and no more are allowed");
    }

    #[test]
    fn their_room_is_booked() {
        let (held, error) = held_with(100_000);
        assert_eq!(held, 512, "of some 140 bytes each");
        assert!(error.contains("raise with --host-memory"), "{error}");
    }

    #[test]
    fn room_is_used_again() {
        let account = MemoryAccount::new(&MemoryLimits { own: 1_000, shared: None });
        let mut handles = Handles::new("thing", &account);
        for _ in 0..1_000 {
            let number = handles.hold([0_u8; 100]).expect("room for one");
            assert!(handles.remove(number).is_some() && handles.get(number).is_none());
        }
    }
}
