//! A busy second of one machine, for the size and the cost of its frame.

use std::sync::Arc;

use squall_metrics::{FlowId, Interval, Method, Nanos, Phases, Protocol, Recorder, Registry, RequestSample, TagSetId};

/// SplitMix64 (Steele, Lea and Flood 2014): the same numbers each time.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

/// Requests on open connections that take 20 ms ± 50 %, nearly all of it waiting.
pub fn typical_second(registry: &Arc<Registry>, seed: u64, series: u64, samples: u64) -> Interval {
    let mut recorder = Recorder::new(Arc::clone(registry));
    let mut random = Random(seed);
    for number in 0..series {
        let name = recorder.name(&format!("GET /shop/shelf/{number}"));
        for _ in 0..samples {
            let phases = Phases {
                blocked: Nanos(random.below(400)),
                connecting: Nanos::ZERO,
                tls_handshaking: Nanos::ZERO,
                sending: Nanos(8_000 + random.below(10_000)),
                waiting: Nanos(10_000_000 + random.below(20_000_000)),
                receiving: Nanos(20_000 + random.below(60_000)),
            };
            recorder.request(&RequestSample {
                flow: FlowId(0),
                tags: TagSetId::NONE,
                name,
                method: Method::Get,
                status: 200,
                failure: None,
                expected: true,
                proto: Protocol::Http1,
                phases,
                response_time: phases.blocked + phases.duration() + Nanos(random.below(500_000)),
                sent: 300,
                received: 5_000 + random.below(1_000),
            });
        }
    }
    recorder.take()
}
