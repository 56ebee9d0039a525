//! TypeScript and JavaScript: `squall-js`, the build tool of the npm package `squall`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::checkout;
use crate::args::Compat;
use crate::error::CliError;
use crate::project::build::unwritable;
use crate::project::source::Source;
use crate::project::tool::Tool;

const INSTALL: &str = "install Node.js 20 or newer (https://nodejs.org, or your distribution's nodejs and npm)";

pub fn build(source: &Source, output: &Path, compat: Option<Compat>) -> Result<(), CliError> {
    let tool = match checkout() {
        Some(checkout) => tool_of_checkout(&checkout.join("sdk/js"))?,
        None => installed_tool(source)?,
    };
    let node = Tool::new("node", INSTALL).args([tool.as_os_str(), source.path().as_os_str()]);
    let compat: &[&str] = match compat {
        Some(Compat::K6) => &["--compat", "k6"],
        None => &[],
    };
    node.args(["-o".as_ref(), output.as_os_str()]).args(compat).inside(&source.folder).run()
}

/// The SDK as it lies in a checkout of Squall, with what it needs.
fn tool_of_checkout(sdk: &Path) -> Result<PathBuf, CliError> {
    if !sdk.join("node_modules").is_dir() {
        Tool::new("npm", INSTALL).args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).inside(sdk).run()?;
    }
    Ok(sdk.join("build.mjs"))
}

/// The SDK that the project depends on; a script without a project gets one beside it, out of the way.
fn installed_tool(source: &Source) -> Result<PathBuf, CliError> {
    let folder = if depends_on_squall(&source.folder) { source.folder.clone() } else { hidden_project(source)? };
    let tool = folder.join("node_modules/squall/build.mjs");
    if !tool.is_file() {
        Tool::new("npm", INSTALL)
            .args(["install", "--no-audit", "--no-fund", "--loglevel=error"])
            .inside(&folder)
            .run()?;
    }
    Ok(tool)
}

fn depends_on_squall(folder: &Path) -> bool {
    let manifest = fs::read_to_string(folder.join("package.json")).unwrap_or_default();
    let manifest: Value = serde_json::from_str(&manifest).unwrap_or_default();
    ["dependencies", "devDependencies"].iter().any(|kind| manifest[*kind]["squall"].is_string())
}

fn hidden_project(source: &Source) -> Result<PathBuf, CliError> {
    let folder = source.hidden().join("javascript");
    let manifest = json!({ "private": true, "dependencies": { "squall": format!("^{}", env!("CARGO_PKG_VERSION")) } });
    let written =
        fs::create_dir_all(&folder).and_then(|()| fs::write(folder.join("package.json"), manifest.to_string()));
    written.map_err(|error| unwritable(&folder, &error))?;
    Ok(folder)
}
