//! A target with its seeds, and the limits of its inputs.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::Outcome;
use crate::allocator::most_held;
use crate::damage::damaged;
use crate::files::{failed_before, keep_failed, keep_seed};
use crate::random::Random;
use crate::watch::{set_current, watch};

/// The number of damaged inputs, unless a target or `SQUALL_FUZZ_INPUTS` sets another.
const INPUTS: u64 = 2_000;
/// The longest processor time of one input, in an unoptimised build. It is the thread's own, so other threads do not
/// count.
const MOST_TIME: Duration = Duration::from_secs(1);

/// The most memory for an input, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// For an input of any length.
    pub base: usize,
    /// For each of its bytes.
    pub per_byte: usize,
}

/// A function that runs on damaged inputs.
pub struct Target<'a> {
    name: &'static str,
    run: fn(&[u8]) -> Outcome,
    seeds: Vec<&'a [u8]>,
    pieces: Vec<&'a [u8]>,
    memory: Memory,
    inputs: u64,
}

impl<'a> Target<'a> {
    /// The name is that of the function and of the target in `fuzz/`.
    pub fn new(name: &'static str, run: fn(&[u8]) -> Outcome) -> Target<'a> {
        let memory = Memory { base: 1 << 20, per_byte: 100 };
        Target { name, run, seeds: Vec::new(), pieces: Vec::new(), memory, inputs: INPUTS }
    }

    /// Valid inputs, with something of each kind in them.
    pub fn seeds<S: AsRef<[u8]> + ?Sized>(mut self, seeds: &[&'a S]) -> Target<'a> {
        self.seeds.extend(seeds.iter().map(|seed| (*seed).as_ref()));
        self
    }

    /// Pieces with a meaning for this parser.
    pub fn pieces<S: AsRef<[u8]> + ?Sized>(mut self, pieces: &[&'a S]) -> Target<'a> {
        self.pieces.extend(pieces.iter().map(|piece| (*piece).as_ref()));
        self
    }

    /// A memory limit other than the usual one.
    pub fn memory(mut self, memory: Memory) -> Target<'a> {
        self.memory = memory;
        self
    }

    /// A number of damaged inputs other than the usual one.
    pub fn inputs(mut self, inputs: u64) -> Target<'a> {
        self.inputs = inputs;
        self
    }

    /// Runs on earlier failures, the seeds, and damaged seeds; always the same.
    ///
    /// # Panics
    /// If the target does, with the input's number and file; or if an input exceeds its limits, or a seed is refused.
    #[allow(clippy::panic, reason = "this is for tests")]
    pub fn for_a_while(&self) {
        let watching = watch();
        let give = |name: String, input: Vec<u8>| {
            let current = (self.name, name, input);
            drop(watching.send(current.clone()));
            set_current(Some(current.clone()));
            let outcome = self.check(&current.1, &current.2);
            set_current(None);
            outcome
        };
        for (number, input) in failed_before(self.name).into_iter().enumerate() {
            give(format!("failed-before-{number}"), input);
        }
        for (number, seed) in self.seeds.iter().enumerate() {
            if std::env::var_os("SQUALL_FUZZ_SEEDS").is_some() {
                keep_seed(self.name, number, seed).unwrap_or_else(|error| panic!("fuzz/corpus: {error}"));
            }
            let outcome = give(format!("seed-{number}"), seed.to_vec());
            assert_eq!(outcome, Outcome::Taken, "{}: seed {number} tests no more than the refusal", self.name);
        }
        let inputs = std::env::var("SQUALL_FUZZ_INPUTS").ok().and_then(|inputs| inputs.parse().ok());
        for number in 0..inputs.unwrap_or(self.inputs) {
            let input = damaged(&mut Random::new(number), &self.seeds, &self.pieces);
            give(format!("damaged-{number}"), input);
        }
    }

    /// Runs the target within its limits.
    #[allow(clippy::panic, reason = "this is for tests")]
    fn check(&self, name: &str, input: &[u8]) -> Outcome {
        let began = processor_time();
        let mut outcome = Ok(Outcome::Refused);
        let memory = most_held(|| outcome = catch_unwind(AssertUnwindSafe(|| (self.run)(input))));
        let time = processor_time().saturating_sub(began);
        let most = self.memory.base + self.memory.per_byte * input.len();
        let cost = match outcome {
            Err(_) => "the target panics, as printed above".to_owned(),
            Ok(_) if memory > most => {
                format!("it takes {memory} bytes of memory: {most} are allowed for {} bytes of input", input.len())
            }
            Ok(_) if time > MOST_TIME => format!("it takes {time:?} for {} bytes of input", input.len()),
            Ok(outcome) => return outcome,
        };
        let place = keep_failed(self.name, name, input);
        panic!("{}, {name}: {cost}; the input is in {place}: {:?}", self.name, shown(input));
    }
}

fn shown(input: &[u8]) -> String {
    input[..input.len().min(300)].escape_ascii().to_string()
}

/// The thread's own.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[global_allocator]
    static ALLOCATOR: crate::Counting = crate::Counting;

    /// A parser with the faults that must be found.
    fn faulty(bytes: &[u8]) -> Outcome {
        match bytes {
            [b'a', b'b', b'c', ..] => Outcome::Taken,
            [b'p', ..] => panic!("a fault"),
            [b'm', ..] => {
                drop(vec![1_u8; 10 << 20]);
                Outcome::Refused
            }
            [b't', ..] => {
                let began = processor_time();
                while processor_time() - began <= MOST_TIME {}
                Outcome::Refused
            }
            _ => Outcome::Refused,
        }
    }

    fn fault(seed: &[u8]) -> String {
        let target = Target::new("faulty", faulty);
        let checked = catch_unwind(|| target.check("test", seed));
        let message = checked.expect_err("found").downcast::<String>().expect("a message");
        let kept = std::fs::remove_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/artifacts/faulty"));
        assert!(kept.is_ok() && message.contains("fuzz/artifacts/faulty/test"), "{message}");
        *message
    }

    #[test]
    fn each_kind_of_fault_is_found_named_and_kept() {
        assert!(fault(b"p").contains("panics"));
        assert!(fault(b"m").contains("bytes of memory: 1048676 are allowed for 1 bytes of input"));
        assert!(fault(b"t").contains("for 1 bytes of input"));
        let refused = catch_unwind(|| Target::new("faulty", faulty).seeds(&["x"]).inputs(0).for_a_while());
        assert!(refused.is_err(), "a seed that is refused");
    }

    #[test]
    fn the_same_number_gives_the_same_damage_and_others_give_other() {
        let seeds: [&[u8]; 2] = [b"HTTP/1.1 200 OK\r\n", b"abc 123"];
        let one = |number| damaged(&mut Random::new(number), &seeds, &[b"chunked"]);
        let all: std::collections::BTreeSet<Vec<u8>> = (0..500).map(one).collect();
        assert_eq!(one(7), one(7));
        assert!(all.len() > 400, "{}", all.len());
        assert!(all.iter().any(|input| input.len() > 60_000), "some are long");
    }
}
