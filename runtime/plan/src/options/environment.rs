//! The layer of environment variables: `SQUALL_VUS=50`. Every option whose value fits into one has its own, named like
//! its key. Must not read the environment itself: the caller hands it over.

use serde::de::value::{Error, MapDeserializer, SeqDeserializer};
use serde::de::{self, Deserializer, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

use super::{Keyed, Options, OptionsError};

pub(super) const PREFIX: &str = "SQUALL_";

/// Reads the layer that the environment holds. A list is written `30s:10,1m:20`, a mapping `browse=60,search=40`.
/// Variables that name no option are left to their owners; an empty one says nothing.
///
/// # Errors
/// When a value cannot be read; the error names the variable.
pub fn from_environment(variables: impl Iterator<Item = (String, String)>) -> Result<Options, OptionsError> {
    let mut options = Options::default();
    for (variable, text) in variables {
        let known = Options::keys().find(|key| key.variable().as_deref() == Some(&variable));
        if let Some(key) = known
            && !text.is_empty()
        {
            options
                .set(key.name, Text(&text))
                .map_err(|error| OptionsError::Variable { variable, message: error.to_string() })?;
        }
    }
    Ok(options)
}

/// The text of a variable, read as whatever its option is.
#[derive(Clone, Copy)]
pub(super) struct Text<'a>(pub(super) &'a str);

impl<'a> Text<'a> {
    /// The items of a list, without blanks around them.
    fn items(self) -> impl Iterator<Item = &'a str> {
        self.0.split(',').map(str::trim)
    }
}

impl IntoDeserializer<'_> for Text<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Text<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0.trim().parse() {
            Ok(number) => visitor.visit_u64(number),
            Err(_) => Err(de::Error::invalid_value(Unexpected::Str(self.0), &visitor)),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0.trim().to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => visitor.visit_bool(true),
            "false" | "0" | "no" | "off" => visitor.visit_bool(false),
            _ => Err(de::Error::custom(format_args!("{:?} is neither true nor false", self.0))),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(SeqDeserializer::new(self.items().map(Text)))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let pairs: Result<Vec<(Text<'_>, Text<'_>)>, Error> = self
            .items()
            .map(|item| match item.split_once('=') {
                Some((key, value)) => Ok((Text(key.trim()), Text(value.trim()))),
                None => Err(de::Error::custom(format_args!("{item:?} has no =; write name=value,name=value"))),
            })
            .collect();
        visitor.visit_map(MapDeserializer::new(pairs?.into_iter()))
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct newtype_struct tuple tuple_struct struct enum identifier ignored_any
    }
}
