//! Bodies that come compressed.
//!
//! Decoding is work that a server controls: a few bytes can expand to many. So the output has a limit and is booked
//! before it is allocated, and empty parts are counted. Decoding yields regularly to the other tasks of the thread, and
//! the request's time limit is checked at each yield.

use std::io::{self, Read};

use crate::account::Booked;
use crate::reader::Malformed;

/// Maximum number of encodings on top of each other. More than one is rare; many are an attack.
const MOST_LAYERS: usize = 4;
/// Maximum number of gzip members, or zstd frames, of a body: each takes time, even an empty one.
const MOST_PARTS: usize = 10_000;
/// Bytes decoded in one step: few of a small body, and never enough to delay other tasks noticeably.
const PIECE: std::ops::RangeInclusive<usize> = 4 << 10..=64 << 10;
/// Decoded bytes after which other tasks have their turn.
const TURN: usize = 256 << 10;
/// The cost of starting a part, in the same unit.
const PART: usize = 16 << 10;

/// Undoes the encodings that `content_encoding` lists, outermost last. Returns `None` if there is nothing to undo:
/// bodies with unknown encodings are returned as they came. The output has at most `limit` bytes, and is booked.
pub(crate) async fn decode(
    content_encoding: &[u8],
    body: &[u8],
    limit: u64,
    booked: &mut Booked,
) -> Result<Option<Vec<u8>>, Malformed> {
    let content_encoding = String::from_utf8_lossy(content_encoding).to_ascii_lowercase();
    let layers: Vec<&str> = content_encoding.split(',').map(str::trim).filter(|layer| !layer.is_empty()).collect();
    if layers.len() > MOST_LAYERS {
        let count = layers.len();
        return Err(Malformed::Protocol(format!(
            "content-encoding has {count} layers: at most {MOST_LAYERS} are undone (limit)"
        )));
    }
    let mut decoded: Option<Vec<u8>> = None;
    for layer in layers.iter().rev() {
        let input = decoded.as_deref().unwrap_or(body);
        if input.is_empty() {
            break;
        }
        let Some(encoding) = Encoding::parse(layer, input) else { if *layer == "identity" { continue } else { break } };
        let output = Decoding { layer, limit, booked, output: Vec::new(), work: 0 }.run(encoding, input).await?;
        if let Some(between) = decoded.replace(output) {
            booked.remove(between.capacity());
        }
    }
    Ok(decoded)
}

/// A content encoding that can be undone.
#[derive(Clone, Copy)]
enum Encoding {
    Gzip,
    Zlib,
    Deflate,
    Brotli,
    Zstandard,
}

impl Encoding {
    fn parse(layer: &str, input: &[u8]) -> Option<Encoding> {
        Some(match layer {
            "gzip" | "x-gzip" => Encoding::Gzip,
            "deflate" if has_zlib_header(input) => Encoding::Zlib,
            // Some servers leave the zlib header out, and every browser understands them.
            "deflate" => Encoding::Deflate,
            "br" => Encoding::Brotli,
            "zstd" => Encoding::Zstandard,
            _ => return None,
        })
    }

    /// The history that a decoder keeps of its output, in bytes.
    fn window(self, input: &[u8]) -> usize {
        match self {
            Encoding::Gzip | Encoding::Zlib | Encoding::Deflate => 32 << 10,
            Encoding::Brotli => brotli_window(input),
            Encoding::Zstandard => zstd_window(input),
        }
    }
}

fn has_zlib_header(input: &[u8]) -> bool {
    matches!(input, [method, flags, ..] if method & 15 == 8 && u16::from_be_bytes([*method, *flags]) % 31 == 0)
}

/// The window that the first bits of a stream announce (RFC 7932, 9.1).
fn brotli_window(input: &[u8]) -> usize {
    let bits = input.first().copied().unwrap_or(0);
    let log = match (bits & 1, bits >> 1 & 7, bits >> 4 & 7) {
        (0, ..) => 16,
        (_, 0, 0) => 17,
        (_, 0, low) => 8 + low,
        (_, high, _) => 17 + high,
    };
    1 << log
}

/// The window that a frame announces (RFC 8878, 3.1.1.1); one that is its only segment is as large as its content.
fn zstd_window(frame: &[u8]) -> usize {
    let [_, _, _, _, descriptor, rest @ ..] = frame else { return 0 };
    let is_single = descriptor & 0x20 != 0;
    if !is_single {
        let window = rest.first().copied().unwrap_or(0);
        let base = 1_usize << (10 + (window >> 3));
        return base + base / 8 * usize::from(window & 7);
    }
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let length = 1 << (descriptor >> 6);
    let mut size = [0; 8];
    let Some(field) = rest.get(dictionary..dictionary + length) else { return 0 };
    size[..length].copy_from_slice(field);
    let more = if length == 2 { 256 } else { 0 };
    usize::try_from(u64::from_le_bytes(size)).unwrap_or(usize::MAX).saturating_add(more)
}

/// One layer that is being undone.
struct Decoding<'a> {
    layer: &'a str,
    limit: u64,
    booked: &'a mut Booked,
    output: Vec<u8>,
    /// Since others had their turn.
    work: usize,
}

impl Decoding<'_> {
    async fn run(mut self, encoding: Encoding, mut input: &[u8]) -> Result<Vec<u8>, Malformed> {
        for _ in 0..MOST_PARTS {
            let window = encoding.window(input);
            self.booked.add(window)?;
            match encoding {
                Encoding::Gzip => self.read(flate2::bufread::GzDecoder::new(&mut input)).await?,
                Encoding::Zlib => self.read(flate2::bufread::ZlibDecoder::new(&mut input)).await?,
                Encoding::Deflate => self.read(flate2::bufread::DeflateDecoder::new(&mut input)).await?,
                Encoding::Brotli => self.read(brotli_decompressor::Decompressor::new(&mut input, 4096)).await?,
                Encoding::Zstandard => {
                    let frame = ruzstd::decoding::StreamingDecoder::new(&mut input);
                    self.read(frame.map_err(|error| self.broken(&error))?).await?;
                }
            }
            self.booked.remove(window);
            // The others have one part; bytes after it are ignored.
            if input.is_empty() || !matches!(encoding, Encoding::Gzip | Encoding::Zstandard) {
                return Ok(self.output);
            }
            self.pause_after(PART).await;
        }
        Err(Malformed::TooLarge(format!("the body has more than {MOST_PARTS} parts of {} (limit)", self.layer)))
    }

    async fn read(&mut self, mut part: impl Read) -> Result<(), Malformed> {
        loop {
            let before = self.output.len();
            let piece = before.clamp(*PIECE.start(), *PIECE.end());
            self.booked.make_room(&mut self.output, piece)?;
            self.output.resize(before + piece, 0);
            let read = loop {
                match part.read(&mut self.output[before..]) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    read => break read,
                }
            };
            let count = read.map_err(|error| self.broken(&error))?;
            self.output.truncate(before + count);
            if self.output.len() as u64 > self.limit {
                let limit = self.limit;
                return Err(Malformed::TooLarge(format!(
                    "the decoded body is larger than {limit} bytes (limit, raise with --max-body-size)"
                )));
            }
            if count == 0 {
                return Ok(());
            }
            self.pause_after(count).await;
        }
    }

    /// Lets others go on, if there was much to do.
    async fn pause_after(&mut self, work: usize) {
        self.work += work;
        if self.work >= TURN {
            self.work = 0;
            tokio::task::yield_now().await;
        }
    }

    fn broken(&self, error: &dyn std::fmt::Display) -> Malformed {
        Malformed::Protocol(format!("its content-encoding is {}, but its body is not: {error}", self.layer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::io::Write;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use flate2::Compression;

    use crate::account::{MemoryAccount, MemoryLimits, OverLimit};

    const LIMIT: u64 = 10_000;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// Decodes without other tasks; returns how often they would have had their turn.
    fn decode_in_turns(encoding: &[u8], body: &[u8], limit: u64) -> (Result<Option<Vec<u8>>, Malformed>, usize) {
        let account = MemoryAccount::new(&MemoryLimits { own: 32 << 20, shared: None });
        let mut booked = account.book(0).unwrap();
        let mut decoding = pin!(super::decode(encoding, body, limit, &mut booked));
        let mut context = Context::from_waker(Waker::noop());
        for turns in 0.. {
            if let Poll::Ready(decoded) = decoding.as_mut().poll(&mut context) {
                return (decoded, turns);
            }
        }
        unreachable!("it comes to an end");
    }

    fn decode(encoding: &[u8], body: &[u8], limit: u64) -> Result<Option<Vec<u8>>, Malformed> {
        decode_in_turns(encoding, body, limit).0
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
        let four = gzip(&gzip(&gzip(&gzip(b"hello"))));
        assert_eq!(decoded("gzip, gzip, gzip, gzip", &four), b"hello");
        let five = decode(b"gzip, gzip, gzip, gzip, gzip", &gzip(&four), LIMIT);
        let Err(Malformed::Protocol(text)) = five else { panic!("{five:?}") };
        assert!(text.ends_with("has 5 layers: at most 4 are undone (limit)"), "{text}");
    }

    #[test]
    fn plain_bodies_and_unknown_encodings_are_left_alone() {
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
    #[test]
    fn output_is_booked_before_it_is_allocated() {
        let account = MemoryAccount::new(&MemoryLimits { own: 100_000, shared: None });
        let mut booked = account.book(0).unwrap();
        let bomb = gzip(&vec![0; 1_000_000]);
        let mut decoding = pin!(super::decode(b"gzip", &bomb, u64::MAX, &mut booked));
        let decoded = decoding.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        let error = OverLimit::Own(100_000).to_string();
        assert_eq!(decoded, Poll::Ready(Err(Malformed::TooLarge(error))));
    }

    #[test]
    fn parts_with_nothing_in_them_are_counted_and_others_have_their_turn() {
        let (decoded, turns) = decode_in_turns(b"gzip", &gzip(b"").repeat(10_000), LIMIT);
        assert_eq!((decoded, turns > 10), (Ok(Some(Vec::new())), true), "{turns}");
        let frame = ruzstd::encoding::compress_to_vec(&b""[..], ruzstd::encoding::CompressionLevel::Fastest);
        assert_eq!(decode(b"zstd", &frame.repeat(10_000), LIMIT), Ok(Some(Vec::new())));
        let many = gzip(b"").repeat(10_001);
        // Compressed once more, as a server would send it.
        for (encoding, body, kind) in [
            ("gzip", many.clone(), "gzip"),
            ("gzip, gzip", gzip(&many), "gzip"),
            ("zstd", frame.repeat(10_001), "zstd"),
        ] {
            let decoded = decode(encoding.as_bytes(), &body, u64::MAX);
            let Err(Malformed::TooLarge(text)) = decoded else { panic!("{encoding}: {decoded:?}") };
            assert_eq!(text, format!("the body has more than 10000 parts of {kind} (limit)"));
        }
    }

    #[test]
    fn a_window_is_booked_too() {
        // A frame of an empty block that announces a window of 64 MiB.
        let frame = b"\x28\xb5\x2f\xfd\x00\x80\x01\x00\x00";
        assert!(matches!(decode(b"zstd", frame, LIMIT), Err(Malformed::TooLarge(_))));
        // The output of `brotli --lgwin=24` and `zstd`.
        assert_eq!((brotli_window(b"\x0f"), zstd_window(b"\x28\xb5\x2f\xfd\x04\x58")), (1 << 24, 2 << 20));
        assert_eq!(zstd_window(b"\x28\xb5\x2f\xfd\x20\x05"), 5);
    }
}
