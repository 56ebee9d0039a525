//! The SDKs' packages are ready to be published: each has its registry's metadata, and the version of the contract.

use std::fs;

use crate::support::program::root;

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The text between two others, after the first occurrence of `from`.
fn between(text: &str, before: &str, after: &str) -> String {
    let rest = text.split_once(before).unwrap_or_else(|| panic!("there is no {before:?}")).1;
    rest.split_once(after).unwrap_or_else(|| panic!("nothing ends with {after:?}")).0.to_owned()
}

#[test]
fn every_sdk_has_the_version_of_the_contract() {
    let contract = between(&read("wit/world.wit"), "package squall:scenario@", ";");
    let lock: serde_json::Value = serde_json::from_str(&read("sdk/js/package-lock.json")).unwrap();
    for (what, version) in [
        ("the workspace's crates", between(&read("Cargo.toml"), "[workspace.package]\nversion = \"", "\"")),
        ("sdk/js/package.json", between(&read("sdk/js/package.json"), "\"version\": \"", "\"")),
        ("sdk/js/package-lock.json", lock["packages"][""]["version"].as_str().unwrap_or_default().to_owned()),
        ("sdk/python/pyproject.toml", between(&read("sdk/python/pyproject.toml"), "\nversion = \"", "\"")),
        ("squall.__version__", between(&read("sdk/python/src/squall/__init__.py"), "__version__ = \"", "\"")),
        ("sdk/go", between(&read("sdk/go/build/describe.go"), "const sdk = \"go ", "\"")),
        ("a new project in Go", between(&read("sdk/conformance/go.mod"), "squall/sdk/go v", "\n")),
        ("sdk/c/squall.h", between(&read("sdk/c/squall.h"), "#define SQUALL_VERSION \"", "\"")),
    ] {
        assert_eq!(version, contract, "{what}");
    }
}

#[test]
fn every_sdk_has_a_readme_its_licences_and_a_tutorial() {
    for (sdk, page) in [
        ("rust", "docs/sdk-rust.md"),
        ("js", "docs/sdk-js.md"),
        ("python", "docs/sdk-python.md"),
        ("go", "docs/sdk-go.md"),
        ("c", "docs/sdk-c.md"),
    ] {
        let readme = read(&format!("sdk/{sdk}/README.md"));
        assert!(readme.contains("Squall") && readme.contains("Apache-2.0 or MIT"), "{sdk}: {readme}");
        assert!(readme.contains(page), "{sdk}: the page {page} is not named");
        assert!(read(page).contains("\n## Start"), "{page} does not say how to begin");
        for licence in ["LICENSE-APACHE", "LICENSE-MIT"] {
            assert_eq!(read(&format!("sdk/{sdk}/{licence}")), read(licence), "{sdk}: {licence}");
        }
    }
}

#[test]
fn every_package_has_a_description() {
    let names = [
        ("sdk/rust/Cargo.toml", ["name", "description", "license", "repository", "readme"].as_slice()),
        ("sdk/rust/macros/Cargo.toml", &["name", "description", "license", "repository"]),
        ("sdk/js/package.json", &["name", "description", "license", "repository", "keywords", "homepage", "engines"]),
        (
            "sdk/python/pyproject.toml",
            &["name", "description", "license", "readme", "keywords", "requires-python", "Repository"],
        ),
        ("sdk/go/go.mod", &["module", "go"]),
    ];
    for (path, keys) in names {
        let text = read(path);
        for key in keys {
            let is_said = text.lines().any(|line| line.trim().trim_start_matches('"').starts_with(key));
            assert!(is_said, "{path} has no {key}");
        }
    }
}
