//! Rust: `cargo build --target wasm32-wasip2`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::checkout;
use crate::build::Build;
use crate::error::BuildError;
use crate::tool::Tool;

const TARGET: &str = "wasm32-wasip2";
const INSTALL: &str = "install Rust from https://rustup.rs";

pub fn build(build: &Build<'_>) -> Result<(), BuildError> {
    let Build { source, output, .. } = *build;
    if !source.has("Cargo.toml") {
        let text = "a scenario in Rust is a package: `squall new NAME --lang rust` makes one";
        return Err(BuildError::at(source.path(), text));
    }
    ensure_target()?;
    let arguments = ["build", "--release", "--target", TARGET, "--message-format", "json-render-diagnostics"];
    let cargo = Tool::new("cargo", INSTALL).args(arguments).args(sdk_of_checkout());
    let messages = cargo.inside(&source.folder).output()?;
    let component = component(&messages).ok_or_else(|| {
        let text = "the package makes no component: it needs `crate-type = [\"cdylib\"]` under [lib]";
        BuildError::at(&source.folder.join("Cargo.toml"), text)
    })?;
    fs::copy(&component, output).map(drop).map_err(|error| BuildError::at(output, error))
}

/// The SDK in a checkout of Squall takes the place of the published one.
fn sdk_of_checkout() -> Vec<String> {
    let Some(checkout) = checkout() else {
        return Vec::new();
    };
    let path = checkout.join("sdk/rust").display().to_string();
    vec!["--config".to_owned(), format!("patch.crates-io.squall-sdk.path={path:?}")]
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
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let files = messages.filter(|message| message["reason"] == "compiler-artifact");
    let files = files.flat_map(|message| message["filenames"].as_array().cloned().unwrap_or_default());
    files
        .filter_map(|file| file.as_str().map(PathBuf::from))
        .rfind(|file| file.extension().is_some_and(|ending| ending == "wasm"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_says_where_the_component_is() {
        let messages = r#"{"reason":"compiler-artifact","filenames":["/p/target/libdep.rlib"]}
{"reason":"compiler-artifact","filenames":["/p/target/shop.wasm","/p/target/libshop.rlib"]}
{"reason":"build-finished","success":true}"#;
        assert_eq!(component(messages), Some(PathBuf::from("/p/target/shop.wasm")));
        assert_eq!(component("{\"reason\":\"build-finished\"}"), None);
    }
}
