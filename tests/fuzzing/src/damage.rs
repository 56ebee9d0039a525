//! Damage to bytes: random, and aimed at the usual weak points of parsers.

use crate::random::Random;

/// The longest input, in bytes: long enough that quadratic work is noticed.
const LONGEST: usize = 64 << 10;
/// One in this many inputs is made that long.
const ONE_IS_LONG: usize = 50;

/// Bytes that have a meaning for many parsers, or should not have any.
const PIECES: [&[u8]; 24] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b"=",
    b",",
    b"/",
    b"\"",
    b"\\",
    b"\\u0000",
    b"\r\n",
    b"\n ",
    b"\0",
    b"\xff",
    b"\x1b[2J",
    "\u{202e}".as_bytes(),
    "é".as_bytes(),
    b"##vso[x]",
    b"-1",
    b"1e999",
    b"NaN",
    b"18446744073709551616",
    b"99999999999999999999999999",
];

/// A damaged copy of a seed.
pub(crate) fn damaged(random: &mut Random, seeds: &[&[u8]], pieces: &[&[u8]]) -> Vec<u8> {
    let mut bytes = random.one_of(seeds).unwrap_or_default().to_vec();
    for _ in 0..=random.below(6) {
        damage(&mut bytes, random, seeds, pieces);
    }
    if random.below(ONE_IS_LONG) == 0 {
        lengthen(&mut bytes, random, pieces);
    }
    let longest_seed = seeds.iter().map(|seed| seed.len()).max().unwrap_or_default();
    bytes.truncate(LONGEST.max(2 * longest_seed));
    bytes
}

fn damage(bytes: &mut Vec<u8>, random: &mut Random, seeds: &[&[u8]], pieces: &[&[u8]]) {
    // Headers stand at the beginning, where damage does most.
    let reach = if random.below(2) == 0 { bytes.len() } else { bytes.len().div_ceil(10) };
    let place = random.below(reach);
    let end = (place + random.below(24)).min(bytes.len());
    match random.below(9) {
        0 => bytes.truncate(place),
        1 => drop(bytes.drain(place..end)),
        2 => repeat(bytes, place..end, random.below(40)),
        3 => insert(bytes, place, random.one_of(&PIECES)),
        4 => insert(bytes, place, random.one_of(pieces)),
        5 => graft(bytes, place, random.one_of(seeds), random),
        6 => replace_number(bytes, place, random),
        7 if !bytes.is_empty() => bytes[place] ^= 1 << random.below(8),
        _ if !bytes.is_empty() => bytes[place] = random.below(256) as u8,
        _ => {}
    }
}

/// The same piece over and over.
fn lengthen(bytes: &mut Vec<u8>, random: &mut Random, pieces: &[&[u8]]) {
    let place = random.below(bytes.len());
    let end = (place + 1 + random.below(24)).min(bytes.len());
    let piece = match random.below(3) {
        0 => bytes[place..end].to_vec(),
        1 => random.one_of(pieces).unwrap_or(b"a").to_vec(),
        _ => random.one_of(&PIECES).unwrap_or(b"a").to_vec(),
    };
    let room = LONGEST.saturating_sub(bytes.len()) / piece.len().max(1);
    insert(bytes, place, Some(&piece.repeat(room)));
}

fn insert(bytes: &mut Vec<u8>, place: usize, piece: Option<&[u8]>) {
    bytes.splice(place..place, piece.unwrap_or_default().iter().copied());
}

fn repeat(bytes: &mut Vec<u8>, range: std::ops::Range<usize>, times: usize) {
    let piece = bytes[range.clone()].repeat(times);
    insert(bytes, range.start, Some(&piece));
}

/// The end of another seed instead of the rest.
fn graft(bytes: &mut Vec<u8>, place: usize, other: Option<&[u8]>, random: &mut Random) {
    let other = other.unwrap_or_default();
    bytes.truncate(place);
    bytes.extend_from_slice(&other[random.below(other.len())..]);
}

/// A number that may be too large instead of the next one.
fn replace_number(bytes: &mut Vec<u8>, from: usize, random: &mut Random) {
    let digits = |byte: &u8| byte.is_ascii_digit();
    let Some(start) = bytes[from..].iter().position(digits).map(|start| from + start) else { return };
    let length = bytes[start..].iter().take_while(|byte| digits(byte)).count();
    let number = match random.below(3) {
        0 => random.below(300).to_string(),
        1 => (1_u128 << random.below(70)).to_string(),
        _ => ((1_u128 << random.below(70)) - 1).to_string(),
    };
    bytes.splice(start..start + length, number.bytes());
}
