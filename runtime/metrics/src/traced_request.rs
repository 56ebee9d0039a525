//! Requests that asked the target to trace them: what the client's side knows of each, so that the target's own spans
//! can be read beside it. Must not know spans.

use crate::clock::Nanos;
use crate::keys::{FlowId, Method, NameId};

/// A request whose trace context said that it is sampled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TracedRequest {
    /// The id of its trace: W3C Trace Context's `trace-id`.
    pub trace: u128,
    /// The flow that made it.
    pub flow: FlowId,
    /// The name under which it is counted.
    pub name: NameId,
    /// Its method.
    pub method: Method,
    /// Whether there was no response, or not one that the scenario expects.
    pub failed: bool,
    /// Its end: on the run's clock until it is taken in, then from the beginning of the load.
    pub ended: Nanos,
    /// From the first byte sent to the last one received: what the target and the network took.
    pub service_time: Nanos,
    /// Bytes received.
    pub received: u64,
}

/// Traced requests of a stretch of time, no more than [`TracedRequests::MOST`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TracedRequests {
    requests: Vec<TracedRequest>,
    /// Requests for which there was no room.
    left_out: u64,
}

impl TracedRequests {
    /// The most that are held: about 10 MiB.
    pub const MOST: usize = 100_000;

    /// Those that are held, in the order in which they came.
    pub fn requests(&self) -> &[TracedRequest] {
        &self.requests
    }

    /// Requests for which there was no room.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Adds one.
    pub fn push(&mut self, request: TracedRequest) {
        if self.requests.len() < TracedRequests::MOST {
            self.requests.push(request);
        } else {
            self.left_out += 1;
        }
    }

    /// Counts requests for which there was no room elsewhere.
    pub(crate) fn leave_out(&mut self, requests: u64) {
        self.left_out = self.left_out.saturating_add(requests);
    }

    /// Adds those of another stretch.
    pub fn merge(&mut self, other: &TracedRequests) {
        other.requests.iter().for_each(|request| self.push(*request));
        self.left_out += other.left_out;
    }

    /// The same with their ends counted from that moment.
    #[must_use]
    pub fn since(mut self, load_begins: Nanos) -> TracedRequests {
        for request in &mut self.requests {
            request.ended = request.ended.since(load_begins);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: TracedRequest = TracedRequest {
        trace: 7,
        flow: FlowId(0),
        name: NameId::OTHER,
        method: Method::Get,
        failed: false,
        ended: Nanos(50),
        service_time: Nanos(3),
        received: 1,
    };

    #[test]
    fn there_is_a_bound_and_what_is_beyond_it_is_counted() {
        let mut half = TracedRequests::default();
        (0..TracedRequests::MOST / 2 + 1).for_each(|_| half.push(REQUEST));
        let mut both = half.clone();
        both.merge(&half);
        assert_eq!((both.requests().len(), both.left_out()), (TracedRequests::MOST, 2));
        both.merge(&half);
        assert_eq!(both.left_out(), 2 + half.requests().len() as u64);
    }

    #[test]
    fn ends_are_counted_from_the_beginning_of_the_load() {
        let mut requests = TracedRequests::default();
        requests.push(REQUEST);
        assert_eq!(requests.since(Nanos(20)).requests()[0].ended, Nanos(30));
    }
}
