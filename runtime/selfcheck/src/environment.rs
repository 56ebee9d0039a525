//! The environment of trials: a server that is known, the built-in one-request scenario, and a run of it like any other.

use std::sync::Arc;

use squall_data::DataSet;
use squall_guest::{Artifact, Capacity, CodeCache, Guest, Secrets};
use squall_http::EgressPolicy;
use squall_load::{Event, Observer, Run, RunOutcome, raise_open_files};
use squall_plan::{Defaults, Limits, Options, Pacing, Plan};
use squall_session::Error as SessionError;
use squall_session::one_request::{self, RequestSettings};

use crate::error::Error;
use crate::known_server::{KnownServer, Programme, Served};

const SCENARIO: &str = "the built-in scenario";
/// So that a check can be repeated: arrivals are even, and nothing else is drawn.
const SEED: u64 = 1;

/// Everything that the trials share.
pub struct Environment {
    artifact: Artifact,
    cache: CodeCache,
    pacing: Pacing,
    cores: usize,
}

/// Both sides' view of a trial.
pub struct Seen {
    /// Squall's measurements.
    pub squall: RunOutcome,
    /// The server's records, which are true.
    pub server: Served,
}

impl Environment {
    pub fn new(pacing: Pacing) -> Result<Environment, Error> {
        let artifact = Artifact::from_bytes(one_request::COMPONENT.to_vec()).map_err(unfit)?;
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Ok(Environment { artifact, cache: CodeCache::of_user(), pacing, cores })
    }

    /// One line about Squall's version and the machine.
    pub fn machine(&self) -> String {
        let cores = if self.cores == 1 { "1 core".to_owned() } else { format!("{} cores", self.cores) };
        format!("{cores}, {} {}", std::env::consts::OS, std::env::consts::ARCH)
    }

    /// Worker threads: half of the cores, since the server needs the others.
    pub fn threads(&self) -> usize {
        (self.cores / 2).max(1)
    }

    /// Puts `load` on a server that follows `programme`.
    pub fn measure(&self, programme: Programme, load: Options) -> Result<Seen, Error> {
        let server = KnownServer::start(programme).map_err(Error::Server)?;
        let load = Options { pacing: Some(self.pacing), threads: Some(self.threads()), ..load };
        let options = one_request::options(&server.url(), &RequestSettings::default(), load)?;
        let defaults = Defaults { threads: self.threads(), seed: SEED };
        let plan = Plan::resolve(options, &[("request".to_owned(), 1)], defaults).map_err(|errors| {
            Error::Session(SessionError::Options(errors.iter().map(ToString::to_string).collect()))
        })?;
        let capacity = Capacity { vus: plan.max_vus() };
        raise_open_files(capacity.vus).map_err(SessionError::from)?;
        let guest = Guest::for_run(&self.artifact, &Limits::default(), capacity, &self.cache);
        let guest = Arc::new(guest.map_err(unfit)?);
        // The built-in scenario, and a server of our own.
        let egress = EgressPolicy::Everywhere;
        let run = Run::new(plan, vec![guest], DataSet::default(), Secrets::default(), egress);
        let squall = run.run(&mut Silent).map_err(SessionError::from)?;
        Ok(Seen { squall, server: server.stop() })
    }
}

fn unfit(source: squall_guest::GuestError) -> Error {
    Error::Session(SessionError::Guest { name: SCENARIO.to_owned(), source })
}

/// An observer that ignores all events: trials report at their end.
struct Silent;

impl Observer for Silent {
    fn on(&mut self, _event: &Event<'_>) {}
}
