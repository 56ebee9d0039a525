//! The place where coordinator and agents meet: a NATS of the user, or one that is started here.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use squall_bus::{BusError, CoordinatorEnd, NatsServer, NatsSettings, ServerSettings};
use squall_launchers::LaunchTarget;
use squall_metrics::Clock;
use squall_session::Error;

use super::{QUEUED, Starter, cannot};
use crate::commands::agent::host_name;
use crate::commands::cluster::bus::{block_on, nats_settings, runtime};
use crate::commands::cluster::tickets::Ticket;

/// Between two tries to connect.
const BETWEEN_TRIES: Duration = Duration::from_secs(1);

impl Starter {
    /// A place on NATS: the user's, or one that is started here. Also returns the URL by which agents reach it.
    pub(super) fn open_bus(&self, show: &dyn Fn(&str)) -> Result<(CoordinatorEnd, String), Error> {
        let (settings, agent_url) = match &self.url {
            Some(url) => {
                let settings = nats_settings(url, &self.arguments.bus).map_err(|error| cannot(&error))?;
                Ticket::new(url, &self.key).keep(&self.run);
                (settings, self.arguments.agent_url.clone().unwrap_or_else(|| url.clone()))
            }
            None => self.start_server(show)?,
        };
        let end = block_on(CoordinatorEnd::create(&settings, &self.run, &self.key)).map_err(|error| cannot(&error))?;
        Ok((end, agent_url))
    }

    pub(super) fn start_server(&self, show: &dyn Fn(&str)) -> Result<(NatsSettings, String), Error> {
        let here = matches!(self.target, LaunchTarget::Local);
        let usual = if here { Ipv4Addr::LOCALHOST } else { Ipv4Addr::UNSPECIFIED };
        let listen = SocketAddr::new(self.arguments.listen.unwrap_or(usual.into()), 0);
        let server = block_on(NatsServer::start(&ServerSettings { listen, ..ServerSettings::default() }, &self.run))
            .map_err(|error| cannot(&error))?;
        let host =
            self.arguments.advertise.clone().unwrap_or_else(|| {
                if listen.ip().is_loopback() || here { listen.ip().to_string() } else { host_name() }
            });
        let settings = server.coordinator().map_err(|error| cannot(&error))?;
        let agent_url = server.agent_url(&host);
        show(&format!("started nats-server at {}; agents reach it as {host}", server.address()));
        self.started.borrow_mut().server = Some(server);
        Ok((settings, agent_url))
    }

    pub(super) fn create_when_reachable(&self, settings: &NatsSettings) -> Result<CoordinatorEnd, Error> {
        let clock = Clock::of_system();
        let began = clock.now();
        let runtime = runtime().map_err(|error| cannot(&error))?;
        loop {
            match runtime.block_on(CoordinatorEnd::create(settings, &self.run, &self.key)) {
                Ok(end) => return Ok(end),
                Err(BusError::Connect { .. }) if clock.now().since(began) < QUEUED.into() => pause(BETWEEN_TRIES),
                Err(error) => return Err(cannot(&error)),
            }
        }
    }
}

/// The address of a NATS in the cluster once its port is forwarded to this machine, with the same login.
pub(super) fn forwarded(url: &str) -> String {
    let login = url.strip_prefix("nats://").and_then(|rest| rest.rsplit_once('@')).map_or("", |(login, _)| login);
    let login = if login.is_empty() { String::new() } else { format!("{login}@") };
    format!("nats://{login}127.0.0.1:4222")
}

#[expect(clippy::disallowed_methods, reason = "no load is carried yet")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}
