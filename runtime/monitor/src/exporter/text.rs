//! Prometheus' text format (<https://prometheus.io/docs/instrumenting/exposition_formats/>), line by line; labels are only
//! read when they are asked for.

/// One sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sample<'a> {
    pub name: &'a str,
    labels: &'a str,
    pub value: f64,
    /// Time of the sample in milliseconds since 1970, if the exporter sends it.
    pub at_ms: Option<f64>,
}

/// All samples of a page; other lines are skipped.
pub(super) fn samples(text: &str) -> impl Iterator<Item = Sample<'_>> {
    text.lines().filter_map(sample)
}

fn sample(line: &str) -> Option<Sample<'_>> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let (name, labels, rest) = match line.find('{') {
        Some(open) => {
            let close = open + 1 + end_of_labels(&line[open + 1..])?;
            (&line[..open], &line[open + 1..close], &line[close + 1..])
        }
        None => {
            let (name, rest) = line.split_once(char::is_whitespace)?;
            (name, "", rest)
        }
    };
    let mut numbers = rest.split_whitespace();
    // Rust reads `NaN`, `+Inf` and `-Inf` as Prometheus writes them.
    let value = numbers.next()?.parse().ok()?;
    Some(Sample { name: name.trim(), labels, value, at_ms: numbers.next().and_then(|at| at.parse().ok()) })
}

/// Position of the closing brace, outside of quotes.
fn end_of_labels(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (place, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '}' if !quoted => return Some(place),
            _ => {}
        }
    }
    None
}

impl<'a> Sample<'a> {
    /// The value of that label, as between its quotes; empty if there is no such label.
    pub(super) fn label(&self, name: &str) -> &'a str {
        let mut rest = self.labels;
        while let Some((key, after)) = rest.split_once("=\"") {
            let Some(end) = end_of_value(after) else { break };
            if key.trim_matches([',', ' ']) == name {
                return &after[..end];
            }
            rest = &after[end + 1..];
        }
        ""
    }
}

fn end_of_value(text: &str) -> Option<usize> {
    let mut escaped = false;
    let end = text.char_indices().find(|(_, letter)| match letter {
        _ if escaped => {
            escaped = false;
            false
        }
        '\\' => {
            escaped = true;
            false
        }
        letter => *letter == '"',
    });
    end.map(|(place, _)| place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_name_labels_value_and_perhaps_a_time() {
        let text = "# HELP up Whether.\n# TYPE up gauge\nup 1\n\n\
                    http_requests_total{method=\"post\",path=\"/a}\\\"{b\", code=\"200\"} 1027 1395066363000\n\
                    weird{x=\"\"} +Inf\nno_value\nbroken{a=\"b 1\ntext abc\n";
        let all: Vec<_> = samples(text).collect();
        assert_eq!(all.len(), 3, "{all:?}");
        assert_eq!((all[0].name, all[0].value, all[0].at_ms, all[0].label("a")), ("up", 1.0, None, ""));
        let request = all[1];
        assert_eq!(
            (request.name, request.value, request.at_ms),
            ("http_requests_total", 1_027.0, Some(1_395_066_363_000.0))
        );
        assert_eq!((request.label("method"), request.label("code")), ("post", "200"));
        assert_eq!((request.label("path"), request.label("thod")), ("/a}\\\"{b", ""));
        assert!(all[2].value.is_infinite() && all[2].label("x").is_empty());
    }
}
