//! TypeScript and JavaScript: `build.mjs`, the build tool of the SDK, with packages from npm that it needs.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::build::{Build, Compat, Engine};
use crate::error::BuildError;
use crate::inputs::hex;
use crate::project::link;
use crate::tool::Tool;

const INSTALL: &str = "install Node.js 20 or newer (https://nodejs.org, or your distribution's nodejs and npm)";
const QUIETLY: [&str; 4] = ["--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"];

/// The scope of the packages that make components with StarlingMonkey, and these packages.
const SCOPE: &str = "@bytecodealliance";
const STARLING_MONKEY: [(&str, &str); 2] = [("componentize-js", "0.23"), ("preview2-shim", "latest")];

pub fn build(build: &Build<'_>) -> Result<Vec<PathBuf>, BuildError> {
    let (source, bench) = (build.source, build.bench);
    let sdk = build.sdk.join("js");
    let packages = install_tools(build, &sdk)?.join("node_modules");
    // Where Node.js looks for what the SDK imports.
    link(&sdk.join("node_modules"), &packages)?;
    if build.script.engine == Some(Engine::StarlingMonkey) {
        link(&packages.join(SCOPE), &install_starling_monkey(build)?.join("node_modules").join(SCOPE))?;
    }
    install_dependencies(build)?;
    let node = Tool::new("node", INSTALL).args([&sdk.join("build.mjs"), source.path()]);
    let compat: &[&str] = match build.script.compat {
        Some(Compat::K6) => &["--compat", "k6"],
        None => &[],
    };
    let engine: &[&str] = match build.script.engine {
        Some(Engine::QuickJs) => &["--engine", "quickjs"],
        Some(Engine::StarlingMonkey) => &["--engine", "starlingmonkey"],
        None => &[],
    };
    let files = [("-o", bench.component()), ("--data", bench.data_list()), ("--inputs", bench.input_list())];
    let node = files.iter().fold(node, |node, (flag, file)| node.args([flag.as_ref(), file.as_os_str()]));
    node.args(compat).args(engine).inside(&source.folder).run()?;
    let settings = build.project_files(["package.json", "package-lock.json", "tsconfig.json"]);
    Ok(build.listed_inputs()?.into_iter().chain(settings).collect())
}

/// What the SDK imports, by its lock file, so that SDKs with the same one share it.
fn install_tools(build: &Build<'_>, sdk: &Path) -> Result<PathBuf, BuildError> {
    let lock = sdk.join("package-lock.json");
    let text = fs::read(&lock).map_err(|error| BuildError::at(&lock, error))?;
    let digest = hex(&Sha256::digest(&text));
    build.store.install(&format!("tools/javascript-{}", digest.get(..12).unwrap_or_default()), |folder| {
        (build.notify)("installing the build tools for JavaScript from npm: some 60 MB, once");
        for name in ["package.json", "package-lock.json"] {
            fs::copy(sdk.join(name), folder.join(name)).map_err(|error| BuildError::at(folder, error))?;
        }
        Tool::new("npm", INSTALL).args(["ci", "--omit=dev"]).args(QUIETLY).inside(folder).run()
    })
}

/// The second engine is large, so it comes when it is first asked for.
fn install_starling_monkey(build: &Build<'_>) -> Result<PathBuf, BuildError> {
    let [(_, version), _] = STARLING_MONKEY;
    build.store.install(&format!("tools/starlingmonkey-{version}"), |folder| {
        (build.notify)("installing StarlingMonkey from npm: some 380 MB, once");
        let packages = STARLING_MONKEY.map(|(name, version)| (format!("{SCOPE}/{name}"), version.into()));
        let dependencies: serde_json::Map<String, Value> = packages.into_iter().collect();
        let manifest = folder.join("package.json");
        let text = json!({ "private": true, "dependencies": dependencies }).to_string();
        fs::write(&manifest, text).map_err(|error| BuildError::at(&manifest, error))?;
        Tool::new("npm", INSTALL).arg("install").args(QUIETLY).inside(folder).run()
    })
}

/// The packages that the project itself depends on, if they were never installed.
fn install_dependencies(build: &Build<'_>) -> Result<(), BuildError> {
    let folder = &build.source.folder;
    let path = folder.join("package.json");
    let manifest = fs::read_to_string(&path).unwrap_or_default();
    let manifest: Value = serde_json::from_str(&manifest).unwrap_or_default();
    let mut names = dependencies(&manifest);
    if names.len() == usize::from(names.contains(&"squall")) || folder.join("node_modules").is_dir() {
        return Ok(());
    }
    if names.drain(..).any(|name| name == "squall") {
        let text = "the package squall comes with this program, not from npm: remove it from the dependencies";
        return Err(BuildError::at(&path, text));
    }
    (build.notify)("installing the dependencies of package.json");
    Tool::new("npm", INSTALL).arg("install").args(QUIETLY).inside(folder).run()
}

fn dependencies(manifest: &Value) -> Vec<&str> {
    let kinds = ["dependencies", "devDependencies"].iter().filter_map(|kind| manifest[*kind].as_object());
    kinds.flat_map(|packages| packages.keys().map(String::as_str)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_of_both_kinds_are_found() {
        let manifest = json!({ "dependencies": { "lodash": "4" }, "devDependencies": { "typescript": "5" } });
        assert_eq!(dependencies(&manifest), ["lodash", "typescript"]);
        assert!(dependencies(&Value::Null).is_empty());
    }
}
