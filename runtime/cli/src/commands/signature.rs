//! Signatures: `squall sign`, and what `--verify-key` asks of everything that is run.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::Args;
use squall_files::read_bounded;
use squall_guest::{Artifact, GuestError};
use squall_plan::Limits;
use squall_registry::{KeyError, SigningKey, VerifyingKey, sign_bytes, verify_bytes};

use crate::args::registry::{RegistryArgs, SignatureArgs};
use crate::commands::registry::{access, reference};
use crate::error::CliError;
use crate::exit;
use crate::stdout::print;

/// More than any key or signature has, in bytes.
const LARGEST_KEY: u64 = 64 << 10;
/// The largest file that is signed, in bytes.
const LARGEST_SIGNED: u64 = 512 << 20;

/// `squall sign`.
#[derive(Debug, Args)]
pub struct SignArgs {
    /// What is signed: a file, or oci://REGISTRY/NAME:TAG.
    #[arg(value_name = "FILE.wasm|oci://...")]
    pub scenario: String,
    /// The private key: PEM, PKCS #8, ECDSA on P-256.
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// Speak HTTP without TLS to the registry. (To this machine itself it is done anyway.)
    #[arg(long)]
    pub plain_http: bool,
}

/// Signs a scenario: in the registry, or in a file beside it.
pub fn sign(arguments: &SignArgs) -> Result<u8, CliError> {
    let pem =
        read_bounded(&arguments.key, LARGEST_KEY).map_err(|source| unreadable("--key", &arguments.key, source))?;
    let key = SigningKey::from_pem(&pem).map_err(|error| no_key("--key", &arguments.key, error))?;
    if let Some(reference) = reference(&arguments.scenario)? {
        let registry = RegistryArgs { plain_http: arguments.plain_http, ..RegistryArgs::default() };
        let access = access(&registry, Limits::default().component);
        let digest = squall_registry::sign(&reference, &key, &access)?;
        print(&format!("signed: {}\n", reference.pinned(&digest)))?;
        return Ok(exit::PASSED);
    }
    let path = Path::new(&arguments.scenario);
    let bytes = read_bounded(path, LARGEST_SIGNED).map_err(|source| unreadable("the scenario", path, source))?;
    let signature = sign_bytes(&bytes, &key).map_err(squall_registry::RegistryError::from)?;
    let beside = signature_of(path);
    fs::write(&beside, signature).map_err(|source| unreadable("the signature", &beside, source))?;
    print(&format!("signed: {}\n", beside.display()))?;
    Ok(exit::PASSED)
}

/// Where a file's signature lies: beside it.
fn signature_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".sig");
    name.into()
}

impl SignatureArgs {
    /// The keys of which one must have signed what is run; none if nothing need be signed.
    pub fn keys(&self) -> Result<Vec<VerifyingKey>, CliError> {
        if self.require_signature && self.verify_key.is_empty() {
            let text = "--require-signature: say whose signature: --verify-key FILE, or SQUALL_VERIFY_KEY";
            return Err(CliError::options(vec![text.to_owned()]));
        }
        let read = |path: &PathBuf| {
            let pem = read_bounded(path, LARGEST_KEY).map_err(|source| unreadable("--verify-key", path, source))?;
            VerifyingKey::from_pem(&pem).map_err(|error| no_key("--verify-key", path, error))
        };
        self.verify_key.iter().map(read).collect()
    }

    /// Refuses what is built from its source on the spot, if what is run must be signed.
    pub fn allow_source(&self, name: &str) -> Result<(), CliError> {
        if self.keys()?.is_empty() {
            return Ok(());
        }
        let text = format!(
            "{name}: a source has no signature, and --verify-key asks for one: build it, and sign what was built"
        );
        Err(CliError::options(vec![text]))
    }
}

fn unreadable(option: &'static str, path: &Path, source: std::io::Error) -> CliError {
    CliError::file(option, path, source)
}

fn no_key(option: &str, path: &Path, error: KeyError) -> CliError {
    CliError::options(vec![format!("{option} {}: {error}", path.display())])
}

/// Reads a file, once, so that what was checked is what is run.
pub fn signed_file(path: &Path, keys: &[VerifyingKey], most: u64) -> Result<Result<Artifact, GuestError>, CliError> {
    if keys.is_empty() {
        return Ok(Artifact::read(path, most));
    }
    let bytes = match read_bounded(path, most) {
        Err(error) if error.kind() == ErrorKind::FileTooLarge => return Ok(Err(GuestError::TooLarge(most))),
        read => read.map_err(|source| unreadable("the scenario", path, source))?,
    };
    let beside = signature_of(path);
    let signature =
        read_bounded(&beside, LARGEST_KEY).map_err(|source| unreadable("the signature", &beside, source))?;
    let signature = String::from_utf8_lossy(&signature);
    if verify_bytes(&bytes, &signature, keys) {
        return Ok(Artifact::bounded(bytes, most));
    }
    let text = format!("{}: its signature is not by a key that --verify-key names; do not run it", path.display());
    Err(CliError::options(vec![text]))
}
