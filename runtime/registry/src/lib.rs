//! Scenarios in OCI registries: pushed, pulled, and stored on this machine by digest.
//!
//! Artifacts have the format of `wkg` and the other tools of the Wasm working group
//! (<https://tag-runtime.cncf.io/wgs/wasm/deliverables/wasm-oci-artifact/>): a manifest, a small configuration, and one
//! layer, which is the unchanged file. The protocol is the OCI distribution specification 1.1.
//!
//! This crate must not know scenarios: bytes go in, and the same bytes come out, or an error does.

mod cache;
mod challenge;
mod client;
mod credentials;
mod digest;
mod error;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod key;
mod manifest;
mod reference;
mod signature;
mod transport;

pub use cache::ArtifactCache;
pub use credentials::Credentials;
pub use digest::Digest;
pub use error::RegistryError;
pub use key::{KeyError, SigningKey, VerifyingKey};
pub use manifest::{About, Surface};
pub use reference::{Reference, ReferenceError};
pub use signature::{sign_bytes, verify_bytes};

use bytes::Bytes;
use tracing::info;

use crate::client::Client;
use crate::manifest::{Manifest, Packed};
use crate::signature::{Signatures, holds, payload};

/// The largest manifest that registries must take, in bytes.
const LARGEST_MANIFEST: u64 = 4 << 20;
/// An upper limit on a signature's payload, which names a digest and a place.
const LARGEST_PAYLOAD: u64 = 64 << 10;

/// The settings of access to registries.
#[derive(Clone, Debug)]
pub struct Access {
    /// Use HTTP without TLS also for other hosts than this machine.
    pub plain_http: bool,
    /// Never contact a registry: only the cache is used.
    pub offline: bool,
    /// The largest file that is fetched, in bytes.
    pub largest: u64,
    /// The cache of pulled artifacts.
    pub cache: ArtifactCache,
    /// The source of credentials.
    pub credentials: Credentials,
}

/// A pulled artifact.
#[derive(Clone, Debug)]
pub struct Pulled {
    /// The file.
    pub wasm: Bytes,
    /// The digest of its manifest, to which a reference can be pinned.
    pub digest: Digest,
    /// Whether the file came from the cache.
    pub from_cache: bool,
}

/// Fetches a file. A digest comes from the cache if it is there; a tag is looked up each time, and its file is fetched
/// only if it is new.
///
/// # Errors
/// If there is no such artifact, the registry cannot be reached, the artifact is not WebAssembly, or its bytes do not
/// have their digests.
pub fn pull(reference: &Reference, access: &Access) -> Result<Pulled, RegistryError> {
    if let Some(digest) = access.cache.known(reference, access.offline)
        && let Some(pulled) = from_cache(reference, &digest, access)?
    {
        info!(%reference, %digest, "took a scenario from the cache");
        return Ok(pulled);
    }
    if access.offline {
        return Err(RegistryError::NotCached { reference: reference.to_string() });
    }
    info!(%reference, "asking the registry");
    within_runtime(pull_from_registry(reference, access))
}

/// Pushes a file, and returns the digest of its manifest. The same file always has the same digest.
///
/// # Errors
/// If the registry cannot be reached or refuses the file.
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
        info!(%reference, %digest, "pushed a scenario");
        Ok(digest)
    })
}

/// Signs the current artifact of the reference, in addition to existing signatures. Returns the signed digest.
///
/// # Errors
/// If the registry cannot be reached, there is no such artifact, or the registry refuses the signature.
pub fn sign(reference: &Reference, key: &SigningKey, access: &Access) -> Result<Digest, RegistryError> {
    within_runtime(async {
        let digest = Digest::of(&Client::new(reference, access, "pull")?.manifest().await?);
        let payload = Bytes::from(payload(reference, &digest));
        let place = reference.signatures(&digest);
        let mut client = Client::new(&place, access, "pull,push")?;
        let mut signatures = Signatures::read(&signatures_at(&mut client).await?.unwrap_or_default());
        signatures.add(&payload, &key.sign(&payload)?);
        let (config, manifest) = signatures.write();
        client.put_blob(&Digest::of(&payload), payload).await?;
        client.put_blob(&Digest::of(&config), config.clone()).await?;
        client.put_manifest(manifest).await?;
        Ok(digest)
    })
}

/// Checks that one of the keys has signed the artifact with this digest.
///
/// # Errors
/// If none has, or the signatures cannot be fetched.
pub fn verify(
    reference: &Reference,
    digest: &Digest,
    keys: &[VerifyingKey],
    access: &Access,
) -> Result<(), RegistryError> {
    let place = reference.signatures(digest);
    let payloads = match access.offline {
        true => cached_payloads(&place, access),
        false => within_runtime(fetched_payloads(&place, access))?,
    };
    if payloads.iter().any(|(payload, signature)| holds(payload, signature, digest, keys)) {
        return Ok(());
    }
    let reference = reference.pinned(digest).to_string();
    Err(RegistryError::NotSigned { reference, signatures: payloads.len() })
}

/// A signed payload and its signature.
type Payloads = Vec<(Bytes, Vec<u8>)>;

async fn fetched_payloads(place: &Reference, access: &Access) -> Result<Payloads, RegistryError> {
    let mut client = Client::new(place, access, "pull")?;
    let Some(manifest) = signatures_at(&mut client).await? else {
        return Ok(Vec::new());
    };
    let mut payloads = Vec::new();
    for signature in Signatures::read(&manifest).all() {
        let payload = client.blob(&signature.payload, LARGEST_PAYLOAD).await?;
        // A failure to store it is not a reason to distrust it.
        let _ = access.cache.keep(place, &manifest, &payload);
        payloads.push((payload, signature.bytes));
    }
    Ok(payloads)
}

fn cached_payloads(place: &Reference, access: &Access) -> Payloads {
    let manifest = access.cache.known(place, true).and_then(|digest| access.cache.blob(&digest, LARGEST_MANIFEST));
    let signatures = Signatures::read(&manifest.unwrap_or_default());
    signatures.all().filter_map(|one| Some((access.cache.blob(&one.payload, LARGEST_PAYLOAD)?, one.bytes))).collect()
}

async fn signatures_at(client: &mut Client<'_>) -> Result<Option<Bytes>, RegistryError> {
    match client.manifest().await {
        Err(RegistryError::NotFound { .. }) => Ok(None),
        manifest => manifest.map(Some),
    }
}

async fn pull_from_registry(reference: &Reference, access: &Access) -> Result<Pulled, RegistryError> {
    let mut client = Client::new(reference, access, "pull")?;
    let bytes = client.manifest().await?;
    let digest = Digest::of(&bytes);
    let Manifest { layer, size } = Manifest::read(reference, &bytes)?;
    if size > access.largest {
        return Err(RegistryError::TooLarge { reference: reference.to_string(), most: access.largest });
    }
    let cached = access.cache.blob(&layer, access.largest);
    let from_cache = cached.is_some();
    let wasm = match cached {
        Some(wasm) => wasm,
        None => client.blob(&layer, access.largest).await?,
    };
    // A failure to store it is not a reason not to run it.
    let _ = access.cache.keep(reference, &bytes, &wasm);
    Ok(Pulled { wasm, digest, from_cache })
}

fn from_cache(reference: &Reference, digest: &Digest, access: &Access) -> Result<Option<Pulled>, RegistryError> {
    let Some(bytes) = access.cache.blob(digest, LARGEST_MANIFEST) else {
        return Ok(None);
    };
    let Manifest { layer, size } = Manifest::read(reference, &bytes)?;
    if size > access.largest {
        return Err(RegistryError::TooLarge { reference: reference.to_string(), most: access.largest });
    }
    let pulled = |wasm| Pulled { wasm, digest: digest.clone(), from_cache: true };
    Ok(access.cache.blob(&layer, access.largest).map(pulled))
}

fn within_runtime<T>(work: impl Future<Output = Result<T, RegistryError>>) -> Result<T, RegistryError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(RegistryError::System)?;
    runtime.block_on(work)
}
