//! Looking into the target while it is loaded: its requests bring a trace context, its traces are received, its databases
//! are read, and at the end the causes of slow responses are named. docs/bottlenecks.md.

mod evidence;

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use squall_database::{ConnectError, Databases, ReadingHandle};
use squall_findings::{Findings, find};
use squall_http::TraceSampling;
use squall_load::RunOutcome;
use squall_plan::{LookInside, PlanFile};
use squall_traces::{Receiver, ReceiverHandle, RunPrefix, Settings};
use url::Url;

use crate::console::Console;
use crate::error::Error;
use evidence::evidence;

/// The share of requests that are traced, unless another is asked for.
const SHARE: f64 = 0.01;
/// Requests that are traced a second at least: a slow load has enough traces, too.
const LEAST_A_SECOND: f64 = 10.0;
/// Exporters send what they have gathered every 5 s, unless they are told otherwise.
const LONGEST_WAIT: Duration = Duration::from_secs(6);
/// After the last traces have come, nothing comes for this long.
const QUIET: Duration = Duration::from_millis(1500);
const STEP: Duration = Duration::from_millis(100);

/// The parts that look, ready to begin.
pub(crate) struct Prepared {
    traces: Option<(Receiver, TraceSampling)>,
    databases: Option<Databases>,
}

/// The parts at work.
pub(crate) struct Looking {
    traces: Option<ReceiverHandle>,
    /// Where traces are received.
    addresses: Vec<SocketAddr>,
    databases: Option<ReadingHandle>,
}

/// What is asked for: the plan's settings, and those that were typed above them.
pub(crate) fn settings(typed: &LookInside, plan: Option<&PlanFile>) -> LookInside {
    let planned = plan.map(|plan| plan.watching.inside.clone()).unwrap_or_default();
    let several = |typed: &[String], planned: Vec<String>| if typed.is_empty() { planned } else { typed.to_vec() };
    LookInside {
        traces: typed.traces.or(planned.traces),
        trace_share: typed.trace_share.or(planned.trace_share),
        otlp_listen: several(&typed.otlp_listen, planned.otlp_listen),
        otlp_forward: typed.otlp_forward.clone().or(planned.otlp_forward),
        databases: several(&typed.databases, planned.databases),
        diagnose: typed.diagnose.or(planned.diagnose),
    }
}

impl Prepared {
    /// Takes the addresses for traces, and connects to the databases.
    ///
    /// # Errors
    /// If an address is wrong or in use. A database that cannot be reached is told, and the run goes on without it.
    pub(crate) fn of(settings: &LookInside, console: &dyn Console) -> Result<Prepared, Error> {
        let traces = match settings.traces {
            Some(true) => Some(receiver(settings, console)?),
            _ => None,
        };
        let databases = (!settings.databases.is_empty()).then(|| Databases::connect(&settings.databases)).transpose();
        let databases = databases.map_err(|error: ConnectError| Error::option(format!("--database: {error}")))?;
        for problem in databases.iter().flat_map(Databases::problems) {
            console.print_status(&format!("warning: {problem}"));
        }
        Ok(Prepared { traces, databases })
    }

    /// Which requests are traced.
    pub(crate) fn sampling(&self) -> Option<TraceSampling> {
        self.traces.as_ref().map(|(_, sampling)| *sampling)
    }

    /// Begins to look; `None` if there is nothing to look at.
    pub(crate) fn begin(self) -> Result<Option<Looking>, Error> {
        if self.traces.is_none() && self.databases.is_none() {
            return Ok(None);
        }
        let addresses = self.traces.as_ref().map(|(receiver, _)| receiver.addresses().to_vec()).unwrap_or_default();
        let begun = self.traces.map(|(receiver, _)| receiver.begin()).transpose();
        let traces = begun.map_err(|error| Error::option(error.to_string()))?;
        Ok(Some(Looking { traces, addresses, databases: self.databases.map(Databases::begin) }))
    }
}

fn receiver(settings: &LookInside, console: &dyn Console) -> Result<(Receiver, TraceSampling), Error> {
    // Not of the plan's seed: two runs with one seed have traces of their own.
    let run = RandomState::new().build_hasher().finish() | 1;
    let sampling = TraceSampling {
        run,
        share: settings.trace_share.unwrap_or(SHARE),
        least_a_second: if settings.trace_share.is_some() { 0.0 } else { LEAST_A_SECOND },
        seed: run,
    };
    let mut wanted = Settings::new(RunPrefix(run));
    if !settings.otlp_listen.is_empty() {
        wanted.addresses = settings.otlp_listen.iter().map(|text| listening(text)).collect::<Result<_, _>>()?;
    }
    wanted.forward = settings.otlp_forward.as_deref().map(collector).transpose()?;
    let receiver = Receiver::bind(wanted).map_err(|error| Error::option(error.to_string()))?;
    let addresses: Vec<String> = receiver.addresses().iter().map(SocketAddr::to_string).collect();
    if !console.is_quiet() {
        console.print_status(&format!("traces (OTLP) are received at {}", addresses.join(" and ")));
    }
    Ok((receiver, sampling))
}

/// The collector's address.
fn collector(text: &str) -> Result<Url, Error> {
    Url::parse(text)
        .map_err(|error| Error::option(format!("--otlp-forward {text}: {error}: write http://127.0.0.1:5318")))
}

/// An address to listen at: `127.0.0.1:4318`, or only a port.
fn listening(text: &str) -> Result<SocketAddr, Error> {
    let wrong = || Error::option(format!("--otlp-listen {text}: write an address and a port, 127.0.0.1:4318"));
    if let Ok(port) = text.parse::<u16>() {
        return Ok(([127, 0, 0, 1], port).into());
    }
    text.to_socket_addrs().ok().and_then(|mut found| found.next()).ok_or_else(wrong)
}

impl Looking {
    /// The load is over: waits for the last traces, reads the databases for the last time, and names the causes.
    pub(crate) fn finish(self, outcome: &RunOutcome, console: &dyn Console) -> Findings {
        if let Some(traces) = &self.traces {
            if !console.is_quiet() {
                console.print_status("waiting for the target's last traces");
            }
            wait_for_last(traces);
        }
        let received = self.traces.map(ReceiverHandle::finish);
        let databases = self.databases.map(ReadingHandle::finish).unwrap_or_default();
        let problems = received.as_ref().map(|received| evidence::problems(received, &self.addresses, &outcome.totals));
        let problems = problems.unwrap_or_default();
        let spans = received.map(|received| received.spans).unwrap_or_default();
        let mut findings = find(&evidence(outcome, spans, databases));
        findings.not_seen.splice(0..0, problems);
        findings
    }
}

/// Waits until the exporters have sent what they had gathered.
fn wait_for_last(traces: &ReceiverHandle) {
    let at_the_end = traces.spans_so_far();
    if at_the_end == 0 {
        return;
    }
    let (mut waited, mut quiet, mut seen) = (Duration::ZERO, Duration::ZERO, at_the_end);
    while waited < LONGEST_WAIT && (quiet < QUIET || seen == at_the_end) {
        pause();
        waited += STEP;
        let now = traces.spans_so_far();
        quiet = if now == seen { quiet + STEP } else { Duration::ZERO };
        seen = now;
    }
}

#[expect(clippy::disallowed_methods, reason = "the load is over: there is no measured path to hold up")]
fn pause() {
    std::thread::sleep(STEP);
}
