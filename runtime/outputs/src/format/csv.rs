//! A table: one row for each series, statistic and second. The columns begin as k6's do.

use std::convert::identity;

use bytes::Bytes;

use super::Format;
use crate::batch::Batch;
use crate::series::{Series, Tags, Value, series};
use crate::statistic::Statistic;

/// Tags with their own column; all others go into `extra_tags`.
const TAGS: [&str; 12] = [
    "scenario",
    "flow",
    "group",
    "name",
    "method",
    "status",
    "error",
    "expected_response",
    "proto",
    "check",
    "transaction",
    "testid",
];

pub(crate) struct Csv {
    statistics: Vec<Statistic>,
    has_head: bool,
}

impl Csv {
    pub fn new(statistics: Vec<Statistic>) -> Csv {
        Csv { statistics, has_head: false }
    }

    /// The statistics of a value: their names, and numbers.
    fn told(&self, value: &Value<'_>) -> Vec<(String, f64)> {
        match value {
            Value::Counter(sum) => vec![("sum".to_owned(), *sum)],
            Value::Gauge(value) => vec![("value".to_owned(), *value)],
            Value::Rate(cell) => vec![
                ("rate".to_owned(), cell.share().unwrap_or(0.0)),
                ("count".to_owned(), (cell.passes + cell.fails) as f64),
            ],
            Value::Trend(values) => {
                let number = |statistic: &Statistic| statistic.of(values, identity);
                let mut told = vec![("count".to_owned(), values.count() as f64)];
                told.extend(self.statistics.iter().map(|statistic| (statistic.name(), number(statistic))));
                told.dedup_by(|one, other| one.0 == other.0);
                told
            }
        }
    }

    fn rows(&mut self, batch: &Batch) -> Result<Vec<u8>, csv::Error> {
        let mut table = csv::Writer::from_writer(Vec::new());
        if !self.has_head {
            let head = ["metric_name", "timestamp", "metric_value", "statistic"].into_iter().chain(TAGS);
            table.write_record(head.chain(["extra_tags"]))?;
            self.has_head = true;
        }
        let time = batch.ended_ms();
        let time = format!("{}.{:03}", time / 1000, time % 1000);
        for Series { key, value, .. } in series(batch) {
            for (statistic, number) in self.told(&value) {
                let first = [key.metric.to_string(), time.clone(), number.to_string(), statistic];
                let tags = TAGS.iter().map(|tag| key.tags.get(*tag).cloned().unwrap_or_default());
                table.write_record(first.into_iter().chain(tags).chain([extra(&key.tags)]))?;
            }
        }
        table.into_inner().map_err(|error| error.into_error().into())
    }
}

impl Format for Csv {
    fn encode(&mut self, batch: &Batch) -> Vec<Bytes> {
        // Writing to memory cannot fail, and all rows have the same length.
        vec![self.rows(batch).unwrap_or_default().into()]
    }
}

/// Other tags, as k6 writes them.
fn extra(tags: &Tags) -> String {
    let extra = tags.iter().filter(|(tag, _)| !TAGS.contains(&tag.as_ref()));
    extra.map(|(tag, value)| format!("{tag}={value}")).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_batch::batch;

    #[test]
    fn each_row_has_its_metric_statistic_and_tags() {
        let mut format = Csv::new(vec!["p(95)".parse().unwrap()]);
        let text = String::from_utf8(format.encode(&batch()).remove(0).to_vec()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[0],
            "metric_name,timestamp,metric_value,statistic,scenario,flow,group,name,method,status,error,\
             expected_response,proto,check,transaction,testid,extra_tags"
        );
        for row in [
            "basket,1700000000.500,7,p(95),default,browse,,,,,,,,,,,team=x",
            "checks,1700000000.500,0.75,rate,default,browse,,,,,,,,is ok,,,team=x",
            "http_reqs,1700000000.500,3,sum,default,browse,,/a,GET,200,,true,HTTP/1.1,,,,team=x",
            "http_req_duration,1700000000.500,40,p(95),default,browse,,/a,GET,500,,false,HTTP/1.1,,,,team=x",
        ] {
            assert!(lines.contains(&row), "{row} is not in {text}");
        }
        let again = String::from_utf8(format.encode(&batch()).remove(0).to_vec()).unwrap();
        assert!(!again.contains("metric_name"));
    }
}
