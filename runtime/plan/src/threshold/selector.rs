//! The left side of a threshold: `http_req_duration{flow:checkout,status:200}`.

use super::ThresholdError;
use super::cursor::Cursor;

/// What separates names from the rest, and so cannot be in one.
const RESERVED: &str = "{}=<>!";

type Tags = Vec<(String, String)>;

/// Reads a metric name with the tags it is narrowed to.
pub(super) fn parse(text: &str) -> Result<(String, Tags), ThresholdError> {
    let mut cursor = Cursor::new(text);
    cursor.skip_whitespace();
    let metric = cursor.take_while(|c| !RESERVED.contains(c)).trim_end();
    if metric.is_empty() {
        return Err(cursor.error("the name of a metric is missing"));
    }
    let mut tags = Tags::new();
    if cursor.take("{") {
        read_tags(&mut cursor, &mut tags)?;
        cursor.skip_whitespace();
        if !cursor.rest().is_empty() {
            return Err(cursor.error("nothing can follow the tags of a metric"));
        }
    }
    match cursor.rest().chars().next() {
        None => Ok((metric.to_owned(), tags)),
        Some(c) => Err(cursor.error(format!("a metric name cannot contain {c:?}"))),
    }
}

/// Reads `tag:value,...}`, the opening brace being read.
fn read_tags(cursor: &mut Cursor<'_>, tags: &mut Tags) -> Result<(), ThresholdError> {
    cursor.skip_whitespace();
    if cursor.take("}") {
        return Ok(());
    }
    loop {
        cursor.skip_whitespace();
        let name = cursor.take_while(|c| !":,}".contains(c));
        if unquoted(name).is_empty() {
            return Err(cursor.error_before(name, "the name of a tag is missing"));
        }
        if !cursor.take(":") {
            return Err(cursor.error("a tag needs a value, like {flow:checkout}"));
        }
        // Only the first colon separates: a value may hold others, as URLs and k6's group paths do.
        let value = cursor.take_while(|c| !",}".contains(c));
        if unquoted(value).is_empty() {
            return Err(cursor.error_before(value, "the value of a tag is missing"));
        }
        if tags.iter().any(|(known, _)| known == unquoted(name)) {
            let message = format!("tag {:?} is given twice", unquoted(name));
            return Err(cursor.error_before(value, message));
        }
        tags.push((unquoted(name).to_owned(), unquoted(value).to_owned()));
        if cursor.take("}") {
            return Ok(());
        }
        if !cursor.take(",") {
            return Err(cursor.error("the tags need a closing brace"));
        }
    }
}

/// Without the blanks and quotes around it, which k6 allows.
fn unquoted(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c == '"' || c == '\'')
}

/// The text that [`parse`] reads.
pub(super) fn write(metric: &str, tags: &[(String, String)]) -> String {
    if tags.is_empty() {
        return metric.to_owned();
    }
    let tags: Vec<String> = tags.iter().map(|(name, value)| format!("{name}:{value}")).collect();
    format!("{metric}{{{}}}", tags.join(","))
}

/// Splits `selector=expression` at the first equals sign that is not within the tags.
pub(super) fn split_from_expression(text: &str) -> Result<(&str, &str), ThresholdError> {
    let tags_end = match (text.find('{'), text.find('=')) {
        (Some(brace), Some(equals)) if brace < equals => text.find('}').unwrap_or(text.len()),
        _ => 0,
    };
    let (tagged, rest) = text.split_at(tags_end);
    match rest.find('=') {
        Some(equals) => Ok((&text[..tagged.len() + equals], &rest[equals + 1..])),
        None => {
            Err(ThresholdError::new("a threshold needs its metric and =, like http_req_duration=p(95)<500", text, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        match parse(text) {
            Ok((metric, tags)) => write(&metric, &tags),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn metrics_and_tags() {
        assert_eq!(read("http_reqs"), "http_reqs");
        assert_eq!(read(" time to cart "), "time to cart");
        assert_eq!(read("checks{}"), "checks");
        assert_eq!(read("a { b : c , d:'e f' }"), "a{b:c,d:e f}");
        assert_eq!(read("a{group:::cart::pay}"), "a{group:::cart::pay}");
    }

    #[test]
    fn mistakes_are_shown() {
        for (text, message) in [
            ("", "the name of a metric is missing\n    \n    ^"),
            ("{a:b}", "the name of a metric is missing\n    {a:b}\n    ^"),
            ("m{a}", "a tag needs a value, like {flow:checkout}\n    m{a}\n       ^"),
            ("m{a:}", "the value of a tag is missing\n    m{a:}\n        ^"),
            ("m{:b}", "the name of a tag is missing\n    m{:b}\n      ^"),
            ("m{a:b", "the tags need a closing brace\n    m{a:b\n         ^"),
            ("m{a:b}x", "nothing can follow the tags of a metric\n    m{a:b}x\n          ^"),
            ("m{a:b,a:c}", "tag \"a\" is given twice\n    m{a:b,a:c}\n            ^"),
            ("m}", "a metric name cannot contain '}'\n    m}\n     ^"),
        ] {
            assert_eq!(read(text), message, "{text}");
        }
    }
}
