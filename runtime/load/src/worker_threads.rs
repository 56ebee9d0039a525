//! The worker threads of a run: started together, ready together, joined at the end.

use std::sync::Arc;

use squall_metrics::Nanos;
use squall_plan::{AgentPlace, Scenario};
use tokio::sync::{mpsc, watch};

use crate::part::LoadPart;
use crate::quota::IterationCounter;
use crate::steering::{ControlState, Steering};
use crate::worker::{Job, Part, Report, Shared, Time, run_job, run_job_here};

/// Threads that have their virtual users, and wait for the load to begin.
pub(crate) struct WorkerThreads {
    at_work: Vec<WorkerHandle>,
    begin: watch::Sender<Option<Nanos>>,
    ready: mpsc::Receiver<()>,
    /// How many times they say that they are ready: once for each of their scenarios.
    awaited: usize,
}

impl WorkerThreads {
    /// Starts them on a part of the load. Their reports end when the last of them has.
    pub(crate) fn start(
        shared: &Shared,
        parts: &Arc<[Part]>,
        steering: &Steering,
        (part, place): (Option<LoadPart>, AgentPlace),
    ) -> std::io::Result<(WorkerThreads, mpsc::Receiver<Report>)> {
        let plan = &shared.plan;
        let workers = plan.threads.max(1);
        let counter = |scenario: &Scenario| {
            let place = place_among_users(part.as_ref(), scenario, place);
            IterationCounter::new(&scenario.executor, place)
        };
        let iteration_counter: Arc<[Arc<IterationCounter>]> = plan.scenarios.iter().map(counter).collect();
        let (reports, incoming) = mpsc::channel(4 * workers);
        let (say_ready, ready) = mpsc::channel(workers);
        let (begin, _) = watch::channel(None);
        let mut at_work = Vec::with_capacity(workers);
        for number in 0..workers {
            let job = Job {
                shared: shared.for_worker(number, workers),
                parts: Arc::clone(parts),
                iteration_counter: Arc::clone(&iteration_counter),
                part: part.clone(),
                number,
                workers,
                ready: say_ready.clone(),
                begin: begin.subscribe(),
                control_state: steering.watch(),
                reports: reports.clone(),
            };
            at_work.push(WorkerHandle::start(job)?);
        }
        let shares = plan.scenarios.iter().filter_map(|scenario| {
            part.as_ref()?.share_of(scenario).map(|share| share.parts(scenario, workers as u64) as usize)
        });
        Ok((WorkerThreads { at_work, begin, ready, awaited: shares.sum() }, incoming))
    }

    /// Waits until all can begin together, or a stop is asked for.
    pub(crate) async fn are_ready(&mut self, mut control_state: watch::Receiver<ControlState>) {
        for _ in 0..self.awaited {
            tokio::select! {
                _ = self.ready.recv() => {}
                _ = control_state.wait_for(ControlState::to_stop) => return,
            }
        }
    }

    /// The load begins then, on the run's clock.
    pub(crate) fn begin(&self, load_begins: Nanos) {
        self.begin.send_replace(Some(load_begins));
    }

    /// Waits for their end.
    pub(crate) async fn join(self) -> std::io::Result<()> {
        for worker in self.at_work {
            match worker.join().await {
                Ok(result) => result?,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(())
    }
}

/// An agent's place among those that have virtual users of a scenario: iterations are numbered by these alone, or those of
/// agents without users would never be done.
fn place_among_users(part: Option<&LoadPart>, scenario: &Scenario, place: AgentPlace) -> AgentPlace {
    let share = part.and_then(|part| part.share_of(scenario));
    let of_share = share.and_then(|share| {
        let (index, count) = (u32::try_from(share.index).ok()?, u32::try_from(share.count).ok()?);
        AgentPlace::new(index, count, place.generation())
    });
    of_share.unwrap_or(place)
}

/// A worker.
enum WorkerHandle {
    Thread(std::thread::JoinHandle<std::io::Result<()>>),
    Here(tokio::task::JoinHandle<std::io::Result<()>>),
}

impl WorkerHandle {
    /// Starts a worker: on a thread of its own or, where time is virtual, on this one, so that all share that time.
    fn start(job: Job) -> std::io::Result<WorkerHandle> {
        match job.shared.time {
            Time::Real => {
                let thread = std::thread::Builder::new().name(format!("worker-{}", job.number));
                thread.spawn(move || run_job(job)).map(WorkerHandle::Thread)
            }
            Time::Virtual(..) => Ok(WorkerHandle::Here(tokio::task::spawn_local(run_job_here(job)))),
        }
    }

    async fn join(self) -> std::thread::Result<std::io::Result<()>> {
        match self {
            WorkerHandle::Thread(thread) => thread.join(),
            WorkerHandle::Here(task) => match task.await {
                Ok(result) => Ok(result),
                Err(error) => match error.try_into_panic() {
                    Ok(panic) => Err(panic),
                    Err(cancelled) => Ok(Err(std::io::Error::other(cancelled))),
                },
            },
        }
    }
}
