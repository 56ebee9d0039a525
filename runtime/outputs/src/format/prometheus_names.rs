//! k6's names for Prometheus: the parts of `k6_http_req_duration_p95`, so that k6's dashboards show Squall's runs.

use squall_metrics::Unit;

use crate::series::Tags;

const PREFIX: &str = "k6_";

/// The metric, with k6's prefix.
pub(super) fn metric_name(metric: &str) -> String {
    format!("{PREFIX}{}", sanitized(metric))
}

/// The metric's name with its unit: times are in seconds.
pub(super) fn with_unit(metric: &str, unit: Unit) -> String {
    let name = metric_name(metric);
    if unit == Unit::Time { format!("{name}_seconds") } else { name }
}

/// The labels, sorted by name. Of two tags that become the same name, the later remains.
pub(super) fn labels(tags: &Tags) -> Vec<(String, String)> {
    let mut labels: Vec<(String, String)> = tags.iter().map(|(tag, value)| (sanitized(tag), value.clone())).collect();
    labels.sort();
    labels.dedup_by(|later, kept| {
        let same = later.0 == kept.0;
        if same {
            std::mem::swap(later, kept);
        }
        same
    });
    labels
}

/// Makes a name that Prometheus allows: letters, digits and underscores, and no digit at its beginning.
fn sanitized(name: &str) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '_' };
    let name: String = name.chars().map(plain).collect();
    if name.starts_with(|letter: char| letter.is_ascii_digit()) { format!("_{name}") } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_valid_for_prometheus() {
        assert_eq!(metric_name("my metric-é"), "k6_my_metric__");
        assert_eq!(with_unit("http_req_duration", Unit::Time), "k6_http_req_duration_seconds");
        let tags = Tags::from([("1st".into(), "a".into()), ("b-c".into(), "1".into()), ("b_c".into(), "2".into())]);
        let labels = labels(&tags);
        let labels: Vec<(&str, &str)> = labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(labels, [("_1st", "a"), ("b_c", "2")]);
    }
}
