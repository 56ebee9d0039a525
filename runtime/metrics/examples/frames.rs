//! The cost of frames: bytes and microseconds for each series of requests, to encode, decode and merge.
//!
//! `frames [SERIES [SAMPLES [ROUNDS]]]`: seconds of SERIES series with SAMPLES requests each, ROUNDS times. Each series
//! has 8 histograms. To count instructions:
//! `valgrind --tool=callgrind --toggle-collect='*Interval*decode*' target/release/examples/frames 50 1000 10`.
#![allow(clippy::print_stdout, reason = "this is a program")]
#![expect(clippy::disallowed_methods, reason = "the run's clock does not start under valgrind")]

#[path = "../tests/typical_second/mod.rs"]
mod typical_second;

use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use squall_metrics::{Interval, Registry};
use typical_second::typical_second;

/// Different seconds, so that branches are not learnt by heart.
const SECONDS: u64 = 16;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<u64> = std::env::args().skip(1).map(|argument| argument.parse()).collect::<Result<_, _>>()?;
    let argument = |index: usize, or: u64| arguments.get(index).copied().unwrap_or(or);
    let (series, samples, rounds) = (argument(0, 50), argument(1, 1_000), argument(2, 200));

    let [agent, coordinator] = [(); 2].map(|()| Arc::new(Registry::new(10_000)));
    let seconds: Vec<Interval> = (0..SECONDS).map(|seed| typical_second(&agent, seed, series, samples)).collect();
    let [mut encoding, mut decoding, mut merging] = [Duration::ZERO; 3];
    let mut bytes = 0;
    for _ in 0..rounds.div_ceil(SECONDS) {
        let mut sum = Interval::default();
        for second in &seconds {
            let began = Instant::now();
            let frame = black_box(second.encode(&agent));
            let encoded = Instant::now();
            let decoded = black_box(Interval::decode(&frame, &coordinator)?);
            let read = Instant::now();
            sum.merge(&decoded);
            drop(decoded);
            let merged = Instant::now();
            encoding += encoded - began;
            decoding += read - encoded;
            merging += merged - read;
            bytes += frame.len();
        }
        black_box(&sum);
    }
    let frames = rounds.div_ceil(SECONDS) * SECONDS;
    let per_series = (frames * series) as f64;
    println!("{frames} frames of {series} series with {samples} requests each");
    println!("{:8.0} bytes a series", bytes as f64 / per_series);
    for (step, time) in [("to encode", encoding), ("to decode", decoding), ("to merge", merging)] {
        println!("{:8.2} µs a series {step}", time.as_secs_f64() * 1e6 / per_series);
    }
    Ok(())
}
