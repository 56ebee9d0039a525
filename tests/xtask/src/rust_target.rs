//! Rust's standard libraries for other targets, and programs that do not name this machine's folders.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::repository::{Repository, output_of, run};

/// Makes sure that the standard library for the target is installed.
pub fn ensure(repository: &Repository, target: &str) -> Result<()> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    // Asks the compiler, not rustup, so that a distribution's Rust works as well.
    let library = output_of(repository.command(rustc).args(["--print", "target-libdir", "--target", target]));
    if library.is_ok_and(|folder| Path::new(&folder).is_dir()) {
        return Ok(());
    }
    run(repository.command("rustup").args(["target", "add", target])).with_context(|| {
        format!(
            "Rust's standard library for {target} is needed: `rustup target add {target}`, or your distribution's \
             package of it, then try again"
        )
    })
}

/// Flags that keep this machine's folders out of what is built: panic messages would name them.
pub fn portable_paths(repository: &Repository) -> Result<String> {
    let mut flags = vec![remap(repository.root(), "squall")];
    if let Some(sources) = registry_sources() {
        for entry in fs::read_dir(sources)? {
            flags.push(remap(&entry?.path(), "registry"));
        }
    }
    // The separator that cargo reads: unlike spaces, it may not be part of a path.
    Ok(flags.join("\x1f"))
}

/// The folder that holds one folder of unpacked crates per registry.
fn registry_sources() -> Option<PathBuf> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(env::home_dir()?.join(".cargo")))?;
    Some(home.join("registry/src")).filter(|sources| sources.is_dir())
}

fn remap(folder: &Path, name: &str) -> String {
    format!("--remap-path-prefix={}={name}", folder.display())
}
