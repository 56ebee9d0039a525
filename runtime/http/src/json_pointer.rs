//! Values in JSON texts by JSON pointers (RFC 6901). It finds the place of the value, and builds nothing of the rest: a
//! stream of a language model has thousands of texts, of each of which a few letters matter.

use std::borrow::Cow;

use serde::de::IgnoredAny;
use thiserror::Error;

/// The longest pointer, in bytes.
const LONGEST: usize = 1_000;

/// The path to a value: "/choices/0/delta/content". An empty one leads to the whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonPointer(Vec<Box<str>>);

/// A text is not a pointer.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error(
    "a JSON pointer is empty, or begins with a slash, and has at most {LONGEST} bytes: \"/choices/0/delta/content\""
)]
pub struct JsonPointerError;

impl JsonPointer {
    /// Reads a pointer.
    ///
    /// # Errors
    /// If the text is not one.
    pub fn parse(text: &str) -> Result<JsonPointer, JsonPointerError> {
        if text.len() > LONGEST || !(text.is_empty() || text.starts_with('/')) {
            return Err(JsonPointerError);
        }
        let steps = text.split('/').skip(1);
        Ok(JsonPointer(steps.map(|step| step.replace("~1", "/").replace("~0", "~").into()).collect()))
    }

    /// The JSON of the value; none if there is no such value, or if it is not JSON. The text around it is looked at only
    /// as far as it leads there. Of several fields of one name the first counts.
    pub fn find<'j>(&self, json: &'j str) -> Option<&'j str> {
        let mut cursor = Cursor { json, at: 0 };
        for step in &self.0 {
            cursor.enter(step)?;
        }
        let value = if self.0.is_empty() { json } else { cursor.value()? }.trim_ascii();
        serde_json::from_str::<IgnoredAny>(value).is_ok().then_some(value)
    }

    /// The value as text: a string as it is, others as JSON ("42", "true", "null", "[1,2]").
    pub fn text<'j>(&self, json: &'j str) -> Option<Cow<'j, str>> {
        let value = self.find(json)?;
        if value.starts_with('"') { unquote(value) } else { Some(Cow::Borrowed(value)) }
    }

    /// Whether the value is a string that is not empty.
    pub fn has_text(&self, json: &str) -> bool {
        self.find(json).is_some_and(|value| value.starts_with('"') && value != "\"\"")
    }
}

/// The content of a JSON string.
fn unquote(string: &str) -> Option<Cow<'_, str>> {
    match string.strip_prefix('"')?.strip_suffix('"')? {
        plain if !plain.contains('\\') => Some(Cow::Borrowed(plain)),
        _ => serde_json::from_str(string).ok().map(Cow::Owned),
    }
}

/// A place in a text.
struct Cursor<'j> {
    json: &'j str,
    at: usize,
}

impl<'j> Cursor<'j> {
    /// The next byte that is not white space.
    fn peek(&mut self) -> Option<u8> {
        let rest = &self.json.as_bytes()[self.at..];
        self.at += rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count();
        self.json.as_bytes().get(self.at).copied()
    }

    /// Takes that byte, if it is this one.
    fn take(&mut self, wanted: u8) -> Option<()> {
        (self.peek()? == wanted).then(|| self.at += 1)
    }

    /// Goes to the field of an object or the element of an array.
    fn enter(&mut self, step: &str) -> Option<()> {
        if self.peek()? == b'{' {
            self.at += 1;
            loop {
                let name = self.string()?;
                self.take(b':')?;
                if unquote(name)? == step {
                    return Some(());
                }
                self.value()?;
                self.take(b',')?;
            }
        }
        self.take(b'[')?;
        let is_index = step == "0" || (!step.starts_with('0') && step.bytes().all(|digit| digit.is_ascii_digit()));
        let index: usize = if is_index { step.parse().ok()? } else { return None };
        for _ in 0..index {
            self.value()?;
            self.take(b',')?;
        }
        (self.peek()? != b']').then_some(())
    }

    /// Passes over a string, and returns it with its quotation marks.
    fn string(&mut self) -> Option<&'j str> {
        self.take(b'"')?;
        let start = self.at - 1;
        let bytes = self.json.as_bytes();
        loop {
            self.at += bytes.get(self.at..)?.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
            if bytes[self.at] == b'"' {
                self.at += 1;
                return self.json.get(start..self.at);
            }
            self.at += 2;
        }
    }

    /// Passes over a value, and returns it.
    fn value(&mut self) -> Option<&'j str> {
        let first = self.peek()?;
        let start = self.at;
        match first {
            b'"' => return self.string(),
            b'{' | b'[' => self.nested()?,
            _ => {
                let rest = &self.json.as_bytes()[self.at..];
                let length = rest.iter().take_while(|byte| !matches!(byte, b',' | b']' | b'}')).count();
                self.at += length;
            }
        }
        self.json.get(start..self.at)
    }

    /// Passes over an object or an array, by counting brackets.
    fn nested(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Some(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn text(json: &str, pointer: &str) -> Option<String> {
        JsonPointer::parse(pointer).expect("a pointer").text(json).map(Cow::into_owned)
    }

    #[test]
    fn values_of_a_chunk_of_a_language_model() {
        let chunk = r#" {"id":"1", "choices" : [{"index":0,"delta":{"role":"a","content":"H\u00e9\"\\"}, "x":[[1],{}]},
            {"delta":{}}],"usage":null, "n": 1.5e3 } "#;
        assert_eq!(text(chunk, "/choices/0/delta/content").as_deref(), Some("Hé\"\\"));
        assert_eq!(text(chunk, "/choices/0/x/0").as_deref(), Some("[1]"));
        assert_eq!(text(chunk, "/choices/1/delta").as_deref(), Some("{}"));
        assert_eq!(text(chunk, "/usage").as_deref(), Some("null"));
        assert_eq!(text(chunk, "/n").as_deref(), Some("1.5e3"));
        for missing in ["/choices/2", "/choices/00", "/choices/-", "/usage/completion_tokens", "/choices/0/delta/no"] {
            assert_eq!(text(chunk, missing), None, "{missing}");
        }
        let content = JsonPointer::parse("/choices/0/delta/content").expect("a pointer");
        assert!(content.has_text(chunk) && !content.has_text(r#"{"choices":[{"delta":{"content":""}}]}"#));
        assert!(!content.has_text("[DONE]") && !content.has_text(r#"{"choices":[{"delta":{"content":null}}]}"#));
    }

    #[test]
    fn the_examples_of_the_standard() {
        let json = r#"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8}"#;
        for (pointer, value) in [
            ("", json),
            ("/foo", r#"["bar","baz"]"#),
            ("/foo/0", "bar"),
            ("/", "0"),
            ("/a~1b", "1"),
            ("/c%d", "2"),
            ("/e^f", "3"),
            ("/g|h", "4"),
            ("/i\\j", "5"),
            ("/k\"l", "6"),
            ("/ ", "7"),
            ("/m~0n", "8"),
        ] {
            assert_eq!(text(json, pointer).as_deref(), Some(value), "{pointer}");
        }
    }

    #[test]
    fn texts_that_are_not_json_have_no_values() {
        for json in ["", "[DONE]", "{\"a\"", "{\"a\":", "{\"a\":1x}", "{\"a\":\"b", "{\"a\":\"\\", "{\"a\":[}", "{a:1}"]
        {
            assert_eq!(text(json, "/a"), None, "{json}");
        }
        assert_eq!(text("[1", ""), None);
    }

    #[test]
    fn other_texts_are_not_pointers() {
        assert_eq!(JsonPointer::parse("choices/0"), Err(JsonPointerError));
        assert_eq!(JsonPointer::parse(&format!("/{}", "a".repeat(LONGEST))), Err(JsonPointerError));
    }

    fn json() -> impl proptest::strategy::Strategy<Value = Value> {
        use proptest::prelude::*;
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[a-c\"\\\\/~\u{e9}\n]{0,3}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 20, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map("[a-c\"\\\\/~]{0,2}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    /// Compares each value with that of `serde_json`.
    fn compare(pointer: &str, value: &Value, whole: &str) {
        let found = JsonPointer::parse(pointer).expect("a pointer").find(whole).expect(pointer);
        assert_eq!(serde_json::from_str::<Value>(found).as_ref().ok(), Some(value), "{pointer} in {whole}");
        let step = |name: &str| format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
        match value {
            Value::Array(values) => {
                values.iter().enumerate().for_each(|(index, value)| compare(&step(&index.to_string()), value, whole));
            }
            Value::Object(fields) => fields.iter().for_each(|(name, value)| compare(&step(name), value, whole)),
            _ => {}
        }
    }

    proptest::proptest! {
        #[test]
        fn every_value_is_found(value in json()) {
            compare("", &value, &value.to_string());
            compare("", &value, &format!("{value:#}"));
        }
    }
}
