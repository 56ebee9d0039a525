//! Steering a run from any thread while it goes on: stopping it and, where the plan lets it be controlled from outside,
//! pausing it and changing its virtual users or its rate. The steps of a stepped load come the same way.

use std::fmt;
use std::sync::Arc;

use squall_metrics::Nanos;
use squall_plan::{LoadLevel, Rate};
use tokio::sync::watch;

use crate::part::TakenOver;

/// How far a run is to go on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stop {
    /// As planned.
    #[default]
    No,
    /// No new iterations; those under way may end in the plan's graceful time.
    Gracefully,
    /// At once.
    Now,
}

/// Who stopped a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoppedBy {
    /// Ctrl-C, or another signal.
    Signal,
    /// Typed at the terminal.
    Terminal,
    /// Asked for through the control API.
    Api,
}

impl fmt::Display for StoppedBy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            StoppedBy::Signal => "interrupted",
            StoppedBy::Terminal => "stopped at the terminal",
            StoppedBy::Api => "stopped by the API",
        })
    }
}

/// What those outside wish for at present.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ControlState {
    pub(crate) stop: Stop,
    /// The first to ask for a stop, if it came from outside.
    pub(crate) stopped_by: Option<StoppedBy>,
    pub(crate) paused: bool,
    /// In place of the plan's.
    pub(crate) vus: Option<u64>,
    /// In place of the plan's.
    pub(crate) rate: Option<Rate>,
    /// What became of `paused` and `rate` in an open load, and from when on, and from which iteration on. The control
    /// thread sets it, so that all workers change at the same moment.
    pub(crate) rate_change: Option<RateChange>,
    /// Parts of the load that this process carries besides its own, in the order in which they came.
    pub(crate) taken_over: Arc<[TakenOver]>,
}

impl ControlState {
    pub(crate) fn to_stop(&self) -> bool {
        self.stop != Stop::No
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RateChange {
    pub(crate) at: Nanos,
    pub(crate) first_index: u64,
    /// None while nothing is to begin. Not what is wished for at present: that may already be the next change.
    pub(crate) rate: Option<Rate>,
}

/// Steers a run. Clones steer the same one.
#[derive(Clone, Debug)]
pub struct Steering(watch::Sender<ControlState>);

impl Default for Steering {
    fn default() -> Steering {
        Steering(watch::Sender::new(ControlState::default()))
    }
}

impl Steering {
    /// Begins no more iterations and waits for those under way, as long as the plan allows.
    pub fn stop_gracefully(&self, by: StoppedBy) {
        self.raise(Stop::Gracefully, Some(by));
    }

    /// Interrupts what is under way.
    pub fn stop_now(&self, by: StoppedBy) {
        self.raise(Stop::Now, Some(by));
    }

    /// Likewise [`Steering::stop_gracefully`], for a reason that the run itself has.
    pub fn end_gracefully(&self) {
        self.raise(Stop::Gracefully, None);
    }

    /// Likewise [`Steering::stop_now`], for a reason that the run itself has.
    pub fn end_now(&self) {
        self.raise(Stop::Now, None);
    }

    /// Begins no iterations until [`Steering::resume`]. Only a load that is controlled from outside heeds it.
    pub fn pause(&self) {
        self.change(|control_state| !std::mem::replace(&mut control_state.paused, true));
    }

    /// Goes on after a pause.
    pub fn resume(&self) {
        self.change(|control_state| std::mem::replace(&mut control_state.paused, false));
    }

    /// So many virtual users from now on. Only a closed load whose level is decided while it runs heeds it.
    pub fn set_vus(&self, vus: u64) {
        self.change(|control_state| control_state.vus.replace(vus) != Some(vus));
    }

    /// So many iterations a time from now on. Only an open load whose level is decided while it runs heeds it.
    pub fn set_rate(&self, rate: Rate) {
        self.change(|control_state| control_state.rate.replace(rate) != Some(rate));
    }

    /// This level from now on: that of a step.
    pub(crate) fn set_level(&self, level: LoadLevel) {
        match level {
            LoadLevel::Vus(vus) => self.set_vus(vus),
            LoadLevel::Rate(rate) => self.set_rate(rate),
        }
    }

    /// Whether the run is to stop, or has stopped, for whatever reason.
    pub fn is_stopping(&self) -> bool {
        self.0.borrow().to_stop()
    }

    /// Whether it is to pause.
    pub fn is_paused(&self) -> bool {
        self.0.borrow().paused
    }

    /// How many virtual users are wished for in place of the plan's.
    pub fn vus(&self) -> Option<u64> {
        self.0.borrow().vus
    }

    /// Which rate is wished for in place of the plan's.
    pub fn rate(&self) -> Option<Rate> {
        self.0.borrow().rate
    }

    fn raise(&self, to: Stop, by: Option<StoppedBy>) {
        self.change(|control_state| {
            let raised = to > control_state.stop;
            if !control_state.to_stop() {
                control_state.stopped_by = by;
            }
            control_state.stop = to.max(control_state.stop);
            raised
        });
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut ControlState) -> bool) {
        self.0.send_if_modified(change);
    }

    pub(crate) fn change_rate_at(&self, change: RateChange) {
        self.change(|control_state| control_state.rate_change.replace(change) != Some(change));
    }

    pub(crate) fn watch(&self) -> watch::Receiver<ControlState> {
        self.0.subscribe()
    }
}
