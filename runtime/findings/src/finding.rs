//! Findings, as they are reported and kept.

use serde::{Deserialize, Serialize};

use crate::waterfall::Waterfall;

/// All that was found, and what was looked at.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Findings {
    /// The findings, that with the greatest effect first.
    pub findings: Vec<Finding>,
    /// What was looked at, in sentences.
    pub looked_at: Vec<String>,
    /// What could not be looked at, and why, in sentences.
    pub not_seen: Vec<String>,
    /// Where the time of each endpoint goes, the slowest first.
    pub endpoints: Vec<EndpointTime>,
}

/// A cause of slow responses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The cause.
    pub cause: Cause,
    /// Its class; that of the cause.
    pub class: CauseClass,
    /// A sentence: `GET /products runs one query per product: 20 a request`.
    pub title: String,
    /// The endpoint that suffers most, if it is of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// The flow that requests it most often.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<String>,
    /// How sure it is.
    pub confidence: Confidence,
    /// The share of the endpoint's time that it explains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explains: Option<Explained>,
    /// What shows it: sentences with numbers.
    pub evidence: Vec<String>,
    /// The statement, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement: Option<String>,
    /// The database's plan of the statement, a node a line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plan: Vec<String>,
    /// Traces that show it, by their ids.
    #[serde(default)]
    pub traces: Vec<String>,
    /// An example under low load.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example_low: Option<Waterfall>,
    /// An example under the load.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example: Option<Waterfall>,
    /// What to change.
    pub change: String,
    /// What the change would bring, if that can be computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub improvement: Option<Improvement>,
}

/// The causes that are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// One query for each row of another.
    NPlusOne,
    /// A table is read whole for a few of its rows.
    MissingIndex,
    /// Statements wait for each other's locks.
    LockContention,
    /// Requests wait for a connection of a pool.
    PoolExhaustion,
    /// A statement takes long by itself.
    SlowStatement,
    /// A statement sorts or joins on disk.
    TemporaryFiles,
    /// Dead rows are read along.
    DeadRows,
    /// Calls are made one after the other that do not depend on each other.
    SerialisedCalls,
    /// Very many calls for one request.
    ChattyCalls,
    /// The request waits for another service.
    BlockingCall,
    /// Requests wait for a thread or process of the server.
    WorkerPool,
    /// Work grows faster than its input.
    SuperLinear,
    /// Memory grows with each request.
    MemoryLeak,
    /// The processor is busy, or held back by its quota.
    Cpu,
    /// Memory is near its limit, swapped out, or was taken away by killing.
    Memory,
    /// A disk is busy all the time, or slow.
    Disk,
    /// Much is sent again, because it was lost.
    Network,
    /// The limit of open files and connections is near.
    Descriptors,
    /// A hypervisor gives processor time to other machines.
    NoisyNeighbour,
    /// The runtime stands still for its garbage collector.
    GarbageCollection,
    /// A limit of concurrency, seen from outside.
    ConcurrencyLimit,
    /// A limit of scaling, seen from outside.
    Scaling,
}

/// The part of the target that a cause lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CauseClass {
    /// The database, or how it is used.
    Database,
    /// The application's own code.
    Application,
    /// What it all runs on.
    Infrastructure,
}

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// It fits what was measured; other causes would, too.
    Hypothesis,
    /// One source shows it.
    SingleSource,
    /// Two sources that know nothing of each other show it.
    ConfirmedByTwoSources,
    /// The measurements follow what the cause varies.
    Proved,
}

/// Shares of an endpoint's time, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explained {
    /// Under low load, if there was a stretch of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// Under the load.
    pub high: f64,
}

/// What a change would bring, by arithmetic on what was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Improvement {
    /// The endpoint's p95 now, over the traced requests, in milliseconds.
    pub p95_ms: f64,
    /// The p95 to expect, in milliseconds.
    pub expected_p95_ms: f64,
    /// How it was computed.
    pub arithmetic: String,
}

/// Where the time of an endpoint goes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EndpointTime {
    /// The endpoint.
    pub endpoint: String,
    /// Traced requests under the load.
    pub traces: u64,
    /// Their p95, in milliseconds.
    pub p95_ms: f64,
    /// The p95 under low load, in milliseconds, if there was a stretch of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low_p95_ms: Option<f64>,
    /// The parts of that time, the largest first.
    pub spans: Vec<SpanTime>,
}

/// The part that spans of one kind have in an endpoint's time: their own time, without that of their children.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SpanTime {
    /// The service.
    pub service: String,
    /// The span: a statement, a call, or its name.
    pub name: String,
    /// How often it comes in a request, on average.
    pub count: f64,
    /// Its own time in a request, on average, in milliseconds.
    pub mean_ms: f64,
    /// The same under low load.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low_mean_ms: Option<f64>,
    /// Its share of the growth from low load to the load, 0 to 1, where the endpoint has become slower.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub growth_share: Option<f64>,
}

impl Cause {
    /// The class that it belongs to.
    pub fn class(self) -> CauseClass {
        match self {
            Cause::NPlusOne
            | Cause::MissingIndex
            | Cause::LockContention
            | Cause::PoolExhaustion
            | Cause::SlowStatement
            | Cause::TemporaryFiles
            | Cause::DeadRows => CauseClass::Database,
            Cause::SerialisedCalls
            | Cause::ChattyCalls
            | Cause::BlockingCall
            | Cause::WorkerPool
            | Cause::SuperLinear
            | Cause::MemoryLeak
            | Cause::GarbageCollection
            | Cause::ConcurrencyLimit
            | Cause::Scaling => CauseClass::Application,
            Cause::Cpu | Cause::Memory | Cause::Disk | Cause::Network | Cause::Descriptors | Cause::NoisyNeighbour => {
                CauseClass::Infrastructure
            }
        }
    }

    /// Its name, for people.
    pub fn title(self) -> &'static str {
        match self {
            Cause::NPlusOne => "N+1 queries",
            Cause::MissingIndex => "missing index",
            Cause::LockContention => "lock contention",
            Cause::PoolExhaustion => "connection pool exhausted",
            Cause::SlowStatement => "slow statement",
            Cause::TemporaryFiles => "temporary files",
            Cause::DeadRows => "dead rows",
            Cause::SerialisedCalls => "serialised calls",
            Cause::ChattyCalls => "chatty calls",
            Cause::BlockingCall => "slow call of another service",
            Cause::WorkerPool => "worker pool exhausted",
            Cause::SuperLinear => "super-linear work",
            Cause::MemoryLeak => "memory leak",
            Cause::Cpu => "processor saturated",
            Cause::Memory => "memory short",
            Cause::Disk => "disk saturated",
            Cause::Network => "network loses segments",
            Cause::Descriptors => "open files and connections near their limit",
            Cause::NoisyNeighbour => "noisy neighbour",
            Cause::GarbageCollection => "garbage collection",
            Cause::ConcurrencyLimit => "concurrency limit",
            Cause::Scaling => "scaling limit",
        }
    }
}

impl CauseClass {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            CauseClass::Database => "database",
            CauseClass::Application => "application",
            CauseClass::Infrastructure => "infrastructure",
        }
    }
}

impl Confidence {
    /// Its name, for people.
    pub fn name(self) -> &'static str {
        match self {
            Confidence::Proved => "proved",
            Confidence::ConfirmedByTwoSources => "confirmed by two sources",
            Confidence::SingleSource => "single source",
            Confidence::Hypothesis => "hypothesis",
        }
    }
}
