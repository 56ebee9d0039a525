//! Keeps secrets out of recorded texts, in every form that a scenario usually gives them: plain, percent-encoded,
//! escaped as in JSON, and in base64, also with other text before and after it (`user:password`).
//!
//! It protects against accidents. A scenario that wants to reveal a secret can write it in an unknown form.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// Replaces a secret.
pub const HIDDEN: &str = "***";

/// The longest form of one byte: `\u0041`, or `\u{000041}`.
const LONGEST_ESCAPE: usize = 10;

/// The longest part of an escape that was cut: `\ud83d\ude0`.
const LONGEST_STUB: usize = 12;

/// Marks a shortened text. Directly before it, the beginning of a secret counts as one.
const ELLIPSIS: &[u8] = "…".as_bytes();

/// Finds secrets in text.
#[derive(Clone, Default)]
pub struct Redactor {
    needles: Vec<Needle>,
    /// The first bytes of secrets, in any form.
    beginnings: Vec<u8>,
}

/// One form of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Needle {
    bytes: Vec<u8>,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Text,
    /// Whether some bits of the character before (or after) belong to the secret.
    Base64 {
        touches_before: bool,
        touches_behind: bool,
    },
}

impl Redactor {
    /// The fewest bytes of a secret: shorter ones would be found everywhere.
    pub const SHORTEST: usize = 4;

    /// A redactor for these secrets. Of one with several lines, each line also counts as a secret, because logs are cut
    /// into lines.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Redactor {
        let mut needles = Vec::new();
        for secret in secrets {
            for text in std::iter::once(secret).chain(secret.lines().map(str::trim)) {
                needles.extend(forms_of(text).filter(|needle| needle.bytes.len() >= Redactor::SHORTEST));
            }
        }
        // The longest first: a whole secret must not be taken for one of its parts.
        needles.sort_by(|one, other| other.bytes.len().cmp(&one.bytes.len()).then_with(|| one.bytes.cmp(&other.bytes)));
        needles.dedup();
        let mut beginnings: Vec<u8> = needles.iter().flat_map(Needle::beginnings).collect();
        beginnings.sort_unstable();
        beginnings.dedup();
        Redactor { needles, beginnings }
    }

    /// The most bytes of a secret in a text, in its longest form.
    pub fn longest(&self) -> usize {
        self.needles.first().map_or(0, |needle| needle.bytes.len() * LONGEST_ESCAPE)
    }

    /// Replaces each secret in a text by [`HIDDEN`].
    pub fn hide<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.hide_in_beginning(text, text.len())
    }

    /// The first `most` bytes of a text, with [`HIDDEN`] for each secret that begins there. The rest is searched only
    /// as far as such a secret can reach, and is not returned. So no part of a secret that begins later is returned.
    pub fn hide_in_beginning<'a>(&self, text: &'a str, most: usize) -> Cow<'a, str> {
        let most = text.floor_char_boundary(most);
        let searched = &text.as_bytes()[..text.floor_char_boundary(most.saturating_add(self.longest()))];
        let next = |from| self.find(searched, from).filter(|secret| secret.start < most);
        let Some(mut secret) = next(0) else {
            return Cow::Borrowed(&text[..most]);
        };
        let (mut shown, mut done) = (String::with_capacity(most), 0);
        loop {
            shown.push_str(&text[done..secret.start]);
            shown.push_str(HIDDEN);
            done = secret.end;
            match next(done) {
                Some(another) => secret = another,
                None => break,
            }
        }
        shown.push_str(text.get(done..most).unwrap_or_default());
        Cow::Owned(shown)
    }

    /// The first secret at or after `from`. Begins and ends at character boundaries, as secrets and their forms do.
    fn find(&self, text: &[u8], from: usize) -> Option<Range<usize>> {
        if self.needles.is_empty() {
            return None;
        }
        let candidates = (from..text.len()).filter(|place| self.beginnings.binary_search(&text[*place]).is_ok());
        candidates.into_iter().find_map(|place| self.needles.iter().find_map(|needle| needle.at(text, place, from)))
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Redactor").field("needles", &self.needles.len()).finish_non_exhaustive()
    }
}

/// All forms of one text. Percent-encoding and escapes are undone while comparing, so they are not separate forms.
fn forms_of(text: &str) -> impl Iterator<Item = Needle> + '_ {
    let as_it_is = Needle { bytes: text.as_bytes().to_vec(), form: Form::Text };
    std::iter::once(as_it_is).chain((0..3).map(|before| in_base64(text.as_bytes(), before)))
}

/// The characters of base64 that depend on the secret alone, if `before` bytes (modulo 3) are encoded before it.
fn in_base64(secret: &[u8], before: usize) -> Needle {
    let mut padded = vec![0; before];
    padded.extend_from_slice(secret);
    let encoded = STANDARD_NO_PAD.encode(&padded);
    // Six bits a character.
    let (first, last) = ((before * 8).div_ceil(6), padded.len() * 8 / 6);
    let form = Form::Base64 { touches_before: before > 0, touches_behind: !(padded.len() * 8).is_multiple_of(6) };
    Needle { bytes: encoded.as_bytes().get(first..last).unwrap_or_default().to_vec(), form }
}

impl Needle {
    fn beginnings(&self) -> impl Iterator<Item = u8> + '_ {
        let alternative = match (self.form, self.bytes.first()) {
            (Form::Text, Some(b' ')) => b'+',
            (Form::Base64 { .. }, Some(b'+')) => b'-',
            (Form::Base64 { .. }, Some(b'/')) => b'_',
            _ => b'%',
        };
        self.bytes.first().copied().into_iter().chain([alternative, b'%', b'\\'])
    }

    /// The part of `text` that is this secret, if it stands at `place`. Text before `from` is already done.
    fn at(&self, text: &[u8], place: usize, from: usize) -> Option<Range<usize>> {
        let rest = &text[place..];
        let length = if rest.starts_with(&self.bytes) { self.bytes.len() } else { self.encoded_length(rest)? };
        let (mut start, mut end) = (place, place + length);
        if let Form::Base64 { touches_before, touches_behind } = self.form {
            if touches_before && start > from && is_base64(text[start - 1]) {
                start -= 1;
            }
            if touches_behind && text.get(end).is_some_and(|byte| is_base64(*byte)) {
                end += 1;
            }
            end += text[end..].iter().take(2).take_while(|byte| **byte == b'=').count();
        }
        Some(start..end)
    }

    /// The length in `text` of the secret's written form; of its beginning alone, if the text was shortened there.
    fn encoded_length(&self, text: &[u8]) -> Option<usize> {
        let (mut done, mut length) = (0, 0);
        while let Some((byte, _)) = self.bytes[done..].split_first() {
            let rest = text.get(length..)?;
            match self.next_length(*byte, &self.bytes[done..], rest) {
                Some((meant, written)) => (done, length) = (done + meant, length + written),
                None if done >= Redactor::SHORTEST => return Some(length + length_before_cut(rest)?),
                None => return None,
            }
        }
        Some(length)
    }

    /// Number of the secret's bytes that come next in `text`, and the length of their written form.
    fn next_length(&self, byte: u8, secret: &[u8], text: &[u8]) -> Option<(usize, usize)> {
        let first = *text.first()?;
        if first == b'%' && text.get(1..3).and_then(from_hex) == Some(u32::from(byte)) {
            return Some((1, 3));
        }
        if first == b'\\'
            && let Some((meant, length)) = escaped(text)
            && secret.starts_with(meant.encode_utf8(&mut [0; 4]).as_bytes())
        {
            return Some((meant.len_utf8(), length));
        }
        let same = match self.form {
            Form::Text => first == byte || (byte == b' ' && first == b'+'),
            Form::Base64 { .. } => first == byte || matches!((byte, first), (b'+', b'-') | (b'/', b'_')),
        };
        same.then_some((1, 1))
    }
}

/// If the text was shortened here, the length of the rest of the last letter: zero, or the beginning of its escape.
fn length_before_cut(text: &[u8]) -> Option<usize> {
    let cut = (0..LONGEST_STUB).find(|place| text.get(*place..).is_some_and(|rest| rest.starts_with(ELLIPSIS)))?;
    let is_of_escape = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b'u' | b'{' | b'\\' | b'%');
    (cut == 0 || (matches!(text[0], b'\\' | b'%') && text[..cut].iter().all(is_of_escape))).then_some(cut)
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

fn from_hex(digits: &[u8]) -> Option<u32> {
    let digits =
        std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
    u32::from_str_radix(digits, 16).ok()
}

/// An escape of JSON or of a programming language: its character and its length.
fn escaped(text: &[u8]) -> Option<(char, usize)> {
    match *text.get(1)? {
        b'n' => Some(('\n', 2)),
        b'r' => Some(('\r', 2)),
        b't' => Some(('\t', 2)),
        b'b' => Some(('\u{8}', 2)),
        b'f' => Some(('\u{c}', 2)),
        b'u' => escaped_by_number(text),
        quoted @ (b'"' | b'\\' | b'/' | b'\'') => Some((quoted.into(), 2)),
        _ => None,
    }
}

/// `\u00e9`, two of them for a character beyond the first 65,536, or `\u{e9}`.
fn escaped_by_number(text: &[u8]) -> Option<(char, usize)> {
    if text.get(2) == Some(&b'{') {
        let digits = text[3..].iter().take(7).position(|byte| *byte == b'}')?;
        return Some((char::from_u32(from_hex(&text[3..3 + digits])?)?, digits + 4));
    }
    let unit = |at: usize| from_hex(text.get(at..at + 4)?);
    let first = unit(2)?;
    if !(0xd800..0xdc00).contains(&first) {
        return Some((char::from_u32(first)?, 6));
    }
    let second = unit(8).filter(|unit| text[6..8] == *b"\\u" && (0xdc00..0xe000).contains(unit))?;
    Some((char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00))?, 12))
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "s3cr&t/pass word?";

    fn hidden(text: &str) -> String {
        Redactor::new([SECRET]).hide(text).into_owned()
    }

    #[test]
    fn a_secret_as_it_is() {
        assert_eq!(hidden("token s3cr&t/pass word? and s3cr&t/pass word?s3cr&t/pass word?"), "token *** and ******");
        assert!(matches!(Redactor::new([SECRET]).hide("nothing of it: s3cr&t"), Cow::Borrowed(_)));
        assert!(matches!(Redactor::default().hide("anything"), Cow::Borrowed(_)));
    }

    #[test]
    fn percent_encoded_in_every_way() {
        for encoded in
            ["s3cr%26t%2Fpass%20word%3F", "s3cr%26t%2fpass+word%3f", "s3cr&t/pass%20word?", "%73%33cr&t/pass word?"]
        {
            assert_eq!(hidden(&format!("GET /login?key={encoded}&a=b")), "GET /login?key=***&a=b", "{encoded}");
        }
    }

    #[test]
    fn escaped_in_json() {
        let redactor = Redactor::new(["say \"hi\"\n\\now/"]);
        assert_eq!(redactor.hide(r#"{"key":"say \"hi\"\n\\now\/"}"#), r#"{"key":"***"}"#);
        assert_eq!(redactor.hide(r"say \u0022hi\u0022\u000a\\now/"), "***");
    }

    #[test]
    fn letters_beyond_ascii_escaped_as_in_json_and_programs() {
        let redactor = Redactor::new(["pässwörd😀€"]);
        for escaped in [
            r"p\u00e4ssw\u00f6rd\ud83d\ude00\u20ac",
            r"p\u00E4ssw\u00F6rd\uD83D\uDE00€",
            r"p\u{e4}ssw\u{f6}rd\u{1f600}\u{20ac}",
            r"\u0070ässwörd\ud83d\ude00\u20AC",
            "p%C3%A4ssw%c3%b6rd%F0%9F%98%80%E2%82%AC",
        ] {
            assert_eq!(redactor.hide(&format!(r#"{{"key":"{escaped}"}}"#)), r#"{"key":"***"}"#, "{escaped}");
        }
        for other in [r"p\u00e4ssw\ud83d", r"p\ud83d\u0041", r"p\u{}", r"p\u{110000}", r"p\u+0e4"] {
            assert_eq!(redactor.hide(other), other);
        }
    }

    #[test]
    fn the_beginning_of_one_where_a_text_was_shortened() {
        assert_eq!(hidden("http://shop.test/?key=s3cr&t/pass wor…"), "http://shop.test/?key=***…");
        assert_eq!(
            hidden("http://shop.test/?key=s3cr%26t%2Fpa… is not a URL"),
            "http://shop.test/?key=***… is not a URL"
        );
        assert_eq!(hidden("s3c… and s3cr&t other…"), "s3c… and s3cr&t other…");
        assert_eq!(hidden("key=s3cr%26t%2…"), "key=***…");
        let redactor = Redactor::new(["pässwörd😀"]);
        for cut in
            [r"p\u00e4ssw\u00f6rd\ud83d…", r"p\u00e4ssw\u00f6rd\ud83d\ude0…", r"p\u00e4ssw\u00f6rd\…", r"pässw\u{f…"]
        {
            assert_eq!(redactor.hide(cut), "***…", "{cut}");
        }
        assert_eq!(Redactor::new(["a b…c d"]).hide("a+b…c+d"), "***");
    }

    #[test]
    fn no_part_of_a_secret_is_left_at_the_end_of_a_long_text() {
        // Hiding makes room at the end, where the beginning of the next secret must not appear.
        let text = SECRET.repeat(100);
        for most in 0..200 {
            let shown = Redactor::new([SECRET]).hide_in_beginning(&text, most).into_owned();
            assert_eq!(shown.replace(HIDDEN, ""), "", "{most}");
        }
        assert_eq!(Redactor::new([SECRET]).hide_in_beginning("token and s3cr&t", 5), "token");
    }

    #[test]
    fn in_base64_with_something_around_it() {
        for (before, behind) in [("", ""), ("user:", ""), ("ab", "cd"), ("abc:", "\n"), ("a", "bc")] {
            let plain = format!("{before}{SECRET}{behind}");
            for encoded in [STANDARD.encode(&plain), URL_SAFE.encode(&plain), URL_SAFE_NO_PAD.encode(&plain)] {
                let shown = hidden(&format!("Basic {encoded}."));
                assert!(shown.contains(HIDDEN) && !shown.contains("czNjciZ0"), "{plain}: {encoded}: {shown}");
            }
        }
        assert_eq!(hidden(&format!("Basic {}.", STANDARD.encode(SECRET))), "Basic ***.");
        // As a parameter of a URL.
        let encoded = STANDARD.encode("?>?>?>secret").replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        assert!(!Redactor::new(["?>?>?>secret"]).hide(&encoded).contains("Pz4"), "{encoded}");
    }

    #[test]
    fn a_percent_sign_and_a_backslash_may_be_part_of_one() {
        let redactor = Redactor::new([r"50%25\n!"]);
        assert_eq!(redactor.hide(r"a50%25\n!b"), "a***b");
        assert_eq!(redactor.hide(r"a50%2525%5Cn!b"), "a***b");
    }

    #[test]
    fn each_line_of_a_long_one() {
        let redactor = Redactor::new(["-----BEGIN-----\nMIIEvQ12345\nab\n"]);
        assert_eq!(redactor.hide("MIIEvQ12345 and ab"), "*** and ab");
        assert_eq!(redactor.hide("-----BEGIN-----\nMIIEvQ12345\nab\n."), "***.");
    }

    #[test]
    fn the_longer_of_two_is_hidden_whole() {
        assert_eq!(Redactor::new(["pass", "password"]).hide("password pass"), "*** ***");
    }

    proptest! {
        /// Whatever surrounds it, no six consecutive characters of the secret's base64 are left.
        #[test]
        fn no_alignment_lets_it_through(before in "[a-z]{0,7}", secret in "[!-~]{8,30}", behind in "[A-Z]{0,7}") {
            let encoded = STANDARD.encode(format!("{before}{secret}{behind}"));
            let shown = Redactor::new([secret.as_str()]).hide(&encoded).into_owned();
            let bare = in_base64(secret.as_bytes(), before.len() % 3);
            let bare = String::from_utf8(bare.bytes).expect("base64");
            prop_assert!(!shown.contains(&bare), "{encoded} became {shown}");
            prop_assert!(shown.contains(HIDDEN));
        }

        #[test]
        fn any_text_can_be_searched(secret in "\\PC{4,12}", text in "\\PC{0,60}", at in 0usize..60) {
            let at = text.floor_char_boundary(at.min(text.len()));
            let with = format!("{}{secret}{}", &text[..at], &text[at..]);
            let shown = Redactor::new([secret.as_str()]).hide(&with).into_owned();
            prop_assert!(shown.contains(HIDDEN), "{with:?} became {shown:?}");
        }
    }
}
