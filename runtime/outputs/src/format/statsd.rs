//! StatsD's lines (<https://github.com/statsd/statsd/blob/master/docs/metric_types.md>). It has no tags: each metric is
//! added up over all of them. Its timers need single samples, which Squall does not keep: statistics of trends are
//! gauges.

use std::convert::identity;

use bytes::Bytes;

use super::Format;
use crate::batch::Batch;
use crate::series::{Value, series, without_tags};
use crate::statistic::Statistic;

const PREFIX: &str = "squall.";

pub(crate) struct Statsd {
    statistics: Vec<Statistic>,
}

impl Statsd {
    pub fn new(statistics: Vec<Statistic>) -> Statsd {
        Statsd { statistics }
    }
}

impl Format for Statsd {
    fn encode(&mut self, batch: &Batch) -> Vec<Bytes> {
        let mut lines = String::new();
        for one in without_tags(series(batch)) {
            let name = format!("{PREFIX}{}", plain(&one.key.metric));
            match &one.value {
                Value::Counter(sum) => counter(&mut lines, &name, *sum),
                Value::Gauge(value) => gauge(&mut lines, &name, *value),
                Value::Rate(cell) => {
                    counter(&mut lines, &format!("{name}.passes"), cell.passes as f64);
                    counter(&mut lines, &format!("{name}.fails"), cell.fails as f64);
                }
                Value::Trend(values) => {
                    for statistic in &self.statistics {
                        let value = statistic.of(values, identity);
                        gauge(&mut lines, &format!("{name}.{}", statistic.suffix()), value);
                    }
                }
            }
        }
        vec![lines.into()]
    }
}

fn counter(lines: &mut String, name: &str, sum: f64) {
    if sum != 0.0 {
        lines.push_str(&format!("{name}:{sum}|c\n"));
    }
}

fn gauge(lines: &mut String, name: &str, value: f64) {
    if value < 0.0 {
        // A sign would mean a change, so a negative value starts from zero.
        lines.push_str(&format!("{name}:0|g\n"));
    }
    lines.push_str(&format!("{name}:{value}|g\n"));
}

fn plain(name: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
    name.chars().map(|letter| if plain(letter) { letter } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_batch::batch;

    #[test]
    fn a_metric_is_one_line_whatever_its_tags() {
        let mut format = Statsd::new(vec!["p(95)".parse().unwrap(), "avg".parse().unwrap()]);
        let text = String::from_utf8(format.encode(&batch()).remove(0).to_vec()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for line in [
            "squall.http_reqs:4|c",
            "squall.http_req_failed.passes:1|c",
            "squall.http_req_duration.p95:40|g",
            "squall.http_req_duration.avg:25|g",
            "squall.basket.avg:5|g",
            "squall.vus:5|g",
        ] {
            assert!(lines.contains(&line), "{line} is not in {text}");
        }
        let mut lines = String::new();
        gauge(&mut lines, "a", -3.0);
        assert_eq!(lines, "a:0|g\na:-3|g\n");
    }
}
