//! Go: the SDK's own command, which calls the standard toolchain.

use std::path::Path;

use super::checkout;
use crate::error::CliError;
use crate::project::source::Source;
use crate::project::tool::Tool;

const INSTALL: &str = "install Go 1.24 or newer (https://go.dev/dl, or your distribution's golang)";
const COMMAND: &str = "github.com/squall-load/squall/sdk/go/build";

pub fn build(source: &Source, output: &Path) -> Result<(), CliError> {
    if !source.has("go.mod") {
        let text = "a scenario in Go is a module: `squall new NAME --lang go` makes one";
        return Err(CliError::Build(format!("{}: {text}", source.path().display())));
    }
    let go = || Tool::new("go", INSTALL).inside(&source.folder);
    if let Some(checkout) = checkout() {
        // A work file beside the project would be in its way; `go mod edit` changes what the project says of itself.
        let replacement = format!("github.com/squall-load/squall/sdk/go={}", checkout.join("sdk/go").display());
        go().args(["mod", "edit", "-replace", &replacement]).run()?;
    }
    go().args(["run", COMMAND, "-o"]).args([output, source.path()]).run()
}
