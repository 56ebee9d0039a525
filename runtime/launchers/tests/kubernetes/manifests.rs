//! What is rendered, and the manifests in `deploy/`, checked against the schemas of Kubernetes by
//! `kubernetes-validate`, which `cargo xtask test` puts into `target/tools`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use squall_launchers::{AgentLaunch, KubernetesSettings};

use crate::skip::skip;
use crate::support::{PASSWORD, TOKEN, full, launch, settings};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

/// The Python with `kubernetes-validate`, or a printed reason.
fn python() -> Option<PathBuf> {
    let python = root().join("target/tools/schemas/bin/python");
    if !python.exists() {
        skip("manifests", "kubernetes-validate is not installed (cargo xtask test does that)");
        return None;
    }
    Some(python)
}

fn render(launch: &AgentLaunch, settings: KubernetesSettings) -> String {
    settings.preview(launch, "load").unwrap()
}

/// Validates strictly: unknown fields are mistakes.
fn is_valid(python: &Path, file: &Path) -> (bool, String) {
    let output =
        Command::new(python).args(["-m", "kubernetes_validate", "--strict", "--no-warn"]).arg(file).output().unwrap();
    let printed = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.success() && printed.contains("passed"), printed)
}

fn validate(python: &Path, file: &Path) {
    let (is_valid, printed) = is_valid(python, file);
    assert!(is_valid, "{}: {printed}", file.display());
}

#[test]
fn the_objects_fit_the_schemas() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (full_launch, full_settings) = full();
    let file = folder.path().join("objects.yaml");
    for yaml in [render(&launch("r1", 3), settings()), render(&full_launch, full_settings)] {
        fs::write(&file, &yaml).unwrap();
        validate(&python, &file);
        fs::write(&file, yaml.replace("completionMode", "completionMood")).unwrap();
        assert!(!is_valid(&python, &file).0, "an unknown field is a mistake");
    }
}

#[test]
fn the_preview_has_no_secrets_and_is_readable() {
    let (launch, settings) = full();
    let yaml = render(&launch, settings);
    for secret in [TOKEN, PASSWORD, "BEGIN NATS", "dDBrZW4"] {
        assert!(!yaml.contains(secret), "{yaml}");
    }
    for line in [
        "  backoffLimitPerIndex: 1\n",
        "  completionMode: Indexed\n",
        "  activeDeadlineSeconds: 1800\n",
        "  SQUALL_TOKEN: \"<not shown>\"\n",
        "        runAsNonRoot: true\n",
        "        - \"a: {b} \\\"c\\\" # d $$(HOME)\"\n",
        "        \"on\": \"true\"\n",
    ] {
        assert!(yaml.contains(line), "{line:?} is missing: {yaml}");
    }
    assert_eq!(yaml.matches("\n---\n").count(), 3);
}

#[test]
fn the_manifests_in_deploy_fit_the_schemas() {
    let Some(python) = python() else { return };
    let mut validated = 0;
    for entry in fs::read_dir(root().join("deploy/kubernetes")).unwrap() {
        let path = entry.unwrap().path();
        let is_manifest = path.extension().is_some_and(|extension| extension == "yaml");
        // Kustomize's own file has no schema in Kubernetes.
        if is_manifest && path.file_name().is_some_and(|name| name != "kustomization.yaml") {
            validate(&python, &path);
            validated += 1;
        }
    }
    assert!(validated >= 4, "{validated}");
}

#[test]
fn kustomize_puts_the_base_together() {
    let output = match Command::new("kubectl").arg("kustomize").arg(root().join("deploy/kubernetes")).output() {
        Ok(output) => output,
        Err(error) => return skip("kustomize", &format!("kubectl does not run ({error})")),
    };
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for kind in ["Namespace", "ServiceAccount", "Role", "RoleBinding", "StatefulSet", "Service", "ConfigMap", "Job"] {
        assert!(printed.contains(&format!("kind: {kind}\n")), "{kind}: {printed}");
    }
    if let Some(python) = python() {
        let file = tempfile::Builder::new().suffix(".yaml").tempfile().unwrap();
        fs::write(file.path(), &output.stdout).unwrap();
        validate(&python, file.path());
    }
}

#[test]
fn the_compose_file_fits_its_schema() {
    let Some(python) = python() else { return };
    let mut command = Command::new(python);
    command.args(["-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]);
    let output = command.arg(root().join("deploy/compose/cluster.yaml")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// Each request that the launcher sends is allowed by the coordinator's Role, and nothing else is.
#[test]
fn the_role_has_the_rights_that_a_launch_needs() {
    let role = fs::read_to_string(root().join("deploy/kubernetes/rbac.yaml")).unwrap();
    let rules = [
        ("[\"\"]", "[secrets, services]", "[create, patch, delete]"),
        ("[apps]", "[deployments]", "[create, patch, delete]"),
        ("[batch]", "[jobs]", "[create, get, patch, delete]"),
        ("[\"\"]", "[pods, events]", "[list]"),
    ];
    for (group, resources, verbs) in rules {
        let rule = format!("- apiGroups: {group}\n    resources: {resources}\n    verbs: {verbs}\n");
        assert!(role.contains(&rule), "{rule}");
    }
    assert_eq!(role.matches("apiGroups:").count(), rules.len());
}
