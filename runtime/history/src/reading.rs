//! Reading the files of kept runs. A checkout can bring runs along that others have made: no file is read without end, and
//! no text in one steers a terminal or a CI system.

use std::borrow::Cow;
use std::io::ErrorKind;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::Value;
use squall_files::read_bounded;
use squall_metrics::plain;

use crate::error::HistoryError;

/// The largest file of a run, in bytes: more than 10,000 series take.
const LARGEST: u64 = 1 << 30;

/// A file's text; none if there is no such file.
pub(crate) fn read_text(path: &Path) -> Result<Option<String>, HistoryError> {
    let bytes = match read_bounded(path, LARGEST) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(HistoryError::File { path: path.to_owned(), source }),
    };
    let damaged = |error: std::string::FromUtf8Error| damaged(path, error.to_string());
    String::from_utf8(bytes).map(Some).map_err(damaged)
}

/// What a file of JSON says; none if there is no such file.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, HistoryError> {
    let text = read_text(path)?;
    text.map(|text| from_json(&text).map_err(|error| damaged(path, error.to_string()))).transpose()
}

/// What JSON says, in texts that are harmless to show.
pub(crate) fn from_json<T: DeserializeOwned>(json: &str) -> serde_json::Result<T> {
    match harmless(json)? {
        Cow::Borrowed(json) => serde_json::from_str(json),
        Cow::Owned(json) => serde_json::from_str(&json),
    }
}

/// The same JSON, with nothing in its texts that steers.
pub(crate) fn harmless(json: &str) -> serde_json::Result<Cow<'_, str>> {
    // What Squall writes has none of this, and most of it is long.
    if !json.contains(['\\', '#']) && !json.contains("::") && matches!(plain(json), Cow::Borrowed(_)) {
        return Ok(Cow::Borrowed(json));
    }
    let mut value: Value = serde_json::from_str(json)?;
    disarm(&mut value);
    Ok(Cow::Owned(value.to_string()))
}

fn disarm(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(shown) = plain(text) {
                *text = shown;
            }
        }
        Value::Array(values) => values.iter_mut().for_each(disarm),
        Value::Object(fields) => {
            let old = std::mem::take(fields);
            fields.extend(old.into_iter().map(|(key, mut value)| {
                disarm(&mut value);
                (plain(&key).into_owned(), value)
            }));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

pub(crate) fn damaged(path: &Path, reason: String) -> HistoryError {
    HistoryError::Damaged { path: path.to_owned(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_steers_and_all_else_is_as_it_was() {
        let json =
            r###"{"a": ["##vso[x]", "\u001b[2J", "::error::"], "##[b]": {"c": 1.5, "d": 18446744073709551615}}"###;
        let value: Value = from_json(json).unwrap();
        let expected =
            r###"{"a": ["# #vso[x]", "�[2J", ": :error::"], "# #[b]": {"c": 1.5, "d": 18446744073709551615}}"###;
        assert_eq!(value, serde_json::from_str::<Value>(expected).unwrap());
        assert!(matches!(harmless(r#"{"a": "GET /"}"#).unwrap(), Cow::Borrowed(_)));
    }

    #[test]
    fn a_sum_that_was_written_as_null_is_the_largest_number() {
        use crate::format::CustomValue;
        let sum: CustomValue = from_json(r#"{"counter": null}"#).unwrap();
        assert!(matches!(sum, CustomValue::Counter(sum) if sum == f64::MAX), "{sum:?}");
        let sum: CustomValue = from_json(r#"{"counter": 1.5}"#).unwrap();
        assert!(matches!(sum, CustomValue::Counter(sum) if sum == 1.5), "{sum:?}");
    }

    #[test]
    fn a_file_without_an_end_is_not_read_to_it() {
        assert!(matches!(read_text(Path::new("/nowhere/at/all")), Ok(None)));
        assert!(matches!(read_text(Path::new("/dev")), Err(HistoryError::File { .. })));
        assert!(read_bounded(Path::new("/dev/zero"), 1 << 10).is_err());
    }
}
