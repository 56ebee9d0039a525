//! A server of known capacity: c workers, random service times (M/M/c when the load is random, too).
//!
//! The workers are not threads: on arrival each request gets the time of its end, after those before it, and its
//! response waits until then. So the capacity is the programmed one, however busy the machine is.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::mmc::{Queue, Random};
use super::server::{Reply, Server};

/// The time at which each worker will be free.
struct Workers {
    free_at: Vec<Instant>,
    random: Random,
}

impl Workers {
    /// Adds a request, first come, first served. Returns its total time.
    fn take(&mut self, service: f64) -> Duration {
        let now = Instant::now();
        let first = self.free_at.iter_mut().min().expect("a worker");
        *first = now.max(*first) + Duration::from_secs_f64(self.random.exponential(service));
        *first - now
    }
}

/// Starts a server.
pub fn serve(queue: Queue, seed: u64) -> Server {
    let workers = Workers { free_at: vec![Instant::now(); queue.workers], random: Random(seed) };
    let workers = Arc::new(Mutex::new(workers));
    Server::start(move |_| Reply::ok("done").after(workers.lock().unwrap().take(queue.service)))
}
