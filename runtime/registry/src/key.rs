//! Keys for signing and verifying: ECDSA on P-256 with SHA-256, as in cosign. Signatures are in ASN.1.

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, UnparsedPublicKey};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer};
use thiserror::Error;

/// The beginning of every public key on P-256 (RFC 5480): a key on that curve, followed by an uncompressed point.
const P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// The reasons why a file has no usable key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    /// It contains no private key.
    #[error(
        "no private key in PEM (PKCS #8, ECDSA on P-256): \
         openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 makes one"
    )]
    NoPrivateKey,
    /// It is cosign's, and encrypted.
    #[error("a key that cosign has encrypted: sign with it by `cosign sign --key`, which Squall can check")]
    Encrypted,
    /// It is in OpenSSL's older format.
    #[error("a private key in the older form: `openssl pkcs8 -topk8 -nocrypt` makes PKCS #8 of it")]
    OldForm,
    /// It contains no public key.
    #[error("no public key in PEM (ECDSA on P-256), such as cosign.pub, or what `openssl pkey -pubout` writes")]
    NoPublicKey,
    /// The system has no random numbers.
    #[error("the system gives no random numbers")]
    NoRandomness,
}

/// A private key.
pub struct SigningKey(EcdsaKeyPair);

impl SigningKey {
    /// Reads a key in PEM.
    ///
    /// # Errors
    /// If the text has no key of the right kind.
    pub fn from_pem(pem: &[u8]) -> Result<SigningKey, KeyError> {
        let text = String::from_utf8_lossy(pem);
        if text.contains("ENCRYPTED") {
            return Err(KeyError::Encrypted);
        }
        if text.contains("BEGIN EC PRIVATE KEY") {
            return Err(KeyError::OldForm);
        }
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem).map_err(|_| KeyError::NoPrivateKey)?;
        let key =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, der.secret_pkcs8_der(), &SystemRandom::new());
        key.map(SigningKey).map_err(|_| KeyError::NoPrivateKey)
    }

    /// The signature of these bytes.
    ///
    /// # Errors
    /// If the system has no random numbers.
    pub fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, KeyError> {
        let signature = self.0.sign(&SystemRandom::new(), bytes).map_err(|_| KeyError::NoRandomness)?;
        Ok(signature.as_ref().to_vec())
    }
}

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyingKey {
    point: Vec<u8>,
}

impl VerifyingKey {
    /// Reads a key in PEM.
    ///
    /// # Errors
    /// If the text has no key of the right kind.
    pub fn from_pem(pem: &[u8]) -> Result<VerifyingKey, KeyError> {
        let der = SubjectPublicKeyInfoDer::from_pem_slice(pem).map_err(|_| KeyError::NoPublicKey)?;
        match der.as_ref().strip_prefix(&P256[..]) {
            Some(point) if point.len() == 65 => Ok(VerifyingKey { point: point.to_owned() }),
            _ => Err(KeyError::NoPublicKey),
        }
    }

    /// Whether it is this key's signature of these bytes.
    pub fn verifies(&self, bytes: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &self.point).verify(bytes, signature).is_ok()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    // openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256; openssl pkey -pubout; openssl dgst -sha256 -sign
    pub const PRIVATE: &str = include_str!("../tests/key.pem");
    pub const PUBLIC: &str = include_str!("../tests/key.pub");
    const SIGNATURE_OF_OPENSSL: &[u8] = include_bytes!("../tests/hello.sig");

    #[test]
    fn a_public_key_verifies_the_signatures_of_its_private_key() {
        let (private, public) = (
            SigningKey::from_pem(PRIVATE.as_bytes()).ok().unwrap(),
            VerifyingKey::from_pem(PUBLIC.as_bytes()).unwrap(),
        );
        let signature = private.sign(b"hello").unwrap();
        assert!(public.verifies(b"hello", &signature));
        assert!(!public.verifies(b"hello!", &signature));
    }

    #[test]
    fn openssl_s_signature_is_right() {
        let public = VerifyingKey::from_pem(PUBLIC.as_bytes()).unwrap();
        assert!(public.verifies(b"hello", SIGNATURE_OF_OPENSSL));
        assert!(!public.verifies(b"hello", &SIGNATURE_OF_OPENSSL[1..]));
    }

    #[test]
    fn a_file_without_a_key_is_refused() {
        let private = |pem: &str| SigningKey::from_pem(pem.as_bytes()).err().unwrap();
        assert_eq!(private("hello"), KeyError::NoPrivateKey);
        assert_eq!(private(PUBLIC), KeyError::NoPrivateKey);
        assert_eq!(private("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n"), KeyError::Encrypted);
        assert_eq!(private("-----BEGIN EC PRIVATE KEY-----\n"), KeyError::OldForm);
        assert_eq!(VerifyingKey::from_pem(PRIVATE.as_bytes()), Err(KeyError::NoPublicKey));
    }
}
