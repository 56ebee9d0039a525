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

/// A text with URLs in it, without their users and passwords. In one pass: a stranger's text can consist of URLs.
pub fn text_without_credentials(text: &str) -> Cow<'_, str> {
    let ends = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '<' | '>');
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(scheme) = rest.find("://") {
        let end = rest[scheme..].find(ends).map_or(rest.len(), |length| scheme + length);
        push_without_credentials(&rest[..end], &mut shown);
        rest = &rest[end..];
    }
    shown.push_str(rest);
    if shown.len() == text.len() { Cow::Borrowed(text) } else { Cow::Owned(shown) }
}

/// Appends a word, without the users and passwords of all URLs in it.
fn push_without_credentials(word: &str, shown: &mut String) {
    let mut rest = word;
    // Behind the last "@" there is neither.
    let last = word.rfind('@').unwrap_or_default();
    while let Some(scheme) = rest.find("://").filter(|scheme| word.len() - rest.len() + scheme < last) {
        let (before, url) = rest.split_at(scheme);
        let (kept, behind) = credentials_in(url).map_or(("://".len(), "://".len()), |found| (found.start, found.end));
        shown.push_str(before);
        shown.push_str(&url[..kept]);
        rest = &url[behind..];
    }
    shown.push_str(rest);
}

/// Where a text has user and password, the `@` behind them included.
pub fn credentials_in(text: &str) -> Option<Range<usize>> {
    let behind = match text.split_once("://") {
        // More slashes than two are as two, and so are backslashes, for the sender of the request.
        Some((_, behind)) => behind.trim_start_matches(['/', '\\']),
        None => text,
    };
    let start = text.len() - behind.len();
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
            ("http:///ada:secret@host/", "http:///host/"),
            ("https://\\ada:secret@host/", "https://\\host/"),
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
    fn a_text_of_nothing_but_urls_takes_one_pass() {
        let many = "http://ada:secret@".repeat(100_000);
        assert_eq!(text_without_credentials(&many), "http://".repeat(100_000));
        let none = format!("{}@", "://".repeat(500_000));
        assert!(text_without_credentials(&none).len() >= none.len() - 1);
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
            "/ada@host",
            "//ada@host",
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
