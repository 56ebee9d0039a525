//! A threshold as it stands in options: an expression that has not been read yet, and what to do when it fails.

use std::fmt;
use std::time::Duration;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use squall_schedule::HumanDuration;

/// One threshold of a metric, unread. In a file it is the expression alone, or an object with `threshold`,
/// `abort_on_fail` and `delay_abort_eval` (or k6's `abortOnFail` and `delayAbortEval`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ThresholdSpec {
    /// The expression: `p(95)<500`.
    pub expression: String,
    /// Whether the test stops as soon as the threshold fails.
    pub abort_on_fail: bool,
    /// How long after the start a failure does not yet stop the test.
    pub delay_abort_eval: Duration,
}

impl ThresholdSpec {
    /// An expression that does not stop the test when it fails.
    pub fn new(expression: impl Into<String>) -> ThresholdSpec {
        ThresholdSpec { expression: expression.into(), ..ThresholdSpec::default() }
    }
}

impl From<&str> for ThresholdSpec {
    fn from(expression: &str) -> ThresholdSpec {
        ThresholdSpec::new(expression)
    }
}

impl Serialize for ThresholdSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if *self == ThresholdSpec::new(self.expression.as_str()) {
            return serializer.serialize_str(&self.expression);
        }
        let mut spec = serializer.serialize_struct("ThresholdSpec", 3)?;
        spec.serialize_field("threshold", &self.expression)?;
        spec.serialize_field("abort_on_fail", &self.abort_on_fail)?;
        spec.serialize_field("delay_abort_eval", &HumanDuration(self.delay_abort_eval))?;
        spec.end()
    }
}

impl<'de> Deserialize<'de> for ThresholdSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ThresholdSpec, D::Error> {
        deserializer.deserialize_any(SpecVisitor)
    }
}

struct SpecVisitor;

impl<'de> Visitor<'de> for SpecVisitor {
    type Value = ThresholdSpec;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a threshold, as \"p(95)<500\" or {threshold: \"p(95)<500\", abort_on_fail: true}")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<ThresholdSpec, E> {
        Ok(ThresholdSpec::new(text))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ThresholdSpec, A::Error> {
        let mut spec = ThresholdSpec::default();
        let mut expression = None;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "threshold" => expression = Some(map.next_value::<String>()?),
                "abort_on_fail" | "abortOnFail" => spec.abort_on_fail = map.next_value()?,
                // k6 itself writes null here when nothing was said.
                "delay_abort_eval" | "delayAbortEval" => {
                    let delay: Option<HumanDuration> = map.next_value()?;
                    spec.delay_abort_eval = delay.unwrap_or_default().0;
                }
                _ => {
                    return Err(de::Error::custom(format_args!(
                        "unknown key {key:?} in a threshold: \
                         a threshold has threshold, abort_on_fail and delay_abort_eval"
                    )));
                }
            }
        }
        spec.expression = expression
            .ok_or_else(|| de::Error::custom("a threshold has no expression: add threshold: \"p(95)<500\""))?;
        Ok(spec)
    }
}

/// The thresholds of one metric: a list, or a single one without the list around it.
pub(crate) struct SpecList(pub(crate) Vec<ThresholdSpec>);

impl<'de> Deserialize<'de> for SpecList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<SpecList, D::Error> {
        deserializer.deserialize_any(SpecListVisitor)
    }
}

struct SpecListVisitor;

impl<'de> Visitor<'de> for SpecListVisitor {
    type Value = SpecList;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of thresholds, like [\"p(95)<500\"]")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<SpecList, E> {
        SpecVisitor.visit_str(text).map(|spec| SpecList(vec![spec]))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<SpecList, A::Error> {
        let spec = ThresholdSpec::deserialize(MapAccessDeserializer::new(map))?;
        Ok(SpecList(vec![spec]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<SpecList, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(seq)).map(SpecList)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_form() {
        let plain = ThresholdSpec::from("rate<0.01");
        let abort = ThresholdSpec { abort_on_fail: true, delay_abort_eval: Duration::from_secs(10), ..plain.clone() };
        let k6 = r#"{"threshold":"rate<0.01","abortOnFail":true,"delayAbortEval":"10s"}"#;
        for (json, specs) in [
            (r#""rate<0.01""#.to_owned(), vec![plain.clone()]),
            (k6.to_owned(), vec![abort.clone()]),
            (format!(r#"["rate<0.01",{k6}]"#), vec![plain, abort]),
        ] {
            let list: SpecList = serde_json::from_str(&json).unwrap();
            assert_eq!(list.0, specs, "{json}");
            let written = serde_json::to_string(&list.0).unwrap();
            let again: SpecList = serde_json::from_str(&written).unwrap();
            assert_eq!(again.0, specs, "{written}");
        }
    }

    #[test]
    fn mistakes_are_named() {
        for (json, message) in [
            ("{}", "a threshold has no expression"),
            (r#"{"expr":"a"}"#, "unknown key \"expr\" in a threshold"),
            ("7", "expected a list of thresholds"),
            ("[7]", "expected a threshold, as \"p(95)<500\""),
        ] {
            let error = serde_json::from_str::<SpecList>(json).err().unwrap();
            assert!(error.to_string().contains(message), "{error}");
        }
    }
}
