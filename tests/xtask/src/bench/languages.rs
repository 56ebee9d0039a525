//! The same two scenarios in every language, beside Locust: the cost of a language.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::Bench;
use super::client::{Client, Dialect, Race};
use crate::repository::{Repository, run};

/// The tasks, and their folders in `guest-examples`.
const RACES: [(Race, &str); 2] = [(Race::Small, "minimal"), (Race::Json, "json")];
/// Rust always takes part.
const LANGUAGES: [(&str, &str); 4] = [
    ("squall (C)", "c/{scenario}.c"),
    ("squall (Go)", "go/main.go"),
    ("squall (TypeScript)", "typescript/scenario.ts"),
    ("squall (Python)", "python/scenario.py"),
];

/// Builds the scenarios and gets Locust. Languages that cannot be built take no part.
pub fn clients(bench: &Bench<'_>, port: u16, users: u32) -> Result<Vec<Client>> {
    let target = format!("http://127.0.0.1:{port}");
    let users = users.to_string();
    let locust = locust(bench.repository)?;
    let mut clients = Vec::new();
    for (race, scenario) in RACES {
        for (name, component) in components(bench, scenario)? {
            // Compiled before the first turn: the comparison is about the scenario, not the compiler.
            let component = component.display().to_string();
            let once = [
                "run",
                "--quiet",
                "--no-save",
                &component,
                "--target",
                &target,
                "-i",
                "1",
                "--summary-mode",
                "disabled",
            ];
            run(Command::new(&bench.squall).args(once))?;
            let arguments = ["run", "--quiet", "--no-save", &component, "--target", &target, "-u", &users];
            clients.push(Client::new(race, name, &bench.squall, Dialect::Summary, &arguments));
        }
        let file = bench.repository.path(format!("tests/xtask/locust/{scenario}.py")).display().to_string();
        let arguments =
            ["-f", &file, "--headless", "-u", &users, "-r", &users, "-H", &target, "--only-summary", "--json"];
        clients.push(Client::new(race, "Locust", &locust, Dialect::Locust, &arguments));
    }
    Ok(clients)
}

/// The components of a scenario in all languages but Rust; those that cannot be built are left out.
pub fn components(bench: &Bench<'_>, scenario: &str) -> Result<Vec<(&'static str, PathBuf)>> {
    let mut built = Vec::new();
    for (name, source) in LANGUAGES {
        let source = format!("guest-examples/{scenario}/{}", source.replace("{scenario}", scenario));
        if let Some(component) = component(bench, name, scenario, &source)? {
            built.push((name, component));
        }
    }
    Ok(built)
}

fn component(bench: &Bench<'_>, name: &str, scenario: &str, source: &str) -> Result<Option<PathBuf>> {
    let folder = bench.repository.path("target/bench/languages");
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let ending = Path::new(source).extension().unwrap_or_default().to_string_lossy();
    let component = folder.join(format!("{scenario}-{ending}.wasm"));
    let mut build = bench.repository.command(&bench.squall);
    build.args(["build", source, "-o"]).arg(&component).env("SQUALL_SDK", bench.repository.root());
    if let Err(error) = run(&mut build) {
        println!("{name} takes no part: {error}");
        return Ok(None);
    }
    Ok(Some(component))
}

fn locust(repository: &Repository) -> Result<PathBuf> {
    let folder = repository.path("target/bench/locust");
    let program = folder.join("bin/locust");
    if !program.is_file() {
        run(repository.command("python3").args(["-m", "venv"]).arg(&folder))?;
        run(Command::new(folder.join("bin/pip")).args(["install", "--quiet", "locust"]))?;
    }
    Ok(program)
}
