//! InfluxDB's line protocol (<https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/>), which versions 1
//! and 2 read. A measurement has the metric's name, as in k6; trends have a field for each statistic.

use std::convert::identity;
use std::fmt::Write;

use bytes::Bytes;
use url::Url;

use super::Format;
use crate::batch::Batch;
use crate::series::{Value, series};
use crate::statistic::Statistic;

pub(crate) struct Influxdb {
    statistics: Vec<Statistic>,
}

impl Influxdb {
    pub fn new(statistics: Vec<Statistic>) -> Influxdb {
        Influxdb { statistics }
    }

    fn fields(&self, value: &Value<'_>) -> Vec<(String, f64)> {
        let field = |name: &str, value: f64| (name.to_owned(), value);
        match value {
            Value::Counter(number) | Value::Gauge(number) => vec![field("value", *number)],
            Value::Rate(cell) => vec![
                field("value", cell.share().unwrap_or(0.0)),
                field("passes", cell.passes as f64),
                field("fails", cell.fails as f64),
            ],
            Value::Trend(values) => {
                let told = |statistic: &Statistic| (statistic.suffix(), statistic.of(values, identity));
                let mut fields = vec![field("count", values.count() as f64)];
                fields.extend(self.statistics.iter().filter(|one| **one != Statistic::Count).map(told));
                fields
            }
        }
    }
}

impl Format for Influxdb {
    fn encode(&mut self, batch: &Batch) -> Vec<Bytes> {
        let mut lines = String::new();
        let time = batch.ended_ms();
        for one in series(batch) {
            lines.push_str(&escaped(&one.key.metric, &[',', ' ']));
            for (tag, value) in one.key.tags.iter() {
                // Writing to memory cannot fail.
                let _ = write!(lines, ",{}={}", escaped(tag, TAG), escaped(value, TAG));
            }
            let fields = self.fields(&one.value).into_iter().map(|(name, value)| format!("{name}={value}"));
            let _ = writeln!(lines, " {} {time}", fields.collect::<Vec<_>>().join(","));
        }
        vec![lines.into()]
    }
}

const TAG: &[char] = &[',', '=', ' '];

/// Escapes these characters. Characters that no line can contain are replaced: line breaks, and a backslash that would
/// escape the next character.
fn escaped(text: &str, special: &[char]) -> String {
    let text = text.replace(['\n', '\r'], " ");
    let text = text.trim_end_matches('\\');
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        if special.contains(&letter) {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

/// The URL to write to. A path is a database of version 1, unless it is that of either version's interface.
pub(crate) fn write_url(url: &Url) -> Result<Url, String> {
    let mut url = url.clone();
    let path = url.path().trim_matches('/').to_owned();
    match path.as_str() {
        "" => return Err("the URL must name a database: http://localhost:8086/DATABASE".to_owned()),
        "write" => require(&url, "db")?,
        "api/v2/write" => require(&url, "bucket")?,
        database if database.contains('/') => {
            return Err("its path is neither a database, nor /write, nor /api/v2/write".to_owned());
        }
        database => {
            url.query_pairs_mut().append_pair("db", database);
            url.set_path("/write");
        }
    }
    let others: Vec<(String, String)> =
        url.query_pairs().into_owned().filter(|(name, _)| name != "precision").collect();
    url.query_pairs_mut().clear().extend_pairs(others).append_pair("precision", "ms");
    Ok(url)
}

fn require(url: &Url, parameter: &str) -> Result<(), String> {
    if url.query_pairs().any(|(name, _)| name == parameter) {
        return Ok(());
    }
    Err(format!("the URL must have a parameter: ?{parameter}=NAME"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_batch::batch;

    #[test]
    fn lines_have_tags_fields_and_a_time() {
        let mut format = Influxdb::new(vec!["p(95)".parse().unwrap()]);
        let text = String::from_utf8(format.encode(&batch()).remove(0).to_vec()).unwrap();
        for line in [
            "checks,check=is\\ ok,flow=browse,scenario=default,team=x value=0.75,passes=3,fails=1 1700000000500",
            "basket,flow=browse,scenario=default,team=x count=2,p95=7 1700000000500",
            "vus,scenario=default,team=x value=5 1700000000500",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in {text}");
        }
        assert_eq!(escaped("a=b, c\n\\", TAG), "a\\=b\\,\\ c\\ ");
    }

    #[test]
    fn both_versions_are_written_to() {
        let to = |url: &str| write_url(&Url::parse(url).unwrap()).map(|url| url.to_string());
        assert_eq!(to("http://h:8086/loads"), Ok("http://h:8086/write?db=loads&precision=ms".to_owned()));
        assert_eq!(
            to("http://h/api/v2/write?org=o&bucket=b&precision=ns"),
            Ok("http://h/api/v2/write?org=o&bucket=b&precision=ms".to_owned())
        );
        assert!(to("http://h:8086").unwrap_err().contains("must name a database"));
        assert!(to("http://h/api/v2/write").unwrap_err().contains("?bucket=NAME"));
        assert!(to("http://h/a/b").unwrap_err().contains("neither"));
    }
}
