//! Sources to read: from the user's settings to sources that can be read.

use std::collections::BTreeMap;
use std::sync::Arc;

use squall_metrics::{Nanos, Reading};
use squall_plan::{TargetMonitoring, WatchedProcess, without_credentials};
use thiserror::Error;
use url::Url;

use crate::exporter::Exporter;
use crate::process::{ProcessGroup, exists};
use crate::prometheus::Query;

/// Everything that is to be asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sources {
    /// Processes of this machine.
    pub processes: Vec<WatchedProcess>,
    /// Addresses of exporters.
    pub scrape: Vec<String>,
    /// The address of a Prometheus.
    pub prometheus: Option<String>,
    /// Queries by the name of their result.
    pub queries: BTreeMap<String, String>,
}

/// A source that cannot be read.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum WrongSource {
    /// A process that is not there.
    #[error("there is no process {0} on this machine to monitor")]
    NoProcess(u64),
    /// An invalid address.
    #[error("{0:?} cannot be monitored: write an address like http://127.0.0.1:9100/metrics")]
    NoAddress(String),
    /// A Prometheus without a question, or the other way round.
    #[error("a Prometheus needs its address and at least one query: name and PromQL")]
    HalfPrometheus,
}

impl Sources {
    /// The sources of a plan.
    pub fn of_plan(watching: &TargetMonitoring) -> Sources {
        Sources {
            processes: watching.process.iter().cloned().collect(),
            scrape: watching.scrape.clone(),
            prometheus: watching.prometheus.clone(),
            queries: watching.queries.clone(),
        }
    }

    /// Whether there is no source.
    pub fn is_empty(&self) -> bool {
        *self == Sources::default()
    }

    /// Ready to be asked.
    pub(crate) fn resolve(&self) -> Result<Vec<ResourceSource>, WrongSource> {
        let mut sources = Vec::new();
        for process in &self.processes {
            if let WatchedProcess::Id(id) = process
                && !exists(*id)
            {
                return Err(WrongSource::NoProcess(*id));
            }
            sources.push(ResourceSource::Process(Box::new(ProcessGroup::new(process))));
        }
        for address in &self.scrape {
            sources.push(ResourceSource::Exporter(Box::new(Exporter::new(parse(address)?))));
        }
        match (&self.prometheus, self.queries.is_empty()) {
            (None, true) => {}
            (Some(address), false) => {
                let address = parse(address)?;
                let query = |(name, text): (&String, &String)| {
                    ResourceSource::Prometheus(Box::new(Query::new(&address, name, text)))
                };
                sources.extend(self.queries.iter().map(query));
            }
            _ => return Err(WrongSource::HalfPrometheus),
        }
        Ok(sources)
    }
}

pub(crate) fn parse(address: &str) -> Result<Url, WrongSource> {
    let url = Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    url.ok_or_else(|| WrongSource::NoAddress(without_credentials(address).into_owned()))
}

/// The address as it may be shown: without a password.
pub(crate) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // Only addresses without a host have no place for these.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.to_string()
}

/// A source that can be read.
pub(crate) enum ResourceSource {
    Process(Box<ProcessGroup>),
    Exporter(Box<Exporter>),
    Prometheus(Box<Query>),
}

impl ResourceSource {
    /// Reads it now. `at` is on the system's clock.
    pub(crate) async fn ask(&mut self, at: Nanos) -> Vec<Reading> {
        let reading = |source: Arc<str>, said| Reading { at, source, said };
        match self {
            ResourceSource::Process(group) => {
                group.look(at).into_iter().map(|(source, said)| reading(source, said)).collect()
            }
            ResourceSource::Exporter(exporter) => {
                exporter.ask(at).await.into_iter().map(|(source, said)| reading(source, said)).collect()
            }
            ResourceSource::Prometheus(query) => {
                let said = query.ask().await;
                vec![reading(query.source(), said)]
            }
        }
    }
}

/// A reading of a source: its name, and the values or the reason for their absence.
pub(crate) type Said = (Arc<str>, Result<Vec<squall_metrics::ResourceValue>, String>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unreadable_sources_are_refused_before_the_run() {
        let scrape = |address: &str| Sources { scrape: vec![address.to_owned()], ..Sources::default() };
        assert!(scrape("http://127.0.0.1:9100/metrics").resolve().is_ok());
        for wrong in ["127.0.0.1:9100", "node", "ftp://host/metrics", "unix:/a"] {
            assert_eq!(scrape(wrong).resolve().err(), Some(WrongSource::NoAddress(wrong.to_owned())), "{wrong}");
        }
        let gone = Sources { processes: vec![WatchedProcess::Id(u64::MAX)], ..Sources::default() };
        assert_eq!(gone.resolve().err(), Some(WrongSource::NoProcess(u64::MAX)));
        let half = Sources { prometheus: Some("http://a:9090".to_owned()), ..Sources::default() };
        assert_eq!(half.resolve().err(), Some(WrongSource::HalfPrometheus));
    }

    #[test]
    fn a_password_is_not_shown() {
        let url = Url::parse("https://me:secret@host/metrics").unwrap();
        assert_eq!(shown(&url), "https://host/metrics");
    }
}
