//! The connection to the server, and what becomes of it.

use std::sync::Arc;
use std::time::Duration;

use async_nats::connection::State;
use async_nats::{Client, ConnectErrorKind, Event};
use tokio::sync::{mpsc, watch};
use tracing::{debug, warn};

use crate::error::BusError;
use crate::id::RunId;
use crate::message::Notice;
use crate::nats::settings::NatsSettings;
use crate::wait::within;

/// The longest time that connecting takes.
const CONNECTING: Duration = Duration::from_secs(10);
/// The longest time between attempts to connect again.
const BETWEEN_ATTEMPTS: Duration = Duration::from_secs(2);
/// The time after which a connection without its event is noted.
const UNNOTED: Duration = Duration::from_secs(1);
/// The number of failures in a row that are reported: one can be a server that is about to be ready.
const REPORTED: u32 = 3;

/// The state of the connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LinkState {
    pub(crate) is_connected: bool,
    /// The number of connections so far.
    pub(crate) connections: u64,
}

/// A connected client, which connects again for ever.
#[derive(Clone)]
pub(crate) struct Link {
    pub(crate) client: Client,
    pub(crate) state: watch::Receiver<LinkState>,
    changes: Arc<watch::Sender<LinkState>>,
}

impl Link {
    /// Connects. All inboxes are below one subject of the run, which logins can be limited to.
    pub(crate) async fn connect(settings: &NatsSettings, run: &RunId) -> Result<Link, BusError> {
        let (changes, state) = watch::channel(LinkState::default());
        let changes = Arc::new(changes);
        let noting = Arc::clone(&changes);
        let options = settings
            .options()
            .await?
            .name(format!("squall {run}"))
            .custom_inbox_prefix(inbox_prefix(run))
            .connection_timeout(CONNECTING)
            .reconnect_delay_callback(|attempts| Duration::from_millis(50 << attempts.min(6)).min(BETWEEN_ATTEMPTS))
            .event_callback(move |event| {
                note(&noting, &event);
                async {}
            });
        let failed = |kind, problem| connect_error(settings, kind, problem);
        let connecting = within(CONNECTING, options.connect(settings.server())).await;
        let client = match connecting {
            Some(connected) => connected.map_err(|error| failed(error.kind(), error.to_string()))?,
            None => return Err(failed(ConnectErrorKind::TimedOut, "it does not answer".to_owned())),
        };
        if !client.is_server_compatible(2, 10, 0) {
            return Err(BusError::Connect {
                server: settings.server().to_owned(),
                problem: format!("it has version {}", client.server_info().version),
                remedy: "use version 2.10 or newer",
            });
        }
        let mut link = Link { client, state, changes };
        link.connected().await;
        Ok(link)
    }

    /// Waits until there is a connection, and returns its number.
    pub(crate) async fn connected(&mut self) -> u64 {
        loop {
            if let Some(Ok(state)) = within(UNNOTED, self.state.wait_for(|state| state.is_connected)).await {
                return state.connections;
            }
            // The client drops events if it has too many at once.
            if self.client.connection_state() == State::Connected && !self.state.borrow().is_connected {
                note(&self.changes, &Event::Connected);
            }
        }
    }

    /// Waits for the connection after this one.
    pub(crate) async fn connected_after(&mut self, connections: u64) {
        let newer = |state: &LinkState| state.is_connected && state.connections > connections;
        if self.state.wait_for(newer).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// The subject above all inboxes of a run.
pub(crate) fn inbox_prefix(run: &RunId) -> String {
    format!("squall-inbox.{run}")
}

fn note(changes: &watch::Sender<LinkState>, event: &Event) {
    match event {
        Event::Connected => {
            changes.send_modify(|state| *state = LinkState { is_connected: true, connections: state.connections + 1 });
        }
        Event::Disconnected | Event::Closed => changes.send_modify(|state| state.is_connected = false),
        Event::ServerError(error) => warn!(%error, "the NATS server refused something"),
        other => debug!(event = %other, "the NATS client"),
    }
}

fn connect_error(settings: &NatsSettings, kind: ConnectErrorKind, problem: String) -> BusError {
    let remedy = match kind {
        ConnectErrorKind::ServerParse => "write nats://HOST:PORT or tls://HOST:PORT",
        ConnectErrorKind::Dns => "check the host's name",
        ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
            "check user and password, token or credentials file"
        }
        ConnectErrorKind::Tls => "check that the server has TLS, and give its CA certificate if it is your own",
        _ if settings.server().starts_with("tls:") => {
            "check that it runs there with TLS, and that no firewall is between; or write nats:// without TLS"
        }
        ConnectErrorKind::TimedOut | ConnectErrorKind::Io | ConnectErrorKind::MaxReconnects => {
            "check that it runs there, and that no firewall is between"
        }
    };
    BusError::Connect { server: settings.server().to_owned(), problem, remedy }
}

/// Reports each loss of the connection, and each return.
pub(crate) async fn watch_link(mut state: watch::Receiver<LinkState>, notices: mpsc::Sender<Notice>) {
    let mut was_connected = true;
    loop {
        let is_connected = state.borrow_and_update().is_connected;
        if is_connected != was_connected {
            was_connected = is_connected;
            let notice = match is_connected {
                true => Notice::Reconnected,
                false => Notice::Disconnected { reason: "the NATS server does not answer".to_owned() },
            };
            if notices.send(notice).await.is_err() {
                return;
            }
        }
        if state.changed().await.is_err() {
            return;
        }
    }
}

/// Reports requests that fail again and again while there is a connection.
pub(crate) struct Health {
    notices: mpsc::Sender<Notice>,
    failures: u32,
}

impl Health {
    pub(crate) fn new(notices: mpsc::Sender<Notice>) -> Health {
        Health { notices, failures: 0 }
    }

    pub(crate) fn failed(&mut self, reason: String) {
        debug!(reason, "a request to JetStream failed");
        self.failures += 1;
        if self.failures == REPORTED {
            // Without room for it, the user has more urgent things to read.
            let _ = self.notices.try_send(Notice::Disconnected { reason });
        }
    }

    pub(crate) fn worked(&mut self) {
        if self.failures >= REPORTED {
            let _ = self.notices.try_send(Notice::Reconnected);
        }
        self.failures = 0;
    }
}
