//! OpenTelemetry's own exporters, for the tests of the receiver of traces (`runtime/traces/tests/exporters.rs`). Existing
//! ones are left alone.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::distribution::from_distribution;
use crate::repository::{Repository, answers, run};

const SOURCES: &str = "runtime/traces/tests/exporters";
const PYTHON: [&str; 3] = [
    "opentelemetry-sdk==1.45.2",
    "opentelemetry-exporter-otlp-proto-http==1.45.2",
    "opentelemetry-exporter-otlp-proto-grpc==1.45.2",
];
const NODE: [&str; 4] = [
    "@opentelemetry/sdk-trace-node@2.12.1",
    "@opentelemetry/exporter-trace-otlp-http@0.223.1",
    "@opentelemetry/exporter-trace-otlp-proto@0.223.1",
    "@opentelemetry/exporter-trace-otlp-grpc@0.223.1",
];

/// Installs all that can be. Returns the languages that cannot be tested, and why.
pub fn install(repository: &Repository) -> Vec<String> {
    let installed = [
        ("Python", python(repository)),
        ("Node", node(repository)),
        ("Go", go(repository)),
        ("Java", java(repository)),
    ];
    let failed = installed.into_iter().filter_map(|(language, installed)| Some((language, installed.err()?)));
    failed.map(|(language, error)| format!("traces of OpenTelemetry's exporters for {language} ({error:#})")).collect()
}

fn folder(repository: &Repository, language: &str) -> PathBuf {
    repository.path("target/tools/exporters").join(language)
}

fn python(repository: &Repository) -> Result<()> {
    let folder = folder(repository, "python");
    if answers(folder.join("bin/python"), &["-c", "import opentelemetry.exporter.otlp.proto.grpc.trace_exporter"]) {
        return Ok(());
    }
    run(repository.command("python3").args(["-m", "venv"]).arg(&folder))?;
    let mut pip = Command::new(folder.join("bin/pip"));
    run(pip.args(["install", "--quiet", "--disable-pip-version-check"]).args(PYTHON))
}

fn node(repository: &Repository) -> Result<()> {
    let folder = folder(repository, "node");
    if folder.join("node_modules/@opentelemetry/exporter-trace-otlp-grpc").is_dir() {
        return Ok(());
    }
    if !answers("node", &["--version"]) {
        bail!("there is no node: apt install nodejs npm");
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut npm = repository.command("npm");
    run(npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]).arg(&folder).args(NODE))
}

fn go(repository: &Repository) -> Result<()> {
    let program = folder(repository, "go").join("export");
    if program.is_file() {
        return Ok(());
    }
    if !answers("go", &["version"]) {
        bail!("there is no go: https://go.dev/dl/");
    }
    let mut go = repository.command("go");
    run(go.args(["build", "-o"]).arg(&program).arg(".").current_dir(repository.path(SOURCES).join("go")))
}

fn java(repository: &Repository) -> Result<()> {
    let folder = folder(repository, "java");
    if folder.is_dir() {
        return Ok(());
    }
    from_distribution(repository, "java", "default-jdk-headless", &["--version"])?;
    from_distribution(repository, "mvn", "maven", &["--version"])?;
    let mut maven = repository.command("mvn");
    maven
        .args(["--quiet", "--batch-mode", "dependency:copy-dependencies", "--file"])
        .arg(repository.path(SOURCES).join("java/pom.xml"));
    run(maven.arg(format!("-DoutputDirectory={}", folder.display())))
}
