//! The signals by which a generator's health is judged, each with its value, its limits, and the advice to the user.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{GeneratorSecond, Health, LoadModel};

/// A way in which a generator falls short; causes before effects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Signal {
    Throttled,
    KeptWaiting,
    SlowGuest,
    Processor,
    Memory,
    OpenFiles,
    Ports,
    RuntimeDelay,
    NoticedLate,
    TooFewUsers,
}

/// A reason not to trust the generator, in words.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Finding {
    /// The finding's severity.
    pub health: Health,
    /// An identifier for programs.
    pub signal: Cow<'static, str>,
    /// The observation.
    pub reason: String,
    /// The remedy.
    pub remedy: Cow<'static, str>,
}

/// The identifier of the signal that all virtual users were busy.
const TOO_FEW_USERS: &str = "too few VUs";

impl Finding {
    /// Whether all virtual users were busy, which may be caused by the target.
    pub fn too_few_users(&self) -> bool {
        self.signal == TOO_FEW_USERS
    }

    /// A finding from a file, which has no remedies: the remedy belongs to the signal.
    #[must_use]
    pub fn with_remedy(self) -> Finding {
        let blank = |known: Signal| known.finding(self.health, 0.0, 0, 0);
        match Signal::ALL.into_iter().map(blank).find(|known| known.signal == self.signal) {
            Some(known) if self.remedy.is_empty() => Finding { remedy: known.remedy, ..self },
            _ => self,
        }
    }
}

/// Finds waiting for the processor where the system does not measure it: looks are late although neither the worker nor
/// a guest was busy. A look is due every 10 ms, so their mean delay is a share of that.
fn seems_kept_waiting(second: &GeneratorSecond) -> f64 {
    let delay = &second.pacing.runtime_delay;
    let (late, had_much_to_do) = (delay.percentile(99.0).as_millis_f64() > 2.0, second.busiest_worker > 0.6);
    let guest_had = second.busiest_worker * second.guest_share > 0.2;
    if late && !had_much_to_do && !guest_had { (delay.mean().as_millis_f64() / 10.0).min(1.0) } else { 0.0 }
}

impl Signal {
    pub(super) const ALL: [Signal; 10] = [
        Signal::Throttled,
        Signal::KeptWaiting,
        Signal::SlowGuest,
        Signal::Processor,
        Signal::Memory,
        Signal::OpenFiles,
        Signal::Ports,
        Signal::RuntimeDelay,
        Signal::NoticedLate,
        Signal::TooFewUsers,
    ];

    /// The value that is compared with the limits: a share, a count, or milliseconds.
    pub(super) fn value(self, second: &GeneratorSecond) -> f64 {
        let busy = second.processor_share.max(second.busiest_worker);
        let guest_is_most = second.guest_share > 0.5;
        match self {
            Signal::Throttled => second.throttled as f64,
            Signal::KeptWaiting => second.run_delay.max(seems_kept_waiting(second)),
            Signal::SlowGuest => {
                if guest_is_most {
                    busy
                } else {
                    0.0
                }
            }
            Signal::Processor => {
                if guest_is_most {
                    0.0
                } else {
                    busy
                }
            }
            Signal::Memory => second.memory,
            Signal::OpenFiles => second.open_files,
            Signal::Ports => second.ports,
            Signal::RuntimeDelay => second.pacing.runtime_delay.percentile(99.0).as_millis_f64(),
            Signal::NoticedLate => second.pacing.noticed_late.percentile(99.0).as_millis_f64(),
            Signal::TooFewUsers if second.dropped > 0 => 1.0,
            // Arrivals that wait for a new virtual user are not a shortage.
            Signal::TooFewUsers if second.all_users_busy && second.pacing.due > 0 => {
                second.backlog as f64 / (second.pacing.due.max(second.backlog)) as f64
            }
            Signal::TooFewUsers => 0.0,
        }
    }

    pub(super) fn judge(self, value: f64, second: &GeneratorSecond, model: LoadModel) -> Health {
        let response = second.typical_response.as_millis_f64();
        let (suspect, bottleneck) = match self {
            Signal::Throttled => (0.5, 0.5),
            Signal::KeptWaiting => (0.05, 0.20),
            Signal::SlowGuest | Signal::Processor => (0.80, 0.90),
            Signal::Memory | Signal::OpenFiles | Signal::Ports => (0.80, 0.95),
            Signal::RuntimeDelay => (f64::max(5.0, 0.05 * response), f64::max(20.0, 0.20 * response)),
            Signal::NoticedLate => (f64::max(1.0, 0.05 * response), f64::max(10.0, 0.20 * response)),
            Signal::TooFewUsers => (0.01, 0.05),
        };
        // A closed load against a fast target uses all processor time on purpose.
        let by_design =
            matches!(self, Signal::KeptWaiting | Signal::SlowGuest | Signal::Processor | Signal::RuntimeDelay);
        let harmless = match self {
            // A busy client alone does no harm, and the cost of a request falls with the load: overloaded threads show in
            // delays.
            Signal::Processor => true,
            // A port is taken for one destination only, and the system may use one again that waits for last packets.
            Signal::Ports => second.failed_connects == 0,
            _ => false,
        };
        match value {
            value if value > bottleneck && !harmless && !(model == LoadModel::Closed && by_design) => {
                Health::Bottleneck
            }
            value if value > suspect => Health::Suspect,
            _ => Health::Ok,
        }
    }

    pub(super) fn finding(self, health: Health, worst: f64, bad: u64, seconds: u64) -> Finding {
        let percent = (worst * 100.0).min(100.0);
        let (signal, what, remedy) = match self {
            Signal::Throttled => (
                "throttled",
                format!("the control group's CPU quota stopped the generator up to {worst:.0} times a second"),
                "raise the container's CPU limit, or ask for less load",
            ),
            Signal::KeptWaiting => (
                "kept waiting",
                format!("other processes held its cores up to {percent:.0}% of the time"),
                "run it on a machine, or on cores (taskset), of its own",
            ),
            Signal::SlowGuest => (
                "slow guest",
                format!("its threads were {percent:.0}% busy, most of it in the scenario's own code"),
                "make the scenario cheaper, give it more --threads, or ask for less load",
            ),
            Signal::Processor => (
                "processor",
                format!("its threads were {percent:.0}% busy"),
                "without other findings the rate was kept, and latencies contain a little of its own queueing; more cores and \
                 --threads have room",
            ),
            Signal::Memory => (
                "memory",
                format!("it used {percent:.0}% of the memory that it may have"),
                "give it more memory, or ask for fewer virtual users",
            ),
            Signal::OpenFiles => (
                "open files",
                format!("it had {percent:.0}% of the open files that it may have"),
                "raise the limit (ulimit -n), or ask for fewer virtual users",
            ),
            Signal::Ports => (
                "ports",
                format!(
                    "{percent:.0}% of the local ports were taken, also by connections closed within the last minute"
                ),
                "keep connections open, or give it more ports (net.ipv4.ip_local_port_range) or a second address",
            ),
            Signal::RuntimeDelay => (
                "runtime delay",
                format!("work that was ready waited up to {worst:.0} ms (p99 of a second) for its thread"),
                "let iterations compute in shorter stretches, give it more --threads, or ask for less load",
            ),
            Signal::NoticedLate => (
                "late",
                format!("it noticed up to {worst:.1} ms late (p99 of a second) that iterations were due"),
                "give it a quieter machine or more --threads, or ask for less load; --pacing spin is more exact",
            ),
            Signal::TooFewUsers => (
                TOO_FEW_USERS,
                "all virtual users were busy when iterations were due".to_owned(),
                "raise --max-vus (with a URL, --connections); if the target is slow, the response times show it from the \
                 intended start on",
            ),
        };
        let reason = format!("{what}, in {bad} of {seconds} s");
        Finding { health, signal: signal.into(), reason, remedy: remedy.into() }
    }
}
