//! The Indexed Job of the agents.

use serde_json::{Value, json};

use super::objects::{Kind, Metadata, Object};
use super::{KubernetesSettings, secret, security};
use crate::{AgentLaunch, NATS_CREDS_VARIABLE, NATS_VARIABLE, RUN_VARIABLE, TOKEN_VARIABLE};

/// Longer than the usual `--graceful-stop` (30 s).
const GRACE_SECONDS: u32 = 40;
/// Where the credentials file is mounted.
const SECRETS_FOLDER: &str = "/run/squall";

/// The Job.
pub fn object(settings: &KubernetesSettings, launch: &AgentLaunch, metadata: &Metadata<'_>) -> Object {
    let spec = json!({
        "completionMode": "Indexed",
        "completions": launch.agents,
        "parallelism": launch.agents,
        "backoffLimitPerIndex": settings.retries,
        // An agent whose node is drained is replaced, and that is not its fault.
        "podFailurePolicy": {"rules": [
            {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
        ]},
        "activeDeadlineSeconds": launch.longest.as_secs(),
        "ttlSecondsAfterFinished": settings.keep.as_secs(),
        "template": {"metadata": {"labels": metadata.labels()}, "spec": pod(settings, launch, metadata)},
    });
    Object::new(Kind::Job, launch.run.job_name(), metadata, json!({"spec": spec}))
}

fn pod(settings: &KubernetesSettings, launch: &AgentLaunch, metadata: &Metadata<'_>) -> Value {
    let unsatisfiable = if settings.strict_spread { "DoNotSchedule" } else { "ScheduleAnyway" };
    let mut pod = json!({
        "restartPolicy": "Never",
        "automountServiceAccountToken": false,
        "enableServiceLinks": false,
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        "securityContext": security::of_pod(),
        // Two agents on one node share its network and its caches.
        "topologySpreadConstraints": [{
            "maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": unsatisfiable,
            "labelSelector": {"matchLabels": metadata.selector()},
        }],
        "containers": [container(settings, launch)],
        "volumes": volumes(launch),
    });
    if let Some(name) = &settings.pull_secret {
        pod["imagePullSecrets"] = json!([{"name": name}]);
    }
    for (key, value) in &settings.node_labels {
        pod["nodeSelector"][key] = Value::from(value.as_str());
    }
    pod
}

fn container(settings: &KubernetesSettings, launch: &AgentLaunch) -> Value {
    let mut arguments = vec!["agent".to_owned()];
    // Kubernetes replaces $(NAME) in arguments; $$ is a dollar.
    arguments.extend(launch.arguments.iter().map(|argument| argument.replace('$', "$$")));
    let mut container = json!({
        "name": "agent",
        "image": settings.image,
        "args": arguments,
        "env": environment(launch),
        "resources": resources(settings, launch),
        "securityContext": security::of_container(),
        // The last lines of an agent that has failed are in its pod's status.
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": mounts(launch),
    });
    if let Some(policy) = &settings.pull_policy {
        container["imagePullPolicy"] = Value::from(policy.as_str());
    }
    container
}

fn environment(launch: &AgentLaunch) -> Value {
    let name = launch.run.job_name();
    let from_secret = |key: &str| json!({"name": key, "valueFrom": {"secretKeyRef": {"name": name, "key": key}}});
    let mut environment = vec![
        json!({"name": RUN_VARIABLE, "value": launch.run.as_str()}),
        from_secret(NATS_VARIABLE),
        from_secret(TOKEN_VARIABLE),
        json!({"name": "XDG_CACHE_HOME", "value": "/cache"}),
    ];
    if launch.nats_creds.is_some() {
        let path = format!("{SECRETS_FOLDER}/{}", secret::CREDS_KEY);
        environment.push(json!({"name": NATS_CREDS_VARIABLE, "value": path}));
    }
    Value::Array(environment)
}

fn resources(settings: &KubernetesSettings, launch: &AgentLaunch) -> Value {
    let (cpu, memory) = (cpus(launch.resources.millicpus), format!("{}Mi", launch.resources.memory_mib));
    let requests = json!({"cpu": cpu, "memory": memory});
    let limits = if settings.unlimited_cpu { json!({"memory": memory}) } else { requests.clone() };
    json!({"requests": requests, "limits": limits})
}

/// `2`, `1500m`: as Kubernetes writes it.
fn cpus(millicpus: u32) -> String {
    if millicpus.is_multiple_of(1000) { (millicpus / 1000).to_string() } else { format!("{millicpus}m") }
}

fn mounts(launch: &AgentLaunch) -> Value {
    let mut mounts = vec![json!({"name": "cache", "mountPath": "/cache"}), json!({"name": "tmp", "mountPath": "/tmp"})];
    if launch.nats_creds.is_some() {
        mounts.push(json!({"name": "secrets", "mountPath": SECRETS_FOLDER, "readOnly": true}));
    }
    Value::Array(mounts)
}

fn volumes(launch: &AgentLaunch) -> Value {
    let mut volumes = vec![security::scratch("cache", "2Gi"), security::scratch("tmp", "1Gi")];
    if launch.nats_creds.is_some() {
        let key = secret::CREDS_KEY;
        let items = json!([{"key": key, "path": key}]);
        let secret = json!({"secretName": launch.run.job_name(), "defaultMode": 0o440, "items": items});
        volumes.push(json!({"name": "secrets", "secret": secret}));
    }
    Value::Array(volumes)
}
