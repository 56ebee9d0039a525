//! The digest by which a second launch of the same run is recognised.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::objects::{Kind, Object};
use crate::LaunchError;

/// The annotation of the Job.
const ANNOTATION: &str = "squall.dev/launch-digest";

/// Annotates the Job, the last object, with a digest of all of them. The run's token, which is random, is part of it.
pub fn add(all: &mut [Object]) {
    let mut digest = Sha256::new();
    for object in all.iter() {
        digest.update(object.value.to_string());
    }
    let digest: String = digest.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    if let Some(job) = all.last_mut().filter(|object| object.kind == Kind::Job) {
        job.value["metadata"]["annotations"][ANNOTATION] = Value::from(digest);
    }
}

/// Whether the existing Job is the wanted one.
///
/// # Errors
/// If it is not.
pub fn compare(existing: &Value, wanted: &Object) -> Result<(), LaunchError> {
    let digest = |job: &Value| job["metadata"]["annotations"][ANNOTATION].as_str().map(str::to_owned);
    if !existing["metadata"]["deletionTimestamp"].is_null() {
        return Err(LaunchError::refused(format!(
            "Job {} is being deleted: wait for its end, or choose another run id",
            wanted.name
        )));
    }
    if digest(existing).is_none() || digest(existing) != digest(&wanted.value) {
        return Err(LaunchError::refused(format!(
            "Job {} exists already, with another token or other settings: choose another run id, or delete it \
             by `kubectl delete job {}`",
            wanted.name, wanted.name
        )));
    }
    Ok(())
}
