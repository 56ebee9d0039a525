//! Text that comes in pieces, which may be cut within a letter. The first byte that cannot be UTF-8 is noticed at once.

/// A piece of text that is not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotUtf8;

/// Checks a text piece by piece.
#[derive(Debug, Default)]
pub(crate) struct Utf8 {
    /// The beginning of a letter whose end has not come.
    cut: [u8; 4],
    length: usize,
}

impl Utf8 {
    /// Checks the next piece.
    pub(crate) fn push(&mut self, mut piece: &[u8]) -> Result<(), NotUtf8> {
        while self.length > 0 {
            let Some((byte, rest)) = piece.split_first() else { return Ok(()) };
            piece = rest;
            self.cut[self.length] = *byte;
            self.length += 1;
            match std::str::from_utf8(&self.cut[..self.length]) {
                Ok(_) => self.length = 0,
                Err(error) if error.error_len().is_none() => {}
                Err(_) => return Err(NotUtf8),
            }
        }
        match std::str::from_utf8(piece) {
            Ok(_) => Ok(()),
            Err(error) if error.error_len().is_none() => {
                // At most three bytes: four would be a letter.
                let cut = &piece[error.valid_up_to()..];
                self.cut[..cut.len()].copy_from_slice(cut);
                self.length = cut.len();
                Ok(())
            }
            Err(_) => Err(NotUtf8),
        }
    }

    /// Whether the text can end here.
    pub(crate) fn is_whole(&self) -> bool {
        self.length == 0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(pieces: &[&[u8]]) -> Result<bool, NotUtf8> {
        let mut text = Utf8::default();
        pieces.iter().try_for_each(|piece| text.push(piece))?;
        Ok(text.is_whole())
    }

    #[test]
    fn a_letter_may_be_cut_anywhere() {
        assert_eq!(check(&[b"\xf0", b"\x9f\x98", b"", b"\x80!"]), Ok(true));
        assert_eq!(check(&[b"a\xf0\x9f"]), Ok(false));
    }

    #[test]
    fn a_fault_is_noticed_at_its_first_byte() {
        // Beyond U+10FFFF: the second byte decides.
        assert_eq!(check(&[b"\xf4"]), Ok(false));
        assert_eq!(check(&[b"\xf4", b"\x90"]), Err(NotUtf8));
        assert_eq!(check(&[b"\xed\xa0"]), Err(NotUtf8), "half of a surrogate pair");
        assert_eq!(check(&[b"\xc0"]), Err(NotUtf8));
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_same_answer(bytes: Vec<u8>, cuts: [usize; 3]) {
            let whole = std::str::from_utf8(&bytes).is_ok();
            let mut cuts = cuts.map(|cut| cut % (bytes.len() + 1));
            cuts.sort_unstable();
            let [a, b, c] = cuts;
            let pieces = [&bytes[..a], &bytes[a..b], &bytes[b..c], &bytes[c..]];
            prop_assert_eq!(check(&pieces) == Ok(true), whole);
        }

        #[test]
        fn text_passes(text: String, cut: usize) {
            let cut = cut % (text.len() + 1);
            prop_assert_eq!(check(&[&text.as_bytes()[..cut], &text.as_bytes()[cut..]]), Ok(true));
        }
    }
}
