//! Random numbers that are the same on every machine, and their one home: SplitMix64. Must not know what is drawn.
//!
//! G. L. Steele, D. Lea and C. H. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014; constants from
//! <https://prng.di.unimi.it/splitmix64.c>.

/// The step from one state to the next: odd, and without a pattern in its bits.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// Turns neighbouring numbers into unrelated ones: the output function of SplitMix64.
pub const fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// The seed of stream `index` of those that begin at a seed; stream 0 begins at the seed itself.
pub const fn stream_seed(seed: u64, index: u64) -> u64 {
    seed.wrapping_add(index.wrapping_mul(STEP))
}

/// Output `index` of the generator with that seed, without drawing those before it.
pub const fn nth(seed: u64, index: u64) -> u64 {
    mix(stream_seed(seed, index.wrapping_add(1)))
}

/// Goes on to the next state, and returns its output: 64 random bits.
pub const fn next_bits(state: &mut u64) -> u64 {
    *state = state.wrapping_add(STEP);
    mix(*state)
}

/// Scales 64 random bits to a number from 0 up to, and without, `bound`. Multiplied rather than divided (D. Lemire, "Fast
/// random integer generation in an interval", 2019); the bias is far below one in a billion.
pub const fn scale(bits: u64, bound: u64) -> u64 {
    ((bits as u128 * bound as u128) >> 64) as u64
}

/// The generator.
#[derive(Debug, Clone)]
pub struct SplitMix64 {
    state: u64,
}

impl SplitMix64 {
    /// A generator that repeats its sequence for the same seed.
    pub const fn new(seed: u64) -> SplitMix64 {
        SplitMix64 { state: seed }
    }

    /// 64 random bits.
    pub const fn next_bits(&mut self) -> u64 {
        next_bits(&mut self.state)
    }

    /// From 0 up to, and without, `bound`; 0 if that is 0.
    pub const fn below(&mut self, bound: usize) -> usize {
        scale(self.next_bits(), bound as u64) as usize
    }

    /// Evenly from 0 up to, and without, 1.
    pub const fn unit(&mut self) -> f64 {
        (self.next_bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// From a normal distribution around 0 with deviation 1 (G. E. P. Box and M. E. Muller, 1958).
    pub fn normal(&mut self) -> f64 {
        let (radius, angle) = (1.0 - self.unit(), self.unit());
        (-2.0 * libm::log(radius)).sqrt() * libm::cos(std::f64::consts::TAU * angle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first outputs for the seed 1234567, as published with ports of the reference implementation.
    const PUBLISHED: [u64; 3] = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];

    #[test]
    fn the_sequence_is_the_published_one() {
        let mut random = SplitMix64::new(1_234_567);
        assert_eq!([(); 3].map(|()| random.next_bits()), PUBLISHED);
        assert_eq!([0, 1, 2].map(|index| nth(1_234_567, index)), PUBLISHED);
    }

    #[test]
    fn numbers_below_a_bound_reach_all_of_it() {
        let mut random = SplitMix64::new(1);
        let mut seen = [0; 6];
        (0..6_000).for_each(|_| seen[random.below(6)] += 1);
        assert!(seen.iter().all(|count| (850..1_150).contains(count)), "{seen:?}");
        assert_eq!(random.below(0), 0);
    }

    #[test]
    fn normal_numbers_have_mean_0_and_deviation_1() {
        const COUNT: usize = 100_000;
        let mut random = SplitMix64::new(7);
        let numbers: Vec<f64> = (0..COUNT).map(|_| random.normal()).collect();
        let mean = numbers.iter().sum::<f64>() / COUNT as f64;
        let deviation = (numbers.iter().map(|number| (number - mean).powi(2)).sum::<f64>() / COUNT as f64).sqrt();
        assert!(mean.abs() < 0.015 && (deviation - 1.0).abs() < 0.01, "{mean} {deviation}");
    }
}
