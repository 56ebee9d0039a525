//! The trace context of requests (`traceparent`, W3C Trace Context level 1): which of them the target is asked to trace.
//!
//! All requests bring one, so that a target that follows the caller's choice, as OpenTelemetry's SDKs do by default,
//! traces those that are sampled and no others.

use std::cell::{Cell, RefCell};

use serde::{Deserialize, Serialize};
use squall_metrics::Nanos;
use squall_metrics::random::{SplitMix64, nth};

/// The length of the value, in bytes.
const LENGTH: usize = 55;
const SECOND: f64 = 1e9;

/// How requests are sampled.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TraceSampling {
    /// The upper half of every trace's id: it tells this run's traces from others.
    pub run: u64,
    /// The share of requests that are sampled, 0 to 1.
    pub share: f64,
    /// The requests that are sampled a second at least, as far as there are as many.
    pub least_a_second: f64,
    /// The start of the random numbers.
    pub seed: u64,
}

impl TraceSampling {
    /// One of several parts: of an agent, of a thread. No two parts name the same traces.
    #[must_use]
    pub fn part(self, number: usize, parts: usize) -> TraceSampling {
        let least_a_second = self.least_a_second / parts.max(1) as f64;
        TraceSampling { least_a_second, seed: nth(self.seed, number as u64), ..self }
    }
}

/// Chooses the requests of one thread that are sampled, and names their traces.
#[derive(Debug)]
pub(crate) struct TraceContexts {
    sampling: TraceSampling,
    random: RefCell<SplitMix64>,
    /// The time from which on the next request is sampled in any case.
    due: Cell<Nanos>,
}

/// The trace context of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TraceContext {
    trace: u128,
    parent: u64,
    is_sampled: bool,
}

impl TraceContexts {
    pub(crate) fn new(sampling: TraceSampling) -> TraceContexts {
        TraceContexts { sampling, random: RefCell::new(SplitMix64::new(sampling.seed)), due: Cell::new(Nanos::ZERO) }
    }

    /// The context of a request that is prepared now.
    pub(crate) fn next(&self, now: impl FnOnce() -> Nanos) -> TraceContext {
        let mut random = self.random.borrow_mut();
        let is_sampled = self.is_due(now) || random.unit() < self.sampling.share;
        let trace = u128::from(self.sampling.run) << 64 | u128::from(random.next_bits());
        // Zero would be invalid.
        TraceContext { trace, parent: random.next_bits() | 1, is_sampled }
    }

    fn is_due(&self, now: impl FnOnce() -> Nanos) -> bool {
        if self.sampling.least_a_second <= 0.0 {
            return false;
        }
        let now = now();
        if now < self.due.get() {
            return false;
        }
        self.due.set(now + Nanos((SECOND / self.sampling.least_a_second) as u64));
        true
    }
}

impl TraceContext {
    /// The trace, if the request is sampled.
    pub(crate) fn sampled(self) -> Option<u128> {
        self.is_sampled.then_some(self.trace)
    }

    /// The value of `traceparent`: `00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01`.
    pub(crate) fn value(self) -> [u8; LENGTH] {
        let mut value = *b"00-00000000000000000000000000000000-0000000000000000-00";
        write_hex(&mut value[3..19], (self.trace >> 64) as u64);
        write_hex(&mut value[19..35], self.trace as u64);
        write_hex(&mut value[36..52], self.parent);
        value[LENGTH - 1] += u8::from(self.is_sampled);
        value
    }
}

fn write_hex(digits: &mut [u8], mut number: u64) {
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789abcdef"[(number & 0xF) as usize];
        number >>= 4;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLING: TraceSampling =
        TraceSampling { run: 0x0af7_6519_16cd_43dd, share: 0.25, least_a_second: 0.0, seed: 1 };

    #[test]
    fn the_value_is_that_of_the_specification() {
        let context =
            TraceContext { trace: 0x0af7651916cd43dd8448eb211c80319c, parent: 0xb7ad6b7169203331, is_sampled: true };
        assert_eq!(&context.value(), b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        let context = TraceContext { is_sampled: false, parent: 1, ..context };
        assert_eq!(&context.value(), b"00-0af7651916cd43dd8448eb211c80319c-0000000000000001-00");
        assert_eq!(context.sampled(), None);
    }

    #[test]
    fn no_two_threads_of_any_agents_name_the_same_trace() {
        let parts = (0..3).flat_map(|agent| (0..4).map(move |thread| SAMPLING.part(agent, 3).part(thread, 4)));
        let traces = parts.map(|part| TraceContexts::new(part).next(|| Nanos::ZERO).trace);
        assert_eq!(traces.collect::<std::collections::BTreeSet<_>>().len(), 12);
        let all = TraceSampling { least_a_second: 12.0, ..SAMPLING };
        assert_eq!(all.part(0, 3).part(1, 4).least_a_second, 1.0);
    }

    #[test]
    fn the_share_of_requests_is_sampled_under_ids_of_the_run() {
        let contexts = TraceContexts::new(SAMPLING);
        let traces: Vec<u128> = (0..10_000).filter_map(|_| contexts.next(|| Nanos(1)).sampled()).collect();
        assert!((2_300..2_700).contains(&traces.len()), "{}", traces.len());
        assert!(traces.iter().all(|trace| (trace >> 64) as u64 == SAMPLING.run));
        assert!(traces.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn a_slow_load_has_enough_of_them() {
        let contexts = TraceContexts::new(TraceSampling { share: 0.0, least_a_second: 4.0, ..SAMPLING });
        let sampled = (0..50).filter(|tenth| contexts.next(|| Nanos(tenth * 100_000_000)).is_sampled).count();
        // Every quarter of a second, at the next tenth.
        assert_eq!(sampled, 17);
    }
}
