//! Delivers a run's samples to one output, on its own thread. The run never waits for it.
//!
//! A few batches can be in transit. While there is no room, new samples are added to one waiting batch, so an output
//! that cannot keep up, or is down for an hour, gets a longer period instead of many seconds. The batches in transit
//! and the waiting one have limits in bytes each. A waiting batch past its limit is dropped and counted. Failed
//! deliveries are tried again, at growing intervals. At the end of the run there are a few seconds for the rest.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, watch};
use tracing::{debug, info};

use crate::batch::Batch;
use crate::format::Format;
use crate::transport::{Failure, Transport};
use squall_plain_http::{pause, within};

/// Batches in transit to an output, one of which is reserved for the last.
const ON_THE_WAY: usize = 9;
/// Limits in bytes: of the batches in transit, and of the waiting one.
const MOST_ON_THE_WAY: usize = 32 << 20;
/// The pause before the second attempt; doubled for each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// The time limit for delivering the rest at the end of the run.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);
/// Additional time for the thread to end.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(1);

/// A batch in transit, counted while it exists.
struct Parcel {
    batch: Arc<Batch>,
    weight: usize,
    on_the_way: Arc<AtomicUsize>,
}

impl Parcel {
    fn new(batch: Arc<Batch>, on_the_way: &Arc<AtomicUsize>) -> Parcel {
        let weight = batch.recorded.weight();
        on_the_way.fetch_add(weight, Ordering::Relaxed);
        Parcel { batch, weight, on_the_way: Arc::clone(on_the_way) }
    }
}

impl Drop for Parcel {
    fn drop(&mut self) {
        self.on_the_way.fetch_sub(self.weight, Ordering::Relaxed);
    }
}

/// One output, as the run sees it.
pub(crate) struct OutputThread {
    output: String,
    batches: mpsc::Sender<Parcel>,
    on_the_way: Arc<AtomicUsize>,
    /// The limit on batches in transit, in bytes.
    most: usize,
    /// The batch that waits for room.
    waiting: Option<Arc<Batch>>,
    /// Seconds that were dropped because the waiting batch was too large.
    dropped: u64,
    run_ended: watch::Sender<bool>,
    handed_over: u64,
    delivered: Arc<AtomicU64>,
    problems: Receiver<String>,
    latest_problem: Option<String>,
    done: Receiver<()>,
}

/// An output after the end of the run.
pub(crate) struct Draining {
    output: String,
    handed_over: u64,
    delivered: Arc<AtomicU64>,
    dropped: u64,
    problems: Receiver<String>,
    latest_problem: Option<String>,
    done: Receiver<()>,
}

/// The same output, on its thread.
struct Work {
    output: String,
    format: Box<dyn Format>,
    transport: Transport,
    run_ended: watch::Receiver<bool>,
    delivered: Arc<AtomicU64>,
    problems: SyncSender<String>,
}

impl OutputThread {
    /// Starts to wait for batches.
    ///
    /// # Errors
    /// If the system cannot start a thread.
    pub fn start(output: String, format: Box<dyn Format>, transport: Transport) -> io::Result<OutputThread> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (batches, incoming) = mpsc::channel(ON_THE_WAY);
        let (run_ended, ended) = watch::channel(false);
        let (tell, problems) = sync_channel(8);
        let (tell_done, done) = sync_channel(1);
        let delivered = Arc::<AtomicU64>::default();
        let work = Work {
            output: output.clone(),
            format,
            transport,
            run_ended: ended,
            delivered: Arc::clone(&delivered),
            problems: tell,
        };
        std::thread::Builder::new().name("out".to_owned()).spawn(move || {
            work.until_done(&runtime, incoming);
            // An error means that the end is no longer waited for.
            let _ = tell_done.try_send(());
            // A name look-up that never ends must not keep the thread.
            runtime.shutdown_background();
        })?;
        Ok(OutputThread {
            output,
            batches,
            on_the_way: Arc::default(),
            most: MOST_ON_THE_WAY,
            waiting: None,
            dropped: 0,
            run_ended,
            handed_over: 0,
            delivered,
            problems,
            latest_problem: None,
            done,
        })
    }

    /// Sends a batch to the thread, or lets it wait if there is no room.
    pub fn hand_over(&mut self, batch: &Arc<Batch>) {
        self.handed_over += batch.seconds;
        let next = match self.waiting.take() {
            None => Arc::clone(batch),
            Some(mut waiting) => {
                Arc::make_mut(&mut waiting).absorb(batch);
                waiting
            }
        };
        // Only this thread sends, so the room found here remains.
        if self.batches.capacity() > 1 && self.on_the_way.load(Ordering::Relaxed) < self.most {
            self.send(next);
        } else if next.recorded.weight() <= self.most {
            self.waiting = Some(next);
        } else {
            self.dropped += next.seconds;
        }
    }

    fn send(&mut self, batch: Arc<Batch>) {
        // There is room, and if the thread has ended, the count of delivered seconds shows it.
        let _ = self.batches.try_send(Parcel::new(batch, &self.on_the_way));
    }

    /// The first problem, returned once, while the user may still solve it.
    pub fn first_problem(&mut self) -> Option<String> {
        let is_first = self.latest_problem.is_none();
        let too_slow = (self.dropped > 0).then(|| too_much(self.dropped));
        self.latest_problem = self.problems.try_iter().last().or(self.latest_problem.take()).or(too_slow);
        let problem = self.latest_problem.as_ref().filter(|_| is_first)?;
        Some(format!("--out {}: {problem}", self.output))
    }

    /// At the end of the run: sends the waiting batch, and shortens all further attempts.
    pub fn leave(mut self) -> Draining {
        if let Some(waiting) = self.waiting.take() {
            self.send(waiting);
        }
        self.run_ended.send_replace(true);
        // Without a sender of batches, the thread ends after the last one.
        let OutputThread { output, handed_over, delivered, dropped, problems, latest_problem, done, .. } = self;
        Draining { output, handed_over, delivered, dropped, problems, latest_problem, done }
    }
}

impl Draining {
    /// Waits for the thread for a short time. Returns a message about undelivered seconds.
    pub fn end(self) -> Option<String> {
        let Draining { output, handed_over, delivered, dropped, problems, latest_problem, done } = self;
        let too_late = matches!(done.recv_timeout(FLUSH_TIMEOUT + DRAIN_TIMEOUT), Err(RecvTimeoutError::Timeout));
        let missing = handed_over.saturating_sub(delivered.load(Ordering::Relaxed));
        if missing == 0 {
            return None;
        }
        let too_slow = (dropped > 0).then(|| too_much(dropped));
        let reason = too_slow.or_else(|| problems.try_iter().last()).or(latest_problem);
        let reason = reason.unwrap_or_else(|| {
            if too_late { "it does not accept data".to_owned() } else { "the run had ended".to_owned() }
        });
        Some(format!("--out {output}: {missing} of {handed_over} seconds were not delivered: {reason}"))
    }
}

/// The reason for dropped seconds.
fn too_much(dropped: u64) -> String {
    format!(
        "it does not keep up, and {dropped} seconds were dropped: they would have taken more than {} MiB",
        MOST_ON_THE_WAY >> 20
    )
}

impl Work {
    fn until_done(mut self, runtime: &Runtime, mut incoming: mpsc::Receiver<Parcel>) {
        let mut run_ended = self.run_ended.clone();
        let too_late = async {
            // An error means that the run dropped its side, which also ends it.
            let _ = run_ended.wait_for(|ended| *ended).await;
            pause(FLUSH_TIMEOUT).await;
        };
        runtime.block_on(async {
            tokio::select! {
                () = self.deliver_all(&mut incoming) => {}
                () = too_late => {}
            }
        });
    }

    async fn deliver_all(&mut self, incoming: &mut mpsc::Receiver<Parcel>) {
        if let Err(problem) = self.transport.begin() {
            self.tell(problem);
            return;
        }
        while let Some(parcel) = incoming.recv().await {
            let batch = &*parcel.batch;
            let mut whole = true;
            for payload in self.format.encode(batch) {
                whole &= self.deliver(&payload).await;
            }
            if whole {
                self.delivered.fetch_add(batch.seconds, Ordering::Relaxed);
            }
        }
        if let Err(problem) = self.transport.end() {
            self.tell(problem);
        }
    }

    /// Tries until the batch is delivered, or never can be.
    async fn deliver(&mut self, payload: &bytes::Bytes) -> bool {
        let mut next_pause = FIRST_PAUSE;
        loop {
            let sent = within(LONGEST_PAUSE, self.transport.send(payload)).await;
            match sent.unwrap_or_else(|| Err(Failure::Passing("no answer".to_owned()))) {
                Ok(()) => {
                    debug!(output = self.output, bytes = payload.len(), "delivered to an output");
                    return true;
                }
                Err(Failure::Final(problem)) => {
                    self.tell(problem);
                    return false;
                }
                Err(Failure::Passing(problem)) => self.tell(problem),
            }
            self.rest(next_pause).await;
            next_pause = (next_pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// A pause that the end of the run cuts short.
    async fn rest(&mut self, time: Duration) {
        let is_over = *self.run_ended.borrow() || self.run_ended.has_changed().is_err();
        if is_over {
            return pause(time.min(FIRST_PAUSE)).await;
        }
        tokio::select! {
            () = pause(time) => {}
            _ = self.run_ended.changed() => {}
        }
    }

    fn tell(&self, problem: String) {
        info!(output = self.output, problem, "an output has a problem");
        // Eight problems are enough for any reader, so later ones may be lost.
        let _ = self.problems.try_send(problem);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_batch::batch;

    /// An output thread whose output takes nothing, with room for this many bytes.
    fn stuck(most: usize) -> (OutputThread, mpsc::Receiver<Parcel>) {
        let (batches, incoming) = mpsc::channel(ON_THE_WAY);
        let (_, problems) = sync_channel(1);
        let (_, done) = sync_channel(1);
        let thread = OutputThread {
            output: "x".to_owned(),
            batches,
            on_the_way: Arc::default(),
            most,
            waiting: None,
            dropped: 0,
            run_ended: watch::channel(false).0,
            handed_over: 0,
            delivered: Arc::default(),
            problems,
            latest_problem: None,
            done,
        };
        (thread, incoming)
    }

    #[test]
    fn the_waiting_batch_of_an_output_is_limited() {
        let batch = Arc::new(batch());
        let weight = batch.recorded.weight();
        assert!(weight > 1_000, "{weight}");
        let (mut thread, mut incoming) = stuck(3 * weight);
        for _ in 0..5 {
            thread.hand_over(&batch);
        }
        // Three are in transit; the others wait as one, which is as large as one.
        assert_eq!((incoming.len(), thread.dropped), (3, 0));
        assert_eq!(thread.waiting.as_ref().map(|waiting| waiting.seconds), Some(2));
        // One that is larger than the limit is dropped, and counted.
        thread.most = weight / 2;
        thread.hand_over(&batch);
        assert!(thread.waiting.is_none());
        let told = thread.first_problem().expect("it is reported at once");
        assert!(told.contains("3 seconds were dropped"), "{told}");
        // Delivered batches make room.
        thread.most = 3 * weight;
        assert!(incoming.try_recv().is_ok());
        thread.hand_over(&batch);
        assert_eq!(incoming.len(), 3);
        drop(incoming);
        let told = thread.leave().end().expect("it is reported at the end");
        assert!(
            told.contains("7 of 7 seconds were not delivered: it does not keep up, and 3 seconds were dropped"),
            "{told}"
        );
    }
}
