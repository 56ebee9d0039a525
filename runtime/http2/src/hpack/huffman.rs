//! The Huffman code of strings (RFC 7541, section 5.2 and appendix B).
//!
//! The code is canonical: codes of one length follow each other in the order of their symbols, and the first one
//! follows the last of the next shorter length. So the tables for both directions are computed from the lengths alone.

use super::HpackError;

/// The end-of-string symbol. The beginning of its code pads strings; the whole code is an error.
const END: usize = 256;
const SYMBOLS: usize = END + 1;

/// Length of each symbol's code, in bits.
#[rustfmt::skip]
const LENGTHS: [u8; SYMBOLS] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
    28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
     6, 10, 10, 12, 13,  6,  8, 11, 10, 10,  8, 11,  8,  6,  6,  6,
     5,  5,  5,  6,  6,  6,  6,  6,  6,  6,  7,  8, 15,  6, 12, 10,
    13,  6,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,
     7,  7,  7,  7,  7,  7,  7,  7,  8,  7,  8, 13, 19, 13, 14,  6,
    15,  5,  6,  5,  6,  5,  6,  6,  6,  5,  7,  7,  6,  6,  6,  5,
     6,  7,  6,  5,  5,  6,  7,  7,  7,  7,  7, 15, 11, 14, 13, 28,
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
    21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
    19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
    30,
];
const SHORTEST: usize = 5;
const LONGEST: usize = 30;

/// A symbol's code.
#[derive(Clone, Copy)]
struct Code {
    bits: u32,
    length: u32,
}

/// The codes of one length.
#[derive(Clone, Copy)]
struct Group {
    /// The first code, and the first that is too large; both begin with the highest of 32 bits.
    first: u32,
    end: u64,
    /// Number of shorter codes.
    shorter: usize,
}

/// All symbols, ordered by their codes.
const ORDERED: [u16; SYMBOLS] = {
    let mut ordered = [0; SYMBOLS];
    let (mut length, mut next) = (SHORTEST, 0);
    while length <= LONGEST {
        let mut symbol = 0;
        while symbol < SYMBOLS {
            if LENGTHS[symbol] as usize == length {
                ordered[next] = symbol as u16;
                next += 1;
            }
            symbol += 1;
        }
        length += 1;
    }
    ordered
};

/// The codes of all symbols.
static CODES: [Code; SYMBOLS] = {
    let mut codes = [Code { bits: 0, length: 0 }; SYMBOLS];
    // The next code, in as many bits as the longest ones have.
    let (mut next, mut bits) = (0, 0);
    while next < SYMBOLS {
        let symbol = ORDERED[next] as usize;
        let length = LENGTHS[symbol] as usize;
        codes[symbol] = Code { bits: bits >> (LONGEST - length), length: length as u32 };
        bits += 1 << (LONGEST - length);
        next += 1;
    }
    assert!(bits == 1 << LONGEST, "the code is complete");
    codes
};

/// The codes of each length.
const GROUPS: [Group; LONGEST + 1] = {
    let mut groups = [Group { first: 0, end: 0, shorter: 0 }; LONGEST + 1];
    let (mut length, mut first, mut shorter) = (SHORTEST, 0, 0);
    while length <= LONGEST {
        let mut count = 0;
        while shorter + count < SYMBOLS && LENGTHS[ORDERED[shorter + count] as usize] as usize == length {
            count += 1;
        }
        let end = first + ((count as u64) << (32 - length));
        groups[length] = Group { first: first as u32, end, shorter };
        (length, first, shorter) = (length + 1, end, shorter + count);
    }
    groups
};

/// The symbols at the beginning of [`LOOK`] bits.
#[derive(Clone, Copy)]
struct Step {
    /// The first one in the lower byte.
    symbols: u16,
    count: u8,
    /// The sum of their codes' lengths; [`TOO_LONG`] where a longer code begins.
    length: u8,
}

/// Bits that are decoded by one look into a table. Twelve hold most pairs of letters and digits.
const LOOK: usize = 12;
/// More bits than a window has.
const TOO_LONG: u8 = u8::MAX;

/// The step for each value of [`LOOK`] bits.
static STEPS: [Step; 1 << LOOK] = {
    let mut steps = [Step { symbols: 0, count: 0, length: TOO_LONG }; 1 << LOOK];
    let mut bits = 0;
    while bits < steps.len() {
        let window = (bits as u32) << (32 - LOOK);
        let (first, length) = first_symbol(window);
        if length <= LOOK {
            let (second, second_length) = first_symbol(window << length);
            let is_pair = length + second_length <= LOOK;
            steps[bits] = Step {
                symbols: first as u16 | if is_pair { (second as u16) << 8 } else { 0 },
                count: 1 + is_pair as u8,
                length: (length + if is_pair { second_length } else { 0 }) as u8,
            };
        }
        bits += 1;
    }
    steps
};

/// The symbol whose code comes first in a window, and the code's length.
const fn first_symbol(window: u32) -> (usize, usize) {
    let mut length = SHORTEST;
    while length < LONGEST && window as u64 >= GROUPS[length].end {
        length += 1;
    }
    let group = GROUPS[length];
    let number = (window - group.first) >> (32 - length);
    (ORDERED[group.shorter + number as usize] as usize, length)
}

/// The room for decoding a string of `compressed` bytes, in bytes: the most that it stands for, and one more because
/// symbols are written in pairs.
pub(super) fn room(compressed: usize) -> usize {
    compressed * 8 / SHORTEST + 1
}

/// Decodes a string into `room`, which has the bytes that the function [`room`] counts. Returns the part that is used.
///
/// # Errors
/// The string contains the end-of-string symbol, or is padded with other bits than up to seven ones.
pub(super) fn decode<'room>(compressed: &[u8], room: &'room mut [u8]) -> Result<&'room [u8], HpackError> {
    let (words, rest) = compressed.as_chunks();
    let mut decoding = Decoding { room, used: 0, window: 0, held: 0 };
    for word in words {
        decoding.window |= u64::from(u32::from_be_bytes(*word)) << (32 - decoding.held);
        decoding.held += 32;
        while decoding.held >= 32 {
            decoding.advance()?;
        }
    }
    for byte in rest {
        decoding.window |= u64::from(*byte) << (56 - decoding.held);
        decoding.held += 8;
    }
    while !decoding.is_padding() {
        decoding.advance()?;
    }
    decoding.room.get(..decoding.used).ok_or(HpackError::Padding)
}

/// A string that is being decoded.
struct Decoding<'room> {
    room: &'room mut [u8],
    used: usize,
    /// The next bits, from the highest. `held` of them are bits of the string, the others are 0.
    window: u64,
    held: u32,
}

impl Decoding<'_> {
    /// Whether the bits that are left stand for no symbol.
    #[inline]
    fn is_padding(&self) -> bool {
        self.held < 8 && self.window == !(u64::MAX >> self.held)
    }

    /// Decodes one symbol or two. The window holds a whole code, or the end of the string.
    #[inline]
    fn advance(&mut self) -> Result<(), HpackError> {
        let mut step = STEPS[(self.window >> (64 - LOOK)) as usize];
        if u32::from(step.length) > self.held {
            step = self.single_step()?;
        }
        // The room is large enough. If it were not, `decode` would find `used` beyond its end.
        if let Some(place) = self.room.get_mut(self.used..self.used + 2) {
            place.copy_from_slice(&step.symbols.to_le_bytes());
        }
        self.used += usize::from(step.count);
        self.window <<= step.length;
        self.held -= u32::from(step.length);
        Ok(())
    }

    /// The next symbol, if its code is long, or if the second one of a pair would be made of padding.
    #[cold]
    fn single_step(&self) -> Result<Step, HpackError> {
        let (symbol, length) = first_symbol((self.window >> 32) as u32);
        if length > self.held as usize {
            return Err(HpackError::Padding);
        }
        let symbol = u8::try_from(symbol).map_err(|_| HpackError::EndOfString)?;
        Ok(Step { symbols: u16::from(symbol), count: 1, length: length as u8 })
    }
}

/// Compresses a string into `room`, and pads it with ones. Returns its length in bytes, if it fits.
pub(super) fn encode(text: &[u8], room: &mut [u8]) -> Option<usize> {
    // The last `held` bits are still to be written.
    let (mut window, mut held) = (0_u64, 0);
    let mut used = 0;
    for byte in text {
        let code = CODES[usize::from(*byte)];
        window = (window << code.length) | u64::from(code.bits);
        held += code.length;
        if held >= 32 {
            held -= 32;
            room.get_mut(used..used + 4)?.copy_from_slice(&((window >> held) as u32).to_be_bytes());
            used += 4;
        }
    }
    let length = held.div_ceil(8) as usize;
    // The bits begin with the highest, and only ones follow them.
    window = (window << (64 - held - 1) << 1) | (u64::MAX >> held);
    room.get_mut(used..used + length)?.copy_from_slice(window.to_be_bytes().get(..length)?);
    Some(used + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compressed(text: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; 4 * text.len() + 4];
        let length = encode(text, &mut bytes).unwrap();
        bytes.truncate(length);
        bytes
    }

    fn decoded(bytes: &[u8]) -> Result<Vec<u8>, HpackError> {
        decode(bytes, &mut vec![0; room(bytes.len())]).map(<[u8]>::to_vec)
    }

    /// Some lines of appendix B: of each length of codes that begins or ends a group of characters, and both ends.
    #[test]
    fn codes_of_the_standard() {
        let lines = [
            (0, 0x1ff8, 13),
            (1, 0x7f_ffd8, 23),
            (10, 0x3fff_fffc, 30),
            (32, 0x14, 6),
            (33, 0x3f8, 10),
            (48, 0x0, 5),
            (60, 0x7ffc, 15),
            (88, 0xfc, 8),
            (92, 0x7_fff0, 19),
            (97, 0x3, 5),
            (122, 0x7b, 7),
            (127, 0xfff_fffc, 28),
            (128, 0xf_ffe6, 20),
            (249, 0xfff_fffe, 28),
            (255, 0x3ff_ffee, 26),
            (END, 0x3fff_ffff, 30),
        ];
        for (symbol, bits, length) in lines {
            assert_eq!((CODES[symbol].bits, CODES[symbol].length), (bits, length), "{symbol}");
        }
    }

    #[test]
    fn each_byte_is_decoded_after_any_other() {
        for first in 0..=255 {
            for second in 0..=255 {
                let text = [first, second, first, b'0', second];
                assert_eq!(decoded(&compressed(&text)), Ok(text.to_vec()));
            }
        }
    }

    #[test]
    fn the_longest_strings_fit_into_their_room() {
        for length in 0..100 {
            let text = vec![b'0'; length];
            let bytes = compressed(&text);
            assert_eq!(bytes.len(), (length * SHORTEST).div_ceil(8));
            assert_eq!(decoded(&bytes), Ok(text));
        }
    }

    #[test]
    fn too_little_room_is_noticed_before_it_is_used_up() {
        for length in 0..40 {
            let text = &b"Mon, 30 Nov 2026 09:41:27 GMT \x00\xff{}~ abc"[..length];
            let needed = compressed(text).len();
            for size in 0..60 {
                let used = encode(text, &mut vec![0; size]);
                assert_eq!(used, (size >= needed).then_some(needed), "{length} characters in {size} bytes");
            }
        }
    }

    #[test]
    fn strings_end_with_less_than_eight_ones() {
        // `0` is 00000, and `a` is 00011.
        assert_eq!(decoded(b"\x07"), Ok(b"0".to_vec()));
        assert_eq!(decoded(b"\x00\x00"), Err(HpackError::Padding), "a zero after `000`");
        assert_eq!(decoded(b"\x03"), Err(HpackError::Padding), "zeros");
        assert_eq!(decoded(b"\x06"), Err(HpackError::Padding), "one zero");
        assert_eq!(decoded(b"\xff"), Err(HpackError::Padding), "eight ones");
        assert_eq!(decoded(b"\x07\xff"), Err(HpackError::Padding), "eleven ones");
        assert_eq!(decoded(b"\xff\xff\xff"), Err(HpackError::Padding), "24 ones");
        for ones in [4, 5, 100] {
            assert_eq!(decoded(&vec![0xff; ones]), Err(HpackError::EndOfString));
        }
        assert_eq!(decoded(b"\x07\xff\xff\xff\xff"), Err(HpackError::EndOfString));
        // The beginning of a code that is longer than what is left.
        assert_eq!(decoded(b"\xfe"), Err(HpackError::Padding));
    }

    #[test]
    fn no_bytes_are_no_string() {
        assert_eq!(decoded(b""), Ok(Vec::new()));
        assert_eq!(compressed(b""), b"");
    }
}
