//! The outputs of a run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use squall_metrics::{Clock, Interval, Nanos, Totals};
use url::Url;

use crate::batch::{Batch, Names};
use crate::error::StreamError;
use crate::format::{Csv, Format, Influxdb, Json, OpenMetrics, Otlp, Prometheus, Statsd, Trends};
use crate::format::{influxdb, openmetrics, otlp};
use crate::output::{Header, Kind, Output, Place};
use crate::output_thread::{Draining, OutputThread};
use crate::statistic::Statistic;
use crate::transport::{Datagrams, HttpPost, OutputFile, Page, Transport};

/// The settings of all outputs.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Tags of the whole run.
    pub tags: BTreeMap<String, String>,
    /// The statistics of distributions.
    pub statistics: Vec<Statistic>,
    /// Whether Prometheus gets native histograms instead of those.
    pub native_histograms: bool,
    /// Headers of requests, each for one kind of output.
    pub headers: Vec<Header>,
    /// The target of requests that do not name one.
    pub target: Option<String>,
}

/// The outputs of a run, from before its beginning until after its end.
pub struct Streams {
    couriers: Vec<OutputThread>,
    headings: Vec<String>,
    tags: BTreeMap<String, String>,
    /// The names of the run; set with the first second.
    names: Option<Arc<Names>>,
    /// The zero of the system's monotonic clock, since 1970.
    clock_began: Duration,
    latest: Duration,
}

impl Streams {
    /// Opens all outputs, at this time of day.
    ///
    /// # Errors
    /// For a file that cannot be created, an address that is in use, a header that cannot be sent.
    pub fn open(outputs: &[Output], settings: &Settings, now: SystemTime) -> Result<Streams, StreamError> {
        let mut streams = Streams {
            couriers: Vec::new(),
            headings: Vec::new(),
            tags: settings.tags.clone(),
            names: None,
            clock_began: since_1970(now).saturating_sub(Clock::of_system().now().into()),
            latest: Duration::ZERO,
        };
        for output in outputs {
            streams.add(output, settings).map_err(|problem| StreamError { output: output.to_string(), problem })?;
        }
        Ok(streams)
    }

    fn add(&mut self, output: &Output, settings: &Settings) -> Result<(), String> {
        let transport = transport(output, settings)?;
        if let Transport::Page(page) = &transport {
            self.headings.push(format!("  openmetrics: {}", page.url()));
        }
        let courier = OutputThread::start(output.to_string(), format(output.kind(), settings), transport);
        self.couriers.push(courier.map_err(|error| error.to_string())?);
        Ok(())
    }

    /// The addresses that the user needs to find the run's metrics.
    pub fn headings(&self) -> &[String] {
        &self.headings
    }

    /// Passes on the samples of this period, which ended then on the system's monotonic clock. `totals` has the names
    /// and the number of virtual users.
    pub fn recorded(&mut self, recorded: &Arc<Interval>, length: Nanos, ended: Nanos, totals: &Totals) {
        let is_in_load = length > Nanos::ZERO;
        if self.couriers.is_empty() || (recorded.is_empty() && !is_in_load) {
            return;
        }
        // Batches must have distinct times: a database would keep one of two with the same time.
        let ended = self.clock_began + Duration::from(ended);
        self.latest = ended.max(self.latest + Duration::from_millis(1));
        let names = self.names.get_or_insert_with(|| Arc::new(Names::new(totals, std::mem::take(&mut self.tags))));
        let vus = totals.vus.filter(|_| is_in_load).map(|cell| cell.value as u64);
        let batch = Arc::new(Batch {
            ended: self.latest,
            length,
            seconds: 1,
            recorded: Arc::clone(recorded),
            vus,
            vus_max: totals.vus_max,
            names: Arc::clone(names),
        });
        for courier in &mut self.couriers {
            courier.hand_over(&batch);
        }
    }

    /// The first problem of each output, as a sentence.
    pub fn problems(&mut self) -> Vec<String> {
        self.couriers.iter_mut().filter_map(OutputThread::first_problem).collect()
    }

    /// Ends all outputs. Gives the rest a few seconds, and returns a sentence for each output that did not get
    /// everything.
    pub fn close(self) -> Vec<String> {
        let leaving: Vec<Draining> = self.couriers.into_iter().map(OutputThread::leave).collect();
        leaving.into_iter().filter_map(Draining::end).collect()
    }
}

fn since_1970(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn format(kind: Kind, settings: &Settings) -> Box<dyn Format> {
    let statistics = settings.statistics.clone();
    match kind {
        Kind::Json => Box::new(Json::new(statistics)),
        Kind::Csv => Box::new(Csv::new(statistics)),
        Kind::OpenMetrics => Box::new(OpenMetrics::default()),
        Kind::Prometheus if settings.native_histograms => Box::new(Prometheus::new(Trends::NativeHistograms)),
        Kind::Prometheus => Box::new(Prometheus::new(Trends::Statistics(statistics))),
        Kind::Statsd => Box::new(Statsd::new(statistics)),
        Kind::Influxdb => Box::new(Influxdb::new(statistics)),
        Kind::Otlp => Box::new(Otlp::new(settings.target.as_deref().and_then(|target| Url::parse(target).ok()))),
    }
}

fn transport(output: &Output, settings: &Settings) -> Result<Transport, String> {
    match &output.place {
        Place::File(path) => OutputFile::create(path).map(Transport::File).map_err(|error| error.to_string()),
        Place::Here(address) => Page::at(*address, openmetrics::CONTENT_TYPE, openmetrics::NOTHING.into())
            .map(Transport::Page)
            .map_err(|error| error.to_string()),
        Place::There(address) => Ok(Transport::Datagrams(Datagrams::to(address))),
        Place::Url(url) => post(output.kind(), url, settings).map(Transport::Http),
    }
}

fn post(kind: Kind, url: &Url, settings: &Settings) -> Result<HttpPost, String> {
    let (url, mut headers) = match kind {
        Kind::Influxdb => (influxdb::write_url(url)?, vec![("content-type", "text/plain; charset=utf-8")]),
        Kind::Otlp => (otlp::metrics_url(url), vec![("content-type", "application/json")]),
        _ => (
            url.clone(),
            vec![
                ("content-type", "application/x-protobuf"),
                ("content-encoding", "snappy"),
                ("x-prometheus-remote-write-version", "0.1.0"),
            ],
        ),
    };
    let own = settings.headers.iter().filter(|header| header.kind == kind);
    headers.extend(own.map(|header| (header.name.as_str(), header.value.as_str())));
    HttpPost::to(&url, &headers)
}

#[cfg(test)]
mod tests;
