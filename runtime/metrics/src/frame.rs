//! An interval in bytes, for another machine: an agent of a distributed test encodes what its threads recorded in a
//! second, and the coordinator decodes and merges it. A frame has the names that it uses, so frames may be lost, sent
//! twice or out of order, and each machine numbers names by itself.
//!
//! # Format
//!
//! ```text
//! frame     = version:byte layout:4 texts metrics interval tagged
//! texts     = n:number, n × text                          numbered from 1 on; name 0 is "(other)"
//! metrics   = n:number, n × (name:number kind:byte unit:byte)         numbered from 0 on
//! interval  = requests iterations checks transactions streams sockets websockets server_timings customs problems dropped
//!             run:cell pacing:cell traced busy:number
//! tagged    = n:number, n × (m:number, m × (name:text value:text), interval)
//!
//! requests  = n:number, n × (flow:number name:number method:byte status:number failure:byte expected:byte
//!             proto:byte cell)
//! iterations, dropped                 = n:number, n × (flow:number cell)
//! checks, transactions, streams, sockets, websockets, server_timings = n:number, n × (flow:number name:number cell)
//! customs   = n:number, n × (flow:number metric:number value)
//! value     = sum:float | at:number value:float least:float greatest:float | cell | histogram     by the metric's kind
//! problems  = n:number, n × (problem count:number m:number, m × (text count:number))
//! problem   = 0 flow:number failure:byte | 1 flow:number | 2 flow:number | 3      requests, failed, trapped, start
//! traced    = left_out:number n:number, n × (trace:16 flow:number name:number method:byte failed:byte ended:number
//!             service_time:number received:number)
//! cell      = its fields in the order of `Cell::FIELDS`: a sum is a number, a trend is a histogram
//! histogram = parts:byte counters* (least:float greatest:float sum:float)?
//! counters  = zeros:number least:number greatest_less_least:number sum:number filled:number
//!             (first:number parameters:byte bits)?                    see `histogram/frame.rs`
//! ```
//!
//! A number is in LEB128, a float in IEEE 754, a text is a length in bytes and UTF-8. All else is little-endian. The
//! layout is a hash of the names of all fields (`frame/layout.rs`): two versions with different fields refuse each other's
//! frames. A failure is the number of its class, or 0; bytes of other enumerations are indices in the order of
//! declaration.

mod bits;
mod bytes;
mod cells;
mod decode;
mod encode;
mod layout;
mod names;

use thiserror::Error;

pub(crate) use bits::{BitWriter, MOST_PARAMETER, parameter};
pub(crate) use bytes::{FrameReader, FrameWriter, MOST, add_amount};

use crate::interval::Interval;
use crate::registry::{Registry, RegistryError};

/// Increases with each change of the format that the layout does not show.
const VERSION: u8 = 2;

/// The reasons why a frame is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FrameError {
    /// Its format is another one.
    #[error("the frame has version {0}, not {VERSION}: run the same version of Squall on all machines")]
    Version(u8),
    /// Its cells have other fields.
    #[error("the frame has other fields than this version of Squall: run the same version on all machines")]
    Layout,
    /// It ends too early, or has bytes that no encoder writes.
    #[error("the frame is damaged or cut short: check the connection to the agent")]
    Damaged,
    /// A count, a sum or an index is greater than any that a load can have.
    #[error("the frame has a number that is too great: check the connection to the agent")]
    TooGreat,
    /// It would take far more memory than bytes.
    #[error("the frame takes too much memory: test with fewer series")]
    TooLarge,
    /// A custom metric does not fit those of the receiver.
    #[error(transparent)]
    Metric(#[from] RegistryError),
}

impl Interval {
    /// The interval and the names that it uses, in bytes. About 1 KB for each busy series of requests.
    pub fn encode(&self, registry: &Registry) -> Vec<u8> {
        encode::encode(self, registry)
    }

    /// Reads the output of [`Interval::encode`], and numbers its names in this registry. Names and series for which it
    /// has no room are counted under `(other)`. A metric of another kind, or one too many, is an error. The registry
    /// keeps the names of a frame that is refused.
    pub fn decode(bytes: &[u8], registry: &Registry) -> Result<Interval, FrameError> {
        decode::decode(bytes, registry)
    }
}

#[cfg(test)]
mod tests;
