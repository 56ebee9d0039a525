//! Reading query strings: `q=desk+lamp&page=2`.

use std::borrow::Cow;

/// The value of the first parameter of that name, decoded.
pub fn parameter<'a>(query: &'a str, name: &str) -> Option<Cow<'a, str>> {
    query
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .find(|(key, _)| decode(key) == name)
        .map(|(_, value)| decode(value))
}

/// Undoes percent-encoding and reads `+` as a space. Invalid escapes stay as written; bytes that are not UTF-8 become
/// the replacement character.
fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains(['%', '+']) {
        return Cow::Borrowed(text);
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        match (first, escaped(after)) {
            (b'+', _) => decoded.push(b' '),
            (b'%', Some(byte)) => {
                decoded.push(byte);
                rest = &after[2..];
            }
            _ => decoded.push(first),
        }
    }
    Cow::Owned(String::from_utf8_lossy(&decoded).into_owned())
}

/// The byte that the two hexadecimal digits at the start of `text` stand for.
fn escaped(text: &[u8]) -> Option<u8> {
    let digit = |index: usize| char::from(*text.get(index)?).to_digit(16);
    u8::try_from(digit(0)? * 16 + digit(1)?).ok()
}

#[cfg(test)]
mod tests {
    use super::parameter;

    #[test]
    fn finds_and_decodes() {
        assert_eq!(parameter("q=lamp", "q").as_deref(), Some("lamp"));
        assert_eq!(parameter("page=2&q=desk+lamp", "q").as_deref(), Some("desk lamp"));
        assert_eq!(parameter("q=caf%C3%A9%20au%2Blait", "q").as_deref(), Some("café au+lait"));
        assert_eq!(parameter("%71=lamp", "q").as_deref(), Some("lamp"));
        assert_eq!(parameter("q", "q").as_deref(), Some(""));
        assert_eq!(parameter("", "q"), None);
    }

    #[test]
    fn leaves_what_is_not_valid() {
        assert_eq!(parameter("q=100%", "q").as_deref(), Some("100%"));
        assert_eq!(parameter("q=%zz%4", "q").as_deref(), Some("%zz%4"));
        assert_eq!(parameter("q=%FF", "q").as_deref(), Some("\u{FFFD}"));
    }
}
