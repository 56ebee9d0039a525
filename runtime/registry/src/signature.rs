//! Signatures of artifacts, stored beside them in the registry as cosign does
//! (<https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md>): an artifact with the tag
//! `sha256-<digest>.sig`, with a layer for each signature. The layer is the signed payload, a small JSON document that
//! names the digest; the signature itself is the layer's annotation.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::digest::Digest;
use crate::key::{KeyError, SigningKey, VerifyingKey};
use crate::manifest::MANIFEST;
use crate::reference::Reference;

const PAYLOAD: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
const ANNOTATION: &str = "dev.cosignproject.cosign/signature";
const KIND: &str = "cosign container image signature";
/// The most signatures that are checked: each costs a fetch.
const MOST: usize = 50;

/// The manifest of an artifact's signatures.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Signatures {
    #[serde(default)]
    layers: Vec<Layer>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Layer {
    media_type: String,
    size: u64,
    digest: String,
    #[serde(default)]
    annotations: serde_json::Map<String, Value>,
}

/// One signature, with the descriptor of its payload.
pub(crate) struct Signature {
    pub payload: Digest,
    pub bytes: Vec<u8>,
}

impl Signatures {
    /// Parses a manifest; an unreadable one has no signatures.
    pub fn read(manifest: &[u8]) -> Signatures {
        serde_json::from_slice(manifest).unwrap_or_default()
    }

    /// The signatures that can be checked.
    pub fn all(&self) -> impl Iterator<Item = Signature> {
        self.layers.iter().filter(|layer| layer.media_type == PAYLOAD).take(MOST).filter_map(|layer| {
            let bytes = BASE64.decode(layer.annotations.get(ANNOTATION)?.as_str()?).ok()?;
            Some(Signature { payload: layer.digest.parse().ok()?, bytes })
        })
    }

    /// Adds a signature.
    pub fn add(&mut self, payload: &[u8], signature: &[u8]) {
        let annotations = [(ANNOTATION.to_owned(), BASE64.encode(signature).into())].into_iter().collect();
        let digest = Digest::of(payload).to_string();
        self.layers.push(Layer { media_type: PAYLOAD.to_owned(), size: payload.len() as u64, digest, annotations });
    }

    /// Configuration and manifest. The configuration is that of an image, as in cosign.
    pub fn write(&self) -> (Bytes, Bytes) {
        const IMAGE: &str = "application/vnd.oci.image.config.v1+json";
        let layers: Vec<&str> = self.layers.iter().map(|layer| layer.digest.as_str()).collect();
        let config = json!({
            "architecture": "", "os": "", "created": "0001-01-01T00:00:00Z", "config": {},
            "history": layers.iter().map(|_| json!({ "created": "0001-01-01T00:00:00Z" })).collect::<Vec<_>>(),
            "rootfs": { "type": "layers", "diff_ids": layers },
        });
        let config = Bytes::from(config.to_string());
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": { "mediaType": IMAGE, "digest": Digest::of(&config).as_str(), "size": config.len() },
            "layers": self.layers,
        });
        (config, Bytes::from(manifest.to_string()))
    }
}

/// The payload that is signed for an artifact.
pub(crate) fn payload(reference: &Reference, digest: &Digest) -> Vec<u8> {
    let place = format!("{}/{}", reference.host(), reference.name());
    let payload = json!({
        "critical": {
            "identity": { "docker-reference": place },
            "image": { "docker-manifest-digest": digest.as_str() },
            "type": KIND,
        },
        "optional": Value::Null,
    });
    payload.to_string().into_bytes()
}

/// Whether one of the keys has signed this payload, and it is for this digest. The registry named in it does not
/// matter: an artifact may move from registry to registry.
pub(crate) fn holds(payload: &[u8], signature: &[u8], digest: &Digest, keys: &[VerifyingKey]) -> bool {
    let signed = keys.iter().any(|key| key.verifies(payload, signature));
    let said: Value = if signed { serde_json::from_slice(payload).unwrap_or_default() } else { Value::Null };
    let critical = &said["critical"];
    critical["type"] == KIND && critical["image"]["docker-manifest-digest"] == digest.as_str()
}

/// A file's signature, to be stored beside it: in base64, as `cosign sign-blob` and `openssl dgst -sha256 -sign` make
/// it.
///
/// # Errors
/// If the system has no random numbers.
pub fn sign_bytes(bytes: &[u8], key: &SigningKey) -> Result<String, KeyError> {
    Ok(BASE64.encode(key.sign(bytes)?) + "\n")
}

/// Whether a text is the signature of these bytes by one of the keys.
pub fn verify_bytes(bytes: &[u8], signature: &str, keys: &[VerifyingKey]) -> bool {
    let signature = BASE64.decode(signature.trim()).unwrap_or_default();
    keys.iter().any(|key| key.verifies(bytes, &signature))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::tests::{PRIVATE, PUBLIC};

    fn keys() -> (SigningKey, Vec<VerifyingKey>) {
        let private = SigningKey::from_pem(PRIVATE.as_bytes()).ok().unwrap();
        (private, vec![VerifyingKey::from_pem(PUBLIC.as_bytes()).unwrap()])
    }

    #[test]
    fn a_signature_is_of_one_artifact() {
        let (private, public) = keys();
        let (digest, other) = (Digest::of(b"shop"), Digest::of(b"other"));
        let payload = payload(&"localhost:5000/team/shop:1".parse().unwrap(), &digest);
        assert_eq!(
            String::from_utf8_lossy(&payload),
            format!(
                r#"{{"critical":{{"identity":{{"docker-reference":"localhost:5000/team/shop"}},"image":{{"docker-manifest-digest":"{digest}"}},"type":"cosign container image signature"}},"optional":null}}"#
            )
        );
        let signature = private.sign(&payload).unwrap();
        assert!(holds(&payload, &signature, &digest, &public));
        assert!(!holds(&payload, &signature, &other, &public));
        assert!(!holds(&payload, &signature, &digest, &[]));
        let elsewhere = super::payload(&"localhost:5000/team/shop:1".parse().unwrap(), &other);
        assert!(!holds(&elsewhere, &signature, &other, &public));
    }

    #[test]
    fn an_artifact_can_have_several_signatures() {
        let mut signatures = Signatures::default();
        signatures.add(b"one", b"first");
        signatures.add(b"two", b"second");
        let (_, manifest) = signatures.write();
        let read: Vec<_> = Signatures::read(&manifest).all().map(|one| (one.payload, one.bytes)).collect();
        assert_eq!(read, [(Digest::of(b"one"), b"first".to_vec()), (Digest::of(b"two"), b"second".to_vec())]);
        assert_eq!(Signatures::read(b"no manifest").all().count(), 0);
    }

    #[test]
    fn a_file_s_signature_is_of_its_bytes() {
        let (private, public) = keys();
        let signature = sign_bytes(b"shop", &private).unwrap();
        assert!(verify_bytes(b"shop", &signature, &public));
        assert!(!verify_bytes(b"sh0p", &signature, &public));
        assert!(!verify_bytes(b"shop", "no base64 !", &public));
    }
}
