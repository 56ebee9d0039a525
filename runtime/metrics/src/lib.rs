//! Measurements: the clock, histograms, the recorder of each worker thread, and their totals.
//!
//! Data flows one way. A worker thread owns a [`Recorder`] and writes samples into it without locks; the [`Interval`]
//! of each second is taken out and merged into the run's [`Totals`]; thresholds and reports read those. The course of
//! the run by seconds is kept in a [`History`], from which [`statistics`] draws conclusions. This crate must not know
//! the sources of samples (HTTP, guests) nor their readers (terminal, files).
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod agents_report;
mod builtin;
mod cell;
mod clock;
mod cost;
mod data_use;
mod frame;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod generator;
mod histogram;
mod history;
mod interval;
mod keys;
mod pacing;
mod query;
mod recorder;
mod redactor;
mod registry;
pub mod resource_names;
mod sample;
mod sanitize;
mod seconds;
mod segments;
mod series;
mod sockets;
pub mod statistics;
mod streams;
mod tags;
mod target_resources;
mod threshold;
mod threshold_check;
mod totals;
mod traced_request;
mod websockets;

pub use agents_report::{AgentLine, AgentsReport, LostLoad};
pub use builtin::{BUILT_IN, Builtin, Kind, Subject, Unit};
pub use cell::{Cell, Field, Number};
pub use clock::{Clock, ManualClock, Nanos};
pub use cost::{Certainty, Cost, ThreadCapacity};
pub use data_use::DataUse;
pub use frame::FrameError;
pub use generator::{Finding, GeneratorSecond, GeneratorVerdict, Health, Judge, LoadModel, littles_law};
pub use histogram::{Band, BandParts, DecodeError, Histogram};
pub use history::{History, Second};
pub use interval::{
    CustomCell, GaugeCell, Interval, IterationCell, Problem, ProblemCell, RateCell, RequestCell, RunCell,
    TransactionCell,
};
pub use keys::{CustomKey, FlowId, Method, MetricId, NameId, Protocol, RequestKey};
pub use pacing::{DroppedCell, Pacing};
pub use query::{Aggregate, Selector, service_and_method};
pub use recorder::Recorder;
pub use redactor::{HIDDEN, Redactor};
pub use registry::{MetricInfo, Registry, RegistryError};
pub use sample::{FailureClass, IterationEnd, Phases, RequestSample, SampleOrigin};
pub use sanitize::{plain, plain_json};
pub use seconds::{RecordedSecond, SecondGrid, TakenSeconds};
pub use segments::Stretches;
pub use series::{SeriesKey, SeriesValue, VuGauges};
pub use sockets::SocketCell;
/// How a URL is shown, and random numbers: for those who know measurements, but no plans.
pub use squall_plan::{credentials_in, random, without_credentials};
pub use streams::StreamCell;
pub use tags::{AskedTags, Tag, TagSetId};
pub use target_resources::{
    Reading, ResourceUnit, ResourceValue, TargetResources, WatchedPoint, WatchedSeries, WatchedSource,
};
pub use threshold::{ThresholdFigures, ThresholdResult, evaluate_thresholds};
pub use threshold_check::{ExpectedSamples, ThresholdMisfit, asked_tags, check_threshold};
pub use totals::{LeftOut, ScenarioTags, Totals};
pub use traced_request::{TracedRequest, TracedRequests};
pub use websockets::WebSocketCell;
