//! TypeScript and JavaScript: `squall-js`, the build tool of the npm package `squall`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::checkout;
use crate::build::{Build, Compat, Engine};
use crate::error::BuildError;
use crate::source::Source;
use crate::tool::Tool;

const INSTALL: &str = "install Node.js 20 or newer (https://nodejs.org, or your distribution's nodejs and npm)";

/// What makes components with StarlingMonkey, and what that needs beside it.
const STARLING_MONKEY: [&str; 2] = ["@bytecodealliance/componentize-js", "@bytecodealliance/preview2-shim"];

pub fn build(build: &Build<'_>) -> Result<(), BuildError> {
    let Build { source, output, script, data, notify } = *build;
    let (folder, tool) = match checkout() {
        Some(checkout) => tool_of_checkout(checkout.join("sdk/js"))?,
        None => installed_tool(source)?,
    };
    if script.engine == Some(Engine::StarlingMonkey) {
        ensure_starling_monkey(&folder, notify)?;
    }
    let node = Tool::new("node", INSTALL).args([tool.as_os_str(), source.path().as_os_str()]);
    let compat: &[&str] = match script.compat {
        Some(Compat::K6) => &["--compat", "k6"],
        None => &[],
    };
    let engine: &[&str] = match script.engine {
        Some(Engine::QuickJs) => &["--engine", "quickjs"],
        Some(Engine::StarlingMonkey) => &["--engine", "starlingmonkey"],
        None => &[],
    };
    let data = data.map(|list| ["--data".as_ref(), list.as_os_str()]);
    node.args(["-o".as_ref(), output.as_os_str()])
        .args(data.into_iter().flatten())
        .args(compat)
        .args(engine)
        .inside(&source.folder)
        .run()
}

/// The second engine is large, so it comes when it is first asked for.
fn ensure_starling_monkey(folder: &Path, notify: &dyn Fn(&str)) -> Result<(), BuildError> {
    let [componentize, shim] = STARLING_MONKEY;
    if folder.join("node_modules").join(componentize).is_dir() {
        return Ok(());
    }
    notify("installing StarlingMonkey, some 380 MB, once");
    let packages = [format!("{componentize}@0.23"), shim.to_owned()];
    let quietly = ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"];
    Tool::new("npm", INSTALL).args(quietly).args(packages).inside(folder).run()
}

/// The SDK as it lies in a checkout of Squall, with what it needs: the folder, and the tool in it.
fn tool_of_checkout(sdk: PathBuf) -> Result<(PathBuf, PathBuf), BuildError> {
    if !sdk.join("node_modules").is_dir() {
        Tool::new("npm", INSTALL).args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).inside(&sdk).run()?;
    }
    let tool = sdk.join("build.mjs");
    Ok((sdk, tool))
}

/// The SDK that the project depends on; a script without a project gets one beside it, out of the way.
fn installed_tool(source: &Source) -> Result<(PathBuf, PathBuf), BuildError> {
    let folder = if depends_on_squall(&source.folder) { source.folder.clone() } else { hidden_project(source)? };
    let tool = folder.join("node_modules/squall/build.mjs");
    if !tool.is_file() {
        Tool::new("npm", INSTALL)
            .args(["install", "--no-audit", "--no-fund", "--loglevel=error"])
            .inside(&folder)
            .run()?;
    }
    Ok((folder, tool))
}

fn depends_on_squall(folder: &Path) -> bool {
    let manifest = fs::read_to_string(folder.join("package.json")).unwrap_or_default();
    let manifest: Value = serde_json::from_str(&manifest).unwrap_or_default();
    ["dependencies", "devDependencies"].iter().any(|kind| manifest[*kind]["squall"].is_string())
}

fn hidden_project(source: &Source) -> Result<PathBuf, BuildError> {
    let folder = source.hidden().join("javascript");
    let manifest = json!({ "private": true, "dependencies": { "squall": format!("^{}", env!("CARGO_PKG_VERSION")) } });
    let written =
        fs::create_dir_all(&folder).and_then(|()| fs::write(folder.join("package.json"), manifest.to_string()));
    written.map_err(|error| BuildError::at(&folder, error))?;
    Ok(folder)
}
