//! The requests that a launch makes, by whatever way.

use std::fmt::Debug;

use serde_json::Value;

use super::objects::{Kind, Object};
use crate::LaunchError;

/// What a creation has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    /// Nothing of this name; now it exists.
    New,
    /// An object of this name, which was left as it is.
    Exists,
}

/// A way to a cluster. Each request may be repeated.
pub trait Cluster: Debug + Send + Sync {
    /// The way for sentences: `kubectl`.
    fn describe(&self) -> String;

    /// The namespace if none is given.
    fn default_namespace(&self) -> Result<String, LaunchError>;

    /// Reads an object, if it exists.
    fn get(&self, namespace: &str, kind: Kind, name: &str) -> Result<Option<Value>, LaunchError>;

    /// Creates an object.
    fn create(&self, namespace: &str, object: &Object) -> Result<Created, LaunchError>;

    /// Changes fields of an object (a merge patch).
    fn patch(&self, namespace: &str, kind: Kind, name: &str, patch: &Value) -> Result<(), LaunchError>;

    /// Deletes an object and what it owns, if it exists. It does not wait for its end.
    fn delete(&self, namespace: &str, kind: Kind, name: &str) -> Result<(), LaunchError>;

    /// The agents' pods of a launch.
    fn pods(&self, namespace: &str, instance: &str) -> Result<Vec<Value>, LaunchError>;

    /// The events about a Job.
    fn job_events(&self, namespace: &str, name: &str) -> Result<Vec<Value>, LaunchError>;
}

/// The label selector of the agents' pods.
pub fn agents_selector(instance: &str) -> String {
    format!("app.kubernetes.io/instance={instance},app.kubernetes.io/component=agent")
}

/// The field selector of the events about a Job.
pub fn events_selector(job: &str) -> String {
    format!("involvedObject.kind=Job,involvedObject.name={job}")
}

/// The items of a list.
pub fn items(list: Value) -> Vec<Value> {
    match list {
        Value::Object(mut fields) => match fields.remove("items") {
            Some(Value::Array(items)) => items,
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// What to do about a refusal with this status or this reason in kubectl's words.
pub fn remedy(status: u16) -> &'static str {
    match status {
        401 => "log in again, for example by `kubectl get pods`",
        403 => {
            "give the account the rights in deploy/kubernetes/rbac.yaml, or keep to the namespace's quota and policy"
        }
        404 => "create the namespace, or name another by --launch-option namespace=NAME",
        409 => "wait for the end of what has this name, or choose another run id",
        400 | 422 => "change the setting that it names, or update the cluster to Kubernetes 1.29 or later",
        _ => "try again later",
    }
}
