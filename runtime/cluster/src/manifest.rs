//! All that an agent needs to know of a run: the plan as it was resolved, the components, the data, the limits, and where it
//! may go. It holds secrets, so it travels only where the bus seals it, or between processes of one user.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use squall_bus::AgentEnd;
use squall_data::{DataSet, Openable, Opened};
use squall_guest::{Artifact, Capacity, CodeCache, Guest, Secrets};
use squall_http::{EgressPolicy, EgressRules, HostRule, TraceSampling};
use squall_load::{Run, raise_open_files};
use squall_plan::{Limits, Plan};

use crate::error::ClusterError;

/// A run, for agents and for a coordinator that attaches later.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of Squall that carries it out; agents must have the same.
    pub version: String,
    /// The plan, as it was resolved.
    pub plan: Plan,
    /// The components, in the order of the plan's.
    pub components: Vec<SharedComponent>,
    /// What each of them may take.
    pub limits: Limits,
    /// Files by their paths in the plan: data, and certificates.
    pub files: BTreeMap<PathBuf, String>,
    /// Values of `--secret`.
    pub secrets: BTreeMap<String, String>,
    /// Hosts that may be connected to, and those that may be put under load; everywhere if not given.
    pub egress: Option<(Vec<String>, Vec<String>)>,
    /// Which requests the target is asked to trace.
    pub trace_sampling: Option<TraceSampling>,
    /// Worker threads of each agent; the machine's cores if not given.
    pub threads: Option<usize>,
    /// How many agents share the load in the beginning.
    pub agents: u32,
    /// What the coordinator needs to make its reports, in words that only it understands.
    pub test: serde_json::Value,
}

/// A component of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SharedComponent {
    /// What the user calls it.
    pub name: String,
    /// The name under which the bus has its bytes.
    pub file: String,
    /// Files that it opened while it described itself, by their names there, with the bus's names for them.
    pub opened: BTreeMap<String, String>,
}

/// The contents of files, by the bus's names for them: their digests.
#[derive(Clone, Debug, Default)]
pub struct ManifestFiles(BTreeMap<String, Bytes>);

impl ManifestFiles {
    /// Adds a file. Returns its name.
    pub fn add(&mut self, content: Bytes) -> String {
        let name = digest(&content);
        self.0.insert(name.clone(), content);
        name
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &Bytes)> {
        self.0.iter()
    }
}

/// A file's name on the bus.
fn digest(content: &[u8]) -> String {
    let digest = Sha256::digest(content);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What an agent has of a manifest's files.
pub(crate) struct Fetched {
    components: Vec<(Bytes, BTreeMap<String, Bytes>)>,
    /// Where data and certificates lie.
    _folder: tempfile::TempDir,
    paths: BTreeMap<PathBuf, PathBuf>,
}

impl Manifest {
    /// Fetches the files. Data goes to a private temporary folder.
    pub(crate) async fn fetch(&self, from: &AgentEnd) -> Result<Fetched, ClusterError> {
        let mut components = Vec::new();
        for component in &self.components {
            let mut opened = BTreeMap::new();
            for (name, file) in &component.opened {
                opened.insert(name.clone(), from.fetch_file(file).await?);
            }
            components.push((from.fetch_file(&component.file).await?, opened));
        }
        let folder = tempfile::Builder::new().prefix("squall-agent-").tempdir()?;
        let mut paths = BTreeMap::new();
        for (number, (path, file)) in self.files.iter().enumerate() {
            let place = folder.path().join(number.to_string());
            fs::write(&place, from.fetch_file(file).await?)?;
            paths.insert(path.clone(), place);
        }
        Ok(Fetched { components, _folder: folder, paths })
    }

    /// Compiles the components and reads the data: a run that can begin.
    pub(crate) fn ready_run(&self, fetched: &Fetched, threads: usize) -> Result<Run, ClusterError> {
        let mut plan = self.plan.clone();
        plan.threads = threads;
        for data in &mut plan.data {
            relocate(&mut data.file, fetched);
        }
        if let Some(cacert) = &mut plan.http.cacert {
            relocate(cacert, fetched);
        }
        plan.http.tls.files_mut().for_each(|file| relocate(file, fetched));
        let connections = &mut plan.http.connections;
        // Each agent opens its part of the connections.
        connections.connect_interval =
            connections.connect_interval.map(|interval| interval.saturating_mul(self.agents.max(1)));
        let guests = self.guests(fetched)?;
        let unusable = |error: &dyn std::fmt::Display| ClusterError::Unusable(error.to_string());
        let data = DataSet::load(&plan.data, plan.last_vu(), plan.seed).map_err(|error| unusable(&error))?;
        let vus = vus_of_agent(plan.max_vus(), self.agents);
        raise_open_files(vus).map_err(|error| unusable(&error))?;
        let secrets = self.secrets.clone().into_iter().collect::<Secrets>();
        let trace_sampling = self.trace_sampling;
        Ok(Run { trace_sampling, ..Run::new(plan, guests, data, secrets, self.egress_policy()?) })
    }

    fn guests(&self, fetched: &Fetched) -> Result<Vec<Arc<Guest>>, ClusterError> {
        let cache = CodeCache::of_user();
        let components = self.components.iter().zip(&fetched.components).enumerate();
        let guests = components.map(|(index, (component, (content, opened)))| {
            let wrong = |error: &dyn std::fmt::Display| ClusterError::Unusable(format!("{}: {error}", component.name));
            let artifact = Artifact::bounded(content.to_vec(), self.limits.component).map_err(|error| wrong(&error))?;
            let capacity = Capacity { vus: vus_of_agent(self.plan.max_vus_of(index), self.agents) };
            let guest = Guest::for_run(&artifact, &self.limits, capacity, &cache).map_err(|error| wrong(&error))?;
            Ok(Arc::new(guest.given(Openable::Found(Opened::from(opened.clone())))))
        });
        guests.collect()
    }

    fn egress_policy(&self) -> Result<EgressPolicy, ClusterError> {
        let Some((allowed, vouched)) = &self.egress else { return Ok(EgressPolicy::Everywhere) };
        let rules = |texts: &[String]| -> Result<Vec<HostRule>, ClusterError> {
            let rules = texts.iter().map(|text| text.parse::<HostRule>());
            rules.collect::<Result<_, _>>().map_err(|error| ClusterError::Unusable(error.to_string()))
        };
        Ok(EgressPolicy::Only(EgressRules { allowed: rules(allowed)?, vouched: rules(vouched)? }))
    }
}

fn relocate(path: &mut PathBuf, fetched: &Fetched) {
    if let Some(place) = fetched.paths.get(path) {
        path.clone_from(place);
    }
}

/// Room for an agent's share of the virtual users, and as many again that it may have to take over.
fn vus_of_agent(all: u64, agents: u32) -> u64 {
    all.div_ceil(agents.max(1).into()).saturating_mul(2).min(all).max(1)
}

/// Where a run may go, as it travels in a manifest.
pub fn egress_as_texts(policy: &EgressPolicy) -> Option<(Vec<String>, Vec<String>)> {
    let EgressPolicy::Only(EgressRules { allowed, vouched }) = policy else { return None };
    let texts = |rules: &[HostRule]| rules.iter().map(ToString::to_string).collect();
    Some((texts(allowed), texts(vouched)))
}
