//! The kinds of values that options have, with errors that say what was expected in words.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;
use std::time::Duration;

use serde::de::{self, Deserialize, Deserializer, Visitor};

use squall_schedule::{HumanDuration, Level};

/// A whole number of at least 0 that fits its type.
pub(crate) struct Whole<T>(pub(crate) T);

impl<'de, T: TryFrom<u64>> Deserialize<'de> for Whole<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Whole<T>, D::Error> {
        deserializer.deserialize_u64(WholeVisitor(PhantomData))
    }
}

struct WholeVisitor<T>(PhantomData<T>);

impl<T: TryFrom<u64>> Visitor<'_> for WholeVisitor<T> {
    type Value = Whole<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number of at least 0")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Whole<T>, E> {
        T::try_from(number).map(Whole).map_err(|_| E::custom(format_args!("{number} is too large")))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Whole<T>, E> {
        match u64::try_from(number) {
            Ok(number) => self.visit_u64(number),
            Err(_) => Err(E::invalid_value(de::Unexpected::Signed(number), &self)),
        }
    }

    // Languages with one kind of number may write 10 as 10.0 or 1e1.
    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Whole<T>, E> {
        const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53: above it neighbours are not apart by 1
        if number.fract() == 0.0 && (0.0..=EXACT).contains(&number) {
            self.visit_u64(number as u64)
        } else {
            Err(E::invalid_value(de::Unexpected::Float(number), &self))
        }
    }
}

/// Text, or a number or truth value, which stands for its own text.
pub(crate) struct Scalar(pub(crate) String);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Scalar, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl Visitor<'_> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Scalar, E> {
        Ok(Scalar(text.to_owned()))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Scalar, E> {
        Ok(Scalar(number.to_string()))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Scalar, E> {
        Ok(Scalar(number.to_string()))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Scalar, E> {
        Ok(Scalar(number.to_string()))
    }

    fn visit_bool<E: de::Error>(self, truth: bool) -> Result<Scalar, E> {
        Ok(Scalar(truth.to_string()))
    }
}

/// Reads an object with texts under any keys, or nothing.
pub(crate) fn read_texts<'de, D>(value: D) -> Result<Option<BTreeMap<String, String>>, D::Error>
where
    D: Deserializer<'de>,
{
    read_map(value, |Scalar(text)| text)
}

/// Reads a whole number, or nothing.
pub(crate) fn read_whole<'de, T, D>(value: D) -> Result<Option<T>, D::Error>
where
    T: TryFrom<u64>,
    D: Deserializer<'de>,
{
    Ok(Option::deserialize(value)?.map(|Whole(number)| number))
}

/// Reads a duration, or nothing.
pub(crate) fn read_duration<'de, D>(value: D) -> Result<Option<Duration>, D::Error>
where
    D: Deserializer<'de>,
{
    Ok(Option::deserialize(value)?.map(|HumanDuration(duration)| duration))
}

/// Reads a rate, or a number whose unit others say, or nothing.
pub(crate) fn read_level<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Level>, D::Error> {
    Option::deserialize(value)
}

/// Reads a word, or nothing.
pub(crate) fn read_word<'de, T, D>(value: D) -> Result<Option<T>, D::Error>
where
    T: FromStr<Err: fmt::Display>,
    D: Deserializer<'de>,
{
    let word: Option<Written> = Option::deserialize(value)?;
    word.map(|Written(word)| word.parse().map_err(de::Error::custom)).transpose()
}

/// A word as it was written, also one that looks like a number.
struct Written(String);

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Written, D::Error> {
        struct OfWord;

        impl de::Visitor<'_> for OfWord {
            type Value = Written;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a word")
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<Written, E> {
                Ok(Written(word.to_owned()))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Written, E> {
                Ok(Written(number.to_string()))
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Written, E> {
                Ok(Written(number.to_string()))
            }
        }

        value.deserialize_any(OfWord)
    }
}

/// Reads an object with any keys, or nothing. `inner` takes a value out of the type that reads it.
pub(super) fn read_map<'de, Read, T, D>(
    value: D,
    inner: impl Fn(Read) -> T,
) -> Result<Option<BTreeMap<String, T>>, D::Error>
where
    Read: Deserialize<'de>,
    D: Deserializer<'de>,
{
    let map: Option<BTreeMap<String, Read>> = Option::deserialize(value)?;
    Ok(map.map(|map| map.into_iter().map(|(k, v)| (k, inner(v))).collect()))
}
