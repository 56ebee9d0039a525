//! Launches by `kubectl`: a script on the `PATH` that records its arguments and its input.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::{Value, json};
use squall_launchers::{ClusterAccess, Kubernetes, KubernetesSettings, LaunchErrorKind, Launcher, Tools};
use tempfile::{NamedTempFile, TempDir};

use crate::fake_cluster::{ACCOUNT_TOKEN, Cluster};
use crate::skip::skip;
use crate::support::{PASSWORD, TOKEN, launch, launch_with_nats, settings, with_nats};

/// A folder with a `kubectl` that answers `get jobs` with a file, and fails if a file says so.
struct FakeKubectl {
    folder: TempDir,
}

const SCRIPT: &str = r#"#!/bin/sh
cd "$(dirname "$0")" || exit 9
echo "$*" >>arguments
case "$*" in
*"config view"*) printf load ;;
*"--filename=-"*)
    cat >input.json
    if [ -f failure ]; then cat failure >&2; exit 1; fi
    cat input.json >>inputs; echo >>inputs
    if grep -q '"kind":"Job"' input.json; then sed 's/"name":"squall-r1"/"name":"squall-r1","uid":"uid-1"/' input.json >job.json; fi ;;
*"get jobs"*) cat job.json 2>/dev/null || true ;;
*"get pods"*) cat pods.json ;;
*"get events"*) echo '{"items":[]}' ;;
*"delete jobs"*) rm -f job.json ;;
esac
"#;

impl FakeKubectl {
    fn new() -> FakeKubectl {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kubectl");
        fs::write(&path, SCRIPT).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        FakeKubectl { folder }
    }

    fn launcher(&self, settings: KubernetesSettings) -> Kubernetes {
        let path = format!("{}:{}", self.folder.path().display(), std::env::var("PATH").unwrap());
        let access = ClusterAccess::detect(Tools::on_path(path)).unwrap();
        Kubernetes::new(settings, access).unwrap()
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    fn arguments(&self) -> Vec<String> {
        fs::read_to_string(self.path("arguments")).unwrap().lines().map(str::to_owned).collect()
    }

    fn inputs(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.path("inputs")).unwrap_or_default();
        text.lines().filter(|line| !line.is_empty()).map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

#[test]
fn objects_are_applied_in_order_and_secrets_are_on_no_command_line() {
    let fake = FakeKubectl::new();
    let context = KubernetesSettings { context: Some("prod".to_owned()), namespace: None, ..settings() };
    let launcher = fake.launcher(context);
    assert_eq!(launcher.describe(), "Kubernetes (namespace load, by kubectl with context prod)");
    let launched = launcher.launch(&launch("r1", 3)).unwrap();
    let kinds: Vec<Value> = fake.inputs().iter().map(|object| object["kind"].clone()).collect();
    assert_eq!(kinds, ["Secret", "Job"]);

    let arguments = fake.arguments();
    let apply =
        "--context=prod --request-timeout=30s --namespace=load apply --server-side --field-manager=squall --filename=-";
    assert_eq!(arguments.iter().filter(|line| *line == apply).count(), 2);
    let patch = arguments.last().unwrap();
    assert!(patch.contains("patch secrets squall-r1 --type=merge") && patch.contains("\"uid\":\"uid-1\""), "{patch}");

    // Again: nothing is applied.
    launcher.launch(&launch("r1", 3)).unwrap();
    assert_eq!(fake.inputs().len(), 2);
    assert!(launcher.launch(&launch("r1", 4)).unwrap_err().message.contains("choose another run id"));

    launcher.clean_up(&launched).unwrap();
    let arguments = fake.arguments();
    let deletions: Vec<_> = arguments.iter().filter(|line| line.contains(" delete ")).collect();
    assert!(deletions[0].contains("delete jobs squall-r1 --ignore-not-found --cascade=background --wait=false"));
    assert!(deletions[1].contains("delete secrets squall-r1"));
    let all = arguments.join("\n");
    assert!(!all.contains(TOKEN) && !all.contains(PASSWORD) && !all.contains("dDBrZW4"), "{all}");
}

#[test]
fn the_servers_errors_are_passed_on() {
    for (printed, kind, remedy) in [
        ("Error from server (Forbidden): jobs.batch is forbidden", LaunchErrorKind::Refused, "rbac.yaml"),
        (
            "Error from server (NotFound): namespaces \"load\" not found",
            LaunchErrorKind::Refused,
            "create the namespace",
        ),
        ("The Job \"x\" is invalid: spec.template: field is immutable", LaunchErrorKind::Refused, "Kubernetes 1.29"),
        ("error: You must be logged in to the server (Unauthorized)", LaunchErrorKind::Refused, "log in again"),
        ("Unable to connect to the server: dial tcp: i/o timeout", LaunchErrorKind::Unclear, "try again later"),
    ] {
        let fake = FakeKubectl::new();
        fs::write(fake.path("failure"), printed).unwrap();
        let error = fake.launcher(settings()).launch(&launch("r1", 3)).unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.message.contains(printed) && error.message.contains(remedy), "{error}");
    }
}

/// A kubeconfig for the cluster.
fn kubeconfig(cluster: &Cluster) -> NamedTempFile {
    let authority = cluster.access.account.join("ca.crt");
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "test",
        "clusters": [{"name": "c", "cluster": {"server": cluster.access.url.as_str(), "certificate-authority": authority}}],
        "users": [{"name": "u", "user": {"token": ACCOUNT_TOKEN}}],
        "contexts": [{"name": "test", "context": {"cluster": "c", "user": "u", "namespace": "load"}}],
    });
    let file = NamedTempFile::new().unwrap();
    fs::write(file.path(), config.to_string()).unwrap();
    file
}

#[test]
fn a_real_kubectl_does_what_the_api_does() {
    let cluster = Cluster::start();
    let (config, home) = (kubeconfig(&cluster), tempfile::tempdir().unwrap());
    let tools = Tools::from_environment().with_variable("KUBECONFIG", config.path()).with_variable("HOME", home.path());
    let Ok(access) = ClusterAccess::detect(tools) else { return skip("kubectl", "kubectl is not installed") };
    let settings = KubernetesSettings { namespace: None, ..with_nats() };
    let launcher = Kubernetes::new(settings.clone(), access).unwrap();
    assert_eq!(launcher.describe(), "Kubernetes (namespace load, by kubectl)");
    let launch = launch_with_nats("r1", 3);
    let launched = launcher.launch(&launch).unwrap();
    let (changes, objects) = (cluster.changes(), cluster.objects());
    assert_eq!(launcher.launch(&launch).unwrap(), launched);
    assert_eq!((&cluster.changes(), &cluster.objects()), (&changes, &objects));

    // A pod of the same cluster finds the same.
    let other = cluster.launcher(settings);
    assert_eq!(other.launch(&launch).unwrap(), launched);
    assert_eq!(cluster.changes(), changes);
    let states = launcher.inspect(&launched).unwrap();
    assert_eq!((states.waiting, states.problems.len()), (3, 0));

    launcher.clean_up(&launched).unwrap();
    launcher.clean_up(&launched).unwrap();
    let expected = ["jobs/squall-r1", "deployments/squall-r1-nats", "services/squall-r1-nats", "secrets/squall-r1"];
    assert_eq!(cluster.changes()[changes.len()..], expected.map(|key| format!("DELETE {key}")));
    cluster.fail("PATCH jobs", 403, "jobs.batch is forbidden: exceeded quota", 1);
    let error = launcher.launch(&launch).unwrap_err();
    assert!(error.message.contains("exceeded quota") && error.message.contains("rbac.yaml"), "{error}");
    assert!(cluster.objects().is_empty());
}

#[test]
fn pods_are_read() {
    let fake = FakeKubectl::new();
    let launcher = fake.launcher(settings());
    let launched = launcher.launch(&launch("r1", 2)).unwrap();
    let annotations = json!({"batch.kubernetes.io/job-completion-index": "1"});
    let pods = json!({"items": [{"metadata": {"annotations": annotations}, "status": {"phase": "Running"}}]});
    fs::write(fake.path("pods.json"), pods.to_string()).unwrap();
    let states = launcher.inspect(&launched).unwrap();
    assert_eq!((states.waiting, states.running), (1, 1));
    fs::write(fake.path("pods.json"), "not JSON").unwrap();
    assert!(launcher.inspect(&launched).unwrap_err().message.contains("something else than JSON"));
}

#[test]
fn without_kubectl_and_outside_of_a_cluster_the_remedy_is_to_install_it() {
    let empty = tempfile::tempdir().unwrap();
    let error = ClusterAccess::detect(Tools::on_path(empty.path())).unwrap_err();
    assert!(error.message.ends_with("install kubectl"), "{error}");
}
