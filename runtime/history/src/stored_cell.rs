//! The numbers of a series in a file: each under the name that its list of fields has, so a number that is recorded is kept.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use squall_metrics::{Cell, Number};

use crate::format::{Encoded, StoredHistogram};

/// A cell, as an object. A number that is missing is zero; a field that the cell does not have is passed over.
#[derive(Clone, Debug, Default)]
pub struct StoredCell<C>(pub C);

impl<C: Cell> Serialize for StoredCell<C> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(C::FIELDS.len()))?;
        for field in C::FIELDS {
            match field.number {
                Number::Sum(get, _) => object.serialize_entry(field.name, get(&self.0))?,
                Number::Trend(get, _) => object.serialize_entry(field.name, &Encoded::of(get(&self.0)))?,
            }
        }
        object.end()
    }
}

impl<'de, C: Cell> Deserialize<'de> for StoredCell<C> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<StoredCell<C>, D::Error> {
        deserializer.deserialize_map(CellVisitor(PhantomData))
    }
}

struct CellVisitor<C>(PhantomData<C>);

impl<'de, C: Cell> Visitor<'de> for CellVisitor<C> {
    type Value = StoredCell<C>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the numbers of a series")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<StoredCell<C>, A::Error> {
        let mut cell = C::default();
        while let Some(name) = object.next_key::<String>()? {
            match C::FIELDS.iter().find(|field| field.name == name).map(|field| &field.number) {
                Some(Number::Sum(_, get_mut)) => *get_mut(&mut cell) = object.next_value()?,
                Some(Number::Trend(_, get_mut)) => *get_mut(&mut cell) = object.next_value::<StoredHistogram>()?.0,
                None => drop(object.next_value::<IgnoredAny>()?),
            }
        }
        Ok(StoredCell(cell))
    }
}
