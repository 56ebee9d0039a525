//! The theory of a queue with c workers, random arrivals and random service times (M/M/c): A. K. Erlang, 1917; the
//! formulas as in L. Kleinrock, *Queueing Systems* I (Wiley 1975), chapter 3.

/// c workers, each with `service` completions a second.
#[derive(Clone, Copy)]
pub struct Queue {
    pub workers: usize,
    pub service: f64,
}

impl Queue {
    /// The probability that a request has to wait: Erlang's C formula.
    pub fn waits(&self, arrivals: f64) -> f64 {
        let load = arrivals / self.service;
        let blocked = (1..=self.workers).fold(1.0, |blocked, n| load * blocked / (n as f64 + load * blocked));
        let used = load / self.workers as f64;
        blocked / (1.0 - used * (1.0 - blocked))
    }

    /// The probability that a request takes longer than `time` seconds.
    pub fn longer_than(&self, time: f64, arrivals: f64) -> f64 {
        let (drain, service, waits) =
            (self.workers as f64 * self.service - arrivals, self.service, self.waits(arrivals));
        let waited = (drain * (-service * time).exp() - service * (-drain * time).exp()) / (drain - service);
        (1.0 - waits) * (-service * time).exp() + waits * waited
    }

    /// The highest rate at which 95 % take no longer than `limit` seconds.
    pub fn capacity(&self, limit: f64) -> f64 {
        let (mut low, mut high) = (0.0, 0.9999 * self.workers as f64 * self.service);
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            *if self.longer_than(limit, middle) <= 0.05 { &mut low } else { &mut high } = middle;
        }
        low
    }
}

/// SplitMix64, as uniform numbers above 0 and up to 1.
pub struct Random(pub u64);

impl Random {
    pub fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1u64 << 53) as f64 + 1e-17
    }

    pub fn exponential(&mut self, rate: f64) -> f64 {
        -self.uniform().ln() / rate
    }
}
