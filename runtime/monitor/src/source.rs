//! Sources to read: from the user's settings to sources that can be read.

use std::collections::BTreeMap;
use std::sync::Arc;

use squall_metrics::{Nanos, Reading, plain};
use squall_plan::{TargetMonitoring, WatchedProcess, without_credentials};
use thiserror::Error;
use url::Url;

use crate::exporter::Exporter;
use crate::machine::ThisMachine;
use crate::process::{ProcessGroup, exists, running_names, short_name};
use crate::prometheus::Query;

/// Everything that is to be asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sources {
    /// Processes of this machine.
    pub processes: Vec<WatchedProcess>,
    /// What slows every program of this machine: disks, swapping, stolen processor time.
    pub machine: bool,
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
    /// A name that no process has.
    #[error("no process of this machine is named {name:?}: write a number, or one of {running}")]
    NoProcessNamed {
        /// The name.
        name: String,
        /// Names that processes have.
        running: String,
    },
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
            machine: false,
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
            match process {
                WatchedProcess::Id(id) if !exists(*id) => return Err(WrongSource::NoProcess(*id)),
                WatchedProcess::Name(name) => require_name(name)?,
                WatchedProcess::Id(_) => {}
            }
            sources.push(ResourceSource::Process(Box::new(ProcessGroup::new(process))));
        }
        if self.machine {
            sources.push(ResourceSource::Machine(Box::new(ThisMachine::new())));
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

/// Names in an error; a machine has hundreds.
const NAMES_SHOWN: usize = 12;

fn require_name(name: &str) -> Result<(), WrongSource> {
    let names = running_names();
    if names.contains(short_name(name)) {
        return Ok(());
    }
    let shown: Vec<&str> = names.iter().map(String::as_str).take(NAMES_SHOWN).collect();
    let rest = names.len() - shown.len();
    let more = if rest == 0 { String::new() } else { format!(", and {rest} more") };
    Err(WrongSource::NoProcessNamed { name: name.to_owned(), running: plain(&(shown.join(", ") + &more)).to_string() })
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
    Machine(Box<ThisMachine>),
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
            ResourceSource::Machine(machine) => {
                machine.look(at).into_iter().map(|(source, said)| reading(source, said)).collect()
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
        let unnamed = Sources { processes: vec![WatchedProcess::Name("nosuch".to_owned())], ..Sources::default() };
        let told = unnamed.resolve().err().unwrap().to_string();
        assert!(
            told.starts_with("no process of this machine is named \"nosuch\": write a number, or one of "),
            "{told}"
        );
        let half = Sources { prometheus: Some("http://a:9090".to_owned()), ..Sources::default() };
        assert_eq!(half.resolve().err(), Some(WrongSource::HalfPrometheus));
    }

    #[test]
    fn a_password_is_not_shown() {
        let url = Url::parse("https://me:secret@host/metrics").unwrap();
        assert_eq!(shown(&url), "https://host/metrics");
    }
}
