//! The targets of `fuzz/` for this crate's input: registries' responses, and users' references, keys and credentials.

use squall_fuzzing::{Outcome, assert_brief, assert_harmless, text};

use crate::challenge::Challenge;
use crate::credentials::{Identity, Problem};
use crate::digest::Digest;
use crate::key::{SigningKey, VerifyingKey};
use crate::manifest::Manifest;
use crate::reference::Reference;
use crate::signature::{Signatures, holds};
use crate::{Credentials, verify_bytes};

/// A reference or a digest: a parsed one survives writing and reading, and leads out of no folder.
pub fn reference(bytes: &[u8]) -> Outcome {
    let text = text(bytes);
    if let Ok(digest) = text.parse::<Digest>() {
        assert_eq!((digest.as_str(), digest.hex().len()), (&*text, 64));
    }
    let read = text.parse::<Reference>();
    match &read {
        Ok(reference) => {
            assert_eq!(reference.to_string().parse::<Reference>().as_ref(), Ok(reference));
            let parts = [reference.host(), reference.name(), reference.tag().unwrap_or_default()];
            assert!(parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_graphic())));
            assert!(!reference.name().contains("..") && !parts[0].contains('/') && !parts[2].contains('/'));
            assert!(reference.is_loopback() || reference.host_name() != "localhost");
        }
        Err(error) => assert_harmless(&error.to_string()),
    }
    Outcome::of(&read)
}

/// A manifest, of an artifact or of signatures.
pub fn manifest(bytes: &[u8]) -> Outcome {
    let Ok(somewhere) = "oci://localhost:5000/shop:1".parse() else { return Outcome::Refused };
    let signatures = Signatures::read(bytes);
    assert!(signatures.all().all(|signature| !holds(bytes, &signature.bytes, &signature.payload, &[])));
    let again = Signatures::read(&signatures.write().1);
    assert_eq!(signatures.all().count(), again.all().count());
    let read = Manifest::read(&somewhere, bytes);
    if let Err(error) = &read {
        assert_brief(&error.to_string());
    }
    if signatures.all().count() > 0 { Outcome::Taken } else { Outcome::of(&read) }
}

/// A `WWW-Authenticate`.
pub fn challenge(bytes: &[u8]) -> Outcome {
    match Challenge::read(&text(bytes)) {
        Some(_) => Outcome::Taken,
        None => Outcome::Refused,
    }
}

/// Keys in PEM, and the base64 of a signature.
pub fn key(bytes: &[u8]) -> Outcome {
    let (public, private) = (VerifyingKey::from_pem(bytes), SigningKey::from_pem(bytes));
    for error in [public.as_ref().err(), private.as_ref().err()].into_iter().flatten() {
        assert_harmless(&error.to_string());
    }
    if let Ok(key) = &public {
        assert!(!verify_bytes(b"shop", &text(bytes), std::slice::from_ref(key)));
    }
    if public.is_ok() || private.is_ok() { Outcome::Taken } else { Outcome::Refused }
}

/// Docker's `config.json`. Errors contain no part of a password.
pub fn credentials_file(bytes: &[u8]) -> Outcome {
    let found = Credentials::identity_in(&text(bytes), "ghcr.io", |_, _| Ok(Identity::Anonymous));
    if let Err(Problem::OfFile(problem) | Problem::OfHelper(problem)) = &found {
        assert_harmless(problem);
    }
    Outcome::of(&found)
}

#[cfg(test)]
mod tests {
    use squall_fuzzing::{Counting, Target};

    use crate::key::tests::{PRIVATE, PUBLIC};

    #[global_allocator]
    static ALLOCATOR: Counting = Counting;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn references() {
        let pinned = format!("oci://[::1]:5000/a/b-c/d_e:v1@{DIGEST}");
        let seeds = ["ghcr.io/shop/browse:1.2", "oci://localhost/x", &pinned];
        let pieces = ["..", "/", "@sha256:", ":", "[", "]", "-"];
        Target::new("reference", super::reference).seeds(&seeds).pieces(&pieces).inputs(5_000).for_a_while();
    }

    #[test]
    fn manifests() {
        let artifact = format!(
            r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","layers":[{{"mediaType":"application/wasm","digest":"{DIGEST}","size":12}}]}}"#
        );
        let signatures = format!(
            r#"{{"layers":[{{"mediaType":"application/vnd.dev.cosign.simplesigning.v1+json","size":3,"digest":"{DIGEST}","annotations":{{"dev.cosignproject.cosign/signature":"YWJj"}}}}]}}"#
        );
        let pieces = ["manifest.list", "application/vnd.oci.image.index.v1+json", "\"size\":", "null", DIGEST];
        Target::new("manifest", super::manifest).seeds(&[&artifact, &signatures]).pieces(&pieces).for_a_while();
    }

    #[test]
    fn challenges() {
        let seeds = [
            r#"Bearer realm="https://auth.docker.io/token",scope="repository:a/b:pull,push",service="registry.docker.io""#,
            "Basic realm=x",
        ];
        Target::new("challenge", super::challenge).seeds(&seeds).pieces(&["realm=", "\"", "=", ","]).for_a_while();
    }

    #[test]
    fn keys() {
        let pieces = ["-----BEGIN PUBLIC KEY-----\n", "-----END PRIVATE KEY-----", "ENCRYPTED", "\n", "="];
        Target::new("key", super::key).seeds(&[PRIVATE, PUBLIC]).pieces(&pieces).for_a_while();
    }

    #[test]
    fn credentials() {
        let seeds = [
            r#"{"auths": {"ghcr.io": {"auth": "bWU6YTpi"}}, "credsStore": "desktop"}"#,
            r#"{"auths": {"https://ghcr.io/": {"username": "a", "password": "b"}}, "credHelpers": {"a.b": "c"}}"#,
            r#"{"auths": {"ghcr.io": {"identitytoken": "t"}}}"#,
        ];
        Target::new("credentials_file", super::credentials_file)
            .seeds(&seeds)
            .pieces(&["auth", "null", "%"])
            .for_a_while();
    }
}
