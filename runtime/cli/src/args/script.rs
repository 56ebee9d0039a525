//! How a script in JavaScript or TypeScript is built.

use clap::Args;
use squall_toolchain::{Compat, Engine, ScriptOptions};

use crate::args::headings;
use crate::values::{compat, engine};

/// What is asked of the build of a script in JavaScript or TypeScript.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct ScriptArgs {
    /// The script is one of k6's.
    #[arg(long, value_name = "TOOL", value_parser = compat(), help_heading = headings::SCENARIO)]
    pub compat: Option<Compat>,
    /// The JavaScript engine that goes into the component.
    #[arg(long, value_name = "NAME", value_parser = engine(), help_heading = headings::SCENARIO)]
    pub engine: Option<Engine>,
}

impl ScriptArgs {
    /// The same for the toolchain.
    pub fn options(self) -> ScriptOptions {
        ScriptOptions { compat: self.compat, engine: self.engine }
    }
}
