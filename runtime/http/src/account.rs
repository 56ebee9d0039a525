//! Accounts for the memory that is held for virtual users. Anything that a guest or a server can make large is booked
//! before it is allocated: prepared requests, heads and bodies of responses, and the guest host's own tables.
//!
//! An account belongs to one thread, so booking only adds two numbers. With a limit for the whole run, all accounts
//! draw on one [`SharedAccount`]; they take from it in pieces, so that small amounts do not touch memory shared between
//! threads.

use std::cell::Cell;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use thiserror::Error;

/// Bytes taken from the shared account in one step.
const PIECE: u64 = 16 << 10;

/// Bytes held by all virtual users of a run, and their limit.
#[derive(Debug)]
pub struct SharedAccount {
    limit: u64,
    held: AtomicU64,
}

impl SharedAccount {
    /// An account with this limit.
    pub fn new(limit: u64) -> SharedAccount {
        SharedAccount { limit, held: AtomicU64::new(0) }
    }

    /// The most that all may hold.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Books these bytes.
    ///
    /// # Errors
    /// If there is no room for them.
    pub fn take(&self, bytes: u64) -> Result<(), OverLimit> {
        let grown = |held: u64| held.checked_add(bytes).filter(|held| *held <= self.limit);
        match self.held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, grown) {
            Ok(_) => Ok(()),
            Err(_) => Err(OverLimit::Shared(self.limit)),
        }
    }

    /// Returns bytes taken earlier.
    pub fn give_back(&self, bytes: u64) {
        self.held.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// A booking beyond a limit. Nothing was allocated for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum OverLimit {
    /// The virtual user's own limit, in bytes.
    #[error("out of memory: at most {0} bytes are held for a virtual user (limit, raise with --host-memory)")]
    Own(u64),
    /// The limit of all virtual users together, in bytes.
    #[error(
        "out of memory: at most {0} bytes are held for all virtual users together (limit, raise with --memory-total)"
    )]
    Shared(u64),
}

/// The limits of a new account.
#[derive(Clone, Debug)]
pub struct MemoryLimits {
    /// Limit for one virtual user, in bytes.
    pub own: u64,
    /// The account that all accounts of the run draw on, if there is a limit for the sum.
    pub shared: Option<Arc<SharedAccount>>,
}

impl Default for MemoryLimits {
    fn default() -> MemoryLimits {
        MemoryLimits { own: 512 << 20, shared: None }
    }
}

/// The account of one virtual user.
#[derive(Debug)]
pub struct MemoryAccount {
    limit: u64,
    shared: Option<Arc<SharedAccount>>,
    held: Cell<u64>,
    /// Bytes taken from the shared account, never less than `held`. Without a shared account, `u64::MAX`.
    taken: Cell<u64>,
}

impl MemoryAccount {
    /// An account on which nothing is booked.
    pub fn new(limits: &MemoryLimits) -> Rc<MemoryAccount> {
        let MemoryLimits { own, shared } = limits.clone();
        let taken = Cell::new(if shared.is_some() { 0 } else { u64::MAX });
        Rc::new(MemoryAccount { limit: own, shared, held: Cell::new(0), taken })
    }

    /// The account that all accounts of the run draw on.
    pub fn shared(&self) -> Option<&Arc<SharedAccount>> {
        self.shared.as_ref()
    }

    /// Books these bytes, for as long as the receipt is kept.
    ///
    /// # Errors
    /// If there is no room for them.
    #[inline]
    pub fn book(self: &Rc<MemoryAccount>, bytes: usize) -> Result<Booked, OverLimit> {
        self.add(bytes as u64)?;
        Ok(Booked { account: Rc::clone(self), bytes: bytes as u64 })
    }

    /// An empty receipt, for memory that grows.
    pub fn receipt(self: &Rc<MemoryAccount>) -> Booked {
        Booked { account: Rc::clone(self), bytes: 0 }
    }

    #[inline]
    fn add(&self, bytes: u64) -> Result<(), OverLimit> {
        let held = self.held.get().saturating_add(bytes);
        if held > self.limit {
            return Err(OverLimit::Own(self.limit));
        }
        if held > self.taken.get() {
            self.take_up_to(held)?;
        }
        self.held.set(held);
        Ok(())
    }

    #[inline]
    fn remove(&self, bytes: u64) {
        let held = self.held.get() - bytes;
        self.held.set(held);
        if self.shared.is_some() && self.taken.get() - held > 2 * PIECE {
            self.give_back_down_to(held);
        }
    }

    #[cold]
    fn take_up_to(&self, held: u64) -> Result<(), OverLimit> {
        let wanted = held.next_multiple_of(PIECE);
        if let Some(shared) = &self.shared {
            shared.take(wanted - self.taken.get())?;
        }
        self.taken.set(wanted);
        Ok(())
    }

    /// One spare piece stays, so that repeated booking and release takes from the shared account only once.
    #[cold]
    fn give_back_down_to(&self, held: u64) {
        let kept = held.next_multiple_of(PIECE) + PIECE;
        if let Some(shared) = &self.shared {
            shared.give_back(self.taken.get() - kept);
        }
        self.taken.set(kept);
    }
}

impl Drop for MemoryAccount {
    fn drop(&mut self) {
        if let Some(shared) = &self.shared {
            shared.give_back(self.taken.get());
        }
    }
}

/// Bytes that are booked. Dropped, it takes them off the account.
#[derive(Debug)]
pub struct Booked {
    account: Rc<MemoryAccount>,
    bytes: u64,
}

impl Booked {
    /// The account.
    pub(crate) fn account(&self) -> &Rc<MemoryAccount> {
        &self.account
    }

    /// Books more.
    ///
    /// # Errors
    /// If there is no room for it; the receipt is then unchanged.
    #[inline]
    pub fn add(&mut self, bytes: usize) -> Result<(), OverLimit> {
        self.account.add(bytes as u64)?;
        self.bytes += bytes as u64;
        Ok(())
    }

    /// Takes some of it off the account again.
    #[inline]
    pub fn remove(&mut self, bytes: usize) {
        let bytes = (bytes as u64).min(self.bytes);
        self.account.remove(bytes);
        self.bytes -= bytes;
    }

    /// Moves `bytes` of it into a receipt of its own.
    pub fn split_off(&mut self, bytes: usize) -> Booked {
        let bytes = (bytes as u64).min(self.bytes);
        self.bytes -= bytes;
        Booked { account: Rc::clone(&self.account), bytes }
    }

    /// Makes room for `more` bytes at the end of a buffer, and books the growth.
    ///
    /// # Errors
    /// If there is no room for it; the buffer is then unchanged.
    #[inline]
    pub fn make_room(&mut self, buffer: &mut Vec<u8>, more: usize) -> Result<(), OverLimit> {
        if more > buffer.capacity() - buffer.len() { self.grow(buffer, more) } else { Ok(()) }
    }

    /// Twice as large, so that a buffer that grows again and again is not copied each time; or as large as there is room for.
    #[cold]
    fn grow(&mut self, buffer: &mut Vec<u8>, more: usize) -> Result<(), OverLimit> {
        let (old, needed) = (buffer.capacity(), buffer.len().saturating_add(more));
        let doubled = needed.max(old.saturating_mul(2));
        let capacity = match self.add(doubled - old) {
            Ok(()) => doubled,
            Err(_) => {
                self.add(needed - old)?;
                needed
            }
        };
        buffer.reserve_exact(capacity - buffer.len());
        Ok(())
    }
}

impl Drop for Booked {
    #[inline]
    fn drop(&mut self) {
        self.account.remove(self.bytes);
    }
}

/// A list that is kept for a guest, with the receipt for its memory. Clones share it.
#[derive(Debug)]
pub struct KeptList<T>(Rc<(Box<[T]>, Option<Booked>)>);

impl<T> KeptList<T> {
    /// Keeps both for as long as there is a clone.
    pub fn new(list: Vec<T>, booked: Booked) -> KeptList<T> {
        KeptList(Rc::new((list.into(), Some(booked))))
    }
}

impl<T> Clone for KeptList<T> {
    fn clone(&self) -> KeptList<T> {
        KeptList(Rc::clone(&self.0))
    }
}

impl<T> Deref for KeptList<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0.0
    }
}

#[cfg(test)]
impl<T, const N: usize> From<[T; N]> for KeptList<T> {
    fn from(list: [T; N]) -> KeptList<T> {
        KeptList(Rc::new((list.into(), None)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(own: u64, shared: &Arc<SharedAccount>) -> Rc<MemoryAccount> {
        MemoryAccount::new(&MemoryLimits { own, shared: Some(Arc::clone(shared)) })
    }

    #[test]
    fn released_memory_is_available_to_other_accounts() {
        let account = MemoryAccount::new(&MemoryLimits { own: 100, shared: None });
        let mut one = account.book(60).unwrap();
        assert_eq!(account.book(41).unwrap_err(), OverLimit::Own(100));
        one.add(40).unwrap();
        assert_eq!(one.add(1), Err(OverLimit::Own(100)));
        drop(one);
        assert_eq!(account.held.get(), 0);
        account.book(100).unwrap();
    }

    #[test]
    fn all_together_have_a_limit_and_an_account_that_goes_gives_back() {
        let shared = Arc::new(SharedAccount::new(10 * PIECE));
        let (one, other) = (account(u64::MAX, &shared), account(u64::MAX, &shared));
        let of_one = one.book(6 * PIECE as usize).unwrap();
        assert_eq!(other.book(5 * PIECE as usize).unwrap_err(), OverLimit::Shared(10 * PIECE));
        drop(of_one);
        // One spare piece is kept for the next booking.
        assert_eq!(shared.held.load(Ordering::Relaxed), PIECE);
        let of_other = other.book(9 * PIECE as usize).unwrap();
        assert!(one.book(PIECE as usize).is_ok() && one.book(PIECE as usize + 1).is_err());
        drop((one, of_other, other));
        assert_eq!(shared.held.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn small_amounts_do_not_touch_what_is_shared() {
        let shared = Arc::new(SharedAccount::new(1 << 20));
        let account = account(1 << 20, &shared);
        for _ in 0..10 {
            let _request = account.book(2_000).unwrap();
            let _response = account.book(9_000).unwrap();
            assert_eq!(shared.held.load(Ordering::Relaxed), PIECE);
        }
    }

    #[test]
    fn a_buffer_grows_as_far_as_there_is_room() {
        let account = MemoryAccount::new(&MemoryLimits { own: 1_000, shared: None });
        let (mut booked, mut buffer) = (account.book(0).unwrap(), Vec::new());
        for _ in 0..10 {
            booked.make_room(&mut buffer, 100).unwrap();
            buffer.extend_from_slice(&[0; 100]);
            assert!(account.held.get() >= buffer.capacity() as u64);
        }
        assert_eq!(booked.make_room(&mut buffer, 1), Err(OverLimit::Own(1_000)));
        assert_eq!((buffer.len(), buffer.capacity()), (1_000, 1_000));
    }
}
