//! The kept spans: whole traces, in bounded memory. When there is no more room, half of the traces are dropped, by a
//! hash of their id; of later spans, those of dropped traces are dropped, too. So the traces that stay are whole, and
//! as good as drawn by lot.

use squall_findings::span::{Span, TraceId};

pub(crate) struct Store {
    spans: Vec<Span>,
    most: usize,
    /// The number of times that half of the traces were dropped.
    halvings: u32,
    /// Spans that were dropped.
    thinned: u64,
}

impl Store {
    /// With room for this many bytes of spans, the shared texts aside.
    pub fn with_room(bytes: usize) -> Store {
        let most = (bytes / size_of::<Span>()).max(1);
        // Pages that no span reaches cost nothing, and the vector never moves.
        Store { spans: Vec::with_capacity(most), most, halvings: 0, thinned: 0 }
    }

    /// Whether spans of this trace are kept, as things are. One that is not counts as thinned.
    pub fn accepts(&mut self, trace: TraceId) -> bool {
        let is_kept = is_kept(trace, self.halvings);
        self.thinned += u64::from(!is_kept);
        is_kept
    }

    pub fn keep(&mut self, span: Span) {
        while self.spans.len() >= self.most {
            self.halve();
        }
        if self.accepts(span.trace) {
            self.spans.push(span);
        }
    }

    fn halve(&mut self) {
        self.halvings += 1;
        let (before, halvings) = (self.spans.len(), self.halvings);
        self.spans.retain(|span| is_kept(span.trace, halvings));
        self.thinned += (before - self.spans.len()) as u64;
    }

    pub fn thinned(&self) -> u64 {
        self.thinned
    }

    /// The share of all traces that are kept.
    pub fn share(&self) -> f64 {
        0.5_f64.powi(i32::try_from(self.halvings).unwrap_or(i32::MAX))
    }

    /// The spans, sorted by trace, then by their beginning; and the number of those that came twice, which are left out.
    pub fn into_spans(mut self) -> (Vec<Span>, u64) {
        let all = self.spans.len();
        self.spans.sort_unstable_by_key(|span| (span.trace, span.began, span.id));
        self.spans.dedup_by_key(|span| (span.trace, span.began, span.id));
        self.spans.shrink_to_fit();
        let repeated = all - self.spans.len();
        (self.spans, repeated as u64)
    }
}

fn is_kept(trace: TraceId, halvings: u32) -> bool {
    mix(trace).leading_zeros() >= halvings
}

/// Spreads the ids evenly, even if they are counted up (the finaliser of MurmurHash3 and SplitMix64).
fn mix(trace: TraceId) -> u64 {
    let mut bits = (trace.0 >> 64) as u64 ^ trace.0 as u64;
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use squall_findings::span::{SpanId, SpanKind, UnixNanos, Work};

    use super::*;

    fn span(trace: u128, id: u64) -> Span {
        Span {
            trace: TraceId(trace),
            id: SpanId(id),
            parent: None,
            kind: SpanKind::Server,
            service: "shop".into(),
            scope: "test".into(),
            name: "GET /".into(),
            began: UnixNanos(id),
            ended: UnixNanos(id + 1),
            failed: false,
            work: Work::Other,
        }
    }

    #[test]
    fn all_is_kept_while_there_is_room() {
        let mut store = Store::with_room(10 * size_of::<Span>());
        for number in 0..10_u64 {
            store.keep(span(u128::from(number % 3), number));
        }
        assert_eq!((store.thinned(), store.share()), (0, 1.0));
        let (spans, _) = store.into_spans();
        let order: Vec<_> = spans.iter().map(|span| (span.trace.0, span.id.0)).collect();
        assert_eq!(order, [(0, 0), (0, 3), (0, 6), (0, 9), (1, 1), (1, 4), (1, 7), (2, 2), (2, 5), (2, 8)]);
    }

    #[test]
    fn traces_are_kept_whole_or_not_at_all() {
        let mut store = Store::with_room(1_000 * size_of::<Span>());
        // The spans of 4,000 traces, five each, come in rounds.
        for id in 0..5 {
            for trace in 0..4_000 {
                store.keep(span(7 << 64 | trace, id));
            }
        }
        assert!(store.spans.len() <= 1_000 && store.spans.capacity() == store.most);
        let (thinned, share) = (store.thinned(), store.share());
        let (spans, _) = store.into_spans();
        assert_eq!(spans.len() as u64 + thinned, 20_000);
        let mut of_trace = BTreeMap::<u128, u64>::new();
        for span in &spans {
            *of_trace.entry(span.trace.0).or_default() += 1;
        }
        assert!(of_trace.values().all(|spans| *spans == 5));
        let traces = of_trace.len() as f64;
        assert!((0.8..1.2).contains(&(traces / 4_000.0 / share)), "{traces} traces at {share}");
    }

    #[test]
    fn one_trace_without_end_does_not_crowd_out_others_for_ever() {
        let mut store = Store::with_room(100 * size_of::<Span>());
        for id in 0..1_000 {
            store.keep(span(1, id));
        }
        assert!(store.spans.len() <= 100 && store.share() > 1e-3, "{}", store.share());
    }

    #[test]
    fn a_span_that_was_sent_twice_is_there_once() {
        let mut store = Store::with_room(1 << 20);
        for id in [1, 2, 1, 2, 2] {
            store.keep(span(1, id));
        }
        let (spans, repeated) = store.into_spans();
        assert_eq!((spans.len(), repeated), (2, 3));
    }
}
