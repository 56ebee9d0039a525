//! Masking of frames from clients (RFC 6455, section 5.3).

/// The keys of a connection's frames.
///
/// They keep what scripts in browsers send from looking like HTTP to proxies. A load test hides nothing from itself, so
/// pseudo-random keys from a random seed do.
#[derive(Debug)]
pub(crate) struct Masks(u64);

impl Masks {
    pub(crate) fn new(seed: u64) -> Masks {
        Masks(seed)
    }

    /// The next key (SplitMix64).
    #[inline]
    pub(crate) fn next(&mut self) -> [u8; 4] {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed >> 32) as u32).to_ne_bytes()
    }
}

/// Masks or unmasks: the first byte belongs to the first of the key. Eight bytes at a time; one at a time costs eight
/// instructions each.
#[inline]
pub(crate) fn apply(key: [u8; 4], bytes: &mut [u8]) {
    let [a, b, c, d] = key;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, rest) = bytes.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_example_of_the_rfc() {
        // Section 5.7: "Hello", masked.
        let mut bytes = *b"Hello";
        apply([0x37, 0xfa, 0x21, 0x3d], &mut bytes);
        assert_eq!(bytes, [0x7f, 0x9f, 0x4d, 0x51, 0x58]);
    }

    proptest! {
        #[test]
        fn words_are_masked_as_bytes_are(key: [u8; 4], bytes: Vec<u8>) {
            let one_by_one: Vec<u8> = bytes.iter().enumerate().map(|(place, byte)| byte ^ key[place % 4]).collect();
            let mut masked = bytes;
            apply(key, &mut masked);
            prop_assert_eq!(masked, one_by_one);
        }
    }
}
