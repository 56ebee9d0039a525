//! How registries are reached, and whose signatures count.

use std::path::PathBuf;

use clap::Args;

use crate::args::headings;

/// How registries are reached.
#[derive(Clone, Debug, Default, Args)]
pub struct RegistryArgs {
    /// Speak HTTP without TLS to the registry. (To this machine itself it is done anyway.)
    #[arg(long, help_heading = headings::SCENARIO)]
    pub plain_http: bool,
    /// Ask no registry: take what an oci:// name meant when it was last pulled.
    #[arg(long, help_heading = headings::SCENARIO)]
    pub offline: bool,
    #[command(flatten)]
    pub signature: SignatureArgs,
}

/// Whose signature a scenario must have.
#[derive(Clone, Debug, Default, Args)]
pub struct SignatureArgs {
    /// Run only what is signed with the private part of this key (PEM, as cosign.pub). Several may be named; one is enough.
    #[arg(long, value_name = "FILE", env = "SQUALL_VERIFY_KEY", value_delimiter = ',',
          help_heading = headings::SANDBOX)]
    pub verify_key: Vec<PathBuf>,
    /// Refuse to run anything unless --verify-key says whose signature it must have.
    #[arg(long, help_heading = headings::SANDBOX)]
    pub require_signature: bool,
}
