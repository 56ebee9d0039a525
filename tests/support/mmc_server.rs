//! A server whose capacity is known: c workers, random service times (M/M/c when the load is random, too).
//!
//! The workers are no threads: each request is told on arrival when it will be done, as one that waits behind those before
//! it would be, and its answer waits until then. So the capacity is what was programmed, however busy the machine is.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::mmc::{Queue, Random};
use super::server::{Reply, Server};

/// When each worker will be free.
struct Workers {
    free_at: Vec<Instant>,
    random: Random,
}

impl Workers {
    /// Takes a request, first come, first served. Returns how long it takes in all.
    fn take(&mut self, service: f64) -> Duration {
        let now = Instant::now();
        let first = self.free_at.iter_mut().min().expect("a worker");
        *first = now.max(*first) + Duration::from_secs_f64(self.random.exponential(service));
        *first - now
    }
}

/// Starts one.
pub fn serve(queue: Queue, seed: u64) -> Server {
    let workers = Workers { free_at: vec![Instant::now(); queue.workers], random: Random(seed) };
    let workers = Arc::new(Mutex::new(workers));
    Server::start(move |_| Reply::ok("done").after(workers.lock().unwrap().take(queue.service)))
}
