//! Failures of a service and of the way to it.

use crate::random::Random;

/// What happens to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing: it is answered.
    None,
    /// The connection ends, and nothing was done.
    DropBefore,
    /// It is carried out, and the connection ends without an answer.
    DropAfter,
    /// It is carried out, and half the answer arrives.
    HalfAnswer,
    /// It is carried out, and the answer is the first half of its JSON, as if it were whole.
    HalfJson,
    /// It is not carried out, and answered with this status. `Retry-After` in seconds, if any.
    Status(u16, Option<u32>),
    /// It is carried out, and answered with this status.
    StatusAfter(u16),
    /// It is carried out, the answer is lost, and searches find the item only after this many further requests.
    SlowCommit(u64),
    /// The connection ends, and it is carried out only after this many further requests.
    LateCommit(u64),
    /// It is carried out, and never answered.
    Silence,
}

/// A failure that may pass: with this chance in percent, each kind as often.
pub fn any_fault(random: &mut Random, percent: u64) -> Fault {
    if !random.chance(percent) {
        return Fault::None;
    }
    match random.below(10) {
        0 => Fault::DropBefore,
        1 => Fault::DropAfter,
        2 => Fault::HalfAnswer,
        3 => Fault::HalfJson,
        4 => Fault::Status(429, Some(0)),
        5 => Fault::Status(503, None),
        6 => Fault::Status(500, None),
        7 => Fault::StatusAfter(500),
        8 => Fault::SlowCommit(random.below(30)),
        _ => Fault::LateCommit(random.below(30)),
    }
}
