//! A run's response times, second by second, as an HdrHistogram log: what HistogramLogAnalyzer, hdr-plot and the
//! HdrHistogram libraries read (<https://github.com/HdrHistogram/HdrHistogram>, `HistogramLogWriter`, version 1.3).

use std::fmt::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use squall_metrics::{Histogram, History, Nanos};

/// The log: two lines for each second, tagged `response_time` and `http_req_duration`. Values are in microseconds, the
/// greatest of each line in milliseconds.
pub fn histogram_log(history: &History, load_began: SystemTime) -> String {
    let since_epoch = load_began.duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut text = header(since_epoch);
    for second in history.seconds() {
        for (tag, histogram) in [("response_time", &second.response_time), ("http_req_duration", &second.service_time)]
        {
            text.push_str(&line(tag, second.at, second.length, histogram));
        }
    }
    text
}

fn header(since_epoch: Duration) -> String {
    format!(
        "#[Logged with squall {}; values are microseconds]\n\
         #[Histogram log format version 1.3]\n\
         #[StartTime: {:.3} (seconds since epoch)]\n\
         \"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n",
        env!("CARGO_PKG_VERSION"),
        since_epoch.as_secs_f64(),
    )
}

fn line(tag: &str, at: Nanos, length: Nanos, histogram: &Histogram) -> String {
    let mut line = String::new();
    let (at, length, max) = (at.as_secs_f64(), length.as_secs_f64(), histogram.max().as_millis_f64());
    // Writing to a string does not fail.
    let _ = writeln!(line, "Tag={tag},{at:.3},{length:.3},{max:.3},{}", BASE64_STANDARD.encode(histogram.encode()));
    line
}

#[cfg(test)]
mod tests {
    use hdrhistogram::serialization::Deserializer;
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
    use squall_metrics::Second;

    use super::*;

    #[test]
    fn other_libraries_read_it() {
        let mut history = History::new();
        for second in 0..3u64 {
            let mut response_time = Histogram::new();
            (1..=100).for_each(|value| response_time.record(Nanos(value * (second + 1) * 1_000_000)));
            let at = Nanos(second * 1_000_000_000);
            history.push(Second { at, length: Nanos(1_000_000_000), response_time, ..Second::default() });
        }
        let log = histogram_log(&history, UNIX_EPOCH + Duration::from_millis(1_700_000_000_500));
        let mut maxima = Vec::new();
        for entry in IntervalLogIterator::new(log.as_bytes()) {
            match entry.expect("a log that can be read") {
                LogEntry::StartTime(time) => assert_eq!(time, Duration::from_millis(1_700_000_000_500)),
                LogEntry::BaseTime(_) => panic!("times are counted from the start time"),
                LogEntry::Interval(interval) if interval.tag().map(|tag| tag.as_str()) == Some("response_time") => {
                    let bytes = BASE64_STANDARD.decode(interval.encoded_histogram()).expect("base64");
                    let histogram: hdrhistogram::Histogram<u64> =
                        Deserializer::new().deserialize(&mut bytes.as_slice()).expect("a histogram");
                    assert_eq!(histogram.len(), 100);
                    maxima.push((interval.start_timestamp().as_secs(), histogram.value_at_quantile(0.5) / 1_000));
                }
                LogEntry::Interval(_) => {}
            }
        }
        assert_eq!(maxima, [(0, 50), (1, 100), (2, 150)]);
    }
}
