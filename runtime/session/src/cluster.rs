//! A run whose load agents carry: gathering them before it, what they need to know of it, and taking up a run that another
//! coordinator began.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use squall_bus::CoordinatorEnd;
use squall_cluster::{
    ClusterError, ClusterHandle, ClusterSettings, Gathered, Listener, Manifest, ManifestFiles, SharedComponent, Stored,
    egress_as_texts, gather,
};
use squall_guest::{Artifact, Description};
use squall_load::Run;
use squall_plan::{Options, Plan, PlanFile, TestType};

use crate::console::Console;
use crate::error::Error;
use crate::system::time_of_day;
use crate::test_run::{Component, TestRun};

/// Starts agents, and connects with them.
pub trait StartAgents {
    /// The coordinator's end of the bus, with agents on their way to it. What the user should do or know is shown.
    ///
    /// # Errors
    /// If they cannot be started, or the bus cannot be reached.
    fn start(&self, show: &dyn Fn(&str)) -> Result<CoordinatorEnd, Error>;

    /// Why agents do not come, if that is known.
    fn explain_absence(&self) -> Option<String>;

    /// Why an agent's process ended with that status and those last lines, if that is known.
    fn explain_end(&self, agent: &str, status: ExitStatus, said: &str) -> Option<String>;

    /// Cleans up what was started.
    fn clean_up(&self);
}

/// How agents carry a run.
#[derive(Clone)]
pub struct ClusterTest {
    /// How many, and what becomes of a lost one's part.
    pub settings: ClusterSettings,
    /// What starts them.
    pub starter: Rc<dyn StartAgents>,
    /// Whether what the bus has stored of the run stays there.
    pub keep_messages: bool,
}

/// What a coordinator that attaches must know of a test, besides its plan.
#[derive(Debug, Serialize, Deserialize)]
struct StoredTest {
    name: String,
    /// The names of the other components.
    others: Vec<String>,
    url: Option<String>,
    /// The text of the plan file, if there was one.
    plan_file: Option<String>,
    kind: Option<String>,
    command: Vec<String>,
    began: u64,
}

/// Agents that are ready, and what remains to be asked of their coordinator.
pub(crate) struct Cluster {
    pub(crate) handle: ClusterHandle,
    starter: Option<Rc<dyn StartAgents>>,
    keep_messages: bool,
}

impl Cluster {
    /// Of a run that another coordinator began, and whose agents are there.
    pub(crate) fn attached(handle: ClusterHandle) -> Cluster {
        Cluster { handle, starter: None, keep_messages: false }
    }

    /// Ends the agents, whose load took that long.
    pub(crate) fn finish(self, load_took: Duration) -> squall_metrics::AgentsReport {
        let report = self.handle.finish(load_took, !self.keep_messages);
        self.starter.iter().for_each(|starter| starter.clean_up());
        report
    }
}

impl TestRun {
    /// Starts the agents of a run, and waits until they are prepared. Their threads become the plan's.
    pub(crate) fn gather_agents(
        &self,
        cluster: &ClusterTest,
        run: &mut Run,
        described: &[(String, Description)],
        console: &dyn Console,
    ) -> Result<Cluster, Error> {
        let show = |text: &str| console.print_status(text);
        let (agents, users) = (u64::from(cluster.settings.agents), run.plan.max_vus());
        if agents > users {
            return Err(Error::option(format!(
                "{agents} agents are too many for {users} virtual users: ask for at most --agents {users}"
            )));
        }
        // From here on there is something to clean up.
        console.stop_on_signals(run.steering.clone());
        let end = cluster.starter.start(&show)?;
        let (manifest, files) = self.manifest(cluster, run, described)?;
        let steering = run.steering.clone();
        let listener = Listener { show: &show, is_stopping: &|| steering.is_stopping() };
        let gathered = gather(end, manifest, files, cluster.settings, &listener).map_err(|error| {
            let reason = match &error {
                ClusterError::Gone { agent, status: Some(status), said, .. } => {
                    cluster.starter.explain_end(agent, *status, said)
                }
                _ => cluster.starter.explain_absence(),
            };
            cluster.starter.clean_up();
            Error::Cluster { source: error, reason }
        })?;
        let Gathered { agents, handle } = gathered;
        run.plan.threads = agents.threads;
        run.agents = Some(agents);
        Ok(Cluster { handle, starter: Some(Rc::clone(&cluster.starter)), keep_messages: cluster.keep_messages })
    }

    fn manifest(
        &self,
        cluster: &ClusterTest,
        run: &Run,
        described: &[(String, Description)],
    ) -> Result<(Manifest, ManifestFiles), Error> {
        let mut files = ManifestFiles::default();
        let mut components = Vec::new();
        for (component, (_, description)) in self.components().zip(described) {
            let file = files.add(Bytes::copy_from_slice(component.artifact.component()));
            let opened = description.opened.iter().map(|(name, content)| (name.clone(), files.add(content.clone())));
            let opened: BTreeMap<String, String> = opened.collect();
            components.push(SharedComponent { name: component.name.clone(), file, opened });
        }
        let manifest = Manifest {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            plan: run.plan.clone(),
            components,
            limits: self.limits.clone(),
            files: shared_files(&run.plan, &mut files)?,
            secrets: run.secrets.to_pairs(),
            egress: egress_as_texts(&run.egress),
            trace_sampling: run.trace_sampling,
            threads: cluster.settings.threads,
            agents: cluster.settings.agents,
            test: serde_json::to_value(self.stored()).unwrap_or_default(),
        };
        Ok((manifest, files))
    }

    fn stored(&self) -> StoredTest {
        let file = self.plan_file.as_ref();
        StoredTest {
            name: self.component.name.clone(),
            others: self.others.iter().map(|component| component.name.clone()).collect(),
            url: self.url.clone(),
            plan_file: file.map(|file| file.text.clone()),
            kind: self.kind().ok().flatten().map(|kind| kind.name().to_owned()),
            command: self.command.clone(),
            began: millis_since_1970(time_of_day()),
        }
    }
}

/// A test whose run another coordinator began, and what is stored of that run.
///
/// # Errors
/// If what is stored is of another version, or incomplete.
pub fn attached_run(stored: &mut Stored) -> Result<TestRun, Error> {
    let unusable = |text: String| Error::Launch(format!("the stored run cannot be read: {text}"));
    let test: StoredTest =
        serde_json::from_value(stored.manifest.test.clone()).map_err(|error| unusable(error.to_string()))?;
    let mut components = stored.components().map_err(|source| Error::Cluster { source, reason: None })?.into_iter();
    let mut next = |name: String| {
        let bytes = components.next().ok_or_else(|| unusable("a component is missing".to_owned()))?;
        let artifact =
            Artifact::from_bytes(bytes.to_vec()).map_err(|source| Error::Guest { name: name.clone(), source })?;
        Ok(Component { name, artifact, script: None })
    };
    let first = next(test.name)?;
    let others = test.others.into_iter().map(next).collect::<Result<Vec<_>, Error>>()?;
    let limits = stored.manifest.limits.clone();
    let plan_file = test.plan_file.as_deref().and_then(|text| PlanFile::read(text).ok());
    let kind = test.kind.as_deref().and_then(|kind| kind.parse::<TestType>().ok());
    let typed = Options::default();
    let as_kind = |file: PlanFile| kind.and_then(|kind| file.clone().as_type(kind, &typed).ok()).unwrap_or(file);
    Ok(TestRun {
        others,
        plan_file: plan_file.map(as_kind),
        url: test.url,
        command: test.command,
        ..TestRun::of(first, Options::default(), limits)
    })
}

/// When a run that is attached to began.
pub(crate) fn began_of(stored: &Stored) -> SystemTime {
    let test: Option<StoredTest> = serde_json::from_value(stored.manifest.test.clone()).ok();
    test.map_or_else(time_of_day, |test| SystemTime::UNIX_EPOCH + Duration::from_millis(test.began))
}

/// Data and certificates that the plan names, by path.
fn shared_files(plan: &Plan, files: &mut ManifestFiles) -> Result<BTreeMap<PathBuf, String>, Error> {
    let named = plan.data.iter().map(|data| ("--data", &data.file));
    let named = named.chain(plan.http.cacert.iter().map(|file| ("--cacert", file)));
    let named = named.chain(plan.http.tls.files().map(|file| ("--cert", file)));
    let read = |(option, path): (&'static str, &PathBuf)| {
        let content = std::fs::read(path).map_err(|source| Error::File { option, path: path.clone(), source })?;
        Ok((path.clone(), files.add(content.into())))
    };
    named.map(read).collect()
}

fn millis_since_1970(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
