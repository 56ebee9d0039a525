//! The figures that a later run is compared with, as a line of an item's text. Trackers rewrite texts, and people edit them:
//! the line is plain, and is found anywhere in a text.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use sha2::{Digest, Sha256};
use squall_report::Document;

use crate::fingerprint::Fingerprint;

/// What was measured when an item was last written, and what was promised.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The item's fingerprint.
    pub fingerprint: Fingerprint,
    /// The run: its name among the kept runs.
    pub run: String,
    /// The load of the run that made the item, as a digest: only under the same load does an absence say something.
    pub load: Option<String>,
    /// The endpoint that it is about: `GET /products`.
    pub endpoint: Option<String>,
    /// The p95 before anything was changed, in milliseconds: that of the run that made the item.
    pub first_p95_ms: Option<f64>,
    /// The p95 that the change is to bring, in milliseconds.
    pub promised_p95_ms: Option<f64>,
}

const BEGIN: &str = "Squall record: ";
const NOTHING: &str = "-";
/// Hexadecimal digits of a load's digest.
const LOAD_DIGITS: usize = 8;

impl Record {
    /// `Squall record: squall-fp-0123456789ab, run 20261130T061539Z-1a2b, at GET%20/products, p95 850 ms, promised 200 ms, load 0a1b2c3d.`
    pub fn line(&self) -> String {
        let ms =
            |value: Option<f64>| value.map_or_else(|| NOTHING.to_owned(), |value| format!("{} ms", rounded(value)));
        format!(
            "{BEGIN}{}, run {}, at {}, p95 {}, promised {}, load {}.",
            self.fingerprint,
            self.run,
            self.endpoint.as_deref().map_or_else(|| NOTHING.to_owned(), encoded),
            ms(self.first_p95_ms),
            ms(self.promised_p95_ms),
            self.load.as_deref().unwrap_or(NOTHING)
        )
    }

    /// The record in a text without markup, if there is a whole one.
    pub fn find(text: &str) -> Option<Record> {
        let from = text.rfind(BEGIN)? + BEGIN.len();
        let line = text[from..].lines().next()?.trim_end();
        let mut parts = line.strip_suffix('.').unwrap_or(line).split(", ");
        let fingerprint = Fingerprint::parse(parts.next()?)?;
        let run = parts.next()?.strip_prefix("run ")?.to_owned();
        let endpoint = parts.next()?.strip_prefix("at ")?;
        let endpoint = (endpoint != NOTHING).then(|| decoded(endpoint));
        let first_p95_ms = read_ms(parts.next()?.strip_prefix("p95 ")?)?;
        let promised_p95_ms = read_ms(parts.next()?.strip_prefix("promised ")?)?;
        let load = parts.next()?.strip_prefix("load ")?;
        let is_digest = load.len() == LOAD_DIGITS && load.bytes().all(|digit| digit.is_ascii_hexdigit());
        if load != NOTHING && !is_digest {
            return None;
        }
        let load = (load != NOTHING).then(|| load.to_owned());
        Some(Record { fingerprint, run, load, endpoint, first_p95_ms, promised_p95_ms })
    }
}

/// A run's load as records have it.
pub(crate) fn load_of(document: &Document) -> String {
    let digest = Sha256::digest(document.run.load.as_bytes());
    digest.iter().take(LOAD_DIGITS / 2).map(|byte| format!("{byte:02x}")).collect()
}

/// Percent-encoded, but for letters that no markup takes for its own.
fn encoded(text: &str) -> String {
    const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'.');
    utf8_percent_encode(text, ENCODED).to_string()
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// A number with at most three decimals, so that it reads back as the same one.
fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

/// `850 ms`, or nothing. None if it is neither.
fn read_ms(text: &str) -> Option<Option<f64>> {
    if text == NOTHING {
        return Some(None);
    }
    let value: f64 = text.strip_suffix(" ms")?.parse().ok()?;
    (value.is_finite() && value >= 0.0).then_some(Some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(promised_p95_ms: Option<f64>) -> Record {
        let fingerprint = Fingerprint::of(&["n-plus-one", "GET /products"]);
        Record {
            fingerprint,
            run: "20261130T061539Z-1a2b".to_owned(),
            load: Some("0a1b2c3d".to_owned()),
            endpoint: Some("GET /products_{id}, all".to_owned()),
            first_p95_ms: Some(850.25),
            promised_p95_ms,
        }
    }

    #[test]
    fn a_record_reads_back() {
        for written in [record(Some(200.0)), record(None), Record { endpoint: None, load: None, ..record(None) }] {
            let text = format!("Analysis.\n{}\nMore.", written.line());
            assert_eq!(Record::find(&text), Some(written));
        }
        let line = "run 20261130T061539Z-1a2b, at GET%20/products%5F%7Bid%7D%2C%20all, p95 850.25 ms, promised 200 ms, load 0a1b2c3d.";
        assert!(record(Some(200.0)).line().ends_with(line), "{}", record(Some(200.0)).line());
    }

    #[test]
    fn half_a_record_is_none() {
        let line = record(Some(200.0)).line();
        for text in [
            &line[..30],
            &line[..line.len() - 5],
            "Squall record: ",
            "Squall record: x, run , at -, p95 NaN ms, promised -, load -.",
        ] {
            assert_eq!(Record::find(text), None, "{text}");
        }
    }
}
