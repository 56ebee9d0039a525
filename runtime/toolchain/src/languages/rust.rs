//! Rust: `cargo build --target wasm32-wasip2`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::build::Build;
use crate::error::BuildError;
use crate::tool::{Tool, files_of_rules};

const TARGET: &str = "wasm32-wasip2";
const INSTALL: &str = "install Rust from https://rustup.rs";
const SDK: &str = "squall-sdk";
const REMEDY: &str = "squall-sdk comes with this program, not from crates.io: write \
                      `squall-sdk = { path = \".squall/sdk/rust\" }`";

pub fn build(build: &Build<'_>) -> Result<Vec<PathBuf>, BuildError> {
    let source = build.source;
    ensure_target()?;
    let arguments = ["build", "--release", "--target", TARGET, "--message-format", "json-render-diagnostics"];
    let patch = patch(&source.folder, build.sdk);
    let cargo = || Tool::new("cargo", INSTALL).inside(&source.folder);
    if patch.is_some() {
        let metadata = cargo().args(["metadata", "--format-version", "1"]).args(patch.iter().flatten()).output()?;
        refuse_another_sdk(&source.folder, &metadata)?;
    }
    let messages = cargo().args(arguments).args(patch.iter().flatten()).output()?;
    let component = component(&messages).ok_or_else(|| {
        let text = "the package makes no component: it needs `crate-type = [\"cdylib\"]` under [lib]";
        BuildError::at(&source.folder.join("Cargo.toml"), text)
    })?;
    let output = build.bench.component();
    fs::copy(&component, &output).map_err(|error| BuildError::at(&output, error))?;
    let workspace = cargo().args(["locate-project", "--workspace", "--message-format", "plain"]).output()?;
    Ok(inputs(build, &messages, &component, Path::new(workspace.trim())))
}

/// A manifest that asks the registry for the SDK gets it from here.
fn patch(project: &Path, sdk: &Path) -> Option<[String; 2]> {
    let manifest = fs::read_to_string(project.join("Cargo.toml")).unwrap_or_default();
    let line = manifest.lines().find(|line| line.contains(SDK) && !line.trim_start().starts_with('#'))?;
    let is_elsewhere = ["path", "git", "workspace"].iter().any(|key| line.contains(key));
    let path = sdk.join("rust");
    (!is_elsewhere)
        .then(|| ["--config".to_owned(), format!("patch.crates-io.{SDK}.path={:?}", path.display().to_string())])
}

/// A package of the SDK's name in a registry is a stranger's, and building it would run its code: cargo takes that one
/// where the manifest asks for another version.
fn refuse_another_sdk(project: &Path, metadata: &str) -> Result<(), BuildError> {
    let metadata: Value = serde_json::from_str(metadata).unwrap_or_default();
    let is_another = |package: &Value| {
        package["name"] == SDK && package["source"].as_str().is_some_and(|source| source.starts_with("registry+"))
    };
    match metadata["packages"].as_array().is_some_and(|packages| packages.iter().any(is_another)) {
        true => Err(BuildError::at(&project.join("Cargo.toml"), REMEDY)),
        false => Ok(()),
    }
}

/// What cargo has read: the sources that it lists beside the component, the manifests of packages that are not from a registry,
/// and what says which Rust is used.
fn inputs(build: &Build<'_>, messages: &str, component: &Path, workspace: &Path) -> Vec<PathBuf> {
    let list = fs::read_to_string(component.with_extension("d")).unwrap_or_default();
    let target = component.ancestors().nth(3).unwrap_or(component);
    let manifests = parsed(messages)
        .filter(|message| message["package_id"].as_str().is_some_and(|package| package.starts_with("path+file:")));
    let manifests = manifests.filter_map(|message| message["manifest_path"].as_str().map(PathBuf::from));
    let read = files_of_rules(&list).into_iter().chain(manifests);
    let of_sdk = build.source.hidden();
    let read =
        read.filter(|path| !path.starts_with(&of_sdk) && !path.starts_with(build.sdk) && !path.starts_with(target));
    let around = [workspace.to_owned(), workspace.with_file_name("Cargo.lock")];
    let settings = [".cargo/config.toml", "rust-toolchain.toml", "rust-toolchain"];
    let rustup = env::var_os("RUSTUP_HOME").map(PathBuf::from);
    let rustup = rustup.or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".rustup")));
    let toolchains =
        rustup.into_iter().flat_map(|rustup| ["settings.toml", "update-hashes/*"].map(|name| rustup.join(name)));
    let mut inputs: Vec<_> = read.chain(around).chain(build.project_files(settings)).chain(toolchains).collect();
    inputs.sort();
    inputs.dedup();
    inputs
}

/// Asks the compiler, not rustup, so that a distribution's Rust will do as well.
fn ensure_target() -> Result<(), BuildError> {
    let library = Tool::new("rustc", INSTALL).args(["--print", "target-libdir", "--target", TARGET]).output()?;
    if Path::new(library.trim()).is_dir() {
        return Ok(());
    }
    let install = "scenarios in Rust need its standard library for wasm32-wasip2: `rustup target add wasm32-wasip2`";
    Tool::new("rustup", install).args(["target", "add", TARGET]).run()
}

/// The component that cargo says it has made: the last one, which is the package's own.
fn component(messages: &str) -> Option<PathBuf> {
    let files = parsed(messages).flat_map(|message| message["filenames"].as_array().cloned().unwrap_or_default());
    let files = files.filter_map(|file| file.as_str().map(PathBuf::from));
    files.filter(|file| file.extension().is_some_and(|ending| ending == "wasm")).last()
}

/// What cargo says of the artifacts that it has made.
fn parsed(messages: &str) -> impl Iterator<Item = Value> {
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    messages.filter(|message| message["reason"] == "compiler-artifact")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_that_asks_the_registry_for_the_sdk_gets_ours() {
        let folder = tempfile::tempdir().unwrap();
        let patched = |manifest: &str| {
            fs::write(folder.path().join("Cargo.toml"), manifest).unwrap();
            patch(folder.path(), Path::new("/sdk")).is_some()
        };
        assert!(patched("[dependencies]\nsquall-sdk = \"0.1\"\n"));
        assert!(patched("[dependencies]\nsquall = { package = \"squall-sdk\", version = \"0.1\" }\n"));
        assert!(patched("[dependencies.squall-sdk]\nversion = \"0.1\"\n"));
        assert!(!patched("[dependencies]\n# squall-sdk\nsquall-sdk = { path = \".squall/sdk/rust\" }\n"));
        assert!(!patched("[dependencies]\nserde = \"1\"\n"));
    }

    #[test]
    fn another_package_of_that_name_is_not_built() {
        let refused = |source: &str| {
            let metadata = format!(r#"{{"packages":[{{"name":"squall-sdk","source":{source}}}]}}"#);
            refuse_another_sdk(Path::new("shop"), &metadata).map_err(|error| error.to_string())
        };
        assert_eq!(refused("null"), Ok(()));
        let told = refused(r#""registry+https://github.com/rust-lang/crates.io-index""#).unwrap_err();
        assert!(told.starts_with("shop/Cargo.toml: squall-sdk comes with this program"), "{told}");
    }

    #[test]
    fn cargo_says_where_the_component_is() {
        let messages = r#"{"reason":"compiler-artifact","filenames":["/p/target/libdep.rlib"]}
{"reason":"compiler-artifact","filenames":["/p/target/shop.wasm","/p/target/libshop.rlib"]}
{"reason":"build-finished","success":true}"#;
        assert_eq!(component(messages), Some(PathBuf::from("/p/target/shop.wasm")));
        assert_eq!(component("{\"reason\":\"build-finished\"}"), None);
    }
}
