//! Metadata: header fields of a call, some of which have bytes as values.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use thiserror::Error;

/// Keys that end so have bytes as values.
pub const BINARY_SUFFIX: &str = "-bin";

/// Written without padding, read with or without it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// A key that metadata cannot have.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum MetadataError {
    /// gRPC sets it itself.
    #[error("metadata key \"{0}\" is reserved by gRPC")]
    Reserved(String),
    /// It has other characters than letters, digits, `-`, `_` and `.`.
    #[error("metadata key \"{0}\" may have only letters, digits, \"-\", \"_\" and \".\"")]
    Malformed(String),
    /// Its value is text, and the key is one of bytes.
    #[error("metadata key \"{0}\" ends in -bin, so its value must be bytes")]
    NeedsBytes(String),
    /// Its value is bytes, and the key is one of text.
    #[error("metadata key \"{0}\" has bytes as value, so it must end in -bin")]
    NeedsText(String),
}

/// Checks a key, and returns it in lower case, as it is sent.
///
/// # Errors
/// If it cannot be sent, or not with such a value.
pub fn check_key(key: &str, has_bytes: bool) -> Result<String, MetadataError> {
    const OF_THE_PROTOCOL: [&str; 5] = ["te", "content-type", "content-length", "host", "connection"];
    let lower = key.to_ascii_lowercase();
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if lower.is_empty() || !lower.bytes().all(is_allowed) {
        return Err(MetadataError::Malformed(key.to_owned()));
    }
    if lower.starts_with("grpc-") || OF_THE_PROTOCOL.contains(&&*lower) {
        return Err(MetadataError::Reserved(lower));
    }
    match (lower.ends_with(BINARY_SUFFIX), has_bytes) {
        (true, false) => Err(MetadataError::NeedsBytes(lower)),
        (false, true) => Err(MetadataError::NeedsText(lower)),
        _ => Ok(lower),
    }
}

/// Bytes as they are sent.
pub fn binary_value(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

/// The bytes that a value stands for; none if it is not base64.
pub fn decode_binary(value: &[u8]) -> Option<Vec<u8>> {
    BASE64.decode(value.trim_ascii()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_lower_case_and_tell_the_kind_of_their_value() {
        assert_eq!(check_key("X-Id", false).as_deref(), Ok("x-id"));
        assert_eq!(check_key("trace-bin", true).as_deref(), Ok("trace-bin"));
        assert_eq!(check_key("trace-bin", false), Err(MetadataError::NeedsBytes("trace-bin".to_owned())));
        assert_eq!(check_key("trace", true), Err(MetadataError::NeedsText("trace".to_owned())));
        assert_eq!(check_key("grpc-timeout", false), Err(MetadataError::Reserved("grpc-timeout".to_owned())));
        assert_eq!(check_key("a b", false), Err(MetadataError::Malformed("a b".to_owned())));
    }

    #[test]
    fn bytes_are_written_without_padding_and_read_with_it() {
        assert_eq!(binary_value(&[1]), "AQ");
        assert_eq!(decode_binary(b"AQ=="), Some(vec![1]));
        assert_eq!(decode_binary(b"AQ"), Some(vec![1]));
        assert_eq!(decode_binary(b"!"), None);
    }
}
