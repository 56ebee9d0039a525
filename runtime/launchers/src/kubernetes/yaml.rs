//! JSON as YAML that people can read. A text is quoted unless it surely is a text without, so nothing can be injected.

use std::fmt::Write;

use serde_json::Value;

/// A document, with a line break at its end.
pub fn print(value: &Value) -> String {
    let mut out = String::new();
    block(value, 0, &mut out);
    out
}

/// Prints a value whose lines have this indentation. The cursor is at the beginning of the first of them.
fn block(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (index, (key, value)) in fields.iter().enumerate() {
                indent(index, depth, out);
                out.push_str(&text(key));
                out.push(':');
                // A list may stand as deep as its key.
                nested(value, if value.is_array() { depth } else { depth + 2 }, out);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                indent(index, depth, out);
                out.push_str("- ");
                block(item, depth + 2, out);
            }
        }
        Value::Object(_) => out.push_str("{}\n"),
        Value::Array(_) => out.push_str("[]\n"),
        Value::String(string) => out.push_str(&(text(string) + "\n")),
        // Numbers, true, false and null are the same in both.
        other => out.push_str(&format!("{other}\n")),
    }
}

fn nested(value: &Value, depth: usize, out: &mut String) {
    let has_lines = value.as_object().is_some_and(|fields| !fields.is_empty())
        || value.as_array().is_some_and(|items| !items.is_empty());
    if has_lines {
        out.push('\n');
        out.push_str(&" ".repeat(depth));
    } else {
        out.push(' ');
    }
    block(value, depth, out);
}

/// Every line but the first begins with its indentation.
fn indent(index: usize, depth: usize, out: &mut String) {
    if index > 0 {
        out.push_str(&" ".repeat(depth));
    }
}

/// A text, in quotes if need be.
fn text(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_./-".contains(&byte);
    let starts_well = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/');
    if starts_well && text.bytes().all(is_plain) && !is_word(text) {
        return text.to_owned();
    }
    let mut quoted = String::from('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\n' => quoted.push_str("\\n"),
            ' '..='~' => quoted.push(letter),
            // Writing into a text does not fail.
            _ => {
                let _ = write!(quoted, "\\U{:08x}", u32::from(letter));
            }
        }
    }
    quoted + "\""
}

/// Whether some version of YAML takes this word for something else than a text.
fn is_word(text: &str) -> bool {
    let word = text.to_ascii_lowercase();
    ["true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf"].contains(&word.as_str())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use saphyr_parser::{Event, Parser, ScalarStyle};
    use serde_json::json;

    use super::*;

    #[test]
    fn it_looks_as_written_by_hand() {
        let value =
            json!({"a": {"b": [{"c": 1, "d": {"e": true}}, "x"], "f": [], "g": {}}, "h": "1", "i": null, "j": [["k"]]});
        let expected =
            "a:\n  b:\n  - c: 1\n    d:\n      e: true\n  - x\n  f: []\n  g: {}\nh: \"1\"\ni: null\nj:\n- - k\n";
        assert_eq!(print(&value), expected);
    }

    #[test]
    fn what_is_no_plain_text_is_quoted() {
        for (string, printed) in [
            ("no", "\"no\""),
            ("1e3", "\"1e3\""),
            ("a: b", "\"a: b\""),
            ("-x", "\"-x\""),
            ("", "\"\""),
            ("a\n- b", "\"a\\n- b\""),
            ("\u{85}\"\\", "\"\\U00000085\\\"\\\\\""),
            ("batch/v1", "batch/v1"),
            ("/cache", "/cache"),
        ] {
            assert_eq!(text(string), printed);
        }
    }

    /// Reads the value back from a parser's events.
    fn read(events: &mut impl Iterator<Item = Event<'static>>) -> Option<Value> {
        match events.next()? {
            Event::Scalar(text, ScalarStyle::Plain, ..) => {
                Some(serde_json::from_str(&text).unwrap_or(Value::String(text.into_owned())))
            }
            Event::Scalar(text, ..) => Some(Value::String(text.into_owned())),
            Event::SequenceStart(..) => Some(std::iter::from_fn(|| read(events)).collect()),
            Event::MappingStart(..) => {
                let pair = || Some((read(events)?.as_str()?.to_owned(), read(events)?));
                Some(Value::Object(std::iter::from_fn(pair).collect()))
            }
            Event::SequenceEnd | Event::MappingEnd => None,
            _ => read(events),
        }
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[a-z/:#\"'\\\\ \n\t-]{0,8}|\\PC{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-z:# -]{0,6}", inner, 0..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_parser_reads_back_what_was_printed(value in values()) {
            let printed = print(&value);
            let events: Result<Vec<_>, _> = Parser::new_from_str(&printed).map(|event| event.map(|(event, _)| event)).collect();
            let events = events.unwrap_or_else(|error| panic!("{error}: {printed}"));
            // The events of the test outlive their text only as owned ones.
            let mut events = events.into_iter().map(own);
            prop_assert_eq!(read(&mut events), Some(value), "{}", printed);
        }
    }

    fn own(event: Event<'_>) -> Event<'static> {
        match event {
            Event::Scalar(text, style, anchor, _) => Event::Scalar(text.into_owned().into(), style, anchor, None),
            Event::SequenceStart(anchor, _) => Event::SequenceStart(anchor, None),
            Event::MappingStart(anchor, _) => Event::MappingStart(anchor, None),
            Event::SequenceEnd => Event::SequenceEnd,
            Event::MappingEnd => Event::MappingEnd,
            _ => Event::Nothing,
        }
    }
}
