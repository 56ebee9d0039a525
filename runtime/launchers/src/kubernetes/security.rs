//! What the "restricted" pod security standard asks for, and a little more.

use serde_json::{Value, json};

/// The user of Squall's image, by number, because Kubernetes cannot look up names.
const USER: u32 = 65532;

/// The security context of a pod. Its group may read mounted Secrets.
pub fn of_pod() -> Value {
    json!({
        "runAsNonRoot": true, "runAsUser": USER, "runAsGroup": USER, "fsGroup": USER,
        "seccompProfile": {"type": "RuntimeDefault"},
    })
}

/// The security context of a container.
pub fn of_container() -> Value {
    json!({"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"]}})
}

/// A folder of a pod that may be written to.
pub fn scratch(name: &str, limit: &str) -> Value {
    json!({"name": name, "emptyDir": {"sizeLimit": limit}})
}
