//! A value of the tree, as serde reads it: what reads a component's JSON reads a plan, too. Knows nothing of plans.

use serde::Deserializer;
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::mistake::Trouble;
use super::node::{Node, Value};

impl<'de> IntoDeserializer<'de, Trouble> for &'de Node {
    type Deserializer = &'de Node;

    fn into_deserializer(self) -> &'de Node {
        self
    }
}

impl<'de> Deserializer<'de> for &'de Node {
    type Error = Trouble;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Trouble> {
        let read = match &self.value {
            Value::List(items) => visitor.visit_seq(SeqDeserializer::new(items.iter())),
            Value::Map(entries) => {
                let entries = entries.iter().map(|entry| (entry.key.as_str(), &entry.value));
                visitor.visit_map(MapDeserializer::new(entries))
            }
            Value::Scalar { text, quoted: true } => visitor.visit_borrowed_str(text),
            Value::Scalar { .. } if self.is_null() => visitor.visit_unit(),
            Value::Scalar { text, .. } => match text.as_str() {
                "true" | "True" | "TRUE" => visitor.visit_bool(true),
                "false" | "False" | "FALSE" => visitor.visit_bool(false),
                _ => visit_number_or_text(text, visitor),
            },
        };
        read.map_err(|trouble: Trouble| trouble.or_at(self.place))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Trouble> {
        if self.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
            .map_err(|trouble: Trouble| trouble.or_at(self.place))
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Trouble> {
        match &self.value {
            // A reader that asks for text gets it as it was written: 1.10 is not 1.1.
            Value::Scalar { text, .. } if !self.is_null() => {
                visitor.visit_borrowed_str(text).map_err(|trouble: Trouble| trouble.or_at(self.place))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Trouble> {
        self.deserialize_str(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Trouble> {
        let read = match &self.value {
            Value::Scalar { text, .. } => visitor.visit_enum(text.as_str().into_deserializer()),
            _ => Err(de::Error::custom("a word is expected here")),
        };
        read.map_err(|trouble: Trouble| trouble.or_at(self.place))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, Trouble> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

fn visit_number_or_text<'de, V: Visitor<'de>>(text: &'de str, visitor: V) -> Result<V::Value, Trouble> {
    if let Ok(number) = text.parse::<u64>() {
        return visitor.visit_u64(number);
    }
    if let Ok(number) = text.parse::<i64>() {
        return visitor.visit_i64(number);
    }
    // Rust also reads words like "inf" as numbers, which in YAML are text.
    let begins_like_a_number = text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first));
    match text.parse::<f64>() {
        Ok(number) if begins_like_a_number && number.is_finite() => visitor.visit_f64(number),
        _ => visitor.visit_borrowed_str(text),
    }
}
