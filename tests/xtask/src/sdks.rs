//! Tests the SDKs, each with its language's own tools: units, and the conformance and feed scenarios against the
//! `squall` of this checkout, which must have the same results in every language. A language's tools are installed in
//! `target/sdks`, or in the SDK's folder.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::guests;
use crate::repository::{Repository, answers, run};

/// A language, and the tests of its SDK.
struct Language {
    name: &'static str,
    /// Required programs, each with arguments that succeed if it is usable.
    needs: &'static [(&'static str, &'static [&'static str])],
    /// The command that installs a missing one.
    install: &'static str,
    test: fn(&Repository) -> Result<()>,
}

/// Requirements of every language: the server and the suites are in Python, and so are some of the tools.
const PYTHON: (&str, &[&str]) =
    ("python3", &["-c", "import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))"]);
const NODE: (&str, &[&str]) = ("node", &["-e", "process.exit(Number(parseInt(process.versions.node) < 20))"]);

const LANGUAGES: [Language; 5] = [
    Language { name: "Rust", needs: &[PYTHON], install: "apt install python3-venv", test: rust },
    Language {
        name: "Go",
        needs: &[PYTHON, ("go", &["version"])],
        install: "apt install python3-venv golang (1.24 or newer; or https://go.dev/dl)",
        test: go,
    },
    Language {
        name: "C",
        needs: &[PYTHON, ("cc", &["--version"])],
        install: "apt install python3-venv gcc (zig comes by pip)",
        test: c,
    },
    Language {
        name: "JavaScript",
        needs: &[PYTHON, NODE, ("npm", &["--version"])],
        install: "apt install python3-venv nodejs npm (Node.js 20 or newer; or https://nodejs.org)",
        test: javascript,
    },
    Language { name: "Python", needs: &[PYTHON], install: "apt install python3-venv (3.11 or newer)", test: python },
];

/// Tests all SDKs. A language without its tools is skipped by name; in CI (`CI` is set) that is a failure.
pub fn test(repository: &Repository) -> Result<()> {
    let in_ci = env::var_os("CI").is_some_and(|value| !value.is_empty());
    let mut skipped = false;
    for Language { name, needs, install, test } in &LANGUAGES {
        match needs.iter().find(|(program, question)| !answers(program, question)) {
            None => test(repository).with_context(|| format!("the SDK for {name}"))?,
            Some((program, _)) => {
                println!("skipped: the SDK for {name}: no {program}, or one that is too old: {install}");
                skipped = true;
            }
        }
    }
    if in_ci && skipped {
        bail!("in CI no language may be skipped");
    }
    Ok(())
}

/// The program that [`quality::test`](crate::quality::test) has built.
fn squall(repository: &Repository) -> PathBuf {
    repository.cargo_target().join("debug/squall")
}

/// Rust's SDK is tested with the host (`cargo test`); the suites of all languages remain.
fn rust(repository: &Repository) -> Result<()> {
    guests::build(repository)?;
    let component = place(repository, "conformance-rust.wasm")?;
    guests::build_conformance(repository, &component)?;
    conforms(repository, &component)?;
    feeds(repository, &guests::component(repository, "feed"))
}

fn go(repository: &Repository) -> Result<()> {
    let folder = repository.path("sdk/go");
    run(repository.command("go").args(["vet", "./..."]).current_dir(&folder))?;
    run(repository.command("go").args(["test", "./..."]).current_dir(&folder))?;
    let build = |folder: &str, scenario: &str, component: &Path| {
        let tool = ["run", "github.com/squall-load/squall/sdk/go/build", "-o"];
        run(repository.command("go").args(tool).arg(component).arg(scenario).current_dir(repository.path(folder)))
    };
    let component = place(repository, "conformance-go.wasm")?;
    build("sdk/conformance", "./go", &component)?;
    conforms(repository, &component)?;
    let component = place(repository, "feed-go.wasm")?;
    build("guest-examples", "./feed/go", &component)?;
    feeds(repository, &component)
}

fn c(repository: &Repository) -> Result<()> {
    run(repository.command("sh").arg("sdk/c/tests/run.sh").env("CC", "cc"))?;
    let zig = environment(repository, "c", &["ziglang"])?.join("python-zig");
    let build = |source: &str, component: &Path| {
        let mut build = repository.command("sh");
        build.arg("sdk/c/build.sh").arg(component).arg(source);
        run(build.env("CC", format!("{} cc", zig.display())))
    };
    let component = place(repository, "conformance-c.wasm")?;
    build("sdk/conformance/c/conformance.c", &component)?;
    conforms(repository, &component)?;
    let component = place(repository, "feed-c.wasm")?;
    build("guest-examples/feed/c/feed.c", &component)?;
    feeds(repository, &component)
}

fn javascript(repository: &Repository) -> Result<()> {
    let folder = repository.path("sdk/js");
    let npm = |words: &[&str]| {
        let mut npm = repository.command("npm");
        npm.args(words).current_dir(&folder).env("SQUALL", squall(repository));
        npm
    };
    run(&mut npm(&["ci", "--no-audit", "--no-fund", "--loglevel=error"]))?;
    for script in ["check", "test", "engine"] {
        run(&mut npm(&["run", "--silent", script]))?;
    }
    let build = |source: &str, component: &Path| {
        let mut node = repository.command("node");
        node.arg(folder.join("build.mjs")).arg(repository.path(source));
        run(node.arg("-o").arg(component))
    };
    let component = place(repository, "conformance-typescript.wasm")?;
    build("sdk/conformance/typescript/scenario.ts", &component)?;
    conforms(repository, &component)?;
    let component = place(repository, "feed-typescript.wasm")?;
    build("guest-examples/feed/typescript/scenario.ts", &component)?;
    feeds(repository, &component)
}

fn python(repository: &Repository) -> Result<()> {
    let sdk = repository.path("sdk/python");
    let tools = environment(repository, "python", &["--editable", &format!("{}[dev]", sdk.display())])?;
    run(repository.command(tools.join("mypy")).current_dir(&sdk))?;
    run(repository.command(tools.join("pytest")).arg("-q").current_dir(&sdk).env("SQUALL", squall(repository)))?;
    run(repository.command(tools.join("mypy")).args([
        "--config-file",
        "sdk/python/pyproject.toml",
        "sdk/conformance/python",
    ]))?;
    let build = |source: &str, component: &Path| {
        let mut build = repository.command(tools.join("squall-build"));
        build.arg(repository.path(source));
        run(build.arg("--output").arg(component))
    };
    let component = place(repository, "conformance-python.wasm")?;
    build("sdk/conformance/python/scenario.py", &component)?;
    conforms(repository, &component)?;
    let component = place(repository, "feed-python.wasm")?;
    build("guest-examples/feed/python/scenario.py", &component)?;
    feeds(repository, &component)
}

/// Runs a conformance scenario, which calls every function of the contract.
fn conforms(repository: &Repository, component: &Path) -> Result<()> {
    suite(repository, "run.py", component)
}

/// Runs the feed example: rows and files must reach the server alike from every language.
fn feeds(repository: &Repository, component: &Path) -> Result<()> {
    suite(repository, "feed.py", component)
}

fn suite(repository: &Repository, name: &str, component: &Path) -> Result<()> {
    let suite = Path::new("sdk/conformance").join(name);
    run(repository.command("python3").arg(suite).arg(component).arg(squall(repository)))
}

/// The path of a built file.
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
