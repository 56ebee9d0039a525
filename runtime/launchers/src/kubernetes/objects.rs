//! The objects of a launch, in the order in which they need each other.

use serde_json::{Value, json};

use super::{KubernetesSettings, digest, job, nats, secret};
use crate::{AgentLaunch, LaunchError};

/// The kinds of objects that a launch has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Secret,
    Service,
    Deployment,
    Job,
}

/// An object that is to be created.
#[derive(Clone)]
pub struct Object {
    pub kind: Kind,
    pub name: String,
    pub value: Value,
}

impl Kind {
    /// Its name and its API.
    pub fn names(self) -> (&'static str, &'static str) {
        match self {
            Kind::Secret => ("Secret", "v1"),
            Kind::Service => ("Service", "v1"),
            Kind::Deployment => ("Deployment", "apps/v1"),
            Kind::Job => ("Job", "batch/v1"),
        }
    }

    /// The name in addresses.
    pub fn plural(self) -> String {
        self.names().0.to_ascii_lowercase() + "s"
    }
}

impl Object {
    /// An object with this metadata; `rest` has its other fields.
    pub fn new(kind: Kind, name: String, metadata: &Metadata<'_>, rest: Value) -> Object {
        let (kind_name, api) = kind.names();
        let mut value = json!({"apiVersion": api, "kind": kind_name, "metadata": metadata.with_name(&name)});
        if let (Value::Object(value), Value::Object(rest)) = (&mut value, rest) {
            value.extend(rest);
        }
        Object { kind, name, value }
    }
}

/// What the metadata of all objects of a launch have in common.
pub struct Metadata<'a> {
    pub namespace: &'a str,
    /// The value of `app.kubernetes.io/instance`.
    pub instance: &'a str,
    /// The value of `app.kubernetes.io/component`.
    pub component: &'a str,
}

impl Metadata<'_> {
    /// The recommended labels.
    pub fn labels(&self) -> Value {
        json!({
            "app.kubernetes.io/name": "squall",
            "app.kubernetes.io/instance": self.instance,
            "app.kubernetes.io/component": self.component,
            "app.kubernetes.io/part-of": "squall",
            "app.kubernetes.io/managed-by": "squall",
            "app.kubernetes.io/version": env!("CARGO_PKG_VERSION"),
        })
    }

    /// The labels that find the pods of a component.
    pub fn selector(&self) -> Value {
        json!({"app.kubernetes.io/instance": self.instance, "app.kubernetes.io/component": self.component})
    }

    fn with_name(&self, name: &str) -> Value {
        json!({"name": name, "namespace": self.namespace, "labels": self.labels()})
    }
}

/// The objects of a launch. The last one is the Job.
pub fn objects(
    settings: &KubernetesSettings,
    launch: &AgentLaunch,
    namespace: &str,
) -> Result<Vec<Object>, LaunchError> {
    launch.check()?;
    let instance = launch.run.job_name();
    let started = settings.nats_of(&launch.run, &launch.token, namespace);
    if started.is_some_and(|started| started.url != launch.nats) {
        return Err(LaunchError::setting(format!(
            "the agents are sent to {} and not to the NATS that is started with them: leave one of the two out",
            launch.nats.shown()
        )));
    }
    let metadata = Metadata { namespace, instance: &instance, component: "agent" };
    let mut all = vec![secret::object(launch, &metadata, settings.nats_image.is_some())];
    if let Some(image) = &settings.nats_image {
        all.extend(nats::objects(launch, &metadata, image));
    }
    all.push(job::object(settings, launch, &metadata));
    digest::add(&mut all);
    Ok(all)
}
