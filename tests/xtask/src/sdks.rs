//! Tests the SDKs that are not written in Rust, each with its language's own tools: units, and the conformance scenario
//! against the `squall` of this checkout. What a language needs is installed below `target/sdks`, or in the SDK's folder.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::repository::{Repository, run};

/// Tests them all.
pub fn test(repository: &Repository) -> Result<()> {
    go(repository).context("the SDK for Go (it needs Go 1.24)")?;
    c(repository).context("the SDK for C (it needs Python, for zig)")?;
    javascript(repository).context("the SDK for JavaScript (it needs Node.js 20)")?;
    python(repository).context("the SDK for Python (it needs Python 3.11 with venv)")
}

/// The program that [`quality::test`](crate::quality::test) has built.
fn squall(repository: &Repository) -> PathBuf {
    repository.cargo_target().join("debug/squall")
}

fn go(repository: &Repository) -> Result<()> {
    let folder = repository.path("sdk/go");
    run(repository.command("go").args(["vet", "./..."]).current_dir(&folder))?;
    run(repository.command("go").args(["test", "./..."]).current_dir(&folder))?;
    let component = place(repository, "conformance-go.wasm")?;
    let build = ["run", "github.com/squall-load/squall/sdk/go/build", "-o"];
    let conformance = repository.path("sdk/conformance");
    run(repository.command("go").args(build).arg(&component).arg("./go").current_dir(conformance))?;
    conforms(repository, &component)
}

fn c(repository: &Repository) -> Result<()> {
    run(repository.command("sh").arg("sdk/c/tests/run.sh").env("CC", "cc"))?;
    let zig = environment(repository, "c", &["ziglang"])?.join("python-zig");
    let component = place(repository, "conformance-c.wasm")?;
    let mut build = repository.command("sh");
    build.arg("sdk/c/build.sh").arg(&component).arg("sdk/conformance/c/conformance.c");
    run(build.env("CC", format!("{} cc", zig.display())))?;
    conforms(repository, &component)
}

fn javascript(repository: &Repository) -> Result<()> {
    let folder = repository.path("sdk/js");
    let npm = |words: &[&str]| {
        let mut npm = repository.command("npm");
        npm.args(words).current_dir(&folder).env("SQUALL", squall(repository));
        npm
    };
    run(&mut npm(&["ci", "--no-audit", "--no-fund", "--loglevel=error"]))?;
    for script in ["check", "test", "conformance"] {
        run(&mut npm(&["run", "--silent", script]))?;
    }
    Ok(())
}

fn python(repository: &Repository) -> Result<()> {
    let sdk = repository.path("sdk/python");
    let tools = environment(repository, "python", &["--editable", &format!("{}[dev]", sdk.display())])?;
    run(repository.command(tools.join("mypy")).current_dir(&sdk))?;
    run(repository.command(tools.join("pytest")).arg("-q").current_dir(&sdk).env("SQUALL", squall(repository)))
}

/// Runs a conformance scenario.
fn conforms(repository: &Repository, component: &PathBuf) -> Result<()> {
    let mut suite = repository.command("python3");
    run(suite.arg("sdk/conformance/run.py").arg(component).arg(squall(repository)))
}

/// Where something that is built goes.
fn place(repository: &Repository, name: &str) -> Result<PathBuf> {
    let folder = repository.path("target/sdks");
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder.join(name))
}

/// A virtual environment of Python's with these packages; returns the folder of its programs.
fn environment(repository: &Repository, name: &str, packages: &[&str]) -> Result<PathBuf> {
    let folder = place(repository, name)?;
    let programs = folder.join("bin");
    if !programs.join("pip").is_file() {
        run(repository.command("python3").args(["-m", "venv"]).arg(&folder))?;
    }
    let mut pip = Command::new(programs.join("pip"));
    run(pip.args(["install", "--quiet", "--disable-pip-version-check"]).args(packages))?;
    Ok(programs)
}
