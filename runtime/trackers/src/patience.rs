//! How long a tracker is waited for. Tests shrink all of it.

use std::time::Duration;

/// Limits of time and tries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For an exchange: connecting, sending, and the whole answer.
    pub exchange: Duration,
    /// Tries of a request that surely had no effect or may be repeated: a read, or a write that was turned away.
    pub tries: u32,
    /// The pause after the first try; each further one is twice as long.
    pub first_pause: Duration,
    /// The longest pause, also of those that a server asks for.
    pub longest_pause: Duration,
    /// Searches for an item after an unclear answer to its creation.
    pub searches: u32,
    /// Tries to read an item back as it was written.
    pub read_backs: u32,
    /// The largest answer, in bytes.
    pub largest_answer: usize,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience {
            exchange: Duration::from_secs(30),
            tries: 5,
            first_pause: Duration::from_secs(1),
            // Azure DevOps delays by up to 30 s, and asks for up to a few minutes.
            longest_pause: Duration::from_secs(60),
            // 1 + 2 + 4 + 8 + 16 = 31 s.
            searches: 5,
            read_backs: 3,
            largest_answer: 8 << 20,
        }
    }
}

impl Patience {
    /// The pause after this try (0 is the first).
    pub fn pause_after(&self, attempt: u32) -> Duration {
        self.first_pause.saturating_mul(2_u32.saturating_pow(attempt)).min(self.longest_pause)
    }

    /// The time that the searches take, without the exchanges.
    pub fn search_time(&self) -> Duration {
        (0..self.searches).map(|attempt| self.pause_after(attempt)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_the_longest() {
        let patience = Patience::default();
        let pauses: Vec<u64> = [0, 1, 2, 5, 6, 99].map(|attempt| patience.pause_after(attempt).as_secs()).to_vec();
        assert_eq!(pauses, [1, 2, 4, 32, 60, 60]);
        assert_eq!(patience.search_time(), Duration::from_secs(31));
    }
}
