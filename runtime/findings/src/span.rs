//! Spans: the work that a target did for a request, as its own instrumentation measured it. Only what rules ask for is
//! kept. The names of attributes are those of OpenTelemetry's semantic conventions, 1.44 and before the stable ones.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The trace that a span belongs to: 16 bytes, in the order of the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TraceId(pub u128);

/// A span within its trace: 8 bytes, in the order of the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SpanId(pub u64);

/// A moment, in nanoseconds since 1970 in UTC, by the clock of the machine that measured it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct UnixNanos(pub u64);

/// A piece of work in a trace.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// The trace.
    pub trace: TraceId,
    /// The span.
    pub id: SpanId,
    /// The span that it is a part of. That of a request from Squall has the request itself as parent.
    pub parent: Option<SpanId>,
    /// Its side of a call.
    pub kind: SpanKind,
    /// The service (`service.name`): empty if the target does not say.
    pub service: Arc<str>,
    /// The library that measured it (the instrumentation scope's name).
    pub scope: Arc<str>,
    /// Its name: `GET /products/<int:id>`, `SELECT shop`.
    pub name: Arc<str>,
    /// The beginning.
    pub began: UnixNanos,
    /// The end; not before the beginning.
    pub ended: UnixNanos,
    /// Whether its status is an error.
    pub failed: bool,
    /// The subject of the work.
    pub work: Work,
}

/// A span's side of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SpanKind {
    /// Work within the service.
    #[default]
    Internal,
    /// A call that the service answers.
    Server,
    /// A call that the service makes, and waits for.
    Client,
    /// A message that is sent.
    Producer,
    /// A message that is received.
    Consumer,
}

/// The subject of a span's work.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Work {
    /// A call of a database: `db.system.name`, or before that `db.system`.
    Database {
        /// The product: `postgresql`, `mysql`, `redis`.
        system: Arc<str>,
        /// The statement (`db.query.text`, before that `db.statement`) as a template ([`crate::database::template`]);
        /// empty if the target does not say.
        statement: Arc<str>,
        /// A digest of the statement as it was sent, values included, if the target sends them. It tells the same
        /// statement with other values from the very same one.
        values: u64,
    },
    /// A call by HTTP.
    Http {
        /// The method.
        method: Arc<str>,
        /// The server's own route (`http.route`); for a client the host and port, and the path without its query and
        /// numbers.
        route: Arc<str>,
    },
    /// A wait for a connection of a pool: by the name of the span (`pool.acquire`, `HikariPool.getConnection`).
    PoolWait,
    /// Anything else.
    #[default]
    Other,
}

impl Span {
    /// Its time, in nanoseconds.
    pub fn nanos(&self) -> u64 {
        self.ended.0.saturating_sub(self.began.0)
    }
}

impl std::fmt::Display for TraceId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:032x}", self.0)
    }
}
