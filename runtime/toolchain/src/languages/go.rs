//! Go: the SDK's own command, which calls the standard toolchain.

use std::fs;
use std::path::{Path, PathBuf};

use crate::build::Build;
use crate::error::BuildError;
use crate::tool::Tool;

const INSTALL: &str = "install Go 1.24 or newer (https://go.dev/dl, or your distribution's golang)";
const SDK: &str = "github.com/squall-load/squall/sdk/go";
const COMMAND: &str = "github.com/squall-load/squall/sdk/go/build";
/// Where a project finds it.
const PLACE: &str = "./.squall/sdk/go";

/// Lists what is compiled and embedded of the packages that are the project's own, or that its manifest has replaced.
const OWN_FILES: &str = "{{if not .Standard}}{{if or .Module.Main .Module.Replace}}{{$folder := .Dir}}\
                         {{$folder}}/*.go{{range .EmbedFiles}}{{\"\\n\"}}{{$folder}}/{{.}}{{end}}{{end}}{{end}}";

pub fn build(build: &Build<'_>) -> Result<Vec<PathBuf>, BuildError> {
    let source = build.source;
    let go = || Tool::new("go", INSTALL).inside(&source.folder);
    if !takes_sdk(&source.folder) {
        let (require, replace) = (format!("{SDK}@v{}", env!("CARGO_PKG_VERSION")), format!("{SDK}={PLACE}"));
        go().args(["mod", "edit", "-require", &require, "-replace", &replace]).run()?;
    }
    go().args(["run", COMMAND, "-o"]).args([&build.bench.component(), source.path()]).run()?;
    let list = go().env("GOOS", "wasip1").env("GOARCH", "wasm").args(["list", "-deps", "-f", OWN_FILES]);
    let files = list.args([source.path()]).output()?;
    let files = files.lines().map(PathBuf::from).filter(|file| !build.is_of_sdk(file));
    Ok(files.chain(build.project_files(["go.mod", "go.sum", "go.work", "vendor/modules.txt"])).collect())
}

/// Whether a project takes the SDK from a folder that is there, whichever that is: then its manifest stays as it is.
fn takes_sdk(project: &Path) -> bool {
    let manifest = fs::read_to_string(project.join("go.mod")).unwrap_or_default();
    let mut replacements =
        manifest.lines().filter_map(|line| line.trim().trim_start_matches("replace ").split_once(" => "));
    replacements.any(|(module, path)| module == SDK && project.join(path).join("go.mod").is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_that_takes_the_sdk_from_a_folder_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let (sdk, project) = (root.join("checkout/sdk/go"), root.join("checkout/examples"));
        fs::create_dir_all(&sdk).unwrap();
        fs::create_dir_all(&project).unwrap();
        fs::write(sdk.join("go.mod"), "").unwrap();
        let with = |manifest: &str| {
            fs::write(project.join("go.mod"), manifest).unwrap();
            takes_sdk(&project)
        };
        assert!(with(&format!("module m\n\nreplace {SDK} => ../sdk/go\n")));
        assert!(with(&format!("module m\nreplace {SDK} => {}\n", sdk.display())));
        assert!(with(&format!("module m\nreplace (\n\t{SDK} => ../sdk/go\n)\n")));
        assert!(!with(&format!("module m\nreplace {SDK} => ../gone\n")));
        assert!(!with("module m\nreplace example.test/other => ../sdk/go\n"));
        assert!(!with("module m\n"));
    }
}
