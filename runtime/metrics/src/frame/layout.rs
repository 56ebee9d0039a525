//! A hash of the names of all fields of all cells. Fields are encoded by their order: a frame with other fields would be
//! misread.

use crate::cell::{Cell, Number};
use crate::histogram::Histogram;
use crate::interval::{IterationCell, RateCell, RequestCell, RunCell, TransactionCell};
use crate::pacing::{DroppedCell, Pacing};
use crate::sockets::SocketCell;
use crate::streams::StreamCell;
use crate::websockets::WebSocketCell;

/// FNV-1a, of 32 bits: <http://www.isthe.com/chongo/tech/comp/fnv/>.
struct Fnv(u32);

impl Fnv {
    fn add(&mut self, byte: u8) {
        self.0 = (self.0 ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    }

    /// A letter for each field's kind, its name, and a zero; a zero after each cell.
    fn add_fields<C: Cell>(mut self) -> Fnv {
        for field in C::FIELDS {
            self.add(match field.number {
                Number::Sum(..) => b's',
                Number::Trend(..) => b't',
            });
            field.name.bytes().for_each(|byte| self.add(byte));
            self.add(0);
        }
        self.add(0);
        self
    }
}

/// The hash, in the order in which cells stand in a frame.
pub(super) fn layout() -> u32 {
    Fnv(0x811c_9dc5)
        .add_fields::<RequestCell>()
        .add_fields::<IterationCell>()
        .add_fields::<RateCell>()
        .add_fields::<TransactionCell>()
        .add_fields::<StreamCell>()
        .add_fields::<SocketCell>()
        .add_fields::<WebSocketCell>()
        .add_fields::<Histogram>()
        .add_fields::<DroppedCell>()
        .add_fields::<RunCell>()
        .add_fields::<Pacing>()
        .0
}
