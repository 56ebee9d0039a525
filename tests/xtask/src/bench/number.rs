//! Finds numbers in the output of other programs: enough for a benchmark, and not a parser.

/// The number in a JSON text that follows these keys, each searched for after the one before.
pub fn in_json(text: &str, keys: &[&str]) -> Option<f64> {
    let mut rest = text;
    for key in keys {
        rest = after_key(rest, key)?;
    }
    leading(rest.trim_start()).map(|(number, _)| number)
}

/// The rest of the text after `"key":`.
fn after_key<'a>(mut text: &'a str, key: &str) -> Option<&'a str> {
    let quoted = format!("\"{key}\"");
    loop {
        text = text.split_once(&quoted)?.1;
        if let Some(value) = text.trim_start().strip_prefix(':') {
            return Some(value);
        }
    }
}

/// The number at the beginning of the text, and the rest.
pub fn leading(text: &str) -> Option<(f64, &str)> {
    let end = text.find(|c: char| !matches!(c, '0'..='9' | '.' | '-' | '+' | 'e' | 'E')).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_keys() {
        let text =
            r#"{"metrics": {"http_reqs{name:\"http_reqs\"}": {"count": 1}, "http_reqs" : {"rate": 2.5e1, "count":7}}}"#;
        assert_eq!(in_json(text, &["metrics", "http_reqs", "rate"]), Some(25.0));
        assert_eq!(in_json(text, &["metrics", "http_reqs", "count"]), Some(7.0));
        assert_eq!(in_json(text, &["checks", "rate"]), None);
    }

    #[test]
    fn reads_a_number_before_its_unit() {
        assert_eq!(leading("41.00us"), Some((41.0, "us")));
        assert_eq!(leading("many"), None);
    }
}
