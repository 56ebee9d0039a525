//! A NATS for one run, whose messages end with it.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::objects::{Kind, Metadata, Object};
use super::security;
use crate::{AgentLaunch, RunName, RunToken, StartedNats};

/// The key of its configuration in the Secret.
pub const CONFIGURATION_KEY: &str = "nats.conf";
/// The user of the run.
const USER: &str = "squall";

fn name(run: &RunName) -> String {
    format!("{}-nats", run.job_name())
}

/// The names of its objects, in the order of their creation.
pub fn names(run: &RunName) -> [(Kind, String); 2] {
    [(Kind::Service, name(run)), (Kind::Deployment, name(run))]
}

/// Where it is reached.
pub fn address(run: &RunName, token: &RunToken, namespace: &str) -> Option<StartedNats> {
    let url = format!("nats://{USER}:{}@{}.{namespace}.svc:4222", password(run, token), name(run));
    let forward = format!("kubectl port-forward --namespace {namespace} service/{} 4222:4222", name(run));
    Some(StartedNats { url: url.parse().ok()?, forward })
}

/// The password. It follows from the token, so that a coordinator that comes later knows it. It is not the token
/// itself, which seals the messages: NATS sees passwords, and must not read what it transports.
fn password(run: &RunName, token: &RunToken) -> String {
    let digest = Sha256::digest(format!("squall: password of NATS for run {run} with token {}", token.expose()));
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Its configuration.
pub fn configuration(run: &RunName, token: &RunToken) -> String {
    let password = password(run, token);
    format!(
        "port: 4222\nhttp_port: 8222\n\
        authorization {{ users: [{{ user: \"{USER}\", password: \"{password}\" }}] }}\n\
        jetstream {{ store_dir: \"/data\", max_memory_store: 256MB, max_file_store: 4GB }}\n"
    )
}

/// Its Service and its Deployment.
pub fn objects(launch: &AgentLaunch, metadata: &Metadata<'_>, image: &str) -> [Object; 2] {
    let metadata = Metadata { component: "nats", ..*metadata };
    let service = json!({"spec": {
        "selector": metadata.selector(),
        "ports": [{"name": "nats", "port": 4222, "targetPort": "nats", "protocol": "TCP"}],
    }});
    let deployment = json!({"spec": {
        "replicas": 1,
        // Two of them would each have half of the messages.
        "strategy": {"type": "Recreate"},
        "selector": {"matchLabels": metadata.selector()},
        "template": {"metadata": {"labels": metadata.labels()}, "spec": pod(launch, image)},
    }});
    let name = name(&launch.run);
    [
        Object::new(Kind::Service, name.clone(), &metadata, service),
        Object::new(Kind::Deployment, name, &metadata, deployment),
    ]
}

fn pod(launch: &AgentLaunch, image: &str) -> Value {
    let items = json!([{"key": CONFIGURATION_KEY, "path": CONFIGURATION_KEY}]);
    let secret = json!({"secretName": launch.run.job_name(), "defaultMode": 0o440, "items": items});
    json!({
        "automountServiceAccountToken": false,
        "enableServiceLinks": false,
        "securityContext": security::of_pod(),
        "containers": [{
            "name": "nats",
            "image": image,
            "args": ["--config", format!("/etc/nats-config/{CONFIGURATION_KEY}")],
            "ports": [{"name": "nats", "containerPort": 4222, "protocol": "TCP"}, {"name": "monitor", "containerPort": 8222, "protocol": "TCP"}],
            "readinessProbe": {"httpGet": {"path": "/healthz", "port": "monitor"}, "periodSeconds": 2},
            "resources": {"requests": {"cpu": "1", "memory": "512Mi"}, "limits": {"cpu": "1", "memory": "512Mi"}},
            "securityContext": security::of_container(),
            "volumeMounts": [
                {"name": "data", "mountPath": "/data"},
                {"name": "configuration", "mountPath": "/etc/nats-config", "readOnly": true},
            ],
        }],
        "volumes": [security::scratch("data", "5Gi"), {"name": "configuration", "secret": secret}],
    })
}
