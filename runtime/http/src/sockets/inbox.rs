//! Bytes that have come and that the guest has not taken, with the times of their reads. Knows no socket: any split of the
//! same bytes gives the same results.

use std::collections::VecDeque;
use std::rc::Rc;

use squall_metrics::Nanos;

use super::BESIDE;
use crate::account::{Booked, MemoryAccount, OverLimit};

/// An empty buffer keeps this much memory, in bytes.
const KEPT: usize = 4 << 10;

/// What the guest has asked for last, and what has to come before it can go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Demand {
    /// Anything, at most that many bytes of it.
    Some(usize),
    /// Exactly that many bytes.
    Exactly(usize),
    /// Everything up to this delimiter, and it, within so many bytes.
    Until(Box<[u8]>, usize),
}

/// The number of bytes that meet a demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Supply {
    NotYet,
    Bytes(usize),
    /// Within the bytes that were allowed there is no delimiter.
    NoDelimiter,
}

/// The bytes.
#[derive(Debug)]
pub(super) struct Inbox {
    buffer: Vec<u8>,
    /// Bytes at the beginning of the buffer that were taken.
    start: usize,
    booked: Booked,
    /// The places at which reads ended, counted from the first byte of all, and when.
    reads: VecDeque<(u64, Nanos)>,
    taken: u64,
    demand: Demand,
    /// Bytes in which the delimiter does not begin.
    searched: usize,
}

impl Inbox {
    pub(super) fn new(account: &Rc<MemoryAccount>) -> Inbox {
        Inbox {
            buffer: Vec::new(),
            start: 0,
            booked: account.receipt(),
            reads: VecDeque::new(),
            taken: 0,
            demand: Demand::Some(1),
            searched: 0,
        }
    }

    /// Adds what a read has brought.
    ///
    /// # Errors
    /// If there is no room on the account.
    pub(super) fn push(&mut self, bytes: &[u8], at: Nanos) -> Result<(), OverLimit> {
        let is_worth_moving = self.start >= self.len();
        if self.start > 0 && is_worth_moving {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        self.booked.add(BESIDE)?;
        self.booked.make_room(&mut self.buffer, bytes.len())?;
        self.buffer.extend_from_slice(bytes);
        self.reads.push_back((self.taken + self.len() as u64, at));
        Ok(())
    }

    /// Bytes that can be taken.
    pub(super) fn len(&self) -> usize {
        self.buffer.len() - self.start
    }

    /// About the memory that they take.
    pub(super) fn held(&self) -> usize {
        self.len() + self.reads.len() * BESIDE
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.drop_taken(self.len());
        self.buffer = Vec::new();
        self.start = 0;
        self.reads.clear();
        self.booked.remove(usize::MAX);
    }

    /// Notes what the guest asks for now.
    pub(super) fn ask(&mut self, demand: Demand) {
        if self.demand != demand {
            self.demand = demand;
            self.searched = 0;
        }
    }

    /// How many bytes meet the demand.
    pub(super) fn supply(&mut self) -> Supply {
        let bytes = &self.buffer[self.start..];
        match &self.demand {
            Demand::Some(_) if bytes.is_empty() => Supply::NotYet,
            Demand::Some(most) => Supply::Bytes(bytes.len().min(*most)),
            Demand::Exactly(count) if bytes.len() < *count => Supply::NotYet,
            Demand::Exactly(count) => Supply::Bytes(*count),
            Demand::Until(delimiter, most) => {
                let within = &bytes[..bytes.len().min(*most)];
                match find(&within[self.searched.min(within.len())..], delimiter) {
                    Some(place) => Supply::Bytes(self.searched + place + delimiter.len()),
                    None if within.len() == *most => Supply::NoDelimiter,
                    None => {
                        self.searched = within.len().saturating_sub(delimiter.len() - 1);
                        Supply::NotYet
                    }
                }
            }
        }
    }

    /// Takes that many bytes, which must be there, and the time of the read that brought the last of them.
    pub(super) fn take(&mut self, count: usize) -> (Vec<u8>, Nanos) {
        let bytes = self.buffer[self.start..self.start + count].to_vec();
        let at = self.drop_taken(count);
        (bytes, at)
    }

    fn drop_taken(&mut self, count: usize) -> Nanos {
        self.start += count;
        self.taken += count as u64;
        self.searched = 0;
        let mut last = Nanos::ZERO;
        while let Some((end, at)) = self.reads.front().copied() {
            last = at;
            if end > self.taken {
                break;
            }
            self.reads.pop_front();
            self.booked.remove(BESIDE);
            if end == self.taken {
                break;
            }
        }
        if self.start == self.buffer.len() {
            self.start = 0;
            self.buffer.clear();
            if self.buffer.capacity() > KEPT {
                self.booked.remove(self.buffer.capacity());
                self.buffer = Vec::new();
            }
        }
        last
    }
}

/// The place of the first delimiter.
fn find(bytes: &[u8], delimiter: &[u8]) -> Option<usize> {
    let (first, rest) = delimiter.split_first()?;
    let mut from = 0;
    while let Some(place) = bytes[from..].iter().position(|byte| byte == first) {
        let place = from + place;
        if bytes[place + 1..].starts_with(rest) {
            return Some(place);
        }
        from = place + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::account::MemoryLimits;

    fn inbox(own: u64) -> Inbox {
        Inbox::new(&MemoryAccount::new(&MemoryLimits { own, shared: None }))
    }

    fn asked(inbox: &mut Inbox, demand: Demand) -> Supply {
        inbox.ask(demand);
        inbox.supply()
    }

    fn until(delimiter: &[u8], most: usize) -> Demand {
        Demand::Until(delimiter.into(), most)
    }

    #[test]
    fn a_demand_is_met_when_enough_has_come() {
        let mut inbox = inbox(u64::MAX);
        assert_eq!(asked(&mut inbox, Demand::Some(9)), Supply::NotYet);
        inbox.push(b"$5\r", Nanos(1)).unwrap();
        assert_eq!(asked(&mut inbox, until(b"\r\n", 10)), Supply::NotYet);
        inbox.push(b"\nhel", Nanos(2)).unwrap();
        assert_eq!(inbox.supply(), Supply::Bytes(4));
        assert_eq!(inbox.take(4), (b"$5\r\n".to_vec(), Nanos(2)));
        assert_eq!(asked(&mut inbox, Demand::Exactly(5)), Supply::NotYet);
        assert_eq!(asked(&mut inbox, Demand::Some(2)), Supply::Bytes(2));
        inbox.push(b"lo", Nanos(3)).unwrap();
        assert_eq!(asked(&mut inbox, Demand::Exactly(5)), Supply::Bytes(5));
        assert_eq!(inbox.take(5), (b"hello".to_vec(), Nanos(3)));
        assert_eq!((inbox.len(), inbox.held()), (0, 0));
    }

    #[test]
    fn a_line_without_an_end_is_noticed() {
        let mut inbox = inbox(u64::MAX);
        inbox.push(b"aaaaaaa\n", Nanos(1)).unwrap();
        assert_eq!(asked(&mut inbox, until(b"\n", 7)), Supply::NoDelimiter);
        assert_eq!(asked(&mut inbox, until(b"\n", 8)), Supply::Bytes(8));
        assert_eq!(asked(&mut inbox, until(b"\n", 9)), Supply::Bytes(8));
    }

    #[test]
    fn memory_is_booked_and_released() {
        let account = MemoryAccount::new(&MemoryLimits { own: 100_000, shared: None });
        let mut inbox = Inbox::new(&account);
        inbox.push(&[7; 60_000], Nanos(1)).unwrap();
        assert!(account.book(50_000).is_err());
        assert!(inbox.push(&[7; 60_000], Nanos(2)).is_err());
        assert_eq!(inbox.take(60_000).0.len(), 60_000);
        account.book(99_000).unwrap();
    }

    #[test]
    fn drops_of_a_byte_are_held_with_their_times() {
        let mut inbox = inbox(u64::MAX);
        for time in 0..100 {
            inbox.push(b"x", Nanos(time)).unwrap();
        }
        assert_eq!(inbox.held(), 100 * (1 + BESIDE));
        assert_eq!(inbox.take(50).1, Nanos(49));
        assert_eq!(inbox.take(1).1, Nanos(50));
        inbox.clear();
        assert_eq!(inbox.held(), 0);
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_lines(text in "[ab\r\n]{0,60}", cuts in prop::collection::vec(1_usize..7, 1..60)) {
            let lines = |pieces: Vec<&[u8]>| {
                let (mut inbox, mut lines) = (inbox(u64::MAX), Vec::new());
                inbox.ask(until(b"\r\n", 1_000));
                for piece in pieces {
                    inbox.push(piece, Nanos(1)).unwrap();
                    while let Supply::Bytes(count) = inbox.supply() {
                        lines.push(inbox.take(count).0);
                    }
                }
                lines
            };
            let (mut rest, mut pieces) = (text.as_bytes(), Vec::new());
            for cut in cuts.iter().cycle() {
                if rest.is_empty() { break; }
                let (piece, after) = rest.split_at(rest.len().min(*cut));
                pieces.push(piece);
                rest = after;
            }
            let whole: Vec<Vec<u8>> = lines(vec![text.as_bytes()]);
            let expected: Vec<Vec<u8>> =
                text.split_inclusive("\r\n").filter(|line| line.ends_with("\r\n")).map(|line| line.into()).collect();
            prop_assert_eq!(&whole, &expected);
            prop_assert_eq!(lines(pieces), expected);
        }
    }
}
