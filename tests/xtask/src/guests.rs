//! Builds the example guests in Rust.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::repository::{Repository, copy_if_changed, run};
use crate::rust_target;

const TARGET: &str = "wasm32-wasip2";
/// The guests whose components are embedded in the `squall` binary.
const EMBEDDED: [&str; 3] = ["shop", "request", "call"];
/// The stack lies below the data and grows down from the beginning of the data. With 3 KiB less than the usual 1 MiB
/// that is not at the border of a page: the used part of a sleeping virtual user's stack shares the first page of the
/// data.
const STACK: &str = "-Clink-args=-z stack-size=1045504";

/// Builds every `guest-examples/<scenario>/rust` into `target/guests/<scenario>-rust.wasm`.
pub fn build(repository: &Repository) -> Result<()> {
    let scenarios = scenarios(repository)?;
    let built = compile(repository, packages(&scenarios))?;
    for scenario in &scenarios {
        let component = component(repository, scenario);
        copy_if_changed(&built.join(format!("{scenario}_rust.wasm")), &component)?;
        let size = fs::metadata(&component)?.len().div_ceil(1024);
        println!("target/guests/{scenario}-rust.wasm: {size} KiB");
    }
    Ok(())
}

/// Builds the conformance scenario, which is not an example.
pub fn build_conformance(repository: &Repository, component: &Path) -> Result<()> {
    let built = compile(repository, ["--package".to_owned(), "conformance-rust".to_owned()])?;
    copy_if_changed(&built.join("conformance_rust.wasm"), component).map(drop)
}

/// Compiles packages as guests; returns their folder.
fn compile(repository: &Repository, packages: impl IntoIterator<Item = String>) -> Result<PathBuf> {
    rust_target::ensure(repository, TARGET)?;
    let mut cargo = repository.cargo();
    cargo.args(["build", "--quiet", "--target", TARGET, "--profile", "guest"]).args(packages);
    let flags = format!("{STACK}\x1f{}", rust_target::portable_paths(repository)?);
    run(cargo.env("CARGO_ENCODED_RUSTFLAGS", flags))?;
    Ok(repository.cargo_target().join(TARGET).join("guest"))
}

/// Refreshes the components that the `squall` binary embeds from those that [`build`] made.
pub fn embed(repository: &Repository) -> Result<()> {
    for scenario in EMBEDDED {
        let asset = format!("runtime/cli/assets/{scenario}.wasm");
        let changed = copy_if_changed(&component(repository, scenario), &repository.path(&asset))?;
        println!("{asset}: {}", if changed { "refreshed" } else { "up to date" });
    }
    Ok(())
}

/// The path of that scenario's component, once it is built.
pub fn component(repository: &Repository, scenario: &str) -> PathBuf {
    repository.path(format!("target/guests/{scenario}-rust.wasm"))
}

/// Lints the guests for their target.
pub fn lint(repository: &Repository) -> Result<()> {
    rust_target::ensure(repository, TARGET)?;
    let mut cargo = repository.cargo();
    cargo.args(["clippy", "--quiet", "--target", TARGET]).args(packages(&scenarios(repository)?));
    run(cargo.args(["--", "-D", "warnings"]))
}

/// The scenarios that have a guest in Rust.
fn scenarios(repository: &Repository) -> Result<Vec<String>> {
    let folder = repository.path("guest-examples");
    let mut scenarios = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let entry = entry?;
        if entry.path().join("rust/Cargo.toml").is_file() {
            scenarios.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    if scenarios.is_empty() {
        bail!("no guests in {}", folder.display());
    }
    scenarios.sort();
    Ok(scenarios)
}

fn packages(scenarios: &[String]) -> impl Iterator<Item = String> {
    scenarios.iter().flat_map(|scenario| ["--package".to_owned(), format!("{scenario}-rust")])
}
