//! `squall push`, `squall pull`, and scenarios named `oci://...`: what the command line means for `squall-registry`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use squall_files::read_bounded;
use squall_guest::{Artifact, GuestError};
use squall_plan::Limits;
use squall_registry::{About, Access, ArtifactCache, Credentials, Pulled, Reference, Surface, pull, push};
use squall_session::{OpenFile, is_standard_output};

use crate::args::registry::RegistryArgs;
use crate::commands::signature::signed_file;
use crate::error::CliError;
use crate::exit;
use crate::stdout::{print, print_beside};
use crate::values::parse_size;

/// The largest file that is pushed, in bytes: registries must not take more.
const LARGEST_PUSHED: u64 = 512 << 20;

/// `squall push`.
#[derive(Debug, Args)]
pub struct PushArgs {
    /// The scenario: a component, or a core module with component metadata.
    #[arg(value_name = "FILE.wasm")]
    pub file: PathBuf,
    /// Where it goes: REGISTRY/NAME:TAG, with or without oci://.
    #[arg(value_name = "REGISTRY/NAME:TAG", value_parser = parse_reference)]
    pub reference: Reference,
    /// Speak HTTP without TLS to the registry. (To this machine itself it is done anyway.)
    #[arg(long)]
    pub plain_http: bool,
}

/// `squall pull`.
#[derive(Debug, Args)]
pub struct PullArgs {
    /// What to fetch: REGISTRY/NAME:TAG, or @sha256:... in place of the tag or after it; with or without oci://.
    #[arg(value_name = "REGISTRY/NAME:TAG", value_parser = parse_reference)]
    pub reference: Reference,
    /// Where the file goes. [default: the last part of its name, with .wasm]
    #[arg(short, long, value_name = "FILE.wasm")]
    pub output: Option<PathBuf>,
    /// The largest file that is fetched. [default: 64MiB]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub max_component_size: Option<u64>,
    #[command(flatten)]
    pub registry: RegistryArgs,
}

fn parse_reference(text: &str) -> Result<Reference, String> {
    text.parse().map_err(|error: squall_registry::ReferenceError| error.to_string())
}

/// Pushes a scenario. What is no scenario's form is refused here: a registry would take anything.
pub fn push_file(arguments: &PushArgs) -> Result<u8, CliError> {
    let name = arguments.file.display().to_string();
    let no_guest = |source: GuestError| CliError::guest(&name, source);
    let wasm = read_bounded(&arguments.file, LARGEST_PUSHED).map_err(|error| no_guest(error.into()))?;
    let artifact = Artifact::from_bytes(wasm.clone()).map_err(no_guest)?;
    let registry = RegistryArgs { plain_http: arguments.plain_http, ..RegistryArgs::default() };
    let access = access(&registry, LARGEST_PUSHED);
    let digest = push(&arguments.reference, wasm.into(), &about(&arguments.file, &artifact), &access)?;
    print(&format!("pushed: {}\n", arguments.reference.pinned(&digest)))?;
    Ok(exit::PASSED)
}

/// Fetches a scenario into a file.
pub fn pull_file(arguments: &PullArgs) -> Result<u8, CliError> {
    let default = Limits::default().component;
    let Pulled { wasm, digest, from_cache } =
        trusted(&arguments.reference, &arguments.registry, arguments.max_component_size.unwrap_or(default))?;
    let last = arguments.reference.name().rsplit('/').next().unwrap_or("scenario");
    let path = arguments.output.clone().unwrap_or_else(|| PathBuf::from(format!("{last}.wasm")));
    OpenFile::create("--output", &path)?.write(&wasm)?;
    let from = if from_cache { " (from the cache)" } else { "" };
    let text = format!("pulled: {}{from}\nfile:   {}\n", arguments.reference.pinned(&digest), path.display());
    print_beside(is_standard_output(&path), &text)?;
    Ok(exit::PASSED)
}

/// The scenario that the user named: a file, or `oci://...`, of at most so many bytes.
pub fn artifact(name: &str, arguments: &RegistryArgs, most: u64) -> Result<Artifact, CliError> {
    let artifact = match reference(name)? {
        Some(reference) => Artifact::bounded(trusted(&reference, arguments, most)?.wasm.into(), most),
        None => signed_file(Path::new(name), &arguments.signature.keys()?, most)?,
    };
    artifact.map_err(|source| CliError::guest(name, source))
}

/// Fetches what the reference means, and checks its signature if one is asked for.
fn trusted(reference: &Reference, arguments: &RegistryArgs, largest: u64) -> Result<Pulled, CliError> {
    let (keys, access) = (arguments.signature.keys()?, access(arguments, largest));
    let pulled = pull(reference, &access)?;
    if !keys.is_empty() {
        squall_registry::verify(reference, &pulled.digest, &keys, &access)?;
    }
    Ok(pulled)
}

/// The place in a registry that is meant, if one is.
pub fn reference(name: &str) -> Result<Option<Reference>, CliError> {
    if !Reference::is_meant(name) {
        return Ok(None);
    }
    name.parse().map(Some).map_err(|error| CliError::options(vec![reason(&error)]))
}

fn reason(error: &squall_registry::ReferenceError) -> String {
    error.to_string()
}

/// How to reach a registry, and take files of at most `largest` bytes from it.
pub fn access(arguments: &RegistryArgs, largest: u64) -> Access {
    Access {
        largest,
        plain_http: arguments.plain_http,
        offline: arguments.offline,
        cache: ArtifactCache::of_user(),
        credentials: Credentials::of_docker(),
    }
}

/// What the component says of itself, under the names that registries know.
fn annotations(artifact: &Artifact) -> BTreeMap<String, String> {
    let about = artifact.about();
    let named = [
        ("version", &about.version),
        ("description", &about.description),
        ("authors", &about.authors),
        ("licenses", &about.licence),
        ("source", &about.source),
        ("url", &about.homepage),
        ("revision", &about.revision),
    ];
    let said = named.into_iter().filter_map(|(name, text)| Some((name, text.clone()?)));
    said.map(|(name, text)| (format!("org.opencontainers.image.{name}"), text)).collect()
}

fn about(file: &Path, artifact: &Artifact) -> About {
    let title = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let surface = Surface {
        exports: artifact.exports().to_vec(),
        imports: artifact.imports().iter().map(|import| import.name.clone()).collect(),
    };
    // A core module has, as it came, no interfaces that other tools could read.
    let surface = (!artifact.was_encoded()).then_some(surface);
    About { title, surface, annotations: annotations(artifact) }
}
