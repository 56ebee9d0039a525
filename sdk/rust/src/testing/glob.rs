//! Patterns for URLs in tests.

/// Whether `text` fits `pattern`, in which `*` stands for any characters, also none.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((before, after)) => text.strip_prefix(before).is_some_and(|rest| {
            let mut ends = rest.char_indices().map(|(index, _)| index);
            ends.any(|index| matches(after, &rest[index..])) || matches(after, "")
        }),
    }
}

/// Whether a URL fits. A pattern that is a path is held against the URL's path; one without `?` leaves the query out.
pub(crate) fn matches_url(pattern: &str, url: &str) -> bool {
    let url = if pattern.starts_with('/') { path(url) } else { url };
    let url = if pattern.contains('?') { url } else { url.split('?').next().unwrap_or(url) };
    matches(pattern, url)
}

/// The URL that is sent: a path is relative to the target.
pub(crate) fn absolute(url: &str, target: Option<&str>) -> String {
    match target {
        Some(target) if url.starts_with('/') => format!("{target}{url}"),
        _ => url.to_owned(),
    }
}

/// The URL without scheme and host.
fn path(url: &str) -> &str {
    let Some((_, rest)) = url.split_once("://") else {
        return url;
    };
    rest.find('/').map_or("/", |start| &rest[start..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        assert!(matches("*", "") && matches("*", "x"));
        assert!(matches("/a/*/c", "/a/b/c") && matches("/a*", "/a"));
        assert!(!matches("/a/*/c", "/a/b/d") && !matches("/a", "/ab"));
        assert!(matches("*ö*", "größe"));
    }

    #[test]
    fn paths_are_held_against_paths() {
        assert!(matches_url("/x", "/x?page=2"));
        assert!(matches_url("/x", "https://host.test/x"));
        assert!(matches_url("/", "https://host.test"));
        assert!(matches_url("/x?page=*", "/x?page=2"));
        assert!(!matches_url("/x?page=1", "/x?page=2"));
        assert!(matches_url("https://*/x", "https://host.test/x"));
        assert!(!matches_url("https://*/x", "/x"));
    }
}
