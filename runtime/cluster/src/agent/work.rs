//! The load on an agent, on a thread of its own: steered from here, its records turned into messages.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use squall_http::TraceSampling;
use squall_load::{AgentRun, AgentSays, LoadPart, Run, SteeringOrder, StopOrder, TakenOver};
use squall_metrics::{Nanos, Registry};
use squall_plan::AgentPlace;
use tokio::sync::{mpsc, watch};

use crate::error::ClusterError;
use crate::frame;
use crate::message::{ToCoordinator, to_bytes};

/// What comes of the load.
pub(super) enum WorkSays {
    /// A message for the coordinator.
    Message(Vec<u8>),
    /// The load is over.
    Over(Result<(), ClusterError>),
}

/// A load that is carried.
pub(super) struct Work {
    steering: squall_load::Steering,
    begin: watch::Sender<Option<Nanos>>,
    says: mpsc::Receiver<AgentSays>,
    ended: Receiver<Result<(), ClusterError>>,
    registry: Option<Arc<Registry>>,
    /// Whether it was stopped because no coordinator was heard.
    was_alone: Cell<bool>,
}

impl Work {
    /// Starts it: its virtual users are made, and wait for the load to begin.
    pub(super) fn start(
        run: Run,
        place: AgentPlace,
        has_own_part: bool,
        setup_data: &[Vec<u8>],
    ) -> Result<Work, ClusterError> {
        let number = place.index() + place.count() * place.generation();
        let part_of_sampling = |sampling: TraceSampling| sampling.part(number as usize, place.count() as usize);
        let (data, trace_sampling) = (run.data.of_agent(place), run.trace_sampling.map(part_of_sampling));
        let run = Run { data, trace_sampling, ..run };
        let part = LoadPart::WHOLE.split(place.count()).nth(place.index() as usize).filter(|_| has_own_part);
        let (begin, begins) = watch::channel(None);
        let (say, says) = mpsc::channel(64);
        let (end, ended) = sync_channel(1);
        let steering = run.steering.clone();
        let setup_data = setup_data.iter().map(|data| Arc::from(data.as_slice())).collect();
        let agent_run = AgentRun { run, place, part, setup_data, begin: begins, says: say };
        let thread = std::thread::Builder::new().name("agent".to_owned());
        thread.spawn(move || {
            let result = agent_run.run().map_err(|error| ClusterError::Unusable(error.to_string()));
            // Without a reader the agent has ended.
            let _ = end.send(result);
        })?;
        Ok(Work { steering, begin, says, ended, registry: None, was_alone: Cell::new(false) })
    }

    /// The load begins then, on this system's monotonic clock.
    pub(super) fn begin(&self, at: Nanos) {
        self.begin.send_replace(Some(at));
    }

    pub(super) fn obey(&self, order: &SteeringOrder, taken_over: &[TakenOver], begins: Nanos) {
        self.steering.obey(order, taken_over, begins);
    }

    /// Before the load only a stop means anything.
    pub(super) fn obey_before_load(&self, order: &SteeringOrder) {
        if order.stop != StopOrder::No {
            self.stop_now();
        }
    }

    /// Begins no more iterations, because no coordinator is heard.
    pub(super) fn stop_alone(&self) {
        self.was_alone.set(true);
        self.steering.end_gracefully();
    }

    pub(super) fn stop_now(&self) {
        self.steering.end_now();
    }

    /// The next thing that comes of it.
    pub(super) async fn next(&mut self) -> WorkSays {
        loop {
            let Some(said) = self.says.recv().await else {
                let ended = self.ended.recv();
                return WorkSays::Over(ended.unwrap_or_else(|_| {
                    Err(ClusterError::Unusable(
                        "the thread that carries the load has panicked: report this as a bug".to_owned(),
                    ))
                }));
            };
            if let Some(message) = self.message(said) {
                return WorkSays::Message(message);
            }
        }
    }

    fn message(&mut self, said: AgentSays) -> Option<Vec<u8>> {
        let message = match said {
            AgentSays::Ready(registry) => {
                self.registry = Some(registry);
                ToCoordinator::Ready
            }
            AgentSays::Recorded(record) => return Some(frame::encode(&record, self.registry.as_ref()?)),
            AgentSays::Log(line, times) => ToCoordinator::Log { line: line.into(), times },
            AgentSays::LogDropped(dropped) => ToCoordinator::LogDropped(dropped),
            AgentSays::Warning(text) => ToCoordinator::Warning(text),
            AgentSays::Ended(took, used) => ToCoordinator::Ended { took, used, was_alone: self.was_alone.get() },
        };
        Some(to_bytes(&message))
    }
}
