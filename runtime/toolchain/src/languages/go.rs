//! Go: the SDK's own command, which calls the standard toolchain.

use std::fs;
use std::path::Path;

use super::checkout;
use crate::build::Build;
use crate::error::BuildError;
use crate::tool::Tool;

const INSTALL: &str = "install Go 1.24 or newer (https://go.dev/dl, or your distribution's golang)";
const SDK: &str = "github.com/squall-load/squall/sdk/go";
const COMMAND: &str = "github.com/squall-load/squall/sdk/go/build";

pub fn build(build: &Build<'_>) -> Result<(), BuildError> {
    let Build { source, output, .. } = *build;
    if !source.has("go.mod") {
        let text = "a scenario in Go is a module: `squall new NAME --lang go` makes one";
        return Err(BuildError::at(source.path(), text));
    }
    let go = || Tool::new("go", INSTALL).inside(&source.folder);
    if let Some(sdk) = checkout().map(|checkout| checkout.join("sdk/go")).filter(|sdk| !takes(&source.folder, sdk)) {
        // A work file beside the project would be in its way; `go mod edit` changes what the project says of itself.
        go().args(["mod", "edit", "-replace", &format!("{SDK}={}", sdk.display())]).run()?;
    }
    go().args(["run", COMMAND, "-o"]).args([output, source.path()]).run()
}

/// Whether a project takes the SDK from that folder already, however it writes that: then its manifest stays as it is.
fn takes(project: &Path, sdk: &Path) -> bool {
    let manifest = fs::read_to_string(project.join("go.mod")).unwrap_or_default();
    let mut replacements = manifest.lines().filter_map(|line| line.strip_prefix("replace ")?.split_once(" => "));
    replacements.any(|(module, path)| module == SDK && project.join(path).canonicalize().is_ok_and(|path| path == sdk))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_that_names_the_checkout_already_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let sdk = root.join("checkout/sdk/go");
        let project = root.join("checkout/examples");
        fs::create_dir_all(&sdk).unwrap();
        fs::create_dir_all(&project).unwrap();
        let with = |manifest: &str| {
            fs::write(project.join("go.mod"), manifest).unwrap();
            takes(&project, &sdk)
        };
        assert!(with(&format!("module m\n\nreplace {SDK} => ../sdk/go\n")));
        assert!(with(&format!("module m\nreplace {SDK} => {}\n", sdk.display())));
        assert!(!with(&format!("module m\nreplace {SDK} => ../gone\n")));
        assert!(!with("module m\nreplace example.test/other => ../sdk/go\n"));
        assert!(!with("module m\n"));
    }
}
