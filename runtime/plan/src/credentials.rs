//! User and password in a URL, found in its text so that they are never shown. Works on what is not a URL yet, too: an error
//! about a URL that cannot be read is as public as any other. Must not know what they are sent as.

use std::borrow::Cow;
use std::ops::Range;

/// A URL, or what should have been one, without user and password: `http://ada:secret@host/` is `http://host/`.
pub fn without_credentials(text: &str) -> Cow<'_, str> {
    match credentials_in(text) {
        None => Cow::Borrowed(text),
        Some(found) => Cow::Owned(format!("{}{}", &text[..found.start], &text[found.end..])),
    }
}

/// A text with URLs in it, without their users and passwords.
pub fn text_without_credentials(text: &str) -> Cow<'_, str> {
    let mut shown = Cow::Borrowed(text);
    let mut from = 0;
    while let Some(scheme) = shown[from..].find("://") {
        let start = from + scheme;
        let ends = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '<' | '>');
        let end = shown[start..].find(ends).map_or(shown.len(), |length| start + length);
        if let Some(found) = credentials_in(&shown[start..end]) {
            shown.to_mut().replace_range(start + found.start..start + found.end, "");
        }
        from = start + "://".len();
    }
    shown
}

/// Where a text has user and password, the `@` behind them included.
pub fn credentials_in(text: &str) -> Option<Range<usize>> {
    let start = text.find("://").map_or(0, |scheme| scheme + "://".len());
    let behind = &text[start..];
    let authority = &behind[..behind.find(['/', '?', '#', '\\']).unwrap_or(behind.len())];
    // In a password that should have been percent-encoded the authority ends too early, within what looks like a port.
    let end = authority.rfind('@').or_else(|| if has_port(authority) { None } else { behind.rfind('@') })?;
    Some(start..start + end + 1)
}

/// Whether what follows the last colon, if there is one, is a port.
fn has_port(authority: &str) -> bool {
    let host_end = authority.rfind(']').map_or(0, |bracket| bracket + 1);
    authority[host_end..].split_once(':').is_none_or(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn user_and_password_are_left_out() {
        for (text, shown) in [
            ("http://ada:secret@host:81/a?b=c", "http://host:81/a?b=c"),
            ("https://ada@host", "https://host"),
            ("http://ada:se@cret@host/", "http://host/"),
            ("http://:secret@[::1]:81/", "http://[::1]:81/"),
            ("ada:secret@host/a", "host/a"),
            // No URL, but the secret is one all the same.
            ("http://ada:se/cret@host/", "http://host/"),
            ("http://ada:1a?se#cret@host/", "http://host/"),
        ] {
            assert_eq!(without_credentials(text), shown);
        }
    }

    #[test]
    fn all_urls_of_a_text_are_cleaned() {
        let text = "from \"http://ada:secret@host/a\" to https://bob@other/b@c, not to ada@host";
        assert_eq!(text_without_credentials(text), "from \"http://host/a\" to https://other/b@c, not to ada@host");
        assert!(matches!(text_without_credentials("status is 200: http://host/a@b"), Cow::Borrowed(_)));
    }

    #[test]
    fn other_urls_stay_as_they_are() {
        for text in [
            "http://host/",
            "http://host:81/@ada",
            "https://host/a@b",
            "http://[::1]/a@b",
            "http://host?to=ada@host",
            "/users/ada@host",
            "",
            "localhost:8080",
        ] {
            assert!(matches!(without_credentials(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_password_gets_through(password in "[a-z][a-z/?#:]{8,12}", host in "[a-z]{1,5}(:[0-9]{1,3})?") {
            let shown = without_credentials(&format!("http://ada:{password}@{host}/")).into_owned();
            prop_assert_eq!(shown, format!("http://{host}/"));
        }
    }
}
