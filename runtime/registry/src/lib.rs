//! Scenarios in OCI registries: pushed, pulled, and kept on this machine by digest.
//!
//! What lies in a registry is what `wkg` and the other tools of the Wasm working group read and write
//! (<https://tag-runtime.cncf.io/wgs/wasm/deliverables/wasm-oci-artifact/>): a manifest, a small configuration, and one
//! layer, which is the file as it came. The way there is the OCI distribution specification 1.1.
//!
//! This crate must not know what a scenario is: bytes go in, and the same bytes come out, or an error does.

mod cache;
mod challenge;
mod client;
mod credentials;
mod digest;
mod error;
mod manifest;
mod reference;
mod transport;

pub use cache::ArtifactCache;
pub use credentials::Credentials;
pub use digest::Digest;
pub use error::RegistryError;
pub use manifest::{About, Surface};
pub use reference::{Reference, ReferenceError};

use bytes::Bytes;

use crate::client::Client;
use crate::manifest::{Manifest, Packed};

/// How registries are reached.
#[derive(Clone, Debug)]
pub struct Access {
    /// Speak HTTP without TLS to hosts that are not this machine.
    pub plain_http: bool,
    /// Ask no registry: what is not in the cache cannot be had.
    pub offline: bool,
    /// Where pulled artifacts are kept.
    pub cache: ArtifactCache,
    /// Who one is.
    pub credentials: Credentials,
}

/// What a registry gave, or the cache.
#[derive(Clone, Debug)]
pub struct Pulled {
    /// The file.
    pub wasm: Bytes,
    /// The digest of its manifest: what a reference is pinned to.
    pub digest: Digest,
    /// Whether no registry was asked for the file.
    pub from_cache: bool,
}

/// Fetches a file. What a digest names comes from the cache if it is there; what a tag names is asked for each time, and
/// fetched only if it is new.
///
/// # Errors
/// If there is no such thing, it cannot be reached, it is not WebAssembly, or its bytes are not what their digests say.
pub fn pull(reference: &Reference, access: &Access) -> Result<Pulled, RegistryError> {
    if let Some(digest) = access.cache.known(reference, access.offline)
        && let Some(pulled) = from_cache(reference, &digest, access)?
    {
        return Ok(pulled);
    }
    if access.offline {
        return Err(RegistryError::NotCached { reference: reference.to_string() });
    }
    within_runtime(pull_from_registry(reference, access))
}

/// Pushes a file, and returns the digest of its manifest. The same file always has the same digest.
///
/// # Errors
/// If the registry cannot be reached or does not take it.
pub fn push(reference: &Reference, wasm: Bytes, about: &About, access: &Access) -> Result<Digest, RegistryError> {
    let packed = Packed::of(&wasm, about);
    let digest = Digest::of(&packed.manifest);
    if let Some(wanted) = reference.digest().filter(|wanted| **wanted != digest) {
        return Err(RegistryError::WrongDigest {
            what: "the manifest".to_owned(),
            expected: wanted.clone(),
            actual: digest,
        });
    }
    within_runtime(async {
        let mut client = Client::new(reference, access, "pull,push")?;
        client.put_blob(&Digest::of(&wasm), wasm.clone()).await?;
        client.put_blob(&Digest::of(&packed.config), packed.config.clone()).await?;
        client.put_manifest(packed.manifest.clone()).await?;
        Ok(digest)
    })
}

async fn pull_from_registry(reference: &Reference, access: &Access) -> Result<Pulled, RegistryError> {
    let mut client = Client::new(reference, access, "pull")?;
    let bytes = client.manifest().await?;
    let digest = Digest::of(&bytes);
    let layer = Manifest::read(reference, &bytes)?.layer;
    let cached = access.cache.blob(&layer);
    let from_cache = cached.is_some();
    let wasm = match cached {
        Some(wasm) => wasm,
        None => client.blob(&layer).await?,
    };
    // Not being able to keep it is no reason not to run it.
    let _ = access.cache.keep(reference, &bytes, &wasm);
    Ok(Pulled { wasm, digest, from_cache })
}

fn from_cache(reference: &Reference, digest: &Digest, access: &Access) -> Result<Option<Pulled>, RegistryError> {
    let Some(bytes) = access.cache.blob(digest) else {
        return Ok(None);
    };
    let layer = Manifest::read(reference, &bytes)?.layer;
    let pulled = |wasm| Pulled { wasm, digest: digest.clone(), from_cache: true };
    Ok(access.cache.blob(&layer).map(pulled))
}

fn within_runtime<T>(work: impl Future<Output = Result<T, RegistryError>>) -> Result<T, RegistryError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(RegistryError::System)?;
    runtime.block_on(work)
}
