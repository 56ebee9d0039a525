//! Agents as one Indexed Job of Kubernetes, with a Secret, and on request with a NATS.
//!
//! Objects are created in the order in which they need each other (Secret, NATS, Job) and deleted in reverse. The Job
//! owns the others, so that its end removes them even if the coordinator has died. A digest of all that was asked for
//! is an annotation of the Job: by it a second launch of the same run is known, without reading Secrets.

mod api;
mod cluster;
mod digest;
mod in_cluster;
mod job;
mod kubectl;
mod names;
mod nats;
mod objects;
mod pods;
mod secret;
mod security;
mod settings;
mod states;
mod yaml;

pub use in_cluster::InCluster;
pub use settings::{ClusterAccess, KubernetesSettings};

use serde_json::{Value, json};

use self::cluster::{Cluster, Created};
use self::objects::{Kind, Object, objects};
use crate::{
    AgentLaunch, AgentStates, LaunchError, LaunchErrorKind, LaunchId, Launched, Launcher, RunName, RunToken,
    StartedNats,
};

/// Starts agents on a Kubernetes cluster.
#[derive(Debug)]
pub struct Kubernetes {
    settings: KubernetesSettings,
    namespace: String,
    cluster: Box<dyn Cluster>,
}

impl Kubernetes {
    /// A launcher with these settings.
    ///
    /// # Errors
    /// If a setting is wrong, or the cluster cannot be reached by this access.
    pub fn new(settings: KubernetesSettings, access: ClusterAccess) -> Result<Kubernetes, LaunchError> {
        settings.check()?;
        let cluster: Box<dyn Cluster> = match access {
            ClusterAccess::Kubectl(tools) => Box::new(kubectl::Kubectl::new(tools, settings.context.clone())?),
            ClusterAccess::InCluster(access) => Box::new(in_cluster::Api::new(access)?),
        };
        let namespace = match &settings.namespace {
            Some(namespace) => namespace.clone(),
            None => cluster.default_namespace()?,
        };
        names::check_label("namespace", &namespace)?;
        Ok(Kubernetes { settings, namespace, cluster })
    }

    /// Where the NATS of this run will be, if the settings ask for one: what [`AgentLaunch::nats`] is to be.
    pub fn nats_of(&self, run: &RunName, token: &RunToken) -> Option<StartedNats> {
        self.settings.nats_of(run, token, &self.namespace)
    }

    /// Creates what is missing. `created` gets what was created, or may have been.
    fn create_all(&self, all: &[Object], created: &mut Vec<Object>) -> Result<(), LaunchError> {
        for object in all {
            let outcome = self.cluster.create(&self.namespace, object);
            if outcome.as_ref().is_err_and(|error| error.kind == LaunchErrorKind::Unclear) {
                created.push(object.clone());
            }
            match outcome? {
                Created::New => created.push(object.clone()),
                Created::Exists if object.kind == Kind::Job => {
                    // Another coordinator has just launched the same run.
                    let job = self.cluster.get(&self.namespace, Kind::Job, &object.name)?;
                    digest::compare(&job.unwrap_or_default(), object)?;
                }
                // Left by a launch that was cut off before its Job.
                Created::Exists => self.cluster.patch(&self.namespace, object.kind, &object.name, &object.value)?,
            }
        }
        Ok(())
    }

    /// Makes the Job the owner of the other objects.
    fn own(&self, all: &[Object], job: &Value) -> Result<(), LaunchError> {
        let (name, uid) = (&job["metadata"]["name"], &job["metadata"]["uid"]);
        if !uid.is_string() {
            return Err(LaunchError::unclear("the new Job has no uid: launch the run again"));
        }
        let owner = json!([{"apiVersion": "batch/v1", "kind": "Job", "name": name, "uid": uid}]);
        let patch = json!({"metadata": {"ownerReferences": owner}});
        let mut others = all.iter().filter(|object| object.kind != Kind::Job);
        others.try_for_each(|object| self.cluster.patch(&self.namespace, object.kind, &object.name, &patch))
    }

    fn start(&self, all: &[Object], created: &mut Vec<Object>) -> Result<(), LaunchError> {
        let Some(wanted) = all.last() else { return Ok(()) };
        let mut job = self.cluster.get(&self.namespace, Kind::Job, &wanted.name)?;
        match &job {
            Some(job) => digest::compare(job, wanted)?,
            None => {
                self.create_all(all, created)?;
                job = self.cluster.get(&self.namespace, Kind::Job, &wanted.name)?;
            }
        }
        self.own(all, &job.unwrap_or_default())
    }

    /// Deletes objects, the last one first. All are tried.
    fn delete(&self, namespace: &str, objects: &[(Kind, String)]) -> Result<(), LaunchError> {
        let mut result = Ok(());
        for (kind, name) in objects.iter().rev() {
            let deleted = self.cluster.delete(namespace, *kind, name);
            result = result.and(deleted);
        }
        result
    }
}

impl Launcher for Kubernetes {
    fn describe(&self) -> String {
        format!("Kubernetes (namespace {}, by {})", self.namespace, self.cluster.describe())
    }

    fn preview(&self, launch: &AgentLaunch) -> Result<String, LaunchError> {
        self.settings.preview(launch, &self.namespace)
    }

    fn launch(&self, launch: &AgentLaunch) -> Result<Launched, LaunchError> {
        let all = objects(&self.settings, launch, &self.namespace)?;
        let mut created = Vec::new();
        if let Err(mut error) = self.start(&all, &mut created) {
            let created: Vec<_> = created.into_iter().map(|object| (object.kind, object.name)).collect();
            if self.delete(&self.namespace, &created).is_err() {
                let name = launch.run.job_name();
                error.message +=
                    &format!("; what was created is left: delete it by the label app.kubernetes.io/instance={name}");
                error.kind = LaunchErrorKind::Unclear;
            }
            return Err(error);
        }
        let id = LaunchId::KubernetesJob { namespace: self.namespace.clone(), name: launch.run.job_name() };
        Ok(Launched::new(launch, id))
    }

    fn inspect(&self, launched: &Launched) -> Result<AgentStates, LaunchError> {
        let (namespace, name) = job_of(launched)?;
        let Some(job) = self.cluster.get(namespace, Kind::Job, name)? else {
            return Ok(states::of_missing_job(launched.agents, name));
        };
        let pods = self.cluster.pods(namespace, name)?;
        let mut states = states::of_agents(&job, &pods, launched.agents);
        if pods.len() < launched.agents as usize && states.waiting > 0 {
            // Where the service account may not read events, the states are as they are.
            let events = self.cluster.job_events(namespace, name).unwrap_or_default();
            states::add_refusals(&mut states, &events);
        }
        Ok(states)
    }

    fn clean_up(&self, launched: &Launched) -> Result<(), LaunchError> {
        let (namespace, name) = job_of(launched)?;
        let mut all = vec![(Kind::Secret, name.to_owned())];
        if self.settings.nats_image.is_some() {
            all.extend(nats::names(&launched.run));
        }
        all.push((Kind::Job, name.to_owned()));
        self.delete(namespace, &all)
    }
}

/// The namespace and the name of the Job.
fn job_of(launched: &Launched) -> Result<(&str, &str), LaunchError> {
    match &launched.id {
        LaunchId::KubernetesJob { namespace, name } => Ok((namespace, name)),
        other => {
            Err(LaunchError::setting(format!("{other} is not a Job of Kubernetes: use the launcher that started it")))
        }
    }
}
