//! Bodies that come compressed.

use std::io::Read;

use crate::reader::Malformed;

/// How many encodings may lie on top of each other. More than one is rare; many are an attack.
const MOST_LAYERS: usize = 4;

/// Undoes the encodings that `content_encoding` names, outermost last. None if there is nothing to undo: what is not
/// known is handed out as it came.
pub(crate) fn decode(content_encoding: &[u8], body: &[u8], limit: u64) -> Result<Option<Vec<u8>>, Malformed> {
    let content_encoding = String::from_utf8_lossy(content_encoding).to_ascii_lowercase();
    let layers: Vec<&str> = content_encoding.split(',').map(str::trim).filter(|layer| !layer.is_empty()).collect();
    if layers.len() > MOST_LAYERS {
        return Err(Malformed::Protocol(format!("content-encoding \"{content_encoding}\" has too many layers")));
    }
    let mut decoded = None;
    for layer in layers.iter().rev() {
        let input = decoded.as_deref().unwrap_or(body);
        if input.is_empty() {
            break;
        }
        match *layer {
            "identity" => {}
            "gzip" | "x-gzip" => decoded = Some(read(layer, flate2::bufread::MultiGzDecoder::new(input), limit)?),
            "deflate" if has_zlib_header(input) => {
                decoded = Some(read(layer, flate2::bufread::ZlibDecoder::new(input), limit)?);
            }
            // Some servers leave the zlib header out, and every browser understands them.
            "deflate" => decoded = Some(read(layer, flate2::bufread::DeflateDecoder::new(input), limit)?),
            "br" => decoded = Some(read(layer, brotli_decompressor::Decompressor::new(input, 4096), limit)?),
            "zstd" => decoded = Some(zstd(layer, input, limit)?),
            _ => break,
        }
    }
    Ok(decoded)
}

fn has_zlib_header(input: &[u8]) -> bool {
    matches!(input, [method, flags, ..] if method & 15 == 8 && u16::from_be_bytes([*method, *flags]) % 31 == 0)
}

fn read(layer: &str, decoder: impl Read, limit: u64) -> Result<Vec<u8>, Malformed> {
    let mut decoded = Vec::new();
    decoder.take(limit.saturating_add(1)).read_to_end(&mut decoded).map_err(|error| broken(layer, &error))?;
    checked(decoded, limit)
}

/// Zstandard: frames one after the other.
fn zstd(layer: &str, mut input: &[u8], limit: u64) -> Result<Vec<u8>, Malformed> {
    let mut decoded = Vec::new();
    while !input.is_empty() && decoded.len() as u64 <= limit {
        let frame = ruzstd::decoding::StreamingDecoder::new(&mut input).map_err(|error| broken(layer, &error))?;
        let left = limit.saturating_add(1) - decoded.len() as u64;
        frame.take(left).read_to_end(&mut decoded).map_err(|error| broken(layer, &error))?;
    }
    checked(decoded, limit)
}

fn checked(decoded: Vec<u8>, limit: u64) -> Result<Vec<u8>, Malformed> {
    if decoded.len() as u64 > limit {
        return Err(Malformed::TooLarge(format!(
            "the decoded body is larger than {limit} bytes (limit, raise with --max-body-size)"
        )));
    }
    Ok(decoded)
}

fn broken(layer: &str, error: &dyn std::fmt::Display) -> Malformed {
    Malformed::Protocol(format!("its content-encoding says {layer}, but its body is not: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use std::io::Write;

    const LIMIT: u64 = 10_000;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn decoded(encoding: &str, body: &[u8]) -> Vec<u8> {
        decode(encoding.as_bytes(), body, LIMIT).unwrap().unwrap()
    }

    #[test]
    fn every_encoding_is_undone() {
        assert_eq!(decoded("GZIP", &gzip(b"hello")), b"hello");
        assert_eq!(decoded("x-gzip", &[gzip(b"hel"), gzip(b"lo")].concat()), b"hello");
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(b"hello").unwrap();
        assert_eq!(decoded("deflate", &zlib.finish().unwrap()), b"hello");
        let mut raw = flate2::write::DeflateEncoder::new(Vec::new(), Compression::default());
        raw.write_all(b"hello").unwrap();
        assert_eq!(decoded("deflate", &raw.finish().unwrap()), b"hello");
        // `printf hello | brotli`, and a stored Zstandard frame.
        assert_eq!(decoded("br", b"\x0f\x02\x80hello\x03"), b"hello");
        let frame = ruzstd::encoding::compress_to_vec(&b"hello"[..], ruzstd::encoding::CompressionLevel::Fastest);
        assert_eq!(decoded("zstd", &frame), b"hello");
        assert_eq!(decoded("zstd", &[frame.clone(), frame].concat()), b"hellohello");
    }

    #[test]
    fn encodings_are_undone_from_the_outside() {
        let frame = ruzstd::encoding::compress_to_vec(&gzip(b"hello")[..], ruzstd::encoding::CompressionLevel::Fastest);
        assert_eq!(decoded("gzip, zstd", &frame), b"hello");
        assert!(decode(b"gzip,gzip,gzip,gzip,gzip", &gzip(b""), LIMIT).is_err());
    }

    #[test]
    fn what_is_not_encoded_or_not_known_is_left_alone() {
        for encoding in ["", "identity", "aes128gcm"] {
            assert_eq!(decode(encoding.as_bytes(), b"hello", LIMIT), Ok(None));
        }
        assert_eq!(decode(b"gzip", b"", LIMIT), Ok(None));
    }

    #[test]
    fn a_bomb_does_not_go_off() {
        let bomb = gzip(&vec![0; 1_000_000]);
        assert!(matches!(decode(b"gzip", &bomb, LIMIT), Err(Malformed::TooLarge(_))));
        let zeros = vec![0; 1_000_000];
        let frame = ruzstd::encoding::compress_to_vec(&zeros[..], ruzstd::encoding::CompressionLevel::Fastest);
        assert!(matches!(decode(b"zstd", &frame, LIMIT), Err(Malformed::TooLarge(_))));
    }

    #[test]
    fn a_broken_body_is_named() {
        for encoding in ["gzip", "deflate", "br", "zstd"] {
            let Err(Malformed::Protocol(text)) = decode(encoding.as_bytes(), b"\xffnonsense", LIMIT) else {
                panic!("{encoding} accepted");
            };
            assert!(text.contains(encoding), "{text}");
        }
        let cut = gzip(b"hello");
        assert!(decode(b"gzip", &cut[..cut.len() - 6], LIMIT).is_err());
    }
}
