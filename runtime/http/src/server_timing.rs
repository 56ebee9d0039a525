//! The `Server-Timing` field of a response: the server's own account of its work.
//!
//! The grammar is that of W3C's Server Timing, section 3: `name;dur=12.5;desc="text", name2;dur=3`. Malformed entries
//! are skipped, as by browsers: they are no reason to fail a request.

use squall_metrics::Nanos;

use crate::reader::fields;

/// Maximum number of entries per response.
const MOST_ENTRIES: usize = 32;
/// The longest accepted duration, in milliseconds: a day.
const LONGEST: f64 = 86_400_000.0;

/// The name of the field.
pub(crate) const FIELD: &str = "server-timing";

/// The entries of a head that have a duration. An entry without one (`cache;desc=HIT`) notes an event, not a time.
pub(crate) fn entries(head: &[u8]) -> impl Iterator<Item = (&str, Nanos)> {
    fields(head)
        .filter(|(name, _)| name.eq_ignore_ascii_case(FIELD))
        .filter_map(|(_, value)| std::str::from_utf8(value).ok())
        .flat_map(|value| parts(value, ','))
        .take(MOST_ENTRIES)
        .filter_map(entry)
}

fn entry(text: &str) -> Option<(&str, Nanos)> {
    let mut parts = parts(text, ';');
    let name = parts.next()?.trim();
    let is_token = !name.is_empty() && name.bytes().all(is_token_byte);
    // The first of several counts.
    let duration = parts.find_map(|parameter| {
        let (key, value) = parameter.split_once('=')?;
        key.trim().eq_ignore_ascii_case("dur").then(|| value.trim().trim_matches('"'))
    })?;
    let millis: f64 = duration.parse().ok()?;
    (is_token && (0.0..=LONGEST).contains(&millis)).then_some((name, Nanos((millis * 1e6).round() as u64)))
}

/// A text in parts, but not where the separator stands in quotes.
fn parts(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |character| {
        let parts_here = character == separator && !quoted;
        quoted ^= character == '"' && !escaped;
        escaped = quoted && character == '\\' && !escaped;
        parts_here
    })
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(value: &str) -> Vec<(String, u64)> {
        let head = format!("HTTP/1.1 200 OK\r\nServer-Timing: {value}\r\n\r\n");
        entries(head.as_bytes()).map(|(name, duration)| (name.to_owned(), duration.0)).collect()
    }

    fn one(value: &str) -> Option<u64> {
        let read = read(value);
        assert!(read.len() < 2, "{read:?}");
        read.into_iter().next().map(|(_, duration)| duration)
    }

    #[test]
    fn entries_have_names_and_durations() {
        let expected = [("db".to_owned(), 53_200_000), ("app".to_owned(), 47_000_000)];
        assert_eq!(read("miss, db;dur=53.2, app;dur=47"), expected);
        assert_eq!(read("db;desc=\"a, b; dur=1\";dur=53.2 ,app ; DUR = \"47\""), expected);
        assert_eq!(read("db;desc=\"\\\"x\\\", y\";dur=53.2,app;dur=47;dur=1"), expected);
    }

    #[test]
    fn fields_may_be_several_and_in_any_case() {
        let head = b"HTTP/1.1 200 OK\r\nserver-timing: a;dur=1\r\nX: b;dur=9\r\nSERVER-TIMING: c;dur=0.001\r\n\r\n";
        assert_eq!(entries(head).collect::<Vec<_>>(), [("a", Nanos(1_000_000)), ("c", Nanos(1_000))]);
    }

    #[test]
    fn malformed_entries_are_skipped() {
        for value in ["", ",;,", "db", "db;dur", "db;dur=", "db;dur=soon", "db;dur=-1", "db;dur=NaN", "db;dur=inf"] {
            assert_eq!(one(value), None, "{value}");
        }
        for value in ["a b;dur=1", ";dur=1", "db;dur=86400001", "db;desc=\"open;dur=1", "db dur=1", "\u{e9};dur=1"] {
            assert_eq!(one(value), None, "{value}");
        }
        assert_eq!(one("db;dur=86400000"), Some(86_400_000_000_000));
        assert_eq!(one("db;dur=1e1"), Some(10_000_000));
    }

    #[test]
    fn a_response_has_only_so_many() {
        let many: Vec<String> = (0..100).map(|number| format!("n{number};dur={number}")).collect();
        assert_eq!(read(&many[..32].join(",")).len(), 32);
        assert_eq!(read(&many.join(",")).len(), 32);
    }

    proptest! {
        #[test]
        fn any_value_is_read_without_panic(value in "[ -~]{0,60}") {
            for (name, duration) in read(&value) {
                prop_assert!(!name.is_empty() && duration <= 86_400_000_000_000);
            }
        }
    }
}
